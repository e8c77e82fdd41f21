// The GEM's receiver against UG1085 ("Receive Buffer Descriptors", "MAC Filtering"), UG585, 16.2,
// UG1087; its times against the parameters of the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/nic/gem_bench.h"
#include "vms/workload/crc32.h"

namespace models::test {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t own = 0x02'00'00'00'00'0a;
constexpr std::uint64_t other = 0x02'00'00'00'00'0b;
constexpr std::uint64_t everybody = 0xff'ff'ff'ff'ff'ff;

constexpr std::uint32_t used = 1;
constexpr std::uint32_t sof = 1U << 14;
constexpr std::uint32_t eof = 1U << 15;

// With the defaults: descriptor 250 ns, 1.25 ns a byte, write-back 100 ns.
constexpr std::uint64_t in_memory_after(std::uint64_t bytes) {
    return 250'000 + bytes * 1'280'000 / 1024 + 100'000;
}

struct GemReceive : testing::Test {
    GemBench b;

    void enable(std::uint32_t config = gem::config::copy_all_frames) {
        b.make_rx_ring(4);
        b.enable(config);
    }
    std::uint32_t word0(unsigned i) { return b.word(GemBench::rx_ring + 8 * i); }
    std::uint32_t word1(unsigned i) { return b.word(GemBench::rx_ring + 8 * i + 4); }
    std::uint64_t buffer(unsigned i) const { return GemBench::rx_buffers + 0x800 * i; }
    void give_back(unsigned i) { b.set_word(GemBench::rx_ring + 8 * i, word0(i) & ~used); }
    /// Whether a frame to `destination` is let through, and the flags of its descriptor.
    std::uint32_t flags_of(const Bytes& frame) {
        const std::uint64_t before = b.gem.counters().rx_frames;
        b.arrive(frame);
        b.run_for(Picos::us(10));
        if (b.gem.counters().rx_frames == before)
            return 0;
        const unsigned i = static_cast<unsigned>(before % 4);
        give_back(i);
        return word1(i) & ~0x3fffU;
    }
    void set_address(unsigned i, std::uint64_t address) {
        std::uint64_t reversed = 0;
        for (unsigned k = 0; k < 6; ++k)
            reversed |= (address >> 8 * k & 0xff) << (40 - 8 * k);
        b.write(gem::spec_add1_bottom + 8 * i, static_cast<std::uint32_t>(reversed));
        b.write(gem::spec_add1_bottom + 8 * i + 4, static_cast<std::uint32_t>(reversed >> 32));
    }
};

TEST_F(GemReceive, AFrameIsWrittenAndAnnounced) {
    enable();
    b.write(gem::int_enable, gem::interrupt::receive_complete);
    const Bytes frame = make_frame(own, 1000);
    b.run_until(Picos::us(5));
    b.arrive(frame);
    EXPECT_FALSE(b.activity.idle());
    constexpr std::uint64_t at = 5'000'000 + in_memory_after(1000);
    b.run_until(Picos{at - 1});
    EXPECT_EQ(word0(0) & used, 0U);
    b.run_until(Picos{at});
    EXPECT_EQ(word0(0), buffer(0) | used);
    EXPECT_EQ(word1(0), 1000 | sof | eof);
    EXPECT_EQ(b.memory(buffer(0), 1000), frame);
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, at}));
    EXPECT_EQ(b.read(gem::receive_status), gem::rx::frame_received);
    EXPECT_EQ(b.read(gem::receive_q_ptr), GemBench::rx_ring + 8);
    EXPECT_TRUE(b.activity.idle());
    b.write(gem::receive_status, gem::rx::frame_received);
    EXPECT_EQ(b.read(gem::receive_status), 0U);
}

TEST_F(GemReceive, FramesForOthersDoNotHoldUpTheDma) {
    enable(0);
    set_address(0, own);
    b.arrive(make_frame(own, 1000));
    b.run_for(Picos::ns(700));
    b.arrive(make_frame(other, 60));
    b.run_until(Picos{in_memory_after(1000)});
    EXPECT_EQ(word0(0) & used, used);
}

