// Judges a run: the scenario's `expect:` against the metrics, and `strict` against observations.
#pragma once

#include <span>
#include <vector>

#include "sim/report/results.h"
#include "sim/scenario/model.h"

namespace sim {

/// One result for each expectation, in their order. A metric that does not exist fails.
std::vector<ExpectationResult> evaluate(std::span<const ExpectConfig> expect,
                                        const Metrics& metrics);

/// Fills in results.expectations from scenario and results.metrics and .observations. A run that
/// came to its end (status pass or fail) gets its status by them; others keep theirs.
void judge(Results& results, const Scenario& scenario);

}  // namespace sim
