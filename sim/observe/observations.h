// What a user should know about a run because a board would not have told: observations of the
// models, coalesced, and the catalogue that explains each rule and what to do about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "models/base/time.h"
#include "sim/observe/sink.h"

namespace sim {

/// A rule that observations refer to.
struct Rule {
    std::string_view id;        ///< "remio.completion-op-mismatch"
    std::string_view meaning;   ///< what happens, and what it does on a board
    std::string_view on_board;  ///< what to change or to watch for
};

/// The catalogue, in alphabetical order of the ids.
std::span<const Rule> rules();

/// nullptr for an id that the catalogue does not have.
const Rule* find_rule(std::string_view id);

/// Occurrences with the same rule, VM, CPU and text.
struct ObservationCount {
    models::Picos first{};
    models::CpuId cpu{};
    std::string rule;
    std::string vm;
    std::string what;
    std::uint64_t count = 0;
};

/// Counts observations in bounded memory: beyond `max_distinct` different ones, further new ones
/// are counted by their rule only.
class Observations final : public Sink {
  public:
    static constexpr std::size_t max_distinct = 256;

    void observation(models::Observation o) override;

    /// Ordered by first time, then CPU, then rule, VM and text.
    std::vector<ObservationCount> list() const;

    std::uint64_t total() const { return total_; }
    bool empty() const { return total_ == 0; }
    /// Occurrences of each rule that occurred.
    const std::map<std::string, std::uint64_t, std::less<>>& by_rule() const { return by_rule_; }

  private:
    struct Seen {
        models::Picos first{};
        models::CpuId cpu{};
        std::uint64_t count = 0;
    };
    using Key = std::tuple<std::string, std::string, std::uint8_t, std::string>;

    std::map<Key, Seen> seen_;  ///< rule, VM, CPU, text
    std::map<std::string, Seen, std::less<>> overflow_;
    std::map<std::string, std::uint64_t, std::less<>> by_rule_;
    std::uint64_t total_ = 0;
};

}  // namespace sim
