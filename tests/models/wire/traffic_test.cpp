// Distributions of intervals and sizes, against their definitions.
#include "models/wire/traffic.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <map>

#include <gtest/gtest.h>

namespace models::wire {
namespace {

// -ln u by the C library, for draws of every order of magnitude.
TEST(Exponential, IsTheLogarithm) {
    RandomStream random(5);
    for (unsigned shift = 0; shift < 64; ++shift)
        for (int i = 0; i < 20; ++i) {
            const std::uint64_t draw = random.next() >> shift;
            const double expected = -std::log(std::ldexp(static_cast<double>(draw) + 1, -64));
            EXPECT_NEAR(static_cast<double>(exponential_q32(draw)) / 4294967296.0, expected, 3e-6)
                << draw;
        }
    EXPECT_LE(exponential_q32(~std::uint64_t{0}), 1U);
}

TEST(Intervals, ConstantOnesDoNotDrift) {
    Intervals thirds({.unit = Pace::Unit::frames_per_second, .rate = 3'000'000}, RandomStream(1));
    Picos t{};
    for (int i = 0; i < 3'000'000; ++i)
        t += thirds.after(84);
    EXPECT_EQ(t, Picos::ms(1000));
}

// 100 Mb/s of wire occupancy: 84 bytes every 6.72 us.
TEST(Intervals, OfABitRateFollowTheSize) {
    Intervals i({.unit = Pace::Unit::bits_per_second, .rate = 100'000'000}, RandomStream(1));
    EXPECT_EQ(i.after(84), Picos::ns(6720));
    EXPECT_EQ(i.after(1538), Picos::ns(123'040));
}

TEST(Intervals, PoissonHasItsMeanAndItsVariance) {
    Intervals intervals({.unit = Pace::Unit::interval,
                         .interval = Picos::us(10),
                         .spacing = Pace::Spacing::poisson},
                        RandomStream(11));
    constexpr int n = 200'000;
    double sum = 0;
    double squares = 0;
    int beyond = 0;
    for (int i = 0; i < n; ++i) {
        const double us = static_cast<double>(intervals.after(84).value) / 1e6;
        sum += us;
        squares += us * us;
        beyond += us > 30 ? 1 : 0;
    }
    const double mean = sum / n;
    EXPECT_NEAR(mean, 10, 0.12) << "five standard errors";
    EXPECT_NEAR(squares / n - mean * mean, 100, 3.2);
    EXPECT_NEAR(static_cast<double>(beyond) / n, std::exp(-3), 0.0025);
}

TEST(Intervals, BurstsKeepTheMean) {
    Intervals i({.unit = Pace::Unit::interval,
                 .interval = Picos::us(2),
                 .spacing = Pace::Spacing::burst,
                 .burst = 3},
                RandomStream(1));
    for (int k = 0; k < 4; ++k) {
        EXPECT_EQ(i.after(84), Picos{});
        EXPECT_EQ(i.after(84), Picos{});
        EXPECT_EQ(i.after(84), Picos::us(6));
    }
}

// The "simple IMIX" of 7 : 4 : 1; five standard deviations of 120,000 draws.
TEST(FrameSizes, ImixHasItsShares) {
    RandomStream random(2);
    std::map<std::size_t, int> drawn;
    for (int i = 0; i < 120'000; ++i)
        ++drawn[FrameSizes::imix().draw(random)];
    ASSERT_EQ(drawn.size(), 3U);
    EXPECT_NEAR(drawn[64], 70'000, 860);
    EXPECT_NEAR(drawn[594], 40'000, 820);
    EXPECT_NEAR(drawn[1518], 10'000, 480);
    EXPECT_EQ(FrameSizes::imix().largest(), 1518U);
}

TEST(FrameSizes, UniformReachesBothEnds) {
    RandomStream random(2);
    std::map<std::size_t, int> drawn;
    for (int i = 0; i < 1000; ++i)
        ++drawn[FrameSizes::uniform(64, 67).draw(random)];
    EXPECT_EQ(drawn.size(), 4U);
    EXPECT_EQ(drawn.begin()->first, 64U);
    EXPECT_EQ(drawn.rbegin()->first, 67U);
    EXPECT_EQ(FrameSizes::fixed(594).draw(random), 594U);
}

}  // namespace
}  // namespace models::wire
