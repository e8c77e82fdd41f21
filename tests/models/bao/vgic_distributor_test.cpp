// The emulated distributor as Bao answers (src/arch/armv8/vgic.c, vgicv2.c at commit 738e3dc), and
// how virtual interrupts come through it: IHI 0048B 3.2 and 4.3 where Bao follows them. Also the
// access sequences of the public drivers (tests/support/gic_drivers.h) inside a VM.
#include <gtest/gtest.h>

#include "tests/models/bao/vgic_guest.h"
#include "tests/support/gic_drivers.h"
#include "tests/support/validation.h"

namespace {

using namespace rig;
using Ids = std::vector<unsigned>;

constexpr const char* chapter = "Virtual interrupt controller";

// --- registers
// ------------------------------------------------------------------------------------

TEST(VgicRegisters, AsBaoAnswers) {
    validation::behaviour(chapter,
                          "every register of the emulated distributor that a driver touches; "
                          "unknown ones read as zero and ignore writes");
    VgicRig r({2, 4, false, {}});
    r.run({[&](HandGic& gic) {
               gic.write(0x000, 0xffff'ffff);
               EXPECT_EQ(gic.read(0x000), 0x11u) << "EnableGrp0; and ARE_NS, on GICv2 as well";
               EXPECT_EQ(gic.read(0x004), (288u / 32 - 1) | 1u << 5) << "lines, vCPUs less one";
               EXPECT_EQ(gic.read(0x008), 0x0200'143bu) << "the physical one's";
               gic.write(0x080, ~0u);
               EXPECT_EQ(gic.read(0x080), 0u) << "IGROUPR";
               EXPECT_EQ(gic.read(0x00c), 0u);
               EXPECT_EQ(gic.read(0x100), 0xffffu) << "SGIs are always enabled";
               gic.write(0x180, ~0u);
               EXPECT_EQ(gic.read(0x180), 0xffffu);
               gic.write(0x104, 0x8000'0001);
               EXPECT_EQ(gic.read(0x104), 0x8000'0001u);
               EXPECT_EQ(gic.read(0x184), 0x8000'0001u);
               gic.write(0x184, 0x8000'0000);
               EXPECT_EQ(gic.read(0x104), 1u);
               gic.write(0x204, 0x10);
               EXPECT_EQ(gic.read(0x204), 0x10u);
               EXPECT_EQ(gic.read(0x284), 0x10u);
               gic.write(0x284, 0x10);
               EXPECT_EQ(gic.read(0x204), 0u);
               gic.write(0x304, 0x20);
               EXPECT_EQ(gic.read(0x304), 0x20u);
               EXPECT_EQ(gic.read(0x384), 0x20u);
               gic.write(0x384, 0x20);
               EXPECT_EQ(gic.read(0x304), 0u);
               gic.write(0x440, 0x1234'56ff);
               EXPECT_EQ(gic.read(0x440), 0x1030'50f8u) << "five bits of priority";
               EXPECT_EQ(gic.read(0x410), 0xffff'ffffu) << "after reset: the lowest";
               EXPECT_EQ(gic.read(0x800), 0x0101'0101u) << "private: the reader";
               EXPECT_EQ(gic.read(0x810), 0x0101'0101u);
               gic.write(0x840, 0xff02'0301);
               EXPECT_EQ(gic.read(0x840), 0x0302'0301u) << "vCPUs that exist";
               gic.write(0xc08, 0xaaaa'5555);
               EXPECT_EQ(gic.read(0xc08), 0xaaaa'5555u) << "ICFGR is storage";
               gic.write(0xc80, ~0u);
               EXPECT_EQ(gic.read(0xc80), 0u) << "interrupts from 512 on: none of Bao's groups";
               EXPECT_EQ(gic.read(0xd00), 0u) << "PPISR";
               EXPECT_EQ(gic.read(0xfe8), 0x2bu) << "ICPIDR2: the physical one's";
               EXPECT_EQ(gic.read(0xfd0), 0x04u);
               EXPECT_EQ(gic.read(0x124), 0u) << "beyond the lines";
           },
           [&](HandGic& gic) {
               EXPECT_EQ(gic.read(0x800), 0x0202'0202u);
               gic.write(0x100, 1u << 20);
               EXPECT_EQ(gic.read(0x100), 0x0010'ffffu) << "private enables are banked";
           }});
    EXPECT_TRUE(r.all_finished());
    EXPECT_TRUE(r.silent());
}

TEST(VgicRegisters, PendingOfSgisIsNotEmulated) {
    validation::behaviour(chapter,
                          "CPENDSGIR and SPENDSGIR are not emulated: a load leaves the register as "
                          "it was");
    VgicRig r({1, 4, false, {}});
    r.rig.run_on(0, [](vms::Cpu& cpu) {
        EXPECT_EQ(cpu.load(GuestAddr{guest_gicd + 0xf10}, Width::word, 0x5a5a), 0x5a5au);
    });
    r.rig.simulate();
}

// --- handling
// -------------------------------------------------------------------------------------

TEST(VgicHandling, PendingWhileDisabledComesWhenEnabled) {
    validation::behaviour(chapter,
                          "pending while disabled, then enabled; withdrawn; disabled while "
                          "in a list register");
    VgicRig r({1, 4, false, {}});
    Ids disabled, enabled, withdrawn, taken_out, back;
    r.run({[&](HandGic& gic) {
        gic.write_byte(0x428, 0x40);
        gic.write_byte(0x828, 1);
        gic.pend(40);
        disabled = gic.drain();
        gic.enable(40);
        enabled = gic.drain();
        gic.pend(40);
        gic.unpend(40);
        withdrawn = gic.drain();
        gic.pend(40);
        gic.disable(40);
        taken_out = gic.drain();
        gic.enable(40);
        back = gic.drain();
    }});
    EXPECT_EQ(disabled, Ids{});
    EXPECT_EQ(enabled, Ids{40});
    EXPECT_EQ(withdrawn, Ids{});
    EXPECT_EQ(taken_out, Ids{});
    EXPECT_EQ(back, Ids{40});
    EXPECT_TRUE(r.silent());
}

TEST(VgicHandling, CoalescesWhilePendingAndPendsAgainWhileActive) {
    validation::behaviour(chapter,
                          "repeated injections while pending coalesce; one while active "
                          "comes after its end");
    VgicRig r({1, 4, false, {}});
    Ids first, second;
    r.run({[&](HandGic& gic) {
        gic.set_up(40, 0x40);
        gic.pend(40);
        gic.pend(40);
        gic.pend(40);
        const unsigned iar = gic.acknowledge();
        gic.pend(40);
        gic.pend(40);
        EXPECT_EQ(gic.acknowledge(), 1023u) << "active";
        gic.end(iar);
        first = {iar};
        second = gic.drain();
    }});
    EXPECT_EQ(first, Ids{40});
    EXPECT_EQ(second, Ids{40});
    EXPECT_TRUE(r.silent());
}

TEST(VgicHandling, PrioritiesOrderAndPreempt) {
    validation::behaviour(chapter, "priorities order and preempt, changed while pending too");
    VgicRig r({1, 4, false, {}});
    Ids order;
    r.run({[&](HandGic& gic) {
        gic.set_up(40, 0x60);
        gic.set_up(70, 0x40);
        gic.set_up(100, 0x50);
        gic.pend(40);
        gic.pend(70);
        order.push_back(gic.acknowledge());  // 70
        gic.pend(100);
        EXPECT_EQ(gic.acknowledge(), 1023u) << "of lower priority";
        gic.write_byte(0x428, 0x30);  // 40, pending, overtakes
        order.push_back(gic.acknowledge());
        gic.end(40);
        gic.end(70);
        const Ids rest = gic.drain();
        order.insert(order.end(), rest.begin(), rest.end());
    }});
    EXPECT_EQ(order, (Ids{70, 40, 100}));
}

TEST(VgicHandling, TheDistributorsEnableGatesAllVcpus) {
    VgicRig r({2, 4, false, {}});
    Ids off, on;
    r.run({[&](HandGic& gic) {
               gic.pause(1000);
               gic.write(0x000, 0);
               gic.pause(2000);
               gic.write(0x000, 1);
           },
           [&](HandGic& gic) {
               gic.set_up(40, 0x40, 1);
               gic.pause(3000);  // vCPU 0 is 1 ms ahead of its function
               gic.pend(40);
               off = gic.drain();
               gic.pause(2500);
               on = gic.drain();
           }});
    EXPECT_EQ(off, Ids{});
    EXPECT_EQ(on, Ids{40});
}

TEST(VgicHandling, AnotherVcpusInterruptIsReachedByMessage) {
    validation::behaviour(chapter,
                          "targets: an interrupt goes to the vCPU that it names; one that another "
                          "vCPU owns is changed there, by a message");
    VgicRig r({2, 4, false, {}});
    std::array<Ids, 2> came;
    std::vector<unsigned> after;
    r.run({[&](HandGic& gic) {
               gic.set_up(40, 0x40, 1);
               gic.pend(40);  // routed to vCPU 1
               gic.pause(2000);
               came[0] = gic.drain();
               gic.pend(40);  // active there: vCPU 1 owns it
               gic.disable(70);
               gic.pause(2000);
           },
           [&](HandGic& gic) {
               gic.set_up(70, 0x50, 1);
               gic.pause(500);
               gic.pend(70);
               gic.pause(500);
               const unsigned iar = gic.acknowledge();
               came[1].push_back(iar);
               gic.pause(2500);
               gic.end(iar);
               after = gic.drain();
           }});
    EXPECT_EQ(came[0], Ids{});
    EXPECT_EQ(came[1], Ids{40});
    EXPECT_EQ(after, Ids{40}) << "pending again; 70 was disabled by vCPU 0 while vCPU 1 held it";
    EXPECT_TRUE(r.silent());
}

TEST(VgicHandling, SgiFiltersAndSources) {
    validation::behaviour(chapter, "guest SGIs: list, all others, self; the source is the vCPU");
    VgicRig r({3, 4, false, {}});
    std::array<Ids, 3> came;
    const auto listen = [&](HandGic& gic, unsigned v) {
        for (unsigned i = 0; i < 16; ++i)
            gic.write_byte(0x400 + i, 0x40);
        gic.pause(3000);
        for (;;) {
            const unsigned iar = gic.acknowledge();
            if (iar == 1023)
                break;
            came[v].push_back(iar);
            gic.end(iar);
        }
    };
    r.run({[&](HandGic& gic) { listen(gic, 0); },
           [&](HandGic& gic) {
               gic.pause(1500);
               gic.write(0xf00, 0u << 24 | 0b101u << 16 | 3);  // the list
               gic.write(0xf00, 1u << 24 | 5);                 // all others
               gic.write(0xf00, 2u << 24 | 6);                 // itself
               gic.write(0xf00, 3u << 24 | 0b111u << 16 | 7);  // reserved
               listen(gic, 1);
           },
           [&](HandGic& gic) { listen(gic, 2); }});
    const unsigned from_1 = 1u << 10;
    EXPECT_EQ(came[0], (Ids{3 | from_1, 5 | from_1}));
    EXPECT_EQ(came[1], Ids{6 | from_1});
    EXPECT_EQ(came[2], (Ids{3 | from_1, 5 | from_1}));
    EXPECT_TRUE(r.silent());
}

// --- drivers
// ----------------------------------------------------------------------------------------

gic_drivers::Port port(vms::Cpu& cpu) {
    const auto at = [](std::uint64_t base, std::uint32_t o) { return GuestAddr{base + o}; };
    return {[&cpu, at](std::uint32_t o) {
                return static_cast<std::uint32_t>(cpu.load(at(guest_gicd, o), Width::word));
            },
            [&cpu, at](std::uint32_t o, std::uint32_t v) {
                cpu.store(at(guest_gicd, o), Width::word, v);
            },
            [&cpu, at](std::uint32_t o, std::uint32_t v) {
                cpu.store(at(guest_gicd, o), Width::byte, v);
            },
            [&cpu, at](std::uint32_t o) {
                return static_cast<std::uint32_t>(cpu.load(at(guest_gicc, o), Width::word));
            },
            [&cpu, at](std::uint32_t o, std::uint32_t v) {
                cpu.store(at(guest_gicc, o), Width::word, v);
            }};
}

constexpr unsigned hw_level = 48;
constexpr unsigned hw_edge = 61;

VgicSetup with_devices(VgicSetup s) {
    s.adjust = [](bao::Config& c) {
        bao::DevRegion dev;
        dev.interrupts = {vms::IntId{hw_level}, vms::IntId{hw_edge}};
        c.vmlist[0].devs.push_back(dev);
    };
    return s;
}

/// A device moves its line, as seen from this CPU; its next trap takes the interrupt.
void line(VgicRig& r, vms::Cpu& cpu, unsigned id, bool level) {
    const unsigned v = cpu.reset_state().mpidr & 0xff;
    r.rig.gic.spi(vms::IntId{static_cast<std::uint16_t>(id)}, level, r.rig.cores[v]->now());
    cpu.load(GuestAddr{guest_gicd}, Width::word);
}

/// A VM of two vCPUs: both run the function, as their number.
void run_vcpus(VgicRig& r, const std::function<void(vms::Cpu&, unsigned)>& f) {
    r.finished.assign(2, false);
    r.rig.run_on(0, [&r, f](vms::Cpu& cpu) {
        const unsigned v = cpu.reset_state().mpidr & 0xff;
        f(cpu, v);
        r.finished[v] = true;
        for (;;)
            cpu.retire_nanoseconds(1'000'000);
    });
    r.rig.simulate(Picos::ms(50));
}

void drive_as_linux(const VgicSetup& system) {
    VgicRig r(with_devices(system));
    Ids taken[2];
    std::uint32_t masks[2] = {};
    run_vcpus(r, [&](vms::Cpu& cpu, unsigned v) {
        gic_drivers::Linux gic(port(cpu), false);
        const auto handle = [&](const std::function<void(unsigned)>& h = {}) {
            gic.handle([&](unsigned irq) {
                taken[v].push_back(irq);
                if (h)
                    h(irq);
            });
        };
        if (v == 1) {
            masks[1] = gic.init_cpu();
            for (unsigned sgi = 0; sgi < 8; ++sgi)
                gic.enable(sgi);
            cpu.retire_nanoseconds(3'000'000);
            handle();
            return;
        }
        gic.init_distributor();
        EXPECT_EQ(gic.interrupts(), 288u);
        masks[0] = gic.init_cpu();
        EXPECT_TRUE(gic.is_gicv2());
        vms::CallRegisters x{0xc400'0003, 1};
        cpu.smc(x);
        cpu.retire_nanoseconds(1'000'000);

        EXPECT_TRUE(gic.set_type(hw_level, false));
        EXPECT_TRUE(gic.set_type(hw_edge, true));
        gic.enable(hw_level);
        gic.enable(hw_edge);
        line(r, cpu, hw_level, true);
        cpu.retire_nanoseconds(1000);
        unsigned entries = 0;
        handle([&](unsigned) {
            if (++entries == 2)
                line(r, cpu, hw_level, false);
        });
        EXPECT_EQ(taken[0], (Ids{hw_level, hw_level})) << "the line was still high";
        taken[0].clear();
        line(r, cpu, hw_edge, true);
        line(r, cpu, hw_edge, false);
        cpu.retire_nanoseconds(1000);
        handle();
        EXPECT_EQ(taken[0], Ids{hw_edge});

        gic.set_type(100, true);
        gic.enable(100);
        gic.set_affinity(100, masks[1]);
        gic.set_pending(100);
        gic.send_ipi(1, masks[1]);
        gic.send_ipi(2, masks[0]);
        cpu.retire_nanoseconds(100'000);
        taken[0].clear();
        handle();
        EXPECT_EQ(taken[0], Ids{2});
    });
    EXPECT_TRUE(r.silent());
    EXPECT_TRUE(r.all_finished());
    EXPECT_EQ(masks[0], 1u);
    EXPECT_EQ(masks[1], 2u);
    std::sort(taken[1].begin(), taken[1].end());
    EXPECT_EQ(taken[1], (Ids{1, 100})) << "of equal priority, in either order";
}

TEST(VgicDrivers, Linux) {
    validation::behaviour(chapter,
                          "the Linux GICv2 driver: initialisation of two vCPUs, a passed-through "
                          "level and edge, affinity, IPIs, retrigger");
    drive_as_linux({2, 4, false, {}});
}

TEST(VgicDrivers, LinuxOnTheCorrectedOneWithOneListRegister) {
    drive_as_linux({2, 1, true, {}});
}

TEST(VgicDrivers, Zephyr) {
    validation::behaviour(chapter,
                          "the Zephyr GICv2 driver: initialisation, a passed-through level "
                          "and edge by priority, pending, an SGI");
    VgicRig r(with_devices({1, 4, false, {}}));
    Ids taken;
    run_vcpus(r, [&](vms::Cpu& cpu, unsigned) {
        gic_drivers::Zephyr gic(port(cpu));
        gic.init_distributor();
        gic.init_cpu();
        EXPECT_EQ(gic.bitmap(), 1u);
        gic.set_priority(hw_level, 0x40, false);
        gic.set_priority(hw_edge, 0x20, true);
        gic.enable(hw_level);
        gic.enable(hw_edge);
        line(r, cpu, hw_level, true);
        cpu.retire_nanoseconds(1000);
        gic.handle([&](unsigned irq) {
            taken.push_back(irq);
            line(r, cpu, hw_level, false);
            line(r, cpu, hw_edge, true);
            cpu.retire_nanoseconds(1000);
            gic.handle([&](unsigned inner) { taken.push_back(inner); });
        });
        EXPECT_EQ(taken, (Ids{hw_level, hw_edge})) << "the edge preempts";
        EXPECT_EQ(gic.handle([](unsigned) {}), 0u);
        gic.set_priority(100, 0x20, true);
        gic.set_pending(100);
        EXPECT_TRUE(gic.pending(100));
        gic.clear_pending(100);
        EXPECT_FALSE(gic.pending(100));
        gic.raise_sgi(2, gic.bitmap());
        cpu.retire_nanoseconds(10'000);
        taken.clear();
        gic.handle([&](unsigned irq) { taken.push_back(irq); });
        EXPECT_EQ(taken, Ids{2});
    });
    EXPECT_TRUE(r.finished[0]);
    EXPECT_TRUE(r.silent());
}

}  // namespace
