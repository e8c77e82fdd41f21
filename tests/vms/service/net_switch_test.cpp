// The software switch against IEEE 802.1Q, 8.6 to 8.8 (forwarding, learning, filtering database),
// as far as a bridge without spanning tree and VLANs follows it, and its accounts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/net_rig.h"
#include "vms/service/net/traffic_port.h"
#include "vms/workload/packets/checksum.h"

namespace vms::service::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t second = 100'000'000;  // ticks of the fake counter

/// Four stations, A to D, at ports 0 to 3.
class SwitchTest : public ::testing::Test {
  protected:
    explicit SwitchTest(const Switch::Parameters& p = {}) : net(port, p) {
        for (Station& s : stations)
            net.attach(s, 16);
        net.begin_pass();
    }

    vms::test::FakeCpu cpu;
    OperationCosts costs;
    Port port{cpu, costs};
    std::array<Station, 4> stations;
    Switch net;

    void send(std::uint8_t from, const Bytes& f) {
        Frame view(f);
        net.enter(from, view);
        EXPECT_TRUE(net.balanced());
    }
    /// How many frames each has, and forget them.
    std::array<std::size_t, 4> taken() {
        std::array<std::size_t, 4> n{};
        for (std::size_t i = 0; i < 4; ++i) {
            n[i] = stations[i].frames.size();
            stations[i].frames.clear();
        }
        return n;
    }
    std::uint64_t dropped_in(std::size_t p, Drop cause) const {
        return net.counters(p).dropped_in[static_cast<std::size_t>(cause)];
    }
    std::uint64_t dropped_out(std::size_t p, Drop cause) const {
        return net.counters(p).dropped_out[static_cast<std::size_t>(cause)];
    }
    static constexpr net::Mac a = station(0xa), b = station(0xb), c = station(0xc),
                              d = station(0xd);
};

// 8.6.2, 8.8: to an unknown station by all ports but the one it came in by, once each.
TEST_F(SwitchTest, UnknownStationsAreFlooded) {
    const Bytes f = frame(b, a);
    send(0, f);
    EXPECT_THAT(stations[1].frames, ElementsAre(f));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
    EXPECT_EQ(net.counters(0).flooded, 1u);
    EXPECT_EQ(net.counters(0).copies, 3u);
}

// 8.7: the source address is learned; then only its port gets what is for it.
TEST_F(SwitchTest, KnownStationsAreForwardedTo) {
    send(1, frame(a, b));
    taken();
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
    send(1, frame(a, b));
    EXPECT_THAT(taken(), ElementsAre(1u, 0u, 0u, 0u));
    EXPECT_EQ(net.counters(0).forwarded, 1u);
    EXPECT_EQ(net.stations().counters().learned, 2u);
}

// 8.6.2: a frame for a station behind the port that it came from goes nowhere.
TEST_F(SwitchTest, FramesForTheirOwnPortAreFiltered) {
    send(0, frame(b, a));
    send(0, frame(a, b));
    taken();
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 0u));
    EXPECT_EQ(dropped_in(0, Drop::own_port), 2u);
}

