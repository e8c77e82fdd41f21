// The profiles of Zephyr and of Bao's public bare-metal guest, literally. zephyr:
// drivers/virtio/virtio_mmio.c (each feature a whole word, no look at QueueReady, Status polled
// after a reset) and drivers/serial/uart_virtio_console.c; drivers/interrupt_controller/intc_gic.c.
// bao-bare-metal: src/core/virtio_console.c (Status read, modified and written, QueueSize never
// written), inc/virtio_queue.h (the layout of a queue) and src/arch/armv8/gicv2.c.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using vms::frontend::bao_bare_metal;
using vms::frontend::bare_metal;
using vms::frontend::ConsoleDriver;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::NeedsReset;
using vms::frontend::Profile;
using vms::frontend::zephyr;

std::string read(vms::workload::Terminal& t) {
    std::string s(4096, '\0');
    s.resize(t.read(std::as_writable_bytes(std::span{s.data(), s.size()})));
    return s;
}

void settle(Rig& rig) {
    rig.m.let_happen(2'000'000);
}

// --- probes -------------------------------------------------------------------------------------

TEST(ZephyrProfile, ProbeWithMultiport) {
    Rig rig(zephyr());
    rig.device.make_multiport({{.console = true}});
    rig.device.queue_size_max = {8, 8, 8, 8};
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    auto log = rig.m.log;
    const auto end = std::ranges::find(log, "W050=2");
    log.erase(end, log.end());
    // A ring of one: 16 bytes of descriptors, 8 of available ring (with used_event), used at 24.
    // Control: 8 (16 and 8 wanted, no more than 8 here).
    EXPECT_THAT(log, ElementsAreArray(words(
                         "R000 R004 R008 W070=0 R070 R070 W070=1 R070 W070=3 W024=1 W020=1 "
                         "W014=0 R010 W024=0 W020=2 R070 W070=b R070 R104 "
                         "W030=0 R034 W030=0 R034 W038=1 W080=80000000 W084=0 W090=80000010 W094=0 "
                         "W0a0=80000018 W0a4=0 W044=1 "
                         "W030=1 R034 W030=1 R034 W038=1 W080=80000800 W084=0 W090=80000810 W094=0 "
                         "W0a0=80000818 W0a4=0 W044=1 "
                         "W030=2 R034 W030=2 R034 W038=8 W080=80001000 W084=0 W090=80001080 W094=0 "
                         "W0a0=80001098 W0a4=0 W044=1 "
                         "W030=3 R034 W030=3 R034 W038=8 W080=80001800 W084=0 W090=80001880 W094=0 "
                         "W0a0=80001898 W0a4=0 W044=1 "
                         "R070 W070=f")));
    // ACCESS_PLATFORM is offered and declined.
    EXPECT_EQ(rig.device.accepted, std::uint64_t{1} << 32 | 2);
}

// virtconsole_init commits its features within `if (multiport)`: without MULTIPORT neither its word
// nor FEATURES_OK is written, and Status goes from 3 to 7.
TEST(ZephyrProfile, WithoutMultiportThereIsNoFeaturesOk) {
    Rig rig(zephyr());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    auto log = rig.m.log;
    EXPECT_THAT(std::vector<std::string>(log.end() - 2, log.end()), ElementsAre("R070", "W070=7"));
    EXPECT_EQ(std::ranges::count(log, "W070=b"), 0);
    EXPECT_EQ(std::ranges::count(log, "W024=0"), 0);
}

TEST(ZephyrProfile, PollsStatusAfterAReset) {
    Rig rig(zephyr());
    rig.device.reset_takes_reads = 3;
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_THAT(std::vector<std::string>(rig.m.log.begin() + 3, rig.m.log.begin() + 10),
                ElementsAre("W070=0", "R070", "R070", "R070", "R070", "R070", "W070=1"));
}

TEST(ZephyrProfile, DoesNotLookAtQueueReady) {
    Rig rig(zephyr());
    rig.device.queue_busy = true;
    ConsoleDriver driver(rig.context(), console_device());
    EXPECT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(std::ranges::count(rig.m.log, "R044"), 0);
}

