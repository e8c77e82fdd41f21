// PSCI and VMs of several vCPUs, against Bao (src/arch/armv8/psci.c and armv8-a/psci.c at commit
// 738e3dc) and, where Bao follows it, PSCI (Arm DEN0022): codes, power states, what a vCPU finds
// when it begins.
#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"
#include "tests/support/validation.h"

namespace {

using namespace rig;

constexpr std::uint64_t cpu_suspend = 0xc400'0001;
constexpr std::uint64_t cpu_off = 0x8400'0002;
constexpr std::uint64_t cpu_on = 0xc400'0003;
constexpr std::uint64_t affinity_info = 0xc400'0004;
constexpr std::uint64_t features = 0x8400'000a;
constexpr std::uint64_t power_down_state = 1u << 16;

std::int64_t psci(vms::Cpu& cpu, std::uint64_t function, std::uint64_t a = 0, std::uint64_t b = 0,
                  std::uint64_t c = 0) {
    vms::CallRegisters x{function, a, b, c};
    cpu.smc(x);
    return static_cast<std::int64_t>(x[0]);
}

unsigned vcpu_of(const vms::Cpu& cpu) {
    return cpu.reset_state().mpidr & 0xff;
}

/// VM 0 on CPUs 0, 2 and 3.
Options three_vcpus() {
    Options o;
    o.adjust = [](bao::Config& c) { c.vmlist[0].cpu_affinity = 0b1101; };
    return o;
}

/// First vCPU and the others.
std::function<void(vms::Cpu&)> split(const std::function<void(vms::Cpu&)>& first,
                                     const std::function<void(vms::Cpu&)>& others) {
    return [=](vms::Cpu& cpu) {
        if (vcpu_of(cpu) == 0)
            first(cpu);
        else
            others(cpu);
    };
}

TEST(Psci, OnlyTheFirstVcpuRunsUntilCpuOn) {
    validation::behaviour("PSCI",
                          "only the first vCPU runs until CPU_ON; entry point and context id");
    Rig r(three_vcpus());
    std::vector<vms::ResetState> began;
    Picos called{};
    std::vector<Picos> at;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        cpu.retire_nanoseconds(1'000'000);
                        EXPECT_TRUE(began.empty());
                        called = r.cores[0]->now();
                        EXPECT_EQ(psci(cpu, cpu_on, 2, 0x4008'0000, 77), 0);
                        cpu.retire_nanoseconds(1'000'000);
                    },
                    [&](vms::Cpu& cpu) {
                        began.push_back(cpu.reset_state());
                        at.push_back(r.cores[3]->now());
                    }));
    r.simulate();
    ASSERT_EQ(began.size(), 1u) << "vCPU 1 was never switched on";
    EXPECT_EQ(began[0].pc, GuestAddr{0x4008'0000});
    EXPECT_EQ(began[0].x0, 77u) << "the context id";
    EXPECT_EQ(began[0].mpidr, 2u | 1u << 31) << "Aff0, and RES1";
    EXPECT_GT(at[0], called);
    EXPECT_LT(at[0], called + Picos::us(10));
}

TEST(Psci, AUniprocessorVmSaysSo) {
    Rig r;
    std::uint64_t mpidr = 0;
    r.run_on(0, [&](vms::Cpu& cpu) { mpidr = cpu.reset_state().mpidr; });
    r.simulate();
    EXPECT_EQ(mpidr, 1u << 31 | 1u << 30);
}

TEST(Psci, CpuOnCodes) {
    validation::behaviour("PSCI",
                          "codes of CPU_ON; ALREADY_ON where the specification says ON_PENDING");
    Rig r(three_vcpus());
    bool ran = false;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        EXPECT_EQ(psci(cpu, cpu_on, 3), -2) << "no such vCPU: INVALID_PARAMETERS";
                        EXPECT_EQ(psci(cpu, cpu_on, 0x100), -2) << "Aff1 counts";
                        EXPECT_EQ(psci(cpu, cpu_on, 0), -4) << "itself: ALREADY_ON";
                        EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                        EXPECT_EQ(psci(cpu, cpu_on, 1), -4) << "on its way: Bao says ALREADY_ON";
                        cpu.retire_nanoseconds(1'000'000);
                        EXPECT_EQ(psci(cpu, 0x8400'0003, 1), -4) << "on; the 32-bit function id";
                        EXPECT_EQ(psci(cpu, cpu_on, 2 | 1u << 31), 0) << "bits outside Aff";
                        ran = true;
                    },
                    [](vms::Cpu& cpu) { cpu.retire_nanoseconds(5'000'000); }));
    r.simulate();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(r.recorder.observed("psci.on-pending-is-already-on"));
}

TEST(Psci, CpuOffAbandonsTheProgramAndCpuOnBeginsItAnew) {
    validation::behaviour("PSCI", "CPU_OFF and CPU_ON again");
    Rig r(three_vcpus());
    std::vector<std::uint64_t> began;
    bool returned = false;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        for (std::uint64_t i = 0; i < 3; ++i) {
                            EXPECT_EQ(psci(cpu, cpu_on, 1, 0, i), 0);
                            cpu.retire_nanoseconds(500'000);
                        }
                    },
                    [&](vms::Cpu& cpu) {
                        began.push_back(cpu.reset_state().x0);
                        psci(cpu, cpu_off);
                        returned = true;
                    }));
    r.simulate();
    EXPECT_EQ(began, (std::vector<std::uint64_t>{0, 1, 2}));
    EXPECT_FALSE(returned);
}

