// A time at which a sleeping program wakes: the one-shot side of the virtual timer. Who owns the
// timer implements it.
#pragma once

#include <cstdint>

namespace vms::workload {

class Alarm {
  public:
    /// Interrupt no later than when the counter has reached `tick`.
    virtual void set(std::uint64_t tick) = 0;
    virtual void clear() = 0;

  protected:
    ~Alarm() = default;
};

}  // namespace vms::workload
