// The maintenance interrupt of the virtual interface (Bao: vgic.c): refill of the list registers
// from the spilled interrupts, the end of interrupts that are in none, and the lock and the waiting
// that this takes.
#include <bit>

#include <fmt/format.h>

#include "models/bao/gic_registers.h"
#include "models/bao/hypervisor.h"
#include "models/bao/vgic.h"
#include "models/bao/vgic_fields.h"

namespace models::bao {

namespace {

/// How long a CPU may wait at EL2 for another vCPU's interrupt before it counts as lost: far longer
/// than a handler takes.
constexpr Picos owner_wait_limit = Picos::ms(10);

}  // namespace

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
