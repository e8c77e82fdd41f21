// Includes, preset and overrides (compose.h). Order, later over earlier: the preset, the included
// files in their order, the file itself, --set from left to right.
#include "sim/scenario/compose.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/presets.h"
#include "sim/scenario/schema.h"
#include "sim/scenario/spelling.h"

namespace sim {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t include_depth = 16;
constexpr std::size_t include_files = 64;

/// `platform: zcu104` means `platform: {preset: zcu104}`.
void spell_out_platform(Node& root) {
    Node* platform = root.kind == Node::Kind::map ? root.find("platform") : nullptr;
    if (platform == nullptr || platform->kind != Node::Kind::scalar)
        return;
    Node name = std::move(*platform);
    *platform = {};
    platform->kind = Node::Kind::map;
    platform->origin = name.origin;
    const Origin at = name.origin;
    platform->entry("preset", at) = std::move(name);
}

class Includer {
  public:
    Includer(std::vector<std::string>& files, Diagnostics& out) : read_(files), out_(out) {}

    NodeBudget& budget() { return budget_; }

    std::optional<Node> load(const std::string& path, const std::optional<Place>& asked_at) {
        std::error_code ignored;
        fs::path canonical = fs::weakly_canonical(path, ignored);
        if (canonical.empty())
            canonical = path;
        if (std::find(open_.begin(), open_.end(), canonical) != open_.end()) {
            out_.add(*asked_at, fmt::format("{}: this file is already being read: it includes "
                                            "itself, by way of {}; take one of the includes out",
                                            path, names_from(canonical)));
            return std::nullopt;
        }
        if (open_.size() >= include_depth || ++files_ > include_files) {
            out_.add(*asked_at, fmt::format("{}: too many includes; at most {} files, {} deep",
                                            path, include_files, include_depth));
            return std::nullopt;
        }
        read_.push_back(path);
        const std::optional<std::string> text = read_text(path, asked_at, out_);
        if (!text)
            return std::nullopt;
        std::optional<Node> root =
            parse_yaml(*text, std::make_shared<const std::string>(path), budget_, out_);
        if (!root)
            return std::nullopt;
        if (root->kind != Node::Kind::map) {
            out_.add(root->origin.place(),
                     root->kind == Node::Kind::null
                         ? "the file is empty; a scenario needs at least name, platform and vms"
                         : "found a list or a text; a scenario is a map: lines of 'key: value'");
            return std::nullopt;
        }
        spell_out_platform(*root);

        open_.push_back(std::move(canonical));
        std::optional<Node> whole = with_includes(std::move(*root), path);
        open_.pop_back();
        return whole;
    }

  private:
    std::optional<Node> with_includes(Node own, const std::string& path) {
        const Node* include = own.find("include");
        if (include == nullptr)
            return own;
        std::vector<const Node*> names;
        if (include->kind == Node::Kind::sequence)
            for (const Node& item : include->items)
                names.push_back(&item);
        else
            names.push_back(include);

        Node base;
        base.kind = Node::Kind::map;
        base.origin = own.origin;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const Place place = names[i]->origin.place(
                include->kind == Node::Kind::sequence ? fmt::format("include.{}", i) : "include");
            if (names[i]->kind != Node::Kind::scalar || names[i]->scalar.empty()) {
                out_.add(place, "found no file name; write include: [file.yaml, ...]");
                return std::nullopt;
            }
            const fs::path file = fs::path(path).parent_path() / names[i]->scalar;
            std::optional<Node> part = load(file.lexically_normal().string(), place);
            if (!part)
                return std::nullopt;
            merge(base, std::move(*part));
        }
        own.erase("include");
        merge(base, std::move(own));
        return base;
    }

    std::string names_from(const fs::path& first) const {
        std::vector<std::string> names;
        bool seen = false;
        for (const fs::path& p : open_) {
            seen = seen || p == first;
            if (seen)
                names.push_back(p.filename().string());
        }
        return list_words(names);
    }

    std::vector<std::string>& read_;  ///< the names of all files asked for
    Diagnostics& out_;
    NodeBudget budget_;
    std::vector<fs::path> open_;  ///< the chain of includes, canonical
    std::size_t files_ = 0;
};

