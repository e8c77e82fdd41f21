// Reception by the network device, against VirtIO v1.4, 5.1.9.3 (receive buffers) and 5.1.9.4
// (processing of incoming packets). Each test names its clause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/net_rig.h"
#include "vms/workload/packets/checksum.h"

namespace vms::service::test {
namespace {

using ::testing::ElementsAre;

constexpr std::uint64_t plain_features = version_1 | access_platform | feature(net::feature::mac);

class NetReceive : public ::testing::Test {
  protected:
    NetRig rig;
    NetNode& n = rig[0];

    void start(std::uint64_t features = all_net_features) { n.start(features); }
    Bytes to_node(std::size_t size = 64, std::uint8_t seed = 0) const {
        return frame(station(1), station(9), size, seed);
    }
    void publish() {
        n.transport.publish();
        EXPECT_TRUE(rig.net.balanced());
    }
};

// 5.1.9.4.1 without MRG_RXBUF: num_buffers 1, one buffer; gso_type NONE; without GUEST_CSUM flags
// 0. With VERSION_1 the header has 12 bytes all the same (5.1.9).
TEST_F(NetReceive, OneBufferOnePacket) {
    start(plain_features);
    n.post(3);
    for (const std::size_t size : {60u, 64u, 1514u})
        rig.arrive(to_node(size));
    publish();
    for (const std::size_t size : {60u, 64u, 1514u}) {
        const std::optional<Received> r = n.take();
        ASSERT_TRUE(r);
        EXPECT_EQ(r->bytes, to_node(size));
        EXPECT_EQ(r->header, (net::Header{.num_buffers = 1}));
        EXPECT_THAT(r->used, ElementsAre(net::header::bytes + size));
    }
}

// 2.7.4.1, and the note of 5.1.9.3.1: a buffer may be cut into descriptors anywhere, the header
// too.
TEST_F(NetReceive, TheBufferMayBeCutAnywhere) {
    start(plain_features);
    const Bytes f = to_node(64, 9);
    constexpr std::uint32_t all = net::header::bytes + 64;
    for (std::uint32_t cut = 1; cut < all; ++cut) {
        const GuestAddr at = n.receive_buffer(0);
        n.put(at, Bytes(all, std::byte{0xcc}));
        const std::uint16_t before = n.receive.used_index();
        n.receive.add({{at, cut, true}, {at + cut, all - cut, true}});
        rig.arrive(f);
        publish();
        ASSERT_EQ(n.receive.used_index(), before + 1) << cut;
        EXPECT_EQ(n.receive.used(before).length, all);
        EXPECT_EQ(n.get(at + net::header::bytes, 64), f) << cut;
        EXPECT_EQ(n.cpu.peek<net::Header>(at), (net::Header{.num_buffers = 1})) << cut;
    }
}

// 5.1.9.3.2, 5.1.9.4.1 with MRG_RXBUF: all buffers but the last are used completely, num_buffers
// says how many, and all become visible together.
TEST_F(NetReceive, APacketIsSpreadOverBuffers) {
    start();
    n.post(8, 512);
    const Bytes f = to_node(1514, 5);
    rig.arrive(f);
    EXPECT_EQ(n.receive.used_index(), 0u);
    publish();
    EXPECT_EQ(n.receive.used_index(), 3u);
    const std::optional<Received> r = n.take();
    ASSERT_TRUE(r);
    EXPECT_EQ(r->header, (net::Header{.num_buffers = 3}));
    EXPECT_THAT(r->used, ElementsAre(512u, 512u, 1526u - 1024u));
    EXPECT_EQ(r->bytes, f);
    // One index store made all three visible.
    const auto published = rig.cpu.records(vms::test::FakeCpu::Kind::publish);
    EXPECT_EQ(std::count_if(published.begin(), published.end(),
                            [this](const auto& p) {
                                return p.address == n.receive.device() + abi::ring::used::idx;
                            }),
              1);
}

TEST_F(NetReceive, ExactFitsNeedNoFurtherBuffer) {
    start();
    n.post(4, 256);
    rig.arrive(to_node(256 - 12));
    rig.arrive(to_node(512 - 12));
    rig.arrive(to_node(257 - 12));  // one byte too many
    publish();
    EXPECT_EQ(n.take()->header.num_buffers, 1u);
    EXPECT_EQ(n.take()->header.num_buffers, 2u);
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 1u);
}

// 5.1.9.3.1: with MRG_RXBUF a buffer has at least the size of the header: the smallest there is.
TEST_F(NetReceive, SpreadOverTheSmallestBuffers) {
    start();
    n.post(32, net::header::bytes);
    const Bytes f = to_node(64, 11);
    rig.arrive(f);
    publish();
    const std::optional<Received> r = n.take();
    ASSERT_TRUE(r);
    EXPECT_EQ(r->header.num_buffers, 7u);  // 12 of header, 64 of frame
    EXPECT_EQ(r->bytes, f);
}

// The two bytes of num_buffers may lie in two descriptors.
TEST_F(NetReceive, NumBuffersMayBeCutInTwo) {
    start();
    const GuestAddr at = n.receive_buffer(0);
    n.put(at, Bytes(64, std::byte{0xcc}));
    n.receive.add({{at, 11, true}, {at + 32, 9, true}});
    n.receive.add({{n.receive_buffer(1), 2048, true}});
    rig.arrive(to_node(64));
    publish();
    EXPECT_EQ(n.receive.used_index(), 2u);
    EXPECT_EQ(n.cpu.peek<std::uint8_t>(at + 10), 2u);
    EXPECT_EQ(n.cpu.peek<std::uint8_t>(at + 32), 0u);
}

// Not enough buffers: the frame is dropped as a whole, nothing is used, and the next finds all of
// them as they were.
TEST_F(NetReceive, APacketThatDoesNotFitTakesNothing) {
    start();
    n.post(3, 256);
    rig.arrive(to_node(1000));
    publish();
    EXPECT_EQ(n.receive.used_index(), 0u);
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 1u);
    EXPECT_EQ(n.counters.used, 0u);
    EXPECT_EQ(n.counters.chains, 0u);
    const Bytes f = to_node(700, 3);
    rig.arrive(f);
    publish();
    EXPECT_EQ(n.take()->bytes, f);
    EXPECT_EQ(n.counters.used, 3u);
}

