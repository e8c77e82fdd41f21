// One tree out of a scenario file, the files that it includes, the platform preset that it names
// and the overrides of the command line. Every node keeps the place that it came from.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "sim/scenario/diagnostic.h"
#include "sim/scenario/yaml_tree.h"

namespace sim {

/// Nothing when the tree cannot be built at all. Errors in `out` otherwise too.
std::optional<Node> compose(const std::string& path, std::span<const std::string> overrides,
                            Diagnostics& out);

/// Puts `over` on `base`: maps are merged key by key, anything else is replaced.
void merge(Node& base, Node over);

}  // namespace sim
