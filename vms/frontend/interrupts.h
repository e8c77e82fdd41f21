// A guest's interrupt-controller driver for GICv2 (Arm IHI 0048B), and the table from interrupt id
// to handler. The distributor accesses of a guest trap into the hypervisor; its CPU interface is
// the virtual one, mapped in the place of GICC. How much of the distributor is set up, and how long
// one exception goes on acknowledging, is the profile's.
#pragma once

#include <cstdint>
#include <vector>

#include "vms/cpu.h"
#include "vms/frontend/operations.h"
#include "vms/frontend/profile.h"
#include "vms/frontend/softirq.h"
#include "vms/types.h"

namespace vms::frontend {

/// Called for an interrupt between its acknowledgement and its end, interrupts masked.
class InterruptHandler {
  public:
    virtual void interrupt(IntId id) = 0;

  protected:
    ~InterruptHandler() = default;
};

/// Work that an interrupt handler puts off until its interrupt has been ended, as a kernel's
/// worker does. Interrupts stay masked: there is no other context here that could be preempted.
class DeferredWork {
  public:
    virtual void deferred() = 0;

  protected:
    ~DeferredWork() = default;
};

/// Where the VM sees its interrupt controller.
struct GicAddresses {
    GuestAddr gicd{};
    GuestAddr gicc{};
};

/// Interrupts masked (PSTATE.I) for a scope, and as they were after it.
class MaskedScope {
  public:
    explicit MaskedScope(Cpu& cpu, bool mask = true)
        : cpu_(cpu), restore_(mask && !cpu.interrupts_masked()) {
        if (restore_)
            cpu_.mask_interrupts(true);
    }
    ~MaskedScope() {
        if (restore_)
            cpu_.mask_interrupts(false);
    }
    MaskedScope(const MaskedScope&) = delete;
    MaskedScope& operator=(const MaskedScope&) = delete;

  private:
    Cpu& cpu_;
    bool restore_;
};

class Interrupts final : public InterruptVector {
  public:
    struct Counters {
        std::uint64_t exceptions = 0;  ///< entries of the vector
        std::uint64_t handled = 0;
        std::uint64_t spurious = 0;    ///< entries that found nothing pending
        std::uint64_t unexpected = 0;  ///< acknowledged, but nobody's
    };

    Interrupts(Cpu& cpu, GicAddresses gic, const InterruptProfile& profile,
               const Operations& operations);

    /// Set the controller up, take over the vector and unmask.
    void start();
    /// The same on a CPU that another has switched on: only what each CPU has for itself. `call` is
    /// attached before anything is taken: another CPU may have sent it already.
    void start_secondary(IntId call, InterruptHandler& handler);

    /// Send a software-generated interrupt to the CPUs of this mask, a bit for each vCPU.
    void send(IntId sgi, std::uint32_t targets);

    /// Have `handler` called for `id` and enable it. An id may have several handlers: a shared
    /// line.
    void attach(IntId id, InterruptHandler& handler);
    /// The reverse; the interrupt is disabled with its last handler.
    void detach(IntId id, InterruptHandler& handler);

    /// Have `work` done once at the end of the exception at hand. For handlers.
    void defer(DeferredWork& work);

    void irq() override;

    /// What handlers leave for after the interrupt.
    Softirq& softirq() { return softirq_; }

    const Counters& counters() const { return counters_; }

  private:
    struct Binding {
        IntId id{};
        InterruptHandler* handler = nullptr;
    };

    void configure_all();
    void configure_private();
    void configure_zephyr();
    void configure_zephyr_private();
    void configure_bao_guest();
    void attach_bao_guest(IntId id);
    void enable_interface();
    void configure_trigger(IntId id);
    std::uint32_t implemented();
    std::uint32_t zephyr_target_mask();
    std::uint32_t own_target_mask();
    bool attached(IntId id) const;
    void dispatch(IntId id);

    std::uint32_t read(GuestAddr block, std::uint32_t offset);
    void write(GuestAddr block, std::uint32_t offset, std::uint32_t value, Width w = Width::word);

    Cpu& cpu_;
    GicAddresses gic_;
    const InterruptProfile& profile_;
    const Operations& operations_;
    Softirq softirq_{cpu_};
    std::vector<Binding> bindings_;
    std::vector<DeferredWork*> deferred_;
    std::uint32_t target_ = 0;  ///< ITARGETSR bit of this CPU
    Counters counters_;
};

}  // namespace vms::frontend
