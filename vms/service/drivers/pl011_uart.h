// Driver of the Arm PrimeCell UART. After the PL011 Technical Reference Manual (DDI 0183),
// chapter 3.
#pragma once

#include <cstdint>

#include "service_port.h"
#include "vms/service/drivers/serial_port.h"
#include "vms/types.h"

namespace vms::service {

class Pl011Uart final : public SerialPort {
  public:
    struct Parameters {
        GuestAddr base{};
        std::uint64_t clock_hz = 24'000'000;  ///< UARTCLK
        std::uint64_t baud = 115'200;
    };

    /// Baud rate = UARTCLK / (16 * (integer + fraction / 64)), 3.3.6.
    struct Divisors {
        std::uint32_t integer = 0;   ///< UARTIBRD
        std::uint32_t fraction = 0;  ///< UARTFBRD, 64ths
    };
    static Divisors divisors(std::uint64_t clock_hz, std::uint64_t baud);

    Pl011Uart(Port& port, const Parameters& parameters) : port_(port), p_(parameters) {}

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
    std::uint32_t wanted() const;

    Port& port_;
    const Parameters p_;
    std::uint32_t mask_ = 0;  // UARTIMSC as last written
};

}  // namespace vms::service
