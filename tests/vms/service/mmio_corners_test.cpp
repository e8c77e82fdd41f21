// Corner cases of the VirtIO-MMIO transport that drivers in the field and hostile ones produce,
// against VirtIO v1.4: status in strange orders, features and sizes refused, acknowledges early and
// late, queues taken back, failures of the device. mmio_transport_test.cpp has the registers one by
// one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/fake_device.h"
#include "tests/vms/service/rig.h"
#include "vms/service/virtio/mmio_transport.h"

namespace vms::service::test {
namespace {

namespace bit = abi::mmio::status_bit;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t offered = version_1 | access_platform | event_idx | indirect_desc |
                                  ring_reset | in_order | notification_data;

FakeDevice& with_features(FakeDevice& device) {
    device.facts.features = offered;
    return device;
}

class MmioCornersTest : public ::testing::Test {
  protected:
    static constexpr GuestAddr data = shared_base + 0x4000;

    void start(std::uint64_t features = version_1 | access_platform) {
        ASSERT_TRUE(regs.negotiate(features));
        regs.configure(0, ring0.areas());
        regs.configure(1, ring1.areas());
        regs.driver_ok();
        transport.take_work_mark();
        device.calls.clear();
    }
    void use_one() {
        ring0.add({{data, 4, false}});
        transport.work();
        transport.publish();
    }

