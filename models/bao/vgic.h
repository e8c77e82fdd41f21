// The virtual GICv2 (Bao: src/arch/armv8/vgic.c, vgicv2.c): an emulated distributor for each VM,
// virtual interrupts kept in the list registers of the real virtual interface (models/gic), spilled
// when these are full and refilled by maintenance interrupts, passed-through interrupts linked to
// their physical ones, and ownership of a shared interrupt by the vCPU that handles it.
//
// What of it loses or doubles interrupts is Bao's, and observed (vgic.*). Config::corrected_vgic
// replaces it (vgic_corrected.cpp): with that, a VM sees what the GIC architecture says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/bao/vgic_spilled.h"
#include "models/core/el2.h"
#include "models/core/probe.h"
#include "vms/types.h"

namespace models::bao {

class Hypervisor;
struct Cpu;
struct CpuMessage;
struct Mark;
struct Vcpu;
struct Vm;

/// State bits of a virtual interrupt, as in a list register.
enum VgicState : std::uint8_t { inactive = 0, pending = 1, active = 2 };

struct VgicInterrupt {
    vms::IntId id{};
    Vcpu* owner = nullptr;
    std::uint8_t state = inactive;
    std::uint8_t prio = 0xff;
    std::uint8_t cfg = 0;
    std::uint8_t targets = 0;  ///< physical CPUs
    bool hw = false;           ///< passed through: the list register is linked
    bool in_lr = false;
    std::uint8_t lr = 0;
    bool enabled = false;
    std::uint8_t sgi_act = 0;               ///< source of the active SGI
    std::uint8_t sgi_pend = 0;              ///< sources of the pending SGI
    VgicInterrupt* next_spilled = nullptr;  ///< SpilledList's
};

template <typename F>
bool SpilledList::walk(F f) const {
    std::size_t n = 0;
    for (VgicInterrupt* i = head_; i != nullptr; i = i->next_spilled) {
        if (n++ == longest)
            return false;
        f(*i);
    }
    return true;
}

/// Banked to a vCPU: SGIs and PPIs, its spilled ones, what its list registers last held.
struct VgicPrivate {
    std::array<VgicInterrupt, 32> interrupts{};
    SpilledList spilled;
    std::array<std::uint16_t, 64> curr_lrs{};
};

/// Of a VM: the emulated distributor.
struct VgicDistributor {
    std::uint32_t ctlr = 0;
    std::uint32_t typer = 0;
    std::uint32_t iidr = 0;
    unsigned int_num = 0;
    std::vector<VgicInterrupt> interrupts;  ///< shared ones, from 32 on
    SpilledList spilled;
    /// The CPU that waits at EL2 with the lock of the VM's spilled lists taken.
    const Cpu* spilled_lock = nullptr;
};

/// Event of a vGIC CPU message.
enum class VgicEvent : std::uint32_t { update_enable, route, inject, set_register };

class Vgic {
  public:
    explicit Vgic(Hypervisor& h) : h_(h) {}

    void init_vm(Vm& vm, std::uint32_t gicd_iidr);
    void init_vcpu(Vcpu& vcpu);
    /// Mark an interrupt as passed through.
    void set_hw(Vm& vm, vms::IntId id);

    /// Make a purely virtual or passed-through interrupt pending on this CPU's vCPU.
    void inject(Cpu& c, vms::IntId id, unsigned source);
    void inject_hw(Cpu& c, vms::IntId id);
    void handle_message(Cpu& c, const CpuMessage& m);
    /// The maintenance interrupt.
    void maintenance(Cpu& c);
    /// A trapped access to the emulated distributor; false stops the CPU. The vCPU's abort holds
    /// the register. `from` is the vector's mark.
    bool distributor_access(Cpu& c, DataAbort& abort, const Mark& from);

    /// What the list registers' EOI-maintenance bit is for: tests switch it off to see it matter.
    void set_eoi_maintenance(bool on) { eoi_maintenance_ = on; }

  private:
    /// A per-interrupt field of the distributor.
    enum class Field : std::uint8_t {
        set_enable,
        clear_enable,
        set_pending,
        clear_pending,
        set_active,
        clear_active,
        config,
        priority,
        targets,
    };
    struct FieldInfo;
    static const FieldInfo& info(Field f);

