// Inter-VM communication against Bao's behaviour (src/core/ipc.c at commit 738e3dc): who hears a
// doorbell, and what is injected there.
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"
#include "tests/support/validation.h"

namespace {

using namespace rig;

/// Takes interrupts for ever and keeps their ids.
std::function<void(vms::Cpu&)> listener(std::vector<unsigned> enabled,
                                        std::vector<unsigned>& heard) {
    return [enabled = std::move(enabled), &heard](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            const unsigned iar = gic.acknowledge();
            heard.push_back(iar & 0x3ff);
            gic.end(iar);
        });
        cpu.set_vector(&vector);
        gic.start();
        for (const unsigned id : enabled)
            gic.enable(id);
        cpu.mask_interrupts(false);
        for (;;)
            cpu.wait_for_interrupt();
    };
}

/// Three VMs with one object between them; the third has CPUs 2 and 3.
Options three_on_one_object() {
    Options o;
    o.adjust = [](bao::Config& c) {
        c.shmemlist.push_back({0x1000, models::PhysAddr{0x4f00'0000}});
        c.shmemlist.push_back({0x1000, models::PhysAddr{0x4f00'1000}});
        const std::size_t object = c.shmemlist.size() - 2;
        bao::VmConfig third = c.vmlist[0];
        third.name = "third";
        third.cpu_affinity = 0xc;
        third.regions.resize(1);
        third.remio_devs.clear();
        c.vmlist.push_back(third);
        const auto ipc = [](std::size_t shmem, std::vector<vms::IntId> interrupts) {
            return bao::Ipc{GuestAddr{0xe000'0000}, 0x1000, shmem, std::move(interrupts)};
        };
        // The first VM has another object before this one: its index is not the others'.
        c.vmlist[0].ipcs.push_back(ipc(object + 1, {vms::IntId{70}}));
        c.vmlist[0].ipcs.push_back(ipc(object, {vms::IntId{71}, vms::IntId{72}}));
        c.vmlist[1].ipcs.push_back(ipc(object, {vms::IntId{80}, vms::IntId{81}}));
        c.vmlist[2].ipcs.push_back(ipc(object, {vms::IntId{90}}));
    };
    return o;
}

TEST(Ipc, ADoorbellIsHeardByTheMasterCpusOfTheOtherVms) {
    validation::behaviour("Hypercall ABI",
                          "a doorbell goes to the master CPUs of the other VMs on that shared "
                          "memory; each injects its own interrupts[event]");
    Rig r(three_on_one_object());
    std::vector<unsigned> own, second, third;
    r.run_on(0, [&](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            const unsigned iar = gic.acknowledge();
            own.push_back(iar & 0x3ff);
            gic.end(iar);
        });
        cpu.set_vector(&vector);
        gic.start();
        for (const unsigned id : {70u, 71u, 72u})
            gic.enable(id);
        cpu.mask_interrupts(false);
        cpu.retire_nanoseconds(1'000'000);
        for (const std::uint64_t event : {0u, 1u}) {
            vms::CallRegisters x{0xc600'0001, 1, event};
            cpu.hvc(x);
            EXPECT_EQ(x[0], 0u);
            cpu.retire_nanoseconds(100'000);
        }
    });
    r.run_on(1, listener({80, 81}, second));
    r.run_on(2, listener({90}, third));
    r.simulate();
    EXPECT_TRUE(own.empty()) << "who rings does not hear";
    EXPECT_EQ(second, (std::vector<unsigned>{80, 81}));
    EXPECT_EQ(third, (std::vector<unsigned>{90}));
    std::array<unsigned, 4> messages{};
    for (const auto& e : r.recorder.events)
        if (e.kind == models::EventKind::message_push &&
            e.b >> 32 == static_cast<std::uint64_t>(bao::MessageHandler::ipc))
            ++messages.at(e.a);
    EXPECT_EQ(messages, (std::array<unsigned, 4>{0, 2, 2, 0})) << "CPU 3 is not a master";
}

TEST(Ipc, AnEventWithoutInterruptIsIgnoredSilently) {
    validation::behaviour("Hypercall ABI",
                          "an event for which the receiver has no interrupt is ignored; a bad "
                          "index gives -3");
    Rig r(three_on_one_object());
    std::vector<unsigned> third;
    r.run_on(0, [&](vms::Cpu& cpu) {
        cpu.retire_nanoseconds(1'000'000);
        vms::CallRegisters x{0xc600'0001, 1, 1};
        cpu.hvc(x);
        EXPECT_EQ(x[0], 0u) << "the caller is not told";
        x = {0xc600'0001, 2, 0};
        cpu.hvc(x);
        EXPECT_EQ(static_cast<std::int64_t>(x[0]), -3);
        cpu.retire_nanoseconds(100'000);
    });
    r.run_on(2, listener({90}, third));
    r.simulate();
    EXPECT_TRUE(third.empty());
    EXPECT_TRUE(r.recorder.observed("ipc.event-out-of-range"));
    EXPECT_TRUE(r.recorder.observed("ipc.bad-index"));
}

}  // namespace
