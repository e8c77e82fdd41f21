#include "vms/frontend/console_port.h"

#include <algorithm>
#include <utility>

namespace vms::frontend {

namespace abi_console = abi::console;
namespace control = abi::console::control;

ConsolePort::ConsolePort(ConsoleDevice& device, ConsoleControl& control, std::uint32_t id,
                         std::function<bool()> restart)
    : device_(device),
      control_(control),
      id_(id),
      receiveq_(abi_console::receiveq(id)),
      transmitq_(abi_console::transmitq(id)),
      restart_(std::move(restart)) {
}

void ConsolePort::queues_created() {
    if (!device_.profile().transmit_interrupts)
        transmit_ring().enable_interrupts(false);
}

bool ConsolePort::fill(bool kick_each) {
    bool added = true;
    while (added) {
        // The interrupt handler refills the same ring.
        const MaskedScope masked(device_.cpu());
        added = receive_ring().free_descriptors() != 0 &&
                device_.add_receive_buffer(receiveq_, device_.profile().receive_bytes);
        if (added && kick_each)
            device_.kick(receiveq_);
    }
    return receive_ring().outstanding() != 0;
}

void ConsolePort::named(std::string name) {
    if (name_.empty())
        name_ = std::move(name);
}

void ConsolePort::resized(std::uint16_t cols, std::uint16_t rows) {
    cols_ = cols;
    rows_ = rows;
}

void ConsolePort::host_opened(bool open) {
    host_open_ = open;
    connected_ = connected_ || open;
}

void ConsolePort::disappear() {
    unplugged_ = unplugged_ || present_;
    // Zephyr's UART stays; what was its input, too, is gone.
    gone_ = gone_ || (present_ && open_to_input() && !device_.profile().one_uart);
    present_ = console_ = host_open_ = guest_open_ = false;
    name_.clear();
    cols_ = rows_ = 0;
    account_.discarded += received_.size();
    received_.clear();
    throttled_ = false;
}

void ConsolePort::forget() {
    disappear();
    unplugged_ = gone_ = false;
    while (reclaim_one()) {
    }
    for (const InFlight& f : in_flight_) {
        account_.abandoned += f.length;
        device_.give_back(transmitq_, GuestAddr{f.buffer}, f.length);
    }
    in_flight_.clear();
    // Buffers go back to the memory whether the device has used them or not.
    const std::uint32_t bytes = device_.profile().receive_bytes;
    SplitRing& receive = receive_ring();
    while (const auto used = receive.get()) {
        account_.discarded += std::min(used->length, bytes);
        device_.give_back(receiveq_, GuestAddr{used->token}, bytes);
    }
    receive.detach_all(
        [&](std::uint64_t token) { device_.give_back(receiveq_, GuestAddr{token}, bytes); });
}

PortReport ConsolePort::report() const {
    return {present_, console_, host_open_, open_to_input(), name_, cols_, rows_, account_};
}

// --- interrupts ---------------------------------------------------------------------------------

void ConsolePort::interrupt() {
    drain();
    // Where a write polls, there is nothing to do: whoever writes waits for its own buffer.
    if (!polls())
        reclaim();
}

/// Take what the device has filled, until nothing is left or enough waits to be read.
void ConsolePort::drain() {
    const ConsoleProfile& profile = device_.profile();
    bool refilled = false;
    for (;;) {
        throttled_ = received_.size() >= profile.receive_backlog;
        if (throttled_)
            break;
        const auto used = receive_ring().get();
        if (!used) {
            device_.charge(Operation::ring_poll);
            break;
        }
        take(*used);
        if (profile.refill != Refill::at_once)
            continue;
        refilled = device_.add_receive_buffer(receiveq_, profile.receive_bytes) || refilled;
        if (profile.kicks_each_buffer && refilled)
            device_.kick(receiveq_);
    }
    if (refilled && !profile.kicks_each_buffer)
        device_.kick(receiveq_);
    if (receive_ring().broken())
        device_.stop(Fault::ring_broken);
}

void ConsolePort::take(const SplitRing::Used& used) {
    device_.charge(Operation::ring_get);
    const std::uint32_t capacity = device_.profile().receive_bytes;
    std::vector<std::byte> bytes(std::min(used.length, capacity));
    device_.take_received(receiveq_, GuestAddr{used.token}, capacity, bytes);
    device_.charge(Operation::console_receive);
    ++device_.counters().received;
    // Linux throws away what comes for a port that nobody has open.
    if (open_to_input())
        received_.insert(received_.end(), bytes.begin(), bytes.end());
    else
        account_.discarded += bytes.size();
}

// --- the terminal -------------------------------------------------------------------------------

bool ConsolePort::open() {
    for (;;) {
        if (device_.restart_due() && !restart_())
            return false;
        // Whether it is a console shows only after the port has been found.
        const bool generic = device_.profile().generic_ports;
        const bool there = device_.wait_until([&] { return console_ || (generic && known()); }) &&
                           device_.usable();
        if (device_.restart_due())
            continue;  // it needed a reset meanwhile
        if (!there)
            return false;
        gone_ = false;
        connected_ = host_open_;
        if (console_)
            return true;
        guest_open_ = true;
        if (control_.send(id_, control::port_open, 1))
            return true;
        if (!device_.restart_due())
            return false;
    }
}

void ConsolePort::close() {
    if (!guest_open_)
        return;
    guest_open_ = false;
    control_.send(id_, control::port_open, 0);
    const MaskedScope masked(device_.cpu());
    account_.discarded += received_.size();
    received_.clear();
}

bool ConsolePort::usable() const {
    return (device_.usable() || device_.restart_due()) && present_ && open_to_input() && !gone_;
}

workload::Hindrance ConsolePort::hindrance() const {
    using workload::Hindrance;
    if (gone_)
        return Hindrance::removed;
    if (!present_)
        return unplugged_ ? Hindrance::removed : Hindrance::not_added;
    if (!console_ && (!device_.profile().generic_ports || !known()))
        return Hindrance::not_introduced;
    if (console_ || host_open_)
        return Hindrance::none;
    return connected_ ? Hindrance::hung_up : Hindrance::far_end_closed;
}

/// Before anything else, a restart that an interrupt has asked for.
bool ConsolePort::recover() {
    return !device_.restart_due() || (restart_() && open());
}

std::size_t ConsolePort::read(std::span<std::byte> into) {
    device_.charge(Operation::console_read);
    const MaskedScope masked(device_.cpu());
    const std::size_t n = std::min(into.size(), received_.size());
    std::copy_n(received_.begin(), n, into.begin());
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(n));
    account_.read += n;
    if (n != 0)
        device_.charge_copy(n);
    // What was left in the ring for want of room brings no further interrupt.
    if (throttled_ && device_.usable())
        drain();
    arm();
    return n;
}

