// The back-ends that a service guest can offer, by name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "vms/service/config.h"
#include "vms/service/console/console.h"
#include "vms/service/counters.h"
#include "vms/service/drivers/peripheral.h"
#include "vms/service/in_place.h"
#include "vms/service/net/net_device.h"
#include "vms/service/peripherals.h"

namespace vms::service {

/// Room for one device of any kind.
struct BackendStorage {
    InPlace<Console, NetDevice> device;
};

/// What a device is made from; all of it outlives the device.
struct BackendContext {
    Port& port;
    const DeviceConfig& config;
    const GuestConfig& guest;
    Peripherals& peripherals;
    Switch& net;
    DeviceCounters& counters;
};

struct BackendKind {
    std::string_view name;
    bool network = false;  ///< a port of the switch; its rings can be polled
    /// What only this kind wants of its configuration.
    ConfigProblem (*check)(const GuestConfig& guest, const DeviceConfig& config);
    /// The peripherals that feed such a device: when one was served, its rings are worked on.
    PeripheralSet (*peripherals)(const GuestConfig& guest, const DeviceConfig& config);
    /// Whether such a device can have this event.
    bool (*event)(const DeviceConfig& config, const DeviceEvent& event);
    VirtioDevice& (*make)(BackendStorage& storage, const BackendContext& context);
};

std::span<const BackendKind> backend_kinds();
/// nullptr: there is none of that name.
const BackendKind* find_backend(std::string_view name);

}  // namespace vms::service
