// The virtualization half of one CPU's interface: virtual interface control (GICH, list registers,
// maintenance conditions) for the hypervisor and virtual CPU interface (GICV) for the VM.
// IHI 0048B chapter 5; DDI 0471B 3.4 and 3.5. See gic400.h for what is and what is not modelled.
#pragma once

#include <array>
#include <cstdint>

#include "models/bus/target.h"
#include "models/gic/priorities.h"
#include "models/gic/registers.h"

namespace models::gic {

class VirtualInterface {
  public:
    /// No physical interrupt to deactivate.
    static constexpr std::uint32_t nothing = spurious;

    explicit VirtualInterface(unsigned list_registers);

    /// An access by the hypervisor; `offset` within the interface's 0x200 bytes.
    void access_control(Access& a, std::uint32_t offset);
    /// An access by the VM. Returns the physical interrupt that the VM's end of interrupt
    /// deactivates through a list register with the HW bit, or `nothing`.
    std::uint32_t access_cpu_interface(Access& a);

    /// nVIRQ, as a level.
    bool irq() const {
        return (hcr_ & gich::hcr_en) != 0 && priorities_.admits(first_) && on_irq(first_, ctlr_);
    }
    /// The maintenance interrupt, as a level (5.3.4: any bit of MISR, gated by HCR.En).
    bool maintenance() const {
        if ((hcr_ & gich::hcr_en) == 0)
            return false;
        if (ended_ != 0)
            return true;
        const std::uint32_t enables = hcr_ & gich::hcr_enables;
        if ((enables & ~gich::hcr_lrenpie) == 0)  // as a hypervisor leaves it between spills
            return enables != 0 && (hcr_ & gich::hcr_eoicount) != 0;
        return misr() != 0;
    }

    std::uint32_t misr() const;
    std::uint32_t list_register(unsigned n) const { return lr_[n]; }
    std::uint32_t running_priority() const { return priorities_.running(); }

  private:
    std::uint32_t read_control(std::uint32_t offset) const;
    void write_control(std::uint32_t offset, std::uint32_t value);
    std::uint32_t read(std::uint32_t offset);
    std::uint32_t write(std::uint32_t offset, std::uint32_t value);

    void set_ctlr(std::uint32_t value);
    void set_list_register(unsigned n, std::uint32_t value);
    void update_first();
    std::uint32_t acknowledge(bool aliased);
    std::uint32_t highest_pending(bool aliased) const;
    std::uint32_t end(std::uint32_t value, bool aliased);
    std::uint32_t deactivate(std::uint32_t value);
    std::uint32_t deactivate_or_count(unsigned n);
    unsigned find_active(std::uint32_t value) const;

    unsigned list_registers_;
    std::uint32_t hcr_ = 0;
    std::uint32_t ctlr_ = 0;
    Priorities priorities_;
    Candidate first_;  ///< `id` is the number of the list register

    // What the list registers hold, a bit each.
    std::uint32_t pending_ = 0;  ///< state is pending, and not active as well
    std::uint32_t active_ = 0;   ///< active, or active and pending
    std::uint32_t ended_ = 0;    ///< EISR
    std::uint32_t usable_ = 0;   ///< ELRSR
    std::array<std::uint32_t, max_list_registers> lr_{};
};

}  // namespace models::gic
