// The transmit side of the network driver as virtio_net, virtio_ring and virtio_mmio of Linux 6.1
// are (start_xmit, virtqueue_enable_cb_delayed, vm_interrupt). OASIS VirtIO v1.4, 2.7 and 5.1.
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net_rig.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using vms::frontend::linux_6_1;
using vms::frontend::NetDriver;

// One kick, one interrupt of two accesses: nothing else. (Measured with TCP: 2.7 a packet.)
TEST(LinuxNet, AFrameCostsThreeRegisterAccesses) {
    for (const std::uint64_t features : {std::uint64_t{0}, event_index}) {
        NetRig rig(linux_6_1());
        rig.device.features |= features;
        NetDriver driver(rig.context(), net_device());
        ASSERT_TRUE(rig.start(driver));
        for (unsigned k = 0; k < 5; ++k) {
            rig.m.log.clear();
            ASSERT_TRUE(send(driver, numbered_frame(60)));
            rig.settle();
            EXPECT_THAT(rig.m.log, ElementsAre("W050=1", "R060", "W064=1")) << k;
        }
    }
}

// netdev_xmit_more: the device is told with the last.
TEST(LinuxNet, FramesThatFollowAtOnceAreToldWithTheLast) {
    NetRig rig(linux_6_1());
    rig.device.features |= event_index;
    rig.device.latency_ns = 1'000'000;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 8; ++k)
        ASSERT_TRUE(send(driver, numbered_frame(60), k != 7));
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1"));
    EXPECT_EQ(rig.device.avail_index(1), 8u);
    ASSERT_TRUE(driver.drain());
    EXPECT_EQ(rig.device.transmitted, 8u);
}

// With event index the device says from which index on it wants to hear: it has seen none of eight
// yet, so the second and further ones are not announced.
TEST(LinuxNet, EventIndexSavesNotificationsWhileTheDeviceIsBehind) {
    NetRig rig(linux_6_1());
    rig.device.features |= event_index;
    rig.device.latency_ns = 1'000'000;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 8; ++k)
        ASSERT_TRUE(send(driver, numbered_frame(60)));
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1"));
}

// 2 + MAX_SKB_FRAGS = 19: of 32 descriptors 13 are used before the queue stops at 14.
TEST(LinuxNet, TheQueueStopsBelow19FreeDescriptorsAndWakes) {
    NetRig rig(linux_6_1());
    rig.device.queue_size_max = {256, 32, 64};
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.takes_transmissions = false;
    for (unsigned k = 0; k < 13; ++k) {
        ASSERT_TRUE(send(driver, numbered_frame(60)));
        ASSERT_TRUE(driver.room()) << k;
    }
    ASSERT_TRUE(send(driver, numbered_frame(60)));
    EXPECT_FALSE(driver.room());
    EXPECT_EQ(counters(driver).tx_stops, 1u);
    // What a caller that cannot wait sends now is kept, and follows.
    ASSERT_TRUE(send(driver, numbered_frame(61)));
    EXPECT_EQ(counters(driver).tx_backlog, 1u);
    rig.device.transmit(13);
    const std::uint64_t seen = driver.activity();
    ASSERT_TRUE(driver.wait(seen, NetDriver::no_deadline));
    EXPECT_TRUE(driver.room());
    EXPECT_EQ(counters(driver).tx_wakes, 1u);
    rig.device.transmit();
    EXPECT_EQ(rig.device.frames.back(), with_header(numbered_frame(61)));
    EXPECT_EQ(counters(driver).tx_dropped(), 0u);
}

// The last of a batch is told although more was announced: the stopped queue would wait for ever.
TEST(LinuxNet, AStoppedQueueIsTold) {
    NetRig rig(linux_6_1());
    rig.device.queue_size_max = {256, 32, 64};
    rig.device.latency_ns = 1'000'000;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 14; ++k)
        ASSERT_TRUE(send(driver, numbered_frame(60), true));
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1"));
}

// virtqueue_enable_cb_delayed, before the frame is added: last used + 3/4 of the outstanding.
TEST(LinuxNet, TheUsedEventIsAtThreeQuartersOfTheOutstanding) {
    NetRig rig(linux_6_1());
    rig.device.features |= event_index;
    rig.device.takes_transmissions = false;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (const unsigned expected : {0u, 0u, 1u, 2u, 3u, 3u, 4u, 5u, 6u}) {
        ASSERT_TRUE(send(driver, numbered_frame(60)));
        EXPECT_EQ(rig.device.used_event(1), expected);
    }
    // Nine outstanding, three used: at the next they are freed, and six are outstanding.
    rig.device.transmit(3);
    ASSERT_TRUE(send(driver, numbered_frame(60)));
    EXPECT_EQ(rig.device.used_event(1), 3u + 4u);
    // virtqueue_disable_cb, with more to follow: 0, for want of a "never".
    ASSERT_TRUE(send(driver, numbered_frame(60), true));
    EXPECT_EQ(rig.device.used_event(1), 0u);
}

TEST(LinuxNet, WithoutEventIndexTheFlagSuppressesInterrupts) {
    NetRig rig(linux_6_1());
    rig.device.takes_transmissions = false;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    ASSERT_TRUE(send(driver, numbered_frame(60)));
    EXPECT_EQ(rig.device.avail_flags(1), 0u);
    ASSERT_TRUE(send(driver, numbered_frame(60), true));
    EXPECT_EQ(rig.device.avail_flags(1), 1u);
    // The control queue has nobody to call.
    EXPECT_EQ(rig.device.avail_flags(2), 1u);
}

// 5.1.9.2: where the checksum goes; num_buffers is zero.
TEST(LinuxNet, APartialChecksumIsTheDevices) {
    NetRig rig(linux_6_1());
    rig.device.features |= csum;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    EXPECT_TRUE(driver.completes_checksums());
    ASSERT_TRUE(send(driver, numbered_frame(60), false, {true, 34, 6}));
    rig.settle();
    EXPECT_THAT(rig.device.frames, ElementsAre(with_header(numbered_frame(60), 1, 34, 6)));
    EXPECT_EQ(counters(driver).tx_partial_checksums, 1u);
}

// swiotlb: a slot for as long as the device has the frame; without one the frame is dropped.
TEST(LinuxNet, WithoutABounceSlotAFrameIsDropped) {
    NetRig rig(linux_6_1());
    rig.device.queue_size_max = {16, 64, 64};
    auto config = net_device();
    config.shared.size = 0x1a000;  // rings: 18 slots of 52; receive buffers: 16
    NetDriver driver(rig.context(), config);
    ASSERT_TRUE(rig.start(driver));
    rig.device.takes_transmissions = false;
    unsigned sent = 0;
    while (send(driver, numbered_frame(60)))
        ++sent;
    EXPECT_EQ(counters(driver).tx_dropped_memory, 1u);
    EXPECT_EQ(counters(driver).tx_frames, sent);
    rig.device.transmit(1);
    EXPECT_TRUE(send(driver, numbered_frame(60)));
}

}  // namespace
}  // namespace frontend_test
