// Number, extremes and sum of a quantity, in whole units of it.
#pragma once

#include <cstdint>
#include <limits>

namespace vms::workload {

struct Range {
    std::uint64_t count = 0;
    std::uint64_t min = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t max = 0;
    std::uint64_t sum = 0;

    constexpr void add(std::uint64_t v) {
        ++count;
        min = v < min ? v : min;
        max = v > max ? v : max;
        sum += v;
    }
    constexpr std::uint64_t min_or_zero() const { return count == 0 ? 0 : min; }
};

}  // namespace vms::workload
