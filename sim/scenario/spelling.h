// The nearest valid spelling of a word that was not understood.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sim {

/// The word of `known` that `word` most likely was meant to be; empty when none is near.
std::string nearest(std::string_view word, std::span<const std::string> known);

/// "a, b and c"
std::string list_words(std::span<const std::string> words, std::string_view last = "and");

/// "did you mean 'x'? allowed here: a, b and c"
std::string suggest(std::string_view word, std::span<const std::string> known);

/// The text with each control character (C0, DEL, C1) as an escape, "\\n", "\\t" or "\\x1b": what
/// a file says must not move the cursor of who reads about it.
std::string printable(std::string_view text);

/// A word as shown in a message: in quotes, shortened, printable.
std::string quote(std::string_view word);

}  // namespace sim
