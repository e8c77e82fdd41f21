#include "models/uart/cadence_uart.h"

#include <algorithm>

namespace models {

namespace {

// Control_reg0
constexpr std::uint32_t cr_rxres = 1U << 0;
constexpr std::uint32_t cr_txres = 1U << 1;
constexpr std::uint32_t cr_rxen = 1U << 2;
constexpr std::uint32_t cr_rxdis = 1U << 3;
constexpr std::uint32_t cr_txen = 1U << 4;
constexpr std::uint32_t cr_txdis = 1U << 5;
constexpr std::uint32_t cr_rstto = 1U << 6;
constexpr std::uint32_t cr_self_clearing = cr_rxres | cr_txres | cr_rstto;

// Intrpt_*_reg0, Chnl_int_sts_reg0
constexpr std::uint32_t rtrig = 1U << 0;
constexpr std::uint32_t rempty = 1U << 1;
constexpr std::uint32_t rful = 1U << 2;
constexpr std::uint32_t tempty = 1U << 3;
constexpr std::uint32_t tful = 1U << 4;
constexpr std::uint32_t rovr = 1U << 5;
constexpr std::uint32_t frame = 1U << 6;
constexpr std::uint32_t pare = 1U << 7;
constexpr std::uint32_t timeout = 1U << 8;
constexpr std::uint32_t ttrig = 1U << 10;
constexpr std::uint32_t tnful = 1U << 11;
constexpr std::uint32_t tovr = 1U << 12;
constexpr std::uint32_t all_interrupts = 0x3fff;  // RBRK, bit 13, on top

// Channel_sts_reg0, where it differs from the interrupts
constexpr std::uint32_t sr_ractive = 1U << 10;
constexpr std::uint32_t sr_tactive = 1U << 11;
constexpr std::uint32_t sr_fdelt = 1U << 12;
constexpr std::uint32_t sr_ttrig = 1U << 13;
constexpr std::uint32_t sr_tnful = 1U << 14;

// Modem_sts_reg0: DCD, DSR, CTS asserted; FCMS follows Modem_ctrl_reg0.FCM
constexpr std::uint32_t modem_lines = 0xb0;
constexpr std::uint32_t modemsr_fcms = 1U << 8;
constexpr std::uint32_t modemcr_fcm = 1U << 5;

// RX_FIFO_byte_status: of the byte that the next read of the FIFO gives
constexpr std::uint32_t rxbs_parity = 1U << 0;
constexpr std::uint32_t rxbs_framing = 1U << 1;

/// Fill level from which two more bytes do not fit: "nearly full" while MR.WSIZE is 0.
constexpr std::size_t nearly_full = CadenceUart::fifo_depth - 1;

CharacterFormat format_of(std::uint32_t mode) {
    CharacterFormat f;
    switch ((mode >> 1) & 3) {  // CHRL
        case 3:
            f.data_bits = 6;
            break;
        case 2:
            f.data_bits = 7;
            break;
        default:
            f.data_bits = 8;
            break;
    }
    switch ((mode >> 3) & 7) {  // PAR
        case 0:
            f.parity = Parity::even;
            break;
        case 1:
            f.parity = Parity::odd;
            break;
        case 2:
            f.parity = Parity::space;
            break;
        case 3:
            f.parity = Parity::mark;
            break;
        default:
            f.parity = Parity::none;
            break;
    }
    switch ((mode >> 6) & 3) {  // NBSTOP
        case 1:
            f.stop_half_bits = 3;
            break;
        case 2:
            f.stop_half_bits = 4;
            break;
        default:
            f.stop_half_bits = 2;
            break;
    }
    return f;
}

}  // namespace

const CadenceUart::Table CadenceUart::registers{{
    {.name = "Control_reg0",
     .offset = CR,
     .reset = 0x128,
     .writable = 0x1ff,
     .after_write = &CadenceUart::control_written},
    {.name = "mode_reg0",
     .offset = MR,
     .writable = 0x3ff,
     .after_write = &CadenceUart::format_written},
    {.name = "Intrpt_en_reg0",
     .offset = IER,
     .readable = 0,
     .after_write = &CadenceUart::enable_interrupts},
    {.name = "Intrpt_dis_reg0",
     .offset = IDR,
     .readable = 0,
     .after_write = &CadenceUart::disable_interrupts},
    {.name = "Intrpt_mask_reg0", .offset = IMR},
    {.name = "Chnl_int_sts_reg0", .offset = ISR, .clearable = all_interrupts},
    {.name = "Baud_rate_gen_reg0",
     .offset = BAUDGEN,
     .reset = 0x28b,
     .writable = 0xffff,
     .after_write = &CadenceUart::format_written},
    {.name = "Rcvr_timeout_reg0",
     .offset = RXTOUT,
     .writable = 0xff,
     .after_write = &CadenceUart::timeout_written},
    {.name = "Rcvr_FIFO_trigger_level0", .offset = RXWM, .reset = 0x20, .writable = 0x3f},
    {.name = "Modem_ctrl_reg0", .offset = MODEMCR, .writable = 0x23},
    {.name = "Modem_sts_reg0", .offset = MODEMSR, .value = &CadenceUart::modem_status},
    {.name = "Channel_sts_reg0", .offset = SR, .value = &CadenceUart::status},
    {.name = "TX_RX_FIFO0",
     .offset = FIFO,
     .value = &CadenceUart::next_received,
     .after_read = &CadenceUart::take_received,
     .after_write = &CadenceUart::fifo_written},
    {.name = "Baud_rate_divider_reg0",
     .offset = BDIV,
     .reset = 0xf,
     .writable = 0xff,
     .after_write = &CadenceUart::divider_written},
    {.name = "Flow_delay_reg0", .offset = FLOWDELAY, .writable = 0x3f},
    {.name = "Tx_FIFO_trigger_level0", .offset = TXWM, .reset = 0x20, .writable = 0x3f},
    {.name = "RX_FIFO_byte_status", .offset = RXBS, .value = &CadenceUart::next_received_errors},
}};

CadenceUart::CadenceUart(sc_core::sc_module_name name, const Parameters& parameters, IrqLine irq,
                         Activity& activity, SerialChannel& channel)
    : UartModule(name, registers, parameters, irq, activity, channel, fifo_depth),
      divider_(bank_.at(BDIV)) {
    format_written(0, {});
}

// --- time -----------------------------------------------------------------------------------

bool CadenceUart::interrupt() const {
    return (bank_.at(ISR) & bank_.at(IMR)) != 0;
}

Picos CadenceUart::next_wake() const {
    // An interrupt that is enabled and has not been raised yet may raise the line; whatever else
    // happens can wait until somebody looks, or the line falls silent.
    const std::uint32_t awaited = bank_.at(IMR) & ~bank_.at(ISR);
    Picos at = line_.transmit_idle_at();
    const auto consider = [&at](Picos t) { at = std::min(at, t); };
    if ((awaited & tempty) != 0)
        consider(line_.transmit_level_at(0));
    if (line_.looped_back() && awaited != 0)
        consider(line_.transmit_next_at());
    if (line_.far_end_sends())
        consider(line_.burst_end());
    if ((awaited & timeout) != 0 && bank_.at(RXTOUT) != 0)
        consider(receiver_enabled() ? line_.silence_at(timeout_at_, timeout_period(), true)
                                    : timeout_at_);
    if (!receiver_enabled())
        return at;
    const std::size_t level = rx_fifo_.size();
    const std::size_t trigger = bank_.at(RXWM);
    if ((awaited & rtrig) != 0 && trigger != 0)
        consider(line_.reception(trigger > level ? trigger - level : 1));
    if ((awaited & (rful | rovr)) != 0)
        consider(level < fifo_depth ? line_.reception(fifo_depth - level) : line_.next_event_at());
    if ((awaited & (frame | pare)) != 0 && !line_.receives_as_sent())
        consider(line_.reception(1));
    return at;
}

// --- transmitter ----------------------------------------------------------------------------

void CadenceUart::fifo_written(std::uint32_t written, Picos now) {
    if (line_.transmit_fifo().full()) {
        bank_.at(ISR) |= tovr;
        line_.channel().lost(1);
        return;
    }
    const std::size_t level = line_.transmit_fifo().size() + 1;
    if (level == bank_.at(TXWM))
        bank_.at(ISR) |= ttrig;
    if (level >= nearly_full)
        bank_.at(ISR) |= tnful;
    if (level == fifo_depth)
        bank_.at(ISR) |= tful;
    line_.send(static_cast<std::uint8_t>(written), now);
}

void CadenceUart::transmit_fifo_fell(std::size_t level, Picos /*at*/) {
    if (level == 0)
        bank_.at(ISR) |= tempty;
}

// --- receiver -------------------------------------------------------------------------------

bool CadenceUart::receiver_enabled() const {
    return (bank_.at(CR) & (cr_rxen | cr_rxdis)) == cr_rxen;
}

bool CadenceUart::character_started(Picos at) {
    expire_timeout(at);
    if (!receiver_enabled())
        return false;
    restart_timeout(at);
    if (rx_waiting_) {
        rx_waiting_ = false;
        bank_.at(ISR) |= rovr;
        line_.channel().overrun();
    }
    return true;
}

void CadenceUart::character_received(const Sampled& character, Picos /*at*/) {
    if (character.parity_error)
        bank_.at(ISR) |= pare;
    if (character.framing_error)
        bank_.at(ISR) |= frame;
    if (rx_fifo_.full()) {
        rx_waiting_ = true;
        rx_shift_ = character;
    } else {
        store_received(character);
    }
}

void CadenceUart::store_received(const Sampled& character) {
    rx_fifo_.push(character);
    line_.channel().accepted(character.byte, character.framing_error);
    const std::size_t trigger = bank_.at(RXWM);
    if (trigger != 0 && rx_fifo_.size() >= trigger)
        bank_.at(ISR) |= rtrig;
    if (rx_fifo_.full())
        bank_.at(ISR) |= rful;
}

void CadenceUart::take_received(Picos /*now*/) {
    if (rx_fifo_.empty())
        return;
    rx_fifo_.pop();
    if (rx_fifo_.empty())
        bank_.at(ISR) |= rempty;
    if (rx_waiting_) {
        rx_waiting_ = false;
        store_received(rx_shift_);
    }
}

Picos CadenceUart::timeout_period() const {
    // A 10-bit counter of bit periods; UG585, "Receiver Timeout Mechanism", gives 1023 of them for
    // the value 0xff.
    const std::uint64_t bits = std::uint64_t{4} * (bank_.at(RXTOUT) + 1) - 1;
    return line_.near_end().rate.time_of(2 * bits);
}

void CadenceUart::timeout_written(std::uint32_t written, Picos /*now*/) {
    // 0 disables the mechanism at once; another value counts from the next restart on.
    if (written == 0)
        timeout_at_ = Picos::never();
}

void CadenceUart::restart_timeout(Picos now) {
    const bool counts = bank_.at(RXTOUT) != 0 && line_.near_end().rate.running();
    timeout_at_ = counts ? now + timeout_period() : Picos::never();
}

bool CadenceUart::expire_timeout(Picos now) {
    if (timeout_at_ > now || timeout_at_ == Picos::never())
        return false;
    timeout_at_ = Picos::never();
    bank_.at(ISR) |= timeout;
    return true;
}

// --- registers ------------------------------------------------------------------------------

void CadenceUart::control_written(std::uint32_t written, Picos now) {
    bank_.at(CR) &= ~cr_self_clearing;
    if ((written & cr_txres) != 0)
        line_.flush_transmitter(true);
    if ((written & cr_rxres) != 0) {
        rx_fifo_.clear();
        rx_waiting_ = false;
    }
    if ((written & cr_rstto) != 0)
        restart_timeout(now);
    line_.enable_transmitter((bank_.at(CR) & (cr_txen | cr_txdis)) == cr_txen, now);
}

void CadenceUart::enable_interrupts(std::uint32_t written, Picos /*now*/) {
    bank_.at(IMR) |= written & all_interrupts;
}

void CadenceUart::disable_interrupts(std::uint32_t written, Picos /*now*/) {
    bank_.at(IMR) &= ~written;
}

void CadenceUart::divider_written(std::uint32_t written, Picos now) {
    constexpr std::uint32_t least = 4;  // 0 to 3 are ignored
    std::uint32_t& stored = bank_.at(BDIV);
    if (stored < least)
        stored = divider_;
    divider_ = stored;
    format_written(written, now);
}

void CadenceUart::format_written(std::uint32_t /*written*/, Picos now) {
    const std::uint32_t mode = bank_.at(MR);
    const std::uint64_t prescale = (mode & 1) != 0 ? 8 : 1;  // CLKS
    line_.configure({{.clock_hz = parameters_.reference_clock_hz,
                      .clock_scale = 2,  // half bits
                      .divisor = prescale * bank_.at(BAUDGEN) * (divider_ + 1)},
                     format_of(mode)},
                    now);
    constexpr std::uint32_t local_loopback = 2;
    line_.set_loopback(((mode >> 8) & 3) == local_loopback);
}

std::uint32_t CadenceUart::modem_status() const {
    return modem_lines | ((bank_.at(MODEMCR) & modemcr_fcm) != 0 ? modemsr_fcms : 0);
}

std::uint32_t CadenceUart::status() const {
    const std::size_t tx = line_.transmit_fifo().size();
    const std::size_t rx = rx_fifo_.size();
    const std::size_t trigger = bank_.at(RXWM);
    std::uint32_t s = 0;
    const auto flag = [&s](std::uint32_t bit, bool on) { s |= on ? bit : 0; };
    flag(rtrig, trigger != 0 && rx >= trigger);
    flag(rempty, rx == 0);
    flag(rful, rx == fifo_depth);
    flag(tempty, tx == 0);
    flag(tful, tx == fifo_depth);
    flag(sr_ractive, receiver_enabled() && line_.receiving());
    flag(sr_tactive, line_.transmitting());
    flag(sr_fdelt, bank_.at(FLOWDELAY) != 0 && rx >= bank_.at(FLOWDELAY));
    flag(sr_ttrig, bank_.at(TXWM) != 0 && tx >= bank_.at(TXWM));
    flag(sr_tnful, tx >= nearly_full);
    return s;
}

std::uint32_t CadenceUart::next_received() const {
    return rx_fifo_.empty() ? 0 : rx_fifo_.front().byte;
}

std::uint32_t CadenceUart::next_received_errors() const {
    if (rx_fifo_.empty())
        return 0;
    const Sampled next = rx_fifo_.front();
    return (next.parity_error ? rxbs_parity : 0) | (next.framing_error ? rxbs_framing : 0);
}

}  // namespace models
