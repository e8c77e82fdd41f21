// The rare part of the statistics of legs; the frequent one is inline.
#include "sim/observe/statistics.h"

#include <new>
#include <type_traits>

namespace sim {

Statistics::Leg* Statistics::first_record(std::uint16_t leg) {
    static_assert(std::is_trivially_destructible_v<Leg>, "nobody destroys it");
    static_assert(alignof(Leg) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    if (storage_ == nullptr)
        storage_ = std::make_unique_for_overwrite<std::byte[]>(max_legs * sizeof(Leg));
    legs_[leg] = new (storage_.get() + leg * sizeof(Leg)) Leg();
    return legs_[leg];
}

void Statistics::settle(std::uint16_t leg, Last& last) {
    if (last.times == 0)
        return;
    Leg* s = legs_[leg];
    if (s == nullptr)
        s = first_record(leg);
    s->duration.record(last.duration, last.times);
    s->instructions.record(last.instructions, last.times);
    s->mmio.record(last.mmio, last.times);
    last.times = 0;
}

LegSummary Statistics::summary(std::uint16_t leg) {
    if (leg >= max_legs)
        return {};
    for (Last& last : last_[leg])
        settle(leg, last);
    if (legs_[leg] == nullptr)
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
