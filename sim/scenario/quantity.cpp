// Exact reading of numbers with units (quantity.h). Binary prefixes: IEC 80000-13.
#include "sim/scenario/quantity.h"

#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"

namespace sim {

namespace {

constexpr std::array time_units{
    Unit{"ps", 1},
    Unit{"ns", 1'000},
    Unit{"us", 1'000'000},
    Unit{"ms", 1'000'000'000},
    Unit{"s", 1'000'000'000'000},
};
constexpr std::array size_units{
    Unit{"B", 1},
    Unit{"KiB", std::uint64_t{1} << 10},
    Unit{"MiB", std::uint64_t{1} << 20},
    Unit{"GiB", std::uint64_t{1} << 30},
    Unit{"TiB", std::uint64_t{1} << 40},
};
constexpr std::array frequency_units{
    Unit{"Hz", 1},
    Unit{"kHz", 1'000},
    Unit{"MHz", 1'000'000},
    Unit{"GHz", 1'000'000'000},
};
constexpr std::array rate_units{
    Unit{"bps", 1},
    Unit{"kbps", 1'000},
    Unit{"Mbps", 1'000'000},
    Unit{"Gbps", 1'000'000'000},
};
constexpr std::array share_units{
    Unit{"%", 10'000'000},
    Unit{"ppm", 1'000},
    Unit{"ppb", 1},
};

/// What people write for a unit of ours.
struct Alias {
    std::string_view written;
    std::string_view meant;
};
constexpr std::array aliases{
    Alias{"sec", "s"},       Alias{"second", "s"},    Alias{"seconds", "s"},
    Alias{"msec", "ms"},     Alias{"millis", "ms"},   Alias{"usec", "us"},
    Alias{"micros", "us"},   Alias{"\u00b5s", "us"},  Alias{"\u03bcs", "us"},
    Alias{"nsec", "ns"},     Alias{"nanos", "ns"},    Alias{"byte", "B"},
    Alias{"bytes", "B"},     Alias{"k", "KiB"},       Alias{"kb", "KiB"},
    Alias{"kib", "KiB"},     Alias{"m", "MiB"},       Alias{"mb", "MiB"},
    Alias{"mib", "MiB"},     Alias{"g", "GiB"},       Alias{"gb", "GiB"},
    Alias{"gib", "GiB"},     Alias{"t", "TiB"},       Alias{"tb", "TiB"},
    Alias{"tib", "TiB"},     Alias{"k", "kHz"},       Alias{"m", "MHz"},
    Alias{"g", "GHz"},       Alias{"mhz", "MHz"},     Alias{"khz", "kHz"},
    Alias{"ghz", "GHz"},     Alias{"hz", "Hz"},       Alias{"k", "kbps"},
    Alias{"m", "Mbps"},      Alias{"g", "Gbps"},      Alias{"kbit/s", "kbps"},
    Alias{"mbit/s", "Mbps"}, Alias{"gbit/s", "Gbps"}, Alias{"bit/s", "bps"},
    Alias{"percent", "%"},
};

std::string lower(std::string_view s) {
    std::string out(s);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

/// The unit of `form` that `written` stands for, or empty.
std::string_view meant_unit(std::string_view written, const NumberForm& form) {
    const std::string folded = lower(written);
    for (const Unit& u : form.units)
        if (lower(u.name) == folded)
            return u.name;
    for (const Alias& a : aliases) {
        if (a.written != folded)
            continue;
        for (const Unit& u : form.units)
            if (u.name == a.meant)
                return u.name;
    }
    return {};
}

std::string unit_names(const NumberForm& form) {
    std::vector<std::string> names;
    for (const Unit& u : form.units)
        names.emplace_back(u.name);
    return list_words(names, "or");
}

ParsedNumber problem(std::string text) {
    return {{}, std::move(text)};
}

/// 0x... or 0b...
ParsedNumber parse_radix(std::string_view text, std::string_view digits, unsigned bits,
                         const NumberForm& form) {
    std::uint64_t v = 0;
    if (digits.empty())
        return problem(
            fmt::format("found {}, a prefix without digits; write {}", quote(text), form.example));
    for (const char c : digits) {
        unsigned d = 0;
        if (digit(c))
            d = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            d = static_cast<unsigned>(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            d = static_cast<unsigned>(c - 'A') + 10;
        else
            d = 16;
        if (d >= (1U << bits))
            return problem(fmt::format(
                "found {}, which has a character that is no {} digit; {} is written like {}",
                quote(text), bits == 4 ? "hexadecimal" : "binary", form.what, form.example));
        if ((v >> (64 - bits)) != 0)
            return problem(fmt::format("found {}, which does not fit 64 bits; write a smaller one",
                                       quote(text)));
        v = v << bits | d;
    }
    return {{v, false}, {}};
}

}  // namespace

ParsedNumber parse_number(std::string_view text, const NumberForm& form) {
    std::string_view s = text;
    bool negative = false;
    if (!s.empty() && (s.front() == '-' || s.front() == '+')) {
        negative = s.front() == '-';
        s.remove_prefix(1);
    }
    // "0B" alone is no bytes, where bytes are a unit.
    const bool no_bytes = s == "0B" && !form.units.empty();
    if (s.starts_with("0x") || s.starts_with("0X") || s.starts_with("0b") ||
        (s.starts_with("0B") && !no_bytes)) {
        if (!form.hexadecimal || negative)
            return problem(fmt::format("found {}, but {} is written in decimal, like {}",
                                       quote(text), form.what, form.example));
        return parse_radix(text, s.substr(2), s[1] == 'x' || s[1] == 'X' ? 4 : 1, form);
    }

    std::size_t whole_digits = 0;
    while (whole_digits < s.size() && digit(s[whole_digits]))
        ++whole_digits;
    const std::string_view whole = s.substr(0, whole_digits);
    s.remove_prefix(whole_digits);
    std::string_view fraction;
    if (!s.empty() && s.front() == '.') {
        std::size_t n = 1;
        while (n < s.size() && digit(s[n]))
            ++n;
        fraction = s.substr(1, n - 1);
        s.remove_prefix(n);
        if (fraction.empty())
            return problem(fmt::format("found {}: a digit must follow the point; write {}",
                                       quote(text), form.example));
    }
    if (!whole.empty() && s.size() > 1 && s.front() == ',' && digit(s[1]))
        return problem(fmt::format(
            "found {}: the decimal sign is a point, and thousands are not "
            "set apart; write {}.{}",
            quote(text), text.substr(0, text.size() - s.size()), printable(s.substr(1))));
    if (whole.empty())
        return problem(fmt::format("found {}, which is no number; {} is written like {}",
                                   quote(text), form.what, form.example));
    if (whole.size() > 1 && whole.front() == '0')
        return problem(
            fmt::format("found {}: a decimal number does not begin with 0; take it out, "
                        "or write 0x... for hexadecimal",
                        quote(text)));
    const std::string_view number = text.substr(0, text.size() - s.size());
    while (!s.empty() && s.front() == ' ')
        s.remove_prefix(1);

    std::uint64_t factor = form.scale;
    if (form.units.empty()) {
        if (!s.empty())
            return problem(fmt::format("found {}, but {} has no unit; write {} alone", quote(text),
                                       form.what, number));
    } else if (s.empty()) {
        std::string choices;
        for (std::size_t i = 0; i < form.units.size(); ++i)
            choices += fmt::format("{}{}{}",
                                   i == 0                       ? ""
                                   : i + 1 == form.units.size() ? " or "
                                                                : ", ",
                                   number, form.units[i].name);
        return problem(fmt::format("found {}, a number without a unit; {} needs {}; write {}{}",
                                   quote(text), form.what, unit_names(form), choices,
                                   form.hexadecimal ? " (hexadecimal needs none)" : ""));
    } else {
        factor = 0;
        for (const Unit& u : form.units)
            if (u.name == s)
                factor = u.factor;
        if (factor == 0) {
            const std::string_view meant = meant_unit(s, form);
            return problem(fmt::format("found {}, but {} is not a unit of {}; allowed are {}; {}",
                                       quote(text), quote(s), form.what, unit_names(form),
                                       meant.empty() ? fmt::format("write {}", form.example)
                                                     : fmt::format("write {}{}", number, meant)));
        }
    }

    const auto too_large = [&] {
        return problem(fmt::format(
            "found {}, which is too large to be counted; write a smaller one", quote(text)));
    };
    std::uint64_t value = 0;
    for (const char c : whole)
        if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
            __builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value))
            return too_large();
    if (__builtin_mul_overflow(value, factor, &value))
        return too_large();
    // Zeros at the end of the fraction are worth nothing.
    while (!fraction.empty() && fraction.back() == '0')
        fraction.remove_suffix(1);
    std::uint64_t digits_value = 0;
    std::uint64_t digits_scale = 1;
    for (const char c : fraction) {
        if (__builtin_mul_overflow(digits_value, std::uint64_t{10}, &digits_value) ||
            __builtin_add_overflow(digits_value, static_cast<std::uint64_t>(c - '0'),
                                   &digits_value) ||
            __builtin_mul_overflow(digits_scale, std::uint64_t{10}, &digits_scale))
            return problem(
                fmt::format("found {}, which has too many digits; write fewer", quote(text)));
    }
    if (digits_scale > 1) {
        // factor * digits_value / digits_scale, exactly or not at all. The scale is a power of ten:
        // cancel its twos and fives, and what is left of it says whether the division comes out.
        std::uint64_t f = factor;
        std::uint64_t scale = digits_scale;
        for (const std::uint64_t prime : {std::uint64_t{2}, std::uint64_t{5}}) {
            while (scale % prime == 0 && f % prime == 0) {
                scale /= prime;
                f /= prime;
            }
            while (scale % prime == 0 && digits_value % prime == 0) {
                scale /= prime;
                digits_value /= prime;
            }
        }
        if (scale != 1)
            return problem(fmt::format(
                "found {}, which is finer than can be counted; {}", quote(text),
                form.units.empty()
                    ? (form.scale == 1 ? "write a whole number"
                                       : "write at most three digits after the point")
                    : fmt::format("write a whole number of {}", form.units.front().name)));
        std::uint64_t part = 0;
        if (__builtin_mul_overflow(f, digits_value, &part) ||
            __builtin_add_overflow(value, part, &value))
            return too_large();
    }
    return {{value, negative && value != 0}, {}};
}

int compare(const Number& a, const Number& b) {
    if (a.negative != b.negative)
        return a.negative ? -1 : 1;
    if (a.magnitude == b.magnitude)
        return 0;
    return (a.magnitude < b.magnitude) != a.negative ? -1 : 1;
}

const NumberForm& integer_form() {
    static constexpr NumberForm form{{}, 1, true, "a whole number", "16"};
    return form;
}

const NumberForm& milli_form() {
    static constexpr NumberForm form{{}, 1000, false, "a decimal number", "1.4"};
    return form;
}

const NumberForm& size_form() {
    static constexpr NumberForm form{size_units, 1, true, "a size in bytes", "16MiB or 0x200"};
    return form;
}

const NumberForm& time_form() {
    static constexpr NumberForm form{time_units, 1, false, "a time", "5ms"};
    return form;
}

const NumberForm& frequency_form() {
    static constexpr NumberForm form{frequency_units, 1, false, "a frequency", "1.2GHz"};
    return form;
}

const NumberForm& rate_form() {
    static constexpr NumberForm form{rate_units, 1, false, "a rate", "1Gbps"};
    return form;
}

const NumberForm& share_form() {
    static constexpr NumberForm form{share_units, 1, false, "a share", "0.1%"};
    return form;
}

const NumberForm& address_form() {
    static constexpr NumberForm form{{}, 1, true, "an address", "0x80000000"};
    return form;
}

const NumberForm& interrupt_form() {
    static constexpr NumberForm form{{}, 1, true, "an interrupt id", "79"};
    return form;
}

const NumberForm& mask_form() {
    static constexpr NumberForm form{{}, 1, true, "a mask", "0x3"};
    return form;
}

}  // namespace sim