TEST_F(NetReceive, WithoutBuffersFramesAreDropped) {
    start();
    rig.arrive(to_node());
    n.post(1);
    rig.arrive(to_node(64, 1));
    rig.arrive(to_node(64, 2));
    publish();
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 2u);
    EXPECT_EQ(n.take()->bytes, to_node(64, 1));
    EXPECT_FALSE(n.take());
}

// Without MRG_RXBUF only a single buffer may be used (5.1.9.3.2): a frame that the next buffer does
// not hold is dropped, the buffer stays.
TEST_F(NetReceive, WithoutMergingASmallBufferWaitsForASmallFrame) {
    start(plain_features);
    n.post(1, 128);
    n.post(1, 2048);
    rig.arrive(to_node(1000));
    EXPECT_EQ(rig.dropped_out(0, Drop::buffer_too_small), 1u);
    rig.arrive(to_node(116));
    rig.arrive(to_node(1000, 7));
    publish();
    EXPECT_EQ(n.take()->bytes, to_node(116));
    EXPECT_EQ(n.take()->bytes, to_node(1000, 7));
}

// Buffers that cannot hold a header are a driver's fault (5.1.9.3.1): given back, and the next
// taken, without end only as the ring is.
TEST_F(NetReceive, BuffersWithoutRoomForAHeaderAreGivenBack) {
    for (const std::uint64_t features : {plain_features, all_net_features}) {
        start(features);
        const std::uint64_t before = n.counters.bad_buffers;
        n.receive.add({{n.receive_buffer(0), 11, true}});
        n.receive.add({{n.receive_buffer(0), 100, false}});
        n.receive.add({{n.receive_buffer(1), 2048, true}});
        rig.arrive(to_node());
        publish();
        EXPECT_EQ(n.receive.used_index(), 3u);
        EXPECT_EQ(n.receive.used(0).length, 0u);
        EXPECT_EQ(n.receive.used(1).length, 0u);
        EXPECT_EQ(n.receive.used(2).length, 76u);
        EXPECT_EQ(n.counters.bad_buffers, before + 2);
    }
}

