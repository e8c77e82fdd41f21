#include "models/uart/character.h"

#include <bit>

namespace models {

namespace {

bool parity_bit(Parity parity, unsigned data) {
    const bool odd_ones = std::popcount(data) % 2 != 0;
    switch (parity) {
        case Parity::even:
            return odd_ones;
        case Parity::odd:
            return !odd_ones;
        case Parity::mark:
            return true;
        case Parity::none:
        case Parity::space:
            break;
    }
    return false;
}

unsigned data_of(std::uint8_t byte, const CharacterFormat& f) {
    return byte & ((1U << f.data_bits) - 1);
}

/// Level of the line during bit `index` of a character; bit 0 is the start bit.
bool level(unsigned data, const CharacterFormat& f, std::uint64_t index) {
    if (index == 0)
        return false;
    if (index <= f.data_bits)
        return ((data >> (index - 1)) & 1) != 0;
    if (index == f.data_bits + 1 && f.parity != Parity::none)
        return parity_bit(f.parity, data);
    return true;
}

/// The sender's bit that is on the line in the middle of the receiver's bit `index`.
std::uint64_t bit_at(std::uint64_t index, const BitRate& sender, const BitRate& receiver) {
    // Divisors and clocks are below 2^32, scales and indices below 2^8: the products fit.
    __extension__ typedef unsigned __int128 Wide;
    const Wide ours = Wide{2 * index + 1} * receiver.divisor * sender.clock_hz * sender.clock_scale;
    const Wide theirs = Wide{2} * sender.divisor * receiver.clock_hz * receiver.clock_scale;
    return static_cast<std::uint64_t>(ours / theirs);
}

}  // namespace

Sampled sample(std::uint8_t byte, const LineEnd& sender, const LineEnd& receiver) {
    const CharacterFormat& f = receiver.format;
    const unsigned sent = data_of(byte, sender.format);
    const auto seen = [&](unsigned index) {
        return level(sent, sender.format, bit_at(index, sender.rate, receiver.rate));
    };
    unsigned data = 0;
    unsigned index = 1;
    for (unsigned bit = 0; bit < f.data_bits; ++bit)
        data |= (seen(index++) ? 1U : 0U) << bit;
    Sampled s{.byte = static_cast<std::uint8_t>(data)};
    if (f.parity != Parity::none)
        s.parity_error = seen(index++) != parity_bit(f.parity, data);
    s.framing_error = !seen(index);
    return s;
}

bool agree(const LineEnd& sender, const LineEnd& receiver) {
    const CharacterFormat& s = sender.format;
    const CharacterFormat& r = receiver.format;
    if (s.data_bits != 8 || r.data_bits != 8 || s.parity != r.parity)
        return false;
    const unsigned stop = 1 + r.data_bits + (r.parity == Parity::none ? 0 : 1);
    for (unsigned index = 0; index <= stop; ++index)
        if (bit_at(index, sender.rate, receiver.rate) != index)
            return false;
    return true;
}

}  // namespace models
