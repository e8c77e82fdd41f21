// What a back-end sees a front-end do that the VirtIO specification does not allow, or must itself
// give up: nobody is told of it but those who observe the service guest (port.report()). On the
// target it is only counted (counters.h).
#pragma once

#include <cstdint>

namespace vms::service {

/// The comment gives the meaning of the report's detail.
enum class Incident : std::uint8_t {
    bad_access,         ///< width, alignment or no register: access_detail()
    out_of_order,       ///< a register written when, or as, it may not be: write_detail()
    features_refused,   ///< FEATURES_OK was not accepted: features of the driver
    driver_ok_refused,  ///< DRIVER_OK without FEATURES_OK: status before
    needs_reset,        ///< DEVICE_NEEDS_RESET was set: QueueFault
    bad_buffer,         ///< a chain without a usable buffer, given back with length 0: 0
    bad_control,        ///< a control message or its buffer was of no use: BadControl
    emergency_dropped,  ///< a character of emerg_wr found no room: port
};

enum class BadControl : std::uint8_t {
    malformed,  ///< shorter than a message, or of no event of a driver
    no_port,    ///< of a port that does not exist or was not announced
    too_small,  ///< the driver's buffer holds no message
};

struct AccessDetail {
    std::uint32_t offset = 0;
    std::uint32_t width = 0;  ///< bytes; 0: 2^16 and more
    bool write = false;
};

// A guest's words in a report's detail: cut to what it holds, for people to read.
constexpr std::uint64_t access_detail(std::uint64_t offset, std::uint64_t width, bool write) {
    return (offset & 0xffff'ffff) | (width & 0xffff) << 32 | std::uint64_t{write} << 48;
}
constexpr AccessDetail access_of(std::uint64_t detail) {
    return {static_cast<std::uint32_t>(detail), static_cast<std::uint32_t>(detail >> 32 & 0xffff),
            (detail >> 48 & 1) != 0};
}

struct WriteDetail {
    std::uint32_t offset = 0;
    std::uint32_t value = 0;
};

constexpr std::uint64_t write_detail(std::uint32_t offset, std::uint32_t value) {
    return std::uint64_t{offset} << 32 | value;
}
constexpr WriteDetail write_of(std::uint64_t detail) {
    return {static_cast<std::uint32_t>(detail >> 32), static_cast<std::uint32_t>(detail)};
}

}  // namespace vms::service