/// A driver that has the device fill a buffer only when the last one has been read.
void ConsolePort::arm() {
    if (device_.profile().refill != Refill::when_read || !device_.usable() || !present_)
        return;
    while (received_.size() + receive_ring().outstanding() < receive_ring().layout().size &&
           device_.add_receive_buffer(receiveq_, device_.profile().receive_bytes))
        device_.kick(receiveq_);
}

void ConsolePort::expect_input() {
    const MaskedScope masked(device_.cpu());
    arm();
}

/// As port_fops_read ends: with what has come, then with the port's removal or the far end's close.
/// Here it first waits for the far end to be open at all, as a program does that polls.
bool ConsolePort::wait_for_input() {
    while (received_.empty() && !ended() && recover()) {
        expect_input();
        device_.wait_until([&] { return !received_.empty() || ended(); });
        if (!device_.restart_due())
            break;
    }
    return !received_.empty();
}

// --- transmit -----------------------------------------------------------------------------------

/// Consoles of a driver that polls do; its other ports do not, as nobody holds a lock there.
bool ConsolePort::polls() const {
    return device_.profile().completion == Completion::polled && console_;
}

bool ConsolePort::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        if (!recover() || !usable())
            return false;
        const std::size_t n = std::min<std::size_t>(bytes.size(), device_.profile().transmit_bytes);
        if (write_buffer(bytes.first(n)) == Wrote::failed)
            return false;
        bytes = bytes.subspan(n);
    }
    return true;
}

