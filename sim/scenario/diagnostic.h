// What is wrong with a scenario, where it stands and how it is told: one line for each fault,
// "file:line:column: key.path: what was found; what is allowed; what to do".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/scenario/model.h"

namespace sim {

struct Diagnostic {
    Place place;
    std::string message;
};

std::string format(const Diagnostic& d);

/// "scenarios/x.yaml:12", or "--set key=value": a place named inside another place's message.
std::string format_short(const Place& p);

/// Faults in the order in which they were found, up to a number that a reader can take in.
class Diagnostics {
  public:
    static constexpr std::size_t limit = 20;

    void add(Place place, std::string message) {
        if (items_.size() < limit)
            items_.push_back({std::move(place), std::move(message)});
        else if (items_.size() == limit)
            items_.push_back({{std::move(place.file), 0, 0, {}},
                              "further errors are not shown; mend those above first"});
    }
    /// Whether more would be told: a search for further faults may end when not.
    bool full() const { return items_.size() > limit; }
    bool empty() const { return items_.empty(); }
    std::size_t size() const { return items_.size(); }
    std::vector<Diagnostic> take() { return std::move(items_); }

  private:
    std::vector<Diagnostic> items_;
};

}  // namespace sim
