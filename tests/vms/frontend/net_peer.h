// The host at the other end of the network device model: it answers ARP, echo requests, neighbour
// solicitations and datagrams to port 7, and can lose, double or damage what it answers.
#pragma once

#include <cstring>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "net_model.h"
#include "vms/workload/packets/build.h"
#include "vms/workload/packets/checksum.h"
#include "vms/workload/packets/parse.h"

namespace frontend_test {

namespace packets = vms::workload::packets;

class NetPeer {
  public:
    packets::MacAddress mac{{0x02, 0, 0, 0, 0, 0x99}};
    packets::Ipv4Address ipv4 = packets::Ipv4Address::of(192, 0, 2, 1);
    packets::Ipv6Address ipv6 = packets::Ipv6Address::link_local(mac);
    std::uint64_t latency_ns = 20'000;
    bool mute = false;
    unsigned lose_each = 0;  ///< every n-th answer to a request
    unsigned double_each = 0;
    unsigned damage_each = 0;

    // What it saw.
    unsigned unsound = 0;  ///< frames with a wrong checksum or header
    unsigned arps = 0;
    unsigned solicitations = 0;
    unsigned requests = 0;
    unsigned replies = 0;
    std::uint64_t datagrams = 0;
    std::vector<std::size_t> sizes;  ///< of frames with datagrams

    NetPeer(Machine& m, NetModel& d) : m_(m), device_(d) {
        device_.on_frame = [this](const Bytes& f) { frame(f); };
    }

    /// A frame of its own, without VirtIO header.
    void send(std::span<const std::byte> frame, std::uint64_t after_ns = 0) {
        Bytes b(12);
        for (const std::byte v : frame)
            b.push_back(std::to_integer<std::uint8_t>(v));
        b[10] = 1;
        device_.arrive(std::move(b), m_.now_ns() + after_ns);
    }

  private:
    void frame(const Bytes& with_header) {
        if (with_header.size() < 12 + 14) {
            ++unsound;
            return;
        }
        std::vector<std::byte> f(with_header.size() - 12);
        std::memcpy(f.data(), with_header.data() + 12, f.size());
        if ((with_header[0] & 1) != 0)
            packets::complete_checksum(f, with_header[6], with_header[8]);
        const packets::Packet p = packets::parse(f);
        unsound += p.sound() ? 0 : 1;
        if (mute)
            return;
        std::vector<std::byte> out(f.size() + 64);
        if (const auto* arp = std::get_if<packets::Arp>(&p.network)) {
            ++arps;
            if (arp->target == ipv4 && arp->operation == packets::Arp::request)
                reply(out, packets::build_arp(
                               out, arp->sender_mac,
                               {packets::Arp::reply, mac, ipv4, arp->sender_mac, arp->sender}));
            return;
        }
        packets::Route route;
        route.source_mac = mac;
        route.destination_mac = p.ethernet.source;
        if (const auto* v4 = std::get_if<packets::Ipv4>(&p.network)) {
            route.source = ipv4;
            route.destination = v4->source;
        } else if (const auto* v6 = std::get_if<packets::Ipv6>(&p.network)) {
            route.source = ipv6;
            route.destination = v6->source;
        }
        if (const auto* n = std::get_if<packets::Neighbour>(&p.transport)) {
            ++solicitations;
            if (!n->advertisement && n->target == ipv6)
                reply(out,
                      packets::build_neighbour(out, route, {true, ipv6, mac, false, true, true}));
        } else if (const auto* e = std::get_if<packets::Echo>(&p.transport)) {
            ++(e->reply ? replies : requests);
            if (e->reply)
                return;
            answer(out,
                   packets::build_echo(out, route, {true, e->identifier, e->sequence}, p.payload));
        } else if (const auto* u = std::get_if<packets::Udp>(&p.transport)) {
            ++datagrams;
            sizes.push_back(f.size());
            if (u->destination_port == 7)
                answer(out, packets::build_udp(out, route, {7, u->source_port}, p.payload));
        }
    }
    void reply(std::span<const std::byte> out, std::size_t bytes) {
        send(out.first(bytes), latency_ns);
    }
    void answer(std::span<std::byte> out, std::size_t bytes) {
        ++answers_;
        if (lose_each != 0 && answers_ % lose_each == 0)
            return;
        if (damage_each != 0 && answers_ % damage_each == 0)
            out[bytes - 1] ^= std::byte{1};
        reply(out, bytes);
        if (double_each != 0 && answers_ % double_each == 0)
            reply(out, bytes);
    }

    Machine& m_;
    NetModel& device_;
    unsigned answers_ = 0;
};

}  // namespace frontend_test
