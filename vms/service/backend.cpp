#include "vms/service/backend.h"

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

PeripheralSet net_peripherals(const GuestConfig& /*guest*/, const DeviceConfig& /*config*/) {
    return {};  // frames come through the switch
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
                              .poll_rings = c.guest.poll_rings,
                              .stations = n.stations},
        c.attention, c.counters);
}

constexpr BackendKind kinds[] = {
    {.name = "console",
     .check = check_console,
     .peripherals = console_peripherals,
     .make = make_console},
    {.name = "net",
     .network = true,
     .check = check_net,
     .peripherals = net_peripherals,
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
