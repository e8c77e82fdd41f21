// The VirtIO console: virtqueues, configuration layout, feature bits and control messages. After
// the OASIS VirtIO specification v1.4, section 5.3 (console device).
#pragma once

#include <cstdint>

namespace vms::abi::console {

/// Feature bits, 5.3.3.
namespace feature {
inline constexpr unsigned size = 0;         ///< cols and rows are valid
inline constexpr unsigned multiport = 1;    ///< control queues, further ports
inline constexpr unsigned emerg_write = 2;  ///< emerg_wr is usable
}  // namespace feature

// Virtqueues, 5.3.2.
inline constexpr std::uint32_t receiveq_port0 = 0;
inline constexpr std::uint32_t transmitq_port0 = 1;
inline constexpr std::uint32_t control_receiveq = 2;   ///< with MULTIPORT
inline constexpr std::uint32_t control_transmitq = 3;  ///< with MULTIPORT
constexpr std::uint32_t receiveq(std::uint32_t port) {
    return port == 0 ? receiveq_port0 : 2 + 2 * port;
}
constexpr std::uint32_t transmitq(std::uint32_t port) {
    return receiveq(port) + 1;
}
constexpr bool is_control(std::uint32_t queue) {
    return queue == control_receiveq || queue == control_transmitq;
}
constexpr bool is_transmit(std::uint32_t queue) {
    return queue % 2 == 1;
}
/// Of a queue that is not a control queue.
constexpr std::uint32_t port_of(std::uint32_t queue) {
    return queue < control_receiveq ? 0 : queue / 2 - 1;
}
constexpr std::uint32_t queues(bool multiport, std::uint32_t ports) {
    return multiport ? 2 * ports + 2 : 2;
}

/// Configuration layout, 5.3.4: offsets within the device-specific space.
namespace config {
inline constexpr std::uint32_t cols = 0;          ///< le16
inline constexpr std::uint32_t rows = 2;          ///< le16
inline constexpr std::uint32_t max_nr_ports = 4;  ///< le32
inline constexpr std::uint32_t emerg_wr = 8;      ///< le32, write only; usable before DRIVER_OK
inline constexpr std::uint32_t bytes = 12;
}  // namespace config

/// Control message, 5.3.6.2: le32 id, le16 event, le16 value.
namespace control {
inline constexpr std::uint32_t id = 0;
inline constexpr std::uint32_t event = 4;
inline constexpr std::uint32_t value = 6;
inline constexpr std::uint32_t bytes = 8;
// What follows a RESIZE, le16 each. Linux 6.1 takes the rows from where the columns are.
inline constexpr std::uint32_t resize_cols = 8;
inline constexpr std::uint32_t resize_rows = 10;
inline constexpr std::uint32_t resize_bytes = 12;
inline constexpr std::uint16_t device_ready = 0;
inline constexpr std::uint16_t device_add = 1;
inline constexpr std::uint16_t device_remove = 2;
inline constexpr std::uint16_t port_ready = 3;
inline constexpr std::uint16_t console_port = 4;
inline constexpr std::uint16_t resize = 5;
inline constexpr std::uint16_t port_open = 6;
inline constexpr std::uint16_t port_name = 7;
}  // namespace control

}  // namespace vms::abi::console
