// The walk over tree and schema (check.h).
#include "sim/scenario/check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"
#include "vms/workload/packets/addresses.h"

namespace sim {

namespace {

namespace packets = vms::workload::packets;

std::string join(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string range_text(const KeySpec& spec) {
    if (!spec.min.empty() && !spec.max.empty())
        return fmt::format("from {} to {}", spec.min, spec.max);
    return spec.min.empty() ? "up to " + spec.max : "from " + spec.min + " on";
}

/// How a value of this kind is written, for a user who wrote something else.
std::string how_to_write(const KeySpec& spec) {
    switch (spec.kind) {
        case KeyKind::map: {
            std::vector<std::string> names = spec.key_names();
            if (names.size() > 4) {
                names.resize(4);
                names.emplace_back("...");
            }
            return "a map of " + list_words(names, "or") +
                   "; write one 'key: value' a line, "
                   "indented";
        }
        case KeyKind::named:
            return "a map from names to their settings; write 'name: ...', one a line, indented";
        case KeyKind::list:
            return "a list; write [ ... ], or '- ...', one entry a line";
        case KeyKind::boolean:
            return "true or false; write one of the two";
        case KeyKind::choice:
            return "one of " + list_words(spec.choices, "or") + "; write that word";
        case KeyKind::text:
        case KeyKind::word:
        case KeyKind::path:
            return "a text; write one, in quotes if it has ':' or '#' in it";
        case KeyKind::integer:
        case KeyKind::decimal:
        case KeyKind::size:
        case KeyKind::time:
        case KeyKind::frequency:
        case KeyKind::rate:
        case KeyKind::share:
        case KeyKind::address:
        case KeyKind::interrupt:
        case KeyKind::mask:
            break;
        case KeyKind::mac:
            return "a MAC address; write one, such as 02:00:00:00:00:01";
        case KeyKind::ipv4:
            return "an IPv4 address; write one, such as 10.0.0.1";
        case KeyKind::ipv6:
            return "an IPv6 address; write one, such as fd00::1";
        case KeyKind::ip:
            return "an IPv4 or IPv6 address; write one, such as 10.0.0.1 or fd00::1";
    }
    const NumberForm& form = number_form(spec.kind);
    return fmt::format("{}; write one, such as {}", form.what, form.example);
}

class Checker {
  public:
    explicit Checker(Diagnostics& out) : out_(out) {}

    /// `at` is where a reader looks for the value as a whole: its key, or its '-'.
    Value value(const Node& n, const KeySpec& spec, const std::string& path, const Origin& at) {
        Value v;
        v.present = true;
        v.given = true;
        v.place = (n.kind == Node::Kind::scalar ? n.origin : at).place(path);
        switch (spec.kind) {
            case KeyKind::map:
                if (expect(n, Node::Kind::map, spec, v.place))
                    map(n, spec, path, v);
                break;
            case KeyKind::named:
                if (expect(n, Node::Kind::map, spec, v.place))
                    named(n, spec, path, v);
                break;
            case KeyKind::list:
                if (expect(n, Node::Kind::sequence, spec, v.place))
                    for (std::size_t i = 0; i < n.items.size(); ++i)
                        v.items.push_back(value(n.items[i], spec.keys.front(),
                                                join(path, std::to_string(i)), n.items[i].origin));
                break;
            default:
                if (expect(n, Node::Kind::scalar, spec, v.place))
                    scalar(n.scalar, spec, v);
                break;
        }
        return v;
    }

  private:
    bool expect(const Node& n, Node::Kind kind, const KeySpec& spec, const Place& place) {
        if (n.kind == kind)
            return true;
        std::string found;
        switch (n.kind) {
            case Node::Kind::null:
                found = "nothing";
                break;
            case Node::Kind::scalar:
                found = quote(n.scalar);
                break;
            case Node::Kind::sequence:
                found = "a list";
                break;
            case Node::Kind::map:
                found = "a map";
                break;
        }
        out_.add(place, fmt::format("found {}, but this is {}", found, how_to_write(spec)));
        return false;
    }

    void map(const Node& n, const KeySpec& spec, const std::string& path, Value& v) {
        for (const Node::Key& key : n.keys)
            if (spec.find(key.text) == nullptr)
                out_.add(key.origin.place(join(path, key.text)),
                         "unknown key; " + suggest(key.text, spec.key_names()));
        for (const KeySpec& k : spec.keys) {
            v.names.push_back(k.name);
            const auto key = std::find_if(n.keys.begin(), n.keys.end(),
                                          [&](const Node::Key& g) { return g.text == k.name; });
            if (key != n.keys.end()) {
                const Node& given = n.items[static_cast<std::size_t>(key - n.keys.begin())];
                v.items.push_back(value(given, k, join(path, k.name), key->origin));
                continue;
            }
            v.items.push_back(absent(k, v.place));
            if (k.required)
                out_.add(
                    v.items.back().place,
                    fmt::format("this key is required and missing; it is {}", how_to_write(k)));
        }
    }

    void named(const Node& n, const KeySpec& spec, const std::string& path, Value& v) {
        const KeySpec& element = spec.keys.front();
        // Names of numbers are operations and have dots; all others become parts of dotted paths.
        const bool dots = is_number(element.kind);
        for (std::size_t i = 0; i < n.keys.size(); ++i) {
            const Node::Key& key = n.keys[i];
            if (!is_word(key.text, dots))
                out_.add(key.origin.place(join(path, key.text)),
                         fmt::format("{} cannot be a name; a name has letters, digits, _ and -{} "
                                     "and begins with a letter",
                                     quote(key.text), dots ? ", and dots," : ""));
            v.names.push_back(key.text);
            v.items.push_back(value(n.items[i], element, join(path, key.text), key.origin));
        }
    }

    /// What stands for a key that is not given.
    Value absent(const KeySpec& spec, const Place& place) {
        Value v;
        v.place = place;
        v.place.key = join(place.key, spec.name);
        if (!spec.fallback.empty()) {
            v.present = true;
            scalar(spec.fallback, spec, v);
        } else if (spec.kind == KeyKind::map) {
            // A map with a required key is there or not; another stands for its defaults.
            v.present = std::none_of(spec.keys.begin(), spec.keys.end(),
                                     [](const KeySpec& k) { return k.required; });
            for (const KeySpec& k : spec.keys) {
                v.names.push_back(k.name);
                v.items.push_back(absent(k, v.place));
            }
        }
        return v;
    }

    void scalar(const std::string& s, const KeySpec& spec, Value& v) {
        v.text = s;
        if (is_number(spec.kind)) {
            number(s, spec, v);
            return;
        }
        switch (spec.kind) {
            case KeyKind::boolean:
                boolean(s, v);
                break;
            case KeyKind::choice:
                if (std::find(spec.choices.begin(), spec.choices.end(), s) == spec.choices.end())
                    out_.add(v.place,
                             fmt::format("found {}; {}", quote(s), suggest(s, spec.choices)));
                break;
            case KeyKind::word:
                if (!is_word(s, false))
                    out_.add(v.place,
                             fmt::format("found {}; a name has letters, digits, _ and - and begins "
                                         "with a letter; write one like console-echo",
                                         quote(s)));
                break;
            case KeyKind::mac:
                address(packets::MacAddress::parse(s).has_value(), spec, s, v.place);
                break;
            case KeyKind::ipv4:
                address(packets::Ipv4Address::parse(s).has_value(), spec, s, v.place);
                break;
            case KeyKind::ipv6:
                address(packets::Ipv6Address::parse(s).has_value(), spec, s, v.place);
                break;
            case KeyKind::ip:
                address(packets::parse_ip(s).has_value(), spec, s, v.place);
                break;
            case KeyKind::path:
                if (s.empty())
                    out_.add(v.place,
                             "found an empty text; write the name of a file, or leave the "
                             "key out");
                break;
            default:
                break;
        }
    }

    void address(bool understood, const KeySpec& spec, const std::string& s, const Place& place) {
        if (!understood)
            out_.add(place, fmt::format("found {}, but this is {}", quote(s), how_to_write(spec)));
    }

    void boolean(const std::string& s, Value& v) {
        if (s == "true" || s == "false") {
            v.number.magnitude = s == "true" ? 1 : 0;
            return;
        }
        static const std::array<std::string, 6> yes{"True", "TRUE", "yes", "Yes", "on", "1"};
        static const std::array<std::string, 6> no{"False", "FALSE", "no", "No", "off", "0"};
        std::string hint = "write true or false";
        if (std::find(yes.begin(), yes.end(), s) != yes.end())
            hint = "write true";
        if (std::find(no.begin(), no.end(), s) != no.end())
            hint = "write false";
        out_.add(v.place, fmt::format("found {}, but this is true or false; {}", quote(s), hint));
    }

    void number(const std::string& s, const KeySpec& spec, Value& v) {
        const NumberForm& form = number_form(spec.kind);
        ParsedNumber parsed = parse_number(s, form);
        if (!parsed.problem.empty()) {
            out_.add(v.place, parsed.problem);
            return;
        }
        v.number = parsed.value;
        const bool too_small =
            !spec.min.empty() && compare(v.number, parse_number(spec.min, form).value) < 0;
        const bool too_large =
            !spec.max.empty() && compare(v.number, parse_number(spec.max, form).value) > 0;
        if (too_small || too_large)
            out_.add(v.place,
                     fmt::format("found {}, which is out of range; allowed is {}; write a {} one",
                                 quote(s), range_text(spec), too_small ? "larger" : "smaller"));
    }

    static bool is_word(std::string_view s, bool dots) {
        const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
        return !s.empty() && letter(s.front()) && s.size() <= 64 &&
               std::all_of(s.begin(), s.end(), [&](char c) {
                   return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                          (dots && c == '.');
               });
    }

    Diagnostics& out_;
};

}  // namespace

const Value& Value::operator[](std::string_view key) const {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == key)
            return items[i];
    throw std::logic_error("a key that the schema does not have: " + std::string(key));
}

std::int64_t Value::i64() const {
    const auto v = static_cast<std::int64_t>(number.magnitude);
    return number.negative ? -v : v;
}

Value check(const Node& root, const KeySpec& spec, Diagnostics& out) {
    return Checker(out).value(root, spec, "", root.origin);
}

}  // namespace sim
