// A byte stream that both ends of a line can make and check without exchanging it: byte k is a
// fixed function of a seed and k. Freestanding: usable on the target.
#pragma once

#include <cstdint>

namespace vms::workload {

/// Byte k: the byte number k % 8 of the SplitMix64 output number k / 8 of the seed
/// (Steele, Lea, Flood, OOPSLA 2014).
constexpr std::uint8_t pattern_byte(std::uint64_t seed, std::uint64_t k) {
    std::uint64_t z = seed + ((k >> 3) + 1) * 0x9e37'79b9'7f4a'7c15;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    z ^= z >> 31;
    return static_cast<std::uint8_t>(z >> (8 * (k & 7)));
}

}  // namespace vms::workload
