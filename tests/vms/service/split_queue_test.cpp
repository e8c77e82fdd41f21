// The device's side of the split virtqueue against VirtIO v1.4, section 2.7.
#include "vms/service/virtio/split_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/rig.h"

namespace vms::service::test {
namespace {

namespace ring = abi::ring;
using ring::Descriptor;
namespace desc = abi::ring::desc;

constexpr GuestAddr ring_base = shared_base;
constexpr GuestAddr data = shared_base + 0x4000;
constexpr GuestAddr table = shared_base + 0x8000;

class SplitQueueTest : public ::testing::Test {
  protected:
    static constexpr std::uint16_t size = 8;

    QueueFault activate(std::uint64_t features) {
        return queue.activate(m.memory, driver.areas(), 256, features, 0, counters);
    }
    QueueFault fault_after_pop() {
        DescriptorChain chain = queue.pop(storage);
        EXPECT_FALSE(chain);
        return queue.fault();
    }
    /// `steps` completed chains, one published index each; returns how many asked for an interrupt.
    int echo(int steps) {
        int interrupts = 0;
        for (int i = 0; i < steps; ++i) {
            driver.add({{data, 4, true}});
            DescriptorChain chain = queue.pop(storage);
            EXPECT_TRUE(chain);
            queue.complete(std::move(chain), 4);
            interrupts += queue.publish() ? 1 : 0;
        }
        return interrupts;
    }

