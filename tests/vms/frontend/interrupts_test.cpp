// The guest's GICv2 driver against Arm IHI 0048B (4.3 distributor, 4.4 CPU interface): what it
// writes, in which order, and what it does with an acknowledged interrupt.
#include "vms/frontend/interrupts.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "machine.h"

namespace frontend_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using vms::IntId;
using vms::frontend::bare_metal;
using vms::frontend::InterruptHandler;
using vms::frontend::Interrupts;
using vms::frontend::linux_6_1;
using vms::frontend::Operations;
using vms::frontend::Profile;

struct Recorder final : InterruptHandler {
    std::vector<unsigned> seen;
    void interrupt(IntId id) override { seen.push_back(id.value); }
};

struct Fixture {
    Machine m;
    Operations operations;
    Interrupts interrupts;
    Recorder handler;

    explicit Fixture(const Profile& p)
        : operations(p.software),
          interrupts(m, {Machine::gicd_base, Machine::gicc_base}, p.interrupts, operations) {}
    void let_time_pass() { m.retire_nanoseconds(100); }
};

TEST(Interrupts, MinimalSetup) {
    Fixture f(bare_metal());
    f.interrupts.start();
    EXPECT_THAT(f.m.gic_log,
                ElementsAre("GICD:W000=1", "GICC:W004=ff", "GICC:R000", "GICC:W000=1"));
    EXPECT_FALSE(f.m.interrupts_masked());
}

// The machine has 64 interrupts (GICD_TYPER.ITLinesNumber 1): 32 shared ones.
TEST(Interrupts, LinuxSetsEverySharedInterruptUp) {
    Fixture f(linux_6_1());
    f.interrupts.start();
    const auto count = [&](std::string_view prefix) {
        unsigned n = 0;
        for (const std::string& a : f.m.gic_log)
            n += a.starts_with(prefix) ? 1 : 0;
        return n;
    };
    EXPECT_EQ(f.m.gic_log.front(), "GICD:W000=0");
    EXPECT_EQ(count("GICD:W8"), 8u);   // ITARGETSR, four interrupts each
    EXPECT_EQ(count("GICD:Wc"), 2u);   // ICFGR, sixteen
    EXPECT_EQ(count("GICD:W4"), 16u);  // IPRIORITYR, private ones too
    EXPECT_EQ(count("GICD:W38"), 2u);  // ICACTIVER
    EXPECT_EQ(count("GICD:W18"), 2u);  // ICENABLER
    EXPECT_THAT(f.m.gic_log, Contains("GICD:W820=1010101"));
    EXPECT_THAT(f.m.gic_log, Contains("GICD:W420=a0a0a0a0"));
    EXPECT_THAT(f.m.gic_log, Contains("GICD:W000=1"));
    EXPECT_EQ(f.m.gic_log.back(), "GICC:W000=1");
    EXPECT_FALSE(f.m.interrupts_masked());
}

/// A log with runs of accesses to one block of registers shortened: "GICD:W800=1010101 x8". The
/// blocks with fields for each interrupt: 0x400 IPRIORITYR, 0x800 ITARGETSR, 0xc00 ICFGR, and those
/// of bits below.
std::vector<std::string> blocks(const std::vector<std::string>& log) {
    std::vector<std::pair<std::string, unsigned>> runs;
    for (std::string a : log) {
        constexpr std::size_t at = 6;  // behind "GICD:W"
        const unsigned long offset = std::stoul(a.substr(at, 3), nullptr, 16);
        if (a.starts_with("GICD") && offset >= 0x80 && offset < 0xf00)
            a.replace(at, 3, fmt::format("{:03x}", offset & (offset < 0x400 ? 0xf80 : 0xc00)));
        if (!runs.empty() && runs.back().first == a)
            ++runs.back().second;
        else
            runs.emplace_back(a, 1);
    }
    std::vector<std::string> out;
    for (const auto& [a, times] : runs)
        out.push_back(times == 1 ? a : fmt::format("{} x{}", a, times));
    return out;
}

