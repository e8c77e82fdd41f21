#include "models/wire/host.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <variant>

namespace models::wire {

using packets::Fault;
using packets::IpAddress;
using packets::Ipv4Address;
using packets::Ipv6Address;
using packets::MacAddress;

namespace {

constexpr std::uint8_t neighbour_hop_limit = 255;  // RFC 4861, 7.1.1: nobody else's packet has it
constexpr Ipv4Address all_hosts = Ipv4Address::of(224, 0, 0, 1);                // RFC 1112, 4
constexpr Ipv4Address limited_broadcast = Ipv4Address::of(255, 255, 255, 255);  // RFC 919, 7

/// Room for the largest answer that is not as large as its request.
constexpr std::size_t small_frame = 128;

}  // namespace

std::string_view name(Received cause) {
    switch (cause) {
        case Received::arp_request:
            return "arp_request";
        case Received::arp_reply:
            return "arp_reply";
        case Received::neighbour_solicitation:
            return "neighbour_solicitation";
        case Received::neighbour_advertisement:
            return "neighbour_advertisement";
        case Received::echo_request:
            return "echo_request";
        case Received::echo_reply:
            return "echo_reply";
        case Received::udp:
            return "udp";
        case Received::other_mac:
            return "other_mac";
        case Received::other_address:
            return "other_address";
        case Received::malformed:
            return "malformed";
        case Received::bad_checksum:
            return "bad_checksum";
        case Received::fragment:
            return "fragment";
        case Received::unsupported:
            return "unsupported";
        case Received::closed_port:
            return "closed_port";
        case Received::foreign:
            return "foreign";
    }
    return "unknown";
}

std::uint64_t HostCounters::discards() const {
    return std::accumulate(received.begin() + static_cast<std::ptrdiff_t>(Received::other_mac),
                           received.end(), std::uint64_t{0});
}

bool HostCounters::accounted() const {
    return rx_frames == std::accumulate(received.begin(), received.end(), std::uint64_t{0});
}

Host::Host(const HostParameters& parameters, LinkEnd& end)
    : host_(parameters), end_(end), queue_(end, parameters.queue) {
    end_.connect(*this);
}

// --- sending ------------------------------------------------------------------------------------

bool Host::transmit(FrameRef frame, Picos at) {
    const std::size_t bytes = frame->bytes.size();
    if (!end_.up()) {
        ++counters_.tx_link_down;
        return false;
    }
    if (!queue_.send(std::move(frame), at)) {
        ++counters_.tx_queue_full;
        return false;
    }
    ++counters_.tx_frames;
    counters_.tx_bytes += bytes;
    return true;
}

void Host::solicit(const IpAddress& address, Picos at) {
    const std::shared_ptr<Frame> frame = pool_.make(small_frame);
    std::size_t size = 0;
    if (const auto* v4 = std::get_if<Ipv4Address>(&address)) {
        if (host_.ipv4)
            size = packets::build_arp_request(frame->bytes, host_.mac, *host_.ipv4, *v4);
    } else if (host_.ipv6) {
        size = packets::build_solicitation(frame->bytes, host_.mac, *host_.ipv6,
                                           std::get<Ipv6Address>(address));
    }
    if (size == 0)
        return;
    frame->bytes.resize(size);
    transmit(frame, at);
}

std::optional<IpAddress> Host::own_address(const IpAddress& peer) const {
    if (std::holds_alternative<Ipv4Address>(peer))
        return host_.ipv4 ? std::optional<IpAddress>(*host_.ipv4) : std::nullopt;
    return host_.ipv6 ? std::optional<IpAddress>(*host_.ipv6) : std::nullopt;
}

// --- receiving ----------------------------------------------------------------------------------

void Host::receive(const FrameRef& frame, Picos at) {
    ++counters_.rx_frames;
    counters_.rx_bytes += frame->bytes.size();
    const packets::Packet p = packets::parse(frame->bytes);
    ++counters_.received[static_cast<std::size_t>(judge(p, frame, at))];
}

bool Host::listens(const MacAddress& mac) const {
    if (mac == host_.mac || mac.is_broadcast())
        return true;
    if (!mac.is_multicast())
        return false;
    if (host_.ipv4 && mac == packets::multicast_mac(all_hosts))
        return true;
    if (host_.ipv6 && (mac == packets::multicast_mac(Ipv6Address::all_nodes()) ||
                       mac == packets::multicast_mac(host_.ipv6->solicited_node())))
        return true;
    return std::ranges::any_of(host_.groups, [&mac](const IpAddress& group) {
        return mac == packets::multicast_mac(group);
    });
}

bool Host::member(const IpAddress& group) const {
    return std::ranges::find(host_.groups, group) != host_.groups.end();
}

Received Host::judge(const packets::Packet& p, const FrameRef& frame, Picos at) {
    if (p.fault == Fault::short_frame)
        return Received::malformed;
    if (!listens(p.ethernet.destination))
        return Received::other_mac;
    if (p.fault != Fault::none)
        return Received::malformed;
    if (!p.sound())
        return Received::bad_checksum;
    if (const auto* a = std::get_if<packets::Arp>(&p.network))
        return arp(*a, at);

    packets::Route answer{.source_mac = host_.mac,
                          .destination_mac = p.ethernet.source,
                          .source = {},
                          .destination = {}};
    bool fragment = false;
    if (const auto* v4 = std::get_if<packets::Ipv4>(&p.network)) {
        if (!host_.ipv4 || (v4->destination != *host_.ipv4 && v4->destination != all_hosts &&
                            v4->destination != limited_broadcast && !member(v4->destination)))
            return Received::other_address;
        answer.source = *host_.ipv4;
        answer.destination = v4->source;
        fragment = v4->fragment;
    } else if (const auto* v6 = std::get_if<packets::Ipv6>(&p.network)) {
        if (!host_.ipv6 ||
            (v6->destination != *host_.ipv6 && v6->destination != Ipv6Address::all_nodes() &&
             v6->destination != host_.ipv6->solicited_node() && !member(v6->destination)))
            return Received::other_address;
        answer.source = *host_.ipv6;
        answer.destination = v6->source;
        fragment = v6->fragment;
    } else {
        return Received::unsupported;
    }
    if (fragment)
        return Received::fragment;
    if (std::holds_alternative<packets::Udp>(p.transport))
        return udp(p, frame, at);
    return icmp(p, answer, at);
}

Received Host::arp(const packets::Arp& arp, Picos at) {
    if (!host_.ipv4 || arp.target != *host_.ipv4)
        return Received::other_address;
    if (arp.operation == packets::Arp::reply) {
        resolved(arp.sender, arp.sender_mac, at);
        return Received::arp_reply;
    }
    if (arp.operation != packets::Arp::request)
        return Received::unsupported;
    const std::shared_ptr<Frame> frame = pool_.make(packets::ethernet_minimum);
    packets::build_arp(frame->bytes, arp.sender_mac,
                       {.operation = packets::Arp::reply,
                        .sender_mac = host_.mac,
                        .sender = *host_.ipv4,
                        .target_mac = arp.sender_mac,
                        .target = arp.sender});
    transmit(frame, at + host_.delay);
    return Received::arp_request;
}

Received Host::icmp(const packets::Packet& p, const packets::Route& answer, Picos at) {
    if (const auto* echo = std::get_if<packets::Echo>(&p.transport)) {
        if (echo->reply)
            return Received::echo_reply;
        if (!host_.answer_echo)
            return Received::unsupported;
        const std::shared_ptr<Frame> frame =
            pool_.make(packets::padded(answer.headers() + packets::echo_header + p.payload.size()));
        packets::build_echo(frame->bytes, answer, {true, echo->identifier, echo->sequence},
                            p.payload);
        transmit(frame, at + host_.delay);
        return Received::echo_request;
    }
    const auto* neighbour = std::get_if<packets::Neighbour>(&p.transport);
    if (neighbour == nullptr)
        return Received::unsupported;
    if (std::get<packets::Ipv6>(p.network).hop_limit != neighbour_hop_limit)
        return Received::malformed;
    if (neighbour->advertisement) {
        if (neighbour->link_address)
            resolved(neighbour->target, *neighbour->link_address, at);
        return Received::neighbour_advertisement;
    }
    if (neighbour->target != *host_.ipv6)
        return Received::other_address;
    packets::Route route = answer;
    // Who asks without an address looks for a double of it: all nodes hear the answer (7.2.4).
    const bool nameless = std::get<Ipv6Address>(answer.destination) == Ipv6Address{};
    if (nameless) {
        route.destination = Ipv6Address::all_nodes();
        route.destination_mac = packets::multicast_mac(Ipv6Address::all_nodes());
    }
    const std::shared_ptr<Frame> frame = pool_.make(small_frame);
    frame->bytes.resize(packets::build_neighbour(frame->bytes, route,
                                                 {.advertisement = true,
                                                  .target = *host_.ipv6,
                                                  .link_address = host_.mac,
                                                  .solicited = !nameless,
                                                  .override_ = true}));
    transmit(frame, at + host_.delay);
    return Received::neighbour_solicitation;
}

}  // namespace models::wire