    Machine m;
    DeviceCounters counters;
    DriverRing driver{m.cpu, ring_base, size};
    SplitQueue queue;
    ChainStorage storage;
};

// 2.7.5, 2.7.13: a chain is its descriptors in the order of `next`, readable before writable.
TEST_F(SplitQueueTest, ChainGivesReadableThenWritableBytes) {
    ASSERT_EQ(activate(0), QueueFault::none);
    put(m.cpu, data, "abcdef");
    driver.add({{data, 2, false}, {data + 2, 4, false}, {data + 0x100, 8, true}});
    DescriptorChain chain = queue.pop(storage);
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain.reader().remaining(), 6u);
    EXPECT_EQ(chain.writer().remaining(), 8u);
    std::array<std::byte, 16> bytes{};
    EXPECT_EQ(chain.reader().read(m.memory, std::span(bytes).first(3)), 3u);
    EXPECT_EQ(chain.reader().read(m.memory, std::span(bytes).subspan(3)), 3u);  // ends at the end
    EXPECT_EQ(std::memcmp(bytes.data(), "abcdef", 6), 0);
    EXPECT_EQ(chain.writer().write(m.memory, bytes), 8u);  // never beyond the chain
    EXPECT_EQ(get(m.cpu, data + 0x100, 6), "abcdef");
    queue.complete(std::move(chain), 8);
    EXPECT_TRUE(queue.publish());
    EXPECT_EQ(driver.used(0), (UsedElement{0, 8}));
    EXPECT_EQ(driver.used_index(), 1);
}

// 2.7.8.2: used elements are visible before the index that covers them; the index is what
// publishes.
TEST_F(SplitQueueTest, UsedElementIsWrittenBeforeTheIndex) {
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.add({{data, 4, true}});
    DescriptorChain chain = queue.pop(storage);
    queue.complete(std::move(chain), 3);
    EXPECT_EQ(driver.used_index(), 0);
    int published = 0;
    m.cpu.on_publish = [&](GuestAddr a) {
        ++published;
        EXPECT_EQ(a, driver.device() + ring::used::idx);
        EXPECT_EQ(driver.used(0), (UsedElement{0, 3}));
    };
    queue.publish();
    EXPECT_EQ(published, 1);
}

// 2.7.5: the device never writes the descriptor table.
TEST_F(SplitQueueTest, DescriptorTableIsNotWritten) {
    ASSERT_EQ(activate(event_idx), QueueFault::none);
    for (std::uint16_t i = 0; i < size; ++i)
        driver.write_descriptor(i, {data.value, 4, desc::flag_write, 0xbeef});
    std::vector<Descriptor> before;
    for (std::uint16_t i = 0; i < size; ++i)
        before.push_back(m.cpu.peek<Descriptor>(driver.descriptor() + 16ull * i));
    driver.make_available(5);
    DescriptorChain chain = queue.pop(storage);
    queue.complete(std::move(chain), 4);
    queue.publish();
    queue.request_kick();
    for (std::uint16_t i = 0; i < size; ++i)
        EXPECT_EQ(m.cpu.peek<Descriptor>(driver.descriptor() + 16ull * i), before[i]);
}

// 2.7.6: indices run freely modulo 2^16; the slot is the index modulo the queue size.
TEST_F(SplitQueueTest, IndicesWrapAt65536) {
    ASSERT_EQ(activate(0), QueueFault::none);
    for (int i = 0; i < 65'536 + 3; ++i) {
        m.cpu.log.clear();
        ASSERT_EQ(echo(1), 1);
    }
    EXPECT_EQ(queue.fault(), QueueFault::none);
    EXPECT_EQ(driver.used_index(), 3);
    EXPECT_EQ(counters.chains, 65'539u);
}

// 2.7.7.2 with the event index: an interrupt only when the batch passes used_event.
TEST_F(SplitQueueTest, EventIndexDecidesAboutInterrupts) {
    ASSERT_EQ(activate(event_idx), QueueFault::none);
    driver.set_flags(ring::avail::flag_no_interrupt);  // ignored with EVENT_IDX
    driver.set_used_event(2);
    EXPECT_EQ(echo(2), 0);
    EXPECT_EQ(echo(1), 1);
    EXPECT_EQ(echo(5), 0);
    // A batch that jumps over the event: 8 -> 11 passes 9.
    driver.set_used_event(9);
    for (int i = 0; i < 3; ++i) {
        driver.add({{data, 4, true}});
        DescriptorChain chain = queue.pop(storage);
        queue.complete(std::move(chain), 0);
    }
    EXPECT_TRUE(queue.publish());
}

// 2.7.7.2, the same across the wrap of the index.
TEST_F(SplitQueueTest, EventIndexCrossesTheWrap) {
    ASSERT_EQ(activate(event_idx), QueueFault::none);
    driver.set_used_event(0x8000);  // not passed in the first half
    for (int i = 0; i < 0xfffe; ++i)
        echo(1);
    EXPECT_EQ(driver.used_index(), 0xfffe);
    driver.set_used_event(0xffff);
    EXPECT_EQ(echo(1), 0);  // 0xfffe -> 0xffff
    EXPECT_EQ(echo(1), 1);  // 0xffff -> 0 passes it
    driver.set_used_event(0);
    EXPECT_EQ(echo(1), 1);
}

// 2.7.7.2 without the event index: the flag of the available ring.
TEST_F(SplitQueueTest, NoInterruptFlagWithoutEventIndex) {
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.set_flags(ring::avail::flag_no_interrupt);
    driver.set_used_event(0);
    EXPECT_EQ(echo(1), 0);
    driver.set_flags(0);
    EXPECT_EQ(echo(1), 1);
}

// 2.7.10: kicks are suppressed by the used ring's flag, or by avail_event with flags kept 0.
TEST_F(SplitQueueTest, KickSuppression) {
    ASSERT_EQ(activate(0), QueueFault::none);
    queue.suppress_kicks();
    EXPECT_EQ(driver.used_flags(), ring::used::flag_no_notify);
    EXPECT_FALSE(queue.request_kick());
    EXPECT_EQ(driver.used_flags(), 0);

    ASSERT_EQ(activate(event_idx), QueueFault::none);
    driver.set_index(0);
    echo(3);
    queue.suppress_kicks();
    EXPECT_EQ(driver.used_flags(), 0);
    EXPECT_FALSE(queue.request_kick());
    EXPECT_EQ(driver.avail_event(), 3);
}

// 2.7.13.4.1: after asking for a kick the device looks again, or a chain added in between is lost.
TEST_F(SplitQueueTest, ChainAddedWhileAskingForAKickIsSeen) {
    for (const std::uint64_t features : {std::uint64_t{0}, event_idx}) {
        ASSERT_EQ(activate(features), QueueFault::none);
        driver.set_index(0);
        EXPECT_FALSE(queue.available());
        m.cpu.on_publish = [&](GuestAddr) { driver.add({{data, 4, false}}); };
        EXPECT_TRUE(queue.request_kick());
        m.cpu.on_publish = nullptr;
        EXPECT_TRUE(queue.pop(storage));
        queue.stop();
    }
}

// 2.7.5.3: indirect tables, alone or after direct descriptors; WRITE on the INDIRECT is ignored.
TEST_F(SplitQueueTest, IndirectTable) {
    ASSERT_EQ(activate(indirect_desc), QueueFault::none);
    m.cpu.poke(table, Descriptor{data.value + 8, 3, desc::flag_next, 2});
    m.cpu.poke(table + 32, Descriptor{data.value + 16, 5, desc::flag_write, 0});
    driver.write_descriptor(0, {data.value, 2, desc::flag_next, 1});
    driver.write_descriptor(1, {table.value, 48, desc::flag_indirect | desc::flag_write, 0});
    driver.make_available(0);
    DescriptorChain chain = queue.pop(storage);
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain.reader().remaining(), 5u);
    EXPECT_EQ(chain.writer().remaining(), 5u);
    queue.complete(std::move(chain), 0);
}

// Drivers in the field build indirect tables longer than the queue (Linux, virtqueue_add_split).
TEST_F(SplitQueueTest, IndirectTableLongerThanTheQueueIsServed) {
    ASSERT_EQ(activate(indirect_desc), QueueFault::none);
    for (std::uint16_t i = 0; i < 20; ++i)
        m.cpu.poke(table + 16ull * i,
                   Descriptor{data.value, 1, i < 19 ? desc::flag_next : std::uint16_t{0},
                              static_cast<std::uint16_t>(i + 1)});
    driver.write_descriptor(0, {table.value, 320, desc::flag_indirect, 0});
    driver.make_available(0);
    DescriptorChain chain = queue.pop(storage);
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain.reader().remaining(), 20u);
    queue.complete(std::move(chain), 0);
}

