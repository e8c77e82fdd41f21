// Virtual interrupts through the GIC-400: list registers, the virtual CPU interface, maintenance.
// IHI 0048B chapter 5; DDI 0471B 3.4, 3.5.
#include <gtest/gtest.h>

#include "tests/models/gic/gic400_bench_board.h"
#include "tests/support/validation.h"

namespace gic_test {
namespace {

/// CPU 0 with its virtual interface on, as a hypervisor and a booted VM leave it.
struct VirtualBoard : Board {
    explicit VirtualBoard(const Gic400::Parameters& p = {}, std::uint32_t guest_ctlr = 1)
        : Board(p) {
        enable(gicc::enable_group0 | gicc::eoi_mode);
        wd(0, gicd::isenabler, 1U << p.maintenance.value);
        wh(0, gich::hcr, gich::hcr_en);
        wv(0, gicc::ctlr, guest_ctlr);
        wv(0, gicc::pmr, 0xFF);
    }
    void inject(unsigned n, const Lr& lr) { wh(0, lr_offset(n), lr.value()); }
    std::uint32_t state(unsigned n) { return rh(0, lr_offset(n)) & gich::lr_state; }
    std::uint32_t eoi_count() { return rh(0, gich::hcr) >> 27; }
    bool maintenance() { return pending(0, gic.parameters().maintenance.value); }
};

// --- life of a list register (IHI 0048B 5.3.10, 5.2.4) -------------------------------------------

TEST(Gic400ListRegister, PendingActiveInvalid) {
    for (const unsigned n : {1U, 4U, 16U}) {
        VirtualBoard b({.list_registers = n});
        const unsigned last = n - 1;
        const std::uint32_t all = (1U << n) - 1;
        b.inject(last, {.id = 77, .priority = 0x40});
        EXPECT_TRUE(b.cpu[0].virq_level);
        EXPECT_EQ(b.cpu[0].virq_at, b.now);
        EXPECT_FALSE(b.cpu[0].irq_level);
        EXPECT_EQ(b.rh(0, gich::elrsr0), all & ~(1U << last));
        EXPECT_EQ(b.rv(0, gicc::hppir), 77U);
        EXPECT_EQ(b.rv(0, gicc::iar), 77U);
        EXPECT_EQ(b.state(last), gich::lr_active);
        EXPECT_EQ(b.rv(0, gicc::rpr), 0x40U);
        EXPECT_EQ(b.rh(0, gich::apr), 1U << 8);
        EXPECT_FALSE(b.cpu[0].virq_level);
        EXPECT_EQ(b.rv(0, gicc::iar), spurious);
        b.wv(0, gicc::eoir, 77);
        EXPECT_EQ(b.state(last), 0U);
        EXPECT_EQ(b.lr(0, last) & gich::lr_id, 77U) << "the rest of the register stays";
        EXPECT_EQ(b.rv(0, gicc::rpr), 0xFFU);
        EXPECT_EQ(b.rh(0, gich::elrsr0), all);
        EXPECT_EQ(b.cpu[0].virq_calls, 2U);
        EXPECT_EQ(b.cpu[0].repeated, 0U);
    }
}

TEST(Gic400ListRegister, AllOfThemByPriority) {
    for (const unsigned n : {1U, 4U, 16U}) {
        VirtualBoard b({.list_registers = n});
        for (unsigned i = 0; i < n; ++i)
            b.inject(i, {.id = 32 + i, .priority = 0x80 - 8 * i});
        EXPECT_EQ(b.rh(0, gich::elrsr0), 0U);
        for (unsigned i = n; i-- > 0;) {
            EXPECT_EQ(b.rv(0, gicc::iar), 32 + i);
            b.wv(0, gicc::eoir, 32 + i);
        }
        EXPECT_EQ(b.rv(0, gicc::iar), spurious);
        EXPECT_EQ(b.rh(0, gich::elrsr0), (1U << n) - 1);
    }
}

TEST(Gic400ListRegister, EqualPrioritiesByNumber) {
    VirtualBoard b;
    b.inject(3, {.id = 40, .priority = 0x40});
    b.inject(1, {.id = 60, .priority = 0x40});
    EXPECT_EQ(b.rv(0, gicc::iar), 60U);
}

TEST(Gic400ListRegister, ActiveAndPendingIsSignalledAgainAfterItsEnd) {
    validation::behaviour("GIC-400", "list registers: states, priorities, sources");
    VirtualBoard b;
    b.inject(0, {.id = 40});
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    b.inject(0, {.id = 40, .state = gich::lr_state});
    EXPECT_FALSE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rv(0, gicc::iar), spurious);
    b.wv(0, gicc::eoir, 40);
    EXPECT_EQ(b.state(0), gich::lr_pending);
    EXPECT_TRUE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
}

TEST(Gic400ListRegister, WithdrawnByTheHypervisor) {
    VirtualBoard b;
    b.inject(0, {.id = 40});
    EXPECT_TRUE(b.cpu[0].virq_level);
    b.wh(0, lr_offset(0), 0);
    EXPECT_FALSE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rv(0, gicc::iar), spurious);
}

