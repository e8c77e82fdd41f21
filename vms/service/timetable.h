// The planned events of a service guest (device_event.h) on the virtual timer: one is armed at a
// time, and the main loop takes what is due. Without events the timer is left alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "service_port.h"
#include "vms/abi/gicv2.h"
#include "vms/service/config.h"
#include "vms/service/drivers/gicv2.h"

namespace vms::service {

/// The first tick of a counter at or after a time.
constexpr std::uint64_t ticks_at(std::uint64_t ns, std::uint32_t frequency_hz) {
    constexpr std::uint64_t second = 1'000'000'000;
    return ns / second * frequency_hz + (ns % second * frequency_hz + second - 1) / second;
}

class Timetable {
  public:
    /// `config` outlives this.
    Timetable(Port& port, const GuestConfig& config) : port_(port), config_(config) {}

    void start(Gicv2& gic, std::uint32_t priority) {
        if (over())
            return;
        gic.enable({abi::gicv2::virtual_timer_ppi}, priority);
        arm();
    }

    /// In the vector. True: the timer's interrupt; it is silent now.
    bool interrupt(std::uint32_t id) {
        if (id != abi::gicv2::virtual_timer_ppi || over())
            return false;
        port_.stop_timer();
        marked_ = true;
        return true;
    }
    bool marked() const { return marked_; }

    /// In the main loop: an event that is due, once; nullptr: none, and the next one is armed.
    const DeviceEvent* take() {
        if (!marked_)
            return nullptr;
        if (!over() && port_.counter() >= due()) {
            port_.charge<Operation::device_event>();
            return &config_.events[next_++];
        }
        marked_ = false;
        if (!over())
            arm();
        return nullptr;
    }

  private:
    bool over() const { return next_ == config_.event_count; }
    std::uint64_t due() const {
        return ticks_at(config_.events[next_].at_ns, port_.counter_frequency());
    }
    void arm() { port_.start_timer(due()); }

    Port& port_;
    const GuestConfig& config_;
    std::size_t next_ = 0;
    volatile bool marked_ = false;  // set by the vector, taken by the main loop
};

}  // namespace vms::service
