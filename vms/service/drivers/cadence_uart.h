// Driver of the Cadence UART of Zynq UltraScale+ devices. After the Zynq UltraScale+ MPSoC Register
// Reference (UG1087, module UART) and the Technical Reference Manual (UG1085, chapter 21).
#pragma once

#include <cstdint>

#include "service_port.h"
#include "vms/service/drivers/serial_port.h"
#include "vms/types.h"

namespace vms::service {

class CadenceUart final : public SerialPort {
  public:
    struct Parameters {
        GuestAddr base{};
        std::uint64_t clock_hz = 100'000'000;  ///< uart_ref_clk
        std::uint64_t baud = 115'200;
    };

    /// Baud rate = uart_ref_clk / (generator * (divider + 1)).
    struct Divisors {
        std::uint32_t generator = 0;  ///< Baud_rate_gen.CD
        std::uint32_t divider = 0;    ///< Baud_rate_divider.BDIV
    };
    /// The pair with the smallest error.
    static Divisors divisors(std::uint64_t clock_hz, std::uint64_t baud);

    CadenceUart(Port& port, const Parameters& parameters) : port_(port), p_(parameters) {}

    bool start() override;
    void silence() override;
    bool serve() override;
    void push() override;

  private:
    std::uint32_t read(std::uint32_t offset) {
        return port_.device_load(p_.base + offset, Width::word);
    }
    void write(std::uint32_t offset, std::uint32_t value) {
        port_.device_store(p_.base + offset, Width::word, value);
    }

    Port& port_;
    const Parameters p_;
    std::uint32_t fifo_room_ = 0;     // places in the transmit FIFO known to be free
    bool waiting_for_empty_ = false;  // the TEMPTY interrupt is enabled
};

}  // namespace vms::service
