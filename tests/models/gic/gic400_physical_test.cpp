// Physical interrupts through the GIC-400: software-generated, private and shared ones, states,
// priorities, preemption, end of interrupt. IHI 0048B chapter 3 and 4.3, 4.4; DDI 0471B 3.2, 3.3.
#include <gtest/gtest.h>

#include "tests/models/gic/gic400_bench_board.h"
#include "tests/support/validation.h"

namespace gic_test {
namespace {

// --- software-generated interrupts (IHI 0048B 4.3.15 to 4.3.17) ---------------------------------

TEST(Gic400Sgi, TargetListFilters) {
    Board b;
    const auto reached = [&](unsigned from, std::uint32_t value) {
        b.wd(from, gicd::sgir, value);
        unsigned mask = 0;
        for (unsigned c = 0; c < 4; ++c) {
            mask |= b.pending(c, value & 0xF) ? 1U << c : 0U;
            b.wd(c, gicd::cpendsgir + (value & 0xC), 0xFFFF'FFFF);
        }
        return mask;
    };
    EXPECT_EQ(reached(1, 0U << 24 | 0x05U << 16 | 7), 0x5U) << "the list";
    EXPECT_EQ(reached(1, 0U << 24 | 0xF2U << 16 | 7), 0x2U) << "CPUs 4-7 do not exist";
    EXPECT_EQ(reached(1, 0U << 24 | 0x00U << 16 | 7), 0x0U);
    EXPECT_EQ(reached(1, 1U << 24 | 0x02U << 16 | 8), 0xDU) << "all but the requester";
    EXPECT_EQ(reached(2, 2U << 24 | 0x0FU << 16 | 0), 0x4U) << "the requester only";
    EXPECT_EQ(reached(2, 3U << 24 | 0x0FU << 16 | 15), 0x0U) << "reserved";
}

TEST(Gic400Sgi, SourceIsReportedAndEachSourcePendsOnItsOwn) {
    validation::behaviour("GIC-400", "SGIs pend for each source on its own");
    Board b;
    b.enable();
    b.sgi(3, 0x1, 5);
    b.sgi(1, 0x1, 5);
    b.sgi(1, 0x1, 5);  // merges with the one before: same source, same target
    EXPECT_EQ(b.rd(0, gicd::cpendsgir + 4), 0x0000'0A00U);
    EXPECT_EQ(b.rd(0, gicd::spendsgir + 4), 0x0000'0A00U);
    EXPECT_EQ(b.rd(0, gicd::ispendr), 1U << 5);
    EXPECT_EQ(b.rd(1, gicd::ispendr), 0U);

    EXPECT_EQ(b.rc(0, gicc::hppir), 1U << 10 | 5);
    EXPECT_EQ(b.rc(0, gicc::iar), 1U << 10 | 5);
    EXPECT_TRUE(b.pending(0, 5)) << "CPU 3's is still pending";
    EXPECT_TRUE(b.active(0, 5));
    EXPECT_FALSE(b.cpu[0].irq_level) << "active and pending is not signalled";
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
    b.wc(0, gicc::eoir, 1U << 10 | 5);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 3U << 10 | 5);
    EXPECT_FALSE(b.pending(0, 5));
    b.wc(0, gicc::eoir, 3U << 10 | 5);
    EXPECT_FALSE(b.active(0, 5));
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
}

TEST(Gic400Sgi, ClearAndSetPendingBySource) {
    Board b;
    b.enable();
    b.sgi(1, 0x1, 2);
    b.sgi(2, 0x1, 2);
    b.wd(0, gicd::cpendsgir, 0x0002'0000);
    EXPECT_EQ(b.rd(0, gicd::cpendsgir), 0x0004'0000U);
    EXPECT_TRUE(b.cpu[0].irq_level);
    b.wd(0, gicd::cpendsgir, 0x0004'0000);
    EXPECT_FALSE(b.pending(0, 2));
    EXPECT_FALSE(b.cpu[0].irq_level);
    b.wd(0, gicd::spendsgir, 0xF9'00'0000U);  // SGI 3 from CPUs 0 and 3; 4-7 do not exist
    EXPECT_EQ(b.rd(0, gicd::spendsgir), 0x0900'0000U);
    EXPECT_EQ(b.rc(0, gicc::iar), 0U << 10 | 3);
    // ICPENDR0 and ISPENDR0 cannot touch SGIs (4.3.7, 4.3.8).
    b.wd(0, gicd::icpendr, 0xFFFF'FFFF);
    EXPECT_TRUE(b.pending(0, 3));
    b.wd(0, gicd::ispendr, 0x10);
    EXPECT_FALSE(b.pending(0, 4));
}

// What a hypervisor does that polls for its SGI with interrupts masked: sees it pending, clears the
// active state and the pending bit of its source without an acknowledge.
TEST(Gic400Sgi, PolledAndClearedWithoutAcknowledge) {
    Board b;
    b.enable(gicc::enable_group0 | gicc::eoi_mode);
    b.sgi(1, 0x1, 1);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rd(0, gicd::ispendr) & 2U, 2U);
    b.wd(0, gicd::icactiver, 2);
    EXPECT_TRUE(b.cpu[0].irq_level);
    b.wd(0, gicd::cpendsgir, 0x0000'FF00);
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rd(0, gicd::ispendr), 0U);
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0xFFU);
}

// --- signalling --------------------------------------------------------------------------------

TEST(Gic400, OutputChangesOnceAndAtTheTimeOfItsCause) {
    Board b;
    b.enable();
    b.route(40, 0x80, 0x2);
    b.route(41, 0x80, 0x2);
    b.spi(40, true);
    EXPECT_TRUE(b.cpu[1].irq_level);
    EXPECT_EQ(b.cpu[1].irq_at, b.now);
    EXPECT_EQ(b.cpu[0].irq_calls, 0U);
    const Picos rose = b.now;
    b.spi(41, true);
    EXPECT_EQ(b.cpu[1].irq_calls, 1U);
    EXPECT_EQ(b.cpu[1].irq_at, rose);
    EXPECT_EQ(b.rc(1, gicc::iar), 40U);
    EXPECT_FALSE(b.cpu[1].irq_level) << "41 has the same priority as what runs";
    EXPECT_EQ(b.cpu[1].irq_at, b.now);
    b.spi(40, false);
    b.wc(1, gicc::eoir, 40);
    EXPECT_TRUE(b.cpu[1].irq_level);
    EXPECT_EQ(b.cpu[1].irq_at, b.now);
    EXPECT_EQ(b.cpu[1].irq_calls, 3U);
    EXPECT_EQ(b.cpu[1].repeated, 0U);
}

TEST(Gic400, ConnectDeliversALevelThatIsAlreadyHigh) {
    Gic400 gic;
    const auto write = [](Target& t, std::uint64_t offset, std::uint64_t value) {
        Access a;
        a.offset = offset;
        a.value = value;
        a.write = true;
        t.access(a);
    };
    write(gic.distributor(), gicd::ctlr, 1);
    write(gic.cpu_interface(), gicc::ctlr, 1);
    write(gic.cpu_interface(), gicc::pmr, 0xFF);
    write(gic.distributor(), gicd::sgir, 0x0001'0004);
    EXPECT_TRUE(gic.irq_level(CpuId{0}));
    Inputs late;
    gic.connect(CpuId{0}, late);
    EXPECT_TRUE(late.irq_level);
    EXPECT_EQ(late.irq_calls, 1U);
}

// Each switch on the way stops an interrupt: GICD_CTLR, GICC_CTLR, ISENABLER, targets, PMR.
TEST(Gic400, EverySwitchOnTheWay) {
    Board b;
    b.enable();
    b.route(40, 0x80, 0x1);
    b.spi(40, true);
    ASSERT_TRUE(b.cpu[0].irq_level);
    const auto off_and_on = [&](auto off, auto on, const char* what) {
        off();
        EXPECT_FALSE(b.cpu[0].irq_level) << what;
        EXPECT_TRUE(b.pending(0, 40)) << what;
        EXPECT_EQ(b.rc(0, gicc::iar), spurious) << what;
        on();
        EXPECT_TRUE(b.cpu[0].irq_level) << what;
    };
    off_and_on([&] { b.wd(0, gicd::ctlr, 2); }, [&] { b.wd(0, gicd::ctlr, 1); }, "GICD_CTLR");
    off_and_on([&] { b.wc(0, gicc::ctlr, 0); }, [&] { b.wc(0, gicc::ctlr, 1); }, "GICC_CTLR");
    off_and_on([&] { b.wd(0, gicd::icenabler + 4, 1U << 8); },
               [&] { b.wd(0, gicd::isenabler + 4, 1U << 8); }, "enable");
    off_and_on([&] { b.wd(0, gicd::itargetsr + 40, 0x2); },
               [&] { b.wd(0, gicd::itargetsr + 40, 0x3); }, "targets");
    off_and_on([&] { b.wc(0, gicc::pmr, 0x80); }, [&] { b.wc(0, gicc::pmr, 0x88); }, "PMR");
}

// PMR: only a priority strictly higher than the mask is signalled (IHI 0048B 4.4.2); HPPIR is not
// masked (4.4.7).
TEST(Gic400, PriorityMaskIsStrict) {
    Board b;
    b.enable();
    b.route(40, 0xF8, 0x1);
    b.spi(40, true);
    EXPECT_FALSE(b.cpu[0].irq_level) << "the lowest priority passes no mask";
    EXPECT_EQ(b.rc(0, gicc::hppir), 40U);
    b.wd(0, gicd::ipriorityr + 40, 0xF0);
    EXPECT_TRUE(b.cpu[0].irq_level);
    b.wc(0, gicc::pmr, 0xF0);
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
    b.wc(0, gicc::pmr, 0);
    b.wd(0, gicd::ipriorityr + 40, 0);
    EXPECT_FALSE(b.cpu[0].irq_level) << "mask 0 lets nothing through";
}

TEST(Gic400, SpuriousHasNoEffect) {
    validation::behaviour("GIC-400", "spurious acknowledges");
    Board b;
    b.enable();
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0xFFU);
    b.sgi(0, 1, 1);
    EXPECT_EQ(b.rc(0, gicc::iar), 1U);
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
    b.wc(0, gicc::eoir, spurious);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0U) << "ending the spurious one ends nothing";
    EXPECT_TRUE(b.active(0, 1));
    b.wc(0, gicc::eoir, 300);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0U) << "nor does an id beyond the last line";
}

// An SPI to several CPUs is taken by the first that acknowledges; the others read a spurious id
// (IHI 0048B 3.2.3, 1-N model).
TEST(Gic400, SharedInterruptIsTakenOnce) {
    Board b;
    b.enable();
    b.route(50, 0x40, 0xE);
    b.spi(50, true);
    EXPECT_FALSE(b.cpu[0].irq_level);
    for (unsigned c = 1; c < 4; ++c)
        EXPECT_TRUE(b.cpu[c].irq_level);
    EXPECT_EQ(b.rc(2, gicc::iar), 50U);
    for (unsigned c = 0; c < 4; ++c) {
        EXPECT_FALSE(b.cpu[c].irq_level);
        if (c != 2) {
            EXPECT_EQ(b.rc(c, gicc::iar), spurious);
        }
    }
    EXPECT_EQ(b.rc(1, gicc::rpr), 0xFFU);
    EXPECT_EQ(b.rc(2, gicc::rpr), 0x40U);
}

TEST(Gic400, OneCpuGetsEverySpi) {
    Board b({.cpus = 1, .lines = 64});
    b.enable();
    b.wd(0, gicd::isenabler + 4, 1U << 31);
    b.spi(63, true);
    EXPECT_EQ(b.rc(0, gicc::iar), 63U);
}

TEST(Gic400, LastInterruptOfTheLargestConfiguration) {
    Board b({.cpus = 8, .lines = 512});
    b.enable();
    b.route(511, 0x10, 0x80);
    b.spi(511, true);
    EXPECT_EQ(b.rc(7, gicc::iar), 511U);
    b.spi(511, false);
    b.wc(7, gicc::eoir, 511);
    EXPECT_FALSE(b.active(7, 511));
}

// --- priorities --------------------------------------------------------------------------------

TEST(Gic400Priority, HighestFirstThenLowestId) {
    Board b;
    b.enable();
    b.route(100, 0x50, 1);
    b.route(33, 0x50, 1);
    b.route(70, 0x48, 1);
    b.route(32, 0x58, 1);
    for (const unsigned n : {100U, 33U, 70U, 32U})
        b.spi(n, true);
    for (const unsigned n : {70U, 33U, 100U, 32U}) {
        EXPECT_EQ(b.rc(0, gicc::hppir), n);
        EXPECT_EQ(b.rc(0, gicc::iar), n);
        b.spi(n, false);
        b.wc(0, gicc::eoir, n);
    }
    EXPECT_EQ(b.rc(0, gicc::hppir), spurious);
}

TEST(Gic400Priority, ChangeWhilePendingReorders) {
    Board b;
    b.enable();
    b.route(40, 0x50, 1);
    b.route(41, 0x60, 1);
    b.spi(40, true);
    b.spi(41, true);
    EXPECT_EQ(b.rc(0, gicc::hppir), 40U);
    b.write(b.gic.distributor(), 0, gicd::ipriorityr + 41, 0x40, Width::byte);
    EXPECT_EQ(b.rc(0, gicc::hppir), 41U);
    b.write(b.gic.distributor(), 0, gicd::ipriorityr + 41, 0x70, Width::byte);
    EXPECT_EQ(b.rc(0, gicc::hppir), 40U);
}

TEST(Gic400Priority, PreemptionNestsAndUnwinds) {
    Board b;
    b.enable();
    b.route(40, 0x80, 1);
    b.route(41, 0x40, 1);
    b.route(42, 0x08, 1);
    b.spi(40, true);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0x80U);
    b.spi(41, true);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 41U);
    b.spi(42, true);
    EXPECT_EQ(b.rc(0, gicc::iar), 42U);
    EXPECT_EQ(b.rc(0, gicc::apr0), 1U << 16 | 1U << 8 | 1U << 1);
    for (const unsigned n : {42U, 41U, 40U})
        b.spi(n, false);
    b.wc(0, gicc::eoir, 42);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0x40U);
    b.wc(0, gicc::eoir, 41);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0x80U);
    b.wc(0, gicc::eoir, 40);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0xFFU);
}

