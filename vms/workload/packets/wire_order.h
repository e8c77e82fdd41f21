// Numbers in the order in which they stand in a packet: most significant byte first (RFC 791,
// appendix B). The caller has checked the bounds.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace vms::workload::packets {

constexpr std::uint16_t swapped(std::uint16_t v) {
    return static_cast<std::uint16_t>(v << 8 | v >> 8);
}

inline std::uint16_t get16(std::span<const std::byte> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                      std::to_integer<unsigned>(bytes[at + 1]));
}

inline std::uint32_t get32(std::span<const std::byte> bytes, std::size_t at) {
    return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}

inline std::uint64_t get64(std::span<const std::byte> bytes, std::size_t at) {
    return std::uint64_t{get32(bytes, at)} << 32 | get32(bytes, at + 4);
}

inline void put8(std::span<std::byte> bytes, std::size_t at, unsigned v) {
    bytes[at] = static_cast<std::byte>(v);
}

inline void put16(std::span<std::byte> bytes, std::size_t at, std::uint16_t v) {
    bytes[at] = static_cast<std::byte>(v >> 8);
    bytes[at + 1] = static_cast<std::byte>(v & 0xff);
}

inline void put32(std::span<std::byte> bytes, std::size_t at, std::uint32_t v) {
    put16(bytes, at, static_cast<std::uint16_t>(v >> 16));
    put16(bytes, at + 2, static_cast<std::uint16_t>(v & 0xffff));
}

inline void put64(std::span<std::byte> bytes, std::size_t at, std::uint64_t v) {
    put32(bytes, at, static_cast<std::uint32_t>(v >> 32));
    put32(bytes, at + 4, static_cast<std::uint32_t>(v & 0xffff'ffff));
}

}  // namespace vms::workload::packets
