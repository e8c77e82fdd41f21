// The console driver at work against a device that answers: OASIS VirtIO v1.4, 5.3.6, and the
// behaviour of Linux 6.1's virtio_console (a write waits for its completion; one interrupt costs a
// read of InterruptStatus and a write of InterruptACK before the queues are served).
#include <algorithm>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using vms::frontend::bare_metal;
using vms::frontend::ConsoleDriver;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::NeedsReset;
using vms::frontend::Profile;

std::string read(vms::workload::Terminal& d, std::size_t n = 4096) {
    std::string s(n, '\0');
    s.resize(d.read(std::as_writable_bytes(std::span{s.data(), s.size()})));
    return s;
}

class Console : public testing::TestWithParam<const Profile*> {};

INSTANTIATE_TEST_SUITE_P(Profiles, Console, testing::Values(&linux_6_1(), &bare_metal()),
                         [](const auto& i) {
                             return i.param == &linux_6_1() ? "Linux" : "BareMetal";
                         });

TEST_P(Console, WriteReturnsWhenTheDeviceHasTheBytes) {
    Rig rig(*GetParam());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    const std::uint64_t begin = rig.m.now_ns();
    ASSERT_TRUE(driver.port(0).write(bytes("hello\n")));
    EXPECT_EQ(rig.device.output, "hello\n");
    EXPECT_GE(rig.m.now_ns() - begin, rig.device.latency_ns);
    EXPECT_GT(driver.counters().poll_iterations, 10u);
}

