// A periodic tick on the virtual timer (Arm ARM, CNTV_CVAL_EL0 and CNTV_CTL_EL0), as a real-time
// task has it beside its work: each tick is due at a fixed distance from the one before, and how
// late its handler runs is what is measured.
#pragma once

#include <cstdint>

#include "vms/cpu.h"
#include "vms/workload/ticks.h"
#include "vms/workload/workload.h"

namespace vms::workload {

class PeriodicTimer {
  public:
    /// First tick one period from now. A period below one counter tick is one counter tick.
    void start(Cpu& cpu, std::uint64_t period_ns) {
        const std::uint64_t ticks = ticks_at(period_ns, cpu.counter_frequency());
        period_ = ticks == 0 ? 1 : ticks;
        due_ = cpu.counter() + period_;
        arm(cpu);
    }

    void stop(Cpu& cpu) {
        period_ = 0;
        cpu.set_timer(due_, {.enable = false, .imask = true, .istatus = false});
    }

    bool running() const { return period_ != 0; }
    std::uint64_t due() const { return due_; }  ///< the next tick, as counter value

    /// The timer's interrupt: measure, then arm the next tick that is still to come. The level of
    /// the interrupt falls with the new compare value.
    void expired(Cpu& cpu) {
        if (!running())
            return;
        const std::uint64_t now = cpu.counter();
        if (now < due_) {
            arm(cpu);
            return;
        }
        lateness_.add(now - due_);
        const std::uint64_t periods = (now - due_) / period_ + 1;
        overruns_ += periods - 1;
        due_ += periods * period_;
        arm(cpu);
    }

    /// Ticks handled (count) and how late their handlers ran, counter ticks.
    const Range& lateness() const { return lateness_; }
    /// Ticks that had already gone by when an earlier one was handled.
    std::uint64_t overruns() const { return overruns_; }

  private:
    void arm(Cpu& cpu) const {
        cpu.set_timer(due_, {.enable = true, .imask = false, .istatus = false});
    }

    std::uint64_t period_ = 0;  ///< counter ticks; 0: stopped
    std::uint64_t due_ = 0;     ///< compare value
    Range lateness_;
    std::uint64_t overruns_ = 0;
};

}  // namespace vms::workload
