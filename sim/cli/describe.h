// A scenario laid out for a reader, without running it: physical memory, interrupts, and for each
// VM its CPUs, guest-physical memory map and devices; who is bound to whom.
#pragma once

#include <string>

#include "sim/report/text.h"
#include "sim/scenario/model.h"

namespace sim {

std::string describe(const Scenario& s, const Style& style);

}  // namespace sim
