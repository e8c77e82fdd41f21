// What Bao's vGIC does under pressure of its list registers (src/arch/armv8/vgic.c, vgicv2.c and
// src/lib/inc/list.h at commit 738e3dc): each way in which an interrupt is lost, doubled or the CPU
// hangs, with its observation; and the same accesses on the corrected vGIC, where the VM sees what
// the architecture says (IHI 0048B 3.2).
//
// Interrupts 40, 70, 100... lie in different words, so that a write to one of them concerns no
// other.
#include <gtest/gtest.h>

#include "tests/models/bao/vgic_guest.h"
#include "tests/support/validation.h"

namespace {

using namespace rig;
using Ids = std::vector<unsigned>;

constexpr const char* chapter = "Virtual interrupt controller";

/// Two interrupts that take the two list registers, before all others in priority.
void fill(HandGic& gic) {
    gic.set_up(40, 0x10);
    gic.set_up(70, 0x20);
    gic.pend(40);
    gic.pend(70);
}

// vgic_add_lr: the new one is spilled when the pending ones all precede it; a refill takes it when
// no pending one is left (MISR.NP).
TEST(Spilling, TheLowestPriorityIsSpilledAndRefilled) {
    validation::behaviour(chapter,
                          "list registers full: the lowest-priority pending one spills, and the "
                          "no-pending maintenance interrupt refills it");
    VgicRig r({1, 2, false, {}});
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(40, 0x30);
        gic.set_up(70, 0x20);
        gic.set_up(100, 0x10);
        gic.pend(40);
        gic.pend(70);
        gic.pend(100);  // 40 goes
        came = gic.drain();
    }});
    EXPECT_EQ(came, (Ids{100, 70, 40}));
    EXPECT_TRUE(r.silent());
}

// vgic_add_lr with one pending at most: an active one of lower priority goes; its end is counted
// (GICH_HCR.EOICount) and found by the entry-not-present maintenance interrupt.
TEST(Spilling, AnActiveOneIsSpilledAndItsEndCounted) {
    validation::behaviour(chapter,
                          "an active one spills when no pending one can; its end is counted and "
                          "makes an entry-not-present maintenance interrupt");
    VgicRig r({1, 2, false, {}});
    Ids came, again;
    r.run({[&](HandGic& gic) {
        gic.set_up(130, 0x60);
        gic.pend(130);
        EXPECT_EQ(gic.acknowledge(), 130u);
        fill(gic);  // 130, active, goes
        gic.end(130);
        came = gic.drain();
        gic.pend(130);
        again = gic.drain();
    }});
    EXPECT_EQ(came, (Ids{40, 70}));
    EXPECT_EQ(again, Ids{130}) << "its end was found";
    EXPECT_TRUE(r.silent());
}

TEST(SpillingEdge, PutOnTheListAgainItIsLinkedToItself) {
    validation::behaviour("Sharp edges",
                          "a write that covers a spilled interrupt puts it on the list again; the "
                          "next search of the list never ends");
    VgicRig r({1, 2, false, {}});
    r.run({[&](HandGic& gic) {
        gic.set_up(100, 0x60);
        fill(gic);
        gic.pend(100);    // spilled
        gic.enable(101);  // the word of 100 as well: vgic_int_set_field for each of the 32
        EXPECT_TRUE(r.observed("vgic.spilled-again"));
        gic.drain();
    }});
    EXPECT_FALSE(r.all_finished());
    EXPECT_TRUE(r.observed("vgic.spilled-endless"));
    EXPECT_TRUE(r.crashed());
}

TEST(SpillingEdge, PutOnTheListAgainOnTheCorrectedOne) {
    VgicRig r({1, 2, true, {}});
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(100, 0x60);
        fill(gic);
        gic.pend(100);
        gic.enable(101);
        came = gic.drain();
    }});
    EXPECT_EQ(came, (Ids{40, 70, 100}));
}

