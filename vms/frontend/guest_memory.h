// Bytes between a program's own buffers and the VM's memory. The addresses that a driver uses are
// RAM; a region that the configuration failed to map is reached byte by byte, and traps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "vms/cpu.h"

namespace vms::frontend {

inline void copy_to_guest(Cpu& cpu, GuestAddr to, std::span<const std::byte> from) {
    if (from.empty())
        return;
    if (std::byte* p = cpu.ram(to, from.size())) {
        std::memcpy(p, from.data(), from.size());
        return;
    }
    for (std::size_t i = 0; i < from.size(); ++i)
        cpu.store(to + i, Width::byte, std::to_integer<std::uint64_t>(from[i]));
}

inline void copy_from_guest(Cpu& cpu, GuestAddr from, std::span<std::byte> to) {
    if (to.empty())
        return;
    if (const std::byte* p = cpu.ram(from, to.size())) {
        std::memcpy(to.data(), p, to.size());
        return;
    }
    for (std::size_t i = 0; i < to.size(); ++i)
        to[i] = static_cast<std::byte>(cpu.load(from + i, Width::byte));
}

inline void clear_guest(Cpu& cpu, GuestAddr at, std::uint64_t bytes) {
    if (std::byte* p = cpu.ram(at, bytes)) {
        std::memset(p, 0, bytes);
        return;
    }
    for (std::uint64_t i = 0; i < bytes; ++i)
        cpu.store(at + i, Width::byte, 0);
}

}  // namespace vms::frontend
