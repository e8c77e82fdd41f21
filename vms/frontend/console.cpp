#include "vms/frontend/console.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "vms/abi/virtio_console.h"

namespace vms::frontend {

namespace abi_console = abi::console;
namespace control = abi::console::control;
namespace mmio = abi::mmio;

namespace {

constexpr std::uint32_t most_ports = 511;  ///< as many as queues of an index below 1024 allow

std::uint16_t half(std::string_view bytes, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[at + i]); };
    return static_cast<std::uint16_t>(byte(0) | byte(1) << 8);
}

}  // namespace

ConsoleDriver::ConsoleDriver(const DriverContext& context, const DeviceConfig& device)
    : interrupts_(context.interrupts),
      device_(context, device),
      control_(device_),
      uart_(device_, ports_, [this] { return restart(); }) {
    make_ports(1);
}

void ConsoleDriver::make_ports(std::uint32_t count) {
    while (ports_.size() < count)
        ports_.push_back(std::make_unique<ConsolePort>(device_, control_,
                                                       static_cast<std::uint32_t>(ports_.size()),
                                                       [this] { return restart(); }));
}

bool ConsoleDriver::multiport() const {
    return device_.negotiated(abi_console::feature::multiport);
}

Fault ConsoleDriver::probe() {
    if (!std::exchange(probed_, true) && !device_.config().early_text.empty())
        write_early_text();
    const Fault fault = start();
    if (fault != Fault::none)
        device_.stop(fault);
    return fault;
}

/// 5.3.4: emerg_wr works before the device is set up; that it is there, the features say.
void ConsoleDriver::write_early_text() {
    VirtioMmio& transport = device_.transport();
    if ((transport.offered_low() & mmio::feature_bit(abi_console::feature::emerg_write)) == 0)
        return;
    for (const char c : device_.config().early_text)
        transport.write_config(abi_console::config::emerg_wr, Width::word,
                               static_cast<std::uint8_t>(c));
}

Fault ConsoleDriver::start() {
    const ConsoleProfile& profile = device_.profile();
    VirtioMmio& transport = device_.transport();
    device_.charge(Operation::probe_device);
    if (const Fault f = transport.identify(mmio::device_type::console); f != Fault::none)
        return f;
    if (const Fault f = transport.negotiate(profile.features); f != Fault::none)
        return f;
    memory_ = &device_.choose_memory();

    // Linux reads this only where MULTIPORT was negotiated; it is part of the logged sequence.
    active_ports_ = 1;
    if (multiport() || profile.reads_max_ports == MaxPortsRead::always) {
        const auto ports = static_cast<std::uint32_t>(
            transport.read_config(abi_console::config::max_nr_ports, Width::word));
        if (multiport())
            active_ports_ = std::clamp(ports, 1u, most_ports);
    }
    make_ports(active_ports_);

    const auto attach = [&] {
        interrupts_.attach(device_.config().interrupt, *this);
        attached_ = true;
    };
    if (!profile.attaches_late)
        attach();
    const Fault fault = create_queues();
    if (fault != Fault::none && std::exchange(attached_, false))
        interrupts_.detach(device_.config().interrupt, *this);
    if (fault == Fault::none && profile.attaches_late)
        attach();
    return fault;
}

Fault ConsoleDriver::create_queue(std::uint32_t queue) {
    const ConsoleProfile& profile = device_.profile();
    std::uint32_t size = device_.config().queue_size;
    if (size == 0 && multiport() && queue == abi_console::control_receiveq)
        size = profile.control_receive_queue_size;
    else if (size == 0 && multiport() && queue == abi_console::control_transmitq)
        size = profile.control_transmit_queue_size;
    else if (size == 0)
        size = profile.data_queue_size;
    return device_.transport().create_queue(queue, size, *memory_);
}

Fault ConsoleDriver::create_queues() {
    const std::uint32_t queues = abi_console::queues(multiport(), active_ports_);
    for (std::uint32_t q = 0; q < queues; ++q)
        if (const Fault f = create_queue(q); f != Fault::none)
            return f;
    for (std::uint32_t id = 0; id < active_ports_; ++id)
        ports_[id]->queues_created();

    if (const Fault f = fill_before_ready(); f != Fault::none)
        return f;
    if (const Fault f = device_.transport().ready(); f != Fault::none)
        return f;
    device_.start();
    return fill_after_ready();
}

Fault ConsoleDriver::fill_before_ready() {
    if (device_.profile().fill != ConsoleProfile::Fill::before_ready)
        return Fault::none;
    return ports_[0]->fill(false) ? Fault::none : Fault::out_of_shared_memory;
}

Fault ConsoleDriver::fill_after_ready() {
    const ConsoleProfile& profile = device_.profile();
    if (!multiport()) {
        ConsolePort& port = *ports_[0];
        port.appear();
        port.make_console();
        if (profile.fill == ConsoleProfile::Fill::before_ready && profile.kicks_first_fill)
            port.kick_receive_queue();
        const bool filled = profile.fill != ConsoleProfile::Fill::after_ready ||
                            port.fill(profile.kicks_each_buffer);
        return filled ? Fault::none : Fault::out_of_shared_memory;
    }
    if (!control_.fill())
        return Fault::out_of_shared_memory;
    // 5.3.6.2: the device now says which ports it has.
    control_.send(profile.device_ready_id, control::device_ready, 1);
    return device_.fault();
}