// Group priority is what preempts (IHI 0048B 3.3.3 and table 3-2): with binary point n, Group 0
// compares bits 7 to n + 1.
TEST(Gic400Priority, BinaryPointLimitsPreemption) {
    validation::behaviour("GIC-400", "priorities, binary point, preemption");
    for (unsigned bpr = 2; bpr <= 7; ++bpr) {
        const std::uint32_t group = (0xFFU << (bpr + 1)) & 0xFF;
        for (std::uint32_t urgent = 0; urgent < 0xA0; urgent += 8) {
            Board b;
            b.enable();
            b.wc(0, gicc::bpr, bpr);
            b.route(40, 0xA0, 1);
            b.route(41, urgent, 1);
            b.spi(40, true);
            ASSERT_EQ(b.rc(0, gicc::iar), 40U);
            EXPECT_EQ(b.rc(0, gicc::rpr), 0xA0U & group);
            b.spi(41, true);
            const bool preempts = (urgent & group) < (0xA0U & group);
            EXPECT_EQ(b.cpu[0].irq_level, preempts) << bpr << " " << urgent;
            EXPECT_EQ(b.rc(0, gicc::iar), preempts ? 41U : spurious);
        }
    }
}

// Group 1 is compared by ABPR, whose value counts one further, unless CBPR gives BPR to both.
TEST(Gic400Priority, AliasedBinaryPointServesGroup1) {
    const auto preempts = [](std::uint32_t ctlr, std::uint32_t bpr, std::uint32_t abpr) {
        Board b;
        b.enable(3 | gicc::ack_ctl | ctlr);
        b.wc(0, gicc::bpr, bpr);
        b.wc(0, gicc::abpr, abpr);
        b.route(40, 0xA0, 1);
        b.route(41, 0x80, 1);  // the same when bits 7:6 count, higher when bits 7:5 do
        b.wd(0, gicd::igroupr + 4, 0xFFFF'FFFF);
        b.spi(40, true);
        EXPECT_EQ(b.rc(0, gicc::iar), 40U);
        b.spi(41, true);
        return b.cpu[0].irq_level;
    };
    EXPECT_TRUE(preempts(0, 7, 5));
    EXPECT_FALSE(preempts(0, 2, 6));
    EXPECT_FALSE(preempts(gicc::cbpr, 5, 3));
    EXPECT_TRUE(preempts(gicc::cbpr, 4, 7));
}

TEST(Gic400Priority, ActivePrioritiesCanBeRestored) {
    validation::behaviour("GIC-400", "active priorities (APR) can be saved and restored");
    Board b;
    b.enable();
    b.route(40, 0x80, 1);
    b.wc(0, gicc::apr0, 1U << 16);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0x80U);
    b.spi(40, true);
    EXPECT_FALSE(b.cpu[0].irq_level);
    b.wc(0, gicc::apr0, 0);
    EXPECT_TRUE(b.cpu[0].irq_level);
}

