// Checked values to the model that the program uses: defaults that depend on other parts of the
// scenario (a VM's interrupt controller, a device by name) are filled in here.
#pragma once

#include <string>

#include "sim/scenario/check.h"
#include "sim/scenario/model.h"

namespace sim {

/// References that lead nowhere go to `out`.
Scenario resolve(const Value& root, const std::string& file, Diagnostics& out);

}  // namespace sim
