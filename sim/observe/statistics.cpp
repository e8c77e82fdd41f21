// The rare part of the statistics of legs; the frequent one is inline.
#include "sim/observe/statistics.h"

namespace sim {

Statistics::Leg* Statistics::first_record(std::uint16_t leg) {
    legs_[leg] = std::make_unique<Leg>();
    return legs_[leg].get();
}

LegSummary Statistics::summary(std::uint16_t leg) const {
    if (leg >= max_legs || legs_[leg] == nullptr)
        return {};
    const Leg& s = *legs_[leg];
    return {.count = s.duration.count(),
            .instructions = s.instructions.median(),
            .mmio = s.mmio.median(),
            .p50 = {s.duration.quantile(Quantile::percent(50))},
            .p99 = {s.duration.quantile(Quantile::percent(99))},
            .max = {s.duration.max()},
            .total = {s.duration.sum()}};
}

}  // namespace sim
