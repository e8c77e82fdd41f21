// The work of a front-end VM: the keys that each type reads, the device it uses, the vCPU it runs
// on.
#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"
#include "vms/workload/workload.h"

namespace sim {

namespace {

class WorkloadChecks : private Checks {
  public:
    explicit WorkloadChecks(const Checks& c) : Checks(c) {}

    void run(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        workload_keys(w, v);
        vcpu(vm, w, v);
        if (w.type == "registers") {
            registers_workload(vm, w, v);
            return;
        }
        if (w.type.starts_with("ipc-")) {
            validate_ipc_workload(*this, vm, w, v);
            return;
        }
        if (w.type == "idle")
            return;
        driven(vm, w, v);
        if (w.type.starts_with("net-")) {
            validate_net_workload(*this, vm, w, v);
            return;
        }
        if (v["port"].given && v["port_name"].given)
            error(v["port_name"].place,
                  "found port and port_name; either says which port: keep one of them");
        else
            port(vm, w, v);
        if (w.type == "console-echo") {
            if (w.lines == 0 && w.text.empty())
                error(w.place,
                      "found neither text nor lines, so that nothing is to be done; give "
                      "one of them");
        } else if (w.type == "console-soak") {
            soak_workload(w, v);
        } else if (!v["bytes"].present) {
            error(v["bytes"].place,
                  "this key is missing; {} moves a number of bytes: write one, "
                  "such as 64KiB",
                  w.type);
        }
    }

  private:
    void driven(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        const std::string kind = w.type.starts_with("net-") ? "net" : "console";
        if (!v["device"].present) {
            error(v["device"].place,
                  "this key is missing; {} uses a device: write the name of a "
                  "remote I/O device of {}",
                  w.type, vm.place.key);
        } else if (device(vm, w.device, RemioType::frontend, v["device"].place) != nullptr) {
            const auto driver =
                std::find_if(vm.software.drivers.begin(), vm.software.drivers.end(),
                             [&](const DriverConfig& d) { return d.device == w.device; });
            if (driver == vm.software.drivers.end())
                error(v["device"].place,
                      "device {} has no driver; add '{}: {{driver: {}}}' "
                      "to drivers",
                      quote(w.device), w.device, kind);
            else if (driver->driver != kind)
                error(v["device"].place,
                      "the driver of {} is {} ({}), but {} needs {}; name another device, or "
                      "change the type",
                      quote(w.device), driver->driver, format_short(driver->place), w.type, kind);
        }
    }

    /// Which ports there are, the back-end says.
    void port(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        const RemioDevConfig* d = find_named(vm.remio_devs, w.device);
        const BackendConfig* b = d != nullptr ? backend_of(d->bind_key) : nullptr;
        if (b == nullptr || b->backend != "console")
            return;
        const std::vector<ConsolePortConfig>& ports = b->console.ports;
        if (v["port"].given && w.port >= ports.size())
            error(
                v["port"].place, "found {}, but the console behind {} has {} ({}); write {}",
                w.port, quote(w.device),
                ports.size() == 1 ? "one port, 0" : fmt::format("ports 0 to {}", ports.size() - 1),
                format_short(b->place), ports.size() == 1 ? "that" : "one of them");
        const auto named = [&](const ConsolePortConfig& p) { return p.name == w.port_name; };
        if (!v["port_name"].given || std::any_of(ports.begin(), ports.end(), named))
            return;
        std::vector<std::string> names;
        for (const ConsolePortConfig& p : ports)
            if (!p.name.empty())
                names.push_back(p.name);
        error(v["port_name"].place, "the console behind {} has no port of the name {} ({}); {}",
              quote(w.device), quote(w.port_name), format_short(b->place),
              names.empty() ? "write port, or give the port a name" : suggest(w.port_name, names));
    }

