// The GIC-400's registers against their description: reset values, access rights, RAZ/WI, sizes of
// access. DDI 0471B chapter 3 (register summaries), IHI 0048B 4.1.4, chapters 4 and 5.
#include <array>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/models/gic/gic400_bench_board.h"
#include "tests/support/validation.h"

namespace gic_test {
namespace {

using models::gic::Register;
using models::gic::Rights;

struct Block {
    std::string name;
    Target& target;
    std::span<const Register> registers;
    std::uint32_t size;
};

std::vector<Block> blocks(Gic400& gic) {
    return {{"GICD", gic.distributor(), gicd::registers, gicd::size},
            {"GICC", gic.cpu_interface(), gicc::registers, gicc::size},
            {"GICH", gic.virtual_interface_control(), gich::registers, gich::alias_page},
            {"GICV", gic.virtual_cpu_interface(), gicv::registers, gicv::size}};
}

bool implemented(const Register& r, std::uint32_t word, unsigned lines) {
    return r.ids_per_word == 0 || (r.offset + 4 * word - r.base) / 4 * r.ids_per_word < lines;
}

/// A row of equal words that do not read as zero after reset.
struct ResetValue {
    std::uint32_t offset;
    std::uint32_t words;
    std::uint32_t value;
};

// The register summaries of DDI 0471B (tables 3-2, 3-6, 3-8, 3-10) for CPU 0 of four, with 160 SPIs
// and four list registers; fields that follow the configuration after IHI 0048B. Figures, and no
// names of the model's: whatever is not listed reads as zero.
TEST(Gic400Registers, ResetValuesAreThoseOfTheManual) {
    validation::behaviour("GIC-400", "registers of all four blocks: reset values");
    const std::vector<ResetValue> distributor = {
        {0x004, 1, 0x0000'0065},   // TYPER: ITLinesNumber 5, CPUNumber 3 (IHI 0048B 4.3.2)
        {0x008, 1, 0x0200'143B},   // IIDR
        {0x100, 1, 0x0000'FFFF},   // ISENABLER0: SGIs are always enabled
        {0x180, 1, 0x0000'FFFF},   // ICENABLER0
        {0x800, 4, 0x0101'0101},   // ITARGETSR0-3: SGIs, the reading CPU (IHI 0048B 4.3.12)
        {0x818, 1, 0x0101'0100},   // ITARGETSR6: PPIs 25-27
        {0x81C, 1, 0x0101'0101},   // ITARGETSR7: PPIs 28-31
        {0xC00, 1, 0xAAAA'AAAA},   // ICFGR0: SGIs are edge-triggered
        {0xC04, 1, 0x5554'0000},   // ICFGR1: PPIs 25-31 are level-sensitive
        {0xC08, 10, 0x5555'5555},  // ICFGR2-11
        {0xFD0, 1, 0x04},         {0xFE0, 1, 0x90}, {0xFE4, 1, 0xB4}, {0xFE8, 1, 0x2B},  // PIDR
        {0xFF0, 1, 0x0D},         {0xFF4, 1, 0xF0}, {0xFF8, 1, 0x05}, {0xFFC, 1, 0xB1},  // CIDR
    };
    const std::vector<ResetValue> cpu_interface = {
        {0x08, 1, 0x0000'0002},  // BPR
        {0x0C, 1, 0x0000'03FF},  // IAR: spurious
        {0x14, 1, 0x0000'00FF},  // RPR: idle
        {0x18, 1, 0x0000'03FF},  // HPPIR
        {0x1C, 1, 0x0000'0003},  // ABPR
        {0x20, 1, 0x0000'03FF},  // AIAR
        {0x28, 1, 0x0000'03FF},  // AHPPIR
        {0xFC, 1, 0x0202'143B},  // IIDR
    };
    const std::vector<ResetValue> control = {
        {0x04, 1, 0x9000'0003},  // VTR: five bits each, four list registers (IHI 0048B 5.3.2)
        {0x08, 1, 0x004C'0000},  // VMCR: the binary points, 2 and 3
        {0x30, 1, 0x0000'000F},  // ELRSR0: all list registers are usable
    };
    Board b;
    const auto check = [&b](const char* name, Target& target, std::uint32_t size,
                            const std::vector<ResetValue>& values) {
        std::map<std::uint32_t, std::uint32_t> expected;
        for (const ResetValue& v : values)
            for (std::uint32_t i = 0; i < v.words; ++i)
                expected[v.offset + 4 * i] = v.value;
        for (std::uint32_t offset = 0; offset < size; offset += 4) {
            const Access a = b.access(target, 0, offset, Width::word, false, 0xDEAD'BEEF);
            EXPECT_FALSE(a.error);
            const auto known = expected.find(offset);
            EXPECT_EQ(a.value, known == expected.end() ? 0 : known->second)
                << name << " 0x" << std::hex << offset;
        }
    };
    check("GICD", b.gic.distributor(), 0x1000, distributor);
    check("GICC", b.gic.cpu_interface(), 0x2000, cpu_interface);
    check("GICH", b.gic.virtual_interface_control(), 0x1000, control);
    check("GICV", b.gic.virtual_cpu_interface(), 0x2000, cpu_interface);
}

// A read-only register keeps its value; a reserved word reads as zero and ignores writes.
TEST(Gic400Registers, ReadOnlyIgnoresWritesAndTheRestIsRazWi) {
    validation::behaviour("GIC-400", "access rights; what is no register is RAZ/WI");
    Board b;
    for (const Block& block : blocks(b.gic)) {
        std::set<std::uint32_t> known;
        for (const Register& r : block.registers)
            for (std::uint32_t i = 0; i < r.count; ++i) {
                const std::uint32_t offset = r.offset + 4 * i;
                EXPECT_TRUE(known.insert(offset).second) << r.name << " overlaps";
                if (r.rights != Rights::read_only && implemented(r, i, 192))
                    continue;
                const std::uint32_t before = b.read(block.target, 0, offset);
                b.write(block.target, 0, offset, 0xFFFF'FFFF);
                EXPECT_EQ(b.read(block.target, 0, offset), before) << r.name << " " << i;
            }
        for (std::uint32_t offset = 0; offset < block.size; offset += 4) {
            if (known.contains(offset))
                continue;
            b.write(block.target, 0, offset, 0xFFFF'FFFF);
            const Access a = b.access(block.target, 0, offset, Width::word, false, 0xDEAD'BEEF);
            EXPECT_FALSE(a.error);
            EXPECT_EQ(a.value, 0U) << block.name << " " << std::hex << offset;
        }
    }
}

// Writable bits: what is read back after all ones were written (IHI 0048B, bit assignments of each
// register; DDI 0471B 3.2: 32 priority levels).
TEST(Gic400Registers, WritableBits) {
    validation::behaviour("GIC-400", "writable bits of each register");
    Board b;
    const auto ones = [&](Target& t, std::uint64_t offset) {
        b.write(t, 0, offset, 0xFFFF'FFFF);
        return b.read(t, 0, offset);
    };
    Target& d = b.gic.distributor();
    EXPECT_EQ(ones(d, gicd::ctlr), 3U);
    EXPECT_EQ(ones(d, gicd::igroupr), 0xFE00'FFFFU) << "PPIs 16-24 do not exist";
    EXPECT_EQ(ones(d, gicd::isenabler), 0xFE00'FFFFU);
    EXPECT_EQ(ones(d, gicd::icenabler), 0x0000'FFFFU) << "SGIs cannot be disabled";
    EXPECT_EQ(ones(d, gicd::isenabler + 4), 0xFFFF'FFFFU);
    EXPECT_EQ(ones(d, gicd::icenabler + 4), 0U);
    EXPECT_EQ(ones(d, gicd::ispendr), 0xFE00'0000U) << "SGIs are read-only here";
    EXPECT_EQ(ones(d, gicd::icpendr), 0U);
    EXPECT_EQ(ones(d, gicd::isactiver), 0xFE00'FFFFU);
    EXPECT_EQ(ones(d, gicd::icactiver), 0U);
    EXPECT_EQ(ones(d, gicd::ipriorityr), 0xF8F8'F8F8U);
    EXPECT_EQ(ones(d, gicd::ipriorityr + 16), 0U);
    EXPECT_EQ(ones(d, gicd::itargetsr + 32), 0x0F0F'0F0FU) << "four CPUs";
    EXPECT_EQ(ones(d, gicd::icfgr + 8), 0xFFFF'FFFFU);
    b.wd(0, gicd::icfgr + 8, 0);
    EXPECT_EQ(b.rd(0, gicd::icfgr + 8), 0x5555'5555U);

    Target& c = b.gic.cpu_interface();
    EXPECT_EQ(ones(c, gicc::ctlr), 0x3FFU);
    EXPECT_EQ(ones(c, gicc::pmr), 0xF8U);
    EXPECT_EQ(ones(c, gicc::bpr), 7U);
    EXPECT_EQ(ones(c, gicc::abpr), 7U);
    EXPECT_EQ(ones(c, gicc::apr0), 0xFFFF'FFFFU);
    // The binary points have a minimum with five priority bits (IHI 0048B 4.4.3, table 3-2).
    b.wc(0, gicc::bpr, 0);
    EXPECT_EQ(b.rc(0, gicc::bpr), 2U);
    b.wc(0, gicc::abpr, 0);
    EXPECT_EQ(b.rc(0, gicc::abpr), 3U);

    Target& h = b.gic.virtual_interface_control();
    EXPECT_EQ(ones(h, gich::vmcr), 0xF800'0000U | 7U << 21 | 7U << 18 | 0x21FU);
    EXPECT_EQ(ones(h, gich::apr), 0xFFFF'FFFFU);
    EXPECT_EQ(ones(h, gich::lr), 0xFF8F'FFFFU) << "with HW: bits 22:20 reserved";
    b.wh(0, gich::lr, 0x7FFF'FFFF);
    EXPECT_EQ(b.rh(0, gich::lr), 0x7F88'1FFFU) << "without HW: bits 18:13 reserved too";
    EXPECT_EQ(ones(h, gich::hcr), 0xF800'00FFU);

    Target& v = b.gic.virtual_cpu_interface();
    EXPECT_EQ(ones(v, gicc::ctlr), 0x21FU);
    EXPECT_EQ(ones(v, gicc::pmr), 0xF8U);
    EXPECT_EQ(ones(v, gicc::bpr), 7U);
    b.wv(0, gicc::bpr, 0);
    EXPECT_EQ(b.rv(0, gicc::bpr), 2U);
    b.wv(0, gicc::abpr, 1);
    EXPECT_EQ(b.rv(0, gicc::abpr), 3U);
}

// IHI 0048B 4.1.4: words, and bytes where a register has a field per interrupt.
TEST(Gic400Registers, SizesOfAccess) {
    Board b;
    Target& d = b.gic.distributor();
    for (const Block& block : blocks(b.gic))
        for (const Register& r : block.registers) {
            SCOPED_TRACE(r.name);
            for (const Width w : {Width::half, Width::dword}) {
                const Access a = b.access(block.target, 0, r.offset, w, false, 0xDEAD'BEEF);
                EXPECT_TRUE(a.error);
                EXPECT_EQ(a.value, 0U);
            }
            EXPECT_EQ(b.access(block.target, 0, r.offset, Width::byte, false).error, !r.bytes);
            EXPECT_TRUE(b.access(block.target, 0, r.offset + 2, Width::word, false).error);
        }
    // Where GICH has no register, in its first page and in the second, the same holds.
    for (const std::uint64_t offset : {0x200U, 0xFFCU, 0x1000U + 4 * 0x200U}) {
        Target& h = b.gic.virtual_interface_control();
        EXPECT_TRUE(b.access(h, 0, offset, Width::byte, false, 0xDEAD'BEEF).error);
        EXPECT_TRUE(b.access(h, 0, offset, Width::half, true, 1).error);
        EXPECT_TRUE(b.access(h, 0, offset + 2, Width::word, false).error);
        const Access a = b.access(h, 0, offset, Width::word, false, 0xDEAD'BEEF);
        EXPECT_FALSE(a.error);
        EXPECT_EQ(a.value, 0U);
    }
    b.write(d, 0, gicd::ipriorityr + 41, 0xA7, Width::byte);
    EXPECT_EQ(b.rd(0, gicd::ipriorityr + 40), 0x0000'A000U);
    EXPECT_EQ(b.read(d, 0, gicd::ipriorityr + 41, Width::byte), 0xA0U);
    b.write(d, 0, gicd::itargetsr + 42, 0x5, Width::byte);
    EXPECT_EQ(b.rd(0, gicd::itargetsr + 40), 0x0005'0000U);
    b.write(d, 0, gicd::spendsgir + 6, 0x3, Width::byte);
    EXPECT_EQ(b.rd(0, gicd::cpendsgir + 4), 0x0003'0000U);
    // A refused write changes nothing.
    EXPECT_TRUE(b.access(d, 0, gicd::ctlr, Width::byte, true, 1).error);
    EXPECT_EQ(b.rd(0, gicd::ctlr), 0U);
    // Only the low bytes of a value count: a store hands over the whole register.
    b.write(d, 0, gicd::itargetsr + 43, 0xFFFF'FF02, Width::byte);
    EXPECT_EQ(b.rd(0, gicd::itargetsr + 40), 0x0205'0000U);
}

// Refused accesses have no side effect: a byte read of IAR acknowledges nothing.
TEST(Gic400Registers, RefusedAccessHasNoEffect) {
    Board b;
    b.enable();
    b.sgi(0, 1, 3);
    EXPECT_TRUE(b.access(b.gic.cpu_interface(), 0, gicc::iar, Width::byte, false).error);
    EXPECT_TRUE(b.pending(0, 3));
    EXPECT_FALSE(b.active(0, 3));
    EXPECT_EQ(b.rc(0, gicc::iar), 3U);
}

// A CPU number without an interface is a wiring error, answered as such.
TEST(Gic400Registers, UnknownCpu) {
    Board b({.cpus = 2});
    for (const Block& block : blocks(b.gic))
        EXPECT_TRUE(
            b.access(block.target, 2, block.registers.front().offset, Width::word, false).error)
            << block.name;
}

// Fields that follow the configuration: TYPER (IHI 0048B 4.3.2), VTR (5.3.2), ELRSR0 (5.3.8).
TEST(Gic400Registers, ConfiguredFields) {
    for (const unsigned cpus : {1U, 2U, 4U, 8U})
        for (const unsigned lines : {32U, 64U, 192U, 512U}) {
            Board b({.cpus = cpus, .lines = lines});
            EXPECT_EQ(b.rd(0, gicd::typer), (lines / 32 - 1) | (cpus - 1) << 5);
            b.wd(0, gicd::isenabler + lines / 32 * 4, 0xFFFF'FFFF);
            EXPECT_EQ(b.rd(0, gicd::isenabler + lines / 32 * 4), 0U) << "beyond the last line";
        }
    for (const unsigned n : {1U, 4U, 16U}) {
        Board b({.list_registers = n});
        EXPECT_EQ(b.rh(0, gich::vtr), 0x9000'0000U | (n - 1));
        EXPECT_EQ(b.rh(0, gich::elrsr0), (1U << n) - 1);
        b.wh(0, lr_offset(n), 0xFFFF'FFFF);
        EXPECT_EQ(b.rh(0, lr_offset(n)), 0U) << "beyond the last list register";
        b.wh(0, lr_offset(n - 1), 0x1234);
        EXPECT_EQ(b.rh(0, lr_offset(n - 1)), 0x1234U);
    }
}

// ITARGETSR0-7 read as the bit of the reading CPU, 0 for ids that do not exist; all RAZ/WI with one
// CPU (IHI 0048B 4.3.12).
TEST(Gic400Registers, TargetsOfPrivateInterruptsNameTheReader) {
    Board b;
    for (unsigned c = 0; c < 4; ++c) {
        EXPECT_EQ(b.rd(c, gicd::itargetsr), 0x0101'0101U << c);
        EXPECT_EQ(b.rd(c, gicd::itargetsr + 0x10), 0U);
        EXPECT_EQ(b.rd(c, gicd::itargetsr + 0x18), 0x0101'0100U << c);
        EXPECT_EQ(b.rd(c, gicd::itargetsr + 0x1C), 0x0101'0101U << c);
    }
    Board one({.cpus = 1});
    EXPECT_EQ(one.rd(0, gicd::itargetsr), 0U);
    one.wd(0, gicd::itargetsr + 32, 0x0101'0101);
    EXPECT_EQ(one.rd(0, gicd::itargetsr + 32), 0U);
}

// Banked registers of ids 0-31 (IHI 0048B 4.1.3).
TEST(Gic400Registers, PrivateRegistersAreBanked) {
    Board b;
    b.wd(1, gicd::isenabler, 1U << 27);
    b.wd(2, gicd::ipriorityr, 0x0000'0040);
    b.wd(3, gicd::igroupr, 1);
    EXPECT_EQ(b.rd(0, gicd::isenabler), 0xFFFFU);
    EXPECT_EQ(b.rd(1, gicd::isenabler), 0x0800'FFFFU);
    EXPECT_EQ(b.rd(1, gicd::ipriorityr), 0U);
    EXPECT_EQ(b.rd(2, gicd::ipriorityr), 0x40U);
    EXPECT_EQ(b.rd(3, gicd::igroupr), 1U);
    EXPECT_EQ(b.rd(2, gicd::igroupr), 0U);
    b.wd(1, gicd::isenabler + 4, 2);
    EXPECT_EQ(b.rd(3, gicd::isenabler + 4), 2U) << "SPIs are shared";
    b.wc(1, gicc::pmr, 0x80);
    EXPECT_EQ(b.rc(0, gicc::pmr), 0U);
    b.wh(1, gich::hcr, 1);
    EXPECT_EQ(b.rh(0, gich::hcr), 0U);
    b.wv(1, gicc::pmr, 0x80);
    EXPECT_EQ(b.rv(0, gicc::pmr), 0U);
}

// DDI 0471B 3.1: the second page of GICH shows the interface of the CPU selected by bits 11:9.
TEST(Gic400Registers, VirtualInterfaceAliases) {
    Board b;
    b.enable();
    b.wh(0, 0x1000 + 2 * 0x200 + gich::lr + 8, 0x1234);
    EXPECT_EQ(b.rh(2, gich::lr + 8), 0x1234U);
    EXPECT_EQ(b.rh(0, gich::lr + 8), 0U);
    EXPECT_EQ(b.rh(3, 0x1000 + 2 * 0x200 + gich::lr + 8), 0x1234U);
    EXPECT_EQ(b.rh(0, 0x1000 + 4 * 0x200 + gich::vtr), 0U) << "no CPU 4";
    // Its effect is on that CPU's outputs.
    b.wv(1, gicc::ctlr, 1);
    b.wv(1, gicc::pmr, 0xFF);
    b.wh(0, 0x1000 + 1 * 0x200 + gich::hcr, gich::hcr_en);
    b.wh(0, 0x1000 + 1 * 0x200 + gich::lr, Lr{.id = 40}.value());
    EXPECT_TRUE(b.cpu[1].virq_level);
    EXPECT_FALSE(b.cpu[0].virq_level);
}

// PPISR and SPISR show the inputs, whatever the state (DDI 0471B 3.2.2, 3.2.3).
TEST(Gic400Registers, InputStatus) {
    Board b;
    b.ppi(1, 27, true);
    b.ppi(1, 31, true);
    b.spi(32, true);
    b.spi(95, true);
    EXPECT_EQ(b.rd(1, gicd::ppisr), 1U << 11 | 1U << 15);
    EXPECT_EQ(b.rd(0, gicd::ppisr), 0U);
    EXPECT_EQ(b.rd(0, gicd::spisr), 1U);
    EXPECT_EQ(b.rd(0, gicd::spisr + 4), 1U << 31);
    b.wd(0, gicd::icpendr + 4, 0xFFFF'FFFF);
    EXPECT_EQ(b.rd(0, gicd::spisr), 1U);
    b.spi(32, false);
    EXPECT_EQ(b.rd(0, gicd::spisr), 0U);
    b.wd(0, gicd::ispendr, 1U << 27);
    b.wd(0, gicd::ispendr + 4, 1);
    EXPECT_EQ(b.rd(0, gicd::ppisr), 0U) << "pending by software is no input";
    EXPECT_EQ(b.rd(0, gicd::spisr), 0U);
}

TEST(Gic400Registers, ParametersAreChecked) {
    EXPECT_THROW(Gic400({.cpus = 0}), std::invalid_argument);
    EXPECT_THROW(Gic400({.cpus = 9}), std::invalid_argument);
    EXPECT_THROW(Gic400({.lines = 40}), std::invalid_argument);
    EXPECT_THROW(Gic400({.lines = 544}), std::invalid_argument);
    EXPECT_THROW(Gic400({.list_registers = 0}), std::invalid_argument);
    EXPECT_THROW(Gic400({.list_registers = 17}), std::invalid_argument);
    EXPECT_THROW(Gic400({.maintenance = IntId{24}}), std::invalid_argument);
    Gic400 gic({.lines = 64});
    EXPECT_THROW(gic.spi(IntId{64}, true, {}), std::invalid_argument);
    EXPECT_THROW(gic.spi(IntId{31}, true, {}), std::invalid_argument);
    EXPECT_THROW(gic.ppi(CpuId{0}, IntId{24}, true, {}), std::invalid_argument);
    EXPECT_THROW(gic.ppi(CpuId{0}, IntId{25}, true, {}), std::invalid_argument)
        << "the maintenance interrupt is wired inside";
    EXPECT_THROW(gic.ppi(CpuId{4}, IntId{27}, true, {}), std::invalid_argument);
}

}  // namespace
}  // namespace gic_test
