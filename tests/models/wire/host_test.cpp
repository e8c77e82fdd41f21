// Hosts answer as the RFCs say, and name what they do not answer.
#include "models/wire/host.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "models/wire/echo_host.h"
#include "tests/models/wire/wire_bench.h"

namespace models::wire::test {
namespace {

using packets::Ipv6Address;
using packets::MacAddress;

std::vector<std::byte> text(std::string_view s) {
    std::vector<std::byte> bytes;
    for (const char c : s)
        bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

/// An echo host, station 1, at end a; the test is station 2 at end b.
struct EchoBench : Bench {
    EchoHost host{station(1), link.a()};

    /// Sends a frame to the host and lets it answer.
    void ask(const FrameRef& frame) {
        link.b().send(frame, kernel_now());
        run_until(kernel_now() + Picos::us(100));
    }
    std::uint64_t count(Received cause) const { return host.counters().of(cause); }
};

// RFC 826: the answer goes to who asked; it leaves the processing delay later.
TEST(Host, AnswersArp) {
    EchoBench b;
    const FrameRef request = built([](auto out) {
        return packets::build_arp_request(out, station(2).mac, *station(2).ipv4, *station(1).ipv4);
    });
    b.ask(request);
    ASSERT_EQ(b.far.frames.size(), 1U);
    const packets::Packet p = b.far.last();
    EXPECT_EQ(p.ethernet.destination, station(2).mac);
    const auto& arp = std::get<packets::Arp>(p.network);
    EXPECT_EQ(arp.operation, packets::Arp::reply);
    EXPECT_EQ(arp.sender_mac, station(1).mac);
    EXPECT_EQ(arp.sender, *station(1).ipv4);
    EXPECT_EQ(arp.target_mac, station(2).mac);
    EXPECT_EQ(arp.target, *station(2).ipv4);
    // 576 bit times and the cable there, 1 us, the same back.
    EXPECT_EQ(b.far.arrivals[0].at, 626'000U + 1'000'000 + 626'000);

    b.ask(built([](auto out) {
        return packets::build_arp_request(out, station(2).mac, *station(2).ipv4,
                                          packets::Ipv4Address::of(192, 0, 2, 9));
    }));
    EXPECT_EQ(b.far.frames.size(), 1U);
    EXPECT_EQ(b.count(Received::arp_request), 1U);
    EXPECT_EQ(b.count(Received::other_address), 1U);
    EXPECT_TRUE(b.host.counters().accounted());
}

// RFC 792 and RFC 4443, 4.2: identifier, sequence and data are returned.
TEST(Host, AnswersEchoRequests) {
    EchoBench b;
    for (const packets::Route& route : {route_v4(), route_v6()}) {
        b.ask(built([&route](auto out) {
            return packets::build_echo(out, route, {false, 0x4242, 17},
                                       text("data of the request"));
        }));
        const packets::Packet p = b.far.last();
        ASSERT_TRUE(p.sound());
        EXPECT_EQ(p.ethernet.source, station(1).mac);
        const auto& echo = std::get<packets::Echo>(p.transport);
        EXPECT_TRUE(echo.reply);
        EXPECT_EQ(echo.identifier, 0x4242);
        EXPECT_EQ(echo.sequence, 17);
        EXPECT_TRUE(std::ranges::equal(p.payload, text("data of the request")));
    }
    EXPECT_EQ(b.count(Received::echo_request), 2U);
    EXPECT_EQ(b.host.counters().tx_frames, 2U);
}

// RFC 862, over both families, with and without a checksum.
TEST(EchoHost, SendsDatagramsBack) {
    EchoBench b;
    for (const packets::Route& route : {route_v4(), route_v6()}) {
        b.ask(built([&route](auto out) {
            return packets::build_udp(out, route, {5000, 7}, text("payload"));
        }));
        const packets::Packet p = b.far.last();
        ASSERT_TRUE(p.sound());
        EXPECT_EQ(p.transport_checksum, packets::ChecksumState::good);
        EXPECT_EQ(p.ethernet.destination, station(2).mac);
        EXPECT_EQ(std::get<packets::Udp>(p.transport).source_port, 7);
        EXPECT_EQ(std::get<packets::Udp>(p.transport).destination_port, 5000);
        EXPECT_TRUE(std::ranges::equal(p.payload, text("payload")));
    }
    b.ask(built([](auto out) {
        return packets::build_udp(out, route_v4(), {5000, 7}, text("payload"),
                                  packets::ChecksumMode::none);
    }));
    EXPECT_EQ(b.far.last().transport_checksum, packets::ChecksumState::absent);
    b.ask(built([](auto out) {
        return packets::build_udp(out, route_v4(), {5000, 8}, text("payload"));
    }));
    EXPECT_EQ(b.host.echoed(), 3U);
    EXPECT_EQ(b.count(Received::closed_port), 1U);
    EXPECT_EQ(b.far.frames.size(), 3U);
}

// RFC 4861, 7.2.4: solicited and override flags, the target's address as an option, hop limit 255.
TEST(Host, AnswersNeighbourSolicitations) {
    EchoBench b;
    b.ask(built([](auto out) {
        return packets::build_solicitation(out, station(2).mac, *station(2).ipv6, *station(1).ipv6);
    }));
    packets::Packet p = b.far.last();
    ASSERT_TRUE(p.sound());
    EXPECT_EQ(p.ethernet.destination, station(2).mac);
    const auto& advertisement = std::get<packets::Neighbour>(p.transport);
    EXPECT_TRUE(advertisement.advertisement);
    EXPECT_TRUE(advertisement.solicited);
    EXPECT_TRUE(advertisement.override_);
    EXPECT_EQ(advertisement.target, *station(1).ipv6);
    EXPECT_EQ(advertisement.link_address, station(1).mac);
    EXPECT_EQ(std::get<packets::Ipv6>(p.network).hop_limit, 255);

    // Duplicate address detection asks from the unspecified address: the answer is for all.
    b.ask(built([](auto out) {
        packets::Route route = route_v6();
        route.destination = station(1).ipv6->solicited_node();
        route.destination_mac = packets::multicast_mac(station(1).ipv6->solicited_node());
        route.source = Ipv6Address{};
        return packets::build_neighbour(out, route, {.target = *station(1).ipv6});
    }));
    p = b.far.last();
    EXPECT_EQ(p.ethernet.destination.text(), "33:33:00:00:00:01");
    EXPECT_EQ(std::get<packets::Ipv6>(p.network).destination, Ipv6Address::all_nodes());
    EXPECT_FALSE(std::get<packets::Neighbour>(p.transport).solicited);
    EXPECT_EQ(b.count(Received::neighbour_solicitation), 2U);
}

TEST(Host, NamesWhatItDiscards) {
    EchoBench b;
    const FrameRef good = built([](auto out) {
        return packets::build_udp(out, route_v4(), {5000, 7}, text("payload"));
    });
    const auto changed = [&good](std::size_t at, unsigned value) {
        Frame f = *good;
        f.bytes[at] = static_cast<std::byte>(value);
        return std::make_shared<Frame>(std::move(f));
    };
    b.ask(changed(5, 9));      // another station
    b.ask(changed(45, 0xee));  // the payload
    b.ask(changed(14, 0x44));  // the IP header's length
    b.ask(changed(12, 0x88));  // the type
    b.ask(frame_of(10));       // hardly a frame
    packets::Route route = route_v4();
    route.destination = packets::Ipv4Address::of(192, 0, 2, 9);
    b.ask(built([&route](auto out) {
        return packets::build_udp(out, route, {5000, 7}, text("payload"));
    }));
    b.ask(built([](auto out) {  // a solicitation that came through a router
        const std::size_t n =
            packets::build_solicitation(out, station(2).mac, *station(2).ipv6, *station(1).ipv6);
        out[21] = std::byte{254};
        return n;
    }));
    b.ask(built([](auto out) {
        const std::size_t n = packets::build_udp(out, route_v6(), {5000, 7}, text("payload"));
        out[20] = std::byte{44};
        return n;
    }));
    EXPECT_EQ(b.count(Received::other_mac), 1U);
    EXPECT_EQ(b.count(Received::bad_checksum), 1U);
    EXPECT_EQ(b.count(Received::malformed), 3U);
    EXPECT_EQ(b.count(Received::unsupported), 1U);
    EXPECT_EQ(b.count(Received::other_address), 1U);
    EXPECT_EQ(b.count(Received::fragment), 1U);
    EXPECT_EQ(b.host.counters().discards(), 8U);
    EXPECT_EQ(b.host.counters().rx_frames, 8U);
    EXPECT_TRUE(b.host.counters().accounted());
    EXPECT_TRUE(b.far.frames.empty());
}

TEST(Host, ADropInItsQueueIsCounted) {
    Bench b({.rate = 1'000'000'000});
    HostParameters p = station(1);
    p.queue = 2;
    EchoHost host(p, b.link.a());
    // The transmitter is busy for a millisecond; 2 answers fit behind that.
    b.link.a().send(frame_of(125'000), {});
    const FrameRef ping = built([](auto out) {
        return packets::build_echo(out, route_v4(), {false, 1, 1}, text("x"));
    });
    for (int i = 0; i < 5; ++i)
        b.link.b().send(ping, {});
    run_until(Picos::ms(3));
    EXPECT_EQ(host.counters().tx_frames, 2U);
    EXPECT_EQ(host.counters().tx_queue_full, 3U);
    EXPECT_EQ(host.counters().of(Received::echo_request), 5U);
    b.link.set_up(false);
    b.link.set_up(true);
    b.link.b().send(ping, kernel_now());
    run_until(Picos::ms(4));
    EXPECT_EQ(host.counters().tx_frames, 3U);
}

TEST(Host, EveryCauseHasAName) {
    for (std::size_t i = 0; i < received_causes; ++i)
        EXPECT_NE(name(static_cast<Received>(i)), "unknown") << i;
    EXPECT_EQ(name(static_cast<Received>(received_causes)), "unknown");
}

}  // namespace
}  // namespace models::wire::test
