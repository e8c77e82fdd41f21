#include "models/wire/traffic.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "models/wire/link_end.h"

namespace models::wire {

namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr unsigned table_bits = 8;
constexpr std::size_t table_size = std::size_t{1} << table_bits;

/// ln(num / den) in units of 2^-62, by the series of the area tangent: 2 artanh((n - d) / (n + d)).
/// For quotients from 1 to 2: z <= 1/3, and 40 terms are more than the resolution needs.
constexpr std::uint64_t ln_q62(std::uint64_t num, std::uint64_t den) {
    constexpr unsigned q = 62;
    const Wide z = (Wide{num - den} << q) / (num + den);
    const Wide z2 = z * z >> q;
    Wide power = z;
    Wide sum = 0;
    for (unsigned k = 1; k < 80; k += 2) {
        sum += power / k;
        power = power * z2 >> q;
    }
    return static_cast<std::uint64_t>(2 * sum);
}

constexpr std::uint64_t ln2_q32 = ln_q62(2, 1) >> 30;

/// ln(1 + i / table_size) in units of 2^-32.
constexpr std::array<std::uint64_t, table_size + 1> ln_table = [] {
    std::array<std::uint64_t, table_size + 1> t{};
    for (std::size_t i = 0; i < t.size(); ++i)
        t[i] = ln_q62(table_size + i, table_size) >> 30;
    return t;
}();

}  // namespace

std::uint64_t exponential_q32(std::uint64_t draw) {
    // u = 2^-(zeros + 1) * m with m from 1 to 2; ln(m) from the table, between its points linear:
    // off by less than 2e-6.
    const std::uint64_t u = draw == ~std::uint64_t{0} ? draw : draw + 1;
    const auto zeros = static_cast<unsigned>(std::countl_zero(u));
    const std::uint64_t fraction = u << zeros << 1;
    const auto index = static_cast<std::size_t>(fraction >> (64 - table_bits));
    const std::uint64_t rest = fraction << table_bits >> 32;
    const std::uint64_t step = ln_table[index + 1] - ln_table[index];
    const std::uint64_t ln_m = ln_table[index] + (step * rest >> 32);
    return (zeros + 1) * ln2_q32 - ln_m;
}

std::size_t FrameSizes::draw(RandomStream& random) const {
    if (shares.empty())
        return min == max ? min : min + static_cast<std::size_t>(random.below(max - min + 1));
    std::uint64_t total = 0;
    for (const Share& s : shares)
        total += s.weight;
    std::uint64_t at = random.below(total);
    for (const Share& s : shares) {
        if (at < s.weight)
            return s.bytes;
        at -= s.weight;
    }
    return shares.back().bytes;
}

std::size_t FrameSizes::largest() const {
    if (shares.empty())
        return max;
    return std::ranges::max_element(shares, {}, &Share::bytes)->bytes;
}

Intervals::Intervals(const Pace& pace, RandomStream random)
    : pace_(pace), random_(random), clock_(std::max<std::uint64_t>(pace.rate, 1)) {
}

Picos Intervals::mean(std::size_t bytes) {
    switch (pace_.unit) {
        case Pace::Unit::interval:
            return pace_.interval;
        case Pace::Unit::frames_per_second:
            return clock_.advance(1);
        case Pace::Unit::bits_per_second:
        case Pace::Unit::line_rate:
            return clock_.advance(8 * std::uint64_t{bytes});
    }
    return {};
}

Picos Intervals::after(std::size_t bytes) {
    const Picos m = mean(bytes);
    switch (pace_.spacing) {
        case Pace::Spacing::constant:
            return m;
        case Pace::Spacing::poisson:
            return {
                static_cast<std::uint64_t>(Wide{m.value} * exponential_q32(random_.next()) >> 32)};
        case Pace::Spacing::burst:
            break;
    }
    pause_ += m;
    if (++in_burst_ < pace_.burst)
        return {};
    in_burst_ = 0;
    return std::exchange(pause_, Picos{});
}

}  // namespace models::wire