// list_push of one in the middle: those behind it are cut off.
TEST(SpillingEdge, PutOnTheListAgainThoseBehindItAreLost) {
    VgicRig r({1, 2, false, {}});
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(100, 0x60);
        gic.set_up(130, 0x70);
        gic.set_up(160, 0x80);
        fill(gic);
        gic.pend(100);
        gic.pend(130);
        gic.pend(160);
        gic.enable(101);  // 100 -> end of the list; 130 and 160 hang behind nothing
        came = gic.drain();
    }});
    EXPECT_TRUE(r.observed("vgic.spilled-again"));
    EXPECT_EQ(came, (Ids{40, 70, 100}));
}

/// Spills two of which the last is refilled first, then a third.
Ids stale_tail(VgicRig& r) {
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(130, 0x60);
        gic.set_up(160, 0x50);
        gic.set_up(200, 0x70);
        fill(gic);
        gic.pend(130);
        gic.pend(160);
        gic.end(gic.acknowledge());  // 40
        const unsigned iar = gic.acknowledge();
        EXPECT_EQ(iar, 70u);  // nothing pending is left: 160, the last on the list, is refilled
        gic.pend(200);        // and 200 put behind it
        gic.end(iar);
        came = gic.drain();
    }});
    return came;
}

TEST(SpillingEdge, BehindTheOneThatLeftItIsLost) {
    validation::behaviour("Sharp edges",
                          "an interrupt spilled after the last one on the list was taken off is "
                          "never found");
    VgicRig r({1, 2, false, {}});
    EXPECT_EQ(stale_tail(r), (Ids{160, 130}));
    EXPECT_TRUE(r.observed("vgic.spilled-lost"));
}

TEST(SpillingEdge, BehindTheOneThatLeftOnTheCorrectedOne) {
    VgicRig r({1, 2, true, {}});
    EXPECT_EQ(stale_tail(r), (Ids{160, 130, 200}));
}

/// Routes a spilled interrupt into a free list register, then makes room for a refill.
Ids doubled(VgicRig& r) {
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(100, 0x60);
        fill(gic);
        gic.pend(100);                // spilled
        gic.end(gic.acknowledge());   // 40: a list register is free, 70 still pending
        gic.enable(100);              // 100 goes into it, and stays on the list
        gic.write_byte(0x464, 0x68);  // out and in again: asks for the underflow interrupt
        gic.end(gic.acknowledge());   // 70: underflow, refill
        came = gic.drain();
    }});
    return came;
}

TEST(SpillingEdge, OnTheListAndInARegisterItComesTwice) {
    validation::behaviour("Sharp edges",
                          "an interrupt that is put into a list register while on the list comes "
                          "twice");
    VgicRig r({1, 2, false, {}});
    EXPECT_EQ(doubled(r), (Ids{100, 100}));
    EXPECT_TRUE(r.observed("vgic.spilled-doubled"));
}

TEST(SpillingEdge, OnTheListAndInARegisterOnTheCorrectedOne) {
    VgicRig r({1, 2, true, {}});
    EXPECT_EQ(doubled(r), Ids{100});
}

Ids disabled_while_spilled(VgicRig& r) {
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(100, 0x60);
        fill(gic);
        gic.pend(100);
        gic.disable(100);
        came = gic.drain();
    }});
    return came;
}

TEST(SpillingEdge, DisabledWhileSpilledItComesAllTheSame) {
    validation::behaviour("Sharp edges", "an interrupt disabled while spilled comes all the same");
    VgicRig r({1, 2, false, {}});
    EXPECT_EQ(disabled_while_spilled(r), (Ids{40, 70, 100}));
    EXPECT_TRUE(r.observed("vgic.spilled-disabled"));
}

TEST(SpillingEdge, DisabledWhileSpilledOnTheCorrectedOne) {
    VgicRig r({1, 2, true, {}});
    EXPECT_EQ(disabled_while_spilled(r), (Ids{40, 70}));
}

