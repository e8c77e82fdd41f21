// The VirtIO-MMIO register file and status machine, register by register, against VirtIO v1.4: 2.1,
// 2.2, 3.1 and 4.2.2 (table 4.1 of the MMIO device register layout).
#include "vms/service/virtio/mmio_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/fake_device.h"
#include "tests/vms/service/rig.h"

namespace vms::service::test {
namespace {

namespace mmio = abi::mmio;
namespace bit = abi::mmio::status_bit;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr std::uint64_t device_feature_a = 1 << 0;
constexpr std::uint64_t device_feature_b = 1 << 1;
constexpr FeatureDependency dependencies[] = {{1, 0}};  // b needs a

constexpr std::uint64_t offered = version_1 | access_platform | event_idx | indirect_desc |
                                  ring_reset | device_feature_a | device_feature_b;

/// The transport reads the profile once, at its construction.
FakeDevice& with_features(FakeDevice& device) {
    device.facts.features = offered;
    device.facts.dependencies = dependencies;
    return device;
}

class MmioTransportTest : public ::testing::Test {
  protected:
    void start(std::uint64_t features = version_1 | access_platform) {
        ASSERT_TRUE(regs.negotiate(features));
        regs.configure(0, ring0.areas());
        regs.configure(1, ring1.areas());
        regs.driver_ok();
    }

