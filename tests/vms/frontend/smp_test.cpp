// A front-end VM of several vCPUs: how the first switches the others on (PSCI CPU_ON, Arm DEN0022,
// 5.1.4), what a secondary sets up (IHI 0048B: banked registers and the CPU interface), and what
// runs where. Each vCPU is a machine of its own here; tests/scenarios has them together.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rig.h"

namespace frontend_test {
namespace {

using vms::frontend::bare_metal;
using vms::frontend::FrontendProgram;
using vms::frontend::linux_6_1;
using vms::frontend::Profile;
using vms::workload::Config;
using vms::workload::Kind;
using vms::workload::State;

constexpr std::uint16_t call = 0;  // SGI 0
const std::string call_first = "GICD:Wf00=10000";

Config reads(unsigned vcpu, std::uint64_t count) {
    Config c;
    c.kind = Kind::registers;
    c.vcpu = vcpu;
    c.count = count;
    c.register_address = {window + 0xfc};
    return c;
}

bool contains(const std::vector<std::string>& log, const std::string& entry) {
    return std::ranges::find(log, entry) != log.end();
}

std::size_t matches(const std::vector<std::string>& log, const std::string& entry) {
    return static_cast<std::size_t>(std::ranges::count(log, entry));
}

/// Two vCPUs; the second is a machine of its own.
struct SmpRig : ProgramRig {
    Machine second;
    ConsoleModel second_device{second};
    std::vector<vms::CallRegisters> calls;
    std::int64_t result = 0;
    std::size_t accesses_before_call = 0;

