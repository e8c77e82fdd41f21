// The legs of a trapped access against the measured rows (models/bao/data/bao-path-costs.csv,
// GICv2): instructions counted as executed, device accesses as the models saw them.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"
#include "tests/support/validation.h"

namespace {

using namespace rig;
using bao::Leg;

/// A front-end that waits for the back-end to be up, then reads and writes a register in turn,
/// each undisturbed.
std::unique_ptr<vms::Program> frontend(unsigned accesses, unsigned device = 0) {
    return std::make_unique<Guest>([accesses, device](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] { gic.end(gic.acknowledge()); });
        cpu.set_vector(&vector);
        gic.start();
        gic.enable(79);
        cpu.mask_interrupts(false);
        cpu.retire_nanoseconds(1'000'000);
        const GuestAddr reg{window - device * window_size + 0x70};
        for (unsigned i = 0; i < accesses; ++i) {
            EXPECT_EQ(cpu.load(reg, Width::word), 0x1000u + (reg.value & 0xfff));
            cpu.retire_nanoseconds(20'000);
            cpu.store(reg, Width::word, i);
            cpu.retire_nanoseconds(20'000);
        }
    });
}

void expect_row(const std::vector<models::LegRecord>& found, Leg leg, std::uint32_t instructions,
                std::size_t count) {
    ASSERT_GE(found.size(), count) << bao::leg_info(leg).name;
    for (const auto& l : found)
        EXPECT_EQ(l.instructions, instructions) << bao::leg_info(leg).name;
}

void expect_row(const Recorder& r, Leg leg, std::uint32_t instructions, std::size_t count) {
    expect_row(r.of(leg), leg, instructions, count);
}

/// Those that one CPU executed.
std::vector<models::LegRecord> on_cpu(const Recorder& r, unsigned cpu, Leg leg) {
    auto found = r.of(leg);
    std::erase_if(found, [&](const auto& l) { return l.cpu.value != cpu; });
    return found;
}

TEST(PathCosts, EachLegOfAnUndisturbedAccessIsItsRow) {
    Rig r;
    r.run_on(0, frontend(10));
    r.run_on(1, backend(1));
    r.simulate();
    ASSERT_EQ(r.accesses.size(), 20u);
    expect_row(r.recorder, Leg::fe_rd_1, 99, 10);
    expect_row(r.recorder, Leg::fe_rd_2, 284, 10);
    expect_row(r.recorder, Leg::fe_rd_3, 60, 10);
    expect_row(r.recorder, Leg::el3_3b, 198, 20);
    expect_row(r.recorder, Leg::el3_4a, 89, 20);
    expect_row(r.recorder, Leg::fe_rd_4b, 319, 10);
    expect_row(r.recorder, Leg::fe_wr_1, 99, 10);
    expect_row(r.recorder, Leg::fe_wr_2, 293, 10);
    expect_row(r.recorder, Leg::fe_wr_3, 60, 10);
    expect_row(r.recorder, Leg::fe_wr_4b, 309, 10);
    expect_row(r.recorder, Leg::irq_remio, 413, 20);
    expect_row(r.recorder, Leg::irq_remio_a, 315, 20);
    expect_row(r.recorder, Leg::irq_remio_b, 98, 20);
    expect_row(r.recorder, Leg::irq_maintenance, 741, 20);
    expect_row(r.recorder, Leg::irq_maintenance_a, 92, 20);
    expect_row(r.recorder, Leg::irq_maintenance_b, 649, 20);
    expect_row(r.recorder, Leg::be_ask, 313, 20);
    expect_row(r.recorder, Leg::be_reply_rd, 365, 10);
    expect_row(r.recorder, Leg::be_reply_rd_a, 307, 10);
    expect_row(r.recorder, Leg::be_reply_rd_b, 58, 10);
    expect_row(r.recorder, Leg::be_reply_wr, 365, 10);
    expect_row(r.recorder, Leg::be_reply_wr_a, 307, 10);
    EXPECT_TRUE(r.recorder.observations.empty());
}

TEST(PathCosts, CriticalPathOfAReadIs2476AndOfAWrite2475) {
    Rig r;
    r.run_on(0, frontend(10));
    r.run_on(1, backend(1));
    r.simulate();
    ASSERT_EQ(r.accesses.size(), 20u);
    for (const auto& a : r.accesses)
        EXPECT_EQ(a.el2_instructions, a.write ? 2475u : 2476u);
}

// --- device accesses, in number and order (facts of the same measurement, GICv2) ----------------

/// Physical device accesses at EL2 on one CPU between two times, as "R GICD+200".
std::vector<std::string> accesses_between(const Recorder& r, unsigned cpu, Picos from, Picos to) {
    std::vector<std::string> found;
    for (const auto& m : r.mmio_accesses) {
        if (m.cpu.value != cpu || m.exception_level != 2 || m.time < from || m.time > to)
            continue;
        const std::uint64_t a = m.address.value;
        const auto [block, base] = a < 0x0801'0000   ? std::pair{"GICD", 0x0800'0000u}
                                   : a < 0x0803'0000 ? std::pair{"GICC", 0x0801'0000u}
                                                     : std::pair{"GICH", 0x0803'0000u};
        char text[32];
        std::snprintf(text, sizeof text, "%c %s+%02X", m.write ? 'W' : 'R', block,
                      static_cast<unsigned>(a - base));
        found.emplace_back(text);
    }
    return found;
}