    Machine m;
    DeviceCounters counters;
    FakeDevice device;
    DriverRing ring0{m.cpu, shared_base, 16};
    DriverRing ring1{m.cpu, shared_base + 0x1000, 16};
    MmioTransport transport{m.port, m.memory, with_features(device), 0x0a00'3e00, counters};
    Registers regs{transport};
};

// --- status -------------------------------------------------------------------------------------

// 3.1.1 in one write, as a careless driver does it: features are looked at before DRIVER_OK counts.
TEST_F(MmioCornersTest, WholeStatusInOneWrite) {
    regs.write(0x024, 1);
    regs.write(0x020, 1);  // VERSION_1
    regs.write(0x070, 0xf);
    EXPECT_EQ(regs.read(0x070), 0xfu);
    EXPECT_THAT(device.calls, ElementsAre("activate"));
    regs.write(0x070, 0);
    device.calls.clear();
    regs.write(0x070, 0xf);  // without VERSION_1: neither FEATURES_OK nor what needs it
    EXPECT_EQ(regs.read(0x070), 0x3u);
    EXPECT_THAT(device.calls, IsEmpty());
    EXPECT_EQ(counters.refused_features, 1u);
    EXPECT_EQ(counters.violations, 1u);
}

// 2.1.1: the order of ACKNOWLEDGE and DRIVER is the driver's affair, nothing depends on it here.
TEST_F(MmioCornersTest, StatusOutOfOrder) {
    for (const std::uint32_t v : {2u, 3u})
        regs.write(0x070, v);
    EXPECT_EQ(regs.read(0x070), 3u);
    regs.write(0x070, 4 | 3);  // DRIVER_OK before FEATURES_OK
    EXPECT_EQ(regs.read(0x070), 3u);
    EXPECT_EQ(counters.violations, 1u);
    start();
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// DRIVER_OK again is no second activation.
TEST_F(MmioCornersTest, DriverOkTwice) {
    start();
    regs.write(0x070, 0xf);
    EXPECT_THAT(device.calls, IsEmpty());
    EXPECT_EQ(counters.activations, 1u);
}

// Resets come in any number, in any state, and each is complete when it is answered (4.2.2.1).
TEST_F(MmioCornersTest, ResetsInARow) {
    start();
    for (int i = 0; i < 3; ++i) {
        regs.write(0x070, 0);
        EXPECT_EQ(regs.read(0x070), 0u);
    }
    regs.write(0x070, 0x80);  // FAILED as the first word of a driver
    EXPECT_EQ(regs.read(0x070), 0x80u);
    regs.write(0x070, 0);
    start();
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// Registers that only mean something to a driver at work can be written at any time.
TEST_F(MmioCornersTest, EveryRegisterInTheInitialState) {
    for (std::uint32_t offset = 0; offset < 0x100; offset += 4) {
        if (offset == 0x070)
            continue;
        regs.write(offset, 1);
        regs.write(offset, 0xffff'ffff);
        regs.read(offset);
    }
    EXPECT_EQ(regs.read(0x070), 0u);
    EXPECT_FALSE(transport.take_interrupt_mark());
    start();
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// --- features -----------------------------------------------------------------------------------

// 2.2.1: a driver may offer another set after a refusal, without a reset.
TEST_F(MmioCornersTest, FeaturesAfterARefusal) {
    EXPECT_FALSE(regs.negotiate(version_1 | std::uint64_t{1} << 50));
    regs.write(0x024, 1);
    regs.write(0x020, 1);
    regs.write(0x070, 0xb);
    EXPECT_EQ(regs.read(0x070), 0xbu);
}

// 6: the features of the transport that need VERSION_1.
TEST_F(MmioCornersTest, NothingWithoutVersion1) {
    for (const std::uint64_t f : {access_platform, ring_reset, in_order, notification_data})
        EXPECT_FALSE(regs.negotiate(f));
    for (const std::uint64_t f : {access_platform, ring_reset, in_order, notification_data})
        EXPECT_TRUE(regs.negotiate(version_1 | f));
}

// 4.2.3.3 with NOTIFICATION_DATA: the queue is in the lower half, the available index in the upper.
TEST_F(MmioCornersTest, NotificationData) {
    start(version_1 | notification_data);
    regs.write(0x050, 0x1234'0001);
    EXPECT_THAT(device.calls, ElementsAre("kick 1"));
    regs.write(0x050, 0x0001'0002);
    EXPECT_EQ(counters.violations, 1u);
}

// --- queues -------------------------------------------------------------------------------------

// 4.2.2.2 and 2.7: sizes that are none are refused when the queue is to be used: NEEDS_RESET.
class RefusedSizes : public MmioCornersTest, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(RefusedSizes, NeedReset) {
    ASSERT_TRUE(regs.negotiate(version_1));
    QueueAreas areas = ring0.areas();
    areas.size = GetParam();
    regs.configure(0, areas);
    EXPECT_EQ(regs.read(0x070), 0xbu);
    regs.driver_ok();
    EXPECT_EQ(regs.read(0x070), 0x4fu);
    EXPECT_EQ(regs.read(0x060), 2u);
    EXPECT_FALSE(transport.work());
}

INSTANTIATE_TEST_SUITE_P(Sizes, RefusedSizes,
                         ::testing::Values(0u, 3u, 15u, 128u, 0x8000u, 0x1'0010u, 0xffff'ffffu));

// A size that changes under an active queue: frozen (4.2.2.2), and after the queue was taken back
// looked at anew. Nothing is divided by it, nothing indexed.
TEST_F(MmioCornersTest, SizeChangedAfterActivation) {
    device.echo = true;
    start();
    regs.write(0x030, 0);
    for (const std::uint32_t size : {0u, 1u, 0xffff'ffffu})
        regs.write(0x038, size);
    EXPECT_EQ(counters.violations, 3u);
    use_one();
    EXPECT_EQ(ring0.used_index(), 1);
    regs.write(0x044, 0);
    regs.write(0x038, 0);
    regs.write(0x044, 1);
    EXPECT_EQ(regs.read(0x070), 0x4fu);
}

// 4.2.2, QueueReady 0 with a chain in flight, and the same queue again: a driver that unloads a
// part of itself. The chain is void; the ring is not touched for it.
TEST_F(MmioCornersTest, QueueTakenBackWithAChainInFlight) {
    device.hold = true;
    start();
    ring0.add({{data, 4, true}});
    transport.work();
    ASSERT_TRUE(device.held);
    regs.write(0x030, 0);
    regs.write(0x044, 0);
    EXPECT_EQ(regs.read(0x044), 0u);
    EXPECT_THAT(device.calls, ElementsAre("stop 0"));
    EXPECT_EQ(counters.voided_chains, 1u);
    transport.publish();
    EXPECT_EQ(ring0.used_index(), 0);
    device.hold = false;
    device.echo = true;
    DriverRing again(m.cpu, shared_base + 0x2000, 16);
    regs.configure(0, again.areas());
    again.add({{data, 4, true}});
    EXPECT_TRUE(transport.work());
    transport.publish();
    EXPECT_EQ(again.used_index(), 1);
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// 2.6.1, QueueReset in every state that it does not belong to.
TEST_F(MmioCornersTest, QueueResetOutOfPlace) {
    regs.write(0x0c0, 1);  // before anything
    EXPECT_EQ(counters.violations, 1u);
    start(version_1 | ring_reset);
    regs.write(0x030, 5);
    regs.write(0x0c0, 1);  // no such queue
    regs.write(0x030, 0);
    regs.write(0x0c0, 0);  // only 1 can be written
    regs.write(0x0c0, 2);
    EXPECT_EQ(counters.violations, 4u);
    EXPECT_THAT(device.calls, IsEmpty());
    regs.write(0x0c0, 1);
    regs.write(0x0c0, 1);  // of a queue that is reset already
    EXPECT_THAT(device.calls, ElementsAre("stop 0"));
    EXPECT_EQ(regs.read(0x044), 0u);
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// 2.6.1: after a queue reset the size is the maximum again, and the driver may choose another.
TEST_F(MmioCornersTest, QueueResetForgetsTheSize) {
    device.echo = true;
    start(version_1 | ring_reset);
    regs.write(0x030, 0);
    regs.write(0x0c0, 1);
    DriverRing big(m.cpu, shared_base + 0x2000, 64);
    QueueAreas areas = big.areas();
    regs.write(0x080, static_cast<std::uint32_t>(areas.descriptor.value));
    regs.write(0x090, static_cast<std::uint32_t>(areas.driver.value));
    regs.write(0x0a0, static_cast<std::uint32_t>(areas.device.value));
    regs.write(0x044, 1);
    for (int i = 0; i < 40; ++i)
        big.add({{data, 4, false}});
    while (transport.work()) {
    }
    transport.publish();
    EXPECT_EQ(big.used_index(), 40);
}

// --- interrupts ---------------------------------------------------------------------------------

// Linux acknowledges before it handles: what comes while it handles is a new interrupt.
TEST_F(MmioCornersTest, EarlyAcknowledge) {
    device.echo = true;
    start();
    use_one();
    EXPECT_TRUE(transport.take_interrupt_mark());
    EXPECT_EQ(regs.read(0x060), 1u);
    regs.write(0x064, 1);
    EXPECT_EQ(regs.read(0x060), 0u);
    use_one();
    EXPECT_TRUE(transport.take_interrupt_mark());
    EXPECT_EQ(regs.read(0x060), 1u);
}

// An acknowledge without looking, of nothing, of bits that do not exist: only bits that stand are
// cleared, and a later interrupt is there all the same.
TEST_F(MmioCornersTest, BlindAcknowledge) {
    device.echo = true;
    start();
    regs.write(0x064, 3);
    EXPECT_EQ(regs.read(0x060), 0u);
    regs.write(0x064, 0xffff'fffc);
    EXPECT_EQ(counters.violations, 1u);
    use_one();
    EXPECT_EQ(regs.read(0x060), 1u);
    regs.write(0x064, 2);  // the other one
    EXPECT_EQ(regs.read(0x060), 1u);
}

// The late acknowledge of one cause leaves the other one, raised in between, standing.
TEST_F(MmioCornersTest, LateAcknowledgeOfOneCause) {
    device.echo = true;
    start();
    use_one();
    EXPECT_EQ(regs.read(0x060), 1u);
    transport.config_changed(true);
    regs.write(0x064, 1);
    EXPECT_EQ(regs.read(0x060), 2u);
    transport.config_changed(true);  // again, after it was seen
    regs.write(0x064, 2);
    EXPECT_EQ(regs.read(0x060), 2u);
    regs.write(0x064, 2);
    EXPECT_EQ(regs.read(0x060), 0u);
}

// 2.5.1: a change that no driver asked to hear of shows in the generation alone.
TEST_F(MmioCornersTest, SilentConfigurationChange) {
    start();
    const std::uint32_t before = regs.read(0x0fc);
    transport.config_changed(false);
    EXPECT_NE(regs.read(0x0fc), before);
    EXPECT_EQ(regs.read(0x060), 0u);
    EXPECT_FALSE(transport.take_interrupt_mark());
}

// --- failures of the device ---------------------------------------------------------------------

// 2.1.2: an error of the device at work: NEEDS_RESET, with a configuration change notification;
// then it stands still until it is reset, and works after that.
TEST_F(MmioCornersTest, DeviceError) {
    device.echo = true;
    start();
    transport.fail_device();
    EXPECT_EQ(regs.read(0x070), 0x4fu);
    EXPECT_EQ(regs.read(0x060), 2u);
    EXPECT_TRUE(transport.take_interrupt_mark());
    EXPECT_EQ(transport.last_fault(), QueueFault::device_error);
    regs.write(0x064, 2);
    transport.fail_device();  // once is enough
    EXPECT_EQ(regs.read(0x060), 0u);
    EXPECT_EQ(counters.needs_reset, 1u);
    m.cpu.log.clear();
    ring0.add({{data, 4, false}});
    regs.write(0x050, 0);
    EXPECT_FALSE(transport.work());
    transport.publish();
    EXPECT_EQ(ring0.used_index(), 0);
    regs.write(0x070, 0);
    EXPECT_EQ(regs.read(0x070), 0u);
    ring0.set_index(0);
    start();
    use_one();
    EXPECT_EQ(ring0.used_index(), 1);
}

// 2.1.2, 3.1.2: before DRIVER_OK the status tells of it and no interrupt does; without a driver
// nobody is told.
TEST_F(MmioCornersTest, DeviceErrorBeforeDriverOk) {
    transport.fail_device();
    EXPECT_EQ(regs.read(0x070), 0u);
    ASSERT_TRUE(regs.negotiate(version_1));
    transport.fail_device();
    EXPECT_EQ(regs.read(0x070), 0x4bu);
    EXPECT_EQ(regs.read(0x060), 0u);
    EXPECT_FALSE(transport.take_interrupt_mark());
}

}  // namespace
}  // namespace vms::service::test