TEST(Psci, CpuOffFromAnInterruptHandler) {
    Rig r(three_vcpus());
    unsigned began = 0;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        GuestGic gic(cpu);
                        gic.start();
                        for (unsigned i = 0; i < 2; ++i) {
                            EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                            cpu.retire_nanoseconds(200'000);
                            cpu.store(GuestAddr{guest_gicd + 0xf00}, Width::word, 2u << 16 | 5);
                            cpu.retire_nanoseconds(200'000);
                        }
                    },
                    [&](vms::Cpu& cpu) {
                        ++began;
                        GuestGic gic(cpu);
                        Vector vector([&] {
                            gic.end(gic.acknowledge());
                            psci(cpu, cpu_off);
                        });
                        cpu.set_vector(&vector);
                        gic.start();
                        gic.enable(5);
                        cpu.mask_interrupts(false);
                        for (;;)
                            cpu.wait_for_interrupt();
                    }));
    r.simulate();
    EXPECT_EQ(began, 2u);
}

TEST(Psci, AProgramThatReturnsIsOff) {
    Rig r(three_vcpus());
    unsigned began = 0;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                        cpu.retire_nanoseconds(500'000);
                        EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                        cpu.retire_nanoseconds(500'000);
                    },
                    [&](vms::Cpu&) { ++began; }));
    r.simulate();
    EXPECT_EQ(began, 2u);
}

TEST(Psci, WhoWatchesIsToldWhenACpuPowersDown) {
    Rig r(three_vcpus());
    std::vector<Picos> told;
    r.hypervisor.on_power_down([&] { told.push_back(models::kernel_now()); });
    Picos off{};
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        EXPECT_EQ(told.size(), 2u) << "the others, at boot";
                        EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                        cpu.retire_nanoseconds(1'000'000);
                        EXPECT_EQ(told.size(), 2u);
                        cpu.retire_nanoseconds(10'000'000);
                    },
                    [&](vms::Cpu& cpu) {
                        cpu.retire_nanoseconds(5'000'000);
                        off = r.cores[2]->now();
                        psci(cpu, cpu_off);
                    }));
    r.simulate();
    ASSERT_GE(told.size(), 3u);
    EXPECT_GE(told[2], Picos::ms(5));
    EXPECT_LE(told[2], off + Picos::us(10));
}

