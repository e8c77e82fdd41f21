#include "models/wire/wire_switch.h"

#include <algorithm>

#include "vms/workload/packets/headers.h"

namespace models::wire {

namespace packets = vms::workload::packets;

namespace {

/// Pause frames, spanning tree, LLDP and others that concern one link (802.1Q, table 8-1).
bool reserved(const packets::MacAddress& a) {
    constexpr std::array<std::uint8_t, 5> block{0x01, 0x80, 0xc2, 0x00, 0x00};
    return std::equal(block.begin(), block.end(), a.bytes.begin()) && a.bytes.back() <= 0x0f;
}

}  // namespace

std::size_t WireSwitch::add_port(LinkEnd& end) {
    const std::size_t number = ports_.size();
    ports_.push_back(std::make_unique<Port>(*this, number, end, parameters_.queue));
    end.connect(*ports_.back());
    return number;
}

bool WireSwitch::accounted() const {
    return std::ranges::all_of(ports_, [](const auto& p) { return p->counters.accounted(); });
}

void WireSwitch::receive(Port& from, const FrameRef& frame, Picos at) {
    WireSwitchCounters& c = from.counters;
    ++c.in;
    c.in_bytes += frame->bytes.size();
    if (frame->bytes.size() < packets::ethernet_header) {
        ++c.malformed;
        return;
    }
    const packets::MacAddress destination = packets::get_mac(frame->bytes, 0);
    const packets::MacAddress source = packets::get_mac(frame->bytes, packets::MacAddress::size);
    if (source.is_multicast()) {
        ++c.malformed;
        return;
    }
    learn(from, source, at);
    if (reserved(destination)) {
        ++c.reserved;
        return;
    }
    const Picos out = at + parameters_.latency;
    if (!destination.is_multicast()) {
        const auto known = stations_.find(destination);
        if (known != stations_.end() && at < known->second.seen + parameters_.ageing) {
            if (known->second.port == from.number) {
                ++c.filtered;
                return;
            }
            ++c.forwarded;
            send(*ports_[known->second.port], frame, out);
            return;
        }
    }
    ++c.flooded;
    for (const auto& port : ports_)
        if (port.get() != &from)
            send(*port, frame, out);
}

void WireSwitch::learn(Port& from, const packets::MacAddress& source, Picos at) {
    const auto known = stations_.find(source);
    if (known != stations_.end()) {
        known->second = {from.number, at};
        return;
    }
    if (stations_.size() >= parameters_.table) {
        std::erase_if(stations_, [this, at](const auto& entry) {
            return at >= entry.second.seen + parameters_.ageing;
        });
        if (stations_.size() >= parameters_.table) {
            ++from.counters.not_learned;
            return;
        }
    }
    stations_.emplace(source, Station{from.number, at});
}

void WireSwitch::forget(std::size_t port) {
    std::erase_if(stations_, [port](const auto& entry) { return entry.second.port == port; });
}

void WireSwitch::send(Port& to, const FrameRef& frame, Picos at) {
    WireSwitchCounters& c = to.counters;
    ++c.copies;
    if (!to.end.up()) {
        ++c.link_down;
    } else if (to.queue.send(frame, at)) {
        ++c.out;
        c.out_bytes += frame->bytes.size();
    } else {
        ++c.queue_full;
    }
}

}  // namespace models::wire
