// The Arm PrimeCell UART (PL011), revision r1p5: DDI 0183, PrimeCell UART (PL011) Technical
// Reference Manual; section numbers in the comments are of its issue G.
//
// Not modelled: DMA (UARTDMACR is storage, nothing is connected to it), IrDA, breaks, the modem's
// lines (CTS, DSR and DCD read as asserted and never change) and the integration test registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <systemc>

#include "models/base/time.h"
#include "models/uart/serial_channel.h"
#include "models/uart/serial_line.h"
#include "models/uart/uart_fifo.h"
#include "models/uart/uart_module.h"

namespace models {

class Pl011 final : public UartModule<Pl011, 22> {
  public:
    /// Register offsets; the manual's names are these after "UART".
    enum Offset : std::uint32_t {
        DR = 0x000,
        RSR = 0x004,  ///< when written: ECR
        FR = 0x018,
        ILPR = 0x020,
        IBRD = 0x024,
        FBRD = 0x028,
        LCR_H = 0x02c,
        CR = 0x030,
        IFLS = 0x034,
        IMSC = 0x038,
        RIS = 0x03c,
        MIS = 0x040,
        ICR = 0x044,
        DMACR = 0x048,
        PeriphID0 = 0xfe0,
        PCellID0 = 0xff0,
    };
    static constexpr std::size_t fifo_depth = 32;
    static const Table registers;

    Pl011(sc_core::sc_module_name name, const Parameters& parameters, IrqLine irq,
          Activity& activity, SerialChannel& channel);

  private:
    friend UartModule;

    // What a register does beyond storing; see the table.
    std::uint32_t next_received() const;
    std::uint32_t flags() const;
    std::uint32_t masked_interrupts() const;
    void take_received(Picos now);
    void data_written(std::uint32_t written, Picos now);
    void errors_cleared(std::uint32_t written, Picos now);
    void line_control_written(std::uint32_t written, Picos now);
    void control_written(std::uint32_t written, Picos now);
    void interrupts_cleared(std::uint32_t written, Picos now);

    // From the line.
    void transmit_fifo_fell(std::size_t level, Picos at) override;
    bool character_started(Picos at) override;
    void character_received(const Sampled& character, Picos at) override;

    // For UartModule.
    bool expire_timeout(Picos now);
    bool interrupt() const;
    Picos next_wake() const;

    bool receiver_enabled() const;
    bool fifos_enabled() const;
    std::size_t transmit_trigger() const;
    std::size_t receive_trigger() const;
    Picos timeout_period() const;

    UartFifo<std::uint16_t> rx_fifo_{1};  ///< as UARTDR gives them: data and error bits
    bool overrun_ = false;                ///< goes into the FIFO with the next character
    bool fifos_were_enabled_ = false;

    Picos timeout_at_ = Picos::never();  ///< the receive timeout interrupt, if nothing comes
};

}  // namespace models
