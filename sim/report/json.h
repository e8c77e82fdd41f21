// Results as JSON for scripts and CI: docs/results.schema.json says what is in it. The order of
// keys is fixed; everything that differs between hosts is under "host".
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "sim/report/results.h"

namespace sim {

nlohmann::ordered_json to_json(const Results& r);

/// Indented, with a final newline; text that is not UTF-8 (serial output, say) is replaced.
std::string json_text(const nlohmann::ordered_json& j);

}  // namespace sim
