// The interconnect: which target decodes a physical address, and how long an access to it takes.
// A master resolves a range once, as a TLB and an interconnect's decoder do, and then reaches the
// target by one call; foreign TLM-2.0 masters and targets attach through tlm_target.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/bus/target.h"

namespace models {

class Bus {
  public:
    struct Region {
        std::string name;
        PhysAddr base{};
        std::uint64_t size = 0;
        Target* target = nullptr;
        TargetTiming timing{};
    };

    /// Regions must not overlap: an overlap is an error of the platform's builder.
    /// Returns false, and maps nothing, when it would.
    bool map(Region region);

    /// The region that holds the address, or nullptr: a decode error. Stable once all is mapped.
    const Region* find(PhysAddr a) const;

    const std::vector<Region>& regions() const { return regions_; }

  private:
    std::vector<Region> regions_;  // ordered by base
};

}  // namespace models
