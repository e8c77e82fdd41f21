// Builds the tree from the parser's events (yaml-cpp 0.7: YAML::Parser, YAML::EventHandler).
#include "sim/scenario/yaml_tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <istream>
#include <map>
#include <streambuf>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "sim/scenario/spelling.h"

namespace sim {

Node* Node::find(std::string_view key) {
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (keys[i].text == key)
            return &items[i];
    return nullptr;
}

const Node* Node::find(std::string_view key) const {
    return const_cast<Node*>(this)->find(key);
}

Node& Node::entry(const std::string& key, const Origin& at) {
    if (Node* n = find(key))
        return *n;
    keys.push_back({key, at});
    items.emplace_back().origin = at;
    return items.back();
}

void Node::erase(std::string_view key) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i].text == key) {
            keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
            items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
            return;
        }
    }
}

namespace {

/// Ends the parse: thrown through the parser, caught in parse_yaml().
struct Refused {
    int line = 0;
    int column = 0;
    std::string message;
};

std::string too_deep() {
    return fmt::format("nested deeper than {} levels; a scenario needs about 8: take levels out",
                       YamlLimits::depth);
}

class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(std::shared_ptr<const std::string> file, NodeBudget& budget, Diagnostics& out)
        : file_(std::move(file)), budget_(budget), out_(out) {}

    std::optional<Node> take() { return std::move(root_); }

    /// Where the last text of the document begins.
    const YAML::Mark& last_scalar() const { return last_scalar_; }

    /// The line on which the innermost map or list that is still open begins.
    int open_line() const { return stack_.empty() ? 0 : stack_.back().node.origin.line; }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (started_)
            refuse(mark,
                   "the document is complete before this place ('---' would begin a second one); a "
                   "scenario is one document: take the rest out, or into a file of its own");
        started_ = true;
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (expects_key())
            refuse(mark, "a key is missing before ':'; write 'key: value'");
        finish(make(mark, Node::Kind::null), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (expects_key())
            refuse(mark, "an alias stands where a key belongs; write the key out");
        const auto it = anchors_.find(anchor);
        if (it == anchors_.end())
            refuse(mark, "this alias stands inside the very value that it names; write it out");
        const Anchored& a = it->second;
        if (stack_.size() + a.depth > YamlLimits::depth)
            refuse(mark, too_deep());
        spend(mark, a.nodes);
        attach(a.node);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        last_scalar_ = mark;
        if (expects_key()) {
            begin_entry(mark, value);
            return;
        }
        Node n = make(mark, Node::Kind::scalar);
        n.scalar = value;
        finish(std::move(n), anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, anchor, Node::Kind::sequence);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, anchor, Node::Kind::map);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Frame {
        Node node;
        YAML::anchor_t anchor = 0;
        bool in_entry = false;             ///< map: the key is known, the value comes next
        std::optional<Node::Key> pending;  ///< map: that key
        bool discard = false;              ///< map: that key stood here before
        std::map<std::string, int, std::less<>> lines;  ///< map: keys so far and where
    };
    struct Anchored {
        Node node;
        std::size_t nodes = 0;
        std::size_t depth = 0;
    };

    [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
        throw Refused{mark.line + 1, mark.column + 1, std::move(message)};
    }

    bool expects_key() const {
        return !stack_.empty() && stack_.back().node.kind == Node::Kind::map &&
               !stack_.back().in_entry;
    }

    static void check_tag(const YAML::Mark& mark, const std::string& tag) {
        // "?": plain, "!": quoted; neither was written by the user.
        if (!tag.empty() && tag != "?" && tag != "!")
            refuse(mark, "tags ('!...') have no meaning in a scenario; leave it out");
    }

    void spend(const YAML::Mark& mark, std::size_t nodes) {
        if (nodes > budget_.left)
            refuse(mark, fmt::format("more than {} values, aliases written out; a scenario is "
                                     "smaller: take out aliases of aliases",
                                     YamlLimits::nodes));
        budget_.left -= nodes;
    }

    Node make(const YAML::Mark& mark, Node::Kind kind) {
        spend(mark, 1);
        Node n;
        n.kind = kind;
        n.origin = {file_, mark.line + 1, mark.column + 1};
        return n;
    }

