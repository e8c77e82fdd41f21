// When a generator sends and how large its frames are, drawn in integers from streams of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/base/random.h"
#include "models/base/time.h"

namespace models::wire {

/// -ln(u) of u = (draw + 1) / 2^64, which is exponentially distributed with mean 1 when draws are
/// even; in units of 2^-32. Integer arithmetic only: the same everywhere.
std::uint64_t exponential_q32(std::uint64_t draw);

/// Frame sizes as they are commonly given, with FCS: 64 to 1518.
struct FrameSizes {
    struct Share {
        std::size_t bytes = 64;
        std::uint32_t weight = 1;

        bool operator==(const Share&) const = default;
    };
    std::vector<Share> shares{};  ///< drawn by weight; empty: evenly from `min` to `max`
    std::size_t min = 64;
    std::size_t max = 64;

    static FrameSizes fixed(std::size_t bytes) { return {{}, bytes, bytes}; }
    static FrameSizes uniform(std::size_t min, std::size_t max) { return {{}, min, max}; }
    /// The "simple IMIX": 64, 594 and 1518 bytes, 7 : 4 : 1.
    static FrameSizes imix() { return {{{64, 7}, {594, 4}, {1518, 1}}, 64, 64}; }

    std::size_t draw(RandomStream& random) const;
    std::size_t largest() const;
};

/// How often.
struct Pace {
    enum class Unit : std::uint8_t {
        interval,           ///< `interval` from frame to frame
        frames_per_second,  ///< `rate`
        bits_per_second,    ///< `rate`, of what frames occupy of the medium (preamble, FCS, gap)
        line_rate,          ///< as fast as the link goes
    };
    enum class Spacing : std::uint8_t {
        constant,
        poisson,  ///< exponentially distributed intervals of that mean
        burst,    ///< `burst` frames at once, then a pause that keeps the mean
    };
    Unit unit = Unit::line_rate;
    Picos interval = Picos::us(10);
    std::uint64_t rate = 0;
    Spacing spacing = Spacing::constant;
    std::uint32_t burst = 1;
};

/// The intervals of a Pace, without drift.
class Intervals {
  public:
    Intervals(const Pace& pace, RandomStream random);

    /// From the frame just sent, of so many bytes on the wire, to the next.
    Picos after(std::size_t wire_bytes);

  private:
    Picos mean(std::size_t wire_bytes);

    Pace pace_;
    RandomStream random_;
    RateClock clock_;
    std::uint32_t in_burst_ = 0;
    Picos pause_{};  ///< what the burst so far has to make up for
};

}  // namespace models::wire
