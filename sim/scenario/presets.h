// The platform presets that the program carries: the texts of scenarios/presets/*.yaml, embedded at
// build time (embed_presets.cmake), so that they are found wherever the program runs.
#pragma once

#include <span>
#include <string_view>

namespace sim {

struct Preset {
    std::string_view name;  ///< the file's name without .yaml
    std::string_view text;
};

/// In the order of their names.
std::span<const Preset> presets();

}  // namespace sim
