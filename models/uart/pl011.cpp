#include "models/uart/pl011.h"

#include <algorithm>

namespace models {

namespace {

// UARTDR, above the data bits; UARTRSR has the same from bit 0 on
constexpr unsigned dr_errors_shift = 8;
constexpr std::uint32_t error_framing = 1U << 0;
constexpr std::uint32_t error_parity = 1U << 1;
constexpr std::uint32_t error_overrun = 1U << 3;
constexpr std::uint32_t rsr_status = 0xf;

// UARTFR
constexpr std::uint32_t fr_modem_lines = 0x7;  // CTS, DSR, DCD
constexpr std::uint32_t fr_busy = 1U << 3;
constexpr std::uint32_t fr_rxfe = 1U << 4;
constexpr std::uint32_t fr_txff = 1U << 5;
constexpr std::uint32_t fr_rxff = 1U << 6;
constexpr std::uint32_t fr_txfe = 1U << 7;

// UARTLCR_H
constexpr std::uint32_t lcr_pen = 1U << 1;
constexpr std::uint32_t lcr_eps = 1U << 2;
constexpr std::uint32_t lcr_stp2 = 1U << 3;
constexpr std::uint32_t lcr_fen = 1U << 4;
constexpr std::uint32_t lcr_sps = 1U << 7;

// UARTCR
constexpr std::uint32_t cr_uarten = 1U << 0;
constexpr std::uint32_t cr_lbe = 1U << 7;
constexpr std::uint32_t cr_txe = 1U << 8;
constexpr std::uint32_t cr_rxe = 1U << 9;

// UARTIMSC, UARTRIS, UARTMIS, UARTICR
constexpr std::uint32_t int_rx = 1U << 4;
constexpr std::uint32_t int_tx = 1U << 5;
constexpr std::uint32_t int_rt = 1U << 6;
constexpr std::uint32_t int_fe = 1U << 7;
constexpr std::uint32_t int_pe = 1U << 8;
constexpr std::uint32_t int_oe = 1U << 10;
constexpr std::uint32_t all_interrupts = 0x7ff;

/// Silence after which the receive timeout interrupt rises (3.4.3).
constexpr std::uint64_t timeout_bits = 32;

/// UARTIFLS: the FIFO's level in 32nds of its depth (Table 3-12); reserved values act as 7/8.
constexpr std::array<std::size_t, 8> trigger_levels{4, 8, 16, 24, 28, 28, 28, 28};
static_assert(Pl011::fifo_depth == 32);

CharacterFormat format_of(std::uint32_t lcr) {
    CharacterFormat f;
    f.data_bits = 5 + ((lcr >> 5) & 3);  // WLEN
    f.stop_half_bits = (lcr & lcr_stp2) != 0 ? 4 : 2;
    const bool even = (lcr & lcr_eps) != 0;
    if ((lcr & lcr_pen) == 0)
        f.parity = Parity::none;
    else if ((lcr & lcr_sps) != 0)
        f.parity = even ? Parity::space : Parity::mark;
    else
        f.parity = even ? Parity::even : Parity::odd;
    return f;
}

}  // namespace

const Pl011::Table Pl011::registers{{
    {.name = "UARTDR",
     .offset = DR,
     .readable = 0xfff,
     .value = &Pl011::next_received,
     .after_read = &Pl011::take_received,
     .after_write = &Pl011::data_written},
    {.name = "UARTRSR/UARTECR", .offset = RSR, .after_write = &Pl011::errors_cleared},
    {.name = "UARTFR", .offset = FR, .value = &Pl011::flags},
    {.name = "UARTILPR", .offset = ILPR, .writable = 0xff},
    {.name = "UARTIBRD", .offset = IBRD, .writable = 0xffff},
    {.name = "UARTFBRD", .offset = FBRD, .writable = 0x3f},
    {.name = "UARTLCR_H",
     .offset = LCR_H,
     .writable = 0xff,
     .after_write = &Pl011::line_control_written},
    {.name = "UARTCR",
     .offset = CR,
     .reset = 0x300,
     .writable = 0xff87,
     .after_write = &Pl011::control_written},
    {.name = "UARTIFLS", .offset = IFLS, .reset = 0x12, .writable = 0x3f},
    {.name = "UARTIMSC", .offset = IMSC, .writable = all_interrupts},
    {.name = "UARTRIS", .offset = RIS},
    {.name = "UARTMIS", .offset = MIS, .value = &Pl011::masked_interrupts},
    {.name = "UARTICR", .offset = ICR, .readable = 0, .after_write = &Pl011::interrupts_cleared},
    {.name = "UARTDMACR", .offset = DMACR, .writable = 0x7},
    {.name = "UARTPeriphID0", .offset = PeriphID0, .reset = 0x11},
    {.name = "UARTPeriphID1", .offset = PeriphID0 + 0x4, .reset = 0x10},
    {.name = "UARTPeriphID2", .offset = PeriphID0 + 0x8, .reset = 0x34},  // revision r1p5
    {.name = "UARTPeriphID3", .offset = PeriphID0 + 0xc, .reset = 0x00},
    {.name = "UARTPCellID0", .offset = PCellID0, .reset = 0x0d},
    {.name = "UARTPCellID1", .offset = PCellID0 + 0x4, .reset = 0xf0},
    {.name = "UARTPCellID2", .offset = PCellID0 + 0x8, .reset = 0x05},
    {.name = "UARTPCellID3", .offset = PCellID0 + 0xc, .reset = 0xb1},
}};

Pl011::Pl011(sc_core::sc_module_name name, const Parameters& parameters, IrqLine irq,
             Activity& activity, SerialChannel& channel)
    : UartModule(name, registers, parameters, irq, activity, channel, 1) {
}

// --- time -----------------------------------------------------------------------------------

bool Pl011::interrupt() const {
    return masked_interrupts() != 0;
}

Picos Pl011::next_wake() const {
    // An interrupt that is enabled and has not been raised yet may raise the line; whatever else
    // happens can wait until somebody looks, or the line falls silent.
    const std::uint32_t awaited = bank_.at(IMSC) & ~bank_.at(RIS);
    Picos at = line_.transmit_idle_at();
    const auto consider = [&at](Picos t) { at = std::min(at, t); };
    if ((awaited & int_tx) != 0)
        consider(line_.transmit_level_at(transmit_trigger()));
    if (line_.looped_back() && awaited != 0)
        consider(line_.transmit_next_at());
    if (line_.far_end_sends())
        consider(line_.burst_end());
    if ((awaited & int_rt) != 0)
        consider(receiver_enabled() ? line_.silence_at(timeout_at_, timeout_period(), false)
                                    : timeout_at_);
    if (!receiver_enabled())
        return at;
    const std::size_t level = rx_fifo_.size();
    if ((awaited & int_rx) != 0 && level < receive_trigger())
        consider(line_.reception(receive_trigger() - level));
    if ((awaited & int_oe) != 0)
        consider(line_.reception(rx_fifo_.full() ? 1 : rx_fifo_.depth() - level + 1));
    if ((awaited & (int_fe | int_pe)) != 0 && !line_.receives_as_sent())
        consider(line_.reception(1));
    return at;
}

// --- transmitter ----------------------------------------------------------------------------

std::size_t Pl011::transmit_trigger() const {
    return fifos_enabled() ? trigger_levels[bank_.at(IFLS) & 7] : 0;
}

void Pl011::data_written(std::uint32_t written, Picos now) {
    if (line_.transmit_fifo().full()) {
        line_.channel().lost(1);
        return;
    }
    if (line_.transmit_fifo().size() + 1 > transmit_trigger())
        bank_.at(RIS) &= ~int_tx;
    line_.send(static_cast<std::uint8_t>(written), now);
}

void Pl011::transmit_fifo_fell(std::size_t level, Picos /*at*/) {
    // The interrupt marks the passage through the level, not the level (3.4.2).
    if (level == transmit_trigger())
        bank_.at(RIS) |= int_tx;
}

// --- receiver -------------------------------------------------------------------------------

bool Pl011::receiver_enabled() const {
    constexpr std::uint32_t both = cr_uarten | cr_rxe;
    return (bank_.at(CR) & both) == both;
}

std::size_t Pl011::receive_trigger() const {
    return fifos_enabled() ? trigger_levels[(bank_.at(IFLS) >> 3) & 7] : 1;
}

bool Pl011::character_started(Picos /*at*/) {
    return receiver_enabled();
}

void Pl011::character_received(const Sampled& character, Picos at) {
    expire_timeout(at);
    timeout_at_ = at + timeout_period();

    std::uint32_t errors = 0;
    if (character.framing_error) {
        errors |= error_framing;
        bank_.at(RIS) |= int_fe;
    }
    if (character.parity_error) {
        errors |= error_parity;
        bank_.at(RIS) |= int_pe;
    }
    if (rx_fifo_.full()) {
        overrun_ = true;
        bank_.at(RSR) |= error_overrun;
        bank_.at(RIS) |= int_oe;
        line_.channel().overrun();
        return;
    }
    if (overrun_)
        errors |= error_overrun;
    overrun_ = false;
    rx_fifo_.push(static_cast<std::uint16_t>(errors << dr_errors_shift | character.byte));
    line_.channel().accepted(character.byte, character.framing_error);
    if (rx_fifo_.size() == receive_trigger())
        bank_.at(RIS) |= int_rx;
}

void Pl011::take_received(Picos /*now*/) {
    if (rx_fifo_.empty())
        return;
    // UARTRSR shows the errors of the character read last; an overrun stays until it is cleared.
    const std::uint32_t errors = static_cast<std::uint32_t>(rx_fifo_.pop()) >> dr_errors_shift;
    bank_.at(RSR) = (bank_.at(RSR) & error_overrun) | errors;
    if (rx_fifo_.size() < receive_trigger())
        bank_.at(RIS) &= ~int_rx;
    if (rx_fifo_.empty()) {
        bank_.at(RIS) &= ~int_rt;
        timeout_at_ = Picos::never();
    }
}

Picos Pl011::timeout_period() const {
    return line_.near_end().rate.time_of(2 * timeout_bits);
}

bool Pl011::expire_timeout(Picos now) {
    if (timeout_at_ > now || timeout_at_ == Picos::never())
        return false;
    timeout_at_ = Picos::never();
    bank_.at(RIS) |= int_rt;
    return true;
}

// --- registers ------------------------------------------------------------------------------

bool Pl011::fifos_enabled() const {
    return (bank_.at(LCR_H) & lcr_fen) != 0;
}

void Pl011::errors_cleared(std::uint32_t /*written*/, Picos /*now*/) {
    bank_.at(RSR) &= ~rsr_status;
}

void Pl011::line_control_written(std::uint32_t /*written*/, Picos now) {
    // The divisor's two registers take effect together with this one (3.3.7). A bit lasts 16
    // periods of IBRD + FBRD / 64 reference clocks; an integer part of 0 stops the clock (3.3.6).
    const std::uint64_t integer = bank_.at(IBRD);
    const std::uint64_t divisor = integer != 0 ? 64 * integer + bank_.at(FBRD) : 0;
    if (fifos_were_enabled_ && !fifos_enabled()) {
        line_.flush_transmitter(false);
        rx_fifo_.clear();
    }
    fifos_were_enabled_ = fifos_enabled();
    rx_fifo_.set_depth(fifos_enabled() ? fifo_depth : 1);
    line_.transmit_fifo().set_depth(fifos_enabled() ? fifo_depth : 1);
    line_.configure({{.clock_hz = parameters_.reference_clock_hz,
                      .clock_scale = 8,  // half of 16 periods of 64ths
                      .divisor = divisor},
                     format_of(bank_.at(LCR_H))},
                    now);
}

void Pl011::control_written(std::uint32_t /*written*/, Picos now) {
    constexpr std::uint32_t both = cr_uarten | cr_txe;
    const std::uint32_t cr = bank_.at(CR);
    line_.set_loopback((cr & cr_lbe) != 0);
    line_.enable_transmitter((cr & both) == both, now);
}

void Pl011::interrupts_cleared(std::uint32_t written, Picos /*now*/) {
    bank_.at(RIS) &= ~written;
}

std::uint32_t Pl011::masked_interrupts() const {
    return bank_.at(RIS) & bank_.at(IMSC);
}

std::uint32_t Pl011::next_received() const {
    return rx_fifo_.empty() ? 0 : rx_fifo_.front();
}

std::uint32_t Pl011::flags() const {
    const auto& tx = line_.transmit_fifo();
    std::uint32_t f = fr_modem_lines;
    const auto flag = [&f](std::uint32_t bit, bool on) { f |= on ? bit : 0; };
    flag(fr_busy, line_.transmitting() || !tx.empty());
    flag(fr_rxfe, rx_fifo_.empty());
    flag(fr_txff, tx.full());
    flag(fr_rxff, rx_fifo_.full());
    flag(fr_txfe, tx.empty());
    return f;
}

}  // namespace models
