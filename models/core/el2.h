// The exception vectors of EL2 as a CPU enters them: what the software at EL2 (models/bao) is to a
// core. Every call runs on the CPU's own thread with physical interrupts masked, as on the machine.
#pragma once

#include <cstdint>

#include "models/base/time.h"
#include "vms/cpu.h"
#include "vms/types.h"

namespace models {

class Core;

/// What a data abort from EL1 reports (ESR_EL2.ISS, HPFAR_EL2/FAR_EL2) and the register involved.
struct DataAbort {
    vms::GuestAddr ipa{};
    vms::Width width = vms::Width::word;
    bool write = false;
    bool isv = true;  ///< syndrome valid: false for load-pair and write-back forms
    std::uint64_t reg =
        0;  ///< the 64-bit register of the access: source, or destination's old value
};

class El2 {
  public:
    /// Reset: boots the CPU and runs its guest. Returning means that the CPU is off for good.
    virtual void reset(Core& core) = 0;
    /// What ran at EL1 was abandoned by Core::restart(); the CPU goes on here, its stack empty.
    /// Returning means that the CPU is off for good.
    virtual void restarted(Core& core) = 0;
    virtual void data_abort(Core& core, DataAbort& abort) = 0;
    virtual void hvc(Core& core, vms::CallRegisters& x) = 0;
    virtual void smc(Core& core, vms::CallRegisters& x) = 0;
    virtual void irq(Core& core) = 0;
    /// The least time that passes from any instruction at EL1 of this CPU to an interrupt of
    /// another CPU that it causes; zero when nothing is known.
    virtual Picos lookahead(const Core& core) = 0;

  protected:
    ~El2() = default;
};

}  // namespace models
