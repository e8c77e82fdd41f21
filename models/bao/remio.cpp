// Remote I/O: devices, requests, hypercalls and messages. See remio.h.
#include "models/bao/remio.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "models/bao/hypervisor.h"

namespace models::bao {

namespace {

// Results of the hypercall (Bao: hypercall.h), as x0 shows them.
constexpr std::int64_t success = 0;
constexpr std::int64_t failure_positive = 1;  // ASK returns the code without its sign
constexpr std::int64_t failure = -1;
constexpr std::int64_t invalid_args = -3;

/// The message's data: bind key, request id and interrupt, eight bits each.
std::uint64_t pack(std::uint64_t bind_key, std::uint64_t request, std::uint64_t interrupt) {
    return (bind_key & 0xff) | (request & 0xff) << 8 | (interrupt & 0xff) << 16;
}

const char* name(RemioOp op) {
    switch (op) {
        case RemioOp::write:
            return "WRITE";
        case RemioOp::read:
            return "READ";
        case RemioOp::ask:
            return "ASK";
        case RemioOp::notify:
            return "NOTIFY";
    }
    return "?";
}

/// What a CPU that waits for a device looks at.
const std::byte* ready_word(const Remio::Device& d) {
    return std::as_bytes(std::span(&d.ready, 1)).data();
}

}  // namespace

std::optional<BootError> Remio::init() {
    const Config& config = h_.config();
    pool_.resize(config.request_pool != 0 ? config.request_pool : config.cpu_num);
    for (std::size_t i = 0; i < pool_.size(); ++i)
        pool_[i].id = i;
    finishing_.resize(config.cpu_num);

    std::array<std::size_t, 2> counter{};
    for (const VmConfig& vm : config.vmlist) {
        for (const RemioDev& dev : vm.remio_devs) {
            const bool back = dev.type == RemioDevType::backend;
            Device* device = nullptr;
            for (Device& d : devices_) {
                const Side& same = back ? d.backend : d.frontend;
                const Side& other = back ? d.frontend : d.backend;
                if (same.bind_key == dev.bind_key) {
                    return BootError{
                        fmt::format("more than one {} is bound to remote I/O device {}: {} is the "
                                    "second, {} the first; each bind_key takes one front-end and "
                                    "one back-end",
                                    back ? "backend" : "frontend", dev.bind_key, dev.name,
                                    same.name),
                        vm.name, dev.name};
                }
                if (other.bind_key == dev.bind_key) {
                    device = &d;
                    break;
                }
            }
            if (device == nullptr) {
                device = &devices_.emplace_back();
                device->bind_key = dev.bind_key;
            }
            Side& side = back ? device->backend : device->frontend;
            side.bind_key = dev.bind_key;
            side.shmem_base = dev.shmem.base.value;
            side.shmem_size = dev.shmem.size;
            side.shmem_id = dev.shmem.shmem_id;
            side.name = dev.name;
            ++counter[back ? 1 : 0];
        }
    }
    if (counter[0] != counter[1]) {
        return BootError{fmt::format("there is no 1-to-1 mapping of remote I/O back-ends and "
                                     "front-ends: {} frontend(s), {} backend(s) are configured",
                                     counter[0], counter[1]),
                         "", ""};
    }
    // Only the totals were compared: a front-end and a back-end with different keys get here, each
    // as a device whose other side was never written (zero).
    for (const Device& d : devices_) {
        const bool unbound = d.backend.name.empty() || d.frontend.name.empty();
        if (unbound) {
            const Side& side = d.backend.name.empty() ? d.frontend : d.backend;
            const auto vm =
                std::find_if(config.vmlist.begin(), config.vmlist.end(), [&](const VmConfig& v) {
                    return std::any_of(v.remio_devs.begin(), v.remio_devs.end(),
                                       [&](const RemioDev& r) {
                                           return r.bind_key == d.bind_key && r.name == side.name;
                                       });
                });
            h_.probes().observe(
                {Picos{}, CpuId{}, "remio.totals-only", vm->name,
                 fmt::format("{} has no opposite side with its bind_key, {}: Bao compares only the "
                             "totals, and then shared-memory settings that nobody has written",
                             side.name, d.bind_key)});
        }
        if (d.backend.shmem_base != d.frontend.shmem_base ||
            d.backend.shmem_size != d.frontend.shmem_size ||
            d.backend.shmem_id != d.frontend.shmem_id) {
            return BootError{
                fmt::format(
                    "invalid shared memory for remote I/O device {}: frontend {} has base {:#x}, "
                    "size {:#x}, shmem_id {}; backend {} has base {:#x}, size {:#x}, shmem_id {}; "
                    "both must name the same{}",
                    d.bind_key, d.frontend.name.empty() ? "(none)" : d.frontend.name,
                    d.frontend.shmem_base, d.frontend.shmem_size, d.frontend.shmem_id,
                    d.backend.name.empty() ? "(none)" : d.backend.name, d.backend.shmem_base,
                    d.backend.shmem_size, d.backend.shmem_id,
                    unbound ? " (one side is missing: the check of the totals passes when another "
                              "bind_key lacks the opposite side, and uninitialised settings are "
                              "compared: remio.totals-only in docs/observations.md)"
                            : ""),
                "", d.frontend.name.empty() ? d.backend.name : d.frontend.name};
        }
    }
    for (std::size_t vm = 0; vm < config.vmlist.size(); ++vm) {
        for (const RemioDev& dev : config.vmlist[vm].remio_devs) {
            for (Device& d : devices_) {
                if (d.bind_key != dev.bind_key)
                    continue;
                Side& side = dev.type == RemioDevType::backend ? d.backend : d.frontend;
                side.vm_id = vm;
                side.interrupt = dev.interrupt;
                break;
            }
        }
    }
    return std::nullopt;
}

void Remio::assign_vm_cpu(const Vm& vm, Cpu& c) {
    for (Device& d : devices_) {
        const bool was_ready = d.ready;
        const auto assign = [&](Side& s) {
            s.cpu_id = std::min<std::uint64_t>(s.cpu_id, c.id.value);
            s.ready = true;
        };
        if (vm.id == d.backend.vm_id)
            assign(d.backend);
        else if (vm.id == d.frontend.vm_id)
            assign(d.frontend);
        d.ready = d.backend.ready && d.frontend.ready;
        if (d.ready && !was_ready)
            c.core->publish_el2(ready_word(d));
    }
}

const Remio::Device* Remio::find(std::uint64_t bind_key) const {
    for (const Device& d : devices_)
        if (d.bind_key == bind_key)
            return &d;
    return nullptr;
}

Remio::Device* Remio::find_charged(Cpu& c, std::uint64_t bind_key) {
    for (Device& d : devices_) {
        if (d.bind_key == bind_key)
            return &d;
        c.core->charge(h_.costs().remio_node);
    }
    return nullptr;
}

/// The device behind one of the VM's remio_devs, when the VM is on the side that it claims.
Remio::Device* Remio::find_vm_device(Cpu& c, std::uint64_t bind_key) {
    const Vm& vm = *c.vcpu->vm;
    const RemioDev* dev = nullptr;
    for (const RemioDev& d : vm.config->remio_devs) {
        dev = &d;
        if (d.bind_key == bind_key)
            break;
        c.core->charge(h_.costs().vm_dev_by_key);
    }
    if (dev == nullptr)
        return nullptr;
    Device* device = find_charged(c, bind_key);
    if (device == nullptr)
        return nullptr;
    const Side& side = dev->type == RemioDevType::backend ? device->backend : device->frontend;
    return side.vm_id == vm.id ? device : nullptr;
}

Remio::Request* Remio::get(Device& d, std::uint64_t id) {
    if (id >= pool_.size())
        return nullptr;
    Request& r = pool_[id];
    return r.allocated && r.bind_key == d.bind_key ? &r : nullptr;
}

void Remio::send(Cpu& c, RemioEvent event, std::uint64_t target_cpu, std::uint64_t bind_key,
                 std::uint64_t request_id, std::uint64_t interrupt, RequestId trace) {
    if (interrupt > 0xff) {
        h_.observe(c, "remio.interrupt-truncated",
                   fmt::format("interrupt {} travels as 8 bits: {} is injected instead", interrupt,
                               interrupt & 0xff));
    }
    if (bind_key > 0xff) {
        h_.observe(c, "remio.bind-key-truncated",
                   fmt::format("bind_key {} travels as 8 bits: it arrives as {}", bind_key,
                               bind_key & 0xff));
    }
    h_.send_message(c, CpuId{static_cast<std::uint8_t>(target_cpu)},
                    {MessageHandler::remio, static_cast<std::uint32_t>(event),
                     pack(bind_key, request_id, interrupt), trace});
}

Remio::Handled Remio::handle_access(Cpu& c, DataAbort& abort, const Mark& handler_entry,
                                    RequestId& trace) {
    const Vm& vm = *c.vcpu->vm;
    const RemioDev* dev = nullptr;
    for (const RemioDev& d : vm.config->remio_devs) {
        dev = &d;
        if (d.type == RemioDevType::frontend && abort.ipa.value - d.va.value < d.size)
            break;
        c.core->charge(h_.costs().vm_dev_by_addr);
    }
    Device* device = dev == nullptr ? nullptr : find_vm_device(c, dev->bind_key);
    if (device == nullptr)
        return Handled::unbound;

    // Both sides' VMs must have started. The wait has no limit; it is a loop on a flag that only
    // the start of a VM changes.
    c.core->sync();
    if (!device->ready) {
        h_.waiting(c);
        h_.observe(
            c, "remio.ready-wait",
            fmt::format(
                "an access to {} waits at EL2, without limit, until {} has started", dev->name,
                h_.vms()[device->backend.ready ? device->frontend.vm_id : device->backend.vm_id]
                    ->config->name));
        while (!device->ready) {
            c.core->spin(ready_word(*device), h_.costs().ready_wait);
            c.core->sync();
        }
    }

    Request* request = nullptr;
    for (Request& r : pool_) {
        if (!r.allocated) {
            request = &r;
            break;
        }
    }
    if (request == nullptr)
        return Handled::pool_exhausted;
    const RemioOp op = abort.write ? RemioOp::write : RemioOp::read;
    trace = RequestId{++next_trace_};
    request->allocated = true;
    request->addr = abort.ipa;
    request->access_width = vms::bytes(abort.width);
    request->op = op;
    request->value = abort.write ? abort.reg : 0;
    request->cpu = c.id;
    request->bind_key = device->bind_key;
    request->state = State::pending;
    request->trace = trace;
    request->since = c.vector.time;
    request->asked = {};
    request->backend_from.reset();
    request->backend_instructions = 0;
    if (abort.write && (abort.reg & ~vms::mask(abort.width)) != 0) {
        h_.observe(c, "remio.register-wider-than-access",
                   fmt::format("a store of {} bytes hands over a 64-bit register with higher bits "
                               "set: the back-end must mask the value",
                               request->access_width));
    }
    h_.waiting(c);
    device->pending.push_back(request->id);
    h_.event(c, EventKind::request, trace, abort.ipa.value,
             request->access_width | static_cast<std::uint64_t>(op) << 8, request->value);

    c.core->charge(abort.write ? h_.costs().remio_write : h_.costs().remio_read);
    send(c, RemioEvent::notify, device->backend.cpu_id, 0, 0, device->backend.interrupt.value,
         trace);
    const Mark sent = h_.mark(c);
    request->frontend_instructions = sent.instructions - c.vector.instructions;
    h_.leg(c, abort.write ? Leg::fe_wr_2 : Leg::fe_rd_2, handler_entry, sent, trace);
    c.vcpu->active = false;
    return Handled::waits;
}

std::int64_t Remio::ask(Cpu& c, Device& d, std::array<std::uint64_t, 8>& x, const Mark& from) {
    const auto empty = [&](const char* why, bool odd) {
        c.core->charge(h_.costs().hvc_ask_empty);
        h_.leg(c, Leg::be_ask_empty, from);
        if (odd)
            h_.observe(c, "remio.ask-arguments", why);
        return failure_positive;
    };
    if (x[2] != 0 || x[4] != 0)
        return empty("ASK with an address or value other than 0 is refused", true);
    c.core->sync();
    if (d.pending.empty())
        return empty("", false);
    const std::size_t id = d.pending.front();
    d.pending.pop_front();
    Request* r = get(d, id);
    if (r == nullptr || r->state != State::pending)
        return empty("the list held a request that is not pending", true);
    r->state = State::processing;
    r->asked = c.core->now();
    ++d.asked;
    if (!r->backend_from)
        r->backend_from = c.vector.instructions;
    c.core->charge(h_.costs().hvc_ask);
    x[1] = r->addr.value;
    x[2] = static_cast<std::uint64_t>(r->op);
    x[3] = r->value;
    x[4] = r->access_width;
    x[5] = r->id;
    x[6] = d.pending.empty() ? 0 : 1;
    h_.event(c, EventKind::ask, r->trace, d.bind_key);
    h_.leg(c, Leg::be_ask, from, r->trace);
    return success;
}

std::int64_t Remio::complete(Cpu& c, Device& d, RemioOp op, std::uint64_t value, std::uint64_t id,
                             const Mark& from) {
    c.core->sync();
    if (id == ~std::uint64_t{0} && !d.pending.empty()) {
        // Taken for "the next pending one": it leaves the list, and its state is not right.
        h_.observe(c, "remio.completion-loses-request",
                   fmt::format("a completion with request id -1 takes request {} of device {} off "
                               "the list and loses it: its front-end waits for ever",
                               d.pending.front(), d.bind_key));
        d.pending.pop_front();
    }
    Request* r = get(d, id);
    if (r == nullptr || r->state != State::processing) {
        c.core->charge(h_.costs().hvc_ask_empty);
        h_.observe(
            c, "remio.bad-completion",
            fmt::format("{} of request {} of device {} is refused: the request is {}", name(op), id,
                        d.bind_key, r == nullptr ? "unknown or free" : "not being processed"));
        return failure;
    }
    if (op != r->op) {
        h_.observe(c, "remio.completion-op-mismatch",
                   fmt::format(
                       "a {} at {:#x} is completed by {}: {}", name(r->op), r->addr.value, name(op),
                       op == RemioOp::write ? "the guest's register keeps its old value"
                                            : "the guest's source register is overwritten"));
    }
    if (op == RemioOp::read && r->op == RemioOp::read &&
        (value & ~vms::mask(static_cast<vms::Width>(r->access_width))) != 0) {
        h_.observe(c, "remio.answer-wider-than-access",
                   fmt::format("the answer {:#x} to a load of {} bytes has higher bits set: all 64 "
                               "bits of the guest's register are overwritten",
                               value, r->access_width));
    }
    r->value = value;
    r->state = State::complete;
    r->completion = op;
    ++d.answered;
    const bool read = op == RemioOp::read;
    c.core->charge(h_.costs().hvc_reply);
    h_.event(c, EventKind::complete, r->trace, d.bind_key, static_cast<std::uint64_t>(op), value);
    const RequestId trace = r->trace;
    const CpuId target = r->cpu;
    // The message carries the key of the calling VM's device and the id, eight bits each.
    send(c, read ? RemioEvent::read : RemioEvent::write, target.value, d.bind_key, id, 0, trace);
    const Mark sent = h_.mark(c);
    r->backend_instructions = sent.instructions - r->backend_from.value_or(sent.instructions);
    h_.leg(c, read ? Leg::be_reply_rd_a : Leg::be_reply_wr_a, from, sent, trace);
    c.core->charge(h_.costs().hvc_reply_exit);
    h_.leg(c, read ? Leg::be_reply_rd_b : Leg::be_reply_wr_b, sent, trace);
    h_.leg(c, read ? Leg::be_reply_rd : Leg::be_reply_wr, from, trace);
    return success;
}

void Remio::notify(Cpu& c, Device& d, const Mark& from) {
    ++d.notified;
    if (d.frontend.vm_id == c.vcpu->vm->id) {
        h_.observe(c, "remio.notify-by-frontend",
                   fmt::format("the front-end of device {} notifies itself: Bao does not check the "
                               "role of the caller",
                               d.bind_key));
    }
    c.core->charge(h_.costs().hvc_notify);
    h_.event(c, EventKind::notify, {}, d.bind_key);
    send(c, RemioEvent::notify, d.frontend.cpu_id, 0, 0, d.frontend.interrupt.value, {});
    const Mark sent = h_.mark(c);
    h_.leg(c, Leg::be_notify_a, from, sent, {});
    c.core->charge(h_.costs().hvc_notify_exit);
    h_.leg(c, Leg::be_notify_b, sent);
    h_.leg(c, Leg::be_notify, from);
}

std::int64_t Remio::hypercall(Cpu& c, std::array<std::uint64_t, 8>& x, const Mark& from) {
    const std::uint64_t index = x[1];
    const std::uint64_t op = x[3];
    const auto& devs = c.vcpu->vm->config->remio_devs;
    if (index >= devs.size()) {
        c.core->charge(h_.costs().hvc_remio_invalid);
        h_.leg(c, Leg::hvc_remio_invalid, from);
        h_.observe(c, "remio.bad-device",
                   fmt::format("hypercall for remio_devs[{}]: the VM has {}", index, devs.size()));
        return invalid_args;
    }
    Device* d = find_vm_device(c, devs[index].bind_key);
    if (d == nullptr) {
        c.core->charge(h_.costs().hvc_remio_invalid);
        h_.observe(c, "remio.bad-device",
                   fmt::format("hypercall for {}: the VM is on neither side of bind_key {}",
                               devs[index].name, devs[index].bind_key));
        return failure;
    }
    switch (static_cast<RemioOp>(op)) {
        case RemioOp::write:
        case RemioOp::read:
            return complete(c, *d, static_cast<RemioOp>(op), x[4], x[5], from);
        case RemioOp::ask:
            return ask(c, *d, x, from);
        case RemioOp::notify:
            notify(c, *d, from);
            return success;
    }
    c.core->charge(h_.costs().hvc_remio_invalid);
    h_.observe(c, "remio.bad-op", fmt::format("hypercall with unknown op {}", op));
    return invalid_args;
}

bool Remio::post_work(Cpu& c, RemioEvent event, std::uint64_t bind_key, std::uint64_t id) {
    Device* d = find_charged(c, bind_key);
    if (d == nullptr)
        return false;
    Request* r = get(*d, id);
    if (r == nullptr)
        return false;
    c.core->charge(event == RemioEvent::read ? h_.costs().answer_read : h_.costs().answer_write);
    if (event == RemioEvent::read && c.vcpu->abort != nullptr)
        c.vcpu->abort->reg = r->value;
    Access& a = finishing_[c.id.value];
    a.trace = r->trace;
    a.write = r->op == RemioOp::write;
    a.bind_key = r->bind_key;
    a.begin = r->since;
    a.el2_instructions = r->frontend_instructions + r->backend_instructions;
    r->state = State::free;
    r->allocated = false;
    c.vcpu->active = true;
    return true;
}

void Remio::finished(Cpu& c, RequestId trace, bool write, const Mark& resume_from) {
    const Mark end = h_.mark(c);
    h_.event(c, EventKind::resume, trace, 0, 0, c.vcpu->abort->reg);
    Access& a = finishing_[c.id.value];
    a.write = write;
    a.end = end.time;
    a.el2_instructions += end.instructions - resume_from.instructions;
    if (on_access_)
        on_access_(a);
}

void Remio::handle_message(Cpu& c, const CpuMessage& m, bool at_resume) {
    const auto event = static_cast<RemioEvent>(m.event);
    const std::uint64_t bind_key = m.data & 0xff;
    const std::uint64_t request = m.data >> 8 & 0xff;
    const unsigned interrupt = m.data >> 16 & 0xff;
    switch (event) {
        case RemioEvent::write:
        case RemioEvent::read:
            if (!post_work(c, event, bind_key, request)) {
                h_.error(
                    c, "remio.failed-completion",
                    fmt::format("the answer to request {} of device {} finds no such device or "
                                "request",
                                request, bind_key));
            }
            return;
        case RemioEvent::notify: {
            const PathCosts& k = h_.costs();
            if (m.request) {
                // The back-end's share of the access's critical path begins with this episode.
                for (Request& r : pool_)
                    if (r.allocated && r.trace == m.request && !r.backend_from)
                        r.backend_from = c.vector.instructions;
            }
            c.core->charge(at_resume ? k.resume_notify : k.msg_remio);
            h_.vgic_.inject(c, vms::IntId{static_cast<std::uint16_t>(interrupt)}, 0);
            if (!at_resume)
                c.core->charge(k.msg_remio_after);
            return;
        }
    }
}

}  // namespace models::bao