    /// Keys that a type of workload does not read say something else than what happens.
    void workload_keys(const WorkloadConfig& w, const Value& v) {
        struct Use {
            std::string_view type;
            std::vector<std::string> keys;
        };
        static const std::array<Use, 15> uses{
            Use{"console-echo", {"device", "port", "port_name", "text", "lines"}},
            Use{"console-write", {"device", "port", "port_name", "bytes", "chunk", "seed"}},
            Use{"console-read", {"device", "port", "port_name", "bytes", "seed"}},
            Use{"console-duplex", {"device", "port", "port_name", "bytes", "chunk", "seed"}},
            Use{"console-soak",
                {"device", "port", "port_name", "chunk", "seed", "stream", "until", "reset_every"}},
            Use{"ipc-ping", {"ipc", "event", "doorbell", "count", "bytes", "period", "seed"}},
            Use{"ipc-echo", {"ipc", "event", "doorbell", "count"}},
            Use{"net-ping", {"device", "peer", "count", "period", "bytes", "timeout", "flow"}},
            Use{"net-udp-echo",
                {"device", "peer", "count", "period", "bytes", "think", "timeout", "udp_port",
                 "local_port", "flow"}},
            Use{"net-request-response",
                {"device", "peer", "count", "period", "bytes", "mix", "window", "think", "timeout",
                 "udp_port", "local_port", "flow", "seed"}},
            Use{"net-flood",
                {"device", "peer", "count", "bytes", "duration", "period", "mix", "batch",
                 "udp_port", "local_port", "flow", "seed"}},
            Use{"net-sink", {"device", "count", "udp_port", "idle", "duration"}},
            Use{"net-serve", {"device", "count", "udp_port", "idle", "duration"}},
            Use{"registers", {"device", "count", "period"}},
            Use{"idle", {}},
        };
        const auto* const use =
            std::find_if(uses.begin(), uses.end(), [&](const Use& u) { return u.type == w.type; });
        if (use == uses.end())
            return;
        std::vector<std::string> used{"type"};
        used.insert(used.end(), use->keys.begin(), use->keys.end());
        used.insert(used.end(), {"vcpu", "start", "timer_period"});
        unused_keys(v, w.type, used, "type");
    }

    void soak_workload(const WorkloadConfig& w, const Value& v) {
        constexpr std::uint64_t longest = vms::workload::longest_payload;
        if (!v["until"].present)
            error(v["until"].place,
                  "this key is missing; console-soak goes on for a time: write one, before the "
                  "duration ({})",
                  values_["duration"].text);
        else if (w.until >= s_.duration)
            error(v["until"].place,
                  "found {}, but the run ends after {} (duration); what is on its way then must "
                  "still arrive: write less",
                  v["until"].text, values_["duration"].text);
        if (w.chunk > longest)
            error(v["chunk"].place, "found {}; a record has at most {} bytes: write that or less",
                  v["chunk"].text, longest);
    }

    void registers_workload(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        if (!v["count"].present)
            error(v["count"].place,
                  "this key is missing; registers ends after a number of reads: write one, such as "
                  "100");
        if (!v["device"].present) {
            error(v["device"].place,
                  "this key is missing; registers reads a device: write the name of a remote I/O "
                  "device of {}",
                  vm.place.key);
            return;
        }
        const RemioDevConfig* d = device(vm, w.device, RemioType::frontend, v["device"].place);
        constexpr std::uint64_t registers = 0x100;  // VirtIO 1.4, 4.2.2
        if (d != nullptr && d->size < registers)
            error(d->place,
                  "the window has {:#x} bytes; ConfigGeneration, which is read, is at 0xfc: write "
                  "size: 0x200",
                  d->size);
    }

    /// Interrupts of devices go to the VM's first vCPU, and so do the workloads that wait for them.
    void vcpu(const VmConfig& vm, const WorkloadConfig& w, const Value& v) {
        const auto count = static_cast<unsigned>(std::popcount(vm.cpu_affinity));
        if (count == 0)
            return;  // told of by cpu_affinity
        if (w.vcpu >= count)
            error(v["vcpu"].place, "found {}, but {} has {}; write a number below {}", w.vcpu,
                  vm.place.key, count == 1 ? "one vCPU" : fmt::format("{} vCPUs", count), count);
        const auto kind = vms::workload::find_kind(w.type);
        if (w.vcpu != 0 && kind && !vms::workload::runs_on_any_vcpu(*kind))
            error(v["vcpu"].place,
                  "found {}, but {} needs a device's interrupts, which go to vCPU 0; take this key "
                  "out (registers and idle run on any)",
                  w.vcpu, w.type);
    }
};

}  // namespace

void validate_workload(const Checks& c, const VmConfig& vm, const WorkloadConfig& workload,
                       const Value& value) {
    WorkloadChecks(c).run(vm, workload, value);
}

}  // namespace sim