TEST_F(GemReceive, TheRingWraps) {
    enable();
    for (unsigned i = 0; i < 10; ++i) {
        b.arrive(make_frame(own, 60 + i));
        b.run_for(Picos::us(10));
        EXPECT_EQ(word1(i % 4) & 0x1fff, 60 + i);
        EXPECT_EQ(word0(i % 4), buffer(i % 4) | used | (i % 4 == 3 ? 2U : 0U));
        give_back(i % 4);
    }
}

TEST_F(GemReceive, AFrameOverSeveralBuffersWithAnOffset) {
    enable(gem::config::copy_all_frames | 2U << 14);  // data begins two bytes into the first buffer
    b.write(gem::dma_config, 2U << 16 | 0x710);       // 128 bytes
    const Bytes frame = make_frame(own, 300);
    b.arrive(frame);
    b.run_for(Picos::us(10));
    EXPECT_EQ(word1(0), sof);
    EXPECT_EQ(word1(1), 0U);
    EXPECT_EQ(word1(2), 300 | eof);
    EXPECT_EQ(word0(3) & used, 0U);
    Bytes seen = b.memory(buffer(0) + 2, 126);
    for (const Bytes& part : {b.memory(buffer(1), 128), b.memory(buffer(2), 46)})
        seen.insert(seen.end(), part.begin(), part.end());
    EXPECT_EQ(seen, frame);
}

