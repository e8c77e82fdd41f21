// Virtual interrupts: set-up, state and ownership, injection, and messages between CPUs about them.
// The list registers are in vgic_list_registers.cpp, what is spilled of them comes back in
// vgic_maintenance.cpp, the emulated distributor is vgicd.cpp. All follow the order of accesses of
// Bao's vgic.c, because that order is what the exits cost.
#include "models/bao/vgic.h"

#include <fmt/format.h>

#include "models/bao/hypervisor.h"
#include "models/bao/vgic_fields.h"

namespace models::bao {

// --- set-up -------------------------------------------------------------------------------------

void Vgic::init_vm(Vm& vm, std::uint32_t gicd_iidr) {
    const unsigned lines = h_.config().gic.interrupt_lines;
    VgicDistributor& d = vm.vgicd;
    d.int_num = lines;
    d.iidr = gicd_iidr;
    d.typer = (lines / 32 - 1) | static_cast<std::uint32_t>(vm.vcpus.size() - 1) << 5;
    d.interrupts.resize(lines - cpu_private);
    for (std::size_t i = 0; i < d.interrupts.size(); ++i)
        d.interrupts[i].id.value = static_cast<std::uint16_t>(cpu_private + i);
}

void Vgic::init_vcpu(Vcpu& vcpu) {
    for (unsigned i = 0; i < cpu_private; ++i) {
        VgicInterrupt& x = vcpu.vgic.interrupts[i];
        x.id.value = static_cast<std::uint16_t>(i);
        x.owner = &vcpu;
        x.enabled = i < max_sgis;
    }
}

void Vgic::set_hw(Vm& vm, vms::IntId id) {
    if (id.value < max_sgis)
        return;
    if (is_private(id.value)) {
        for (auto& v : vm.vcpus)
            v->vgic.interrupts[id.value].hw = true;
    } else if (id.value < vm.vgicd.int_num) {
        vm.vgicd.interrupts[id.value - cpu_private].hw = true;
    }
}

VgicInterrupt* Vgic::get(Vcpu& v, unsigned id) {
    if (id < cpu_private)
        return &v.vgic.interrupts[id];
    VgicDistributor& d = v.vm->vgicd;
    return id < d.int_num ? &d.interrupts[id - cpu_private] : nullptr;
}

// --- state and ownership ------------------------------------------------------------------------

int Vgic::find_lr(Cpu& c, const VgicInterrupt& i, std::uint32_t& value) {
    if (!i.in_lr || i.owner == nullptr || i.owner->phys != c.id)
        return -1;
    const std::uint32_t v = lr_read(c, i.lr);
    if (lr::vid(v) != i.id.value || lr::state(v) == inactive)
        return -1;
    value = v;
    return i.lr;
}

std::uint8_t Vgic::state_of(Cpu& c, const VgicInterrupt& i) {
    std::uint32_t v = 0;
    std::uint8_t s = find_lr(c, i, v) >= 0 ? lr::state(v) : i.state;
    if (is_sgi(i) && i.sgi_pend != 0)
        s |= pending;
    return s;
}

bool Vgic::get_ownership(Vcpu& v, VgicInterrupt& i) const {
    if (i.owner == nullptr)
        i.owner = &v;
    return i.owner == &v;
}

void Vgic::yield_ownership(Cpu& c, VgicInterrupt& i) {
    if (is_private(i.id.value) || i.owner != c.vcpu || i.in_lr || (state_of(c, i) & active) != 0)
        return;
    if (corrected() && spilled_list(c, i).contains(i))
        return;
    i.owner = nullptr;
}

bool Vgic::is_target(const Cpu& c, const VgicInterrupt& i) const {
    return is_private(i.id.value) || (i.targets >> c.id.value & 1) != 0;
}

bool Vgic::has_other_target(const Cpu& c, const VgicInterrupt& i) const {
    return !is_private(i.id.value) && (i.targets & ~(1u << c.id.value)) != 0;
}

// --- injection ----------------------------------------------------------------------------------

void Vgic::inject_hw(Cpu& c, vms::IntId id) {
    VgicInterrupt* i = get(*c.vcpu, id.value);
    if (i == nullptr)
        return;
    if (!is_private(id.value))
        agree(c);
    i->owner = c.vcpu;
    i->state = pending;
    i->in_lr = false;
    add_lr(c, *i);
}

void Vgic::inject_sgi(Cpu& c, VgicInterrupt& i, unsigned source) {
    remove_lr(c, i);
    const std::uint8_t before = i.sgi_pend;
    i.sgi_pend = static_cast<std::uint8_t>(before | 1u << source);
    if (i.sgi_pend == before && !corrected()) {
        // Bao takes it out of the list register and, finding nothing new, leaves it there: pending,
        // in no register and on no list of spilled ones.
        if (!i.in_lr) {
            h_.observe(c, "vgic.sgi-lost",
                       fmt::format("SGI {} from vCPU {} came again while pending: Bao takes it out "
                                   "of its list register and does not put it back; both are lost",
                                   i.id.value, source));
        }
        return;
    }
    i.state |= pending;
    add_lr(c, i);
}

void Vgic::inject(Cpu& c, vms::IntId id, unsigned source) {
    VgicInterrupt* i = get(*c.vcpu, id.value);
    if (i == nullptr) {
        h_.observe(
            c, "vgic.unknown-interrupt",
            fmt::format("interrupt {} does not exist in the VM: nothing is injected", id.value));
        return;
    }
    if (is_hw(*i)) {
        inject_hw(c, id);
    } else if (is_sgi(*i)) {
        inject_sgi(c, *i, source);
    } else {
        if (!i->enabled) {
            h_.observe(c, "vgic.injected-while-disabled",
                       fmt::format("interrupt {} is injected while the guest has it disabled: it "
                                   "stays pending until the guest enables it",
                                   id.value));
        }
        set_field(c, Field::set_pending, *i, 1);
    }
}

void Vgic::send(Cpu& c, CpuId to, VgicEvent e, unsigned int_id, unsigned reg, std::uint64_t value) {
    c.core->charge(h_.costs().send_message);
    const std::uint64_t data = static_cast<std::uint64_t>(c.vcpu->vm->id) << 48 |
                               static_cast<std::uint64_t>(int_id & 0x7fff) << 16 |
                               static_cast<std::uint64_t>(reg & 0xff) << 8 | (value & 0xff);
    h_.send_message(c, to, {MessageHandler::vgic, static_cast<std::uint32_t>(e), data, {}});
}

void Vgic::handle_message(Cpu& c, const CpuMessage& m) {
    const unsigned vm_id = static_cast<unsigned>(m.data >> 48);
    const unsigned int_id = m.data >> 16 & 0x7fff;
    const unsigned reg = m.data >> 8 & 0xff;
    const unsigned value = m.data & 0xff;
    if (c.vcpu == nullptr || vm_id != c.vcpu->vm->id)
        h_.error(c, "vgic.foreign-message", "a vGIC message for another VM's vCPU arrived");
    c.core->charge(h_.costs().msg_vgic);
    VgicInterrupt* i = get(*c.vcpu, int_id);
    switch (static_cast<VgicEvent>(m.event)) {
        case VgicEvent::update_enable:
            update_enable(c);
            break;
        case VgicEvent::route:
            if (i != nullptr && get_ownership(*c.vcpu, *i)) {
                if (corrected()) {
                    remove_lr(c, *i);
                    route(c, *i);
                } else if (is_target(c, *i)) {
                    add_lr(c, *i);
                }
                yield_ownership(c, *i);
            }
            break;
        case VgicEvent::inject:
            inject(c, vms::IntId{static_cast<std::uint16_t>(int_id)}, value);
            break;
        case VgicEvent::set_register:
            if (i != nullptr && reg <= static_cast<unsigned>(Field::targets))
                set_field(c, static_cast<Field>(reg), *i, value);
            break;
    }
    c.core->charge(h_.costs().msg_vgic_after);
}

}  // namespace models::bao
