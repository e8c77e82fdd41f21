#include "vms/service/console/port.h"

#include <array>

#include "vms/abi/virtio_console.h"

namespace vms::service {

namespace console = abi::console;

namespace {
/// Bytes moved between a buffer and private memory at a time.
constexpr std::size_t chunk_bytes = 128;
static_assert(chunk_bytes <= SerialChannel::staging_bytes);
}  // namespace

SplitQueue& ConsolePort::receiveq() const {
    return context_.queues[console::receiveq(static_cast<std::uint32_t>(index_))];
}

SplitQueue& ConsolePort::transmitq() const {
    return context_.queues[console::transmitq(static_cast<std::uint32_t>(index_))];
}

void ConsolePort::activate(const DeviceContext& context, bool multiport) {
    context_ = context;
    multiport_ = multiport;
    transmit_wait_.kicked();
    receive_wait_.kicked();
    set_driver_open(!multiport);
}

void ConsolePort::reset() {
    transmitting_ = DescriptorChain();
    context_ = DeviceContext();
    set_driver_open(false);
}

void ConsolePort::set_driver_open(bool open) {
    if (driver_open_ == open)
        return;
    driver_open_ = open;
    channel_.tell_open(open);
}

void ConsolePort::set_present(bool present) {
    present_ = present;
    if (present || !multiport_)
        return;
    set_driver_open(false);
    // Nobody is left to read what had been kept.
    drop_unconnected(input_.discard());
}

void ConsolePort::bad_buffer() {
    ++counters_.bad_buffers;
    observer_.incident(Incident::bad_buffer, 0);
}

// --- input --------------------------------------------------------------------------------------

void ConsolePort::receive(std::byte b) {
    ++own_.received_bytes;
    ++counters_.received_bytes;
    if (!connected()) {
        drop_unconnected(1);
        return;
    }
    if (input_.receive(b))
        return;
    ++own_.dropped_input;
    ++counters_.dropped_input;
}

void ConsolePort::drop_unconnected(std::uint64_t bytes) {
    own_.dropped_input += bytes;
    counters_.dropped_input += bytes;
    counters_.unconnected_input += bytes;
}

void ConsolePort::receiver_error() {
    ++counters_.receiver_errors;
}

bool ConsolePort::receive_step() {
    SplitQueue& queue = receiveq();
    ByteRing<InputBuffer::capacity>& kept = input_.bytes();
    if (!queue.active())
        return false;
    // Kicks on this queue matter only while input waits for a buffer.
    if (kept.empty() || !driver_open_) {
        queue.suppress_kicks();
        return false;
    }
    DescriptorChain chain = receive_wait_.take(queue, receive_storage_);
    if (!chain)
        return false;
    ChainWriter& writer = chain.writer();
    if (writer.remaining() == 0) {
        bad_buffer();
        queue.complete(std::move(chain), 0);
        return true;
    }
    std::uint64_t written = 0;
    // Two pieces at most: the kept bytes lie in a ring.
    for (int piece = 0; piece < 2 && !kept.empty() && writer.remaining() != 0; ++piece) {
        const std::size_t n = writer.write(*context_.memory, kept.front());
        kept.drop_front(n);
        written += n;
    }
    port_.charge<Operation::console_rx_byte>(static_cast<std::uint32_t>(written));
    counters_.rx_bytes += written;
    own_.rx_bytes += written;
    queue.complete(std::move(chain), written);
    return !kept.empty();
}

// --- output -------------------------------------------------------------------------------------

void ConsolePort::emergency_write(std::byte b) {
    if (channel_.stage({&b, 1}) == 1) {
        ++counters_.tx_bytes;
    } else {
        ++counters_.dropped_emergency;
        observer_.incident(Incident::emergency_dropped, index_);
    }
    channel_.request_service();
}

void ConsolePort::discard(DescriptorChain&& chain) {
    const std::uint64_t rest = chain.reader().remaining();
    own_.discarded_output += rest;
    counters_.discarded_output += rest;
    transmitq().complete(std::move(chain), 0);
}

bool ConsolePort::transmit_step() {
    SplitQueue& queue = transmitq();
    if (!queue.active())
        return false;
    if (!transmitting_) {
        transmitting_ = transmit_wait_.take(queue, transmit_storage_);
        if (!transmitting_)
            return false;
        if (transmitting_.reader().remaining() == 0)
            bad_buffer();
    }
    if (!connected()) {
        discard(std::move(transmitting_));
        return true;
    }
    // Bytes leave the buffer only when there is room for them: each is read once.
    std::array<std::byte, chunk_bytes> chunk{};
    const std::size_t room = channel_.room();
    const std::size_t n = transmitting_.reader().read(
        *context_.memory, std::span(chunk).first(room < chunk.size() ? room : chunk.size()));
    channel_.stage(std::span(chunk).first(n));
    port_.charge<Operation::console_tx_byte>(static_cast<std::uint32_t>(n));
    counters_.tx_bytes += n;
    own_.tx_bytes += n;
    channel_.push();
    if (transmitting_.reader().remaining() != 0)
        return channel_.room() != 0;
    queue.complete(std::move(transmitting_), 0);
    return true;
}

bool ConsolePort::work() {
    const bool more_input = receive_step();
    const bool more_output = transmit_step();
    return more_input || more_output;
}

}  // namespace vms::service