std::vector<std::string> accesses_of(const Recorder& r, const models::LegRecord& leg) {
    return accesses_between(r, leg.cpu.value, leg.begin, leg.end);
}

class DeviceAccesses : public ::testing::Test {
  protected:
    void run(std::unique_ptr<vms::Program> fe, std::unique_ptr<vms::Program> be) {
        rig.run_on(0, std::move(fe));
        rig.run_on(1, std::move(be));
        rig.simulate();
    }
    const models::LegRecord& first(Leg leg) {
        found = rig.recorder.of(leg);
        EXPECT_FALSE(found.empty()) << bao::leg_info(leg).name;
        return found.front();
    }
    Rig rig;
    std::vector<models::LegRecord> found;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(DeviceAccesses, FrontendTrapAndResume) {
    validation::behaviour("One trapped access",
                          "device accesses of the trap and the resume, in order");
    run(frontend(1), backend(1));
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::fe_rd_1)), IsEmpty());
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::fe_rd_2)), ElementsAre("W GICD+F00"));
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::fe_rd_4b)),
                ElementsAre("R GICD+200", "W GICD+380", "W GICD+F10"));
    EXPECT_EQ(first(Leg::fe_rd_4b).mmio, 3u);
}

TEST_F(DeviceAccesses, InterruptByMessageWithInjection) {
    validation::behaviour("One trapped access",
                          "device accesses of an interrupt by message, in order");
    run(frontend(1), backend(1));
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::irq_remio)),
                ElementsAre("R GICC+0C", "R GICH+30", "W GICH+100", "W GICC+10", "W GICC+1000"));
}

TEST_F(DeviceAccesses, MaintenanceInterrupt) {
    validation::behaviour("Virtual interrupt controller",
                          "device accesses of a maintenance interrupt, in order");
    run(frontend(1), backend(1));
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::irq_maintenance)),
                ElementsAre("R GICC+0C", "R GICH+10", "R GICH+20", "R GICH+100", "W GICH+100",
                            "R GICH+100", "W GICH+100", "R GICH+30", "W GICH+100", "R GICH+20",
                            "W GICC+10", "W GICC+1000"));
}

TEST_F(DeviceAccesses, CallsOfTheBackend) {
    validation::behaviour("One trapped access", "device accesses of the back-end's calls");
    run(frontend(1), backend(1));
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::be_ask)), IsEmpty());
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::be_reply_rd)), ElementsAre("W GICD+F00"));
}

/// A front-end whose virtual timer fires once.
std::unique_ptr<vms::Program> ticking(const std::function<void(vms::Cpu&)>& after = {}) {
    return std::make_unique<Guest>([after](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            const unsigned iar = gic.acknowledge();
            cpu.set_timer(~std::uint64_t{0}, {});
            gic.end(iar);
        });
        cpu.set_vector(&vector);
        gic.start();
        gic.enable(27);
        gic.enable(79);
        cpu.mask_interrupts(false);
        cpu.set_timer(cpu.counter() + 100'000, {true, false, false});
        cpu.retire_nanoseconds(2'000'000);
        if (after)
            after(cpu);
    });
}

