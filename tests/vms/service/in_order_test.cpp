// VIRTIO_F_IN_ORDER on a split virtqueue, against VirtIO v1.4, 2.7.9 (in-order use of descriptors):
// one used element, with the head of the last chain and at the place of the first, stands for a
// batch whose other buffers were used completely.
#include <gtest/gtest.h>

#include "tests/vms/service/rig.h"
#include "vms/service/virtio/split_queue.h"

namespace vms::service::test {
namespace {

constexpr GuestAddr data = shared_base + 0x4000;

class InOrderTest : public ::testing::Test {
  protected:
    static constexpr std::uint16_t size = 8;
    static constexpr std::uint64_t features = in_order;

    void activate(std::uint64_t extra = 0) {
        ASSERT_EQ(queue.activate(m.memory, driver.areas(), 256, features | extra, 0, counters),
                  QueueFault::none);
    }
    /// Takes a chain of `length` writable bytes and gives it back with `written` of them.
    std::uint16_t use(std::uint32_t length, std::uint64_t written) {
        const std::uint16_t head = driver.add({{data, length, true}});
        DescriptorChain chain = queue.pop(storage);
        EXPECT_TRUE(chain);
        queue.complete(std::move(chain), written);
        return head;
    }
    /// The driver's side of 2.7.9: the chains that a new used index covers, by walking in the order
    /// of availability up to the head that the element at the old index names.
    unsigned walk(std::uint16_t from, std::uint16_t to, UsedElement& last) {
        unsigned elements = 0;
        while (from != to) {
            last = driver.used(from);
            ++elements;
            std::uint32_t slot = from % size;
            for (; slot != last.id; slot = (slot + 1) % size)
                ++from;
            ++from;
        }
        return elements;
    }

    Machine m;
    DeviceCounters counters;
    DriverRing driver{m.cpu, shared_base, size};
    SplitQueue queue;
    ChainStorage storage;
};

TEST_F(InOrderTest, OneElementForABatch) {
    activate();
    for (int i = 0; i < 3; ++i)
        use(4, 4);
    EXPECT_EQ(use(16, 5), 3);
    EXPECT_EQ(driver.used_index(), 0);
    queue.publish();
    EXPECT_EQ(driver.used_index(), 4);
    EXPECT_EQ(driver.used(0), (UsedElement{3, 5}));
    EXPECT_EQ(driver.used(1), (UsedElement{}));  // skipped
    EXPECT_EQ(counters.used, 4u);
    EXPECT_EQ(counters.batched, 3u);
    // The next batch begins where the last one ended.
    use(4, 4);
    queue.publish();
    EXPECT_EQ(driver.used(4), (UsedElement{4, 4}));
    UsedElement last;
    EXPECT_EQ(walk(0, driver.used_index(), last), 2u);
    EXPECT_EQ(last, (UsedElement{4, 4}));
}

// "The skipped buffers are assumed to have been used by the device completely": one that was not
// ends its batch.
TEST_F(InOrderTest, PartlyUsedBufferEndsItsBatch) {
    activate();
    use(8, 8);
    use(8, 3);  // 3 of 8
    use(8, 8);
    queue.publish();
    EXPECT_EQ(driver.used_index(), 3);
    EXPECT_EQ(driver.used(0), (UsedElement{1, 3}));
    EXPECT_EQ(driver.used(2), (UsedElement{2, 8}));
    EXPECT_EQ(counters.batched, 1u);
}

// Readable chains are used completely by being taken: length 0.
TEST_F(InOrderTest, OutputIsOneBatch) {
    activate();
    for (int i = 0; i < 8; ++i) {
        driver.add({{data, 16, false}});
        DescriptorChain chain = queue.pop(storage);
        queue.complete(std::move(chain), 0);
    }
    queue.publish();
    EXPECT_EQ(driver.used_index(), 8);
    EXPECT_EQ(driver.used(0), (UsedElement{7, 0}));
}

// Across the end of the ring and of the index; the interrupt is decided for the whole batch
// (2.7.7.2).
TEST_F(InOrderTest, BatchesWrap) {
    activate(event_idx);
    std::uint16_t seen = 0;
    for (int i = 0; i < 20'000; ++i) {
        const int batch = 1 + i % 7;
        driver.set_used_event(static_cast<std::uint16_t>(seen + batch - 1));
        for (int k = 0; k < batch; ++k)
            use(4, 4);
        ASSERT_TRUE(queue.publish()) << i;
        UsedElement last;
        ASSERT_EQ(walk(seen, driver.used_index(), last), 1u) << i;
        seen = driver.used_index();
        ASSERT_EQ(seen, driver.index());
    }
}

// Giving chains back out of order is an error of the device, found rather than passed on.
TEST_F(InOrderTest, OutOfOrderIsAFault) {
    activate();
    ChainStorage other;
    driver.add({{data, 4, true}});
    driver.add({{data, 4, true}});
    DescriptorChain first = queue.pop(storage);
    DescriptorChain second = queue.pop(other);
    queue.complete(std::move(second), 4);
    EXPECT_EQ(queue.fault(), QueueFault::out_of_order);
    queue.complete(std::move(first), 4);
    EXPECT_FALSE(queue.publish());
    EXPECT_EQ(driver.used_index(), 0);
}

// A queue that stops in the middle of a batch shows nothing of it, and says how many chains that
// were.
TEST_F(InOrderTest, StoppedInTheMiddleOfABatch) {
    activate();
    use(4, 4);
    use(4, 4);
    queue.stop();
    EXPECT_FALSE(queue.publish());
    EXPECT_EQ(driver.used_index(), 0);
    EXPECT_EQ(counters.voided_chains, 2u);
    driver.set_index(0);
    activate();
    driver.set_index(1);
    DescriptorChain chain = queue.pop(storage);
    queue.complete(std::move(chain), 4);
    queue.publish();
    EXPECT_EQ(driver.used_index(), 1);
}

}  // namespace
}  // namespace vms::service::test