TEST(Gic400ListRegister, VirtualSgiCarriesItsSource) {
    VirtualBoard b;
    b.inject(0, {.id = 3, .source = 2});
    b.inject(1, {.id = 3, .source = 5});
    EXPECT_EQ(b.rv(0, gicc::hppir), 2U << 10 | 3);
    EXPECT_EQ(b.rv(0, gicc::iar), 2U << 10 | 3);
    b.wv(0, gicc::eoir, 2U << 10 | 3);
    EXPECT_EQ(b.state(0), 0U);
    EXPECT_EQ(b.state(1), gich::lr_pending);
    EXPECT_EQ(b.rv(0, gicc::iar), 5U << 10 | 3);
    b.wv(0, gicc::eoir, 4U << 10 | 3);
    EXPECT_EQ(b.state(1), gich::lr_active) << "another source is another interrupt";
    EXPECT_EQ(b.eoi_count(), 1U);
}

// --- linked to a physical interrupt (HW bit) ---------------------------------------------------

TEST(Gic400HardwareLink, VirtualEndDeactivatesThePhysicalInterrupt) {
    validation::behaviour("GIC-400", "list registers linked to physical interrupts");
    VirtualBoard b;
    b.route(54, 0x80, 1);
    b.spi(54, true);
    EXPECT_EQ(b.rc(0, gicc::iar), 54U);
    b.wc(0, gicc::eoir, 54);
    EXPECT_TRUE(b.active(0, 54));
    b.inject(0, {.id = 33, .hw = true, .physical = 54});
    EXPECT_EQ(b.rv(0, gicc::iar), 33U);
    EXPECT_FALSE(b.cpu[0].irq_level);
    b.wv(0, gicc::eoir, 33);
    EXPECT_EQ(b.cpu[0].irq_at, b.now);
    EXPECT_TRUE(b.cpu[0].irq_level) << "the line is still high: pending again";
    EXPECT_FALSE(b.active(0, 54));
    EXPECT_EQ(b.state(0), 0U);
    EXPECT_FALSE(b.maintenance());
    EXPECT_EQ(b.rh(0, gich::elrsr0) & 1U, 1U);
}

TEST(Gic400HardwareLink, PrivateInterruptIsThatOfTheCpu) {
    VirtualBoard b;
    for (unsigned c = 0; c < 2; ++c) {
        b.wd(c, gicd::isenabler, 1U << 27);
        b.ppi(c, 27, true);
        EXPECT_EQ(b.rc(c, gicc::iar), 27U);
    }
    b.ppi(0, 27, false);
    b.inject(0, {.id = 27, .hw = true, .physical = 27});
    EXPECT_EQ(b.rv(0, gicc::iar), 27U);
    b.wv(0, gicc::eoir, 27);
    EXPECT_FALSE(b.active(0, 27));
    EXPECT_TRUE(b.active(1, 27));
}