/// Puts the platform's settings on those of the preset that it names.
void apply_preset(Node& root, NodeBudget& budget, Diagnostics& out) {
    Node* platform = root.find("platform");
    const Node* name = platform != nullptr && platform->kind == Node::Kind::map
                           ? platform->find("preset")
                           : nullptr;
    if (name == nullptr)
        return;
    std::vector<std::string> known;
    for (const Preset& p : presets())
        known.emplace_back(p.name);
    auto preset = std::find_if(presets().begin(), presets().end(), [&](const Preset& p) {
        return name->kind == Node::Kind::scalar && p.name == name->scalar;
    });
    if (preset == presets().end()) {
        out.add(name->origin.place("platform.preset"),
                name->kind == Node::Kind::scalar
                    ? fmt::format("there is no preset {}; {}", quote(name->scalar),
                                  suggest(name->scalar, known))
                    : "found no name; write one of " + list_words(known));
        // Any platform will do for the rest of the file to be checked too.
        preset = presets().begin();
        platform->keys.clear();
        platform->items.clear();
    }
    const auto file = std::make_shared<const std::string>(fmt::format("preset {}", preset->name));
    std::optional<Node> base = parse_yaml(preset->text, file, budget, out);
    if (!base || base->kind != Node::Kind::map)
        return;
    base->origin = platform->origin;
    merge(*base, std::move(*platform));
    *platform = std::move(*base);
}

/// One --set KEY=VALUE.
struct Override {
    std::string label;  ///< "--set key=value", as messages call it
    std::string key;
    std::vector<std::string> path;  ///< the key's parts
    Node value;
};

void set_origin(Node& n, const Origin& origin) {
    n.origin = origin;
    for (Node::Key& k : n.keys)
        k.origin = origin;
    for (Node& item : n.items)
        set_origin(item, origin);
}

/// Splits at dots. Under a key of the schema whose names have dots themselves, the rest is one
/// name.
std::vector<std::string> split_key(const std::string& key) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (true) {
        const bool rest_is_one =
            parts.size() == 2 && parts[0] == "timing" && parts[1] == "operations";
        const std::size_t dot = rest_is_one ? std::string::npos : key.find('.', begin);
        parts.push_back(key.substr(begin, dot - begin));
        if (dot == std::string::npos)
            return parts;
        begin = dot + 1;
    }
}

std::optional<Override> parse_override(const std::string& argument, NodeBudget& budget,
                                       Diagnostics& out) {
    constexpr std::size_t longest_label = 80;
    Override o;
    o.label = "--set " + (argument.size() <= longest_label
                              ? argument
                              : argument.substr(0, argument.find('=')) + "=...");
    const Origin origin{std::make_shared<const std::string>(o.label), 0, 0};
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
        out.add(origin.place(),
                "found no KEY=VALUE; write --set vms.linux0.start=5ms, for example");
        return std::nullopt;
    }
    o.key = argument.substr(0, equals);
    o.path = split_key(o.key);
    if (std::any_of(o.path.begin(), o.path.end(), [](const auto& p) { return p.empty(); })) {
        out.add(origin.place(),
                "the key has an empty part; write words with one dot between them, "
                "such as vms.linux0.start");
        return std::nullopt;
    }
    if (o.path.front() == "include") {
        out.add(origin.place(o.key),
                "files are included by files; write a small scenario that "
                "includes both and run that");
        return std::nullopt;
    }
    Diagnostics problems;
    std::optional<Node> value =
        parse_yaml(argument.substr(equals + 1), origin.file, budget, problems);
    for (Diagnostic& d : problems.take())
        out.add(origin.place(d.place.key.empty() ? o.key : o.key + "." + d.place.key), d.message);
    if (!value)
        return std::nullopt;
    set_origin(*value, origin);
    o.value = std::move(*value);
    return o;
}

/// The names that a map may hold: those of the schema, or, where the scenario chooses them, those
/// that it has.
std::vector<std::string> names_in(const Node& map, const KeySpec* spec) {
    if (spec != nullptr && spec->kind == KeyKind::map)
        return spec->key_names();
    std::vector<std::string> names;
    for (const Node::Key& k : map.keys)
        names.push_back(k.text);
    return names;
}

/// Whether an entry of that form can begin as a single key of it.
bool grows(const KeySpec* entry) {
    return entry != nullptr && std::none_of(entry->keys.begin(), entry->keys.end(),
                                            [](const KeySpec& k) { return k.required; });
}

/// `vms.VM.devices.NAME`, as metrics call a device, stands for its driver or its back-end.
void spell_out_device(const Node& root, std::vector<std::string>& path) {
    if (path.size() < 4 || path[0] != "vms" || path[2] != "devices")
        return;
    const auto in = [](const Node* n, const std::string& key) {
        return n != nullptr && n->kind == Node::Kind::map ? n->find(key) : nullptr;
    };
    const Node* software = in(in(in(&root, "vms"), path[1]), "software");
    for (const char* part : {"drivers", "backends"})
        if (in(in(software, part), path[3]) != nullptr) {
            path[2] = part;
            path.insert(path.begin() + 2, "software");
            return;
        }
}

