# Writes OUTPUT, the definition of sim::presets(), from the YAML files in INPUTS ('|' between them).
string(REPLACE "|" ";" INPUTS "${INPUTS}")
set(entries "")
foreach(file IN LISTS INPUTS)
  get_filename_component(name "${file}" NAME_WE)
  file(READ "${file}" text)
  string(APPEND entries "    Preset{\"${name}\", R\"yaml(${text})yaml\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Generated from scenarios/presets/*.yaml.
#include \"sim/scenario/presets.h\"

#include <array>

namespace sim {

std::span<const Preset> presets() {
  static constexpr std::array entries{
${entries}  };
  return entries;
}

}  // namespace sim
")
