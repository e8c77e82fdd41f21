// Every measured row of the hypervisor's execution on GICv2 (models/bao/data/bao-path-costs.csv),
// reproduced by running what was measured: same machine, same guests. The rows of the guests' own
// code and of the firmware are inputs of the simulation, not results.
#include "tests/support/validation.h"

#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"

namespace {

using namespace rig;
using bao::Leg;

constexpr std::uint64_t cpu_on = 0xc400'0003;

/// The median run of the row, as measured.
void expect_row(std::string_view row, std::uint64_t simulated) {
    const bao::CostRow* measured = bao::CostTable::built_in().find("GICv2", row);
    ASSERT_NE(measured, nullptr) << row;
    EXPECT_EQ(simulated, measured->work.instructions) << row;
    validation::row("GICv2", row, simulated);
}

/// The last of a leg on a CPU: the guests are warmed up by then, as the measured ones were.
std::uint64_t last(const Recorder& r, unsigned cpu, Leg leg) {
    std::uint64_t n = 0;
    for (const auto& l : r.legs)
        if (l.cpu.value == cpu && l.leg == static_cast<std::uint16_t>(leg))
            n = l.instructions;
    EXPECT_NE(n, 0u) << bao::leg_info(leg).name << " on CPU " << cpu;
    return n;
}

void expect_leg(const Recorder& r, std::string_view row, unsigned cpu, Leg leg) {
    expect_row(row, last(r, cpu, leg));
}

/// A guest with its interrupt controller up, the given interrupts enabled, each ended at once.
std::function<void(vms::Cpu&)> guest(const std::vector<unsigned>& interrupts,
                                     const std::function<void(vms::Cpu&, GuestGic&)>& body,
                                     std::function<void(vms::Cpu&, unsigned)> on_interrupt = {}) {
    return [=](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            const unsigned iar = gic.acknowledge();
            if (on_interrupt)
                on_interrupt(cpu, iar & 0x3ff);
            gic.end(iar);
        });
        cpu.set_vector(&vector);
        gic.start();
        for (const unsigned id : interrupts)
            gic.enable(id);
        cpu.mask_interrupts(false);
        body(cpu, gic);
    };
}

void stop_timer(vms::Cpu& cpu, unsigned id) {
    if (id == 27)
        cpu.set_timer(~std::uint64_t{0}, {});
}

constexpr std::uint64_t settle_ns = 1'000'000;
constexpr std::uint64_t pause_ns = 20'000;