void apply_override(Node& root, Override o, Diagnostics& out) {
    const Origin origin = o.value.origin;
    spell_out_device(root, o.path);
    Node* at = &root;
    const KeySpec* spec = &schema();
    std::string so_far;
    for (std::size_t i = 0; i < o.path.size(); ++i) {
        const std::string& part = o.path[i];
        const bool last = i + 1 == o.path.size();
        const std::string here = so_far.empty() ? "the scenario" : so_far;
        if (at->kind == Node::Kind::null) {
            // A key without a value yet, or one that the schema knows and the file does not give.
            const bool is_list = spec != nullptr && spec->kind == KeyKind::list;
            at->kind = is_list ? Node::Kind::sequence : Node::Kind::map;
        }
        if (at->kind == Node::Kind::scalar) {
            out.add(origin.place(o.key),
                    fmt::format("{} is a single value ({}) and has no {} in it; set {} itself",
                                here, quote(at->scalar), quote(part), here));
            return;
        }
        const KeySpec* element = spec == nullptr || spec->keys.empty() ? nullptr : &spec->keys[0];
        if (at->kind == Node::Kind::sequence) {
            std::size_t index = 0;
            const auto [end, error] =
                std::from_chars(part.data(), part.data() + part.size(), index);
            const std::size_t count = at->items.size();
            if (error != std::errc() || end != part.data() + part.size() || index > count) {
                out.add(origin.place(o.key),
                        fmt::format("{} is a list of {} and {} is no place in it; write a number "
                                    "from 0 on, {} to add one at the end",
                                    here, count, quote(part), count));
                return;
            }
            if (index == count)
                at->items.emplace_back().origin = origin;
            at = &at->items[index];
            spec = spec != nullptr && spec->kind == KeyKind::list ? element : nullptr;
        } else {
            const KeySpec* next = nullptr;
            const bool open_names = spec != nullptr && spec->kind == KeyKind::named;
            if (open_names)
                next = element;
            else if (spec != nullptr && spec->kind == KeyKind::map)
                next = spec->find(part);
            const bool exists = at->find(part) != nullptr;
            if (!exists && (next == nullptr || (open_names && !last && !grows(next)))) {
                const std::vector<std::string> known = names_in(*at, spec);
                std::string advice =
                    open_names && known.empty() ? "it has none yet" : suggest(part, known);
                if (open_names)
                    advice += fmt::format("; to add one, write it whole: --set {}.{}='{{...}}'",
                                          so_far, part);
                out.add(origin.place(o.key),
                        fmt::format("there is no {} in {}; {}", quote(part), here, advice));
                return;
            }
            Node* const map = at;
            at = &map->entry(part, origin);
            if (last)
                map->keys[static_cast<std::size_t>(at - map->items.data())].origin = origin;
            spec = next;
        }
        so_far += (so_far.empty() ? "" : ".") + part;
    }
    *at = std::move(o.value);
}

bool names_platform(const Override& o) {
    return o.key == "platform" || o.key == "platform.preset";
}

}  // namespace

void merge(Node& base, Node over) {
    if (base.kind != Node::Kind::map || over.kind != Node::Kind::map) {
        base = std::move(over);
        return;
    }
    base.origin = over.origin;
    std::map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < base.keys.size(); ++i)
        index.emplace(base.keys[i].text, i);
    for (std::size_t i = 0; i < over.keys.size(); ++i) {
        Node::Key& key = over.keys[i];
        const auto found = index.find(key.text);
        if (found != index.end()) {
            base.keys[found->second].origin = key.origin;
            merge(base.items[found->second], std::move(over.items[i]));
        } else {
            base.keys.push_back(std::move(key));
            base.items.push_back(std::move(over.items[i]));
        }
    }
}

std::optional<Node> compose(const std::string& path, std::span<const std::string> overrides,
                            std::vector<std::string>& files, Diagnostics& out) {
    Includer includer(files, out);
    std::optional<Node> root = includer.load(path, std::nullopt);
    if (!root)
        return std::nullopt;
    std::vector<Override> parsed;
    for (const std::string& argument : overrides)
        if (std::optional<Override> o = parse_override(argument, includer.budget(), out))
            parsed.push_back(std::move(*o));

    // Which preset comes first, so that the others find what it brings.
    for (Override& o : parsed)
        if (names_platform(o))
            apply_override(*root, o, out);
    spell_out_platform(*root);
    apply_preset(*root, includer.budget(), out);
    for (Override& o : parsed)
        if (!names_platform(o))
            apply_override(*root, std::move(o), out);
    return root;
}

}  // namespace sim