// gic_dist_init and gic_cpu_init of Zephyr's intc_gic.c, for 64 interrupts: it reads its own target
// from all eight registers, twice, and gives shared interrupts the highest priority until they are
// connected. The machine's ITARGETSR1 to 7 read 0, which ends each reading after the second.
TEST(Interrupts, ZephyrSetup) {
    Fixture f(vms::frontend::zephyr());
    f.interrupts.start();
    EXPECT_THAT(blocks(f.m.gic_log),
                ElementsAre("GICD:R004", "GICD:W000=0", "GICD:R800 x2", "GICD:W800=1010101 x8",
                            "GICD:Wc00=0 x2", "GICD:W400=0 x8", "GICD:W080=0", "GICD:W380=ffffffff",
                            "GICD:W180=ffffffff", "GICD:W000=1", "GICD:W380=ffffffff",
                            "GICD:W180=ffff0000", "GICD:W100=ffff", "GICD:R800 x2",
                            "GICD:W400=a0a0a0a0 x8", "GICC:W004=f0", "GICC:R000", "GICC:W000=1"));
    f.m.gic_log.clear();
    // IRQ_CONNECT: arm_gic_irq_set_priority; irq_enable: ISENABLER.
    f.interrupts.attach({79}, f.handler);
    EXPECT_THAT(f.m.gic_log,
                ElementsAre("GICD:W44f=a0", "GICD:Rc10", "GICD:Wc10=80000000", "GICD:W108=8000"));
}

// gicd_init and gicc_init of Bao's bare-metal guest; the private priorities three times.
TEST(Interrupts, BaoGuestSetup) {
    Fixture f(vms::frontend::bao_bare_metal());
    f.interrupts.start();
    EXPECT_THAT(
        blocks(f.m.gic_log),
        ElementsAre("GICD:R004", "GICD:W180=ffffffff", "GICD:W280=ffffffff", "GICD:W380=ffffffff",
                    "GICD:W400=ffffffff x16", "GICD:W800=0 x16", "GICD:Wc00=aaaaaaaa x4",
                    "GICD:R000", "GICD:W000=1", "GICD:W180=ffffffff", "GICD:W280=ffffffff",
                    "GICD:W380=ffffffff", "GICD:Wf10=ffffffff", "GICD:Wf14=ffffffff",
                    "GICD:Wf18=ffffffff", "GICD:Wf1c=ffffffff", "GICD:W400=ffffffff x16",
                    "GICC:W004=ff", "GICC:R000", "GICC:W000=1"));
    f.m.gic_log.clear();
    // irq_enable: enabled before it has a target; irq_set_prio.
    f.interrupts.attach({79}, f.handler);
    EXPECT_THAT(f.m.gic_log, ElementsAre("GICD:W108=8000", "GICD:R84c", "GICD:R84c",
                                         "GICD:W84c=1000000", "GICD:R44c", "GICD:W44c=0"));
}

TEST(Interrupts, AttachTargetsAndEnables) {
    Fixture f(bare_metal());
    f.interrupts.start();
    f.m.gic_log.clear();
    f.interrupts.attach({79}, f.handler);
    // ITARGETSR of 79 is a byte at 0x800 + 79; ISENABLER of 64-95 has it at bit 15.
    EXPECT_THAT(f.m.gic_log,
                ElementsAre("GICD:R800", "GICD:W84f=1", "GICD:W44f=a0", "GICD:W108=8000"));
}

TEST(Interrupts, LinuxMakesRemoteIoEdgeTriggered) {
    Fixture f(linux_6_1());
    f.interrupts.start();
    f.m.gic_log.clear();
    f.interrupts.attach({79}, f.handler);
    // Two bits an interrupt, sixteen a register: 79 is the last field of the fifth.
    EXPECT_THAT(f.m.gic_log,
                ElementsAre("GICD:Rc10", "GICD:Wc10=80000000", "GICD:W84f=1", "GICD:W108=8000"));
}

