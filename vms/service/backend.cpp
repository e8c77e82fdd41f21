#include "vms/service/backend.h"

#include "vms/abi/gicv2.h"
#include "vms/abi/split_ring.h"
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

SerialPort& make_serial(BackendStorage& storage, Port& port, const SerialConfig& s) {
    if (s.kind == SerialKind::pl011)
        return storage.serial.emplace<Pl011Uart>(port,
                                                 Pl011Uart::Parameters{s.base, s.clock_hz, s.baud});
    return storage.serial.emplace<CadenceUart>(port,
                                               CadenceUart::Parameters{s.base, s.clock_hz, s.baud});
}

VirtioDevice& make_console(BackendStorage& storage, Port& port, const DeviceConfig& config,
                           DeviceCounters& counters) {
    SerialPort& serial = make_serial(storage, port, config.serial);
    return storage.device.emplace<Console>(
        port, serial,
        Console::Parameters{.ring_features = ring_features(config),
                            .queue_size_max = config.queue_size,
                            .cols = config.console_cols,
                            .rows = config.console_rows,
                            .emergency_write = config.console_emergency_write},
        counters);
}

constexpr BackendKind kinds[] = {
    {.name = "console", .needs_serial = true, .make = make_console},
};

bool interrupt_valid(IntId id) {
    return id.value >= abi::gicv2::first_ppi && id.value < abi::gicv2::gicc::first_special;
}

ConfigProblem check(const DeviceConfig& d) {
    if (d.backend == nullptr)
        return ConfigProblem::no_backend;
    if (!abi::ring::valid_queue_size(d.queue_size) || d.queue_size > max_chain_segments)
        return ConfigProblem::bad_queue_size;
    if (d.window_size < abi::mmio::config)
        return ConfigProblem::window_too_small;
    if (d.backend->needs_serial && d.serial.kind == SerialKind::none)
        return ConfigProblem::no_serial;
    if (!interrupt_valid(d.interrupt) ||
        (d.serial.kind != SerialKind::none && !interrupt_valid(d.serial.interrupt)))
        return ConfigProblem::no_interrupt;
    if (d.shmem_size == 0)
        return ConfigProblem::no_shared_memory;
    return ConfigProblem::none;
}

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

ConfigProblem check(const GuestConfig& config, std::size_t& device) {
    device = 0;
    if (config.device_count > max_devices)
        return ConfigProblem::too_many_devices;
    if (config.ring_budget == 0)
        return ConfigProblem::no_ring_budget;
    for (; device < config.device_count; ++device)
        if (const ConfigProblem p = check(config.devices[device]); p != ConfigProblem::none)
            return p;
    device = 0;
    return ConfigProblem::none;
}

}  // namespace vms::service
