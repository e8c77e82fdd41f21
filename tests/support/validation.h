// How a test names what it is evidence for: a measured row, a statement of a source, or an
// observation. The names go into the test's properties, from which tests/docs/validation.py makes
// docs/validation.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace validation {

/// This test shows that a row of the measured table (models/bao/data/bao-path-costs.csv), by its
/// name there, comes out as `simulated` instructions.
inline void row(std::string_view gic, std::string_view leg, std::uint64_t simulated) {
    static unsigned number = 0;
    ::testing::Test::RecordProperty(fmt::format("row_{}", number++),
                                    fmt::format("{}|{}|{}", gic, leg, simulated));
}

/// This test shows a behaviour: of which source and chapter, and what.
inline void behaviour(std::string_view chapter, std::string_view statement) {
    static unsigned number = 0;
    ::testing::Test::RecordProperty(fmt::format("behaviour_{}", number++),
                                    fmt::format("{}|{}", chapter, statement));
}

/// This test makes something be observed: the rule, as in the catalogue (sim/observe).
inline void observation(std::string_view rule) {
    static unsigned number = 0;
    ::testing::Test::RecordProperty(fmt::format("observation_{}", number++), std::string(rule));
}

}  // namespace validation
