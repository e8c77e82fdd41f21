// The whole front-end program with each workload, under both profiles: what reaches the device,
// what the host can read, and that a failure is a failure and never a hang.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rig.h"
#include "vms/workload/crc32.h"
#include "vms/workload/pattern.h"
#include "vms/workload/ticks.h"

namespace frontend_test {
namespace {

using vms::frontend::bare_metal;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::Profile;
using vms::workload::Config;
using vms::workload::Counters;
using vms::workload::Crc32;
using vms::workload::Kind;
using vms::workload::State;

std::string pattern(std::uint64_t seed, std::uint64_t n) {
    std::string s;
    for (std::uint64_t k = 0; k < n; ++k)
        s.push_back(static_cast<char>(vms::workload::pattern_byte(seed, k)));
    return s;
}

std::uint32_t crc32(std::string_view s) {
    Crc32 crc;
    crc.update(std::as_bytes(std::span{s.data(), s.size()}));
    return crc.value();
}

Config work(Kind kind) {
    Config c;
    c.kind = kind;
    return c;
}

/// The program's last word: 1 success, 0 failure, -1 none.
int verdict(const Machine& m) {
    int v = -1;
    for (const auto& [what, arguments] : m.notes)
        if (what == vms::Note::workload_done)
            v = static_cast<int>(arguments.first);
    return v;
}

class Front : public testing::TestWithParam<const Profile*> {};

INSTANTIATE_TEST_SUITE_P(Profiles, Front, testing::Values(&linux_6_1(), &bare_metal()),
                         [](const auto& i) {
                             return i.param == &linux_6_1() ? "Linux" : "BareMetal";
                         });

TEST_P(Front, ConsoleEcho) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_echo);
    c.text = "Hello, Bao\n";
    c.lines = 2;
    rig.config.workloads.push_back(c);
    rig.device.type("first\nsecond\nthird\n", 1'000'000);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.device.output, "Hello, Bao\nfirst\nsecond\n");
    EXPECT_EQ(verdict(rig.m), 1);
    const Counters& n = rig.program->workload_counters(0);
    EXPECT_EQ(n.state, State::succeeded);
    EXPECT_EQ(n.lines, 2u);
    EXPECT_EQ(n.tx_bytes, rig.device.output.size());
    EXPECT_EQ(n.tx_crc32, crc32(rig.device.output));
    EXPECT_EQ(n.write_ticks.count, 3u);
    EXPECT_GE(n.write_ticks.min * Machine::ns_per_tick, rig.device.latency_ns);
}

TEST_P(Front, EchoOfALineThatArrivesInPieces) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_echo);
    c.lines = 1;
    rig.config.workloads.push_back(c);
    const std::string line(5'000, 'q');  // several receive buffers
    rig.device.type(line + "\n", 1'000'000);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.device.output, line + "\n");
}

TEST_P(Front, ConsoleWrite) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_write);
    c.bytes = 10'000;
    c.chunk = 300;
    c.seed = 42;
    rig.config.workloads.push_back(c);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.device.output, pattern(42, 10'000));
    EXPECT_EQ(rig.device.transmit_buffers, 34u);
    EXPECT_EQ(rig.program->workload_counters(0).tx_crc32, crc32(rig.device.output));
    EXPECT_TRUE(rig.program->success());
}

