// Checksums of IPv4, TCP and UDP in a frame, as the GEM makes and checks them. After UG1085,
// "Checksum Offload": IPv4, and IPv6 without extension headers, plain or in one VLAN tag;
// TCP and UDP of datagrams that are not fragments. RFC 1071, 791, 8200, 9293, 768.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace models {

/// What the headers of a frame are.
struct FrameHeaders {
    enum class Transport : std::uint8_t { none, tcp, udp };

    bool ipv4 = false;  ///< else there is no header checksum
    std::size_t ip = 0;
    std::size_t ip_header = 0;  ///< bytes; 0: no IP that is understood
    Transport transport = Transport::none;
    std::size_t segment = 0;  ///< where it begins, and how long it is
    std::size_t segment_bytes = 0;
};
FrameHeaders find_headers(std::span<const std::byte> frame);

enum class ChecksumFinding : std::uint8_t { none, ip, tcp, udp, bad_ip, bad_tcp, bad_udp };
/// What a receiver says of a frame: nothing, which checksums are right, or the first that is wrong.
ChecksumFinding check_checksums(std::span<const std::byte> frame);

/// Puts the checksums that there are places for.
void make_checksums(std::span<std::byte> frame);

}  // namespace models
