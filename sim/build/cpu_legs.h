// What the working time of a CPU went into: the legs that it executed at EL2 and EL3, and the
// operations that its software named at EL1.
#pragma once

#include <cstddef>

#include "models/core/core.h"
#include "sim/build/software.h"
#include "sim/observe/statistics.h"
#include "sim/report/results.h"

namespace sim {

/// Fills in result.legs, whose sum is result.working(). `vm` is the index of the CPU's VM.
void name_legs(CpuResult& result, const models::Core& core, const Software& software,
               std::size_t vm, const Statistics& statistics);

}  // namespace sim