    void begin_entry(const YAML::Mark& mark, const std::string& key) {
        Frame& f = stack_.back();
        const Origin here{file_, mark.line + 1, mark.column + 1};
        if (key == "<<")
            refuse(mark,
                   "merge keys ('<<') are not understood; write the keys out, or put what is "
                   "shared into a file and name it under 'include'");
        const auto [first, added] = f.lines.emplace(key, here.line);
        f.discard = !added;
        if (f.discard)
            out_.add(here.place(path() + key),
                     fmt::format("this key is given twice, first on line {}; keep one of the two",
                                 first->second));
        f.in_entry = true;
        f.pending = Node::Key{key, here};
    }

    /// The dotted path of the innermost open map, with its final dot.
    std::string path() const {
        std::string out;
        for (const Frame& f : stack_) {
            if (f.node.kind == Node::Kind::sequence)
                out += fmt::format("{}.", f.node.items.size());
            else if (f.in_entry && f.pending)
                out += f.pending->text + ".";
        }
        return out;
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              Node::Kind kind) {
        check_tag(mark, tag);
        if (expects_key())
            refuse(mark,
                   "a list or a map stands where a key belongs, which is a plain word; is a '[' "
                   "or '{' not closed?");
        if (stack_.size() >= YamlLimits::depth)
            refuse(mark, too_deep());
        Frame f;
        f.node = make(mark, kind);
        f.anchor = anchor;
        stack_.push_back(std::move(f));
    }

    void close() {
        Frame f = std::move(stack_.back());
        stack_.pop_back();
        finish(std::move(f.node), f.anchor);
    }

    void finish(Node n, YAML::anchor_t anchor) {
        if (anchor != 0) {
            Anchored a;
            measure(n, 1, a);
            a.node = n;
            anchors_.insert_or_assign(anchor, std::move(a));
        }
        attach(std::move(n));
    }

    static void measure(const Node& n, std::size_t depth, Anchored& a) {
        ++a.nodes;
        a.depth = std::max(a.depth, depth);
        for (const Node& item : n.items)
            measure(item, depth + 1, a);
    }

    void attach(Node n) {
        if (stack_.empty()) {
            root_ = std::move(n);
            return;
        }
        Frame& f = stack_.back();
        if (f.node.kind == Node::Kind::map) {
            if (!f.discard) {
                f.node.keys.push_back(std::move(*f.pending));
                f.node.items.push_back(std::move(n));
            }
            f.in_entry = false;
            f.pending.reset();
        } else {
            f.node.items.push_back(std::move(n));
        }
    }

    std::shared_ptr<const std::string> file_;
    NodeBudget& budget_;
    Diagnostics& out_;
    bool started_ = false;
    YAML::Mark last_scalar_;
    std::vector<Frame> stack_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::optional<Node> root_;
};

constexpr const char* unclosed_quote =
    "a quoted text is not closed before the end of the file; write the closing quote";

