// The device's side of VirtIO over MMIO, version 2: the register file that a front-end's trapped
// accesses reach, the status state machine, feature negotiation and the interrupt status. After the
// OASIS VirtIO specification v1.4: 2.1 status, 2.2 features, 2.6 queue reset, 3.1 initialisation,
// 4.2.2 registers, 4.2.3 operation.
//
// Nothing here touches guest memory or a device while an access waits for its answer: a write that
// causes work only leaves a mark, and the main loop does the work after the answer.
#pragma once

#include <array>
#include <cstdint>

#include "vms/abi/virtio_mmio.h"
#include "vms/service/counters.h"
#include "vms/service/shared_memory.h"
#include "vms/service/virtio/device.h"
#include "vms/service/virtio/split_queue.h"

namespace vms::service {

/// VendorID of every device here: "baos".
inline constexpr std::uint32_t vendor_id = 0x736f6162;

class MmioTransport final : private DeviceHost {
  public:
    /// Those of a console with the most ports: two each and two for control.
    static constexpr std::uint32_t max_queues = 2 * max_console_ports + 2;

    /// `identity` names the device in notes about rings: the window's base; queue k is identity |
    /// k. `index` is that of the device among those of the service guest.
    MmioTransport(Port& port, const SharedMemory& memory, VirtioDevice& device,
                  std::uint64_t identity, DeviceCounters& counters, std::size_t index = 0);

    MmioTransport(const MmioTransport&) = delete;
    MmioTransport& operator=(const MmioTransport&) = delete;

    /// One access of the front-end. `offset` is from the window's base, `width` the number of
    /// bytes; neither is trusted. A bad access reads 0 or writes nothing, and is counted.
    std::uint32_t read(std::uint64_t offset, std::uint64_t width);
    void write(std::uint64_t offset, std::uint64_t width, std::uint64_t value);

    /// Marks left by writes; the taker clears them.
    bool take_work_mark() { return std::exchange(work_mark_, false); }

    /// One bounded step of the device's ring work. True: more can be done now.
    bool work();
    /// Whether publish() is called for outside of work(); the taker clears it.
    bool take_publication_mark() { return std::exchange(publication_mark_, false); }
    /// Make all completions visible, see to faults and decide on an interrupt.
    void publish();
    /// Whether the driver is to be interrupted; the taker clears it and notifies.
    bool take_interrupt_mark() { return std::exchange(interrupt_mark_, false); }
    /// Whether the driver has something left to acknowledge.
    bool interrupt_pending() const { return interrupt_status_ != 0; }
    bool interrupt_marked() const { return interrupt_mark_; }

    /// The configuration space has changed (2.5.1, 4.2.2.1).
    void config_changed(bool notify) override;
    /// The device has failed by itself and needs a reset (2.1.2).
    void fail_device();

    std::uint32_t status() const { return status_; }
    std::uint32_t interrupt_status() const { return interrupt_status_; }
    const SplitQueue& queue(std::uint32_t index) const { return queues_[index]; }
    /// The fault that led to DEVICE_NEEDS_RESET last.
    QueueFault last_fault() const { return last_fault_; }

  private:
    struct QueueRegisters {
        std::uint32_t size = 0;
        bool ready = false;
        std::uint64_t descriptor = 0;
        std::uint64_t driver = 0;
        std::uint64_t device = 0;
    };

    void bad_access(std::uint64_t offset, std::uint64_t width, bool write);
    std::uint32_t bad_read(std::uint64_t offset, std::uint64_t width) {
        bad_access(offset, width, false);
        return 0;
    }
    /// Of a register that was written.
    void violation(std::uint32_t offset, std::uint32_t value);
    void report(Incident incident, std::uint64_t detail) override {
        port_.report(incident, index_, detail);
    }

    void work_wanted() override { work_mark_ = true; }
    void publication_wanted() override { publication_mark_ = true; }

    bool selected() const { return queue_sel_ < queue_count_; }
    bool has_status(std::uint32_t bits) const { return (status_ & bits) == bits; }
    bool running() const override;

    std::uint32_t read_register(std::uint32_t offset);
    void write_register(std::uint32_t offset, std::uint32_t value);
    void write_status(std::uint32_t value);
    void write_driver_features(std::uint32_t value);
    void write_queue_register(std::uint32_t offset, std::uint32_t value);
    void write_queue_ready(std::uint32_t value);
    void write_queue_reset(std::uint32_t value);
    void acknowledge(std::uint32_t bits);
    void kick(std::uint32_t value);

    bool features_acceptable() const;
    void activate();
    QueueFault start_queue(std::uint32_t index);
    void stop_queue(std::uint32_t index);
    void clear_registers();
    void reset();
    void fail(QueueFault fault);
    bool see_to_faults();
    void raise(std::uint32_t bits);

    Port& port_;
    const SharedMemory& memory_;
    VirtioDevice& device_;
    const DeviceProfile profile_;
    const std::uint64_t identity_;
    const std::size_t index_;
    DeviceCounters& counters_;

    std::uint32_t status_ = 0;
    std::uint32_t interrupt_status_ = 0;
    std::uint32_t raised_again_ = 0;  // bits raised while set, not yet read by the driver
    std::uint32_t config_generation_ = 0;
    std::uint32_t device_features_sel_ = 0;
    std::uint32_t driver_features_sel_ = 0;
    std::uint64_t driver_features_ = 0;
    bool driver_features_beyond_ = false;  // a bit above 63 was asked for
    std::uint32_t queue_sel_ = 0;
    std::uint32_t queue_count_ = 0;  // offered, or from FEATURES_OK on negotiated
    std::array<QueueRegisters, max_queues> registers_{};
    std::array<SplitQueue, max_queues> queues_{};
    bool work_mark_ = false;
    bool publication_mark_ = false;
    bool interrupt_mark_ = false;
    QueueFault last_fault_ = QueueFault::none;
};

}  // namespace vms::service
