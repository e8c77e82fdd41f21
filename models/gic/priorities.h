// Priority mask, binary point and active priorities of one CPU interface, physical or virtual:
// which interrupt may be signalled, and what the running priority is. IHI 0048B 3.3 (prioritization
// and preemption), 4.4.2-4.4.3, 4.4.6, 4.4.13; five priority bits, hence 32 preemption levels in
// one active-priorities register.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "models/gic/registers.h"

namespace models::gic {

/// The pending interrupt that comes first: the lowest priority value, then the lowest number.
struct Candidate {
    static constexpr std::uint16_t no_priority = 0x100;  ///< loses against every mask

    std::uint16_t id = spurious;  ///< interrupt id; of a list register: its number
    std::uint16_t priority = no_priority;
    std::uint8_t group = 0;

    constexpr bool operator==(const Candidate&) const = default;
    explicit constexpr operator bool() const { return priority != no_priority; }
};

class Priorities {
  public:
    static constexpr std::uint32_t min_bpr = 2;  ///< group priority in bits 7:3
    static constexpr std::uint32_t min_abpr =
        3;  ///< the same, counted as the aliased register does
    static constexpr std::uint32_t idle = 0xFF;

    /// Higher than the mask, and able to preempt what runs.
    bool admits(const Candidate& c) const {
        return c.priority < pmr_ && (c.priority & group_mask_[c.group]) < running_;
    }
    void activate(const Candidate& c) {
        apr_ |= 1U << ((c.priority & group_mask_[c.group]) >> level_shift);
        update_running();
    }
    /// Priority drop: the highest active one ends. False when none was active.
    bool drop() {
        if (apr_ == 0)
            return false;
        apr_ &= apr_ - 1;
        update_running();
        return true;
    }

    std::uint32_t pmr() const { return pmr_; }
    std::uint32_t bpr() const { return bpr_; }
    std::uint32_t abpr() const { return abpr_; }
    std::uint32_t apr() const { return apr_; }
    std::uint32_t running() const { return apr_ == 0 ? idle : running_; }

    void set_pmr(std::uint32_t v) { pmr_ = v & priority_bits; }
    void set_bpr(std::uint32_t v) {
        bpr_ = at_least(v & 7U, min_bpr);
        update_masks();
    }
    void set_abpr(std::uint32_t v) {
        abpr_ = at_least(v & 7U, min_abpr);
        update_masks();
    }
    void set_apr(std::uint32_t v) {
        apr_ = v;
        update_running();
    }
    /// Those registers of a CPU interface, by their offsets in it, that this is all of (0:
    /// another).
    std::uint32_t read(std::uint32_t offset) const {
        switch (offset) {
            case gicc::pmr:
                return pmr();
            case gicc::bpr:
                return bpr();
            case gicc::rpr:
                return running();
            case gicc::abpr:
                return abpr();
            case gicc::apr0:
                return apr();
            default:
                return 0;
        }
    }
    void write(std::uint32_t offset, std::uint32_t value) {
        switch (offset) {
            case gicc::pmr:
                set_pmr(value);
                return;
            case gicc::bpr:
                set_bpr(value);
                return;
            case gicc::abpr:
                set_abpr(value);
                return;
            case gicc::apr0:
                set_apr(value);
                return;
            default:
                return;
        }
    }
    /// CBPR: the binary point register serves both groups.
    void set_common(bool common) {
        common_ = common;
        update_masks();
    }

  private:
    static constexpr unsigned level_shift = 3;  ///< priority bits 7:3 number the 32 levels

    static constexpr std::uint32_t at_least(std::uint32_t v, std::uint32_t low) {
        return v < low ? low : v;
    }
    void update_running() {
        running_ = apr_ == 0 ? std::uint32_t{Candidate::no_priority}
                             : static_cast<std::uint32_t>(std::countr_zero(apr_)) << level_shift;
    }
    void update_masks() {
        group_mask_[0] = (0xFEU << bpr_) & 0xFFU;
        group_mask_[1] = common_ ? group_mask_[0] : (0xFFU << abpr_) & 0xFFU;
    }

    std::uint32_t pmr_ = 0;
    std::uint32_t running_ = Candidate::no_priority;
    std::array<std::uint32_t, 2> group_mask_{priority_bits, priority_bits};
    std::uint32_t apr_ = 0;
    std::uint32_t bpr_ = min_bpr;
    std::uint32_t abpr_ = min_abpr;
    bool common_ = false;
};

/// What IAR and HPPIR, or their aliases, show of the interrupt that comes first (IHI 0048B 4.4.4,
/// 4.4.7, 4.4.10, 4.4.12). `shown` when it is that interrupt itself.
struct View {
    bool shown;
    std::uint32_t otherwise;
};

constexpr View view(const Candidate& c, bool aliased, std::uint32_t ctlr) {
    if (!c)
        return {false, spurious};
    if (aliased)
        return {c.group == 1, spurious};
    if (c.group == 1 && (ctlr & gicc::ack_ctl) == 0)
        return {false, other_group};
    return {true, 0};
}

/// Group 0 leaves on nFIQ when FIQEn is set; that output is connected to nothing here.
constexpr bool on_irq(const Candidate& c, std::uint32_t ctlr) {
    return c.group == 1 || (ctlr & gicc::fiq_en) == 0;
}

}  // namespace models::gic