TEST(Validation, UndisturbedAccesses) {
    Rig r;
    r.run_on(0, guest({79}, [](vms::Cpu& cpu, GuestGic&) {
                 cpu.retire_nanoseconds(settle_ns);
                 for (unsigned i = 0; i < 3; ++i) {
                     cpu.load(GuestAddr{window + 0x70}, Width::word);
                     cpu.retire_nanoseconds(pause_ns);
                     cpu.store(GuestAddr{window + 0x70}, Width::word, i);
                     cpu.retire_nanoseconds(pause_ns);
                 }
             }));
    r.run_on(1, backend(1));
    r.simulate();
    const Recorder& k = r.recorder;
    expect_leg(k, "FE_rd.1 vector->remio_mmio_emul_handler entry", 0, Leg::fe_rd_1);
    expect_leg(k, "FE_rd.2 remio_mmio_emul_handler entry->SGI write incl.", 0, Leg::fe_rd_2);
    expect_leg(k, "FE_rd.3 after SGI->smc(CPU_SUSPEND) incl. (overlaps BE)", 0, Leg::fe_rd_3);
    expect_leg(k, "FE_rd.4b EL2 resume: smc return->IPI poll/clear->msg->eret", 0, Leg::fe_rd_4b);
    expect_leg(k, "FE_wr.1 vector->remio_mmio_emul_handler entry", 0, Leg::fe_wr_1);
    expect_leg(k, "FE_wr.2 remio_mmio_emul_handler entry->SGI write incl.", 0, Leg::fe_wr_2);
    expect_leg(k, "FE_wr.3 after SGI->smc(CPU_SUSPEND) incl. (overlaps BE)", 0, Leg::fe_wr_3);
    expect_leg(k, "FE_wr.4b EL2 resume: smc return->IPI poll/clear->msg->eret", 0, Leg::fe_wr_4b);

    const std::uint64_t rd_out = last(k, 0, Leg::fe_rd_1) + last(k, 0, Leg::fe_rd_2);
    const std::uint64_t wr_out = last(k, 0, Leg::fe_wr_1) + last(k, 0, Leg::fe_wr_2);
    const std::uint64_t rd_back = last(k, 0, Leg::fe_rd_3) + last(k, 0, Leg::fe_rd_4b);
    const std::uint64_t wr_back = last(k, 0, Leg::fe_wr_3) + last(k, 0, Leg::fe_wr_4b);
    const std::uint64_t el3 = last(k, 0, Leg::el3_3b) + last(k, 0, Leg::el3_4a);
    expect_row("FE_rd.total EL2 (excl. EL3)", rd_out + rd_back);
    expect_row("FE_wr.total EL2 (excl. EL3)", wr_out + wr_back);
    expect_row("SYNC op_fe_rd_slow", rd_out + rd_back + el3);
    expect_row("SYNC op_fe_rd_slow .a vector->SGI incl.", rd_out);
    expect_row("SYNC op_fe_rd_slow .b after SGI->eret", rd_back + el3);

    expect_leg(k, "IRQ remio_cpu_msg_handler (pCPU1 BE)", 1, Leg::irq_remio);
    expect_leg(k, "IRQ remio_cpu_msg_handler (pCPU1 BE) .a vector->LR write incl.", 1,
               Leg::irq_remio_a);
    expect_leg(k, "IRQ remio_cpu_msg_handler (pCPU1 BE) .b after LR->eret", 1, Leg::irq_remio_b);
    expect_leg(k, "IRQ gic_maintenance_handler (pCPU1 BE)", 1, Leg::irq_maintenance);
    expect_leg(k, "IRQ gic_maintenance_handler (pCPU1 BE) .a vector->LR write incl.", 1,
               Leg::irq_maintenance_a);
    expect_leg(k, "IRQ gic_maintenance_handler (pCPU1 BE) .b after LR->eret", 1,
               Leg::irq_maintenance_b);
    expect_leg(k, "SYNC be_ask_hvc", 1, Leg::be_ask);
    expect_leg(k, "SYNC be_reply_rd_hvc", 1, Leg::be_reply_rd);
    expect_leg(k, "SYNC be_reply_rd_hvc .a vector->SGI incl.", 1, Leg::be_reply_rd_a);
    expect_leg(k, "SYNC be_reply_rd_hvc .b after SGI->eret", 1, Leg::be_reply_rd_b);
    expect_leg(k, "SYNC be_reply_wr_hvc", 1, Leg::be_reply_wr);
    expect_leg(k, "SYNC be_reply_wr_hvc .a vector->SGI incl.", 1, Leg::be_reply_wr_a);
    expect_leg(k, "SYNC be_reply_wr_hvc .b after SGI->eret", 1, Leg::be_reply_wr_b);

    const auto backend_total = [&](Leg reply) {
        return last(k, 1, Leg::irq_remio) + last(k, 1, Leg::irq_maintenance) +
               last(k, 1, Leg::be_ask) + last(k, 1, reply);
    };
    expect_row("E2E rd FE EL2 vector->SGI", rd_out);
    expect_row("E2E rd BE EL2 total (irq+maint+ask+reply->SGI)", backend_total(Leg::be_reply_rd_a));
    expect_row("E2E rd FE EL2 resume", last(k, 0, Leg::fe_rd_4b));
    expect_row("E2E wr FE EL2 vector->SGI", wr_out);
    expect_row("E2E wr BE EL2 total (irq+maint+ask+reply->SGI)", backend_total(Leg::be_reply_wr_a));
    expect_row("E2E wr FE EL2 resume", last(k, 0, Leg::fe_wr_4b));
    ASSERT_EQ(r.accesses.size(), 6u);
    expect_row("E2E rd critical path EL2 only", r.accesses[4].el2_instructions);
    expect_row("E2E wr critical path EL2 only", r.accesses[5].el2_instructions);

    // An access is four episodes at EL2 of the back-end's CPU: interrupt, maintenance, ASK, answer.
    const auto episodes = [&](bool write) {
        const auto& a = r.accesses[write ? 5 : 4];
        std::uint64_t n = 0;
        for (const auto& l : k.legs) {
            const bool whole = l.leg == static_cast<std::uint16_t>(Leg::irq_remio) ||
                               l.leg == static_cast<std::uint16_t>(Leg::irq_maintenance) ||
                               l.leg == static_cast<std::uint16_t>(Leg::be_ask) ||
                               l.leg == static_cast<std::uint16_t>(Leg::be_reply_rd) ||
                               l.leg == static_cast<std::uint16_t>(Leg::be_reply_wr);
            n += l.cpu.value == 1 && whole && l.begin >= a.begin && l.begin <= a.end ? 1 : 0;
        }
        return n;
    };
    expect_row("E2E rd BE EL2 episodes", episodes(false));
    expect_row("E2E wr BE EL2 episodes", episodes(true));
}