TEST_P(Console, LongWritesAreCutIntoBuffers) {
    Rig rig(*GetParam());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    const std::string text(10'000, 'x');
    ASSERT_TRUE(driver.port(0).write(bytes(text)));
    EXPECT_EQ(rig.device.output, text);
    const std::uint32_t limit = GetParam()->console.transmit_bytes;
    EXPECT_EQ(rig.device.largest_transmit, limit);
    EXPECT_EQ(rig.device.transmit_buffers, (10'000 + limit - 1) / limit);
}

TEST_P(Console, BuffersOfWritesAreUsedAgain) {
    Rig rig(*GetParam());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    // Each takes a slot of 2 KiB: together eight times the shared memory.
    const unsigned writes = 8 * shared_bytes / 2048;
    for (unsigned k = 0; k < writes; ++k)
        ASSERT_TRUE(driver.port(0).write(bytes("."))) << k;
    EXPECT_EQ(rig.device.output.size(), writes);
}

TEST_P(Console, InputArrivesByInterruptAndBuffersGoBack) {
    Rig rig(*GetParam());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(read(driver.port(0)), "");
    // Three times what the ring of eight buffers holds.
    std::string sent;
    for (unsigned k = 0; k < 24; ++k) {
        const std::string piece = "line " + std::to_string(k) + "\n";
        rig.device.type(piece, rig.m.now_ns() + 1'000);
        ASSERT_TRUE(driver.port(0).wait_for_input());
        EXPECT_EQ(read(driver.port(0)), piece);
    }
    EXPECT_EQ(driver.counters().received, 24u);
    EXPECT_FALSE(rig.m.interrupts_masked());
}

TEST_P(Console, EventIndexLosesNothing) {
    Rig rig(*GetParam());
    rig.device.features |= std::uint64_t{3} << 28;
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    for (unsigned k = 0; k < 100; ++k) {
        const std::string piece(1 + k * 7, static_cast<char>('a' + k % 26));
        rig.device.type(piece, rig.m.now_ns() + 1'000);
        ASSERT_TRUE(driver.port(0).write(bytes(piece)));
        std::string got;
        while (got.size() < piece.size()) {
            ASSERT_TRUE(driver.port(0).wait_for_input());
            got += read(driver.port(0));
        }
        EXPECT_EQ(got, piece);
    }
}

TEST_P(Console, UnreadInputStaysWithTheDevice) {
    Rig rig(*GetParam());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    // More than the backlog and eight buffers of 4 KiB take together.
    std::string text;
    for (unsigned i = 0; text.size() < 200'000; ++i)
        text += std::to_string(i) + ' ';
    rig.device.type(text, rig.m.now_ns() + 1'000);
    rig.m.retire_nanoseconds(50'000'000);
    EXPECT_GT(rig.device.unread(), 0u);
    std::string got;
    while (got.size() < text.size()) {
        ASSERT_TRUE(driver.port(0).wait_for_input());
        got += read(driver.port(0), 1000);
    }
    EXPECT_EQ(got, text);
}

TEST_P(Console, WrongUsedIdIsAFaultNotAHang) {
    Rig rig(*GetParam());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.device.wrong_used_id = true;
    EXPECT_FALSE(driver.port(0).write(bytes("x")));
    EXPECT_EQ(driver.fault(), Fault::ring_broken);
    EXPECT_EQ(rig.m.noted(vms::Note::driver_fault), 1u);
    EXPECT_FALSE(rig.m.interrupts_masked());
}

// 2.1.2: a device that fails at work sets NEEDS_RESET and sends a configuration interrupt.
TEST_P(Console, NeedsResetWhileWaitingForInput) {
    Rig rig(*GetParam());
    auto config = console_device();
    config.needs_reset = NeedsReset::stops;
    ConsoleDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.device.break_down(rig.m.now_ns() + 1'000);
    EXPECT_FALSE(driver.port(0).wait_for_input());
    EXPECT_EQ(driver.fault(), Fault::needs_reset);
    EXPECT_FALSE(driver.port(0).write(bytes("x")));
}

// The real drivers wait without a limit; what must not happen is that time stands still.
TEST_P(Console, SilentDeviceKeepsTheWriterWaitingInSimulatedTime) {
    Rig rig(*GetParam());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.device.silent = true;
    rig.m.limit_ns = rig.m.now_ns() + 1'000'000;
    EXPECT_THROW(driver.port(0).write(bytes("x")), TookTooLong);
}

// Linux masks interrupts while it waits (outvq_lock), so that the completion's interrupt comes
// after: a kick, and then two register accesses that find nothing to do. Three for a write.
TEST(LinuxConsole, AWriteCostsThreeRegisterAccesses) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    ASSERT_TRUE(driver.port(0).write(bytes("hello")));
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1", "R060", "W064=1"));
}

TEST(LinuxConsole, TransmitIsOneDirectDescriptorOfTheShared) {
    Rig rig(linux_6_1());
    rig.device.features |= std::uint64_t{3} << 28;
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    ASSERT_TRUE(driver.port(0).write(bytes("hello")));
    // The transmit queue's descriptor table is at the second ring (see probe_test.cpp).
    EXPECT_EQ(rig.m.peek<std::uint32_t>(0x80002008), 5u);
    EXPECT_EQ(rig.m.peek<std::uint16_t>(0x8000200c), 0u);
    EXPECT_GE(rig.m.peek<std::uint64_t>(0x80002000), shared_base);
    EXPECT_LT(rig.m.peek<std::uint64_t>(0x80002000), shared_base + shared_bytes);
}

// With event index the device's avail_event of 0 asks for the first buffer only.
TEST(LinuxConsole, EventIndexSavesNotificationsOfTheFill) {
    Rig rig(linux_6_1());
    rig.device.features |= std::uint64_t{1} << 29;
    rig.device.latency_ns = 10'000'000;
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(std::ranges::count(rig.m.log, "W050=0"), 1);
}

// Interrupt: R060, W064 before the queues are served, then the refill.
TEST(LinuxConsole, InterruptIsAcknowledgedFirst) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    rig.device.type("a", rig.m.now_ns() + 1'000);
    ASSERT_TRUE(driver.port(0).wait_for_input());
    EXPECT_THAT(rig.m.log, ElementsAre("R060", "W064=1", "W050=0"));
}

TEST(BareMetalConsole, AsksForNoTransmitInterrupts) {
    Rig rig(bare_metal());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    ASSERT_TRUE(driver.port(0).write(bytes("hello")));
    EXPECT_THAT(rig.m.log, ElementsAre("W050=1"));
}

TEST(BareMetalConsole, InputIsServedWhileAWriteWaits) {
    Rig rig(bare_metal());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.device.latency_ns = 100'000;
    rig.device.type("abc", rig.m.now_ns() + 50'000);
    ASSERT_TRUE(driver.port(0).write(bytes("x")));
    EXPECT_EQ(driver.counters().received, 1u);
    EXPECT_EQ(read(driver.port(0)), "abc");
}

// The rings must fit beside each other and leave room for a write, or nothing could be said.
TEST(LinuxConsole, SmallSharedMemoryLeavesRoomToWrite) {
    Rig rig(linux_6_1());
    auto config = console_device();
    config.shared.size = 0x8000;
    rig.device.queue_size_max = {64, 64};
    ConsoleDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    ASSERT_TRUE(driver.port(0).write(bytes(std::string(4096, 'y'))));
    EXPECT_EQ(rig.device.output.size(), 4096u);
}

}  // namespace
}  // namespace frontend_test
