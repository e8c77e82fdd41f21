// Virtual interrupts: state, ownership, list registers, spilling and refilling, maintenance.
// Follows the order of accesses of Bao's vgic.c, because that order is what the exits cost.
#include "models/bao/vgic.h"

#include <bit>

#include <fmt/format.h>

#include "models/bao/gic_registers.h"
#include "models/bao/hypervisor.h"
#include "models/bao/vgic_fields.h"
#include "models/bao/vgic_registers.h"

namespace models::bao {

namespace {

/// How long a CPU may wait at EL2 for another vCPU's interrupt before it counts as lost: far longer
/// than a handler takes.
constexpr Picos owner_wait_limit = Picos::ms(10);

}  // namespace

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

// --- maintenance --------------------------------------------------------------------------------

void Vgic::lock_spilled(Cpu& c) {
    agree(c);
    const Cpu*& holder = c.vcpu->vm->vgicd.spilled_lock;
    if (holder == nullptr || holder == &c)
        return;
    // Who holds it waits for an interrupt of some vCPU to be let go; this one's, perhaps.
    const Picos since = c.core->now();
    while (holder != nullptr) {
        if (c.core->now() - since > owner_wait_limit) {
            h_.error(
                c, "vgic.spilled-owned",
                fmt::format("CPU {} waits for the lock of the spilled interrupts; CPU {} holds "
                            "it and waits for an interrupt that another vCPU owns",
                            c.id.value, holder->id.value));
        }
        c.core->charge(h_.costs().refill);
        c.core->sync();
    }
}

VgicInterrupt* Vgic::highest_spilled(Cpu& c, std::uint8_t states, SpilledList*& list) {
    VgicInterrupt* best = nullptr;
    for (SpilledList* l : {&c.vcpu->vgic.spilled, &c.vcpu->vm->vgicd.spilled}) {
        const bool ends = l->walk([&](VgicInterrupt& i) {
            if ((state_of(c, i) & states) == 0)
                return;
            // Nothing of the lowest priority value beats an empty hand unless its id does.
            const unsigned prio = best == nullptr ? 0xff : best->prio;
            const unsigned id = best == nullptr ? 1020 : best->id.value;
            if (i.prio < prio || (i.prio == prio && i.id.value < id)) {
                best = &i;
                list = l;
            }
        });
        if (!ends) {
            h_.error(c, "vgic.spilled-endless",
                     "the list of spilled interrupts is linked to itself: the search for the "
                     "highest priority on it never ends");
        }
    }
    return best;
}

void Vgic::wait_for_owner(Cpu& c, const VgicInterrupt& i) {
    h_.observe(c, "vgic.spilled-owned",
               fmt::format("interrupt {} has the highest priority of the spilled ones, and vCPU {} "
                           "owns it: the refill of vCPU {} looks at it again and again, with the "
                           "lock of the list taken",
                           i.id.value, i.owner->id, c.vcpu->id));
    const Cpu*& lock = c.vcpu->vm->vgicd.spilled_lock;
    lock = &c;
    const Picos since = c.core->now();
    while (i.owner != nullptr && i.owner != c.vcpu && i.state != inactive) {
        if (c.core->now() - since > owner_wait_limit) {
            h_.error(c, "vgic.spilled-owned",
                     fmt::format("the refill of CPU {} waits for interrupt {}, which vCPU {} owns "
                                 "and does not let go",
                                 c.id.value, i.id.value, i.owner->id));
        }
        c.core->charge(h_.costs().refill);
        c.core->sync();
    }
    lock = nullptr;
}

void Vgic::refill(Cpu& c, bool no_pending) {
    const std::uint32_t mask = all_lrs(h_.config().gic.list_registers);
    c.core->charge(h_.costs().refill);
    std::uint32_t free = gich_read(c, gich::elrsr0) & mask;
    std::uint8_t states = no_pending ? std::uint8_t{pending} : std::uint8_t{pending | active};
    lock_spilled(c);
    while (free != 0) {
        SpilledList* list = nullptr;
        VgicInterrupt* i = highest_spilled(c, states, list);
        if (i == nullptr) {
            const std::uint32_t hcr = gich_read(c, gich::hcr);
            gich_write(c, gich::hcr, hcr & ~(gich::hcr_npie | gich::hcr_uie));
            break;
        }
        if (!get_ownership(*c.vcpu, *i)) {
            wait_for_owner(c, *i);
            continue;
        }
        observe_refill(c, *i);
        list->remove(*i);
        c.core->charge(h_.costs().add_lr);
        write_lr(c, *i, static_cast<unsigned>(std::countr_zero(free)));
        states = pending | active;
        free = gich_read(c, gich::elrsr0) & mask;
    }
}

void Vgic::trapped_eoir(Cpu& c) {
    const std::uint32_t mask = all_lrs(h_.config().gic.list_registers);
    // Bao looks the interrupt up by the whole list register, not by its id field. After an EOI the
    // register still holds the EOI bit and the priority, so no interrupt is found; the loop goes
    // round with the same register, now zero, and finds SGI 0. Adding that writes the register
    // again, invalid, and in passing releases what it held. Half of this exit is that detour.
    std::uint32_t eisr = gich_read(c, gich::eisr0) & mask;
    while (eisr != 0) {
        const unsigned n = static_cast<unsigned>(std::countr_zero(eisr));
        const std::uint32_t v = lr_read(c, n);
        observe_end(c, v);
        lr_write(c, n, 0);
        VgicInterrupt* i = get(*c.vcpu, v);
        if (i == nullptr)
            continue;
        c.core->charge(h_.costs().eoi_each);
        if (in_valid_lr(c, *i)) {
            h_.observe(c, "vgic.sgi0-forgotten",
                       fmt::format("the end of another interrupt makes Bao forget that SGI {} is "
                                   "in list register {}, where it stays",
                                   i->id.value, i->lr));
        }
        i->in_lr = false;
        if (is_sgi(*i))
            add_lr(c, *i);
        else
            yield_ownership(c, *i);
        eisr = gich_read(c, gich::eisr0) & mask;
    }
    c.core->charge(h_.costs().eoi_scan);
}

void Vgic::eoi_highest_spilled_active(Cpu& c) {
    SpilledList* list = nullptr;
    VgicInterrupt* i = highest_spilled(c, active, list);
    if (i == nullptr || !get_ownership(*c.vcpu, *i)) {
        h_.observe(c, "vgic.end-lost",
                   i == nullptr
                       ? std::string("the guest ended an interrupt that is neither in a list "
                                     "register nor spilled: it stays active, and never comes again")
                       : fmt::format("the guest ended a spilled interrupt, and Bao takes it for "
                                     "interrupt {}, which vCPU {} owns: nothing is ended",
                                     i->id.value, i->owner->id));
        return;
    }
    i->state = static_cast<std::uint8_t>(i->state & ~active);
    if (is_hw(*i))
        c.core->write32(c.gicd, gicd::icactiver + 4 * (i->id.value / 32), 1u << i->id.value % 32);
    else if ((i->state & pending) != 0)
        add_lr(c, *i);
}

void Vgic::maintenance(Cpu& c) {
    agree(c);
    const std::uint32_t misr = gich_read(c, gich::misr);
    h_.event(c, EventKind::maintenance, {}, misr);
    // With one list register in use an underflow request stays: nothing is free to be refilled, and
    // the interrupt comes again before the guest has executed anything.
    const std::uint64_t executed = c.core->counters(Level::el1).instructions;
    c.maintenance_in_a_row = executed == c.executed_at_maintenance ? c.maintenance_in_a_row + 1 : 0;
    c.executed_at_maintenance = executed;
    constexpr unsigned storm = 1000;  // no finite work of the handler takes so many
    if (c.maintenance_in_a_row == storm) {
        h_.error(
            c, "vgic.maintenance-storm",
            fmt::format("the maintenance interrupt (GICH_MISR {:#x}) comes again before the guest "
                        "executes an instruction, for ever: its condition stays as long as none "
                        "of {} list register(s) is free",
                        misr, h_.config().gic.list_registers));
    }
    c.core->charge(h_.costs().maintenance_entry);
    if (corrected()) {
        corrected_maintenance(c);
        return;
    }
    if ((misr & gich::misr_eoi) != 0)
        trapped_eoir(c);
    if ((misr & (gich::misr_np | gich::misr_u)) != 0)
        refill(c, (misr & gich::misr_np) != 0);
    if ((misr & gich::misr_lrenp) != 0) {
        std::uint32_t hcr = gich_read(c, gich::hcr);
        while (hcr >> gich::hcr_eoicount_shift != 0) {
            eoi_highest_spilled_active(c);
            hcr -= 1u << gich::hcr_eoicount_shift;
            gich_write(c, gich::hcr, hcr);
            hcr = gich_read(c, gich::hcr);
        }
    }
}

void Vgic::update_enable(Cpu& c) {
    const std::uint32_t hcr = gich_read(c, gich::hcr);
    const bool on = (c.vcpu->vm->vgicd.ctlr & 1) != 0;
    gich_write(c, gich::hcr, on ? hcr | gich::hcr_en : hcr & ~gich::hcr_en);
}

}  // namespace models::bao