void ConsoleDriver::remove() {
    device_.reset();
    {
        const MaskedScope masked(device_.cpu());
        // A probe that failed has no queues.
        const std::size_t queues = device_.transport().queues();
        for (std::uint32_t id = 0; id < active_ports_ && queues != 0; ++id)
            ports_[id]->forget();
        if (multiport() && queues != 0)
            control_.forget();
        active_ports_ = 0;
    }
    device_.transport().release();
    if (std::exchange(attached_, false))
        interrupts_.detach(device_.config().interrupt, *this);
}

bool ConsoleDriver::restart() {
    ++device_.counters().restarts;
    remove();
    return probe() == Fault::none;
}

workload::Terminal* ConsoleDriver::terminal(const TerminalChoice& choice) {
    if (device_.profile().one_uart)
        return &uart_;
    if (!choice.name.empty())
        device_.wait_until([&] { return find_port(choice) != nullptr || !multiport(); });
    return find_port(choice);
}

ConsolePort* ConsoleDriver::find_port(const TerminalChoice& choice) const {
    if (choice.name.empty())
        return choice.port < ports_.size() ? ports_[choice.port].get() : nullptr;
    for (const auto& port : ports_)
        if (port->present() && port->name() == choice.name)
            return port.get();
    return nullptr;
}

workload::Hindrance ConsoleDriver::hindrance(const TerminalChoice& choice) const {
    if (device_.profile().one_uart)
        return uart_.hindrance();
    if (const ConsolePort* port = find_port(choice))
        return port->hindrance();
    return choice.name.empty() ? workload::Hindrance::no_port : workload::Hindrance::no_name;
}

// --- interrupts ---------------------------------------------------------------------------------

void ConsoleDriver::interrupt(IntId /*id*/) {
    device_.charge(Operation::virtio_interrupt);
    ++device_.counters().interrupts;
    VirtioMmio& transport = device_.transport();
    const bool early = device_.config().acknowledges_before_queues.value_or(
        device_.interrupt_profile().acknowledges_before_queues);
    const std::uint32_t bits = transport.interrupt_status();
    if (early)
        transport.acknowledge_interrupt(bits);
    const bool config = (bits & mmio::interrupt::config) != 0;
    if (config)
        config_changed();
    const bool looks = !(config && device_.profile().config_ends_interrupt);
    if ((bits & mmio::interrupt::vring) != 0 && looks && device_.usable()) {
        for (std::uint32_t id = 0; id < active_ports_; ++id)
            ports_[id]->interrupt();
        if (multiport() && device_.usable() && control_.pending())
            interrupts_.defer(*this);
    }
    if (!early)
        transport.acknowledge_interrupt(bits);
}

void ConsoleDriver::deferred() {
    if (device_.usable())
        control_.receive([&](const ControlMessage& message) { handle(message); });
}

void ConsoleDriver::config_changed() {
    ++device_.counters().config_changes;
    VirtioMmio& transport = device_.transport();
    // With MULTIPORT, control messages tell of sizes.
    if (transport.negotiated(abi_console::feature::size) && !multiport()) {
        const auto cols = transport.read_config(abi_console::config::cols, Width::half);
        const auto rows = transport.read_config(abi_console::config::rows, Width::half);
        ports_[0]->resized(static_cast<std::uint16_t>(cols), static_cast<std::uint16_t>(rows));
    }
    const NeedsReset choice = device_.config().needs_reset.value_or(device_.profile().needs_reset);
    if (choice == NeedsReset::ignored || !device_.usable())
        return;
    // 2.1.2: a device that needs a reset says so by this interrupt.
    if ((transport.status() & mmio::status_bit::needs_reset) == 0)
        return;
    if (choice == NeedsReset::restarts)
        device_.ask_for_restart();
    else
        device_.stop(Fault::needs_reset);
}

// --- control messages, 5.3.6.2 ------------------------------------------------------------------

void ConsoleDriver::handle(const ControlMessage& message) {
    const ConsoleProfile& profile = device_.profile();
    if (message.id >= profile.max_ports && message.event == control::device_add) {
        control_.send(message.id, control::port_ready, 0);
        return;
    }
    if (message.id >= active_ports_)
        return;
    ConsolePort& port = *ports_[message.id];
    if (message.event == control::device_add) {
        add_port(port);
        return;
    }
    if (!port.present())
        return;
    switch (message.event) {
        case control::device_remove:
            port.disappear();
            break;
        case control::console_port:
            if (port.console() || (message.value == 0 && profile.generic_ports))
                break;
            port.make_console();
            control_.send(port.id(), control::port_open, 1);
            break;
        case control::resize:
            if (port.console())
                resize(port, message);
            break;
        case control::port_open:
            port.host_opened(message.value != 0);
            break;
        case control::port_name:
            port.named(message.rest.substr(0, message.rest.find('\0')));
            break;
        default:
            break;
    }
}

void ConsoleDriver::add_port(ConsolePort& port) {
    const ConsoleProfile& profile = device_.profile();
    bool ready = true;
    if (!port.present() && profile.fill == ConsoleProfile::Fill::after_ready)
        ready = port.fill(profile.kicks_each_buffer);
    if (ready)
        port.appear();
    control_.send(port.id(), control::port_ready, ready ? 1 : 0);
}

void ConsoleDriver::resize(ConsolePort& port, const ControlMessage& message) const {
    constexpr std::size_t size_bytes = 4;
    if (message.rest.size() < size_bytes)
        return;
    const std::uint16_t first = half(message.rest, 0);
    const std::uint16_t second = half(message.rest, 2);
    if (device_.profile().resize_rows_first)
        port.resized(second, first);
    else
        port.resized(first, second);
}

}  // namespace vms::frontend
