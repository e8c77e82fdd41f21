#include "vms/service/drivers/cadence_uart.h"

namespace vms::service {

namespace {

// Registers, UG1087.
constexpr std::uint32_t control = 0x00;
constexpr std::uint32_t mode = 0x04;
constexpr std::uint32_t intrpt_en = 0x08;
constexpr std::uint32_t intrpt_dis = 0x0c;
constexpr std::uint32_t chnl_int_sts = 0x14;
constexpr std::uint32_t baud_rate_gen = 0x18;
constexpr std::uint32_t rcvr_timeout = 0x1c;
constexpr std::uint32_t rcvr_fifo_trigger = 0x20;
constexpr std::uint32_t channel_sts = 0x2c;
constexpr std::uint32_t tx_rx_fifo = 0x30;
constexpr std::uint32_t baud_rate_divider = 0x34;

namespace control_bit {
constexpr std::uint32_t rxres = 1u << 0;  // self-clearing
constexpr std::uint32_t txres = 1u << 1;  // self-clearing
constexpr std::uint32_t rxen = 1u << 2;
constexpr std::uint32_t rxdis = 1u << 3;
constexpr std::uint32_t txen = 1u << 4;
constexpr std::uint32_t txdis = 1u << 5;
constexpr std::uint32_t rstto = 1u << 6;  // restart the receiver's time-out counter
constexpr std::uint32_t stpbrk = 1u << 8;
}  // namespace control_bit

constexpr std::uint32_t mode_8n1 = 4u << 3;  // PAR = no parity, CHRL = 8 bits, 1 stop bit

namespace interrupt {
constexpr std::uint32_t rtrig = 1u << 0;
constexpr std::uint32_t tempty = 1u << 3;
constexpr std::uint32_t rovr = 1u << 5;
constexpr std::uint32_t frame = 1u << 6;
constexpr std::uint32_t pare = 1u << 7;
constexpr std::uint32_t timeout = 1u << 8;
constexpr std::uint32_t all = 0x3fff;
constexpr std::uint32_t receive_errors = rovr | frame | pare;
constexpr std::uint32_t receive = rtrig | timeout | receive_errors;
}  // namespace interrupt

namespace status {
constexpr std::uint32_t rempty = 1u << 1;
constexpr std::uint32_t tempty = 1u << 3;
}  // namespace status

constexpr std::uint32_t fifo_depth = 64;
/// Half of the FIFO: the other half is the time to react.
constexpr std::uint32_t receive_trigger = 32;
/// In units of four bit times (UG1087, Rcvr_timeout): four characters of silence.
constexpr std::uint32_t receive_timeout = 10;
constexpr unsigned reset_polls = 1000;
/// Characters taken in one go; twice the FIFO's depth, so that a fast line cannot hold the loop.
constexpr unsigned receive_burst = 2 * fifo_depth;

}  // namespace

CadenceUart::Divisors CadenceUart::divisors(std::uint64_t clock_hz, std::uint64_t baud) {
    constexpr std::uint32_t divider_min = 4;  // UG1087: BDIV below 4 is ignored
    constexpr std::uint32_t divider_max = 255;
    constexpr std::uint64_t generator_max = 65535;
    Divisors best{static_cast<std::uint32_t>(generator_max), divider_max};
    std::uint64_t best_error = ~std::uint64_t{0};
    if (baud == 0)
        return best;
    for (std::uint32_t divider = divider_min; divider <= divider_max; ++divider) {
        const std::uint64_t step = baud * (divider + 1);
        const std::uint64_t generator = (clock_hz + step / 2) / step;
        if (generator == 0 || generator > generator_max)
            continue;
        const std::uint64_t actual = clock_hz / (generator * (divider + 1));
        const std::uint64_t error = actual > baud ? actual - baud : baud - actual;
        if (error < best_error) {
            best_error = error;
            best = {static_cast<std::uint32_t>(generator), divider};
        }
    }
    return best;
}

bool CadenceUart::start() {
    port_.charge<Operation::uart_start>();
    write(intrpt_dis, interrupt::all);
    write(control, control_bit::rxdis | control_bit::txdis | control_bit::stpbrk);
    const Divisors d = divisors(p_.clock_hz, p_.baud);
    write(baud_rate_gen, d.generator);
    write(baud_rate_divider, d.divider);
    write(mode, mode_8n1);
    write(control,
          control_bit::rxdis | control_bit::txdis | control_bit::rxres | control_bit::txres);
    bool reset_done = false;
    for (unsigned i = 0; i < reset_polls && !reset_done; ++i)
        reset_done = (read(control) & (control_bit::rxres | control_bit::txres)) == 0;
    write(rcvr_fifo_trigger, receive_trigger);
    write(rcvr_timeout, receive_timeout);
    write(chnl_int_sts, interrupt::all);
    write(control, control_bit::rxen | control_bit::txen | control_bit::rstto);
    write(intrpt_en, interrupt::receive);
    fifo_room_ = fifo_depth;
    return reset_done;
}

void CadenceUart::silence() {
    write(intrpt_dis, interrupt::all);
}

bool CadenceUart::serve() {
    port_.charge<Operation::uart_service>();
    // Cleared before the FIFO is looked at: what arrives after the look sets it again.
    const std::uint32_t causes = read(chnl_int_sts);
    write(chnl_int_sts, causes);
    if ((causes & interrupt::receive_errors) != 0)
        receiver_error();

    unsigned taken = 0;
    while (taken < receive_burst && (read(channel_sts) & status::rempty) == 0) {
        receive(static_cast<std::byte>(read(tx_rx_fifo)));
        ++taken;
    }
    port_.charge<Operation::uart_fifo_read>(taken);

    push_refilled();
    if (taken == receive_burst)
        return true;  // interrupts stay silent until all is taken
    write(intrpt_en, interrupt::receive | (waiting_for_empty_ ? interrupt::tempty : 0));
    return false;
}

void CadenceUart::push() {
    // The FIFO tells no fill level: what it can take again is known only when it is empty.
    if (staging_.size() > fifo_room_ && (read(channel_sts) & status::tempty) != 0)
        fifo_room_ = fifo_depth;
    std::uint32_t written = 0;
    while (fifo_room_ != 0 && staged()) {
        write(tx_rx_fifo, std::to_integer<std::uint32_t>(staging_.pop()));
        --fifo_room_;
        ++written;
    }
    port_.charge<Operation::uart_fifo_write>(written);
    // Wanted only while something waits. The cause may be set from before, for one interrupt too
    // many; clearing it here could lose the FIFO's becoming empty since it was looked at.
    const bool wait = staged();
    if (wait && !waiting_for_empty_)
        write(intrpt_en, interrupt::tempty);
    if (!wait && waiting_for_empty_)
        write(intrpt_dis, interrupt::tempty);
    waiting_for_empty_ = wait;
}

}  // namespace vms::service
