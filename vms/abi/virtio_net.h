// The VirtIO network device: virtqueues, feature bits, configuration layout, the header before each
// packet and the commands of the control queue. After the OASIS VirtIO specification v1.4, section
// 5.1 (network device). Only what a device or a driver here offers, accepts or must recognise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vms::abi::net {

/// Feature bits, 5.1.3.
namespace feature {
inline constexpr unsigned csum = 0;             ///< the device completes checksums
inline constexpr unsigned guest_csum = 1;       ///< the driver takes incomplete checksums
inline constexpr unsigned mtu = 3;              ///< the device says its largest MTU
inline constexpr unsigned mac = 5;              ///< the device has a MAC address
inline constexpr unsigned guest_tso4 = 7;       ///< not offered here
inline constexpr unsigned guest_tso6 = 8;       ///< not offered here
inline constexpr unsigned guest_ecn = 9;        ///< not offered here
inline constexpr unsigned guest_ufo = 10;       ///< not offered here
inline constexpr unsigned host_tso4 = 11;       ///< not offered here
inline constexpr unsigned host_tso6 = 12;       ///< not offered here
inline constexpr unsigned host_ecn = 13;        ///< not offered here
inline constexpr unsigned host_ufo = 14;        ///< not offered here
inline constexpr unsigned mrg_rxbuf = 15;       ///< a packet may be spread over receive buffers
inline constexpr unsigned status = 16;          ///< the link's state is in the configuration
inline constexpr unsigned ctrl_vq = 17;         ///< there is a control queue
inline constexpr unsigned ctrl_rx = 18;         ///< promiscuous, all multicast, MAC table
inline constexpr unsigned ctrl_vlan = 19;       ///< not offered here
inline constexpr unsigned ctrl_rx_extra = 20;   ///< all unicast; no multicast, unicast, broadcast
inline constexpr unsigned guest_announce = 21;  ///< not offered here
inline constexpr unsigned mq = 22;              ///< not offered here
inline constexpr unsigned ctrl_mac_addr = 23;   ///< the MAC address can be set by a command
inline constexpr unsigned speed_duplex = 63;    ///< the device says speed and duplex
}  // namespace feature

// Virtqueues, 5.1.2, with one pair: neither MQ nor RSS.
inline constexpr std::uint32_t receiveq = 0;
inline constexpr std::uint32_t transmitq = 1;
inline constexpr std::uint32_t controlq = 2;  ///< with CTRL_VQ
constexpr std::uint32_t queues(bool ctrl_vq) {
    return ctrl_vq ? 3 : 2;
}

inline constexpr std::size_t mac_bytes = 6;
using Mac = std::array<std::uint8_t, mac_bytes>;

/// Configuration layout, 5.1.4: offsets within the device-specific space; all read-only.
namespace config {
inline constexpr std::uint32_t mac = 0;                  ///< u8[6]; exists always, valid with MAC
inline constexpr std::uint32_t status = 6;               ///< le16, with STATUS
inline constexpr std::uint32_t pairs = 8;                ///< le16, with MQ or RSS
inline constexpr std::uint32_t mtu = 10;                 ///< le16, with MTU
inline constexpr std::uint32_t speed = 12;               ///< le32, Mbit/s, with SPEED_DUPLEX
inline constexpr std::uint32_t duplex = 16;              ///< u8, with SPEED_DUPLEX
inline constexpr std::uint32_t bytes = 20;               ///< up to there, in whole words
inline constexpr std::uint16_t mtu_min = 68;             ///< 5.1.4.1
inline constexpr std::uint16_t mtu_recommended = 1280;   ///< 5.1.4.1: SHOULD be at least this
inline constexpr std::uint32_t speed_max = 0x7fff'ffff;  ///< above is unknown (5.1.4.2)
inline constexpr std::uint32_t speed_unknown = 0xffff'ffff;
/// 5.1.4 and the drivers in the field: 1 is full duplex. The normative 5.1.4.1 has the two values
/// the other way round, which no implementation follows.
inline constexpr std::uint8_t duplex_half = 0x00;
inline constexpr std::uint8_t duplex_full = 0x01;
inline constexpr std::uint8_t duplex_unknown = 0xff;
inline constexpr std::uint16_t status_link_up = 1;
inline constexpr std::uint16_t status_announce = 2;
}  // namespace config