// A chain of exactly the queue's size is legal (2.7.5.3.1 bounds it there).
TEST_F(SplitQueueTest, ChainOfQueueSize) {
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.add({{data, 1, false},
                {data, 1, false},
                {data, 1, false},
                {data, 1, false},
                {data, 1, true},
                {data, 1, true},
                {data, 1, true},
                {data, 1, true}});
    DescriptorChain chain = queue.pop(storage);
    ASSERT_TRUE(chain);
    queue.complete(std::move(chain), 0);
}

// Zero-length buffers are skipped, not mistaken for the end.
TEST_F(SplitQueueTest, EmptyBuffersAreSkipped) {
    ASSERT_EQ(activate(0), QueueFault::none);
    put(m.cpu, data, "xy");
    driver.add({{data, 0, false}, {data, 1, false}, {data, 0, false}, {data + 1, 1, false}});
    DescriptorChain chain = queue.pop(storage);
    std::array<std::byte, 4> bytes{};
    EXPECT_EQ(chain.reader().read(m.memory, bytes), 2u);
    EXPECT_EQ(bytes[1], std::byte{'y'});
    queue.complete(std::move(chain), 0);
}

// 2.7.5.3.1 and 2.7.5.2: what a driver must not do with descriptors. Each is one fault, found once.
// Going back to a mark: as if nothing had been taken or completed, and all is read anew.
TEST_F(SplitQueueTest, RewindForgetsWhatWasNotPublished) {
    ASSERT_EQ(activate(0), QueueFault::none);
    for (int i = 0; i < 3; ++i)
        driver.add({{data + 16u * static_cast<unsigned>(i), 4, true}});
    queue.complete(queue.pop(storage), 1);
    const SplitQueue::Mark mark = queue.mark();
    queue.complete(queue.pop(storage), 2);
    queue.rewind(mark, queue.pop(storage));
    EXPECT_FALSE(storage.in_use());
    EXPECT_EQ(queue.unpublished(), 1u);
    EXPECT_EQ(counters.chains, 1u);
    EXPECT_EQ(counters.descriptors, 1u);
    EXPECT_EQ(counters.used, 1u);
    EXPECT_EQ(counters.dropped_chains, 0u);
    driver.write_descriptor(1, {data.value + 0x200, 8, abi::ring::desc::flag_write, 0});
    DescriptorChain chain = queue.pop(storage);
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain.head(), 1u);
    EXPECT_EQ(chain.writer().remaining(), 8u);
    queue.complete(std::move(chain), 8);
    queue.publish();
    EXPECT_EQ(queue.unpublished(), 0u);
    EXPECT_EQ(driver.used_index(), 2u);
    EXPECT_EQ(driver.used(0), (UsedElement{0, 1}));
    EXPECT_EQ(driver.used(1), (UsedElement{1, 8}));
    // Observers were told of each chain once: it was the first of them all the time.
    std::vector<std::uint64_t> consumed;
    for (const auto& n : m.cpu.notes)
        if (n.what == Note::ring_consume)
            consumed.push_back(n.b);
    EXPECT_EQ(consumed, (std::vector<std::uint64_t>{1, 2, 3}));
}

