// The registers of the GIC-400, described once as data: name, offset, access rights, reset value.
// After the GIC-400 TRM (Arm DDI 0471B, chapter 3, register summaries) and the GICv2 architecture
// specification (Arm IHI 0048B, chapters 4 and 5). The decoders in distributor.cpp,
// cpu_interface.cpp and virtual_interface.cpp are switches over the same offsets, for speed; the
// tests hold them against these tables.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace models::gic {

enum class Rights : std::uint8_t { read_only, write_only, read_write };

/// One register, or a row of `count` equal ones, a word apart.
struct Register {
    std::string_view name;
    std::uint32_t offset;
    std::uint32_t count;
    Rights rights;
    std::uint32_t reset;
    /// Interrupts that a word covers, from id 0 at the row's `base`; 0: not indexed by interrupt.
    /// Words beyond the implemented interrupts are RAZ/WI.
    std::uint32_t ids_per_word = 0;
    std::uint32_t base = 0;   ///< offset of the word that covers interrupt 0
    bool bytes = false;       ///< byte accesses are allowed as well as words
    bool configured = false;  ///< reset depends on the parameters; given for their defaults, CPU 0
};

/// Distributor (IHI 0048B table 4-1, DDI 0471B table 3-2).
namespace gicd {
inline constexpr std::uint32_t ctlr = 0x000;
inline constexpr std::uint32_t typer = 0x004;
inline constexpr std::uint32_t iidr = 0x008;
inline constexpr std::uint32_t igroupr = 0x080;
inline constexpr std::uint32_t isenabler = 0x100;
inline constexpr std::uint32_t icenabler = 0x180;
inline constexpr std::uint32_t ispendr = 0x200;
inline constexpr std::uint32_t icpendr = 0x280;
inline constexpr std::uint32_t isactiver = 0x300;
inline constexpr std::uint32_t icactiver = 0x380;
inline constexpr std::uint32_t ipriorityr = 0x400;
inline constexpr std::uint32_t itargetsr = 0x800;
inline constexpr std::uint32_t icfgr = 0xC00;
inline constexpr std::uint32_t ppisr = 0xD00;
inline constexpr std::uint32_t spisr = 0xD04;
inline constexpr std::uint32_t sgir = 0xF00;
inline constexpr std::uint32_t cpendsgir = 0xF10;
inline constexpr std::uint32_t spendsgir = 0xF20;
inline constexpr std::uint32_t pidr4 = 0xFD0;
inline constexpr std::uint32_t size = 0x1000;

inline constexpr std::uint32_t iidr_value = 0x0200'143B;  ///< product 2, r0p1, Arm
/// PIDR4-7, PIDR0-3, CIDR0-3 as they lie from 0xFD0 on.
inline constexpr std::array<std::uint32_t, 12> identification{0x04, 0x00, 0x00, 0x00, 0x90, 0xB4,
                                                              0x2B, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
inline constexpr std::uint32_t icfgr_sgi = 0xAAAA'AAAA;  ///< SGIs are edge-triggered
inline constexpr std::uint32_t icfgr_ppi = 0x5554'0000;  ///< PPIs 25-31: level-sensitive, 1-N
inline constexpr std::uint32_t icfgr_spi = 0x5555'5555;  ///< level-sensitive; bit 2n reads as one

inline constexpr auto registers = std::to_array<Register>({
    {"GICD_CTLR", ctlr, 1, Rights::read_write, 0},
    {"GICD_TYPER", typer, 1, Rights::read_only, 0x65, 0, 0, false, true},
    {"GICD_IIDR", iidr, 1, Rights::read_only, iidr_value},
    {"GICD_IGROUPRn", igroupr, 16, Rights::read_write, 0, 32, igroupr},
    {"GICD_ISENABLER0", isenabler, 1, Rights::read_write, 0xFFFF, 32, isenabler},
    {"GICD_ISENABLERn", isenabler + 4, 15, Rights::read_write, 0, 32, isenabler},
    {"GICD_ICENABLER0", icenabler, 1, Rights::read_write, 0xFFFF, 32, icenabler},
    {"GICD_ICENABLERn", icenabler + 4, 15, Rights::read_write, 0, 32, icenabler},
    {"GICD_ISPENDRn", ispendr, 16, Rights::read_write, 0, 32, ispendr},
    {"GICD_ICPENDRn", icpendr, 16, Rights::read_write, 0, 32, icpendr},
    {"GICD_ISACTIVERn", isactiver, 16, Rights::read_write, 0, 32, isactiver},
    {"GICD_ICACTIVERn", icactiver, 16, Rights::read_write, 0, 32, icactiver},
    {"GICD_IPRIORITYRn", ipriorityr, 128, Rights::read_write, 0, 4, ipriorityr, true},
    {"GICD_ITARGETSR0-3", itargetsr, 4, Rights::read_only, 0x0101'0101, 4, itargetsr, true, true},
    {"GICD_ITARGETSR4-5", itargetsr + 0x10, 2, Rights::read_only, 0, 4, itargetsr, true},
    {"GICD_ITARGETSR6", itargetsr + 0x18, 1, Rights::read_only, 0x0101'0100, 4, itargetsr, true,
     true},
    {"GICD_ITARGETSR7", itargetsr + 0x1C, 1, Rights::read_only, 0x0101'0101, 4, itargetsr, true,
     true},
    {"GICD_ITARGETSRn", itargetsr + 0x20, 120, Rights::read_write, 0, 4, itargetsr, true},
    {"GICD_ICFGR0", icfgr, 1, Rights::read_only, icfgr_sgi, 16, icfgr},
    {"GICD_ICFGR1", icfgr + 4, 1, Rights::read_only, icfgr_ppi, 16, icfgr},
    {"GICD_ICFGRn", icfgr + 8, 30, Rights::read_write, icfgr_spi, 16, icfgr},
    {"GICD_PPISR", ppisr, 1, Rights::read_only, 0},
    {"GICD_SPISRn", spisr, 15, Rights::read_only, 0, 32, ppisr},
    {"GICD_SGIR", sgir, 1, Rights::write_only, 0},
    {"GICD_CPENDSGIRn", cpendsgir, 4, Rights::read_write, 0, 4, cpendsgir, true},
    {"GICD_SPENDSGIRn", spendsgir, 4, Rights::read_write, 0, 4, spendsgir, true},
    {"GICD_PIDR4", pidr4, 1, Rights::read_only, identification[0]},
    {"GICD_PIDR5", pidr4 + 0x04, 1, Rights::read_only, identification[1]},
    {"GICD_PIDR6", pidr4 + 0x08, 1, Rights::read_only, identification[2]},
    {"GICD_PIDR7", pidr4 + 0x0C, 1, Rights::read_only, identification[3]},
    {"GICD_PIDR0", pidr4 + 0x10, 1, Rights::read_only, identification[4]},
    {"GICD_PIDR1", pidr4 + 0x14, 1, Rights::read_only, identification[5]},
    {"GICD_PIDR2", pidr4 + 0x18, 1, Rights::read_only, identification[6]},
    {"GICD_PIDR3", pidr4 + 0x1C, 1, Rights::read_only, identification[7]},
    {"GICD_CIDR0", pidr4 + 0x20, 1, Rights::read_only, identification[8]},
    {"GICD_CIDR1", pidr4 + 0x24, 1, Rights::read_only, identification[9]},
    {"GICD_CIDR2", pidr4 + 0x28, 1, Rights::read_only, identification[10]},
    {"GICD_CIDR3", pidr4 + 0x2C, 1, Rights::read_only, identification[11]},
});
}  // namespace gicd

/// CPU interface (IHI 0048B table 4-2, DDI 0471B table 3-6).
namespace gicc {
inline constexpr std::uint32_t ctlr = 0x00;
inline constexpr std::uint32_t pmr = 0x04;
inline constexpr std::uint32_t bpr = 0x08;
inline constexpr std::uint32_t iar = 0x0C;
inline constexpr std::uint32_t eoir = 0x10;
inline constexpr std::uint32_t rpr = 0x14;
inline constexpr std::uint32_t hppir = 0x18;
inline constexpr std::uint32_t abpr = 0x1C;
inline constexpr std::uint32_t aiar = 0x20;
inline constexpr std::uint32_t aeoir = 0x24;
inline constexpr std::uint32_t ahppir = 0x28;
inline constexpr std::uint32_t apr0 = 0xD0;
inline constexpr std::uint32_t iidr = 0xFC;
inline constexpr std::uint32_t dir = 0x1000;
inline constexpr std::uint32_t size = 0x2000;

inline constexpr std::uint32_t iidr_value = 0x0202'143B;  ///< product 0x20, GICv2, r0p1, Arm

/// CTLR of a GICv2 without Security Extensions (IHI 0048B table 4-31).
inline constexpr std::uint32_t enable_group0 = 1U << 0;
inline constexpr std::uint32_t enable_group1 = 1U << 1;
inline constexpr std::uint32_t ack_ctl = 1U << 2;
inline constexpr std::uint32_t fiq_en = 1U << 3;
inline constexpr std::uint32_t cbpr = 1U << 4;
inline constexpr std::uint32_t eoi_mode = 1U << 9;
inline constexpr std::uint32_t ctlr_writable = 0x3FF;  ///< with the bypass bits 8:5, kept as state

inline constexpr auto registers = std::to_array<Register>({
    {"GICC_CTLR", ctlr, 1, Rights::read_write, 0},
    {"GICC_PMR", pmr, 1, Rights::read_write, 0},
    {"GICC_BPR", bpr, 1, Rights::read_write, 2},
    {"GICC_IAR", iar, 1, Rights::read_only, 0x3FF},
    {"GICC_EOIR", eoir, 1, Rights::write_only, 0},
    {"GICC_RPR", rpr, 1, Rights::read_only, 0xFF},
    {"GICC_HPPIR", hppir, 1, Rights::read_only, 0x3FF},
    {"GICC_ABPR", abpr, 1, Rights::read_write, 3},
    {"GICC_AIAR", aiar, 1, Rights::read_only, 0x3FF},
    {"GICC_AEOIR", aeoir, 1, Rights::write_only, 0},
    {"GICC_AHPPIR", ahppir, 1, Rights::read_only, 0x3FF},
    {"GICC_APR0", apr0, 1, Rights::read_write, 0},
    {"GICC_IIDR", iidr, 1, Rights::read_only, iidr_value},
    {"GICC_DIR", dir, 1, Rights::write_only, 0},
});
}  // namespace gicc

/// Virtual interface control (IHI 0048B table 5-1, DDI 0471B table 3-8). The first page is that of
/// the accessing CPU; in the second, every 0x200 bytes show the interface of one CPU, in order.
namespace gich {
inline constexpr std::uint32_t hcr = 0x00;
inline constexpr std::uint32_t vtr = 0x04;
inline constexpr std::uint32_t vmcr = 0x08;
inline constexpr std::uint32_t misr = 0x10;
inline constexpr std::uint32_t eisr0 = 0x20;
inline constexpr std::uint32_t eisr1 = 0x24;
inline constexpr std::uint32_t elrsr0 = 0x30;
inline constexpr std::uint32_t elrsr1 = 0x34;
inline constexpr std::uint32_t apr = 0xF0;
inline constexpr std::uint32_t lr = 0x100;
inline constexpr std::uint32_t lr_end = 0x200;
inline constexpr std::uint32_t alias_page = 0x1000;
inline constexpr std::uint32_t alias_stride = 0x200;
inline constexpr std::uint32_t size = 0x2000;

/// HCR (IHI 0048B 5.3.1).
inline constexpr std::uint32_t hcr_en = 1U << 0;
inline constexpr std::uint32_t hcr_uie = 1U << 1;
inline constexpr std::uint32_t hcr_lrenpie = 1U << 2;
inline constexpr std::uint32_t hcr_npie = 1U << 3;
inline constexpr std::uint32_t hcr_vgrp0eie = 1U << 4;
inline constexpr std::uint32_t hcr_vgrp0die = 1U << 5;
inline constexpr std::uint32_t hcr_vgrp1eie = 1U << 6;
inline constexpr std::uint32_t hcr_vgrp1die = 1U << 7;
inline constexpr std::uint32_t hcr_enables = 0xFE;  ///< of the maintenance conditions
inline constexpr std::uint32_t hcr_eoicount_one = 1U << 27;
inline constexpr std::uint32_t hcr_eoicount = 0xF800'0000;
inline constexpr std::uint32_t hcr_writable = 0xF800'00FF;

/// MISR (IHI 0048B 5.3.4).
inline constexpr std::uint32_t misr_eoi = 1U << 0;
inline constexpr std::uint32_t misr_u = 1U << 1;
inline constexpr std::uint32_t misr_lrenp = 1U << 2;
inline constexpr std::uint32_t misr_np = 1U << 3;
inline constexpr std::uint32_t misr_vgrp0e = 1U << 4;
inline constexpr std::uint32_t misr_vgrp0d = 1U << 5;
inline constexpr std::uint32_t misr_vgrp1e = 1U << 6;
inline constexpr std::uint32_t misr_vgrp1d = 1U << 7;

/// LRn (IHI 0048B 5.3.10).
inline constexpr std::uint32_t lr_hw = 1U << 31;
inline constexpr std::uint32_t lr_group1 = 1U << 30;
inline constexpr std::uint32_t lr_active = 1U << 29;
inline constexpr std::uint32_t lr_pending = 1U << 28;
inline constexpr std::uint32_t lr_state = lr_active | lr_pending;
inline constexpr unsigned lr_priority_shift = 23;  ///< five bits, the upper ones of eight
inline constexpr std::uint32_t lr_eoi = 1U << 19;  ///< HW = 0: maintenance interrupt at the EOI
inline constexpr unsigned lr_physical_shift = 10;  ///< HW = 1: physical id; HW = 0: source CPU
inline constexpr std::uint32_t lr_id = 0x3FF;
inline constexpr std::uint32_t lr_writable_hw = 0xFF8F'FFFF;
inline constexpr std::uint32_t lr_writable_sw = 0xFF88'1FFF;

inline constexpr auto registers = std::to_array<Register>({
    {"GICH_HCR", hcr, 1, Rights::read_write, 0},
    {"GICH_VTR", vtr, 1, Rights::read_only, 0x9000'0003, 0, 0, false, true},
    {"GICH_VMCR", vmcr, 1, Rights::read_write, 0x004C'0000},
    {"GICH_MISR", misr, 1, Rights::read_only, 0},
    {"GICH_EISR0", eisr0, 1, Rights::read_only, 0},
    {"GICH_EISR1", eisr1, 1, Rights::read_only, 0},
    {"GICH_ELRSR0", elrsr0, 1, Rights::read_only, 0xF, 0, 0, false, true},
    {"GICH_ELRSR1", elrsr1, 1, Rights::read_only, 0},
    {"GICH_APR", apr, 1, Rights::read_write, 0},
    {"GICH_LRn", lr, 4, Rights::read_write, 0, 0, 0, false, true},
});
}  // namespace gich

/// Virtual CPU interface (IHI 0048B table 5-9, DDI 0471B table 3-10): the offsets of the CPU
/// interface.
namespace gicv {
inline constexpr std::uint32_t size = 0x2000;
inline constexpr std::uint32_t ctlr_writable = 0x21F;

inline constexpr auto registers = std::to_array<Register>({
    {"GICV_CTLR", gicc::ctlr, 1, Rights::read_write, 0},
    {"GICV_PMR", gicc::pmr, 1, Rights::read_write, 0},
    {"GICV_BPR", gicc::bpr, 1, Rights::read_write, 2},
    {"GICV_IAR", gicc::iar, 1, Rights::read_only, 0x3FF},
    {"GICV_EOIR", gicc::eoir, 1, Rights::write_only, 0},
    {"GICV_RPR", gicc::rpr, 1, Rights::read_only, 0xFF},
    {"GICV_HPPIR", gicc::hppir, 1, Rights::read_only, 0x3FF},
    {"GICV_ABPR", gicc::abpr, 1, Rights::read_write, 3},
    {"GICV_AIAR", gicc::aiar, 1, Rights::read_only, 0x3FF},
    {"GICV_AEOIR", gicc::aeoir, 1, Rights::write_only, 0},
    {"GICV_AHPPIR", gicc::ahppir, 1, Rights::read_only, 0x3FF},
    {"GICV_APR0", gicc::apr0, 1, Rights::read_write, 0},
    {"GICV_IIDR", gicc::iidr, 1, Rights::read_only, gicc::iidr_value},
    {"GICV_DIR", gicc::dir, 1, Rights::write_only, 0},
});
}  // namespace gicv

/// Interrupt ids with a meaning of their own (IHI 0048B 3.2.5) and the bounds of the GIC-400.
inline constexpr std::uint32_t spurious = 1023;       ///< nothing to acknowledge
inline constexpr std::uint32_t other_group = 1022;    ///< the pending one is in Group 1: use AIAR
inline constexpr std::uint32_t first_special = 1020;  ///< 1020-1023 name no interrupt
inline constexpr std::uint32_t id_mask = 0x3FF;
inline constexpr unsigned source_shift = 10;  ///< IAR, EOIR, DIR: source CPU of an SGI
inline constexpr std::uint32_t source_mask = 0x7;
inline constexpr unsigned sgis = 16;
inline constexpr unsigned private_ids = 32;
inline constexpr unsigned max_cpus = 8;
inline constexpr unsigned max_lines = 512;  ///< 480 SPIs
inline constexpr unsigned max_list_registers = 16;
/// SGIs and the PPIs that exist on the GIC-400: 25-31 (DDI 0471B 2.2.2).
inline constexpr std::uint32_t private_implemented = 0xFE00'FFFF;
inline constexpr std::uint32_t sgi_bits = 0x0000'FFFF;
inline constexpr std::uint32_t priority_bits = 0xF8;  ///< five of eight: 32 levels

}  // namespace models::gic
