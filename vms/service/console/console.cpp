#include "vms/service/console/console.h"

#include <array>

#include "vms/abi/virtio_mmio.h"

namespace vms::service {

namespace console = abi::console;

namespace {
/// Bytes moved between a buffer and private memory at a time.
constexpr std::size_t chunk_bytes = 128;
static_assert(chunk_bytes <= SerialPort::staging_bytes);
}  // namespace

DeviceProfile Console::profile() const {
    std::uint64_t features = p_.ring_features;
    if (p_.cols != 0 && p_.rows != 0)
        features |= abi::mmio::feature_bit(console::feature::size);
    if (p_.emergency_write)
        features |= abi::mmio::feature_bit(console::feature::emerg_write);
    return {.device_type = abi::mmio::device_type::console,
            .features = features,
            .queues = console::queues(false, 1),
            .queue_size_max = p_.queue_size_max,
            .config_bytes = console::config::bytes};
}

std::uint32_t Console::read_config(std::uint32_t offset, Width width) {
    // Without MULTIPORT there is one port all the same; emerg_wr reads 0.
    constexpr std::uint32_t ports = 1;
    const std::uint32_t words[] = {std::uint32_t{p_.rows} << 16 | p_.cols, ports, 0};
    const std::uint32_t word = words[offset / 4];
    return static_cast<std::uint32_t>(word >> (8 * (offset % 4)) & mask(width));
}

void Console::write_config(std::uint32_t offset, Width /*width*/, std::uint32_t value) {
    // 5.3.4: emerg_wr works in any state of the device, configured or not.
    if (offset != console::config::emerg_wr || !p_.emergency_write) {
        ++counters_.violations;
        return;
    }
    const std::byte b{static_cast<std::uint8_t>(value)};
    if (serial_.stage({&b, 1}) == 1)
        ++counters_.tx_bytes;
    else
        ++counters_.dropped_emergency;
    serial_.request_service();
}

void Console::activate(const DeviceContext& context) {
    context_ = context;
    transmit_waits_ = false;
    receive_waits_ = false;
}

void Console::reset() {
    transmitting_ = DescriptorChain();
    context_ = DeviceContext();
}

void Console::queue_stopped(std::uint32_t queue) {
    if (queue == console::transmitq_port0)
        transmitting_ = DescriptorChain();
}

void Console::kicked(std::uint32_t queue) {
    if (queue == console::transmitq_port0)
        transmit_waits_ = false;
    if (queue == console::receiveq_port0)
        receive_waits_ = false;
}

bool Console::work() {
    port_.charge<Operation::console_step>();
    const bool more_input = receive_step();
    const bool more_output = transmit_step();
    return more_input || more_output;
}

bool Console::receive_step() {
    SplitQueue& queue = receiveq();
    ByteRing<InputBuffer::capacity>& kept = input_.bytes();
    if (!queue.active())
        return false;
    // Kicks on this queue matter only while input waits for a buffer.
    if (kept.empty()) {
        queue.suppress_kicks();
        return false;
    }
    if (receive_waits_)
        return false;
    if (!queue.available()) {
        receive_waits_ = !queue.request_kick();
        if (receive_waits_)
            return false;
    }
    queue.suppress_kicks();
    DescriptorChain chain = queue.pop(receive_storage_);
    if (!chain)
        return false;
    ChainWriter& writer = chain.writer();
    if (writer.remaining() == 0) {
        ++counters_.bad_buffers;
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
    queue.complete(std::move(chain), written);
    return !kept.empty();
}

bool Console::transmit_step() {
    SplitQueue& queue = transmitq();
    if (!queue.active())
        return false;
    if (!transmitting_) {
        if (transmit_waits_)
            return false;
        if (!queue.available()) {
            transmit_waits_ = !queue.request_kick();
            if (transmit_waits_)
                return false;
        }
        queue.suppress_kicks();
        transmitting_ = queue.pop(transmit_storage_);
        if (!transmitting_)
            return false;
        if (transmitting_.reader().remaining() == 0)
            ++counters_.bad_buffers;
    }
    // Bytes leave the buffer only when there is room for them: each is read once.
    std::array<std::byte, chunk_bytes> chunk;
    const std::size_t room = serial_.room();
    const std::size_t n = transmitting_.reader().read(
        *context_.memory, std::span(chunk).first(room < chunk.size() ? room : chunk.size()));
    serial_.stage(std::span(chunk).first(n));
    port_.charge<Operation::console_tx_byte>(static_cast<std::uint32_t>(n));
    counters_.tx_bytes += n;
    serial_.push();
    if (transmitting_.reader().remaining() != 0)
        return serial_.room() != 0;
    queue.complete(std::move(transmitting_), 0);
    return true;
}

void Console::receive(std::byte b) {
    input_.receive(b);
    counters_.received_bytes = input_.received();
    counters_.dropped_input = input_.dropped();
}

}  // namespace vms::service
