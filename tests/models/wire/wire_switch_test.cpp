// The switch between links: learning, flooding, bounded queues, every copy accounted for.
#include "models/wire/wire_switch.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "models/wire/echo_host.h"
#include "models/wire/generator.h"
#include "models/wire/sink.h"
#include "tests/models/wire/wire_bench.h"

namespace models::wire::test {
namespace {

FrameRef between(std::uint8_t from, std::uint8_t to, std::uint64_t id, std::size_t bytes = 60) {
    std::vector<std::byte> frame(bytes);
    packets::put(frame, 0, to == 0xff ? packets::MacAddress::broadcast() : station(to).mac);
    packets::put(frame, packets::MacAddress::size, station(from).mac);
    return std::make_shared<Frame>(Frame{std::move(frame), id});
}

/// A switch with a recorder behind each of its ports; link k's end b is at the recorder.
struct SwitchBench {
    explicit SwitchBench(const WireSwitchParameters& p = {}, std::size_t ports = 3) : bridge(p) {
        for (std::size_t i = 0; i < ports; ++i) {
            links.push_back(std::make_unique<Link>(("wire" + std::to_string(i)).c_str(),
                                                   LinkParameters{}, activity));
            stations.push_back(std::make_unique<Recorder>());
            links[i]->b().connect(*stations[i]);
            EXPECT_EQ(bridge.add_port(links[i]->a()), i);
        }
    }
    void send(std::size_t port, const FrameRef& frame) {
        links[port]->b().send(frame, kernel_now());
        run_until(kernel_now() + Picos::us(50));
    }
    std::vector<std::size_t> seen() const {
        std::vector<std::size_t> n;
        for (const auto& s : stations)
            n.push_back(s->frames.size());
        return n;
    }
    using Counts = std::vector<std::size_t>;

    Activity activity;
    WireSwitch bridge;
    std::vector<std::unique_ptr<Link>> links;
    std::vector<std::unique_ptr<Recorder>> stations;
};

TEST(WireSwitch, FloodsUntilItKnowsAndForwardsAfter) {
    SwitchBench b;
    b.send(0, between(1, 2, 1));
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{0, 1, 1}));
    // In: 576 bit times and the cable; the latency; out again.
    EXPECT_EQ(b.stations[1]->arrivals[0].at, 626'000U + 2'000'000 + 626'000);
    b.send(1, between(2, 1, 2));
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{1, 1, 1}));
    b.send(0, between(1, 2, 3));
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{1, 2, 1}));
    b.send(0, between(1, 0xff, 4));
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{1, 3, 2}));
    b.send(0, between(3, 1, 5));  // station 1 is on the same port
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{1, 3, 2}));
    const WireSwitchCounters& c = b.bridge.counters(0);
    EXPECT_EQ(c.in, 4U);
    EXPECT_EQ(c.flooded, 2U);
    EXPECT_EQ(c.forwarded, 1U);
    EXPECT_EQ(c.filtered, 1U);
    EXPECT_EQ(b.bridge.counters(1).out, 3U);
    EXPECT_EQ(b.bridge.stations(), 3U);
    EXPECT_TRUE(b.bridge.accounted());
}

// IEEE 802.1Q-2018, 8.7: a station that moves is where it was heard last; no group address is one.
TEST(WireSwitch, LearnsAnewAndNeverGroups) {
    SwitchBench b;
    b.send(0, between(1, 2, 1));
    b.send(2, between(1, 2, 2));
    b.send(1, between(2, 1, 3));
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{1, 2, 2}));
    Frame group = *between(1, 2, 4);
    group.bytes[6] |= std::byte{1};
    b.send(0, std::make_shared<Frame>(group));
    b.send(0, frame_of(13));
    EXPECT_EQ(b.bridge.counters(0).malformed, 2U);
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{1, 2, 2}));
}

// IEEE 802.1Q-2018, 8.6.3, table 8-1: 01-80-C2-00-00-00 to -0F concern one link and go no further.
TEST(WireSwitch, ReservedAddressesAreNotForwarded) {
    SwitchBench b;
    const auto to = [](std::uint8_t last) {
        Frame f = *between(1, 2, 1);
        const std::array<std::uint8_t, 6> address{0x01, 0x80, 0xc2, 0, 0, last};
        for (std::size_t i = 0; i < address.size(); ++i)
            f.bytes[i] = std::byte{address[i]};
        return std::make_shared<Frame>(f);
    };
    b.send(0, to(0x00));
    b.send(0, to(0x0e));
    b.send(0, to(0x0f));
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{0, 0, 0}));
    EXPECT_EQ(b.bridge.counters(0).reserved, 3U);
    EXPECT_TRUE(b.bridge.accounted());
    b.send(0, to(0x10));
    EXPECT_EQ(b.seen(), (SwitchBench::Counts{0, 1, 1}));
}

TEST(WireSwitch, ForgetsTheOldAndThoseOfALinkThatWentDown) {
    SwitchBench b({.table = 2, .ageing = Picos::ms(1)});
    b.send(0, between(1, 9, 1));
    b.send(1, between(2, 9, 2));
    b.send(2, between(3, 9, 3));
    EXPECT_EQ(b.bridge.counters(2).not_learned, 1U);
    b.send(2, between(3, 1, 4));
    EXPECT_EQ(b.bridge.counters(2).forwarded, 1U);
    run_until(Picos::ms(3));
    b.send(2, between(3, 1, 5));
    EXPECT_EQ(b.bridge.counters(2).forwarded, 1U) << "flooded again";
    EXPECT_EQ(b.bridge.counters(2).not_learned, 2U) << "now it found a place";
    EXPECT_EQ(b.bridge.stations(), 1U);
    b.links[2]->set_up(false);
    EXPECT_EQ(b.bridge.stations(), 0U);
    b.send(0, between(1, 3, 6));
    EXPECT_EQ(b.bridge.counters(2).link_down, 1U);
    EXPECT_TRUE(b.bridge.accounted());
}

TEST(WireSwitch, AFullPortDropsAndCounts) {
    SwitchBench b({.queue = 4});
    b.send(2, between(3, 1, 0));
    // Two senders at line rate for one port: half goes, but for those that wait at the end.
    for (std::uint64_t i = 0; i < 100; ++i) {
        b.links[0]->b().send(between(1, 3, i), kernel_now());
        b.links[1]->b().send(between(2, 3, 100 + i), kernel_now());
    }
    run_until(Picos::ms(1));
    const WireSwitchCounters& c = b.bridge.counters(2);
    EXPECT_EQ(c.copies, 200U);
    EXPECT_EQ(c.out, 100U + 4U);
    EXPECT_EQ(c.queue_full, 96U);
    EXPECT_EQ(b.stations[2]->frames.size(), c.out);
    EXPECT_TRUE(b.bridge.accounted());
}

TEST(WireSwitch, HostsTalkThroughIt) {
    SwitchBench b({}, 3);
    EchoHost echo(station(2), b.links[1]->b());
    Generator generator("generator", station(1),
                        {.target = *station(2).ipv6,
                         .port = 7,
                         .mode = GeneratorParameters::Mode::closed_loop,
                         .count = 100},
                        b.links[0]->b(), b.activity);
    Sink sink(station(3), {}, b.links[2]->b());
    run_until(Picos::ms(10));
    EXPECT_EQ(generator.traffic().answered, 100U);
    EXPECT_EQ(sink.counters().rx_frames, 1U) << "the solicitation";
    EXPECT_EQ(sink.counters().of(Received::other_mac), 1U);
}

}  // namespace
}  // namespace models::wire::test
