// Checked values as the types of the model, and the parts of a scenario that are resolved in files
// of their own (resolve.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/check.h"
#include "sim/scenario/model.h"

namespace sim::resolving {

inline models::Picos picos(const Value& v) {
    return {v.u64()};
}

inline vms::GuestAddr guest(const Value& v) {
    return {v.u64()};
}

inline models::PhysAddr phys(const Value& v) {
    return {v.u64()};
}

inline std::optional<models::PhysAddr> optional_phys(const Value& v) {
    return v.present ? std::optional(phys(v)) : std::nullopt;
}

inline unsigned small(const Value& v) {
    return static_cast<unsigned>(v.u64());
}

inline vms::IntId int_id(const Value& v) {
    return {static_cast<std::uint16_t>(v.u64())};
}

inline std::vector<vms::IntId> int_ids(const Value& v) {
    std::vector<vms::IntId> out;
    for (const Value& item : v.items)
        out.push_back(int_id(item));
    return out;
}

/// A file is relative to the file that names it; on the command line, to the current directory.
std::string file_path(const Value& v);

SoftwareConfig software(const Value& v);
NicConfig nic(const Value& v, const std::string& name);
/// `index`: its place among the hosts.
HostConfig host(const Value& v, const std::string& name, std::size_t index);
WireSwitchConfig wire_switch(const Value& v, const std::string& name);
LinkConfig link(const Value& v, const std::string& name);
CaptureConfig capture(const Value& v);

std::vector<TypedInput> typed_input(const Value& v);
std::optional<PatternInput> pattern_input(const Value& v);
std::optional<RecordsConfig> records(const Value& v);
SerialMux serial_mux(const Value& v);
std::vector<SerialChannelConfig> serial_channels(const Value& v);
/// With one port on `serial` when there are no `ports`.
ConsoleBackendConfig console_backend(const Value& v);
std::vector<DeviceEventConfig> device_events(const Value& v);
NetBackendConfig net_backend(const Value& v);
NetDriverConfig net_driver(const Value& v);
/// What network workloads have, and their defaults.
void net_workload(const Value& v, WorkloadConfig& w);
SwitchConfig net_switch(const Value& v);
InterfaceConfig interface(const Value& v, const std::string& name);

// The texts have been checked.
vms::workload::packets::MacAddress mac(const Value& v);
vms::workload::packets::IpAddress ip(const Value& v);
std::uint16_t port(const Value& v);
std::vector<FrameShare> mix(const Value& v);

}  // namespace sim::resolving
