// Rows and metrics; nanoseconds in metrics are whole, rounded up, so that a bound that holds here
// holds for the exact value.
#include "sim/report/collect.h"

#include <cctype>

namespace sim {

std::int64_t whole_nanoseconds(models::Picos t) {
    return static_cast<std::int64_t>(t.value / 1000 + (t.value % 1000 != 0 ? 1 : 0));
}

std::string metric_key(std::string_view name) {
    std::string key;
    bool gap = false;
    for (const char c : name) {
        const auto u = static_cast<unsigned char>(c);
        if (std::isalnum(u) == 0) {
            gap = !key.empty();
            continue;
        }
        if (gap)
            key += '_';
        gap = false;
        key += static_cast<char>(std::tolower(u));
    }
    return key;
}

void add_leg(Results& results, Statistics& statistics, const LegIdentity& info) {
    const LegSummary s = statistics.summary(info.leg);
    const std::string prefix =
        "legs." + (info.key.empty() ? metric_key(info.name) : info.key) + ".";
    results.metrics[prefix + "count"] = static_cast<std::int64_t>(s.count);
    results.metrics[prefix + "instructions"] = static_cast<std::int64_t>(s.instructions);
    results.metrics[prefix + "mmio"] = static_cast<std::int64_t>(s.mmio);
    results.metrics[prefix + "p50_ns"] = whole_nanoseconds(s.p50);
    results.metrics[prefix + "p99_ns"] = whole_nanoseconds(s.p99);
    results.metrics[prefix + "max_ns"] = whole_nanoseconds(s.max);
    results.metrics[prefix + "total_ns"] = whole_nanoseconds(s.total);
    if (s.count == 0)
        return;
    results.legs.push_back({.name = info.name,
                            .exception_level = info.exception_level,
                            .provenance = info.provenance,
                            .count = s.count,
                            .instructions = s.instructions,
                            .mmio = s.mmio,
                            .p50 = s.p50,
                            .p99 = s.p99,
                            .max = s.max});
}

void add_observations(Results& results, const Observations& observations) {
    results.observations = observations.list();
    results.metrics["observations.total"] = static_cast<std::int64_t>(observations.total());
    for (const Rule& r : rules())
        results.metrics["observations." + std::string(r.id)] = 0;
    for (const auto& [rule, count] : observations.by_rule())
        results.metrics["observations." + rule] = static_cast<std::int64_t>(count);
}

}  // namespace sim
