// Exits from the guests, CPU messages and standby. See hypervisor.h.
#include "models/bao/hypervisor.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "models/bao/gic_registers.h"

namespace models::bao {

namespace {

constexpr unsigned first_special_intid = 1020;

}  // namespace

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
            case MessageHandler::psci:
                ++d.psci;
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
        case MessageHandler::psci:
            psci_message(c);
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
        constexpr unsigned first_shared = 32;
        core.charge(id < first_shared ? costs_.inject_hw : costs_.inject_hw_shared);
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
        switch (remio_.handle_access(c, abort, entry, request)) {
            case Remio::Handled::waits:
                break;
            case Remio::Handled::unbound:
                error(c, "remio.bad-device",
                      fmt::format("data abort emulation failed at {:#x}: no device is bound there",
                                  abort.ipa.value));
            case Remio::Handled::pool_exhausted:
                error(c, "remio.pool-exhausted",
                      fmt::format("data abort emulation failed at {:#x}: none of the {} requests "
                                  "is free",
                                  abort.ipa.value, remio_.requests().size()));
        }
        leg(c, write ? Leg::fe_wr_1 : Leg::fe_rd_1, from, entry, request);
        standby(c, request, write);
    }
    c.vcpu->abort = nullptr;
}

void Hypervisor::firmware_entry(Cpu& c, RequestId request) {
    if (!config_.firmware_standby)
        return;
    const Picos at = c.core->now();
    const std::uint64_t before = c.core->counters(Level::el3).instructions;
    c.core->charge_el3(costs_.el3_standby_entry);
    firmware_leg(c, Leg::el3_3b, at, before, request);
}

void Hypervisor::firmware_exit(Cpu& c, RequestId request) {
    if (!config_.firmware_standby)
        return;
    const Picos at = c.core->now();
    const std::uint64_t before = c.core->counters(Level::el3).instructions;
    c.core->charge_el3(costs_.el3_standby_exit);
    firmware_leg(c, Leg::el3_4a, at, before, request);
}

void Hypervisor::firmware_leg(const Cpu& c, Leg l, Picos from, std::uint64_t before,
                              RequestId request) const {
    if (probes_.legs == nullptr)
        return;
    const std::uint64_t n = c.core->counters(Level::el3).instructions - before;
    probes_.legs->leg({static_cast<std::uint16_t>(l), c.id, request, from, c.core->now(),
                       static_cast<std::uint32_t>(n), 0});
}

bool Hypervisor::ipi_pending(Cpu& c) const {
    return (c.core->read32(c.gicd, gicd::ispendr) >> ipi_cpu_msg & 1) != 0;
}

void Hypervisor::clear_ipi(Cpu& c) const {
    c.core->write32(c.gicd, gicd::icactiver, 1u << ipi_cpu_msg);
    c.core->write32(c.gicd, gicd::cpendsgir, 0xffu << (8 * ipi_cpu_msg));
}

void Hypervisor::standby(Cpu& c, RequestId request, bool write) {
    Core& core = *c.core;
    const Mark sent = mark(c);
    core.charge(costs_.to_standby);
    leg(c, write ? Leg::fe_wr_3 : Leg::fe_rd_3, sent, request);
    event(c, EventKind::standby, request);
    bool spun = false;
    for (;;) {
        firmware_entry(c, request);
        core.wait_for_physical_interrupt(c.lookahead_standby);
        firmware_exit(c, request);
        // The stack is rewound: from here the way out begins anew.
        begin(c);
        const Mark from = c.vector;
        if (!ipi_pending(c)) {
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
        clear_ipi(c);
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

}  // namespace models::bao
