// The account of frames through the software: from the programs of front-ends to their drivers,
// through the shared memory to the switch of their service guest, and on to its network
// controllers; and the other way. What is on the wire is the Network's (network.h). Each hop is
// read from two counters that know nothing of each other, one on either side.
#pragma once

#include "sim/build/network.h"
#include "sim/build/software.h"
#include "sim/report/results.h"

namespace sim {

/// `ended`: the run came to its end, so that nothing is in a ring any more; else what one side has
/// handed over and the other has not taken is counted as in flight.
void add_frame_account(Results& results, const Scenario& scenario, const Software& software,
                       const Network& network, bool ended);

}  // namespace sim
