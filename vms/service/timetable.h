// What a service guest does at times of its own, on the virtual timer: the planned events of its
// devices (device_event.h), and a look at hardware that does not tell when it changes. What is
// next is armed, and the main loop takes what is due. Without either the timer is left alone.
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

    /// `looks`: look_at() may be used.
    void start(Gicv2& gic, std::uint32_t priority, bool looks) {
        if (over() && !looks)
            return;
        gic.enable({abi::gicv2::virtual_timer_ppi}, priority);
        arm();
    }
    /// take_look() will say so from this tick of the counter on, once.
    void look_at(std::uint64_t tick) {
        if (tick >= look_)
            return;
        look_ = tick;
        if (!marked_)
            arm();
    }

    /// In the vector. True: the timer's interrupt; it is silent now.
    bool interrupt(std::uint32_t id) {
        if (id != abi::gicv2::virtual_timer_ppi || next() == never)
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
        arm();
        return nullptr;
    }
    /// Before take(), which arms what is next.
    bool take_look() {
        if (!marked_ || port_.counter() < look_)
            return false;
        look_ = never;
        return true;
    }

  private:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    bool over() const { return next_ == config_.event_count; }
    std::uint64_t due() const {
        return ticks_at(config_.events[next_].at_ns, port_.counter_frequency());
    }
    std::uint64_t next() const {
        const std::uint64_t event = over() ? never : due();
        return event < look_ ? event : look_;
    }
    void arm() {
        if (next() != never)
            port_.start_timer(next());
    }

    Port& port_;
    const GuestConfig& config_;
    std::size_t next_ = 0;
    std::uint64_t look_ = never;
    volatile bool marked_ = false;  // set by the vector, taken by the main loop
};

}  // namespace vms::service
