// Runs a scenario: builds the platform from it, simulates, judges. One call a process, because
// SystemC allows one simulation a process.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/time.h"
#include "sim/report/results.h"
#include "sim/scenario/model.h"

namespace sim {

struct Progress {
    models::Picos simulated{};
    models::Picos duration{};  ///< the run ends here at the latest
};

struct RunOptions {
    std::string trace_file;  ///< canonical text trace; empty: none
    bool quiet = false;
    int verbosity = 0;
    /// Called now and then, at least every few ten milliseconds of the host, when not empty.
    std::function<void(const Progress&)> progress;
    /// Asked as often, when not empty: true ends the run with status error, because what it writes
    /// reaches nobody.
    std::function<bool()> given_up;
    /// Takes the bytes of serial lines whose output is "stdout"; when empty they go there directly.
    std::function<void(std::string_view)> serial;
};

/// Why a scenario that its files leave valid cannot run: software that cannot be made, memory that
/// does not fit, the hypervisor's checks at boot. One message a line, with the place; empty: it
/// can.
std::vector<std::string> boot_problems(const Scenario& scenario);

/// A scenario that the simulated hypervisor does not boot has status error and says why. The run
/// ends early when interrupted() (sim/report/interrupt_flag.h): status interrupted.
Results run(const Scenario& scenario, const RunOptions& options);

}  // namespace sim
