// Transmission by the network device, against VirtIO v1.4, 5.1.9.2 (packet transmission), and what
// hostile drivers do. Each test names its clause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/net_rig.h"
#include "vms/workload/packets/build.h"

namespace vms::service::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

class NetTransmit : public ::testing::Test {
  protected:
    NetRig rig;
    NetNode& n = rig[0];

    void start(std::uint64_t features = all_net_features) { n.start(features); }
    /// The chain came back with length 0 (2.7.8.2: nothing was written), whatever became of it.
    void expect_returned(std::uint16_t chains) {
        EXPECT_EQ(n.transmit.used_index(), chains);
        for (std::uint16_t i = 0; i < chains; ++i)
            EXPECT_EQ(n.transmit.used(i).length, 0u);
        EXPECT_TRUE(rig.net.balanced());
    }
};

TEST_F(NetTransmit, TheFrameLeavesAsItWasWritten) {
    start();
    for (const std::size_t size : {14u, 60u, 64u, 1514u}) {
        rig.outside.frames.clear();
        const Bytes f = frame(station(9), station(1), size, 7);
        n.send(f);
        n.work();
        EXPECT_THAT(rig.outside.frames, ElementsAre(f));
    }
    expect_returned(4);
    EXPECT_EQ(n.counters.tx_bytes, 14u + 60 + 64 + 1514);
}

// 2.7.4.1: a device must not assume how a message is cut into descriptors; 5.1.9 note on framing.
TEST_F(NetTransmit, HeaderAndFrameMayBeCutAnywhere) {
    start();
    const Bytes f = frame(station(9), station(1), 64, 3);
    const GuestAddr at = n.transmit_buffer(0);
    n.cpu.poke(at, net::Header{});
    n.put(at + net::header::bytes, f);
    constexpr std::uint32_t all = net::header::bytes + 64;
    std::uint16_t sent = 0;
    for (std::uint32_t cut = 1; cut < all; ++cut) {
        n.transmit.add({{at, cut, false}, {at + cut, all - cut, false}});
        n.kick(net::transmitq);
        n.work();
        ASSERT_EQ(rig.outside.frames.size(), ++sent) << cut;
        ASSERT_EQ(rig.outside.frames.back(), f) << cut;
    }
    // And with an empty descriptor in between, each byte of the header alone.
    n.transmit.add({{at, 5, false}, {at, 0, false}, {at + 5, 7, false}, {at + 12, 64, false}});
    n.kick(net::transmitq);
    n.work();
    EXPECT_EQ(rig.outside.frames.back(), f);
    expect_returned(sent + 1);
}

// 5.1.9.2.2: unrecognised flags are ignored; hdr_len must not be relied on; without NEEDS_CSUM
// csum_start and csum_offset must not be used.
TEST_F(NetTransmit, WhatMustNotBeUsedIsNotUsed) {
    start();
    const Bytes f = frame(station(9), station(1));
    n.send(f, {.flags = 0xfe,
               .hdr_len = 0xffff,
               .gso_size = 0xffff,
               .csum_start = 0xffff,
               .csum_offset = 0xffff,
               .num_buffers = 0xffff});
    n.work();
    EXPECT_THAT(rig.outside.frames, ElementsAre(f));
    EXPECT_THAT(rig.outside.partial, Each(false));
    expect_returned(1);
}