    Machine m;
    DeviceCounters counters;
    FakeDevice device;
    DriverRing ring0{m.cpu, shared_base, 16};
    DriverRing ring1{m.cpu, shared_base + 0x1000, 16};
    MmioTransport transport{m.port, m.memory, with_features(device), 0x0a00'3e00, counters};
    Registers regs{transport};
};

// 4.2.2, the identification registers; each read leaves no trace.
TEST_F(MmioTransportTest, Identification) {
    EXPECT_EQ(regs.read(0x000), 0x74726976u);
    EXPECT_EQ(regs.read(0x004), 2u);
    EXPECT_EQ(regs.read(0x008), 3u);
    EXPECT_EQ(regs.read(0x00c), vendor_id);
    EXPECT_EQ(counters.errors(), 0u);
}

// 4.2.2: DeviceFeatures shows the word that DeviceFeaturesSel names, 0 beyond the last.
TEST_F(MmioTransportTest, DeviceFeaturesBySelector) {
    regs.write(0x014, 1);
    EXPECT_EQ(regs.read(0x010), static_cast<std::uint32_t>(offered >> 32));
    regs.write(0x014, 0);
    EXPECT_EQ(regs.read(0x010), static_cast<std::uint32_t>(offered));
    for (const std::uint32_t sel : {2u, 3u, 4u, 0x8000'0000u, 0xffff'ffffu}) {
        regs.write(0x014, sel);
        EXPECT_EQ(regs.read(0x010), 0u) << sel;
    }
}

// 4.2.2: QueueSizeMax is 0 for a queue that does not exist.
TEST_F(MmioTransportTest, QueueSizeMaxBySelector) {
    for (const std::uint32_t q : {0u, 1u}) {
        regs.write(0x030, q);
        EXPECT_EQ(regs.read(0x034), 64u);
        EXPECT_EQ(regs.read(0x044), 0u);
    }
    for (const std::uint32_t q : {2u, 7u, 8u, 0xffff'ffffu}) {
        regs.write(0x030, q);
        EXPECT_EQ(regs.read(0x034), 0u);
        EXPECT_EQ(regs.read(0x044), 0u);
        regs.write(0x038, 16);  // harmless
        regs.write(0x080, 0x1234);
        regs.write(0x044, 1);
        EXPECT_EQ(regs.read(0x044), 0u);
    }
}

// 4.2.2: an absent shared memory region has length -1 (and a base of all ones), whichever is
// chosen.
TEST_F(MmioTransportTest, SharedMemoryRegionsAreAbsent) {
    for (const std::uint32_t id : {0u, 1u, 255u}) {
        regs.write(0x0ac, id);
        for (const std::uint32_t r : {0x0b0u, 0x0b4u, 0x0b8u, 0x0bcu})
            EXPECT_EQ(regs.read(r), 0xffff'ffffu);
    }
    EXPECT_EQ(counters.errors(), 0u);
}

// 4.2.2: write-only registers read as nothing, read-only ones take nothing, holes are holes. All
// are answered and counted.
TEST_F(MmioTransportTest, DirectionsAndHoles) {
    std::uint64_t bad = 0;
    for (const std::uint32_t r : {0x014u, 0x020u, 0x024u, 0x030u, 0x038u, 0x050u, 0x064u, 0x080u,
                                  0x084u, 0x090u, 0x094u, 0x0a0u, 0x0a4u, 0x0acu}) {
        EXPECT_EQ(regs.read(r), 0u) << r;
        EXPECT_EQ(counters.bad_accesses, ++bad) << r;
    }
    for (const std::uint32_t r : {0x000u, 0x004u, 0x008u, 0x00cu, 0x010u, 0x034u, 0x060u, 0x0b0u,
                                  0x0b4u, 0x0b8u, 0x0bcu, 0x0fcu}) {
        regs.write(r, 0xffff'ffff);
        EXPECT_EQ(counters.bad_accesses, ++bad) << r;
    }
    for (const std::uint32_t r : {0x018u, 0x01cu, 0x028u, 0x03cu, 0x040u, 0x04cu, 0x054u, 0x068u,
                                  0x074u, 0x088u, 0x0a8u, 0x0c4u, 0x0f8u}) {
        EXPECT_EQ(regs.read(r), 0u) << r;
        regs.write(r, 0xffff'ffff);
        EXPECT_EQ(counters.bad_accesses, bad += 2) << r;
    }
    EXPECT_EQ(regs.read(0x000), 0x74726976u);
}

// 4.2.2.2: registers are accessed with 32 bits, aligned. The hypervisor passes any width through.
TEST_F(MmioTransportTest, WidthAndAlignmentOfRegisters) {
    std::uint64_t bad = 0;
    for (const std::uint64_t width : {0ull, 1ull, 2ull, 3ull, 8ull, 16ull, ~0ull}) {
        EXPECT_EQ(transport.read(0x000, width), 0u) << width;
        transport.write(0x070, width, 1);
        EXPECT_EQ(counters.bad_accesses, bad += 2) << width;
    }
    for (const std::uint64_t offset : {1ull, 2ull, 3ull, 0x71ull}) {
        EXPECT_EQ(transport.read(offset, 4), 0u);
        transport.write(offset, 4, 0xffff'ffff);
        EXPECT_EQ(counters.bad_accesses, bad += 2) << offset;
    }
    EXPECT_EQ(regs.read(0x070), 0u);
}

// 4.2.2.2: the value of a 32-bit write is the low word; the trap hands over the whole register.
TEST_F(MmioTransportTest, UpperHalfOfTheRegisterIsIgnored) {
    transport.write(0x070, 4, 0xdead'beef'0000'0001ull);
    EXPECT_EQ(regs.read(0x070), 1u);
}

// 4.2.2.1, 2.5: configuration with 8, 16 and 32 bits, readable from reset on.
TEST_F(MmioTransportTest, ConfigurationSpace) {
    EXPECT_EQ(transport.read(0x100, 4), 0x13121110u);
    EXPECT_EQ(transport.read(0x102, 2), 0x1312u);
    EXPECT_EQ(transport.read(0x105, 1), 0x15u);
    transport.write(0x108, 1, 0xffff'ffaa);
    EXPECT_EQ(transport.read(0x108, 4), 0x1b1a19aau);
    EXPECT_EQ(counters.bad_accesses, 0u);
    // Misaligned, too wide, beyond the end: nothing.
    EXPECT_EQ(transport.read(0x101, 2), 0u);
    EXPECT_EQ(transport.read(0x102, 4), 0u);
    EXPECT_EQ(transport.read(0x100, 8), 0u);
    EXPECT_EQ(transport.read(0x10c, 4), 0u);
    EXPECT_EQ(transport.read(~0ull, 1), 0u);
    EXPECT_EQ(counters.bad_accesses, 5u);
}

// 2.1 and 3.1.1: the status bits stay as written, in Linux's order of accesses.
TEST_F(MmioTransportTest, StatusThroughInitialisation) {
    EXPECT_EQ(regs.read(0x070), 0u);
    regs.write(0x070, 1);
    EXPECT_EQ(regs.read(0x070), 1u);
    regs.write(0x070, 3);
    EXPECT_EQ(regs.read(0x070), 3u);
    regs.write(0x024, 1);
    regs.write(0x020, 3);
    regs.write(0x024, 0);
    regs.write(0x020, 0);
    regs.write(0x070, 0xb);
    EXPECT_EQ(regs.read(0x070), 0xbu);
    regs.write(0x070, 0xf);
    EXPECT_EQ(regs.read(0x070), 0xfu);
    EXPECT_THAT(device.calls, ElementsAre("activate"));
    EXPECT_EQ(device.context.features, version_1 | access_platform);
    EXPECT_EQ(counters.errors(), 0u);
}

// 2.1.2: bits that are the device's, or not defined, cannot be written.
TEST_F(MmioTransportTest, StatusBitsOfTheDevice) {
    regs.write(0x070, 0xffff'ff00 | bit::needs_reset | bit::suspend | bit::acknowledge);
    EXPECT_EQ(regs.read(0x070), bit::acknowledge);
    regs.write(0x070, bit::acknowledge | bit::failed);
    EXPECT_EQ(regs.read(0x070), bit::acknowledge | bit::failed);
}

// 2.1.1: a driver clears no bit but by a reset.
TEST_F(MmioTransportTest, StatusBitsAreNotClearedByWriting) {
    start();
    regs.write(0x070, 1);
    EXPECT_EQ(regs.read(0x070), 0xfu);
    EXPECT_EQ(counters.violations, 1u);
}

// 2.2.1, 3.1.1: FEATURES_OK does not stay for a set that the device does not accept.
TEST_F(MmioTransportTest, FeaturesOkIsRefusedForABadSubset) {
    EXPECT_TRUE(regs.negotiate(offered));
    EXPECT_TRUE(regs.negotiate(version_1 | device_feature_a));
    EXPECT_FALSE(regs.negotiate(version_1 | 1ull << 20));  // not offered
    EXPECT_FALSE(regs.negotiate(version_1 | abi::mmio::feature_bit(40) << 1));
    EXPECT_FALSE(regs.negotiate(access_platform));               // 6.2: VERSION_1 declined
    EXPECT_FALSE(regs.negotiate(0));                             // the same
    EXPECT_FALSE(regs.negotiate(version_1 | device_feature_b));  // needs feature a
    EXPECT_TRUE(regs.negotiate(version_1 | device_feature_a | device_feature_b));
    EXPECT_EQ(counters.refused_features, 5u);
}

// 2.2: a bit in a word that the device does not have at all.
TEST_F(MmioTransportTest, FeaturesBeyondTheLastWord) {
    regs.write(0x070, 3);
    regs.write(0x024, 1);
    regs.write(0x020, 3);
    regs.write(0x024, 2);
    regs.write(0x020, 1);
    regs.write(0x070, 0xb);
    EXPECT_EQ(regs.read(0x070), 3u);
}

// 6: a device that offers ACCESS_PLATFORM may serve a driver that declines it; it is counted.
TEST_F(MmioTransportTest, DecliningAccessPlatformIsCounted) {
    EXPECT_TRUE(regs.negotiate(version_1));
    EXPECT_EQ(counters.platform_declined, 1u);
    EXPECT_TRUE(regs.negotiate(version_1 | access_platform));
    EXPECT_EQ(counters.platform_declined, 1u);
}

// 3.1.1: features are fixed from FEATURES_OK on.
TEST_F(MmioTransportTest, FeaturesAreFrozen) {
    ASSERT_TRUE(regs.negotiate(version_1 | access_platform));
    regs.write(0x024, 0);
    regs.write(0x020, device_feature_a);
    regs.driver_ok();
    EXPECT_EQ(device.context.features, version_1 | access_platform);
    EXPECT_EQ(counters.violations, 1u);
}

// 3.1.1: no DRIVER_OK without FEATURES_OK.
TEST_F(MmioTransportTest, DriverOkNeedsFeaturesOk) {
    regs.write(0x070, 1 | 2 | 4);
    EXPECT_EQ(regs.read(0x070), 3u);
    EXPECT_THAT(device.calls, Not(Contains("activate")));
    EXPECT_EQ(counters.violations, 1u);
}

// 3.1.1: nothing is consumed before DRIVER_OK, however often the driver kicks.
TEST_F(MmioTransportTest, NothingIsConsumedBeforeDriverOk) {
    device.echo = true;
    ASSERT_TRUE(regs.negotiate(version_1));
    regs.configure(0, ring0.areas());
    ring0.add({{shared_base + 0x4000, 4, false}});
    m.cpu.log.clear();
    regs.write(0x050, 0);
    EXPECT_FALSE(transport.work());
    transport.publish();
    EXPECT_TRUE(m.cpu.log.empty());
    EXPECT_EQ(regs.read(0x060), 0u);
    EXPECT_FALSE(transport.take_interrupt_mark());
    // The buffers that were there before are found by DRIVER_OK, without a kick.
    regs.driver_ok();
    EXPECT_TRUE(transport.take_work_mark());
    EXPECT_TRUE(transport.work());
    transport.publish();
    EXPECT_EQ(ring0.used_index(), 1);
}

// 4.2.2, QueueNotify: the value is the queue's index; any other is ignored.
TEST_F(MmioTransportTest, QueueNotify) {
    start();
    device.calls.clear();
    transport.take_work_mark();
    regs.write(0x050, 1);
    EXPECT_THAT(device.calls, ElementsAre("kick 1"));
    EXPECT_TRUE(transport.take_work_mark());
    for (const std::uint32_t v : {2u, 8u, 0x1'0000u, 0xffff'ffffu})
        regs.write(0x050, v);
    EXPECT_FALSE(transport.take_work_mark());
    EXPECT_EQ(counters.violations, 4u);
    EXPECT_EQ(counters.kicks, 1u);
}

// 4.2.3.3: InterruptStatus is a level: reading leaves it, acknowledging clears the bits written.
TEST_F(MmioTransportTest, InterruptStatusAndAcknowledge) {
    device.echo = true;
    start();
    ring0.add({{shared_base + 0x4000, 4, false}});
    transport.work();
    transport.publish();
    EXPECT_TRUE(transport.take_interrupt_mark());
    transport.config_changed(true);
    EXPECT_EQ(regs.read(0x060), 3u);
    EXPECT_EQ(regs.read(0x060), 3u);
    regs.write(0x064, 1);
    EXPECT_EQ(regs.read(0x060), 2u);
    regs.write(0x064, 2);
    EXPECT_EQ(regs.read(0x060), 0u);
    EXPECT_EQ(counters.violations, 0u);
}

// A driver that acknowledges after handling does not lose what was raised in between.
TEST_F(MmioTransportTest, LateAcknowledgeLosesNothing) {
    device.echo = true;
    start();
    const auto use_one = [&] {
        ring0.add({{shared_base + 0x4000, 4, false}});
        transport.work();
        transport.publish();
    };
    use_one();
    EXPECT_EQ(regs.read(0x060), 1u);
    use_one();  // while the driver handles the first
    regs.write(0x064, 1);
    EXPECT_EQ(regs.read(0x060), 1u);
    regs.write(0x064, 1);
    EXPECT_EQ(regs.read(0x060), 0u);
}

// 2.5.1, 4.2.2.1: ConfigGeneration changes with the configuration; no interrupt before DRIVER_OK.
TEST_F(MmioTransportTest, ConfigGeneration) {
    const std::uint32_t before = regs.read(0x0fc);
    transport.config_changed(true);
    EXPECT_NE(regs.read(0x0fc), before);
    EXPECT_EQ(regs.read(0x060), 0u);
    EXPECT_FALSE(transport.take_interrupt_mark());
    start();
    transport.config_changed(true);
    EXPECT_EQ(regs.read(0x060), 2u);
    EXPECT_TRUE(transport.take_interrupt_mark());
}

// 4.2.2, Status 0: reset clears status, queues and interrupt status, and the device forgets.
TEST_F(MmioTransportTest, Reset) {
    device.hold = true;
    start();
    ring0.add({{shared_base + 0x4000, 4, false}});
    transport.work();
    ASSERT_TRUE(device.held);
    transport.config_changed(true);
    regs.write(0x070, 0);
    EXPECT_EQ(regs.read(0x070), 0u);
    EXPECT_EQ(regs.read(0x060), 0u);
    EXPECT_FALSE(transport.take_interrupt_mark());
    for (const std::uint32_t q : {0u, 1u}) {
        regs.write(0x030, q);
        EXPECT_EQ(regs.read(0x044), 0u);
    }
    EXPECT_EQ(device.calls.back(), "reset");
    EXPECT_EQ(counters.dropped_chains, 0u);  // the held chain was void
    m.cpu.log.clear();
    EXPECT_FALSE(transport.work());
    transport.publish();
    EXPECT_TRUE(m.cpu.log.empty());
    // And it comes up again, queue sizes back at their default.
    device.hold = false;
    device.echo = true;
    ring0.set_index(0);
    m.cpu.poke(ring0.device() + abi::ring::used::idx, std::uint16_t{0});
    start();
    ring0.add({{shared_base + 0x4000, 4, false}});
    EXPECT_TRUE(transport.work());
    transport.publish();
    EXPECT_EQ(ring0.used_index(), 1);
}

// 4.2.2: a driver that never writes QueueSize gets QueueSizeMax (Bao's public console driver).
TEST_F(MmioTransportTest, QueueSizeDefaultsToTheMaximum) {
    ASSERT_TRUE(regs.negotiate(version_1));
    const DriverRing big(m.cpu, shared_base, 64);
    regs.write(0x030, 0);
    regs.write(0x080, static_cast<std::uint32_t>(big.descriptor().value));
    regs.write(0x090, static_cast<std::uint32_t>(big.driver().value));
    regs.write(0x0a0, static_cast<std::uint32_t>(big.device().value));
    regs.write(0x044, 1);
    regs.driver_ok();
    EXPECT_EQ(transport.queue(0).size(), 64);
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// 4.2.2.2: queue registers are frozen while QueueReady is 1, and after activation.
TEST_F(MmioTransportTest, QueueRegistersAreFrozen) {
    device.echo = true;
    start();
    regs.write(0x030, 0);
    regs.write(0x038, 0);  // would divide by zero
    regs.write(0x080, 0);
    regs.write(0x0a4, 0xffff'ffff);
    EXPECT_EQ(counters.violations, 3u);
    ring0.add({{shared_base + 0x4000, 4, false}});
    EXPECT_TRUE(transport.work());
    transport.publish();
    EXPECT_EQ(ring0.used_index(), 1);
}

// 2.1.2: a queue that cannot be served is told by NEEDS_RESET with a configuration interrupt.
TEST_F(MmioTransportTest, BadQueueAtDriverOkNeedsReset) {
    ASSERT_TRUE(regs.negotiate(version_1));
    QueueAreas a = ring0.areas();
    a.device.value = shared_base.value + shared_size;
    regs.configure(0, a);
    EXPECT_EQ(regs.read(0x070) & bit::needs_reset, 0u);
    regs.driver_ok();
    EXPECT_EQ(regs.read(0x070), 0xfu | bit::needs_reset);
    EXPECT_EQ(regs.read(0x060), 2u);
    EXPECT_TRUE(transport.take_interrupt_mark());
    EXPECT_FALSE(transport.work());
    EXPECT_EQ(transport.last_fault(), QueueFault::area_outside);
    // Reset recovers.
    start();
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// 2.1.2: the same for a chain that breaks the rules, once; then the device stands still.
TEST_F(MmioTransportTest, BadChainNeedsResetOnce) {
    device.echo = true;
    start();
    ring0.make_available(99);
    transport.work();
    EXPECT_EQ(regs.read(0x070), 0xfu | bit::needs_reset);
    EXPECT_TRUE(transport.take_interrupt_mark());
    m.cpu.log.clear();
    for (int i = 0; i < 3; ++i) {
        regs.write(0x050, 0);
        EXPECT_FALSE(transport.work());
        transport.publish();
    }
    EXPECT_TRUE(m.cpu.log.empty());
    EXPECT_FALSE(transport.take_interrupt_mark());
    EXPECT_EQ(counters.needs_reset, 1u);
}

// 4.2.2, QueueReady 0: the queue is left alone from the answer on, and reads back 0.
TEST_F(MmioTransportTest, QueueReadyZeroStopsTheQueue) {
    device.hold = true;
    start();
    ring0.add({{shared_base + 0x4000, 4, false}});
    transport.work();
    ASSERT_TRUE(device.held);
    regs.write(0x030, 0);
    regs.write(0x044, 0);
    EXPECT_EQ(regs.read(0x044), 0u);
    EXPECT_THAT(device.calls, Contains("stop 0"));
    m.cpu.log.clear();
    ring0.add({{shared_base + 0x4000, 4, false}});
    EXPECT_FALSE(transport.work());
    transport.publish();
    EXPECT_TRUE(m.cpu.log.empty());
    EXPECT_EQ(counters.dropped_chains, 0u);
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// 2.6.1, 4.2.2 QueueReset: reads 0 and Ready 0 when done; the queue can be set up anew.
TEST_F(MmioTransportTest, QueueReset) {
    device.echo = true;
    start(version_1 | access_platform | ring_reset);
    regs.write(0x030, 0);
    regs.write(0x0c0, 1);
    EXPECT_EQ(regs.read(0x0c0), 0u);
    EXPECT_EQ(regs.read(0x044), 0u);
    EXPECT_THAT(device.calls, Contains("stop 0"));
    EXPECT_THAT(device.calls, Not(Contains("stop 1")));
    DriverRing again(m.cpu, shared_base + 0x2000, 32);
    regs.configure(0, again.areas());
    EXPECT_EQ(regs.read(0x044), 1u);
    again.add({{shared_base + 0x4000, 4, false}});
    regs.write(0x050, 0);
    EXPECT_TRUE(transport.work());
    transport.publish();
    EXPECT_EQ(again.used_index(), 1);
    EXPECT_EQ(counters.errors(), 0u);
}

// 2.6.1: without RING_RESET the register does nothing.
TEST_F(MmioTransportTest, QueueResetNeedsItsFeature) {
    start();
    regs.write(0x030, 0);
    regs.write(0x0c0, 1);
    EXPECT_EQ(regs.read(0x044), 1u);
    EXPECT_EQ(counters.violations, 1u);
}

// 2.1: after FAILED the device is left alone.
TEST_F(MmioTransportTest, FailedStopsTheDevice) {
    device.echo = true;
    start();
    regs.write(0x070, 0xf | bit::failed);
    ring0.add({{shared_base + 0x4000, 4, false}});
    EXPECT_FALSE(transport.work());
}

// No write causes an access to guest memory or a device before its answer.
TEST_F(MmioTransportTest, WritesTouchNoMemory) {
    ASSERT_TRUE(regs.negotiate(version_1 | event_idx));
    regs.configure(0, ring0.areas());
    m.cpu.log.clear();
    regs.driver_ok();
    regs.write(0x050, 0);
    regs.write(0x064, 3);
    regs.write(0x070, 0);
    EXPECT_TRUE(m.cpu.log.empty());
}

}  // namespace
}  // namespace vms::service::test