// A queue of 1024 is 16 KiB of descriptors, 4 KiB, 12 KiB and 64 KiB of buffers: the next one
// begins 96 KiB after.
TEST(BaoBareMetalProfile, Probe) {
    Rig rig(bao_bare_metal());
    rig.device.queue_size_max = {1024, 1024};
    rig.device.restart_registers();
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_THAT(
        rig.m.log,
        ElementsAreArray(
            words("R000 R004 R008 W070=0 R070 W070=1 R070 W070=3 R070 "
                  "W014=0 W024=0 R010 W020=0 W014=1 W024=1 R010 W020=3 "
                  "R100 R100 R104 R108 R070 W070=b R070 "
                  "W030=0 R044 R034 W080=80000000 W084=0 W090=80004000 W094=0 W0a0=80005000 W0a4=0 "
                  "W044=1 "
                  "W030=1 R044 R034 W080=80018000 W084=0 W090=8001c000 W094=0 W0a0=8001d000 W0a4=0 "
                  "W044=1 "
                  "R070 W070=f R070")));
    // 1024 buffers of 64 bytes behind the rings, of which the device was never told.
    EXPECT_EQ(rig.m.peek<std::uint16_t>(0x80004002), 1024u);
    EXPECT_EQ(rig.m.peek<std::uint64_t>(0x80000000), 0x80008000u);
    EXPECT_EQ(rig.m.peek<std::uint32_t>(0x80000008), 64u);
}

// It compares what was accepted with all that it knows; more offered is no harm, less is.
TEST(BaoBareMetalProfile, NeedsBothFeatures) {
    Rig rig(bao_bare_metal());
    rig.device.features = std::uint64_t{1} << 32;
    ConsoleDriver driver(rig.context(), console_device());
    EXPECT_EQ(driver.probe(), Fault::features_missing);
    EXPECT_EQ(rig.m.log.back(), "W070=83");
}

TEST(BaoBareMetalProfile, SaysFailedToADeviceThatIsNotItsOwn) {
    Rig rig(bao_bare_metal());
    rig.device.device_id = 1;
    ConsoleDriver driver(rig.context(), console_device());
    EXPECT_EQ(driver.probe(), Fault::wrong_device);
    EXPECT_THAT(rig.m.log, ElementsAreArray(words("R000 R004 R008 R070 W070=80")));
}

// --- at work ------------------------------------------------------------------------------------

TEST(BaoBareMetalProfile, AWriteIsOneNotificationAndNoWait) {
    Rig rig(bao_bare_metal());
    rig.device.queue_size_max = {1024, 1024};
    rig.device.restart_registers();
    rig.device.latency_ns = 100'000;
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    const std::uint64_t begin = rig.m.now_ns();
    ASSERT_TRUE(driver.port(0).write(bytes("hello")));
    EXPECT_LT(rig.m.now_ns() - begin, rig.device.latency_ns);
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1"));
    settle(rig);
    EXPECT_EQ(rig.device.output, "hello");
    // The completion interrupts, and the buffer goes back to the pool.
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1", "R060", "W064=1"));
    EXPECT_EQ(driver.counters().transmitted, 1u);
}