// 2.7.13: a driver adds no more than the queue has entries until it sees some used. So what is
// taken between two publications ends, even if another CPU of the driver moves the index on
// meanwhile.
TEST_F(SplitQueueTest, NoMoreChainsThanEntriesAreTakenBeforePublication) {
    ASSERT_EQ(activate(0), QueueFault::none);
    for (int i = 0; i < size; ++i)
        driver.add({{data, 4, true}});
    for (int i = 0; i < size; ++i)
        queue.complete(queue.pop(storage), 4);
    EXPECT_FALSE(queue.available());
    EXPECT_EQ(queue.fault(), QueueFault::none);
    driver.add({{data, 4, true}});
    EXPECT_FALSE(queue.available());
    EXPECT_EQ(queue.fault(), QueueFault::index_jump);
    // And what it may: as many again, once it sees them used.
    driver.restart();
    ASSERT_EQ(activate(0), QueueFault::none);
    m.cpu.poke(ring_base + abi::ring::descriptor_bytes(size) + abi::ring::avail::idx,
               std::uint16_t{0});
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < size; ++i)
            driver.add({{data, 4, true}});
        for (int i = 0; i < size; ++i)
            queue.complete(queue.pop(storage), 4);
        queue.publish();
    }
    EXPECT_FALSE(queue.available());
    EXPECT_EQ(queue.fault(), QueueFault::none);
}

// 2.7.4.1: a device may have a reasonable limit of descriptors in a chain.
TEST_F(SplitQueueTest, AChainIsNoLongerThanItsStorageAllows) {
    ASSERT_EQ(activate(0), QueueFault::none);
    ChainStorage two(2);
    driver.add({{data, 1, false}, {data, 1, true}});
    queue.complete(queue.pop(two), 0);
    EXPECT_EQ(counters.used, 1u);
    driver.add({{data, 1, false}, {data, 1, true}, {data, 1, true}});
    EXPECT_FALSE(queue.pop(two));
    EXPECT_EQ(queue.fault(), QueueFault::too_long);
}

// A cursor skips across buffers, ends at the end, and names the place of a byte ahead.
TEST_F(SplitQueueTest, CursorsSkipAndNamePlaces) {
    ASSERT_EQ(activate(0), QueueFault::none);
    put(m.cpu, data, "abcdefgh");
    driver.add({{data, 3, false}, {data + 4, 0, false}, {data + 5, 3, false}});
    DescriptorChain chain = queue.pop(storage);
    ChainReader& r = chain.reader();
    EXPECT_EQ(r.address(2), data + 2);
    EXPECT_EQ(r.address(3), data + 5);
    EXPECT_EQ(r.address(6), GuestAddr{});
    r.skip(4);
    EXPECT_EQ(r.remaining(), 2u);
    EXPECT_EQ(r.address(0), data + 6);
    std::byte b{};
    EXPECT_EQ(r.read(m.memory, {&b, 1}), 1u);
    EXPECT_EQ(b, std::byte{'g'});
    r.skip(100);
    EXPECT_EQ(r.remaining(), 0u);
    queue.complete(std::move(chain), 0);
}

