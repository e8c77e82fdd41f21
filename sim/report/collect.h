// From what the sinks gathered to rows of Results and metrics by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/observe/observations.h"
#include "sim/observe/statistics.h"
#include "sim/report/results.h"

namespace sim {

/// What is known of a leg besides its statistics.
struct LegIdentity {
    std::uint16_t leg = 0;
    std::string name;  ///< as reports show it
    std::string key;   ///< as metrics name it; when empty, made from the name by metric_key()
    unsigned exception_level = 2;
    LegProvenance provenance = LegProvenance::estimate;
};

/// A name as one part of a metric's path: letters and digits in lower case, '_' for all between.
/// "IRQ vgic_inject_hw .a vector->LR" becomes "irq_vgic_inject_hw_a_vector_lr".
std::string metric_key(std::string_view name);

/// As metrics have it: rounded up, so that a bound that holds for it holds for the exact time.
std::int64_t whole_nanoseconds(models::Picos t);

/// Appends the row of a leg to results.legs and its metrics "legs.<key>.count", ".instructions",
/// ".mmio", ".p50_ns", ".p99_ns", ".max_ns" and ".total_ns". A leg that was never executed has the
/// metrics (all zero) but no row.
void add_leg(Results& results, Statistics& statistics, const LegIdentity& info);

/// Fills in results.observations and the metrics "observations.total" and "observations.<rule>".
/// Every rule of the catalogue has its metric, so that an expectation of none can name it.
void add_observations(Results& results, const Observations& observations);

}  // namespace sim
