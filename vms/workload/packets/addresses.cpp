#include "vms/workload/packets/addresses.h"

#include <charconv>
#include <cstring>
#include <system_error>

#include "vms/workload/packets/wire_order.h"

namespace vms::workload::packets {

namespace {

constexpr std::size_t groups = 8;  ///< of 16 bits, in an IPv6 address

/// The whole of `text` as a number of at most `digits` digits.
std::optional<unsigned> number(std::string_view text, int base, std::size_t digits) {
    unsigned v = 0;
    if (text.empty() || text.size() > digits)
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v, base);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return v;
}

/// Cuts `text` at the first `separator`; what stood before it.
std::string_view cut(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

/// Groups separated by ':' into `out` from `count` on. The last may be an IPv4 address.
bool parse_groups(std::string_view text, std::array<std::uint16_t, groups>& out,
                  std::size_t& count) {
    if (text.empty())
        return true;
    if (text.back() == ':')
        return false;
    while (!text.empty()) {
        const std::string_view part = cut(text, ':');
        if (part.find('.') != std::string_view::npos) {
            const std::optional<Ipv4Address> last = Ipv4Address::parse(part);
            if (!last || !text.empty() || count + 2 > groups)
                return false;
            out[count++] = static_cast<std::uint16_t>(last->value >> 16);
            out[count++] = static_cast<std::uint16_t>(last->value & 0xffff);
            return true;
        }
        const std::optional<unsigned> group = number(part, 16, 4);
        if (!group || count == groups)
            return false;
        out[count++] = static_cast<std::uint16_t>(*group);
    }
    return true;
}

void append(std::string& text, unsigned v, int base) {
    std::array<char, 8> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), v, base);
    text.append(digits.data(), end);
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    constexpr std::size_t length = 3 * size - 1;
    if (text.size() != length || (text[2] != ':' && text[2] != '-'))
        return std::nullopt;
    const char separator = text[2];
    MacAddress a;
    for (std::uint8_t& byte : a.bytes) {
        const std::string_view part = cut(text, separator);
        const std::optional<unsigned> v = number(part, 16, 2);
        if (!v || part.size() != 2)
            return std::nullopt;
        byte = static_cast<std::uint8_t>(*v);
    }
    return a;
}

std::string MacAddress::text() const {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string s;
    for (const std::uint8_t b : bytes) {
        if (!s.empty())
            s += ':';
        s += hex[b >> 4];
        s += hex[b & 0xf];
    }
    return s;
}

std::optional<Ipv4Address> Ipv4Address::parse(std::string_view text) {
    if (text.empty() || text.back() == '.')
        return std::nullopt;
    Ipv4Address a;
    for (std::size_t i = 0; i < size; ++i) {
        const std::string_view part = cut(text, '.');
        const std::optional<unsigned> v = number(part, 10, 3);
        if (!v || *v > 0xff || (part.size() > 1 && part.front() == '0'))
            return std::nullopt;
        a.value = a.value << 8 | *v;
    }
    return text.empty() ? std::optional{a} : std::nullopt;
}

std::string Ipv4Address::text() const {
    std::string s;
    for (unsigned shift = 32; shift != 0;) {
        shift -= 8;
        append(s, value >> shift & 0xff, 10);
        if (shift != 0)
            s += '.';
    }
    return s;
}

std::optional<Ipv6Address> Ipv6Address::parse(std::string_view text) {
    std::array<std::uint16_t, groups> head{};
    std::array<std::uint16_t, groups> tail{};
    std::size_t heads = 0;
    std::size_t tails = 0;
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        if (!parse_groups(text, head, heads) || heads != groups)
            return std::nullopt;
    } else {
        const std::string_view before = text.substr(0, gap);
        const bool good = before.find('.') == std::string_view::npos &&
                          parse_groups(before, head, heads) &&
                          parse_groups(text.substr(gap + 2), tail, tails);
        if (!good || heads + tails >= groups)
            return std::nullopt;
        for (std::size_t i = 0; i < tails; ++i)
            head[groups - tails + i] = tail[i];
    }
    Ipv6Address a;
    for (std::size_t i = 0; i < groups; ++i) {
        a.bytes[2 * i] = static_cast<std::uint8_t>(head[i] >> 8);
        a.bytes[2 * i + 1] = static_cast<std::uint8_t>(head[i] & 0xff);
    }
    return a;
}

std::string Ipv6Address::text() const {
    const auto group = [this](std::size_t i) {
        return unsigned{bytes[2 * i]} << 8 | bytes[2 * i + 1];
    };
    // The first of the longest runs of zero groups, of two at least (RFC 5952, 4.2).
    std::size_t best = groups;
    std::size_t best_length = 1;
    for (std::size_t i = 0; i < groups; ++i) {
        std::size_t length = 0;
        while (i + length < groups && group(i + length) == 0)
            ++length;
        if (length > best_length) {
            best = i;
            best_length = length;
        }
    }
    std::string s;
    for (std::size_t i = 0; i < groups; ++i) {
        if (i == best) {
            s += "::";
            i += best_length - 1;
            continue;
        }
        if (!s.empty() && s.back() != ':')
            s += ':';
        append(s, group(i), 16);
    }
    return s;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
    if (const std::optional<Ipv4Address> v4 = Ipv4Address::parse(text))
        return *v4;
    if (const std::optional<Ipv6Address> v6 = Ipv6Address::parse(text))
        return *v6;
    return std::nullopt;
}

std::string text(const IpAddress& address) {
    return std::visit([](const auto& a) { return a.text(); }, address);
}

MacAddress get_mac(std::span<const std::byte> bytes, std::size_t at) {
    MacAddress a;
    std::memcpy(a.bytes.data(), bytes.data() + at, MacAddress::size);
    return a;
}

Ipv4Address get_ipv4(std::span<const std::byte> bytes, std::size_t at) {
    return {get32(bytes, at)};
}

Ipv6Address get_ipv6(std::span<const std::byte> bytes, std::size_t at) {
    Ipv6Address a;
    std::memcpy(a.bytes.data(), bytes.data() + at, Ipv6Address::size);
    return a;
}

void put(std::span<std::byte> bytes, std::size_t at, const MacAddress& a) {
    std::memcpy(bytes.data() + at, a.bytes.data(), MacAddress::size);
}

void put(std::span<std::byte> bytes, std::size_t at, Ipv4Address a) {
    put32(bytes, at, a.value);
}

void put(std::span<std::byte> bytes, std::size_t at, const Ipv6Address& a) {
    std::memcpy(bytes.data() + at, a.bytes.data(), Ipv6Address::size);
}

}  // namespace vms::workload::packets
