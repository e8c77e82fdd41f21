// When a run ends by itself: at the moment at which the last of what keeps it going is over, which
// is a CPU's local time and not the kernel's, so that the quantum has no part in it. What keeps a
// run going: a workload that has not ended, a VM that has not started, whatever is on its way to or
// from a device, a CPU that has not come to rest. A periodic timer does not.
#pragma once

#include <functional>
#include <systemc>

#include "models/base/time.h"
#include "models/base/wake_timer.h"
#include "sim/build/platform.h"
#include "sim/build/software.h"

namespace sim {

class RunEnd final : public sc_core::sc_module {
  public:
    enum class Why { done, crashed };

    /// A polling service guest never comes to rest. That it is finished shows only in nothing being
    /// on its way for this long: longer than a pass of its loop over all its devices takes.
    static constexpr models::Picos quiet = models::Picos::ms(1);

    /// `reached` is called at the end, in the kernel's time.
    RunEnd(sc_core::sc_module_name name, const Software& software, Platform& platform,
           std::function<void(Why)> reached);

    /// Something may have been the last of what the run waits for.
    void look();
    /// Nothing is on its way to or from a device any more.
    void nothing_on_the_way();
    /// A CPU is in an endless loop in the hypervisor: the run ends when all others are there too.
    void crashed();

    /// Since when nothing has happened, of a machine in which nothing more can: the last that a CPU
    /// did or that was on its way to one. The kernel's own time is that of its last event, which
    /// may have been a watchdog's that found nothing to watch.
    models::Picos at_rest_since() const;

  private:
    /// The end as far as is known now; never() when something goes on.
    models::Picos end() const;
    models::Picos first_crash() const;
    void plan(models::Picos at);
    void check();

    const Software& software_;
    Platform& platform_;
    std::function<void(Why)> reached_;
    models::WakeTimer check_;
    models::Picos last_on_the_way_{};  ///< when the last frame or character came off its way
};

}  // namespace sim
