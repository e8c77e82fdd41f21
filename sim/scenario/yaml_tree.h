// A YAML text as a tree of nodes, each with the place it came from. Bounded in size, depth and
// number of nodes, so that no file, however made, costs more than a moment; its faults are told in
// our words. Format: YAML 1.2, https://yaml.org/spec/1.2.2/, without tags and merge keys.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/diagnostic.h"

namespace sim {

/// Where a node stands. `file` is what messages call the text.
struct Origin {
    std::shared_ptr<const std::string> file;
    int line = 0;
    int column = 0;

    Place place(std::string key = {}) const {
        return {file ? *file : std::string(), line, column, std::move(key)};
    }
};

struct Node {
    enum class Kind { null, scalar, sequence, map };

    struct Key {
        std::string text;
        Origin origin;
    };

    Kind kind = Kind::null;
    Origin origin;
    std::string scalar;       ///< scalar
    std::vector<Key> keys;    ///< map: keys[i] belongs to items[i]; no key twice
    std::vector<Node> items;  ///< sequence, map

    Node* find(std::string_view key);
    const Node* find(std::string_view key) const;
    /// A map's entry, added at the end when there is none.
    Node& entry(const std::string& key, const Origin& origin);
    void erase(std::string_view key);
};

/// What one scenario with all its includes may cost.
struct YamlLimits {
    static constexpr std::size_t file_bytes = std::size_t{1} << 20;
    static constexpr int depth = 64;
    static constexpr std::size_t nodes = 50'000;
};

/// The nodes that a scenario may still use up: shared by all its files and repeated by its aliases.
struct NodeBudget {
    std::size_t left = YamlLimits::nodes;
};

/// Parses one document. Nothing when it cannot be used; `out` then says why.
std::optional<Node> parse_yaml(std::string_view text,
                               const std::shared_ptr<const std::string>& name, NodeBudget& budget,
                               Diagnostics& out);

/// Reads a file whole. Nothing when it cannot be read or is not text; `out` then says why, at
/// `asked_at` (the include that names it) or, without one, at the file.
std::optional<std::string> read_text(const std::string& path, const std::optional<Place>& asked_at,
                                     Diagnostics& out);

}  // namespace sim