TEST(Psci, AnyVcpuMaySwitchTheFirstOnAgain) {
    Rig r(three_vcpus());
    unsigned first = 0;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        if (++first == 1) {
                            EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                            psci(cpu, cpu_off);
                        }
                    },
                    [&](vms::Cpu& cpu) {
                        cpu.retire_nanoseconds(500'000);
                        EXPECT_EQ(psci(cpu, cpu_on, 0), 0);
                        cpu.retire_nanoseconds(500'000);
                    }));
    r.simulate();
    EXPECT_EQ(first, 2u);
}

TEST(Psci, SuspendToStandbyEndsWithAnInterrupt) {
    validation::behaviour("PSCI", "CPU_SUSPEND to standby ends with a physical interrupt");
    Rig r;
    std::uint64_t slept = 0;
    bool taken = false;
    r.run_on(0, [&](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            gic.end(gic.acknowledge());
            cpu.set_timer(0, {false, false, false});
            taken = true;
        });
        cpu.set_vector(&vector);
        gic.start();
        gic.enable(27);
        cpu.mask_interrupts(false);
        const std::uint64_t begin = cpu.counter();
        cpu.set_timer(begin + 10'000, {true, false, false});  // 100 us
        EXPECT_EQ(psci(cpu, cpu_suspend, 0), 0);
        slept = cpu.counter() - begin;
        EXPECT_TRUE(taken) << "taken as soon as the CPU is back at EL1";
    });
    r.simulate();
    EXPECT_GE(slept, 10'000u);
    EXPECT_LT(slept, 10'500u);
}

TEST(Psci, SuspendToPowerDownComesBackAtTheEntryPoint) {
    validation::behaviour("PSCI", "CPU_SUSPEND to power-down comes back at the entry point");
    Rig r;
    std::vector<vms::ResetState> began;
    r.run_on(0, [&](vms::Cpu& cpu) {
        began.push_back(cpu.reset_state());
        if (began.size() > 1)
            return;
        GuestGic gic(cpu);
        gic.start();
        gic.enable(27);
        cpu.set_timer(cpu.counter() + 10'000, {true, false, false});
        psci(cpu, cpu_suspend, power_down_state, 0x4444'0000, 5);
        ADD_FAILURE() << "came back after the call";
    });
    r.simulate();
    ASSERT_EQ(began.size(), 2u);
    EXPECT_EQ(began[1].pc, GuestAddr{0x4444'0000});
    EXPECT_EQ(began[1].x0, 5u);
}

TEST(Psci, SuspendWithAVirtualInterruptPendingSleepsOn) {
    validation::behaviour("PSCI", "a virtual interrupt does not end CPU_SUSPEND");
    Rig r;
    std::uint64_t slept = 0;
    r.run_on(0, [&](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        gic.start();
        gic.enable(27);
        gic.enable(100);
        cpu.store(GuestAddr{guest_gicd + 0x200 + 4 * 3}, Width::word, 1u << 4);  // pending, masked
        const std::uint64_t begin = cpu.counter();
        cpu.set_timer(begin + 10'000, {true, false, false});
        EXPECT_EQ(psci(cpu, cpu_suspend, 0), 0);
        slept = cpu.counter() - begin;
    });
    r.simulate();
    EXPECT_GE(slept, 10'000u) << "only the physical timer interrupt ended it";
    EXPECT_TRUE(r.recorder.observed("psci.suspend-past-virtual-interrupt"));
}

TEST(Psci, AffinityInfoAlwaysSaysOn) {
    validation::behaviour("PSCI", "AFFINITY_INFO always says ON");
    Rig r(three_vcpus());
    std::int64_t of_off = -99;
    std::int64_t of_nobody = -99;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        of_off = psci(cpu, affinity_info, 1, 0);
                        of_nobody = psci(cpu, affinity_info, 9, 0);
                    },
                    [](vms::Cpu&) {}));
    r.simulate();
    EXPECT_EQ(of_off, 0);
    EXPECT_EQ(of_nobody, 0);
    EXPECT_TRUE(r.recorder.observed("psci.affinity-info-always-on"));
}

TEST(Psci, FeaturesAndUnknownFunctions) {
    validation::behaviour("PSCI", "version, features, unknown functions");
    Rig r;
    bool ran = false;
    r.run_on(0, [&](vms::Cpu& cpu) {
        EXPECT_EQ(psci(cpu, 0x8400'0000), 0x0001'0001) << "version 1.1";
        for (const std::uint64_t f :
             {0x8400'0000u, 0x8400'0001u, 0xc400'0001u, 0x8400'0002u, 0x8400'0003u, 0xc400'0003u,
              0x8400'0004u, 0xc400'0004u, 0x8400'000au})
            EXPECT_EQ(psci(cpu, features, f), 0) << std::hex << f;
        EXPECT_EQ(psci(cpu, features, 0x8400'0008), -1) << "SYSTEM_OFF";
        EXPECT_EQ(psci(cpu, features, 0x8400'0006), -1) << "served, and yet not listed";
        EXPECT_EQ(psci(cpu, 0x8400'0006), 2) << "no trusted OS";
        EXPECT_EQ(psci(cpu, 0x8400'0008), -1);
        ran = true;
    });
    r.simulate();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(r.recorder.observed("psci.unknown-function"));
}

TEST(Psci, APendingInterruptKeepsAnOffCpuBusy) {
    validation::behaviour("PSCI", "a pending interrupt keeps a CPU that is off busy");
    Rig r(three_vcpus());
    bool again = false;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                        cpu.retire_nanoseconds(2'000'000);
                        EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                        cpu.retire_nanoseconds(500'000);
                    },
                    [&](vms::Cpu& cpu) {
                        if (again)
                            return;
                        again = true;
                        GuestGic gic(cpu);
                        gic.start();
                        gic.enable(27);
                        cpu.set_timer(cpu.counter() + 10'000, {true, false, false});
                        psci(cpu, cpu_off);
                    }));
    r.simulate();
    EXPECT_TRUE(r.recorder.observed("psci.interrupt-while-off"));
}

// Several vCPUs on one device: each access is a request of its own, answered in the order in which
// they came, each to its own CPU.
TEST(SeveralVcpus, ShareADevice) {
    validation::behaviour(
        "One trapped access",
        "vCPUs of one VM on one device: a request each, answered in order, each to its own CPU");
    Rig r(three_vcpus());
    constexpr unsigned each = 50;
    std::array<unsigned, 3> right{};
    const auto read = [&](vms::Cpu& cpu) {
        const unsigned v = vcpu_of(cpu);
        for (unsigned i = 0; i < each; ++i) {
            const std::uint64_t offset = 4 * (v + 3 * (i % 20));
            if (cpu.load(GuestAddr{window + offset}, Width::word) ==
                0x1000 + ((window + offset) & 0xfff))
                ++right.at(v);
        }
    };
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        EXPECT_EQ(psci(cpu, cpu_on, 1), 0);
                        EXPECT_EQ(psci(cpu, cpu_on, 2), 0);
                        cpu.retire_nanoseconds(1'000'000);
                        read(cpu);
                    },
                    [&](vms::Cpu& cpu) {
                        cpu.retire_nanoseconds(900'000);
                        read(cpu);
                    }));
    r.run_on(1, backend(1));
    r.simulate(Picos::ms(20));
    EXPECT_EQ(right, (std::array<unsigned, 3>{each, each, each}));
    EXPECT_EQ(r.accesses.size(), 3 * each);
}

// Facts: a NOTIFY goes to the frontend's lowest-numbered CPU.
TEST(SeveralVcpus, NotifyGoesToTheLowestCpu) {
    validation::behaviour("One trapped access",
                          "a NOTIFY goes to the front-end's lowest-numbered CPU");
    Options o = three_vcpus();
    Rig r(o);
    r.run_on(0, split([](vms::Cpu& cpu) { cpu.retire_nanoseconds(3'000'000); }, [](vms::Cpu&) {}));
    r.run_on(1, [](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(1'000'000);
        vms::CallRegisters x{};
        EXPECT_EQ(remio_call(cpu, 0, op_notify, x), 0);
    });
    r.simulate();
    unsigned pushed = 0;
    for (const auto& e : r.recorder.events) {
        if (e.kind != models::EventKind::message_push)
            continue;
        ++pushed;
        EXPECT_EQ(e.a, 0u);
    }
    EXPECT_EQ(pushed, 1u);
}

// A guest SGI to another vCPU: trap, message, SGI 1, list register; it names its source.
TEST(SeveralVcpus, SgiBetweenThem) {
    validation::behaviour("Virtual interrupt controller",
                          "a guest SGI becomes a message and SGI 1, and names its source");
    Rig r(three_vcpus());
    std::vector<std::uint32_t> got;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        GuestGic gic(cpu);
                        gic.start();
                        EXPECT_EQ(psci(cpu, cpu_on, 2), 0);
                        cpu.retire_nanoseconds(500'000);
                        // vCPU 2 is physical CPU 3, and Bao's targets are those of the VM.
                        cpu.store(GuestAddr{guest_gicd + 0xf00}, Width::word, 1u << 18 | 7);
                        cpu.retire_nanoseconds(500'000);
                    },
                    [&](vms::Cpu& cpu) {
                        GuestGic gic(cpu);
                        Vector vector([&] {
                            const unsigned iar = gic.acknowledge();
                            got.push_back(iar);
                            gic.end(iar);
                        });
                        cpu.set_vector(&vector);
                        gic.start();
                        gic.enable(7);
                        cpu.mask_interrupts(false);
                        for (;;)
                            cpu.wait_for_interrupt();
                    }));
    r.simulate();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0] & 0x3ff, 7u);
    EXPECT_EQ(got[0] >> 10 & 7, 0u) << "the source";
}

/// vCPU 0 sends SGI 7 to vCPU 2 `times` times, which then takes what has come.
unsigned sgis_taken(Rig& r, unsigned times) {
    unsigned taken = 0;
    r.run_on(0, split(
                    [&](vms::Cpu& cpu) {
                        GuestGic gic(cpu);
                        gic.start();
                        EXPECT_EQ(psci(cpu, cpu_on, 2), 0);
                        cpu.retire_nanoseconds(500'000);
                        for (unsigned i = 0; i < times; ++i) {
                            cpu.store(GuestAddr{guest_gicd + 0xf00}, Width::word, 1u << 18 | 7);
                            cpu.retire_nanoseconds(50'000);
                        }
                        cpu.retire_nanoseconds(2'000'000);
                    },
                    [&](vms::Cpu& cpu) {
                        GuestGic gic(cpu);
                        Vector vector([&] {
                            gic.end(gic.acknowledge());
                            ++taken;
                        });
                        cpu.set_vector(&vector);
                        gic.start();
                        gic.enable(7);
                        cpu.retire_nanoseconds(1'000'000);
                        cpu.mask_interrupts(false);
                        cpu.retire_nanoseconds(1'000'000);
                    }));
    r.simulate();
    return taken;
}

TEST(SeveralVcpus, AnSgiWaitsWhileMasked) {
    Rig r(three_vcpus());
    EXPECT_EQ(sgis_taken(r, 1), 1u);
}

// Bao's vgic_inject_sgi: the register is emptied, and filled again only when a source is new.
TEST(SeveralVcpus, AnSgiThatComesAgainWhilePendingIsLost) {
    validation::behaviour("Sharp edges", "an SGI that comes again while pending is lost");
    Rig r(three_vcpus());
    EXPECT_EQ(sgis_taken(r, 2), 0u);
    EXPECT_TRUE(r.recorder.observed("vgic.sgi-lost"));
}

}  // namespace