TEST(Validation, NotificationOfTheFrontend) {
    Rig r;
    r.run_on(0, guest({79}, [](vms::Cpu& cpu, GuestGic&) { cpu.retire_nanoseconds(5'000'000); }));
    r.run_on(1, [](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(settle_ns);
        for (int i = 0; i < 3; ++i) {
            vms::CallRegisters x{};
            EXPECT_EQ(remio_call(cpu, 0, op_notify, x), 0);
            EXPECT_EQ(remio_call(cpu, 0, op_ask, x), 1);
            cpu.retire_nanoseconds(pause_ns);
        }
    });
    r.simulate();
    const Recorder& k = r.recorder;
    expect_leg(k, "SYNC be_notify_hvc", 1, Leg::be_notify);
    expect_leg(k, "SYNC be_notify_hvc .a vector->SGI incl.", 1, Leg::be_notify_a);
    expect_leg(k, "SYNC be_notify_hvc .b after SGI->eret", 1, Leg::be_notify_b);
    expect_leg(k, "SYNC be_ask_empty_hvc", 1, Leg::be_ask_empty);
    expect_leg(k, "IRQ remio_cpu_msg_handler (pCPU0 FE)", 0, Leg::irq_remio);
    expect_leg(k, "IRQ remio_cpu_msg_handler (pCPU0 FE) .a vector->LR write incl.", 0,
               Leg::irq_remio_a);
    expect_leg(k, "IRQ remio_cpu_msg_handler (pCPU0 FE) .b after LR->eret", 0, Leg::irq_remio_b);
    expect_leg(k, "IRQ gic_maintenance_handler (pCPU0 FE)", 0, Leg::irq_maintenance);
    expect_leg(k, "IRQ gic_maintenance_handler (pCPU0 FE) .a vector->LR write incl.", 0,
               Leg::irq_maintenance_a);
    expect_leg(k, "IRQ gic_maintenance_handler (pCPU0 FE) .b after LR->eret", 0,
               Leg::irq_maintenance_b);
}

TEST(Validation, AnswerAndNotificationTogether) {
    Rig r;
    BackendOptions o;
    o.notify_with_answer = true;
    r.run_on(1, backend(1, o));
    r.run_on(0, guest({79}, [](vms::Cpu& cpu, GuestGic&) {
                 cpu.retire_nanoseconds(settle_ns);
                 for (unsigned i = 0; i < 10; ++i) {
                     cpu.store(GuestAddr{window + 0x70}, Width::word, i);
                     cpu.retire_nanoseconds(pause_ns);
                 }
             }));
    r.simulate();
    expect_leg(r.recorder, "FE_wr.4b EL2 resume: smc return->IPI poll/clear->msg->eret_with2msgs",
               0, Leg::fe_4b_2msgs);
    // The second SGI comes after its message is gone.
    expect_leg(r.recorder, "IRQ empty-IPI(no message left) (pCPU0 FE)", 0, Leg::irq_empty);
}

TEST(Validation, TimerDuringAStalledRead) {
    Rig r;
    BackendOptions o;
    o.delay_ns = 8'500;
    r.run_on(1, backend(1, o));
    r.run_on(0, guest(
                    {27, 79},
                    [](vms::Cpu& cpu, GuestGic&) {
                        cpu.retire_nanoseconds(settle_ns);
                        cpu.set_timer(cpu.counter() + 300, {true, false, false});
                        cpu.load(GuestAddr{window + 0x70}, Width::word);
                    },
                    stop_timer));
    r.simulate();
    const Recorder& k = r.recorder;
    const auto spins = static_cast<std::uint64_t>(k.of(Leg::spin).size());
    ASSERT_GT(spins, 0u);
    const std::uint64_t each =
        last(k, 0, Leg::spin) + last(k, 0, Leg::el3_3b) + last(k, 0, Leg::el3_4a);
    // The delay is such that the wait spins as often as in the median run that was measured.
    ASSERT_EQ(spins, 14u);
    const std::uint64_t out = last(k, 0, Leg::fe_rd_1) + last(k, 0, Leg::fe_rd_2);
    const std::uint64_t back = last(k, 0, Leg::fe_rd_3) + last(k, 0, Leg::fe_rd_4b) +
                               last(k, 0, Leg::el3_3b) + last(k, 0, Leg::el3_4a) + spins * each;
    expect_row("SYNC op_fe_rd_slowtmr", out + back);
    expect_row("SYNC op_fe_rd_slowtmr .a vector->SGI incl.", out);
    expect_row("SYNC op_fe_rd_slowtmr .b after SGI->eret", back);
}

