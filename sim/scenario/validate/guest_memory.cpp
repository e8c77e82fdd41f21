// What a VM finds at its guest-physical addresses. The rules on pages and windows are those of
// stage-2 translation as Bao sets it up: whole pages of 4 KiB are mapped or not, and only an access
// to a page that is not mapped traps and finds an emulated window.
#include <vector>

#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class GuestMemoryChecks : private Checks {
  public:
    explicit GuestMemoryChecks(const Checks& c) : Checks(c) {}

    void run(std::size_t vm) {
        alignment(vm);
        guest_addresses(s_.vms[vm], values_["vms"].items[vm]);
    }

  private:
    void alignment(std::size_t index) {
        const VmConfig& vm = s_.vms[index];
        const Value& v = values_["vms"].items[index];
        for (std::size_t i = 0; i < vm.regions.size(); ++i) {
            const Value& r = v["regions"].items[i];
            for (const char* key : {"base", "size", "phys"})
                aligned(r[key], r[key].u64());
        }
        for (std::size_t i = 0; i < vm.devs.size(); ++i) {
            const Value& d = v["devs"].items[i];
            for (const char* key : {"pa", "va"})
                aligned(d[key], d[key].u64());
        }
        for (std::size_t i = 0; i < vm.ipcs.size(); ++i)
            aligned(v["ipcs"].items[i]["base"], vm.ipcs[i].base.value);
        for (std::size_t i = 0; i < vm.remio_devs.size(); ++i)
            aligned(v["remio_devs"].items[i]["shmem"]["base"], vm.remio_devs[i].shmem.base.value);
        for (const char* key : {"gicd", "gicc"})
            aligned(v["gic"][key], v["gic"][key].u64());
    }

    void guest_addresses(const VmConfig& vm, const Value& v) {
        std::vector<Span> mapped;    // stage-2 mappings, whole pages
        std::vector<Span> emulated;  // windows that trap
        emulated.push_back(
            {vm.gicd.value, gicd_size, "the emulated distributor", v["gic"]["gicd"].place});
        mapped.push_back({vm.gicc.value, gicc_size, "the interrupt controller's CPU interface",
                          v["gic"]["gicc"].place});
        for (std::size_t i = 0; i < vm.regions.size(); ++i)
            mapped.push_back({vm.regions[i].base.value, vm.regions[i].size, "memory",
                              v["regions"].items[i]["base"].place});
        for (const DevConfig& d : vm.devs)
            if (d.size != 0)
                mapped.push_back(
                    {d.va.value, d.size, d.device.empty() ? "a device" : d.device, d.place});
        for (std::size_t i = 0; i < vm.ipcs.size(); ++i)
            mapped.push_back({vm.ipcs[i].base.value, vm.ipcs[i].size, "shared memory of an ipc",
                              v["ipcs"].items[i]["base"].place});
        for (std::size_t i = 0; i < vm.remio_devs.size(); ++i) {
            const RemioDevConfig& d = vm.remio_devs[i];
            const Value& value = v["remio_devs"].items[i];
            mapped.push_back({d.shmem.base.value, d.shmem.size, "shared memory of " + d.name,
                              value["shmem"]["base"].place});
            if (d.type == RemioType::frontend && d.va.value % 4 != 0)
                error(value["va"].place,
                      "found {:#x}; registers of 32 bits are aligned to 4: write a multiple of 4",
                      d.va.value);
            if (d.type == RemioType::frontend)
                emulated.push_back(
                    {d.va.value, d.size, "the window of " + d.name, value["va"].place});
        }
        for (Span& s : mapped)
            s = pages(s);
        addressable(mapped);
        addressable(emulated);
        no_overlap(mapped, "an address of a VM leads to one thing: write another");
        no_overlap(emulated, "an address of a VM leads to one thing: write another");
        for (const Span& e : emulated)
            for (const Span& m : mapped)
                if (!out_.full() && overlap(pages(e), m))
                    error(e.place,
                          "{} lies in a page of {} ({}: {}); accesses to a mapped page do "
                          "not trap: write an address in a page of its own (windows may "
                          "share one)",
                          show(e), show(m), format_short(m.place), m.place.key);
    }
};

}  // namespace

void validate_guest_memory(const Checks& c, std::size_t vm) {
    GuestMemoryChecks(c).run(vm);
}

}  // namespace sim
