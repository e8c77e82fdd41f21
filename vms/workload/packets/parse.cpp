#include "vms/workload/packets/parse.h"

#include <algorithm>

#include "vms/workload/packets/checksum.h"
#include "vms/workload/packets/wire_order.h"

namespace vms::workload::packets {

namespace {

using Bytes = std::span<const std::byte>;

unsigned get8(Bytes b, std::size_t at) {
    return std::to_integer<unsigned>(b[at]);
}

ChecksumState judged(std::uint16_t checksum) {
    return checksum == 0 ? ChecksumState::good : ChecksumState::bad;
}

/// The parts of a frame, from the outside in. Each stops where something is wrong.
class Parser {
  public:
    Parser(Bytes frame, Verify verify) : frame_(frame), verify_(verify) {}

    Packet run() {
        if (frame_.size() < ethernet_header) {
            p_.fault = Fault::short_frame;
            return p_;
        }
        p_.ethernet = {get_mac(frame_, 0), get_mac(frame_, MacAddress::size), get16(frame_, 12)};
        switch (p_.ethernet.type) {
            case ethertype_arp:
                arp(frame_.subspan(ethernet_header));
                break;
            case ethertype_ipv4:
                ipv4(frame_.subspan(ethernet_header));
                break;
            case ethertype_ipv6:
                ipv6(frame_.subspan(ethernet_header));
                break;
            default:
                break;
        }
        return p_;
    }

  private:
    void fail(Fault fault) { p_.fault = fault; }

    void arp(Bytes b) {
        constexpr std::uint16_t hardware_ethernet = 1;
        if (b.size() < arp_bytes)
            return fail(Fault::short_arp);
        if (get16(b, 0) != hardware_ethernet || get16(b, 2) != ethertype_ipv4 ||
            get8(b, 4) != MacAddress::size || get8(b, 5) != Ipv4Address::size)
            return fail(Fault::foreign_arp);
        p_.network = Arp{.operation = get16(b, 6),
                         .sender_mac = get_mac(b, 8),
                         .sender = get_ipv4(b, 14),
                         .target_mac = get_mac(b, 18),
                         .target = get_ipv4(b, 24)};
    }

    void ipv4(Bytes b) {
        if (b.size() < ipv4_header)
            return fail(Fault::short_ip);
        if (get8(b, 0) >> 4 != 4)
            return fail(Fault::bad_ip_version);
        const std::size_t header = 4 * (get8(b, 0) & 0xf);
        const std::size_t total = get16(b, 2);
        if (header < ipv4_header || header > total)
            return fail(Fault::bad_header_length);
        if (total > b.size())
            return fail(Fault::short_ip);
        const std::uint16_t flags = get16(b, 6);
        const Ipv4 ip{.source = get_ipv4(b, 12),
                      .destination = get_ipv4(b, 16),
                      .protocol = static_cast<std::uint8_t>(get8(b, 9)),
                      .ttl = static_cast<std::uint8_t>(get8(b, 8)),
                      .tos = static_cast<std::uint8_t>(get8(b, 1)),
                      .identification = get16(b, 4),
                      .dont_fragment = (flags & 0x4000) != 0,
                      .fragment = (flags & 0x3fff) != 0};  // more fragments, or an offset
        p_.network = ip;
        p_.network_checksum = judged(internet_checksum(b.first(header)));
        if (ip.fragment)
            return;
        const Bytes data = b.subspan(header, total - header);
        p_.transport_at = ethernet_header + header;
        if (ip.protocol == protocol_udp)
            udp(data, ip.source, ip.destination);
        else if (ip.protocol == protocol_icmp)
            icmp(data);
    }