TEST_F(DeviceAccesses, PassedThroughInterrupt) {
    validation::behaviour("Virtual interrupt controller",
                          "a passed-through interrupt has no maintenance exit");
    run(ticking(), backend(1));
    EXPECT_THAT(accesses_of(rig.recorder, first(Leg::irq_hw)),
                ElementsAre("R GICC+0C", "R GICH+30", "W GICH+100", "W GICC+10"));
    expect_row(rig.recorder, Leg::irq_hw, 204, 1);
    expect_row(rig.recorder, Leg::irq_hw_a, 153, 1);
    expect_row(rig.recorder, Leg::irq_hw_b, 51, 1);
    // A hardware-backed interrupt has no maintenance exit.
    for (const auto& l : rig.recorder.of(Leg::irq_maintenance))
        EXPECT_NE(l.cpu.value, 0);
}

// --- the sum follows the mechanism --------------------------------------------------------------

TEST(Mechanism, WithoutTheEoiBitTheMaintenanceLegIsGone) {
    validation::behaviour("Virtual interrupt controller",
                          "the EOI-maintenance bit costs one exit for each end of interrupt");
    Rig r;
    r.hypervisor.vgic().set_eoi_maintenance(false);
    r.run_on(0, frontend(5));
    r.run_on(1, backend(1));
    r.simulate();
    ASSERT_EQ(r.accesses.size(), 10u);
    EXPECT_TRUE(r.recorder.of(Leg::irq_maintenance).empty());
    // Nobody tells the hypervisor that the list register is free again: at the next injection it
    // believes the interrupt to be in it still and looks (17 instructions and one access).
    constexpr std::uint64_t stale_list_register = 18;
    for (std::size_t i = 0; i < r.accesses.size(); ++i) {
        const auto& a = r.accesses[i];
        EXPECT_EQ(a.el2_instructions,
                  (a.write ? 2475u : 2476u) - 741u + (i == 0 ? 0 : stale_list_register));
    }
}

TEST(Mechanism, AnswerAndNotifyDrainedTogetherAreTheTwoMessageRow) {
    validation::behaviour("One trapped access", "one SGI drains the whole queue");
    Rig r;
    r.run_on(0, frontend(5));
    BackendOptions o;
    o.notify_with_answer = true;
    r.run_on(1, backend(1, o));
    r.simulate();
    // The NOTIFY comes first and ends the wait alone, unless it and the answer are there together:
    // then one resume drains both.
    const auto both = r.recorder.of(Leg::fe_4b_2msgs);
    for (const auto& l : both) {
        EXPECT_EQ(l.mmio, 5u);
        EXPECT_TRUE(l.instructions == 588 || l.instructions == 598) << l.instructions;
    }
    ASSERT_FALSE(both.empty());
}

TEST(Mechanism, SpinAddsItsIterations) {
    validation::behaviour("Sharp edges",
                          "while an access is outstanding another interrupt makes standby spin, "
                          "and is taken only after the answer");
    // The timer expires while the access is stalled: WFI falls through until the answer comes.
    Rig r;
    BackendOptions o;
    o.delay_ns = 10'000;
    r.run_on(1, backend(1, o));
    r.run_on(
        0, std::make_unique<Guest>([](vms::Cpu& cpu) {
            GuestGic gic(cpu);
            unsigned ticks = 0;
            Vector vector([&] {
                const unsigned iar = gic.acknowledge();
                if ((iar & 0x3ff) == 27) {
                    cpu.set_timer(~std::uint64_t{0}, {});
                    ++ticks;
                }
                gic.end(iar);
            });
            cpu.set_vector(&vector);
            gic.start();
            gic.enable(27);
            gic.enable(79);
            cpu.mask_interrupts(false);
            cpu.retire_nanoseconds(1'000'000);
            cpu.set_timer(cpu.counter() + 300, {true, false, false});  // 3 us: while it is stalled
            cpu.load(GuestAddr{window + 0x70}, Width::word);
            EXPECT_EQ(ticks, 1u);  // taken after the resume, not before
        }));
    r.simulate();
    const auto spins = r.recorder.of(Leg::spin);
    ASSERT_GT(spins.size(), 5u);
    for (const auto& s : spins) {
        EXPECT_EQ(s.instructions, 73u);
        EXPECT_EQ(s.mmio, 1u);
    }
    // Each iteration goes through the firmware again where standby is a firmware call: 73 + 287.
    EXPECT_EQ(r.recorder.of(Leg::el3_3b).size(), spins.size() + 1);
    EXPECT_EQ(r.recorder.of(Leg::el3_4a).size(), spins.size() + 1);
    expect_row(r.recorder, Leg::fe_rd_4b, 319, 1);
    EXPECT_TRUE(r.recorder.observed("standby.interrupt-late"));
}

