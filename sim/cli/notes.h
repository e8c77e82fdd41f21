// What `baosim check` remarks on a valid scenario: a driver that, as it is in the real software,
// does not get on with the device that it is given.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/model.h"

namespace sim {

/// One sentence or two each.
std::vector<std::string> notes(const Scenario& scenario);

}  // namespace sim