    explicit SmpRig(const Profile& p, unsigned vcpus = 2) : ProgramRig(p) {
        config.vcpus = vcpus;
        config.secondary_entry = {0x40000000};
        second.add_device(window, window_bytes, second_device);
        m.on_smc = [this](vms::CallRegisters& x) {
            calls.push_back(x);
            accesses_before_call = m.log.size();
            x[0] = static_cast<std::uint64_t>(result);
            if (result == 0)
                m.raise(call);  // the other is up
        };
    }
    /// Runs the second vCPU of the program that run() has made, until it sleeps.
    void run_second() {
        second.set_vector(nullptr);  // as out of reset
        second.mask_interrupts(true);
        EXPECT_THROW(program->vcpu(1).run(second), Asleep);
    }
};

class Smp : public testing::TestWithParam<const Profile*> {};

INSTANTIATE_TEST_SUITE_P(Profiles, Smp, testing::Values(&linux_6_1(), &bare_metal()),
                         [](const auto& i) {
                             return i.param == &linux_6_1() ? "Linux" : "BareMetal";
                         });

TEST_P(Smp, TheFirstSwitchesTheOthersOnBeforeItLooksForDevices) {
    SmpRig rig(*GetParam(), 3);
    ASSERT_TRUE(rig.run());
    ASSERT_EQ(rig.calls.size(), 2u);
    for (std::uint64_t n = 1; n <= 2; ++n) {
        const vms::CallRegisters& x = rig.calls[n - 1];
        EXPECT_EQ(x[0], 0xC4000003u);  // CPU_ON, 64-bit
        EXPECT_EQ(x[1], n);            // MPIDR: Aff0
        EXPECT_EQ(x[2], 0x40000000u);
    }
    EXPECT_EQ(rig.accesses_before_call, 0u);
    // Afterwards it calls both: GICD_SGIR, target list, SGI 0.
    EXPECT_EQ(matches(rig.m.gic_log, "GICD:Wf00=60000"), 1u);
    EXPECT_FALSE(rig.program->done());  // the others have not run
}

TEST_P(Smp, TheNextIsSwitchedOnOnlyWhenTheOneBeforeHasCalled) {
    SmpRig rig(*GetParam(), 3);
    rig.m.on_smc = [&](vms::CallRegisters& x) {
        rig.calls.push_back(x);
        x[0] = 0;
    };
    ASSERT_TRUE(rig.run());  // asleep: nobody calls
    EXPECT_EQ(rig.calls.size(), 1u);
    EXPECT_TRUE(rig.m.log.empty());
}

TEST_P(Smp, ARefusedCpuOnIsAFailureAndNoHang) {
    SmpRig rig(*GetParam());
    rig.result = -2;  // INVALID_PARAMETERS
    ASSERT_TRUE(rig.run());
    EXPECT_FALSE(rig.program->success());
    EXPECT_EQ(rig.m.noted(vms::Note::workload_done), 1u);
    // ALREADY_ON: the VM's first vCPU began anew, the other goes on.
    SmpRig again(*GetParam());
    again.result = -4;
    ASSERT_TRUE(again.run());
    again.second.raise(call);
    again.run_second();
    EXPECT_TRUE(again.program->success());
}

TEST_P(Smp, OneVcpuNeitherCallsNorIsCalled) {
    ProgramRig rig(*GetParam());
    unsigned calls = 0;
    rig.m.on_smc = [&](vms::CallRegisters&) { ++calls; };
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(calls, 0u);
    EXPECT_FALSE(contains(rig.m.gic_log, "GICD:Wf00=0"));
    EXPECT_FALSE(rig.m.interrupt_enabled(call) && GetParam() == &bare_metal());
    EXPECT_TRUE(rig.program->done());
}

TEST_P(Smp, ASecondarySetsUpItsOwnPartAndWaitsForTheCall) {
    SmpRig rig(*GetParam());
    rig.config.workloads = {reads(1, 5)};
    ASSERT_TRUE(rig.run());
    rig.run_second();
    const auto& gic = rig.second.gic_log;
    EXPECT_TRUE(contains(gic, "GICC:W000=1"));  // CPU interface enabled
    EXPECT_EQ(matches(gic, call_first), 1u);
    // GICD_CTLR, the targets and the configuration of shared interrupts are the first vCPU's.
    for (const std::string& entry : gic) {
        EXPECT_FALSE(entry.starts_with("GICD:W000")) << entry;
        EXPECT_FALSE(entry.starts_with("GICD:W8")) << entry;
        EXPECT_FALSE(entry.starts_with("GICD:Wc")) << entry;
    }
    EXPECT_EQ(rig.program->workload_counters(0).state, State::waiting);
    EXPECT_TRUE(rig.second.log.empty());
}

TEST_P(Smp, ASecondaryRunsItsWorkloadsAndNoOthers) {
    SmpRig rig(*GetParam());
    rig.config.workloads = {reads(0, 3), reads(1, 7)};
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.program->workload_counters(0).reads, 3u);
    EXPECT_EQ(rig.program->workload_counters(1).reads, 0u);
    EXPECT_FALSE(rig.program->done());
    rig.second.raise(call);
    rig.run_second();
    EXPECT_EQ(matches(rig.second.log, "R0fc"), 7u);
    EXPECT_EQ(rig.second.log.size(), 7u);
    EXPECT_EQ(rig.program->workload_counters(1).reads, 7u);
    EXPECT_EQ(rig.program->workload_counters(0).reads, 3u);
    EXPECT_TRUE(rig.program->done());
    EXPECT_TRUE(rig.program->success());
}

TEST_P(Smp, AVcpuStartsAfreshAndLeavesTheOtherAlone) {
    SmpRig rig(*GetParam());
    rig.config.workloads = {reads(0, 3), reads(1, 7)};
    ASSERT_TRUE(rig.run());
    for (unsigned times = 1; times <= 2; ++times) {
        rig.second.raise(call);
        rig.run_second();
        EXPECT_EQ(rig.program->workload_counters(1).reads, 7u);
        EXPECT_EQ(rig.program->workload_counters(0).reads, 3u);
        EXPECT_EQ(matches(rig.second.log, "R0fc"), 7u * times);
    }
    EXPECT_TRUE(rig.program->done());
}

TEST_P(Smp, ASecondaryHasATimerOfItsOwn) {
    SmpRig rig(*GetParam());
    Config c;
    c.kind = Kind::idle;
    c.vcpu = 1;
    c.timer_period_ns = 1'000'000;
    rig.config.workloads = {c};
    ASSERT_TRUE(rig.run());
    EXPECT_FALSE(rig.m.interrupt_enabled(27));
    rig.second.raise(call);
    rig.second.limit_ns = 20'500'000;
    EXPECT_THROW(rig.program->vcpu(1).run(rig.second), TookTooLong);
    EXPECT_GE(rig.program->timer(0).lateness().count, 19u);
}

TEST(Registers, ReadsAtItsPeriodAndMeasuresEachRead) {
    ProgramRig rig(bare_metal());
    Config c = reads(0, 10);
    c.period_ns = 100'000;
    rig.config.workloads = {c};
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(matches(rig.m.log, "R0fc"), 10u + (contains(rig.m.log, "R100") ? 1u : 0u));
    const auto& n = rig.program->workload_counters(0);
    EXPECT_EQ(n.reads, 10u);
    // A device access of this machine is 100 ns, its counter 10 ns.
    EXPECT_EQ(n.read_ticks.range().min, 10u);
    EXPECT_EQ(n.read_ticks.range().max, 10u);
    EXPECT_EQ(n.read_ticks.median(), 10u);
    EXPECT_GE(rig.m.now_ns(), 900'000u);
}

}  // namespace
}  // namespace frontend_test
