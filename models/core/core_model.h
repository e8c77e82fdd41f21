// Turns retired work into cycles. `flat` charges a fixed number of cycles for an instruction and
// fixed extras; a model with caches can stand behind the same interface.
#pragma once

#include <cstdint>

#include "vms/types.h"

namespace models {

class CoreModel {
  public:
    virtual ~CoreModel() = default;
    /// Thousandths of a cycle that this work takes.
    virtual std::uint64_t milli_cycles(const vms::Work& w) = 0;
};

/// Cycles = CPI x instructions + extras for system registers and barriers.
class FlatCoreModel final : public CoreModel {
  public:
    struct Parameters {
        std::uint64_t cpi_milli = 1400;   ///< cycles per 1000 instructions; estimate, 1000 to 2500
        std::uint64_t sysreg_cycles = 4;  ///< beyond the CPI, each; estimate, 0 to 40
        std::uint64_t barrier_cycles = 20;  ///< beyond the CPI, each; estimate, 10 to 60
    };

    explicit FlatCoreModel(const Parameters& p)
        : cpi_(p.cpi_milli), sysreg_(p.sysreg_cycles * 1000), barrier_(p.barrier_cycles * 1000) {}

    std::uint64_t milli_cycles(const vms::Work& w) override {
        return w.instructions * cpi_ + w.sysreg * sysreg_ + w.barriers * barrier_;
    }

  private:
    std::uint64_t cpi_;
    std::uint64_t sysreg_;
    std::uint64_t barrier_;
};

}  // namespace models
