// The register accesses of a network device's probe, literally. linux-6.1: the 65 accesses logged
// from Linux 6.1 under emulation (virtio_mmio with virtio_net), the last of them the later read of
// the link's state. OASIS VirtIO v1.4, 3.1.1, 4.2.3.1, 5.1.4, 5.1.5.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net_rig.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using vms::frontend::bare_metal;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::NetDriver;

// A queue of 256: 4096 bytes of descriptors, 518 of available ring, the used ring at the next page.
const char* const linux_identify = "R000 R004 R008 R00c W070=0 R070 W070=1 R070 W070=3 ";
const char* const linux_mac = "R0fc R100.1 R101.1 R102.1 R103.1 R104.1 R105.1 R0fc ";
const char* const linux_queues =
    "W030=0 R044 R034 W038=100 W080=80000000 W084=0 W090=80001000 W094=0 W0a0=80002000 W0a4=0 "
    "W044=1 "
    "W030=1 R044 R034 W038=100 W080=80003000 W084=0 W090=80004000 W094=0 W0a0=80005000 W0a4=0 "
    "W044=1 "
    "W030=2 R044 R034 W038=40 W080=80006000 W084=0 W090=80006400 W094=0 W0a0=80007000 W0a4=0 "
    "W044=1 ";

TEST(NetProbe, LinuxMakesTheLogged65Accesses) {
    NetRig rig(linux_6_1());
    NetDriver driver(rig.context(), net_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    const std::string expected = std::string(linux_identify) +
                                 "W014=1 R010 W014=0 R010 W024=1 W020=3 W024=0 W020=70020 "
                                 "R070 W070=b R070 " +
                                 linux_mac + linux_queues +
                                 "R070 W070=f R070 "
                                 "R106.2";
    EXPECT_THAT(rig.m.log, ElementsAreArray(words(expected)));
    EXPECT_EQ(rig.m.log.size(), 65u);
    EXPECT_EQ(driver.mac().text(), "52:54:00:12:34:56");
    EXPECT_TRUE(driver.link_up());
    EXPECT_EQ(driver.mtu(), 1500u);
}

// virtnet_validate reads the MTU before FEATURES_OK, virtnet_probe again after the MAC;
// virtnet_update_settings reads speed and duplex once the link is up.
TEST(NetProbe, LinuxReadsWhatFurtherFeaturesBring) {
    NetRig rig(linux_6_1());
    rig.device.features |= bit(3) | bit(63);
    rig.device.mtu = 9000;
    NetDriver driver(rig.context(), net_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    const std::string expected = std::string(linux_identify) +
                                 "W014=1 R010 W014=0 R010 W024=1 W020=80000003 W024=0 W020=70028 "
                                 "R10a.2 R070 W070=b R070 " +
                                 linux_mac + "R10a.2 " + linux_queues +
                                 "R070 W070=f R070 "
                                 "R106.2 R10c R110.1";
    EXPECT_THAT(rig.m.log, ElementsAreArray(words(expected)));
    EXPECT_EQ(driver.mtu(), 9000u);
}

// 5.1.4.1: an MTU below 68 is none; virtnet_validate clears the feature and the features are
// written again.
TEST(NetProbe, LinuxDeclinesAnMtuThatIsTooSmall) {
    NetRig rig(linux_6_1());
    rig.device.features |= bit(3);
    rig.device.mtu = 67;
    NetDriver driver(rig.context(), net_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    const auto expected =
        words("W024=1 W020=3 W024=0 W020=70028 R10a.2 W024=1 W020=3 W024=0 W020=70020 R070 W070=b");
    const std::vector<std::string> part(rig.m.log.begin() + 13, rig.m.log.begin() + 24);
    EXPECT_THAT(part, ElementsAreArray(expected));
    EXPECT_EQ(driver.mtu(), 1500u);
}

TEST(NetProbe, LinuxKeepsItsFeaturesAndNoSegmentationOffloads) {
    NetRig rig(linux_6_1());
    rig.device.features = ~std::uint64_t{0};
    NetDriver driver(rig.context(), net_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    // CSUM, GUEST_CSUM, MTU, MAC, MRG_RXBUF, STATUS, CTRL_VQ, CTRL_RX, CTRL_MAC_ADDR; indirect,
    // event index, VERSION_1, ACCESS_PLATFORM, ORDER_PLATFORM; SPEED_DUPLEX.
    EXPECT_EQ(rig.device.accepted, bit(0) | bit(1) | bit(3) | bit(5) | bit(15) | bit(16) | bit(17) |
                                       bit(18) | bit(23) | bit(28) | bit(29) | bit(32) | bit(33) |
                                       bit(36) | bit(63));
}

TEST(NetProbe, FeaturesCanBeDeclinedAndWithTheControlQueueWhatNeedsIt) {
    NetRig rig(linux_6_1());
    rig.device.features = ~std::uint64_t{0};
    auto config = net_device();
    config.net.features = ~(bit(17) | bit(15));
    NetDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(rig.device.accepted & (bit(15) | bit(17) | bit(18) | bit(23)), 0u);
    EXPECT_EQ(rig.device.size[2], 64u);  // never written
}

TEST(NetProbe, BareMetalKeepsAddressAndLinkState) {
    NetRig rig(bare_metal());
    rig.device.features = ~std::uint64_t{0};
    NetDriver driver(rig.context(), net_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(rig.device.accepted, bit(5) | bit(16) | bit(32) | bit(33));
    EXPECT_THAT(
        rig.m.log,
        ElementsAreArray(
            words("R000 R004 R008 W070=0 R070 W070=1 R070 W070=3 R070 "
                  "W014=0 W024=0 R010 W020=10020 W014=1 W024=1 R010 W020=3 R070 W070=b R070 "
                  "R100.1 R101.1 R102.1 R103.1 R104.1 R105.1 "
                  "W030=0 R044 R034 W080=80000000 W084=0 W090=80001000 W094=0 W0a0=80001208 W0a4=0 "
                  "W044=1 "
                  "W030=1 R044 R034 W080=80002000 W084=0 W090=80003000 W094=0 W0a0=80003208 W0a4=0 "
                  "W044=1 "
                  "R070 W070=f R070 R106.2")));
    EXPECT_EQ(driver.bring_up(), Fault::none);
}

TEST(NetProbe, QueueSizesCanBeAskedFor) {
    NetRig rig(linux_6_1());
    auto config = net_device();
    config.queue_size = 128;
    config.net.receive_queue_size = 32;
    NetDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_THAT(rig.device.size, ElementsAre(32, 128, 64));
}

TEST(NetProbe, ADeviceWithoutAnAddressGetsALocalOne) {
    NetRig rig(linux_6_1());
    rig.device.features &= ~bit(5);
    NetDriver driver(rig.context(), net_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(driver.mac().bytes[0] & 3, 2);  // locally administered, not a group
}

TEST(NetProbe, AnotherDeviceIsRefused) {
    NetRig rig(linux_6_1());
    auto config = net_device();
    vms::frontend::NetDriver driver(rig.context(), config);
    config.shared.size = 4096;
    vms::frontend::NetDriver small(rig.context(), config);
    EXPECT_EQ(small.probe(), Fault::out_of_shared_memory);
    EXPECT_FALSE(small.usable());
    EXPECT_FALSE(small.send({}, {}, false));
    EXPECT_FALSE(small.wait(small.activity(), NetDriver::no_deadline));
}

}  // namespace
}  // namespace frontend_test