TEST(Mechanism, GrowthWithDevicesAndRegions) {
    validation::behaviour("One trapped access",
                          "growth with the emulated regions and devices before the match");
    // The k-th device has k - 1 devices, and as many regions besides the distributor's, before it.
    Options s;
    s.devices = 8;
    Rig r(s);
    r.run_on(0, std::make_unique<Guest>([](vms::Cpu& cpu) {
                 cpu.retire_nanoseconds(1'000'000);
                 for (unsigned d = 0; d < 8; ++d) {
                     cpu.load(GuestAddr{window - d * window_size + 0x70}, Width::word);
                     cpu.retire_nanoseconds(50'000);
                 }
             }));
    r.run_on(1, backend(8));
    r.simulate();
    const auto at = [&](Leg leg, unsigned k) { return r.recorder.of(leg).at(k).instructions; };
    for (unsigned k = 0; k < 8; ++k) {
        EXPECT_EQ(at(Leg::fe_rd_1, k), 99 + 5 * k);
        EXPECT_EQ(at(Leg::fe_rd_2, k), 284 + 26 * k);
        EXPECT_EQ(at(Leg::fe_rd_4b, k), 319 + 5 * k);
        EXPECT_EQ(at(Leg::be_ask, k), 313 + 13 * k);
        EXPECT_EQ(at(Leg::be_reply_rd_a, k), 307 + 13 * k);
        EXPECT_EQ(r.accesses.at(k).el2_instructions, 2476 + (5 + 26 + 5 + 13 + 13) * k);
    }
}

TEST(Mechanism, PlainWfiHasNoFirmwareLegs) {
    validation::behaviour("Platforms", "no firmware in the standby of ZCU102, ZCU104 and RPi4");
    Options s;
    s.firmware_standby = false;
    Rig r(s);
    r.run_on(0, frontend(3));
    r.run_on(1, backend(1));
    r.simulate();
    EXPECT_EQ(r.accesses.size(), 6u);
    EXPECT_TRUE(r.recorder.of(Leg::el3_3b).empty());
    EXPECT_TRUE(r.recorder.of(Leg::el3_4a).empty());
    for (const auto& c : r.cores)
        EXPECT_EQ(c->counters(models::Level::el3).instructions, 0u);
}

// --- other rows ---------------------------------------------------------------------------------

/// Runs `f` as the front-end's guest, alone, and returns the rig for its records.
void alone(Rig& r, std::function<void(vms::Cpu&)> f) {
    r.run_on(0, std::move(f));
    r.run_on(1, backend(1));
    r.simulate();
}

TEST(OtherRows, HypercallsThatDoNotForward) {
    Rig r;
    alone(r, [](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(1'000'000);
        vms::CallRegisters x{0x8400'0000};
        cpu.hvc(x);
        EXPECT_EQ(x[0], 0x0001'0001u);
        x = {0x8400'0000};
        cpu.smc(x);
        EXPECT_EQ(x[0], 0x0001'0001u);
        EXPECT_EQ(remio_call(cpu, 9, op_ask, x), -3);
        EXPECT_EQ(remio_call(cpu, 0, op_ask, x), 1);
        x = {0xc600'0001, 5, 0};
        cpu.hvc(x);
        EXPECT_EQ(static_cast<std::int64_t>(x[0]), -3);
    });
    expect_row(r.recorder, Leg::hvc_psci, 188, 1);
    expect_row(r.recorder, Leg::smc_psci, 202, 1);
    expect_row(r.recorder, Leg::hvc_remio_invalid, 181, 1);
    expect_row(r.recorder, Leg::be_ask_empty, 240, 1);
    expect_row(r.recorder, Leg::hvc_ipc_invalid, 146, 1);
}

TEST(OtherRows, EmulatedDistributorRegisters) {
    Rig r;
    alone(r, [](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(1'000'000);
        const auto at = [](std::uint64_t o) { return GuestAddr{guest_gicd + o}; };
        cpu.load(at(0x000), Width::word);
        cpu.store(at(0x000), Width::word, 0);
        cpu.load(at(0x004), Width::word);
        cpu.load(at(0x104), Width::word);
        cpu.store(at(0x184), Width::word, 1u << 14);
        cpu.store(at(0x104), Width::word, 1u << 14);
        cpu.load(at(0x42e), Width::byte);
        cpu.store(at(0x42e), Width::byte, 0x80);
        cpu.store(at(0xc08), Width::word, 0);
    });
    expect_row(r.recorder, Leg::gicd_ctlr_rd, 232, 1);
    // The back-end's own write switches its interface on: two more accesses (HCR) than measured.
    expect_row(on_cpu(r.recorder, 0, Leg::gicd_ctlr_wr), Leg::gicd_ctlr_wr, 237, 1);
    expect_row(r.recorder, Leg::gicd_typer_rd, 225, 1);
    expect_row(r.recorder, Leg::gicd_isen_rd, 1290, 1);
    expect_row(r.recorder, Leg::gicd_icen_wr, 3600, 1);
    expect_row(r.recorder, Leg::gicd_isen_wr, 3607, 1);
    expect_row(r.recorder, Leg::gicd_prio_rd, 302, 1);
    expect_row(r.recorder, Leg::gicd_prio_wr, 377, 1);
    expect_row(r.recorder, Leg::gicd_icfgr_wr, 1957, 1);
}

TEST(OtherRows, NotifyAndIpcAndSgi) {
    validation::behaviour("Sharp edges", "no role check: a front-end may notify itself");
    Rig r;
    r.run_on(1, backend(1));
    r.run_on(0, std::make_unique<Guest>([](vms::Cpu& cpu) {
                 GuestGic gic(cpu);
                 Vector vector([&] { gic.end(gic.acknowledge()); });
                 cpu.set_vector(&vector);
                 gic.start();
                 gic.enable(79);
                 gic.enable(3);
                 cpu.mask_interrupts(false);
                 cpu.retire_nanoseconds(1'000'000);
                 vms::CallRegisters x{};
                 EXPECT_EQ(remio_call(cpu, 0, op_notify, x), 0);  // nobody checks the role
                 cpu.retire_nanoseconds(20'000);
                 // A guest SGI to itself: target list filter 2.
                 // The first finds its list register free, the second looks into it first, as
                 // measured.
                 for (int i = 0; i < 2; ++i) {
                     cpu.store(GuestAddr{guest_gicd + 0xf00}, Width::word, 2u << 24 | 3);
                     cpu.retire_nanoseconds(20'000);
                 }
             }));
    r.simulate();
    expect_row(r.recorder, Leg::be_notify, 329, 1);
    expect_row(r.recorder, Leg::be_notify_a, 272, 1);
    expect_row(r.recorder, Leg::sgir_self_a, 297, 1);
    expect_row(r.recorder, Leg::sgir_self_b, 96, 1);
    expect_row(r.recorder, Leg::sgir_self, 393, 1);
    expect_row(r.recorder, Leg::irq_vgic_b, 82, 1);
    const auto vgic = r.recorder.of(Leg::irq_vgic);
    ASSERT_EQ(vgic.size(), 2u);
    EXPECT_EQ(vgic[1].instructions, 432u);
    EXPECT_EQ(vgic[1].mmio, 6u);
    EXPECT_TRUE(r.recorder.observed("remio.notify-by-frontend"));
}

}  // namespace
