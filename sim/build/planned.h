// What a scenario plans and the run did not get to: senders on the wire that have not come to their
// end, which a run waits for, and events and outages, for which it does not wait.
#pragma once

#include <string>
#include <vector>

#include "models/base/time.h"
#include "sim/build/network.h"
#include "sim/scenario/model.h"

namespace sim {

/// A sentence for each generator or replay that has an end and has not reached it.
std::vector<std::string> describe_unsent(const Network& network);

/// A sentence for each device, link or host with something planned after the run ended.
std::vector<std::string> describe_unreached(const Scenario& scenario, models::Picos end);

}  // namespace sim