// --- level and edge (IHI 0048B 3.2.4, figure 3-1; 4.3.7, 4.3.8) ----------------------------------

TEST(Gic400State, LevelFollowsTheLine) {
    Board b;
    b.enable();
    b.route(40, 0x80, 1);
    b.spi(40, true);
    EXPECT_TRUE(b.cpu[0].irq_level);
    b.spi(40, false);
    EXPECT_FALSE(b.pending(0, 40));
    EXPECT_FALSE(b.cpu[0].irq_level);
    b.spi(40, true);
    b.wd(0, gicd::icpendr + 4, 1U << 8);
    EXPECT_TRUE(b.pending(0, 40)) << "a level cannot be cleared but at its source";
}

TEST(Gic400State, LevelHeldThroughTheEndPendsAgain) {
    validation::behaviour("GIC-400", "level and edge; active and pending");
    Board b;
    b.enable();
    b.route(40, 0x80, 1);
    b.spi(40, true);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    EXPECT_TRUE(b.active(0, 40));
    EXPECT_TRUE(b.pending(0, 40)) << "active and pending while the line is high";
    EXPECT_FALSE(b.cpu[0].irq_level);
    b.wc(0, gicc::eoir, 40);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    b.spi(40, false);
    EXPECT_FALSE(b.pending(0, 40));
    b.wc(0, gicc::eoir, 40);
    EXPECT_FALSE(b.cpu[0].irq_level);
}

