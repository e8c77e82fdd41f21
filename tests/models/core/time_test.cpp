// Simulated time: integer picoseconds, no time lost however cycles are cut (DESIGN: times and
// cycles are integers with carried remainders; 1.2 GHz is not a whole number of picoseconds).
#include "models/base/time.h"

#include <gtest/gtest.h>

namespace {

using models::Picos;
using models::RateClock;

TEST(RateClock, AnyCutOfASecondIsASecond) {
    constexpr std::uint64_t hz = 1'200'000'000;
    for (const std::uint64_t step : {1'000u, 7u * 1'000u, 333'333u * 1'000u}) {
        RateClock clock(hz, 1'000);
        std::uint64_t left = hz * 1'000 / 1'000;  // a millisecond, in thousandths of a cycle
        Picos sum{};
        while (left != 0) {
            const std::uint64_t n = std::min<std::uint64_t>(step, left);
            sum += clock.advance(n);
            left -= n;
        }
        EXPECT_EQ(sum, Picos::ms(1)) << step;
    }
}

TEST(RateClock, SameAsDivisionForLargeCounts) {
    // Multiplication by the reciprocal must equal division on both sides of its limit.
    for (const std::uint64_t counts :
         {std::uint64_t{1}, std::uint64_t{5}, std::uint64_t{6}, std::uint64_t{1} << 31,
          (std::uint64_t{1} << 59) + 12345, std::uint64_t{600'000'000'000'000'001}}) {
        RateClock clock(1'200'000'000, 1'000);  // 5/6 ps a count
        EXPECT_EQ(clock.advance(counts).value, counts * 5 / 6);
    }
}

TEST(RateClock, ReachesACountAtItsFirstInstant) {
    const RateClock clock(33'330'000);  // a period of 30003.0003 ps
    for (std::uint64_t n = 1; n < 1000; ++n) {
        const Picos at = clock.at(n);
        EXPECT_EQ(clock.counts_at(at), n);
        EXPECT_EQ(clock.counts_at(at - Picos{1}), n - 1);
    }
}

}  // namespace
