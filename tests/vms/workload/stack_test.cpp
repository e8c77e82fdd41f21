// The internet layer over an interface that the test holds: RFC 826 (ARP), RFC 791 and 1122 (which
// address is whose, next hops), RFC 792 and 4443 (echo), RFC 4861 (neighbours), RFC 768 (UDP).
#include "vms/workload/net/stack.h"

#include <deque>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/frontend/machine.h"
#include "vms/workload/packets/checksum.h"

namespace {

using namespace vms::workload::packets;
using frontend_test::Machine;
using testing::ElementsAre;
using vms::workload::NetInterface;
using vms::workload::PartialChecksum;
using vms::workload::net::Socket;
using vms::workload::net::Stack;
using vms::workload::net::StackConfig;
using vms::workload::net::StackCounters;

const MacAddress own_mac{{0x02, 0, 0, 0, 0, 1}};
const MacAddress peer_mac{{0x02, 0, 0, 0, 0, 2}};
const Ipv4Address own_ip = Ipv4Address::of(192, 0, 2, 1);
const Ipv4Address peer_ip = Ipv4Address::of(192, 0, 2, 2);

class Interface final : public NetInterface {
  public:
    explicit Interface(Machine& m) : m_(m) {}

    std::vector<std::vector<std::byte>> sent;
    std::vector<PartialChecksum> checksums;
    std::vector<MacAddress> groups;
    std::size_t mtu_bytes = 1500;
    bool partial = false;
    bool refuses = false;
    std::function<void()> while_sending;
    /// What happens while somebody waits.
    std::deque<std::function<void()>> events;
    vms::workload::FrameSink* sink = nullptr;

    bool usable() const override { return true; }
    bool link_up() const override { return true; }
    MacAddress mac() const override { return own_mac; }
    std::size_t mtu() const override { return mtu_bytes; }
    bool completes_checksums() const override { return partial; }
    void attach(vms::workload::FrameSink& s) override { sink = &s; }
    void join(const MacAddress& group) override { groups.push_back(group); }
    bool send(std::span<const std::byte> frame, PartialChecksum checksum, bool) override {
        if (while_sending)
            while_sending();
        sent.emplace_back(frame.begin(), frame.end());
        checksums.push_back(checksum);
        return !refuses;
    }
    bool room() const override { return true; }
    void flush() override {}
    std::uint64_t activity() const override { return activity_; }
    bool wait(std::uint64_t, std::uint64_t deadline) override {
        if (!events.empty()) {
            const auto event = events.front();
            events.pop_front();
            event();
            ++activity_;
        } else {
            m_.retire_nanoseconds((deadline - m_.counter()) * Machine::ns_per_tick);
        }
        return true;
    }
    bool drain() override { return true; }

  private:
    Machine& m_;
    std::uint64_t activity_ = 0;
};

struct NoAlarm final : vms::workload::Alarm {
    void set(std::uint64_t) override {}
    void clear() override {}
};

struct StackRig {
    Machine m;
    Interface interface { m };
    NoAlarm alarm;
    Stack stack;

