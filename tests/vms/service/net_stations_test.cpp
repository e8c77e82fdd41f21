// The learning table against a table without limits: what it knows is right, what it does not know
// is only missing.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "vms/service/net/stations.h"

namespace vms::service {
namespace {

constexpr std::uint64_t ageing = 1000;

TEST(Stations, WhatIsKnownIsRight) {
    StationTable table(ageing);
    constexpr std::uint8_t ports = 8;
    for (std::uint8_t p = 0; p < ports; ++p)
        table.set_quota(p, p + 1u);  // tight, so that quotas, moves and ageing meet
    struct Seen {
        std::uint8_t port;
        std::uint64_t at;
    };
    std::map<ethernet::Address, Seen> all;
    std::mt19937_64 random(7);
    std::uint64_t now = 0;
    std::uint64_t hits = 0;
    for (int i = 0; i < 200'000; ++i) {
        now += random() % 20;
        const ethernet::Address address = 0x0200'0000'0000 + random() % 40;
        const auto port = static_cast<std::uint8_t>(random() % ports);
        switch (random() % 8) {
            case 0:
                table.forget(port);
                for (auto& [a, seen] : all)
                    if (seen.port == port)
                        seen.port = StationTable::no_port;
                break;
            case 1:
                table.sweep(now);
                break;
            case 2:
            case 3:
            case 4:
                table.learn(address, port, now);
                all[address] = {port, now};
                break;
            default: {
                const std::uint8_t found = table.find(address, now);
                if (found == StationTable::no_port)
                    break;
                ++hits;
                ASSERT_EQ(found, all[address].port);
                ASSERT_LE(now - all[address].at, ageing);
                break;
            }
        }
        for (std::uint8_t p = 0; p < ports; ++p)
            ASSERT_LE(table.stations(p), p + 1u);
    }
    EXPECT_GT(hits, 10'000u);
    EXPECT_GT(table.counters().aged, 0u);
    EXPECT_GT(table.counters().moved, 0u);
    EXPECT_GT(table.counters().refused, 0u);
}

// A table that is not crowded knows everybody.
TEST(Stations, AQuarterFullTableKnowsAll) {
    StationTable table(0);
    table.set_quota(0, StationTable::capacity);
    constexpr unsigned stations = StationTable::capacity / 4;
    for (unsigned i = 0; i < stations; ++i)
        table.learn(0x0200'0000'0000 + i, 0, 0);
    EXPECT_EQ(table.stations(0), stations);
    for (unsigned i = 0; i < stations; ++i)
        EXPECT_EQ(table.find(0x0200'0000'0000 + i, ~std::uint64_t{0}), 0u);  // never ages
}

TEST(Stations, ASweepMakesRoomThatNobodyAskedFor) {
    StationTable table(ageing);
    table.set_quota(0, 4);
    for (unsigned i = 0; i < 4; ++i)
        table.learn(i, 0, 0);
    table.learn(100, 0, ageing + 1);
    for (std::size_t i = 0; i < StationTable::capacity; ++i)
        table.sweep(ageing + 1);
    EXPECT_LE(table.stations(0), 1u);
    table.learn(101, 0, ageing + 1);
    EXPECT_EQ(table.find(101, ageing + 1), 0u);
}

// Static entries are kept through ageing, and not taken over by another port.
TEST(Stations, StaticEntries) {
    StationTable table(ageing);
    table.set_quota(1, 10);
    EXPECT_TRUE(table.know(5, 0, 0));
    EXPECT_TRUE(table.learn(5, 0, 0));
    EXPECT_FALSE(table.learn(5, 1, 0));
    EXPECT_EQ(table.find(5, 100 * ageing), 0u);
    EXPECT_EQ(table.counters().refused, 1u);
    EXPECT_EQ(table.stations(0), 0u);  // outside of the quota, which is 0 there
    table.forget(0);
    EXPECT_EQ(table.find(5, 0), 0u);
    EXPECT_TRUE(table.know(5, 0, 0));
    EXPECT_FALSE(table.know(5, 1, 0));
    table.unknow(5, 1);
    EXPECT_EQ(table.find(5, 0), 0u);
    table.unknow(5, 0);
    EXPECT_EQ(table.find(5, 0), StationTable::no_port);
}

// Who becomes static has been learned at that port, or is known nowhere.
TEST(Stations, NobodyBecomesStaticElsewhere) {
    StationTable table(ageing);
    table.set_quota(0, 10);
    table.set_quota(1, 10);
    table.learn(7, 0, 0);
    EXPECT_FALSE(table.know(7, 1, 0));
    EXPECT_TRUE(table.know(7, 0, 0));
    EXPECT_EQ(table.stations(0), 0u);
    table.learn(8, 0, 0);
    EXPECT_TRUE(table.know(8, 1, ageing + 1));  // aged
    EXPECT_EQ(table.find(8, 100 * ageing), 1u);
    EXPECT_EQ(table.stations(0), 0u);
}

// However full the table is of what was learned, a static entry finds a place.
TEST(Stations, StaticEntriesFindAPlaceInAFullTable) {
    StationTable table(0);
    table.set_quota(0, StationTable::capacity);
    for (ethernet::Address a = 0; a < 100'000; ++a)
        table.learn(a, 0, 0);
    const std::uint32_t learned = table.stations(0);
    EXPECT_GT(learned, StationTable::capacity * 9 / 10);
    for (ethernet::Address a = 1'000'000; a < 1'000'020; ++a) {
        EXPECT_TRUE(table.know(a, 1, 0));
        EXPECT_EQ(table.find(a, 0), 1u);
    }
    EXPECT_EQ(table.stations(1), 0u);
    EXPECT_GE(table.stations(0), learned - 20);
}

}  // namespace
}  // namespace vms::service
