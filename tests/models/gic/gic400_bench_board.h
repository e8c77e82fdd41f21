// A GIC-400 on a bench: CPUs that only record their inputs, and register accesses in one line.
#pragma once

#include <array>
#include <cstdint>

#include "models/core/irq_line.h"
#include "models/gic/gic400.h"
#include "models/gic/registers.h"

namespace gic_test {

using models::Access;
using models::CpuId;
using models::Gic400;
using models::Picos;
using models::Target;
using vms::IntId;
using vms::Width;
namespace gicd = models::gic::gicd;
namespace gicc = models::gic::gicc;
namespace gich = models::gic::gich;
namespace gicv = models::gic::gicv;

inline constexpr std::uint32_t spurious = 1023;

/// nIRQ and nVIRQ as a CPU sees them.
struct Inputs final : models::CpuInterrupts {
    bool irq_level = false;
    bool virq_level = false;
    unsigned irq_calls = 0;
    unsigned virq_calls = 0;
    unsigned repeated = 0;  ///< calls that were no change
    Picos irq_at{};
    Picos virq_at{};

    void irq(bool level, Picos at) override {
        repeated += level == irq_level ? 1 : 0;
        irq_level = level;
        irq_at = at;
        ++irq_calls;
    }
    void virq(bool level, Picos at) override {
        repeated += level == virq_level ? 1 : 0;
        virq_level = level;
        virq_at = at;
        ++virq_calls;
    }
};

struct Board {
    Gic400 gic;
    std::array<Inputs, Gic400::max_cpus> cpu{};
    Picos now{};

    explicit Board(const Gic400::Parameters& p = {}) : gic(p) {
        for (unsigned c = 0; c < p.cpus; ++c)
            gic.connect(id(c), cpu[c]);
    }

    static CpuId id(unsigned c) { return CpuId{static_cast<std::uint8_t>(c)}; }
    static IntId intid(unsigned n) { return IntId{static_cast<std::uint16_t>(n)}; }

    Access access(Target& t, unsigned c, std::uint64_t offset, Width w, bool write,
                  std::uint64_t value = 0) {
        now += Picos::ns(10);
        Access a;
        a.offset = offset;
        a.value = value;
        a.width = w;
        a.write = write;
        a.cpu = id(c);
        a.time = now;
        t.access(a);
        return a;
    }
    std::uint32_t read(Target& t, unsigned c, std::uint64_t offset, Width w = Width::word) {
        return static_cast<std::uint32_t>(access(t, c, offset, w, false, 0xDEAD'BEEF).value);
    }
    void write(Target& t, unsigned c, std::uint64_t offset, std::uint64_t value,
               Width w = Width::word) {
        access(t, c, offset, w, true, value);
    }

    // d: distributor, c: CPU interface, h: virtual interface control, v: virtual CPU interface.
    std::uint32_t rd(unsigned c, std::uint64_t o) { return read(gic.distributor(), c, o); }
    void wd(unsigned c, std::uint64_t o, std::uint64_t v) { write(gic.distributor(), c, o, v); }
    std::uint32_t rc(unsigned c, std::uint64_t o) { return read(gic.cpu_interface(), c, o); }
    void wc(unsigned c, std::uint64_t o, std::uint64_t v) { write(gic.cpu_interface(), c, o, v); }
    std::uint32_t rh(unsigned c, std::uint64_t o) {
        return read(gic.virtual_interface_control(), c, o);
    }
    void wh(unsigned c, std::uint64_t o, std::uint64_t v) {
        write(gic.virtual_interface_control(), c, o, v);
    }
    std::uint32_t rv(unsigned c, std::uint64_t o) {
        return read(gic.virtual_cpu_interface(), c, o);
    }
    void wv(unsigned c, std::uint64_t o, std::uint64_t v) {
        write(gic.virtual_cpu_interface(), c, o, v);
    }

    void spi(unsigned n, bool level) {
        now += Picos::ns(10);
        gic.spi(intid(n), level, now);
    }
    void ppi(unsigned c, unsigned n, bool level) {
        now += Picos::ns(10);
        gic.ppi(id(c), intid(n), level, now);
    }

    /// Group 0 forwarded, masks open; `ctlr` goes to every CPU interface.
    void enable(std::uint32_t ctlr = gicc::enable_group0) {
        wd(0, gicd::ctlr, 3);
        for (unsigned c = 0; c < gic.parameters().cpus; ++c) {
            wc(c, gicc::ctlr, ctlr);
            wc(c, gicc::pmr, 0xFF);
        }
    }
    /// An SPI enabled, of this priority, towards these CPUs.
    void route(unsigned n, std::uint32_t priority, std::uint32_t targets) {
        write(gic.distributor(), 0, gicd::ipriorityr + n, priority, Width::byte);
        write(gic.distributor(), 0, gicd::itargetsr + n, targets, Width::byte);
        wd(0, gicd::isenabler + n / 32 * 4, 1U << n % 32);
    }
    void edge_triggered(unsigned n) {
        const std::uint64_t o = gicd::icfgr + n / 16 * 4;
        wd(0, o, rd(0, o) | 2U << n % 16 * 2);
    }
    void sgi(unsigned from, unsigned targets, unsigned n) {
        wd(from, gicd::sgir, targets << 16 | n);
    }

    bool pending(unsigned c, unsigned n) const { return gic.pending(id(c), intid(n)); }
    bool active(unsigned c, unsigned n) const { return gic.active(id(c), intid(n)); }
    std::uint32_t lr(unsigned c, unsigned n) const { return gic.list_register(id(c), n); }
};

/// A list register's value, field by field (IHI 0048B 5.3.10).
struct Lr {
    std::uint32_t id = 0;
    std::uint32_t priority = 0;  ///< eight bits, as everywhere else
    std::uint32_t state = gich::lr_pending;
    bool group1 = false;
    bool eoi = false;
    std::uint32_t source = 0;
    bool hw = false;
    std::uint32_t physical = 0;

    constexpr std::uint32_t value() const {
        return id | (priority >> 3) << gich::lr_priority_shift | state |
               (group1 ? gich::lr_group1 : 0) | (eoi && !hw ? gich::lr_eoi : 0) |
               (hw ? gich::lr_hw | physical << gich::lr_physical_shift : source << 10);
    }
};

constexpr std::uint64_t lr_offset(unsigned n) {
    return gich::lr + 4 * n;
}

}  // namespace gic_test