/// The parser's reasons, in words that say what to do. `line` is the text's line at that place.
std::string translate(const std::string& reason, std::string_view line, int open_line) {
    namespace E = YAML::ErrorMsg;
    const std::string_view indent = line.substr(0, line.find_first_not_of(" \t"));
    if (indent.find('\t') != std::string_view::npos)
        return "a tab stands in the indentation; indent with spaces";
    if (reason == E::END_OF_MAP_FLOW)
        return fmt::format(
            "the map that begins with '{{' on line {} is not closed; write '}}' or "
            "a ','",
            open_line);
    if (reason == E::END_OF_SEQ_FLOW)
        return fmt::format(
            "the list that begins with '[' on line {} is not closed; write ']' or "
            "a ','",
            open_line);
    struct Entry {
        const char* reason;
        const char* words;
    };
    static constexpr const char* indentation =
        "this line does not fit the one above it; the keys of a map, and the '-' of a list, stand "
        "in one column, and a key is followed by ': '";
    static constexpr const char* colon =
        "a ':' or '?' stands where no key can begin; check the indentation, or put the value into "
        "quotes if the ':' belongs to it";
    static const std::array entries{
        Entry{E::END_OF_MAP, indentation},
        Entry{E::END_OF_SEQ, indentation},
        Entry{E::BLOCK_ENTRY, indentation},
        Entry{E::FLOW_END, "a closing '}' or ']' has no opening one; take it out or add the other"},
        Entry{E::MAP_KEY, colon},
        Entry{E::MAP_VALUE, colon},
        Entry{E::EOF_IN_SCALAR, unclosed_quote},
        Entry{E::DOC_IN_SCALAR,
              "'---' or '...' stands inside a quoted text; write the closing "
              "quote before it"},
        Entry{E::CHAR_IN_SCALAR, "a character that cannot stand here; put the value into quotes"},
        Entry{E::UNKNOWN_TOKEN,
              "a character that cannot begin a value ('@', '`', '%' and tab are "
              "such); put the value into quotes"},
        Entry{E::CHAR_IN_BLOCK,
              "after '|' or '>' only a digit, '+' or '-' may stand; begin the "
              "text on the next line"},
        Entry{E::ZERO_INDENT_IN_BLOCK, "the indentation after '|' or '>' is a digit from 1 to 9"},
        Entry{E::INVALID_HEX, "an escape in a quoted text has a digit that is not hexadecimal"},
        Entry{E::UNKNOWN_ANCHOR, "the value that this alias ('*name') names is not given above it"},
        Entry{E::ALIAS_CONTENT, "an alias ('*name') stands alone; take out what follows it"},
        Entry{E::MULTIPLE_ANCHORS, "one value has two anchors ('&name'); keep one"},
        Entry{E::ALIAS_NOT_FOUND,
              "'*' begins an alias and a name must follow; put the value into "
              "quotes if it is text"},
        Entry{E::ANCHOR_NOT_FOUND,
              "'&' begins an anchor and a name must follow; put the value "
              "into quotes if it is text"},
        Entry{E::CHAR_IN_ALIAS,
              "the name of an alias ('*name') has a character that cannot stand "
              "in it"},
        Entry{E::CHAR_IN_ANCHOR,
              "the name of an anchor ('&name') has a character that cannot "
              "stand in it"},
    };
    for (const Entry& e : entries)
        if (reason == e.reason)
            return e.words;
    if (reason.starts_with(E::INVALID_ESCAPE))
        return "an escape ('\\') in a quoted text that is not known; known are \\n, \\t, \\r, "
               "\\\", \\\\, \\xHH and \\uHHHH";
    if (reason.starts_with(E::INVALID_UNICODE))
        return "an escape in a quoted text names no character";
    if (reason.find("YAML") != std::string::npos || reason.find("directive") != std::string::npos)
        return "a line that begins with '%' is a directive; a scenario needs none: take it out";
    if (reason.find("tag") != std::string::npos)
        return "tags ('!...') have no meaning in a scenario; put the value into quotes if it is "
               "text";
    return "this is not valid YAML; compare with a scenario that comes with the program";
}

/// Reads from memory without a copy.
class ViewBuffer final : public std::streambuf {
  public:
    explicit ViewBuffer(std::string_view v) {
        char* p = const_cast<char*>(v.data());  // setg() wants it so; nothing is written
        setg(p, p, p + v.size());
    }
};

/// The first byte that is not part of well-formed UTF-8 text (RFC 3629), or npos.
std::size_t first_non_text(std::string_view s) {
    std::size_t i = 0;
    while (i < s.size()) {
        const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
        const unsigned c = byte(i);
        if (c < 0x80) {
            if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
                return i;
            ++i;
            continue;
        }
        const std::size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        if (c < 0xC2 || c > 0xF4 || n > s.size() - i)
            return i;
        for (std::size_t k = 1; k < n; ++k)
            if ((byte(i + k) & 0xC0) != 0x80)
                return i;
        const unsigned second = byte(i + 1);
        if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) ||
            (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F))
            return i;
        i += n;
    }
    return std::string_view::npos;
}

