// Generators: when frames are due, what they hold, and what is made of answers.
#include "models/wire/generator.h"

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "models/wire/echo_host.h"
#include "models/wire/sink.h"
#include "tests/models/wire/wire_bench.h"

namespace models::wire::test {
namespace {

/// A generator, station 1, at end a; what it sends to is station 2.
struct GeneratorBench : Bench {
    explicit GeneratorBench(GeneratorParameters p, const LinkParameters& l = {})
        : Bench(l),
          generator("generator", station(1), to_station_2(std::move(p)), link.a(), activity) {}

    static GeneratorParameters to_station_2(GeneratorParameters p) {
        if (std::get<packets::Ipv4Address>(p.target).value == 0)
            p.target = *station(2).ipv4;
        return p;
    }
    Generator generator;
};

/// Requests of station 1 that an echo host, station 2, answers.
struct RequestBench : Bench {
    explicit RequestBench(GeneratorParameters p, const LinkParameters& l = {})
        : Bench(l),
          generator("generator", station(1), requests(std::move(p)), link.a(), activity),
          echo(station(2), link.b()) {}

    static GeneratorParameters requests(GeneratorParameters p) {
        p.target = *station(2).ipv4;
        p.target_mac = station(2).mac;
        p.port = EchoHost::default_port;
        p.mode = GeneratorParameters::Mode::closed_loop;
        return p;
    }
    Generator generator;
    EchoHost echo;
};

GeneratorParameters known_mac(GeneratorParameters p) {
    p.target_mac = station(2).mac;
    return p;
}

TEST(Generator, IsOpenLoop) {
    GeneratorBench b(known_mac({.pace = {.unit = Pace::Unit::interval, .interval = Picos::us(10)},
                                .sizes = FrameSizes::fixed(128),
                                .start = Picos::us(5),
                                .count = 3}));
    EXPECT_TRUE(b.activity.idle());
    run_until(Picos{1});
    EXPECT_FALSE(b.activity.idle()) << "the run waits for it";
    run_until(Picos::us(100));
    ASSERT_EQ(b.far.frames.size(), 3U);
    for (std::uint64_t i = 0; i < 3; ++i) {
        const FrameRef& f = b.far.frames[i];
        EXPECT_EQ(f->bytes.size(), 124U) << "128 with FCS";
        // 8 + 128 bytes and the cable.
        EXPECT_EQ(b.far.arrivals[i].at, 5'000'000 + i * 10'000'000 + 1'088'000 + 50'000);
        const packets::Packet p = packets::parse(f->bytes);
        ASSERT_TRUE(p.sound());
        const auto t = packets::read_test_payload(p.payload);
        ASSERT_TRUE(t);
        EXPECT_EQ(*t, (packets::TestPayload{1, i, 5'000 + i * 10'000}));
        EXPECT_TRUE(packets::test_pattern_holds(p.payload, *t));
        EXPECT_EQ(std::get<packets::Udp>(p.transport).destination_port, 9);
    }
    EXPECT_TRUE(b.generator.finished());
    EXPECT_TRUE(b.activity.idle());
    EXPECT_EQ(b.generator.traffic().first, Picos::us(5));
    EXPECT_EQ(b.generator.traffic().last, Picos::us(25));
}

// RFC 2544, appendix B: at most 1,488,095 frames of 64 bytes a second at 1 Gb/s.
TEST(Generator, FillsTheLink) {
    GeneratorBench b(known_mac({.until = Picos::ms(10)}));
    run_until(Picos::ms(11));
    EXPECT_EQ(b.generator.traffic().sent, 14'881U);
    EXPECT_EQ(b.generator.traffic().dropped, 0U);
    EXPECT_EQ(b.far.frames.size(), 14'881U);
    EXPECT_EQ(b.far.frames[0]->bytes.size(), 60U) << "the test payload fits";
    EXPECT_TRUE(packets::read_test_payload(packets::parse(b.far.frames[9]->bytes).payload));
}

TEST(Generator, StopsAtATimeAndNotBeforeAnOfferThatIsTooHigh) {
    GeneratorBench b(known_mac({.pace = {.unit = Pace::Unit::frames_per_second, .rate = 3'000'000},
                                .until = Picos::ms(1)}));
    run_until(Picos::ms(2));
    const GeneratorCounters& c = b.generator.traffic();
    EXPECT_EQ(c.due, 3'000U);
    EXPECT_EQ(c.sent + c.dropped, c.due);
    // When the last is due, at 999.7 us, the 1488th is being sent and 256 wait.
    EXPECT_EQ(c.sent, 1488U + 256U);
    EXPECT_EQ(b.far.frames.size(), c.sent);
    // The wire has no holes: what was dropped at the source has no number.
    EXPECT_EQ(packets::read_test_payload(b.far.last().payload)->sequence, c.sent - 1);
}

TEST(Generator, AsksForTheMacUntilSomebodyAnswers) {
    GeneratorBench b({.start = Picos::us(10), .count = 1});
    run_until(Picos::us(2'500));
    ASSERT_EQ(b.far.frames.size(), 3U) << "at 0.01, 1.01 and 2.01 ms";
    EXPECT_EQ(std::get<packets::Arp>(b.far.last().network).target, *station(2).ipv4);
    EXPECT_EQ(b.generator.traffic().solicitations, 3U);
    EXPECT_FALSE(b.generator.finished());
    b.link.b().send(built([](auto out) {
                        return packets::build_arp(
                            out, station(1).mac,
                            {packets::Arp::reply, station(2).mac, *station(2).ipv4, station(1).mac,
                             *station(1).ipv4});
                    }),
                    kernel_now());
    run_until(Picos::ms(4));
    ASSERT_EQ(b.far.frames.size(), 4U);
    EXPECT_EQ(b.far.last().ethernet.destination, station(2).mac);
    EXPECT_TRUE(std::holds_alternative<packets::Udp>(b.far.last().transport));
    EXPECT_TRUE(b.generator.finished());
}

TEST(Generator, AsksOverIpv6AndIsAnswered) {
    Bench b;
    Generator generator("generator", station(1), {.target = *station(2).ipv6, .count = 5},
                        b.link.a(), b.activity);
    Sink sink(station(2), {}, b.link.b());
    run_until(Picos::ms(1));
    EXPECT_EQ(sink.counters().of(Received::neighbour_solicitation), 1U);
    EXPECT_EQ(generator.counters().of(Received::neighbour_advertisement), 1U);
    ASSERT_EQ(sink.flows().size(), 1U);
    const FlowRecord& flow = sink.flows().at(1);
    EXPECT_EQ(flow.frames, 5U);
    // The least that holds the headers and the test payload: 14 + 40 + 8 + 18.
    EXPECT_EQ(flow.bytes, 5U * 80);
    EXPECT_EQ(flow.corrupted, 0U);
}

// RFC 1112, 6.4 and RFC 2464, 7: nobody is asked for a group's MAC.
TEST(Generator, ToAGroup) {
    Bench b;
    const packets::IpAddress v6_group = *packets::Ipv6Address::parse("ff02::1234");
    HostParameters member = station(2);
    member.groups = {packets::Ipv4Address::of(239, 1, 2, 3), v6_group};
    Sink sink(member, {}, b.link.b());
    Generator v4("v4", station(1), {.target = packets::Ipv4Address::of(239, 1, 2, 3), .count = 1},
                 b.link.a(), b.activity);
    Generator v6("v6", station(1), {.target = v6_group, .flow = 2, .count = 1}, b.link.a(),
                 b.activity);
    Generator other("other", station(1),
                    {.target = packets::Ipv4Address::of(239, 1, 2, 4), .count = 1}, b.link.a(),
                    b.activity);
    run_until(Picos::ms(1));
    EXPECT_EQ(sink.flows().at(1).frames, 1U);
    EXPECT_EQ(sink.flows().at(2).frames, 1U);
    EXPECT_EQ(sink.counters().of(Received::other_mac), 1U);
}

// One request at a time: two ways of 8 + 64 bytes, the cable twice, the echo's delay and the think
// time.
TEST(Generator, IsClosedLoop) {
    RequestBench b({.think = Picos::us(3), .count = 10});
    run_until(Picos::ms(1));
    const GeneratorCounters& c = b.generator.traffic();
    constexpr std::uint64_t round_trip = 2 * (576 + 50) + 1000;
    EXPECT_EQ(c.answered, 10U);
    EXPECT_EQ(c.round_trip_ns.range().min, round_trip);
    EXPECT_EQ(c.round_trip_ns.range().max, round_trip);
    EXPECT_EQ(c.last, Picos::ns(9 * (round_trip + 3000)));
    EXPECT_EQ(c.timed_out, 0U);
    EXPECT_TRUE(b.generator.finished());
    EXPECT_TRUE(b.activity.idle());
}

TEST(Generator, KeepsItsWindowFull) {
    RequestBench b({.window = 4});
    std::uint64_t most = 0;
    for (int i = 1; i <= 200; ++i) {
        run_until(Picos::ns(500) + kernel_now());
        most = std::max(most, b.generator.outstanding());
    }
    EXPECT_EQ(most, 4U);
    // Four slots of 672 ns are longer than a round trip of 2252 ns: the medium is the limit.
    EXPECT_NEAR(static_cast<double>(b.generator.traffic().answered), 100'000 / 672.0, 4);
    EXPECT_TRUE(b.generator.endless());
}

TEST(Generator, LossAndDuplicationInAClosedLoop) {
    RequestBench b({.window = 3, .timeout = Picos::us(50), .count = 2000},
                   {.a_to_b = {.loss = Chance::percent(10)},
                    .b_to_a = {.loss = Chance::percent(10), .duplication = Chance::percent(10)},
                    .seed = 5});
    run_until(Picos::ms(500));
    const GeneratorCounters& c = b.generator.traffic();
    EXPECT_TRUE(b.generator.finished());
    EXPECT_EQ(c.sent, 2000U);
    EXPECT_EQ(c.answered + c.timed_out, c.sent);
    EXPECT_EQ(c.timed_out, b.link.counters(Side::a).lost + b.link.counters(Side::b).lost);
    EXPECT_EQ(c.late, b.link.counters(Side::b).duplicated) << "second answers";
    EXPECT_TRUE(b.link.accounted());
    EXPECT_TRUE(b.activity.idle());
}

TEST(Generator, AnswersAfterTheTimeoutAreLate) {
    RequestBench b({.timeout = Picos::us(2), .count = 3});
    run_until(Picos::ms(1));
    EXPECT_EQ(b.generator.traffic().timed_out, 3U);
    EXPECT_EQ(b.generator.traffic().late, 3U);
    EXPECT_EQ(b.generator.traffic().last, Picos::us(4));
}

TEST(Generator, TriesAgainWhenTheLinkIsDown) {
    RequestBench b({.timeout = Picos::us(10), .count = 5},
                   {.outages = {{Picos::us(1), Picos::us(35)}}});
    run_until(Picos::ms(1));
    const GeneratorCounters& c = b.generator.traffic();
    // At 0: lost on the way; at 10, 20, 30: not sent; at 40: answered.
    EXPECT_EQ(c.timed_out, 1U);
    EXPECT_EQ(c.dropped, 3U);
    EXPECT_EQ(c.answered, 1U);
    EXPECT_EQ(b.generator.counters().tx_link_down, 3U);
    EXPECT_TRUE(b.generator.finished());
}

TEST(Generator, NeedsAnAddressOfTheTargetsFamily) {
    Activity activity;
    Link link("wire", {}, activity);
    HostParameters host = station(1);
    host.ipv6.reset();
    EXPECT_THROW(Generator("generator", host, {.target = *station(2).ipv6}, link.a(), activity),
                 std::invalid_argument);
}

}  // namespace
}  // namespace models::wire::test
