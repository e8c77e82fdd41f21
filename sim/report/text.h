// Text for readers: aligned columns, wrapped paragraphs, quantities with units.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/time.h"

namespace sim {

/// How reports look. Colour is ANSI; nothing is wider than `columns`.
struct Style {
    bool colour = false;
    std::size_t columns = 100;
};

enum class Paint { plain, bold, dim, good, bad, warn };

/// The text in its colour, or as it is when the style has none.
std::string paint(std::string_view text, Paint p, const Style& style);

/// "123.456": nanoseconds, exact.
std::string nanoseconds(models::Picos t);

/// "123.5": nanoseconds to the nearest tenth, for columns.
std::string nanoseconds_short(models::Picos t);

/// With a unit that suits: "0 s", "812 ps", "1.204 us", "250 ms", "3.5 s".
std::string duration(models::Picos t);

/// "512", "64 KiB", "16 MiB": exact, in the greatest unit that divides it.
std::string byte_size(std::uint64_t bytes);

/// "1 request", "3 requests".
std::string counted(std::uint64_t n, std::string_view one, std::string_view many);

/// Lines of at most `columns`, each after `indent` spaces; words longer than that are cut, control
/// characters shown as escapes.
std::vector<std::string> wrap(std::string_view text, std::size_t indent, std::size_t columns);

/// Rows of cells in aligned columns, two spaces apart; control characters are shown as escapes.
class Table {
  public:
    enum class Align { left, right };
    struct Column {
        std::string head;
        Align align = Align::left;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    void row(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }

    /// Too wide for the style: the widest left-aligned column is shortened, its cells with "...".
    std::string text(std::size_t indent, const Style& style) const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace sim
