// The narrowest part (limit.h).
#include "sim/report/limit.h"

#include <algorithm>

#include <fmt/format.h>

namespace sim {

std::string name_of(const CpuResult& cpu) {
    return fmt::format("CPU {} ({})", cpu.cpu, cpu.vm);
}

namespace {

/// It executes nearly all the time: there is nothing that it could wait less for.
bool saturated(const CpuResult& c, models::Picos simulated) {
    constexpr std::uint64_t per_cent = 95;
    return c.executing().value / per_cent >= simulated.value / 100;
}

/// Whether `c` is more of a limit than the one found so far. A CPU that stands still for another
/// is its victim, if that one has no time to spare.
bool before(const CpuResult* found, const CpuResult& c, models::Picos simulated) {
    if (c.working() == models::Picos{})
        return false;
    if (found == nullptr)
        return true;
    const bool saturated_too = saturated(*found, simulated);
    if (saturated(c, simulated) != saturated_too)
        return !saturated_too;
    return saturated_too ? c.executing() > found->executing() : c.working() > found->working();
}

}  // namespace

std::optional<Limit> limit_of(const Results& results) {
    Limit limit;
    for (const CpuResult& c : results.cpus)
        if (before(limit.cpu, c, results.simulated))
            limit.cpu = &c;
    if (limit.cpu != nullptr) {
        limit.part = name_of(*limit.cpu);
        limit.time = limit.cpu->working();
        // Who executes all the time is not held up by its own waits.
        const bool all_the_time = saturated(*limit.cpu, results.simulated);
        const auto leg = std::ranges::find_if(
            limit.cpu->legs, [&](const CpuLeg& l) { return !all_the_time || l.name != "standby"; });
        limit.leg = leg != limit.cpu->legs.end() ? &*leg : nullptr;
    }
    for (const LinkResult& l : results.links) {
        if (l.busy > limit.time) {
            limit.part = l.name;
            limit.time = l.busy;
        }
    }
    if (limit.part.empty())
        return std::nullopt;
    return limit;
}

}  // namespace sim
