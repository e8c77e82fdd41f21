// What a person sees of a run: the verdict first, then why, then where the time went.
#pragma once

#include <string>

#include "sim/report/results.h"
#include "sim/report/text.h"

namespace sim {

enum class Detail {
    quiet,    ///< the verdict, and what speaks against it
    normal,   ///< expectations, legs, observations, diagnosis
    verbose,  ///< and every metric, and the host's figures
};

/// Colour only for a terminal, and not when the environment has NO_COLOR (https://no-color.org).
bool wants_colour(int file_descriptor);

std::string render(const Results& r, Detail detail, const Style& style);

}  // namespace sim
