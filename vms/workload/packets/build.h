// Builders of frames: into the caller's memory, checksums included, padded to the minimum of
// Ethernet. Each returns the length of the frame, or 0 when it does not fit `out` (or the datagram
// does not fit its 16-bit length); `out` is then left as it was.
//
// What carries a payload is built around it: the payload goes to payload_of(out, ...) first and
// needs no copy. The forms with a payload copy it there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/workload/packets/headers.h"

namespace vms::workload::packets {

/// Who talks to whom. The addresses are of one family; the source's decides.
struct Route {
    MacAddress source_mac{};
    MacAddress destination_mac{};
    IpAddress source{};
    IpAddress destination{};
    std::uint8_t ttl = 64;             ///< hop limit
    std::uint8_t tos = 0;              ///< traffic class
    std::uint16_t identification = 0;  ///< IPv4

    constexpr bool v6() const { return std::holds_alternative<Ipv6Address>(source); }
    /// Of Ethernet and IP.
    constexpr std::size_t headers() const {
        return ethernet_header + (v6() ? ipv6_header : ipv4_header);
    }
};

/// What stands in the checksum field.
enum class ChecksumMode : std::uint8_t {
    full,
    partial,  ///< the pseudo header's sum: a device completes it (see complete_checksum)
    none,     ///< 0; a UDP/IPv4 datagram without
};

/// Bytes of a UDP frame before its payload, and the length of the frame with its padding.
constexpr std::size_t udp_overhead(const Route& route) {
    return route.headers() + udp_header;
}
constexpr std::size_t padded(std::size_t frame) {
    return frame < ethernet_minimum ? ethernet_minimum : frame;
}

std::size_t build_udp(std::span<std::byte> out, const Route& route, const Udp& udp,
                      std::size_t payload_bytes, ChecksumMode mode = ChecksumMode::full);
std::size_t build_udp(std::span<std::byte> out, const Route& route, const Udp& udp,
                      std::span<const std::byte> payload, ChecksumMode mode = ChecksumMode::full);
/// Where build_udp finds its payload; empty when it does not fit.
std::span<std::byte> udp_payload(std::span<std::byte> out, const Route& route,
                                 std::size_t payload_bytes);

/// ICMP or, over IPv6, ICMPv6.
std::size_t build_echo(std::span<std::byte> out, const Route& route, const Echo& echo,
                       std::size_t payload_bytes);
std::size_t build_echo(std::span<std::byte> out, const Route& route, const Echo& echo,
                       std::span<const std::byte> payload);
std::span<std::byte> echo_payload(std::span<std::byte> out, const Route& route,
                                  std::size_t payload_bytes);

std::size_t build_arp(std::span<std::byte> out, const MacAddress& destination, const Arp& arp);
/// A broadcast request for the MAC of `target`.
std::size_t build_arp_request(std::span<std::byte> out, const MacAddress& source_mac,
                              Ipv4Address source, Ipv4Address target);

/// Solicitations and advertisements have hop limit 255 (RFC 4861, 4.3); the route's is not used.
std::size_t build_neighbour(std::span<std::byte> out, const Route& route,
                            const Neighbour& neighbour);
/// A multicast solicitation for the MAC of `target` (RFC 4861, 7.2.2).
std::size_t build_solicitation(std::span<std::byte> out, const MacAddress& source_mac,
                               const Ipv6Address& source, const Ipv6Address& target);

/// A frame of another type, `payload` copied.
std::size_t build_ethernet(std::span<std::byte> out, const Ethernet& ethernet,
                           std::span<const std::byte> payload);

}  // namespace vms::workload::packets
