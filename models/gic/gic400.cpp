// The GIC-400 as a whole: its four register blocks, inputs and outputs.
#include "models/gic/gic400.h"

#include <bit>
#include <stdexcept>
#include <string>

#include "models/gic/word_access.h"

namespace models {

namespace {

constexpr bool is_ppi(unsigned id) {
    return id >= gic::sgis && id < gic::private_ids && (gic::private_implemented >> id & 1U) != 0;
}

/// Of a CPU interface, physical or virtual: of the reads, only an acknowledge changes anything.
constexpr bool has_effect(const Access& a) {
    return a.write || a.offset == gic::gicc::iar || a.offset == gic::gicc::aiar;
}

const Gic400::Parameters& checked(const Gic400::Parameters& p) {
    const auto fail = [](const std::string& what) {
        throw std::invalid_argument("GIC-400: " + what);
    };
    if (p.cpus < 1 || p.cpus > Gic400::max_cpus)
        fail("cpus is " + std::to_string(p.cpus) + ", allowed is 1 to 8");
    if (p.lines < gic::private_ids || p.lines > Gic400::max_lines || p.lines % 32 != 0)
        fail("lines is " + std::to_string(p.lines) + ", allowed is a multiple of 32 up to 512");
    if (p.list_registers < 1 || p.list_registers > Gic400::max_list_registers)
        fail("list_registers is " + std::to_string(p.list_registers) + ", allowed is 1 to 16");
    if (!is_ppi(p.maintenance.value))
        fail("maintenance is interrupt " + std::to_string(p.maintenance.value) +
             ", allowed are the PPIs 25 to 31");
    return p;
}

}  // namespace

Gic400::Gic400(const Parameters& parameters)
    : parameters_(checked(parameters)), distributor_(parameters.cpus, parameters.lines) {
    cpus_.reserve(parameters_.cpus);
    for (unsigned c = 0; c < parameters_.cpus; ++c)
        cpus_.emplace_back(distributor_, c, parameters_.list_registers);
}

void Gic400::connect(CpuId cpu, CpuInterrupts& inputs) {
    if (cpu.value >= parameters_.cpus)
        throw std::invalid_argument("GIC-400: no CPU interface " + std::to_string(cpu.value));
    CpuSide& side = cpus_[cpu.value];
    side.out = &inputs;
    if (side.irq)
        inputs.irq(true, Picos{});
    if (side.virq)
        inputs.virq(true, Picos{});
}

// --- inputs -----------------------------------------------------------------------------------

bool Gic400::has_spi(vms::IntId id) const {
    return id.value >= gic::private_ids && id.value < parameters_.lines;
}

bool Gic400::has_ppi(vms::IntId id) const {
    return is_ppi(id.value) && id != parameters_.maintenance;
}

void Gic400::spi(vms::IntId id, bool level, Picos at) {
    if (!has_spi(id))
        throw std::invalid_argument("GIC-400: no SPI " + std::to_string(id.value));
    distributor_.set_shared(id.value, level);
    settle(at);
}

void Gic400::ppi(CpuId cpu, vms::IntId id, bool level, Picos at) {
    if (cpu.value >= parameters_.cpus || !has_ppi(id))
        throw std::invalid_argument("GIC-400: no PPI input " + std::to_string(id.value) +
                                    " of CPU " + std::to_string(cpu.value));
    distributor_.set_private(cpu.value, id.value, level);
    settle(at);
}

// --- outputs ----------------------------------------------------------------------------------

void Gic400::drive_irq(CpuSide& side, Picos at) {
    const bool level = side.physical.irq();
    if (level == side.irq)
        return;
    side.irq = level;
    if (side.out != nullptr)
        side.out->irq(level, at);
}

void Gic400::drive_changed(std::uint32_t changed, Picos at) {
    for (; changed != 0; changed &= changed - 1)
        drive_irq(cpus_[static_cast<unsigned>(std::countr_zero(changed))], at);
}

void Gic400::drive_virtual(unsigned cpu, Picos at) {
    CpuSide& side = cpus_[cpu];
    const bool maintenance = side.virt.maintenance();
    if (maintenance != side.maintenance) {
        side.maintenance = maintenance;
        distributor_.set_private(cpu, parameters_.maintenance.value, maintenance);
    }
    settle(at);
    const bool level = side.virt.irq();
    if (level == side.virq)
        return;
    side.virq = level;
    if (side.out != nullptr)
        side.out->virq(level, at);
}

// --- register blocks --------------------------------------------------------------------------

bool Gic400::known_cpu(Access& a) const {
    if (a.cpu.value < parameters_.cpus)
        return true;
    a.error = true;
    if (!a.write)
        a.value = 0;
    return false;
}

void Gic400::access_distributor(Access& a) {
    if (!known_cpu(a))
        return;
    distributor_.access(a);
    if (a.write)
        settle(a.time);
}

void Gic400::access_cpu_interface(Access& a) {
    if (!known_cpu(a))
        return;
    CpuSide& side = cpus_[a.cpu.value];
    side.physical.access(a);
    if (!has_effect(a))
        return;
    drive_irq(side, a.time);
    settle(a.time);
}

void Gic400::access_control(Access& a) {
    if (!known_cpu(a))
        return;
    unsigned cpu = a.cpu.value;
    std::uint64_t offset = a.offset;
    if (offset >= gic::gich::alias_page && offset < gic::gich::size) {
        cpu = static_cast<unsigned>((offset - gic::gich::alias_page) / gic::gich::alias_stride);
        offset %= gic::gich::alias_stride;
    }
    if (cpu >= parameters_.cpus || offset >= gic::gich::lr_end) {
        if (gic::is_word(a) && !a.write)
            a.value = 0;
        return;
    }
    cpus_[cpu].virt.access_control(a, static_cast<std::uint32_t>(offset));
    if (a.write)
        drive_virtual(cpu, a.time);
}

void Gic400::access_virtual_cpu(Access& a) {
    if (!known_cpu(a))
        return;
    const unsigned cpu = a.cpu.value;
    const std::uint32_t physical = cpus_[cpu].virt.access_cpu_interface(a);
    if (!has_effect(a))
        return;
    if (physical != gic::VirtualInterface::nothing)
        distributor_.deactivate(cpu, physical);
    drive_virtual(cpu, a.time);
}

// --- inspection -------------------------------------------------------------------------------

bool Gic400::pending(CpuId cpu, vms::IntId id) const {
    return exists(cpu, id) && distributor_.pending(cpu.value, id.value);
}
bool Gic400::active(CpuId cpu, vms::IntId id) const {
    return exists(cpu, id) && distributor_.active(cpu.value, id.value);
}
bool Gic400::enabled(CpuId cpu, vms::IntId id) const {
    return exists(cpu, id) && distributor_.enabled(cpu.value, id.value);
}
std::uint8_t Gic400::priority(CpuId cpu, vms::IntId id) const {
    return exists(cpu, id) ? static_cast<std::uint8_t>(distributor_.priority(cpu.value, id.value))
                           : std::uint8_t{0};
}
std::uint32_t Gic400::list_register(CpuId cpu, unsigned n) const {
    return cpu.value < parameters_.cpus && n < parameters_.list_registers
               ? cpus_[cpu.value].virt.list_register(n)
               : 0;
}
std::uint32_t Gic400::maintenance_status(CpuId cpu) const {
    return cpu.value < parameters_.cpus ? cpus_[cpu.value].virt.misr() : 0;
}
std::uint8_t Gic400::running_priority(CpuId cpu) const {
    return cpu.value < parameters_.cpus
               ? static_cast<std::uint8_t>(cpus_[cpu.value].physical.running_priority())
               : std::uint8_t{gic::Priorities::idle};
}
std::uint8_t Gic400::virtual_running_priority(CpuId cpu) const {
    return cpu.value < parameters_.cpus
               ? static_cast<std::uint8_t>(cpus_[cpu.value].virt.running_priority())
               : std::uint8_t{gic::Priorities::idle};
}
bool Gic400::irq_level(CpuId cpu) const {
    return cpu.value < parameters_.cpus && cpus_[cpu.value].irq;
}
bool Gic400::virq_level(CpuId cpu) const {
    return cpu.value < parameters_.cpus && cpus_[cpu.value].virq;
}

}  // namespace models