// A few for each frame, so that whoever else waits for the service guest does not wait for all.
TEST_F(NetReceive, ARingOfUselessBuffersEnds) {
    start();
    for (int i = 0; i < NetNode::ring; ++i)
        n.receive.add({{n.receive_buffer(0), 3, true}});
    for (unsigned frames = 1; frames <= NetNode::ring / NetDevice::max_bad_buffers; ++frames) {
        rig.arrive(to_node());
        publish();
        EXPECT_EQ(n.receive.used_index(), frames * NetDevice::max_bad_buffers);
        EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), frames);
    }
    n.post(1);
    rig.arrive(to_node());
    publish();
    EXPECT_EQ(rig.counters(0).frames_out, 1u);
}

// 5.1.9.3.1: a buffer has room for a header. One without it ends a packet that is spread over
// buffers, before the driver can lead it on.
TEST_F(NetReceive, AUselessBufferEndsASpreadPacket) {
    start();
    n.post(1, 20);
    n.receive.add({{n.receive_buffer(1), 11, true}});
    n.receive.add({{n.receive_buffer(2), 2048, true}});
    rig.arrive(to_node(600));
    publish();
    EXPECT_EQ(n.receive.used_index(), 0u);
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 1u);
    EXPECT_EQ(n.counters.bad_buffers, 1u);
    EXPECT_EQ(n.counters.descriptors, 0u);  // as if nothing had been taken
}

/// While frames are delivered another CPU of the driver moves the available index on, whenever it
/// is read; all entries but the first stand for the chain at `head`.
class NetReceiveRace : public ::testing::Test {
  protected:
    void start_with_a_first_buffer(std::uint32_t size) {
        n.start(all_net_features);
        n.post(1, size);
    }
    void race(std::uint16_t head) {
        for (std::uint16_t i = 1; i < NetNode::ring; ++i)
            n.cpu.poke(n.receive.driver() + abi::ring::avail::entry(i), head);
        n.cpu.on_observe = [this, head](GuestAddr at) {
            if (at != n.receive.driver() + abi::ring::avail::idx || ++looks > most)
                return;
            if (looks == 2)
                n.cpu.poke(n.receive.driver() + abi::ring::avail::entry(0), head);
            n.cpu.poke(at, static_cast<std::uint16_t>(looks + 1));
        };
    }
    static constexpr unsigned most = 10'000;
    NetRig rig;
    NetNode& n = rig[0];
    unsigned looks = 0;
};

TEST_F(NetReceiveRace, EmptyBuffersThatKeepComingEndTheFrame) {
    start_with_a_first_buffer(20);
    n.receive.write_descriptor(1, {n.receive_buffer(1).value, 0, abi::ring::desc::flag_write, 0});
    race(1);
    rig.arrive(frame(station(1), station(9), 600));
    EXPECT_LE(looks, NetNode::ring);
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 1u);
}

// 2.7.13: no more chains than the queue has entries, until the driver sees some of them used.
TEST_F(NetReceiveRace, ARingThatRefillsItselfIsTakenOnce) {
    start_with_a_first_buffer(12);
    n.receive.write_descriptor(
        1, {n.receive_buffer(1).value, net::header::bytes, abi::ring::desc::flag_write, 0});
    race(1);
    rig.arrive(frame(station(1), station(9), 1514));  // would take 127 buffers
    EXPECT_LE(looks, NetNode::ring + 1u);
    EXPECT_EQ(n.counters.queue_faults, 1u);
    EXPECT_EQ(rig.dropped_out(0, Drop::port_down), 1u);
}

