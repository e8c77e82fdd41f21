// What a platform chooses of a UART and of the far end of its line.
#pragma once

#include <cstdint>

#include "models/uart/character.h"

namespace models {

struct UartParameters {
    std::uint64_t reference_clock_hz = 100'000'000;  ///< UARTCLK, uart_ref_clk
    std::uint64_t far_end_baud = 115'200;
    CharacterFormat far_end_format{};  ///< 8 data bits, no parity, one stop bit
};

}  // namespace models
