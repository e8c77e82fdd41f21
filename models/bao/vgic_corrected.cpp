// The virtual GIC without what Bao's loses or doubles (Config::corrected_vgic): where an interrupt
// is kept, and when it moves. Not Bao's code: the least that makes a VM see the GIC architecture
// (IHI 0048B chapters 3 and 5) with any number of list registers. Everything else is Bao's.
//
// - A pending interrupt that the VM can take is in a list register or on a list of spilled ones,
//   never both. Those in list registers precede all spilled ones in priority, and one is in a list
//   register whenever there is any: an active one makes room.
// - An active interrupt that leaves its register is on the list until its end, whatever becomes of
//   its enable or target. The end finds it by the count of ends without a register (EOICount).
// - Who holds an interrupt in a register or on the list owns it.
#include <bit>

#include "models/bao/gic_registers.h"
#include "models/bao/hypervisor.h"
#include "models/bao/vgic.h"
#include "models/bao/vgic_fields.h"

namespace models::bao {

namespace {

/// Whether a comes before b: priority, then id.
bool precedes(unsigned prio_a, unsigned id_a, unsigned prio_b, unsigned id_b) {
    return prio_a < prio_b || (prio_a == prio_b && id_a < id_b);
}

}  // namespace

bool Vgic::corrected() const {
    return h_.config().corrected_vgic;
}

void Vgic::place(Cpu& c, VgicInterrupt& i) {
    if (i.in_lr)
        return;
    const std::uint8_t state = state_of(c, i);
    if ((state & active) != 0 || ((state & pending) != 0 && i.enabled && is_target(c, i)))
        spilled_list(c, i).push_once(i);
    else
        spilled_list(c, i).remove_whole(i);
    rebalance(c);
}

void Vgic::route_correctly(Cpu& c, VgicInterrupt& i) {
    place(c, i);
    if (i.in_lr || spilled_list(c, i).contains(i) || (state_of(c, i) & pending) == 0 ||
        !i.enabled || !has_other_target(c, i))
        return;
    yield_ownership(c, i);
    send_route(c, i);
}

VgicInterrupt* Vgic::first_spilled(Cpu& c, bool is_active) {
    VgicInterrupt* best = nullptr;
    for (const SpilledList* l : {&c.vcpu->vgic.spilled, &c.vcpu->vm->vgicd.spilled}) {
        l->walk([&](VgicInterrupt& i) {
            if (i.owner == c.vcpu && ((i.state & active) != 0) == is_active &&
                (best == nullptr || precedes(i.prio, i.id.value, best->prio, best->id.value)))
                best = &i;
        });
    }
    return best;
}

int Vgic::make_room(Cpu& c, const VgicInterrupt& i) {
    const unsigned lrs = h_.config().gic.list_registers;
    const std::uint32_t free = gich_read(c, gich::elrsr0) & all_lrs(lrs);
    if (free != 0)
        return std::countr_zero(free);
    // The last of the pending ones if it comes after this one; the last active one if none pends.
    int last[2] = {-1, -1};  // pending, active
    std::uint32_t value[2] = {0, 0};
    for (unsigned n = 0; n < lrs; ++n) {
        const std::uint32_t v = lr_read(c, n);
        const unsigned k = (lr::state(v) & active) != 0 ? 1 : 0;
        if (last[k] < 0 ||
            precedes(lr::prio(value[k]), lr::vid(value[k]), lr::prio(v), lr::vid(v))) {
            last[k] = static_cast<int>(n);
            value[k] = v;
        }
    }
    const bool any_pending = last[0] >= 0;
    if (any_pending && !precedes(i.prio, i.id.value, lr::prio(value[0]), lr::vid(value[0])))
        return -1;
    const int n = any_pending ? last[0] : last[1];
    VgicInterrupt* out = n < 0 ? nullptr : get(*c.vcpu, lr::vid(any_pending ? value[0] : value[1]));
    if (out != nullptr) {
        remove_lr(c, *out);
        spilled_list(c, *out).push_once(*out);
    }
    return n;
}

void Vgic::rebalance(Cpu& c) {
    VgicInterrupt* i = nullptr;
    while ((i = first_spilled(c, false)) != nullptr) {
        const int n = make_room(c, *i);
        if (n < 0)
            break;
        spilled_list(c, *i).remove_whole(*i);
        c.core->charge(h_.costs().add_lr);
        write_lr(c, *i, static_cast<unsigned>(n));
    }
    const std::uint32_t hcr = gich_read(c, gich::hcr);
    const std::uint32_t wanted = i != nullptr ? hcr | gich::hcr_npie : hcr & ~gich::hcr_npie;
    if (wanted != hcr)
        gich_write(c, gich::hcr, wanted);
}

void Vgic::ended(Cpu& c, VgicInterrupt& i) {
    route_correctly(c, i);
    yield_ownership(c, i);
}

void Vgic::end_spilled_active(Cpu& c) {
    VgicInterrupt* i = first_spilled(c, true);
    if (i == nullptr)
        return;  // the guest ended what was not active
    i->state = static_cast<std::uint8_t>(i->state & ~active);
    spilled_list(c, *i).remove_whole(*i);
    if (is_hw(*i))
        c.core->write32(c.gicd, gicd::icactiver + 4 * (i->id.value / 32), 1u << i->id.value % 32);
    ended(c, *i);
}

void Vgic::corrected_maintenance(Cpu& c) {
    const std::uint32_t mask = all_lrs(h_.config().gic.list_registers);
    while (const std::uint32_t eisr = gich_read(c, gich::eisr0) & mask) {
        const auto n = static_cast<unsigned>(std::countr_zero(eisr));
        VgicInterrupt* i = get(*c.vcpu, lr::vid(lr_read(c, n)));
        lr_write(c, n, 0);
        c.core->charge(h_.costs().eoi_each);
        // With forwarding off an end is seen late: the interrupt may be elsewhere by then.
        if (i != nullptr && i->owner == c.vcpu && i->in_lr && i->lr == n) {
            i->in_lr = false;
            ended(c, *i);
        }
    }
    c.core->charge(h_.costs().eoi_scan);
    for (;;) {
        const std::uint32_t hcr = gich_read(c, gich::hcr);
        if (hcr >> gich::hcr_eoicount_shift == 0)
            break;
        gich_write(c, gich::hcr, hcr - (1u << gich::hcr_eoicount_shift));
        end_spilled_active(c);
    }
    rebalance(c);
}

}  // namespace models::bao
