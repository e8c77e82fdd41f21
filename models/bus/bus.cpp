// Address decoding of the interconnect.
#include "models/bus/bus.h"

#include <algorithm>
#include <utility>

namespace models {

bool Bus::map(Region region) {
    const auto next = std::find_if(regions_.begin(), regions_.end(),
                                   [&](const Region& r) { return r.base >= region.base; });
    if (next != regions_.end() && next->base.value - region.base.value < region.size)
        return false;
    if (next != regions_.begin()) {
        const Region& before = *std::prev(next);
        if (region.base.value - before.base.value < before.size)
            return false;
    }
    regions_.insert(next, std::move(region));
    return true;
}

const Bus::Region* Bus::find(PhysAddr a) const {
    auto it = std::upper_bound(regions_.begin(), regions_.end(), a,
                               [](PhysAddr x, const Region& r) { return x < r.base; });
    if (it == regions_.begin())
        return nullptr;
    --it;
    return a.value - it->base.value < it->size ? &*it : nullptr;
}

}  // namespace models
