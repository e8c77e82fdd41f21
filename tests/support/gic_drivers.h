// How the public GICv2 drivers access their interrupt controller: the sequences of register
// accesses of Linux 6.0 (drivers/irqchip/irq-gic.c, irq-gic-common.c) and of Zephyr
// (drivers/interrupt_controller/intc_gic.c), in their order and widths. For tests of a physical GIC
// and of the virtual one that a VM sees.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

namespace gic_drivers {

/// One CPU's way to the two blocks: d the distributor, c the CPU interface.
struct Port {
    std::function<std::uint32_t(std::uint32_t)> read_d;
    std::function<void(std::uint32_t, std::uint32_t)> write_d;
    std::function<void(std::uint32_t, std::uint32_t)> write_d_byte;
    std::function<std::uint32_t(std::uint32_t)> read_c;
    std::function<void(std::uint32_t, std::uint32_t)> write_c;
};

constexpr std::uint32_t d_ctlr = 0x000, d_typer = 0x004, d_igroupr = 0x080, d_isenabler = 0x100,
                        d_icenabler = 0x180, d_ispendr = 0x200, d_icpendr = 0x280,
                        d_isactiver = 0x300, d_icactiver = 0x380, d_ipriorityr = 0x400,
                        d_itargetsr = 0x800, d_icfgr = 0xc00, d_sgir = 0xf00;
constexpr std::uint32_t c_ctlr = 0x00, c_pmr = 0x04, c_iar = 0x0c, c_eoir = 0x10, c_apr = 0xd0,
                        c_iidr = 0xfc, c_dir = 0x1000;
constexpr std::uint32_t default_priorities = 0xa0a0'a0a0;
constexpr unsigned first_shared = 32;
constexpr unsigned first_special = 1020;

/// What both share: one bit of a register array.
class Driver {
  public:
    explicit Driver(Port port) : p_(std::move(port)) {}

    void enable(unsigned irq) const { poke(d_isenabler, irq); }
    void disable(unsigned irq) const { poke(d_icenabler, irq); }
    bool enabled(unsigned irq) const { return peek(d_isenabler, irq); }
    bool pending(unsigned irq) const { return peek(d_ispendr, irq); }
    void set_pending(unsigned irq) const { poke(d_ispendr, irq); }
    void clear_pending(unsigned irq) const { poke(d_icpendr, irq); }
    unsigned interrupts() const { return interrupts_; }

  protected:
    void poke(std::uint32_t reg, unsigned irq) const {
        p_.write_d(reg + irq / 32 * 4, 1u << irq % 32);
    }
    bool peek(std::uint32_t reg, unsigned irq) const {
        return (p_.read_d(reg + irq / 32 * 4) >> irq % 32 & 1) != 0;
    }
    void probe() {
        interrupts_ = ((p_.read_d(d_typer) & 0x1f) + 1) * 32;
        if (interrupts_ > 1020)
            interrupts_ = 1020;
    }

    Port p_;
    unsigned interrupts_ = 0;
};

class Linux : public Driver {
  public:
    /// `split`: EOImode 1, as a kernel that was booted at EL2 uses it.
    Linux(Port port, bool split) : Driver(std::move(port)), split_(split) {}

    /// gic_init_bases, gic_dist_init: the boot CPU.
    void init_distributor() {
        probe();
        p_.write_d(d_ctlr, 0);
        const std::uint32_t mask = cpu_mask() * 0x0101'0101u;
        for (unsigned i = first_shared; i < interrupts_; i += 4)
            p_.write_d(d_itargetsr + i, mask);
        for (unsigned i = first_shared; i < interrupts_; i += 16)
            p_.write_d(d_icfgr + i / 4, 0);
        for (unsigned i = first_shared; i < interrupts_; i += 4)
            p_.write_d(d_ipriorityr + i, default_priorities);
        for (unsigned i = first_shared; i < interrupts_; i += 32) {
            p_.write_d(d_icactiver + i / 8, ~0u);
            p_.write_d(d_icenabler + i / 8, ~0u);
        }
        p_.write_d(d_ctlr, 1);
    }
    /// gic_cpu_init: each CPU. Returns its bit, as the distributor tells it.
    std::uint32_t init_cpu() {
        const std::uint32_t mask = cpu_mask() & 0xff;
        p_.write_d(d_icactiver, ~0u);
        p_.write_d(d_icenabler, ~0u);
        for (unsigned i = 0; i < 32; i += 4)
            p_.write_d(d_ipriorityr + i, default_priorities);
        p_.write_c(c_pmr, 0xf0);
        is_gicv2_ = (p_.read_c(c_iidr) & 0xff0fff) == 0x02043b;
        if (is_gicv2_)
            for (unsigned i = 0; i < 4; ++i)
                p_.write_c(c_apr + 4 * i, 0);
        const std::uint32_t bypass = p_.read_c(c_ctlr) & 0x1e0;
        p_.write_c(c_ctlr, bypass | (split_ ? 1u << 9 : 0) | 1);
        return mask;
    }
    bool is_gicv2() const { return is_gicv2_; }
    /// gic_set_type: whether the configuration that was written can be read back.
    bool set_type(unsigned irq, bool edge) {
        if (irq < 16)
            return edge;
        const std::uint32_t reg = d_icfgr + irq / 16 * 4;
        const std::uint32_t bit = 2u << irq % 16 * 2;
        const std::uint32_t old = p_.read_d(reg);
        const std::uint32_t value = edge ? old | bit : old & ~bit;
        if (value == old)
            return true;
        p_.write_d(reg, value);
        return p_.read_d(reg) == value;
    }
    /// gic_set_affinity.
    void set_affinity(unsigned irq, std::uint32_t cpu_bit) {
        p_.write_d_byte(d_itargetsr + irq, cpu_bit);
    }
    /// gic_ipi_send_mask.
    void send_ipi(unsigned sgi, std::uint32_t cpu_bits) {
        p_.write_d(d_sgir, cpu_bits << 16 | sgi);
    }
    /// gic_handle_irq with its flow handlers; how many were taken.
    unsigned handle(const std::function<void(unsigned irq)>& handler) {
        unsigned n = 0;
        for (;;) {
            const std::uint32_t stat = p_.read_c(c_iar);
            if ((stat & 0x3ff) >= first_special)
                return n;
            ++n;
            if (split_)
                p_.write_c(c_eoir, stat);
            const unsigned irq = stat & 0x3ff;
            const std::uint32_t end = irq < 16 ? stat : irq;
            // SGIs and PPIs end before or after alike; handle_fasteoi_irq ends after the handler.
            handler(irq);
            p_.write_c(split_ ? c_dir : c_eoir, end);
        }
    }
    /// synchronize_irq: gic_irq_get_irqchip_state.
    bool active(unsigned irq) const { return peek(d_isactiver, irq); }

