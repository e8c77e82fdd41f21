// The one kernel event of a device whose state otherwise follows from time without events.
#pragma once

#include <systemc>

#include "models/base/time.h"

namespace models {

class WakeTimer {
  public:
    const sc_core::sc_event& event() const { return event_; }

    /// Wake no later than `at`; never: not at all. An earlier wake that is planned already stays
    /// and is used to plan again: putting it off each time would cost more than it.
    void plan(Picos at) {
        if (at == Picos::never()) {
            if (planned_ != Picos::never())
                event_.cancel();
            planned_ = at;
        } else if (at < planned_) {
            const Picos now = kernel_now();
            event_.notify((at > now ? at - now : Picos{}).sc());
            planned_ = at;
        }
    }
    /// When the next wake is planned; never: none is.
    const Picos& planned() const { return planned_; }
    /// To be called first when the event has fired.
    void fired() { planned_ = Picos::never(); }

  private:
    sc_core::sc_event event_;
    Picos planned_ = Picos::never();
};

}  // namespace models
