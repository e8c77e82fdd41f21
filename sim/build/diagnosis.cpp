// The diagnosis of a stuck or crashed system.
#include "sim/build/diagnosis.h"

#include <algorithm>

#include <fmt/format.h>

#include "vms/abi/virtio_mmio_names.h"
#include "vms/service/steps.h"

namespace sim {

namespace {

using models::Core;
using models::Level;
using models::Picos;
using models::bao::Hypervisor;
using models::bao::Remio;
using models::bao::RemioOp;

std::string time_text(Picos t) {
    return fmt::format("{}.{:03} us", t.value / 1'000'000, t.value / 1'000 % 1'000);
}

std::string since(Picos then, Picos now) {
    return fmt::format("for {} (since {})", time_text(now > then ? now - then : Picos{}),
                       time_text(then));
}

std::string register_name(std::uint64_t offset) {
    namespace mmio = vms::abi::mmio;
    if (offset >= mmio::config)
        return fmt::format("Config+{:#x}", offset - mmio::config);
    const std::string_view name = mmio::register_name(offset);
    return std::string(name.empty() ? "(reserved)" : name);
}

std::string step_text(const Core::Step& s) {
    using vms::service::Step;
    const auto step = static_cast<Step>(s.step);
    std::string name(vms::service::name(step));
    const auto device = s.detail & 0xff;
    const auto request = s.detail >> 8 & 0xff;
    switch (step) {
        case Step::started:
            return fmt::format("{} with {} device(s)", name, s.detail);
        case Step::idle:
            return name;
        case Step::interrupted:
            return fmt::format("{} ({})", name, s.detail);
        case Step::asked:
            return (s.detail & vms::service::no_request) != 0
                       ? fmt::format("{} of its device {}, found none", name, device)
                       : fmt::format("{} of its device {}, got request {}", name, device, request);
        case Step::answered:
        case Step::withheld:
            return fmt::format("{} (device {}, request {})", name, device, request);
        case Step::ring_work:
        case Step::notified:
            return fmt::format("{} (device {})", name, device);
        case Step::served:
            return fmt::format("{} (peripheral {})", name, s.detail);
    }
    return name;
}

const char* state_text(Remio::State s) {
    switch (s) {
        case Remio::State::free:
            return "free";
        case Remio::State::pending:
            return "PENDING: the back-end has not asked for it";
        case Remio::State::processing:
            return "PROCESSING: the back-end has asked for it and not answered";
        case Remio::State::complete:
            return "COMPLETE: answered, the front-end's CPU has not seen the answer";
    }
    return "?";
}

std::string cpu_text(const Core& core, Picos now) {
    if (core.halted())
        return "is halted";
    if (const auto& p = core.polling())
        return fmt::format("polls the word at {:#x}, which has held {:#x} {}", p->word.value,
                           p->unwanted, since(p->since, now));
    if (core.in_wfi_at(Level::el2))
        return "is in standby at EL2";
    if (core.in_wfi_at(Level::el1))
        return "waits for an interrupt (WFI at EL1)";
    return fmt::format("executes at EL{} (local time {})", static_cast<unsigned>(core.level()),
                       time_text(std::max(core.now(), now)));
}

std::string last_step(const Core& core) {
    const Core::Step& s = core.last_step();
    return s.any ? fmt::format("last step: {} at {}", step_text(s), time_text(s.at))
                 : std::string("it has not reported a step yet");
}

/// The last that a back-end did about requests, which later steps do not cover up.
std::string last_request_step(const Core& core) {
    using vms::service::Step;
    Core::Step last;
    for (const Step kind : {Step::asked, Step::answered, Step::withheld}) {
        const Core::Step& s = core.last_step(static_cast<std::uint64_t>(kind));
        if (s.any && (!last.any || s.at >= last.at))
            last = s;
    }
    return last.any
               ? fmt::format("; last about requests: {} at {}", step_text(last), time_text(last.at))
               : std::string{};
}

}  // namespace

std::vector<std::string> diagnose(Platform& platform, Picos now) {
    std::vector<std::string> lines;
    const Hypervisor& h = platform.hypervisor();
    const auto& vms = h.vms();
    const auto core_of = [&](std::uint64_t cpu) -> const Core* {
        return cpu < platform.cores().size() ? platform.cores()[cpu].get() : nullptr;
    };

    for (const models::bao::Crash& c : h.crashes()) {
        lines.push_back(
            fmt::format("VM {}, CPU {}: given up at {}: {}. On a board this CPU stays "
                        "in the hypervisor and never returns to its guest.",
                        c.vm, c.cpu.value, time_text(c.time), c.reason));
    }

    for (const Remio::Request& r : h.remio().requests()) {
        if (!r.allocated)
            continue;
        const Remio::Device* d = h.remio().find(r.bind_key);
        if (d == nullptr)
            continue;
        const auto& front = *vms[d->frontend.vm_id]->config;
        const auto& back = *vms[d->backend.vm_id]->config;
        std::uint64_t base = r.addr.value;
        for (const auto& dev : front.remio_devs)
            if (dev.bind_key == r.bind_key && r.addr.value - dev.va.value < dev.size)
                base = dev.va.value;
        const std::uint64_t offset = r.addr.value - base;
        lines.push_back(fmt::format(
            "VM {}, CPU {}: {} of device {} (bind_key {}), register {} at offset {:#05x}, {} bytes"
            "{}, is outstanding {}; request {} (r{}) is {}.",
            front.name, r.cpu.value, r.op == RemioOp::write ? "write" : "read", d->frontend.name,
            r.bind_key, register_name(offset), offset, r.access_width,
            r.op == RemioOp::write ? fmt::format(", value {:#x}", r.value) : "",
            since(r.since, now), r.id, r.trace.value, state_text(r.state)));
        if (const Core* core = core_of(d->backend.cpu_id)) {
            const auto& cpu = h.cpu(core->id());
            lines.push_back(fmt::format(
                "  back-end VM {} on CPU {} {}; {}{}; it has asked {} time(s) and answered {} on "
                "this "
                "device; {} message(s) wait for the CPU, {} request(s) in the device's list.",
                back.name, d->backend.cpu_id, cpu_text(*core, now), last_step(*core),
                last_request_step(*core), d->asked, d->answered, cpu.messages.size(),
                d->pending.size()));
            const vms::IntId id = d->backend.interrupt;
            for (const auto& vm : vms) {
                if (vm->id != d->backend.vm_id || id.value < 32 || id.value > 255)
                    continue;
                const auto& i = vm->vgicd.interrupts[id.value - 32];
                if (!i.enabled) {
                    lines.push_back(fmt::format(
                        "  its interrupt {} is disabled in VM {}'s distributor{}: enable it "
                        "(GICD_ISENABLER), set its target (GICD_ITARGETSR) and the CPU interface.",
                        id.value, back.name, (i.state & 1) != 0 ? " and pending" : ""));
                }
            }
        }
    }

    for (unsigned i = 0; i < platform.cores().size(); ++i) {
        const auto& cpu = h.cpu(models::CpuId{static_cast<std::uint8_t>(i)});
        if (cpu.blocked_since == Picos::never() || cpu.vcpu == nullptr)
            continue;
        const bool has_request =
            std::any_of(h.remio().requests().begin(), h.remio().requests().end(),
                        [&](const Remio::Request& r) { return r.allocated && r.cpu.value == i; });
        if (has_request)
            continue;
        lines.push_back(fmt::format(
            "VM {}, CPU {}: an access to a remote I/O window waits at EL2 {} because a VM of the "
            "device has not started (Bao waits without limit until both sides are ready).",
            h.vm_name(cpu), i, since(cpu.blocked_since, now)));
    }
    return lines;
}

std::vector<std::string> describe_cpus(Platform& platform, Picos now, bool stuck) {
    std::vector<std::string> lines;
    const Hypervisor& h = platform.hypervisor();
    for (const auto& core : platform.cores()) {
        const auto& cpu = h.cpu(core->id());
        if (cpu.vcpu == nullptr) {
            for (const auto& vm : h.vms())
                if (vm->vcpu_on(core->id()) != nullptr)
                    lines.push_back(fmt::format("VM {}, CPU {} has not started.", vm->config->name,
                                                core->id().value));
            continue;
        }
        if (cpu.vcpu->power == models::bao::Vcpu::Power::off) {
            lines.push_back(
                fmt::format("VM {}, CPU {} is switched off.", h.vm_name(cpu), core->id().value));
            continue;
        }
        const bool in_vain = stuck && core->polling();
        lines.push_back(fmt::format(
            "VM {}, CPU {} {}{}{}.", h.vm_name(cpu), core->id().value, cpu_text(*core, now),
            in_vain ? ": a queue's index that its other side does not move" : "",
            core->last_step().any ? "; " + last_step(*core) : ""));
    }
    return lines;
}

}  // namespace sim