struct BadChain {
    const char* what;
    std::uint64_t features;
    std::vector<std::pair<std::uint16_t, Descriptor>> descriptors;
    std::vector<std::pair<std::uint16_t, Descriptor>> indirect;
    std::uint16_t head;
    QueueFault fault;
};

class BadChains : public SplitQueueTest, public ::testing::WithParamInterface<BadChain> {};

TEST_P(BadChains, IsAFaultOfTheQueue) {
    const BadChain& bad = GetParam();
    ASSERT_EQ(activate(bad.features), QueueFault::none);
    for (const auto& [i, d] : bad.descriptors)
        driver.write_descriptor(i, d);
    for (const auto& [i, d] : bad.indirect)
        m.cpu.poke(table + 16ull * i, d);
    driver.make_available(bad.head);
    EXPECT_EQ(fault_after_pop(), bad.fault);
    // Not retried, and nothing given back: neither now nor with a good chain after it.
    EXPECT_FALSE(queue.available());
    EXPECT_FALSE(queue.pop(storage));
    EXPECT_FALSE(queue.publish());
    EXPECT_FALSE(queue.request_kick());
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_EQ(counters.queue_faults, 1u);
    EXPECT_LE(counters.descriptors, 2u + max_chain_segments);  // the walk is bounded
}

constexpr std::uint64_t in = shared_base.value + 0x4000;
constexpr std::uint64_t tab = shared_base.value + 0x8000;
constexpr std::uint64_t end = shared_base.value + shared_size;
constexpr std::uint16_t next = desc::flag_next;
constexpr std::uint16_t write = desc::flag_write;
constexpr std::uint16_t indirect = desc::flag_indirect;