/// Line `number`, from 0, without its end.
std::string_view line_of(std::string_view text, int number) {
    for (; number > 0; --number) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return {};
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

/// Whether a quote that opens `s` is closed in it (YAML 1.2, 7.3.1 and 7.3.2).
bool closes_its_quote(std::string_view s) {
    const char quote_mark = s.front();
    for (std::size_t i = 1; i < s.size(); ++i) {
        if (quote_mark == '"' && s[i] == '\\') {
            ++i;
        } else if (s[i] == quote_mark) {
            if (quote_mark == '"' || i + 1 == s.size() || s[i + 1] != quote_mark)
                return true;
            ++i;
        }
    }
    return false;
}

}  // namespace

std::optional<Node> parse_yaml(std::string_view text,
                               const std::shared_ptr<const std::string>& name, NodeBudget& budget,
                               Diagnostics& out) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark))
        text.remove_prefix(byte_order_mark.size());
    const std::size_t bad = first_non_text(text);
    if (bad != std::string_view::npos) {
        const std::string_view before = text.substr(0, bad);
        const auto line = std::count(before.begin(), before.end(), '\n') + 1;
        const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        out.add({*name, static_cast<int>(line), static_cast<int>(bad - line_start) + 1, {}},
                fmt::format("byte 0x{:02X} is not text; a scenario is a UTF-8 text file",
                            static_cast<unsigned char>(text[bad])));
        return std::nullopt;
    }

    TreeBuilder builder(name, budget, out);
    try {
        ViewBuffer buffer(text);
        std::istream in(&buffer);
        YAML::Parser parser(in);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Refused& r) {
        out.add({*name, r.line, r.column, {}}, r.message);
        return std::nullopt;
    } catch (const YAML::DeepRecursion& e) {
        out.add({*name, e.mark.line + 1, e.mark.column + 1, {}}, too_deep());
        return std::nullopt;
    } catch (const YAML::Exception& e) {
        const bool placed = !e.mark.is_null();
        out.add({*name, placed ? e.mark.line + 1 : 0, placed ? e.mark.column + 1 : 0, {}},
                translate(e.msg, placed ? line_of(text, e.mark.line) : std::string_view(),
                          builder.open_line()));
        return std::nullopt;
    }
    // The parser lets a quoted text end with the file. Then it is the last one.
    const YAML::Mark& last = builder.last_scalar();
    const std::string_view rest_of_line = line_of(text, last.line);
    const auto column = static_cast<std::size_t>(last.column);
    if (column < rest_of_line.size() &&
        (rest_of_line[column] == '"' || rest_of_line[column] == '\'')) {
        const auto offset = static_cast<std::size_t>(rest_of_line.data() - text.data()) + column;
        if (!closes_its_quote(text.substr(offset))) {
            out.add({*name, last.line + 1, last.column + 1, {}}, unclosed_quote);
            return std::nullopt;
        }
    }
    Node empty;
    empty.origin = {name, 1, 1};
    return builder.take().value_or(empty);
}

std::optional<std::string> read_text(const std::string& path, const std::optional<Place>& asked_at,
                                     Diagnostics& out) {
    namespace fs = std::filesystem;
    const auto fail = [&](std::string_view what) -> std::optional<std::string> {
        if (asked_at)
            out.add(*asked_at, fmt::format("{}: {}", path, what));
        else
            out.add({path, 0, 0, {}}, std::string(what));
        return std::nullopt;
    };
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (path.empty() || status.type() == fs::file_type::not_found)
        return fail(asked_at ? "there is no such file; the name of an include is relative to the "
                               "file that it stands in"
                             : "there is no such file; check the name and the current directory");
    if (status.type() == fs::file_type::directory)
        return fail("this is a directory; name a scenario file in it");
    if (status.type() == fs::file_type::none || status.type() == fs::file_type::unknown)
        return fail("the file cannot be reached; check the permissions on its path");
    if (status.type() != fs::file_type::regular)
        return fail("this is not an ordinary file; write the scenario to one and name that");
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return fail("the file cannot be opened; check that you may read it");
    std::string text(YamlLimits::file_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad())
        return fail("the file cannot be read to its end");
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > YamlLimits::file_bytes)
        return fail(
            "the file is larger than 1 MiB; a scenario is a few KiB: is this the right file?");
    if (text.find('\r') != std::string::npos && text.find('\n') == std::string::npos)
        return fail("its lines end with CR alone; save it with line ends LF or CR LF");
    return text;
}

}  // namespace sim
