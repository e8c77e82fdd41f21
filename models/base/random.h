// Randomness that is the same everywhere: streams of the project's generator, and decisions made of
// them. Whoever needs randomness has a stream of its own, so that nobody's draws depend on what
// others draw.
#pragma once

#include <cstdint>
#include <string_view>

#include "vms/workload/random.h"

namespace models {

/// A probability in parts per billion.
struct Chance {
    static constexpr std::uint32_t certain = 1'000'000'000;
    std::uint32_t ppb = 0;

    constexpr bool operator==(const Chance&) const = default;
    explicit constexpr operator bool() const { return ppb != 0; }

    static constexpr Chance percent(std::uint32_t p) { return {p * (certain / 100)}; }
};

class RandomStream {
    __extension__ typedef unsigned __int128 Wide;

  public:
    explicit constexpr RandomStream(std::uint64_t seed) : generator_(seed) {}
    /// The stream of `name` in a run with this seed: its start is the seed mixed with the name's
    /// FNV-1a hash.
    constexpr RandomStream(std::uint64_t seed, std::string_view name)
        : generator_(vms::workload::Random(seed ^ fnv1a(name)).next()) {}

    constexpr std::uint64_t next() { return generator_.next(); }
    /// 0 to n - 1, evenly but for n / 2^64.
    constexpr std::uint64_t below(std::uint64_t n) {
        return static_cast<std::uint64_t>(static_cast<Wide>(next()) * n >> 64);
    }
    /// Draws only where there is something to decide.
    constexpr bool happens(Chance c) { return c && below(Chance::certain) < c.ppb; }

  private:
    static constexpr std::uint64_t fnv1a(std::string_view name) {
        std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
        for (const char c : name)
            hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x0000'0100'0000'01b3;
        return hash;
    }

    vms::workload::Random generator_;
};

}  // namespace models
