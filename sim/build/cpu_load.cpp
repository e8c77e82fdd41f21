// The CPUs' time (cpu_load.h).
#include "sim/build/cpu_load.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "sim/build/cpu_legs.h"

namespace sim {

namespace {

using models::Level;
using models::Picos;

/// What a CPU is in the middle of at the end goes on until then. What it did privately beyond the
/// end, ahead of the others, nobody has seen: it does not count.
CpuResult load_of(const models::Core& core, const std::string& vm, Picos end) {
    CpuResult r;
    r.cpu = core.id().value;
    r.vm = vm;
    for (const Level l : {Level::el0, Level::el1, Level::el2, Level::el3}) {
        const models::TimeSpent t = core.spent(l);
        r.busy[static_cast<std::size_t>(l)] = t.busy;
        r.polling += t.polling;
        r.off += t.off;
        (l == Level::el1 ? r.idle : r.standby) += t.waiting;
    }
    Picos& executing = r.busy[static_cast<std::size_t>(core.level())];
    if (core.now() < end) {
        Picos& now = core.is_switched_off()                    ? r.off
                     : core.polling() || core.waits_for_time() ? r.polling
                     : core.in_wfi_at(Level::el1)              ? r.idle
                     : core.in_wfi_at(Level::el2)              ? r.standby
                                                               : executing;
        now += end - core.now();
        return r;
    }
    Picos beyond = core.now() - end;
    for (Picos* part : {&executing, &r.busy[3], &r.busy[2], &r.busy[1], &r.polling, &r.standby,
                        &r.idle, &r.off}) {
        const Picos d = std::min(*part, beyond);
        *part = *part - d;
        beyond = beyond - d;
    }
    return r;
}

/// The VM that owns a CPU, started or not; null: none.
const models::bao::Vm* vm_of(const models::bao::Hypervisor& h, models::CpuId cpu) {
    for (const auto& vm : h.vms())
        if (vm->vcpu_on(cpu) != nullptr)
            return vm.get();
    return nullptr;
}

constexpr std::uint64_t full_nanoseconds(Picos t) {
    return t.value / 1000;
}

}  // namespace

void add_cpu_load(Results& results, Platform& platform, const Software& software,
                  const Statistics& statistics, Picos end) {
    Metrics& m = results.metrics;
    for (const auto& c : platform.cores()) {
        c->finish(end);
        const std::string p = fmt::format("cpus.{}.", c->id().value);
        for (unsigned l = 1; l <= 3; ++l) {
            const auto& n = c->counters(static_cast<Level>(l));
            m[p + fmt::format("el{}_instructions", l)] = static_cast<std::int64_t>(n.instructions);
            m[p + fmt::format("el{}_mmio", l)] = static_cast<std::int64_t>(n.mmio);
        }
        const models::bao::Vm* vm = vm_of(platform.hypervisor(), c->id());
        if (vm == nullptr)
            continue;
        CpuResult& load = results.cpus.emplace_back(load_of(*c, vm->config->name, end));
        name_legs(load, *c, software, vm->id, statistics);
        // Whole nanoseconds, whose sum is that of the run: each takes the remainder of the last.
        Picos sum{};
        const auto put = [&](const char* name, Picos t) {
            const std::uint64_t before = full_nanoseconds(sum);
            sum = sum + t;
            m[p + name] = static_cast<std::int64_t>(full_nanoseconds(sum) - before);
        };
        put("el1_ns", load.busy[1]);
        put("el2_ns", load.busy[2]);
        put("el3_ns", load.busy[3]);
        put("polling_ns", load.polling);
        put("standby_ns", load.standby);
        put("idle_ns", load.idle);
        put("off_ns", load.off);
    }
}

}  // namespace sim
