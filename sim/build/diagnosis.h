// Why a run does not go on, derived from the state of the system: who waits for what and since
// when, what the other side did last. It knows no scenario; it reads the hypervisor and the CPUs.
#pragma once

#include <string>
#include <vector>

#include "models/base/time.h"
#include "sim/build/platform.h"

namespace sim {

/// One statement a line, the most telling first. `now` is the time at which the run ended.
std::vector<std::string> diagnose(Platform& platform, models::Picos now);

/// What each CPU that has a VM is at, and the last that its program reported: for a run that does
/// not end by itself. `stuck`: a CPU that polls does so in vain.
std::vector<std::string> describe_cpus(Platform& platform, models::Picos now, bool stuck);

}  // namespace sim