/// The header before each packet, 5.1.9: `flags`.
namespace flag {
inline constexpr std::uint8_t needs_csum = 1;  ///< the checksum is to be completed
inline constexpr std::uint8_t data_valid = 2;  ///< the checksum has been verified
inline constexpr std::uint8_t rsc_info = 4;
}  // namespace flag

/// The header's `gso_type`, 5.1.9.
namespace gso {
inline constexpr std::uint8_t none = 0;
inline constexpr std::uint8_t tcpv4 = 1;
inline constexpr std::uint8_t udp = 3;
inline constexpr std::uint8_t tcpv6 = 4;
inline constexpr std::uint8_t udp_l4 = 5;
inline constexpr std::uint8_t udp_tunnel_ipv4 = 0x20;
inline constexpr std::uint8_t udp_tunnel_ipv6 = 0x40;
inline constexpr std::uint8_t ecn = 0x80;
}  // namespace gso

/// Offsets within the header, 5.1.9.
namespace header {
inline constexpr std::uint32_t flags = 0;         ///< u8
inline constexpr std::uint32_t gso_type = 1;      ///< u8
inline constexpr std::uint32_t hdr_len = 2;       ///< le16
inline constexpr std::uint32_t gso_size = 4;      ///< le16
inline constexpr std::uint32_t csum_start = 6;    ///< le16
inline constexpr std::uint32_t csum_offset = 8;   ///< le16
inline constexpr std::uint32_t num_buffers = 10;  ///< le16; 0 on transmission
/// Without HASH_REPORT, tunnels, OUT_NET_HEADER and IPSEC. With VERSION_1 num_buffers is there
/// whether or not MRG_RXBUF was negotiated.
inline constexpr std::uint32_t bytes = 12;
}  // namespace header

/// The header's value, in the layout of memory on a little-endian machine.
struct Header {
    std::uint8_t flags = 0;
    std::uint8_t gso_type = gso::none;
    std::uint16_t hdr_len = 0;
    std::uint16_t gso_size = 0;
    std::uint16_t csum_start = 0;   ///< offset within the packet, from which on is summed
    std::uint16_t csum_offset = 0;  ///< from csum_start to the place of the checksum
    std::uint16_t num_buffers = 0;

    constexpr bool operator==(const Header&) const = default;
};
static_assert(sizeof(Header) == header::bytes);

// Sizes of packets, 5.1.9.3: without segmentation offloads an Ethernet frame without its check
// sequence.
inline constexpr std::uint32_t ethernet_header_bytes = 14;
inline constexpr std::uint32_t vlan_tag_bytes = 4;  ///< IEEE 802.1Q
inline constexpr std::uint16_t default_mtu = 1500;

/// The control queue, 5.1.9.5: class, command and their data are readable, then one writable byte
/// for the ack.
namespace control {
inline constexpr std::uint32_t class_offset = 0;
inline constexpr std::uint32_t command_offset = 1;
inline constexpr std::uint32_t data_offset = 2;
inline constexpr std::uint8_t ok = 0;   ///< VIRTIO_NET_OK
inline constexpr std::uint8_t err = 1;  ///< VIRTIO_NET_ERR

/// 5.1.9.5.1, data: one byte, 0 off or 1 on. Promisc and allmulti with CTRL_RX, the others with
/// CTRL_RX_EXTRA.
namespace rx {
inline constexpr std::uint8_t cls = 0;
inline constexpr std::uint8_t promisc = 0;
inline constexpr std::uint8_t allmulti = 1;
inline constexpr std::uint8_t alluni = 2;
inline constexpr std::uint8_t nomulti = 3;
inline constexpr std::uint8_t nouni = 4;
inline constexpr std::uint8_t nobcast = 5;
}  // namespace rx

/// 5.1.9.5.2. The table: le32 n, n unicast addresses, le32 m, m multicast addresses.
namespace mac {
inline constexpr std::uint8_t cls = 1;
inline constexpr std::uint8_t table_set = 0;  ///< with CTRL_RX
inline constexpr std::uint8_t addr_set = 1;   ///< with CTRL_MAC_ADDR; data: the address
}  // namespace mac

// Classes that are recognised and refused here.
inline constexpr std::uint8_t vlan_cls = 2;      ///< 5.1.9.5.3
inline constexpr std::uint8_t announce_cls = 3;  ///< 5.1.9.5.4
inline constexpr std::uint8_t mq_cls = 4;        ///< 5.1.9.5.6
}  // namespace control

}  // namespace vms::abi::net
