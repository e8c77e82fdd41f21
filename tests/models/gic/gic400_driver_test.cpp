// The GIC-400 under the access sequences of the public GICv2 drivers (tests/support/gic_drivers.h),
// unmodified: initialisation, configuration, handling, SGIs. What must come of them is the
// architecture's (IHI 0048B chapter 3).
#include <vector>

#include <gtest/gtest.h>

#include "tests/models/gic/gic400_bench_board.h"
#include "tests/support/gic_drivers.h"
#include "tests/support/validation.h"

namespace gic_test {
namespace {

constexpr unsigned level_spi = 48;
constexpr unsigned edge_spi = 61;

gic_drivers::Port port(Board& b, unsigned cpu) {
    return {[&b, cpu](std::uint32_t o) { return b.rd(cpu, o); },
            [&b, cpu](std::uint32_t o, std::uint32_t v) { b.wd(cpu, o, v); },
            [&b, cpu](std::uint32_t o, std::uint32_t v) {
                b.write(b.gic.distributor(), cpu, o, v, Width::byte);
            },
            [&b, cpu](std::uint32_t o) { return b.rc(cpu, o); },
            [&b, cpu](std::uint32_t o, std::uint32_t v) { b.wc(cpu, o, v); }};
}

class LinuxDriver : public testing::TestWithParam<bool> {
  protected:
    LinuxDriver() : first(port(b, 0), GetParam()), second(port(b, 1), GetParam()) {
        first.init_distributor();
        masks = {first.init_cpu(), second.init_cpu()};
    }
    Board b;
    gic_drivers::Linux first, second;
    std::vector<std::uint32_t> masks;
    std::vector<unsigned> taken;
    void record(unsigned irq) { taken.push_back(irq); }
};

TEST_P(LinuxDriver, Initialises) {
    if (!GetParam())  // named once
        validation::behaviour("GIC-400",
                              "the Linux GICv2 driver, unmodified accesses, EOImode 0 "
                              "and 1");
    EXPECT_EQ(first.interrupts(), 192u);
    EXPECT_TRUE(first.is_gicv2()) << "GICC_IIDR as the driver tells a GICv2 by it";
    EXPECT_EQ(masks, (std::vector<std::uint32_t>{1, 2}));
    EXPECT_EQ(b.rd(0, gicd::ctlr), 1u);
    for (unsigned id = 32; id < 192; ++id) {
        EXPECT_FALSE(b.gic.enabled(Board::id(0), Board::intid(id)));
        EXPECT_EQ(b.gic.priority(Board::id(0), Board::intid(id)), 0xa0);
    }
    EXPECT_EQ(b.rc(1, gicc::ctlr), GetParam() ? 0x201u : 1u);
    EXPECT_EQ(b.rc(1, gicc::pmr), 0xf0u);
}

TEST_P(LinuxDriver, HandlesALevelUntilItsLineFalls) {
    EXPECT_TRUE(first.set_type(level_spi, false));
    first.enable(level_spi);
    b.spi(level_spi, true);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_FALSE(b.cpu[1].irq_level) << "the boot CPU only";
    unsigned entries = 0;
    EXPECT_EQ(first.handle([&](unsigned irq) {
        record(irq);
        EXPECT_TRUE(first.active(level_spi));
        EXPECT_FALSE(b.cpu[0].irq_level);
        if (++entries == 2)  // the first handler left the device's request standing
            b.spi(level_spi, false);
    }),
              2u);
    EXPECT_EQ(taken, (std::vector<unsigned>{level_spi, level_spi}));
    EXPECT_FALSE(first.active(level_spi));
    EXPECT_FALSE(b.cpu[0].irq_level);
}

TEST_P(LinuxDriver, AnEdgeDuringItsHandlerIsNotLost) {
    EXPECT_TRUE(first.set_type(edge_spi, true));
    first.enable(edge_spi);
    const auto pulse = [&] {
        b.spi(edge_spi, true);
        b.spi(edge_spi, false);
    };
    pulse();
    EXPECT_EQ(first.handle([&](unsigned irq) {
        record(irq);
        if (taken.size() == 1)
            pulse();
    }),
              2u);
    EXPECT_EQ(taken, (std::vector<unsigned>{edge_spi, edge_spi}));
}

TEST_P(LinuxDriver, MasksLazilyInTheHandler) {
    // handle_fasteoi_irq of a disabled interrupt: masked, then ended, then unmasked again.
    first.set_type(level_spi, false);
    first.enable(level_spi);
    b.spi(level_spi, true);
    EXPECT_EQ(first.handle([&](unsigned) { first.disable(level_spi); }), 1u);
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_TRUE(first.pending(level_spi)) << "the line is still high";
    first.enable(level_spi);
    EXPECT_TRUE(b.cpu[0].irq_level);
    EXPECT_EQ(first.handle([&](unsigned) { b.spi(level_spi, false); }), 1u);
}

TEST_P(LinuxDriver, MovesAnInterruptAndRetriggersIt) {
    first.set_type(edge_spi, true);
    first.enable(edge_spi);
    first.set_affinity(edge_spi, masks[1]);
    first.set_pending(edge_spi);  // gic_retrigger
    EXPECT_FALSE(b.cpu[0].irq_level);
    EXPECT_TRUE(b.cpu[1].irq_level);
    EXPECT_EQ(second.handle([&](unsigned irq) { record(irq); }), 1u);
    EXPECT_EQ(taken, std::vector<unsigned>{edge_spi});
}

TEST_P(LinuxDriver, SendsIpis) {
    for (unsigned sgi = 0; sgi < 8; ++sgi)
        second.enable(sgi);
    first.send_ipi(0, masks[1]);
    first.send_ipi(4, masks[1]);
    second.send_ipi(0, masks[1]);  // the same from another source
    EXPECT_TRUE(b.cpu[1].irq_level);
    EXPECT_EQ(second.handle([&](unsigned irq) { record(irq); }), 3u);
    EXPECT_EQ(taken, (std::vector<unsigned>{0, 0, 4}));
    EXPECT_FALSE(b.cpu[1].irq_level);
}

TEST_P(LinuxDriver, SpuriousEndsTheLoop) {
    first.set_type(level_spi, false);
    first.enable(level_spi);
    b.spi(level_spi, true);
    b.spi(level_spi, false);
    EXPECT_EQ(first.handle([&](unsigned irq) { record(irq); }), 0u);
}

INSTANTIATE_TEST_SUITE_P(EoiModes, LinuxDriver, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Split" : "Together"; });

class ZephyrDriver : public testing::Test {
  protected:
    ZephyrDriver() : gic(port(b, 0)) {
        gic.init_distributor();
        gic.init_cpu();
    }
    Board b;
    gic_drivers::Zephyr gic;
    std::vector<unsigned> taken;
};

TEST_F(ZephyrDriver, Initialises) {
    EXPECT_EQ(gic.interrupts(), 192u);
    EXPECT_EQ(gic.bitmap(), 1u);
    EXPECT_TRUE(gic.enabled(15));
    EXPECT_FALSE(gic.enabled(27));
    EXPECT_FALSE(gic.enabled(32));
    EXPECT_EQ(b.rc(0, gicc::ctlr), 1u);
}

TEST_F(ZephyrDriver, HandlesByPriority) {
    validation::behaviour("GIC-400", "the Zephyr GICv2 driver, unmodified accesses");
    gic.set_priority(level_spi, 0x40, false);
    gic.set_priority(edge_spi, 0x20, true);
    gic.enable(level_spi);
    gic.enable(edge_spi);
    b.spi(level_spi, true);
    EXPECT_EQ(gic.handle([&](unsigned irq) {
        taken.push_back(irq);
        b.spi(level_spi, false);
        b.spi(edge_spi, true);
        EXPECT_TRUE(b.cpu[0].irq_level) << "preempts";
        EXPECT_EQ(gic.handle([&](unsigned inner) { taken.push_back(inner); }), 1u);
    }),
              1u);
    EXPECT_EQ(taken, (std::vector<unsigned>{level_spi, edge_spi}));
    EXPECT_EQ(gic.handle([](unsigned) {}), 0u);
}

TEST_F(ZephyrDriver, SetsAndClearsPendingAndRaisesAnSgi) {
    gic.set_priority(edge_spi, 0x20, true);
    gic.set_pending(edge_spi);
    EXPECT_TRUE(gic.pending(edge_spi));
    gic.clear_pending(edge_spi);
    EXPECT_FALSE(gic.pending(edge_spi));
    gic.raise_sgi(2, gic.bitmap());
    EXPECT_EQ(gic.handle([&](unsigned irq) { taken.push_back(irq); }), 1u);
    EXPECT_EQ(taken, std::vector<unsigned>{2});
}

}  // namespace
}  // namespace gic_test