TEST(Validation, PassedThroughInterrupts) {
    Options o;
    o.adjust = [](bao::Config& c) {
        c.vmlist[0].devs.push_back(
            {models::PhysAddr{0x0900'0000}, GuestAddr{0x0900'0000}, 0x1000, {vms::IntId{33}}});
        c.vmlist.push_back(c.vmlist[1]);
        c.vmlist[2].name = "smp";
        c.vmlist[2].cpu_affinity = 0b1100;
        c.vmlist[2].remio_devs.clear();
    };
    Rig r(o);
    r.run_on(0, guest(
                    {27, 33},
                    [](vms::Cpu& cpu, GuestGic&) {
                        cpu.retire_nanoseconds(settle_ns);
                        cpu.set_timer(cpu.counter() + 1'000, {true, false, false});
                        cpu.retire_nanoseconds(3'000'000);
                    },
                    [&](vms::Cpu& cpu, unsigned id) {
                        stop_timer(cpu, id);
                        if (id == 33)
                            r.gic.spi(vms::IntId{33}, false, r.cores[0]->now());
                    }));
    r.run_on(1, [&](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(2'000'000);
        cpu.barrier();
        r.cores[1]->sync();
        r.gic.spi(vms::IntId{33}, true, r.cores[1]->now());
        cpu.retire_nanoseconds(1'000'000);
    });
    r.run_on(2, guest(
                    {27},
                    [](vms::Cpu& cpu, GuestGic&) {
                        cpu.set_timer(cpu.counter() + 1'000, {true, false, false});
                        cpu.retire_nanoseconds(2'000'000);
                    },
                    stop_timer));
    r.simulate();
    const Recorder& k = r.recorder;
    // On CPU 0 the timer came first, then the UART's interrupt.
    const auto on = [&](unsigned cpu, Leg leg, std::size_t n) {
        std::vector<std::uint64_t> found;
        for (const auto& l : k.legs)
            if (l.cpu.value == cpu && l.leg == static_cast<std::uint16_t>(leg))
                found.push_back(l.instructions);
        EXPECT_GT(found.size(), n) << bao::leg_info(leg).name;
        return found.size() > n ? found[n] : 0;
    };
    expect_row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU0 FE)", on(0, Leg::irq_hw, 0));
    expect_row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU0 FE) .a vector->LR write incl.",
               on(0, Leg::irq_hw_a, 0));
    expect_row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU0 FE) .b after LR->eret",
               on(0, Leg::irq_hw_b, 0));
    expect_row("IRQ vgic_inject_hw:SPI33(UART) (pCPU0 FE)", on(0, Leg::irq_hw, 1));
    expect_row("IRQ vgic_inject_hw:SPI33(UART) (pCPU0 FE) .a vector->LR write incl.",
               on(0, Leg::irq_hw_a, 1));
    expect_row("IRQ vgic_inject_hw:SPI33(UART) (pCPU0 FE) .b after LR->eret",
               on(0, Leg::irq_hw_b, 1));
    expect_row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU2 SMP)", on(2, Leg::irq_hw, 0));
    expect_row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU2 SMP) .a vector->LR write incl.",
               on(2, Leg::irq_hw_a, 0));
    expect_row("IRQ vgic_inject_hw:PPI27(vtimer) (pCPU2 SMP) .b after LR->eret",
               on(2, Leg::irq_hw_b, 0));
}

