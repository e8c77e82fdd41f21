// The allocator over the memory that a device shares with its back-end. It behaves as Linux'
// restricted-dma-pool does: the region is cut into slots of 2 KiB; rings are allocated from it, and
// every buffer is bounced: it gets slots for as long as the device may touch it. The lowest free
// place is taken, so rings, which come first, lie at the start and buffers after them. A driver
// with a pool of its own has slots of another size.
//
// Slots are bits, a word of the host at a time: a buffer of one slot, which a frame's is, costs a
// look at the word of the lowest free one.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "vms/types.h"

namespace vms::frontend {

class SharedMemory {
  public:
    /// Linux: IO_TLB_SIZE.
    static constexpr std::uint64_t slot_bytes = 2048;

    SharedMemory(GuestAddr base, std::uint64_t size, std::uint64_t slot = slot_bytes)
        : slot_(slot),
          base_{(base.value + slot - 1) / slot * slot},
          slots_(size > base_.value - base.value
                     ? static_cast<std::size_t>((size - (base_.value - base.value)) / slot)
                     : 0),
          free_((slots_ + word_bits - 1) / word_bits, ~std::uint64_t{0}),
          free_count_(slots_) {
        if (slots_ % word_bits != 0)
            free_.back() = (std::uint64_t{1} << slots_ % word_bits) - 1;
    }

    /// Whole slots for `bytes` bytes, at a multiple of `align` (a power of two). Nothing when there
    /// is no such gap.
    std::optional<GuestAddr> take(std::uint64_t bytes, std::uint64_t align = 1) {
        const std::size_t wanted = slots(bytes);
        std::size_t first = next_free(lowest_free_);
        lowest_free_ = first;
        while (wanted <= slots_ && first <= slots_ - wanted) {
            const std::uint64_t misaligned = address(first).value & (align - 1);
            if (misaligned != 0) {
                first = next_free(first + slots(align - misaligned));
                continue;
            }
            const std::size_t taken = first_taken(first, wanted);
            if (taken == first + wanted) {
                mark(first, wanted, false);
                free_count_ -= wanted;
                return address(first);
            }
            first = next_free(taken + 1);
        }
        return std::nullopt;
    }

    /// Give back what take() returned for the same number of bytes.
    void release(GuestAddr at, std::uint64_t bytes) {
        const auto first = static_cast<std::size_t>((at.value - base_.value) / slot_);
        mark(first, slots(bytes), true);
        free_count_ += slots(bytes);
        lowest_free_ = std::min(lowest_free_, first);
    }

    std::uint64_t free_bytes() const { return free_count_ * slot_; }

  private:
    static constexpr std::size_t word_bits = 64;

    std::size_t slots(std::uint64_t bytes) const {
        return static_cast<std::size_t>((std::max<std::uint64_t>(bytes, 1) + slot_ - 1) / slot_);
    }
    GuestAddr address(std::size_t slot) const { return base_ + slot * slot_; }
    bool is_free(std::size_t slot) const {
        return (free_[slot / word_bits] >> slot % word_bits & 1) != 0;
    }

    /// The first free slot from `from` on, or the number of slots.
    std::size_t next_free(std::size_t from) const {
        if (from >= slots_)
            return slots_;
        std::size_t w = from / word_bits;
        std::uint64_t bits = free_[w] & (~std::uint64_t{0} << from % word_bits);
        while (bits == 0) {
            if (++w == free_.size())
                return slots_;
            bits = free_[w];
        }
        return w * word_bits + static_cast<std::size_t>(std::countr_zero(bits));
    }

    /// The first slot in use from `first` on, or the end of the `n` slots.
    std::size_t first_taken(std::size_t first, std::size_t n) const {
        std::size_t i = first;
        while (i < first + n && is_free(i))
            ++i;
        return i;
    }

    void mark(std::size_t first, std::size_t n, bool free) {
        for (std::size_t i = first; i < first + n; ++i) {
            const std::uint64_t bit = std::uint64_t{1} << i % word_bits;
            if (free)
                free_[i / word_bits] |= bit;
            else
                free_[i / word_bits] &= ~bit;
        }
    }

    std::uint64_t slot_;  ///< bytes
    GuestAddr base_;
    std::size_t slots_;
    std::vector<std::uint64_t> free_;  ///< a bit a slot
    std::size_t free_count_;
    std::size_t lowest_free_ = 0;  ///< no slot below it is free
};

}  // namespace vms::frontend
