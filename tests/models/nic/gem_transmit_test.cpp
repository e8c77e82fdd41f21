// The GEM's transmitter against UG1085 ("Transmit Buffer Descriptors"), UG585, 16.3.7, UG1087; its
// times against the parameters of the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/nic/gem_bench.h"
#include "vms/workload/crc32.h"

namespace models::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t peer = 0x02'00'00'00'00'01;
constexpr std::uint64_t everybody = 0xff'ff'ff'ff'ff'ff;

// With the defaults: descriptor 250 ns, buffer 250 ns to its first byte, 1.25 ns a byte (in steps
// of picoseconds a KiB), write-back 100 ns.
constexpr std::uint64_t descriptor = 250'000;
constexpr std::uint64_t latency = 250'000;
constexpr std::uint64_t write_back = 100'000;
constexpr std::uint64_t data(std::uint64_t bytes) {
    return bytes * 1'280'000 / 1024;
}
/// From the first bit of the preamble to the last of the FCS, at 1 Gb/s.
constexpr std::uint64_t on_wire(std::uint64_t bytes) {
    return (bytes + 12) * 8'000;
}

struct GemTransmit : testing::Test {
    GemBench b;

    std::uint32_t status(unsigned i) { return b.word(GemBench::tx_ring + 8 * i + 4); }
    std::vector<Bytes> sent() const {
        std::vector<Bytes> v;
        for (const Transmission& t : b.link.sent)
            v.push_back(t.bytes);
        return v;
    }
};

TEST_F(GemTransmit, AFrameIsReadSentAndGivenBack) {
    b.enable();
    b.write(gem::int_enable, gem::interrupt::transmit_complete);
    const Bytes frame = make_frame(peer, 1000);
    b.put_tx(0, frame);
    b.tx_descriptor(1, 0, GemBench::used | GemBench::wrap);
    b.run_until(Picos::us(3));
    b.start();
    EXPECT_EQ(b.read(gem::transmit_status), gem::tx::transmit_go);
    EXPECT_FALSE(b.activity.idle());

    constexpr std::uint64_t ready = 3'000'000 + descriptor + latency + data(1000);
    constexpr std::uint64_t done = ready + on_wire(1000) + write_back;
    b.run_until(Picos{done - 1});
    ASSERT_EQ(b.link.sent.size(), 1U);
    EXPECT_EQ(b.link.sent[0].at, ready);
    EXPECT_EQ(b.link.sent[0].bytes, frame);
    EXPECT_EQ(status(0), 1000 | GemBench::last) << "still the GEM's";
    EXPECT_THAT(b.gic.edges, IsEmpty());
    b.run_until(Picos{done});
    EXPECT_EQ(status(0), 1000 | GemBench::last | GemBench::used);
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, done}));
    // The descriptor behind it was read meanwhile.
    EXPECT_EQ(b.read(gem::transmit_status), gem::tx::transmit_complete | gem::tx::used_bit_read);
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::transmit_complete);
    EXPECT_EQ(b.read(gem::transmit_q_ptr), GemBench::tx_ring + 8);
    EXPECT_TRUE(b.activity.idle());
}

