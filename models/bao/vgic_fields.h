// What the parts of the virtual GIC share: the fields of a GICv2 list register (GICH_LRn, IHI 0048B
// 5.3.10) and the kinds of interrupts.
#pragma once

#include <cstdint>

#include "models/bao/vgic.h"

namespace models::bao {

namespace lr {
constexpr std::uint32_t vid_mask = 0x3ff;
constexpr unsigned pid_shift = 10;
constexpr std::uint32_t pid_mask = 0x3ff;
constexpr unsigned cpuid_shift = 10;
constexpr std::uint32_t cpuid_mask = 0x7;
constexpr std::uint32_t eoi = 1u << 19;
constexpr unsigned prio_shift = 23;
constexpr std::uint32_t prio_mask = 0x1f;
constexpr unsigned state_shift = 28;
constexpr std::uint32_t state_mask = 0x3;
constexpr std::uint32_t hw = 1u << 31;

constexpr unsigned vid(std::uint32_t v) {
    return v & vid_mask;
}
constexpr std::uint8_t state(std::uint32_t v) {
    return static_cast<std::uint8_t>(v >> state_shift & state_mask);
}
/// As a priority of eight bits.
constexpr unsigned prio(std::uint32_t v) {
    return (v >> prio_shift & prio_mask) << 3;
}
}  // namespace lr

constexpr unsigned max_sgis = 16;
constexpr unsigned cpu_private = 32;
constexpr unsigned max_targets = 8;

inline bool is_sgi(const VgicInterrupt& i) {
    return i.id.value < max_sgis;
}
constexpr bool is_private(unsigned id) {
    return id < cpu_private;
}
/// SGIs are never linked to a physical interrupt.
inline bool is_hw(const VgicInterrupt& i) {
    return !is_sgi(i) && i.hw;
}
/// The bits of EISR and ELRSR that exist.
constexpr std::uint32_t all_lrs(unsigned count) {
    return static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1);
}

}  // namespace models::bao
