// The device's side of a split virtqueue, with indirect descriptors and event index. After the
// OASIS VirtIO specification v1.4, 2.7; indirect descriptors 2.7.5.3, notification suppression
// 2.7.7 (used buffers) and 2.7.10 (available buffers).
//
// Whatever the driver wrote is read once, checked once and used from the copy. A queue on which the
// driver broke a rule of the ring is faulty: nothing more is taken from it or given back until the
// device is reset; the transport then sets DEVICE_NEEDS_RESET. No loop here is longer than the
// largest chain, and between two publish() no more chains are taken than the queue has entries,
// whatever the driver makes of its index meanwhile.
#pragma once

#include <cstdint>
#include <string_view>

#include "vms/abi/split_ring.h"
#include "vms/service/counters.h"
#include "vms/service/virtio/descriptor_chain.h"

namespace vms::service {

/// Why a queue is not served any more.
enum class QueueFault : std::uint8_t {
    none,
    bad_size,        ///< not a power of two, or above QueueSizeMax
    misaligned,      ///< an area not on its boundary (2.7)
    area_outside,    ///< an area not wholly in the shared region
    index_jump,      ///< available index ahead of the used index by more than the queue size
    bad_head,        ///< head beyond the descriptor table
    bad_next,        ///< next beyond its table
    loop,            ///< more descriptors than the table holds
    too_long,        ///< more descriptors than a device accepts, or 4 GiB and more in total
    bad_order,       ///< readable after writable (2.7.4.2)
    bad_indirect,    ///< not negotiated, nested, with NEXT, empty or of odd size (2.7.5.3.1)
    buffer_outside,  ///< a buffer not wholly in the shared region
    dropped_chain,   ///< the device lost a chain: its own error
    out_of_order,    ///< with IN_ORDER the device gave a chain back before an older one: its own
    device_error,    ///< no fault of a queue: the device has failed
};

constexpr std::string_view name(QueueFault fault) {
    switch (fault) {
        case QueueFault::none:
            return "none";
        case QueueFault::bad_size:
            return "bad queue size";
        case QueueFault::misaligned:
            return "misaligned ring";
        case QueueFault::area_outside:
            return "ring outside the shared memory";
        case QueueFault::index_jump:
            return "available index jumped";
        case QueueFault::bad_head:
            return "head out of range";
        case QueueFault::bad_next:
            return "next out of range";
        case QueueFault::loop:
            return "descriptor loop";
        case QueueFault::too_long:
            return "chain too long";
        case QueueFault::bad_order:
            return "readable after writable";
        case QueueFault::bad_indirect:
            return "bad indirect descriptor";
        case QueueFault::buffer_outside:
            return "buffer outside the shared memory";
        case QueueFault::dropped_chain:
            return "chain dropped by the device";
        case QueueFault::out_of_order:
            return "chains given back out of order";
        case QueueFault::device_error:
            return "error of the device";
    }
    return "unknown";
}

/// Where a queue lies, as the driver wrote it and the transport froze it.
struct QueueAreas {
    std::uint32_t size = 0;
    GuestAddr descriptor{};
    GuestAddr driver{};
    GuestAddr device{};
};

class SplitQueue {
    /// With IN_ORDER: chains given back whose one used element is not written yet.
    struct Batch {
        std::uint16_t count = 0;
        std::uint16_t head = 0;    // of the last one
        std::uint64_t length = 0;  // of the last one
        bool whole = true;         // the last one was used completely
    };

  public:
    SplitQueue() = default;
    SplitQueue(const SplitQueue&) = delete;
    SplitQueue& operator=(const SplitQueue&) = delete;

    /// Check the areas and begin at index 0. `identity` names the queue in notes.
    QueueFault activate(const SharedMemory& memory, const QueueAreas& areas, std::uint32_t size_max,
                        std::uint64_t features, std::uint64_t identity, DeviceCounters& counters);
    /// The driver took the queue back: no access to its memory from now on. An open chain becomes
    /// void: completing or destroying it does nothing.
    void stop();

    bool active() const { return active_; }
    QueueFault fault() const { return fault_; }
    std::uint16_t size() const { return static_cast<std::uint16_t>(size_); }

    /// Whether a chain waits in the available ring; looks at the ring only when those seen before
    /// are used up.
    bool available();
    /// The next chain; empty when there is none or the driver broke a rule. `storage` must be free.
    DescriptorChain pop(ChainStorage& storage);
    /// Give a chain back with the number of bytes written into it. Visible to the driver after
    /// publish().
    void complete(DescriptorChain&& chain, std::uint64_t written);

    /// A state of the queue to go back to, of now; only until the next publish().
    struct Mark {
        std::uint16_t taken = 0;
        std::uint16_t used = 0;
        Batch batch{};
        std::uint64_t chains = 0;  // the counters of that time
        std::uint64_t descriptors = 0;
        std::uint64_t completed = 0;
        std::uint64_t batched = 0;
    };
    Mark mark() const {
        return {taken_,
                used_,
                batch_,
                counters_->chains,
                counters_->descriptors,
                counters_->used,
                counters_->batched};
    }
    /// As if nothing had been taken or completed since: the driver has been told of nothing, and
    /// will be read anew. `open` is a chain of since then, or empty.
    void rewind(const Mark& mark, DescriptorChain&& open);

    /// Completed, and not yet visible to the driver.
    std::uint16_t unpublished() const {
        return static_cast<std::uint16_t>(used_ + batch_.count - published_);
    }

    /// Chains given back since the queue was started, free running.
    std::uint16_t completed() const { return static_cast<std::uint16_t>(used_ + batch_.count); }

    /// Make what was completed visible. True: the driver wants an interrupt.
    bool publish();

    /// Ask the driver for no kicks while chains are taken anyway.
    void suppress_kicks();
    /// Ask for a kick with the next chain. True: one has come meanwhile, and no kick may follow.
    bool request_kick();

  private:
    friend class DescriptorChain;

    struct Walk;  // a chain on its way through the checks

    bool serviceable() const { return active_ && fault_ == QueueFault::none; }
    void fail(QueueFault fault);
    bool walk_chain(Walk& walk, std::uint16_t head);
    bool walk_indirect(Walk& walk, GuestAddr table, std::uint32_t bytes);
    bool add(Walk& walk, const abi::ring::Descriptor& d);
    void chain_dropped(const DescriptorChain& chain);
    bool look();
    void push_used(std::uint16_t head, std::uint64_t length, std::uint16_t count);
    void push_in_order(const DescriptorChain& chain, std::uint64_t length);
    void end_batch();

    const SharedMemory* memory_ = nullptr;
    DeviceCounters* counters_ = nullptr;
    MemoryView descriptors_;
    MemoryView driver_;
    MemoryView device_;
    std::uint64_t identity_ = 0;
    std::uint32_t size_ = 0;
    std::uint32_t generation_ = 0;
    bool active_ = false;
    bool indirect_ = false;   // VIRTIO_F_INDIRECT_DESC negotiated
    bool event_idx_ = false;  // VIRTIO_F_EVENT_IDX negotiated
    bool in_order_ = false;   // VIRTIO_F_IN_ORDER negotiated
    bool kicks_suppressed_ = false;
    QueueFault fault_ = QueueFault::none;

    std::uint16_t seen_ = 0;       // available index as last observed
    std::uint16_t taken_ = 0;      // chains taken
    std::uint16_t noted_ = 0;      // chains that observers know to be taken
    std::uint16_t used_ = 0;       // chains given back, with their used elements written
    std::uint16_t published_ = 0;  // used index as the driver sees it

    Batch batch_;
};

}  // namespace vms::service
