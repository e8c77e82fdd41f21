// Sinks find what a link did to a flow, in the numbers that the link counted.
#include "models/wire/sink.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "models/wire/generator.h"
#include "tests/models/wire/wire_bench.h"

namespace models::wire::test {
namespace {

using packets::SequenceCheck;
using Verdict = SequenceCheck::Verdict;

TEST(SequenceCheck, JudgesEachArrival) {
    SequenceCheck c;
    EXPECT_EQ(c.add(0), Verdict::next);
    EXPECT_EQ(c.add(3), Verdict::ahead);
    EXPECT_EQ(c.lost(), 2U);
    EXPECT_EQ(c.add(2), Verdict::late);
    EXPECT_EQ(c.add(2), Verdict::duplicate);
    EXPECT_EQ(c.add(3), Verdict::duplicate);
    EXPECT_EQ(c.add(4), Verdict::next);
    EXPECT_EQ(c.lost(), 1U);
    EXPECT_EQ(c.distinct(), 4U);
    EXPECT_EQ(c.duplicated(), 2U);
    EXPECT_EQ(c.reordered(), 1U);
    EXPECT_EQ(c.next(), 5U);
    // A leap over more than the window leaves nothing of what was before.
    EXPECT_EQ(c.add(4 + 10 * SequenceCheck::window), Verdict::ahead);
    EXPECT_EQ(c.lost(), 1 + 10 * SequenceCheck::window - 1);
    EXPECT_EQ(c.add(4), Verdict::stale);
    EXPECT_EQ(c.add(5 + 9 * SequenceCheck::window), Verdict::late);
    EXPECT_EQ(c.add(4 + 9 * SequenceCheck::window), Verdict::stale) << "one before the window";
    // Numbers that come round to the same place in the window are told apart.
    EXPECT_EQ(c.add(3 + 11 * SequenceCheck::window), Verdict::ahead);
    EXPECT_EQ(c.add(4 + 10 * SequenceCheck::window), Verdict::duplicate);
    EXPECT_EQ(c.add(5 + 10 * SequenceCheck::window), Verdict::late);
}

struct SinkBench : Bench {
    explicit SinkBench(const LinkParameters& l, std::uint64_t count = 3000)
        : Bench(l),
          generator("generator", station(1),
                    {.target = *station(2).ipv4,
                     .target_mac = station(2).mac,
                     .pace = {.unit = Pace::Unit::interval, .interval = Picos::us(20)},
                     .sizes = FrameSizes::uniform(64, 1518),
                     .count = count},
                    link.a(), activity),
          sink(station(2), {}, link.b()) {}
    Generator generator;
    Sink sink;
};

TEST(Sink, AWholeFlow) {
    SinkBench b({});
    run_until(Picos::ms(100));
    const FlowRecord& f = b.sink.flows().at(1);
    EXPECT_EQ(f.frames, 3000U);
    EXPECT_EQ(f.bytes, b.generator.traffic().sent_bytes);
    EXPECT_EQ(f.sequence.distinct(), 3000U);
    EXPECT_EQ(f.sequence.lost() + f.sequence.duplicated() + f.sequence.reordered(), 0U);
    EXPECT_EQ(f.corrupted, 0U);
    // From 8 + 64 to 8 + 1518 bytes, and the cable.
    EXPECT_EQ(f.latency_ns.range().min, 576U + 50);
    EXPECT_EQ(f.latency_ns.range().max, 12'208U + 50);
    EXPECT_EQ(f.time_backwards, 0U);
    EXPECT_TRUE(b.sink.counters().accounted());
}

TEST(Sink, FindsWhatTheLinkDid) {
    SinkBench b({.a_to_b = {.loss = Chance::percent(5),
                            .duplication = Chance::percent(5),
                            .reordering = Chance::percent(5),
                            .reordering_delay = Picos::us(70)},
                 .seed = 9});
    run_until(Picos::ms(100));
    const LinkCounters& c = b.link.counters(Side::a);
    const FlowRecord& f = b.sink.flows().at(1);
    EXPECT_GT(c.lost, 100U);
    EXPECT_GT(c.duplicated, 100U);
    EXPECT_GT(f.sequence.reordered(), 100U);
    EXPECT_EQ(f.frames, c.delivered);
    EXPECT_EQ(f.sequence.distinct(), 3000 - c.lost);
    EXPECT_EQ(f.sequence.duplicated(), c.duplicated);
    // A copy of a late frame is a duplicate to the sink; to the link it is as late as the first.
    EXPECT_LE(f.sequence.reordered(), c.reordered);
    EXPECT_EQ(f.sequence.lost(), f.sequence.next() - f.sequence.distinct());
    EXPECT_EQ(f.corrupted, 0U);
    EXPECT_TRUE(b.link.accounted());
    EXPECT_TRUE(b.sink.counters().accounted());
}

TEST(Sink, TellsChangedContentAndForeignFlows) {
    Bench b;
    Sink sink(station(1), {.max_flows = 1}, b.link.a());
    const auto send = [&b](std::uint16_t flow, std::uint64_t sequence, bool change) {
        b.link.b().send(built([&](auto out) {
                            const auto payload = packets::udp_payload(out, route_v4(), 100);
                            packets::write_test_payload(payload, {flow, sequence, 5'000'000});
                            if (change)
                                payload[50] ^= std::byte{1};
                            return packets::build_udp(out, route_v4(), {1, 9}, 100);
                        }),
                        {});
    };
    send(4, 0, false);
    send(4, 1, true);
    send(5, 0, false);
    b.link.b().send(built([](auto out) {
                        return packets::build_udp(out, route_v4(), {1, 9}, 20);
                    }),
                    {});
    b.link.b().send(built([](auto out) {
                        return packets::build_udp(out, route_v4(), {1, 10}, 20);
                    }),
                    {});
    run_until(Picos::ms(1));
    const FlowRecord& f = sink.flows().at(4);
    EXPECT_EQ(f.frames, 2U);
    EXPECT_EQ(f.corrupted, 1U);
    EXPECT_EQ(f.time_backwards, 2U) << "sent after it arrived";
    EXPECT_EQ(sink.counters().of(Received::foreign), 2U);
    EXPECT_EQ(sink.counters().of(Received::closed_port), 1U);
    EXPECT_TRUE(sink.counters().accounted());
}

}  // namespace
}  // namespace models::wire::test
