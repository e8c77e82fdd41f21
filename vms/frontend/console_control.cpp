#include "vms/frontend/console_control.h"

#include <algorithm>
#include <array>
#include <vector>

#include "vms/abi/virtio_console.h"

namespace vms::frontend {

namespace control = abi::console::control;
using abi::console::control_receiveq;
using abi::console::control_transmitq;

namespace {

void put(std::span<std::byte> at, std::uint32_t value) {
    for (std::size_t i = 0; i < at.size(); ++i)
        at[i] = static_cast<std::byte>(value >> (8 * i));
}

std::uint32_t get(std::span<const std::byte> at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < at.size(); ++i)
        value |= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
    return value;
}

}  // namespace

bool ConsoleControl::fill() {
    const std::uint32_t bytes = device_.profile().control_bytes;
    SplitRing& ring = device_.ring(control_receiveq);
    while (ring.free_descriptors() != 0) {
        // The interrupt handler refills the same ring.
        const MaskedScope masked(device_.cpu());
        if (!device_.add_receive_buffer(control_receiveq, bytes))
            break;
        if (device_.profile().kicks_each_buffer)
            device_.kick(control_receiveq);
    }
    return ring.outstanding() != 0;
}

bool ConsoleControl::send(std::uint32_t id, std::uint16_t event, std::uint16_t value) {
    const MaskedScope masked(device_.cpu());
    if (!device_.usable())
        return false;
    SplitRing& ring = device_.ring(control_transmitq);
    std::array<std::byte, control::bytes> message{};
    const std::span<std::byte> at{message};
    put(at.subspan(control::id, 4), id);
    put(at.subspan(control::event, 2), event);
    put(at.subspan(control::value, 2), value);

    const bool polls = device_.profile().completion == Completion::polled;
    if (!polls)
        reclaim();
    device_.charge(Operation::console_control);
    if (!device_.add_transmit_buffer(control_transmitq, message)) {
        device_.stop(ring.broken() ? Fault::ring_broken : Fault::out_of_shared_memory);
        return false;
    }
    ++device_.counters().control_sent;
    device_.kick(control_transmitq);
    while (polls && ring.outstanding() != 0) {
        reclaim();
        if (ring.broken())
            device_.stop(Fault::ring_broken);
        if (!device_.usable())
            return false;
        if (ring.outstanding() != 0)
            device_.counters().poll_iterations +=
                ring.wait_used(device_.work_of(Operation::ring_poll));
    }
    return true;
}

void ConsoleControl::reclaim() {
    while (const auto used = device_.ring(control_transmitq).get()) {
        device_.charge(Operation::ring_get);
        device_.charge(Operation::buffer_unmap);
        device_.give_back(control_transmitq, GuestAddr{used->token}, control::bytes);
    }
}

bool ConsoleControl::pending() {
    device_.charge(Operation::ring_poll);
    return device_.ring(control_receiveq).more_used();
}

bool ConsoleControl::take(ControlMessage& message) {
    SplitRing& ring = device_.ring(control_receiveq);
    const std::uint32_t capacity = device_.profile().control_bytes;
    while (const auto used = ring.get()) {
        device_.charge(Operation::ring_get);
        std::vector<std::byte> bytes(std::min(used->length, capacity));
        device_.take_received(control_receiveq, GuestAddr{used->token}, capacity, bytes);
        device_.charge(Operation::console_control);
        ++device_.counters().control_received;
        if (bytes.size() < control::bytes) {
            refill();  // no message at all: dropped
            continue;
        }
        const std::span<const std::byte> at{bytes};
        message.id = get(at.subspan(control::id, 4));
        message.event = static_cast<std::uint16_t>(get(at.subspan(control::event, 2)));
        message.value = static_cast<std::uint16_t>(get(at.subspan(control::value, 2)));
        message.rest.clear();
        for (const std::byte b : at.subspan(control::bytes))
            message.rest.push_back(static_cast<char>(b));
        return true;
    }
    if (ring.broken())
        device_.stop(Fault::ring_broken);
    return false;
}

void ConsoleControl::refill() {
    if (!device_.usable())
        return;
    const MaskedScope masked(device_.cpu());
    if (device_.add_receive_buffer(control_receiveq, device_.profile().control_bytes))
        device_.kick(control_receiveq);
}

void ConsoleControl::forget() {
    const std::uint32_t capacity = device_.profile().control_bytes;
    device_.ring(control_receiveq).detach_all([&](std::uint64_t token) {
        device_.give_back(control_receiveq, GuestAddr{token}, capacity);
    });
    device_.ring(control_transmitq).detach_all([&](std::uint64_t token) {
        device_.give_back(control_transmitq, GuestAddr{token}, control::bytes);
    });
}

}  // namespace vms::frontend