TEST_F(GemReceive, FcsIsKeptWhenWanted) {
    b.make_rx_ring(4);
    b.enable();
    b.write(gem::network_config, 0x0028'0402 | gem::config::copy_all_frames);
    const Bytes frame = make_frame(own, 100);
    b.arrive(frame);
    b.run_for(Picos::us(10));
    EXPECT_EQ(word1(0) & 0x1fff, 104U);
    vms::workload::Crc32 crc;
    crc.update(frame);
    EXPECT_EQ(b.word(buffer(0) + 100), crc.value());
}

// What the link carries has been padded by whoever sent it (link_end.h).
TEST_F(GemReceive, ShortFramesAreThoseThatWerePadded) {
    enable();
    b.arrive(make_frame(own, 42));
    b.run_for(Picos::us(10));
    EXPECT_EQ(word1(0) & 0x1fff, 60U);
}

// --- filter: UG1085, "MAC Filtering" ----------------------------------------------------------

TEST_F(GemReceive, SpecificAddresses) {
    enable(0);
    EXPECT_EQ(flags_of(make_frame(own, 60)), 0U) << "no filter is active";
    set_address(2, own);
    EXPECT_EQ(flags_of(make_frame(own, 60)), sof | eof | 1U << 27 | 2U << 25);
    EXPECT_EQ(flags_of(make_frame(other, 60)), 0U);
    set_address(0, other);
    EXPECT_EQ(flags_of(make_frame(other, 60)), sof | eof | 1U << 27);
    // Writing the bottom switches the filter off until the top is written.
    b.write(gem::spec_add1_bottom, 0x0000'0002);
    EXPECT_EQ(flags_of(make_frame(other, 60)), 0U);
    EXPECT_EQ(b.gem.counters().rx_filtered, 3U);
}

TEST_F(GemReceive, Broadcast) {
    enable(0);
    EXPECT_EQ(flags_of(make_frame(everybody, 60)), sof | eof | 1U << 31);
    b.write(gem::network_config, 0x0028'0402 | 1U << 17 | gem::config::no_broadcast);
    EXPECT_EQ(flags_of(make_frame(everybody, 60)), 0U);
}

// The hash of UG1087 (hash_bottom), as Linux' hash_get_index() computes it: bit 0 of the index is
// the exclusive-or of bits 0, 6, 12 ... of the address. 01:00:5e:00:00:01 gives 43.
TEST_F(GemReceive, Hashes) {
    enable(gem::config::multicast_hash_enable | gem::config::unicast_hash_enable);
    constexpr std::uint64_t group = 0x01'00'5e'00'00'01;
    unsigned index = 0;
    for (unsigned bit = 0; bit < 48; ++bit) {
        const unsigned byte = static_cast<unsigned>(group >> (40 - 8 * (bit / 8)) & 0xff);
        index ^= (byte >> bit % 8 & 1) << bit % 6;
    }
    EXPECT_EQ(flags_of(make_frame(group, 60)), 0U);
    b.write(index < 32 ? gem::hash_bottom : gem::hash_top, 1U << index % 32);
    EXPECT_EQ(flags_of(make_frame(group, 60)), sof | eof | 1U << 30);
    EXPECT_EQ(flags_of(make_frame(group + 1, 60)), 0U);
    b.write(gem::hash_bottom, 0xffff'ffff);
    b.write(gem::hash_top, 0xffff'ffff);
    EXPECT_EQ(flags_of(make_frame(other, 60)), sof | eof | 1U << 29);
    b.write(gem::network_config, 0x0028'0402 | 1U << 17);
    EXPECT_EQ(flags_of(make_frame(group, 60)), 0U) << "not enabled";
}

TEST_F(GemReceive, VlanTags) {
    enable();
    Bytes frame = make_frame(own, 64);
    frame[12] = std::byte{0x81};
    frame[13] = std::byte{0x00};
    frame[14] = std::byte{0xb0};  // priority 5, CFI
    frame[15] = std::byte{0x07};
    EXPECT_EQ(flags_of(frame), sof | eof | 1U << 21 | 5U << 17 | 1U << 16);
    frame[14] = std::byte{0x20};  // priority 1, no VLAN: a priority tag
    frame[15] = std::byte{0x00};
    EXPECT_EQ(flags_of(frame), sof | eof | 1U << 21 | 1U << 20 | 1U << 17);
    b.write(gem::network_config,
            0x0028'0402 | 1U << 17 | gem::config::copy_all_frames | gem::config::discard_non_vlan);
    EXPECT_EQ(flags_of(make_frame(own, 64)), 0U);
    EXPECT_NE(flags_of(frame), 0U);
}

TEST_F(GemReceive, LengthLimits) {
    enable();
    EXPECT_NE(flags_of(make_frame(own, 1514)), 0U);
    EXPECT_EQ(flags_of(make_frame(own, 1515)), 0U);
    EXPECT_EQ(b.read(gem::excessive_rx_length), 1U);
    b.write(gem::network_config,
            0x0028'0402 | 1U << 17 | gem::config::copy_all_frames | gem::config::receive_1536);
    EXPECT_NE(flags_of(make_frame(own, 1532)), 0U);
    EXPECT_EQ(flags_of(make_frame(own, 1533)), 0U);
    b.write(gem::network_config,
            0x0028'0402 | 1U << 17 | gem::config::copy_all_frames | gem::config::jumbo_frames);
    b.write(gem::jumbo_max_length, 2000);
    b.write(gem::dma_config, 32U << 16 | 0x710);
    EXPECT_NE(flags_of(make_frame(own, 1996)), 0U);
    EXPECT_EQ(flags_of(make_frame(own, 1997)), 0U);
    EXPECT_EQ(b.gem.counters().rx_bad_length, 3U);
}

TEST_F(GemReceive, LengthFieldErrors) {
    enable();
    Bytes frame = make_frame(own, 64);
    frame[12] = std::byte{0x00};
    frame[13] = std::byte{100};  // more than there is
    EXPECT_NE(flags_of(frame), 0U);
    EXPECT_EQ(b.read(gem::rx_length_errors), 1U);
    b.write(gem::network_config, 0x0028'0402 | 1U << 17 | gem::config::copy_all_frames |
                                     gem::config::length_error_discard);
    EXPECT_EQ(flags_of(frame), 0U);
    frame[13] = std::byte{50};
    EXPECT_NE(flags_of(frame), 0U);
}

// --- no room ----------------------------------------------------------------------------------

// UG1087, receive_status.buffer_not_available: the descriptor is read again at each end of frame;
// until then frames wait in the packet buffer.
TEST_F(GemReceive, WithoutABufferAFrameWaitsForTheNext) {
    enable();
    b.write(gem::int_enable, gem::interrupt::rx_used_bit_read);
    b.set_word(GemBench::rx_ring, word0(0) | used);
    b.arrive(make_frame(own, 100));
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::receive_status), gem::rx::buffer_not_available);
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::rx_used_bit_read);
    EXPECT_TRUE(b.activity.idle()) << "nothing happens by itself";
    give_back(0);
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.gem.counters().rx_frames, 0U);
    EXPECT_EQ(b.gem.counters().rx_inside(), 1U);
    b.arrive(make_frame(own, 200));
    b.run_for(Picos::us(10));
    EXPECT_EQ(word1(0) & 0x1fff, 100U);
    EXPECT_EQ(word1(1) & 0x1fff, 200U);
}

// dma_config.force_discard_on_err.
TEST_F(GemReceive, WithoutABufferAFrameIsDroppedWhenToldSo) {
    enable();
    b.write(gem::dma_config, 0x0018'0710 | gem::dma::force_discard_on_err);
    b.set_word(GemBench::rx_ring, word0(0) | used);
    b.arrive(make_frame(own, 100));
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.gem.counters().rx_no_buffer, 1U);
    EXPECT_EQ(b.read(gem::rx_resource_errors), 1U);
    give_back(0);
    b.arrive(make_frame(own, 200));
    b.run_for(Picos::us(10));
    EXPECT_EQ(word1(0) & 0x1fff, 200U);
}

// A frame that needs more buffers than there are takes none.
TEST_F(GemReceive, TooFewBuffersForAFrame) {
    enable();
    b.write(gem::dma_config, 1U << 16 | 0x710 | gem::dma::force_discard_on_err);  // 64 bytes
    b.arrive(make_frame(own, 300));                                               // five of four
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.gem.counters().rx_no_buffer, 1U);
    EXPECT_EQ(word0(0) & used, 0U);
    b.arrive(make_frame(own, 256));
    b.run_for(Picos::us(10));
    EXPECT_EQ(word1(3), 256 | eof);
}

TEST_F(GemReceive, AFullPacketBufferIsAnOverrun) {
    enable();
    b.write(gem::int_enable, gem::interrupt::receive_overrun);
    b.set_word(GemBench::rx_ring, word0(0) | used);
    for (unsigned i = 0; i < 11; ++i)  // 16 KiB hold ten
        b.arrive(make_frame(own, 1514));
    EXPECT_EQ(b.gem.counters().rx_overrun, 1U);
    EXPECT_EQ(b.read(gem::rx_overruns), 1U);
    EXPECT_EQ(b.read(gem::receive_status) & gem::rx::receive_overrun, gem::rx::receive_overrun);
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::receive_overrun);
    EXPECT_EQ(b.gem.counters().rx_inside(), 10U);
    // The receiver off: what waits is lost.
    b.write(gem::network_control, 0);
    EXPECT_EQ(b.gem.counters().rx_disabled, 10U);
    EXPECT_EQ(b.gem.counters().rx_inside(), 0U);
    b.arrive(make_frame(own, 60));
    EXPECT_EQ(b.gem.counters().rx_disabled, 11U);
}

TEST_F(GemReceive, DmaOutsideTheVmIsABusError) {
    std::vector<DmaFault> faults;
    b.dma.on_fault([&](const DmaFault& f) { faults.push_back(f); });
    enable();
    b.write(gem::int_enable, gem::interrupt::all & ~gem::interrupt::management_frame_sent);
    b.rx_descriptor(0, 0x1000);
    b.arrive(make_frame(own, 100));
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.read(gem::receive_status), gem::rx::resp_not_ok);
    EXPECT_EQ(b.read(gem::int_status), gem::interrupt::resp_not_ok);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].address.value, 0x1000U);
    EXPECT_TRUE(faults[0].write);
    EXPECT_EQ(b.gem.counters().rx_bus_errors, 1U);
    EXPECT_EQ(word0(0) & used, 0U);
}

