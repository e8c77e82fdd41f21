#include "models/nic/checksum_offload.h"

#include "vms/workload/packets/checksum.h"

namespace models {

namespace {

namespace packets = vms::workload::packets;

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t vlan_tag = 4;
constexpr std::size_t ipv6_header = 40;
constexpr std::size_t ipv4_checksum_at = 10;
constexpr std::size_t tcp_checksum_at = 16;
constexpr std::size_t udp_checksum_at = 6;
constexpr std::size_t tcp_header = 20;
constexpr std::size_t udp_header = 8;
constexpr unsigned protocol_tcp = 6;
constexpr unsigned protocol_udp = 17;

unsigned byte_at(std::span<const std::byte> f, std::size_t at) {
    return std::to_integer<unsigned>(f[at]);
}
unsigned half_at(std::span<const std::byte> f, std::size_t at) {
    return byte_at(f, at) << 8 | byte_at(f, at + 1);
}
void put_half(std::span<std::byte> f, std::size_t at, unsigned value) {
    f[at] = static_cast<std::byte>(value >> 8);
    f[at + 1] = static_cast<std::byte>(value);
}

/// Segment and pseudo header: complemented, what stands in the segment.
packets::InternetSum transport_sum(std::span<const std::byte> frame, const FrameHeaders& h) {
    constexpr std::size_t ipv4_addresses_at = 12;
    constexpr std::size_t ipv6_addresses_at = 8;
    packets::InternetSum s;
    s.add(h.ipv4 ? frame.subspan(h.ip + ipv4_addresses_at, 8)
                 : frame.subspan(h.ip + ipv6_addresses_at, 32));
    s.add(h.transport == FrameHeaders::Transport::tcp ? std::uint16_t{protocol_tcp}
                                                      : std::uint16_t{protocol_udp});
    s.add(static_cast<std::uint16_t>(h.segment_bytes));  // at most 64 KiB of a 16-bit length
    s.add(frame.subspan(h.segment, h.segment_bytes));
    return s;
}

std::size_t checksum_at(const FrameHeaders& h) {
    return h.segment +
           (h.transport == FrameHeaders::Transport::tcp ? tcp_checksum_at : udp_checksum_at);
}

}  // namespace

FrameHeaders find_headers(std::span<const std::byte> f) {
    constexpr unsigned type_ipv4 = 0x0800;
    constexpr unsigned type_ipv6 = 0x86dd;
    constexpr unsigned type_vlan = 0x8100;
    FrameHeaders h;
    std::size_t ip = ethernet_header;
    if (f.size() >= ip + vlan_tag && half_at(f, ip - 2) == type_vlan)
        ip += vlan_tag;
    if (f.size() < ip + 20)
        return {};
    unsigned protocol = 0;
    std::size_t total = 0;  // of the IP datagram
    if (const unsigned type = half_at(f, ip - 2); type == type_ipv4) {
        h.ipv4 = true;
        h.ip_header = 4 * (byte_at(f, ip) & 0xf);
        total = half_at(f, ip + 2);
        constexpr unsigned fragment = 0x3fff;  // more fragments, or an offset
        protocol = (half_at(f, ip + 6) & fragment) == 0 ? byte_at(f, ip + 9) : 0;
        if (byte_at(f, ip) >> 4 != 4 || h.ip_header < 20)
            return {};
    } else if (type == type_ipv6 && f.size() >= ip + ipv6_header) {
        h.ip_header = ipv6_header;
        total = ipv6_header + half_at(f, ip + 4);
        protocol = byte_at(f, ip + 6);
    } else {
        return {};
    }
    if (total < h.ip_header || ip + total > f.size())
        return {};
    h.ip = ip;
    h.segment = ip + h.ip_header;
    h.segment_bytes = total - h.ip_header;
    if (protocol == protocol_tcp && h.segment_bytes >= tcp_header)
        h.transport = FrameHeaders::Transport::tcp;
    else if (protocol == protocol_udp && h.segment_bytes >= udp_header)
        h.transport = FrameHeaders::Transport::udp;
    return h;
}

ChecksumFinding check_checksums(std::span<const std::byte> frame) {
    const FrameHeaders h = find_headers(frame);
    if (h.ip_header == 0)
        return ChecksumFinding::none;
    if (h.ipv4 && packets::internet_checksum(frame.subspan(h.ip, h.ip_header)) != 0)
        return ChecksumFinding::bad_ip;
    switch (h.transport) {
        case FrameHeaders::Transport::tcp:
            return transport_sum(frame, h).checksum() == 0 ? ChecksumFinding::tcp
                                                           : ChecksumFinding::bad_tcp;
        case FrameHeaders::Transport::udp:
            if (h.ipv4 && half_at(frame, checksum_at(h)) == 0)
                break;  // RFC 768: there is none
            return transport_sum(frame, h).checksum() == 0 ? ChecksumFinding::udp
                                                           : ChecksumFinding::bad_udp;
        case FrameHeaders::Transport::none:
            break;
    }
    return h.ipv4 ? ChecksumFinding::ip : ChecksumFinding::none;
}

void make_checksums(std::span<std::byte> frame) {
    const FrameHeaders h = find_headers(frame);
    if (h.ip_header == 0)
        return;
    if (h.ipv4) {
        put_half(frame, h.ip + ipv4_checksum_at, 0);
        put_half(frame, h.ip + ipv4_checksum_at,
                 packets::internet_checksum(frame.subspan(h.ip, h.ip_header)));
    }
    if (h.transport == FrameHeaders::Transport::none)
        return;
    put_half(frame, checksum_at(h), 0);
    const unsigned made = transport_sum(frame, h).checksum();
    // RFC 768: a sum of zero is sent as all ones.
    const bool udp = h.transport == FrameHeaders::Transport::udp;
    put_half(frame, checksum_at(h), made == 0 && udp ? 0xffff : made);
}

}  // namespace models