// What one frame may cost is bounded, whatever the driver posts: here each buffer is a table of as
// many empty descriptors as a chain may have.
TEST_F(NetReceive, OneFrameReadsFewDescriptors) {
    start();
    const GuestAddr table = n.base + 0x20000;
    const auto post_tables = [&](std::uint16_t entries, std::uint32_t last) {
        for (std::uint16_t i = 0; i < entries; ++i)
            n.cpu.poke(
                table + 16ull * i,
                abi::ring::Descriptor{
                    n.receive_buffer(0).value, i + 1 < entries ? 0 : last,
                    static_cast<std::uint16_t>(abi::ring::desc::flag_write |
                                               (i + 1 < entries ? abi::ring::desc::flag_next : 0)),
                    static_cast<std::uint16_t>(i + 1)});
        for (std::uint16_t i = 0; i < NetNode::ring; ++i) {
            n.receive.write_descriptor(
                i, {table.value, 16u * entries, abi::ring::desc::flag_indirect, 0});
            n.receive.make_available(i);
        }
    };
    constexpr std::uint64_t longest_chain =
        NetDevice::max_descriptors + 1;  // and that of the table
    post_tables(NetDevice::max_descriptors, 0);
    rig.arrive(to_node());
    EXPECT_EQ(n.counters.bad_buffers, NetDevice::max_bad_buffers);
    EXPECT_EQ(n.counters.descriptors, NetDevice::max_bad_buffers * longest_chain);

    // Buffers of the smallest legal size, in as many pieces. What was put back is not counted, but
    // its time has passed.
    constexpr std::uint32_t mark = 1'000'000;
    start();
    post_tables(NetDevice::max_descriptors, net::header::bytes);
    rig.port.settle();
    const std::uint64_t before = n.cpu.retired.instructions;
    rig.costs.set(Operation::ring_pop_descriptor, {.instructions = mark});
    rig.arrive(to_node(1514));
    rig.port.settle();
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 2u);
    EXPECT_LE((n.cpu.retired.instructions - before) / mark,
              1518 / net::header::bytes + 2 + longest_chain);

    // One more than a chain may have: 2.7.4.1, a reasonable limit.
    start();
    post_tables(NetDevice::max_descriptors + 1, 2048);
    rig.arrive(to_node());
    EXPECT_EQ(n.transport.queue(net::receiveq).fault(), QueueFault::too_long);
}

// 5.1.4.1: no packet above the MTU and the Ethernet header is passed to the driver.
TEST_F(NetReceive, NothingLongerThanTheMtu) {
    start();
    n.post(4, 4096);
    rig.arrive(to_node(1514));
    rig.arrive(to_node(1515));
    rig.arrive(frame(station(1), station(9), 1518, 0, 0x8100));
    rig.arrive(frame(station(1), station(9), 1519, 0, 0x8100));
    publish();
    EXPECT_EQ(n.take_all().size(), 2u);
    EXPECT_EQ(rig.dropped_out(0, Drop::too_long), 2u);
}

// 2.7.9, IN_ORDER: buffers used completely are covered by the element of the last one. What a frame
// that did not fit had taken is forgotten there too.
TEST(NetReceiveInOrder, OneElementForTheBuffersOfAPacket) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    p.features |= feature(abi::mmio::feature::in_order);
    NetRig rig(1, p);
    NetNode& n = rig[0];
    n.start(p.features);
    n.post(4, 256);
    rig.arrive(frame(station(1), station(9), 100));
    rig.arrive(frame(station(1), station(9), 1000));  // does not fit
    rig.arrive(frame(station(1), station(9), 700));
    n.transport.publish();
    EXPECT_EQ(rig.dropped_out(0, Drop::no_buffer), 1u);
    EXPECT_EQ(n.receive.used_index(), 4u);
    EXPECT_EQ(n.receive.used(0), (UsedElement{0, 112}));
    EXPECT_EQ(n.receive.used(1), (UsedElement{3, 712 - 512}));  // at the place of the first
    EXPECT_EQ(n.cpu.peek<std::uint16_t>(n.receive_buffer(1) + net::header::num_buffers), 3u);
    EXPECT_EQ(n.counters.used, 4u);
    EXPECT_EQ(n.counters.batched, 2u);
    EXPECT_EQ(n.counters.queue_faults, 0u);
}