    explicit StackRig(const StackConfig& config, std::size_t mtu = 1500)
        : stack(m, interface, alarm, config, {}) {
        interface.mtu_bytes = mtu;
        stack.up();
    }
    /// A frame from the peer, made by one of the builders.
    template <typename Build>
    void arrive(Build build, bool known = false) {
        std::vector<std::byte> frame(2000);
        frame.resize(build(std::span{frame}));
        interface.sink->frame(frame, known);
    }
    Packet last() { return parse(interface.sent.back()); }
    const StackCounters& counters() const { return stack.counters(); }
};

StackConfig config() {
    StackConfig c;
    c.ipv4 = own_ip;
    c.ipv6 = true;
    return c;
}
Route from_peer(IpAddress source = peer_ip, IpAddress destination = own_ip) {
    Route r;
    r.source_mac = peer_mac;
    r.destination_mac = own_mac;
    r.source = source;
    r.destination = destination;
    return r;
}

TEST(Stack, JoinsTheGroupsOfItsAddresses) {
    StackRig rig(config());
    EXPECT_THAT(rig.interface.groups, ElementsAre(MacAddress{{0x01, 0, 0x5e, 0, 0, 1}},
                                                  MacAddress{{0x33, 0x33, 0, 0, 0, 1}},
                                                  MacAddress{{0x33, 0x33, 0xff, 0, 0, 1}}));
}

// RFC 826: the one asked answers to the sender and remembers it; others keep silent.
TEST(Stack, AnswersArpForItsAddressOnly) {
    StackRig rig(config());
    rig.arrive([](auto out) { return build_arp_request(out, peer_mac, peer_ip, own_ip); });
    ASSERT_EQ(rig.interface.sent.size(), 1u);
    const Packet p = rig.last();
    EXPECT_EQ(p.ethernet.destination, peer_mac);
    const Arp& a = std::get<Arp>(p.network);
    EXPECT_EQ(a.operation, Arp::reply);
    EXPECT_EQ(a.sender_mac, own_mac);
    EXPECT_EQ(a.sender, own_ip);
    EXPECT_EQ(a.target, peer_ip);
    rig.arrive([](auto out) {
        return build_arp_request(out, peer_mac, peer_ip, Ipv4Address::of(192, 0, 2, 9));
    });
    EXPECT_EQ(rig.interface.sent.size(), 1u);
    EXPECT_TRUE(rig.stack.route_to(peer_ip));  // without a question of its own
    EXPECT_EQ(rig.interface.sent.size(), 1u);
}

TEST(Stack, AsksForANeighbourAndWaitsForTheAnswer) {
    StackRig rig(config());
    rig.interface.events.push_back([&] {
        rig.arrive([](auto out) {
            return build_arp(out, own_mac, {Arp::reply, peer_mac, peer_ip, own_mac, own_ip});
        });
    });
    // An unasked reply of an unknown host is not remembered (RFC 826: merge only what is known, or
    // what is for oneself).
    const auto route = rig.stack.route_to(peer_ip);
    ASSERT_TRUE(route);
    EXPECT_EQ(route->destination_mac, peer_mac);
    EXPECT_EQ(route->source, IpAddress(own_ip));
    ASSERT_EQ(rig.interface.sent.size(), 1u);
    EXPECT_TRUE(rig.last().ethernet.destination.is_broadcast());
}

TEST(Stack, GivesUpAfterThreeSeconds) {
    StackRig rig(config());
    EXPECT_FALSE(rig.stack.route_to(peer_ip));
    EXPECT_EQ(rig.interface.sent.size(), 3u);
    EXPECT_EQ(rig.counters().resolutions_failed, 1u);
    EXPECT_GE(rig.m.now_ns(), 3'000'000'000u);
}

// RFC 1122, 3.3.1.1: outside the network the gateway is the next hop; static entries, broadcast and
// groups need no question.
TEST(Stack, ChoosesTheNextHop) {
    StackConfig c = config();
    c.gateway = Ipv4Address::of(192, 0, 2, 254);
    c.neighbours = {{Ipv4Address::of(192, 0, 2, 254), {{0x02, 0, 0, 0, 0, 0xfe}}}};
    StackRig rig(c);
    EXPECT_EQ(rig.stack.route_to(Ipv4Address::of(198, 51, 100, 1))->destination_mac,
              (MacAddress{{0x02, 0, 0, 0, 0, 0xfe}}));
    EXPECT_TRUE(
        rig.stack.route_to(Ipv4Address::of(192, 0, 2, 255))->destination_mac.is_broadcast());
    EXPECT_EQ(rig.stack.route_to(Ipv4Address::of(224, 0, 0, 251))->destination_mac,
              (MacAddress{{0x01, 0, 0x5e, 0, 0, 0xfb}}));
    EXPECT_EQ(rig.interface.sent.size(), 0u);
    StackConfig none;
    StackRig without(none);
    EXPECT_FALSE(without.stack.route_to(peer_ip));
}

TEST(Stack, AnswersEchoRequestsWithTheirBytes) {
    StackRig rig(config());
    const std::vector<std::byte> payload(33, std::byte{0x5a});
    rig.arrive([&](auto out) { return build_echo(out, from_peer(), {false, 7, 9}, payload); });
    ASSERT_EQ(rig.interface.sent.size(), 1u);
    const Packet p = rig.last();
    EXPECT_TRUE(p.sound());
    const Echo& e = std::get<Echo>(p.transport);
    EXPECT_TRUE(e.reply);
    EXPECT_EQ(e.identifier, 7u);
    EXPECT_EQ(e.sequence, 9u);
    EXPECT_TRUE(std::ranges::equal(p.payload, payload));
    EXPECT_EQ(std::get<Ipv4>(p.network).source, own_ip);
}

TEST(Stack, AnswersSolicitationsForItsAddress) {
    StackRig rig(config());
    const Ipv6Address own = Ipv6Address::link_local(own_mac);
    const Ipv6Address peer = Ipv6Address::link_local(peer_mac);
    rig.arrive([&](auto out) { return build_solicitation(out, peer_mac, peer, own); });
    ASSERT_EQ(rig.interface.sent.size(), 1u);
    const Packet p = rig.last();
    EXPECT_TRUE(p.sound());
    const auto& n = std::get<Neighbour>(p.transport);
    EXPECT_TRUE(n.advertisement && n.solicited && n.override_);
    EXPECT_EQ(n.target, own);
    EXPECT_EQ(n.link_address, own_mac);
    EXPECT_TRUE(rig.stack.route_to(peer));
    EXPECT_EQ(rig.interface.sent.size(), 1u);
}

TEST(Stack, AGlobalAddressIsUsedForGlobalPeers) {
    StackConfig c;
    c.ipv6_address = Ipv6Address::parse("2001:db8::1");
    c.neighbours = {{*Ipv6Address::parse("2001:db8::2"), peer_mac},
                    {Ipv6Address::link_local(peer_mac), peer_mac}};
    StackRig rig(c);
    EXPECT_EQ(rig.stack.route_to(*Ipv6Address::parse("2001:db8::2"))->source,
              IpAddress(*c.ipv6_address));
    EXPECT_EQ(rig.stack.route_to(Ipv6Address::link_local(peer_mac))->source,
              IpAddress(Ipv6Address::link_local(own_mac)));
}

// Datagrams go to the socket of their port; what is dropped is counted under its cause.
TEST(Stack, EveryFrameHasOneFate) {
    StackRig rig(config());
    Socket& socket = rig.stack.bind(9);
    const std::vector<std::byte> payload(40, std::byte{1});
    const auto udp = [&](const Route& r, std::uint16_t port) {
        return [&payload, r, port](auto out) { return build_udp(out, r, {1000, port}, payload); };
    };
    rig.arrive(udp(from_peer(), 9));
    rig.arrive(udp(from_peer(), 10));                                        // no socket
    rig.arrive(udp(from_peer(peer_ip, Ipv4Address::of(192, 0, 2, 77)), 9));  // another's address
    Route foreign = from_peer();
    foreign.destination_mac = {{0x02, 0, 0, 0, 0, 0x77}};
    rig.arrive(udp(foreign, 9));  // another's MAC
    rig.arrive([&](auto out) {
        const std::size_t n = build_udp(out, from_peer(), {1000, 9}, payload);
        out[n - 1] ^= std::byte{1};
        return n;
    });                                                // wrong checksum
    rig.arrive([](auto) { return std::size_t{10}; });  // less than a header
    rig.arrive([&](auto out) {
        return build_ethernet(out, {own_mac, peer_mac, 0x88b5}, payload);
    });  // another protocol
    const StackCounters& c = rig.counters();
    EXPECT_EQ(c.rx_frames, 7u);
    EXPECT_EQ(c.rx_datagrams, 1u);
    EXPECT_EQ(c.rx_no_socket, 1u);
    EXPECT_EQ(c.rx_foreign, 2u);
    EXPECT_EQ(c.rx_bad_checksum, 1u);
    EXPECT_EQ(c.rx_malformed, 1u);
    EXPECT_EQ(c.rx_unhandled, 1u);
    EXPECT_EQ(c.rx_dropped() + c.rx_datagrams, c.rx_frames);
    ASSERT_FALSE(socket.empty());
    EXPECT_EQ(socket.front().source, IpAddress(peer_ip));
    EXPECT_EQ(socket.front().source_port, 1000u);
    EXPECT_EQ(socket.front().payload, payload);
    socket.pop();
    EXPECT_TRUE(socket.empty());
}

// A checksum that the device vouches for, or left partial, is not looked at again.
// Sending traps, so a run may be ended in the middle of it: the frame is in the account by then.
TEST(Stack, AFrameCountsBeforeTheInterfaceHasIt) {
    StackRig rig(config());
    std::vector<std::uint64_t> given;
    rig.interface.while_sending = [&] { given.push_back(rig.counters().tx_given); };
    rig.arrive([](auto f) { return build_arp_request(f, peer_mac, peer_ip, own_ip); });
    rig.interface.refuses = true;
    rig.arrive([](auto f) { return build_arp_request(f, peer_mac, peer_ip, own_ip); });
    EXPECT_THAT(given, ElementsAre(1, 2));
    EXPECT_EQ(rig.counters().tx_packets, 1U);
    EXPECT_EQ(rig.counters().tx_refused, 1U);
}

// RFC 791: an MTU of 68 is allowed; RFC 8200, 5: IPv6 has 1280 at least, and a solicitation of 72
// bytes does not fit here. Nothing is sent in its place.
TEST(Stack, WhatDoesNotFitTheMtuIsNotSent) {
    StackRig rig(config(), 68);
    EXPECT_FALSE(rig.stack.route_to(Ipv6Address::link_local(peer_mac)));
    EXPECT_THAT(rig.interface.sent, testing::IsEmpty());
    EXPECT_EQ(rig.counters().tx_too_long, 3U);
    EXPECT_EQ(rig.counters().tx_given, 0U);
}

TEST(Stack, AKnownChecksumIsBelieved) {
    StackRig rig(config());
    rig.stack.bind(9);
    const std::vector<std::byte> payload(40, std::byte{1});
    rig.arrive(
        [&](auto out) {
            return build_udp(out, from_peer(), {1000, 9}, payload, ChecksumMode::partial);
        },
        true);
    EXPECT_EQ(rig.counters().rx_datagrams, 1u);
}

TEST(Stack, ASocketKeepsWhatItsBufferHolds) {
    StackConfig c = config();
    c.socket_bytes = 3 * (768 + 40);
    StackRig rig(c);
    Socket& socket = rig.stack.bind(9);
    const std::vector<std::byte> payload(40, std::byte{1});
    for (unsigned k = 0; k < 5; ++k)
        rig.arrive([&](auto out) { return build_udp(out, from_peer(), {1000, 9}, payload); });
    EXPECT_EQ(rig.counters().rx_datagrams, 3u);
    EXPECT_EQ(rig.counters().rx_socket_full, 2u);
    socket.pop();
    rig.arrive([&](auto out) { return build_udp(out, from_peer(), {1000, 9}, payload); });
    EXPECT_EQ(rig.counters().rx_datagrams, 4u);
}

TEST(Stack, SendsWithWholeOrPartialChecksums) {
    for (const bool partial : {false, true}) {
        StackConfig c = config();
        c.neighbours = {{peer_ip, peer_mac}};
        StackRig rig(c);
        rig.interface.partial = partial;
        const auto route = rig.stack.route_to(peer_ip);
        ASSERT_TRUE(route);
        std::ranges::fill(rig.stack.udp_payload(*route, 100), std::byte{3});
        ASSERT_TRUE(rig.stack.send_udp(*route, {5000, 7}, 100));
        std::vector<std::byte> frame = rig.interface.sent.back();
        const PartialChecksum sum = rig.interface.checksums.back();
        EXPECT_EQ(sum.wanted, partial);
        EXPECT_EQ(parse(frame).sound(), !partial);
        if (partial) {
            EXPECT_EQ(sum.start, 34u);
            EXPECT_EQ(sum.offset, 6u);
            ASSERT_TRUE(complete_checksum(frame, sum.start, sum.offset));
            EXPECT_TRUE(parse(frame).sound());
        }
        EXPECT_EQ(rig.stack.max_datagram(*route), 1472u);
        EXPECT_FALSE(rig.stack.send_udp(*route, {5000, 7}, 1473));
        EXPECT_EQ(rig.counters().tx_too_long, 1u);
        rig.interface.refuses = true;
        EXPECT_FALSE(rig.stack.send_udp(*route, {5000, 7}, 100));
        EXPECT_EQ(rig.counters().tx_refused, 1u);
        EXPECT_EQ(rig.counters().tx_packets, 1u);
    }
}

}  // namespace