TEST_P(Front, ConsoleRead) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_read);
    c.bytes = 50'000;
    c.seed = 7;
    rig.config.workloads.push_back(c);
    rig.device.type(pattern(7, 50'000), 1'000'000);
    ASSERT_TRUE(rig.run());
    const Counters& n = rig.program->workload_counters(0);
    EXPECT_EQ(n.rx_bytes, 50'000u);
    EXPECT_EQ(n.rx_crc32, crc32(pattern(7, 50'000)));
    EXPECT_EQ(n.mismatches, 0u);
    EXPECT_EQ(verdict(rig.m), 1);
}

TEST_P(Front, ConsoleReadFindsAWrongByte) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_read);
    c.bytes = 1'000;
    c.seed = 7;
    rig.config.workloads.push_back(c);
    std::string input = pattern(7, 1'000);
    input[900] = static_cast<char>(input[900] ^ 1);
    rig.device.type(input, 1'000'000);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.program->workload_counters(0).mismatches, 1u);
    EXPECT_EQ(verdict(rig.m), 0);
}

TEST_P(Front, ConsoleDuplex) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_duplex);
    c.bytes = 20'000;
    c.chunk = 512;
    c.seed = 3;
    rig.config.workloads.push_back(c);
    rig.device.type(pattern(3, 20'000), 100'000);
    ASSERT_TRUE(rig.run());
    const Counters& n = rig.program->workload_counters(0);
    EXPECT_EQ(rig.device.output, pattern(3, 20'000));
    EXPECT_EQ(n.rx_bytes, 20'000u);
    EXPECT_EQ(n.rx_crc32, n.tx_crc32);
    EXPECT_EQ(verdict(rig.m), 1);
}

TEST_P(Front, WorkloadsRunOneAfterTheOther) {
    ProgramRig rig(*GetParam());
    Config first = work(Kind::console_echo);
    first.text = "one ";
    Config second = work(Kind::console_echo);
    second.text = "two";
    second.start_ns = 5'000'000;
    rig.config.workloads = {first, second};
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.device.output, "one two");
    EXPECT_EQ(rig.m.noted(vms::Note::workload_done), 1u);
    const std::uint64_t end = rig.program->workload_counters(1).finished_tick;
    EXPECT_GE(end * Machine::ns_per_tick, 5'000'000u);
}

TEST_P(Front, FailedProbeFailsTheWorkload) {
    ProgramRig rig(*GetParam());
    rig.device.refused_features = std::uint64_t{1} << 32;
    Config c = work(Kind::console_write);
    c.bytes = 100;
    rig.config.workloads.push_back(c);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.program->fault(0), Fault::features_refused);
    EXPECT_EQ(rig.program->workload_counters(0).state, State::failed);
    EXPECT_EQ(rig.m.noted(vms::Note::driver_fault), 1u);
    EXPECT_EQ(verdict(rig.m), 0);
}

TEST_P(Front, FailedProbeIsAFailureEvenIfNoWorkloadNeedsTheDevice) {
    ProgramRig rig(*GetParam());
    rig.device.magic = 0;
    rig.config.workloads.push_back(work(Kind::idle));
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.program->fault(0), Fault::wrong_magic);
    EXPECT_EQ(verdict(rig.m), 0);
}

TEST_P(Front, DeviceThatBreaksDownFailsTheWorkload) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_read);
    c.bytes = 100;
    rig.config.workloads.push_back(c);
    rig.config.devices[0].needs_reset = vms::frontend::NeedsReset::stops;
    rig.device.break_down(1'000'000);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.program->fault(0), Fault::needs_reset);
    EXPECT_EQ(verdict(rig.m), 0);
}

TEST_P(Front, WorkloadOfNoDeviceFails) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_write);
    c.device = 1;
    rig.config.workloads.push_back(c);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(verdict(rig.m), 0);
}

TEST_P(Front, IdleIsDoneAtOnceAndItsTickGoesOn) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::idle);
    c.timer_period_ns = 1'000'000;
    rig.config.workloads.push_back(c);
    rig.m.limit_ns = 100'000'000;
    EXPECT_FALSE(rig.run());  // it ticks until the machine's time is up
    EXPECT_EQ(verdict(rig.m), 1);
    const auto& lateness = rig.program->timer(0).lateness();
    EXPECT_GE(lateness.count, 98u);
    EXPECT_LE(lateness.count, 100u);
    EXPECT_LE(lateness.max * Machine::ns_per_tick, 2'000u);
    EXPECT_EQ(rig.program->timer(0).overruns(), 0u);
}

