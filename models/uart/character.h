// A character on an asynchronous serial line: a start bit, data bits from the least significant on,
// a parity bit if there is one, stop bits; and the rate at which a sender shifts it and a receiver
// samples it. Half bits are the unit, because a stop may last one and a half bits.
#pragma once

#include <cstdint>

#include "models/base/time.h"

namespace models {

enum class Parity : std::uint8_t { none, even, odd, space, mark };

struct CharacterFormat {
    unsigned data_bits = 8;
    Parity parity = Parity::none;
    unsigned stop_half_bits = 2;

    constexpr bool operator==(const CharacterFormat&) const = default;

    constexpr unsigned half_bits() const {
        return 2 * (1 + data_bits + (parity == Parity::none ? 0 : 1)) + stop_half_bits;
    }
};

/// The bit clock of one end: half a bit lasts `divisor` periods of `clock_hz * clock_scale`.
struct BitRate {
    std::uint64_t clock_hz = 1;
    std::uint64_t clock_scale = 1;
    std::uint64_t divisor = 0;  ///< 0: the clock is stopped

    constexpr bool operator==(const BitRate&) const = default;

    static constexpr BitRate baud(std::uint64_t bits_per_second) { return {bits_per_second, 2, 1}; }
    constexpr bool running() const { return divisor != 0 && clock_hz != 0; }
    /// How long so many half bits take; 0 when the clock is stopped.
    constexpr Picos time_of(std::uint64_t half_bits) const {
        return running() ? RateClock(clock_hz, clock_scale).at(half_bits * divisor) : Picos{};
    }
};

/// One end of the line.
struct LineEnd {
    BitRate rate;
    CharacterFormat format;

    constexpr bool operator==(const LineEnd&) const = default;
};

/// What a receiver makes of a character.
struct Sampled {
    std::uint8_t byte = 0;
    bool parity_error = false;
    bool framing_error = false;  ///< no stop bit where one was due

    constexpr bool operator==(const Sampled&) const = default;
};

/// Samples a character in the middle of each of the receiver's bits. Where the two ends agree that
/// is the byte sent; where rates or formats differ it is what the line's level gives, as on the
/// wire. The line counts as idle after the sender's stop bits.
Sampled sample(std::uint8_t byte, const LineEnd& sender, const LineEnd& receiver);

/// True when any byte is received as sent.
bool agree(const LineEnd& sender, const LineEnd& receiver);

}  // namespace models
