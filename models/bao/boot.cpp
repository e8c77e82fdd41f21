// Boot: the checks of the configuration, the interrupt controller's initialisation, and how a CPU
// comes to run its vCPU. See hypervisor.h.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "models/bao/gic_registers.h"
#include "models/bao/hypervisor.h"

namespace models::bao {

namespace {

constexpr std::uint32_t lowest_priority = 0xffffffff;

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
            v->power = v->id == 0 ? Vcpu::Power::on : Vcpu::Power::off;
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
        core.switched_off(true);
        core.wait_until(vm->config->start);
        core.switched_off(false);
        core.sync();
        c.vcpu = v;
        set_lookahead(c);
        vgic_.init_vcpu(*v);
        if (vm->vcpus.front().get() == v)
            init_vm(*vm);
        remio_.assign_vm_cpu(*vm, c);
        event(c, EventKind::boot, {}, vm->id, v->id);
        run_vcpu(c);
        return;
    }
}

void Hypervisor::restarted(Core& core) {
    run_vcpu(*cpus_[core.id().value]);
}

/// Bao: vcpu_run, with what follows until the vCPU is off for good.
void Hypervisor::run_vcpu(Cpu& c) {
    Vcpu& v = *c.vcpu;
    for (;;) {
        if (v.power != Vcpu::Power::on || v.suspended)
            power_down(c);
        c.core->run_guest(programs_(*v.vm->config, v.id), v.vm->stage2,
                          {v.entry, v.context, v.mpidr()});
        if (v.vm->vcpus.size() == 1)
            return;  // nobody can switch it on again
        v.power = Vcpu::Power::off;
    }
}

/// Every way from EL1 to an interrupt of another CPU leads through an exception and one of the
/// paths that send a message, as long as no device of the VM interrupts another CPU by itself.
void Hypervisor::set_lookahead(Cpu& c) {
    if (c.vcpu->vm->vcpus.size() != 1)
        return;
    // Controllers of two VMs may be joined outside: what one sends interrupts the other.
    const auto has_devices = [](const auto& vm) {
        return std::any_of(vm->config->devs.begin(), vm->config->devs.end(),
                           [](const DevRegion& d) { return d.size != 0; });
    };
    if (std::count_if(vms_.begin(), vms_.end(), has_devices) > 1 && has_devices(c.vcpu->vm))
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

}  // namespace models::bao
