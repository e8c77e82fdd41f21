#include "models/wire/echo_host.h"

#include <algorithm>
#include <memory>
#include <variant>

namespace models::wire {

Received EchoHost::udp(const packets::Packet& p, const FrameRef& frame, Picos at) {
    const packets::Udp& udp = std::get<packets::Udp>(p.transport);
    if (udp.destination_port != port_)
        return Received::closed_port;
    packets::Route route{.source_mac = parameters().mac,
                         .destination_mac = p.ethernet.source,
                         .source = {},
                         .destination = {}};
    if (const auto* v4 = std::get_if<packets::Ipv4>(&p.network)) {
        route.source = *parameters().ipv4;
        route.destination = v4->source;
    } else {
        route.source = *parameters().ipv6;
        route.destination = std::get<packets::Ipv6>(p.network).source;
    }
    const bool without = p.transport_checksum == packets::ChecksumState::absent;
    const std::shared_ptr<Frame> answer = pool().make(frame->bytes.size());
    answer->bytes.resize(packets::padded(packets::udp_overhead(route) + p.payload.size()));
    packets::build_udp(answer->bytes, route, {udp.destination_port, udp.source_port}, p.payload,
                       without ? packets::ChecksumMode::none : packets::ChecksumMode::full);
    transmit(answer, at + parameters().delay);
    return Received::udp;
}

}  // namespace models::wire
