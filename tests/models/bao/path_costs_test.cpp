// The legs of a trapped access against the measured rows (models/bao/data/bao-path-costs.csv,
// GICv2): instructions counted as executed, device accesses as the models saw them.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"

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

struct Row {
    Leg leg;
    std::uint32_t instructions;
};

void expect_row(const Recorder& r, Leg leg, std::uint32_t instructions, std::size_t count) {
    const auto found = r.of(leg);
    ASSERT_GE(found.size(), count) << bao::leg_info(leg).name;
    for (const auto& l : found)
        EXPECT_EQ(l.instructions, instructions) << bao::leg_info(leg).name;
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

}  // namespace