TEST(Gic400HardwareLink, DirInSplitMode) {
    VirtualBoard b({}, gicc::enable_group0 | gicc::eoi_mode);
    b.route(54, 0x80, 1);
    b.edge_triggered(54);
    b.spi(54, true);
    b.rc(0, gicc::iar);
    b.inject(0, {.id = 33, .hw = true, .physical = 54});
    EXPECT_EQ(b.rv(0, gicc::iar), 33U);
    b.wv(0, gicc::eoir, 33);
    EXPECT_EQ(b.rv(0, gicc::rpr), 0xFFU);
    EXPECT_EQ(b.state(0), gich::lr_active);
    EXPECT_TRUE(b.active(0, 54));
    b.wv(0, gicc::dir, 33);
    EXPECT_EQ(b.state(0), 0U);
    EXPECT_FALSE(b.active(0, 54));
}

TEST(Gic400HardwareLink, PhysicalIdBeyondTheLinesIsIgnored) {
    VirtualBoard b({.lines = 64});
    b.inject(0, {.id = 33, .hw = true, .physical = 400});
    EXPECT_EQ(b.rv(0, gicc::iar), 33U);
    b.wv(0, gicc::eoir, 33);
    EXPECT_EQ(b.state(0), 0U);
}

// --- virtual CPU interface (IHI 0048B 5.5) -------------------------------------------------------

TEST(Gic400Virtual, EverySwitchOnTheWay) {
    VirtualBoard b;
    b.inject(0, {.id = 40, .priority = 0x80});
    ASSERT_TRUE(b.cpu[0].virq_level);
    const auto off_and_on = [&](auto off, auto on, const char* what) {
        off();
        EXPECT_FALSE(b.cpu[0].virq_level) << what;
        EXPECT_EQ(b.rv(0, gicc::iar), spurious) << what;
        EXPECT_EQ(b.state(0), gich::lr_pending) << what;
        on();
        EXPECT_TRUE(b.cpu[0].virq_level) << what;
    };
    off_and_on([&] { b.wh(0, gich::hcr, 0); }, [&] { b.wh(0, gich::hcr, 1); }, "HCR.En");
    off_and_on([&] { b.wv(0, gicc::ctlr, 2); }, [&] { b.wv(0, gicc::ctlr, 1); }, "GICV_CTLR");
    off_and_on([&] { b.wv(0, gicc::pmr, 0x80); }, [&] { b.wv(0, gicc::pmr, 0x88); }, "GICV_PMR");
    off_and_on([&] { b.wh(0, gich::vmcr, 0x10U << 27 | 1); },
               [&] { b.wh(0, gich::vmcr, 0x11U << 27 | 1); }, "VMCR.VMPriMask");
    off_and_on([&] { b.wh(0, gich::vmcr, 0x1FU << 27); },
               [&] { b.wh(0, gich::vmcr, 0x1FU << 27 | 1); }, "VMCR.VMGrp0En");
    off_and_on([&] { b.wh(0, gich::apr, 1U << 16); }, [&] { b.wh(0, gich::apr, 0); }, "APR");
    off_and_on([&] { b.wv(0, gicc::apr0, 1U << 3); }, [&] { b.wv(0, gicc::apr0, 0); }, "APR0");
}

// VMCR is a view of the VM's own registers (5.3.3).
TEST(Gic400Virtual, VmcrMirrorsTheGuestsSettings) {
    validation::behaviour("GIC-400", "GICH_VMCR mirrors the settings at GICV");
    Board b;
    b.wv(0, gicc::ctlr, 0x21F);
    b.wv(0, gicc::pmr, 0xA8);
    b.wv(0, gicc::bpr, 5);
    b.wv(0, gicc::abpr, 6);
    EXPECT_EQ(b.rh(0, gich::vmcr), 0xA8U << 24 | 5U << 21 | 6U << 18 | 0x21FU);
    b.wh(0, gich::vmcr, 0x50U << 24 | 3U << 21 | 4U << 18 | 0x201);
    EXPECT_EQ(b.rv(0, gicc::ctlr), 0x201U);
    EXPECT_EQ(b.rv(0, gicc::pmr), 0x50U);
    EXPECT_EQ(b.rv(0, gicc::bpr), 3U);
    EXPECT_EQ(b.rv(0, gicc::abpr), 4U);
    b.wh(0, gich::vmcr, 0);
    EXPECT_EQ(b.rv(0, gicc::bpr), 2U) << "no binary point below the minimum";
    EXPECT_EQ(b.rv(0, gicc::abpr), 3U);
}

