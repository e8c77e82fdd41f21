// The allocator over the memory that a device shares with its back-end. It behaves as Linux'
// restricted-dma-pool does: the region is cut into slots of 2 KiB; rings are allocated from it, and
// every buffer is bounced: it gets slots for as long as the device may touch it. The lowest free
// place is taken, so rings, which come first, lie at the start and buffers after them. A driver
// with a pool of its own has slots of another size.
#pragma once

#include <algorithm>
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
          used_(size > base_.value - base.value ? (size - (base_.value - base.value)) / slot : 0) {}

    /// Whole slots for `bytes` bytes, at a multiple of `align` (a power of two). Nothing when there
    /// is no such gap.
    std::optional<GuestAddr> take(std::uint64_t bytes, std::uint64_t align = 1) {
        const std::size_t wanted = slots(bytes);
        std::size_t first = lowest_free_;
        while (wanted <= used_.size() && first <= used_.size() - wanted) {
            const std::uint64_t misaligned = address(first).value & (align - 1);
            if (misaligned != 0) {
                first += slots(align - misaligned);
                continue;
            }
            const std::size_t taken = first_taken(first, wanted);
            if (taken == first + wanted) {
                std::fill_n(used_.begin() + static_cast<std::ptrdiff_t>(first), wanted, true);
                if (first == lowest_free_)
                    lowest_free_ = first + wanted;
                free_hint_advance();
                return address(first);
            }
            first = taken + 1;
        }
        return std::nullopt;
    }

    /// Give back what take() returned for the same number of bytes.
    void release(GuestAddr at, std::uint64_t bytes) {
        const auto first = static_cast<std::size_t>((at.value - base_.value) / slot_);
        std::fill_n(used_.begin() + static_cast<std::ptrdiff_t>(first), slots(bytes), false);
        lowest_free_ = std::min(lowest_free_, first);
    }

    std::uint64_t free_bytes() const {
        return static_cast<std::uint64_t>(std::ranges::count(used_, false)) * slot_;
    }

  private:
    std::size_t slots(std::uint64_t bytes) const {
        return static_cast<std::size_t>((std::max<std::uint64_t>(bytes, 1) + slot_ - 1) / slot_);
    }
    GuestAddr address(std::size_t slot) const { return base_ + slot * slot_; }

    /// The first slot in use from `first` on, or the end of the `n` slots.
    std::size_t first_taken(std::size_t first, std::size_t n) const {
        std::size_t i = first;
        while (i < first + n && !used_[i])
            ++i;
        return i;
    }

    void free_hint_advance() {
        while (lowest_free_ < used_.size() && used_[lowest_free_])
            ++lowest_free_;
    }

    std::uint64_t slot_;  ///< bytes
    GuestAddr base_;
    std::vector<bool> used_;
    std::size_t lowest_free_ = 0;  ///< no slot below it is free
};

}  // namespace vms::frontend
