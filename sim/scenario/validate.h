// What no single key can tell: overlaps, interrupts and CPUs that two claim, references that lead
// nowhere. What Bao itself checks at boot (one front-end and one back-end for each bind_key, equal
// shmem on both sides) is left to the simulated hypervisor, which then stops as Bao does.
#pragma once

#include "sim/scenario/check.h"
#include "sim/scenario/model.h"

namespace sim {

/// `values` are those that the scenario was resolved from: the places of single keys.
void validate(const Scenario& scenario, const Value& values, Diagnostics& out);

}  // namespace sim
