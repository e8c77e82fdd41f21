#include "vms/service/drivers/pl011_uart.h"

namespace vms::service {

namespace {

// Registers, DDI 0183 table 3-1.
constexpr std::uint32_t uartdr = 0x000;
constexpr std::uint32_t uartfr = 0x018;
constexpr std::uint32_t uartibrd = 0x024;
constexpr std::uint32_t uartfbrd = 0x028;
constexpr std::uint32_t uartlcr_h = 0x02c;
constexpr std::uint32_t uartcr = 0x030;
constexpr std::uint32_t uartifls = 0x034;
constexpr std::uint32_t uartimsc = 0x038;
constexpr std::uint32_t uartris = 0x03c;
constexpr std::uint32_t uarticr = 0x044;

namespace data {
constexpr std::uint32_t errors = 0xf00;  // OE, BE, PE, FE of this character
}

namespace flag {
constexpr std::uint32_t busy = 1u << 3;
constexpr std::uint32_t rxfe = 1u << 4;
constexpr std::uint32_t txff = 1u << 5;
constexpr std::uint32_t txfe = 1u << 7;
}  // namespace flag

namespace line {
constexpr std::uint32_t fen = 1u << 4;
constexpr std::uint32_t wlen_8 = 3u << 5;
}  // namespace line

namespace control {
constexpr std::uint32_t uarten = 1u << 0;
constexpr std::uint32_t txe = 1u << 8;
constexpr std::uint32_t rxe = 1u << 9;
}  // namespace control

namespace interrupt {
constexpr std::uint32_t rx = 1u << 4;
constexpr std::uint32_t tx = 1u << 5;
constexpr std::uint32_t rt = 1u << 6;  // receive time-out: 32 bit periods of silence
constexpr std::uint32_t all = 0x7ff;
constexpr std::uint32_t receive = rx | rt;
}  // namespace interrupt

constexpr std::uint32_t level_half = 2u << 3 | 2u << 0;  // UARTIFLS: RX and TX at one half
/// Revisions before r1p5 have 16 places; later ones 32.
constexpr std::uint32_t fifo_depth = 16;
constexpr unsigned busy_polls = 10'000;
constexpr unsigned receive_burst = 64;  // twice the deeper FIFO

}  // namespace

Pl011Uart::Divisors Pl011Uart::divisors(std::uint64_t clock_hz, std::uint64_t baud) {
    if (baud == 0)
        return {0xffff, 0};
    // clock * 64 / (16 * baud), rounded to the nearest 64th.
    const std::uint64_t in_64ths = (clock_hz * 4 + baud / 2) / baud;
    constexpr std::uint64_t most = std::uint64_t{0xffff} << 6;
    const std::uint64_t d = in_64ths < 64 ? 64 : in_64ths > most ? most : in_64ths;
    return {static_cast<std::uint32_t>(d >> 6), static_cast<std::uint32_t>(d & 63)};
}

bool Pl011Uart::start() {
    port_.charge<Operation::uart_start>();
    // 3.3.8: disable, wait for the end of transmission, flush the FIFOs, program, enable.
    write(uartimsc, 0);
    write(uartcr, 0);
    bool idle = false;
    for (unsigned i = 0; i < busy_polls && !idle; ++i)
        idle = (read(uartfr) & flag::busy) == 0;
    write(uartlcr_h, 0);
    write(uarticr, interrupt::all);
    const Divisors d = divisors(p_.clock_hz, p_.baud);
    write(uartibrd, d.integer);
    write(uartfbrd, d.fraction);
    write(uartlcr_h, line::wlen_8 | line::fen);  // 3.3.7: this write takes the divisors over
    write(uartifls, level_half);
    write(uartcr, control::uarten | control::txe | control::rxe);
    mask_ = interrupt::receive;
    write(uartimsc, mask_);
    return idle;
}

void Pl011Uart::silence() {
    mask_ = 0;
    write(uartimsc, mask_);
}

std::uint32_t Pl011Uart::wanted() const {
    return interrupt::receive | (staged() ? interrupt::tx : 0);
}

bool Pl011Uart::serve() {
    port_.charge<Operation::uart_service>();
    // Cleared before the FIFO is looked at: what arrives after the look sets it again. TX is left
    // alone: filling the FIFO above its level clears it.
    const std::uint32_t causes = read(uartris) & ~interrupt::tx;
    if (causes != 0)
        write(uarticr, causes);

    unsigned taken = 0;
    while (taken < receive_burst && (read(uartfr) & flag::rxfe) == 0) {
        const std::uint32_t character = read(uartdr);
        if ((character & data::errors) != 0)
            receiver_error();
        receive(static_cast<std::byte>(character));
        ++taken;
    }
    port_.charge<Operation::uart_fifo_read>(taken);

    push_refilled();
    if (taken == receive_burst)
        return true;  // interrupts stay silent until all is taken
    if (mask_ != wanted()) {
        mask_ = wanted();
        write(uartimsc, mask_);
    }
    return false;
}

void Pl011Uart::push() {
    std::uint32_t room = 0;
    std::uint32_t written = 0;
    while (staged()) {
        if (room == 0) {
            const std::uint32_t flags = read(uartfr);
            if ((flags & flag::txff) != 0)
                break;
            room = (flags & flag::txfe) != 0 ? fifo_depth : 1;
        }
        write(uartdr, std::to_integer<std::uint32_t>(staging_.pop()));
        --room;
        ++written;
    }
    port_.charge<Operation::uart_fifo_write>(written);
    // The transmit interrupt comes when a full FIFO has drained to its level (3.4.3), so it is of
    // use only after the FIFO was filled.
    if (staged() && (mask_ & interrupt::tx) == 0) {
        mask_ |= interrupt::tx;
        write(uartimsc, mask_);
    }
}

}  // namespace vms::service
