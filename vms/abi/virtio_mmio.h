// The register interface of a VirtIO device over memory-mapped I/O, version 2: offsets, status
// bits, transport feature bits and device ids. After the OASIS VirtIO specification v1.4: 2.1
// (device status), 4.2.2 (MMIO device register layout), 5 (device types), 6 (reserved feature
// bits).
#pragma once

#include <cstdint>

namespace vms::abi::mmio {

// 4.2.2, registers: 32 bits wide, little-endian, at a multiple of 4.
inline constexpr std::uint32_t magic_value = 0x000;          ///< R: "virt"
inline constexpr std::uint32_t version = 0x004;              ///< R: 2
inline constexpr std::uint32_t device_id = 0x008;            ///< R: 0 = placeholder
inline constexpr std::uint32_t vendor_id = 0x00c;            ///< R
inline constexpr std::uint32_t device_features = 0x010;      ///< R: word chosen by the selector
inline constexpr std::uint32_t device_features_sel = 0x014;  ///< W
inline constexpr std::uint32_t driver_features = 0x020;      ///< W: word chosen by the selector
inline constexpr std::uint32_t driver_features_sel = 0x024;  ///< W
inline constexpr std::uint32_t queue_sel = 0x030;            ///< W
inline constexpr std::uint32_t queue_size_max = 0x034;       ///< R: 0 = no such queue
inline constexpr std::uint32_t queue_size = 0x038;           ///< W
inline constexpr std::uint32_t queue_ready = 0x044;          ///< RW
inline constexpr std::uint32_t queue_notify = 0x050;         ///< W: queue index
inline constexpr std::uint32_t interrupt_status = 0x060;     ///< R
inline constexpr std::uint32_t interrupt_ack = 0x064;        ///< W: clears the bits written
inline constexpr std::uint32_t status = 0x070;               ///< RW: writing 0 resets
inline constexpr std::uint32_t queue_desc_low = 0x080;       ///< W: descriptor area
inline constexpr std::uint32_t queue_desc_high = 0x084;      ///< W
inline constexpr std::uint32_t queue_driver_low = 0x090;     ///< W: driver area (available ring)
inline constexpr std::uint32_t queue_driver_high = 0x094;    ///< W
inline constexpr std::uint32_t queue_device_low = 0x0a0;     ///< W: device area (used ring)
inline constexpr std::uint32_t queue_device_high = 0x0a4;    ///< W
inline constexpr std::uint32_t shm_sel = 0x0ac;              ///< W
inline constexpr std::uint32_t shm_len_low = 0x0b0;          ///< R: absent region reads all ones
inline constexpr std::uint32_t shm_len_high = 0x0b4;         ///< R
inline constexpr std::uint32_t shm_base_low = 0x0b8;         ///< R
inline constexpr std::uint32_t shm_base_high = 0x0bc;        ///< R
inline constexpr std::uint32_t queue_reset = 0x0c0;          ///< RW
inline constexpr std::uint32_t config_generation = 0x0fc;    ///< R
inline constexpr std::uint32_t config = 0x100;               ///< RW: device-specific, 8/16/32 bits

inline constexpr std::uint32_t magic = 0x74726976;  ///< "virt"
inline constexpr std::uint32_t version_2 = 2;       ///< not the legacy interface

/// InterruptStatus and InterruptACK.
namespace interrupt {
inline constexpr std::uint32_t vring = 1u << 0;   ///< used buffer notification
inline constexpr std::uint32_t config = 1u << 1;  ///< configuration change notification
inline constexpr std::uint32_t all = vring | config;
}  // namespace interrupt

/// Device status, 2.1.
namespace status_bit {
inline constexpr std::uint32_t acknowledge = 1;
inline constexpr std::uint32_t driver = 2;
inline constexpr std::uint32_t driver_ok = 4;
inline constexpr std::uint32_t features_ok = 8;
inline constexpr std::uint32_t suspend = 16;  ///< v1.4
inline constexpr std::uint32_t needs_reset = 64;
inline constexpr std::uint32_t failed = 128;
}  // namespace status_bit

/// Reserved feature bits, 6: bit numbers in the 64-bit feature set.
namespace feature {
inline constexpr unsigned ring_indirect_desc = 28;
inline constexpr unsigned ring_event_idx = 29;
inline constexpr unsigned version_1 = 32;
inline constexpr unsigned access_platform = 33;
inline constexpr unsigned ring_packed = 34;
inline constexpr unsigned in_order = 35;
inline constexpr unsigned order_platform = 36;
inline constexpr unsigned sr_iov = 37;
inline constexpr unsigned notification_data = 38;
inline constexpr unsigned notif_config_data = 39;
inline constexpr unsigned ring_reset = 40;
inline constexpr unsigned admin_vq = 41;
}  // namespace feature

constexpr std::uint64_t feature_bit(unsigned number) {
    return std::uint64_t{1} << number;
}

/// Device types, 5.
namespace device_type {
inline constexpr std::uint32_t placeholder = 0;
inline constexpr std::uint32_t network = 1;
inline constexpr std::uint32_t block = 2;
inline constexpr std::uint32_t console = 3;
inline constexpr std::uint32_t entropy = 4;
inline constexpr std::uint32_t socket = 19;
}  // namespace device_type

}  // namespace vms::abi::mmio
