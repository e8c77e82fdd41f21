// Simulated time as an integer number of picoseconds (SystemC's default resolution), and the
// conversion from processor cycles, whose period need not be a whole number of picoseconds.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <numeric>
#include <systemc>

namespace models {

/// A point in simulated time, or a duration: picoseconds.
struct Picos {
    std::uint64_t value = 0;

    constexpr auto operator<=>(const Picos&) const = default;
    constexpr Picos operator+(Picos o) const { return {value + o.value}; }
    constexpr Picos operator-(Picos o) const { return {value - o.value}; }
    constexpr Picos& operator+=(Picos o) {
        value += o.value;
        return *this;
    }

    static constexpr Picos never() { return {std::numeric_limits<std::uint64_t>::max()}; }
    static constexpr Picos ns(std::uint64_t n) { return {n * 1'000}; }
    static constexpr Picos us(std::uint64_t n) { return {n * 1'000'000}; }
    static constexpr Picos ms(std::uint64_t n) { return {n * 1'000'000'000}; }

    /// For SystemC: never through a double.
    sc_core::sc_time sc() const { return sc_core::sc_time::from_value(value); }
};

/// The kernel's time. A CPU or a device access may be ahead of it (see Core).
inline Picos kernel_now() {
    return {sc_core::sc_time_stamp().value()};
}

/// Turns counts at a rate (Hz) into picoseconds, carrying the remainder from call to call, so that
/// no time is lost however the counts are cut. `scale` counts make one period (milli-cycles: 1000).
class RateClock {
    __extension__ typedef unsigned __int128 Wide;

  public:
    explicit constexpr RateClock(std::uint64_t hz, std::uint64_t scale = 1) {
        constexpr std::uint64_t picos_per_second = 1'000'000'000'000;
        const std::uint64_t den = hz * scale;
        const std::uint64_t g = std::gcd(picos_per_second, den);
        num_ = picos_per_second / g;
        den_ = den / g;
        reciprocal_ = ~std::uint64_t{0} / den_ + 1;
        exact_below_ = ~std::uint64_t{0} / den_;
    }

    /// The time of `counts` more. counts * num must fit 64 bits: 7.3e15 counts at 1.2 GHz.
    constexpr Picos advance(std::uint64_t counts) {
        const std::uint64_t total = counts * num_ + remainder_;
        const std::uint64_t whole = quotient(total);
        remainder_ = total - whole * den_;
        return {whole};
    }

    /// How many more counts until at least `d` has passed.
    constexpr std::uint64_t counts_to_reach(Picos d) const {
        const Wide needed = static_cast<Wide>(d.value) * den_;
        if (needed <= remainder_)
            return 0;
        return static_cast<std::uint64_t>((needed - remainder_ + num_ - 1) / num_);
    }

    /// The time of `counts` from zero, rounded up: the first instant at which the count is reached.
    /// Counts beyond counts_at(Picos::never()) do not fit.
    constexpr Picos at(std::uint64_t counts) const {
        const std::uint64_t whole = counts / den_;
        const std::uint64_t part = counts % den_;
        return {whole * num_ +
                static_cast<std::uint64_t>((static_cast<Wide>(part) * num_ + den_ - 1) / den_)};
    }

    /// Whole counts elapsed at a time since zero.
    constexpr std::uint64_t counts_at(Picos t) const {
        const std::uint64_t whole = t.value / num_;
        const std::uint64_t part = t.value % num_;
        return whole * den_ + static_cast<std::uint64_t>(static_cast<Wide>(part) * den_ / num_);
    }

  private:
    /// n / den_, by multiplication where that is exact: this is in every charge of work. With
    /// reciprocal_ = floor(2^64 / den) + 1 the excess is below one when n * den < 2^64.
    constexpr std::uint64_t quotient(std::uint64_t n) const {
        if (den_ == 1)
            return n;
        if (n < exact_below_)
            return static_cast<std::uint64_t>(static_cast<Wide>(n) * reciprocal_ >> 64);
        return n / den_;
    }

    std::uint64_t num_ = 1;
    std::uint64_t den_ = 1;
    std::uint64_t remainder_ = 0;
    std::uint64_t reciprocal_ = 0;
    std::uint64_t exact_below_ = 0;
};

}  // namespace models
