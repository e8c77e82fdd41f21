// The Arm PrimeCell UART (PL011), revision r1p5: DDI 0183, PrimeCell UART (PL011) Technical
// Reference Manual; section numbers in the comments are of its issue G.
//
// Not modelled: DMA (UARTDMACR is storage, nothing is connected to it), IrDA, breaks, the modem's
// lines (CTS, DSR and DCD read as asserted and never change) and the integration test registers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>

#include "models/base/time.h"
#include "models/base/wake_timer.h"
#include "models/bus/register_bank.h"
#include "models/bus/target.h"
#include "models/bus/tlm_target.h"
#include "models/core/activity.h"
#include "models/core/irq_line.h"
#include "models/uart/serial_channel.h"
#include "models/uart/serial_line.h"
#include "models/uart/uart_fifo.h"
#include "models/uart/uart_parameters.h"

namespace models {

class Pl011 final : public sc_core::sc_module,
                    public Target,
                    public Inspectable,
                    private SerialLine::Owner {
  public:
    using Parameters = UartParameters;

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
    static constexpr std::size_t register_count = 22;
    static constexpr std::size_t window = 0x1000;
    static constexpr std::size_t fifo_depth = 32;
    using Table = std::array<Register<Pl011>, register_count>;
    static const Table registers;

    Pl011(sc_core::sc_module_name name, const Parameters& parameters, IrqLine irq,
          Activity& activity, SerialChannel& channel);

    void access(Access& a) override;
    void peek(Access& a) override;
    /// What the far end has seen, and its counters, follow at the next access or event; this brings
    /// them up to the kernel's time.
    void synchronise();
    /// When it will next do something by itself (Timeline::add_device).
    const Picos& next_event() const { return timer_.planned(); }

  private:
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

    void start_of_simulation() override;
    void end_of_simulation() override;
    void wake();
    bool catch_up(Picos now);
    void settle(Picos now);
    Picos next_wake() const;

    bool receiver_enabled() const;
    bool fifos_enabled() const;
    std::size_t transmit_trigger() const;
    std::size_t receive_trigger() const;
    Picos timeout_period() const;
    bool expire_timeout(Picos now);

    Parameters parameters_;
    IrqLine irq_;
    RegisterBank<Pl011, register_count, window> bank_;
    SerialLine line_;
    WakeTimer timer_;
    Picos last_{};  ///< the state is that of this time

    UartFifo<std::uint16_t> rx_fifo_{1};  ///< as UARTDR gives them: data and error bits
    bool overrun_ = false;                ///< goes into the FIFO with the next character
    bool fifos_were_enabled_ = false;

    Picos timeout_at_ = Picos::never();  ///< the receive timeout interrupt, if nothing comes
};

}  // namespace models
