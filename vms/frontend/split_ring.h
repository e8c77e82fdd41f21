// The driver's side of a split virtqueue (OASIS VirtIO v1.4, 2.7): it makes chains of buffers
// available, decides whether the device wants to hear of them, and takes used ones back. All that
// the device sees lies in shared memory and is reached through Cpu; what the driver must not lose
// to a misbehaving device (free list, outstanding chains) is its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vms/abi/split_ring.h"
#include "vms/cpu.h"
#include "vms/frontend/shared_memory.h"

namespace vms::frontend {

class SplitRing {
  public:
    /// Where the three areas lie, 2.7.
    struct Layout {
        GuestAddr descriptors{};
        GuestAddr driver{};  ///< available ring
        GuestAddr device{};  ///< used ring
        std::uint32_t size = 0;
    };
    struct Options {
        bool event_index = false;    ///< VIRTIO_F_EVENT_IDX negotiated
        bool indirect = false;       ///< VIRTIO_F_INDIRECT_DESC negotiated
        std::uint64_t identity = 0;  ///< names the queue in notes
    };
    /// One element of a chain.
    struct Segment {
        GuestAddr address{};
        std::uint32_t length = 0;
        bool device_writes = false;
    };
    /// A chain that the device has given back.
    struct Used {
        std::uint64_t token = 0;   ///< as handed to add()
        std::uint32_t length = 0;  ///< bytes the device says it wrote
    };

    /// Indirect tables are taken from `memory`.
    SplitRing(Cpu& cpu, SharedMemory& memory, const Layout& layout, const Options& options);

    /// Clear the areas: before the device is told of them.
    void clear();

    /// Make one chain available. False: there is no room for it, or the ring is broken.
    bool add(std::span<const Segment> chain, std::uint64_t token);
    /// The same in two parts, for a driver that hands over several at once: stage() each, then
    /// expose() all by one store of the index.
    bool stage(std::span<const Segment> chain, std::uint64_t token);
    void expose();

    /// Must the device be notified of what was added since the last time of asking? (2.7.13.4)
    bool kick_needed();

    /// get() has just found nothing: one more turn of a polling loop of this work, or more when
    /// nothing can change before. Returns how many.
    std::uint64_t wait_used(const Work& iteration);
    /// Is there a used chain that get() would return?
    bool more_used();
    /// The next used chain, if any.
    std::optional<Used> get();

    /// The device was reset: take every chain that it still held back, used or not; `taken` is
    /// called with the token of each.
    template <class Function>
    void detach_all(Function taken) {
        for (std::uint32_t head = 0; head < layout_.size; ++head) {
            if (chains_[head].descriptors == 0)
                continue;
            const std::uint64_t token = chains_[head].token;
            release(static_cast<std::uint16_t>(head));
            taken(token);
        }
    }

    /// Ask the device not to interrupt, or to do so again (2.7.7). A hint: it may interrupt still.
    void enable_interrupts(bool enabled);

    // The same as a network driver of Linux does it: it suppresses interrupts for as long as it
    // looks at the ring anyway, and asks for them again before it goes to sleep.

    /// An interrupt has come for this queue. With event index the device will not send a second
    /// before it is given a new event: suppressing then costs no store.
    void interrupted() { event_triggered_ = options_.event_index; }
    /// virtqueue_disable_cb. With event index there is no "never": the event is set to 0.
    void suppress_interrupts();
    /// virtqueue_enable_cb_prepare: at the next used chain. The caller looks again (more_used).
    void resume_interrupts();
    /// virtqueue_enable_cb_delayed: with event index not before three quarters of what is
    /// outstanding is used. False: more than that is used already.
    bool resume_interrupts_delayed();
    /// With event index: one interrupt, once all that is staged has been used. Before expose().
    void interrupt_when_all_used();
    bool has_event_index() const { return options_.event_index; }
    /// The queue has nobody to call: without event index the device is told so for good.
    void without_interrupts();

    /// The device returned a chain that it does not hold: nothing further can be trusted.
    bool broken() const { return broken_; }

    const Layout& layout() const { return layout_; }
    std::uint32_t free_descriptors() const { return free_count_; }
    std::uint32_t outstanding() const { return outstanding_; }
    std::uint16_t available_index() const { return available_; }
    std::uint16_t used_index() const { return last_used_; }

    // For the host, which looks in no time.

    /// Chains that the device has given back since the used index was `index`.
    std::uint16_t returned_since(std::uint16_t index) const;
    /// The first buffer of the chain that it gave back at used index `index`: it is still described
    /// when it has been taken, until another is made available.
    GuestAddr returned_buffer(std::uint16_t index) const;

  private:
    /// Interrupts on at `event`, with a barrier before what is read next.
    void resume_at(std::uint16_t event);
    std::uint16_t observe_used();

    /// What the driver remembers of a chain, by the index of its head.
    struct Chain {
        std::uint64_t token = 0;
        std::uint32_t descriptors = 0;  ///< of the table; 0: not outstanding
        GuestAddr table{};              ///< of an indirect chain
        std::uint32_t table_bytes = 0;  ///< 0: a direct chain
    };

    void write_descriptor(GuestAddr at, const abi::ring::Descriptor& d);
    GuestAddr descriptor(std::uint32_t index) const;
    std::uint16_t take_descriptor();
    std::optional<GuestAddr> write_indirect_table(std::span<const Segment> chain);
    std::uint16_t write_direct_chain(std::span<const Segment> chain);
    void release(std::uint16_t head);

    Cpu& cpu_;
    SharedMemory& memory_;
    Layout layout_;
    Options options_;
    std::vector<Chain> chains_;
    std::vector<std::uint16_t> next_;  ///< of a free descriptor, or of a chain's element
    std::uint16_t free_head_ = 0;
    std::uint32_t free_count_ = 0;
    std::uint32_t outstanding_ = 0;
    std::uint16_t available_ = 0;  ///< next available index, free running
    std::uint16_t exposed_ = 0;    ///< available index as the device sees it
    std::uint16_t last_used_ = 0;  ///< used entries taken so far, free running
    std::uint16_t seen_used_ = 0;  ///< the device's index when it was last read
    std::uint16_t kicked_at_ = 0;  ///< available index at the last kick_needed()
    bool interrupts_enabled_ = true;
    bool event_triggered_ = false;  ///< the event was reached and not set anew
    bool broken_ = false;
};

}  // namespace vms::frontend