// Group addresses, broadcast among them, go everywhere; a group address is never a source
// (IEEE 802, 8.2.2), so it is never learned either.
TEST_F(SwitchTest, GroupsAreFloodedAndNeverLearned) {
    send(0, frame(broadcast_mac, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
    send(0, frame(group_mac, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
    send(1, frame(a, group_mac));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 0u));
    EXPECT_EQ(dropped_in(1, Drop::bad_source), 1u);
    send(0, frame(group_mac, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
}

// 8.7: a station that shows up behind another port is there from now on.
TEST_F(SwitchTest, StationsMove) {
    send(1, frame(a, b));
    send(2, frame(a, b));
    taken();
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 1u, 0u));
    EXPECT_EQ(net.stations().counters().moved, 1u);
    EXPECT_EQ(net.stations().stations(1), 0u);
    EXPECT_EQ(net.stations().stations(2), 1u);
}

// 8.8.3: ageing time 300 s.
TEST_F(SwitchTest, StationsAge) {
    send(1, frame(a, b));
    taken();
    cpu.counter_value = 300 * second;
    net.begin_pass();
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
    cpu.counter_value = 300 * second + 1;
    net.begin_pass();
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
    // A frame from it makes it young again.
    send(1, frame(a, b));
    cpu.counter_value = 600 * second;
    net.begin_pass();
    taken();
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
}

TEST_F(SwitchTest, APortThatGoesDownForgetsItsStations) {
    send(1, frame(a, b));
    send(2, frame(a, c));
    taken();
    net.port_down(1);
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
    send(0, frame(c, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 1u, 0u));
}

// A copy that a port refuses is counted there, and costs the others nothing.
TEST_F(SwitchTest, EveryRefusalIsCountedAtItsPort) {
    stations[1].answer = Drop::no_buffer;
    stations[2].answer = Drop::port_down;
    send(0, frame(broadcast_mac, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 1u));
    EXPECT_EQ(dropped_out(1, Drop::no_buffer), 1u);
    EXPECT_EQ(dropped_out(2, Drop::port_down), 1u);
    EXPECT_EQ(net.counters(1).offered, 1u);
    EXPECT_EQ(net.counters(1).frames_out, 0u);
    EXPECT_EQ(net.counters(3).frames_out, 1u);
    EXPECT_EQ(net.counters(3).bytes_out, 64u);
}

TEST_F(SwitchTest, FramesWithoutAHeaderAreDropped) {
    for (std::size_t size = 0; size < 14; ++size)
        send(0, frame(broadcast_mac, a, size));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 0u));
    EXPECT_EQ(dropped_in(0, Drop::too_short), 14u);
    send(0, frame(broadcast_mac, a, 14));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
}

// A front-end that invents addresses fills its quota and no more: others stay known.
TEST_F(SwitchTest, InventedAddressesPushNobodyOut) {
    send(1, frame(a, b));
    for (unsigned i = 0; i < 10'000; ++i) {
        const net::Mac invented{
            0x06, 0, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
        send(3, frame(b, invented));
    }
    EXPECT_EQ(net.stations().stations(3), 16u);
    EXPECT_EQ(net.stations().counters().refused, 10'000u - 16);
    taken();
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
}

// 8.8.1: a static entry neither moves nor ages.
TEST_F(SwitchTest, StaticStationsStay) {
    net.know(2, ethernet::to_address(c));
    send(3, frame(a, c));
    cpu.counter_value = 1000 * second;
    net.begin_pass();
    taken();
    send(0, frame(c, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 1u, 0u));
}

// 8.6.3, table 8-1: no bridge forwards frames for 01-80-C2-00-00-00 to -0F, such as pause frames;
// the addresses next to them are ordinary groups.
TEST_F(SwitchTest, ReservedAddressesAreNotForwarded) {
    for (std::uint8_t last = 0; last < 0x10; ++last)
        send(0, frame({0x01, 0x80, 0xc2, 0, 0, last}, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 0u));
    EXPECT_EQ(dropped_in(0, Drop::reserved), 16u);
    send(0, frame({0x01, 0x80, 0xc2, 0, 0, 0x10}, a));
    send(0, frame({0x01, 0x80, 0xc1, 0xff, 0xff, 0xff}, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 2u, 2u, 2u));
}

// Nobody moves a station whose place is known by sending with its address; what is learned moves.
TEST_F(SwitchTest, APinnedStationIsNotTakenOver) {
    net.know(1, ethernet::to_address(b));
    send(3, frame(a, b));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 0u));
    EXPECT_EQ(dropped_in(3, Drop::spoofed), 1u);
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
    send(3, frame(b, c));  // no device's address
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
}

class UncheckedSwitchTest : public SwitchTest {
  protected:
    UncheckedSwitchTest() : SwitchTest({.source_check = SourceCheck::off}) {}
};

// Even so the station stays where it is.
TEST_F(UncheckedSwitchTest, AnySourceIsForwarded) {
    net.know(1, ethernet::to_address(b));
    send(3, frame(a, b));
    EXPECT_THAT(taken(), ElementsAre(1u, 1u, 1u, 0u));
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
}

class StrictSwitchTest : public SwitchTest {
  protected:
    StrictSwitchTest() : SwitchTest({.source_check = SourceCheck::own}) {}
};

