#include "vms/frontend/console_device.h"

#include "vms/frontend/guest_memory.h"

namespace vms::frontend {

namespace mmio = abi::mmio;

ConsoleDevice::ConsoleDevice(const DriverContext& context, const DeviceConfig& config)
    : cpu_(context.cpu),
      profile_(context.profile),
      operations_(context.operations),
      config_(config),
      transport_(cpu_, profile_.transport, operations_, config.window.base),
      shared_(config.shared.base, config.shared.size),
      private_(config.private_memory.base, config.private_memory.size) {
}

SharedMemory& ConsoleDevice::choose_memory() {
    bounces_ = !(profile_.transport.bypasses_shared_region && config_.private_memory.size != 0 &&
                 !transport_.negotiated(mmio::feature::access_platform));
    return bounces_ ? shared_ : private_;
}

DeviceReport ConsoleDevice::report() const {
    return {.status = transport_.status_written(),
            .built_queue_size = transport_.untold_queue_size(),
            .device_queue_size = transport_.untold_queue_size_max()};
}

void ConsoleDevice::reset() {
    started_ = false;
    restart_due_ = false;
    fault_ = Fault::none;
    transport_.reset();
}

void ConsoleDevice::stop(Fault fault) {
    if (fault_ != Fault::none)
        return;
    fault_ = fault;
    cpu_.note(Note::driver_fault, static_cast<std::uint64_t>(fault), config_.window.base.value);
}

void ConsoleDevice::kick(std::uint32_t queue) {
    charge(Operation::ring_kick);
    const bool wanted = ring(queue).kick_needed();
    if (!wanted && !profile().kicks_always)
        return;
    ++counters_.notifications;
    transport_.notify(queue);
}

/// Room for one write is left in memory that all queues share: a small region would otherwise be
/// filled with receive buffers and the console stay mute.
bool ConsoleDevice::add_receive_buffer(std::uint32_t queue, std::uint32_t bytes) {
    SharedMemory& memory = transport_.buffers(queue);
    const bool own_pool = profile_.transport.pool_slot_bytes != 0;
    const std::uint32_t spare = own_pool ? 0 : profile().transmit_bytes;
    const auto reserve = own_pool ? std::nullopt : memory.take(spare);
    if (!own_pool && !reserve)
        return false;
    const auto buffer = memory.take(bytes);
    if (reserve)
        memory.release(*reserve, spare);
    if (!buffer)
        return false;

    charge(Operation::buffer_map);
    // swiotlb copies the buffer in whichever way it will go, so that nothing stale leaks out.
    if (profile().bounces_whole_buffer && bounces_)
        charge_copy(bytes);
    charge(Operation::ring_add);
    const SplitRing::Segment segment{*buffer, bytes, true};
    if (!ring(queue).add({&segment, 1}, buffer->value)) {
        memory.release(*buffer, bytes);
        return false;
    }
    return true;
}

std::optional<GuestAddr> ConsoleDevice::add_transmit_buffer(std::uint32_t queue,
                                                            std::span<const std::byte> bytes) {
    charge(Operation::buffer_map);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    const auto buffer = transport_.buffers(queue).take(length);
    if (!buffer)
        return std::nullopt;
    copy_to_guest(cpu_, *buffer, bytes);
    charge_copy(length);

    charge(Operation::ring_add);
    const SplitRing::Segment segment{*buffer, length, false};
    if (!ring(queue).add({&segment, 1}, buffer->value)) {
        transport_.buffers(queue).release(*buffer, length);
        return std::nullopt;
    }
    return buffer;
}

void ConsoleDevice::take_received(std::uint32_t queue, GuestAddr buffer, std::uint32_t capacity,
                                  std::span<std::byte> into) {
    copy_from_guest(cpu_, buffer, into);
    if (bounces_)
        charge_copy(profile().bounces_whole_buffer ? capacity : into.size());
    charge(Operation::buffer_unmap);
    give_back(queue, buffer, capacity);
}

void ConsoleDevice::give_back(std::uint32_t queue, GuestAddr buffer, std::uint64_t bytes) {
    transport_.buffers(queue).release(buffer, bytes);
}

void ConsoleDevice::charge_copy(std::uint64_t bytes) {
    Bill bill;
    bill.add_lines(operations_[Operation::copy_line], lines_of(bytes)).retire(cpu_);
}

}  // namespace vms::frontend
