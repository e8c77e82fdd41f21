// The one description of every key of a scenario: how its value is written, its default, its range,
// what it means and, for a figure of timing, where it comes from. The check of a file (check.h),
// the defaults and the reference (reference.h) are all read from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/quantity.h"

namespace sim {

enum class KeyKind {
    text,       ///< any text
    word,       ///< a name of the scenario's own: letters, digits, _ and -
    path,       ///< a file to read, relative to the file that names it
    boolean,    ///< true or false
    integer,    ///< a whole number
    decimal,    ///< up to three digits after the point; kept in thousandths
    size,       ///< bytes
    time,       ///< picoseconds
    frequency,  ///< hertz
    rate,       ///< bits a second
    share,      ///< parts per billion
    address,    ///< guest-physical or physical, by the key
    interrupt,  ///< a GIC interrupt id
    mask,       ///< a bit for each CPU
    mac,        ///< a MAC address
    ipv4,       ///< an IPv4 address
    ipv6,       ///< an IPv6 address
    ip,         ///< either of the two
    choice,     ///< one of some words
    map,        ///< keys as described
    named,      ///< a map from names that the scenario chooses to elements
    list,       ///< a list of elements
};

/// Where a figure comes from: measured (a count that was taken), derived (follows from measured
/// ones by a stated rule), estimate (a plausible value within a plausible range).
enum class Provenance { none, measured, derived, estimate };

struct KeySpec {
    std::string name;  ///< empty for the element of a list or of named entries
    KeyKind kind = KeyKind::text;
    std::string help{};
    bool required = false;
    std::string fallback{};  ///< the default, as one would write it; empty: none
    std::string min{};       ///< the range, as one would write it
    std::string max{};
    std::vector<std::string> choices{};
    Provenance provenance = Provenance::none;
    std::string source{};         ///< of a figure: what it rests on, and the plausible range
    std::vector<KeySpec> keys{};  ///< map: its keys; named, list: one, the element

    const KeySpec* find(std::string_view key) const;
    std::vector<std::string> key_names() const;
};

/// The whole scenario: a map.
const KeySpec& schema();

/// How numbers of a kind are written; only for the kinds that are numbers.
const NumberForm& number_form(KeyKind kind);
bool is_number(KeyKind kind);
std::string_view kind_name(KeyKind kind);

}  // namespace sim
