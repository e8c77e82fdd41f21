#include "vms/workload/packets/build.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "vms/workload/packets/checksum.h"
#include "vms/workload/packets/wire_order.h"

namespace vms::workload::packets {

namespace {

using Out = std::span<std::byte>;

constexpr std::size_t max_datagram = std::numeric_limits<std::uint16_t>::max();

/// Whether a datagram of `bytes` after the IP header fits its header and, in its frame, `out`.
bool fits(Out out, const Route& route, std::size_t bytes) {
    const std::size_t counted = bytes + (route.v6() ? 0 : ipv4_header);
    return route.source.index() == route.destination.index() && counted <= max_datagram &&
           padded(route.headers() + bytes) <= out.size();
}

void put_ethernet(Out out, const Ethernet& e) {
    put(out, 0, e.destination);
    put(out, MacAddress::size, e.source);
    put16(out, 12, e.type);
}

/// Zeroes after the frame up to the minimum; the length with them.
std::size_t pad(Out out, std::size_t length) {
    const std::size_t whole = padded(length);
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(length),
              out.begin() + static_cast<std::ptrdiff_t>(whole), std::byte{0});
    return whole;
}

void put_ip(Out out, const Route& route, std::uint8_t protocol, std::size_t bytes) {
    const Out ip = out.subspan(ethernet_header);
    if (const auto* source = std::get_if<Ipv6Address>(&route.source)) {
        put_ethernet(out, {route.destination_mac, route.source_mac, ethertype_ipv6});
        put32(ip, 0, 6U << 28 | std::uint32_t{route.tos} << 20);
        put16(ip, 4, static_cast<std::uint16_t>(bytes));
        put8(ip, 6, protocol);
        put8(ip, 7, route.ttl);
        put(ip, 8, *source);
        put(ip, 24, std::get<Ipv6Address>(route.destination));
        return;
    }
    constexpr std::uint16_t dont_fragment = 0x4000;
    put_ethernet(out, {route.destination_mac, route.source_mac, ethertype_ipv4});
    put8(ip, 0, 0x45);  // version 4, five words
    put8(ip, 1, route.tos);
    put16(ip, 2, static_cast<std::uint16_t>(ipv4_header + bytes));
    put16(ip, 4, route.identification);
    put16(ip, 6, dont_fragment);
    put8(ip, 8, route.ttl);
    put8(ip, 9, protocol);
    put16(ip, 10, 0);
    put(ip, 12, std::get<Ipv4Address>(route.source));
    put(ip, 16, std::get<Ipv4Address>(route.destination));
    put16(ip, 10, internet_checksum(ip.first(ipv4_header)));
}

InternetSum pseudo(const Route& route, std::uint8_t protocol, std::size_t bytes) {
    return pseudo_header(route.source, route.destination, protocol,
                         static_cast<std::uint32_t>(bytes));
}

Out payload_at(Out out, const Route& route, std::size_t header, std::size_t payload_bytes) {
    if (!fits(out, route, header + payload_bytes))
        return {};
    return out.subspan(route.headers() + header, payload_bytes);
}

/// `to` is of the same size, or empty when there is no room.
void copy(std::span<const std::byte> from, Out to) {
    if (!to.empty())
        std::memmove(to.data(), from.data(), to.size());
}

/// An ICMPv6 message that stands after the IP header, its checksum field zero.
std::size_t finish_icmpv6(Out out, const Route& route, std::size_t bytes) {
    put_ip(out, route, protocol_icmpv6, bytes);
    const Out message = out.subspan(route.headers(), bytes);
    InternetSum sum = pseudo(route, protocol_icmpv6, bytes);
    sum.add(message);
    put16(message, 2, sum.checksum());
    return pad(out, route.headers() + bytes);
}

}  // namespace

std::span<std::byte> udp_payload(std::span<std::byte> out, const Route& route,
                                 std::size_t payload_bytes) {
    return payload_at(out, route, udp_header, payload_bytes);
}

std::size_t build_udp(std::span<std::byte> out, const Route& route, const Udp& udp,
                      std::size_t payload_bytes, ChecksumMode mode) {
    const std::size_t bytes = udp_header + payload_bytes;
    if (!fits(out, route, bytes))
        return 0;
    put_ip(out, route, protocol_udp, bytes);
    const Out datagram = out.subspan(route.headers(), bytes);
    put16(datagram, 0, udp.source_port);
    put16(datagram, 2, udp.destination_port);
    put16(datagram, 4, static_cast<std::uint16_t>(bytes));
    put16(datagram, 6, 0);
    if (mode == ChecksumMode::partial) {
        put16(datagram, 6, pseudo(route, protocol_udp, bytes).sum());
    } else if (mode == ChecksumMode::full) {
        InternetSum sum = pseudo(route, protocol_udp, bytes);
        sum.add(datagram);
        // Zero means none; all ones is the same number (RFC 768).
        const std::uint16_t checksum = sum.checksum();
        put16(datagram, 6, checksum == 0 ? std::uint16_t{0xffff} : checksum);
    }
    return pad(out, route.headers() + bytes);
}

