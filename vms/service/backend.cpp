#include "vms/service/backend.h"

#include "vms/abi/serial_mux.h"
#include "vms/abi/serial_prefix.h"
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
    if (config.in_order)
        f |= feature_bit(feature::in_order);
    if (config.notification_data)
        f |= feature_bit(feature::notification_data);
    return f;
}

// --- console ------------------------------------------------------------------------------------

ConfigProblem check_console(const GuestConfig& guest, const DeviceConfig& config);

/// The two ports are on the same UART: can they be told apart there?
ConfigProblem check_neighbours(SerialMode mode, const ConsolePortConfig& a,
                               const ConsolePortConfig& b) {
    switch (mode) {
        case SerialMode::direct:
            return ConfigProblem::serial_in_use;
        case SerialMode::framed:
            return a.channel == b.channel ? ConfigProblem::bad_channel : ConfigProblem::none;
        case SerialMode::prefixed:
            return a.label.view() == b.label.view() ? ConfigProblem::bad_label
                                                    : ConfigProblem::none;
    }
    return ConfigProblem::none;
}

/// Against all ports of all consoles that are on its UART.
ConfigProblem check_line(const GuestConfig& guest, const ConsolePortConfig& port) {
    if (port.serial == no_peripheral)
        return ConfigProblem::none;
    if (port.serial >= guest.peripheral_count || !is_serial(guest.peripherals[port.serial].kind))
        return ConfigProblem::no_serial;
    const SerialMode mode = guest.peripherals[port.serial].serial_mode;
    if (mode == SerialMode::framed && port.channel >= abi::serial_mux::max_channels)
        return ConfigProblem::bad_channel;
    if (mode == SerialMode::prefixed && !abi::serial_prefix::valid_name(port.label.view()))
        return ConfigProblem::bad_label;
    std::size_t on_line = 0;
    for (std::size_t d = 0; d < guest.device_count; ++d) {
        const DeviceConfig& other = guest.devices[d];
        if (other.backend == nullptr || other.backend->check != check_console)
            continue;
        for (std::size_t i = 0; i < other.console.port_count && i < max_console_ports; ++i) {
            const ConsolePortConfig& p = other.console.ports[i];
            if (p.serial != port.serial)
                continue;
            ++on_line;
            if (&p == &port)
                continue;
            if (const ConfigProblem x = check_neighbours(mode, p, port); x != ConfigProblem::none)
                return x;
        }
    }
    return on_line <= max_line_channels ? ConfigProblem::none
                                        : ConfigProblem::too_many_ports_on_line;
}

ConfigProblem check_console(const GuestConfig& guest, const DeviceConfig& config) {
    const ConsoleConfig& c = config.console;
    if (c.port_count == 0 || c.port_count > max_console_ports || (c.port_count > 1 && !c.multiport))
        return ConfigProblem::bad_port_count;
    if (!c.multiport && !c.ports[0].present)
        return ConfigProblem::no_first_port;
    for (std::size_t i = 0; i < c.port_count; ++i) {
        const ConsolePortConfig& p = c.ports[i];
        if (!p.name.whole() || p.name.view().size() > ConsoleControl::max_name_bytes)
            return ConfigProblem::name_too_long;
        if (const ConfigProblem x = check_line(guest, p); x != ConfigProblem::none)
            return x;
    }
    return ConfigProblem::none;
}

PeripheralSet console_peripherals(const GuestConfig& /*guest*/, const DeviceConfig& config) {
    PeripheralSet set;
    for (std::size_t i = 0; i < config.console.port_count; ++i)
        set.add(config.console.ports[i].serial);
    return set;
}

bool console_event(const DeviceConfig& config, const DeviceEvent& event) {
    const ConsoleConfig& c = config.console;
    if (event.port >= c.port_count)
        return false;
    switch (event.kind) {
        case DeviceEventKind::console_resize:
            return event.cols != 0 && event.rows != 0 &&
                   (c.multiport || (c.cols != 0 && c.rows != 0));
        case DeviceEventKind::console_add:
        case DeviceEventKind::console_remove:
            return c.multiport;
        case DeviceEventKind::console_open:
        case DeviceEventKind::console_close:
            return true;
        case DeviceEventKind::device_error:
            break;
    }
    return false;
}

VirtioDevice& make_console(BackendStorage& storage, const BackendContext& c) {
    Console::Parameters parameters{.ring_features = ring_features(c.config),
                                   .queue_size_max = c.config.queue_size,
                                   .config = c.config.console};
    for (std::size_t i = 0; i < c.config.console.port_count; ++i)
        parameters.lines[i] = c.peripherals.line(c.config.console.ports[i].serial);
    return storage.device.emplace<Console>(c.port, parameters, c.counters);
}

constexpr BackendKind kinds[] = {
    {.name = "console",
     .check = check_console,
     .peripherals = console_peripherals,
     .event = console_event,
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
