// The narrowest part (limit.h).
#include "sim/report/limit.h"

#include <fmt/format.h>

namespace sim {

std::string name_of(const CpuResult& cpu) {
    return fmt::format("CPU {} ({})", cpu.cpu, cpu.vm);
}

std::optional<Limit> limit_of(const Results& results) {
    Limit limit;
    for (const CpuResult& c : results.cpus)
        if (c.working() > (limit.cpu == nullptr ? models::Picos{} : limit.cpu->working()))
            limit.cpu = &c;
    if (limit.cpu != nullptr) {
        limit.part = name_of(*limit.cpu);
        limit.time = limit.cpu->working();
        if (!limit.cpu->legs.empty())
            limit.leg = &limit.cpu->legs.front();
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
