// Durations that a program collects: number, extremes, sum, and quantiles from buckets that are
// exact below 1024 and above that 512 to each power of two, so that a quantile is overstated by
// less than 1/512 and the memory does not grow with the number of samples.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>

#include "vms/workload/range.h"

namespace vms::workload {

class Distribution {
  public:
    void add(std::uint64_t v) {
        range_.add(v);
        ++counts_[upper_edge(v)];
    }

    const Range& range() const { return range_; }

    /// The sample of rank ceil(count / 2): the upper edge of its bucket, at most the maximum. 0
    /// when there is none.
    std::uint64_t median() const {
        std::uint64_t left = (range_.count + 1) / 2;
        for (const auto& [edge, n] : counts_) {
            if (n >= left)
                return std::min(edge, range_.max);
            left -= n;
        }
        return range_.max;
    }

  private:
    static constexpr int exact_bits = 10;

    static constexpr std::uint64_t upper_edge(std::uint64_t v) {
        const int shift = std::max(static_cast<int>(std::bit_width(v)) - exact_bits, 0);
        return v | ((std::uint64_t{1} << shift) - 1);
    }

    Range range_;
    std::map<std::uint64_t, std::uint64_t> counts_;  ///< by the upper edge
};

}  // namespace vms::workload
