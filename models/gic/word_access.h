// The size of access that every register of the CPU interfaces and of virtual interface control
// takes, and every address without a register there: aligned words (IHI 0048B 4.1.4).
#pragma once

#include "models/bus/target.h"

namespace models::gic {

/// False: the access is refused, and marked so.
inline bool is_word(Access& a) {
    if (a.width == vms::Width::word && (a.offset & 3U) == 0)
        return true;
    a.error = true;
    if (!a.write)
        a.value = 0;
    return false;
}

}  // namespace models::gic
