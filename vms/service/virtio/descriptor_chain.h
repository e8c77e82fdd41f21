// A descriptor chain as a device uses it: taken from the available ring with every descriptor
// copied once and checked, read and written through bounded cursors, and given back with
// SplitQueue::complete(). After the OASIS VirtIO specification v1.4, 2.7.5 (descriptor table).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "vms/service/shared_memory.h"

namespace vms::service {

class SplitQueue;

/// One buffer of a chain; all of it lies in the shared region.
struct Segment {
    GuestAddr address{};
    std::uint32_t length = 0;
};

/// The most descriptors that a chain may have here, and thereby the largest QueueSizeMax.
inline constexpr std::uint16_t max_chain_segments = 1024;

/// The place of one open chain's segments; owned by the device, one for each chain that it may
/// hold. A longer chain makes its queue faulty: 2.7.4.1 lets a device have a reasonable limit.
class ChainStorage {
  public:
    explicit ChainStorage(std::uint16_t most = max_chain_segments) : most_(most) {}
    bool in_use() const { return in_use_; }

  private:
    friend class SplitQueue;
    friend class DescriptorChain;
    std::array<Segment, max_chain_segments> segments_{};
    std::uint16_t most_;
    bool in_use_ = false;
};

/// A cursor over the buffers of one direction.
class ChainCursor {
  public:
    ChainCursor() = default;
    ChainCursor(std::span<const Segment> segments, std::uint64_t bytes)
        : segments_(segments), remaining_(bytes) {}

    std::uint64_t remaining() const { return remaining_; }
    /// Move past as many bytes, or to the end.
    void skip(std::uint64_t n);
    /// Of the byte that lies `ahead` bytes further; 0 beyond the end.
    GuestAddr address(std::uint64_t ahead) const;

  protected:
    /// The next piece of at most `limit` bytes that lies together; moves past it.
    Segment next(std::size_t limit) {
        // Empty buffers are legal and skipped; the loop ends because segments_ shrinks.
        while (!segments_.empty() && offset_ == segments_.front().length) {
            segments_ = segments_.subspan(1);
            offset_ = 0;
        }
        if (segments_.empty())
            return {};
        const Segment& s = segments_.front();
        const std::uint32_t left = s.length - offset_;
        const std::uint32_t n = limit < left ? static_cast<std::uint32_t>(limit) : left;
        const Segment piece{s.address + offset_, n};
        offset_ += n;
        remaining_ -= n;
        return piece;
    }

  private:
    std::span<const Segment> segments_;
    std::uint32_t offset_ = 0;  // into the first segment
    std::uint64_t remaining_ = 0;
};

/// Reads the device-readable part, in order.
class ChainReader : public ChainCursor {
  public:
    using ChainCursor::ChainCursor;
    /// Bytes read: less than asked for only at the end of the chain.
    std::size_t read(const SharedMemory& memory, std::span<std::byte> to);
};

/// Writes the device-writable part, in order.
class ChainWriter : public ChainCursor {
  public:
    using ChainCursor::ChainCursor;
    /// Bytes written: less than given only at the end of the chain.
    std::size_t write(const SharedMemory& memory, std::span<const std::byte> from);
};

/// An open chain. Move-only; one that is destroyed without complete() is an error of the device,
/// counted, and makes the queue faulty (the driver would wait for it for ever).
class DescriptorChain {
  public:
    DescriptorChain() = default;
    DescriptorChain(DescriptorChain&& other) noexcept { take(other); }
    DescriptorChain& operator=(DescriptorChain&& other) noexcept {
        if (this != &other) {
            drop();
            take(other);
        }
        return *this;
    }
    ~DescriptorChain() { drop(); }

    explicit operator bool() const { return queue_ != nullptr; }
    std::uint16_t head() const { return head_; }
    ChainReader& reader() { return reader_; }
    ChainWriter& writer() { return writer_; }

  private:
    friend class SplitQueue;

    DescriptorChain(SplitQueue& queue, ChainStorage& storage, std::uint32_t generation,
                    std::uint16_t sequence, std::uint16_t head, const ChainReader& reader,
                    const ChainWriter& writer)
        : queue_(&queue),
          storage_(&storage),
          generation_(generation),
          sequence_(sequence),
          head_(head),
          writable_(writer.remaining()),
          reader_(reader),
          writer_(writer) {
        storage.in_use_ = true;
    }
    void take(DescriptorChain& other) noexcept {
        queue_ = std::exchange(other.queue_, nullptr);
        storage_ = std::exchange(other.storage_, nullptr);
        generation_ = other.generation_;
        sequence_ = other.sequence_;
        head_ = other.head_;
        writable_ = other.writable_;
        reader_ = other.reader_;
        writer_ = other.writer_;
    }
    void drop() {
        if (queue_ != nullptr)
            drop_open();
    }
    void drop_open();
    void close() {
        queue_ = nullptr;
        if (storage_ != nullptr)
            storage_->in_use_ = false;
        storage_ = nullptr;
    }

    SplitQueue* queue_ = nullptr;
    ChainStorage* storage_ = nullptr;
    std::uint32_t generation_ = 0;  // of the queue when the chain was taken
    std::uint16_t sequence_ = 0;    // chains taken from the queue before
    std::uint16_t head_ = 0;
    std::uint64_t writable_ = 0;
    ChainReader reader_;
    ChainWriter writer_;
};

}  // namespace vms::service
