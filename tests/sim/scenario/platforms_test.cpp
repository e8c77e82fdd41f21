// The presets against the public descriptions of the platforms: Bao's (src/platform) for memory,
// console and interrupt controller; AMD UG1085 for what is passed through.
#include <string>

#include <gtest/gtest.h>

#include "tests/sim/scenario/scenario_files.h"
#include "tests/support/validation.h"

namespace sim::test {
namespace {

LoadResult shipped(const std::string& scenario) {
    return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/" + scenario, {});
}

TEST(Platforms, Zcu104) {
    validation::behaviour("Platforms",
                          "ZCU104: RAM, UARTs, GIC-400, GEM3 and CPUs where the platform has them");
    const LoadResult r = shipped("console-echo.yaml");
    ASSERT_TRUE(r.scenario) << all(r);
    const PlatformConfig& p = r.scenario->platform;
    EXPECT_EQ(p.cpu_num, 4u);
    EXPECT_EQ(p.cpu_hz, 1'200'000'000u);
    EXPECT_EQ(p.counter_hz, 100'000'000u);
    EXPECT_FALSE(p.firmware_standby);
    ASSERT_EQ(p.ram.size(), 1u);
    EXPECT_EQ(p.ram[0].base.value, 0x0008'0000u);
    EXPECT_LE(p.ram[0].base.value + p.ram[0].size, 0x8000'0000u) << "2 GiB, the end is firmware's";
    EXPECT_EQ(p.gic.gicd.value, 0xf901'0000u);
    EXPECT_EQ(p.gic.gicc.value, 0xf902'f000u);
    EXPECT_EQ(p.gic.gich.value, 0xf904'0000u);
    EXPECT_EQ(p.gic.gicv.value, 0xf906'f000u);
    EXPECT_EQ(p.gic.list_registers, 4u);
    EXPECT_EQ(p.gic.maintenance.value, 25u);
    ASSERT_EQ(p.uarts.size(), 2u);
    EXPECT_EQ(p.uarts[0].base.value, 0xff00'0000u);
    EXPECT_EQ(p.uarts[0].interrupt.value, 53u);
    EXPECT_EQ(p.uarts[1].base.value, 0xff01'0000u);
    EXPECT_EQ(p.uarts[1].interrupt.value, 54u);
    for (const UartConfig& u : p.uarts) {
        EXPECT_EQ(u.model, UartModel::cadence);
        EXPECT_EQ(u.reference_clock_hz, 100'000'000u);
    }
    ASSERT_EQ(p.nics.size(), 1u);
    EXPECT_EQ(p.nics[0].base.value, 0xff0e'0000u);
    ASSERT_EQ(p.nics[0].interrupts.size(), 2u);
    EXPECT_EQ(p.nics[0].interrupts[0].value, 95u);
    EXPECT_EQ(p.nics[0].interrupts[1].value, 96u);
    EXPECT_EQ(p.nics[0].stream_id, 0x877u);
    // Where the demos' guests see their interrupt controller.
    EXPECT_EQ(r.scenario->vms[1].gicd.value, 0xf901'0000u);
    EXPECT_EQ(r.scenario->vms[1].gicc.value, 0xf902'0000u);
}

// With GICv2 in place of the GICv3 of Bao's description: the machine of the measured table.
TEST(Platforms, QemuVirt) {
    validation::behaviour("Platforms", "QEMU virt (with a GICv2): RAM, UART and distributor");
    const LoadResult r = shipped("access-qemu-virt.yaml");
    ASSERT_TRUE(r.scenario) << all(r);
    const PlatformConfig& p = r.scenario->platform;
    EXPECT_EQ(p.cpu_num, 4u);
    EXPECT_TRUE(p.firmware_standby);
    ASSERT_EQ(p.ram.size(), 1u);
    EXPECT_EQ(p.ram[0].base.value, 0x4000'0000u);
    EXPECT_EQ(p.ram[0].size, std::uint64_t{4} << 30);
    EXPECT_EQ(p.gic.gicd.value, 0x0800'0000u);
    EXPECT_EQ(p.uarts.at(0).model, UartModel::pl011);
    EXPECT_EQ(p.uarts.at(0).base.value, 0x0900'0000u);
}

}  // namespace
}  // namespace sim::test