Bytes udp_frame(std::size_t payload, workload::packets::ChecksumMode checksum) {
    namespace packets = workload::packets;
    Bytes out(2048);
    const packets::Route route{.source_mac = {station(1)},
                               .destination_mac = {station(9)},
                               .source = packets::Ipv4Address{0xc000'0201},
                               .destination = packets::Ipv4Address{0xc000'0209}};
    const Bytes data(payload, std::byte{0x5a});
    out.resize(packets::build_udp(out, route, {.source_port = 4000, .destination_port = 7}, data,
                                  checksum));
    return out;
}
using workload::packets::ChecksumMode;

/// As a driver with CSUM sends UDP over IPv4 (5.1.9.2): the sum of the pseudo header in place.
constexpr net::Header udp_needs_csum{
    .flags = net::flag::needs_csum, .csum_start = 34, .csum_offset = 6};

// 5.1.9.2, CSUM: the sum from csum_start to the end goes to csum_offset. Odd and even lengths.
TEST_F(NetTransmit, TheChecksumIsCompletedForWhoNeedsIt) {
    start();
    rig.outside.completes = &rig.net;
    for (const std::size_t payload : {18u, 19u, 200u, 1471u}) {
        n.send(udp_frame(payload, ChecksumMode::partial), udp_needs_csum);
        n.work();
        EXPECT_EQ(rig.outside.frames.back(), udp_frame(payload, ChecksumMode::full)) << payload;
    }
}

// The checksum is left to whoever takes incomplete ones: nothing crossed a wire.
TEST_F(NetTransmit, AnIncompleteChecksumTravelsAsSuch) {
    start();
    const Bytes f = udp_frame(100, ChecksumMode::partial);
    n.send(f, udp_needs_csum);
    n.work();
    EXPECT_THAT(rig.outside.frames, ElementsAre(f));
    EXPECT_THAT(rig.outside.partial, ElementsAre(true));
}

// RFC 768 and RFC 1071: a sum of zero is sent as all ones, since zero says "no checksum".
TEST_F(NetTransmit, AChecksumOfZeroIsSentAsOnes) {
    start();
    rig.outside.completes = &rig.net;
    Bytes f = frame(station(9), station(1), 64);
    std::fill(f.begin() + 34, f.end(), std::byte{0});
    f[40] = f[41] = std::byte{0xff};
    n.send(f, udp_needs_csum);
    n.work();
    ASSERT_EQ(rig.outside.frames.size(), 1u);
    EXPECT_EQ(rig.outside.frames[0][40], std::byte{0xff});
    EXPECT_EQ(rig.outside.frames[0][41], std::byte{0xff});
}

// A checksum's place out of bounds is refused; the last place that fits is not.
TEST_F(NetTransmit, AChecksumOutsideTheFrameIsRefused) {
    start();
    rig.outside.completes = &rig.net;
    const Bytes f = frame(station(9), station(1), 64);
    struct Case {
        std::uint16_t start;
        std::uint16_t offset;
        bool inside;
    };
    std::uint16_t chains = 0;
    for (const Case& c : std::initializer_list<Case>{{62, 0, true},
                                                     {0, 62, true},
                                                     {14, 48, true},
                                                     {63, 0, false},
                                                     {0, 63, false},
                                                     {64, 0, false},
                                                     {14, 49, false},
                                                     {0xffff, 0, false},
                                                     {0, 0xffff, false},
                                                     {0xffff, 0xffff, false},
                                                     {0xfff0, 0x0010, false}}) {
        const std::size_t before = rig.outside.frames.size();
        n.send(f, {.flags = net::flag::needs_csum, .csum_start = c.start, .csum_offset = c.offset});
        n.work();
        ++chains;
        EXPECT_EQ(rig.outside.frames.size(), before + (c.inside ? 1 : 0))
            << c.start << "+" << c.offset;
    }
    EXPECT_EQ(rig.dropped_in(0, Drop::bad_checksum), 8u);
    expect_returned(chains);
}

// 5.1.9.2.1: without CSUM a driver sets no flags; a device to which CSUM means nothing ignores it.
TEST_F(NetTransmit, WithoutCsumTheFlagMeansNothing) {
    start(without(all_net_features, net::feature::csum));
    rig.outside.completes = &rig.net;
    const Bytes f = udp_frame(100, ChecksumMode::partial);
    n.send(f, udp_needs_csum);
    n.send(f, {.flags = net::flag::needs_csum, .csum_start = 0xffff});
    n.work();
    EXPECT_THAT(rig.outside.frames, ElementsAre(f, f));
}

// No segmentation was offered: 5.1.9.2.1 has the driver set GSO_NONE; anything else is refused.
TEST_F(NetTransmit, SegmentationIsRefused) {
    start();
    std::uint16_t chains = 0;
    for (const std::uint8_t type :
         {net::gso::tcpv4, net::gso::udp, net::gso::tcpv6, net::gso::udp_l4, std::uint8_t{2},
          net::gso::ecn, net::gso::udp_tunnel_ipv4, std::uint8_t{0x61}, std::uint8_t{0xff}}) {
        n.send(frame(station(9), station(1), 1000), {.gso_type = type, .gso_size = 100});
        ++chains;
    }
    n.work();
    EXPECT_TRUE(rig.outside.frames.empty());
    EXPECT_EQ(rig.dropped_in(0, Drop::segmentation), chains);
    expect_returned(chains);
}

// 5.1.4.1: up to the MTU and the Ethernet header frames are forwarded whole; a driver must not send
// more (5.1.4.2). A tag of 802.1Q belongs to the header.
TEST_F(NetTransmit, TheMtuIsTheLimit) {
    start();
    n.send(frame(station(9), station(1), 1514));
    n.send(frame(station(9), station(1), 1515));
    n.send(frame(station(9), station(1), 1518, 0, 0x8100));
    n.send(frame(station(9), station(1), 1519, 0, 0x8100));
    n.send(frame(station(9), station(1), 4000));
    n.work();
    EXPECT_EQ(rig.outside.frames.size(), 2u);
    EXPECT_EQ(rig.dropped_in(0, Drop::too_long), 3u);
    expect_returned(5);
}

TEST(NetTransmitJumbo, FramesUpToTheLargestMtu) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    p.mtu = Switch::max_mtu;
    NetRig rig(1, p);
    rig[0].start(all_net_features);
    const Bytes f = frame(station(9), station(1), Switch::max_mtu + 14);
    const Bytes tagged = frame(station(9), station(1), Switch::max_mtu + 18, 0, 0x8100);
    rig[0].send(f);
    rig[0].send(tagged);
    rig[0].send(frame(station(9), station(1), Switch::max_mtu + 15));
    rig[0].work();
    EXPECT_THAT(rig.outside.frames, ElementsAre(f, tagged));
    EXPECT_EQ(rig.dropped_in(0, Drop::too_long), 1u);
}

// --- hostile chains
// -------------------------------------------------------------------------------

TEST_F(NetTransmit, ChainsTooShortAreDroppedAndReturned) {
    start();
    const GuestAddr at = n.transmit_buffer(0);
    n.cpu.poke(at, net::Header{});
    std::uint16_t chains = 0;
    for (std::uint32_t size = 0; size < net::header::bytes + 14; ++size) {
        n.transmit.add({{at, size, false}});
        n.kick(net::transmitq);
        n.work();
        ++chains;
    }
    EXPECT_EQ(rig.dropped_in(0, Drop::short_header), 12u);
    EXPECT_EQ(rig.dropped_in(0, Drop::too_short), 14u);
    EXPECT_TRUE(rig.outside.frames.empty());
    expect_returned(chains);
}

// Only writable buffers: there is no frame, and nothing is written into them.
TEST_F(NetTransmit, WritableBuffersAreNotRead) {
    start();
    const GuestAddr at = n.transmit_buffer(0);
    n.put(at, Bytes(100, std::byte{0x77}));
    n.transmit.add({{at, 100, true}});
    // A frame followed by a writable buffer is a frame.
    const Bytes f = frame(station(9), station(1));
    n.cpu.poke(n.transmit_buffer(1), net::Header{});
    n.put(n.transmit_buffer(1) + net::header::bytes, f);
    n.transmit.add({{n.transmit_buffer(1), 76, false}, {at, 100, true}});
    n.kick(net::transmitq);
    n.work();
    EXPECT_EQ(rig.dropped_in(0, Drop::short_header), 1u);
    EXPECT_THAT(rig.outside.frames, ElementsAre(f));
    EXPECT_EQ(n.get(at, 100), Bytes(100, std::byte{0x77}));
    expect_returned(2);
}

// As much in one chain as there can be, by overlapping buffers: of what is too long nothing is
// read.
TEST_F(NetTransmit, AHugeChainIsDroppedUnread) {
    start();
    const auto size = static_cast<std::uint32_t>(NetNode::bytes);
    const GuestAddr table = n.base + 0x4000;
    constexpr std::uint16_t entries = NetDevice::max_descriptors;
    for (std::uint16_t i = 0; i < entries; ++i)
        n.cpu.poke(
            table + 16ull * i,
            abi::ring::Descriptor{n.base.value, size,
                                  i + 1 < entries ? abi::ring::desc::flag_next : std::uint16_t{0},
                                  static_cast<std::uint16_t>(i + 1)});
    n.transmit.write_descriptor(0, {table.value, 16u * entries, abi::ring::desc::flag_indirect, 0});
    n.transmit.make_available(0);
    n.kick(net::transmitq);
    const std::uint64_t loads = rig.cpu.retired.loads;
    n.work();
    rig.port.settle();
    EXPECT_LT(rig.cpu.retired.loads - loads, 2'000u);  // the descriptors, not 128 MiB
    EXPECT_EQ(rig.dropped_in(0, Drop::too_long), 1u);
    expect_returned(1);
}

// What the driver changes after the copy is not seen: header and frame are used from the copy.
TEST_F(NetTransmit, AFrameIsCopiedBeforeItIsChecked) {
    start();
    class Changer final : public SwitchPort {
      public:
        std::function<void()> change;
        Bytes seen;
        Drop deliver(Frame& f) override {
            change();
            seen.assign(f.bytes().begin(), f.bytes().end());
            return Drop::none;
        }
    } changer;
    rig.net.attach(changer, 1);
    const Bytes f = frame(broadcast_mac, station(1));
    changer.change = [&] {
        n.put(n.transmit_buffer(0), Bytes(200, std::byte{0xee}));
        EXPECT_EQ(n.transmit.used_index(), 0u);  // not yet published either
    };
    n.send(f);
    n.work();
    EXPECT_EQ(changer.seen, f);
}

// A broken ring stops the device and says so (2.1.2); its port is down for the others, and nothing
// of what they send is lost silently.
TEST_F(NetTransmit, ABrokenRingTakesThePortDown) {
    start();
    n.post(4);
    n.transmit.write_descriptor(0, {0xdead'0000, 64, 0, 0});
    n.transmit.make_available(0);
    n.kick(net::transmitq);
    n.work();
    EXPECT_EQ(n.transport.last_fault(), QueueFault::buffer_outside);
    EXPECT_NE(n.registers.read(abi::mmio::status) & abi::mmio::status_bit::needs_reset, 0u);
    rig.arrive(frame(station(1), station(9)));
    EXPECT_EQ(rig.dropped_out(0, Drop::port_down), 1u);
    EXPECT_TRUE(rig.net.balanced());
    // A reset heals it.
    start();
    n.post(1);
    n.send(frame(station(9), station(1)));
    n.work();
    rig.arrive(frame(station(1), station(9)));
    n.transport.publish();
    EXPECT_TRUE(n.take());
    EXPECT_TRUE(rig.net.balanced());
}

// 2.7.10: kicks are not wanted while frames are taken anyway, and wanted when the ring is empty.
TEST_F(NetTransmit, AsksForKicksOnlyWhenTheRingIsEmpty) {
    start(without(all_net_features, abi::mmio::feature::ring_event_idx));
    for (int i = 0; i < 3; ++i)
        n.queue(frame(station(9), station(1)));
    n.kick(net::transmitq);
    EXPECT_TRUE(n.transport.work());
    EXPECT_EQ(n.transmit.used_flags(), abi::ring::used::flag_no_notify);
    n.work();
    EXPECT_EQ(n.transmit.used_flags(), 0u);
    EXPECT_FALSE(n.transport.work());
    // The receive queue is never waited for.
    EXPECT_EQ(n.receive.used_flags(), abi::ring::used::flag_no_notify);
}

TEST(NetTransmitPolling, WorksWithoutKicksAndAsksForNone) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    p.poll_rings = true;
    NetRig rig(1, p);
    NetNode& n = rig[0];
    n.start(without(all_net_features, abi::mmio::feature::ring_event_idx));
    n.work();
    EXPECT_EQ(n.transmit.used_flags(), abi::ring::used::flag_no_notify);
    for (int i = 0; i < 3; ++i) {
        n.queue(frame(station(9), station(1)));
        n.work();
        EXPECT_EQ(n.transmit.used_flags(), abi::ring::used::flag_no_notify);
    }
    EXPECT_EQ(rig.outside.frames.size(), 3u);
    EXPECT_EQ(n.counters.kicks, 0u);
}

// Indices run freely modulo 2^16 (2.7.6, 2.7.8): past the wrap-around, twice.
class NetTransmitWrap : public NetTransmit, public ::testing::WithParamInterface<bool> {};

// 140 000 frames, each as it was written and in its order. With event index the driver asks for the
// interrupt of the last frame of each 16 (2.7.7.2) and kicks where avail_event wants it (2.7.10.1).
TEST_P(NetTransmitWrap, IndicesWrapAround) {
    const bool event_index = GetParam();
    start(event_index ? all_net_features
                      : without(all_net_features, abi::mmio::feature::ring_event_idx));
    Bytes f = frame(station(9), station(1));
    constexpr std::uint32_t frames = 140'000;
    constexpr std::uint32_t batch = 16;
    std::uint32_t kicks = 0;
    std::uint32_t interrupts = 0;
    n.transport.take_interrupt_mark();
    for (std::uint32_t i = 0; i < frames; i += batch) {
        const std::uint16_t before = n.transmit.index();
        for (std::uint32_t k = i; k < i + batch; ++k) {
            std::memcpy(&f[20], &k, sizeof k);
            n.queue(f);
        }
        n.transmit.set_used_event(static_cast<std::uint16_t>(n.transmit.index() - 1));
        const auto event_at = static_cast<std::uint16_t>(n.transmit.avail_event() - before);
        if (!event_index || event_at < batch) {
            n.kick(net::transmitq);
            ++kicks;
        }
        n.work();
        interrupts += n.transport.take_interrupt_mark() ? 1 : 0;
        rig.cpu.log.clear();
        rig.cpu.notes.clear();
        ASSERT_EQ(rig.outside.frames.size(), batch);
        for (std::uint32_t k = 0; k < batch; ++k) {
            const std::uint32_t number = i + k;
            std::memcpy(&f[20], &number, sizeof number);
            ASSERT_EQ(rig.outside.frames[k], f) << number;
        }
        rig.outside.frames.clear();
        rig.outside.partial.clear();
    }
    EXPECT_EQ(kicks, frames / batch);
    EXPECT_EQ(interrupts, frames / batch);
    EXPECT_EQ(n.transmit.used_index(), static_cast<std::uint16_t>(frames));
    EXPECT_EQ(rig.counters(0).frames_in, frames);
    EXPECT_EQ(n.counters.queue_faults, 0u);
    EXPECT_TRUE(rig.net.balanced());
}

INSTANTIATE_TEST_SUITE_P(EventIndex, NetTransmitWrap, ::testing::Bool());

}  // namespace
}  // namespace vms::service::test
