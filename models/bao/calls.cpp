// Hypercalls and trapped secure-monitor calls (SMC Calling Convention, DEN0028; Bao: aborts.c,
// hypercall.c): who serves a function id, and what unknown ones give.
#include <fmt/format.h>

#include "models/bao/hypervisor.h"

namespace models::bao {

namespace {

// Function ids: the owner in the upper bits, the function's number in the lower.
constexpr std::uint64_t function_number_mask = 0xffff;
constexpr std::uint64_t vendor_hyp_32 = 0x8600'0000;
constexpr std::uint64_t vendor_hyp_64 = 0xc600'0000;
constexpr std::uint64_t standard_32 = 0x8400'0000;
constexpr std::uint64_t standard_64 = 0xc400'0000;
constexpr std::uint64_t hypercall_ipc = 1;
constexpr std::uint64_t hypercall_remio = 2;
constexpr std::int64_t unknown_hypercall = -2;
constexpr std::int64_t not_supported = -1;

}  // namespace

void Hypervisor::hvc(Core& core, vms::CallRegisters& x) {
    call(*cpus_[core.id().value], x, false);
}

void Hypervisor::smc(Core& core, vms::CallRegisters& x) {
    call(*cpus_[core.id().value], x, true);
}

void Hypervisor::call(Cpu& c, vms::CallRegisters& x, bool smc) {
    begin(c);
    const Mark from = c.vector;
    const std::uint64_t fid = x[0];
    std::int64_t result = not_supported;
    switch (fid & ~function_number_mask) {
        case vendor_hyp_32:
        case vendor_hyp_64:
            switch (fid & function_number_mask) {
                case hypercall_remio:
                    result = remio_.hypercall(c, x, from);
                    break;
                case hypercall_ipc:
                    result = ipc_hypercall(c, x, from);
                    break;
                default:
                    c.core->charge(costs_.hvc_psci);
                    observe(c, "call.unknown-hypercall",
                            fmt::format("unknown hypercall id {}", fid & function_number_mask));
                    result = unknown_hypercall;
                    break;
            }
            break;
        case standard_32:
        case standard_64:
            c.core->charge(smc ? costs_.smc_psci : costs_.hvc_psci);
            result = psci(c, x);
            leg(c, smc ? Leg::smc_psci : Leg::hvc_psci, from);
            break;
        default:
            c.core->charge(smc ? costs_.smc_psci : costs_.hvc_psci);
            observe(c, "call.unknown-function",
                    fmt::format("unknown SMCCC function id {:#x}", fid));
            break;
    }
    x[0] = static_cast<std::uint64_t>(result);
    event(c, EventKind::hypercall, {}, fid, x[0]);
}

}  // namespace models::bao