/// vCPU 0 spills 100; vCPU 1 refills from the VM's list.
std::array<Ids, 2> spilled_by_another(VgicRig& r) {
    std::array<Ids, 2> came;
    r.run({[&](HandGic& gic) {
               gic.set_up(100, 0x30);
               fill(gic);
               gic.pend(100);
               gic.pause(2000);
               came[0] = gic.drain();
           },
           [&](HandGic& gic) {
               gic.set_up(130, 0x40, 1);
               gic.set_up(160, 0x50, 1);
               gic.set_up(200, 0x60, 1);
               gic.pause(1500);
               gic.pend(130);
               gic.pend(160);
               gic.pend(200);
               came[1] = gic.drain();
           }});
    return came;
}

TEST(SpillingEdge, SpilledByOneVcpuItComesToAnother) {
    validation::behaviour("Sharp edges",
                          "an interrupt that one vCPU spilled is refilled on another that is none "
                          "of its targets");
    VgicRig r({2, 2, false, {}});
    const auto came = spilled_by_another(r);
    EXPECT_EQ(came[0], (Ids{40, 70}));
    EXPECT_EQ(came[1], (Ids{130, 160, 100, 200}));
    EXPECT_TRUE(r.observed("vgic.spilled-astray"));
}

TEST(SpillingEdge, SpilledByOneVcpuOnTheCorrectedOne) {
    VgicRig r({2, 2, true, {}});
    const auto came = spilled_by_another(r);
    EXPECT_EQ(came[0], (Ids{40, 70, 100}));
    EXPECT_EQ(came[1], (Ids{130, 160, 200}));
}

/// vCPU 0 has 130 active and spilled; vCPU 1 refills. vCPU 0 ends it after `us`, 0 never.
void spilled_and_owned(VgicRig& r, std::uint64_t us) {
    r.run({[&, us](HandGic& gic) {
               gic.set_up(130, 0x60);
               gic.pend(130);
               EXPECT_EQ(gic.acknowledge(), 130u);
               fill(gic);  // 130, active, is spilled
               gic.pause(2000);
               if (us != 0) {
                   gic.pause(us);
                   gic.end(130);
                   EXPECT_EQ(gic.drain(), (Ids{40, 70}));
               }
           },
           [&](HandGic& gic) {
               gic.set_up(100, 0x40, 1);
               gic.set_up(160, 0x50, 1);
               gic.set_up(200, 0x70, 1);
               gic.pause(2000);
               gic.pend(100);
               gic.pend(160);
               gic.pend(200);               // spilled
               gic.end(gic.acknowledge());  // 100
               const unsigned iar = gic.acknowledge();
               EXPECT_EQ(iar, 160u);         // 200 is refilled
               gic.write_byte(0x4c8, 0x78);  // and asks for the underflow interrupt
               gic.end(iar);
               EXPECT_EQ(gic.drain(), Ids{200});
           }});
}

TEST(SpillingEdge, OwnedByAnotherVcpuTheRefillWaits) {
    validation::behaviour("Sharp edges",
                          "a refill waits at EL2 for a spilled interrupt that another vCPU owns, "
                          "until that one ends it");
    VgicRig r({2, 2, false, {}});
    spilled_and_owned(r, 1000);
    EXPECT_TRUE(r.observed("vgic.spilled-owned"));
    EXPECT_FALSE(r.crashed());
    EXPECT_TRUE(r.all_finished());
}

TEST(SpillingEdge, OwnedByAnotherVcpuThatNeverEndsItTheRefillHangs) {
    VgicRig r({2, 2, false, {}});
    spilled_and_owned(r, 0);
    EXPECT_TRUE(r.observed("vgic.spilled-owned"));
    EXPECT_TRUE(r.crashed());
}

TEST(SpillingEdge, OwnedByAnotherVcpuOnTheCorrectedOne) {
    VgicRig r({2, 2, true, {}});
    spilled_and_owned(r, 0);
    EXPECT_TRUE(r.silent());
    EXPECT_TRUE(r.all_finished());
}

