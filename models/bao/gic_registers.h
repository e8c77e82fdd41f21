// GICv2 registers as the hypervisor drives the physical interrupt controller (GIC-400 TRM,
// chapter 3): offsets within the blocks, and the bits that it sets.
#pragma once

#include <cstdint>

namespace models::bao {

namespace gicd {
constexpr std::uint64_t ctlr = 0x000;
constexpr std::uint64_t iidr = 0x008;
constexpr std::uint64_t isenabler = 0x100;
constexpr std::uint64_t icenabler = 0x180;
constexpr std::uint64_t ispendr = 0x200;
constexpr std::uint64_t icpendr = 0x280;
constexpr std::uint64_t icactiver = 0x380;
constexpr std::uint64_t ipriorityr = 0x400;
constexpr std::uint64_t itargetsr = 0x800;
constexpr std::uint64_t sgir = 0xf00;
constexpr std::uint64_t cpendsgir = 0xf10;
}  // namespace gicd
namespace gicc {
constexpr std::uint64_t ctlr = 0x0000;
constexpr std::uint64_t pmr = 0x0004;
constexpr std::uint64_t iar = 0x000c;
constexpr std::uint64_t eoir = 0x0010;
constexpr std::uint64_t dir = 0x1000;
constexpr std::uint32_t enable = 1u << 0;
constexpr std::uint32_t eoi_mode_ns = 1u << 9;
}  // namespace gicc
namespace gich {
constexpr std::uint64_t hcr = 0x000;
constexpr std::uint64_t misr = 0x010;
constexpr std::uint64_t eisr0 = 0x020;
constexpr std::uint64_t elrsr0 = 0x030;
constexpr std::uint64_t lr = 0x100;
constexpr std::uint32_t hcr_en = 1u << 0;
constexpr std::uint32_t hcr_uie = 1u << 1;
constexpr std::uint32_t hcr_lrenpie = 1u << 2;
constexpr std::uint32_t hcr_npie = 1u << 3;
constexpr unsigned hcr_eoicount_shift = 27;
constexpr std::uint32_t misr_eoi = 1u << 0;
constexpr std::uint32_t misr_u = 1u << 1;
constexpr std::uint32_t misr_lrenp = 1u << 2;
constexpr std::uint32_t misr_np = 1u << 3;
}  // namespace gich

/// The SGI that carries CPU messages (Bao: IPI_CPU_MSG).
constexpr unsigned ipi_cpu_msg = 1;

}  // namespace models::bao
