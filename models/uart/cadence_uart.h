// The Cadence UART of Zynq devices, as in the Zynq UltraScale+ (UG1085, chapter "UART Controller";
// register reference UG1087, module UART; the Zynq-7000's UG585, chapter 19 and appendix B.33, says
// the same in more words).
//
// Not modelled: FIFO accesses of more than a byte (MR.WSIZE reads as zero), breaks, IrDA, the echo
// and remote loopback modes of MR.CHMODE (they behave as normal mode), and the modem's lines, which
// read as asserted.
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

class CadenceUart final : public sc_core::sc_module,
                          public Target,
                          public Inspectable,
                          private SerialLine::Owner {
  public:
    using Parameters = UartParameters;

    /// Register offsets, by the drivers' names; UG1087's names are in the table.
    enum Offset : std::uint32_t {
        CR = 0x00,
        MR = 0x04,
        IER = 0x08,
        IDR = 0x0c,
        IMR = 0x10,
        ISR = 0x14,
        BAUDGEN = 0x18,
        RXTOUT = 0x1c,
        RXWM = 0x20,
        MODEMCR = 0x24,
        MODEMSR = 0x28,
        SR = 0x2c,
        FIFO = 0x30,
        BDIV = 0x34,
        FLOWDELAY = 0x38,
        TXWM = 0x44,
        RXBS = 0x48,
    };
    static constexpr std::size_t register_count = 17;
    static constexpr std::size_t window = 0x1000;
    static constexpr std::size_t fifo_depth = 64;
    using Table = std::array<Register<CadenceUart>, register_count>;
    static const Table registers;

    CadenceUart(sc_core::sc_module_name name, const Parameters& parameters, IrqLine irq,
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
    std::uint32_t modem_status() const;
    std::uint32_t status() const;
    std::uint32_t next_received() const;
    std::uint32_t next_received_errors() const;
    void take_received(Picos now);
    void control_written(std::uint32_t written, Picos now);
    void enable_interrupts(std::uint32_t written, Picos now);
    void disable_interrupts(std::uint32_t written, Picos now);
    void format_written(std::uint32_t written, Picos now);
    void divider_written(std::uint32_t written, Picos now);
    void timeout_written(std::uint32_t written, Picos now);
    void fifo_written(std::uint32_t written, Picos now);

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
    void store_received(const Sampled& character);
    Picos timeout_period() const;
    void restart_timeout(Picos now);
    bool expire_timeout(Picos now);

    Parameters parameters_;
    IrqLine irq_;
    RegisterBank<CadenceUart, register_count, window> bank_;
    SerialLine line_;
    WakeTimer timer_;
    Picos last_{};  ///< the state is that of this time

    UartFifo<Sampled> rx_fifo_{fifo_depth};
    bool rx_waiting_ = false;  ///< a complete character that found the FIFO full
    Sampled rx_shift_{};       ///< that character
    std::uint32_t divider_;    ///< BDIV as last accepted

    Picos timeout_at_ = Picos::never();  ///< the receiver timeout counter reaches zero
};

}  // namespace models
