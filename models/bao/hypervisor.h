// The simulated Bao: a static partitioning hypervisor at EL2. It mirrors Bao's modules and names
// (github.com/bao-project/bao-hypervisor, commit 738e3dc): configuration and boot, exits, CPU
// messages over SGI 1, standby, remote I/O (remio.h), the virtual GIC (vgic.h), IPC doorbells.
// Behaviour is Bao's, its sharp edges included; each of those is also reported as an observation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/bao/config.h"
#include "models/bao/costs.h"
#include "models/bao/legs.h"
#include "models/bao/remio.h"
#include "models/bao/vgic.h"
#include "models/core/core.h"
#include "models/core/el2.h"
#include "models/core/probe.h"

namespace models::bao {

struct Vm;

/// Who handles a CPU message (Bao's linker-assigned handler ids).
enum class MessageHandler : std::uint32_t { remio, ipc, vgic, psci };

/// {handler, event, data} as it crosses from CPU to CPU; `request` is for the observers only.
struct CpuMessage {
    MessageHandler handler{};
    std::uint32_t event = 0;
    std::uint64_t data = 0;
    RequestId request{};
};

/// Bao's circular queue of messages to one CPU.
class MessageQueue {
  public:
    static constexpr std::size_t capacity = 253;

    bool push(const CpuMessage& m) {
        if (count_ == capacity)
            return false;
        items_[(first_ + count_++) % capacity] = m;
        return true;
    }
    bool pop(CpuMessage& m) {
        if (count_ == 0)
            return false;
        m = items_[first_];
        first_ = (first_ + 1) % capacity;
        --count_;
        return true;
    }
    std::size_t size() const { return count_; }

  private:
    std::array<CpuMessage, capacity> items_{};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

struct Vcpu {
    unsigned id = 0;
    CpuId phys{};
    Vm* vm = nullptr;
    bool active = true;          ///< false while a remote I/O access is outstanding
    DataAbort* abort = nullptr;  ///< the access being emulated, for its register
    VgicPrivate vgic;

    // PSCI (Bao: psci_ctx). The VM's first vCPU is on from boot.
    enum class Power : std::uint8_t { on, off, on_pending };
    Power power = Power::off;
    bool suspended = false;  ///< on, and powered down by CPU_SUSPEND
    vms::GuestAddr entry{};  ///< where it begins when it is switched on
    std::uint64_t context = 0;

    /// VMPIDR_EL2: Aff0 is the vCPU's number; bit 31 RES1, bit 30 for a uniprocessor.
    std::uint64_t mpidr() const;
};

/// Where the counters of a CPU stood at a landmark.
struct Mark {
    Picos time{};
    std::uint64_t instructions = 0;
    std::uint64_t mmio = 0;
};

/// A physical CPU as the hypervisor sees it.
struct Cpu {
    CpuId id{};
    Core* core = nullptr;
    Vcpu* vcpu = nullptr;
    MessageQueue messages;

    // The blocks of the GIC, as mapped at EL2.
    Mapping gicd{}, gicc{}, gich{};

    // The exception being handled.
    Mark vector;                     ///< at its entry
    std::optional<Mark> lr_written;  ///< at its first list-register write
    // Maintenance interrupts without an instruction of the guest between them.
    unsigned maintenance_in_a_row = 0;
    std::uint64_t executed_at_maintenance = 0;

    // The least time until this CPU can interrupt another, from EL1 and from standby.
    Picos lookahead_el1{};
    Picos lookahead_standby{};
    Picos blocked_since = Picos::never();  ///< an access waits for its other side since then
};

/// An emulated region: who answers a trapped access.
struct EmulatedRegion {
    enum class Kind : std::uint8_t { distributor, remio };
    vms::GuestAddr base{};
    std::uint64_t size = 0;
    Kind kind{};
};

struct Vm {
    std::size_t id = 0;
    const VmConfig* config = nullptr;
    std::uint64_t cpus = 0;
    std::vector<std::unique_ptr<Vcpu>> vcpus;
    std::vector<EmulatedRegion> emulated;  // in search order
    std::vector<vms::IntId> interrupts;    // passed through to this VM
    Stage2 stage2;
    VgicDistributor vgicd;

    bool has_interrupt(vms::IntId id_) const {
        for (const vms::IntId i : interrupts)
            if (i == id_)
                return true;
        return false;
    }
    Vcpu* vcpu_on(CpuId cpu) const {
        for (const auto& v : vcpus)
            if (v->phys == cpu)
                return v.get();
        return nullptr;
    }
};

inline std::uint64_t Vcpu::mpidr() const {
    constexpr std::uint64_t res1 = 1u << 31;
    constexpr std::uint64_t uniprocessor = 1u << 30;
    return id | res1 | (vm->vcpus.size() == 1 ? uniprocessor : 0);
}

/// A boot that Bao refuses (it prints and stops), or a configuration that cannot be built.
struct BootError {
    std::string message;
    std::string vm;      ///< empty when it concerns the whole
    std::string device;  ///< the remio_dev's name, or empty
};

/// A CPU that Bao has left in an endless loop.
struct Crash {
    Picos time{};
    CpuId cpu{};
    std::string vm;
    std::string reason;
};

class Hypervisor final : public El2 {
  public:
    /// Chooses what runs on a vCPU; called on the vCPU's own thread when its VM starts.
    using ProgramSource = std::function<vms::Program&(const VmConfig&, unsigned vcpu)>;

    Hypervisor(Config config, const PathCosts& costs, const ProbeHub& probes);
    Hypervisor(const Hypervisor&) = delete;
    Hypervisor& operator=(const Hypervisor&) = delete;
    ~Hypervisor() = default;

    /// The checks of Bao's boot, in Bao's order; the first that fails. Call before the run.
    std::optional<BootError> boot();

