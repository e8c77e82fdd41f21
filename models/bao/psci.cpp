// PSCI as Bao serves it to its VMs (Arm DEN0022; Bao: arch/armv8/psci.c and armv8-a/psci.c): the
// power states of vCPUs, of which each owns its physical CPU.
//
// Only the version call was measured. The others are charged as it, plus what they visibly do: a
// message, the firmware's entry and exit; an estimate.
#include <fmt/format.h>

#include "models/bao/gic_registers.h"
#include "models/bao/hypervisor.h"

namespace models::bao {

namespace {

namespace fn {
constexpr std::uint64_t version = 0x8400'0000;
constexpr std::uint64_t cpu_suspend_32 = 0x8400'0001;
constexpr std::uint64_t cpu_suspend_64 = 0xc400'0001;
constexpr std::uint64_t cpu_off = 0x8400'0002;
constexpr std::uint64_t cpu_on_32 = 0x8400'0003;
constexpr std::uint64_t cpu_on_64 = 0xc400'0003;
constexpr std::uint64_t affinity_info_32 = 0x8400'0004;
constexpr std::uint64_t affinity_info_64 = 0xc400'0004;
constexpr std::uint64_t migrate_info_type = 0x8400'0006;
constexpr std::uint64_t features = 0x8400'000a;
}  // namespace fn

constexpr std::int64_t success = 0;
constexpr std::int64_t not_supported = -1;
constexpr std::int64_t invalid_parameters = -2;
constexpr std::int64_t already_on = -4;
constexpr std::int64_t version_1_1 = 0x0001'0001;
constexpr std::int64_t trusted_os_not_present = 2;  ///< MIGRATE_INFO_TYPE: needs no migration

/// Aff3, Aff2, Aff1, Aff0 of an MPIDR.
constexpr std::uint64_t affinity_mask = 0xff'00ff'ffff;
/// CPU_SUSPEND's power_state, bit 16: power-down, else standby.
constexpr std::uint64_t power_down_state = 1u << 16;

/// Bao: vm_get_vcpu_by_mpidr. nullptr when the VM has none of this affinity.
Vcpu* find_vcpu(const Vm& vm, std::uint64_t target) {
    for (const auto& v : vm.vcpus)
        if ((v->mpidr() & affinity_mask) == (target & affinity_mask))
            return v.get();
    return nullptr;
}

}  // namespace

std::int64_t Hypervisor::psci(Cpu& c, const vms::CallRegisters& x) {
    // Bao looks at the lower 32 bits of the function id.
    switch (x[0] & 0xffff'ffff) {
        case fn::version:
            return version_1_1;
        case fn::cpu_off:
            cpu_off(c);
        case fn::cpu_suspend_32:
        case fn::cpu_suspend_64:
            return cpu_suspend(c, x[1], x[2], x[3]);
        case fn::cpu_on_32:
        case fn::cpu_on_64:
            return cpu_on(c, x[1], x[2], x[3]);
        case fn::affinity_info_32:
        case fn::affinity_info_64:
            return affinity_info(c, x[1]);
        case fn::features:
            return psci_features(x[1]);
        case fn::migrate_info_type:
            return trusted_os_not_present;
        default:
            observe(c, "psci.unknown-function",
                    fmt::format("unknown PSCI function id {:#x}: not supported", x[0]));
            return not_supported;
    }
}

std::int64_t Hypervisor::psci_features(std::uint64_t function) {
    switch (function & 0xffff'ffff) {
        case fn::version:
        case fn::cpu_off:
        case fn::cpu_suspend_32:
        case fn::cpu_suspend_64:
        case fn::cpu_on_32:
        case fn::cpu_on_64:
        case fn::affinity_info_32:
        case fn::affinity_info_64:
        case fn::features:
            return success;
        default:
            return not_supported;
    }
}

std::int64_t Hypervisor::cpu_on(Cpu& c, std::uint64_t target, std::uint64_t entry,
                                std::uint64_t context) {
    Vcpu* wanted = find_vcpu(*c.vcpu->vm, target);
    if (wanted == nullptr)
        return invalid_parameters;
    c.core->sync();
    if (wanted->power != Vcpu::Power::off) {
        if (wanted->power == Vcpu::Power::on_pending) {
            observe(c, "psci.on-pending-is-already-on",
                    fmt::format("CPU_ON of vCPU {} while an earlier CPU_ON is on its way: Bao "
                                "answers ALREADY_ON, PSCI says ON_PENDING",
                                wanted->id));
        }
        return already_on;
    }
    wanted->power = Vcpu::Power::on_pending;
    wanted->entry = vms::GuestAddr{entry};
    wanted->context = context;
    c.core->charge(costs_.send_message);
    send_message(c, wanted->phys, {MessageHandler::psci, 0, 0, {}});
    return success;
}

std::int64_t Hypervisor::affinity_info(const Cpu& c, std::uint64_t target) const {
    const Vcpu* v = find_vcpu(*c.vcpu->vm, target);
    if (v != nullptr && v->power != Vcpu::Power::on) {
        observe(c, "psci.affinity-info-always-on",
                fmt::format("AFFINITY_INFO of vCPU {}, which is off: Bao answers ON whatever is "
                            "asked; a driver that waits for OFF waits in vain",
                            v->id));
    }
    return 0;  // ON
}

void Hypervisor::cpu_off(Cpu& c) const {
    c.core->sync();
    c.vcpu->power = Vcpu::Power::off;
    event(c, EventKind::power_off);
    c.core->restart();
}

std::int64_t Hypervisor::cpu_suspend(Cpu& c, std::uint64_t state, std::uint64_t entry,
                                     std::uint64_t context) {
    if ((state & power_down_state) != 0) {
        // The way back leads through the reset vector: what runs at EL1 is gone.
        c.vcpu->entry = vms::GuestAddr{entry};
        c.vcpu->context = context;
        c.vcpu->suspended = true;
        c.core->restart();
    }
    if (c.core->virtual_interrupt_pending()) {
        observe(c, "psci.suspend-past-virtual-interrupt",
                "CPU_SUSPEND (standby) with a virtual interrupt pending: the CPU waits at EL2, "
                "where only physical interrupts end the wait");
    }
    firmware_entry(c, {});
    c.core->wait_for_physical_interrupt(c.lookahead_el1);  // then the guest goes on
    firmware_exit(c, {});
    return success;
}

void Hypervisor::psci_message(Cpu& c) {
    Vcpu& v = *c.vcpu;
    if (v.power != Vcpu::Power::on_pending)
        return;
    v.power = Vcpu::Power::on;
    v.suspended = false;
}

/// cpu_powerdown and the way out of it: the CPU sleeps until an interrupt, looks for messages, and
/// sleeps again unless one of them has switched its vCPU on.
void Hypervisor::power_down(Cpu& c) {
    Core& core = *c.core;
    bool spun = false;
    if (on_power_down_)
        on_power_down_();
    core.switched_off(true);
    do {
        firmware_entry(c, {});
        core.wait_for_physical_interrupt(c.lookahead_standby);
        firmware_exit(c, {});
        begin(c);
        if (ipi_pending(c)) {
            core.charge(costs_.resume_entry);
            clear_ipi(c);
            drain(c, true);
            core.charge(costs_.resume_exit);
        } else if (c.vcpu->power != Vcpu::Power::on) {
            core.charge(costs_.spin);
            if (!spun) {
                observe(c, "psci.interrupt-while-off",
                        "a physical interrupt is pending for a CPU whose vCPU is off: it is "
                        "powered down and wakes at once, again and again");
            }
            spun = true;
        }
    } while (c.vcpu->power != Vcpu::Power::on);
    core.switched_off(false);
    c.vcpu->suspended = false;
}

}  // namespace models::bao
