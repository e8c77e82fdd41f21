// The link: when bits are where (IEEE 802.3-2018, 4.2.3, 4.4.2), and what becomes of frames.
#include "models/wire/link.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tests/models/wire/wire_bench.h"

namespace models::wire::test {
namespace {

constexpr std::uint64_t mega = 1'000'000;

/// Sends `count` frames of 60 bytes back to back from end a and runs until all have arrived.
void send_all(Bench& b, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
        b.link.a().send(frame_of(60, i), {});
    run_until(b.link.a().free_at() + Picos::ms(10));
}

std::vector<std::uint64_t> ids(const Recorder& r) {
    std::vector<std::uint64_t> v;
    for (const Arrival& a : r.arrivals)
        v.push_back(a.id);
    return v;
}

// 8 bytes of preamble, 64 of frame, 12 of gap: 84 bytes, 672 bit times (3.2.1, 4.4.2).
TEST(Link, TheSmallestFrameTakes672BitTimes) {
    Bench b({.rate = 1000 * mega, .propagation = Picos::ns(50)});
    EXPECT_EQ(b.link.a().send(frame_of(60, 1), Picos::ns(100)), Picos::ns(100 + 672));
    EXPECT_EQ(b.link.a().send(frame_of(20, 2), {}), Picos::ns(100 + 2 * 672))
        << "a frame below the minimum occupies the minimum";
    EXPECT_EQ(b.link.counters(models::wire::Side::a).first, Picos::ns(100));
    EXPECT_EQ(b.link.counters(models::wire::Side::a).last, Picos::ns(100 + 2 * 672));
    run_until(Picos::us(3));
    // The last bit is the one before the gap.
    EXPECT_EQ(b.far.arrivals, (std::vector<Arrival>{{1, 100'000 + 576'000 + 50'000},
                                                    {2, 100'000 + 672'000 + 576'000 + 50'000}}));
}

TEST(Link, SlotsScaleWithTheRate) {
    Activity activity;
    for (const auto& [rate, size, slot] :
         {std::tuple{10 * mega, 60U, Picos::ns(67'200)},
          std::tuple{100 * mega, 60U, Picos::ns(6720)},
          std::tuple{1000 * mega, 1514U, Picos::ns(12'304)},  // 1538 bytes
          std::tuple{1000 * mega, 9018U, Picos::ns(72'336)},  // jumbo: 9042 bytes
          std::tuple{10'000 * mega, 60U, Picos{67'200}}}) {
        Link link(sc_core::sc_gen_unique_name("wire"), {.rate = rate}, activity);
        EXPECT_EQ(link.a().send(frame_of(size), {}), slot);
        EXPECT_EQ(link.a().rate(), rate);
    }
}

// Integer times without drift: at 3 Gb/s and 700 Mb/s no slot is a whole number of
// picoseconds, and yet after n frames the medium is free after exactly n * 672 bit times.
TEST(Link, TimesDoNotDriftAtRatesThatDoNotDivide) {
    Activity activity;
    for (const std::uint64_t rate : {3'000 * mega, 700 * mega}) {
        Link link(sc_core::sc_gen_unique_name("wire"), {.rate = rate}, activity);
        Picos free{};
        for (int i = 0; i < 1000; ++i)
            free = link.a().send(frame_of(60), {});
        const std::uint64_t bits = std::uint64_t{672} * 1000;
        EXPECT_EQ(free.value, (bits * 1'000'000 + rate / mega - 1) / (rate / mega));
    }
}

TEST(Link, DirectionsAreIndependent) {
    Bench b;
    Recorder near;
    b.link.a().connect(near);
    b.link.a().send(frame_of(1514, 1), {});
    b.link.b().send(frame_of(60, 2), Picos::ns(10));
    run_until(Picos::us(20));
    EXPECT_EQ(near.arrivals, (std::vector<Arrival>{{2, 10'000 + 576'000 + 50'000}}));
    EXPECT_EQ(b.far.arrivals, (std::vector<Arrival>{{1, 8 * 1526 * 1000 + 50'000}}));
    EXPECT_EQ(b.link.counters(Side::a).busy, Picos::ns(12'304));
    EXPECT_EQ(b.link.counters(Side::b).busy, Picos::ns(672));
}

// The simulation goes on while something is on the way, and the receiver's answer is on the way
// before that ends.
TEST(Link, HoldsTheActivityWhileFramesAreOnTheWay) {
    Bench b;
    int idle = 0;
    b.activity.on_idle([&idle] { ++idle; });
    b.far.on_frame = [&b](const FrameRef& f, Picos at) {
        if (f->id == 1)
            b.link.b().send(frame_of(60, 9), at + Picos::us(5));
    };
    Recorder near;
    b.link.a().connect(near);
    EXPECT_TRUE(b.activity.idle());
    b.link.a().send(frame_of(60, 1), {});
    EXPECT_FALSE(b.activity.idle());
    run_until(Picos::us(1));
    EXPECT_FALSE(b.activity.idle());
    EXPECT_EQ(idle, 0);
    run_until(Picos::us(10));
    EXPECT_TRUE(b.activity.idle());
    EXPECT_EQ(idle, 1);
    EXPECT_EQ(near.arrivals.size(), 1U);
}

TEST(Link, LosesByChanceAndCountsIt) {
    constexpr std::uint64_t n = 20'000;
    Bench b({.a_to_b = {.loss = Chance::percent(10)}, .seed = 7});
    send_all(b, n);
    const LinkCounters& c = b.link.counters(Side::a);
    // Six standard deviations of the binomial distribution: sqrt(n p (1 - p)) = 42.4.
    EXPECT_NEAR(static_cast<double>(c.lost), n / 10.0, 255);
    EXPECT_EQ(c.sent, n);
    EXPECT_EQ(c.delivered, n - c.lost);
    EXPECT_EQ(b.far.arrivals.size(), c.delivered);
    EXPECT_EQ(c.sent_bytes, 60 * n);
    EXPECT_EQ(c.delivered_bytes, 60 * c.delivered);
    EXPECT_TRUE(b.link.accounted());
    EXPECT_EQ(b.link.counters(Side::b).lost, 0U);
    EXPECT_TRUE(std::ranges::is_sorted(ids(b.far)));
}

/// Which of 1000 frames a link loses.
std::set<std::uint64_t> lost(const LinkParameters& parameters, const char* name) {
    Activity activity;
    Link link(name, parameters, activity);
    std::set<std::uint64_t> gone;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const std::uint64_t before = link.counters(Side::a).lost;
        link.a().send(frame_of(60, i), {});
        if (link.counters(Side::a).lost != before)
            gone.insert(i);
    }
    return gone;
}

TEST(Link, SeedAndNameChooseAndNothingElse) {
    const LinkParameters some{.a_to_b = {.loss = Chance::percent(5)}, .seed = 7};
    const std::set<std::uint64_t> first = lost(some, "wire");
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(*first.begin(), 56U) << "the same on every machine";
    EXPECT_NE(lost(some, "other"), first);
    LinkParameters changed = some;
    changed.seed = 8;
    EXPECT_NE(lost(changed, "wire"), first);
}

TEST(Link, OtherImpairmentsLeaveTheDrawsOfLossAlone) {
    const LinkParameters some{.a_to_b = {.loss = Chance::percent(5)}, .seed = 7};
    LinkParameters more = some;
    more.a_to_b.jitter = Picos::us(3);
    more.a_to_b.duplication = Chance::percent(50);
    more.a_to_b.reordering = Chance::percent(50);
    Activity activity;
    std::vector<std::uint64_t> a;
    {
        LinkDirection d("a", Side::a, some, 99, activity);
        for (int i = 0; i < 1000; ++i) {
            d.send(frame_of(60), {});
            a.push_back(d.counters().lost);
        }
    }
    LinkDirection d("b", Side::a, more, 99, activity);
    for (std::size_t i = 0; i < 1000; ++i) {
        d.send(frame_of(60), {});
        ASSERT_EQ(d.counters().lost, a[i]) << i;
    }
}

TEST(Link, DuplicatesArriveRightAfterTheFirst) {
    Bench b({.a_to_b = {.duplication = Chance::percent(100)}});
    b.link.a().send(frame_of(60, 1), {});
    b.link.a().send(frame_of(60, 2), Picos::us(5));
    run_until(Picos::us(20));
    EXPECT_EQ(b.far.arrivals,
              (std::vector<Arrival>{
                  {1, 626'000}, {1, 626'000 + 672'000}, {2, 5'626'000}, {2, 5'626'000 + 672'000}}));
    EXPECT_EQ(b.link.counters(Side::a).duplicated, 2U);
    EXPECT_EQ(b.link.counters(Side::a).delivered, 4U);
    EXPECT_EQ(b.link.counters(Side::a).reordered, 0U);
    EXPECT_TRUE(b.link.accounted());
}

TEST(Link, WhatIsHeldBackIsOvertaken) {
    Bench b({.a_to_b = {.reordering = Chance::percent(30), .reordering_delay = Picos::us(5)},
             .seed = 3});
    send_all(b, 1000);
    const LinkCounters& c = b.link.counters(Side::a);
    EXPECT_EQ(c.delivered, 1000U);
    EXPECT_NEAR(static_cast<double>(c.held_back), 300, 90);
    std::uint64_t highest = 0;
    std::uint64_t overtaken = 0;
    for (const std::uint64_t id : ids(b.far)) {
        overtaken += id < highest ? 1 : 0;
        highest = std::max(highest, id);
    }
    EXPECT_EQ(c.reordered, overtaken);
    EXPECT_GT(c.reordered, 250U);
    EXPECT_LE(c.reordered, c.held_back);
    for (std::size_t i = 1; i < b.far.arrivals.size(); ++i)
        EXPECT_LE(b.far.arrivals[i - 1].at, b.far.arrivals[i].at);
}

TEST(Link, JitterDelaysWithinItsBoundAndKeepsOrder) {
    Bench b({.a_to_b = {.jitter = Picos::us(2)}, .seed = 3});
    for (std::uint64_t i = 0; i < 200; ++i)
        b.link.a().send(frame_of(60, i), Picos::us(10 * i));
    run_until(Picos::ms(3));
    ASSERT_EQ(b.far.arrivals.size(), 200U);
    std::uint64_t least = ~std::uint64_t{0};
    std::uint64_t most = 0;
    for (const Arrival& a : b.far.arrivals) {
        const std::uint64_t late = a.at - (a.id * 10'000'000 + 626'000);
        least = std::min(least, late);
        most = std::max(most, late);
    }
    EXPECT_LE(most, 2'000'000U);
    EXPECT_GT(most, 1'900'000U);
    EXPECT_LT(least, 100'000U);
}

TEST(Link, LateFramesDoNotOverlapThoseBehindThem) {
    Bench b({.a_to_b = {.jitter = Picos::us(20)}, .seed = 3});
    send_all(b, 500);
    ASSERT_EQ(b.far.arrivals.size(), 500U);
    for (std::size_t i = 1; i < 500; ++i) {
        EXPECT_EQ(b.far.arrivals[i].id, i);
        EXPECT_GE(b.far.arrivals[i].at - b.far.arrivals[i - 1].at, 672'000U);
    }
}

TEST(Link, AnOutageLosesWhatIsOnTheWayAndTellsBothEnds) {
    Bench b({.outages = {{Picos::us(1), Picos::us(3)}, {Picos::us(10), Picos::us(11)}}});
    Recorder near;
    b.link.a().connect(near);
    b.link.a().send(frame_of(60, 1), {});              // arrives at 0.626 us
    b.link.a().send(frame_of(60, 2), Picos::ns(700));  // would arrive at 1.326 us
    run_until(Picos::us(2));
    EXPECT_FALSE(b.link.a().up());
    EXPECT_TRUE(b.activity.idle());
    b.link.b().send(frame_of(60, 3), Picos::us(2));
    run_until(Picos::us(4));
    EXPECT_TRUE(b.link.b().up());
    b.link.a().send(frame_of(60, 4), Picos::us(4));
    run_until(Picos::us(20));
    EXPECT_EQ(ids(b.far), (std::vector<std::uint64_t>{1, 4}));
    EXPECT_EQ(b.link.counters(Side::a).lost_down, 1U);
    EXPECT_EQ(b.link.counters(Side::b).lost_down, 1U);
    const std::vector<Arrival> changes{
        {0, 1'000'000}, {1, 3'000'000}, {0, 10'000'000}, {1, 11'000'000}};
    EXPECT_EQ(near.changes, changes);
    EXPECT_EQ(b.far.changes, changes);
    EXPECT_TRUE(b.link.accounted());
}

TEST(Link, FramesForNobodyAreCounted) {
    Bench b;
    b.link.b().send(frame_of(60), {});
    run_until(Picos::us(2));
    EXPECT_EQ(b.link.counters(Side::b).unconnected, 1U);
    EXPECT_TRUE(b.link.accounted());
}

TEST(FramePool, FramesComeBackAndOutliveIt) {
    FrameRef kept;
    {
        FramePool pool;
        const Frame* first = nullptr;
        for (int i = 0; i < 10; ++i) {
            const std::shared_ptr<Frame> f = pool.make(100);
            if (first == nullptr)
                first = f.get();
            EXPECT_EQ(f.get(), first);
        }
        EXPECT_EQ(pool.idle(), 1U);
        kept = pool.copy(frame_of(60)->bytes, 5);
        EXPECT_EQ(pool.idle(), 0U);
    }
    EXPECT_EQ(kept->id, 5U);
    EXPECT_EQ(kept->bytes.size(), 60U);
}

// The reference implementation's first output for seed 0.
TEST(RandomStream, IsSplitMix64) {
    EXPECT_EQ(RandomStream(0).next(), 0xe220'a839'7b1d'cdafU);
}

}  // namespace
}  // namespace models::wire::test
