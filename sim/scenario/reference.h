// The reference of all keys of a scenario, written from the schema: docs/scenario-reference.md.
#pragma once

#include <string>

namespace sim {

std::string reference_markdown();

}  // namespace sim
