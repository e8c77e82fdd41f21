// What a service guest is told at its construction: the machine that it runs on and the devices
// that it offers. On the target a constant of the image, in the simulator made from the scenario.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vms/types.h"

namespace vms::service {

struct BackendKind;

inline constexpr std::size_t max_devices = 16;

enum class SerialKind : std::uint8_t { none, cadence, pl011 };

/// A UART passed through to the service guest.
struct SerialConfig {
    SerialKind kind = SerialKind::none;
    GuestAddr base{};
    IntId interrupt{};
    std::uint64_t clock_hz = 100'000'000;
    std::uint64_t baud = 115'200;
};

/// One remote I/O device of the service guest's VM, and what stands behind it.
struct DeviceConfig {
    std::uint32_t remio_index = 0;  ///< index into the VM's remio_devs
    GuestAddr window_base{};        ///< of the MMIO window, as the front-end sees it
    std::uint64_t window_size = 0x200;
    GuestAddr shmem_base{};
    std::uint64_t shmem_size = 0;
    IntId interrupt{};                     ///< remio_dev.interrupt of the back-end
    const BackendKind* backend = nullptr;  ///< find_backend("console")
    std::uint32_t queue_size = 256;        ///< QueueSizeMax
    bool indirect = true;                  ///< offer VIRTIO_F_INDIRECT_DESC
    bool event_idx = true;                 ///< offer VIRTIO_F_EVENT_IDX
    bool ring_reset = false;               ///< offer VIRTIO_F_RING_RESET
    std::uint16_t console_cols = 0;        ///< both not 0: offer VIRTIO_CONSOLE_F_SIZE
    std::uint16_t console_rows = 0;
    bool console_emergency_write = true;  ///< offer VIRTIO_CONSOLE_F_EMERG_WRITE
    SerialConfig serial;
};

struct GuestConfig {
    GuestAddr gicd{};
    GuestAddr gicc{};
    std::array<DeviceConfig, max_devices> devices{};
    std::size_t device_count = 0;
    /// ASK every device in turn instead of waiting for its interrupts.
    bool polling = false;
    /// Steps of ring work for a device before the next one has its turn.
    std::uint32_t ring_budget = 16;
    /// Injected fault: from then on requests are taken and never answered.
    bool stop_answering = false;
    std::uint64_t stop_answering_after = 0;  ///< requests answered before
};

enum class ConfigProblem : std::uint8_t {
    none,
    too_many_devices,
    no_backend,
    bad_queue_size,
    window_too_small,
    no_serial,
    no_interrupt,
    no_shared_memory,
    no_ring_budget,
};

constexpr std::string_view name(ConfigProblem problem) {
    switch (problem) {
        case ConfigProblem::none:
            return "none";
        case ConfigProblem::too_many_devices:
            return "more devices than a service guest can have";
        case ConfigProblem::no_backend:
            return "no such back-end";
        case ConfigProblem::bad_queue_size:
            return "queue size not a power of two from 1 to 1024";
        case ConfigProblem::window_too_small:
            return "window smaller than a VirtIO register file";
        case ConfigProblem::no_serial:
            return "a console needs a serial port";
        case ConfigProblem::no_interrupt:
            return "interrupt id not 16 to 1019";
        case ConfigProblem::no_shared_memory:
            return "no shared memory";
        case ConfigProblem::no_ring_budget:
            return "ring budget is 0";
    }
    return "unknown";
}

/// The first problem; `device` is set to the device that has it.
ConfigProblem check(const GuestConfig& config, std::size_t& device);

}  // namespace vms::service
