// Runs the kernel up to a time with all that is due at it, which the end of a run leaves out.
#pragma once

#include <systemc>

#include "models/base/time.h"

namespace models::test {

inline void run_until(Picos t) {
    if (t > kernel_now())
        sc_core::sc_start((t - kernel_now()).sc());
    while (sc_core::sc_pending_activity_at_current_time() ||
           (sc_core::sc_pending_activity() &&
            sc_core::sc_time_to_pending_activity() == sc_core::SC_ZERO_TIME))
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

}  // namespace models::test
