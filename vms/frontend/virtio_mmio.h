// The driver's side of the virtio-mmio transport, version 2 (OASIS VirtIO v1.4, 4.2; initialisation
// 3.1.1). It carries out the steps of a profile on the device's registers, holds the queues, and
// says why a probe ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "vms/abi/virtio_mmio.h"
#include "vms/cpu.h"
#include "vms/frontend/fault.h"
#include "vms/frontend/operations.h"
#include "vms/frontend/profile.h"
#include "vms/frontend/shared_memory.h"
#include "vms/frontend/split_ring.h"

namespace vms::frontend {

class VirtioMmio {
  public:
    VirtioMmio(Cpu& cpu, const TransportProfile& profile, const Operations& operations,
               GuestAddr window);

    // --- the phases of a probe, in this order; a fault ends it, FAILED written as the driver does

    /// After remove() a driver whose bus knows the device already makes no access here.
    Fault identify(std::uint32_t device_type);
    /// Keep what is offered of the profile's features and of `device_features`. `validate`: what
    /// the device's driver looks at before they are final; it may decline().
    Fault negotiate(std::uint64_t device_features, std::function<void()> validate = {});
    void decline(unsigned feature) { accepted_ &= ~abi::mmio::feature_bit(feature); }
    /// `requested` 0: the size is QueueSizeMax, halved until the ring fits in `memory`.
    Fault create_queue(std::uint32_t index, std::uint32_t requested, SharedMemory& memory);
    Fault ready();

    /// Reset the device and take its queues away: reset(), release().
    void remove();
    /// The device is reset and touches its rings no more; they can still be looked at.
    void reset();
    void release();

    // --- a device at work -------------------------------------------------------------------

    bool negotiated(unsigned feature) const {
        return (accepted_ & abi::mmio::feature_bit(feature)) != 0;
    }
    std::uint64_t read_config(std::uint32_t offset, Width w);
    std::uint32_t config_generation() { return read(abi::mmio::config_generation); }
    void write_config(std::uint32_t offset, Width w, std::uint32_t value);
    /// The low word of DeviceFeatures; a look outside of any probe.
    std::uint32_t offered_low();
    void notify(std::uint32_t queue) { write(abi::mmio::queue_notify, queue); }
    std::uint32_t status() { return read(abi::mmio::status); }
    std::uint32_t interrupt_status() { return read(abi::mmio::interrupt_status); }
    void acknowledge_interrupt(std::uint32_t bits) { write(abi::mmio::interrupt_ack, bits); }

    SplitRing& queue(std::size_t i) { return queues_[i].ring; }
    /// Where the buffers of a queue come from.
    SharedMemory& buffers(std::size_t i) { return *queues_[i].buffers; }
    std::size_t queues() const { return queues_.size(); }
    /// What the driver wrote last into Status.
    std::uint32_t status_written() const { return status_written_; }
    /// Of the last queue, where the driver did not tell the device the size; 0 each: it did.
    std::uint32_t untold_queue_size() const { return untold_queue_size_; }
    std::uint32_t untold_queue_size_max() const { return untold_queue_size_max_; }
    GuestAddr window() const { return window_; }

  private:
    struct Queue {
        std::uint32_t index = 0;
        SharedMemory* memory = nullptr;
        GuestAddr at{};  ///< the ring's part of it
        std::uint64_t bytes = 0;
        std::unique_ptr<SharedMemory> pool;  ///< of this queue alone; null: none
        SharedMemory* buffers = nullptr;
        SplitRing ring;
    };
    /// What the steps of one queue work on.
    struct QueueSetup {
        std::uint32_t index = 0;
        std::uint32_t requested = 0;
        std::uint32_t size_max = 0;
        SharedMemory* memory = nullptr;
        GuestAddr at{};
        std::uint64_t bytes = 0;
        std::uint64_t pool_at = 0;  ///< in those bytes; the ring's end
        SplitRing::Layout layout;
    };

    Fault run(Steps steps);
    Fault step(const Step& s);
    Fault validate();
    Fault check_status(const Step& s);
    Fault create_ring();
    void write_status(std::uint32_t value);
    void tell_queue_size();
    Fault fail(Fault fault, Steps steps);
    void remove_queues();
    void write_address(std::uint32_t low, std::uint32_t high, GuestAddr a);
    SplitRing::Layout layout_for(std::uint32_t size, GuestAddr at) const;

    std::uint32_t read(std::uint32_t reg);
    void write(std::uint32_t reg, std::uint32_t value);

    Cpu& cpu_;
    const TransportProfile& profile_;
    const Operations& operations_;
    GuestAddr window_;
    std::uint32_t wanted_type_ = 0;
    std::uint32_t device_type_ = 0;
    std::uint64_t supported_ = 0;
    std::uint64_t offered_ = 0;
    std::uint64_t accepted_ = 0;
    std::function<void()> validate_;
    bool identified_ = false;
    QueueSetup setup_;
    std::deque<Queue> queues_;
    std::uint32_t status_written_ = 0;
    std::uint32_t untold_queue_size_ = 0;
    std::uint32_t untold_queue_size_max_ = 0;
};

}  // namespace vms::frontend
