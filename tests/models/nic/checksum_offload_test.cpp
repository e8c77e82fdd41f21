// Checksums that the GEM makes and checks, against frames built by vms/workload/packets (which is
// tested against the RFCs' examples) and, for TCP, a sum by hand after RFC 9293, 3.1.
#include "models/nic/checksum_offload.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/models/nic/gem_bench.h"
#include "vms/workload/packets/build.h"

namespace models::test {
namespace {

namespace packets = vms::workload::packets;

constexpr packets::MacAddress mac_a{{0x02, 0, 0, 0, 0, 0x0a}};
constexpr packets::MacAddress mac_b{{0x02, 0, 0, 0, 0, 0x0b}};

Bytes udp_frame(bool v6, std::size_t payload) {
    packets::Route route{mac_a, mac_b, packets::Ipv4Address::of(10, 0, 0, 1),
                         packets::Ipv4Address::of(10, 0, 0, 2)};
    if (v6) {
        packets::Ipv6Address a{};
        packets::Ipv6Address b{};
        a.bytes[0] = b.bytes[0] = 0xfd;
        a.bytes[15] = 1;
        b.bytes[15] = 2;
        route.source = a;
        route.destination = b;
    }
    Bytes f(1514);
    const std::vector<std::byte> data(payload, std::byte{0x5a});
    f.resize(packets::build_udp(f, route, {1000, 2000}, data));
    return f;
}

/// As IPv4 with a TCP segment of `payload` bytes behind a header of 20, checksums in place.
Bytes tcp_frame(std::size_t payload) {
    Bytes f = make_frame(0x0200'0000'000b, 54 + payload);
    const auto put = [&f](std::size_t at, std::initializer_list<unsigned> bytes) {
        for (const unsigned b : bytes)
            f[at++] = static_cast<std::byte>(b);
    };
    const auto total = static_cast<unsigned>(40 + payload);
    put(12, {0x08,
             0x00,
             0x45,
             0,
             static_cast<unsigned>(total >> 8),
             total & 0xff,
             0,
             1,
             0x40,
             0,
             64,
             6,
             0,
             0,
             192,
             168,
             0,
             1,
             192,
             168,
             0,
             2});
    put(34, {0x04, 0xd2, 0x00, 0x50, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0});
    const auto sum = [&f](std::size_t from, std::size_t to, std::uint32_t s) {
        for (std::size_t i = from; i < to; i += 2)
            s += std::to_integer<unsigned>(f[i]) << 8 |
                 (i + 1 < to ? std::to_integer<unsigned>(f[i + 1]) : 0);
        while (s >> 16 != 0)
            s = (s & 0xffff) + (s >> 16);
        return ~s & 0xffff;
    };
    const unsigned ip = sum(14, 34, 0);
    put(24, {ip >> 8, ip & 0xff});
    // 192.168.0.1, 192.168.0.2, protocol 6, length
    const auto pseudo = static_cast<std::uint32_t>(2 * 0xc0a8 + 1 + 2 + 6 + 20 + payload);
    const unsigned tcp = sum(34, f.size(), pseudo);
    put(50, {tcp >> 8, tcp & 0xff});
    return f;
}

TEST(ChecksumOffload, RightOnesAreFoundRight) {
    EXPECT_EQ(check_checksums(udp_frame(false, 100)), ChecksumFinding::udp);
    EXPECT_EQ(check_checksums(udp_frame(false, 1)), ChecksumFinding::udp) << "odd, and padded";
    EXPECT_EQ(check_checksums(udp_frame(true, 101)), ChecksumFinding::udp);
    EXPECT_EQ(check_checksums(tcp_frame(33)), ChecksumFinding::tcp);
    EXPECT_EQ(check_checksums(make_frame(0x0200'0000'000b, 100)), ChecksumFinding::none);
}

TEST(ChecksumOffload, WrongOnesAreFoundWrong) {
    Bytes f = udp_frame(false, 100);
    f[60] ^= std::byte{1};
    EXPECT_EQ(check_checksums(f), ChecksumFinding::bad_udp);
    f = tcp_frame(10);
    f[55] ^= std::byte{1};
    EXPECT_EQ(check_checksums(f), ChecksumFinding::bad_tcp);
    f = tcp_frame(10);
    f[22] ^= std::byte{1};  // time to live
    EXPECT_EQ(check_checksums(f), ChecksumFinding::bad_ip);
}

TEST(ChecksumOffload, WhatHasNoneIsLeftAlone) {
    Bytes f = udp_frame(false, 100);
    f[40] = f[41] = std::byte{0};  // RFC 768: no checksum
    EXPECT_EQ(check_checksums(f), ChecksumFinding::ip);
    // A fragment: only the header's.
    Bytes fragment = tcp_frame(10);
    fragment[20] = std::byte{0x20};
    fragment[24] = fragment[25] = std::byte{0};
    const Bytes before = fragment;
    make_checksums(fragment);
    EXPECT_EQ(check_checksums(fragment), ChecksumFinding::ip);
    EXPECT_EQ(Bytes(fragment.begin() + 34, fragment.end()),
              Bytes(before.begin() + 34, before.end()));
    // Lengths that do not fit.
    Bytes odd = udp_frame(false, 100);
    odd[16] = std::byte{0xff};
    EXPECT_EQ(check_checksums(odd), ChecksumFinding::none);
    for (std::size_t n = 14; n < 60; ++n)
        check_checksums(std::span(std::as_const(odd)).first(n));
}

TEST(ChecksumOffload, MakesWhatTheBuildersMake) {
    for (const Bytes& good : {udp_frame(false, 100), udp_frame(true, 55), tcp_frame(20)}) {
        Bytes f = good;
        const bool tcp = check_checksums(good) == ChecksumFinding::tcp;
        const FrameHeaders h = find_headers(good);
        if (h.ipv4)
            f[h.ip + 10] = f[h.ip + 11] = std::byte{0xee};
        f[h.segment + (tcp ? 16 : 6)] = std::byte{0x12};
        make_checksums(f);
        EXPECT_EQ(f, good);
        // In a VLAN tag too.
        Bytes tagged(f.begin(), f.begin() + 12);
        for (const unsigned b : {0x81, 0x00, 0x00, 0x05})
            tagged.push_back(static_cast<std::byte>(b));
        tagged.insert(tagged.end(), f.begin() + 12, f.end());
        const Bytes right = tagged;
        tagged[h.segment + 4 + (tcp ? 16 : 6)] = std::byte{0x12};
        make_checksums(tagged);
        EXPECT_EQ(tagged, right);
    }
}

// dma_config.tx_pbuf_tcp_en, network_config.receive_checksum_offload_enable; bits 23:22 of the
// descriptor; rx_*_ck_errors.
TEST(ChecksumOffload, IsTheGemsWhenEnabled) {
    GemBench b;
    b.make_rx_ring(4);
    b.enable(gem::config::copy_all_frames | gem::config::receive_checksum);
    b.write(gem::dma_config, 0x0018'0710 | gem::dma::tx_checksum);
    const Bytes good = tcp_frame(100);
    Bytes blank = good;
    blank[24] = blank[25] = blank[50] = blank[51] = std::byte{0};
    b.put_tx(0, blank);
    b.tx_descriptor(1, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    ASSERT_EQ(b.link.sent.size(), 1U);
    EXPECT_EQ(b.link.sent[0].bytes, good);

    Bytes bad = udp_frame(false, 100);
    bad[60] ^= std::byte{1};
    b.arrive(bad);
    b.arrive(good);
    b.arrive(udp_frame(true, 10));
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.gem.counters().rx_frames, 2U);
    EXPECT_EQ(b.gem.counters().rx_checksum, 1U);
    EXPECT_EQ(b.read(gem::rx_udp_ck_errors), 1U);
    EXPECT_EQ(b.word(GemBench::rx_ring + 4) >> 22 & 3, 2U) << "IP and TCP";
    EXPECT_EQ(b.word(GemBench::rx_ring + 12) >> 22 & 3, 3U) << "IP and UDP";
    EXPECT_EQ(b.gem.counters().rx_inside(), 0U);
}

}  // namespace
}  // namespace models::test
