// What the ports and the control queues of one VirtIO console share in its driver: the transport,
// the memory for buffers, the books, and the reason why it stopped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "vms/abi/virtio_mmio.h"
#include "vms/frontend/driver.h"
#include "vms/frontend/shared_memory.h"
#include "vms/frontend/split_ring.h"
#include "vms/frontend/virtio_mmio.h"

namespace vms::frontend {

class ConsoleDevice {
  public:
    ConsoleDevice(const DriverContext& context, const DeviceConfig& config);

    Cpu& cpu() { return cpu_; }
    const ConsoleProfile& profile() const { return profile_.console; }
    const InterruptProfile& interrupt_profile() const { return profile_.interrupts; }
    const DeviceConfig& config() const { return config_; }
    VirtioMmio& transport() { return transport_; }
    DeviceReport report() const;
    DriverCounters& counters() { return counters_; }
    const DriverCounters& counters() const { return counters_; }
    bool negotiated(unsigned feature) const { return transport_.negotiated(feature); }

    /// Where rings and buffers lie, by the features that were negotiated.
    SharedMemory& choose_memory();

    void start() { started_ = true; }
    /// The device is reset: rings are still there, to be looked at.
    void reset();
    /// It is to be reset and probed again, by whoever uses it next.
    void ask_for_restart() { restart_due_ = true; }
    bool restart_due() const { return restart_due_; }

    bool usable() const { return started_ && fault_ == Fault::none && !restart_due_; }
    Fault fault() const { return fault_; }
    /// Give the device up. The first reason counts.
    void stop(Fault fault);

    // --- queues, by their number ------------------------------------------------------------

    SplitRing& ring(std::uint32_t queue) { return transport_.queue(queue); }
    void kick(std::uint32_t queue);
    /// One empty buffer of `bytes` for the device to fill. False: no room for it.
    bool add_receive_buffer(std::uint32_t queue, std::uint32_t bytes);
    /// A buffer with these bytes, made available: its address. None: no room for it.
    std::optional<GuestAddr> add_transmit_buffer(std::uint32_t queue,
                                                 std::span<const std::byte> bytes);
    /// What the device wrote into a buffer of `capacity` bytes.
    void take_received(std::uint32_t queue, GuestAddr buffer, std::uint32_t capacity,
                       std::span<std::byte> into);
    void give_back(std::uint32_t queue, GuestAddr buffer, std::uint64_t bytes);

    void charge(Operation o) { cpu_.retire_named(operations_[o]); }
    void charge_copy(std::uint64_t bytes);
    const Work& work_of(Operation o) const { return operations_[o].work; }

    /// Sleep until `condition` holds or the device cannot be used any more.
    template <class Condition>
    bool wait_until(Condition condition) {
        // Masked between the look and the sleep: an interrupt in between ends the sleep at once.
        const MaskedScope masked(cpu_);
        while (!condition() && usable()) {
            cpu_.wait_for_interrupt();
            cpu_.mask_interrupts(false);
            cpu_.mask_interrupts(true);
        }
        return condition();
    }

  private:
    Cpu& cpu_;
    const Profile& profile_;
    const Operations& operations_;
    DeviceConfig config_;
    VirtioMmio transport_;
    SharedMemory shared_;
    SharedMemory private_;
    bool bounces_ = true;
    bool started_ = false;
    bool restart_due_ = false;
    Fault fault_ = Fault::none;
    DriverCounters counters_;
};

}  // namespace vms::frontend
