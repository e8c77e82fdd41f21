// The GIC-400's Distributor: state of every interrupt, and which one each CPU gets to see.
// IHI 0048B chapters 3 (handling) and 4.3 (registers); DDI 0471B 3.2. See gic400.h for what is and
// what is not modelled.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "models/bus/target.h"
#include "models/gic/priorities.h"
#include "models/gic/registers.h"

namespace models::gic {

class Distributor {
  public:
    Distributor(unsigned cpus, unsigned lines);

    /// A register access by one of the `cpus`. Afterwards take_changed() names the CPUs whose first
    /// candidate changed.
    void access(Access& a);

    /// Inputs.
    void set_shared(unsigned id, bool level);
    void set_private(unsigned cpu, unsigned id, bool level);

    /// Pending to active, by the CPU interface. Returns the source CPU of an SGI, else 0.
    std::uint32_t acknowledge(unsigned cpu, unsigned id);
    /// Active to inactive, or active and pending to pending. Ids that do not exist are ignored.
    void deactivate(unsigned cpu, unsigned id);

    /// Groups that the CPU interface lets through (GICC_CTLR bits 1:0).
    void set_interface_groups(unsigned cpu, std::uint32_t groups);

    /// The first pending, enabled, inactive interrupt of an enabled group for this CPU.
    const Candidate& first(unsigned cpu) const { return first_[cpu]; }
    /// CPUs (a bit each) whose first candidate has changed since the last call.
    std::uint32_t take_changed() { return std::exchange(changed_, 0); }

    unsigned lines() const { return lines_; }
    bool implemented(unsigned id) const {
        return id < lines_ && (implemented_bits(id / 32) >> (id % 32) & 1U) != 0;
    }
    bool pending(unsigned cpu, unsigned id) const;
    bool active(unsigned cpu, unsigned id) const;
    bool enabled(unsigned cpu, unsigned id) const;
    bool group1(unsigned cpu, unsigned id) const;
    std::uint32_t priority(unsigned cpu, unsigned id) const;
    /// The source CPU that an acknowledge would name now; 0 for what is no SGI.
    std::uint32_t source(unsigned cpu, unsigned id) const;

  private:
    static constexpr unsigned words = max_lines / 32;

    /// 32 interrupts, a bit each, as the registers have them.
    struct Bank {
        std::uint32_t level = 0;  ///< the inputs
        std::uint32_t latch = 0;  ///< pending by an edge, an SGI or a write to ISPENDR
        std::uint32_t edge = 0;   ///< edge-triggered
        std::uint32_t enabled = 0;
        std::uint32_t active = 0;
        std::uint32_t group = 0;

        std::uint32_t pending() const { return latch | (level & ~edge); }
        std::uint32_t ready() const { return pending() & enabled & ~active; }
    };

    Bank& bank(unsigned cpu, unsigned n) { return n == 0 ? private_[cpu] : shared_[n]; }
    const Bank& bank(unsigned cpu, unsigned n) const { return n == 0 ? private_[cpu] : shared_[n]; }
    std::uint8_t& priority_of(unsigned cpu, unsigned id) {
        return id < private_ids ? private_priority_[cpu][id] : shared_priority_[id];
    }
    std::uint32_t implemented_bits(unsigned n) const {
        return n == 0 ? private_implemented : (n < lines_ / 32 ? ~0U : 0U);
    }

    std::uint32_t read(unsigned cpu, std::uint32_t offset, unsigned bytes) const;
    void write(unsigned cpu, std::uint32_t offset, unsigned bytes, std::uint32_t value);
    std::uint8_t read_byte(unsigned cpu, std::uint32_t offset) const;
    void write_byte(unsigned cpu, std::uint32_t offset, std::uint8_t value);
    void write_config(unsigned n, std::uint32_t value);
    void generate_sgi(unsigned cpu, std::uint32_t value);
    void set_sgi_sources(unsigned cpu, unsigned id, std::uint8_t sources);

    /// Brings a word of candidates up to date after a change in its bank, for one CPU; and for all
    /// that see it.
    void update(unsigned cpu, unsigned n);
    void update_all(unsigned cpu, unsigned n);
    void rescan(unsigned cpu);
    void update_groups(unsigned cpu);

    unsigned cpus_;
    unsigned lines_;
    std::uint32_t ctlr_ = 0;
    std::uint32_t changed_ = 0;
    std::array<Candidate, max_cpus> first_{};
    std::array<std::uint32_t, max_cpus> nonempty_{};  ///< which words of candidates_ are not zero
    std::array<std::array<std::uint32_t, words>, max_cpus> candidates_{};
    std::array<std::array<std::uint32_t, words>, max_cpus> targeted_{};  ///< SPIs for this CPU
    /// Groups that pass both the Distributor and the CPU interface: all bits or none, by group.
    std::array<std::array<std::uint32_t, 2>, max_cpus> passing_{};
    std::array<std::uint32_t, max_cpus> interface_groups_{};
    std::array<Bank, max_cpus> private_{};
    std::array<Bank, words> shared_{};
    std::array<std::array<std::uint8_t, sgis>, max_cpus> sources_{};
    std::array<std::array<std::uint8_t, private_ids>, max_cpus> private_priority_{};
    std::array<std::uint8_t, max_lines> shared_priority_{};
    std::array<std::uint8_t, max_lines> targets_{};
};

}  // namespace models::gic