TEST(Gic400State, EdgeIsLatchedOnce) {
    Board b;
    b.enable();
    b.route(40, 0x80, 1);
    b.edge_triggered(40);
    b.spi(40, true);
    b.spi(40, false);
    EXPECT_TRUE(b.pending(0, 40));
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    EXPECT_FALSE(b.pending(0, 40));
    b.spi(40, true);  // a second edge while active: active and pending
    EXPECT_TRUE(b.pending(0, 40));
    EXPECT_TRUE(b.active(0, 40));
    EXPECT_FALSE(b.cpu[0].irq_level);
    b.wc(0, gicc::eoir, 40);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    b.wc(0, gicc::eoir, 40);
    EXPECT_FALSE(b.cpu[0].irq_level) << "the line is still high, but that is no edge";
    b.spi(40, false);
    b.spi(40, true);
    b.wd(0, gicd::icpendr + 4, 1U << 8);
    EXPECT_FALSE(b.pending(0, 40)) << "an edge can be cleared";
}

// A level-sensitive interrupt set pending by software stays so without its line, until it is
// acknowledged or cleared.
TEST(Gic400State, SoftwarePendingOfALevel) {
    Board b;
    b.enable();
    b.route(40, 0x80, 1);
    b.wd(0, gicd::ispendr + 4, 1U << 8);
    b.spi(40, true);
    b.spi(40, false);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    EXPECT_FALSE(b.pending(0, 40));
    b.wc(0, gicc::eoir, 40);
    b.wd(0, gicd::ispendr + 4, 1U << 8);
    b.wd(0, gicd::icpendr + 4, 1U << 8);
    EXPECT_FALSE(b.cpu[0].irq_level);
}