TEST(Gic400Virtual, PreemptionNestsAndUnwinds) {
    VirtualBoard b;
    b.inject(0, {.id = 40, .priority = 0x80});
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    b.inject(1, {.id = 41, .priority = 0x80});
    EXPECT_FALSE(b.cpu[0].virq_level) << "the same priority does not preempt";
    b.inject(2, {.id = 42, .priority = 0x40});
    EXPECT_TRUE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rv(0, gicc::iar), 42U);
    EXPECT_EQ(b.rv(0, gicc::rpr), 0x40U);
    b.wv(0, gicc::eoir, 42);
    EXPECT_EQ(b.rv(0, gicc::rpr), 0x80U);
    EXPECT_FALSE(b.cpu[0].virq_level);
    b.wv(0, gicc::eoir, 40);
    EXPECT_TRUE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rv(0, gicc::iar), 41U);
}

TEST(Gic400Virtual, BinaryPointLimitsPreemption) {
    VirtualBoard b;
    b.wv(0, gicc::bpr, 6);
    b.inject(0, {.id = 40, .priority = 0xC0});
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    EXPECT_EQ(b.rv(0, gicc::rpr), 0x80U);
    b.inject(1, {.id = 41, .priority = 0x88});
    EXPECT_FALSE(b.cpu[0].virq_level);
    b.inject(2, {.id = 42, .priority = 0x78});
    EXPECT_TRUE(b.cpu[0].virq_level);
}

TEST(Gic400Virtual, Groups) {
    VirtualBoard b({}, 3);
    b.inject(0, {.id = 40, .group1 = true});
    EXPECT_TRUE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rv(0, gicc::iar), 1022U);
    EXPECT_EQ(b.rv(0, gicc::hppir), 1022U);
    EXPECT_EQ(b.rv(0, gicc::ahppir), 40U);
    EXPECT_EQ(b.rv(0, gicc::aiar), 40U);
    b.wv(0, gicc::aeoir, 40);
    EXPECT_EQ(b.state(0), 0U);
    b.inject(1, {.id = 41});
    EXPECT_EQ(b.rv(0, gicc::aiar), spurious);
    EXPECT_EQ(b.rv(0, gicc::ahppir), spurious);
    EXPECT_EQ(b.rv(0, gicc::iar), 41U);
    b.wv(0, gicc::aeoir, 41);
    EXPECT_EQ(b.state(1), gich::lr_active) << "AEOIR does not end Group 0";
    b.wv(0, gicc::eoir, 41);
    b.wv(0, gicc::ctlr, 3 | gicc::ack_ctl);
    b.inject(0, {.id = 40, .group1 = true});
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    b.wv(0, gicc::eoir, 40);
    b.wv(0, gicc::ctlr, 3 | gicc::fiq_en);
    b.inject(0, {.id = 42});
    EXPECT_FALSE(b.cpu[0].virq_level) << "Group 0 goes to the virtual FIQ";
}

TEST(Gic400Virtual, SplitModeNeedsDir) {
    VirtualBoard b({}, gicc::enable_group0 | gicc::eoi_mode);
    b.inject(0, {.id = 40});
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    b.wv(0, gicc::eoir, 40);
    EXPECT_EQ(b.state(0), gich::lr_active);
    EXPECT_EQ(b.rv(0, gicc::rpr), 0xFFU);
    b.wv(0, gicc::dir, 40);
    EXPECT_EQ(b.state(0), 0U);
    EXPECT_EQ(b.eoi_count(), 0U);
    b.wv(0, gicc::dir, 40);
    EXPECT_EQ(b.eoi_count(), 1U) << "in no list register";

    VirtualBoard unsplit;
    unsplit.inject(0, {.id = 40});
    unsplit.rv(0, gicc::iar);
    unsplit.wv(0, gicc::dir, 40);
    EXPECT_EQ(unsplit.state(0), gich::lr_active);
    EXPECT_EQ(unsplit.eoi_count(), 0U);
}

// --- maintenance (IHI 0048B 5.3.1, 5.3.4 to 5.3.8) -----------------------------------------------