TEST(BaoBareMetalProfile, MoreWritesThanThePoolHolds) {
    Rig rig(bao_bare_metal());
    rig.device.queue_size_max = {1024, 1024};
    rig.device.restart_registers();
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    const std::string text(2000, 'x');
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(driver.port(0).write(bytes(text))) << i;
    settle(rig);
    EXPECT_EQ(rig.device.output.size(), 200'000u);
}

// virtio_console_receive puts a used buffer's descriptor back into the free list and never makes it
// available again.
TEST(BaoBareMetalProfile, AReceiveBufferIsUsedOnce) {
    Rig rig(bao_bare_metal());
    rig.device.queue_size_max = {1024, 1024};
    rig.device.restart_registers();
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    std::string got;
    for (int i = 0; i < 1100; ++i) {
        rig.device.type("k", rig.m.now_ns() + 1'000);
        rig.m.retire_nanoseconds(10'000);
        got += read(driver.port(0));
    }
    EXPECT_EQ(got.size(), 1024u);
    EXPECT_EQ(std::ranges::count(rig.m.log, "W050=0"), 0);
}

// virtio_console_receive leaves when it sees a configuration change: what was used stays unseen
// until the next interrupt.
TEST(BaoBareMetalProfile, AConfigurationChangeHidesWhatArrivedWithIt) {
    Rig rig(bao_bare_metal());
    rig.device.queue_size_max = {1024, 1024};
    rig.device.restart_registers();
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.mask_interrupts(true);
    rig.device.type("a", rig.m.now_ns() + 100);
    rig.m.retire_nanoseconds(1'000);
    rig.device.change_size(100, 40);
    rig.m.mask_interrupts(false);
    settle(rig);
    EXPECT_EQ(read(driver.port(0)), "");
    rig.device.type("b", rig.m.now_ns() + 100);
    settle(rig);
    EXPECT_EQ(read(driver.port(0)), "ab");
}

// --- choices of a driver ------------------------------------------------------------------------

TEST(Choices, AcknowledgeBeforeOrAfterTheQueues) {
    for (const bool early : {true, false}) {
        Rig rig(linux_6_1());
        auto config = console_device();
        config.acknowledges_before_queues = early;
        ConsoleDriver driver(rig.context(), config);
        ASSERT_EQ(driver.probe(), Fault::none);
        rig.m.log.clear();
        rig.device.type("a", rig.m.now_ns() + 1'000);
        ASSERT_TRUE(driver.port(0).wait_for_input());
        settle(rig);
        EXPECT_THAT(rig.m.log, early ? ElementsAre("R060", "W064=1", "W050=0")
                                     : ElementsAre("R060", "W050=0", "W064=1"));
    }
}

// Both orders must lose nothing (OASIS VirtIO v1.4, 4.2.3.4.1).
TEST(Choices, NeitherOrderLosesInput) {
    for (const Profile* p : {&linux_6_1(), &bare_metal()})
        for (const bool early : {true, false}) {
            Rig rig(*p);
            auto config = console_device();
            config.acknowledges_before_queues = early;
            ConsoleDriver driver(rig.context(), config);
            ASSERT_EQ(driver.probe(), Fault::none);
            std::string got;
            std::string sent;
            for (int i = 0; i < 200; ++i) {
                const std::string piece(1 + static_cast<std::size_t>(i) % 7, 'q');
                rig.device.type(piece, rig.m.now_ns() + 300);
                sent += piece;
                rig.m.retire_nanoseconds(200 + static_cast<std::uint64_t>(i));
                got += read(driver.port(0));
            }
            settle(rig);
            got += read(driver.port(0));
            EXPECT_EQ(got, sent) << p->name << (early ? " early" : " late");
        }
}

// Linux has no code for NEEDS_RESET: it goes on, and waits for what will not come.
TEST(Choices, LinuxDoesNotLookAtNeedsReset) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    rig.device.break_down(rig.m.now_ns() + 1'000);
    EXPECT_THROW(driver.port(0).wait_for_input(), Asleep);
    EXPECT_THAT(rig.m.log, ElementsAre("R060", "W064=2"));
    EXPECT_EQ(driver.fault(), Fault::none);
}

TEST(Choices, RestartUponNeedsReset) {
    Rig rig(bare_metal());
    auto config = console_device();
    config.needs_reset = NeedsReset::restarts;
    ConsoleDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.device.break_down(rig.m.now_ns() + 1'000);
    settle(rig);
    EXPECT_EQ(driver.counters().restarts, 0u);  // whoever uses it next does it
    ASSERT_TRUE(driver.port(0).write(bytes("again")));
    EXPECT_EQ(driver.counters().restarts, 1u);
    EXPECT_EQ(rig.device.output, "again");
    rig.device.type("in", rig.m.now_ns() + 1'000);
    ASSERT_TRUE(driver.port(0).wait_for_input());
    EXPECT_EQ(read(driver.port(0)), "in");
}

// A write that the breakdown interrupts: its buffer is lost, what follows is written.
TEST(Choices, RestartInTheMiddleOfAWrite) {
    Rig rig(bare_metal());
    auto config = console_device();
    config.needs_reset = NeedsReset::restarts;
    ConsoleDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.device.latency_ns = 100'000;
    rig.device.break_down(rig.m.now_ns() + 50'000);
    ASSERT_TRUE(driver.port(0).write(bytes(std::string(2048, 'a') + "b")));
    EXPECT_EQ(rig.device.output, "b");
    EXPECT_EQ(driver.port(0).account().written, 2049u);
    EXPECT_EQ(driver.port(0).account().abandoned, 2048u);
}

// 5.3.5.1: without MULTIPORT a configuration change tells of another size.
TEST(Choices, ResizeWithoutMultiport) {
    Rig rig(linux_6_1());
    rig.device.features |= 1;
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    rig.device.change_size(132, 43);
    settle(rig);
    EXPECT_THAT(rig.m.log, ElementsAre("R060", "W064=2", "R100.2", "R102.2"));
    EXPECT_EQ(driver.port_report(0).cols, 132);
    EXPECT_EQ(driver.port_report(0).rows, 43);
}

// 5.3.4: emerg_wr is there before the device has been set up, if the feature is offered.
TEST(Choices, EarlyText) {
    for (const bool offered : {true, false}) {
        Rig rig(linux_6_1());
        if (offered)
            rig.device.features |= 4;
        auto config = console_device();
        config.early_text = "Ok";
        ConsoleDriver driver(rig.context(), config);
        ASSERT_EQ(driver.probe(), Fault::none);
        EXPECT_EQ(rig.device.emergency, offered ? "Ok" : "");
        const auto expected =
            offered ? words("W014=0 R010 W108=4f W108=6b R000") : words("W014=0 R010 R000");
        EXPECT_THAT(std::vector<std::string>(
                        rig.m.log.begin(),
                        rig.m.log.begin() + static_cast<std::ptrdiff_t>(expected.size())),
                    ElementsAreArray(expected));
    }
}

// --- restart: what a reset throws away ----------------------------------------------------------

// virtio_dev_probe begins after the identification, which is the bus's and not repeated.
TEST(Restart, LinuxGoesOnWhereTheBusHasLeftOff) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    ASSERT_TRUE(driver.restart());
    EXPECT_THAT(std::vector<std::string>(rig.m.log.begin(), rig.m.log.begin() + 14),
                ElementsAreArray(words("W070=0 W030=0 W044=0 R044 W030=1 W044=0 R044 R070 R070 "
                                       "W070=1 R070 W070=3 W014=1 R010")));
}

class Restarts : public testing::TestWithParam<const Profile*> {
  protected:
    /// The index of queue 0's available ring, behind 1024 descriptors.
    static constexpr std::uint64_t available_index_at() { return shared_base + 1024 * 16 + 2; }
};

INSTANTIATE_TEST_SUITE_P(Profiles, Restarts,
                         testing::Values(&linux_6_1(), &bare_metal(), &bao_bare_metal()),
                         [](const auto& i) {
                             std::string name(i.param->name);
                             std::erase_if(name, [](char c) { return !std::isalnum(c); });
                             return name;
                         });

TEST_P(Restarts, AccountForWhatTheDeviceHadNotGivenBack) {
    Rig rig(*GetParam());
    rig.device.queue_size_max = {64, 64};
    rig.device.restart_registers();
    auto config = console_device();
    config.queue_size = 64;
    ConsoleDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    ASSERT_TRUE(driver.port(0).write(bytes("first")));
    settle(rig);
    rig.device.takes_without_using = true;
    EXPECT_EQ(driver.port(0).submit(bytes("second")), 6u);
    EXPECT_EQ(driver.port(0).submit(bytes("third")), 5u);
    settle(rig);
    ASSERT_TRUE(driver.restart());
    EXPECT_EQ(driver.port(0).account().written, 16u);
    EXPECT_EQ(driver.port(0).account().abandoned, 11u);
    EXPECT_EQ(rig.device.output, "firstsecondthird");
}

TEST_P(Restarts, AccountForInputThatNobodyRead) {
    Rig rig(*GetParam());
    rig.device.queue_size_max = {1024, 1024};
    rig.device.restart_registers();
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.device.type("taken from the ring", rig.m.now_ns() + 100);
    settle(rig);
    rig.m.mask_interrupts(true);
    rig.device.type("still in it", rig.m.now_ns() + 100);
    rig.m.retire_nanoseconds(1'000);
    ASSERT_TRUE(driver.restart());
    rig.m.mask_interrupts(false);
    settle(rig);
    EXPECT_EQ(driver.port(0).account().discarded, 19u + 11u);
    rig.device.type("new", rig.m.now_ns() + 100);
    settle(rig);
    EXPECT_EQ(read(driver.port(0)), "new");
    EXPECT_EQ(driver.port(0).account().read, 3u);
}

// No memory is lost: a region that the rings and buffers fill is filled again each time.
TEST_P(Restarts, GiveAllMemoryBack) {
    Rig rig(*GetParam());
    rig.device.queue_size_max = {1024, 1024};
    rig.device.restart_registers();
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    const auto buffers = rig.m.peek<std::uint16_t>(available_index_at());
    for (int i = 0; i < 20; ++i) {
        EXPECT_NE(driver.port(0).submit(bytes(std::string(100, 'x'))), 0u);
        ASSERT_TRUE(driver.restart()) << i;
        EXPECT_EQ(rig.m.peek<std::uint16_t>(available_index_at()), buffers) << i;
    }
}

}  // namespace
}  // namespace frontend_test