TEST(Gic400State, ActiveBitsCanBeWritten) {
    Board b;
    b.enable();
    b.wd(0, gicd::isenabler, 1U << 27);
    b.wd(0, gicd::isactiver, 1U << 27);
    b.ppi(0, 27, true);
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rd(0, gicd::icactiver), 1U << 27);
    b.wd(0, gicd::icactiver, 1U << 27);
    EXPECT_TRUE(b.cpu[0].irq_level);
    // Clearing the active state drops no priority (IHI 0048B 4.3.10).
    EXPECT_EQ(b.rc(0, gicc::iar), 27U);
    b.ppi(0, 27, false);
    b.wd(0, gicd::icactiver, 1U << 27);
    EXPECT_EQ(b.rc(0, gicc::rpr), 0U);
}

TEST(Gic400State, PrivateInterruptsAreTheCpusOwn) {
    Board b;
    b.enable();
    for (unsigned c = 0; c < 4; ++c)
        b.wd(c, gicd::isenabler, 1U << 30);
    b.ppi(2, 30, true);
    for (unsigned c = 0; c < 4; ++c)
        EXPECT_EQ(b.cpu[c].irq_level, c == 2);
    EXPECT_EQ(b.rc(2, gicc::iar), 30U);
    EXPECT_TRUE(b.active(2, 30));
    EXPECT_FALSE(b.active(1, 30));
}