TEST(Interrupts, PrivateInterruptsHaveNoTarget) {
    Fixture f(linux_6_1());
    f.interrupts.start();
    f.m.gic_log.clear();
    f.interrupts.attach({27}, f.handler);
    EXPECT_THAT(f.m.gic_log, ElementsAre("GICD:W100=8000000"));
}

TEST(Interrupts, HandlerRunsBetweenAcknowledgeAndEnd) {
    Fixture f(bare_metal());
    f.interrupts.start();
    f.interrupts.attach({79}, f.handler);
    f.m.gic_log.clear();
    f.m.raise(79);
    f.let_time_pass();
    EXPECT_THAT(f.handler.seen, ElementsAre(79u));
    EXPECT_THAT(f.m.gic_log, ElementsAre("GICC:R00c", "GICC:W010=4f"));
    EXPECT_EQ(f.interrupts.counters().handled, 1u);
}

// Linux acknowledges until 1023 comes back, which ends the exception without an end of interrupt.
TEST(Interrupts, LinuxDrainsUntilSpurious) {
    Fixture f(linux_6_1());
    f.interrupts.start();
    f.interrupts.attach({78}, f.handler);
    f.interrupts.attach({79}, f.handler);
    f.m.gic_log.clear();
    f.m.raise(79);
    f.m.raise(78);
    f.let_time_pass();
    EXPECT_THAT(f.handler.seen, ElementsAre(78u, 79u));
    EXPECT_THAT(f.m.gic_log,
                ElementsAre("GICC:R00c", "GICC:W010=4e", "GICC:R00c", "GICC:W010=4f", "GICC:R00c"));
    EXPECT_EQ(f.interrupts.counters().exceptions, 1u);
    EXPECT_EQ(f.interrupts.counters().spurious, 0u);
}

// IHI 0048B, 4.4.4: reading 1023 needs no write of EOIR, and must not get one.
TEST(Interrupts, SpuriousIsNotEnded) {
    for (const Profile* p : {&linux_6_1(), &bare_metal()}) {
        Fixture f(*p);
        f.interrupts.start();
        f.m.gic_log.clear();
        f.interrupts.irq();
        EXPECT_THAT(f.m.gic_log, ElementsAre("GICC:R00c"));
        EXPECT_EQ(f.interrupts.counters().spurious, 1u);
    }
}

TEST(Interrupts, NobodysInterruptIsEndedAndCounted) {
    Fixture f(bare_metal());
    f.interrupts.start();
    f.interrupts.attach({79}, f.handler);
    f.interrupts.attach({78}, f.handler);
    f.m.raise(79);
    // Attached but gone again before it is taken, with the enable left as it was.
    f.m.mask_interrupts(true);
    f.m.raise(79);
    f.m.mask_interrupts(false);
    EXPECT_EQ(f.interrupts.counters().unexpected, 0u);
    Interrupts other(f.m, {Machine::gicd_base, Machine::gicc_base}, bare_metal().interrupts,
                     f.operations);
    other.start();
    f.m.raise(79);
    f.let_time_pass();
    EXPECT_EQ(other.counters().unexpected, 1u);
    EXPECT_EQ(f.m.gic_log.back(), "GICC:W010=4f");
}

TEST(Interrupts, SharedLineCallsEveryHandlerAndDisablesWithTheLast) {
    Fixture f(bare_metal());
    Recorder second;
    f.interrupts.start();
    f.interrupts.attach({79}, f.handler);
    f.interrupts.attach({79}, second);
    f.m.raise(79);
    f.let_time_pass();
    EXPECT_EQ(f.handler.seen.size(), 1u);
    EXPECT_EQ(second.seen.size(), 1u);
    f.interrupts.detach({79}, f.handler);
    EXPECT_TRUE(f.m.interrupt_enabled(79));
    f.interrupts.detach({79}, second);
    EXPECT_FALSE(f.m.interrupt_enabled(79));
}

}  // namespace
}  // namespace frontend_test
