// The network driver at work against a device that answers: what both profiles do, and the simple
// driver. OASIS VirtIO v1.4, 2.7 and 5.1.
#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net_rig.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using vms::frontend::bare_metal;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::NetCounters;
using vms::frontend::NetDriver;
using vms::frontend::Profile;

class Net : public testing::TestWithParam<const Profile*> {};

INSTANTIATE_TEST_SUITE_P(Profiles, Net, testing::Values(&linux_6_1(), &bare_metal()),
                         [](const auto& i) {
                             return i.param == &linux_6_1() ? "Linux" : "BareMetal";
                         });

// --- both ways ----------------------------------------------------------------------------------

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

/// The frame of this number: the number in bytes 14 to 17, and the others after it.
Bytes frame_of(std::uint32_t number) {
    Bytes f = numbered_frame(60, number);
    std::memcpy(f.data() + 14, &number, sizeof number);
    return f;
}

/// Takes the frames of frame_of(), from 0 on, and none other.
struct InOrder final : vms::workload::FrameSink {
    std::uint32_t next = 0;
    std::uint64_t wrong = 0;

    void frame(std::span<const std::byte> f, bool /*known*/) override {
        const Bytes expected = frame_of(next++);
        wrong += std::ranges::equal(f, std::as_bytes(std::span{expected})) ? 0 : 1;
    }
};

// Indices are 16 bits wide and run freely (2.7.6): 70000 chains on each ring, each frame as it was
// sent, whoever asks for interrupts and kicks in whichever way (2.7.7, 2.7.10).
void wrap_around(const Profile& profile, std::uint64_t without) {
    NetRig rig(profile);
    rig.device.features = (rig.device.features | event_index) & ~without;
    rig.device.queue_size_max = {64, 64, 64};
    rig.device.kept = 1;
    rig.device.latency_ns = 100;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    InOrder received;
    driver.attach(received);
    InOrder sent;
    rig.device.on_frame = [&](const Bytes& frame) {
        constexpr std::size_t header = 12;
        sent.frame(std::as_bytes(std::span{frame}).subspan(header), false);
        rig.device.arrive(frame, rig.m.now_ns());
    };
    constexpr unsigned rounds = 70'000 / 8;
    std::uint32_t number = 0;
    for (unsigned round = 1; round <= rounds; ++round) {
        for (unsigned k = 0; k < 8; ++k)
            ASSERT_TRUE(send(driver, frame_of(number++), k != 7));
        while (received.next < number)
            ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
        rig.m.log.clear();
        rig.m.notes.clear();
    }
    ASSERT_TRUE(driver.drain());
    EXPECT_EQ(sent.next, number);
    EXPECT_EQ(sent.wrong, 0u);
    EXPECT_EQ(received.next, number);
    EXPECT_EQ(received.wrong, 0u);
    EXPECT_EQ(counters(driver).tx_completed, number);
    EXPECT_EQ(counters(driver).rx_frames, number);
    EXPECT_EQ(rig.device.used_index(1), static_cast<std::uint16_t>(number));
}

TEST_P(Net, IndicesWrapAround) {
    wrap_around(*GetParam(), 0);
}

TEST_P(Net, IndicesWrapAroundWithoutEventIndex) {
    wrap_around(*GetParam(), event_index);
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

// --- the simple driver --------------------------------------------------------------------------

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

// A simple driver that negotiates event index is interrupted once for a batch, when all of it is
// used, and once for what has arrived since it looked.
TEST(BareMetalNet, WithEventIndexABatchBringsOneInterrupt) {
    Profile profile = bare_metal();
    profile.transport.features |= event_index;
    profile.net.transmit_interrupts = true;
    NetRig rig(profile);
    rig.device.features |= event_index;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    rig.device.takes_transmissions = false;
    for (unsigned batch = 1; batch <= 3; ++batch) {
        rig.m.log.clear();
        for (unsigned k = 0; k < 16; ++k)
            ASSERT_TRUE(send(driver, numbered_frame(60), k != 15));
        for (unsigned k = 0; k < 15; ++k)
            rig.device.transmit(1);
        rig.settle();
        EXPECT_THAT(rig.m.log, ElementsAre("W050=1"));
        rig.device.transmit(1);
        ASSERT_TRUE(driver.drain());
        EXPECT_THAT(rig.m.log, ElementsAre("W050=1", "R060", "W064=1"));
    }
    for (unsigned k = 1; k <= 40; ++k) {
        rig.device.arrive(with_header(numbered_frame(60)), rig.m.now_ns() + 1'000);
        ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
        EXPECT_EQ(rig.received.count, k);
    }
}

// 2.7.7.2: the used_event of the last buffer handed over. One notification, one interrupt for four
// frames, although they arrive apart from each other.
TEST(BareMetalNet, ABatchOfReceiveBuffersBringsOneInterrupt) {
    Profile profile = bare_metal();
    profile.transport.features |= event_index;
    profile.net.receive_batch = 4;
    NetRig rig(profile);
    rig.device.features |= event_index;
    NetDriver driver(rig.context(), net_device());
    ASSERT_TRUE(rig.start(driver));
    for (unsigned batch = 1; batch <= 100; ++batch) {
        EXPECT_EQ(rig.device.avail_index(0), 4u * batch);
        EXPECT_EQ(rig.device.used_event(0), 4u * batch - 1);
        rig.m.log.clear();
        for (unsigned k = 1; k <= 4; ++k)
            rig.device.arrive(with_header(numbered_frame(60, k)), rig.m.now_ns() + 2'000 * k);
        ASSERT_TRUE(driver.wait(driver.activity(), NetDriver::no_deadline));
        EXPECT_EQ(rig.received.count, 4u * batch);
        EXPECT_THAT(rig.m.log, ElementsAre("R060", "W064=1", "W050=0"));
    }
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