    void ipv6(Bytes b) {
        if (b.size() < ipv6_header)
            return fail(Fault::short_ip);
        if (get8(b, 0) >> 4 != 6)
            return fail(Fault::bad_ip_version);
        const std::size_t length = get16(b, 4);
        if (length > b.size() - ipv6_header)
            return fail(Fault::short_ip);
        const std::uint32_t first = get32(b, 0);
        Ipv6 ip{.source = get_ipv6(b, 8),
                .destination = get_ipv6(b, 24),
                .next_header = static_cast<std::uint8_t>(get8(b, 6)),
                .hop_limit = static_cast<std::uint8_t>(get8(b, 7)),
                .traffic_class = static_cast<std::uint8_t>(first >> 20 & 0xff),
                .flow_label = first & 0xf'ffff};
        Bytes data = b.subspan(ipv6_header, length);
        const bool ended = skip_extensions(ip, data);
        p_.network = ip;
        if (!ended)
            return fail(Fault::bad_header_length);
        if (ip.fragment)
            return;
        p_.transport_at = static_cast<std::size_t>(data.data() - frame_.data());
        if (ip.next_header == protocol_udp)
            udp(data, ip.source, ip.destination);
        else if (ip.next_header == protocol_icmpv6)
            icmpv6(data, ip);
    }

    /// RFC 8200, 4: from header to header. False: one of them reaches beyond the end.
    static bool skip_extensions(Ipv6& ip, Bytes& data) {
        constexpr std::uint8_t hop_by_hop = 0;
        constexpr std::uint8_t routing = 43;
        constexpr std::uint8_t fragment = 44;
        constexpr std::uint8_t destination_options = 60;
        while (true) {
            switch (ip.next_header) {
                case fragment:
                    ip.fragment = true;
                    return data.size() >= 8;
                case hop_by_hop:
                case routing:
                case destination_options: {
                    if (data.size() < 8)
                        return false;
                    const std::size_t header = 8 * (get8(data, 1) + 1);
                    if (header > data.size())
                        return false;
                    ip.next_header = static_cast<std::uint8_t>(get8(data, 0));
                    data = data.subspan(header);
                    break;
                }
                default:
                    return true;
            }
        }
    }

    ChecksumState transport_sum(Bytes data, const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol) const {
        if (verify_ == Verify::no_transport)
            return ChecksumState::good;
        InternetSum sum =
            pseudo_header(source, destination, protocol, static_cast<std::uint32_t>(data.size()));
        sum.add(data);
        return judged(sum.checksum());
    }

    void udp(Bytes data, const IpAddress& source, const IpAddress& destination) {
        if (data.size() < udp_header)
            return fail(Fault::short_transport);
        const std::size_t length = get16(data, 4);
        if (length < udp_header || length > data.size())
            return fail(Fault::short_transport);
        data = data.first(length);
        p_.transport = Udp{get16(data, 0), get16(data, 2)};
        p_.payload = data.subspan(udp_header);
        // Zero: the sender made none, which IPv6 does not allow (RFC 8200, 8.1).
        if (get16(data, 6) != 0)
            p_.transport_checksum = transport_sum(data, source, destination, protocol_udp);
        else if (std::holds_alternative<Ipv6Address>(source))
            p_.transport_checksum = ChecksumState::bad;
    }

    void icmp(Bytes data) {
        constexpr unsigned echo_reply = 0;
        constexpr unsigned echo_request = 8;
        if (data.size() < echo_header)
            return fail(Fault::short_transport);
        p_.transport_checksum =
            verify_ == Verify::no_transport ? ChecksumState::good : judged(internet_checksum(data));
        const unsigned type = get8(data, 0);
        if (type == echo_reply || type == echo_request)
            echo(data, type == echo_reply);
        else
            other(data);
    }

    void icmpv6(Bytes data, const Ipv6& ip) {
        constexpr unsigned echo_request = 128;  // RFC 4443, 4.1
        constexpr unsigned echo_reply = 129;
        constexpr unsigned solicitation = 135;  // RFC 4861, 4.3
        constexpr unsigned advertisement = 136;
        if (data.size() < 4)
            return fail(Fault::short_transport);
        p_.transport_checksum = transport_sum(data, ip.source, ip.destination, protocol_icmpv6);
        const unsigned type = get8(data, 0);
        if (type == echo_request || type == echo_reply) {
            if (data.size() < echo_header)
                return fail(Fault::short_transport);
            echo(data, type == echo_reply);
        } else if (type == solicitation || type == advertisement) {
            neighbour(data, type == advertisement);
        } else {
            other(data);
        }
    }

    void echo(Bytes data, bool reply) {
        p_.transport = Echo{reply, get16(data, 4), get16(data, 6)};
        p_.payload = data.subspan(echo_header);
    }

    void other(Bytes data) {
        p_.transport = OtherIcmp{static_cast<std::uint8_t>(get8(data, 0)),
                                 static_cast<std::uint8_t>(get8(data, 1))};
    }

    void neighbour(Bytes data, bool advertisement) {
        constexpr unsigned source_link_address = 1;  // RFC 4861, 4.6.1
        constexpr unsigned target_link_address = 2;
        if (data.size() < neighbour_bytes)
            return fail(Fault::short_transport);
        const std::uint32_t flags = get32(data, 4);
        Neighbour n{.advertisement = advertisement,
                    .target = get_ipv6(data, 8),
                    .link_address = {},
                    .router = advertisement && (flags & 0x8000'0000) != 0,
                    .solicited = advertisement && (flags & 0x4000'0000) != 0,
                    .override_ = advertisement && (flags & 0x2000'0000) != 0};
        const unsigned wanted = advertisement ? target_link_address : source_link_address;
        Bytes options = data.subspan(neighbour_bytes);
        while (!options.empty()) {
            if (options.size() < 2 || get8(options, 1) == 0 ||
                8 * get8(options, 1) > options.size())
                return fail(Fault::bad_neighbour);
            if (get8(options, 0) == wanted && !n.link_address)
                n.link_address = get_mac(options, 2);
            options = options.subspan(8 * get8(options, 1));
        }
        p_.transport = n;
    }

    Bytes frame_;
    Verify verify_;
    Packet p_;
};

}  // namespace

std::string_view text(Fault fault) {
    switch (fault) {
        case Fault::none:
            return "none";
        case Fault::short_frame:
            return "shorter than an Ethernet header";
        case Fault::short_arp:
            return "ARP packet cut off";
        case Fault::foreign_arp:
            return "ARP not for Ethernet and IPv4";
        case Fault::bad_ip_version:
            return "IP version that does not fit the Ethernet type";
        case Fault::bad_header_length:
            return "IP header length out of bounds";
        case Fault::short_ip:
            return "IP datagram cut off";
        case Fault::short_transport:
            return "UDP or ICMP message cut off";
        case Fault::bad_neighbour:
            return "option of neighbour discovery out of bounds";
    }
    return "unknown";
}

Packet parse(std::span<const std::byte> frame, Verify verify) {
    return Parser(frame, verify).run();
}

}  // namespace vms::workload::packets
