// Interrupt wiring by method call: an edge costs no delta cycle. Levels carry the time at which
// they change, because the one who changes them may be ahead of the kernel's time.
#pragma once

#include "models/base/time.h"
#include "models/bus/target.h"
#include "vms/types.h"

namespace models {

/// The inputs of a CPU: nIRQ and nVIRQ of the GIC's CPU interfaces.
class CpuInterrupts {
  public:
    /// Physical IRQ request; `at` is when it changes.
    virtual void irq(bool level, Picos at) = 0;
    /// Virtual IRQ request from the virtual CPU interface.
    virtual void virq(bool level, Picos at) = 0;

  protected:
    ~CpuInterrupts() = default;
};

/// The inputs of an interrupt controller.
class InterruptController {
  public:
    /// Shared peripheral interrupt: drive input `id` (32 and up).
    virtual void spi(vms::IntId id, bool level, Picos at) = 0;
    /// Private peripheral interrupt of one CPU: drive input `id` (16-31).
    virtual void ppi(CpuId cpu, vms::IntId id, bool level, Picos at) = 0;

  protected:
    ~InterruptController() = default;
};

/// A device's interrupt output: a wire to one shared input of the controller.
class IrqLine {
  public:
    IrqLine() = default;
    IrqLine(InterruptController& gic, vms::IntId id) : gic_(&gic), id_(id) {}

    void set(bool level, Picos at) {
        if (level == level_)
            return;
        level_ = level;
        if (gic_ != nullptr)
            gic_->spi(id_, level, at);
    }
    bool level() const { return level_; }
    vms::IntId id() const { return id_; }

  private:
    InterruptController* gic_ = nullptr;
    vms::IntId id_{};
    bool level_ = false;
};

}  // namespace models