/// A handler that disables its interrupt before it ends it, as a level-triggered one of a
/// user-space driver does, and enables it later.
Ids disabled_while_active(VgicRig& r) {
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(40, 0x10);
        gic.pend(40);
        const unsigned iar = gic.acknowledge();
        gic.disable(40);
        gic.end(iar);
        gic.enable(40);
        gic.pend(40);
        came = gic.drain();
    }});
    return came;
}

TEST(SpillingEdge, DisabledWhileActiveItNeverComesAgain) {
    validation::behaviour("Sharp edges",
                          "an interrupt that the guest disables before it ends it stays active for "
                          "ever");
    VgicRig r({1, 4, false, {}});
    EXPECT_EQ(disabled_while_active(r), Ids{});
    EXPECT_TRUE(r.observed("vgic.end-lost"));
}

/// An interrupt that moves to another vCPU while active, as a balancer of interrupts moves it.
std::array<Ids, 2> retargeted_while_active(VgicRig& r) {
    std::array<Ids, 2> came;
    r.run({[&](HandGic& gic) {
               gic.set_up(40, 0x10);
               gic.pend(40);
               const unsigned iar = gic.acknowledge();
               gic.write_byte(0x828, 0b10);
               gic.end(iar);
               gic.pend(40);
               gic.pause(500);
               came[0] = gic.drain();
           },
           [&](HandGic& gic) {
               gic.pause(5000);
               came[1] = gic.drain();
           }});
    return came;
}

TEST(SpillingEdge, RetargetedWhileActiveItNeverComesAgain) {
    validation::behaviour("Sharp edges",
                          "an interrupt that the guest retargets before it ends it stays active "
                          "for ever");
    VgicRig r({2, 4, false, {}});
    EXPECT_EQ(retargeted_while_active(r), (std::array<Ids, 2>{}));
    EXPECT_TRUE(r.observed("vgic.end-lost"));
}

TEST(SpillingEdge, RetargetedWhileActiveOnTheCorrectedOne) {
    VgicRig r({2, 4, true, {}});
    EXPECT_EQ(retargeted_while_active(r), (std::array<Ids, 2>{Ids{}, Ids{40}}));
}

TEST(SpillingEdge, DisabledWhileActiveOnTheCorrectedOne) {
    VgicRig r({1, 4, true, {}});
    EXPECT_EQ(disabled_while_active(r), Ids{40});
}

/// SGI 7 to vCPU 0 from itself and from vCPU 1, twice: the sources that came.
Ids two_sources(VgicRig& r) {
    Ids sources;
    r.run({[&](HandGic& gic) {
               gic.write_byte(0x407, 0x10);
               for (unsigned round = 0; round < 2; ++round) {
                   gic.sgi(7, 1);
                   gic.pause(1000);
                   for (;;) {
                       const unsigned iar = gic.acknowledge();
                       if ((iar & 0x3ff) != 7)
                           break;
                       sources.push_back(iar >> 10 & 7);
                       gic.end(iar);
                   }
                   gic.pause(1000);
               }
           },
           [&](HandGic& gic) {
               gic.pause(1500);
               gic.sgi(7, 1);
               gic.pause(2000);
               gic.sgi(7, 1);
           }});
    return sources;
}

TEST(SpillingEdge, OfTwoSourcesOfAnSgiOneIsForgotten) {
    validation::behaviour("Sharp edges",
                          "of an SGI that is pending from two vCPUs one is forgotten, and with it "
                          "all later ones from that vCPU");
    VgicRig r({2, 4, false, {}});
    EXPECT_EQ(two_sources(r), (Ids{1, 1}));
    EXPECT_TRUE(r.observed("vgic.sgi-source-forgotten"));
}