TEST_F(GemReceive, AnUnattachedPortRefusesEverything) {
    DmaPort nobody(b.timeline);
    EXPECT_EQ(nobody.readable(vms::GuestAddr{GemBench::ram_base}, 4), nullptr);
    EXPECT_EQ(nobody.faults(), 1U);
}

TEST_F(GemReceive, SpeedOfMacAndLinkMustAgree) {
    b.link.hz = 100'000'000;
    enable();
    b.arrive(make_frame(own, 60));
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.gem.counters().rx_speed, 1U);
}

TEST_F(GemReceive, Descriptors64) {
    enable();
    b.write(gem::network_control, 0);
    b.write(gem::dma_config, 0x0018'0710 | gem::dma::addr_bus_width_64);
    b.write(gem::upper_rx_q_base_addr, 8);
    b.write(gem::receive_q_ptr, 0x3000);
    b.write(gem::network_control, gem::control::enable_receive);
    b.set_word(GemBench::high_base + 0x3000, 0x9000);
    b.set_word(GemBench::high_base + 0x3008, 8);
    b.set_word(GemBench::high_base + 0x3010, 0x4000'9000 | 2);
    const Bytes first = make_frame(own, 90, 1);
    const Bytes second = make_frame(own, 91, 2);
    b.arrive(first);
    b.arrive(second);
    b.run_for(Picos::us(10));
    EXPECT_EQ(b.memory(GemBench::high_base + 0x9000, 90), first);
    EXPECT_EQ(b.memory(0x4000'9000, 91), second);
    EXPECT_EQ(b.word(GemBench::high_base + 0x3014), 91 | sof | eof);
    EXPECT_EQ(b.read(gem::receive_q_ptr), 0x3000U) << "wrapped";
}

TEST_F(GemReceive, Statistics) {
    enable();
    for (const std::size_t bytes : {60U, 61U, 124U, 252U, 508U, 1020U, 1514U})
        flags_of(make_frame(own, bytes));
    flags_of(make_frame(everybody, 60));
    flags_of(make_frame(0x0100'5e00'0001, 60));
    EXPECT_EQ(b.read(gem::frames_rxed_ok), 9U);
    EXPECT_EQ(b.read(gem::octets_rxed_bottom), 64U + 65 + 128 + 256 + 512 + 1024 + 1518 + 128);
    EXPECT_EQ(b.read(gem::broadcast_rxed), 1U);
    EXPECT_EQ(b.read(gem::multicast_rxed), 1U);
    EXPECT_EQ(b.read(gem::frames_rxed_64), 3U);
    for (std::uint32_t o = gem::frames_rxed_64 + 4; o < gem::frames_rxed_1519 - 4; o += 4)
        EXPECT_EQ(b.read(o), 1U) << std::hex << o;
    EXPECT_EQ(b.read(gem::frames_rxed_1519 - 4), 2U) << "1024 to 1518";
}

TEST_F(GemReceive, AWriteIsPublishedToWhoPollsAWordOfIt) {
    struct Watcher final : Timeline::Watcher {
        std::vector<std::uint64_t> at;
        void published(Picos t, CpuId /*by*/) override { at.push_back(t.value); }
    } descriptor, elsewhere;
    enable();
    b.timeline.watch(CpuId{0}, b.at(GemBench::rx_ring), descriptor);
    b.timeline.watch(CpuId{1}, b.at(GemBench::rx_ring + 16), elsewhere);
    b.arrive(make_frame(own, 60));
    b.run_for(Picos::us(10));
    EXPECT_THAT(descriptor.at, ElementsAre(in_memory_after(60)));
    EXPECT_TRUE(elsewhere.at.empty());
    b.timeline.unwatch(CpuId{0});
    b.timeline.unwatch(CpuId{1});
}

}  // namespace
}  // namespace models::test
