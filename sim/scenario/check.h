// A tree held against the schema: what remains has only known keys, values read into base units and
// within their ranges, and defaults where nothing was given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/diagnostic.h"
#include "sim/scenario/schema.h"
#include "sim/scenario/yaml_tree.h"

namespace sim {

/// A value of the scenario. Its kind is that of its KeySpec.
struct Value {
    bool present = false;  ///< given, or with a default
    bool given = false;    ///< in a file or on the command line
    Place place;
    std::string text;                ///< text, word, path, choice
    Number number{};                 ///< numbers; boolean: 0 or 1
    std::vector<std::string> names;  ///< map, named: names[i] belongs to items[i]
    std::vector<Value> items;        ///< map, named, list

    /// A map's value of a key that the schema has.
    const Value& operator[](std::string_view key) const;

    std::uint64_t u64() const { return number.magnitude; }
    std::int64_t i64() const;
    bool flag() const { return number.magnitude != 0; }
};

/// Everything that is wrong goes to `out`; the result is complete only when that stays empty.
Value check(const Node& root, const KeySpec& spec, Diagnostics& out);

}  // namespace sim
