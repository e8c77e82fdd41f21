#include "models/uart/serial_line.h"

#include <algorithm>

namespace models {

namespace {

/// How many characters nobody waits for are taken in one go: bounds the time between looks at a
/// long stream, and so how late its end is noticed by nobody.
constexpr std::uint64_t characters_a_look = 64;

}  // namespace

SerialLine::SerialLine(Owner& owner, SerialChannel& channel, Activity& activity, LineEnd far_end,
                       std::size_t fifo_depth)
    : owner_(owner),
      channel_(channel),
      activity_(activity),
      far_(far_end),
      far_clock_(far_end.rate.clock_hz, far_end.rate.clock_scale),
      far_counts_(far_end.rate.divisor * far_end.format.half_bits()),
      tx_fifo_(fifo_depth) {
}

void SerialLine::start() {
    plan_reception();
    settle();
}

bool SerialLine::advance(Picos now) {
    bool changed = false;
    while (tx_end_ <= now && tx_end_ != Picos::never()) {
        finish_transmission();
        changed = true;
    }
    while (rx_event_ <= now && rx_event_ != Picos::never()) {
        step_receiver();
        changed = true;
    }
    return changed;
}

void SerialLine::settle() {
    const auto follow = [this](bool& held, bool wanted) {
        if (held == wanted)
            return;
        held = wanted;
        wanted ? activity_.hold() : activity_.release();
    };
    follow(tx_held_, transmitting());
    follow(rx_held_, rx_event_ != Picos::never());
}

// --- transmitter ----------------------------------------------------------------------------

void SerialLine::configure(const LineEnd& near_end, Picos now) {
    if (near_ == near_end)
        return;
    near_ = near_end;
    update_agreement();
    start_transmission(now);
}

void SerialLine::update_agreement() {
    tx_agree_ = near_.rate.running() && agree(near_, far_);
    rx_agree_ = near_.rate.running() && agree(far_, near_);
}

void SerialLine::enable_transmitter(bool enabled, Picos now) {
    tx_enabled_ = enabled;
    start_transmission(now);
}

void SerialLine::send(std::uint8_t byte, Picos now) {
    tx_fifo_.push(byte);
    start_transmission(now);
}

void SerialLine::flush_transmitter(bool abort) {
    std::uint64_t dropped = tx_fifo_.size();
    tx_fifo_.clear();
    if (abort && transmitting()) {
        tx_end_ = Picos::never();
        ++dropped;
    }
    channel_.lost(dropped);
}

void SerialLine::start_transmission(Picos now) {
    if (transmitting() || !tx_enabled_ || tx_fifo_.empty() || !near_.rate.running())
        return;
    if (now != tx_run_end_ || !(tx_config_ == near_)) {
        tx_config_ = near_;
        tx_clock_ = RateClock(near_.rate.clock_hz, near_.rate.clock_scale);
        tx_counts_ = near_.rate.divisor * near_.format.half_bits();
        tx_run_start_ = now;
        tx_run_sent_ = 0;
    }
    tx_byte_ = tx_fifo_.pop();
    tx_end_ = tx_run_start_ + tx_clock_.at((tx_run_sent_ + 1) * tx_counts_);
    if (loopback_)
        tx_heard_ = owner_.character_started(now);
    owner_.transmit_fifo_fell(tx_fifo_.size(), now);
}

void SerialLine::finish_transmission() {
    const Picos at = tx_end_;
    tx_end_ = Picos::never();
    tx_run_end_ = at;
    ++tx_run_sent_;
    if (loopback_) {
        if (tx_heard_)
            owner_.character_received(sample(tx_byte_, tx_config_, near_), at);
    } else if (tx_agree_ && tx_config_ == near_) {
        channel_.deliver(tx_byte_, false, at);
    } else {
        const Sampled seen = sample(tx_byte_, tx_config_, far_);
        channel_.deliver(seen.byte, seen.framing_error, at);
    }
    start_transmission(at);
}

// --- receiver -------------------------------------------------------------------------------

void SerialLine::plan_reception() {
    const SerialBurst burst = channel_.next();
    rx_event_ = burst.count != 0 ? std::max(burst.at, rx_line_free_) : Picos::never();
}

void SerialLine::step_receiver() {
    const Picos at = rx_event_;
    if (!rx_busy_) {
        if (at > rx_line_free_) {
            rx_run_start_ = at;
            rx_run_received_ = 0;
        }
        rx_busy_ = true;
        rx_heard_ = !loopback_ && owner_.character_started(at);
        rx_event_ = rx_run_start_ + far_clock_.at((rx_run_received_ + 1) * far_counts_);
        return;
    }
    const std::uint8_t byte = channel_.take();
    ++rx_run_received_;
    rx_busy_ = false;
    rx_line_free_ = at;
    plan_reception();
    if (!rx_heard_ || !near_.rate.running())
        channel_.unheard();
    else
        owner_.character_received(rx_agree_ ? Sampled{.byte = byte} : sample(byte, far_, near_),
                                  at);
}

// --- when something can happen next -----------------------------------------------------------

Picos SerialLine::transmit_level_at(std::size_t level) const {
    if (!transmitting() || !tx_enabled_ || tx_fifo_.size() <= level)
        return Picos::never();
    if (!(tx_config_ == near_))
        return tx_end_;
    return tx_run_start_ + tx_clock_.at((tx_run_sent_ + tx_fifo_.size() - level) * tx_counts_);
}

Picos SerialLine::transmit_idle_at() const {
    if (!transmitting() || !(tx_config_ == near_))
        return tx_end_;
    const std::size_t queued = tx_enabled_ ? tx_fifo_.size() : 0;
    return tx_run_start_ + tx_clock_.at((tx_run_sent_ + 1 + queued) * tx_counts_);
}

Picos SerialLine::reception(std::uint64_t k) const {
    if (rx_event_ == Picos::never())
        return Picos::never();
    if (rx_busy_ || rx_event_ == rx_line_free_)
        return rx_run_start_ + far_clock_.at((rx_run_received_ + k) * far_counts_);
    return rx_event_ + far_clock_.at(k * far_counts_);
}

Picos SerialLine::burst_end() const {
    const std::uint64_t count = channel_.next().count;
    return reception(std::clamp<std::uint64_t>(count, 1, characters_a_look));
}

Picos SerialLine::silence_at(Picos deadline, Picos period, bool from_start_bit) const {
    const Picos again = from_start_bit ? rx_event_ : reception(1);
    if (deadline <= again)
        return deadline;
    const Picos character = far_clock_.at(far_counts_);
    return period < character ? again : burst_end();
}

}  // namespace models
