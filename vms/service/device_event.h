// Changes of the outside world at given times, as a configuration plans them: what a user, a cable
// or a fault would do to the devices of a service guest while it runs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vms::service {

enum class DeviceEventKind : std::uint8_t {
    console_resize,  ///< the far end's terminal of a port has cols and rows now
    console_add,     ///< a port is plugged in
    console_remove,  ///< a port is unplugged
    console_open,    ///< the far end of a port is opened
    console_close,   ///< the far end of a port is closed
    device_error,    ///< the device fails: DEVICE_NEEDS_RESET
};

struct DeviceEvent {
    std::uint64_t at_ns = 0;  ///< time of the system counter
    DeviceEventKind kind = DeviceEventKind::console_resize;
    std::size_t device = 0;  ///< index into GuestConfig::devices
    std::size_t port = 0;    ///< of a console
    std::uint16_t cols = 0;  ///< console_resize
    std::uint16_t rows = 0;
};

inline constexpr std::size_t max_device_events = 64;

}  // namespace vms::service
