// From nanoseconds to ticks of the system counter (CNTFRQ_EL0), in integers.
#pragma once

#include <cstdint>

namespace vms::workload {

inline constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

/// The first tick at which `ns` have passed since tick 0. Exact for any frequency below 4 GHz.
constexpr std::uint64_t ticks_at(std::uint64_t ns, std::uint32_t hz) {
    const std::uint64_t seconds = ns / nanoseconds_per_second;
    const std::uint64_t rest = ns % nanoseconds_per_second;
    return seconds * hz + (rest * hz + nanoseconds_per_second - 1) / nanoseconds_per_second;
}

/// A time in which at least `ticks` ticks pass.
constexpr std::uint64_t nanoseconds_of(std::uint64_t ticks, std::uint32_t hz) {
    const std::uint64_t seconds = ticks / hz;
    const std::uint64_t rest = ticks % hz;
    return seconds * nanoseconds_per_second + (rest * nanoseconds_per_second + hz - 1) / hz;
}

}  // namespace vms::workload
