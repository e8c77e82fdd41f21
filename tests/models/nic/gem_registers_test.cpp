// The GEM's registers, interrupts and management port against UG1087 (module GEM) and IEEE
// 802.3-2018, 22.2.4; where UG1087 gives no value, QEMU's model, and what Linux' macb tests.
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/nic/gem_bench.h"

namespace models::test {
namespace {

using testing::ElementsAre;

TEST(GemRegisters, ResetValues) {
    // UG1087, register summary; revision_reg as boards with production silicon show it.
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> manual{
        {0x000, 0}, {0x004, 0x0028'0000}, {0x008, 0x4}, {0x010, 0x0002'0784}, {0x014, 0},
        {0x018, 0}, {0x01c, 0},           {0x020, 0},   {0x024, 0},           {0x030, 0x07ff'ffff},
        {0x034, 0}, {0x048, 0x2800},      {0x080, 0},   {0x084, 0},           {0x088, 0},
        {0x08c, 0}, {0x0fc, 0x5007'0106}, {0x440, 0},   {0x480, 0},           {0x4a0, 2},
        {0x4c8, 0}, {0x4d4, 0},
    };
    GemBench b;
    for (const auto& [offset, value] : manual)
        EXPECT_EQ(b.read(offset), value) << std::hex << offset;
}

// What Linux' macb_configure_caps() and macb_probe_queues() take from the design configuration.
TEST(GemRegisters, DesignConfigurationTellsWhatIsModelled) {
    GemBench b;
    const std::uint32_t d1 = b.read(gem::designcfg_debug1);
    EXPECT_EQ(d1 >> 23 & 1, 0U) << "IRQCOR: int_status is cleared by writing";
    EXPECT_EQ(d1 >> 25 & 7, 2U) << "DBWDEF: 64 bits";
    EXPECT_NE(b.read(gem::designcfg_debug2) & 3U << 20, 0U) << "packet buffers, no FIFO mode";
    EXPECT_EQ(b.read(gem::designcfg_debug5) >> 8 & 1, 0U) << "TSU";
    EXPECT_EQ(b.read(gem::designcfg_debug6) & 0xff, 0U) << "queues beside the first";
    EXPECT_EQ(b.read(gem::designcfg_debug6) >> 23 & 1, 1U) << "DAW64";
}

TEST(GemRegisters, AccessRights) {
    GemBench b;
    b.write(gem::network_control, ~(gem::control::man_port_en | gem::control::inc_all_stats_regs));
    EXPECT_EQ(b.read(gem::network_control) & gem::control::commands, 0U) << "commands read as zero";
    b.write(gem::network_control, 0);
    for (const std::uint32_t read_only :
         {0x008U, 0x030U, 0x0fcU, 0x100U, 0x1a0U, 0x280U, 0x294U, 0x400U, 0x640U}) {
        const std::uint32_t before = b.read(read_only);
        b.write(read_only, ~before);
        EXPECT_EQ(b.read(read_only), before) << std::hex << read_only;
    }
    b.write(gem::spec_add1_bottom + 4, 0xffff'ffff);
    EXPECT_EQ(b.read(gem::spec_add1_bottom + 4), 0xffffU);
    // Extended descriptors, which carry time stamps, are not modelled: they cannot be asked for.
    b.write(gem::dma_config, 0xffff'ffff);
    EXPECT_EQ(b.read(gem::dma_config) & 3U << 28, 0U);
}

// UG1087, receive_q_ptr: writes are ignored once reception is enabled.
TEST(GemRegisters, QueuePointers) {
    GemBench b;
    b.write(gem::receive_q_ptr, 0x4000'0103);
    EXPECT_EQ(b.read(gem::receive_q_ptr), 0x4000'0100U);
    b.write(gem::network_control, gem::control::enable_receive);
    b.write(gem::receive_q_ptr, 0x4000'0200);
    EXPECT_EQ(b.read(gem::receive_q_ptr), 0x4000'0100U);
    b.write(gem::transmit_q_ptr, 0x4000'0303);
    EXPECT_EQ(b.read(gem::transmit_q_ptr), 0x4000'0300U);
}

TEST(GemRegisters, MaskFollowsEnableAndDisable) {
    GemBench b;
    b.write(gem::int_enable, 0x8e);
    EXPECT_EQ(b.read(gem::int_mask), 0x07ff'ff71U);
    b.write(gem::int_disable, 0x82);
    EXPECT_EQ(b.read(gem::int_mask), 0x07ff'fff3U);
    EXPECT_EQ(b.read(gem::int_enable), 0U);
    b.write(gem::int_q1_enable, 0x80);
    EXPECT_EQ(b.read(gem::int_q1_mask), 0x07ff'ff7fU);
    b.write(gem::int_q1_disable, 0x80);
    EXPECT_EQ(b.read(gem::int_q1_mask), 0x07ff'ffffU);
}

// A cause is recorded only while it is enabled (UG1087, int_status; relied upon by Linux'
// macb_poll(), which looks at the ring again after enabling), and goes by writing one to it.
TEST(GemRegisters, CausesAreRecordedWhileEnabled) {
    GemBench b;
    b.write(gem::network_control, gem::control::man_port_en);
    b.write(gem::phy_management, 0x6000'0000 | 0x0002'0000);
    b.run_for(Picos::us(30));
    EXPECT_EQ(b.read(gem::int_status), 0U);
    b.write(gem::int_enable, 1);
    EXPECT_TRUE(b.gic.edges.empty());
    b.write(gem::phy_management, 0x6000'0000 | 0x0002'0000);
    b.run_for(Picos::us(30));
    EXPECT_EQ(b.read(gem::int_status), 1U);
    EXPECT_EQ(b.read(gem::int_status), 1U) << "reading clears nothing";
    EXPECT_EQ(b.gic.edges.size(), 1U);
    b.write(gem::int_disable, 1);
    EXPECT_EQ(b.gic.edges.size(), 2U) << "masked: the line falls";
    b.write(gem::int_enable, 1);
    EXPECT_EQ(b.gic.edges.size(), 3U) << "the cause is still there";
    b.write(gem::int_status, 1);
    EXPECT_EQ(b.read(gem::int_status), 0U);
    EXPECT_EQ(b.gic.edges.size(), 4U);
}

// --- management port: IEEE 802.3-2018, 22.2.4.5 ------------------------------------------------

constexpr std::uint32_t phy_read(std::uint32_t phy, std::uint32_t reg) {
    return 0x6002'0000 | phy << 23 | reg << 18;
}
constexpr std::uint32_t phy_write(std::uint32_t phy, std::uint32_t reg, std::uint32_t value) {
    return 0x5002'0000 | phy << 23 | reg << 18 | value;
}

struct ManagementTest : testing::Test {
    GemBench b;
    ManagementTest() { b.write(gem::network_control, gem::control::man_port_en); }
    std::uint32_t read(std::uint32_t reg, std::uint32_t phy = 12) {
        b.write(gem::phy_management, phy_read(phy, reg));
        b.run_for(Picos::us(30));
        EXPECT_EQ(b.read(gem::network_status) & 4, 4U);
        return b.read(gem::phy_management) & 0xffff;
    }
    void write(std::uint32_t reg, std::uint32_t value) {
        b.write(gem::phy_management, phy_write(12, reg, value));
        b.run_for(Picos::us(30));
    }
};

// 64 periods of MDC: 100 MHz / 32 after reset (network_config.mdc_clock_div = 2).
TEST_F(ManagementTest, ATransferTakes64BitsAndTellsItsEnd) {
    constexpr std::uint64_t transfer = 64 * 32 * 10'000;
    b.run_until(Picos::us(1));
    b.write(gem::int_enable, gem::interrupt::management_frame_sent);
    b.write(gem::phy_management, phy_read(12, 2));
    EXPECT_FALSE(b.activity.idle()) << "its interrupt is still to come";
    b.run_until(Picos{1'000'000 + transfer - 1});
    EXPECT_EQ(b.read(gem::network_status) & 4, 0U);
    b.run_until(Picos{1'000'000 + transfer});
    EXPECT_EQ(b.read(gem::network_status) & 4, 4U);
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, 1'000'000 + transfer}));
    EXPECT_EQ(b.read(gem::phy_management), phy_read(12, 2) | 0x2000);
    EXPECT_TRUE(b.activity.idle());
}

TEST_F(ManagementTest, DividersOfTheManual) {
    // UG1087, network_config.mdc_clock_div.
    constexpr std::array<std::uint64_t, 8> dividers{8, 16, 32, 48, 64, 96, 128, 224};
    for (std::uint32_t i = 0; i < 8; ++i) {
        b.write(gem::network_config, i << 18);
        b.write(gem::phy_management, phy_read(12, 2));
        const Picos begin = kernel_now();
        const std::uint64_t transfer = 64 * dividers[i] * 10'000;
        b.run_until(begin + Picos{transfer - 1});
        EXPECT_EQ(b.read(gem::network_status) & 4, 0U) << i;
        b.run_until(begin + Picos{transfer});
        EXPECT_EQ(b.read(gem::network_status) & 4, 4U) << i;
    }
}

TEST_F(ManagementTest, NothingHappensWithoutThePort) {
    b.write(gem::network_control, 0);
    b.write(gem::phy_management, phy_read(12, 2));
    EXPECT_EQ(b.read(gem::network_status) & 4, 4U);
    EXPECT_EQ(b.read(gem::phy_management), 0U);
}

TEST_F(ManagementTest, NobodyAtAnotherAddress) {
    EXPECT_EQ(read(2, 7), 0xffffU);
}

TEST_F(ManagementTest, IdentityAndAbilities) {
    EXPECT_EQ(read(2), 0x2000U);
    EXPECT_EQ(read(3), 0xa231U);
    EXPECT_EQ(read(0), 0x1140U);
    EXPECT_EQ(read(1), 0x796dU) << "negotiated before the run, link up";
    EXPECT_EQ(read(4), 0x01e1U);
    EXPECT_EQ(read(9), 0x0300U);
    EXPECT_EQ(read(10) & 0x0800, 0x0800U) << "the partner does 1000BASE-T full duplex";
    EXPECT_EQ(read(15), 0x3000U);
    EXPECT_EQ(read(17), 0xac00U) << "DP83867 PHYSTS: 1000 Mb/s, full duplex, resolved, link";
    write(2, 0x1234);
    EXPECT_EQ(read(2), 0x2000U) << "read only";
}

// 22.2.4.1.1: the reset bit clears itself, registers take their defaults; auto-negotiation begins
// anew and the link is down meanwhile.
TEST_F(ManagementTest, ResetBeginsAutonegotiationAnew) {
    write(4, 0x0041);
    write(0, 0x8000);
    EXPECT_EQ(read(0), 0x1140U);
    EXPECT_EQ(read(4), 0x01e1U);
    EXPECT_EQ(read(1) & 0x24, 0U);
    b.run_for(Picos::us(100));
    EXPECT_EQ(read(1) & 0x24, 0x20U) << "the link bit was low since the last read";
    EXPECT_EQ(read(1) & 0x24, 0x24U);
}

// 22.2.4.2.13: link status latches low.
TEST_F(ManagementTest, ALossOfLinkIsSeenLater) {
    b.link.set_up(false);
    b.link.set_up(true);
    b.run_for(Picos::us(200));
    EXPECT_EQ(read(1) & 4, 0U);
    EXPECT_EQ(read(1) & 4, 4U);
}

TEST_F(ManagementTest, SpeedIsTheLinks) {
    b.link.hz = 100'000'000;
    EXPECT_EQ(read(10), 0U);
    EXPECT_EQ(read(5) & 0x0100, 0x0100U);
    EXPECT_EQ(read(17) >> 14, 1U);
    b.link.hz = 10'000'000;
    EXPECT_EQ(read(5) & 0x0140, 0x0040U);
    EXPECT_EQ(read(17) >> 14, 0U);
}

TEST_F(ManagementTest, NoLinkWithoutACommonSpeed) {
    write(9, 0);  // no 1000BASE-T
    EXPECT_EQ(read(1) & 0x24, 0x20U);
    write(0, 0x0140);  // forced: 1000 Mb/s, full duplex
    read(1);
    EXPECT_EQ(read(1) & 0x24, 0x04U);
    write(0, 0x0940);  // powered down
    EXPECT_EQ(read(1) & 0x04, 0U);
}

}  // namespace
}  // namespace models::test