// Linux holds interrupts masked while a console write waits: ticks are late by up to the wait.
TEST(FrontLatency, MaskedWaitMakesTicksLate) {
    const auto latest = [](const Profile& p) {
        ProgramRig rig(p);
        rig.device.latency_ns = 400'000;
        Config c = work(Kind::console_write);
        c.bytes = 64 * 100;
        c.chunk = 64;
        c.timer_period_ns = 1'000'000;
        rig.config.workloads.push_back(c);
        rig.m.limit_ns = 30'000'000;
        rig.run();
        return rig.program->timer(0).lateness().max * Machine::ns_per_tick;
    };
    EXPECT_GT(latest(linux_6_1()), 100'000u);
    EXPECT_LT(latest(bare_metal()), 5'000u);
}

TEST_P(Front, SameRunTwiceIsTheSameToTheNanosecond) {
    const auto once = [] {
        ProgramRig rig(*GetParam());
        Config c = work(Kind::console_duplex);
        c.bytes = 5'000;
        rig.config.workloads.push_back(c);
        rig.device.type(pattern(0, 5'000), 100'000);
        rig.run();
        return std::pair{rig.m.now_ns(), rig.m.log};
    };
    EXPECT_EQ(once(), once());
}

TEST_P(Front, StartsAfreshFromReset) {
    ProgramRig rig(*GetParam());
    Config c = work(Kind::console_write);
    c.bytes = 100;
    rig.config.workloads.push_back(c);
    ASSERT_TRUE(rig.run());
    EXPECT_THROW(rig.program->run(rig.m), Asleep);
    EXPECT_EQ(rig.device.output, pattern(0, 100) + pattern(0, 100));
    EXPECT_TRUE(rig.program->success());
}

// --- the parts ----------------------------------------------------------------------------------

// The check value of CRC-32/ISO-HDLC.
TEST(Crc32, CheckValue) {
    EXPECT_EQ(crc32("123456789"), 0xcbf43926u);
    EXPECT_EQ(crc32(""), 0u);
}

TEST(Ticks, RoundUpAndDoNotOverflow) {
    using vms::workload::nanoseconds_of;
    using vms::workload::ticks_at;
    EXPECT_EQ(ticks_at(0, 100'000'000), 0u);
    EXPECT_EQ(ticks_at(1, 100'000'000), 1u);
    EXPECT_EQ(ticks_at(10, 100'000'000), 1u);
    EXPECT_EQ(ticks_at(11, 100'000'000), 2u);
    EXPECT_EQ(ticks_at(3'600'000'000'000'000, 62'500'000), 225'000'000'000'000u);  // 1000 hours
    EXPECT_EQ(nanoseconds_of(3, 62'500'000), 48u);
    EXPECT_EQ(nanoseconds_of(1, 3'000'000'000), 1u);
}

TEST(Kinds, NamesAreThoseOfScenarios) {
    using vms::workload::find_kind;
    EXPECT_EQ(find_kind("console-echo"), Kind::console_echo);
    EXPECT_EQ(find_kind("console-write"), Kind::console_write);
    EXPECT_EQ(find_kind("console-read"), Kind::console_read);
    EXPECT_EQ(find_kind("console-duplex"), Kind::console_duplex);
    EXPECT_EQ(find_kind("ipc-ping"), Kind::ipc_ping);
    EXPECT_EQ(find_kind("ipc-echo"), Kind::ipc_echo);
    EXPECT_EQ(find_kind("registers"), Kind::registers);
    EXPECT_EQ(find_kind("idle"), Kind::idle);
    EXPECT_FALSE(find_kind("console"));
}

TEST(Operations, AreOverriddenByName) {
    using vms::frontend::Operation;
    vms::frontend::Operations o(vms::frontend::Software::linux_kernel);
    EXPECT_TRUE(o.set_instructions("frontend.ring_add", 77));
    EXPECT_EQ(o[Operation::ring_add].work.instructions, 77u);
    EXPECT_FALSE(o.set_instructions("frontend.ring_ad", 1));
    EXPECT_EQ(vms::frontend::name(Operation::workload_wake), "frontend.workload_wake");
}

TEST(PeriodicTimer, SkipsTicksThatHaveGoneByAndCountsThem) {
    Machine m;
    vms::workload::PeriodicTimer t;
    t.start(m, 1'000);  // ticks at 1000, 2000, 3000 ... ns
    m.retire_nanoseconds(3'500);
    t.expired(m);
    EXPECT_EQ(t.lateness().count, 1u);
    EXPECT_EQ(t.lateness().max, 250u);  // ticks of 10 ns
    EXPECT_EQ(t.overruns(), 2u);
    m.retire_nanoseconds(600);
    t.expired(m);
    EXPECT_EQ(t.lateness().min, 10u);
}

}  // namespace
}  // namespace frontend_test