// --- end of interrupt (IHI 0048B 3.2.1, 4.4.5, 4.4.15) -------------------------------------------

TEST(Gic400End, ModeZeroDropsAndDeactivates) {
    Board b;
    b.enable();
    b.route(40, 0x80, 1);
    b.edge_triggered(40);
    b.spi(40, true);
    b.rc(0, gicc::iar);
    b.wc(0, gicc::dir, 40);
    EXPECT_TRUE(b.active(0, 40)) << "DIR does nothing in this mode";
    b.wc(0, gicc::eoir, 40);
    EXPECT_FALSE(b.active(0, 40));
    EXPECT_EQ(b.rc(0, gicc::rpr), 0xFFU);
}

TEST(Gic400End, ModeOneSplitsDropAndDeactivation) {
    validation::behaviour("GIC-400", "EOImode: priority drop and deactivation apart");
    Board b;
    b.enable(gicc::enable_group0 | gicc::eoi_mode);
    b.route(40, 0x80, 1);
    b.route(41, 0x80, 1);
    b.spi(40, true);
    b.spi(41, true);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    b.wc(0, gicc::eoir, 40);
    EXPECT_TRUE(b.active(0, 40));
    EXPECT_EQ(b.rc(0, gicc::rpr), 0xFFU);
    EXPECT_EQ(b.rc(0, gicc::iar), 41U) << "the next one of the same priority, 40 still active";
    b.wc(0, gicc::eoir, 41);
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
    b.wc(0, gicc::dir, 40);
    EXPECT_FALSE(b.active(0, 40));
    EXPECT_TRUE(b.active(0, 41));
    EXPECT_EQ(b.rc(0, gicc::iar), 40U) << "its line is still high";
    b.wc(0, gicc::dir, 1023);
    b.wc(0, gicc::dir, 500);
    EXPECT_TRUE(b.active(0, 41));
}

