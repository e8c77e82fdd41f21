// The VirtIO console driver (OASIS VirtIO v1.4, 5.3), port 0 only: a terminal over a receive and a
// transmit queue. Writes wait on the used ring until the device has taken them; input arrives by
// interrupt and is kept until it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "vms/frontend/driver.h"
#include "vms/frontend/shared_memory.h"
#include "vms/frontend/split_ring.h"
#include "vms/frontend/virtio_mmio.h"

namespace vms::frontend {

class ConsoleDriver final : public Driver, public InterruptHandler, public workload::Terminal {
  public:
    ConsoleDriver(const DriverContext& context, const DeviceConfig& device);

    // Driver
    Fault probe() override;
    Fault fault() const override { return fault_; }
    const DriverCounters& counters() const override { return counters_; }
    workload::Terminal* terminal() override { return this; }

    /// Reset the device and let go of it.
    void remove();

    // InterruptHandler
    void interrupt(IntId id) override;

    // workload::Terminal
    bool usable() const override { return started_ && fault_ == Fault::none; }
    bool write(std::span<const std::byte> bytes) override;
    std::size_t read(std::span<std::byte> into) override;
    bool wait_for_input() override;

  private:
    Fault start();
    Fault create_queues();
    void fill_receive_queue(bool kick_each);
    bool add_receive_buffer();
    void drain_receive_queue();
    bool write_buffer(std::span<const std::byte> bytes);
    void kick(std::uint32_t queue);
    void config_changed();
    void stop(Fault fault);

    SplitRing& receive_ring();
    SplitRing& transmit_ring();
    void charge(Operation o) { cpu_.retire(operations_[o]); }
    void charge_copy(std::uint64_t bytes);

    Cpu& cpu_;
    Interrupts& interrupts_;
    const Profile& profile_;
    const Operations& operations_;
    DeviceConfig device_;
    VirtioMmio transport_;
    SharedMemory shared_;
    SharedMemory private_;
    SharedMemory* memory_ = nullptr;  ///< where rings and buffers lie
    bool bounces_ = true;

    std::deque<std::byte> received_;  ///< taken from the ring, not yet read
    bool throttled_ = false;          ///< used buffers were left in the ring for want of room
    bool started_ = false;
    Fault fault_ = Fault::none;
    DriverCounters counters_;
};

}  // namespace vms::frontend
