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

/// A word as shown in a message: in quotes, shortened, control characters replaced.
std::string quote(std::string_view word);

}  // namespace sim
