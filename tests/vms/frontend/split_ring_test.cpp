// The driver's side of the split virtqueue against OASIS VirtIO v1.4, 2.7, and the allocator that
// gives it memory.
#include "vms/frontend/split_ring.h"

#include <vector>

#include <gtest/gtest.h>

#include "machine.h"
#include "vms/frontend/shared_memory.h"

namespace frontend_test {
namespace {

using vms::GuestAddr;
using vms::frontend::SharedMemory;
using vms::frontend::SplitRing;
namespace ring = vms::abi::ring;

constexpr std::uint64_t base = 0x80000000;
constexpr std::uint32_t size = 4;

/// A ring of four, and the device's hand on it.
struct Ring {
    Machine m;
    SharedMemory memory{GuestAddr{base}, 0x10000};
    SplitRing::Layout layout;
    SplitRing ring;
    std::uint16_t used = 0;

    explicit Ring(SplitRing::Options options = {})
        : layout(take(memory)), ring((m.add_ram(base, 0x10000), m), memory, layout, options) {
        ring.clear();
    }
    static SplitRing::Layout take(SharedMemory& memory) {
        const GuestAddr at = memory.take(0x1000).value();
        return {at, at + 0x100, at + 0x200, size};
    }
    bool add(std::uint64_t token) {
        const SplitRing::Segment s{GuestAddr{base + 0x4000}, 16, false};
        return ring.add({&s, 1}, token);
    }
    void use(std::uint32_t id, std::uint32_t length = 0) {
        const std::uint64_t entry = layout.device.value + 4 + 8 * (used % size);
        m.poke<std::uint32_t>(entry, id);
        m.poke<std::uint32_t>(entry + 4, length);
        m.poke<std::uint16_t>(layout.device.value + 2, ++used);
    }
    std::uint16_t available_entry(std::uint16_t index) {
        return m.peek<std::uint16_t>(layout.driver.value + 4 + 2 * (index % size));
    }
    std::uint16_t available_index() { return m.peek<std::uint16_t>(layout.driver.value + 2); }
    ring::Descriptor descriptor(std::uint32_t i) {
        return m.peek<ring::Descriptor>(layout.descriptors.value + 16 * i);
    }
    void avail_event(std::uint16_t v) {
        m.poke<std::uint16_t>(layout.device.value + 4 + 8 * size, v);
    }
    std::uint16_t used_event() { return m.peek<std::uint16_t>(layout.driver.value + 4 + 2 * size); }
};

// 2.7.5, 2.7.6: a direct chain is linked by NEXT, its head goes into the available ring.
TEST(SplitRing, DirectChain) {
    Ring r;
    const SplitRing::Segment chain[] = {{GuestAddr{base + 0x4000}, 12, false},
                                        {GuestAddr{base + 0x5000}, 100, true}};
    ASSERT_TRUE(r.ring.add(chain, 7));
    EXPECT_EQ(r.available_index(), 1);
    const std::uint16_t head = r.available_entry(0);
    const ring::Descriptor first = r.descriptor(head);
    EXPECT_EQ(first.addr, base + 0x4000);
    EXPECT_EQ(first.len, 12u);
    EXPECT_EQ(first.flags, ring::desc::flag_next);
    const ring::Descriptor second = r.descriptor(first.next);
    EXPECT_EQ(second.addr, base + 0x5000);
    EXPECT_EQ(second.len, 100u);
    EXPECT_EQ(second.flags, ring::desc::flag_write);
    EXPECT_EQ(r.ring.free_descriptors(), 2u);
}

// 2.7.5.3: one descriptor for an indirect table, in shared memory, given back with the chain.
TEST(SplitRing, IndirectChain) {
    Ring r({.event_index = false, .indirect = true, .identity = 0});
    const std::uint64_t before = r.memory.free_bytes();
    const SplitRing::Segment chain[] = {{GuestAddr{base + 0x4000}, 12, false},
                                        {GuestAddr{base + 0x5000}, 100, true},
                                        {GuestAddr{base + 0x6000}, 8, true}};
    ASSERT_TRUE(r.ring.add(chain, 7));
    EXPECT_EQ(r.ring.free_descriptors(), 3u);
    const ring::Descriptor head = r.descriptor(r.available_entry(0));
    EXPECT_EQ(head.flags, ring::desc::flag_indirect);
    EXPECT_EQ(head.len, 48u);
    const auto entry = [&](unsigned i) { return r.m.peek<ring::Descriptor>(head.addr + 16 * i); };
    EXPECT_EQ(entry(0), (ring::Descriptor{base + 0x4000, 12, ring::desc::flag_next, 1}));
    EXPECT_EQ(entry(1), (ring::Descriptor{base + 0x5000, 100, 3, 2}));
    EXPECT_EQ(entry(2), (ring::Descriptor{base + 0x6000, 8, ring::desc::flag_write, 0}));

    r.use(r.available_entry(0), 50);
    const auto used = r.ring.get();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->token, 7u);
    EXPECT_EQ(used->length, 50u);
    EXPECT_EQ(r.ring.free_descriptors(), 4u);
    EXPECT_EQ(r.memory.free_bytes(), before);
}

// 2.7.5.3.1: a single buffer is cheaper direct.
TEST(SplitRing, OneSegmentIsDirectEvenWithIndirectNegotiated) {
    Ring r({.event_index = false, .indirect = true, .identity = 0});
    ASSERT_TRUE(r.add(1));
    EXPECT_EQ(r.descriptor(r.available_entry(0)).flags, 0);
}

// 2.7.5: the descriptors of a chain are the driver's again once its head is used, all of them.
TEST(SplitRing, ChainsGiveAllTheirDescriptorsBack) {
    Ring r;
    const SplitRing::Segment chain[] = {{GuestAddr{base + 0x4000}, 1, false},
                                        {GuestAddr{base + 0x5000}, 2, false},
                                        {GuestAddr{base + 0x6000}, 3, true}};
    for (std::uint16_t round = 0; round < 5; ++round) {
        ASSERT_TRUE(r.add(100));
        ASSERT_TRUE(r.ring.add(chain, round));
        EXPECT_EQ(r.ring.free_descriptors(), 0u);
        const auto at = static_cast<std::uint16_t>(2 * round);
        const std::uint16_t single = r.available_entry(at);
        const std::uint16_t head = r.available_entry(static_cast<std::uint16_t>(at + 1));
        // The chain holds three descriptors, none of them the single one's.
        const ring::Descriptor first = r.descriptor(head);
        const ring::Descriptor second = r.descriptor(first.next);
        EXPECT_EQ(r.descriptor(second.next).len, 3u);
        EXPECT_NE(first.next, single);
        EXPECT_NE(second.next, single);
        r.use(head, 3);
        r.use(single);
        EXPECT_EQ(r.ring.get()->token, round);
        EXPECT_EQ(r.ring.get()->token, 100u);
        EXPECT_EQ(r.ring.free_descriptors(), 4u);
    }
}

TEST(SplitRing, FullRingTakesNoMore) {
    Ring r;
    for (std::uint64_t i = 0; i < size; ++i)
        EXPECT_TRUE(r.add(i));
    EXPECT_FALSE(r.add(9));
    EXPECT_EQ(r.available_index(), 4);
    r.use(r.available_entry(2));
    EXPECT_EQ(r.ring.get()->token, 2u);
    EXPECT_TRUE(r.add(9));
}

// 2.7.6, 2.7.8: the indices run freely through 2^16; out of order completion is legal.
TEST(SplitRing, IndicesWrap) {
    Ring r({.event_index = true, .indirect = false, .identity = 0});
    std::uint64_t next = 0;
    for (std::uint32_t round = 0; round < 40'000; ++round) {
        ASSERT_TRUE(r.add(next++));
        ASSERT_TRUE(r.add(next++));
        const std::uint16_t index = r.available_index();
        ASSERT_EQ(index, static_cast<std::uint16_t>(next));
        const std::uint16_t first = r.available_entry(static_cast<std::uint16_t>(index - 2));
        const std::uint16_t second = r.available_entry(static_cast<std::uint16_t>(index - 1));
        r.use(second);
        r.use(first);
        ASSERT_EQ(r.ring.get()->token, next - 1);
        ASSERT_EQ(r.ring.get()->token, next - 2);
        ASSERT_FALSE(r.ring.get());
        ASSERT_EQ(r.used_event(), r.used);
    }
    EXPECT_EQ(r.ring.outstanding(), 0u);
    EXPECT_FALSE(r.ring.broken());
}

// 2.7.10: without event index the device's flag decides; nothing new, nothing to tell.
TEST(SplitRing, KickByFlag) {
    Ring r;
    EXPECT_FALSE(r.ring.kick_needed());
    ASSERT_TRUE(r.add(1));
    EXPECT_TRUE(r.ring.kick_needed());
    EXPECT_FALSE(r.ring.kick_needed());
    r.m.poke<std::uint16_t>(r.layout.device.value, 1);
    ASSERT_TRUE(r.add(2));
    EXPECT_FALSE(r.ring.kick_needed());
}

// 2.7.10: with event index the flag is ignored, and the batch must have passed avail_event.
TEST(SplitRing, KickByEventIndex) {
    Ring r({.event_index = true, .indirect = false, .identity = 0});
    r.m.poke<std::uint16_t>(r.layout.device.value, 1);
    ASSERT_TRUE(r.add(1));
    EXPECT_TRUE(r.ring.kick_needed());  // event 0, 0 -> 1
    ASSERT_TRUE(r.add(2));
    EXPECT_FALSE(r.ring.kick_needed());  // event 0, 1 -> 2
    r.avail_event(3);
    ASSERT_TRUE(r.add(3));
    EXPECT_FALSE(r.ring.kick_needed());  // 2 -> 3
    ASSERT_TRUE(r.add(4));
    EXPECT_TRUE(r.ring.kick_needed());  // 3 -> 4 passes 3
}

TEST(SplitRing, KickByEventIndexAcrossTheWrap) {
    Ring r({.event_index = true, .indirect = false, .identity = 0});
    for (std::uint32_t i = 0; i < 65'534; ++i) {
        ASSERT_TRUE(r.add(i));
        r.use(r.available_entry(static_cast<std::uint16_t>(i)));
        ASSERT_TRUE(r.ring.get());
    }
    r.avail_event(0);
    r.ring.kick_needed();
    ASSERT_TRUE(r.add(0));
    EXPECT_FALSE(r.ring.kick_needed());  // 65534 -> 65535
    ASSERT_TRUE(r.add(0));
    ASSERT_TRUE(r.add(0));
    EXPECT_TRUE(r.ring.kick_needed());  // 65535 -> 1 passes 0
}

// 2.7.7: asking for no interrupts, and for them again.
TEST(SplitRing, InterruptsByFlag) {
    Ring r;
    r.ring.enable_interrupts(false);
    EXPECT_EQ(r.m.peek<std::uint16_t>(r.layout.driver.value), 1);
    r.ring.enable_interrupts(true);
    EXPECT_EQ(r.m.peek<std::uint16_t>(r.layout.driver.value), 0);
}

TEST(SplitRing, InterruptsByEventIndex) {
    Ring r({.event_index = true, .indirect = false, .identity = 0});
    r.ring.enable_interrupts(false);
    // The flags stay 0 (2.7.7.1), and passing from 0 to 1, or to 4, is no event.
    EXPECT_EQ(r.m.peek<std::uint16_t>(r.layout.driver.value), 0);
    EXPECT_FALSE(ring::vring_need_event(r.used_event(), 1, 0));
    EXPECT_FALSE(ring::vring_need_event(r.used_event(), 4, 0));
    ASSERT_TRUE(r.add(1));
    r.use(r.available_entry(0));
    ASSERT_TRUE(r.ring.get());
    r.ring.enable_interrupts(true);
    EXPECT_TRUE(ring::vring_need_event(r.used_event(), 2, 1));
}

// A device that returns what it does not hold breaks the ring; nothing of it is used any more.
TEST(SplitRing, UsedIdOutOfRangeBreaksTheRing) {
    Ring r;
    ASSERT_TRUE(r.add(1));
    r.use(size);
    EXPECT_FALSE(r.ring.get());
    EXPECT_TRUE(r.ring.broken());
    EXPECT_FALSE(r.add(2));
    EXPECT_FALSE(r.ring.kick_needed());
}

TEST(SplitRing, UsedTwiceBreaksTheRing) {
    Ring r;
    ASSERT_TRUE(r.add(1));
    const std::uint16_t head = r.available_entry(0);
    r.use(head);
    r.use(head);
    EXPECT_TRUE(r.ring.get());
    EXPECT_FALSE(r.ring.get());
    EXPECT_TRUE(r.ring.broken());
}

TEST(SplitRing, ObserversHearOfBothDirections) {
    Ring r({.event_index = false, .indirect = false, .identity = 0x0a003e01});
    ASSERT_TRUE(r.add(1));
    r.use(r.available_entry(0));
    ASSERT_TRUE(r.ring.get());
    ASSERT_EQ(r.m.notes.size(), 2u);
    EXPECT_EQ(r.m.notes[0].first, vms::Note::ring_publish);
    EXPECT_EQ(r.m.notes[0].second, (std::pair<std::uint64_t, std::uint64_t>{0x0a003e01, 1}));
    EXPECT_EQ(r.m.notes[1].first, vms::Note::ring_consume);
    EXPECT_EQ(r.m.notes[1].second, (std::pair<std::uint64_t, std::uint64_t>{0x0a003e01, 1}));
}

// --- the allocator ------------------------------------------------------------------------------

TEST(SharedMemory, TakesTheLowestGapInSlotsOf2KiB) {
    SharedMemory memory(GuestAddr{base}, 0x4000);
    EXPECT_EQ(memory.free_bytes(), 0x4000u);
    EXPECT_EQ(memory.take(1)->value, base);
    EXPECT_EQ(memory.take(2049)->value, base + 0x800);
    EXPECT_EQ(memory.take(1, 0x1000)->value, base + 0x2000);
    EXPECT_EQ(memory.take(1)->value, base + 0x1800);
    memory.release(GuestAddr{base + 0x800}, 2049);
    EXPECT_EQ(memory.take(0x1001)->value, base + 0x2800);  // the gap of 0x1000 is too small
    EXPECT_EQ(memory.take(0x1000)->value, base + 0x800);
    EXPECT_EQ(memory.free_bytes(), 0u);
    EXPECT_FALSE(memory.take(1));
}

// More slots than one word of the allocator holds, taken and given back in every order.
TEST(SharedMemory, FindsTheLowestGapAmongMany) {
    SharedMemory memory(GuestAddr{base}, 300 * 0x800);
    for (unsigned k = 0; k < 300; ++k)
        ASSERT_EQ(memory.take(1), GuestAddr{base + 0x800 * k});
    EXPECT_FALSE(memory.take(1));
    for (const unsigned k : {299u, 130u, 64u, 63u})
        memory.release(GuestAddr{base + 0x800 * k}, 1);
    EXPECT_EQ(memory.take(0x1000), GuestAddr{base + 0x800 * 63});
    EXPECT_FALSE(memory.take(0x1000));
    EXPECT_EQ(memory.take(1), GuestAddr{base + 0x800 * 130});
    EXPECT_EQ(memory.take(1), GuestAddr{base + 0x800 * 299});
    EXPECT_EQ(memory.free_bytes(), 0u);
}

TEST(SharedMemory, UsesWholeSlotsOfTheRegionOnly) {
    SharedMemory memory(GuestAddr{base + 0x100}, 0x1000);
    EXPECT_EQ(memory.free_bytes(), 0x800u);
    EXPECT_EQ(memory.take(1)->value, base + 0x800);
    EXPECT_FALSE(SharedMemory(GuestAddr{base + 1}, 16).take(1));
    EXPECT_FALSE(SharedMemory(GuestAddr{base}, 0x1000).take(0x1001));
    EXPECT_FALSE(SharedMemory(GuestAddr{base}, 0).take(0));
}

}  // namespace
}  // namespace frontend_test
