// What `software` says about networks (resolve.h).
#include "sim/scenario/resolve/values.h"

namespace sim::resolving {

namespace packets = vms::workload::packets;

NetBackendConfig net_backend(const Value& v) {
    NetBackendConfig n;
    if (v["mac"].present)
        n.mac = mac(v["mac"]);
    n.mtu = static_cast<std::uint16_t>(v["mtu"].u64());
    n.speed = v["speed"].u64();
    const std::string& duplex = v["duplex"].text;
    n.duplex = static_cast<std::uint8_t>(duplex == "full" ? 1 : duplex == "half" ? 0 : 0xff);
    n.follows_uplink = v["link"].text == "uplink";
    n.offer_mac = v["offer_mac"].flag();
    n.offer_status = v["offer_status"].flag();
    n.offer_mtu = v["offer_mtu"].flag();
    n.offer_speed_duplex = v["offer_speed_duplex"].flag();
    n.mrg_rxbuf = v["mrg_rxbuf"].flag();
    n.csum = v["csum"].flag();
    n.guest_csum = v["guest_csum"].flag();
    n.ctrl_vq = v["ctrl_vq"].flag();
    n.ctrl_rx = n.ctrl_vq && v["ctrl_rx"].flag();
    n.ctrl_rx_extra = n.ctrl_vq && v["ctrl_rx_extra"].flag();
    n.ctrl_mac_addr = n.ctrl_vq && v["ctrl_mac_addr"].flag();
    n.stations = small(v["stations"]);
    n.wait_for_room = v["wait_for_room"].flag();
    return n;
}

SwitchConfig net_switch(const Value& v) {
    return {.ageing = picos(v["ageing"]),
            .storm_frames = small(v["storm_frames"]),
            .storm_interval = picos(v["storm_interval"]),
            .uplink_stations = small(v["uplink_stations"]),
            .source_check = v["source_check"].text,
            .bridge_uplinks = v["bridge_uplinks"].flag()};
}

InterfaceConfig interface(const Value& v, const std::string& name) {
    InterfaceConfig i;
    i.place = v.place;
    i.name = name;
    i.rx_buffers = small(v["rx_buffers"]);
    i.tx_buffers = small(v["tx_buffers"]);
    i.budget = small(v["budget"]);
    if (v["polling"].present)
        i.polling = v["polling"].flag();
    if (const Value& dma = v["dma"]; dma.present) {
        i.dma_base = guest(dma["base"]);
        i.dma_size = dma["size"].u64();
    }
    return i;
}

NetDriverConfig net_driver(const Value& v) {
    NetDriverConfig n;
    if (v["mac"].present)
        n.mac = mac(v["mac"]);
    for (const Value& f : v["declined_features"].items)
        n.declined_features.push_back(f.text);
    n.receive_queue_size = small(v["receive_queue_size"]);
    n.transmit_queue_size = small(v["transmit_queue_size"]);
    n.polling = v["polling"].flag();
    if (v["ipv4"].present)
        n.ipv4 = packets::Ipv4Address::parse(v["ipv4"].text);
    n.prefix = small(v["prefix"]);
    if (v["gateway"].present)
        n.gateway = packets::Ipv4Address::parse(v["gateway"].text);
    if (v["ipv6"].present)
        n.ipv6 = packets::Ipv6Address::parse(v["ipv6"].text);
    n.link_local = v["link_local"].flag();
    for (const Value& neighbour : v["neighbours"].items)
        n.neighbours.push_back({ip(neighbour["ip"]), mac(neighbour["mac"])});
    n.socket_bytes = v["socket_buffer"].u64();
    return n;
}

void net_workload(const Value& v, WorkloadConfig& w) {
    NetWorkloadConfig& n = w.net;
    n.peer = ip(v["peer"]);
    n.port = port(v["udp_port"]);
    n.local_port = port(v["local_port"]);
    n.flow = port(v["flow"]);
    n.mix = mix(v["mix"]);
    n.batch = v["batch"].u64();
    n.window = v["window"].u64();
    n.think = picos(v["think"]);
    n.timeout = picos(v["timeout"]);
    n.idle = picos(v["idle"]);
    n.duration = picos(v["duration"]);
    if (!v["bytes"].present && w.type == "net-ping")
        w.bytes = 56;  // as ping(8)
    if (!v["bytes"].present && (w.type == "net-udp-echo" || w.type == "net-request-response"))
        w.bytes = 64;
}

}  // namespace sim::resolving
