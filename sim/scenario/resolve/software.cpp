// `software` of a VM (resolve.h).
#include <utility>

#include "sim/scenario/resolve/values.h"

namespace sim::resolving {

SoftwareConfig software(const Value& v) {
    SoftwareConfig s;
    s.place = v.place;
    const std::string& program = v["program"].text;
    s.program = program == "service-guest" ? ProgramKind::service_guest
                : program == "frontend"    ? ProgramKind::frontend
                                           : ProgramKind::idle;
    s.polling = v["polling"].flag();
    if (const Value& n = v["stop_answering_after"]; n.present)
        s.stop_answering_after = n.u64();
    s.poll_rings = v["poll_rings"].flag();
    s.ring_budget = small(v["ring_budget"]);
    s.net_switch = net_switch(v["switch"]);
    const Value& interfaces = v["interfaces"];
    for (std::size_t i = 0; i < interfaces.items.size(); ++i)
        s.interfaces.push_back(interface(interfaces.items[i], interfaces.names[i]));
    const Value& backends = v["backends"];
    for (std::size_t i = 0; i < backends.items.size(); ++i) {
        const Value& b = backends.items[i];
        s.backends.push_back({b.place, backends.names[i], b["backend"].text, b["serial"].text,
                              b["queue_size"].u64(), b["indirect"].flag(), b["event_idx"].flag(),
                              net_backend(b)});
    }
    s.profile = v["profile"].text;
    const Value& drivers = v["drivers"];
    for (std::size_t i = 0; i < drivers.items.size(); ++i) {
        const Value& d = drivers.items[i];
        s.drivers.push_back({d.place, drivers.names[i], d["driver"].text, d["queue_size"].u64(),
                             d["acknowledge"].text, d["needs_reset"].text, d["early_text"].text,
                             net_driver(d)});
    }
    for (const Value& item : v["workloads"].items) {
        WorkloadConfig w;
        w.place = item.place;
        w.type = item["type"].text;
        w.device = item["device"].text;
        w.text = item["text"].text;
        w.lines = item["lines"].u64();
        w.bytes = item["bytes"].u64();
        w.chunk = item["chunk"].u64();
        w.seed = item["seed"].u64();
        w.port = item["port"].u64();
        w.port_name = item["port_name"].text;
        w.stream = item["stream"].u64();
        w.until = picos(item["until"]);
        w.reset_every = picos(item["reset_every"]);
        w.vcpu = small(item["vcpu"]);
        w.ipc = item["ipc"].u64();
        w.doorbell = item["doorbell"].present ? item["doorbell"].u64() : w.ipc;
        w.event = item["event"].u64();
        w.count = item["count"].u64();
        w.period = picos(item["period"]);
        w.start = picos(item["start"]);
        w.timer_period = picos(item["timer_period"]);
        net_workload(item, w);
        s.workloads.push_back(std::move(w));
    }
    return s;
}

}  // namespace sim::resolving