TEST_F(GemTransmit, ShortFramesArePadded) {
    b.enable();
    b.put_tx(0, make_frame(peer, 20));
    b.tx_descriptor(1, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    Bytes padded = make_frame(peer, 20);
    padded.resize(60);
    EXPECT_THAT(sent(), ElementsAre(padded));
}

TEST_F(GemTransmit, AFrameOverSeveralBuffersAndTheEndOfTheRing) {
    b.enable();
    const Bytes first = make_frame(peer, 64);
    const Bytes second = make_frame(everybody, 300);
    constexpr auto from = static_cast<std::uint32_t>(GemBench::tx_buffers);
    constexpr std::uint32_t then = from + 0x1003;
    std::memcpy(b.at(from), first.data(), first.size());
    std::memcpy(b.at(then), second.data(), second.size());
    b.tx_descriptor(0, from, 14);
    b.tx_descriptor(1, from + 14, 50 | GemBench::last);
    b.tx_descriptor(2, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(status(0), 14 | GemBench::used) << "used is set in a frame's first descriptor";
    EXPECT_EQ(status(1), 50 | GemBench::last) << "and in no other";

    b.tx_descriptor(1, 0, GemBench::used);
    b.tx_descriptor(0, then + 200, 100 | GemBench::last);
    b.tx_descriptor(4, then + 100, 100 | GemBench::wrap);
    b.tx_descriptor(3, then + 14, 86);
    b.tx_descriptor(2, then, 14);
    b.start();
    b.run_for(Picos::us(20));
    EXPECT_THAT(sent(), ElementsAre(first, second));
    EXPECT_EQ(status(2), 14 | GemBench::used);
    EXPECT_EQ(status(0), 100 | GemBench::last);
    EXPECT_EQ(b.read(gem::transmit_q_ptr), GemBench::tx_ring + 8);
}

TEST_F(GemTransmit, FramesFollowWithoutAGapInTheLine) {
    b.enable();
    for (unsigned i = 0; i < 8; ++i)
        b.put_tx(i, make_frame(peer, 1514, static_cast<std::uint8_t>(i)));
    b.tx_descriptor(8, 0, GemBench::used | GemBench::wrap);
    b.start();
    b.run_for(Picos::us(200));
    ASSERT_EQ(b.link.sent.size(), 8U);
    for (unsigned i = 1; i < 8; ++i)
        EXPECT_EQ(b.link.sent[i].at - b.link.sent[i - 1].at, 1538U * 8'000);
    EXPECT_EQ(b.gem.counters().tx_frames, 8U);
    EXPECT_EQ(b.gem.counters().tx_bytes, 8U * 1514);
}

// No more is read ahead than the packet buffer holds.
TEST(GemPacketBuffer, BoundsWhatIsReadAhead) {
    GemBench b({.descriptor_read = Picos{1'000},
                .data_latency = Picos{1'000},
                .data_bytes_per_second = 16'000'000'000});
    b.enable();
    for (unsigned i = 0; i < 16; ++i)
        b.put_tx(i, make_frame(peer, 1514));
    b.tx_descriptor(16, 0, GemBench::used | GemBench::wrap);
    b.start();
    b.run_for(Picos{on_wire(1514)});  // before the first is out
    EXPECT_EQ(b.link.sent.size(), 10U) << "16 KiB";
    EXPECT_EQ(b.read(gem::transmit_q_ptr), GemBench::tx_ring + 8 * 10);
    b.run_for(Picos::us(300));
    EXPECT_EQ(b.link.sent.size(), 16U);
    EXPECT_EQ(b.link.sent[15].at - b.link.sent[0].at, 15U * 1538 * 8'000);
}

TEST_F(GemTransmit, StartsAgainAfterAnEmptyQueue) {
    b.enable();
    b.write(gem::int_enable, gem::interrupt::tx_used_bit_read);
    b.tx_descriptor(0, 0, GemBench::used);
    b.start();
    b.run_for(Picos{descriptor});
    EXPECT_EQ(b.read(gem::transmit_status), gem::tx::used_bit_read) << "go has fallen";
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::tx_used_bit_read);
    b.write(gem::transmit_status, gem::tx::used_bit_read);
    EXPECT_EQ(b.read(gem::transmit_status), 0U);
    b.put_tx(0, make_frame(peer, 60));
    b.tx_descriptor(1, 0, GemBench::used);
    b.run_for(Picos::us(10));
    EXPECT_THAT(sent(), IsEmpty());
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(sent().size(), 1U);
}

// UG585, 16.3.7: sending begins again at the frame's first buffer.
TEST_F(GemTransmit, AUsedBitWithinAFrameIsAnError) {
    b.enable();
    b.write(gem::int_enable, gem::interrupt::all & ~gem::interrupt::management_frame_sent);
    const Bytes frame = make_frame(peer, 100);
    b.put_tx(0, frame, 0);
    b.tx_descriptor(1, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::transmit_status), gem::tx::amba_error);
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::amba_error);
    EXPECT_EQ(b.read(gem::transmit_q_ptr), GemBench::tx_ring);
    EXPECT_EQ(b.gem.counters().tx_errors, 1U);
    b.put_tx(0, frame);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_THAT(sent(), ElementsAre(frame));
}

TEST_F(GemTransmit, ARingWithoutALastBufferEnds) {
    b.enable();
    b.tx_descriptor(0, static_cast<std::uint32_t>(GemBench::tx_buffers), 0);
    b.tx_descriptor(1, static_cast<std::uint32_t>(GemBench::tx_buffers), GemBench::wrap);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::transmit_status), gem::tx::amba_error);
}

// The driver brings the FCS (descriptor bit 16); a wrong one makes the frame worthless to all.
TEST_F(GemTransmit, FcsOfTheDriver) {
    b.enable();
    Bytes frame = make_frame(peer, 80);
    vms::workload::Crc32 crc;
    crc.update(frame);
    Bytes with_fcs = frame;
    for (unsigned i = 0; i < 4; ++i)
        with_fcs.push_back(static_cast<std::byte>(crc.value() >> 8 * i));
    constexpr std::uint32_t no_crc = 1U << 16;
    b.put_tx(0, with_fcs, GemBench::last | no_crc);
    with_fcs.back() ^= std::byte{1};
    b.put_tx(1, with_fcs, GemBench::last | no_crc);
    b.tx_descriptor(2, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_THAT(sent(), ElementsAre(frame));
    EXPECT_EQ(b.gem.counters().tx_bad_fcs, 1U);
    EXPECT_NE(status(1) & GemBench::used, 0U);
}

// A descriptor or a buffer outside the VM's RAM: the SMMU refuses it, the GEM sees an error
// response (UG1087, transmit_status.resp_not_ok, int_status.resp_not_ok).
TEST_F(GemTransmit, DmaOutsideTheVmIsABusError) {
    std::vector<DmaFault> faults;
    b.dma.on_fault([&](const DmaFault& f) { faults.push_back(f); });
    b.enable();
    b.write(gem::int_enable, gem::interrupt::all & ~gem::interrupt::management_frame_sent);
    b.tx_descriptor(0, 0x1000, 64 | GemBench::last);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::transmit_status), gem::tx::resp_not_ok);
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::resp_not_ok | gem::interrupt::amba_error);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].address.value, 0x1000U);
    EXPECT_EQ(faults[0].bytes, 64U);
    EXPECT_FALSE(faults[0].write);
    EXPECT_EQ(faults[0].time.value, descriptor);

    b.write(gem::int_status, gem::interrupt::all);
    b.write(gem::transmit_status, gem::tx::clearable);
    b.write(gem::transmit_q_ptr, 0x5000'0000);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::resp_not_ok);
    EXPECT_EQ(b.gem.counters().bus_errors, 2U);
    EXPECT_THAT(sent(), IsEmpty());
    EXPECT_TRUE(b.activity.idle());
}

