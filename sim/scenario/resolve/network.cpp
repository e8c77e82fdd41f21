// The network (resolve.h).
#include <algorithm>
#include <cstddef>

#include "sim/scenario/resolve/values.h"

namespace sim::resolving {

namespace packets = vms::workload::packets;

packets::MacAddress mac(const Value& v) {
    return packets::MacAddress::parse(v.text).value_or(packets::MacAddress{});
}

packets::IpAddress ip(const Value& v) {
    return packets::parse_ip(v.text).value_or(packets::IpAddress{});
}

std::vector<FrameShare> mix(const Value& v) {
    std::vector<FrameShare> out;
    for (const Value& share : v.items)
        out.push_back({share["frame"].u64(), small(share["weight"])});
    return out;
}

std::uint16_t port(const Value& v) {
    return static_cast<std::uint16_t>(v.u64());
}

namespace {

GeneratorConfig generator(const Value& v) {
    GeneratorConfig g;
    g.target = ip(v["target"]);
    if (v["target_mac"].present)
        g.target_mac = mac(v["target_mac"]);
    g.source_port = port(v["source_port"]);
    g.flow = port(v["flow"]);
    g.closed_loop = v["mode"].text == "closed-loop";
    if (v["interval"].present) {
        g.pace = PaceUnit::interval;
        g.interval = picos(v["interval"]);
    } else if (v["frames_per_second"].present) {
        g.pace = PaceUnit::frames_per_second;
        g.rate = v["frames_per_second"].u64();
    } else if (v["rate"].present) {
        g.pace = PaceUnit::bits_per_second;
        g.rate = v["rate"].u64();
    }
    const std::string& spacing = v["spacing"].text;
    g.spacing = spacing == "poisson" ? Spacing::poisson
                : spacing == "burst" ? Spacing::burst
                                     : Spacing::constant;
    g.burst = small(v["burst"]);
    g.frame_min = v["frame"].u64();
    g.frame_max = v["frame_max"].present ? v["frame_max"].u64() : g.frame_min;
    g.mix = mix(v["mix"]);
    g.window = small(v["window"]);
    g.think = picos(v["think"]);
    g.timeout = picos(v["timeout"]);
    g.count = v["count"].u64();
    return g;
}

}  // namespace

HostConfig host(const Value& v, const std::string& name, std::size_t index) {
    HostConfig h;
    h.place = v.place;
    h.name = name;
    const std::string& type = v["type"].text;
    h.type = type == "sink"        ? HostType::sink
             : type == "generator" ? HostType::generator
             : type == "replay"    ? HostType::replay
                                   : HostType::echo;
    if (v["mac"].present)
        h.mac = mac(v["mac"]);
    else
        h.mac = {{2, 0, 0, 1, static_cast<std::uint8_t>((index + 1) >> 8),
                  static_cast<std::uint8_t>(index + 1)}};
    if (v["ipv4"].present)
        h.ipv4 = packets::Ipv4Address::parse(v["ipv4"].text);
    if (v["ipv6"].present)
        h.ipv6 = packets::Ipv6Address::parse(v["ipv6"].text);
    h.delay = picos(v["delay"]);
    h.queue = v["queue"].u64();
    h.answer_echo = v["answer_echo"].flag();
    h.generator = generator(v);
    // RFC 862: echo; RFC 863: discard.
    const bool to_echo =
        h.type == HostType::echo || (h.type == HostType::generator && h.generator.closed_loop);
    h.port =
        v["udp_port"].present ? port(v["udp_port"]) : static_cast<std::uint16_t>(to_echo ? 7 : 9);
    h.any_port = v["any_port"].flag();
    h.start = picos(v["start"]);
    if (v["until"].present)
        h.until = picos(v["until"]);
    h.file = file_path(v["file"]);
    h.as_fast_as_possible = v["as_fast_as_possible"].flag();
    h.passes = v["passes"].u64();
    h.pause = picos(v["pause"]);
    return h;
}

WireSwitchConfig wire_switch(const Value& v, const std::string& name) {
    WireSwitchConfig w;
    w.place = v.place;
    w.name = name;
    w.latency = picos(v["latency"]);
    w.queue = v["queue"].u64();
    w.table = v["table"].u64();
    w.ageing = picos(v["ageing"]);
    return w;
}

NicConfig nic(const Value& v, const std::string& name) {
    NicConfig n;
    n.place = v.place;
    n.name = name;
    n.base = phys(v["base"]);
    n.size = v["size"].u64();
    n.interrupts = int_ids(v["interrupts"]);
    n.stream_id = v["stream_id"].u64();
    n.mac = mac(v["mac"]);
    n.phy_address = static_cast<std::uint8_t>(v["phy_address"].u64());
    n.autonegotiation = picos(v["autonegotiation"]);
    n.pclk_hz = v["pclk"].u64();
    n.tx_buffer_bytes = v["tx_buffer"].u64();
    n.rx_buffer_bytes = v["rx_buffer"].u64();
    n.descriptor_read = picos(v["descriptor_read"]);
    n.descriptor_write = picos(v["descriptor_write"]);
    n.data_latency = picos(v["data_latency"]);
    n.data_rate = v["data_rate"].u64();
    return n;
}

LinkConfig link(const Value& v, const std::string& name) {
    LinkConfig l;
    l.place = v.place;
    l.name = name;
    for (const Value& end : v["between"].items)
        l.between.push_back(end.text);
    l.rate = v["rate"].u64();
    l.propagation = picos(v["propagation"]);
    const Value& from = v["from"];
    for (const std::string& end : l.between) {
        const auto own = std::find(from.names.begin(), from.names.end(), end);
        const Value* special =
            own == from.names.end()
                ? nullptr
                : &from.items[static_cast<std::size_t>(own - from.names.begin())];
        const auto value = [&](const char* key) -> const Value& {
            return special != nullptr && (*special)[key].present ? (*special)[key] : v[key];
        };
        l.impairments.push_back({value("loss").u64(), value("duplicate").u64(),
                                 value("reorder").u64(), picos(value("reorder_delay")),
                                 picos(value("jitter"))});
    }
    for (const Value& o : v["outages"].items)
        l.outages.push_back({picos(o["from"]), picos(o["until"])});
    return l;
}

CaptureConfig capture(const Value& v) {
    CaptureConfig c;
    c.place = v.place;
    const std::string& at = v["at"].text;
    const std::size_t dot = at.find('.');
    c.at = at.substr(0, dot);
    if (dot != std::string::npos)
        c.name = at.substr(dot + 1);
    c.file = v["file"].text;
    return c;
}

}  // namespace sim::resolving