// --- checksums between drivers
// --------------------------------------------------------------------

constexpr net::Header needs_csum{
    .flags = net::flag::needs_csum, .csum_start = 34, .csum_offset = 6};

// 5.1.9.4.1, GUEST_CSUM: an incomplete checksum is passed on with NEEDS_CSUM and its two fields.
// DATA_VALID is not set: nobody has verified anything.
TEST(NetReceiveChecksum, IsPassedOnToWhoTakesIt) {
    NetRig rig(2);
    rig[0].start(all_net_features);
    rig[1].start(all_net_features);
    rig[1].post(2);
    const Bytes f = frame(station(2), station(1), 100, 17);
    rig[0].send(f, needs_csum);
    rig[0].send(f);
    rig[0].work();
    rig[1].transport.publish();
    const std::vector<Received> r = rig[1].take_all();
    ASSERT_EQ(r.size(), 2u);
    EXPECT_EQ(r[0].bytes, f);
    EXPECT_EQ(
        r[0].header,
        (net::Header{
            .flags = net::flag::needs_csum, .csum_start = 34, .csum_offset = 6, .num_buffers = 1}));
    EXPECT_EQ(r[1].header, (net::Header{.num_buffers = 1}));
}

// 5.1.9.4.1: without GUEST_CSUM flags are zero and the packet should be fully checksummed.
TEST(NetReceiveChecksum, IsCompletedForWhoDoesNot) {
    NetRig rig(3);
    rig[0].start(all_net_features);
    rig[1].start(without(all_net_features, net::feature::guest_csum));
    rig[2].start(all_net_features);
    rig[1].post(1);
    rig[2].post(1);
    Bytes f = frame(broadcast_mac, station(1), 101, 17);
    rig[0].send(f, needs_csum);
    rig[0].work();
    rig[1].transport.publish();
    rig[2].transport.publish();
    ASSERT_TRUE(workload::packets::complete_checksum(f, 34, 6));
    const std::optional<Received> complete = rig[1].take();
    ASSERT_TRUE(complete);
    EXPECT_EQ(complete->bytes, f);
    EXPECT_EQ(complete->header, (net::Header{.num_buffers = 1}));
    // A later port of the same flood gets the complete frame too, as one.
    const std::optional<Received> later = rig[2].take();
    ASSERT_TRUE(later);
    EXPECT_EQ(later->bytes, f);
    EXPECT_EQ(later->header, (net::Header{.num_buffers = 1}));
}

// --- resets
// ---------------------------------------------------------------------------------------

// A port whose driver is not ready, or has reset its device, loses nothing silently.
TEST_F(NetReceive, BeforeDriverOkThePortIsDown) {
    rig.arrive(to_node());
    EXPECT_EQ(rig.dropped_out(0, Drop::port_down), 1u);
    start();
    n.registers.write(abi::mmio::status, 0);
    rig.arrive(to_node());
    EXPECT_EQ(rig.dropped_out(0, Drop::port_down), 2u);
    EXPECT_TRUE(rig.net.balanced());
}

