// Results to JSON. Times are nanoseconds, as numbers with up to three decimals.
#include "sim/report/json.h"

#include <fmt/format.h>

#include "sim/report/limit.h"

namespace sim {

namespace {

using Json = nlohmann::ordered_json;

/// Whole nanoseconds stay integers; others are the double nearest to n/1000, which prints with
/// three decimals at most.
Json nanoseconds_json(models::Picos t) {
    if (t.value % 1000 == 0)
        return t.value / 1000;
    return static_cast<double>(t.value) / 1000.0;
}

Json host_json(const Results& r) {
    Json j = Json::object();
    j["file"] = r.file;
    j["wall_ns"] = r.host.wall_ns;
    j["cpu_ns"] = r.host.cpu_ns;
    j["simulated_per_host"] = r.speed();
    j["activations"] = r.host.activations;
    for (const auto& [name, value] : r.host.more)
        j[name] = value;
    return j;
}

Json place_json(const Place& p) {
    Json j = Json::object();
    j["file"] = p.file;
    j["line"] = p.line;
    j["column"] = p.column;
    j["key"] = p.key;
    return j;
}

Json expectation_json(const ExpectationResult& e) {
    Json j = Json::object();
    j["metric"] = e.metric;
    j["value"] = e.value ? Json(*e.value) : Json(nullptr);
    j["bound"] = e.bound;
    j["passed"] = e.passed;
    j["note"] = e.note;
    j["place"] = place_json(e.place);
    return j;
}

Json observation_json(const ObservationCount& o) {
    Json j = Json::object();
    j["time_ns"] = nanoseconds_json(o.first);
    j["cpu"] = o.cpu.value;
    j["vm"] = o.vm;
    j["rule"] = o.rule;
    j["what"] = o.what;
    j["count"] = o.count;
    return j;
}

Json leg_json(const LegResult& l) {
    Json j = Json::object();
    j["name"] = l.name;
    j["exception_level"] = l.exception_level;
    j["provenance"] = name_of(l.provenance);
    j["count"] = l.count;
    j["instructions"] = l.instructions;
    j["mmio"] = l.mmio;
    j["p50_ns"] = nanoseconds_json(l.p50);
    j["p99_ns"] = nanoseconds_json(l.p99);
    j["max_ns"] = nanoseconds_json(l.max);
    return j;
}

template <typename Items, typename F>
Json array(const Items& items, F&& to) {
    Json j = Json::array();
    for (const auto& item : items)
        j.push_back(to(item));
    return j;
}

Json cpu_leg_json(const CpuLeg& l) {
    Json j = Json::object();
    j["name"] = l.name;
    j["exception_level"] = l.exception_level;
    j["ns"] = nanoseconds_json(l.time);
    return j;
}

Json limit_json(const Results& r) {
    const std::optional<Limit> limit = limit_of(r);
    if (!limit)
        return nullptr;
    Json j = Json::object();
    j["part"] = limit->part;
    j["part_ns"] = nanoseconds_json(limit->time);
    j["cpu"] = limit->cpu != nullptr ? Json(limit->cpu->cpu) : Json(nullptr);
    j["leg"] = limit->leg != nullptr ? cpu_leg_json(*limit->leg) : Json(nullptr);
    return j;
}

Json cpu_json(const CpuResult& c) {
    Json j = Json::object();
    j["cpu"] = c.cpu;
    j["vm"] = c.vm;
    for (std::size_t level = 1; level < c.busy.size(); ++level)
        j[fmt::format("el{}_ns", level)] = nanoseconds_json(c.busy[level]);
    j["polling_ns"] = nanoseconds_json(c.polling);
    j["standby_ns"] = nanoseconds_json(c.standby);
    j["idle_ns"] = nanoseconds_json(c.idle);
    j["off_ns"] = nanoseconds_json(c.off);
    j["legs"] = array(c.legs, cpu_leg_json);
    return j;
}

Json link_json(const LinkResult& l) {
    Json j = Json::object();
    j["name"] = l.name;
    j["frames"] = l.frames;
    j["bytes"] = l.bytes;
    j["busy_ns"] = nanoseconds_json(l.busy);
    j["active_ns"] = nanoseconds_json(l.active);
    j["frames_per_second"] = l.frames_per_second();
    j["bits_per_second"] = l.bits_per_second();
    return j;
}

Json traffic_json(const TrafficResult& t) {
    Json j = Json::object();
    j["device"] = t.name;
    j["frames_out"] = t.frames_out;
    j["bytes_out"] = t.bytes_out;
    j["frames_in"] = t.frames_in;
    j["bytes_in"] = t.bytes_in;
    j["kicks"] = t.kicks;
    j["interrupts"] = t.interrupts;
    j["accesses"] = t.accesses();
    j["active_ns"] = nanoseconds_json(t.active);
    return j;
}

Json frame_json(const FrameHop& h) {
    Json j = Json::object();
    j["hop"] = h.name;
    j["sent"] = h.sent;
    j["copied"] = h.copied;
    j["received"] = h.received;
    Json dropped = Json::object();
    for (const FrameHop::Cause& c : h.dropped)
        dropped[c.name] = c.frames;
    j["dropped"] = std::move(dropped);
    j["in_flight"] = h.in_flight;
    j["place"] = h.place;
    j["balanced"] = h.balanced();
    return j;
}

Json capture_json(const CaptureResult& c) {
    Json j = Json::object();
    j["at"] = c.at;
    j["file"] = c.file;
    j["frames"] = c.frames;
    return j;
}

}  // namespace

nlohmann::ordered_json to_json(const Results& r) {
    Json j = Json::object();
    j["scenario"] = r.scenario.empty() ? r.file : r.scenario;
    j["status"] = name_of(r.status);
    j["seed"] = r.seed;
    j["simulated_ns"] = nanoseconds_json(r.simulated);
    j["host"] = host_json(r);
    j["expectations"] = array(r.expectations, expectation_json);
    j["observations"] = array(r.observations, observation_json);
    j["legs"] = array(r.legs, leg_json);
    j["cpus"] = array(r.cpus, cpu_json);
    j["links"] = array(r.links, link_json);
    j["limit"] = limit_json(r);
    j["frames"] = array(r.frames, frame_json);
    j["traffic"] = array(r.traffic, traffic_json);
    j["captures"] = array(r.captures, capture_json);
    Json metrics = Json::object();
    for (const auto& [name, value] : r.metrics)
        metrics[name] = value;
    j["metrics"] = std::move(metrics);
    j["notes"] = r.notes;
    j["diagnosis"] = r.diagnosis;
    j["errors"] = r.errors;
    return j;
}

std::string json_text(const nlohmann::ordered_json& j) {
    return j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sim
