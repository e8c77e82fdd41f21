// The receive side of the network driver, its control queue and configuration changes, as
// virtio_net of Linux 6.1 is (virtnet_poll, try_fill_recv, virtnet_send_command). OASIS VirtIO
// v1.4, 5.1.
#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net_rig.h"
#include "vms/workload/packets/checksum.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::NetDriver;

// try_fill_recv on opening: one kick check for all.
TEST(LinuxNet, BringingUpFillsTheRingAndSetsTheReceiveFilter) {
    NetRig rig(linux_6_1());
    NetDriver driver(rig.context(), net_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(rig.device.avail_index(0), 0u);
    rig.m.log.clear();
    ASSERT_EQ(driver.bring_up(), Fault::none);
    EXPECT_EQ(rig.device.avail_index(0), 256u);
    EXPECT_THAT(rig.m.log, ElementsAre("W050=0", "W050=2", "W050=2", "W050=2"));
    // 5.1.9.5.1 and 5.1.9.5.2: promiscuous off, all multicast off, an empty table.
    EXPECT_THAT(rig.device.commands, ElementsAre(command({0, 0, 0}), command({0, 1, 0}),
                                                 command({1, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
    rig.device.commands.clear();
    driver.join({{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}});
    EXPECT_THAT(rig.device.commands,
                ElementsAre(command({0, 0, 0}), command({0, 1, 0}),
                            command({1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1})));
    EXPECT_EQ(counters(driver).commands, 6u);
    EXPECT_EQ(counters(driver).commands_failed, 0u);
}

TEST(LinuxNet, AnAddressOfOnesOwnIsSetByACommand) {
    NetRig rig(linux_6_1());
    rig.device.features |= ctrl_mac_addr | indirect;
    auto config = net_device();
    config.net.mac = {{{0x02, 1, 2, 3, 4, 5}}};
    NetDriver driver(rig.context(), config);
    ASSERT_TRUE(rig.start(driver));
    EXPECT_EQ(rig.device.commands.front(), command({1, 1, 2, 1, 2, 3, 4, 5}));
    EXPECT_EQ(driver.mac().text(), "02:01:02:03:04:05");

    NetRig refusing(linux_6_1());
    refusing.device.features |= ctrl_mac_addr;
    refusing.device.ack = 1;
    NetDriver refused(refusing.context(), config);
    ASSERT_TRUE(refusing.start(refused));
    EXPECT_EQ(refused.mac().text(), "52:54:00:12:34:56");
    EXPECT_EQ(counters(refused).commands_failed, 4u);
}

// virtnet_send_command spins on the used ring: time passes, without a limit.
TEST(LinuxNet, ACommandWaitsForItsAnswerInSimulatedTime) {
    NetRig rig(linux_6_1());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.latency_ns = 50'000;
    const std::uint64_t begin = rig.m.now_ns();
    driver.join({{0x33, 0x33, 0, 0, 0, 1}});
    EXPECT_GE(rig.m.now_ns() - begin, 3u * 50'000u);
    EXPECT_GT(counters(driver).poll_iterations, 1'000u);

    rig.device.answers_commands = false;
    rig.m.limit_ns = rig.m.now_ns() + 1'000'000;
    EXPECT_THROW(driver.join({{0x33, 0x33, 0, 0, 0, 2}}), TookTooLong);
}

// free > min(budget, size) / 2 = 32 of 256: the 33rd frame brings 33 buffers, and one kick check.
TEST(LinuxNet, RefillsAboveHalfABudgetWithOneKick) {
    NetRig rig(linux_6_1());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 32; ++k) {
        rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns());
        rig.settle();
    }
    EXPECT_EQ(rig.device.avail_index(0), 256u);
    EXPECT_EQ(counters(driver).rx_refills, 1u);  // when it was brought up
    rig.m.log.clear();
    rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns());
    rig.settle();
    EXPECT_EQ(rig.device.avail_index(0), 289u);
    EXPECT_EQ(counters(driver).rx_refills, 2u);
    EXPECT_THAT(rig.m.log, ElementsAre("R060", "W064=1", "W050=0"));
}

TEST(LinuxNet, ASmallRingIsRefilledAboveItsHalf) {
    NetRig rig(linux_6_1());
    rig.device.queue_size_max = {16, 64, 64};
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 8; ++k) {
        rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns());
        rig.settle();
    }
    EXPECT_EQ(rig.device.avail_index(0), 16u);
    rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns());
    rig.settle();
    EXPECT_EQ(rig.device.avail_index(0), 25u);
}

// NAPI: 64 frames a poll, one interrupt for all that came meanwhile; acknowledged before the queues
// are looked at.
TEST(LinuxNet, PollsOf64FramesForOneInterrupt) {
    for (const std::uint64_t features : {std::uint64_t{0}, event_index}) {
        NetRig rig(linux_6_1());
        rig.device.features |= features;
        NetDriver driver(rig.context(), net_device());
        ASSERT_TRUE(rig.start(driver));
        const std::uint64_t polls = counters(driver).receive_polls;
        for (unsigned k = 0; k < 200; ++k)
            rig.device.arrive(with_header(numbered_frame(60, k)), rig.m.now_ns());
        rig.settle();
        EXPECT_EQ(counters(driver).receive_polls - polls, 4u);
        ASSERT_GE(rig.m.log.size(), 2u);
        EXPECT_EQ(rig.m.log[0], "R060");
        EXPECT_EQ(rig.m.log[1], "W064=1");
        EXPECT_EQ(std::ranges::count(rig.m.log, "R060"), 1);
        ASSERT_EQ(rig.received.frames.size(), 200u);
        for (unsigned k = 0; k < 200; ++k)
            EXPECT_EQ(rig.received.frames[k].bytes, numbered_frame(60, k));
    }
}

// Frames that come while a poll is at work are seen by it, or by the look after interrupts are on
// again: none is left lying, whatever the distance between them.
TEST(LinuxNet, NothingIsLeftInTheRing) {
    for (const std::uint64_t features : {std::uint64_t{0}, event_index}) {
        NetRig rig(linux_6_1());
        rig.device.features |= features;
        NetDriver driver(rig.context(), net_device());
        ASSERT_TRUE(rig.start(driver));
        std::uint64_t at = rig.m.now_ns();
        std::uint32_t state = 1;
        for (unsigned k = 0; k < 500; ++k) {
            state = state * 1664525 + 1013904223;
            at += state >> 20;  // up to 4 us; a frame takes 1.5 us
            rig.device.arrive(with_header(numbered_frame(60)), at);
            if (k % 10 == 9) {
                rig.m.retire_nanoseconds(at - std::min(at, rig.m.now_ns()) + 50'000);
                ASSERT_EQ(rig.received.count, k + 1) << k;
                at = rig.m.now_ns();
            }
        }
    }
}

// Bottom halves are off while the program is in start_xmit: the poll follows, and still within
// send().
TEST(LinuxNet, APollWaitsForTheEndOfATransmission) {
    NetRig rig(linux_6_1());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns() + 300);
    ASSERT_TRUE(send(driver, numbered_frame(60)));
    ASSERT_EQ(rig.received.count, 1u);
    // The interrupt came in the middle; the frame was made available before the poll.
    EXPECT_THAT(rig.m.log, testing::Contains("W050=1"));
    EXPECT_EQ(counters(driver).tx_frames, 1u);
}

// add_recvbuf_mergeable: 12 + 1518, rounded up to 64; of a block of 32 KiB the 21st buffer takes
// the rest.
TEST(LinuxNet, MergeableBuffersAreFragmentsOfABlock) {
    NetRig rig(linux_6_1());
    rig.device.features |= mrg_rxbuf | mtu_feature;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (std::uint32_t k = 0; k < 42; ++k)
        EXPECT_EQ(rig.m.peek<std::uint32_t>(rig.device.descriptors(0) + 16 * k + 8),
                  k % 21 == 20 ? 2048u : 1536u)
            << k;
}

TEST(LinuxNet, ALongFrameIsMergedFromSeveralBuffers) {
    NetRig rig(linux_6_1());
    rig.device.features |= mrg_rxbuf | mtu_feature;
    rig.device.mtu = 9000;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    const std::size_t before = 300;
    for (unsigned k = 0; k < before; ++k) {
        rig.device.arrive(with_header(numbered_frame(9014)), rig.m.now_ns());
        rig.settle();
        ASSERT_EQ(rig.received.count, k + 1);
        ASSERT_EQ(rig.received.frames.back().bytes, numbered_frame(9014)) << k;
    }
    // The mean has grown: a page for each buffer, and three for a frame.
    EXPECT_EQ(counters(driver).rx_split_frames, before);
    EXPECT_EQ(rig.device.receive_lengths.back(), 4096u);
}

// 5.1.9.4.1 says how many buffers; what is not there cannot be taken.
TEST(LinuxNet, AFrameOfFewerBuffersThanItsHeaderSaysIsDropped) {
    NetRig rig(linux_6_1());
    rig.device.features |= mrg_rxbuf;
    rig.device.wrong_buffer_count = true;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (const std::uint8_t n : {std::uint8_t{0}, std::uint8_t{3}}) {
        Bytes frame = with_header(numbered_frame(60));
        frame[10] = n;
        rig.device.arrive(frame, rig.m.now_ns());
        rig.settle();
    }
    EXPECT_EQ(rig.received.count, 0u);
    EXPECT_EQ(counters(driver).rx_missing_buffers, 2u);
    Bytes frame = with_header(numbered_frame(60));
    frame[10] = 1;
    rig.device.arrive(frame, rig.m.now_ns());
    rig.settle();
    EXPECT_EQ(rig.received.count, 1u);
}

// add_recvbuf_small: header and 1518. add_recvbuf_big: header, the rest of a page from byte 32 on,
// pages for the MTU; one descriptor when tables may be indirect.
TEST(LinuxNet, WithoutMergingBuffersAreSmallOrAChainOfPages) {
    NetRig small(linux_6_1());
    NetDriver a(small.context(), net_device());
    ASSERT_TRUE(small.start(a));
    EXPECT_EQ(small.m.peek<std::uint32_t>(small.device.descriptors(0) + 8), 1530u);

    for (const std::uint64_t features : {std::uint64_t{0}, indirect}) {
        NetRig big(linux_6_1());
        big.device.features |= mtu_feature | features;
        big.device.mtu = 9000;
        big.device.queue_size_max = {64, 64, 64};
        NetDriver b(big.context(), net_device());
        ASSERT_TRUE(big.start(b));
        EXPECT_EQ(big.device.avail_index(0), features != 0 ? 64u : 12u);
        for (unsigned k = 0; k < 100; ++k) {
            big.device.arrive(with_header(numbered_frame(9014)), big.m.now_ns());
            big.settle();
            ASSERT_EQ(big.received.count, k + 1);
            EXPECT_EQ(big.received.frames.back().bytes, numbered_frame(9014));
        }
        const std::vector<std::uint32_t> first(big.device.receive_lengths.begin(),
                                               big.device.receive_lengths.begin() + 5);
        EXPECT_THAT(first, ElementsAre(12, 4064, 4096, 4096, 4096));
    }
}

// 5.1.9.4: DATA_VALID or a partial checksum, if GUEST_CSUM was negotiated.
TEST(LinuxNet, ChecksumsAreKnownOnlyWithTheFeature) {
    for (const std::uint64_t features : {std::uint64_t{0}, guest_csum}) {
        NetRig rig(linux_6_1());
        rig.device.features |= features;
        NetDriver driver(rig.context(), net_device());
        ASSERT_TRUE(rig.start(driver));
        for (const std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}})
            rig.device.arrive(with_header(numbered_frame(60), flags, 34, 6), rig.m.now_ns());
        rig.settle();
        ASSERT_EQ(rig.received.frames.size(), 3u);
        EXPECT_FALSE(rig.received.frames[0].checksum_known);
        EXPECT_EQ(rig.received.frames[1].checksum_known, features != 0);
        EXPECT_EQ(rig.received.frames[2].checksum_known, features != 0);
    }
}

