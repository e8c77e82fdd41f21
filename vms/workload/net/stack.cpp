#include "vms/workload/net/stack.h"

#include <algorithm>
#include <utility>

#include "vms/workload/ticks.h"

namespace vms::workload::net {

using namespace packets;

namespace {

/// What a datagram holds besides its payload in the account of a socket: an sk_buff and its
/// smallest buffer (Linux: SKB_TRUESIZE of 128 bytes on arm64, 768).
constexpr std::size_t datagram_overhead = 768;

constexpr unsigned solicitations = 3;                     ///< Linux: mcast_solicit
constexpr std::uint64_t solicitation_ns = 1'000'000'000;  ///< Linux: retrans_time_ms
constexpr std::size_t line_bytes = 64;

constexpr Ipv4Address all_hosts = Ipv4Address::of(224, 0, 0, 1);
constexpr Ipv4Address limited_broadcast{0xffff'ffff};

constexpr std::uint32_t network_mask(unsigned prefix) {
    return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - std::min(prefix, 32u));
}

/// UDP's checksum field, from the start of its header.
constexpr std::uint16_t udp_checksum_offset = 6;

}  // namespace

// --- sockets ------------------------------------------------------------------------------------

bool Socket::push(const IpAddress& source, std::uint16_t port, std::uint64_t tick,
                  std::span<const std::byte> payload) {
    const std::size_t size = payload.size() + datagram_overhead;
    if (held_ + size > capacity_)
        return false;
    held_ += size;
    std::vector<std::byte> bytes;
    if (!spare_.empty()) {
        bytes = std::move(spare_.back());
        spare_.pop_back();
    }
    bytes.assign(payload.begin(), payload.end());
    queue_.push_back({source, port, tick, std::move(bytes)});
    return true;
}

void Socket::pop() {
    held_ -= queue_.front().payload.size() + datagram_overhead;
    spare_.push_back(std::move(queue_.front().payload));
    queue_.pop_front();
}

// --- addresses ----------------------------------------------------------------------------------

Stack::Stack(Cpu& cpu, NetInterface& interface, Alarm& alarm, const StackConfig& config,
             const StackCosts& costs)
    : cpu_(cpu), interface_(interface), alarm_(alarm), config_(config), costs_(costs) {
    for (const Neighbour& n : config_.neighbours)
        neighbours_[n.address] = n.mac;
    interface_.attach(*this);
}

void Stack::up() {
    const std::size_t longest = ethernet_header + interface_.mtu();
    frame_.resize(std::max(longest, ethernet_minimum));
    answer_.resize(frame_.size());
    if (config_.ipv6 || config_.ipv6_address)
        own_v6_.push_back(Ipv6Address::link_local(interface_.mac()));
    if (config_.ipv6_address)
        own_v6_.push_back(*config_.ipv6_address);
    if (config_.ipv4)
        join(all_hosts);
    if (!own_v6_.empty())
        join(Ipv6Address::all_nodes());
    for (const Ipv6Address& a : own_v6_)
        join(a.solicited_node());
}

void Stack::join(const IpAddress& group) {
    const MacAddress mac = std::visit([](const auto& a) { return multicast_mac(a); }, group);
    groups_.push_back(mac);
    interface_.join(mac);
}

bool Stack::is_mine(const MacAddress& mac) const {
    return mac == interface_.mac() || mac.is_broadcast() ||
           (mac.is_multicast() && std::ranges::find(groups_, mac) != groups_.end());
}

bool Stack::is_mine(Ipv4Address a) const {
    if (!config_.ipv4)
        return false;
    const Ipv4Address subnet_broadcast{config_.ipv4->value | ~network_mask(config_.prefix)};
    return a == *config_.ipv4 || a == limited_broadcast || a == subnet_broadcast || a == all_hosts;
}

bool Stack::is_mine(const Ipv6Address& a) const {
    return std::ranges::any_of(own_v6_, [&](const Ipv6Address& own) {
        return a == own || a == own.solicited_node() || a == Ipv6Address::all_nodes();
    });
}

std::optional<IpAddress> Stack::source_for(const IpAddress& to) const {
    if (std::holds_alternative<Ipv4Address>(to))
        return config_.ipv4 ? std::optional<IpAddress>(*config_.ipv4) : std::nullopt;
    if (own_v6_.empty())
        return std::nullopt;
    // The link-local address for a link-local peer, else the last configured.
    const auto& bytes = std::get<Ipv6Address>(to).bytes;
    const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
    return link_local ? own_v6_.front() : own_v6_.back();
}

IpAddress Stack::next_hop(const IpAddress& to) const {
    const auto* v4 = std::get_if<Ipv4Address>(&to);
    if (v4 == nullptr || !config_.ipv4 || !config_.gateway || v4->is_multicast() || is_mine(*v4))
        return to;
    const std::uint32_t mask = network_mask(config_.prefix);
    return (v4->value & mask) == (config_.ipv4->value & mask) ? to : IpAddress(*config_.gateway);
}

std::optional<MacAddress> Stack::mac_of(const IpAddress& hop) const {
    if (const auto it = neighbours_.find(hop); it != neighbours_.end())
        return it->second;
    if (const auto* v4 = std::get_if<Ipv4Address>(&hop)) {
        if (v4->is_multicast())
            return multicast_mac(*v4);
        if (config_.ipv4 && *v4 != *config_.ipv4 && is_mine(*v4))
            return MacAddress::broadcast();
        return std::nullopt;
    }
    const Ipv6Address& v6 = std::get<Ipv6Address>(hop);
    return v6.is_multicast() ? std::optional(multicast_mac(v6)) : std::nullopt;
}

void Stack::learn(const IpAddress& address, const MacAddress& mac) {
    if (!mac.is_multicast())
        neighbours_[address] = mac;
}

// --- programs -----------------------------------------------------------------------------------

Socket& Stack::bind(std::uint16_t port) {
    return sockets_.try_emplace(port, config_.socket_bytes).first->second;
}

Socket& Stack::bind_echo(std::uint16_t identifier) {
    return echo_sockets_.try_emplace(identifier, config_.socket_bytes).first->second;
}

std::optional<Route> Stack::route_to(const IpAddress& to) {
    const std::optional<IpAddress> source = source_for(to);
    if (!source)
        return std::nullopt;
    const IpAddress hop = next_hop(to);
    for (unsigned tries = 0; tries < solicitations && !mac_of(hop); ++tries) {
        unanswered_ = hop;
        solicit(*source, hop);
        const std::uint64_t deadline =
            cpu_.counter() + ticks_at(solicitation_ns, cpu_.counter_frequency());
        wait_until([&] { return mac_of(hop).has_value(); }, deadline);
    }
    const std::optional<MacAddress> mac = mac_of(hop);
    if (!mac) {
        ++counters_.resolutions_failed;
        return std::nullopt;
    }
    unanswered_.reset();
    Route route;
    route.source_mac = interface_.mac();
    route.destination_mac = *mac;
    route.source = *source;
    route.destination = to;
    return route;
}

void Stack::solicit(const IpAddress& source, const IpAddress& hop) {
    cpu_.retire_named(costs_.send);
    std::size_t bytes = 0;
    if (const auto* v4 = std::get_if<Ipv4Address>(&hop))
        bytes = build_arp_request(frame_, interface_.mac(), std::get<Ipv4Address>(source), *v4);
    else
        bytes = build_solicitation(frame_, interface_.mac(), std::get<Ipv6Address>(source),
                                   std::get<Ipv6Address>(hop));
    if (bytes == 0) {
        ++counters_.tx_too_long;
        return;
    }
    hand_over(std::span{frame_}.first(bytes), {}, false);
}

std::size_t Stack::max_datagram(const Route& route) const {
    return interface_.mtu() + ethernet_header - udp_overhead(route);
}

std::span<std::byte> Stack::udp_payload(const Route& route, std::size_t bytes) {
    return packets::udp_payload(frame_, route, bytes);
}

bool Stack::send_udp(const Route& route, Udp udp, std::size_t bytes, bool more) {
    // The queueing discipline and the socket's buffer hold a program back.
    if (!interface_.room() && !wait_until([&] { return interface_.room(); }))
        return false;
    const bool partial = interface_.completes_checksums();
    cpu_.retire_named(costs_.send);
    if (!partial)
        charge_checksum(udp_header + bytes);
    Route numbered = route;
    numbered.identification = ++identification_;
    const std::size_t length = build_udp(frame_, numbered, udp, bytes,
                                         partial ? ChecksumMode::partial : ChecksumMode::full);
    if (length == 0) {
        ++counters_.tx_too_long;
        return false;
    }
    const PartialChecksum checksum{partial, static_cast<std::uint16_t>(route.headers()),
                                   udp_checksum_offset};
    return hand_over(std::span{frame_}.first(length), checksum, more);
}

std::span<std::byte> Stack::echo_payload(const Route& route, std::size_t bytes) {
    return packets::echo_payload(frame_, route, bytes);
}

bool Stack::send_echo(const Route& route, Echo echo, std::size_t bytes) {
    if (!interface_.room() && !wait_until([&] { return interface_.room(); }))
        return false;
    cpu_.retire_named(costs_.send);
    charge_checksum(echo_header + bytes);
    const std::size_t length = build_echo(frame_, route, echo, bytes);
    if (length == 0) {
        ++counters_.tx_too_long;
        return false;
    }
    return hand_over(std::span{frame_}.first(length), {}, false);
}

bool Stack::hand_over(std::span<const std::byte> frame, PartialChecksum checksum, bool more) {
    // Sending takes time: who looks meanwhile finds the frame here or with the interface.
    ++counters_.tx_given;
    const bool taken = interface_.send(frame, checksum, more);
    ++(taken ? counters_.tx_packets : counters_.tx_refused);
    return taken;
}

void Stack::charge_checksum(std::size_t bytes) {
    cpu_.retire_named(costs_.checksum_line,
                      static_cast<std::uint32_t>((bytes + line_bytes - 1) / line_bytes));
}

// --- what arrives -------------------------------------------------------------------------------

void Stack::frame(std::span<const std::byte> frame, bool checksum_known) {
    ++counters_.rx_frames;
    counters_.rx_handling = 1;
    const Packet p = parse(frame, checksum_known ? Verify::no_transport : Verify::all);
    if (p.fault != Fault::none)
        count(counters_.rx_malformed);
    else if (!is_mine(p.ethernet.destination))
        count(counters_.rx_foreign);
    else if (std::holds_alternative<Arp>(p.network))
        arp(p);
    else if (!std::holds_alternative<std::monostate>(p.network))
        ip(p, checksum_known);
    else
        count(counters_.rx_unhandled);
}

/// RFC 826, "Packet Reception": the sender is remembered if it asks for this host, or is known.
void Stack::arp(const Packet& p) {
    const Arp& a = std::get<Arp>(p.network);
    count(counters_.rx_arp);
    cpu_.retire_named(costs_.answer);
    const bool for_me = config_.ipv4 && a.target == *config_.ipv4;
    if (for_me || neighbours_.contains(a.sender))
        learn(a.sender, a.sender_mac);
    if (!for_me || a.operation != Arp::request)
        return;
    const Arp reply{Arp::reply, interface_.mac(), a.target, a.sender_mac, a.sender};
    answer(build_arp(answer_, a.sender_mac, reply));
}

void Stack::ip(const Packet& p, bool checksum_known) {
    IpAddress source;
    IpAddress destination;
    bool mine = false;
    bool fragment = false;
    if (const auto* v4 = std::get_if<Ipv4>(&p.network)) {
        source = v4->source;
        destination = v4->destination;
        mine = is_mine(v4->destination);
        fragment = v4->fragment;
    } else {
        const Ipv6& v6 = std::get<Ipv6>(p.network);
        source = v6.source;
        destination = v6.destination;
        mine = is_mine(v6.destination);
        fragment = v6.fragment;
    }
    if (!p.sound()) {
        count(counters_.rx_bad_checksum);
        return;
    }
    if (!mine) {
        count(counters_.rx_foreign);
        return;
    }
    if (!checksum_known && p.transport_checksum != ChecksumState::absent)
        charge_checksum(p.payload.size() + udp_header);
    if (!fragment && std::holds_alternative<Udp>(p.transport))
        datagram(p, source);
    else if (!fragment && std::holds_alternative<Echo>(p.transport))
        echo(p, source, destination);
    else if (!fragment && std::holds_alternative<packets::Neighbour>(p.transport))
        neighbour(p, source, destination);
    else
        count(counters_.rx_unhandled);
}

/// RFC 4861, 7.2.3 and 7.2.5.
void Stack::neighbour(const Packet& p, const IpAddress& source, const IpAddress& /*destination*/) {
    const auto& n = std::get<packets::Neighbour>(p.transport);
    count(counters_.rx_neighbours);
    cpu_.retire_named(costs_.answer);
    if (n.advertisement) {
        if (n.link_address)
            learn(n.target, *n.link_address);
        return;
    }
    const bool for_me = std::ranges::find(own_v6_, n.target) != own_v6_.end();
    if (!for_me)
        return;
    if (n.link_address)
        learn(source, *n.link_address);
    const packets::Neighbour reply{.advertisement = true,
                                   .target = n.target,
                                   .link_address = interface_.mac(),
                                   .router = false,
                                   .solicited = true,
                                   .override_ = true};
    answer(build_neighbour(answer_, reply_route(p, source, n.target), reply));
}

void Stack::echo(const Packet& p, const IpAddress& source, const IpAddress& destination) {
    const Echo& e = std::get<Echo>(p.transport);
    if (e.reply) {
        const auto it = echo_sockets_.find(e.identifier);
        cpu_.retire_named(costs_.receive);
        if (it == echo_sockets_.end())
            count(counters_.rx_no_socket);
        else if (!it->second.push(source, e.sequence, cpu_.counter(), p.payload))
            count(counters_.rx_socket_full);
        else
            count(counters_.rx_echo_replies);
        return;
    }
    count(counters_.rx_echo_requests);
    cpu_.retire_named(costs_.answer);
    // A request to a group is answered from an address of one's own.
    const std::optional<IpAddress> own = source_for(source);
    const bool unicast = std::visit([](const auto& a) { return !a.is_multicast(); }, destination);
    const Echo reply{true, e.identifier, e.sequence};
    const auto* v4 = std::get_if<Ipv4Address>(&destination);
    const bool own_address = unicast && (v4 == nullptr || *v4 == *config_.ipv4);
    charge_checksum(echo_header + p.payload.size());
    answer(build_echo(answer_, reply_route(p, source, own_address ? destination : *own), reply,
                      p.payload));
}

void Stack::datagram(const Packet& p, const IpAddress& source) {
    const Udp& udp = std::get<Udp>(p.transport);
    cpu_.retire_named(costs_.receive);
    const auto it = sockets_.find(udp.destination_port);
    if (it == sockets_.end())
        count(counters_.rx_no_socket);
    else if (!it->second.push(source, udp.source_port, cpu_.counter(), p.payload))
        count(counters_.rx_socket_full);
    else
        count(counters_.rx_datagrams);
}

/// Back to where it came from.
Route Stack::reply_route(const Packet& p, const IpAddress& source, const IpAddress& own) const {
    Route route;
    route.source_mac = interface_.mac();
    route.destination_mac = p.ethernet.source;
    route.source = own;
    route.destination = source;
    return route;
}

void Stack::answer(std::size_t bytes) {
    if (bytes == 0) {
        ++counters_.tx_too_long;
        return;
    }
    if (hand_over(std::span{answer_}.first(bytes), {}, false))
        ++counters_.tx_answers;
}

}  // namespace vms::workload::net
