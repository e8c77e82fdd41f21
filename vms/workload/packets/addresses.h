// Addresses of the link and the network, with their text forms: MAC (IEEE 802-2014, 8), IPv4
// (RFC 791), IPv6 (RFC 4291; text as RFC 5952 recommends), and which MAC a multicast address uses.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace vms::workload::packets {

/// A 48-bit MAC address, in the order in which it is transmitted.
struct MacAddress {
    static constexpr std::size_t size = 6;
    std::array<std::uint8_t, size> bytes{};

    constexpr auto operator<=>(const MacAddress&) const = default;

    static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
    /// Six pairs of hexadecimal digits with ':' or '-' between them.
    static std::optional<MacAddress> parse(std::string_view text);
    /// 02:00:00:00:00:01
    std::string text() const;

    /// The I/G bit: a group, broadcast included.
    constexpr bool is_multicast() const { return (bytes[0] & 1) != 0; }
    constexpr bool is_broadcast() const { return *this == broadcast(); }
};

/// An IPv4 address as a number: 192.0.2.1 is 0xc0000201.
struct Ipv4Address {
    static constexpr std::size_t size = 4;
    std::uint32_t value = 0;

    constexpr auto operator<=>(const Ipv4Address&) const = default;

    static constexpr Ipv4Address of(std::uint8_t a, std::uint8_t b, std::uint8_t c,
                                    std::uint8_t d) {
        return {std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d};
    }
    /// Four decimal numbers from 0 to 255 without leading zeros.
    static std::optional<Ipv4Address> parse(std::string_view text);
    std::string text() const;

    constexpr bool is_multicast() const { return value >> 28 == 0xe; }
};

struct Ipv6Address {
    static constexpr std::size_t size = 16;
    std::array<std::uint8_t, size> bytes{};

    constexpr auto operator<=>(const Ipv6Address&) const = default;

    /// RFC 4291, 2.2: eight groups, one "::" at most, an IPv4 address for the last two groups.
    static std::optional<Ipv6Address> parse(std::string_view text);
    /// RFC 5952: lower case, no leading zeros, the longest run of zero groups shortened.
    std::string text() const;

    constexpr bool is_multicast() const { return bytes[0] == 0xff; }
    /// fe80::/64 with the modified EUI-64 of a MAC address (RFC 4291, appendix A).
    static constexpr Ipv6Address link_local(const MacAddress& mac) {
        return {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(mac.bytes[0] ^ 2),
                 mac.bytes[1], mac.bytes[2], 0xff, 0xfe, mac.bytes[3], mac.bytes[4], mac.bytes[5]}};
    }
    /// Where a neighbour solicitation for this address goes (RFC 4291, 2.7.1).
    constexpr Ipv6Address solicited_node() const {
        return {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, bytes[13], bytes[14], bytes[15]}};
    }
    static constexpr Ipv6Address all_nodes() {
        return {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    }
};

using IpAddress = std::variant<Ipv4Address, Ipv6Address>;

std::optional<IpAddress> parse_ip(std::string_view text);
std::string text(const IpAddress& address);

/// RFC 1112, 6.4: 01:00:5e and the low 23 bits.
constexpr MacAddress multicast_mac(Ipv4Address a) {
    return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(a.value >> 16 & 0x7f),
             static_cast<std::uint8_t>(a.value >> 8 & 0xff),
             static_cast<std::uint8_t>(a.value & 0xff)}};
}
/// RFC 2464, 7: 33:33 and the last four bytes.
constexpr MacAddress multicast_mac(const Ipv6Address& a) {
    return {{0x33, 0x33, a.bytes[12], a.bytes[13], a.bytes[14], a.bytes[15]}};
}

constexpr bool is_multicast(const IpAddress& a) {
    return std::visit([](const auto& x) { return x.is_multicast(); }, a);
}
constexpr MacAddress multicast_mac(const IpAddress& a) {
    return std::visit([](const auto& x) { return multicast_mac(x); }, a);
}

// --- in packets; the caller has checked the bounds ----------------------------------------------

MacAddress get_mac(std::span<const std::byte> bytes, std::size_t at);
Ipv4Address get_ipv4(std::span<const std::byte> bytes, std::size_t at);
Ipv6Address get_ipv6(std::span<const std::byte> bytes, std::size_t at);
void put(std::span<std::byte> bytes, std::size_t at, const MacAddress& a);
void put(std::span<std::byte> bytes, std::size_t at, Ipv4Address a);
void put(std::span<std::byte> bytes, std::size_t at, const Ipv6Address& a);

}  // namespace vms::workload::packets
