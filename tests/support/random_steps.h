// How long random tests go on: as the test says, or as BAOSIM_RANDOM_STEPS asks, for a long run by
// hand.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

inline std::uint64_t random_steps(std::uint64_t usual) {
    const char* wanted = std::getenv("BAOSIM_RANDOM_STEPS");
    return wanted != nullptr ? std::stoull(wanted) : usual;
}