/// One buffer, and, where the driver polls, the wait until the device has it: without a limit, as
/// in the real drivers. Lost: the device asked for a reset meanwhile; it may have taken any part.
ConsolePort::Wrote ConsolePort::write_buffer(std::span<const std::byte> bytes) {
    device_.charge(Operation::console_write);
    const bool poll = polls();
    // The far end of a port that is no console must have it open; a removal ends the wait, and that
    // for room too (will_write_block).
    if (!console_)
        device_.wait_until([&] { return host_open_ || gone_; });
    const MaskedScope masked(device_.cpu(), poll && device_.profile().waits_masked);
    while (device_.usable() && !gone_) {
        if (transmit_ring().free_descriptors() != 0 && hand_over(bytes))
            break;
        if (transmit_ring().broken() || in_flight_.empty())
            device_.stop(transmit_ring().broken() ? Fault::ring_broken
                                                  : Fault::out_of_shared_memory);
        else
            wait_for_completion(poll);
    }
    while (poll && device_.usable() && !in_flight_.empty())
        wait_for_completion(true);
    if (gone_)
        return Wrote::failed;
    if (device_.usable())
        return Wrote::taken;
    return device_.restart_due() ? Wrote::lost : Wrote::failed;
}

/// Take a buffer back, or wait for it: by a turn of the polling loop, or asleep until an interrupt
/// has taken some.
void ConsolePort::wait_for_completion(bool poll) {
    if (!poll) {
        const std::size_t before = in_flight_.size();
        device_.wait_until([&] {
            reclaim();
            return in_flight_.size() < before || gone_;
        });
    } else if (!reclaim_one() && !transmit_ring().broken()) {
        device_.counters().poll_iterations +=
            transmit_ring().wait_used(device_.work_of(Operation::ring_poll));
    }
    if (transmit_ring().broken())
        device_.stop(Fault::ring_broken);
}

bool ConsolePort::hand_over(std::span<const std::byte> bytes) {
    const MaskedScope masked(device_.cpu(), !polls());
    const auto buffer = device_.add_transmit_buffer(transmitq_, bytes);
    if (!buffer)
        return false;
    in_flight_.push_back({buffer->value, static_cast<std::uint32_t>(bytes.size())});
    account_.written += bytes.size();
    device_.kick(transmitq_);
    return true;
}

std::size_t ConsolePort::submit(std::span<const std::byte> bytes) {
    if (!recover() || !usable() || (!console_ && !host_open_))
        return 0;
    device_.charge(Operation::console_write);
    const MaskedScope masked(device_.cpu());
    reclaim();
    std::size_t taken = 0;
    while (taken < bytes.size() && device_.usable() && transmit_ring().free_descriptors() != 0) {
        const auto n =
            std::min<std::size_t>(bytes.size() - taken, device_.profile().transmit_bytes);
        if (!hand_over(bytes.subspan(taken, n)))
            break;
        taken += n;
    }
    return taken;
}

bool ConsolePort::has_room() {
    const MaskedScope masked(device_.cpu());
    reclaim();
    return transmit_ring().free_descriptors() != 0;
}

void ConsolePort::reclaim() {
    while (reclaim_one()) {
    }
    device_.charge(Operation::ring_poll);
}

/// Take one transmit buffer back, if the device has used one.
bool ConsolePort::reclaim_one() {
    const auto used = transmit_ring().get();
    if (!used)
        return false;
    device_.charge(Operation::ring_get);
    device_.charge(Operation::buffer_unmap);
    const auto at = std::ranges::find(in_flight_, used->token, &InFlight::buffer);
    if (at != in_flight_.end()) {
        device_.give_back(transmitq_, GuestAddr{at->buffer}, at->length);
        in_flight_.erase(at);
    }
    ++device_.counters().transmitted;
    return true;
}

}  // namespace vms::frontend
