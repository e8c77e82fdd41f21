// Inter-VM communication: doorbells over shared-memory objects (Bao: ipc.c).
#include <algorithm>

#include <fmt/format.h>

#include "models/bao/hypervisor.h"

namespace models::bao {

namespace {

constexpr std::int64_t invalid_args = -3;  // Bao: HC_E_INVAL_ARGS

}  // namespace

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
    // To the master CPU of each other VM on this memory, in the order of the CPUs.
    for (const auto& target : cpus_) {
        const Vm* other = nullptr;
        for (const auto& v : vms_)
            if (v.get() != &vm && !v->vcpus.empty() && v->vcpus.front()->phys == target->id)
                other = v.get();
        if (other == nullptr)
            continue;
        const bool shares =
            std::any_of(other->config->ipcs.begin(), other->config->ipcs.end(),
                        [&](const Ipc& i) { return i.shmem_id == shmem; }) ||
            std::any_of(other->config->remio_devs.begin(), other->config->remio_devs.end(),
                        [&](const RemioDev& d) { return d.shmem.shmem_id == shmem; });
        if (!shares)
            continue;
        if (!first)
            c.core->charge(costs_.send_message);
        first = false;
        send_message(c, target->id, {MessageHandler::ipc, 0, shmem | x[2] << 32, {}});
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
