// Workloads that exchange messages over shared memory: the object that they use, and who is at its
// other end.
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/validate/checks.h"
#include "vms/workload/ipc_ring.h"

namespace sim {

namespace {

class IpcChecks : private Checks {
  public:
    explicit IpcChecks(const Checks& c) : Checks(c) {}

    void workload(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        if (!v["count"].present)
            error(v["count"].place,
                  "this key is missing; {} ends after a number of messages: write one, such as 100",
                  w.type);
        const bool ping = w.type == "ipc-ping";
        if (ping && !v["bytes"].present)
            error(v["bytes"].place,
                  "this key is missing; ipc-ping sends messages of that many bytes: write one, "
                  "such as 64B");
        if (!v["ipc"].present) {
            error(v["ipc"].place,
                  "this key is missing; {} uses a shared-memory object: write the index of one of "
                  "the ipcs of {}",
                  w.type, vm.place.key);
            return;
        }
        if (w.ipc >= vm.ipcs.size()) {
            error(v["ipc"].place, "found {}, but {} has {}; write the index of one, or add one",
                  w.ipc, vm.place.key,
                  vm.ipcs.empty() ? std::string("no ipcs")
                                  : fmt::format("ipcs 0 to {}", vm.ipcs.size() - 1));
            return;
        }
        const IpcConfig& object = vm.ipcs[w.ipc];
        if (object.interrupts.empty())
            error(v["ipc"].place,
                  "{} of ipcs.{} has no interrupts, so that nothing tells of a message ({}); give "
                  "it interrupts, such as [80]",
                  vm.place.key, w.ipc, format_short(object.place));
        const std::uint64_t most = ipc_ring(object).capacity();
        if (ping && w.bytes > most)
            error(
                v["bytes"].place,
                "found {}, but a ring of eight messages in half of the object's {} bytes takes {} "
                "bytes a message ({}); write at most that, or make the object larger",
                v["bytes"].text, object.size, most, format_short(object.place));
    }

    /// A ring has one writer and one reader: one VM asks, one answers, in memory of one size.
    void partners() {
        struct Side {
            const VmConfig* vm;
            const IpcConfig* object;
            Place place;
            bool ping;
        };
        std::map<unsigned, std::vector<Side>> sides;  // by shmem_id
        for (std::size_t n = 0; n < s_.vms.size(); ++n) {
            const VmConfig& vm = s_.vms[n];
            for (const WorkloadConfig& w : vm.software.workloads)
                if (w.type.starts_with("ipc-") && w.ipc < vm.ipcs.size())
                    sides[vm.ipcs[w.ipc].shmem_id].push_back(
                        {&vm, &vm.ipcs[w.ipc], w.place, w.type == "ipc-ping"});
        }
        for (const auto& [id, users] : sides) {
            bool pair = false;
            for (const Side& a : users) {
                for (const Side& b : users) {
                    pair = pair || (a.vm != b.vm && a.ping != b.ping);
                    if (&b >= &a)
                        continue;
                    if ((a.vm != b.vm) == (a.ping == b.ping))
                        error(a.place,
                              "shared memory {} has {} of {} already ({}); one VM asks and another "
                              "answers: take one out, or give them memory of their own",
                              id, b.ping ? "an ipc-ping" : "an ipc-echo", b.vm->place.key,
                              format_short(b.place));
                    else if (a.object->size != b.object->size)
                        error(a.object->place,
                              "found {} bytes, but {} of the other side ({}); the two lay their "
                              "rings out by the size: write the same",
                              a.object->size, b.object->size, format_short(b.object->place));
                }
            }
            if (!pair && users.size() == 1)
                error(users.front().place,
                      "nothing is at the other end of shared memory {}; give another VM an {} on "
                      "it",
                      id, users.front().ping ? "ipc-echo" : "ipc-ping");
        }
    }

  private:
    /// The ring that an object of this size holds for one direction.
    static vms::workload::IpcRingLayout ipc_ring(const IpcConfig& i) {
        return vms::workload::IpcRingLayout::requests(i.base, i.size);
    }
};

}  // namespace

void validate_ipc_workload(const Checks& c, const VmConfig& vm, const WorkloadConfig& workload,
                           const Value& value) {
    IpcChecks(c).workload(vm, workload, value);
}

void validate_ipc_partners(const Checks& c) {
    IpcChecks(c).partners();
}

}  // namespace sim
