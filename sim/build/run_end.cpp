// The end of a run from the state of its CPUs, lines and workloads (run_end.h).
#include "sim/build/run_end.h"

#include <algorithm>
#include <utility>

namespace sim {

using models::Picos;

RunEnd::RunEnd(sc_core::sc_module_name name, const Software& software, Platform& platform,
               std::function<void(Why)> reached)
    : sc_module(name), software_(software), platform_(platform), reached_(std::move(reached)) {
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.dont_initialize();
    options.set_sensitivity(&check_.event());
    sc_core::sc_spawn([this] { check(); }, "check", &options);
    platform_.timeline().add_device(check_.planned());
}

void RunEnd::look() {
    if (const Picos at = end(); at != Picos::never())
        plan(at);
}

void RunEnd::nothing_on_the_way() {
    // A device may have caught up with the CPU that has the turn.
    last_on_the_way_ = models::kernel_now();
    for (const auto& c : platform_.cores())
        if (c->running())
            last_on_the_way_ = std::max(last_on_the_way_, c->now());
    look();
}

void RunEnd::crashed() {
    plan(first_crash());
}

Picos RunEnd::at_rest_since() const {
    Picos last = last_on_the_way_;
    for (const auto& c : platform_.cores())
        last = std::max(last, c->now());
    return last;
}

Picos RunEnd::first_crash() const {
    Picos first = Picos::never();
    for (const models::bao::Crash& c : platform_.hypervisor().crashes())
        first = std::min(first, c.time);
    return first;
}

Picos RunEnd::end() const {
    if (!software_.has_workloads() || software_.unfinished() != 0 || !platform_.activity().idle())
        return Picos::never();
    Picos last = last_on_the_way_;
    Picos at_rest = last_on_the_way_;
    bool polls = false;
    for (const auto& c : platform_.cores()) {
        const models::bao::Cpu& cpu = platform_.hypervisor().cpu(c->id());
        const bool off = cpu.vcpu != nullptr && cpu.vcpu->power == models::bao::Vcpu::Power::off;
        if (c->halted() || c->idle() || off) {
            last = std::max(last, c->now());
            at_rest = std::max(at_rest, c->at_rest_since());
            continue;
        }
        if (cpu.vcpu == nullptr || !software_.polls(cpu.vcpu->vm->id))
            return Picos::never();
        polls = true;
    }
    return polls ? std::max(last, at_rest + quiet) : last;
}

void RunEnd::plan(Picos at) {
    // At the earliest of what was planned it is looked at anew.
    check_.plan(at);
    platform_.timeline().forget();
}

void RunEnd::check() {
    check_.fired();
    const Picos now = models::kernel_now();
    if (const Picos crash = first_crash(); crash != Picos::never()) {
        if (crash <= now)
            reached_(Why::crashed);
        else
            plan(crash);
        return;
    }
    const Picos at = end();
    if (at == Picos::never())
        return;
    if (at <= now)
        reached_(Why::done);
    else
        plan(at);
}

}  // namespace sim
