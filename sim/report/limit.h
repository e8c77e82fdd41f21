// What limits a run: the part of the system that had the least time to spare, and in it the leg
// that most of its time went into.
#pragma once

#include <optional>
#include <string>

#include "sim/report/results.h"

namespace sim {

struct Limit {
    std::string part;                ///< "CPU 1 (linux0)", or a link's direction
    models::Picos time{};            ///< of the part, without polling
    const CpuResult* cpu = nullptr;  ///< the busiest one, the part or not; null: none did anything
    const CpuLeg* leg = nullptr;  ///< the longest of that CPU, waits aside if it has none to spare
};

/// Refers to `results`. Nothing when nothing did anything. Polling is time to spare: it goes on
/// until there is something to do. Of several equally busy ones the first.
std::optional<Limit> limit_of(const Results& results);

/// "CPU 1 (linux0)".
std::string name_of(const CpuResult& cpu);

}  // namespace sim
