#include "vms/service/console/control.h"

#include <utility>

namespace vms::service {

namespace console = abi::console;
namespace control = abi::console::control;

namespace {

constexpr std::uint32_t get(std::span<const std::byte> bytes, std::size_t at, std::size_t n) {
    std::uint32_t v = 0;
    for (std::size_t i = n; i-- > 0;)
        v = v << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
    return v;
}

constexpr void put(std::span<std::byte> bytes, std::size_t at, std::size_t n, std::uint32_t v) {
    for (std::size_t i = 0; i < n; ++i)
        bytes[at + i] = static_cast<std::byte>(v >> (8 * i));
}

}  // namespace

void ConsoleControl::activate(const DeviceContext& context) {
    context_ = context;
    receive_wait_.kicked();
    transmit_wait_.kicked();
}

void ConsoleControl::reset() {
    context_ = DeviceContext();
    driver_ready_ = false;
    turn_ = 0;
    for (PortState& p : ports_)
        p = PortState{.facts = p.facts};
}

void ConsoleControl::kicked(std::uint32_t queue) {
    if (queue == console::control_receiveq)
        receive_wait_.kicked();
    if (queue == console::control_transmitq)
        transmit_wait_.kicked();
}

bool ConsoleControl::work(ChainStorage& storage) {
    const bool more_in = from_driver(storage);
    const bool more_out = to_driver(storage);
    return more_in || more_out;
}

// --- from the driver ----------------------------------------------------------------------------

bool ConsoleControl::from_driver(ChainStorage& storage) {
    SplitQueue& queue = transmitq();
    if (!queue.active())
        return false;
    DescriptorChain chain = transmit_wait_.take(queue, storage);
    if (!chain)
        return false;
    port_.charge<Operation::console_control>();
    // The message's bytes may lie in several buffers; bytes beyond it mean nothing.
    std::array<std::byte, control::bytes> bytes{};
    const bool whole = chain.reader().read(*context_.memory, bytes) == bytes.size();
    queue.complete(std::move(chain), 0);
    ++counters_.console.control_received;
    if (whole)
        take(get(bytes, control::id, 4), static_cast<std::uint16_t>(get(bytes, control::event, 2)),
             static_cast<std::uint16_t>(get(bytes, control::value, 2)));
    else
        bad(counters_.console.control_malformed, BadControl::malformed);
    return true;
}

void ConsoleControl::take(std::uint32_t id, std::uint16_t event, std::uint16_t value) {
    if (event == control::device_ready) {  // the id means nothing
        device_ready(value == 1);
        return;
    }
    if (event != control::port_ready && event != control::port_open) {
        bad(counters_.console.control_malformed, BadControl::malformed);
        return;
    }
    if (id >= count_ || ports_[id].known == Known::no) {
        bad(counters_.console.control_bad_port, BadControl::no_port);
        return;
    }
    if (event == control::port_ready)
        port_ready(ports_[id], value == 1);
    else if (!ports_[id].remove)
        observer_.driver_opened(id, value == 1);
}

void ConsoleControl::device_ready(bool success) {
    // A second one changes nothing: ports that the driver knows must not be added again
    // (5.3.6.2.1).
    driver_ready_ = success;
}

void ConsoleControl::port_ready(PortState& p, bool success) {
    if (p.known != Known::added)
        return;  // again: what is to be said was said
    if (!success) {
        p.known = Known::failed;
        ++counters_.console.port_failures;
        return;
    }
    p.known = Known::ready;
    p.say_console = p.facts.console;
    p.say_name = !p.facts.name.empty();
    p.say_size = p.facts.console && p.facts.cols != 0 && p.facts.rows != 0;
    p.say_open = p.facts.far_end_open;
}

// --- to the driver ------------------------------------------------------------------------------

bool ConsoleControl::next_of(const PortState& p, std::uint16_t& event) const {
    // 5.3.6.2.1: removed is only what was added, added only what the driver does not know.
    if (p.remove) {
        event = control::device_remove;
        return true;
    }
    if (p.known == Known::no && p.facts.present) {
        event = control::device_add;
        return true;
    }
    const std::pair<bool, std::uint16_t> of_a_ready_port[] = {
        {p.say_console, control::console_port},
        {p.say_name, control::port_name},
        {p.say_size, control::resize},
        {p.say_open, control::port_open},
    };
    for (const auto& [wanted, its_event] : of_a_ready_port) {
        if (wanted && p.known == Known::ready) {
            event = its_event;
            return true;
        }
    }
    return false;
}

bool ConsoleControl::next(Message& message) const {
    if (!driver_ready_)
        return false;
    for (std::size_t n = 0; n < count_; ++n) {
        message.port = (turn_ + n) % count_;
        const PortState& p = ports_[message.port];
        if (!next_of(p, message.event))
            continue;
        compose(message, p);
        return true;
    }
    return false;
}

void ConsoleControl::compose(Message& m, const PortState& p) const {
    std::uint32_t value = 0;
    if (m.event == control::console_port)
        value = 1;
    if (m.event == control::port_open)
        value = p.facts.far_end_open ? 1 : 0;
    put(m.bytes, control::id, 4, static_cast<std::uint32_t>(m.port));
    put(m.bytes, control::event, 2, m.event);
    put(m.bytes, control::value, 2, value);
    m.size = control::bytes;
    if (m.event == control::resize) {
        const std::size_t cols = rows_first_ ? control::resize_rows : control::resize_cols;
        const std::size_t rows = rows_first_ ? control::resize_cols : control::resize_rows;
        put(m.bytes, cols, 2, p.facts.cols);
        put(m.bytes, rows, 2, p.facts.rows);
        m.size = control::resize_bytes;
    }
    if (m.event == control::port_name) {
        for (const char c : p.facts.name.substr(0, max_name_bytes))
            m.bytes[m.size++] = static_cast<std::byte>(c);
    }
}

void ConsoleControl::said(const Message& m) {
    PortState& p = ports_[m.port];
    turn_ = (m.port + 1) % count_;
    switch (m.event) {
        case control::device_remove:
            p = PortState{.facts = p.facts};
            break;
        case control::device_add:
            p.known = Known::added;
            break;
        case control::console_port:
            p.say_console = false;
            break;
        case control::port_name:
            p.say_name = false;
            break;
        case control::resize:
            p.say_size = false;
            break;
        case control::port_open:
            p.say_open = false;
            break;
        default:
            break;
    }
}

bool ConsoleControl::to_driver(ChainStorage& storage) {
    SplitQueue& queue = receiveq();
    if (!queue.active())
        return false;
    Message message;
    // Kicks on this queue matter only while a message waits for a buffer.
    if (!next(message)) {
        queue.suppress_kicks();
        return false;
    }
    DescriptorChain chain = receive_wait_.take(queue, storage);
    if (!chain)
        return false;
    port_.charge<Operation::console_control>();
    if (chain.writer().remaining() < message.size) {
        bad(counters_.console.control_too_small, BadControl::too_small);
        // A driver with buffers for the plain messages only does without name and size: waiting
        // for a larger buffer would hold up all that comes after.
        if (message.size > control::bytes && chain.writer().remaining() >= control::bytes) {
            ++counters_.console.control_skipped;
            said(message);
        }
        queue.complete(std::move(chain), 0);
        return true;
    }
    const std::size_t n =
        chain.writer().write(*context_.memory, std::span(message.bytes).first(message.size));
    queue.complete(std::move(chain), n);
    ++counters_.console.control_sent;
    said(message);
    return true;
}

// --- changes ------------------------------------------------------------------------------------

void ConsoleControl::set_present(std::size_t port, bool present) {
    PortState& p = ports_[port];
    if (p.facts.present == present)
        return;
    p.facts.present = present;
    if (present)
        return;  // a removal that waits goes first
    if (p.known == Known::added || p.known == Known::ready) {
        p.remove = true;
        return;
    }
    if (p.known == Known::failed)
        p.known = Known::no;  // the driver has no such port
}

void ConsoleControl::set_far_end_open(std::size_t port, bool open) {
    PortState& p = ports_[port];
    if (p.facts.far_end_open == open)
        return;
    p.facts.far_end_open = open;
    if (p.known == Known::ready)
        say(p.say_open);
}

void ConsoleControl::set_size(std::size_t port, std::uint16_t cols, std::uint16_t rows) {
    PortState& p = ports_[port];
    p.facts.cols = cols;
    p.facts.rows = rows;
    if (p.known == Known::ready && p.facts.console)
        say(p.say_size);
}

}  // namespace vms::service