TEST(SpillingEdge, OfTwoSourcesOfAnSgiBothComeOnTheCorrectedOne) {
    VgicRig r({2, 4, true, {}});
    Ids sources = two_sources(r);
    EXPECT_EQ(sources.size(), 4u);
    EXPECT_EQ(std::count(sources.begin(), sources.end(), 0u), 2);
}

/// SGI 0 is pending while the end of an injected interrupt makes its maintenance exit; then it
/// comes again.
Ids sgi0_and_an_end(VgicRig& r) {
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.write_byte(0x400, 0x80);
        gic.set_up(40, 0x10);
        gic.sgi(0, 1);
        gic.pend(40);
        gic.end(gic.acknowledge());  // 40
        gic.sgi(0, 1);
        came = gic.drain();
    }});
    return came;
}

TEST(SpillingEdge, TheEndOfAnotherForgetsSgi0WhichThenComesTwice) {
    validation::behaviour("Sharp edges",
                          "the maintenance exit forgets that SGI 0 is in a list register; sent "
                          "again, it comes twice");
    VgicRig r({1, 4, false, {}});
    EXPECT_EQ(sgi0_and_an_end(r), (Ids{0, 0}));
    EXPECT_TRUE(r.observed("vgic.sgi0-forgotten"));
}

TEST(SpillingEdge, Sgi0OnTheCorrectedOne) {
    VgicRig r({1, 4, true, {}});
    EXPECT_EQ(sgi0_and_an_end(r), Ids{0});
}

/// As many handlers nested as there are list registers, and one more interrupt behind them.
Ids nested_full(VgicRig& r) {
    Ids came;
    r.run({[&](HandGic& gic) {
        gic.set_up(100, 0x60);
        gic.set_up(40, 0x10);
        gic.set_up(70, 0x20);
        gic.pend(70);
        EXPECT_EQ(gic.acknowledge(), 70u);
        gic.pend(40);
        EXPECT_EQ(gic.acknowledge(), 40u);
        gic.pend(100);
        gic.end(40);
        gic.end(70);
        came = gic.drain();
    }});
    return came;
}

TEST(SpillingEdge, AllRegistersActiveAndOneSpilledStorms) {
    validation::behaviour("Sharp edges",
                          "with an active interrupt in every list register and a pending one "
                          "spilled the maintenance interrupt never stops");
    VgicRig r({1, 2, false, {}});
    nested_full(r);
    EXPECT_TRUE(r.observed("vgic.maintenance-storm"));
    EXPECT_TRUE(r.crashed());
}

TEST(SpillingEdge, AllRegistersActiveOnTheCorrectedOne) {
    VgicRig r({1, 2, true, {}});
    EXPECT_EQ(nested_full(r), Ids{100});
}

// vgic_int_get_pend, vgic_int_get_act: the copy in memory, not the list register.
TEST(SpillingEdge, ThePendingStateOfAListRegisterIsNotRead) {
    validation::behaviour("Sharp edges",
                          "the pending and active registers read 0 for an interrupt in a list "
                          "register");
    VgicRig r({1, 4, false, {}});
    r.run({[&](HandGic& gic) {
        gic.set_up(40, 0x10);
        gic.pend(40);
        EXPECT_FALSE(gic.is_pending(40));
        gic.acknowledge();
        EXPECT_FALSE(gic.is_active(40));
    }});
    EXPECT_TRUE(r.all_finished());
    EXPECT_TRUE(r.observed("vgic.state-unread"));
}

TEST(SpillingEdge, ThePendingStateOfAListRegisterOnTheCorrectedOne) {
    VgicRig r({1, 4, true, {}});
    r.run({[&](HandGic& gic) {
        gic.set_up(40, 0x10);
        gic.pend(40);
        EXPECT_TRUE(gic.is_pending(40));
        gic.acknowledge();
        EXPECT_TRUE(gic.is_active(40));
        EXPECT_FALSE(gic.is_pending(40));
    }});
    EXPECT_TRUE(r.all_finished());
}

}  // namespace
