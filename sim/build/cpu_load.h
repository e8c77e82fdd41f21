// Where the time of each CPU went in a run: its parts make up the whole of the simulated time.
#pragma once

#include "models/base/time.h"
#include "sim/build/platform.h"
#include "sim/build/software.h"
#include "sim/observe/statistics.h"
#include "sim/report/results.h"

namespace sim {

/// Rows and metrics (cpus.<n>.*) of all CPUs, up to the end of the run.
void add_cpu_load(Results& results, Platform& platform, const Software& software,
                  const Statistics& statistics, models::Picos end);

}  // namespace sim
