// GICH and GICV of one CPU: list registers from pending to active to invalid, the end of virtual
// interrupts, maintenance conditions (IHI 0048B chapter 5).
#include "models/gic/virtual_interface.h"

#include <bit>

#include "models/gic/word_access.h"

namespace models::gic {

namespace {

/// VMCR (IHI 0048B 5.3.3): the VM's settings, as the hypervisor saves and restores them.
constexpr unsigned vmcr_pmr_shift = 27;  ///< five bits: PMR bits 7:3
constexpr unsigned vmcr_bpr_shift = 21;
constexpr unsigned vmcr_abpr_shift = 18;
constexpr unsigned pmr_unused_bits = 3;

/// VTR (5.3.2): five priority bits, five preemption bits, number of list registers; each less one.
constexpr std::uint32_t vtr_without_list_registers = 4U << 29 | 4U << 26;

constexpr std::uint32_t source_field = source_mask << source_shift;

constexpr std::uint32_t priority_of(std::uint32_t lr) {
    return lr >> gich::lr_priority_shift << 3 & priority_bits;
}

constexpr std::uint32_t group_of(std::uint32_t lr) {
    return (lr & gich::lr_group1) != 0 ? 1 : 0;
}

/// Whether the list register names the source CPU of a virtual SGI (5.3.10, CPUID).
constexpr bool has_source(std::uint32_t lr) {
    return (lr & gich::lr_id) < sgis && (lr & gich::lr_hw) == 0;
}

/// The interrupt as the VM's IAR shows it.
constexpr std::uint32_t virtual_id(std::uint32_t lr) {
    return lr & (has_source(lr) ? gich::lr_id | source_field : gich::lr_id);
}

}  // namespace

VirtualInterface::VirtualInterface(unsigned list_registers)
    : list_registers_(list_registers), usable_((1U << list_registers) - 1) {
}

// --- list registers ---------------------------------------------------------------------------

void VirtualInterface::set_list_register(unsigned n, std::uint32_t value) {
    if (value == lr_[n])
        return;
    const std::uint32_t bit = 1U << n;
    const std::uint32_t was_pending = pending_ & bit;
    lr_[n] = value;
    pending_ &= ~bit;
    active_ &= ~bit;
    ended_ &= ~bit;
    usable_ &= ~bit;
    if ((value & gich::lr_active) != 0)
        active_ |= bit;
    else if ((value & gich::lr_pending) != 0)
        pending_ |= bit;
    else if ((value & (gich::lr_hw | gich::lr_eoi)) == gich::lr_eoi)
        ended_ |= bit;
    else
        usable_ |= bit;
    if ((was_pending | (pending_ & bit)) != 0)
        update_first();
}

void VirtualInterface::update_first() {
    Candidate best;
    for (std::uint32_t left = pending_; left != 0; left &= left - 1) {
        const auto n = static_cast<unsigned>(std::countr_zero(left));
        const std::uint32_t p = priority_of(lr_[n]);
        const std::uint32_t group = group_of(lr_[n]);
        if (p < best.priority && (ctlr_ >> group & 1U) != 0)
            best = {static_cast<std::uint16_t>(n), static_cast<std::uint16_t>(p),
                    static_cast<std::uint8_t>(group)};
    }
    first_ = best;
}

std::uint32_t VirtualInterface::misr() const {
    const std::uint32_t valid = pending_ | active_;
    const auto flag = [](bool condition, std::uint32_t bit) { return condition ? bit : 0U; };
    const bool group0 = (ctlr_ & gicc::enable_group0) != 0;
    const bool group1 = (ctlr_ & gicc::enable_group1) != 0;
    const std::uint32_t conditions = flag((valid & (valid - 1)) == 0, gich::misr_u) |
                                     flag((hcr_ & gich::hcr_eoicount) != 0, gich::misr_lrenp) |
                                     flag(pending_ == 0, gich::misr_np) |
                                     (group0 ? gich::misr_vgrp0e : gich::misr_vgrp0d) |
                                     (group1 ? gich::misr_vgrp1e : gich::misr_vgrp1d);
    static_assert(gich::hcr_uie == gich::misr_u && gich::hcr_lrenpie == gich::misr_lrenp &&
                  gich::hcr_npie == gich::misr_np && gich::hcr_vgrp0eie == gich::misr_vgrp0e &&
                  gich::hcr_vgrp0die == gich::misr_vgrp0d &&
                  gich::hcr_vgrp1eie == gich::misr_vgrp1e &&
                  gich::hcr_vgrp1die == gich::misr_vgrp1d);
    // HCR enables each of these conditions with the bit that it has in MISR; only the end of
    // interrupt has its enable in the list registers.
    return (conditions & hcr_) | flag(ended_ != 0, gich::misr_eoi);
}

// --- the hypervisor's registers ---------------------------------------------------------------

void VirtualInterface::access_control(Access& a, std::uint32_t offset) {
    if (!is_word(a))
        return;
    if (a.write)
        write_control(offset, static_cast<std::uint32_t>(a.value));
    else
        a.value = read_control(offset);
}

std::uint32_t VirtualInterface::read_control(std::uint32_t offset) const {
    if (offset >= gich::lr && offset < gich::lr_end) {
        const unsigned n = (offset - gich::lr) / 4;
        return n < list_registers_ ? lr_[n] : 0;
    }
    switch (offset) {
        case gich::hcr:
            return hcr_;
        case gich::vtr:
            return vtr_without_list_registers | (list_registers_ - 1);
        case gich::vmcr:
            return priorities_.pmr() >> pmr_unused_bits << vmcr_pmr_shift |
                   priorities_.bpr() << vmcr_bpr_shift | priorities_.abpr() << vmcr_abpr_shift |
                   ctlr_;
        case gich::misr:
            return misr();
        case gich::eisr0:
            return ended_;
        case gich::elrsr0:
            return usable_;
        case gich::apr:
            return priorities_.apr();
        default:
            return 0;  // EISR1 and ELRSR1 speak of list registers from 32 on
    }
}

void VirtualInterface::write_control(std::uint32_t offset, std::uint32_t value) {
    if (offset >= gich::lr && offset < gich::lr_end) {
        const unsigned n = (offset - gich::lr) / 4;
        const bool hw = (value & gich::lr_hw) != 0;
        if (n < list_registers_)
            set_list_register(n, value & (hw ? gich::lr_writable_hw : gich::lr_writable_sw));
        return;
    }
    switch (offset) {
        case gich::hcr:
            hcr_ = value & gich::hcr_writable;
            return;
        case gich::vmcr:
            priorities_.set_pmr(value >> vmcr_pmr_shift << pmr_unused_bits);
            priorities_.set_bpr(value >> vmcr_bpr_shift);
            priorities_.set_abpr(value >> vmcr_abpr_shift);
            set_ctlr(value);
            return;
        case gich::apr:
            priorities_.set_apr(value);
            return;
        default:
            return;
    }
}

// --- the VM's registers -----------------------------------------------------------------------

std::uint32_t VirtualInterface::access_cpu_interface(Access& a) {
    if (!is_word(a))
        return nothing;
    if (a.offset >= gicv::size) {
        if (!a.write)
            a.value = 0;
        return nothing;
    }
    const auto offset = static_cast<std::uint32_t>(a.offset);
    if (a.write)
        return write(offset, static_cast<std::uint32_t>(a.value));
    a.value = read(offset);
    return nothing;
}

std::uint32_t VirtualInterface::read(std::uint32_t offset) {
    switch (offset) {
        case gicc::ctlr:
            return ctlr_;
        case gicc::iar:
            return acknowledge(false);
        case gicc::hppir:
            return highest_pending(false);
        case gicc::aiar:
            return acknowledge(true);
        case gicc::ahppir:
            return highest_pending(true);
        case gicc::iidr:
            return gicc::iidr_value;
        default:
            return priorities_.read(offset);
    }
}

std::uint32_t VirtualInterface::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case gicc::ctlr:
            set_ctlr(value);
            return nothing;
        case gicc::eoir:
            return end(value, false);
        case gicc::aeoir:
            return end(value, true);
        case gicc::dir:
            return deactivate(value);
        default:
            priorities_.write(offset, value);
            return nothing;
    }
}

