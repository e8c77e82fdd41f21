// What a UART model is besides its registers: a module on the bus whose state follows the time of
// whoever looks, with one event planned ahead and one interrupt line (see serial_line.h).
//
// A model derives from UartModule of itself and has
//   bool expire_timeout(Picos now)   the receiver's timeout, if it is over; whether it was
//   bool interrupt() const           the level of the interrupt line
//   Picos next_wake() const          when somebody could next notice something
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <systemc>

#include "models/base/time.h"
#include "models/base/wake_timer.h"
#include "models/bus/register_bank.h"
#include "models/bus/target.h"
#include "models/bus/tlm_target.h"
#include "models/core/activity.h"
#include "models/core/irq_line.h"
#include "models/uart/serial_channel.h"
#include "models/uart/serial_line.h"
#include "models/uart/uart_parameters.h"

namespace models {

template <typename Uart, std::size_t count>
class UartModule : public sc_core::sc_module,
                   public Target,
                   public Inspectable,
                   protected SerialLine::Owner {
  public:
    using Parameters = UartParameters;
    static constexpr std::size_t register_count = count;
    static constexpr std::size_t window = 0x1000;
    using Table = std::array<Register<Uart>, count>;

    void access(Access& a) final {
        const Picos now = std::max(a.time, last_);
        bool changed = catch_up(now);
        changed |= bank_.access(self(), a, now) == AccessEffect::changed;
        if (changed)
            settle(now);
    }
    void peek(Access& a) final {
        const Picos now = std::max(a.time, last_);
        if (catch_up(now))
            settle(now);
        bank_.peek(self(), a);
    }
    /// What the far end has seen, and its counters, follow at the next access or event; this brings
    /// them up to the kernel's time.
    void synchronise() {
        const Picos now = std::max(kernel_now(), last_);
        catch_up(now);
        settle(now);
    }
    /// The run has ended at this time: what was on the line up to then counts.
    void finish(Picos end) { catch_up(std::max(end, last_)); }
    /// When it will next do something by itself (Timeline::add_device).
    const Picos& next_event() const { return timer_.planned(); }

  protected:
    UartModule(sc_core::sc_module_name name, const Table& registers, const Parameters& parameters,
               IrqLine irq, Activity& activity, SerialChannel& channel, std::size_t fifo_depth)
        : sc_module(name),
          parameters_(parameters),
          irq_(irq),
          bank_(registers),
          line_(*this, channel, activity,
                {BitRate::baud(parameters.far_end_baud), parameters.far_end_format}, fifo_depth) {
        SC_HAS_PROCESS(UartModule);
        SC_METHOD(wake);
        sensitive << timer_.event();
    }
    ~UartModule() override = default;

    Parameters parameters_;
    IrqLine irq_;
    RegisterBank<Uart, count, window> bank_;
    SerialLine line_;

  private:
    Uart& self() { return static_cast<Uart&>(*this); }

    void start_of_simulation() override { line_.start(); }
    void end_of_simulation() override { synchronise(); }
    void wake() {
        timer_.fired();
        synchronise();
    }
    bool catch_up(Picos now) {
        last_ = now;
        const bool moved = line_.advance(now);
        return self().expire_timeout(now) || moved;
    }
    void settle(Picos now) {
        irq_.set(self().interrupt(), now);
        line_.settle();
        timer_.plan(self().next_wake());
    }

    WakeTimer timer_;
    Picos last_{};  ///< the state is that of this time
};

}  // namespace models
