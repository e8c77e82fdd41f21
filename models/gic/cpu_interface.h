// One CPU interface of the GIC-400: IHI 0048B 4.4, DDI 0471B 3.3. See gic400.h for what is and what
// is not modelled.
#pragma once

#include <cstdint>

#include "models/bus/target.h"
#include "models/gic/distributor.h"
#include "models/gic/priorities.h"

namespace models::gic {

class CpuInterface {
  public:
    CpuInterface(Distributor& distributor, unsigned cpu) : distributor_(&distributor), cpu_(cpu) {}

    /// A register access, with its effects on the Distributor.
    void access(Access& a);

    /// nIRQ, as a level.
    bool irq() const {
        const Candidate& c = distributor_->first(cpu_);
        return priorities_.admits(c) && on_irq(c, ctlr_);
    }
    std::uint32_t running_priority() const { return priorities_.running(); }

  private:
    std::uint32_t read(std::uint32_t offset);
    void write(std::uint32_t offset, std::uint32_t value);
    std::uint32_t acknowledge(bool aliased);
    std::uint32_t highest_pending(bool aliased) const;
    void end(std::uint32_t value, bool aliased);
    void deactivate(std::uint32_t value);

    Distributor* distributor_;
    unsigned cpu_;
    std::uint32_t ctlr_ = 0;
    Priorities priorities_;
};

}  // namespace models::gic
