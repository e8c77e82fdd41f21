// The GICv2 distributor and CPU interface as a guest uses them: offsets and bits. After the Arm
// Generic Interrupt Controller Architecture Specification v2.0 (IHI 0048B), sections 4.3 (GICD) and
// 4.4 (GICC). A guest under a hypervisor sees the virtual CPU interface in the place of GICC.
#pragma once

#include <cstdint>

namespace vms::abi::gicv2 {

/// Distributor registers; those with n hold one field per interrupt id.
namespace gicd {
inline constexpr std::uint32_t ctlr = 0x000;
inline constexpr std::uint32_t typer = 0x004;
inline constexpr std::uint32_t iidr = 0x008;
inline constexpr std::uint32_t igroupr = 0x080;     ///< 1 bit an interrupt
inline constexpr std::uint32_t isenabler = 0x100;   ///< 1 bit, write 1 to set
inline constexpr std::uint32_t icenabler = 0x180;   ///< 1 bit, write 1 to clear
inline constexpr std::uint32_t ispendr = 0x200;     ///< 1 bit
inline constexpr std::uint32_t icpendr = 0x280;     ///< 1 bit
inline constexpr std::uint32_t isactiver = 0x300;   ///< 1 bit
inline constexpr std::uint32_t icactiver = 0x380;   ///< 1 bit
inline constexpr std::uint32_t ipriorityr = 0x400;  ///< 8 bits, byte accessible
inline constexpr std::uint32_t itargetsr = 0x800;   ///< 8 bits, byte accessible
inline constexpr std::uint32_t icfgr = 0xc00;       ///< 2 bits
inline constexpr std::uint32_t sgir = 0xf00;
inline constexpr std::uint32_t bytes = 0x1000;

inline constexpr std::uint32_t ctlr_enable = 1u << 0;
inline constexpr std::uint32_t sgir_target_shift = 16;
inline constexpr std::uint32_t sgir_filter_shift = 24;  ///< 0 list, 1 all but self, 2 self

constexpr std::uint32_t bit_register(std::uint32_t base, std::uint32_t id) {
    return base + 4 * (id / 32);
}
constexpr std::uint32_t bit(std::uint32_t id) {
    return 1u << (id % 32);
}
/// The byte of one interrupt in IPRIORITYR or ITARGETSR.
constexpr std::uint32_t byte_register(std::uint32_t base, std::uint32_t id) {
    return base + id;
}
}  // namespace gicd

/// CPU interface registers.
namespace gicc {
inline constexpr std::uint32_t ctlr = 0x0000;
inline constexpr std::uint32_t pmr = 0x0004;
inline constexpr std::uint32_t bpr = 0x0008;
inline constexpr std::uint32_t iar = 0x000c;
inline constexpr std::uint32_t eoir = 0x0010;
inline constexpr std::uint32_t rpr = 0x0014;
inline constexpr std::uint32_t hppir = 0x0018;
inline constexpr std::uint32_t iidr = 0x00fc;
inline constexpr std::uint32_t dir = 0x1000;
inline constexpr std::uint32_t bytes = 0x2000;

inline constexpr std::uint32_t ctlr_enable = 1u << 0;
inline constexpr std::uint32_t pmr_all = 0xff;        ///< lowest priority mask: let all through
inline constexpr std::uint32_t iar_id_mask = 0x3ff;   ///< INTID field
inline constexpr std::uint32_t iar_cpu_shift = 10;    ///< source CPU of an SGI
inline constexpr std::uint32_t spurious = 1023;       ///< nothing pending
inline constexpr std::uint32_t first_special = 1020;  ///< ids from here are not interrupts
}  // namespace gicc

inline constexpr std::uint32_t first_ppi = 16;
inline constexpr std::uint32_t first_spi = 32;
inline constexpr std::uint32_t virtual_timer_ppi = 27;

}  // namespace vms::abi::gicv2
