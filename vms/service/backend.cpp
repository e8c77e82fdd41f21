#include "vms/service/backend.h"

#include "vms/abi/virtio_mmio.h"

namespace vms::service {

namespace {

namespace feature = abi::mmio::feature;

/// Features of transport and rings; every device offers VERSION_1 and ACCESS_PLATFORM.
std::uint64_t ring_features(const DeviceConfig& config) {
    using abi::mmio::feature_bit;
    std::uint64_t f = feature_bit(feature::version_1) | feature_bit(feature::access_platform);
    if (config.indirect)
        f |= feature_bit(feature::ring_indirect_desc);
    if (config.event_idx)
        f |= feature_bit(feature::ring_event_idx);
    if (config.ring_reset)
        f |= feature_bit(feature::ring_reset);
    return f;
}

// --- console ------------------------------------------------------------------------------------

ConfigProblem check_console(const GuestConfig& guest, const DeviceConfig& config) {
    const ConsoleConfig& c = config.console;
    if (c.port_count != 1)
        return ConfigProblem::bad_port_count;
    const std::size_t serial = c.ports[0].serial;
    if (serial >= guest.peripheral_count || !is_serial(guest.peripherals[serial].kind))
        return ConfigProblem::no_serial;
    for (std::size_t i = 0; i < guest.device_count; ++i)
        if (&guest.devices[i] != &config && guest.devices[i].backend == config.backend &&
            guest.devices[i].console.ports[0].serial == serial)
            return ConfigProblem::serial_in_use;
    return ConfigProblem::none;
}

PeripheralSet console_peripherals(const GuestConfig& /*guest*/, const DeviceConfig& config) {
    PeripheralSet set;
    for (std::size_t i = 0; i < config.console.port_count; ++i)
        set.add(config.console.ports[i].serial);
    return set;
}

VirtioDevice& make_console(BackendStorage& storage, const BackendContext& c) {
    SerialPort& serial = *c.peripherals.serial(c.config.console.ports[0].serial);
    return storage.device.emplace<Console>(
        c.port, serial,
        Console::Parameters{.ring_features = ring_features(c.config),
                            .queue_size_max = c.config.queue_size,
                            .cols = c.config.console.cols,
                            .rows = c.config.console.rows,
                            .emergency_write = c.config.console.emergency_write},
        c.counters);
}

constexpr BackendKind kinds[] = {
    {.name = "console",
     .check = check_console,
     .peripherals = console_peripherals,
     .make = make_console},
};

}  // namespace

std::span<const BackendKind> backend_kinds() {
    return kinds;
}

const BackendKind* find_backend(std::string_view name) {
    for (const BackendKind& k : kinds)
        if (k.name == name)
            return &k;
    return nullptr;
}

}  // namespace vms::service