void VirtualInterface::set_ctlr(std::uint32_t value) {
    ctlr_ = value & gicv::ctlr_writable;
    priorities_.set_common((ctlr_ & gicc::cbpr) != 0);
    update_first();
}

std::uint32_t VirtualInterface::acknowledge(bool aliased) {
    if ((hcr_ & gich::hcr_en) == 0 || !priorities_.admits(first_))
        return spurious;
    const View v = view(first_, aliased, ctlr_);
    if (!v.shown)
        return v.otherwise;
    const unsigned n = first_.id;
    priorities_.activate(first_);
    set_list_register(n, (lr_[n] & ~gich::lr_state) | gich::lr_active);
    return virtual_id(lr_[n]);
}

std::uint32_t VirtualInterface::highest_pending(bool aliased) const {
    const View v = view(first_, aliased, ctlr_);
    return v.shown ? virtual_id(lr_[first_.id]) : v.otherwise;
}

/// The active list register that an end of interrupt names. The source CPU counts for SGIs only.
unsigned VirtualInterface::find_active(std::uint32_t value) const {
    for (std::uint32_t left = active_; left != 0; left &= left - 1) {
        const auto n = static_cast<unsigned>(std::countr_zero(left));
        const std::uint32_t lr = lr_[n];
        const std::uint32_t compared = has_source(lr) ? id_mask | source_field : id_mask;
        if (((lr ^ value) & compared) == 0)
            return n;
    }
    return max_list_registers;
}

std::uint32_t VirtualInterface::deactivate_or_count(unsigned n) {
    if (n == max_list_registers) {
        // The interrupt is in no list register: the hypervisor keeps it. The count wraps at 31.
        hcr_ += gich::hcr_eoicount_one;
        return nothing;
    }
    const std::uint32_t lr = lr_[n];
    set_list_register(n, lr & ~gich::lr_active);
    return (lr & gich::lr_hw) != 0 ? lr >> gich::lr_physical_shift & id_mask : nothing;
}

std::uint32_t VirtualInterface::end(std::uint32_t value, bool aliased) {
    if ((value & id_mask) >= first_special)
        return nothing;
    const unsigned n = find_active(value);
    if (aliased && n != max_list_registers && group_of(lr_[n]) == 0)
        return nothing;
    // An end that clears no active priority neither deactivates nor counts (5.3.1, EOICount).
    if (!priorities_.drop() || (ctlr_ & gicc::eoi_mode) != 0)
        return nothing;
    return deactivate_or_count(n);
}

std::uint32_t VirtualInterface::deactivate(std::uint32_t value) {
    // As at the CPU interface, a write with EOImode 0 has no effect.
    if ((ctlr_ & gicc::eoi_mode) == 0 || (value & id_mask) >= first_special)
        return nothing;
    return deactivate_or_count(find_active(value));
}

}  // namespace models::gic