// Frames written into buffers that the driver took back before it was told of them.
TEST_F(NetReceive, WhatIsResetBeforePublicationIsLostByName) {
    start();
    n.post(4);
    rig.arrive(to_node(64, 1));
    publish();
    rig.arrive(to_node(64, 2));
    rig.arrive(to_node(64, 3));
    n.registers.write(abi::mmio::status, 0);
    EXPECT_EQ(rig.dropped_out(0, Drop::reset), 2u);
    EXPECT_EQ(rig.counters(0).frames_out, 1u);
    EXPECT_EQ(rig.counters(0).bytes_out, 64u);
    EXPECT_TRUE(rig.net.balanced());
    // And not twice.
    start();
    n.registers.write(abi::mmio::status, 0);
    EXPECT_EQ(rig.dropped_out(0, Drop::reset), 2u);
}

// A station whose driver is gone is not behind its port any more.
TEST_F(NetReceive, AResetForgetsTheStationsOfThePort) {
    start();
    n.send(frame(broadcast_mac, station(1)));
    n.work();
    EXPECT_EQ(rig.net.stations().stations(0), 0u);  // its own address is not learned
    n.send(frame(broadcast_mac, station(0x31)));
    n.work();
    EXPECT_EQ(rig.net.stations().stations(0), 1u);
    n.registers.write(abi::mmio::status, 0);
    EXPECT_EQ(rig.net.stations().stations(0), 0u);
}

// 2.6.1: a queue reset takes the receive queue back, the others go on.
TEST(NetReceiveReset, TheReceiveQueueAlone) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    p.features |= ring_reset;
    NetRig rig(1, p);
    NetNode& n = rig[0];
    n.start(all_net_features | ring_reset);
    n.post(2);
    rig.arrive(frame(station(1), station(9)));
    n.registers.write(abi::mmio::queue_sel, net::receiveq);
    n.registers.write(abi::mmio::queue_reset, 1);
    EXPECT_EQ(rig.dropped_out(0, Drop::reset), 1u);
    rig.arrive(frame(station(1), station(9)));
    EXPECT_EQ(rig.dropped_out(0, Drop::port_down), 1u);
    n.send(frame(station(9), station(1)));
    n.work();
    EXPECT_EQ(rig.outside.frames.size(), 1u);
    EXPECT_TRUE(rig.net.balanced());
}

// Indices wrap around (2.7.6, 2.7.8) with one and with several buffers a packet.
class NetReceiveWrap : public NetReceive, public ::testing::WithParamInterface<bool> {};

// 70 000 buffers, two to a frame; with event index the driver asks for the interrupt of every other
// frame.
TEST_P(NetReceiveWrap, IndicesWrapAround) {
    const bool event_index = GetParam();
    start(event_index ? all_net_features
                      : without(all_net_features, abi::mmio::feature::ring_event_idx));
    Bytes f = to_node(300);
    std::uint32_t packets = 0;
    std::uint32_t buffers = 0;
    std::uint32_t interrupts = 0;
    n.transport.take_interrupt_mark();
    while (buffers < 70'000) {
        n.post(8, 256);
        for (int i = 0; i < 4; ++i) {
            if (i % 2 == 0)
                n.receive.set_used_event(static_cast<std::uint16_t>(n.receive.used_index() + 3));
            std::memcpy(&f[20], &packets, sizeof packets);
            ++packets;
            rig.arrive(f);
            n.transport.publish();
            interrupts += n.transport.take_interrupt_mark() ? 1 : 0;
            const std::optional<Received> r = n.take();
            ASSERT_TRUE(r);
            ASSERT_EQ(r->bytes, f);
            ASSERT_EQ(r->used.size(), 2u);
        }
        buffers += 8;
        rig.cpu.log.clear();
        rig.cpu.notes.clear();
    }
    EXPECT_EQ(interrupts, event_index ? packets / 2 : packets);
    EXPECT_EQ(n.receive.used_index(), static_cast<std::uint16_t>(buffers));
    EXPECT_TRUE(rig.net.balanced());
}

INSTANTIATE_TEST_SUITE_P(EventIndex, NetReceiveWrap, ::testing::Bool());

}  // namespace
}  // namespace vms::service::test
