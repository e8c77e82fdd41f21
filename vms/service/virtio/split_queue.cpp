#include "vms/service/virtio/split_queue.h"

#include <bit>

#include "vms/abi/virtio_mmio.h"

namespace vms::service {

namespace ring = abi::ring;
namespace feature = abi::mmio::feature;

namespace {

ring::Descriptor decode(const std::array<std::byte, ring::desc::bytes>& raw) {
    static_assert(std::endian::native == std::endian::little, "rings are little-endian");
    return std::bit_cast<ring::Descriptor>(raw);
}

constexpr std::uint64_t chain_bytes_limit = std::uint64_t{1} << 32;  // 2.7.5: must stay below

}  // namespace

/// What has been collected of a chain.
struct SplitQueue::Walk {
    std::span<Segment> segments;
    std::uint32_t count = 0;
    std::uint32_t readable_count = 0;
    std::uint64_t readable = 0;
    std::uint64_t writable = 0;
};

QueueFault SplitQueue::activate(const SharedMemory& memory, const QueueAreas& areas,
                                std::uint32_t size_max, std::uint64_t features,
                                std::uint64_t identity, DeviceCounters& counters) {
    stop();
    memory_ = &memory;
    counters_ = &counters;
    identity_ = identity;
    size_ = areas.size;
    indirect_ = (features & abi::mmio::feature_bit(feature::ring_indirect_desc)) != 0;
    event_idx_ = (features & abi::mmio::feature_bit(feature::ring_event_idx)) != 0;
    in_order_ = (features & abi::mmio::feature_bit(feature::in_order)) != 0;
    kicks_suppressed_ = false;
    batch_ = {};
    seen_ = taken_ = noted_ = used_ = published_ = 0;
    fault_ = QueueFault::none;
    active_ = true;

    if (!ring::valid_queue_size(size_) || size_ > size_max) {
        fail(QueueFault::bad_size);
        return fault_;
    }
    if (areas.descriptor.value % ring::descriptor_align != 0 ||
        areas.driver.value % ring::driver_align != 0 ||
        areas.device.value % ring::device_align != 0) {
        fail(QueueFault::misaligned);
        return fault_;
    }
    descriptors_ = memory.view(areas.descriptor, ring::descriptor_bytes(size_));
    driver_ = memory.view(areas.driver, ring::driver_bytes(size_));
    device_ = memory.view(areas.device, ring::device_bytes(size_));
    if (!descriptors_ || !driver_ || !device_)
        fail(QueueFault::area_outside);
    return fault_;
}

void SplitQueue::stop() {
    if (active_)
        counters_->voided_chains += static_cast<std::uint16_t>(taken_ - published_);
    active_ = false;
    ++generation_;
    descriptors_ = driver_ = device_ = MemoryView();
}

void SplitQueue::fail(QueueFault fault) {
    if (fault_ != QueueFault::none)
        return;
    fault_ = fault;
    ++counters_->queue_faults;
}

bool SplitQueue::look() {
    memory_->port().charge<Operation::ring_poll>();
    const auto idx = static_cast<std::uint16_t>(driver_.observe(ring::avail::idx, Width::half));
    const auto waiting = static_cast<std::uint16_t>(idx - taken_);
    // 2.7.13: every chain has a descriptor of its own until the driver sees it used. So what waits
    // and what was taken since the last publish() are no more than the queue has entries; without
    // this a driver that adds while its chains are being taken would be served without end.
    const auto unseen = static_cast<std::uint16_t>(taken_ - published_);
    if (std::uint32_t{waiting} + unseen > size_) {
        fail(QueueFault::index_jump);
        return false;
    }
    seen_ = idx;
    return waiting != 0;
}

bool SplitQueue::available() {
    if (!serviceable())
        return false;
    return seen_ != taken_ || look();
}

inline bool SplitQueue::add(Walk& walk, const ring::Descriptor& d) {
    memory_->port().charge<Operation::ring_pop_descriptor>();
    ++counters_->descriptors;
    const GuestAddr address{d.addr};
    if (!memory_->contains(address, d.len)) {
        fail(QueueFault::buffer_outside);
        return false;
    }
    if (walk.count == walk.segments.size()) {
        fail(QueueFault::too_long);
        return false;
    }
    if ((d.flags & ring::desc::flag_write) != 0) {
        walk.writable += d.len;
    } else {
        if (walk.count != walk.readable_count) {
            fail(QueueFault::bad_order);
            return false;
        }
        walk.readable += d.len;
        ++walk.readable_count;
    }
    if (walk.readable + walk.writable >= chain_bytes_limit) {
        fail(QueueFault::too_long);
        return false;
    }
    walk.segments[walk.count++] = {address, d.len};
    return true;
}

bool SplitQueue::walk_indirect(Walk& walk, GuestAddr table, std::uint32_t bytes) {
    if (bytes == 0 || bytes % ring::desc::bytes != 0) {
        fail(QueueFault::bad_indirect);
        return false;
    }
    const MemoryView view = memory_->view(table, bytes);
    if (!view) {
        fail(QueueFault::buffer_outside);
        return false;
    }
    const std::uint32_t entries = bytes / ring::desc::bytes;
    std::uint32_t index = 0;
    // Every entry at most once, and never more than a chain can hold: add() ends a longer walk. A
    // table may hold more than the queue has entries; drivers in the field build such tables.
    for (std::uint32_t steps = 0; steps < entries; ++steps) {
        std::array<std::byte, ring::desc::bytes> raw{};
        view.copy_in(raw, std::uint64_t{index} * ring::desc::bytes);
        const ring::Descriptor d = decode(raw);
        if ((d.flags & ring::desc::flag_indirect) != 0) {
            fail(QueueFault::bad_indirect);
            return false;
        }
        if (!add(walk, d))
            return false;
        if ((d.flags & ring::desc::flag_next) == 0)
            return true;
        if (d.next >= entries) {
            fail(QueueFault::bad_next);
            return false;
        }
        index = d.next;
    }
    fail(QueueFault::loop);
    return false;
}

inline bool SplitQueue::walk_chain(Walk& walk, std::uint16_t head) {
    std::uint32_t index = head;
    for (std::uint32_t steps = 0; steps < size_; ++steps) {
        std::array<std::byte, ring::desc::bytes> raw{};
        descriptors_.copy_in(raw, std::uint64_t{index} * ring::desc::bytes);
        const ring::Descriptor d = decode(raw);
        if ((d.flags & ring::desc::flag_indirect) != 0) {
            // 2.7.5.3.1: only when negotiated, and the last of its chain; WRITE is ignored here.
            if (!indirect_ || (d.flags & ring::desc::flag_next) != 0) {
                fail(QueueFault::bad_indirect);
                return false;
            }
            memory_->port().charge<Operation::ring_pop_descriptor>();
            ++counters_->descriptors;
            return walk_indirect(walk, GuestAddr{d.addr}, d.len);
        }
        if (!add(walk, d))
            return false;
        if ((d.flags & ring::desc::flag_next) == 0)
            return true;
        if (d.next >= size_) {
            fail(QueueFault::bad_next);
            return false;
        }
        index = d.next;
    }
    fail(QueueFault::loop);
    return false;
}

DescriptorChain SplitQueue::pop(ChainStorage& storage) {
    if (storage.in_use_ || !available())
        return {};
    memory_->port().charge<Operation::ring_pop_chain>();
    const auto head = static_cast<std::uint16_t>(
        driver_.load(ring::avail::entry(taken_ & (size_ - 1)), Width::half));
    if (head >= size_) {
        fail(QueueFault::bad_head);
        return {};
    }
    Walk walk{.segments = std::span(storage.segments_).first(storage.most_)};
    if (!walk_chain(walk, head))
        return {};
    ++taken_;
    ++counters_->chains;
    // A chain that was put back by rewind() is not taken anew for who observes.
    if (static_cast<std::uint16_t>(taken_ - noted_ - 1) < size_) {
        noted_ = taken_;
        memory_->port().note_consumed(identity_, taken_);
    }

    const std::span<const Segment> all(storage.segments_.data(), walk.count);
    return {*this,
            storage,
            generation_,
            static_cast<std::uint16_t>(taken_ - 1),
            head,
            {all.first(walk.readable_count), walk.readable},
            {all.subspan(walk.readable_count), walk.writable}};
}

void SplitQueue::complete(DescriptorChain&& chain, std::uint64_t written) {
    const bool ours = chain.queue_ == this && chain.generation_ == generation_ && serviceable();
    if (ours) {
        const std::uint64_t length = written < chain.writable_ ? written : chain.writable_;
        ++counters_->used;
        if (in_order_)
            push_in_order(chain, length);
        else
            push_used(chain.head_, length, 1);
    }
    chain.close();
}

void SplitQueue::rewind(const Mark& mark, DescriptorChain&& open) {
    open.close();
    if (!serviceable())
        return;
    taken_ = mark.taken;
    used_ = mark.used;
    batch_ = mark.batch;
    counters_->chains = mark.chains;
    counters_->descriptors = mark.descriptors;
    counters_->used = mark.completed;
    counters_->batched = mark.batched;
}

void SplitQueue::push_used(std::uint16_t head, std::uint64_t length, std::uint16_t count) {
    memory_->port().charge<Operation::ring_push_used>();
    const std::uint32_t entry = ring::used::entry(used_ & (size_ - 1));
    device_.store(entry, Width::word, head);
    device_.store(entry + 4, Width::word, length);
    used_ = static_cast<std::uint16_t>(used_ + count);
}

void SplitQueue::push_in_order(const DescriptorChain& chain, std::uint64_t length) {
    if (chain.sequence_ != static_cast<std::uint16_t>(used_ + batch_.count)) {
        fail(QueueFault::out_of_order);
        return;
    }
    // 2.7.9: one element, with the head of the last chain and at the place of the first, stands for
    // a batch; the driver takes all but the last for used completely.
    if (!batch_.whole)
        end_batch();
    counters_->batched += batch_.count != 0 ? 1 : 0;
    batch_ = {static_cast<std::uint16_t>(batch_.count + 1), chain.head_, length,
              length == chain.writable_};
}

void SplitQueue::end_batch() {
    if (batch_.count != 0)
        push_used(batch_.head, batch_.length, batch_.count);
    batch_ = {};
}

bool SplitQueue::publish() {
    if (!serviceable())
        return false;
    end_batch();
    if (used_ == published_)
        return false;
    Port& port = memory_->port();
    port.charge<Operation::ring_publish>();
    const std::uint16_t before = published_;
    device_.publish(ring::used::idx, Width::half, used_);
    published_ = used_;
    port.note_published(identity_, used_);
    // The driver sets its wish and then looks at the index; here the index is set and then the
    // wish is read. Without a full barrier in between both could miss the other (2.7.7).
    port.barrier();
    if (event_idx_) {
        const auto event = static_cast<std::uint16_t>(
            driver_.observe(ring::avail::used_event(size_), Width::half));
        return ring::vring_need_event(event, used_, before);
    }
    const std::uint64_t flags = driver_.observe(ring::avail::flags, Width::half);
    return (flags & ring::avail::flag_no_interrupt) == 0;
}

void SplitQueue::suppress_kicks() {
    // With the event index the driver kicks only when it passes avail_event: leaving that where it
    // is suppresses kicks; the flags word must then stay 0 (2.7.10).
    if (!serviceable() || kicks_suppressed_)
        return;
    kicks_suppressed_ = true;
    if (!event_idx_)
        device_.store(ring::used::flags, Width::half, ring::used::flag_no_notify);
}

bool SplitQueue::request_kick() {
    if (!serviceable())
        return false;
    kicks_suppressed_ = false;
    if (event_idx_)
        device_.publish(ring::used::avail_event(size_), Width::half, taken_);
    else
        device_.publish(ring::used::flags, Width::half, 0);
    memory_->port().barrier();
    return seen_ != taken_ || look();
}

void SplitQueue::chain_dropped(const DescriptorChain& chain) {
    if (chain.generation_ != generation_ || !active_)
        return;
    ++counters_->dropped_chains;
    if (fault_ == QueueFault::none)
        fault_ = QueueFault::dropped_chain;
}

}  // namespace vms::service
