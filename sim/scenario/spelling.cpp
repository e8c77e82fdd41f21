// Nearest spelling by edit distance: insertions, deletions, replacements and swaps of neighbours
// count one each, and upper and lower case and - and _ are the same letter.
#include "sim/scenario/spelling.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace sim {

namespace {

char fold(char c) {
    if (c >= 'A' && c <= 'Z')
        return static_cast<char>(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

std::size_t distance(std::string_view a, std::string_view b) {
    const std::size_t columns = b.size() + 1;
    std::vector<std::size_t> before(columns), above(columns), row(columns);
    for (std::size_t j = 0; j < columns; ++j)
        above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j < columns; ++j) {
            const bool same = fold(a[i - 1]) == fold(b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
    constexpr std::size_t longest = 64;  // a longer word is no misspelling of ours
    if (word.empty() || word.size() > longest)
        return {};
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& k : known) {
        const std::size_t d = distance(word, k);
        if (d < best_distance && d < k.size()) {
            best = k;
            best_distance = d;
        }
    }
    if (!best.empty() || word.size() < 3)
        return best;
    // "cpus" for "cpus_affinity": the beginning of exactly one word.
    for (const std::string& k : known) {
        if (k.starts_with(word)) {
            if (!best.empty())
                return {};
            best = k;
        }
    }
    return best;
}

std::string list_words(std::span<const std::string> words, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0)
            out += i + 1 == words.size() ? fmt::format(" {} ", last) : std::string(", ");
        out += words[i];
    }
    return out;
}

std::string suggest(std::string_view word, std::span<const std::string> known) {
    const std::string near = nearest(word, known);
    if (known.empty())
        return "nothing is allowed here";
    const std::string allowed = fmt::format("allowed here: {}", list_words(known));
    return near.empty() ? allowed : fmt::format("did you mean '{}'? {}", near, allowed);
}

std::string printable(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const unsigned b = byte(i);
        // U+0080 to U+009F, in UTF-8 C2 80 to C2 9F, are controls too: U+009B is ESC [.
        const bool c1 = b == 0xc2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0;
        if (b == '\n')
            out += "\\n";
        else if (b == '\t')
            out += "\\t";
        else if (c1)
            out += fmt::format("\\x{:02x}", byte(++i));
        else if (b < 0x20 || b == 0x7f)
            out += fmt::format("\\x{:02x}", b);
        else
            out += text[i];
    }
    return out;
}

std::string quote(std::string_view word) {
    constexpr std::size_t longest = 48;
    std::size_t shown = std::min(word.size(), longest);
    // Do not end within a UTF-8 sequence.
    if (shown < word.size())
        while (shown > 0 && (static_cast<unsigned char>(word[shown]) & 0xC0) == 0x80)
            --shown;
    return fmt::format("'{}{}'", printable(word.substr(0, shown)),
                       shown < word.size() ? "..." : "");
}

}  // namespace sim
