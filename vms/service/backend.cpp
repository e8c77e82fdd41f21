#include "vms/service/backend.h"

#include "vms/abi/serial_mux.h"
#include "vms/abi/serial_prefix.h"
#include "vms/abi/virtio_mmio.h"
#include "vms/abi/virtio_net.h"

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

// --- network ------------------------------------------------------------------------------------

std::uint64_t net_features(const NetConfig& c) {
    namespace net = abi::net::feature;
    std::uint64_t f = 0;
    const auto offer = [&f](bool wanted, unsigned number) {
        if (wanted)
            f |= abi::mmio::feature_bit(number);
    };
    offer(c.offer_mac, net::mac);
    offer(c.offer_status, net::status);
    offer(c.offer_mtu, net::mtu);
    offer(c.offer_speed_duplex, net::speed_duplex);
    offer(c.mrg_rxbuf, net::mrg_rxbuf);
    offer(c.csum, net::csum);
    offer(c.guest_csum, net::guest_csum);
    offer(c.ctrl_vq, net::ctrl_vq);
    offer(c.ctrl_rx, net::ctrl_rx);
    offer(c.ctrl_rx_extra, net::ctrl_rx_extra);
    offer(c.ctrl_mac_addr, net::ctrl_mac_addr);
    return f;
}

bool station_address(const std::array<std::uint8_t, 6>& mac) {
    const ethernet::Address a = ethernet::to_address(mac);
    return a != 0 && !ethernet::is_group(a);
}

ConfigProblem check_net(const GuestConfig& guest, const DeviceConfig& config) {
    namespace space = abi::net::config;
    const NetConfig& c = config.net;
    if (c.offer_mac && !station_address(c.mac))
        return ConfigProblem::bad_mac;
    for (std::size_t i = 0; i < guest.device_count && c.offer_mac; ++i)
        if (&guest.devices[i] != &config && guest.devices[i].backend == config.backend &&
            guest.devices[i].net.offer_mac && guest.devices[i].net.mac == c.mac)
            return ConfigProblem::shared_mac;
    if (c.mtu < space::mtu_min || c.mtu > Switch::max_mtu)
        return ConfigProblem::bad_mtu;
    if ((c.speed_mbps > space::speed_max && c.speed_mbps != space::speed_unknown) ||
        (c.duplex != space::duplex_half && c.duplex != space::duplex_full &&
         c.duplex != space::duplex_unknown))
        return ConfigProblem::bad_speed;
    if (!c.ctrl_vq && (c.ctrl_rx || c.ctrl_rx_extra || c.ctrl_mac_addr))
        return ConfigProblem::no_control_queue;
    if (c.stations == 0)
        return ConfigProblem::no_stations;
    return ConfigProblem::none;
}

PeripheralSet net_peripherals(const GuestConfig& guest, const DeviceConfig& config) {
    // Frames come through the switch; who waits for room goes on when an interface was served.
    PeripheralSet set;
    for (std::size_t i = 0; i < guest.peripheral_count && config.net.wait_for_room; ++i)
        if (guest.peripherals[i].kind == PeripheralKind::cadence_gem)
            set.add(i);
    return set;
}

bool net_event(const DeviceConfig& /*config*/, const DeviceEvent& /*event*/) {
    return false;
}

VirtioDevice& make_net(BackendStorage& storage, const BackendContext& c) {
    const NetConfig& n = c.config.net;
    return storage.device.emplace<NetDevice>(
        c.port, c.net,
        NetDevice::Parameters{.features = ring_features(c.config) | net_features(n),
                              .queue_size_max = c.config.queue_size,
                              .mac = n.mac,
                              .mtu = n.mtu,
                              .speed_mbps = n.speed_mbps,
                              .duplex = n.duplex,
                              .link_follows_uplink = n.link == LinkSource::uplink,
                              .wait_for_room = n.wait_for_room,
                              .poll_rings = c.guest.poll_rings,
                              .stations = n.stations},
        c.counters);
}

constexpr BackendKind kinds[] = {
    {.name = "console",
     .check = check_console,
     .peripherals = console_peripherals,
     .event = console_event,
     .make = make_console},
    {.name = "net",
     .network = true,
     .check = check_net,
     .peripherals = net_peripherals,
     .event = net_event,
     .make = make_net},
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
