// The network driver at work against a device that answers. linux-6.1: virtio_net, virtio_ring and
// virtio_mmio of Linux 6.1 (start_xmit, virtnet_poll, try_fill_recv, virtnet_send_command,
// virtqueue_enable_cb_delayed, vm_interrupt). OASIS VirtIO v1.4, 2.7 and 5.1.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net_rig.h"

namespace frontend_test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using vms::frontend::bare_metal;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::NetCounters;
using vms::frontend::NetDriver;
using vms::frontend::Profile;

constexpr std::uint64_t bit(unsigned n) {
    return std::uint64_t{1} << n;
}
constexpr std::uint64_t csum = bit(0);
constexpr std::uint64_t guest_csum = bit(1);
constexpr std::uint64_t mtu_feature = bit(3);
constexpr std::uint64_t mrg_rxbuf = bit(15);
constexpr std::uint64_t ctrl_mac_addr = bit(23);
constexpr std::uint64_t indirect = bit(28);
constexpr std::uint64_t event_index = bit(29);

const NetCounters& counters(const NetDriver& d) {
    return *d.network_counters();
}

/// Bytes of a command: class, command, data.
Bytes command(std::initializer_list<int> bytes) {
    Bytes b;
    for (const int v : bytes)
        b.push_back(static_cast<std::uint8_t>(v));
    return b;
}

class Net : public testing::TestWithParam<const Profile*> {};

INSTANTIATE_TEST_SUITE_P(Profiles, Net, testing::Values(&linux_6_1(), &bare_metal()),
                         [](const auto& i) {
                             return i.param == &linux_6_1() ? "Linux" : "BareMetal";
                         });

// --- both ways
// ------------------------------------------------------------------------------------

// 5.1.9.2: header and frame; all zero when nothing is left to the device.
TEST_P(Net, AFrameIsOneDescriptorWithItsHeader) {
    NetRig rig(*GetParam());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    ASSERT_TRUE(send(driver, numbered_frame(60)));
    rig.settle();
    EXPECT_THAT(rig.device.frames, ElementsAre(with_header(numbered_frame(60))));
    EXPECT_THAT(rig.device.segments, ElementsAre(1u));
    ASSERT_TRUE(driver.drain());
    EXPECT_EQ(counters(driver).tx_frames, 1u);
    EXPECT_EQ(counters(driver).tx_completed, 1u);
    EXPECT_EQ(counters(driver).tx_bytes, 60u);
}

TEST_P(Net, FramesArriveWhole) {
    NetRig rig(*GetParam());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (const std::size_t bytes : {std::size_t{14}, std::size_t{60}, std::size_t{1514}}) {
        const std::uint64_t seen = driver.activity();
        rig.device.arrive(with_header(numbered_frame(bytes)), rig.m.now_ns() + 1'000);
        ASSERT_TRUE(driver.wait(seen, NetDriver::no_deadline));
        ASSERT_FALSE(rig.received.frames.empty());
        EXPECT_EQ(rig.received.frames.back().bytes, numbered_frame(bytes));
    }
    EXPECT_EQ(counters(driver).rx_frames, 3u);
    EXPECT_FALSE(rig.m.interrupts_masked());
}

// Indices are 16 bits wide and run freely (2.7.6): 70000 chains on each ring.
TEST_P(Net, IndicesWrapAround) {
    NetRig rig(*GetParam());
    rig.device.features |= event_index;
    rig.device.queue_size_max = {64, 64, 64};
    rig.device.kept = 1;
    rig.device.latency_ns = 100;
    rig.received.kept = 0;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.on_frame = [&](const Bytes& frame) { rig.device.arrive(frame, rig.m.now_ns()); };
    const Bytes frame = numbered_frame(60);
    constexpr unsigned rounds = 70'000 / 8;
    for (unsigned round = 1; round <= rounds; ++round) {
        for (unsigned k = 0; k < 8; ++k)
            ASSERT_TRUE(send(driver, frame, k != 7));
        while (rig.received.count < std::uint64_t{8} * round)
            ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
        rig.m.log.clear();
        rig.m.notes.clear();
    }
    ASSERT_TRUE(driver.drain());
    EXPECT_EQ(counters(driver).tx_completed, 8u * rounds);
    EXPECT_EQ(counters(driver).rx_frames, 8u * rounds);
    EXPECT_EQ(rig.device.used_index(1), static_cast<std::uint16_t>(8u * rounds));
}

TEST_P(Net, EveryFrameIsHandedOverOrDroppedUnderACause) {
    NetRig rig(*GetParam());
    rig.device.queue_size_max = {64, 64, 64};
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.takes_transmissions = false;
    unsigned refused = 0;
    for (unsigned k = 0; k < 1200; ++k)
        refused += send(driver, numbered_frame(60)) ? 0 : 1;
    const NetCounters& c = counters(driver);
    EXPECT_GT(refused, 0u);
    EXPECT_EQ(c.tx_dropped_backlog, refused);
    EXPECT_EQ(c.tx_frames + c.tx_backlog + c.tx_dropped(), 1200u);
    rig.device.takes_transmissions = true;
    rig.device.transmit();
    ASSERT_TRUE(driver.drain());
    EXPECT_EQ(c.tx_backlog, 0u);
    EXPECT_EQ(c.tx_frames, 1200u - refused);
    EXPECT_EQ(c.tx_completed, c.tx_frames);
    EXPECT_EQ(rig.device.transmitted, c.tx_frames);
}

TEST_P(Net, AShortOrOverlongFrameIsAnErrorAndItsBufferIsNotLost) {
    NetRig rig(*GetParam());
    rig.device.queue_size_max = {16, 16, 64};
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 40; ++k)
        rig.device.arrive(with_header(numbered_frame(13)), rig.m.now_ns());
    rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns());
    while (rig.received.count == 0)
        ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
    EXPECT_EQ(counters(driver).rx_errors, 40u);
    EXPECT_EQ(counters(driver).rx_frames, 1u);
    EXPECT_EQ(counters(driver).rx_buffers, 41u);
}