TEST_F(StrictSwitchTest, ADeviceSendsFromItsOwnAddress) {
    net.know(1, ethernet::to_address(b));
    net.set_own(1, ethernet::to_address(b));
    send(1, frame(a, b));
    EXPECT_THAT(taken(), ElementsAre(1u, 0u, 1u, 1u));
    send(1, frame(a, c));
    EXPECT_EQ(dropped_in(1, Drop::spoofed), 1u);
    send(2, frame(a, c));  // behind an interface are many
    EXPECT_THAT(taken(), ElementsAre(1u, 1u, 0u, 1u));
}

// Without spanning tree a frame that left by one interface and came in by the other would go round
// for ever: two interfaces are apart.
TEST_F(SwitchTest, InterfacesAreApart) {
    net.uplink(2, true);
    net.uplink(3, true);
    send(2, frame(broadcast_mac, c));
    EXPECT_THAT(taken(), ElementsAre(1u, 1u, 0u, 0u));
    EXPECT_EQ(dropped_out(3, Drop::split_horizon), 1u);
    send(3, frame(c, d));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 0u));
    EXPECT_EQ(dropped_out(2, Drop::split_horizon), 1u);
    send(0, frame(c, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 1u, 0u));
}

class BridgingSwitchTest : public SwitchTest {
  protected:
    BridgingSwitchTest() : SwitchTest({.bridge_uplinks = true}) {}
};

TEST_F(BridgingSwitchTest, InterfacesMayBeBridged) {
    net.uplink(2, true);
    net.uplink(3, true);
    send(2, frame(broadcast_mac, c));
    EXPECT_THAT(taken(), ElementsAre(1u, 1u, 0u, 1u));
}

class StormTest : public SwitchTest {
  protected:
    StormTest() : SwitchTest({.storm_frames = 3, .storm_interval_us = 1000}) {}
};

// What a port may have flooded is bounded per interval; frames to known stations are not concerned,
// nor are other ports.
TEST_F(StormTest, FloodingIsBoundedPerPort) {
    send(1, frame(a, b));
    taken();
    for (int i = 0; i < 5; ++i)
        send(0, frame(broadcast_mac, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 3u, 3u, 3u));
    EXPECT_EQ(dropped_in(0, Drop::storm), 2u);
    send(0, frame(b, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 0u, 0u));
    send(2, frame(broadcast_mac, c));
    EXPECT_THAT(taken(), ElementsAre(1u, 1u, 0u, 1u));
    cpu.counter_value = 100'000;  // 1 ms
    net.begin_pass();
    send(0, frame(broadcast_mac, a));
    EXPECT_THAT(taken(), ElementsAre(0u, 1u, 1u, 1u));
}

TEST_F(SwitchTest, PortsAreFlushedOncePerPass) {
    net.flush();
    for (const Station& s : stations)
        EXPECT_EQ(s.flushes, 1u);
}

TEST_F(SwitchTest, WhatIsRefusedOnEntryOrLostLaterIsInTheAccounts) {
    net.refuse(0, 5000, Drop::too_long);
    EXPECT_EQ(net.counters(0).frames_in, 1u);
    EXPECT_EQ(net.counters(0).bytes_in, 5000u);
    EXPECT_EQ(dropped_in(0, Drop::too_long), 1u);
    send(0, frame(broadcast_mac, a));
    net.lost(1, 1, 64, Drop::reset);
    EXPECT_EQ(net.counters(1).frames_out, 0u);
    EXPECT_EQ(net.counters(1).bytes_out, 0u);
    EXPECT_EQ(dropped_out(1, Drop::reset), 1u);
    EXPECT_TRUE(net.balanced());
}

// A run may end while a frame is on its way: the accounts hold at that moment too.
TEST_F(SwitchTest, TheAccountsHoldAtAnyMoment) {
    class Looker final : public SwitchPort {
      public:
        explicit Looker(Switch& s) : net(s) {}
        Switch& net;
        unsigned looks = 0;
        Drop deliver(Frame&) override {
            EXPECT_TRUE(net.balanced());
            ++looks;
            return looks % 2 == 0 ? Drop::filtered : Drop::none;
        }
    } looker(net);
    const std::uint8_t there = net.attach(looker, 1);
    TrafficPort echo(net, {.mac = d, .echo = TrafficEcho::at_once});
    send(0, frame(broadcast_mac, a));
    net.know(there, ethernet::to_address(c));
    send(0, frame(c, a));
    send(0, frame(d, a));
    EXPECT_EQ(looker.looks, 2u);
}

