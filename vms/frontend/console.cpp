#include "vms/frontend/console.h"

#include <algorithm>

#include "vms/abi/virtio_console.h"
#include "vms/frontend/guest_memory.h"

namespace vms::frontend {

namespace abi_console = abi::console;
namespace mmio = abi::mmio;

ConsoleDriver::ConsoleDriver(const DriverContext& context, const DeviceConfig& device)
    : cpu_(context.cpu),
      interrupts_(context.interrupts),
      profile_(context.profile),
      operations_(context.operations),
      device_(device),
      transport_(cpu_, profile_.transport, operations_, device.window.base),
      shared_(device.shared.base, device.shared.size),
      private_(device.private_memory.base, device.private_memory.size) {
}

Fault ConsoleDriver::probe() {
    const Fault fault = start();
    if (fault != Fault::none)
        stop(fault);
    return fault;
}

Fault ConsoleDriver::start() {
    const ConsoleProfile& console = profile_.console;
    charge(Operation::probe_device);
    if (const Fault f = transport_.identify(mmio::device_type::console); f != Fault::none)
        return f;
    if (const Fault f = transport_.negotiate(console.features); f != Fault::none)
        return f;

    bounces_ = !(profile_.transport.bypasses_shared_region && device_.private_memory.size != 0 &&
                 !transport_.negotiated(mmio::feature::access_platform));
    memory_ = bounces_ ? &shared_ : &private_;

    // Linux reads this only where MULTIPORT was negotiated; it is part of the logged sequence.
    if (console.reads_max_ports)
        transport_.read_config(abi_console::config::max_nr_ports, Width::word);

    if (!console.attaches_late)
        interrupts_.attach(device_.interrupt, *this);
    const Fault fault = create_queues();
    if (fault != Fault::none && !console.attaches_late)
        interrupts_.detach(device_.interrupt, *this);
    if (fault != Fault::none)
        return fault;
    if (console.attaches_late)
        interrupts_.attach(device_.interrupt, *this);
    return Fault::none;
}

Fault ConsoleDriver::create_queues() {
    const ConsoleProfile& console = profile_.console;
    const std::uint32_t queues = abi_console::queues(false, 1);
    for (std::uint32_t q = 0; q < queues; ++q)
        if (const Fault f = transport_.create_queue(q, device_.queue_size, *memory_);
            f != Fault::none)
            return f;

    if (!console.transmit_interrupts)
        transmit_ring().enable_interrupts(false);
    const bool early = console.fill == ConsoleProfile::Fill::before_ready;
    if (early)
        fill_receive_queue(false);
    if (early && receive_ring().outstanding() == 0)
        return Fault::out_of_shared_memory;
    if (const Fault f = transport_.ready(); f != Fault::none)
        return f;
    started_ = true;
    if (early)
        kick(abi_console::receiveq_port0);
    else
        fill_receive_queue(console.kicks_each_buffer);
    return receive_ring().outstanding() != 0 ? Fault::none : Fault::out_of_shared_memory;
}

void ConsoleDriver::remove() {
    started_ = false;
    transport_.remove();
    interrupts_.detach(device_.interrupt, *this);
}

// --- interrupts ---------------------------------------------------------------------------------

void ConsoleDriver::interrupt(IntId /*id*/) {
    charge(Operation::virtio_interrupt);
    ++counters_.interrupts;
    const bool early = profile_.interrupts.acknowledges_before_queues;
    const std::uint32_t bits = transport_.interrupt_status();
    if (early)
        transport_.acknowledge_interrupt(bits);
    if ((bits & mmio::interrupt::config) != 0)
        config_changed();
    // Transmission has nothing to do here: whoever writes waits for its own buffer.
    if ((bits & mmio::interrupt::vring) != 0 && usable())
        drain_receive_queue();
    if (!early)
        transport_.acknowledge_interrupt(bits);
}

void ConsoleDriver::config_changed() {
    if (transport_.negotiated(abi_console::feature::size)) {
        transport_.read_config(abi_console::config::cols, Width::half);
        transport_.read_config(abi_console::config::rows, Width::half);
    }
    // 2.1.2: a device that needs a reset says so by this interrupt.
    if (started_ && (transport_.status() & mmio::status_bit::needs_reset) != 0)
        stop(Fault::needs_reset);
}

// --- receive ------------------------------------------------------------------------------------

void ConsoleDriver::fill_receive_queue(bool kick_each) {
    bool added = true;
    while (added) {
        // The interrupt handler refills the same ring.
        const MaskedScope masked(cpu_);
        added = receive_ring().free_descriptors() != 0 && add_receive_buffer();
        if (added && kick_each)
            kick(abi_console::receiveq_port0);
    }
}

/// One empty buffer for the device. Room for one write is left in the memory: a small region would
/// otherwise be filled with receive buffers and the console stay mute.
bool ConsoleDriver::add_receive_buffer() {
    const std::uint32_t bytes = profile_.console.receive_bytes;
    const auto reserve = memory_->take(profile_.console.transmit_bytes);
    if (!reserve)
        return false;
    const auto buffer = memory_->take(bytes);
    memory_->release(*reserve, profile_.console.transmit_bytes);
    if (!buffer)
        return false;

    charge(Operation::buffer_map);
    // swiotlb copies the buffer in whichever way it will go, so that nothing stale leaks out.
    if (profile_.console.bounces_whole_buffer && bounces_)
        charge_copy(bytes);
    charge(Operation::ring_add);
    const SplitRing::Segment segment{*buffer, bytes, true};
    if (!receive_ring().add({&segment, 1}, buffer->value)) {
        memory_->release(*buffer, bytes);
        return false;
    }
    return true;
}

/// Take what the device has filled, until nothing is left or enough waits to be read.
void ConsoleDriver::drain_receive_queue() {
    const ConsoleProfile& console = profile_.console;
    bool refilled = false;
    for (;;) {
        throttled_ = received_.size() >= console.receive_backlog;
        if (throttled_)
            break;
        const auto used = receive_ring().get();
        if (!used) {
            charge(Operation::ring_poll);
            break;
        }
        charge(Operation::ring_get);
        const std::uint32_t length = std::min(used->length, console.receive_bytes);
        const GuestAddr buffer{used->token};
        std::vector<std::byte> bytes(length);
        copy_from_guest(cpu_, buffer, bytes);
        if (bounces_)
            charge_copy(console.bounces_whole_buffer ? console.receive_bytes : length);
        received_.insert(received_.end(), bytes.begin(), bytes.end());
        charge(Operation::buffer_unmap);
        memory_->release(buffer, console.receive_bytes);
        charge(Operation::console_receive);
        ++counters_.received;

        refilled = add_receive_buffer() || refilled;
        if (console.kicks_each_buffer && refilled)
            kick(abi_console::receiveq_port0);
    }
    if (refilled && !console.kicks_each_buffer)
        kick(abi_console::receiveq_port0);
    if (receive_ring().broken())
        stop(Fault::ring_broken);
}

std::size_t ConsoleDriver::read(std::span<std::byte> into) {
    charge(Operation::console_read);
    const MaskedScope masked(cpu_);
    const std::size_t n = std::min(into.size(), received_.size());
    std::copy_n(received_.begin(), n, into.begin());
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(n));
    if (n != 0)
        charge_copy(n);
    // What was left in the ring for want of room brings no further interrupt.
    if (throttled_ && usable())
        drain_receive_queue();
    return n;
}