TEST(Gic400Maintenance, EndOfInterruptBit) {
    validation::behaviour("GIC-400", "maintenance: end of interrupt (EISR)");
    VirtualBoard b;
    b.inject(2, {.id = 40, .eoi = true});
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    EXPECT_EQ(b.rh(0, gich::misr), 0U);
    EXPECT_FALSE(b.maintenance());
    b.wv(0, gicc::eoir, 40);
    EXPECT_EQ(b.cpu[0].irq_at, b.now);
    EXPECT_EQ(b.rh(0, gich::eisr0), 1U << 2);
    EXPECT_EQ(b.rh(0, gich::misr), gich::misr_eoi);
    EXPECT_EQ(b.rh(0, gich::elrsr0), 0xBU) << "not usable before it was serviced";
    EXPECT_TRUE(b.maintenance());
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 25U);
    EXPECT_TRUE(b.maintenance()) << "a level: pending while the condition holds";
    b.wh(0, lr_offset(2), 0);
    EXPECT_EQ(b.rh(0, gich::eisr0), 0U);
    EXPECT_FALSE(b.maintenance());
    b.wc(0, gicc::eoir, 25);
    b.wc(0, gicc::dir, 25);
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_FALSE(b.maintenance());
}

TEST(Gic400Maintenance, TheHardwareLinkHasNoEndOfInterruptBit) {
    VirtualBoard b;
    // Bit 19 is then the upper bit of the physical id.
    b.wh(0, lr_offset(0), Lr{.id = 40, .state = 0, .hw = true, .physical = 0x200}.value());
    EXPECT_EQ(b.rh(0, gich::eisr0), 0U);
    EXPECT_EQ(b.rh(0, gich::elrsr0), 0xFU);
}

TEST(Gic400Maintenance, Underflow) {
    validation::behaviour("GIC-400", "maintenance: underflow");
    VirtualBoard b;
    b.wh(0, gich::hcr, gich::hcr_en | gich::hcr_uie);
    EXPECT_EQ(b.rh(0, gich::misr), gich::misr_u) << "none is valid";
    EXPECT_TRUE(b.maintenance());
    b.inject(0, {.id = 40});
    EXPECT_TRUE(b.maintenance()) << "one is valid";
    b.inject(1, {.id = 41});
    EXPECT_EQ(b.rh(0, gich::misr), 0U);
    EXPECT_FALSE(b.maintenance());
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    EXPECT_FALSE(b.maintenance()) << "active is valid";
    b.wv(0, gicc::eoir, 40);
    EXPECT_TRUE(b.maintenance());
}

TEST(Gic400Maintenance, NoPending) {
    validation::behaviour("GIC-400", "maintenance: no pending");
    VirtualBoard b;
    b.wh(0, gich::hcr, gich::hcr_en | gich::hcr_npie);
    EXPECT_EQ(b.rh(0, gich::misr), gich::misr_np);
    b.inject(0, {.id = 40});
    EXPECT_FALSE(b.maintenance());
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    EXPECT_TRUE(b.maintenance());
    EXPECT_EQ(b.cpu[0].irq_at, b.now) << "raised by the VM's acknowledge";
}

TEST(Gic400Maintenance, EntryNotPresentAndItsCount) {
    validation::behaviour("GIC-400", "maintenance: entry not present and EOICount");
    VirtualBoard b;
    b.wh(0, gich::hcr, gich::hcr_en | gich::hcr_lrenpie);
    b.inject(0, {.id = 40, .priority = 0x40});
    EXPECT_EQ(b.rv(0, gicc::iar), 40U);
    b.wh(0, lr_offset(0), 0);  // the hypervisor takes the active interrupt out
    EXPECT_FALSE(b.maintenance());
    b.wv(0, gicc::eoir, 40);
    EXPECT_EQ(b.eoi_count(), 1U);
    EXPECT_EQ(b.rh(0, gich::misr), gich::misr_lrenp);
    EXPECT_TRUE(b.maintenance());
    b.wv(0, gicc::eoir, 40);
    EXPECT_EQ(b.eoi_count(), 1U) << "an end that clears no active priority does not count";
    b.wv(0, gicc::eoir, spurious);
    EXPECT_EQ(b.eoi_count(), 1U);
    b.wh(0, gich::hcr, gich::hcr_en | gich::hcr_lrenpie);
    EXPECT_FALSE(b.maintenance());
    b.wh(0, gich::hcr, gich::hcr_en | gich::hcr_lrenpie | 31U << 27);
    b.wh(0, gich::apr, 1);
    b.wv(0, gicc::eoir, 40);
    EXPECT_EQ(b.eoi_count(), 0U) << "wraps";
    EXPECT_EQ(b.rh(0, gich::hcr), gich::hcr_en | gich::hcr_lrenpie);
}

