#include "vms/service/port/sim/program.h"

namespace vms::service {

ServiceProgram::ServiceProgram(const GuestConfig& config, const OperationCosts& costs)
    : config_(config), costs_(costs) {
}

void ServiceProgram::run(Cpu& cpu) {
    guest_.reset();
    port_.emplace(cpu, costs_);
    guest_ = std::make_unique<ServiceGuest>(*port_, config_);
    guest_->run();
}

GuestCounters ServiceProgram::counters() const {
    return guest_ ? guest_->counters() : GuestCounters{};
}

DeviceCounters ServiceProgram::device_counters(std::size_t device) const {
    return guest_ ? guest_->device_counters(device) : DeviceCounters{};
}

PeripheralCounters ServiceProgram::peripheral_counters(std::size_t peripheral) const {
    return guest_ ? guest_->peripheral_counters(peripheral) : PeripheralCounters{};
}

std::size_t ServiceProgram::switch_port_count() const {
    return guest_ ? guest_->net().port_count() : 0;
}

PortCounters ServiceProgram::switch_port_counters(std::size_t port) const {
    return guest_ ? guest_->net().counters(port) : PortCounters{};
}

std::uint64_t ServiceProgram::switch_port_unseen(std::size_t port) const {
    return guest_ ? guest_->net().unseen(port) : 0;
}

std::uint16_t ServiceProgram::queue_completed(std::size_t device, std::uint32_t queue) const {
    return guest_ ? guest_->transport(device).queue(queue).completed() : std::uint16_t{0};
}

bool ServiceProgram::switch_balanced() const {
    return !guest_ || guest_->net().balanced();
}

NetworkCounters ServiceProgram::network_counters(std::size_t peripheral) const {
    const NetworkPort* interface = guest_ ? guest_->network(peripheral) : nullptr;
    return interface != nullptr ? interface->counters() : NetworkCounters{};
}

NetworkPort::Rings ServiceProgram::network_rings(std::size_t peripheral) const {
    const NetworkPort* interface = guest_ ? guest_->network(peripheral) : nullptr;
    return interface != nullptr ? interface->rings() : NetworkPort::Rings{};
}

std::span<const std::byte> ServiceProgram::memory(GuestAddr a, std::size_t n) const {
    return port_ ? port_->view(a, n) : std::span<const std::byte>();
}

LineCounters ServiceProgram::line_counters(std::size_t peripheral) const {
    return guest_ ? guest_->line_counters(peripheral) : LineCounters{};
}

}  // namespace vms::service
