// The service guest: one bare-metal program that holds the back-ends of several front-ends and
// serves them through the hypervisor's remote I/O (vms/abi/bao.h).
//
// Order of its work, which the latency of a front-end's access depends on:
//   vector     acknowledge the interrupt and end it (GICC_IAR, GICC_EOIR), mark whom it is for
//   requests   ASK, answer with READ or WRITE, again while ASK says that more is pending
//   events     what the configuration has planned for this time
//   hardware   interrupts of the peripherals; the devices that they feed are marked for ring work
//   rings      a budget of steps for each device in turn; requests go first between two steps.
//              Where devices wait for room that they share, such as that in the ring of a network
//              controller, they get it in small turns one after the other
//   switch     interfaces start sending, what frames have completed in other devices is published
//   notify     one NOTIFY for each device whose driver wants an interrupt
//   idle       WFI when nothing is marked
// The vector does no more than that, so that a request never meets a device in the middle of a
// step: a reset, say, always finds the rings at rest. Ending the interrupt first makes its
// maintenance exit happen before ASK, and nothing between the two touches a device.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "service_port.h"
#include "vms/service/backend.h"
#include "vms/service/config.h"
#include "vms/service/counters.h"
#include "vms/service/drivers/gicv2.h"
#include "vms/service/net/switch.h"
#include "vms/service/net/traffic_port.h"
#include "vms/service/net/uplink.h"
#include "vms/service/peripherals.h"
#include "vms/service/timetable.h"
#include "vms/service/virtio/mmio_transport.h"

namespace vms::service {

class ServiceGuest final : public InterruptVector {
  public:
    /// `config` has passed check().
    ServiceGuest(Port& port, const GuestConfig& config);

    /// From reset on; never returns.
    [[noreturn]] void run();

    void irq() override;

    const GuestCounters& counters() const { return counters_; }
    std::size_t device_count() const { return config_.device_count; }
    const DeviceCounters& device_counters(std::size_t device) const {
        return slots_[device].counters;
    }
    const MmioTransport& transport(std::size_t device) const { return *slots_[device].transport; }
    std::size_t peripheral_count() const { return config_.peripheral_count; }
    const PeripheralCounters& peripheral_counters(std::size_t peripheral) const {
        return peripherals_.counters(peripheral);
    }
    const LineCounters& line_counters(std::size_t peripheral) const {
        return peripherals_.line_counters(peripheral);
    }
    /// nullptr: not a network interface.
    const NetworkPort* network(std::size_t peripheral) const {
        return peripherals_.network(peripheral);
    }
    /// The software switch. Its ports: the network devices, then the physical interfaces, then the
    /// traffic station, in the order of the configuration.
    const Switch& net() const { return switch_; }

  private:
    /// One device. `requested` is set by the vector and taken by the main loop: it is written whole
    /// by either side, so neither needs to lock the other out.
    struct Slot {
        DeviceCounters counters;
        SharedMemory* memory = nullptr;
        VirtioDevice* device = nullptr;
        MmioTransport* transport = nullptr;
        PeripheralSet peripherals;        // that feed it
        volatile bool requested = false;  // the front-end has trapped
        bool work = false;                // the rings may hold something to do
        bool waits = false;               // for room, when its rings were worked on last
        std::uint32_t done = 0;           // steps in this pass
        std::uint32_t left = 0;           // steps of a turn that was broken off for want of room
        InPlace<SharedMemory> memory_storage;
        BackendStorage backend_storage;
        InPlace<MmioTransport> transport_storage;
    };

    /// One request as ASK hands it over.
    struct Request {
        std::uint64_t address = 0;
        std::uint64_t op = 0;
        std::uint64_t value = 0;
        std::uint64_t width = 0;
        std::uint64_t id = 0;
        bool more = false;
    };

    void start();
    std::uint64_t moved() const;
    void pass();
    void answer_requests();
    void answer_requests(std::size_t device);
    bool ask(std::size_t device, Request& request);
    void answer(std::size_t device, const Request& request);
    void handle_events();
    void plan_look_at_links();
    void serve_peripherals();
    void work_on_rings();
    bool turn(Slot& slot, std::uint32_t steps);
    void see_to_switch();
    void notify();
    void idle();
    bool anything_marked() const;

    Port& port_;
    const GuestConfig config_;
    Gicv2 gic_;
    GuestCounters counters_;
    Peripherals peripherals_;
    Timetable timetable_;
    Switch switch_;
    std::array<Uplink*, max_peripherals> uplinks_{};
    std::array<InPlace<Uplink>, max_peripherals> uplink_storage_{};
    TrafficPort* traffic_ = nullptr;
    InPlace<TrafficPort> traffic_storage_{};
    std::array<Slot, max_devices> slots_;
    std::size_t first_ = 0;  // whose turn it is to have its rings worked on first
};

}  // namespace vms::service
