// Figures of legs. The numbers of instructions are rows of the measured table of Bao's paths (FE_wr
// resume with two messages: min 617, median 619, max 1827).
#include "sim/observe/statistics.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

models::LegRecord record(std::uint16_t leg, std::uint64_t begin, std::uint64_t end,
                         std::uint32_t instructions, std::uint32_t mmio) {
    models::LegRecord r;
    r.leg = leg;
    r.begin = {begin};
    r.end = {end};
    r.instructions = instructions;
    r.mmio = mmio;
    return r;
}

TEST(Statistics, LegsAreKeptApart) {
    Statistics s;
    s.leg(record(3, 1000, 3000, 617, 6));
    s.leg(record(3, 5000, 7200, 619, 6));
    s.leg(record(3, 8000, 12000, 1827, 7));
    s.leg(record(4, 0, 100, 62, 0));

    const LegSummary three = s.summary(3);
    EXPECT_EQ(three.count, 3u);
    EXPECT_EQ(three.instructions, 619u);
    EXPECT_EQ(three.mmio, 6u);
    EXPECT_GE(three.p50.value, 2200u);
    EXPECT_LT(three.p50.value, 2200u + 2200u / 128 + 1);
    EXPECT_EQ(three.max.value, 4000u);
    EXPECT_EQ(three.total.value, 8200u);
    EXPECT_EQ(s.summary(4).count, 1u);
    EXPECT_EQ(s.summary(5).count, 0u);
}

TEST(Statistics, WhatACpuHasSpentInALegIsItsOwn) {
    Statistics s;
    for (const auto& [cpu, end] : {std::pair{0, 1000}, std::pair{2, 3000}, std::pair{2, 3000}}) {
        models::LegRecord r = record(3, 0, static_cast<std::uint64_t>(end), 617, 6);
        r.cpu = {static_cast<std::uint8_t>(cpu)};
        s.leg(r);
    }
    EXPECT_EQ(s.spent({0}, 3).value, 1000u);
    EXPECT_EQ(s.spent({1}, 3).value, 0u);
    EXPECT_EQ(s.spent({2}, 3).value, 6000u);
    EXPECT_EQ(s.spent({2}, 4).value, 0u);
    EXPECT_EQ(s.spent({9}, 3).value, 0u);
}

TEST(Statistics, ALegOutOfRangeIsCountedAndHarmsNothing) {
    Statistics s;
    s.leg(record(Statistics::max_legs, 0, 1, 1, 0));
    EXPECT_EQ(s.out_of_range(), 1u);
    EXPECT_EQ(s.summary(Statistics::max_legs).count, 0u);
}

}  // namespace
}  // namespace sim
