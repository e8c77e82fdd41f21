// A generator of our own: the same numbers from every compiler and library. SplitMix64 (Steele,
// Lea, Flood, OOPSLA 2014), whose state is a counter; its reference output for seed 0 begins with
// 0xe220a8397b1dcdaf.
#pragma once

#include <cstdint>

namespace vms::workload {

class Random {
  public:
    explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

    constexpr std::uint64_t next() {
        state_ += 0x9e37'79b9'7f4a'7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }

    /// 0 to `bound` - 1; 0 for a bound of 0. The bias is below bound / 2^64.
    constexpr std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

  private:
    std::uint64_t state_;
};

}  // namespace vms::workload
