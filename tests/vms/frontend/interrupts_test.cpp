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
