// The generic timer's virtual timer of one CPU (Arm ARM D11): CNTVCT_EL0 counts at the system
// counter's rate from reset, the timer condition is met when the counter reaches CNTV_CVAL_EL0, and
// the output is the condition, enabled and not masked. Banked to its CPU: it is evaluated in the
// CPU's local time and needs no process of its own.
#pragma once

#include <cstdint>

#include "models/base/time.h"
#include "vms/cpu.h"

namespace models {

class GenericTimer {
  public:
    /// The virtual timer's PPI on every Arm platform (BSA, table of PPI assignments).
    static constexpr vms::IntId virtual_timer_ppi{27};

    explicit GenericTimer(std::uint64_t counter_hz) : hz_(counter_hz), clock_(counter_hz) {}

    std::uint64_t frequency() const { return hz_; }
    std::uint64_t counter(Picos now) const { return clock_.counts_at(now); }

    void set(std::uint64_t compare, vms::TimerControl control) {
        compare_ = compare;
        control_ = control;
    }
    vms::TimerControl control(Picos now) const {
        vms::TimerControl c = control_;
        c.istatus = c.enable && counter(now) >= compare_;
        return c;
    }
    /// The interrupt output at a time.
    bool output(Picos now) const {
        return control_.enable && !control_.imask && counter(now) >= compare_;
    }
    /// When the output will rise, or never: meaningful while it is low.
    Picos deadline() const {
        if (!control_.enable || control_.imask)
            return Picos::never();
        // A compare value beyond what simulated time can reach never fires.
        const auto limit = clock_.counts_at(Picos::never());
        return compare_ >= limit ? Picos::never() : clock_.at(compare_);
    }

  private:
    std::uint64_t hz_;
    RateClock clock_;
    std::uint64_t compare_ = 0;
    vms::TimerControl control_{};
};

}  // namespace models
