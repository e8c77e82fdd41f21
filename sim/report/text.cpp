// Layout of text in fixed-width columns.
#include "sim/report/text.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"

namespace sim {

std::string paint(std::string_view text, Paint p, const Style& style) {
    if (!style.colour || p == Paint::plain)
        return std::string(text);
    std::string_view code;
    switch (p) {
        case Paint::plain:
            break;
        case Paint::bold:
            code = "1";
            break;
        case Paint::dim:
            code = "2";
            break;
        case Paint::good:
            code = "1;32";
            break;
        case Paint::bad:
            code = "1;31";
            break;
        case Paint::warn:
            code = "33";
            break;
    }
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string nanoseconds(models::Picos t) {
    return fmt::format("{}.{:03}", t.value / 1000, t.value % 1000);
}

std::string nanoseconds_short(models::Picos t) {
    const std::uint64_t tenths = t.value / 100 + (t.value % 100 >= 50 ? 1 : 0);
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

std::string duration(models::Picos t) {
    struct Unit {
        std::uint64_t picos;
        std::string_view name;
    };
    constexpr Unit units[] = {{1'000'000'000'000, "s"},
                              {1'000'000'000, "ms"},
                              {1'000'000, "us"},
                              {1'000, "ns"},
                              {1, "ps"}};
    if (t.value == 0)
        return "0 s";
    for (const Unit& u : units) {
        if (t.value < u.picos)
            continue;
        const std::uint64_t whole = t.value / u.picos;
        if (u.picos == 1)
            return fmt::format("{} {}", whole, u.name);
        std::string text = fmt::format("{}.{:03}", whole, t.value % u.picos / (u.picos / 1000));
        while (text.back() == '0')
            text.pop_back();
        if (text.back() == '.')
            text.pop_back();
        return fmt::format("{} {}", text, u.name);
    }
    return "0 s";
}

std::string byte_size(std::uint64_t bytes) {
    constexpr std::string_view units[] = {"", " KiB", " MiB", " GiB", " TiB"};
    std::size_t u = 0;
    while (bytes != 0 && bytes % 1024 == 0 && u + 1 < std::size(units)) {
        bytes /= 1024;
        ++u;
    }
    return fmt::format("{}{}", bytes, units[u]);
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", n, n == 1 ? one : many);
}

std::vector<std::string> wrap(std::string_view text, std::size_t indent, std::size_t columns) {
    const std::string margin(indent, ' ');
    const std::size_t room = columns > indent + 8 ? columns - indent : 8;
    std::vector<std::string> lines;
    std::string line;
    const auto end_line = [&] {
        lines.push_back(margin + line);
        line.clear();
    };
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t space = std::min(text.find_first_of(" \t\r\n", at), text.size());
        const std::string shown = printable(text.substr(at, space - at));
        std::string_view word = shown;
        at = space + 1;
        if (word.empty())
            continue;
        if (!line.empty() && line.size() + 1 + word.size() > room)
            end_line();
        while (word.size() > room) {
            line = word.substr(0, room);
            end_line();
            word.remove_prefix(room);
        }
        if (!line.empty())
            line += ' ';
        line += word;
    }
    if (!line.empty())
        end_line();
    return lines;
}

void Table::row(std::vector<std::string> cells) {
    for (std::string& c : cells)
        c = printable(c);
    rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t indent, const Style& style) const {
    constexpr std::size_t gap = 2;
    constexpr std::size_t narrowest = 12;
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t w = columns_[c].head.size();
        for (const auto& r : rows_)
            if (c < r.size())
                w = std::max(w, r[c].size());
        widths.push_back(w);
    }
    const auto total = [&] {
        return std::accumulate(widths.begin(), widths.end(), indent + gap * (widths.size() - 1));
    };
    while (total() > style.columns) {
        const auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= narrowest)
            break;
        *widest = std::max(narrowest, *widest - std::min(*widest, total() - style.columns));
    }

    const auto cell = [&](std::size_t c, std::string_view s) {
        std::string fitted(s);
        if (fitted.size() > widths[c])
            fitted = fitted.substr(0, widths[c] - 3) + "...";
        return columns_[c].align == Align::left ? fmt::format("{:<{}}", fitted, widths[c])
                                                : fmt::format("{:>{}}", fitted, widths[c]);
    };
    const auto line = [&](const auto& cell_of) {
        std::string s(indent, ' ');
        for (std::size_t c = 0; c < columns_.size(); ++c)
            s.append(c == 0 ? 0 : gap, ' ').append(cell(c, cell_of(c)));
        s.erase(s.find_last_not_of(' ') + 1);
        return s;
    };

    std::string out;
    const std::string head =
        line([&](std::size_t c) -> std::string_view { return columns_[c].head; });
    if (!head.empty())
        out += paint(head, Paint::dim, style) + "\n";
    for (const auto& r : rows_) {
        out += line([&](std::size_t c) -> std::string_view {
            return c < r.size() ? std::string_view(r[c]) : std::string_view();
        });
        out += "\n";
    }
    return out;
}

}  // namespace sim
