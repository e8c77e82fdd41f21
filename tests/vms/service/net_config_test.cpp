// Features, configuration space and link of the network device, against VirtIO v1.4, 5.1.3 and
// 5.1.4. Each test names its clause.
#include <gtest/gtest.h>

#include "tests/vms/service/net_rig.h"

namespace vms::service::test {
namespace {

namespace mmio = abi::mmio;

std::uint32_t config(NetNode& n, std::uint32_t offset, std::uint64_t width) {
    return n.transport.read(mmio::config + offset, width);
}

TEST(NetFeatures, OfferedAreThoseConfigured) {
    NetRig rig;
    Registers& r = rig[0].registers;
    r.write(mmio::device_features_sel, 0);
    EXPECT_EQ(r.read(mmio::device_features), static_cast<std::uint32_t>(all_net_features));
    r.write(mmio::device_features_sel, 1);
    EXPECT_EQ(r.read(mmio::device_features), static_cast<std::uint32_t>(all_net_features >> 32));
    EXPECT_EQ(r.read(mmio::device_id), 1u);  // 5.1.1
}

// 5.1.3.1: CTRL_RX, CTRL_MAC_ADDR and, by 5.1.4.2, CTRL_RX_EXTRA require CTRL_VQ.
TEST(NetFeatures, WhatNeedsTheControlQueueIsRefusedWithoutIt) {
    NetRig rig;
    constexpr std::uint64_t base = version_1 | access_platform;
    for (const unsigned f :
         {net::feature::ctrl_rx, net::feature::ctrl_rx_extra, net::feature::ctrl_mac_addr}) {
        EXPECT_FALSE(rig[0].registers.negotiate(base | feature(f))) << f;
        EXPECT_TRUE(rig[0].registers.negotiate(base | feature(f) | feature(net::feature::ctrl_vq)))
            << f;
    }
    // GUEST_CSUM, CSUM, MRG_RXBUF, MAC, MTU and STATUS stand alone.
    for (const unsigned f :
         {net::feature::guest_csum, net::feature::csum, net::feature::mrg_rxbuf, net::feature::mac,
          net::feature::mtu, net::feature::status, net::feature::speed_duplex})
        EXPECT_TRUE(rig[0].registers.negotiate(base | feature(f))) << f;
}

// 5.1.2: controlq exists only with CTRL_VQ.
TEST(NetFeatures, WithoutControlQueueThereIsNone) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    for (const unsigned f : {net::feature::ctrl_vq, net::feature::ctrl_rx,
                             net::feature::ctrl_rx_extra, net::feature::ctrl_mac_addr})
        p.features = without(p.features, f);
    NetRig rig(1, p);
    rig[0].registers.write(mmio::queue_sel, net::controlq);
    EXPECT_EQ(rig[0].registers.read(mmio::queue_size_max), 0u);
    rig[0].registers.write(mmio::queue_sel, net::transmitq);
    EXPECT_EQ(rig[0].registers.read(mmio::queue_size_max), NetNode::ring);
}

// 5.1.4: layout.
TEST(NetConfig, FieldsAreWhereTheSpecificationHasThem) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    p.mtu = 9000;
    NetRig rig(1, p);
    NetNode& n = rig[0];
    for (std::uint32_t i = 0; i < 6; ++i)
        EXPECT_EQ(config(n, i, 1), station(1)[i]);
    EXPECT_EQ(config(n, 6, 2), 1u);  // status: link up
    EXPECT_EQ(config(n, 8, 2), 0u);  // no MQ: no field
    EXPECT_EQ(config(n, 10, 2), 9000u);
    EXPECT_EQ(config(n, 12, 4), 1000u);
    EXPECT_EQ(config(n, 16, 1), 1u);  // full duplex
    // 4.2.2.2: also by bytes, and a word that covers two fields.
    EXPECT_EQ(config(n, 10, 1) | config(n, 11, 1) << 8, 9000u);
    EXPECT_EQ(config(n, 8, 4), 9000u << 16);
    EXPECT_EQ(n.counters.bad_accesses, 0u);
}

