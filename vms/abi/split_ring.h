// Layout and arithmetic of a split virtqueue: descriptor table, available ring, used ring, event
// index. After the OASIS VirtIO specification v1.4, section 2.7 (split virtqueues); 2.7.7 and
// 2.7.8 for the notification arithmetic.
#pragma once

#include <cstdint>

namespace vms::abi::ring {

inline constexpr std::uint32_t max_queue_size = 32768;  ///< 2.7: and a power of two

constexpr bool valid_queue_size(std::uint32_t n) {
    return n != 0 && n <= max_queue_size && (n & (n - 1)) == 0;
}

/// A descriptor, 2.7.5: le64 addr, le32 len, le16 flags, le16 next.
namespace desc {
inline constexpr std::uint32_t bytes = 16;
inline constexpr std::uint32_t addr = 0;
inline constexpr std::uint32_t len = 8;
inline constexpr std::uint32_t flags = 12;
inline constexpr std::uint32_t next = 14;
inline constexpr std::uint16_t flag_next = 1;      ///< `next` names the continuation
inline constexpr std::uint16_t flag_write = 2;     ///< device-writable
inline constexpr std::uint16_t flag_indirect = 4;  ///< the buffer is a table of descriptors
}  // namespace desc

/// A descriptor's value, in the layout of memory on a little-endian machine.
struct Descriptor {
    std::uint64_t addr = 0;
    std::uint32_t len = 0;
    std::uint16_t flags = 0;
    std::uint16_t next = 0;

    constexpr bool operator==(const Descriptor&) const = default;
};
static_assert(sizeof(Descriptor) == desc::bytes);

/// The available ring, 2.7.6: le16 flags, le16 idx, le16 ring[n], le16 used_event.
namespace avail {
inline constexpr std::uint32_t flags = 0;
inline constexpr std::uint32_t idx = 2;
inline constexpr std::uint32_t ring = 4;
inline constexpr std::uint32_t entry_bytes = 2;
inline constexpr std::uint16_t flag_no_interrupt = 1;
constexpr std::uint32_t entry(std::uint32_t slot) {
    return ring + slot * entry_bytes;
}
constexpr std::uint32_t used_event(std::uint32_t n) {
    return ring + n * entry_bytes;
}
}  // namespace avail

/// The used ring, 2.7.8: le16 flags, le16 idx, {le32 id, le32 len} ring[n], le16 avail_event.
namespace used {
inline constexpr std::uint32_t flags = 0;
inline constexpr std::uint32_t idx = 2;
inline constexpr std::uint32_t ring = 4;
inline constexpr std::uint32_t entry_bytes = 8;
inline constexpr std::uint16_t flag_no_notify = 1;
constexpr std::uint32_t entry(std::uint32_t slot) {
    return ring + slot * entry_bytes;
}
constexpr std::uint32_t avail_event(std::uint32_t n) {
    return ring + n * entry_bytes;
}
}  // namespace used

// Sizes and alignments of the three areas of a queue of n entries, 2.7 (table). The event words are
// part of the areas whether or not EVENT_IDX was negotiated.
inline constexpr std::uint32_t descriptor_align = 16;
inline constexpr std::uint32_t driver_align = 2;
inline constexpr std::uint32_t device_align = 4;

constexpr std::uint32_t descriptor_bytes(std::uint32_t n) {
    return n * desc::bytes;
}
constexpr std::uint32_t driver_bytes(std::uint32_t n) {
    return avail::used_event(n) + 2;
}
constexpr std::uint32_t device_bytes(std::uint32_t n) {
    return used::avail_event(n) + 2;
}

/// Has the index passed `event` on its way from `old_index` to `new_index`? (2.7.7.2, 2.7.10.)
/// Indices run freely modulo 2^16.
constexpr bool vring_need_event(std::uint16_t event, std::uint16_t new_index,
                                std::uint16_t old_index) {
    return static_cast<std::uint16_t>(new_index - event - 1) <
           static_cast<std::uint16_t>(new_index - old_index);
}

}  // namespace vms::abi::ring
