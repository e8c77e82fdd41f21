// Markdown from the schema (reference.h): a section for each map, a row for each key.
#include "sim/scenario/reference.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/presets.h"
#include "sim/scenario/schema.h"
#include "sim/scenario/spelling.h"

namespace sim {

namespace {

std::string_view provenance_name(Provenance p) {
    switch (p) {
        case Provenance::measured:
            return "measured";
        case Provenance::derived:
            return "derived";
        case Provenance::estimate:
            return "estimate";
        case Provenance::none:
            break;
    }
    return "";
}

const KeySpec& element(const KeySpec& k) {
    return k.keys.front();
}

bool is_collection(const KeySpec& k) {
    return k.kind == KeyKind::list || k.kind == KeyKind::named;
}

/// The map whose keys get a section of their own, or nullptr.
const KeySpec* section_of(const KeySpec& k) {
    if (k.kind == KeyKind::map)
        return &k;
    return is_collection(k) && element(k).kind == KeyKind::map ? &element(k) : nullptr;
}

std::string path_of(const KeySpec& k, const std::string& parent) {
    std::string path = parent.empty() ? k.name : parent + "." + k.name;
    if (k.kind == KeyKind::list)
        path += ".N";
    if (k.kind == KeyKind::named)
        path += ".NAME";
    return path;
}

std::string value_text(const KeySpec& k) {
    if (k.kind == KeyKind::choice) {
        std::vector<std::string> words;
        for (const std::string& c : k.choices)
            words.push_back("`" + c + "`");
        return list_words(words, "or");
    }
    if (!is_collection(k))
        return std::string(kind_name(k.kind));
    const std::string_view what = k.kind == KeyKind::list ? "list of" : "by name,";
    return fmt::format("{} {}", what,
                       element(k).kind == KeyKind::map ? "maps" : value_text(element(k)));
}

std::string range_text(const KeySpec& k) {
    const KeySpec& n = is_collection(k) ? element(k) : k;
    if (n.min.empty() && n.max.empty())
        return "";
    if (n.max.empty())
        return fmt::format("from {} on", n.min);
    return fmt::format("{} to {}", n.min, n.max);
}

void section(std::string& out, const KeySpec& map, const std::string& path,
             const std::string& help) {
    if (!path.empty())
        out += fmt::format("\n## {}\n\n{}\n", path, help);
    out += "\n| key | value | default | range | meaning |\n|---|---|---|---|---|\n";
    for (const KeySpec& k : map.keys) {
        std::string meaning = k.help;
        if (k.provenance != Provenance::none)
            meaning += fmt::format(" *{}*: {}.", provenance_name(k.provenance), k.source);
        const std::string fallback = k.required           ? "required"
                                     : k.fallback.empty() ? ""
                                                          : "`" + k.fallback + "`";
        out += fmt::format("| `{}` | {} | {} | {} | {} |\n", k.name, value_text(k), fallback,
                           range_text(k), meaning);
    }
    for (const KeySpec& k : map.keys)
        if (const KeySpec* inner = section_of(k))
            section(out, *inner, path_of(k, path), k.help);
}

}  // namespace

std::string reference_markdown() {
    std::string out =
        "# Scenario reference\n\n"
        "<!-- Generated from sim/scenario/schema: build the target update-scenario-reference. "
        "-->\n\n"
        "A scenario is a YAML file. Its words are those of Bao's configuration. In the sections "
        "below, `NAME` stands for a name that the scenario chooses and `N` for an index from 0; "
        "the "
        "same dotted paths are written on the command line, `--set vms.linux0.start=5ms`, where an "
        "index equal to the number of entries adds one. An entry with a name is added by one of "
        "its keys where none is required (`links.wire.from.gem3.loss=1%`), else as a whole "
        "(`--set 'hosts.probe={type: sink}'`). `vms.VM.devices.NAME.KEY`, as metrics "
        "have it, is a key of the device's driver or back-end.\n\n"
        "Values:\n\n"
        "| value | written as |\n|---|---|\n"
        "| time | a number and `ps`, `ns`, `us`, `ms` or `s`: `0.5ms` |\n"
        "| size | a number and `B`, `KiB`, `MiB`, `GiB` or `TiB`: `16MiB`; or hexadecimal bytes: "
        "`0x200` |\n"
        "| frequency | a number and `Hz`, `kHz`, `MHz` or `GHz`: `1.2GHz` |\n"
        "| rate | a number and `bps`, `kbps`, `Mbps` or `Gbps`: `1Gbps` |\n"
        "| share | a number and `%`, `ppm` or `ppb`: `0.1%` |\n"
        "| MAC address | six pairs of hexadecimal digits: `02:00:00:00:00:01` |\n"
        "| IPv4, IPv6 address | as usual: `10.0.0.1`, `fd00::1` |\n"
        "| address, CPU mask, whole number | decimal, `0x...` or `0b...` |\n"
        "| decimal number | at most three digits after the point: `1.4` |\n"
        "| interrupt id | as the GIC counts: 0-15 SGI, 16-31 PPI, 32 and up SPI; a device tree's "
        "SPI cell is the id minus 32 |\n"
        "| name | letters, digits, `_` and `-`, beginning with a letter |\n"
        "| file | relative to the file that names it; on the command line, to the current "
        "directory |\n\n"
        "Numbers are read exactly; what cannot be counted in picoseconds, bytes, hertz, "
        "bits a second, parts per billion or thousandths is an error. Figures of timing say what "
        "they rest on: *measured* (a count "
        "that was taken), *derived* (follows from measured ones by a stated rule) or *estimate* "
        "(a plausible value within a plausible range).\n\n"
        "Later settings replace earlier ones: the platform's preset, the included files in their "
        "order, the file itself, `--set` from left to right.\n\n"
        "Presets of platforms: ";
    std::vector<std::string> names;
    for (const Preset& p : presets())
        names.push_back(fmt::format("`{}`", p.name));
    out += list_words(names) + ".\n\n## The scenario\n";
    section(out, schema(), "", "");
    return out;
}

}  // namespace sim
