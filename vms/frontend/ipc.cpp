#include "vms/frontend/ipc.h"

#include "vms/abi/bao.h"

namespace vms::frontend {

IpcDriver::IpcDriver(Cpu& cpu, Interrupts& interrupts, const Operations& operations,
                     const IpcConfig& config)
    : cpu_(cpu), interrupts_(interrupts), operations_(operations), config_(config) {
}

void IpcDriver::probe() {
    for (const IntId id : config_.interrupts)
        interrupts_.attach(id, *this);
}

std::int64_t IpcDriver::ring(std::uint64_t index, std::uint64_t event) {
    cpu_.retire_named(operations_[Operation::ipc_doorbell]);
    CallRegisters x{abi::bao::hypercall_ipc, index, event};
    cpu_.hvc(x);
    return static_cast<std::int64_t>(x[0]);
}

void IpcDriver::wait() {
    // Masked between the look and the sleep: an interrupt in between ends the sleep at once.
    const MaskedScope masked(cpu_);
    while (!rung_) {
        cpu_.wait_for_interrupt();
        cpu_.mask_interrupts(false);
        cpu_.mask_interrupts(true);
    }
    rung_ = false;
}

void IpcDriver::interrupt(IntId /*id*/) {
    cpu_.retire_named(operations_[Operation::ipc_interrupt]);
    rung_ = true;
}

}  // namespace vms::frontend