bool ConsoleDriver::wait_for_input() {
    // Masked between the look and the sleep: an interrupt in between ends the sleep at once.
    const MaskedScope masked(cpu_);
    while (received_.empty() && usable()) {
        cpu_.wait_for_interrupt();
        cpu_.mask_interrupts(false);
        cpu_.mask_interrupts(true);
    }
    return !received_.empty();
}

// --- transmit -----------------------------------------------------------------------------------

bool ConsoleDriver::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const std::size_t n = std::min<std::size_t>(bytes.size(), profile_.console.transmit_bytes);
        if (!usable() || !write_buffer(bytes.first(n)))
            return false;
        bytes = bytes.subspan(n);
    }
    return true;
}

/// One buffer, and the wait until the device has it: without a limit, as in the real drivers.
bool ConsoleDriver::write_buffer(std::span<const std::byte> bytes) {
    charge(Operation::console_write);
    const MaskedScope masked(cpu_, profile_.console.waits_masked);
    SplitRing& ring = transmit_ring();

    charge(Operation::buffer_map);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    const auto buffer = memory_->take(length);
    if (!buffer) {
        stop(Fault::out_of_shared_memory);
        return false;
    }
    copy_to_guest(cpu_, *buffer, bytes);
    charge_copy(length);

    charge(Operation::ring_add);
    const SplitRing::Segment segment{*buffer, length, false};
    if (!ring.add({&segment, 1}, buffer->value)) {
        stop(Fault::ring_broken);
        return false;
    }
    kick(abi_console::transmitq_port0);

    while (!ring.get()) {
        if (ring.broken())
            stop(Fault::ring_broken);
        if (!usable())
            return false;
        counters_.poll_iterations += ring.wait_used(operations_[Operation::ring_poll]);
    }
    charge(Operation::ring_get);
    charge(Operation::buffer_unmap);
    memory_->release(*buffer, length);
    ++counters_.transmitted;
    return true;
}

void ConsoleDriver::kick(std::uint32_t queue) {
    charge(Operation::ring_kick);
    const bool wanted = transport_.queue(queue).kick_needed();
    if (!wanted && !profile_.console.kicks_always)
        return;
    ++counters_.notifications;
    transport_.notify(queue);
}

// ------------------------------------------------------------------------------------------------

void ConsoleDriver::stop(Fault fault) {
    if (fault_ != Fault::none)
        return;
    fault_ = fault;
    cpu_.note(Note::driver_fault, static_cast<std::uint64_t>(fault), device_.window.base.value);
}

SplitRing& ConsoleDriver::receive_ring() {
    return transport_.queue(abi_console::receiveq_port0);
}

SplitRing& ConsoleDriver::transmit_ring() {
    return transport_.queue(abi_console::transmitq_port0);
}

void ConsoleDriver::charge_copy(std::uint64_t bytes) {
    const std::uint32_t lines = lines_of(bytes);
    Work work = operations_[Operation::copy_line] * lines;
    work.data_lines = operations_[Operation::copy_line].data_lines * lines;
    cpu_.retire(work);
}

}  // namespace vms::frontend