INSTANTIATE_TEST_SUITE_P(
    Hostile, BadChains,
    ::testing::Values(
        BadChain{"head_out_of_range", 0, {}, {}, 8, QueueFault::bad_head},
        BadChain{"head_far_out", 0, {}, {}, 0xffff, QueueFault::bad_head},
        BadChain{"next_out_of_range", 0, {{0, {in, 1, next, 8}}}, {}, 0, QueueFault::bad_next},
        BadChain{"self_loop", 0, {{0, {in, 1, next, 0}}}, {}, 0, QueueFault::loop},
        BadChain{"loop_of_two",
                 0,
                 {{0, {in, 1, next, 1}}, {1, {in, 1, next, 0}}},
                 {},
                 0,
                 QueueFault::loop},
        BadChain{"below_region",
                 0,
                 {{0, {shared_base.value - 1, 2, 0, 0}}},
                 {},
                 0,
                 QueueFault::buffer_outside},
        BadChain{"partly_outside", 0, {{0, {end - 4, 5, 0, 0}}}, {}, 0, QueueFault::buffer_outside},
        BadChain{"address_plus_length_wraps",
                 0,
                 {{0, {~std::uint64_t{0} - 3, 8, write, 0}}},
                 {},
                 0,
                 QueueFault::buffer_outside},
        BadChain{"huge_length",
                 0,
                 {{0, {in, 0xffff'ffff, write, 0}}},
                 {},
                 0,
                 QueueFault::buffer_outside},
        BadChain{"unmapped", 0, {{0, {0x1000, 16, 0, 0}}}, {}, 0, QueueFault::buffer_outside},
        BadChain{"readable_after_writable",
                 0,
                 {{0, {in, 1, next | write, 1}}, {1, {in, 1, 0, 0}}},
                 {},
                 0,
                 QueueFault::bad_order},
        BadChain{"indirect_not_negotiated",
                 0,
                 {{0, {tab, 16, indirect, 0}}},
                 {},
                 0,
                 QueueFault::bad_indirect},
        BadChain{"indirect_with_next",
                 indirect_desc,
                 {{0, {tab, 16, static_cast<std::uint16_t>(indirect | next), 1}}},
                 {},
                 0,
                 QueueFault::bad_indirect},
        BadChain{"indirect_odd_size",
                 indirect_desc,
                 {{0, {tab, 24, indirect, 0}}},
                 {},
                 0,
                 QueueFault::bad_indirect},
        BadChain{"indirect_empty",
                 indirect_desc,
                 {{0, {tab, 0, indirect, 0}}},
                 {},
                 0,
                 QueueFault::bad_indirect},
        BadChain{"indirect_nested",
                 indirect_desc,
                 {{0, {tab, 16, indirect, 0}}},
                 {{0, {tab, 16, indirect, 0}}},
                 0,
                 QueueFault::bad_indirect},
        BadChain{"indirect_next_beyond_its_size",
                 indirect_desc,
                 {{0, {tab, 32, indirect, 0}}},
                 {{0, {in, 1, next, 2}}},
                 0,
                 QueueFault::bad_next},
        BadChain{"indirect_loop",
                 indirect_desc,
                 {{0, {tab, 32, indirect, 0}}},
                 {{0, {in, 1, next, 1}}, {1, {in, 1, next, 0}}},
                 0,
                 QueueFault::loop},
        BadChain{"indirect_table_outside",
                 indirect_desc,
                 {{0, {end - 16, 32, indirect, 0}}},
                 {},
                 0,
                 QueueFault::buffer_outside},
        BadChain{"indirect_loop_in_a_huge_table",
                 indirect_desc,
                 {{0, {tab, 0x8'0000, indirect, 0}}},
                 {{0, {in, 1, next, 0}}},
                 0,
                 QueueFault::too_long}),
    [](const auto& bad) { return bad.param.what; });

// 2.7.5.2: a chain of 2^32 bytes and more, made of ranges each of which is inside.
TEST(SplitQueueLimits, FourGibibytesInTotal) {
    Machine m;
    DeviceCounters counters;
    DriverRing driver(m.cpu, ring_base, 256);
    SplitQueue queue;
    ChainStorage storage;
    // Nine times 512 MiB. The region is declared larger than its RAM; only the ring is touched.
    const SharedMemory large(m.port, shared_base, 0x2000'0000);
    ASSERT_EQ(queue.activate(large, driver.areas(), 256, 0, 0, counters), QueueFault::none);
    for (std::uint16_t i = 0; i < 9; ++i)
        driver.write_descriptor(i, {shared_base.value, 0x2000'0000, i < 8 ? next : std::uint16_t{0},
                                    static_cast<std::uint16_t>(i + 1)});
    driver.make_available(0);
    EXPECT_FALSE(queue.pop(storage));
    EXPECT_EQ(queue.fault(), QueueFault::too_long);
}

// 2.7.6: an index ahead by more than the queue size is a lie.
TEST_F(SplitQueueTest, AvailableIndexJump) {
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.set_index(size);
    EXPECT_TRUE(queue.available());  // exactly full is legal
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.set_index(size + 1);
    EXPECT_FALSE(queue.available());
    EXPECT_EQ(queue.fault(), QueueFault::index_jump);
}

// 2.7: sizes, alignments, and all three areas inside.
TEST_F(SplitQueueTest, BadAreasAreRefused) {
    const QueueAreas good = driver.areas();
    const auto fault = [&](QueueAreas a) {
        return queue.activate(m.memory, a, 16, 0, 0, counters);
    };
    EXPECT_EQ(fault(good), QueueFault::none);
    for (const std::uint32_t n : {0u, 3u, 6u, 32u, 65'536u}) {
        QueueAreas a = good;
        a.size = n;
        EXPECT_EQ(fault(a), QueueFault::bad_size) << n;
    }
    QueueAreas a = good;
    a.descriptor.value += 8;
    EXPECT_EQ(fault(a), QueueFault::misaligned);
    a = good;
    a.driver.value += 1;
    EXPECT_EQ(fault(a), QueueFault::misaligned);
    a = good;
    a.device.value += 2;
    EXPECT_EQ(fault(a), QueueFault::misaligned);
    a = good;
    a.descriptor.value = end - 16;
    EXPECT_EQ(fault(a), QueueFault::area_outside);
    a = good;
    a.driver.value = shared_base.value - 2;
    EXPECT_EQ(fault(a), QueueFault::area_outside);
    a = good;
    a.device.value = ~std::uint64_t{0} - 3;
    EXPECT_EQ(fault(a), QueueFault::area_outside);
}

// Time of check, time of use: a descriptor is read once; changing it afterwards changes nothing.
TEST_F(SplitQueueTest, DescriptorChangedAfterTheCheckHasNoEffect) {
    ASSERT_EQ(activate(0), QueueFault::none);
    put(m.cpu, data, "good");
    driver.add({{data, 4, false}});
    DescriptorChain chain = queue.pop(storage);
    ASSERT_TRUE(chain);
    driver.write_descriptor(0, {0x1000, 0xffff'ffff, next | write, 0xffff});
    std::array<std::byte, 8> bytes{};
    EXPECT_EQ(chain.reader().read(m.memory, bytes), 4u);
    EXPECT_EQ(std::memcmp(bytes.data(), "good", 4), 0);
    EXPECT_EQ(counters.descriptors, 1u);
    queue.complete(std::move(chain), 0);
}

// The used length never exceeds what is writable (2.7.8.2).
TEST_F(SplitQueueTest, UsedLengthIsClamped) {
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.add({{data, 4, true}});
    DescriptorChain chain = queue.pop(storage);
    queue.complete(std::move(chain), 100);
    EXPECT_EQ(driver.used(0).length, 4u);
}

// A chain destroyed without complete() is detected.
TEST_F(SplitQueueTest, DroppedChainIsDetected) {
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.add({{data, 4, true}});
    {
        DescriptorChain chain = queue.pop(storage);
        DescriptorChain moved = std::move(chain);  // moving is not dropping
        EXPECT_EQ(counters.dropped_chains, 0u);
    }
    EXPECT_EQ(counters.dropped_chains, 1u);
    EXPECT_EQ(queue.fault(), QueueFault::dropped_chain);
    EXPECT_FALSE(storage.in_use());
}

// Reset in the middle of I/O: a chain from before it is void, whatever happens to it.
TEST_F(SplitQueueTest, ChainFromBeforeAResetIsVoid) {
    ASSERT_EQ(activate(0), QueueFault::none);
    driver.add({{data, 4, true}});
    DescriptorChain chain = queue.pop(storage);
    queue.stop();
    ASSERT_EQ(activate(0), QueueFault::none);
    queue.complete(std::move(chain), 4);
    EXPECT_FALSE(queue.publish());
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_EQ(counters.dropped_chains, 0u);
    EXPECT_FALSE(storage.in_use());
}

// A stopped queue is not touched: not even its index is looked at (4.2.2, QueueReady).
TEST_F(SplitQueueTest, StoppedQueueIsNotTouched) {
    ASSERT_EQ(activate(event_idx), QueueFault::none);
    queue.stop();
    m.cpu.log.clear();
    EXPECT_FALSE(queue.available());
    EXPECT_FALSE(queue.pop(storage));
    EXPECT_FALSE(queue.publish());
    EXPECT_FALSE(queue.request_kick());
    queue.suppress_kicks();
    EXPECT_TRUE(m.cpu.log.empty());
    EXPECT_EQ(driver.used_flags(), 0);
}

// vring_need_event (2.7.10) against its definition by walking the indices.
TEST(EventArithmetic, NeedEventAgreesWithWalkingTheIndices) {
    for (const unsigned start : {0u, 1u, 0x7fffu, 0xfffdu, 0xffffu}) {
        const auto old_index = static_cast<std::uint16_t>(start);
        for (std::uint16_t n = 0; n < 6; ++n) {
            const auto new_index = static_cast<std::uint16_t>(old_index + n);
            for (int d = -3; d < 9; ++d) {
                const auto event = static_cast<std::uint16_t>(old_index + d);
                bool passed = false;
                for (std::uint16_t i = old_index; i != new_index; ++i)
                    passed = passed || i == event;
                EXPECT_EQ(ring::vring_need_event(event, new_index, old_index), passed);
            }
        }
    }
}

}  // namespace
}  // namespace vms::service::test
