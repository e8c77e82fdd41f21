// The service guest as a program of the simulator.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "vms/cpu.h"
#include "vms/service/guest.h"
#include "vms/service/port/sim/operation_costs.h"
#include "vms/service/port/sim/service_port.h"

namespace vms::service {

class ServiceProgram final : public Program {
  public:
    /// `config` has passed check().
    ServiceProgram(const GuestConfig& config, const OperationCosts& costs);

    void run(Cpu& cpu) override;

    const OperationCosts& costs() const { return costs_; }

    // What has been counted; zero before the first run.
    std::size_t device_count() const { return config_.device_count; }
    GuestCounters counters() const;
    DeviceCounters device_counters(std::size_t device) const;
    PeripheralCounters peripheral_counters(std::size_t peripheral) const;
    LineCounters line_counters(std::size_t peripheral) const;
    /// Of a network interface; zero for another peripheral.
    NetworkCounters network_counters(std::size_t peripheral) const;
    /// How far its driver is in its rings.
    NetworkPort::Rings network_rings(std::size_t peripheral) const;
    /// The guest's memory, looked at in no time; empty where it has none.
    std::span<const std::byte> memory(GuestAddr a, std::size_t n) const;
    /// The software switch's port, in the order of ServiceGuest::net(); zero before the first run.
    std::size_t switch_port_count() const;
    PortCounters switch_port_counters(std::size_t port) const;
    /// Of that port's frames_out, those that its station cannot see yet.
    std::uint64_t switch_port_unseen(std::size_t port) const;
    /// Chains that a device has given back to its driver, free running (SplitQueue::completed()).
    std::uint16_t queue_completed(std::size_t device, std::uint32_t queue) const;
    /// Whether the switch has accounted for every frame and copy.
    bool switch_balanced() const;
    /// For diagnoses: nullptr before the first run.
    const ServiceGuest* guest() const { return guest_.get(); }

  private:
    const GuestConfig config_;
    const OperationCosts costs_;
    std::optional<Port> port_;
    std::unique_ptr<ServiceGuest> guest_;  // large: not on the stack of a simulated CPU
};

}  // namespace vms::service
