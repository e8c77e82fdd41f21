// Statistics of the legs of trapped accesses: how often each was executed, how long it took, how
// many instructions and device accesses it had. Recording is on the hot path of every trap: a few
// increments, no allocation but at the first record of a leg.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/base/time.h"
#include "sim/observe/histogram.h"
#include "sim/observe/sink.h"

namespace sim {

/// The figures of one leg. Quantiles of the duration as histogram.h defines them.
struct LegSummary {
    std::uint64_t count = 0;
    std::uint64_t instructions = 0;  ///< median, device accesses included
    std::uint64_t mmio = 0;          ///< median of the device accesses among them
    models::Picos p50{};
    models::Picos p99{};
    models::Picos max{};
    models::Picos total{};
};

class Statistics final : public Sink {
  public:
    static constexpr std::size_t max_legs = 128;

    void leg(const models::LegRecord& r) override {
        if (r.leg >= max_legs) [[unlikely]] {
            ++out_of_range_;
            return;
        }
        // An undisturbed leg is the same again and again: equal records are counted in one place
        // and reach the histograms when another comes. Cycles are no whole number of picoseconds,
        // so its duration comes in neighbouring values, each of which has a place.
        const std::uint64_t duration = r.end > r.begin ? (r.end - r.begin).value : 0;
        if (r.cpu.value >= spent_.size()) [[unlikely]]
            spent_.resize(r.cpu.value + std::size_t{1});
        spent_[r.cpu.value][r.leg] += duration;
        Last& last = last_[r.leg][duration % neighbours];
        if (duration == last.duration && r.instructions == last.instructions && r.mmio == last.mmio)
            [[likely]] {
            ++last.times;
            return;
        }
        settle(r.leg, last);
        last = {duration, r.instructions, r.mmio, 1};
    }

    /// All zero for a leg that was never executed.
    LegSummary summary(std::uint16_t leg);

    /// What a CPU has spent in a leg.
    models::Picos spent(models::CpuId cpu, std::uint16_t leg) const {
        if (cpu.value >= spent_.size() || leg >= max_legs)
            return {};
        return {spent_[cpu.value][leg]};
    }

    /// Records whose leg number has no place here: a fault of the caller, not of the run.
    std::uint64_t out_of_range() const { return out_of_range_; }

  private:
    /// The longest path in the measured table has 8405 instructions.
    static constexpr std::size_t exact_instructions = 16'384;
    static constexpr std::size_t exact_mmio = 1024;

    struct Leg {
        Histogram duration;  ///< picoseconds
        ExactCounts<exact_instructions> instructions;
        ExactCounts<exact_mmio> mmio;
    };

    /// The latest record of a leg, and how often it has come in a row.
    struct Last {
        std::uint64_t duration = 0;
        std::uint32_t instructions = 0;
        std::uint32_t mmio = 0;
        std::uint64_t times = 0;
    };

    /// Moves what last_ has counted into the histograms.
    void settle(std::uint16_t leg, Last& last);
    Leg* first_record(std::uint16_t leg);

    static constexpr std::size_t neighbours = 4;
    std::array<std::array<Last, neighbours>, max_legs> last_{};
    std::vector<std::array<std::uint64_t, max_legs>> spent_;  ///< by CPU, picoseconds

    /// Legs stand side by side, so that the same field of each falls into another set of the host's
    /// cache; allocated one by one they would all be at the same offset within a page. Memory that
    /// no leg was recorded in is never touched.
    std::unique_ptr<std::byte[]> storage_;
    std::array<Leg*, max_legs> legs_{};
    std::uint64_t out_of_range_ = 0;
};

}  // namespace sim
