// Where something in a scenario came from.
#pragma once

#include <string>

namespace sim {

/// Where a value came from, for messages: "scenarios/x.yaml:12:7: vms.linux0.cpu_affinity".
struct Place {
    std::string file;  ///< as given by the user; "--set" or "preset zcu104" for others
    int line = 0;      ///< from 1; 0 when there is none
    int column = 0;
    std::string key;  ///< dotted path
};

}  // namespace sim