std::size_t build_udp(std::span<std::byte> out, const Route& route, const Udp& udp,
                      std::span<const std::byte> payload, ChecksumMode mode) {
    copy(payload, udp_payload(out, route, payload.size()));
    return build_udp(out, route, udp, payload.size(), mode);
}

std::span<std::byte> echo_payload(std::span<std::byte> out, const Route& route,
                                  std::size_t payload_bytes) {
    return payload_at(out, route, echo_header, payload_bytes);
}

std::size_t build_echo(std::span<std::byte> out, const Route& route, const Echo& echo,
                       std::size_t payload_bytes) {
    const std::size_t bytes = echo_header + payload_bytes;
    if (!fits(out, route, bytes))
        return 0;
    const Out message = out.subspan(route.headers(), bytes);
    const unsigned icmp = echo.reply ? 0 : 8;
    const unsigned icmpv6 = echo.reply ? 129 : 128;
    put8(message, 0, route.v6() ? icmpv6 : icmp);
    put8(message, 1, 0);
    put16(message, 2, 0);
    put16(message, 4, echo.identifier);
    put16(message, 6, echo.sequence);
    if (route.v6())
        return finish_icmpv6(out, route, bytes);
    put_ip(out, route, protocol_icmp, bytes);
    put16(message, 2, internet_checksum(message));
    return pad(out, route.headers() + bytes);
}

std::size_t build_echo(std::span<std::byte> out, const Route& route, const Echo& echo,
                       std::span<const std::byte> payload) {
    copy(payload, echo_payload(out, route, payload.size()));
    return build_echo(out, route, echo, payload.size());
}

std::size_t build_arp(std::span<std::byte> out, const MacAddress& destination, const Arp& arp) {
    constexpr std::size_t length = ethernet_header + arp_bytes;
    if (out.size() < padded(length))
        return 0;
    put_ethernet(out, {destination, arp.sender_mac, ethertype_arp});
    const Out p = out.subspan(ethernet_header);
    put16(p, 0, 1);  // Ethernet
    put16(p, 2, ethertype_ipv4);
    put8(p, 4, MacAddress::size);
    put8(p, 5, Ipv4Address::size);
    put16(p, 6, arp.operation);
    put(p, 8, arp.sender_mac);
    put(p, 14, arp.sender);
    put(p, 18, arp.target_mac);
    put(p, 24, arp.target);
    return pad(out, length);
}

std::size_t build_arp_request(std::span<std::byte> out, const MacAddress& source_mac,
                              Ipv4Address source, Ipv4Address target) {
    return build_arp(out, MacAddress::broadcast(),
                     {.operation = Arp::request,
                      .sender_mac = source_mac,
                      .sender = source,
                      .target_mac = {},
                      .target = target});
}

std::size_t build_neighbour(std::span<std::byte> out, const Route& route,
                            const Neighbour& neighbour) {
    const std::size_t bytes = neighbour_bytes + (neighbour.link_address ? link_address_option : 0);
    if (!route.v6() || !fits(out, route, bytes))
        return 0;
    Route exact = route;
    exact.ttl = 255;
    const Out message = out.subspan(exact.headers(), bytes);
    put8(message, 0, neighbour.advertisement ? 136 : 135);
    put8(message, 1, 0);
    put16(message, 2, 0);
    put32(message, 4,
          (neighbour.router ? 0x8000'0000U : 0) | (neighbour.solicited ? 0x4000'0000U : 0) |
              (neighbour.override_ ? 0x2000'0000U : 0));
    put(message, 8, neighbour.target);
    if (neighbour.link_address) {
        put8(message, 24, neighbour.advertisement ? 2 : 1);
        put8(message, 25, 1);
        put(message, 26, *neighbour.link_address);
    }
    return finish_icmpv6(out, exact, bytes);
}

std::size_t build_solicitation(std::span<std::byte> out, const MacAddress& source_mac,
                               const Ipv6Address& source, const Ipv6Address& target) {
    const Ipv6Address group = target.solicited_node();
    return build_neighbour(out,
                           {.source_mac = source_mac,
                            .destination_mac = multicast_mac(group),
                            .source = source,
                            .destination = group},
                           {.target = target, .link_address = source_mac});
}

std::size_t build_ethernet(std::span<std::byte> out, const Ethernet& ethernet,
                           std::span<const std::byte> payload) {
    const std::size_t length = ethernet_header + payload.size();
    if (out.size() < padded(length))
        return 0;
    put_ethernet(out, ethernet);
    copy(payload, out.subspan(ethernet_header, payload.size()));
    return pad(out, length);
}

}  // namespace vms::workload::packets
