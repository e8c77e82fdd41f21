// The headers of the packets that workloads and hosts exchange, as values. Ethernet II (IEEE
// 802.3-2018, 3.2.6), ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), UDP (RFC 768), IPv6 (RFC
// 8200), ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "vms/workload/packets/addresses.h"

namespace vms::workload::packets {

// Bytes.
inline constexpr std::size_t ethernet_header = 14;
inline constexpr std::size_t ethernet_minimum = 60;  ///< without FCS; shorter frames are padded
inline constexpr std::size_t ethernet_mtu = 1500;    ///< largest payload, 3.2.7
inline constexpr std::size_t arp_bytes = 28;         ///< for Ethernet and IPv4
inline constexpr std::size_t ipv4_header = 20;       ///< without options
inline constexpr std::size_t ipv6_header = 40;
inline constexpr std::size_t udp_header = 8;
inline constexpr std::size_t echo_header = 8;       ///< ICMP and ICMPv6
inline constexpr std::size_t neighbour_bytes = 24;  ///< without options
inline constexpr std::size_t link_address_option = 8;

enum EtherType : std::uint16_t {
    ethertype_ipv4 = 0x0800,
    ethertype_arp = 0x0806,
    ethertype_vlan = 0x8100,
    ethertype_ipv6 = 0x86dd,
};

enum Protocol : std::uint8_t {
    protocol_icmp = 1,
    protocol_udp = 17,
    protocol_icmpv6 = 58,
};

struct Ethernet {
    MacAddress destination{};
    MacAddress source{};
    std::uint16_t type = 0;
};

struct Arp {
    enum Operation : std::uint16_t { request = 1, reply = 2 };
    std::uint16_t operation = request;
    MacAddress sender_mac{};
    Ipv4Address sender{};
    MacAddress target_mac{};  ///< of no meaning in a request
    Ipv4Address target{};
};

struct Ipv4 {
    Ipv4Address source{};
    Ipv4Address destination{};
    std::uint8_t protocol = 0;
    std::uint8_t ttl = 64;
    std::uint8_t tos = 0;
    std::uint16_t identification = 0;
    bool dont_fragment = true;
    bool fragment = false;  ///< part of a larger datagram: what follows is not looked at
};

struct Ipv6 {
    Ipv6Address source{};
    Ipv6Address destination{};
    std::uint8_t next_header = 0;  ///< of what follows the extension headers
    std::uint8_t hop_limit = 64;
    std::uint8_t traffic_class = 0;
    std::uint32_t flow_label = 0;
    bool fragment = false;
};

struct Udp {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
};

/// ICMP and ICMPv6 echo.
struct Echo {
    bool reply = false;
    std::uint16_t identifier = 0;
    std::uint16_t sequence = 0;
};

/// Neighbour solicitation and advertisement (RFC 4861, 4.3, 4.4), with the link-layer address
/// option that belongs to it: source or target.
struct Neighbour {
    bool advertisement = false;
    Ipv6Address target{};
    std::optional<MacAddress> link_address{};
    bool router = false;  ///< advertisement: flags R, S and O
    bool solicited = false;
    bool override_ = false;
};

/// Another ICMP or ICMPv6 message.
struct OtherIcmp {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
};

}  // namespace vms::workload::packets