// Observers see each frame when it comes in and when it goes out, checksums as on a wire, and the
// frame itself is as it was.
TEST_F(SwitchTest, FramesAreShownAsOnAWire) {
    std::vector<std::pair<FramePoint, std::uint64_t>> where;
    std::vector<Bytes> shown;
    cpu.on_frame = [&](FramePoint w, std::uint64_t device, std::span<const std::byte> f) {
        where.emplace_back(w, device);
        shown.emplace_back(f.begin(), f.end());
    };
    send(1, frame(a, b));
    EXPECT_THAT(shown, IsEmpty());  // nobody watches
    cpu.watch_frames();
    taken();
    stations[0].answer = Drop::no_buffer;
    Bytes storage(Frame::headroom);
    const Bytes f = frame(b, a, 80, 3);
    storage.insert(storage.end(), f.begin(), f.end());
    Frame partial = Frame::with_headroom(storage);
    ASSERT_TRUE(partial.set_partial(34, 6));
    net.enter(0, partial);
    send(2, frame(a, c));  // not taken: it comes in and does not go out
    EXPECT_THAT(where,
                ElementsAre(std::pair{FramePoint::port_in, 0u}, std::pair{FramePoint::port_out, 1u},
                            std::pair{FramePoint::port_in, 2u}));
    Bytes complete = f;
    ASSERT_TRUE(workload::packets::complete_checksum(complete, 34, 6));
    EXPECT_EQ(shown.at(0), complete);
    EXPECT_EQ(shown.at(1), complete);
    EXPECT_THAT(stations[1].frames, ElementsAre(f));
    EXPECT_THAT(stations[1].partial, ElementsAre(true));
}

// --- the traffic station
// --------------------------------------------------------------------------

TEST_F(SwitchTest, TheTrafficStationCounts) {
    TrafficPort traffic(net, {.mac = d});
    EXPECT_EQ(traffic.switch_port(), 4u);
    send(0, frame(d, a));  // known without having sent
    EXPECT_THAT(taken(), ElementsAre(0u, 0u, 0u, 0u));
    EXPECT_EQ(net.counters(4).frames_out, 1u);
    EXPECT_EQ(net.counters(4).bytes_out, 64u);
    EXPECT_FALSE(traffic.send(10, false));
}

TEST_F(SwitchTest, TheTrafficStationReturnsFrames) {
    TrafficPort traffic(net, {.mac = d, .echo = TrafficEcho::at_once});
    send(0, frame(d, a, 100, 5));
    EXPECT_THAT(stations[0].frames, ElementsAre(frame(a, d, 100, 5)));
    // To a group it answers with its own address.
    send(0, frame(broadcast_mac, a, 100, 6));
    EXPECT_EQ(stations[0].frames.at(1), frame(a, d, 100, 6));
    EXPECT_EQ(net.counters(4).frames_in, 2u);
    EXPECT_TRUE(net.balanced());
}

TEST_F(SwitchTest, TwoReturningStationsComeToAnEnd) {
    TrafficPort one(net, {.mac = c, .echo = TrafficEcho::at_once});
    TrafficPort two(net, {.mac = d, .echo = TrafficEcho::at_once});
    send(0, frame(broadcast_mac, a));
    EXPECT_TRUE(net.balanced());
    EXPECT_LE(net.counters(4).frames_in + net.counters(5).frames_in, 4u);
}

TEST(TrafficStation, SendsWhileThereIsRoom) {
    NetRig rig;
    TrafficPort traffic(rig.net, {.mac = station(0xd), .frame_bytes = 100, .to = station(1)});
    NetNode& n = rig[0];
    n.start(all_net_features);
    EXPECT_FALSE(traffic.send(10, false));  // no buffers
    n.post(6);
    EXPECT_FALSE(traffic.send(10, false));  // asked for a kick, and none has come
    n.kick(net::receiveq);
    EXPECT_TRUE(traffic.send(4, false));
    EXPECT_FALSE(traffic.send(4, false));
    n.transport.publish();
    const std::vector<Received> r = n.take_all();
    ASSERT_EQ(r.size(), 6u);
    EXPECT_EQ(r[0].bytes.size(), 100u);
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 0u);
    EXPECT_TRUE(rig.net.balanced());
}

}  // namespace
}  // namespace vms::service::test
