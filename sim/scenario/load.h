// A scenario file to a Scenario: the one entry to this folder for the rest of the program.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/scenario/diagnostic.h"
#include "sim/scenario/model.h"

namespace sim {

struct LoadResult {
    std::optional<Scenario> scenario;  ///< absent when there are errors
    std::vector<Diagnostic> errors;
    std::vector<std::string>
        files;  ///< that were read, or asked for: the scenario and its includes
};

/// Reads `path` with everything that it includes, applies the `--set` overrides ("KEY=VALUE"), and
/// checks the whole. Throws nothing that a user can cause.
LoadResult load_scenario(const std::string& path, std::span<const std::string> overrides);

}  // namespace sim
