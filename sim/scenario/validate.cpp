// The checks across keys, subject by subject (validate.h, validate/checks.h).
#include "sim/scenario/validate.h"

#include "sim/scenario/validate/checks.h"

namespace sim {

void validate(const Scenario& scenario, const Value& values, Diagnostics& out) {
    const Checks c(scenario, values, out);
    if (scenario.vms.empty())
        c.error(values["vms"].place, "found no VM; a scenario has at least one: name one");
    validate_platform(c);
    validate_files(c);
    validate_cpus(c);
    validate_physical_memory(c);
    validate_interrupts(c);
    for (std::size_t vm = 0; vm < scenario.vms.size(); ++vm) {
        validate_guest_memory(c, vm);
        validate_software(c, vm);
    }
    validate_ipc_partners(c);
    validate_network(c);
    validate_times(c);
    validate_expectations(c);
}

}  // namespace sim
