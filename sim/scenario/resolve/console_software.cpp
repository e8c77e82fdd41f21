// Consoles and shared serial lines (resolve.h).
#include "sim/scenario/resolve/values.h"

namespace sim::resolving {

namespace {

std::uint16_t half(const Value& v) {
    return static_cast<std::uint16_t>(v.u64());
}

DeviceEventConfig event(const Value& v) {
    DeviceEventConfig e;
    e.place = v.place;
    e.at = picos(v["at"]);
    const auto is = [&](const char* key, DeviceEventType type) {
        if (!v[key].given)
            return;
        e.type = type;
        e.port = v[key].u64();
    };
    is("add", DeviceEventType::add);
    is("remove", DeviceEventType::remove);
    is("open", DeviceEventType::open);
    is("close", DeviceEventType::close);
    if (v["error"].given)
        e.type = DeviceEventType::error;
    if (const Value& r = v["resize"]; r.given) {
        e.type = DeviceEventType::resize;
        e.port = r["port"].u64();
        e.columns = half(r["columns"]);
        e.rows = half(r["rows"]);
    }
    return e;
}

}  // namespace

std::vector<TypedInput> typed_input(const Value& v) {
    std::vector<TypedInput> out;
    for (const Value& item : v.items)
        out.push_back({picos(item["at"]), item["text"].text});
    return out;
}

std::optional<PatternInput> pattern_input(const Value& v) {
    if (!v.present)
        return std::nullopt;
    return PatternInput{v["bytes"].u64(), v["seed"].u64(), picos(v["at"])};
}

std::optional<RecordsConfig> records(const Value& v) {
    if (!v.present)
        return std::nullopt;
    return RecordsConfig{v["stream"].u64(), v["seed"].u64(),    picos(v["from"]),
                         picos(v["until"]), picos(v["period"]), v["payload"].u64()};
}

SerialMux serial_mux(const Value& v) {
    return v.text == "framed"     ? SerialMux::framed
           : v.text == "prefixed" ? SerialMux::prefixed
                                  : SerialMux::none;
}

std::vector<SerialChannelConfig> serial_channels(const Value& v) {
    std::vector<SerialChannelConfig> out;
    for (std::size_t i = 0; i < v.items.size(); ++i) {
        const Value& c = v.items[i];
        const std::uint64_t number = c["number"].present ? c["number"].u64() : i;
        out.push_back({c.place, v.names[i], static_cast<std::uint8_t>(number), c["output"].text,
                       typed_input(c["input"]), pattern_input(c["pattern"]),
                       records(c["records"])});
    }
    return out;
}

ConsoleBackendConfig console_backend(const Value& v) {
    ConsoleBackendConfig c;
    c.columns = half(v["size"]["columns"]);
    c.rows = half(v["size"]["rows"]);
    c.emergency_write = v["emergency_write"].flag();
    c.multiport = v["multiport"].flag();
    c.resize_rows_first = v["resize_rows_first"].flag();
    for (const Value& p : v["ports"].items)
        c.ports.push_back({p.place, p["serial"].text, p["channel"].text, p["name"].text,
                           p["console"].flag(), p["plugged"].flag(), p["open"].flag(),
                           half(p["size"]["columns"]), half(p["size"]["rows"])});
    if (c.ports.empty()) {
        ConsolePortConfig only;
        only.place = v["serial"].place;
        only.serial = v["serial"].text;
        c.ports.push_back(std::move(only));
    }
    return c;
}

std::vector<DeviceEventConfig> device_events(const Value& v) {
    std::vector<DeviceEventConfig> out;
    for (const Value& e : v.items)
        out.push_back(event(e));
    return out;
}

}  // namespace sim::resolving
