// Which VM has which physical CPUs.
#include <bit>
#include <map>

#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class CpuChecks : private Checks {
  public:
    explicit CpuChecks(const Checks& c) : Checks(c) {}

    void run() {
        const unsigned count = s_.platform.cpu_num;
        const std::uint64_t existing = (std::uint64_t{1} << count) - 1;
        std::map<unsigned, const VmConfig*> owners;
        for (std::size_t i = 0; i < s_.vms.size(); ++i) {
            const VmConfig& vm = s_.vms[i];
            const Value& v = values_["vms"].items[i]["cpu_affinity"];
            if (vm.cpu_affinity == 0)
                error(v.place,
                      "found no CPU; a VM owns at least one: write a mask, such as 0x1 "
                      "for CPU 0");
            if ((vm.cpu_affinity & ~existing) != 0)
                error(v.place,
                      "found {:#x}, but the platform has CPUs 0 to {}; write a mask of {:#x} or "
                      "less",
                      vm.cpu_affinity, count - 1, existing);
            for (unsigned cpu = 0; cpu < count; ++cpu) {
                if (((vm.cpu_affinity >> cpu) & 1) == 0)
                    continue;
                const auto [first, added] = owners.emplace(cpu, &vm);
                if (!added)
                    error(v.place,
                          "CPU {} belongs to {} already ({}); a CPU has one VM: write another mask",
                          cpu, first->second->place.key, format_short(first->second->place));
            }
            if (std::popcount(vm.cpu_affinity) > 1 &&
                vm.software.program == ProgramKind::service_guest)
                error(v.place,
                      "found {:#x}, which is {} CPUs; a service guest has one loop and runs on one "
                      "CPU: write a mask of one CPU, or divide the devices among service guests",
                      vm.cpu_affinity, std::popcount(vm.cpu_affinity));
        }
    }
};

}  // namespace

void validate_cpus(const Checks& c) {
    CpuChecks(c).run();
}

}  // namespace sim
