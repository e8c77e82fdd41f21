// The GIC-400, Arm's GICv2 interrupt controller: Distributor (GICD), CPU interfaces (GICC), virtual
// interface control (GICH) and virtual CPU interfaces (GICV). After the GIC-400 Technical Reference
// Manual (Arm DDI 0471B) and the GICv2 architecture specification (Arm IHI 0048B). The registers
// are listed in registers.h.
//
// Security and groups: the model is a GICv2 without Security Extensions, as a hypervisor sees it to
// which every interrupt belongs. There is one copy of each register, no Secure and Non-secure view:
// GICD_CTLR and GICC_CTLR have EnableGrp0 in bit 0 and EnableGrp1 in bit 1, GICC_CTLR has one
// EOImode in bit 9 (where a Non-secure hypervisor finds its EOImodeNS), priorities are not shifted,
// GICD_TYPER reports neither Security Extensions nor lockable SPIs, and GICD_NSACR and GICC_NSAPR0
// are RAZ/WI. Groups are state: all interrupts start in Group 0, GICD_IGROUPR moves them, AckCtl,
// CBPR and the aliased registers work as specified. GICC_APR0 holds the active priorities of both
// groups. nFIQ and nVFIQ are not modelled: with FIQEn set, Group 0 is signalled to nobody. The
// bypass-disable bits of GICC_CTLR are kept and do nothing.
//
// Private interrupts are those of the GIC-400: SGIs 0-15, always enabled, and PPIs 25-31,
// level-sensitive; 16-24 do not exist. Equal priorities go to the lowest interrupt id (then the
// lowest source CPU), virtual ones to the lowest list register: IMPLEMENTATION DEFINED in the
// architecture. Where the architecture says UNPREDICTABLE, a write has no effect.
//
// Accesses are words, or bytes where the architecture has them; any other size or a misaligned
// address ends in an error response and changes nothing. Offsets without a register are RAZ/WI.
//
// The model is reactive: no process, no time of its own. An output changes at the time of the
// access, or of the input, that changes it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/bus/target.h"
#include "models/core/irq_line.h"
#include "models/gic/cpu_interface.h"
#include "models/gic/distributor.h"
#include "models/gic/virtual_interface.h"
#include "vms/types.h"

namespace models {

class Gic400 final : public InterruptController {
  public:
    static constexpr unsigned max_cpus = gic::max_cpus;
    static constexpr unsigned max_lines = gic::max_lines;
    static constexpr unsigned max_list_registers = gic::max_list_registers;

    struct Parameters {
        unsigned cpus = 4;            ///< 1 to 8
        unsigned lines = 192;         ///< interrupt ids, SGIs and PPIs included: a multiple of 32
        unsigned list_registers = 4;  ///< 1 to 16; the GIC-400 has 4
        vms::IntId maintenance{25};   ///< PPI that each CPU's virtual interface drives
    };

    /// Throws std::invalid_argument when a parameter is out of range.
    explicit Gic400(const Parameters& parameters);
    Gic400() : Gic400(Parameters{}) {}
    Gic400(const Gic400&) = delete;
    Gic400& operator=(const Gic400&) = delete;
    ~Gic400() = default;

    /// The outputs nIRQ and nVIRQ of one CPU. Called on a change of level only; on connection, when
    /// the level is already high.
    void connect(CpuId cpu, CpuInterrupts& inputs);

    Target& distributor() { return distributor_port_; }
    Target& cpu_interface() { return cpu_interface_port_; }
    Target& virtual_interface_control() { return control_port_; }
    Target& virtual_cpu_interface() { return virtual_cpu_port_; }

    /// Whether a wire can be tied to this input: SPIs below `lines`, PPIs 25-31 but the maintenance
    /// interrupt, which is wired inside.
    bool has_spi(vms::IntId id) const;
    bool has_ppi(vms::IntId id) const;
    /// Throw std::invalid_argument for an input that does not exist: a wrong netlist.
    void spi(vms::IntId id, bool level, Picos at) override;
    void ppi(CpuId cpu, vms::IntId id, bool level, Picos at) override;

    // For tests and diagnoses; they change nothing. An id or a number out of range reads as
    // nothing.
    const Parameters& parameters() const { return parameters_; }
    bool pending(CpuId cpu, vms::IntId id) const;
    bool active(CpuId cpu, vms::IntId id) const;
    bool enabled(CpuId cpu, vms::IntId id) const;
    std::uint8_t priority(CpuId cpu, vms::IntId id) const;
    std::uint32_t list_register(CpuId cpu, unsigned n) const;
    std::uint32_t maintenance_status(CpuId cpu) const;  ///< GICH_MISR
    std::uint8_t running_priority(CpuId cpu) const;
    std::uint8_t virtual_running_priority(CpuId cpu) const;
    bool irq_level(CpuId cpu) const;
    bool virq_level(CpuId cpu) const;

  private:
    /// One CPU's interfaces and the levels of its outputs.
    struct CpuSide {
        CpuSide(gic::Distributor& distributor, unsigned cpu, unsigned list_registers)
            : physical(distributor, cpu), virt(list_registers) {}

        gic::CpuInterface physical;
        gic::VirtualInterface virt;
        CpuInterrupts* out = nullptr;
        bool irq = false;
        bool virq = false;
        bool maintenance = false;
    };

    struct DistributorPort final : Target {
        explicit DistributorPort(Gic400& g) : gic(g) {}
        void access(Access& a) override { gic.access_distributor(a); }
        Gic400& gic;
    };
    struct CpuInterfacePort final : Target {
        explicit CpuInterfacePort(Gic400& g) : gic(g) {}
        void access(Access& a) override { gic.access_cpu_interface(a); }
        Gic400& gic;
    };
    struct ControlPort final : Target {
        explicit ControlPort(Gic400& g) : gic(g) {}
        void access(Access& a) override { gic.access_control(a); }
        Gic400& gic;
    };
    struct VirtualCpuPort final : Target {
        explicit VirtualCpuPort(Gic400& g) : gic(g) {}
        void access(Access& a) override { gic.access_virtual_cpu(a); }
        Gic400& gic;
    };

    void access_distributor(Access& a);
    void access_cpu_interface(Access& a);
    void access_control(Access& a);
    void access_virtual_cpu(Access& a);
    /// False, with the error response given, when the access comes from a CPU that has no
    /// interface.
    bool known_cpu(Access& a) const;

    void drive_irq(CpuSide& side, Picos at);
    void drive_virtual(unsigned cpu, Picos at);
    void drive_changed(std::uint32_t changed, Picos at);
    /// Drives nIRQ of the CPUs for which the Distributor's first candidate has changed.
    void settle(Picos at) {
        if (const std::uint32_t changed = distributor_.take_changed(); changed != 0)
            drive_changed(changed, at);
    }

    bool exists(CpuId cpu, vms::IntId id) const {
        return cpu.value < parameters_.cpus && distributor_.implemented(id.value);
    }

    Parameters parameters_;
    gic::Distributor distributor_;
    std::vector<CpuSide> cpus_;
    DistributorPort distributor_port_{*this};
    CpuInterfacePort cpu_interface_port_{*this};
    ControlPort control_port_{*this};
    VirtualCpuPort virtual_cpu_port_{*this};
};

}  // namespace models
