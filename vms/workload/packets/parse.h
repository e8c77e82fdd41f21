// What a frame holds: every length is checked before it is used, every checksum is judged. What is
// found refers to the frame's bytes; nothing is copied, nothing allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "vms/workload/packets/headers.h"

namespace vms::workload::packets {

enum class ChecksumState : std::uint8_t {
    absent,  ///< there is none: ARP, a UDP/IPv4 datagram without, a fragment
    good,
    bad,
};

/// Why a frame is not what its headers say.
enum class Fault : std::uint8_t {
    none,
    short_frame,  ///< less than an Ethernet header
    short_arp,    ///< the packet ends early
    foreign_arp,  ///< not for Ethernet and IPv4
    bad_ip_version,
    bad_header_length,  ///< IPv4: IHL below 5; IPv6: extension headers do not end
    short_ip,           ///< the frame ends before the datagram does
    short_transport,    ///< the datagram ends before the header, or the length in it, does
    bad_neighbour,      ///< an option of neighbour discovery of length 0 or beyond the end
};

std::string_view text(Fault fault);

struct Packet {
    Fault fault = Fault::none;
    Ethernet ethernet;
    std::variant<std::monostate, Arp, Ipv4, Ipv6> network;
    std::variant<std::monostate, Udp, Echo, Neighbour, OtherIcmp> transport;
    ChecksumState network_checksum = ChecksumState::absent;    ///< IPv4's header
    ChecksumState transport_checksum = ChecksumState::absent;  ///< UDP, ICMP, ICMPv6
    std::size_t transport_at = 0;        ///< where the transport header begins in the frame
    std::span<const std::byte> payload;  ///< of UDP or echo, without the frame's padding

    /// No fault and no wrong checksum.
    bool sound() const {
        return fault == Fault::none && network_checksum != ChecksumState::bad &&
               transport_checksum != ChecksumState::bad;
    }
};

/// How much is looked at.
enum class Verify : std::uint8_t {
    all,
    no_transport,  ///< the transport checksum is taken as good: a device has checked it, or it is
                   ///< still partial
};

/// `frame` is from the destination address on, without FCS.
Packet parse(std::span<const std::byte> frame, Verify verify = Verify::all);

}  // namespace vms::workload::packets
