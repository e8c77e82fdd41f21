#include "vms/frontend/console_uart.h"

#include <algorithm>
#include <utility>

namespace vms::frontend {

ConsoleUart::ConsoleUart(ConsoleDevice& device,
                         const std::vector<std::unique_ptr<ConsolePort>>& ports,
                         std::function<bool()> restart)
    : device_(device), ports_(ports), restart_(std::move(restart)) {
}

bool ConsoleUart::open() {
    bool there = false;
    do {
        if (device_.restart_due() && !restart_())
            return false;
        there = device_.wait_until([&] { return consoles() != 0; }) && device_.usable();
    } while (device_.restart_due());  // it needed a reset meanwhile
    return there;
}

bool ConsoleUart::recover() {
    return !device_.restart_due() || (restart_() && open());
}

std::uint32_t ConsoleUart::consoles() const {
    std::uint32_t bits = 0;
    for (const auto& port : ports_)
        if (port->console() && port->id() < device_.profile().max_ports)
            bits |= 1u << port->id();
    return bits;
}

bool ConsoleUart::has_input() const {
    return std::ranges::any_of(
        ports_, [](const auto& port) { return port->console() && port->has_input(); });
}

bool ConsoleUart::write(std::span<const std::byte> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (!recover() || !usable())
            return false;
        // A port that ceases to be a console meanwhile has no part in it.
        for (const auto& port : ports_)
            if (port->console())
                port->write(bytes.subspan(i, 1));
    }
    return usable();
}

std::size_t ConsoleUart::submit(std::span<const std::byte> bytes) {
    if (!recover())
        return 0;
    std::size_t taken = 0;
    while (taken < bytes.size() && usable()) {
        const bool room = std::ranges::all_of(
            ports_, [](const auto& port) { return !port->console() || port->has_room(); });
        if (!room)
            break;
        for (const auto& port : ports_)
            if (port->console())
                port->submit(bytes.subspan(taken, 1));
        ++taken;
    }
    return taken;
}

std::size_t ConsoleUart::read(std::span<std::byte> into) {
    if (into.empty())
        return 0;
    for (const auto& port : ports_)
        if (port->console() && port->read(into.first(1)) != 0)
            return 1;
    return 0;
}

bool ConsoleUart::wait_for_input() {
    while (!has_input() && recover() && usable()) {
        const std::uint32_t before = consoles();
        for (const auto& port : ports_)
            if (port->console())
                port->expect_input();
        // One that becomes a console now is given its buffer too.
        device_.wait_until([&] { return has_input() || consoles() != before; });
    }
    return has_input();
}

workload::TerminalAccount ConsoleUart::account() const {
    workload::TerminalAccount sum;
    for (const auto& port : ports_) {
        const workload::TerminalAccount a = port->account();
        sum.written = std::max(sum.written, a.written);
        sum.abandoned = std::max(sum.abandoned, a.abandoned);
        sum.read += a.read;
        sum.discarded += a.discarded;
    }
    return sum;
}

workload::Hindrance ConsoleUart::hindrance() const {
    return consoles() != 0 ? workload::Hindrance::none : workload::Hindrance::no_console;
}

}  // namespace vms::frontend
