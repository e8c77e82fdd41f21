// Work at a fixed distance: the n-th begins n periods after the first, or at once when it is late.
#pragma once

#include <cstdint>

#include "vms/cpu.h"
#include "vms/workload/ticks.h"

namespace vms::workload {

/// Let time pass until the counter has reached `tick`.
inline void wait_for_tick(Cpu& cpu, std::uint64_t tick) {
    for (std::uint64_t now = cpu.counter(); now < tick; now = cpu.counter())
        cpu.retire_nanoseconds(nanoseconds_of(tick - now, cpu.counter_frequency()));
}

class Pace {
  public:
    /// `period_ns` 0: no distance.
    Pace(Cpu& cpu, std::uint64_t period_ns)
        : period_(ticks_at(period_ns, cpu.counter_frequency())), next_(cpu.counter()) {}

    void wait(Cpu& cpu) {
        wait_for_tick(cpu, next_);
        next_ += period_;
    }

  private:
    std::uint64_t period_;  ///< counter ticks
    std::uint64_t next_;
};

}  // namespace vms::workload
