// Virtual interrupts in list registers: placing, removing and spilling them, routing those of which
// this vCPU is no target, and what an observer sees of the spilled ones (Bao: vgic.c, vgicv2.c).
#include <bit>

#include <fmt/format.h>

#include "models/bao/gic_registers.h"
#include "models/bao/hypervisor.h"
#include "models/bao/vgic.h"
#include "models/bao/vgic_fields.h"

namespace models::bao {

// --- registers ----------------------------------------------------------------------------------

std::uint32_t Vgic::gich_read(Cpu& c, std::uint64_t offset) {
    return c.core->read32(c.gich, offset);
}
void Vgic::gich_write(Cpu& c, std::uint64_t offset, std::uint32_t value) {
    c.core->write32(c.gich, offset, value);
}
std::uint32_t Vgic::lr_read(Cpu& c, unsigned n) {
    return gich_read(c, gich::lr + 4 * n);
}
void Vgic::lr_write(Cpu& c, unsigned n, std::uint32_t value) {
    gich_write(c, gich::lr + 4 * n, value);
    if (!c.lr_written)
        c.lr_written = h_.mark(c);
}

// --- list registers -----------------------------------------------------------------------------

void Vgic::write_lr(Cpu& c, VgicInterrupt& i, unsigned n) {
    // What the register held last may still believe to be in it.
    const unsigned previous = c.vcpu->vgic.curr_lrs[n];
    if (previous != i.id.value && !is_private(previous)) {
        VgicInterrupt* p = get(*c.vcpu, previous);
        if (p != nullptr && p->owner == c.vcpu && p->in_lr && p->lr == n) {
            p->in_lr = false;
            yield_ownership(c, *p);
        }
    }
    const std::uint8_t state = state_of(c, i);
    std::uint32_t v = i.id.value & lr::vid_mask;
    v |= (static_cast<std::uint32_t>(i.prio) >> 3 & lr::prio_mask) << lr::prio_shift;
    if (is_hw(i)) {
        v |= lr::hw | (i.id.value & lr::pid_mask) << lr::pid_shift;
        // Pending and active together does not exist for a linked interrupt.
        const std::uint8_t s = state == (pending | active) ? std::uint8_t{active} : state;
        v |= static_cast<std::uint32_t>(s) << lr::state_shift;
    } else if (is_sgi(i)) {
        if ((state & active) != 0) {
            v |= (i.sgi_act & lr::cpuid_mask) << lr::cpuid_shift;
            v |= static_cast<std::uint32_t>(active) << lr::state_shift;
        } else {
            // The highest-numbered source first.
            for (unsigned s = max_targets; s-- > 0;) {
                if ((i.sgi_pend >> s & 1) != 0) {
                    v |= s << lr::cpuid_shift;
                    v |= static_cast<std::uint32_t>(pending) << lr::state_shift;
                    i.sgi_pend = static_cast<std::uint8_t>(i.sgi_pend & ~(1u << s));
                    break;
                }
            }
        }
        if (i.sgi_pend != 0 && eoi_maintenance_)
            v |= lr::eoi;
    } else {
        if (!is_private(i.id.value) && eoi_maintenance_)
            v |= lr::eoi;
        v |= static_cast<std::uint32_t>(state) << lr::state_shift;
    }
    i.state = inactive;
    i.in_lr = true;
    i.lr = static_cast<std::uint8_t>(n);
    c.vcpu->vgic.curr_lrs[n] = i.id.value;
    lr_write(c, n, v);
    h_.event(c, EventKind::inject, {}, i.id.value, n);
}

bool Vgic::remove_lr(Cpu& c, VgicInterrupt& i) {
    if (i.owner != c.vcpu || !i.in_lr)
        return false;
    c.core->charge(h_.costs().remove_lr);
    std::uint32_t v = 0;
    const int n = find_lr(c, i, v);
    if (n >= 0)
        lr_write(c, static_cast<unsigned>(n), 0);
    i.in_lr = false;
    if (lr::state(v) == inactive)
        return false;
    i.state = lr::state(v);
    if (is_sgi(i)) {
        const unsigned source = v >> lr::cpuid_shift & lr::cpuid_mask;
        if ((i.state & active) != 0)
            i.sgi_act = static_cast<std::uint8_t>(source);
        else
            i.sgi_pend = static_cast<std::uint8_t>(i.sgi_pend | 1u << source);
    }
    if (corrected())
        return true;
    std::uint32_t hcr = gich_read(c, gich::hcr);
    if ((i.state & pending) != 0 && i.enabled)
        hcr |= gich::hcr_npie;
    gich_write(c, gich::hcr, hcr | gich::hcr_uie);
    return true;
}

void Vgic::agree(Cpu& c) const {
    if (c.vcpu->vm->vcpus.size() > 1)
        c.core->sync();
}

SpilledList& Vgic::spilled_list(Cpu& c, const VgicInterrupt& i) {
    return is_private(i.id.value) ? c.vcpu->vgic.spilled : c.vcpu->vm->vgicd.spilled;
}

void Vgic::add_spilled(Cpu& c, VgicInterrupt& i) {
    lock_spilled(c);
    observe_push(c, i, spilled_list(c, i).push(i));
    gich_write(c, gich::hcr, gich_read(c, gich::hcr) | gich::hcr_npie);
}

void Vgic::spill_lr(Cpu& c, unsigned n) {
    VgicInterrupt* i = get(*c.vcpu, lr::vid(lr_read(c, n)));
    if (i == nullptr)
        return;
    remove_lr(c, *i);
    add_spilled(c, *i);
    yield_ownership(c, *i);
}

bool Vgic::add_lr(Cpu& c, VgicInterrupt& i) {
    if (corrected()) {
        place(c, i);
        return i.in_lr;
    }
    if (!i.enabled || i.in_lr)
        return false;
    const unsigned lrs = h_.config().gic.list_registers;
    c.core->charge(h_.costs().add_lr);
    const std::uint32_t free = gich_read(c, gich::elrsr0) & all_lrs(lrs);
    int n = free != 0 ? std::countr_zero(free) : -1;
    if (n < 0) {
        // Spill the pending one of lowest priority if more than one is pending, else an active one.
        unsigned prio_pend = i.prio, prio_act = i.prio;
        unsigned id_pend = i.id.value, id_act = i.id.value;
        unsigned pend_found = 0;
        int pend = -1, act = -1;
        for (unsigned k = 0; k < lrs; ++k) {
            const std::uint32_t v = lr_read(c, k);
            const unsigned id = lr::vid(v);
            const unsigned prio = lr::prio(v);
            if ((lr::state(v) & active) != 0) {
                if (prio > prio_act || (prio == prio_act && id > id_act)) {
                    id_act = id;
                    prio_act = prio;
                    act = static_cast<int>(k);
                }
            } else if ((lr::state(v) & pending) != 0) {
                if (prio > prio_pend || (prio == prio_pend && id > id_pend)) {
                    id_pend = id;
                    prio_pend = prio;
                    pend = static_cast<int>(k);
                }
                ++pend_found;
            }
        }
        n = pend_found > 1 ? pend : act;
        if (n >= 0)
            spill_lr(c, static_cast<unsigned>(n));
    }
    if (n < 0) {
        add_spilled(c, i);
        return false;
    }
    write_lr(c, i, static_cast<unsigned>(n));
    return true;
}

void Vgic::route(Cpu& c, VgicInterrupt& i) {
    if (corrected()) {
        route_correctly(c, i);
        return;
    }
    if (i.state == inactive || !i.enabled)
        return;
    if (is_target(c, i))
        add_lr(c, i);
    if (!i.in_lr && has_other_target(c, i)) {
        yield_ownership(c, i);
        send_route(c, i);
    }
}

void Vgic::send_route(Cpu& c, const VgicInterrupt& i) {
    const unsigned others = i.targets & ~(1u << c.id.value);
    for (unsigned p = 0; p < h_.config().cpu_num; ++p)
        if ((others >> p & 1) != 0)
            send(c, CpuId{static_cast<std::uint8_t>(p)}, VgicEvent::route, i.id.value, 0, 0);
}

// --- what an observer sees ---------------------------------------------------------------------

std::uint32_t Vgic::peek_lr(Cpu& c, unsigned n) const {
    Access a{c.gich.offset + gich::lr + 4 * n, 0, vms::Width::word, false, c.id, {}, false};
    a.time = c.core->now();
    c.gich.target->access(a);
    return static_cast<std::uint32_t>(a.value);
}

bool Vgic::in_valid_lr(Cpu& c, const VgicInterrupt& i) const {
    if (!i.in_lr || i.owner == nullptr || i.owner->phys != c.id)
        return false;
    const std::uint32_t v = peek_lr(c, i.lr);
    return lr::vid(v) == i.id.value && lr::state(v) != inactive;
}

void Vgic::observe_push(Cpu& c, const VgicInterrupt& i, const SpilledList::Pushed& p) {
    const char* effect = p.endless        ? "the list is now linked to itself"
                         : p.cut_off != 0 ? "those behind it are no longer found"
                                          : "nothing is lost this time";
    if (p.again || p.endless) {
        h_.observe(c, "vgic.spilled-again",
                   fmt::format("interrupt {} is put on the list of spilled ones while it is on it: "
                               "{}",
                               i.id.value, effect));
    }
    if (p.unreachable) {
        h_.observe(c, "vgic.spilled-lost",
                   fmt::format("interrupt {} is put behind one that has left the list of spilled "
                               "ones: no search finds it",
                               i.id.value));
    }
}

void Vgic::observe_refill(Cpu& c, const VgicInterrupt& i) {
    if (in_valid_lr(c, i)) {
        h_.observe(c, "vgic.spilled-doubled",
                   fmt::format("interrupt {} was still on the list of spilled ones while in list "
                               "register {}: it is now in two, and the guest takes it twice",
                               i.id.value, i.lr));
    } else if (!i.enabled) {
        h_.observe(c, "vgic.spilled-disabled",
                   fmt::format("interrupt {} was disabled by the guest after it had been spilled: "
                               "it is refilled all the same, and the guest takes it",
                               i.id.value));
    } else if (!is_target(c, i) && (i.state & active) == 0) {
        h_.observe(c, "vgic.spilled-astray",
                   fmt::format("interrupt {} was spilled by another vCPU and is refilled on vCPU "
                               "{}, which is none of its targets",
                               i.id.value, c.vcpu->id));
    }
}

void Vgic::observe_end(Cpu& c, std::uint32_t v) {
    const VgicInterrupt* i = get(*c.vcpu, lr::vid(v));
    if (i != nullptr && v != 0 && is_sgi(*i) && i->sgi_pend != 0) {
        h_.observe(c, "vgic.sgi-source-forgotten",
                   fmt::format("SGI {} ended while it was pending from another vCPU as well: Bao "
                               "does not find it by its list register, and leaves it pending in "
                               "none",
                               i->id.value));
    }
}

}  // namespace models::bao