// 2.1.2, 5.1.4.2: without a link nothing is sent, with it again all is.
TEST_P(Net, TheLinkGoesAndComes) {
    NetRig rig(*GetParam());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.set_link(false, rig.m.now_ns() + 1'000);
    rig.m.retire_nanoseconds(5'000);
    EXPECT_FALSE(driver.link_up());
    EXPECT_FALSE(send(driver, numbered_frame(60)));
    EXPECT_EQ(counters(driver).tx_dropped_link, 1u);
    rig.device.set_link(true, rig.m.now_ns() + 1'000);
    rig.m.retire_nanoseconds(5'000);
    EXPECT_TRUE(driver.link_up());
    EXPECT_TRUE(send(driver, numbered_frame(60)));
    EXPECT_EQ(counters(driver).config_changes, 2u);
}

// A wait ends at its deadline even when nothing happens; somebody else's timer wakes it.
TEST_P(Net, AWaitEndsAtItsDeadline) {
    NetRig rig(*GetParam());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    const std::uint64_t deadline = rig.m.counter() + 1'000;
    rig.m.set_timer(deadline, {.enable = true, .imask = false, .istatus = false});
    struct Stop final : vms::frontend::InterruptHandler {
        explicit Stop(Machine& machine) : m(machine) {}
        void interrupt(vms::IntId) override { m.set_timer(0, {}); }
        Machine& m;
    } stop(rig.m);
    rig.interrupts.attach({vms::abi::gicv2::virtual_timer_ppi}, stop);
    EXPECT_TRUE(driver.wait(driver.activity(), deadline));
    EXPECT_GE(rig.m.counter(), deadline);
    EXPECT_LT(rig.m.counter(), deadline + 1'000);
}

// --- Linux: transmission
// --------------------------------------------------------------------------

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

// --- Linux: reception
// -----------------------------------------------------------------------------

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

// --- the simple driver
// ----------------------------------------------------------------------------

// A batch: told with its last frame, no interrupt wanted while there is room.
TEST(BareMetalNet, ABatchIsToldOnceAndBringsNoInterrupt) {
    NetRig rig(bare_metal());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 16; ++k)
        ASSERT_TRUE(send(driver, numbered_frame(60, k), k != 15));
    rig.settle();
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1"));
    EXPECT_EQ(rig.device.transmitted, 16u);
    EXPECT_EQ(counters(driver).interrupts, 0u);
}

TEST(BareMetalNet, ReceptionCostsAnInterruptAndARefill) {
    NetRig rig(bare_metal());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned k = 0; k < 16; ++k)
        rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns() + 1'000);
    ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
    EXPECT_EQ(rig.received.count, 16u);
    EXPECT_THAT(rig.m.log, ElementsAre("R060", "W064=1", "W050=0"));
}

TEST(BareMetalNet, PollingWantsNoInterrupts) {
    NetRig rig(bare_metal());
    auto config = net_device();
    config.net.polling = true;
    NetDriver driver(rig.context(), config);
    ASSERT_TRUE(rig.start(driver));
    EXPECT_FALSE(rig.m.interrupt_enabled(79));
    rig.device.on_frame = [&](const Bytes& frame) {
        rig.device.arrive(frame, rig.m.now_ns() + 10'000);
    };
    for (unsigned k = 0; k < 100; ++k) {
        ASSERT_TRUE(send(driver, numbered_frame(60, k)));
        while (rig.received.count != k + 1)
            ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
        EXPECT_EQ(rig.received.frames.back().bytes, numbered_frame(60, k));
    }
    EXPECT_EQ(rig.device.interrupts, 0u);
    EXPECT_GT(counters(driver).poll_iterations, 1'000u);
    EXPECT_THAT(rig.m.log, testing::Not(testing::Contains("R060")));
}

TEST(BareMetalNet, AFullRingIsWaitedForByInterrupt) {
    NetRig rig(bare_metal());
    rig.device.queue_size_max = {16, 16, 16};
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    unsigned sent = 0;
    for (; sent < 100; ++sent) {
        while (!driver.room())
            ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
        ASSERT_TRUE(send(driver, numbered_frame(60), true));
    }
    driver.flush();
    ASSERT_TRUE(driver.drain());
    EXPECT_EQ(rig.device.transmitted, 100u);
    EXPECT_EQ(counters(driver).tx_stops, 6u);
    EXPECT_GT(counters(driver).interrupts, 0u);
}

TEST(BareMetalNet, ADeviceThatNeedsAResetIsGivenUp) {
    NetRig rig(bare_metal());
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.fail(rig.m.now_ns() + 1'000);
    EXPECT_FALSE(driver.wait(driver.activity(), NetDriver::no_deadline));
    EXPECT_EQ(driver.fault(), Fault::needs_reset);
    EXPECT_FALSE(send(driver, numbered_frame(60)));
    EXPECT_EQ(rig.m.noted(vms::Note::driver_fault), 1u);
}

}  // namespace
}  // namespace frontend_test
