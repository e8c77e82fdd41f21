// The network (resolve.h).
#include <algorithm>
#include <cstddef>

#include "sim/scenario/resolve/values.h"

namespace sim::resolving {

namespace {

namespace packets = vms::workload::packets;

/// The text has been checked.
packets::MacAddress mac(const Value& v) {
    return packets::MacAddress::parse(v.text).value_or(packets::MacAddress{});
}

}  // namespace

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
    if (dot != std::string::npos)
        c.vm = at.substr(0, dot);
    c.name = dot == std::string::npos ? at : at.substr(dot + 1);
    c.file = v["file"].text;
    return c;
}

}  // namespace sim::resolving
