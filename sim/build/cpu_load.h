// Where the time of a CPU went: what a run knows of the core, the legs that it executed at EL2 and
// EL3, and the operations that its software named at EL1.
#pragma once

#include "models/core/core.h"
#include "sim/build/software.h"
#include "sim/observe/statistics.h"
#include "sim/report/results.h"

namespace sim {

/// Up to `end`; what the core waits in then counts too. `vm` is the index of its VM.
CpuResult cpu_load(const models::Core& core, models::Picos end, const VmConfig& config,
                   const Software& software, std::size_t vm, const Statistics& statistics);

}  // namespace sim
