// The account of frames through the software: from the programs of front-ends to their drivers,
// through the shared memory to the switch of their service guest, and on to its network
// controllers; and the other way. What is on the wire is the Network's (network.h).
//
// Each hop is read from two counters that know nothing of each other, one on either side. What lies
// between the two is read from where it lies: from how far either side is in the ring, at whatever
// moment the run was ended, or from the mark by which a program says that it has a frame in its
// hands. So a frame is missing in a run that was cut just as in one that came to its end.
#pragma once

#include <string>
#include <vector>

#include "sim/build/network.h"
#include "sim/build/software.h"
#include "sim/report/results.h"

namespace sim {

void add_frame_account(Results& results, const Scenario& scenario, const Software& software,
                       const Network& network);
/// A line for each hop at which frames are missing, or too many, or where `done`, that is where
/// nothing moves any more, frames still wait for somebody.
std::vector<std::string> frame_faults(const Results& results, bool done);

}  // namespace sim