    VgicInterrupt* get(Vcpu& v, unsigned id);
    std::uint8_t state_of(Cpu& c, const VgicInterrupt& i);
    /// The list register that holds the interrupt and its value, or -1.
    int find_lr(Cpu& c, const VgicInterrupt& i, std::uint32_t& value);
    bool get_ownership(Vcpu& v, VgicInterrupt& i) const;
    void yield_ownership(Cpu& c, VgicInterrupt& i);
    bool is_target(const Cpu& c, const VgicInterrupt& i) const;
    bool has_other_target(const Cpu& c, const VgicInterrupt& i) const;
    void set_field(Cpu& c, Field f, VgicInterrupt& i, std::uint64_t data);
    /// What several vCPUs share is looked at in the order of simulated time.
    void agree(Cpu& c) const;
    bool update_field(Cpu& c, Field f, VgicInterrupt& i, std::uint64_t data);
    std::uint64_t read_field(Cpu& c, Field f, VgicInterrupt& i);
    std::uint8_t readable_state(Cpu& c, const VgicInterrupt& i);
    void update_hw(Cpu& c, Field f, VgicInterrupt& i);
    void route(Cpu& c, VgicInterrupt& i);
    void send_route(Cpu& c, const VgicInterrupt& i);
    bool add_lr(Cpu& c, VgicInterrupt& i);
    bool remove_lr(Cpu& c, VgicInterrupt& i);
    void write_lr(Cpu& c, VgicInterrupt& i, unsigned lr);
    void spill_lr(Cpu& c, unsigned lr);
    void add_spilled(Cpu& c, VgicInterrupt& i);
    void refill(Cpu& c, bool no_pending);
    void trapped_eoir(Cpu& c);
    void eoi_highest_spilled_active(Cpu& c);
    VgicInterrupt* highest_spilled(Cpu& c, std::uint8_t states, SpilledList*& list);
    void inject_sgi(Cpu& c, VgicInterrupt& i, unsigned source);
    void update_enable(Cpu& c);
    void sgir(Cpu& c, std::uint32_t value, const Mark& from);
    void send(Cpu& c, CpuId to, VgicEvent e, unsigned int_id, unsigned reg, std::uint64_t value);
    static SpilledList& spilled_list(Cpu& c, const VgicInterrupt& i);
    /// Bao's vgic_spilled_lock, which a CPU keeps for long in wait_for_owner() only.
    void lock_spilled(Cpu& c);
    /// A refill that finds first an interrupt of another vCPU.
    void wait_for_owner(Cpu& c, const VgicInterrupt& i);

    // What an observer sees of it; no access of the machine, and no time.
    std::uint32_t peek_lr(Cpu& c, unsigned n) const;
    bool in_valid_lr(Cpu& c, const VgicInterrupt& i) const;
    void observe_push(Cpu& c, const VgicInterrupt& i, const SpilledList::Pushed& p);
    void observe_refill(Cpu& c, const VgicInterrupt& i);
    void observe_end(Cpu& c, std::uint32_t v);

    // The corrected vGIC (vgic_corrected.cpp).
    bool corrected() const;
    /// A list register or a place on the list for what is in neither, as its state demands.
    void place(Cpu& c, VgicInterrupt& i);
    /// ... or a message to its targets.
    void route_correctly(Cpu& c, VgicInterrupt& i);
    /// The first spilled one of this vCPU in priority, of the active or of the pending ones.
    VgicInterrupt* first_spilled(Cpu& c, bool is_active);
    /// A list register for this interrupt, spilling what comes after it; or -1.
    int make_room(Cpu& c, const VgicInterrupt& i);
    /// Bring the list registers up to date with the lists.
    void rebalance(Cpu& c);
    /// An active one has ended: what it leaves pending goes where it belongs.
    void ended(Cpu& c, VgicInterrupt& i);
    void end_spilled_active(Cpu& c);
    void corrected_maintenance(Cpu& c);

    // The virtual interface's registers.
    std::uint32_t gich_read(Cpu& c, std::uint64_t offset);
    void gich_write(Cpu& c, std::uint64_t offset, std::uint32_t value);
    std::uint32_t lr_read(Cpu& c, unsigned n);
    void lr_write(Cpu& c, unsigned n, std::uint32_t value);

    Hypervisor& h_;
    bool eoi_maintenance_ = true;
    bool distributor_locked_ = false;  ///< a CPU reads, changes and writes a word of the GICD
};

}  // namespace models::bao