TEST_F(GemTransmit, ABufferAcrossTheEndOfMemoryIsRefused) {
    b.enable();
    b.tx_descriptor(0, static_cast<std::uint32_t>(GemBench::ram_base + GemBench::ram_size - 32),
                    64 | GemBench::last);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::transmit_status), gem::tx::resp_not_ok);
}

// UG1087, network_control.enable_transmit: off, the queue pointer goes back to its start.
TEST_F(GemTransmit, DisablingRewindsTheQueue) {
    b.enable();
    b.put_tx(0, make_frame(peer, 60));
    b.tx_descriptor(1, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::transmit_q_ptr), GemBench::tx_ring + 8);
    b.write(gem::network_control, 0);
    EXPECT_EQ(b.read(gem::transmit_q_ptr), GemBench::tx_ring);
    b.write(gem::network_control, gem::control::tx_start);
    b.run_for(Picos::us(10));
    EXPECT_EQ(sent().size(), 1U) << "nothing starts while it is off";
}

TEST_F(GemTransmit, HaltStopsAfterTheFrame) {
    b.enable();
    for (unsigned i = 0; i < 4; ++i)
        b.put_tx(i, make_frame(peer, 1000));
    b.tx_descriptor(4, 0, GemBench::used);
    b.start();
    b.run_for(Picos{descriptor});  // the first is being read
    b.write(gem::network_control, gem::control::enable_transmit | gem::control::tx_halt);
    EXPECT_EQ(b.read(gem::transmit_status) & gem::tx::transmit_go, 0U);
    b.run_for(Picos::us(50));
    EXPECT_EQ(sent().size(), 1U);
    b.start();
    b.run_for(Picos::us(50));
    EXPECT_EQ(sent().size(), 4U);
}

