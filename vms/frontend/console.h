// The VirtIO console driver (OASIS VirtIO v1.4, 5.3): it starts the device, hands interrupts on to
// ports and control queues, and, with MULTIPORT, follows what the device says of its ports as Linux
// 6.1's virtio_console does. Without MULTIPORT there is one port, and it is a console.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "vms/frontend/console_control.h"
#include "vms/frontend/console_device.h"
#include "vms/frontend/console_port.h"
#include "vms/frontend/console_uart.h"
#include "vms/frontend/driver.h"

namespace vms::frontend {

class ConsoleDriver final : public Driver, public InterruptHandler, public DeferredWork {
  public:
    ConsoleDriver(const DriverContext& context, const DeviceConfig& device);

    // Driver
    Fault probe() override;
    Fault fault() const override { return device_.fault(); }
    const DriverCounters& counters() const override { return device_.counters(); }
    workload::Terminal* terminal(const TerminalChoice& choice) override;
    workload::Hindrance hindrance(const TerminalChoice& choice) const override;
    DeviceReport report() const override { return device_.report(); }
    std::size_t ports() const override { return ports_.size(); }
    PortReport port_report(std::size_t port) const override { return ports_[port]->report(); }

    /// Port 0 exists from the first probe on, the others if the device has as many.
    ConsolePort& port(std::uint32_t id) { return *ports_[id]; }

    /// Reset the device and let go of it.
    void remove();
    /// remove() and probe().
    bool restart();

    // InterruptHandler
    void interrupt(IntId id) override;
    // DeferredWork: messages of the device
    void deferred() override;

  private:
    Fault start();
    Fault create_queues();
    Fault create_queue(std::uint32_t queue);
    Fault fill_before_ready();
    Fault fill_after_ready();
    void write_early_text();
    void config_changed();
    void handle(const ControlMessage& message);
    void add_port(ConsolePort& port);
    void resize(ConsolePort& port, const ControlMessage& message) const;
    bool multiport() const;
    ConsolePort* find_port(const TerminalChoice& choice) const;
    void make_ports(std::uint32_t count);

    Interrupts& interrupts_;
    ConsoleDevice device_;
    ConsoleControl control_;
    /// Made once and kept over restarts: programs hold on to them.
    std::vector<std::unique_ptr<ConsolePort>> ports_;
    ConsoleUart uart_;                ///< the terminal of a driver that has one for all of them
    std::uint32_t active_ports_ = 0;  ///< of the device as it was probed last
    SharedMemory* memory_ = nullptr;
    bool attached_ = false;
    bool probed_ = false;
};

}  // namespace vms::frontend