// 5.1.4: a field exists only with its feature. Readable before FEATURES_OK (2.5.1).
TEST(NetConfig, FieldsOfFeaturesNotOfferedReadZero) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    p.features = version_1 | access_platform;
    NetRig rig(1, p);
    for (std::uint32_t i = 0; i < net::config::bytes; ++i)
        EXPECT_EQ(config(rig[0], i, 1), 0u) << i;
}

// 5.1.4.2: the driver must not write; nothing changes, and it is counted.
TEST(NetConfig, IsReadOnly) {
    NetRig rig;
    for (std::uint32_t i = 0; i < net::config::bytes; ++i) {
        const std::uint32_t before = config(rig[0], i, 1);
        rig[0].transport.write(mmio::config + i, 1, ~before & 0xff);
        EXPECT_EQ(config(rig[0], i, 1), before) << i;
    }
    EXPECT_EQ(rig[0].counters.violations, net::config::bytes);
}

// 5.1.4: status, and 2.5.1 / 4.2.2.1: a change of it is a change of the generation and, once the
// driver runs, a configuration change notification.
TEST(NetLink, FollowsTheUplink) {
    NetRig rig;
    NetNode& n = rig[0];
    n.start(all_net_features);
    const std::uint32_t generation = n.registers.read(mmio::config_generation);
    rig.net.uplink(rig.station_port, false);
    EXPECT_EQ(config(n, 6, 2), 0u);
    EXPECT_EQ(n.registers.read(mmio::config_generation), generation + 1);
    EXPECT_EQ(n.registers.read(mmio::interrupt_status), mmio::interrupt::config);
    EXPECT_TRUE(n.transport.take_interrupt_mark());
    n.registers.write(mmio::interrupt_ack, mmio::interrupt::config);

    rig.net.uplink(rig.station_port, false);  // no change
    EXPECT_EQ(n.registers.read(mmio::config_generation), generation + 1);
    EXPECT_EQ(n.registers.read(mmio::interrupt_status), 0u);

    rig.net.uplink(rig.station_port, true);
    EXPECT_EQ(config(n, 6, 2), 1u);
    EXPECT_EQ(n.registers.read(mmio::config_generation), generation + 2);
    // 5.1.4.1: speed and duplex do not change.
    EXPECT_EQ(config(n, 12, 4), 1000u);
    EXPECT_EQ(config(n, 16, 1), 1u);
}

// 3.1.2: no notification before DRIVER_OK; the status is right all the same.
TEST(NetLink, BeforeDriverOkThereIsNoNotification) {
    NetRig rig;
    rig.net.uplink(rig.station_port, false);
    EXPECT_EQ(config(rig[0], 6, 2), 0u);
    EXPECT_EQ(rig[0].registers.read(mmio::interrupt_status), 0u);
    EXPECT_FALSE(rig[0].transport.take_interrupt_mark());
}

TEST(NetLink, CanBeAlwaysUp) {
    NetDevice::Parameters p = NetRig::parameters_of_all();
    p.link_follows_uplink = false;
    NetRig rig(1, p);
    rig.net.uplink(rig.station_port, false);
    EXPECT_EQ(config(rig[0], 6, 2), 1u);
    EXPECT_EQ(rig[0].registers.read(mmio::config_generation), 0u);
}

// With two physical interfaces one link is enough.
TEST(NetLink, IsUpWhileOneUplinkIs) {
    NetRig rig;
    Station second;
    const std::uint8_t port = rig.net.attach(second, 1);
    rig.net.uplink(rig.station_port, false);
    rig.net.uplink(port, true);
    EXPECT_EQ(config(rig[0], 6, 2), 1u);
    rig.net.uplink(rig.station_port, true);
    rig.net.uplink(port, false);
    EXPECT_EQ(config(rig[0], 6, 2), 1u);
    rig.net.uplink(rig.station_port, false);
    EXPECT_EQ(config(rig[0], 6, 2), 0u);
}

}  // namespace
}  // namespace vms::service::test
