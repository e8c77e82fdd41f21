// Boot, exits from the guests, CPU messages and standby. See hypervisor.h.
#include "models/bao/hypervisor.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

namespace models::bao {

namespace {

// GICv2 registers that the hypervisor uses (GIC-400 TRM, chapter 3).
namespace gicd {
constexpr std::uint64_t ctlr = 0x000;
constexpr std::uint64_t iidr = 0x008;
constexpr std::uint64_t isenabler = 0x100;
constexpr std::uint64_t icenabler = 0x180;
constexpr std::uint64_t ispendr = 0x200;
constexpr std::uint64_t icpendr = 0x280;
constexpr std::uint64_t icactiver = 0x380;
constexpr std::uint64_t ipriorityr = 0x400;
constexpr std::uint64_t itargetsr = 0x800;
constexpr std::uint64_t sgir = 0xf00;
constexpr std::uint64_t cpendsgir = 0xf10;
}  // namespace gicd
namespace gicc {
constexpr std::uint64_t ctlr = 0x0000;
constexpr std::uint64_t pmr = 0x0004;
constexpr std::uint64_t iar = 0x000c;
constexpr std::uint64_t eoir = 0x0010;
constexpr std::uint64_t dir = 0x1000;
constexpr std::uint32_t enable = 1u << 0;
constexpr std::uint32_t eoi_mode_ns = 1u << 9;
}  // namespace gicc
namespace gich {
constexpr std::uint64_t hcr = 0x000;
constexpr std::uint64_t lr = 0x100;
constexpr std::uint32_t hcr_lrenpie = 1u << 2;
}  // namespace gich

constexpr std::uint32_t lowest_priority = 0xffffffff;
constexpr unsigned first_special_intid = 1020;
/// The SGI that carries CPU messages (Bao: IPI_CPU_MSG).
constexpr unsigned ipi_cpu_msg = 1;

// Function ids (SMC Calling Convention; Bao: hypercall.h).
constexpr std::uint64_t function_number_mask = 0xffff;
constexpr std::uint64_t vendor_hyp_32 = 0x8600'0000;
constexpr std::uint64_t vendor_hyp_64 = 0xc600'0000;
constexpr std::uint64_t standard_32 = 0x8400'0000;
constexpr std::uint64_t standard_64 = 0xc400'0000;
constexpr std::uint64_t hypercall_ipc = 1;
constexpr std::uint64_t hypercall_remio = 2;
constexpr std::int64_t unknown_hypercall = -2;
constexpr std::int64_t invalid_args = -3;
constexpr std::int64_t not_supported = -1;

}  // namespace

Hypervisor::Hypervisor(Config config, const PathCosts& costs, const ProbeHub& probes)
    : config_(std::move(config)), costs_(costs), probes_(probes), remio_(*this), vgic_(*this) {
    for (unsigned i = 0; i < config_.cpu_num; ++i) {
        cpus_.push_back(std::make_unique<Cpu>());
        cpus_.back()->id = CpuId{static_cast<std::uint8_t>(i)};
    }
}

std::optional<BootError> Hypervisor::boot() {
    if (auto e = remio_.init())
        return e;
    std::vector<bool> taken(1024, false);
    for (std::size_t i = 0; i < config_.vmlist.size(); ++i) {
        const VmConfig& vc = config_.vmlist[i];
        auto vm = std::make_unique<Vm>();
        vm->id = i;
        vm->config = &vc;
        vm->cpus = vc.cpu_affinity;
        unsigned vcpu_id = 0;
        for (unsigned p = 0; p < config_.cpu_num; ++p) {
            if ((vm->cpus >> p & 1) == 0)
                continue;
            auto v = std::make_unique<Vcpu>();
            v->id = vcpu_id++;
            v->phys = CpuId{static_cast<std::uint8_t>(p)};
            v->vm = vm.get();
            vm->vcpus.push_back(std::move(v));
        }
        for (const DevRegion& d : vc.devs) {
            for (const vms::IntId id : d.interrupts) {
                if (id.value >= config_.gic.interrupt_lines || (id.value >= 32 && taken[id.value]))
                    return BootError{
                        fmt::format("failed to assign interrupt id {}: it is in use or "
                                    "does not exist",
                                    id.value),
                        vc.name, ""};
                taken[id.value] = true;
                vm->interrupts.push_back(id);
            }
        }
        for (const RemioDev& d : vc.remio_devs) {
            if (d.shmem.shmem_id >= config_.shmemlist.size())
                return BootError{
                    fmt::format("invalid shmem id {} in remote I/O device {}: "
                                "shmemlist has {} entries",
                                d.shmem.shmem_id, d.bind_key, config_.shmemlist.size()),
                    vc.name, d.name};
        }
        // Every VM has the virtual timer.
        vm->interrupts.push_back(GenericTimer::virtual_timer_ppi);
        vms_.push_back(std::move(vm));
    }
    return std::nullopt;
}

void Hypervisor::attach(Core& core) {
    Cpu& c = *cpus_[core.id().value];
    c.core = &core;
    c.gicd = core.map(config_.gic.gicd);
    c.gicc = core.map(config_.gic.gicc);
    c.gich = core.map(config_.gic.gich);
}

// --- boot ---------------------------------------------------------------------------------------

void Hypervisor::init_gic_distributor(Cpu& c) {
    Core& k = *c.core;
    const unsigned words = config_.gic.interrupt_lines / 32;
    for (unsigned i = 1; i < words; ++i) {
        // Bao also writes GICD_IGROUPR here, which is RAZ/WI to a Non-secure hypervisor.
        k.write32(c.gicd, gicd::icenabler + 4 * i, ~0u);
        k.write32(c.gicd, gicd::icpendr + 4 * i, ~0u);
        k.write32(c.gicd, gicd::icactiver + 4 * i, ~0u);
    }
    for (unsigned i = 8; i < config_.gic.interrupt_lines / 4; ++i) {
        k.write32(c.gicd, gicd::ipriorityr + 4 * i, lowest_priority);
        k.write32(c.gicd, gicd::itargetsr + 4 * i, 0);
    }
    k.write32(c.gicd, gicd::ctlr, k.read32(c.gicd, gicd::ctlr) | 1);
    const std::uint32_t iidr = k.read32(c.gicd, gicd::iidr);
    for (auto& vm : vms_)
        vgic_.init_vm(*vm, iidr);
}

void Hypervisor::init_gic_cpu(Cpu& c) const {
    Core& k = *c.core;
    k.write32(c.gicd, gicd::icenabler, ~0u);
    k.write32(c.gicd, gicd::icpendr, ~0u);
    k.write32(c.gicd, gicd::icactiver, ~0u);
    for (unsigned i = 0; i < 4; ++i)
        k.write32(c.gicd, gicd::cpendsgir + 4 * i, ~0u);
    for (unsigned i = 0; i < 8; ++i)
        k.write32(c.gicd, gicd::ipriorityr + 4 * i, lowest_priority);
    for (unsigned i = 0; i < config_.gic.list_registers; ++i)
        k.write32(c.gich, gich::lr + 4 * i, 0);
    // One step below the lowest: everything that the hypervisor enables passes.
    k.write32(c.gicc, gicc::pmr, 0xff);
    k.write32(c.gicc, gicc::ctlr, k.read32(c.gicc, gicc::ctlr) | gicc::enable | gicc::eoi_mode_ns);
    k.write32(c.gich, gich::hcr, k.read32(c.gich, gich::hcr) | gich::hcr_lrenpie);
    for (const unsigned id : {ipi_cpu_msg, static_cast<unsigned>(config_.gic.maintenance.value)}) {
        k.write32(c.gicd, gicd::isenabler, 1u << id);
        const std::uint64_t word = gicd::ipriorityr + (id & ~3u);
        const unsigned shift = 8 * (id & 3);
        const std::uint32_t others = k.read32(c.gicd, word) & ~(0xffu << shift);
        k.write32(c.gicd, word, others | 1u << shift);
    }
}

void Hypervisor::reset(Core& core) {
    Cpu& c = *cpus_[core.id().value];
    // The boot barrier: CPU 0 is the master, the others wait for what it sets up.
    if (core.id().value == 0) {
        init_gic_distributor(c);
        core.sync();
        for (const auto& other : cpus_)
            if (other.get() != &c)
                other->core->release(core.now());
    } else {
        core.wait_for_release();
    }
    init_gic_cpu(c);
    for (auto& vm : vms_) {
        Vcpu* v = vm->vcpu_on(c.id);
        if (v == nullptr)
            continue;
        core.wait_until(vm->config->start);
        core.sync();
        c.vcpu = v;
        set_lookahead(c);
        vgic_.init_vcpu(*v);
        if (vm->vcpus.front().get() == v)
            init_vm(*vm);
        remio_.assign_vm_cpu(*vm, c);
        event(c, EventKind::boot, {}, vm->id, v->id);
        core.run_guest(programs_(*vm->config, v->id), vm->stage2);
        return;
    }
}

/// Every way from EL1 to an interrupt of another CPU leads through an exception and one of the
/// paths that send a message, as far as no device of the VM interrupts another CPU by itself.
void Hypervisor::set_lookahead(Cpu& c) {
    if (c.vcpu->vm->vcpus.size() != 1)
        return;
    const Core& core = *c.core;
    Picos path = Picos::never();
    for (const vms::Work* w :
         {&costs_.remio_read, &costs_.remio_write, &costs_.hvc_reply, &costs_.hvc_notify,
          &costs_.hvc_ipc, &costs_.sgir_self, &costs_.sgir_other})
        path = std::min(path, core.time_of(*w));
    c.lookahead_el1 = path;
    // Out of standby the CPU must see the answer first.
    c.lookahead_standby =
        path + core.time_of(costs_.resume_entry) +
        std::min(core.time_of(costs_.answer_read), core.time_of(costs_.answer_write)) +
        core.time_of(costs_.resume_exit);
}

Picos Hypervisor::lookahead(const Core& core) {
    return cpus_[core.id().value]->lookahead_el1;
}

void Hypervisor::init_vm(Vm& vm) {
    const VmConfig& vc = *vm.config;
    for (const MemRegion& r : vc.regions)
        vm.stage2.add(Stage2::Ram{r.base, r.size, r.phys, r.host});
    for (const DevRegion& d : vc.devs)
        vm.stage2.add(Stage2::Device{d.va, d.size, d.pa});
    constexpr std::uint64_t cpu_interface_size = 0x2000;
    constexpr std::uint64_t distributor_size = 0x1000;
    vm.stage2.add(Stage2::Device{vc.gicc, cpu_interface_size, config_.gic.gicv});
    for (const vms::IntId id : vm.interrupts)
        vgic_.set_hw(vm, id);
    // In Bao's order: the distributor, then the windows in the order of remio_devs.
    vm.emulated.push_back({vc.gicd, distributor_size, EmulatedRegion::Kind::distributor});
    for (const RemioDev& d : vc.remio_devs)
        if (d.type == RemioDevType::frontend)
            vm.emulated.push_back({d.va, d.size, EmulatedRegion::Kind::remio});
}

// --- reports ------------------------------------------------------------------------------------

std::string Hypervisor::vm_name(const Cpu& c) const {
    return c.vcpu == nullptr ? "-" : c.vcpu->vm->config->name;
}

void Hypervisor::observe(const Cpu& c, std::string_view rule, std::string what) const {
    probes_.observe({c.core->now(), c.id, rule, vm_name(c), std::move(what)});
}

void Hypervisor::error(Cpu& c, std::string_view rule, std::string what) {
    observe(c, rule, what);
    crashes_.push_back({c.core->now(), c.id, vm_name(c), std::move(what)});
    if (on_crash_)
        on_crash_();
    c.core->halt();
}

void Hypervisor::leg(const Cpu& c, Leg l, const Mark& from, RequestId request) const {
    leg(c, l, from, mark(c), request);
}

void Hypervisor::leg(const Cpu& c, Leg l, const Mark& from, const Mark& to,
                     RequestId request) const {
    if (probes_.legs == nullptr)
        return;
    probes_.legs->leg({static_cast<std::uint16_t>(l), c.id, request, from.time, to.time,
                       static_cast<std::uint32_t>(to.instructions - from.instructions),
                       static_cast<std::uint32_t>(to.mmio - from.mmio)});
}

void Hypervisor::waiting(Cpu& c) {
    if (c.blocked_since == Picos::never())
        c.blocked_since = c.core->now();
    if (on_wait_)
        on_wait_();
}

Picos Hypervisor::oldest_wait() const {
    Picos oldest = Picos::never();
    for (const auto& c : cpus_)
        oldest = std::min(oldest, c->blocked_since);
    return oldest;
}

// --- CPU messages -------------------------------------------------------------------------------

void Hypervisor::send_message(Cpu& from, CpuId to, const CpuMessage& m) {
    const std::uint64_t what = static_cast<std::uint64_t>(m.handler) << 32 | m.event;
    if (to.value >= cpus_.size())
        return;
    Cpu& target = *cpus_[to.value];
    from.core->sync();
    if (!target.messages.push(m)) {
        event(from, EventKind::message_drop, m.request, to.value, what, m.data);
        observe(from, "cpu.message-dropped",
                fmt::format("the queue of CPU {} is full ({} messages): a message is lost",
                            to.value, MessageQueue::capacity));
        return;
    }
    event(from, EventKind::message_push, m.request, to.value, what, m.data);
    // Target list filter 0, CPU target list in bits 23:16 (GICD_SGIR).
    from.core->write32(from.gicd, gicd::sgir, 1u << (16 + to.value) | ipi_cpu_msg);
}

Hypervisor::Drained Hypervisor::drain(Cpu& c, bool at_resume) {
    Drained d;
    CpuMessage m;
    for (;;) {
        c.core->sync();
        if (!c.messages.pop(m))
            break;
        event(c, EventKind::message_pop, m.request,
              static_cast<std::uint64_t>(m.handler) << 32 | m.event, m.data);
        switch (m.handler) {
            case MessageHandler::remio:
                ++d.remio;
                if (static_cast<RemioEvent>(m.event) != RemioEvent::notify)
                    d.answered = true;
                break;
            case MessageHandler::ipc:
                ++d.ipc;
                break;
            case MessageHandler::vgic:
                ++d.vgic;
                break;
        }
        if (m.request)
            d.request = m.request;
        handle_message(c, m, at_resume);
    }
    return d;
}

void Hypervisor::handle_message(Cpu& c, const CpuMessage& m, bool at_resume) {
    switch (m.handler) {
        case MessageHandler::remio:
            remio_.handle_message(c, m, at_resume);
            break;
        case MessageHandler::ipc:
            ipc_message(c, m);
            break;
        case MessageHandler::vgic:
            vgic_.handle_message(c, m);
            break;
    }
}

// --- exits --------------------------------------------------------------------------------------

void Hypervisor::begin(Cpu& c) const {
    c.vector = mark(c);
    c.lr_written.reset();
}

void Hypervisor::irq(Core& core) {
    Cpu& c = *cpus_[core.id().value];
    begin(c);
    const Mark from = c.vector;
    core.charge(costs_.irq_entry);
    const std::uint32_t ack = core.read32(c.gicc, gicc::iar);
    const unsigned id = ack & 0x3ff;
    if (id >= first_special_intid) {
        core.charge(costs_.irq_exit);
        return;
    }
    event(c, EventKind::physical_irq, {}, id);
    // Which leg this turns out to be, and its two halves where a list register was written.
    Leg whole = Leg::irq_empty;
    std::optional<std::pair<Leg, Leg>> halves;
    bool handled = true;
    RequestId request;
    if (id == ipi_cpu_msg) {
        const Drained d = drain(c, false);
        core.charge(costs_.queue_empty);
        request = d.request;
        if (d.total() > 1) {
            whole = Leg::irq_several;
        } else if (d.remio == 1) {
            whole = Leg::irq_remio;
            halves = {Leg::irq_remio_a, Leg::irq_remio_b};
        } else if (d.ipc == 1) {
            whole = Leg::irq_ipc;
            halves = {Leg::irq_ipc_a, Leg::irq_ipc_b};
        } else if (d.vgic == 1) {
            whole = Leg::irq_vgic;
            halves = {Leg::irq_vgic_a, Leg::irq_vgic_b};
        }
    } else if (c.vcpu != nullptr &&
               c.vcpu->vm->has_interrupt(vms::IntId{static_cast<std::uint16_t>(id)})) {
        core.charge(costs_.inject_hw);
        vgic_.inject_hw(c, vms::IntId{static_cast<std::uint16_t>(id)});
        handled = false;
        whole = Leg::irq_hw;
        halves = {Leg::irq_hw_a, Leg::irq_hw_b};
    } else if (id == config_.gic.maintenance.value) {
        vgic_.maintenance(c);
        whole = Leg::irq_maintenance;
        halves = {Leg::irq_maintenance_a, Leg::irq_maintenance_b};
    } else {
        error(c, "irq.unknown", fmt::format("interrupt {} belongs to nobody", id));
    }
    core.write32(c.gicc, gicc::eoir, ack);
    if (handled)
        core.write32(c.gicc, gicc::dir, ack);
    core.charge(costs_.irq_exit);
    if (probes_.legs != nullptr) {
        const Mark end = mark(c);
        leg(c, whole, from, end, request);
        if (halves && c.lr_written) {
            leg(c, halves->first, from, *c.lr_written, request);
            leg(c, halves->second, *c.lr_written, end, request);
        }
    }
}

const EmulatedRegion* Hypervisor::search(Cpu& c, vms::GuestAddr a) const {
    for (const EmulatedRegion& r : c.vcpu->vm->emulated) {
        if (a.value - r.base.value < r.size)
            return &r;
        c.core->charge(costs_.emul_node);
    }
    return nullptr;
}

void Hypervisor::data_abort(Core& core, DataAbort& abort) {
    Cpu& c = *cpus_[core.id().value];
    begin(c);
    const Mark from = c.vector;
    event(c, EventKind::trap, {}, abort.ipa.value,
          vms::bytes(abort.width) | static_cast<std::uint64_t>(abort.write) << 8,
          abort.write ? abort.reg : 0);
    core.charge(costs_.trap_entry);
    if (!abort.isv) {
        error(c, "trap.no-syndrome",
              fmt::format("data abort at {:#x} without a valid syndrome (a load-pair or write-back "
                          "form): Bao cannot emulate it",
                          abort.ipa.value));
    }
    const EmulatedRegion* region = search(c, abort.ipa);
    if (region == nullptr) {
        error(
            c, "trap.no-handler",
            fmt::format("no emulation handler for the {} of {} bytes at {:#x}",
                        abort.write ? "store" : "load", vms::bytes(abort.width), abort.ipa.value));
    }
    c.vcpu->abort = &abort;
    if (region->kind == EmulatedRegion::Kind::distributor) {
        if (!vgic_.distributor_access(c, abort, from)) {
            error(c, "trap.gicd-access",
                  fmt::format("data abort emulation failed: a {}-byte access at {:#x} of the "
                              "distributor is not of a width or alignment that the register takes",
                              vms::bytes(abort.width), abort.ipa.value));
        }
    } else {
        const Mark entry = mark(c);
        const bool write = abort.write;
        RequestId request;
        if (!remio_.handle_access(c, abort, entry, request)) {
            error(c, "remio.refused",
                  fmt::format("data abort emulation failed at {:#x}: no device is bound there, or "
                              "the pool of requests is exhausted",
                              abort.ipa.value));
        }
        leg(c, write ? Leg::fe_wr_1 : Leg::fe_rd_1, from, entry, request);
        standby(c, request, write);
    }
    c.vcpu->abort = nullptr;
}

void Hypervisor::standby(Cpu& c, RequestId request, bool write) {
    Core& core = *c.core;
    const Mark sent = mark(c);
    core.charge(costs_.to_standby);
    leg(c, write ? Leg::fe_wr_3 : Leg::fe_rd_3, sent, request);
    event(c, EventKind::standby, request);
    bool spun = false;
    for (;;) {
        if (config_.firmware_standby) {
            const Mark at = mark(c);
            const std::uint64_t before = core.counters(Level::el3).instructions;
            core.charge_el3(costs_.el3_standby_entry);
            if (probes_.legs != nullptr) {
                const auto n = core.counters(Level::el3).instructions - before;
                probes_.legs->leg({static_cast<std::uint16_t>(Leg::el3_3b), c.id, request, at.time,
                                   core.now(), static_cast<std::uint32_t>(n), 0});
            }
        }
        core.wait_for_physical_interrupt(c.lookahead_standby);
        if (config_.firmware_standby) {
            const Picos at = core.now();
            const std::uint64_t before = core.counters(Level::el3).instructions;
            core.charge_el3(costs_.el3_standby_exit);
            if (probes_.legs != nullptr) {
                const auto n = core.counters(Level::el3).instructions - before;
                probes_.legs->leg({static_cast<std::uint16_t>(Leg::el3_4a), c.id, request, at,
                                   core.now(), static_cast<std::uint32_t>(n), 0});
            }
        }
        // The stack is rewound: from here the way out begins anew.
        begin(c);
        const Mark from = c.vector;
        if ((core.read32(c.gicd, gicd::ispendr) >> ipi_cpu_msg & 1) == 0) {
            // Another interrupt ended the wait. It stays pending, and the wait ends at once again.
            core.charge(costs_.spin);
            leg(c, Leg::spin, from, request);
            if (!spun) {
                observe(c, "standby.interrupt-late",
                        "another interrupt became pending while an access was outstanding: the "
                        "standby spins, and the guest gets the interrupt only after the answer");
            }
            spun = true;
            continue;
        }
        core.charge(costs_.resume_entry);
        core.write32(c.gicd, gicd::icactiver, 1u << ipi_cpu_msg);
        core.write32(c.gicd, gicd::cpendsgir, 0xffu << (8 * ipi_cpu_msg));
        const Drained d = drain(c, true);
        core.charge(costs_.resume_exit);
        if (c.vcpu->active) {
            c.blocked_since = Picos::never();
            if (d.total() > 1)
                leg(c, Leg::fe_4b_2msgs, from, request);
            else
                leg(c, write ? Leg::fe_wr_4b : Leg::fe_rd_4b, from, request);
            remio_.finished(c, request, write, from);
            return;
        }
    }
}

// --- calls --------------------------------------------------------------------------------------

void Hypervisor::hvc(Core& core, vms::CallRegisters& x) {
    call(*cpus_[core.id().value], x, false);
}

void Hypervisor::smc(Core& core, vms::CallRegisters& x) {
    call(*cpus_[core.id().value], x, true);
}

void Hypervisor::call(Cpu& c, vms::CallRegisters& x, bool smc) {
    begin(c);
    const Mark from = c.vector;
    const std::uint64_t fid = x[0];
    std::int64_t result = not_supported;
    switch (fid & ~function_number_mask) {
        case vendor_hyp_32:
        case vendor_hyp_64:
            switch (fid & function_number_mask) {
                case hypercall_remio:
                    result = remio_.hypercall(c, x, from);
                    break;
                case hypercall_ipc:
                    result = ipc_hypercall(c, x, from);
                    break;
                default:
                    c.core->charge(costs_.hvc_psci);
                    observe(c, "call.unknown-hypercall",
                            fmt::format("unknown hypercall id {}", fid & function_number_mask));
                    result = unknown_hypercall;
                    break;
            }
            break;
        case standard_32:
        case standard_64:
            c.core->charge(smc ? costs_.smc_psci : costs_.hvc_psci);
            result = psci(x);
            leg(c, smc ? Leg::smc_psci : Leg::hvc_psci, from);
            break;
        default:
            c.core->charge(smc ? costs_.smc_psci : costs_.hvc_psci);
            observe(c, "call.unknown-function",
                    fmt::format("unknown SMCCC function id {:#x}", fid));
            break;
    }
    x[0] = static_cast<std::uint64_t>(result);
    event(c, EventKind::hypercall, {}, fid, x[0]);
}

std::int64_t Hypervisor::psci(const vms::CallRegisters& x) const {
    // PSCI (DEN0022) as far as a VM of one vCPU can use it.
    constexpr std::uint64_t version = 0x8400'0000;
    constexpr std::uint64_t features = 0x8400'000a;
    constexpr std::uint64_t migrate_info_type = 0x8400'0006;
    constexpr std::int64_t version_1_1 = 0x0001'0001;
    constexpr std::int64_t no_migration = 2;
    switch (x[0]) {
        case version:
            return version_1_1;
        case features:
            return x[1] == version || x[1] == features ? 0 : not_supported;
        case migrate_info_type:
            return no_migration;
        default:
            return not_supported;
    }
}

// --- IPC ----------------------------------------------------------------------------------------

std::int64_t Hypervisor::ipc_hypercall(Cpu& c, const vms::CallRegisters& x, const Mark& from) {
    const Vm& vm = *c.vcpu->vm;
    const auto& ipcs = vm.config->ipcs;
    if (x[1] >= ipcs.size() || ipcs[x[1]].shmem_id >= config_.shmemlist.size()) {
        c.core->charge(costs_.hvc_ipc_invalid);
        leg(c, Leg::hvc_ipc_invalid, from);
        observe(c, "ipc.bad-index",
                fmt::format("doorbell of ipcs[{}]: the VM has {}", x[1], ipcs.size()));
        return invalid_args;
    }
    const std::size_t shmem = ipcs[x[1]].shmem_id;
    c.core->charge(costs_.hvc_ipc);
    bool first = true;
    Mark sent = mark(c);
    for (const auto& other : vms_) {
        if (other.get() == &vm)
            continue;
        const bool shares =
            std::any_of(other->config->ipcs.begin(), other->config->ipcs.end(),
                        [&](const Ipc& i) { return i.shmem_id == shmem; }) ||
            std::any_of(other->config->remio_devs.begin(), other->config->remio_devs.end(),
                        [&](const RemioDev& d) { return d.shmem.shmem_id == shmem; });
        if (!shares || other->vcpus.empty())
            continue;
        if (!first)
            c.core->charge(costs_.send_message);
        first = false;
        send_message(c, other->vcpus.front()->phys,
                     {MessageHandler::ipc, 0, shmem | x[2] << 32, {}});
        sent = mark(c);
    }
    leg(c, Leg::hvc_ipc_a, from, sent, {});
    c.core->charge(costs_.hvc_ipc_exit);
    leg(c, Leg::hvc_ipc_b, sent);
    leg(c, Leg::hvc_ipc, from);
    return 0;
}

void Hypervisor::ipc_message(Cpu& c, const CpuMessage& m) {
    const std::uint64_t shmem = m.data & 0xffff'ffff;
    const std::uint64_t doorbell = m.data >> 32;
    c.core->charge(costs_.msg_ipc);
    for (const Ipc& i : c.vcpu->vm->config->ipcs) {
        if (i.shmem_id != shmem)
            continue;
        if (doorbell < i.interrupts.size())
            vgic_.inject(c, i.interrupts[doorbell], 0);
        else
            observe(c, "ipc.event-out-of-range",
                    fmt::format("doorbell event {} is ignored: the object has {} interrupts",
                                doorbell, i.interrupts.size()));
        break;
    }
    c.core->charge(costs_.msg_ipc_after);
}

}  // namespace models::bao
