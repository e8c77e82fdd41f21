// Frames: what is built is laid out as the RFCs say and is read back as it was; what is damaged is
// never taken for whole. (tests/models/wire has tshark judge the same frames.)
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "vms/workload/packets/build.h"
#include "vms/workload/packets/checksum.h"
#include "vms/workload/packets/parse.h"
#include "vms/workload/packets/wire_order.h"

namespace vms::workload::packets {
namespace {

const MacAddress mac_a{{0x02, 0, 0, 0, 0, 0x0a}};
const MacAddress mac_b{{0x02, 0, 0, 0, 0, 0x0b}};
constexpr Ipv4Address ip_a = Ipv4Address::of(192, 0, 2, 10);
constexpr Ipv4Address ip_b = Ipv4Address::of(192, 0, 2, 11);

Route route_v4() {
    return {.source_mac = mac_a, .destination_mac = mac_b, .source = ip_a, .destination = ip_b};
}
Route route_v6() {
    return {.source_mac = mac_a,
            .destination_mac = mac_b,
            .source = Ipv6Address::link_local(mac_a),
            .destination = Ipv6Address::link_local(mac_b)};
}

std::string hex(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string s;
    for (const std::byte b : bytes) {
        s += digits[std::to_integer<unsigned>(b) >> 4];
        s += digits[std::to_integer<unsigned>(b) & 0xf];
    }
    return s;
}

std::vector<std::byte> text_bytes(std::string_view text) {
    std::vector<std::byte> bytes(text.size());
    std::ranges::transform(text, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
    return bytes;
}

// RFC 826: hardware 1, protocol 0x0800, lengths 6 and 4; RFC 1042's minimum kept by zeroes.
TEST(Frames, AnArpRequest) {
    std::array<std::byte, 60> out{};
    out.fill(std::byte{0xff});
    ASSERT_EQ(build_arp_request(out, mac_a, ip_a, ip_b), 60U);
    EXPECT_EQ(hex(out),
              "ffffffffffff"
              "02000000000a"
              "0806"
              "0001"
              "0800"
              "06"
              "04"
              "0001"
              "02000000000a"
              "c000020a"
              "000000000000"
              "c000020b" +
                  std::string(36, '0'));
    const Packet p = parse(out);
    ASSERT_TRUE(p.sound());
    const Arp& arp = std::get<Arp>(p.network);
    EXPECT_EQ(arp.operation, Arp::request);
    EXPECT_EQ(arp.sender, ip_a);
    EXPECT_EQ(arp.target, ip_b);
    EXPECT_EQ(build_arp_request(std::span(out).first(59), mac_a, ip_a, ip_b), 0U);
}

// RFC 791, 3.1 and RFC 768, field by field.
TEST(Frames, AUdpDatagramOverIpv4) {
    std::array<std::byte, 64> out{};
    Route route = route_v4();
    route.identification = 0x1234;
    const auto payload = text_bytes("abc");
    ASSERT_EQ(build_udp(out, route, {7, 0x1389}, payload), 60U);
    // Ones' complement sums by hand: 4500 + 001f + 1234 + 4000 + 4011 + c000 + 020a + c000 + 020b;
    // c000 + 020a + c000 + 020b + 0011 + 000b + 0007 + 1389 + 000b + 6162 + 6300.
    EXPECT_EQ(hex(std::span(out).first(45)),
              "02000000000b"
              "02000000000a"
              "0800"
              "4500001f12344000"
              "4011a484"
              "c000020a"
              "c000020b"
              "00071389000b"
              "a3cf"
              "616263");
    const Packet p = parse(std::span(out).first(60));
    EXPECT_TRUE(p.sound());
    EXPECT_EQ(p.network_checksum, ChecksumState::good);
    EXPECT_EQ(p.transport_checksum, ChecksumState::good);
    EXPECT_EQ(std::get<Udp>(p.transport).destination_port, 0x1389);
    EXPECT_EQ(hex(p.payload), "616263") << "without the padding";
}

TEST(Frames, AUdpDatagramOverIpv6) {
    std::array<std::byte, 128> out{};
    const auto payload = text_bytes("odd");
    const std::size_t n = build_udp(out, route_v6(), {1, 2}, payload);
    ASSERT_EQ(n, 14U + 40 + 8 + 3);
    const Packet p = parse(std::span(out).first(n));
    EXPECT_TRUE(p.sound());
    EXPECT_EQ(p.transport_checksum, ChecksumState::good);
    EXPECT_EQ(std::get<Ipv6>(p.network).hop_limit, 64);
    EXPECT_EQ(p.payload.size(), 3U);
}

// RFC 768 and RFC 8200, 8.1: without a checksum over IPv4 only.
TEST(Frames, AUdpDatagramWithoutChecksum) {
    std::array<std::byte, 128> out{};
    const auto payload = text_bytes("x");
    ASSERT_NE(build_udp(out, route_v4(), {1, 2}, payload, ChecksumMode::none), 0U);
    EXPECT_EQ(parse(out).transport_checksum, ChecksumState::absent);
    EXPECT_TRUE(parse(out).sound());
    ASSERT_NE(build_udp(out, route_v6(), {1, 2}, payload, ChecksumMode::none), 0U);
    EXPECT_EQ(parse(out).transport_checksum, ChecksumState::bad);
}

// VirtIO 1.2, 5.1.6.2: partial plus completed is full.
TEST(Frames, APartialChecksumCompletedIsAFullOne) {
    for (const Route& route : {route_v4(), route_v6()}) {
        std::array<std::byte, 128> full{};
        std::array<std::byte, 128> partial{};
        const auto payload = text_bytes("a payload of odd length");
        const std::size_t n = build_udp(full, route, {1, 2}, payload);
        ASSERT_EQ(build_udp(partial, route, {1, 2}, payload, ChecksumMode::partial), n);
        const Packet p = parse(std::span(partial).first(n));
        EXPECT_EQ(p.transport_checksum, ChecksumState::bad);
        EXPECT_TRUE(parse(std::span(partial).first(n), Verify::no_transport).sound());
        ASSERT_TRUE(complete_checksum(std::span(partial).first(n), p.transport_at, 6));
        EXPECT_EQ(partial, full);
    }
}

TEST(Frames, Echoes) {
    std::array<std::byte, 128> out{};
    const auto payload = text_bytes("ping");
    for (const Route& route : {route_v4(), route_v6()})
        for (const bool reply : {false, true}) {
            const std::size_t n = build_echo(out, route, {reply, 0x55, 9}, payload);
            ASSERT_EQ(n, padded(route.headers() + 8 + 4));
            const Packet p = parse(std::span(out).first(n));
            EXPECT_TRUE(p.sound());
            EXPECT_EQ(p.transport_checksum, ChecksumState::good);
            const Echo& echo = std::get<Echo>(p.transport);
            EXPECT_EQ(echo.reply, reply);
            EXPECT_EQ(echo.identifier, 0x55);
            EXPECT_EQ(echo.sequence, 9);
            EXPECT_EQ(hex(p.payload), hex(payload));
        }
}

// RFC 4861, 7.2.2 and 4.3, 4.4: hop limit 255, flags R, S, O, the options' types 1 and 2.
TEST(Frames, NeighbourDiscovery) {
    std::array<std::byte, 128> out{};
    const Ipv6Address a = Ipv6Address::link_local(mac_a);
    const Ipv6Address b = Ipv6Address::link_local(mac_b);
    std::size_t n = build_solicitation(out, mac_a, a, b);
    ASSERT_EQ(n, 14U + 40 + 24 + 8);
    Packet p = parse(std::span(out).first(n));
    ASSERT_TRUE(p.sound());
    EXPECT_EQ(p.ethernet.destination.text(), "33:33:ff:00:00:0b");
    EXPECT_EQ(std::get<Ipv6>(p.network).hop_limit, 255);
    EXPECT_EQ(std::get<Neighbour>(p.transport).target, b);
    EXPECT_EQ(std::get<Neighbour>(p.transport).link_address, mac_a);
    EXPECT_EQ(hex(std::span(out).subspan(54, 2)), "8700");
    EXPECT_EQ(hex(std::span(out).subspan(78, 2)), "0101");

    n = build_neighbour(out, route_v6(),
                        {.advertisement = true,
                         .target = a,
                         .link_address = mac_a,
                         .solicited = true,
                         .override_ = true});
    p = parse(std::span(out).first(n));
    ASSERT_TRUE(p.sound());
    EXPECT_EQ(hex(std::span(out).subspan(54, 2)), "8800");
    EXPECT_EQ(hex(std::span(out).subspan(58, 4)), "60000000");
    EXPECT_EQ(hex(std::span(out).subspan(78, 2)), "0201");
    EXPECT_EQ(std::get<Neighbour>(p.transport).link_address, mac_a);
}

TEST(Frames, WhatDoesNotFitIsNotBuilt) {
    std::vector<std::byte> out(70'000, std::byte{0x77});
    const auto before = out;
    EXPECT_EQ(build_udp(out, route_v4(), {1, 2}, 65'508), 0U) << "total length is 16 bits";
    EXPECT_EQ(build_udp(out, route_v6(), {1, 2}, 65'528), 0U);
    EXPECT_EQ(build_udp(std::span(out).first(59), route_v4(), {1, 2}, 1), 0U);
    EXPECT_EQ(build_echo(std::span(out).first(65), route_v6(), {}, 4), 0U);
    EXPECT_EQ(build_neighbour(out, route_v4(), {}), 0U);
    Route mixed = route_v4();
    mixed.destination = Ipv6Address::all_nodes();
    EXPECT_EQ(build_udp(out, mixed, {1, 2}, 1), 0U);
    EXPECT_TRUE(udp_payload(std::span(out).first(59), route_v4(), 1).empty());
    EXPECT_EQ(out, before);
    EXPECT_NE(build_udp(out, route_v4(), {1, 2}, 65'507), 0U);
}

TEST(Parse, FaultsAreNamed) {
    std::array<std::byte, 128> out{};
    const std::size_t n = build_udp(out, route_v6(), {1, 2}, text_bytes("0123456789"));
    const auto changed = [&](std::size_t at, unsigned value) {
        auto copy = out;
        copy[at] = static_cast<std::byte>(value);
        return parse(std::span(copy).first(n)).fault;
    };
    EXPECT_EQ(parse(std::span(out).first(13)).fault, Fault::short_frame);
    EXPECT_EQ(parse(std::span(out).first(53)).fault, Fault::short_ip);
    EXPECT_EQ(parse(std::span(out).first(n - 1)).fault, Fault::short_ip);
    EXPECT_EQ(changed(14, 0x45), Fault::bad_ip_version);
    EXPECT_EQ(changed(20, 0), Fault::bad_header_length) << "options of 8 bytes and more";
    EXPECT_EQ(changed(59, 7), Fault::short_transport);
    EXPECT_EQ(changed(59, 19), Fault::short_transport);

    ASSERT_NE(build_udp(out, route_v4(), {1, 2}, text_bytes("0123456789")), 0U);
    EXPECT_EQ(changed(14, 0x44), Fault::bad_header_length);
    EXPECT_EQ(changed(14, 0x4f), Fault::bad_header_length);
    EXPECT_EQ(changed(14, 0x65), Fault::bad_ip_version);
    EXPECT_EQ(changed(16, 0x40), Fault::short_ip);

    ASSERT_NE(build_arp_request(out, mac_a, ip_a, ip_b), 0U);
    EXPECT_EQ(changed(15, 6), Fault::foreign_arp);
    EXPECT_EQ(parse(std::span(out).first(41)).fault, Fault::short_arp);

    const std::size_t s = build_solicitation(out, mac_a, Ipv6Address::link_local(mac_a),
                                             Ipv6Address::link_local(mac_b));
    for (const unsigned units : {0U, 2U}) {
        auto copy = out;
        copy[79] = static_cast<std::byte>(units);
        EXPECT_EQ(parse(std::span(copy).first(s)).fault, Fault::bad_neighbour) << units;
    }
}

// RFC 791, 3.2 and RFC 8200, 4.5: a fragment's data is not a header.
TEST(Parse, FragmentsAreNotLookedInto) {
    std::array<std::byte, 128> out{};
    ASSERT_NE(build_udp(out, route_v4(), {1, 2}, text_bytes("0123456789")), 0U);
    put16(out, 20, 0x0001);
    EXPECT_TRUE(std::get<Ipv4>(parse(out).network).fragment);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(parse(out).transport));
    ASSERT_NE(build_udp(out, route_v6(), {1, 2}, text_bytes("0123456789")), 0U);
    out[20] = std::byte{44};
    EXPECT_TRUE(std::get<Ipv6>(parse(out).network).fragment);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(parse(out).transport));
}

// RFC 2710, 3: a listener report comes after a hop-by-hop header.
TEST(Parse, ExtensionHeadersArePassed) {
    std::array<std::byte, 128> out{};
    const std::size_t n = build_echo(out, route_v6(), {false, 1, 2}, text_bytes("abcdefgh"));
    std::array<std::byte, 128> with{};
    std::copy_n(out.begin(), 54, with.begin());
    std::copy(out.begin() + 54, out.begin() + static_cast<std::ptrdiff_t>(n), with.begin() + 62);
    with[54] = with[20];
    with[20] = std::byte{0};
    put16(with, 18, static_cast<std::uint16_t>(n - 54 + 8));
    const Packet p = parse(std::span(with).first(n + 8));
    EXPECT_TRUE(p.sound());
    EXPECT_EQ(std::get<Echo>(p.transport).sequence, 2);
    EXPECT_EQ(p.transport_at, 62U);
}

// Any single changed bit behind the addresses is found by a checksum, a length or the type, and no
// input of any length makes the parser read outside it (run with the address sanitizer).
TEST(Parse, DamageIsFoundAndNothingElseRead) {
    std::mt19937_64 random(3);
    for (const Route& route : {route_v4(), route_v6()}) {
        std::array<std::byte, 128> out{};
        const std::size_t n =
            build_udp(out, route, {1, 2}, text_bytes("a payload of 30 bytes, no pad."));
        for (std::size_t bit = 8 * route.headers(); bit < 8 * n; ++bit) {
            std::vector<std::byte> frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
            frame[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            EXPECT_FALSE(parse(frame).sound()) << bit;
        }
        for (int i = 0; i < 20'000; ++i) {
            std::vector<std::byte> frame(out.begin(),
                                         out.begin() + static_cast<std::ptrdiff_t>(random() % n));
            for (int k = 0; k < 4 && !frame.empty(); ++k)
                frame[random() % frame.size()] = static_cast<std::byte>(random());
            const Packet p = parse(frame);
            EXPECT_LE(p.payload.size(), frame.size());
        }
    }
}

}  // namespace
}  // namespace vms::workload::packets