    void attach(Core& core);
    void set_programs(ProgramSource source) { programs_ = std::move(source); }

    // --- El2 ----------------------------------------------------------------------------------
    void reset(Core& core) override;
    void restarted(Core& core) override;
    void data_abort(Core& core, DataAbort& abort) override;
    void hvc(Core& core, vms::CallRegisters& x) override;
    void smc(Core& core, vms::CallRegisters& x) override;
    void irq(Core& core) override;
    Picos lookahead(const Core& core) override;

    // --- for the hypervisor's own modules -------------------------------------------------------
    const Config& config() const { return config_; }
    const PathCosts& costs() const { return costs_; }
    const ProbeHub& probes() const { return probes_; }
    std::vector<std::unique_ptr<Vm>>& vms() { return vms_; }
    const std::vector<std::unique_ptr<Vm>>& vms() const { return vms_; }
    Cpu& cpu(CpuId id) { return *cpus_[id.value]; }
    const Cpu& cpu(CpuId id) const { return *cpus_[id.value]; }

    /// Push a message and send SGI 1; dropped with a warning when the queue is full.
    void send_message(Cpu& from, CpuId to, const CpuMessage& m);
    Mark mark(const Cpu& c) const {
        const ExecutionCounters& n = c.core->counters(Level::el2);
        return {c.core->now(), n.instructions, n.mmio};
    }
    /// Record the leg from a mark to now.
    void leg(const Cpu& c, Leg l, const Mark& from, RequestId request = {}) const;
    void leg(const Cpu& c, Leg l, const Mark& from, const Mark& to, RequestId request) const;
    void event(const Cpu& c, EventKind kind, RequestId request = {}, std::uint64_t a = 0,
               std::uint64_t b = 0, std::uint64_t d = 0) const {
        probes_.event({c.core->now(), c.id, kind, request, a, b, d});
    }
    void observe(const Cpu& c, std::string_view rule, std::string what) const;
    /// Bao's ERROR(): prints and loops for ever on this CPU.
    [[noreturn]] void error(Cpu& c, std::string_view rule, std::string what);

    // --- for reports ----------------------------------------------------------------------------
    const Remio& remio() const { return remio_; }
    Remio& remio() { return remio_; }
    const Vgic& vgic() const { return vgic_; }
    Vgic& vgic() { return vgic_; }
    const std::vector<Crash>& crashes() const { return crashes_; }
    /// Called when a CPU enters an endless loop.
    void on_crash(std::function<void()> f) { on_crash_ = std::move(f); }
    /// Called when a CPU goes to sleep because its vCPU is off.
    void on_power_down(std::function<void()> f) { on_power_down_ = std::move(f); }
    /// The earliest time since which an access waits for its other side, or never.
    Picos oldest_wait() const;
    /// Called when an access begins to wait for its other side.
    void on_wait(std::function<void()> f) { on_wait_ = std::move(f); }
    void waiting(Cpu& c);
    /// Name of the VM on a CPU, or "-".
    std::string vm_name(const Cpu& c) const;

  private:
    friend class Remio;

    /// What one interrupt episode did, to name its leg.
    struct Drained {
        unsigned remio = 0;
        unsigned ipc = 0;
        unsigned vgic = 0;
        unsigned psci = 0;
        bool answered = false;
        RequestId request{};
        unsigned total() const { return remio + ipc + vgic + psci; }
    };

    void init_vm(Vm& vm);
    void run_vcpu(Cpu& c);
    void set_lookahead(Cpu& c);
    void init_gic_distributor(Cpu& c);
    void init_gic_cpu(Cpu& c) const;
    Drained drain(Cpu& c, bool at_resume);
    void handle_message(Cpu& c, const CpuMessage& m, bool at_resume);
    void standby(Cpu& c, RequestId request, bool write);
    /// Where standby is a firmware call: EL3 from the call to its WFI, and from there back.
    void firmware_entry(Cpu& c, RequestId request);
    void firmware_exit(Cpu& c, RequestId request);
    void firmware_leg(const Cpu& c, Leg l, Picos from, std::uint64_t before,
                      RequestId request) const;
    /// The SGI of CPU messages, polled and cleared with interrupts masked.
    bool ipi_pending(Cpu& c) const;
    void clear_ipi(Cpu& c) const;
    void begin(Cpu& c) const;
    const EmulatedRegion* search(Cpu& c, vms::GuestAddr a) const;
    void call(Cpu& c, vms::CallRegisters& x, bool smc);
    std::int64_t ipc_hypercall(Cpu& c, const vms::CallRegisters& x, const Mark& from);
    void ipc_message(Cpu& c, const CpuMessage& m);

    // PSCI
    std::int64_t psci(Cpu& c, const vms::CallRegisters& x);
    static std::int64_t psci_features(std::uint64_t function);
    std::int64_t cpu_on(Cpu& c, std::uint64_t target, std::uint64_t entry, std::uint64_t context);
    std::int64_t affinity_info(const Cpu& c, std::uint64_t target) const;
    [[noreturn]] void cpu_off(Cpu& c) const;
    std::int64_t cpu_suspend(Cpu& c, std::uint64_t state, std::uint64_t entry,
                             std::uint64_t context);
    void psci_message(Cpu& c);
    void power_down(Cpu& c);

    Config config_;
    PathCosts costs_;
    const ProbeHub& probes_;
    ProgramSource programs_;
    std::vector<std::unique_ptr<Cpu>> cpus_;
    std::vector<std::unique_ptr<Vm>> vms_;
    Remio remio_;
    Vgic vgic_;
    std::vector<Crash> crashes_;
    std::function<void()> on_crash_;
    std::function<void()> on_power_down_;
    std::function<void()> on_wait_;
};

}  // namespace models::bao