TEST(Gic400End, NothingAcknowledgedNothingEnded) {
    Board b;
    b.enable();
    b.wd(0, gicd::isactiver + 4, 1U << 8);
    b.wc(0, gicc::eoir, 40);
    EXPECT_TRUE(b.active(0, 40));
    EXPECT_EQ(b.rc(0, gicc::rpr), 0xFFU);
}

// --- groups (IHI 0048B 3.4, 4.4.4, 4.4.7, 4.4.10 to 4.4.12) --------------------------------------

TEST(Gic400Groups, AcknowledgeByGroup) {
    validation::behaviour("GIC-400", "groups, aliased registers, AckCtl");
    Board b;
    b.enable(3);
    b.route(40, 0x80, 1);
    b.wd(0, gicd::igroupr + 4, 1U << 8);
    b.spi(40, true);
    EXPECT_EQ(b.rc(0, gicc::hppir), 1022U);
    EXPECT_EQ(b.rc(0, gicc::iar), 1022U) << "Group 1, and AckCtl is 0";
    EXPECT_TRUE(b.pending(0, 40));
    EXPECT_EQ(b.rc(0, gicc::ahppir), 40U);
    EXPECT_EQ(b.rc(0, gicc::aiar), 40U);
    b.spi(40, false);
    b.wc(0, gicc::aeoir, 40);
    EXPECT_FALSE(b.active(0, 40));

    b.wd(0, gicd::igroupr + 4, 0);
    b.spi(40, true);
    EXPECT_EQ(b.rc(0, gicc::ahppir), spurious) << "Group 0 is not seen through the alias";
    EXPECT_EQ(b.rc(0, gicc::aiar), spurious);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    b.wc(0, gicc::aeoir, 40);
    EXPECT_TRUE(b.active(0, 40)) << "nor ended";
    b.wc(0, gicc::eoir, 40);
    EXPECT_FALSE(b.active(0, 40));

    b.wd(0, gicd::igroupr + 4, 1U << 8);
    b.wc(0, gicc::ctlr, 3 | gicc::ack_ctl);
    EXPECT_EQ(b.rc(0, gicc::hppir), 40U);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U) << "AckCtl opens IAR to both groups";
}

TEST(Gic400Groups, EnablesAreByGroup) {
    Board b;
    b.enable(3);
    b.route(40, 0x40, 1);
    b.route(41, 0x80, 1);
    b.wd(0, gicd::igroupr + 4, 1U << 9);
    b.spi(40, true);
    b.spi(41, true);
    EXPECT_EQ(b.rc(0, gicc::hppir), 40U);
    b.wc(0, gicc::ctlr, 2);
    EXPECT_EQ(b.rc(0, gicc::hppir), 1022U);
    EXPECT_TRUE(b.cpu[0].irq_level);
    b.wd(0, gicd::ctlr, 1);
    EXPECT_EQ(b.rc(0, gicc::hppir), spurious);
    EXPECT_FALSE(b.cpu[0].irq_level);
    b.wc(0, gicc::ctlr, 1);
    EXPECT_EQ(b.rc(0, gicc::hppir), 40U);
}

// With FIQEn Group 0 goes to nFIQ (4.4.1), which is not modelled; Group 1 stays on nIRQ.
TEST(Gic400Groups, FiqEnableTakesGroup0OffIrq) {
    Board b;
    b.enable(3 | gicc::fiq_en);
    b.route(40, 0x40, 1);
    b.spi(40, true);
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 40U);
    b.wc(0, gicc::eoir, 40);
    b.wd(0, gicd::igroupr + 4, 1U << 8);
    EXPECT_TRUE(b.cpu[0].irq_level);
}

}  // namespace
}  // namespace gic_test
