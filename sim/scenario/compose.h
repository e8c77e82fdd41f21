// One tree out of a scenario file, the files that it includes, the platform preset that it names
// and the overrides of the command line. Every node keeps the place that it came from.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/scenario/diagnostic.h"
#include "sim/scenario/yaml_tree.h"

namespace sim {

/// Nothing when the tree cannot be built at all. Errors in `out` otherwise too. `files` gets the
/// name of every file that was read.
std::optional<Node> compose(const std::string& path, std::span<const std::string> overrides,
                            std::vector<std::string>& files, Diagnostics& out);

/// Puts `over` on `base`: maps are merged key by key, anything else is replaced.
void merge(Node& base, Node over);

}  // namespace sim
