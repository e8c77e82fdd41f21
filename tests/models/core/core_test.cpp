// The rules of time of a CPU (models/core/core.h): private computation runs ahead, what others see
// happens at its exact time, interrupts end waits and interrupt computation at their time, CPUs
// that are due together act in the order of their numbers.
#include <array>
#include <cstdint>
#include <systemc>

#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"

namespace {

using namespace rig;

/// Two VMs with a shared page, no traps: what the rig has, programs of the test's own.
class TwoCpus : public ::testing::Test {
  protected:
    void run(std::function<void(vms::Cpu&)> a, std::function<void(vms::Cpu&)> b,
             Picos until = Picos::ms(10)) {
        rig.run_on(0, std::move(a));
        rig.run_on(1, std::move(b));
        rig.simulate(until);
    }
    static constexpr GuestAddr flag{shared_base};
    Rig rig;
};

/// Wait until the counter has passed a tick: both CPUs start there.
void align(vms::Cpu& cpu, std::uint64_t tick) {
    while (cpu.counter() < tick)
        cpu.retire({.instructions = 1});
}

TEST_F(TwoCpus, AWordIsSeenAtTheTimeItWasPublishedAndNotBefore) {
    // CPU 0 publishes at its own pace; CPU 1 polls. Nothing may be seen from the future.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> published, seen;
    run(
        [&](vms::Cpu& cpu) {
            for (std::uint64_t i = 1; i <= 100; ++i) {
                cpu.retire_nanoseconds(1'730);
                cpu.publish(flag, Width::dword, i);
                published.emplace_back(i, rig.cores[0]->now().value);
            }
        },
        [&](vms::Cpu& cpu) {
            std::uint64_t last = 0;
            while (last < 100) {
                const std::uint64_t v = cpu.observe(flag, Width::dword);
                if (v != last) {
                    seen.emplace_back(v, rig.cores[1]->now().value);
                    last = v;
                }
                cpu.retire({.instructions = 20});
            }
        });
    ASSERT_EQ(seen.size(), 100u);
    constexpr std::uint64_t poll = 20'000 * 1'400 / 1'200 + 1;  // 20 instructions, ps
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(seen[i].first, published[i].first);
        EXPECT_GE(seen[i].second, published[i].second);
        EXPECT_LE(seen[i].second, published[i].second + poll);
    }
}

TEST_F(TwoCpus, EqualTimesAreServedInTheOrderOfTheCpus) {
    // Both increment a shared word at the same instants; the value read tells who came first.
    std::vector<std::uint64_t> first, second;
    const auto program = [](std::vector<std::uint64_t>& out) {
        return [&out](vms::Cpu& cpu) {
            align(cpu, 10'000);  // 100 us
            const std::uint64_t at = cpu.counter();
            for (int i = 1; i <= 50; ++i) {
                while (cpu.counter() < at + 100u * static_cast<unsigned>(i))
                    cpu.retire_nanoseconds(10);
                const std::uint64_t v = cpu.observe(flag, Width::dword);
                cpu.publish(flag, Width::dword, v + 1);
                out.push_back(v);
            }
        };
    };
    run(program(first), program(second));
    ASSERT_EQ(first.size(), 50u);
    ASSERT_EQ(second.size(), 50u);
    for (std::size_t i = 0; i < 50; ++i) {
        EXPECT_EQ(first[i] + second[i], 4 * i + 1)
            << i;  // 2i and 2i + 1, in one order or the other
    }
}

TEST_F(TwoCpus, TimeIsSpentBusyWaitingOrPolling) {
    // 3 ms of work, a poll until the other CPU writes 2 ms later, then a wait for ever. CPU 1 works
    // for 5 ms. An instruction takes 1.4 cycles of 1.2 GHz.
    run(
        [&](vms::Cpu& cpu) {
            cpu.retire({.instructions = 2'571'428});
            while (cpu.poll(flag, Width::dword, 0, {.instructions = 12}) != 0 &&
                   cpu.observe(flag, Width::dword) == 0) {
            }
            for (;;)
                cpu.wait_for_interrupt();
        },
        [&](vms::Cpu& cpu) {
            cpu.retire({.instructions = 4'285'714});
            cpu.publish(flag, Width::dword, 1);
            for (;;)
                cpu.wait_for_interrupt();
        });
    const models::TimeSpent first = rig.cores[0]->spent(models::Level::el1);
    const models::TimeSpent second = rig.cores[1]->spent(models::Level::el1);
    EXPECT_NEAR(static_cast<double>(first.busy.value), 3e9, 1e6);
    EXPECT_NEAR(static_cast<double>(first.polling.value), 2e9, 1e7);  // boot times differ
    EXPECT_NEAR(static_cast<double>(second.busy.value), 5e9, 1e6);
    EXPECT_EQ(second.polling.value, 0u);
    // Nothing is counted twice, nothing left out: the levels' parts are the local time.
    for (const auto& core : rig.cores) {
        Picos sum{};
        for (const auto level :
             {models::Level::el0, models::Level::el1, models::Level::el2, models::Level::el3}) {
            const models::TimeSpent t = core->spent(level);
            sum += t.busy;
            sum += t.waiting;
            sum += t.polling;
        }
        EXPECT_EQ(sum, core->now());
    }
}

// A look that was given no work takes a cycle: time goes on, and the loop ends.
TEST_F(TwoCpus, APollThatCostsNothingSeesWhatIsWritten) {
    std::uint64_t looks = 0;
    run(
        [&](vms::Cpu& cpu) {
            while (cpu.observe(flag, Width::dword) == 0)
                looks += cpu.poll(flag, Width::dword, 0, {});
            for (;;)
                cpu.wait_for_interrupt();
        },
        [&](vms::Cpu& cpu) {
            cpu.retire_nanoseconds(1'000'000);
            cpu.publish(flag, Width::dword, 1);
            for (;;)
                cpu.wait_for_interrupt();
        });
    EXPECT_GT(looks, 1'000'000u);  // a millisecond of cycles, at more than 1 GHz
}

// A busy loop on the counter, and a look round that found nothing, are polling; the operations of
// such a look do not count as done.
TEST_F(TwoCpus, LooksThatFindNothingArePolling) {
    constexpr vms::NamedWork step{{.instructions = 857'142}, 7};  // 1 ms
    run(
        [&](vms::Cpu& cpu) {
            cpu.retire_nanoseconds(3'000'000);
            cpu.look_begins();
            cpu.retire_named(step, 2);
            cpu.look_found_nothing();
            cpu.look_begins();
            cpu.retire_named(step);
            for (;;)
                cpu.wait_for_interrupt();
        },
        [&](vms::Cpu& cpu) {
            for (;;)
                cpu.wait_for_interrupt();
        });
    const models::TimeSpent t = rig.cores[0]->spent(models::Level::el1);
    EXPECT_NEAR(static_cast<double>(t.polling.value), 5e9, 1e6);
    EXPECT_NEAR(static_cast<double>(t.busy.value), 1e9, 1e6);
    EXPECT_EQ(rig.cores[0]->performed()[step.operation], 1u);
    EXPECT_EQ(rig.cores[0]->time_of(step.work, 3).value, (857'142ull * 14 * 3 * 1000 + 11) / 12);
}

TEST_F(TwoCpus, TheTimerInterruptsComputationAtItsTick) {
    std::uint64_t taken = 0, due = 0, end = 0, begin = 0;
    run(
        [&](vms::Cpu& cpu) {
            GuestGic gic(cpu);
            Vector vector([&] {
                taken = cpu.counter();
                const unsigned iar = gic.acknowledge();
                cpu.set_timer(~std::uint64_t{0}, {});
                gic.end(iar);
            });
            cpu.set_vector(&vector);
            gic.start();
            gic.enable(27);
            cpu.mask_interrupts(false);
            begin = cpu.counter();
            due = begin + 20'000;  // 200 us into a millisecond of work
            cpu.set_timer(due, {true, false, false});
            cpu.retire_nanoseconds(1'000'000);
            end = cpu.counter();
        },
        [](vms::Cpu&) {});
    // The interrupt goes through EL2 (204 instructions) before the guest's vector runs: less than
    // a microsecond, 100 ticks. The work resumes where it was: its length plus the interrupt's.
    EXPECT_GE(taken, due);
    EXPECT_LT(taken, due + 100);
    EXPECT_GE(end, begin + 100'000);
    EXPECT_LT(end, begin + 100'000 + 500);
}

TEST_F(TwoCpus, MaskedInterruptsWakeButAreTakenWhenUnmasked) {
    bool taken = false, taken_while_masked = true;
    run(
        [&](vms::Cpu& cpu) {
            GuestGic gic(cpu);
            Vector vector([&] {
                taken = true;
                cpu.set_timer(~std::uint64_t{0}, {});
                gic.end(gic.acknowledge());
            });
            cpu.set_vector(&vector);
            gic.start();
            gic.enable(27);
            cpu.mask_interrupts(true);
            cpu.set_timer(cpu.counter() + 1'000, {true, false, false});
            cpu.wait_for_interrupt();
            taken_while_masked = taken;
            cpu.mask_interrupts(false);
        },
        [](vms::Cpu&) {});
    EXPECT_FALSE(taken_while_masked);
    EXPECT_TRUE(taken);
}

TEST_F(TwoCpus, AnActivationIsNotSpentWhereNothingElseIsDue) {
    // One CPU alone: ten thousand shared accesses need no agreement with anybody.
    run(
        [](vms::Cpu& cpu) {
            for (int i = 0; i < 10'000; ++i) {
                cpu.publish(flag, Width::dword, 1);
                cpu.retire({.instructions = 100});
            }
        },
        [](vms::Cpu&) {});
    EXPECT_LT(rig.timeline.activations, 200u);
}

// Both compute: neither can interrupt the other before the time that its way through the hypervisor
// takes, so many charges fit between two activations. What happens when stays the same.
TEST_F(TwoCpus, ComputationGoesOnForAsLongAsNobodyCanInterruptIt) {
    rig.timeline.all_devices_added();
    constexpr int charges = 10'000;
    std::array<std::uint64_t, 2> taken{};
    const auto compute = [&](unsigned n) {
        return [&, n](vms::Cpu& cpu) {
            const std::uint64_t begin = rig.cores[n]->now().value;
            for (int i = 0; i < charges; ++i)
                cpu.retire({.instructions = 30 + n});
            taken[n] = rig.cores[n]->now().value - begin;
        };
    };
    run(compute(0), compute(1));
    EXPECT_LT(rig.timeline.activations, charges / 4);
    // 1.4 cycles of 1.2 GHz for each instruction.
    EXPECT_NEAR(static_cast<double>(taken[0]), charges * 30 * 1400.0 / 1.2, 1.0);
    EXPECT_NEAR(static_cast<double>(taken[1]), charges * 31 * 1400.0 / 1.2, 1.0);
}

// An event that nobody has announced may be an interrupt: then every event counts as one.
TEST_F(TwoCpus, AnEventThatWasNotAnnouncedEndsThat) {
    rig.timeline.all_devices_added();
    sc_core::sc_event unknown;
    sc_core::sc_spawn([&] {
        for (;;) {
            unknown.notify(Picos::us(1).sc());
            sc_core::wait(unknown);
        }
    });
    constexpr int charges = 1'000;
    const auto compute = [&](vms::Cpu& cpu) {
        for (int i = 0; i < charges; ++i)
            cpu.retire({.instructions = 30});
    };
    run(compute, compute, Picos::ms(1));
    EXPECT_GT(rig.timeline.activations, charges);
}

}  // namespace