TEST(Validation, CallsThatForwardNothing) {
    Rig r;
    r.run_on(1, backend(1));
    r.run_on(0, [](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(settle_ns);
        vms::CallRegisters x{0x8400'0000};
        cpu.hvc(x);
        x = {0x8400'0000};
        cpu.smc(x);
        remio_call(cpu, 9, op_ask, x);
        x = {0xc600'0001, 5, 0};
        cpu.hvc(x);
    });
    r.simulate();
    expect_leg(r.recorder, "SYNC op_hvc_psciver", 0, Leg::hvc_psci);
    expect_leg(r.recorder, "SYNC op_smc_psciver", 0, Leg::smc_psci);
    expect_leg(r.recorder, "SYNC op_hvc_remioinval", 0, Leg::hvc_remio_invalid);
    expect_leg(r.recorder, "SYNC op_hvc_ipcinval", 0, Leg::hvc_ipc_invalid);
}

/// One emulated distributor access after another, each of which records one leg.
TEST(Validation, EmulatedDistributor) {
    Options o;
    o.adjust = [](bao::Config& c) {
        c.vmlist[0].devs.push_back(
            {models::PhysAddr{0x0900'0000}, GuestAddr{0x0900'0000}, 0x1000, {vms::IntId{33}}});
    };
    Rig r(o);
    std::vector<std::pair<std::string, std::uint64_t>> seen;
    r.run_on(1, backend(1));
    r.run_on(
        0, guest({33, 79}, [&](vms::Cpu& cpu, GuestGic&) {
            cpu.retire_nanoseconds(settle_ns);
            const auto at = [](std::uint64_t offset) { return GuestAddr{guest_gicd + offset}; };
            const auto step = [&](const char* row, const std::function<void()>& f) {
                const std::uint64_t before = r.cores[0]->counters(models::Level::el2).instructions;
                f();
                seen.emplace_back(row,
                                  r.cores[0]->counters(models::Level::el2).instructions - before);
            };
            step("SYNC op_gicd_ctlr_rd", [&] { cpu.load(at(0x000), Width::word); });
            step("SYNC op_gicd_ctlr_wr", [&] { cpu.store(at(0x000), Width::word, 1); });
            step("SYNC op_gicd_typer_rd", [&] { cpu.load(at(0x004), Width::word); });
            step("SYNC op_gicd_isen_rd", [&] { cpu.load(at(0x104), Width::word); });
            // Interrupt 46 is purely virtual, 33 is linked to the UART's.
            step("SYNC op_gicd_icen_wr", [&] { cpu.store(at(0x184), Width::word, 1u << 14); });
            step("SYNC op_gicd_isen_wr", [&] { cpu.store(at(0x104), Width::word, 1u << 14); });
            step("SYNC op_gicd_icen_wr_hw", [&] { cpu.store(at(0x184), Width::word, 1u << 1); });
            step("SYNC op_gicd_isen_wr_hw", [&] { cpu.store(at(0x104), Width::word, 1u << 1); });
            step("SYNC op_gicd_prio_rd", [&] { cpu.load(at(0x42e), Width::byte); });
            step("SYNC op_gicd_prio_wr", [&] { cpu.store(at(0x42e), Width::byte, 0x80); });
            step("SYNC op_gicd_icfgr_wr", [&] { cpu.store(at(0xc08), Width::word, 0); });
            cpu.mask_interrupts(true);
            cpu.store(at(0x82e), Width::byte, 1);
            step("SYNC op_gicd_ispend_wr", [&] { cpu.store(at(0x204), Width::word, 1u << 14); });
            cpu.mask_interrupts(false);
        }));
    r.simulate();
    ASSERT_EQ(seen.size(), 12u);
    for (const auto& [row, instructions] : seen)
        expect_row(row, instructions);
}

TEST(Validation, GuestSgis) {
    Options o;
    o.adjust = [](bao::Config& c) {
        c.vmlist.push_back(c.vmlist[1]);
        c.vmlist[2].name = "smp";
        c.vmlist[2].cpu_affinity = 0b1100;
        c.vmlist[2].remio_devs.clear();
    };
    Rig r(o);
    const auto send_to_self = [](vms::Cpu& cpu) {
        for (int i = 0; i < 3; ++i) {
            cpu.store(GuestAddr{guest_gicd + 0xf00}, Width::word, 2u << 24 | 3);
            cpu.retire_nanoseconds(pause_ns);
        }
    };
    r.run_on(0, guest({3}, [&](vms::Cpu& cpu, GuestGic&) {
                 cpu.retire_nanoseconds(settle_ns);
                 send_to_self(cpu);
             }));
    r.run_on(2, guest({3}, [&](vms::Cpu& cpu, GuestGic&) {
                 if ((cpu.reset_state().mpidr & 0xff) != 0) {
                     cpu.retire_nanoseconds(5'000'000);
                     return;
                 }
                 vms::CallRegisters x{cpu_on, 1};
                 cpu.smc(x);
                 cpu.retire_nanoseconds(settle_ns);
                 for (int i = 0; i < 3; ++i) {
                     cpu.store(GuestAddr{guest_gicd + 0xf00}, Width::word, 1u << 17 | 3);
                     cpu.retire_nanoseconds(pause_ns);
                 }
             }));
    r.simulate();
    const Recorder& k = r.recorder;
    expect_leg(k, "SYNC op_sgir_self", 0, Leg::sgir_self);
    expect_leg(k, "SYNC op_sgir_self .a vector->SGI incl.", 0, Leg::sgir_self_a);
    expect_leg(k, "SYNC op_sgir_self .b after SGI->eret", 0, Leg::sgir_self_b);
    expect_leg(k, "IRQ vgic_ipi_handler (pCPU0 FE)", 0, Leg::irq_vgic);
    expect_leg(k, "IRQ vgic_ipi_handler (pCPU0 FE) .a vector->LR write incl.", 0, Leg::irq_vgic_a);
    expect_leg(k, "IRQ vgic_ipi_handler (pCPU0 FE) .b after LR->eret", 0, Leg::irq_vgic_b);
    expect_leg(k, "SYNC op_sgir_other", 2, Leg::sgir_other);
    expect_leg(k, "SYNC op_sgir_other .a vector->SGI incl.", 2, Leg::sgir_other_a);
    expect_leg(k, "SYNC op_sgir_other .b after SGI->eret", 2, Leg::sgir_other_b);
    expect_leg(k, "IRQ vgic_ipi_handler (pCPU3 SMP)", 3, Leg::irq_vgic);
    expect_leg(k, "IRQ vgic_ipi_handler (pCPU3 SMP) .a vector->LR write incl.", 3, Leg::irq_vgic_a);
    expect_leg(k, "IRQ vgic_ipi_handler (pCPU3 SMP) .b after LR->eret", 3, Leg::irq_vgic_b);
}

TEST(Validation, Doorbells) {
    Options o;
    o.adjust = [](bao::Config& c) {
        c.shmemlist.push_back({0x1000, models::PhysAddr{0x4f00'0000}});
        for (std::size_t vm : {0u, 1u})
            c.vmlist[vm].ipcs.push_back({GuestAddr{0xe000'0000},
                                         0x1000,
                                         c.shmemlist.size() - 1,
                                         {vms::IntId{80}, vms::IntId{81}}});
    };
    Rig r(o);
    const auto ring = [](vms::Cpu& cpu) {
        for (std::uint64_t event : {0u, 1u, 0u}) {
            vms::CallRegisters x{0xc600'0001, 0, event};
            cpu.hvc(x);
            EXPECT_EQ(x[0], 0u);
            cpu.retire_nanoseconds(pause_ns);
        }
    };
    r.run_on(0, guest({80, 81}, [&](vms::Cpu& cpu, GuestGic&) {
                 cpu.retire_nanoseconds(settle_ns);
                 ring(cpu);
                 cpu.retire_nanoseconds(2 * settle_ns);
             }));
    r.run_on(1, guest({80, 81}, [&](vms::Cpu& cpu, GuestGic&) {
                 cpu.retire_nanoseconds(2 * settle_ns);
                 ring(cpu);
                 cpu.retire_nanoseconds(settle_ns);
             }));
    r.simulate();
    const Recorder& k = r.recorder;
    expect_leg(k, "SYNC op_hvc_ipc", 0, Leg::hvc_ipc);
    expect_leg(k, "SYNC op_hvc_ipc .a vector->SGI incl.", 0, Leg::hvc_ipc_a);
    expect_leg(k, "SYNC op_hvc_ipc .b after SGI->eret", 0, Leg::hvc_ipc_b);
    expect_leg(k, "IRQ ipc_handler (pCPU0 FE)", 0, Leg::irq_ipc);
    expect_leg(k, "IRQ ipc_handler (pCPU0 FE) .a vector->LR write incl.", 0, Leg::irq_ipc_a);
    expect_leg(k, "IRQ ipc_handler (pCPU0 FE) .b after LR->eret", 0, Leg::irq_ipc_b);
    expect_leg(k, "IRQ ipc_handler (pCPU1 BE)", 1, Leg::irq_ipc);
    expect_leg(k, "IRQ ipc_handler (pCPU1 BE) .a vector->LR write incl.", 1, Leg::irq_ipc_a);
    expect_leg(k, "IRQ ipc_handler (pCPU1 BE) .b after LR->eret", 1, Leg::irq_ipc_b);
}

}  // namespace