// Configuration change: the 16-bit link status and, coming up, nothing that was not offered.
TEST(LinuxNet, AConfigurationChangeReadsTheLinkState) {
    NetRig rig(linux_6_1());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.set_link(false, rig.m.now_ns() + 1'000);
    rig.settle();
    EXPECT_THAT(rig.m.log, ElementsAre("R060", "W064=2", "R106.2"));
}

TEST(LinuxNet, Removal) {
    NetRig rig(linux_6_1());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    driver.remove();
    EXPECT_THAT(rig.m.log,
                ElementsAreArray(words("W070=0 W030=0 W044=0 R044 W030=1 W044=0 R044 W030=2 "
                                       "W044=0 R044 R070 R070 W070=1")));
    EXPECT_FALSE(rig.m.interrupt_enabled(79));
    EXPECT_FALSE(send(driver, numbered_frame(60)));
}

// What observers are shown is as it is on a wire: a checksum that was left to the device is
// complete.
TEST(LinuxNet, ObserversSeeWholeFrames) {
    NetRig rig(linux_6_1());
    rig.device.features |= csum | guest_csum;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    ASSERT_TRUE(send(driver, numbered_frame(60)));
    rig.settle();
    EXPECT_TRUE(rig.m.frames.empty());  // nobody looks
    rig.m.watch_frames();
    ASSERT_TRUE(send(driver, numbered_frame(60), false, {true, 34, 6}));
    rig.device.arrive(with_header(numbered_frame(60), 1, 34, 6), rig.m.now_ns() + 10'000);
    rig.settle();
    ASSERT_EQ(rig.m.frames.size(), 2u);
    EXPECT_EQ(rig.m.frames[0].where, vms::FramePoint::driver_tx);
    EXPECT_EQ(rig.m.frames[1].where, vms::FramePoint::driver_rx);
    for (const auto& f : rig.m.frames) {
        EXPECT_EQ(f.device, net_window);
        ASSERT_EQ(f.bytes.size(), 60u);
        // RFC 1071: what is left of the sum is the pseudo header's, which stood in the field.
        EXPECT_EQ(vms::workload::packets::internet_checksum(std::span{f.bytes}.subspan(34)),
                  0x2829);
    }
}

}  // namespace
}  // namespace frontend_test