TEST_F(GemTransmit, Descriptors64) {
    b.enable();
    b.write(gem::dma_config, 0x0018'0710 | gem::dma::addr_bus_width_64);
    b.write(gem::upper_tx_q_base_addr, 8);
    b.write(gem::transmit_q_ptr, 0x2000);
    const Bytes a = make_frame(peer, 70, 1);
    const Bytes c = make_frame(peer, 71, 2);
    std::memcpy(b.at(GemBench::high_base + 0x5000), a.data(), a.size());
    std::memcpy(b.at(GemBench::ram_base + 0x5000), c.data(), c.size());
    const auto put = [&](unsigned i, std::uint64_t address, std::uint32_t word1) {
        const std::uint64_t d = GemBench::high_base + 0x2000 + 16 * i;
        b.set_word(d, static_cast<std::uint32_t>(address));
        b.set_word(d + 4, word1);
        b.set_word(d + 8, static_cast<std::uint32_t>(address >> 32));
    };
    put(0, GemBench::high_base + 0x5000, 70 | GemBench::last);
    put(1, GemBench::ram_base + 0x5000, 71 | GemBench::last);
    put(2, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_THAT(sent(), ElementsAre(a, c));
    EXPECT_EQ(b.word(GemBench::high_base + 0x2010 + 4), 71 | GemBench::last | GemBench::used);
    EXPECT_EQ(b.read(gem::transmit_q_ptr), 0x2020U);
}

// Without a link, or at another speed than the link's, frames leave the MAC and are lost.
TEST_F(GemTransmit, WithoutALinkFramesAreLostAndCounted) {
    b.enable();
    b.link.connected = false;
    b.put_tx(0, make_frame(peer, 60));
    b.tx_descriptor(1, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_THAT(sent(), IsEmpty());
    EXPECT_EQ(b.gem.counters().tx_no_link, 1U);
    EXPECT_NE(status(0) & GemBench::used, 0U);
}

TEST_F(GemTransmit, SpeedOfMacAndLinkMustAgree) {
    b.link.hz = 100'000'000;
    b.enable();  // gigabit
    b.put_tx(0, make_frame(peer, 60));
    b.put_tx(1, make_frame(peer, 60));
    b.tx_descriptor(2, 0, GemBench::used);
    b.tx_descriptor(1, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.gem.counters().tx_no_link, 1U);
    b.write(gem::network_config, 1 | 2 | 1U << 17);
    b.put_tx(1, make_frame(peer, 60));
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.gem.counters().tx_frames, 1U);
}

TEST_F(GemTransmit, LocalLoopback) {
    b.enable(gem::config::copy_all_frames);
    b.make_rx_ring(2);
    b.write(gem::network_control, gem::control::loopback_local | gem::control::enable_receive |
                                      gem::control::enable_transmit);
    const Bytes frame = make_frame(peer, 100);
    b.put_tx(0, frame);
    b.tx_descriptor(1, 0, GemBench::used);
    b.write(gem::network_control, gem::control::loopback_local | gem::control::enable_receive |
                                      gem::control::enable_transmit | gem::control::tx_start);
    b.run_for(Picos::us(10));
    EXPECT_THAT(sent(), IsEmpty());
    EXPECT_EQ(b.memory(GemBench::rx_buffers, 100), frame);
    EXPECT_EQ(b.gem.counters().tx_looped, 1U);
}

// UG1087, statistics: sizes with FCS; cleared by reading, or all at once.
TEST_F(GemTransmit, Statistics) {
    b.enable();
    unsigned i = 0;
    for (const std::size_t bytes : {60U, 61U, 124U, 252U, 508U, 1020U, 1514U})
        b.put_tx(i++, make_frame(peer, bytes));
    b.put_tx(i++, make_frame(everybody, 60));
    b.put_tx(i++, make_frame(0x0100'5e00'0001, 60));
    b.tx_descriptor(i, 0, GemBench::used);
    b.start();
    b.run_for(Picos::us(100));
    EXPECT_EQ(b.read(gem::frames_txed_ok), 9U);
    EXPECT_EQ(b.read(gem::octets_txed_bottom), 64U + 65 + 128 + 256 + 512 + 1024 + 1518 + 128);
    EXPECT_EQ(b.read(gem::octets_txed_top), 0U);
    EXPECT_EQ(b.read(gem::broadcast_txed), 1U);
    EXPECT_EQ(b.read(gem::multicast_txed), 1U);
    EXPECT_EQ(b.read(gem::frames_txed_64), 3U);
    for (std::uint32_t o = gem::frames_txed_64 + 4; o < gem::frames_txed_1519 - 4; o += 4)
        EXPECT_EQ(b.read(o), 1U) << std::hex << o;
    EXPECT_EQ(b.read(gem::frames_txed_1519 - 4), 2U) << "1024 to 1518";
    EXPECT_EQ(b.read(gem::frames_txed_1519), 0U);
    EXPECT_EQ(b.read(gem::frames_txed_ok), 0U) << "cleared by reading";

    b.write(gem::network_control, gem::control::inc_all_stats_regs);
    EXPECT_EQ(b.read(gem::late_collisions), 1U);
    b.write(gem::network_control, gem::control::clear_all_stats_regs);
    EXPECT_EQ(b.read(gem::rx_jabbers), 0U);
}

// A CPU that polls a descriptor learns of its write at its time.
TEST_F(GemTransmit, TheWriteBackIsPublished) {
    struct Watcher final : Timeline::Watcher {
        std::vector<std::uint64_t> at;
        void published(Picos t, CpuId /*by*/) override { at.push_back(t.value); }
    } watcher;
    b.enable();
    b.put_tx(0, make_frame(peer, 60));
    b.tx_descriptor(1, 0, GemBench::used);
    b.timeline.watch(CpuId{0}, b.at(GemBench::tx_ring + 4), watcher);
    b.start();
    b.run_for(Picos::us(10));
    EXPECT_THAT(watcher.at,
                ElementsAre(descriptor + latency + data(60) + on_wire(60) + write_back));
    b.timeline.unwatch(CpuId{0});
}

}  // namespace
}  // namespace models::test
