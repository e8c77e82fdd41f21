// Numbers with units, read exactly: "1.2GHz" is 1'200'000'000 Hz, "0.5ms" is 500'000'000 ps. No
// floating point takes part; what does not fit its base unit exactly is an error.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sim {

/// A unit as written and its worth in base units.
struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

/// How a kind of number is written.
struct NumberForm {
    std::span<const Unit> units;  ///< empty: written without a unit
    std::uint64_t scale = 1;      ///< without units: base units a whole (milli: 1000)
    bool hexadecimal = false;     ///< 0x... and 0b... are allowed, in base units, without a unit
    std::string_view what;        ///< "a time", "a size in bytes"
    std::string_view example;     ///< "5ms"
};

struct Number {
    std::uint64_t magnitude = 0;
    bool negative = false;
};

struct ParsedNumber {
    Number value;
    std::string problem;  ///< empty when it was understood; else what is wrong and what to do
};

ParsedNumber parse_number(std::string_view text, const NumberForm& form);

/// -1, 0 or 1
int compare(const Number& a, const Number& b);

const NumberForm& integer_form();
const NumberForm& milli_form();      ///< thousandths
const NumberForm& size_form();       ///< bytes
const NumberForm& time_form();       ///< picoseconds
const NumberForm& frequency_form();  ///< hertz
const NumberForm& rate_form();       ///< bits a second
const NumberForm& share_form();      ///< parts per billion
const NumberForm& address_form();
const NumberForm& interrupt_form();
const NumberForm& mask_form();

}  // namespace sim