  private:
    std::uint32_t cpu_mask() const {
        std::uint32_t mask = 0;
        for (unsigned i = 0; i < 32; i += 4) {
            mask = p_.read_d(d_itargetsr + i);
            mask |= mask >> 16;
            mask |= mask >> 8;
            if (mask != 0)
                break;
        }
        return mask & 0xff;
    }

    bool split_;
    bool is_gicv2_ = false;
};

class Zephyr : public Driver {
  public:
    explicit Zephyr(Port port) : Driver(std::move(port)) {}

    /// gic_dist_init.
    void init_distributor() {
        probe();
        p_.write_d(d_ctlr, 0);
        const std::uint32_t mask = cpu_bitmap() * 0x0101'0101u;
        for (unsigned i = first_shared; i < interrupts_; i += 4)
            p_.write_d(d_itargetsr + i, mask);
        for (unsigned i = first_shared; i < interrupts_; i += 16)
            p_.write_d(d_icfgr + i / 4, 0);
        for (unsigned i = first_shared; i < interrupts_; i += 4)
            p_.write_d(d_ipriorityr + i, 0);
        for (unsigned i = first_shared; i < interrupts_; i += 32)
            p_.write_d(d_igroupr + i / 8, 0);
        for (unsigned i = first_shared; i < interrupts_; i += 32) {
            p_.write_d(d_icactiver + i / 8, ~0u);
            p_.write_d(d_icenabler + i / 8, ~0u);
        }
        p_.write_d(d_ctlr, 1);
    }
    /// gic_cpu_init.
    void init_cpu() {
        p_.write_d(d_icactiver, ~0u);
        p_.write_d(d_icenabler, 0xffff'0000);
        p_.write_d(d_isenabler, 0x0000'ffff);
        bitmap_ = cpu_bitmap();
        for (unsigned i = 0; i < 32; i += 4)
            p_.write_d(d_ipriorityr + i, default_priorities);
        p_.write_c(c_pmr, 0xf0);
        p_.write_c(c_ctlr, (p_.read_c(c_ctlr) & ~0x1e0u) | 1);
    }
    std::uint32_t bitmap() const { return bitmap_; }
    /// arm_gic_irq_set_priority.
    void set_priority(unsigned irq, unsigned priority, bool edge) {
        p_.write_d_byte(d_ipriorityr + irq, priority & 0xff);
        const unsigned word = irq / 16 * 4;
        const unsigned shift = irq % 16 * 2;
        if (word == 0)
            return;
        std::uint32_t v = p_.read_d(d_icfgr + word) & ~(3u << shift);
        if (edge)
            v |= 2u << shift;
        p_.write_d(d_icfgr + word, v);
    }
    /// gic_raise_sgi.
    void raise_sgi(unsigned sgi, std::uint32_t cpu_bits) {
        p_.write_d(d_sgir, cpu_bits << 16 | sgi);
    }
    /// The interrupt's vector: one interrupt, or none (spurious). The whole IAR is written back.
    unsigned handle(const std::function<void(unsigned irq)>& handler) {
        const std::uint32_t stat = p_.read_c(c_iar);
        if ((stat & 0x3ff) >= first_special)
            return 0;
        handler(stat & 0x3ff);
        p_.write_c(c_eoir, stat);
        return 1;
    }

  private:
    std::uint32_t cpu_bitmap() const {
        std::uint32_t v = 0;
        for (unsigned i = 0; i < 8; ++i) {
            v = p_.read_d(d_itargetsr + 4 * i);
            if (v == 0)
                break;
        }
        if (v == 0)
            return 1;  // taken for a uniprocessor
        v |= v >> 16;
        v |= v >> 8;
        return v & 0xff;
    }

    std::uint32_t bitmap_ = 0;
};

}  // namespace gic_drivers