TEST(Gic400Maintenance, GroupEnablesOfTheGuest) {
    validation::behaviour("GIC-400", "maintenance: group enables of the VM");
    VirtualBoard b;
    b.wh(0, gich::hcr, 0xF0 | gich::hcr_en);
    for (std::uint32_t groups = 0; groups < 4; ++groups) {
        b.wv(0, gicc::ctlr, groups);
        const std::uint32_t expected = ((groups & 1) != 0 ? gich::misr_vgrp0e : gich::misr_vgrp0d) |
                                       ((groups & 2) != 0 ? gich::misr_vgrp1e : gich::misr_vgrp1d);
        EXPECT_EQ(b.rh(0, gich::misr), expected);
        EXPECT_TRUE(b.maintenance());
    }
    b.wh(0, gich::hcr, gich::hcr_en | gich::hcr_vgrp0die);
    EXPECT_FALSE(b.maintenance());
    b.wv(0, gicc::ctlr, 0);
    EXPECT_TRUE(b.maintenance());
    b.wv(0, gicc::ctlr, 1);
    EXPECT_FALSE(b.maintenance());
}

// MISR is gated by HCR.En at the interrupt, not in the register (5.3.4).
TEST(Gic400Maintenance, GatedByEnable) {
    VirtualBoard b;
    b.wh(0, gich::hcr, gich::hcr_npie);
    EXPECT_EQ(b.rh(0, gich::misr), gich::misr_np);
    EXPECT_FALSE(b.maintenance());
    b.wh(0, gich::hcr, gich::hcr_npie | gich::hcr_en);
    EXPECT_TRUE(b.maintenance());
}

TEST(Gic400Maintenance, AnyPpiAndOnlyOfItsCpu) {
    VirtualBoard b({.maintenance = IntId{31}});
    b.wh(0, gich::hcr, gich::hcr_en | gich::hcr_uie);
    EXPECT_EQ(b.rd(0, gicd::ppisr), 1U << 15);
    EXPECT_EQ(b.rc(0, gicc::iar), 31U);
    EXPECT_FALSE(b.pending(1, 31));
    EXPECT_FALSE(b.cpu[1].irq_level);
}

// The course of a software-injected interrupt under a hypervisor that refills on maintenance.
TEST(Gic400Maintenance, InjectionWithMaintenanceExit) {
    VirtualBoard b;
    // A message: SGI in, list register written, SGI ended in split mode.
    b.sgi(1, 1, 1);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 1U << 10 | 1);
    EXPECT_EQ(b.rh(0, gich::elrsr0), 0xFU);
    b.inject(0, {.id = 79, .priority = 0x08, .eoi = true});
    b.wc(0, gicc::eoir, 1U << 10 | 1);
    b.wc(0, gicc::dir, 1U << 10 | 1);
    EXPECT_FALSE(b.cpu[0].irq_level);
    // The VM.
    EXPECT_TRUE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rv(0, gicc::iar), 79U);
    b.wv(0, gicc::eoir, 79);
    // The exit.
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), 25U);
    EXPECT_EQ(b.rh(0, gich::misr), gich::misr_eoi);
    EXPECT_EQ(b.rh(0, gich::eisr0), 1U);
    EXPECT_EQ(b.rh(0, lr_offset(0)) & gich::lr_state, 0U);
    b.wh(0, lr_offset(0), 0);
    EXPECT_EQ(b.rh(0, gich::eisr0), 0U);
    b.wc(0, gicc::eoir, 25);
    b.wc(0, gicc::dir, 25);
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_FALSE(b.cpu[0].virq_level);
    EXPECT_EQ(b.rc(0, gicc::iar), spurious);
    EXPECT_EQ(b.cpu[0].repeated, 0U);
}

}  // namespace
}  // namespace gic_test
