#include "vms/service/config.h"

#include "vms/abi/gicv2.h"
#include "vms/abi/split_ring.h"
#include "vms/abi/virtio_mmio.h"
#include "vms/service/backend.h"
#include "vms/service/net/switch.h"
#include "vms/service/peripherals.h"
#include "vms/service/virtio/descriptor_chain.h"

namespace vms::service {

namespace {

bool interrupt_valid(IntId id) {
    return id.value >= abi::gicv2::first_ppi && id.value < abi::gicv2::gicc::first_special;
}

ConfigProblem check(const PeripheralConfig& p) {
    if (p.kind == PeripheralKind::none)
        return ConfigProblem::no_peripheral_kind;
    if (p.interrupt_count == 0 || p.interrupt_count > PeripheralConfig::max_interrupts)
        return ConfigProblem::bad_interrupt_count;
    for (std::size_t i = 0; i < p.interrupt_count; ++i)
        if (!interrupt_valid(p.interrupts[i]))
            return ConfigProblem::no_interrupt;
    if (is_serial(p.kind) && (p.clock_hz == 0 || p.baud == 0))
        return ConfigProblem::no_clock;
    if (p.kind == PeripheralKind::cadence_gem && !CadenceGem::valid(gem_parameters(p)))
        return ConfigProblem::bad_network_memory;
    return ConfigProblem::none;
}

bool same_interrupt(const PeripheralConfig& a, const PeripheralConfig& b) {
    for (std::size_t i = 0; i < a.interrupt_count; ++i)
        for (std::size_t k = 0; k < b.interrupt_count; ++k)
            if (a.interrupts[i] == b.interrupts[k])
                return true;
    return false;
}

bool has_interrupt(const PeripheralConfig& p, IntId id) {
    for (std::size_t i = 0; i < p.interrupt_count; ++i)
        if (p.interrupts[i] == id)
            return true;
    return false;
}

/// Against those before it.
ConfigProblem check_pairs(const GuestConfig& config, std::size_t peripheral) {
    const PeripheralConfig& p = config.peripherals[peripheral];
    if (config.event_count != 0 && has_interrupt(p, {abi::gicv2::virtual_timer_ppi}))
        return ConfigProblem::shared_interrupt;  // the events' own
    for (std::size_t i = 0; i < peripheral; ++i) {
        if (config.peripherals[i].base == p.base)
            return ConfigProblem::peripherals_share_registers;
        if (same_interrupt(config.peripherals[i], p))
            return ConfigProblem::shared_interrupt;
    }
    return ConfigProblem::none;
}

ConfigProblem check(const GuestConfig& config, const DeviceConfig& d) {
    if (d.backend == nullptr)
        return ConfigProblem::no_backend;
    if (!abi::ring::valid_queue_size(d.queue_size) || d.queue_size > max_chain_segments)
        return ConfigProblem::bad_queue_size;
    if (d.window_size < abi::mmio::config)
        return ConfigProblem::window_too_small;
    if (!interrupt_valid(d.interrupt))
        return ConfigProblem::no_interrupt;
    for (std::size_t i = 0; i < config.peripheral_count; ++i)
        if (has_interrupt(config.peripherals[i], d.interrupt))
            return ConfigProblem::shared_interrupt;
    if (config.event_count != 0 && d.interrupt.value == abi::gicv2::virtual_timer_ppi)
        return ConfigProblem::shared_interrupt;
    if (d.shmem_size == 0)
        return ConfigProblem::no_shared_memory;
    return d.backend->check(config, d);
}

ConfigProblem check_switch(const GuestConfig& config) {
    const TrafficConfig& t = config.net.traffic;
    if (config.net.uplink_stations == 0)
        return ConfigProblem::no_stations;
    if (!t.present)
        return ConfigProblem::none;
    const ethernet::Address mac = ethernet::to_address(t.mac);
    if (mac == 0 || ethernet::is_group(mac))
        return ConfigProblem::bad_traffic;
    for (std::size_t i = 0; i < config.device_count; ++i) {
        const DeviceConfig& d = config.devices[i];
        if (d.backend != nullptr && d.backend->network && d.net.offer_mac && d.net.mac == t.mac)
            return ConfigProblem::shared_mac;
    }
    if (t.frame_bytes == 0 && t.echo != TrafficEcho::once_acknowledged)
        return ConfigProblem::none;
    const bool is_net = t.device < config.device_count &&
                        config.devices[t.device].backend != nullptr &&
                        config.devices[t.device].backend->network;
    const bool fits = t.frame_bytes == 0 || (t.frame_bytes >= ethernet::header_bytes &&
                                             t.frame_bytes <= Switch::max_frame_bytes);
    if (!is_net || !fits)
        return ConfigProblem::bad_traffic;
    return ConfigProblem::none;
}

/// Against the one before it.
ConfigProblem check_event(const GuestConfig& config, std::size_t index) {
    const DeviceEvent& e = config.events[index];
    if (index != 0 && e.at_ns < config.events[index - 1].at_ns)
        return ConfigProblem::events_out_of_order;
    if (e.device >= config.device_count)
        return ConfigProblem::bad_event;
    const DeviceConfig& d = config.devices[e.device];
    const bool possible = e.kind == DeviceEventKind::device_error || d.backend->event(d, e);
    return possible ? ConfigProblem::none : ConfigProblem::bad_event;
}

}  // namespace

ConfigFinding check(const GuestConfig& config) {
    if (config.device_count > max_devices)
        return {ConfigProblem::too_many_devices};
    if (config.peripheral_count > max_peripherals)
        return {ConfigProblem::too_many_peripherals};
    if (config.event_count > max_device_events)
        return {ConfigProblem::too_many_events};
    if (config.ring_budget == 0)
        return {ConfigProblem::no_ring_budget};
    for (std::size_t i = 0; i < config.peripheral_count; ++i) {
        ConfigProblem p = check(config.peripherals[i]);
        if (p == ConfigProblem::none)
            p = check_pairs(config, i);
        if (p != ConfigProblem::none)
            return {p, ConfigSubject::peripheral, i};
    }
    for (std::size_t i = 0; i < config.device_count; ++i)
        if (const ConfigProblem p = check(config, config.devices[i]); p != ConfigProblem::none)
            return {p, ConfigSubject::device, i};
    for (std::size_t i = 0; i < config.event_count; ++i)
        if (const ConfigProblem p = check_event(config, i); p != ConfigProblem::none)
            return {p, ConfigSubject::event, i};
    return {check_switch(config)};
}

}  // namespace vms::service
