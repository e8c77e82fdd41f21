// Frames and places for them that are used again, so that traffic in the steady state takes nothing
// from the heap.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "models/wire/link_end.h"

namespace models {

/// Frames that nobody else holds any more are filled anew.
class FramePool {
  public:
    /// A frame that only the caller holds, its content that of an earlier one.
    std::shared_ptr<wire::Frame> take() {
        constexpr std::size_t looks = 4;  // frames come back nearly in order
        for (std::size_t i = 0; i < looks && !frames_.empty(); ++i) {
            next_ = next_ + 1 < frames_.size() ? next_ + 1 : 0;
            if (frames_[next_].use_count() == 1)
                return frames_[next_];
        }
        auto frame = std::make_shared<wire::Frame>();
        if (frames_.size() < most)
            frames_.push_back(frame);
        return frame;
    }

  private:
    static constexpr std::size_t most = 4096;
    std::vector<std::shared_ptr<wire::Frame>> frames_;
    std::size_t next_ = 0;
};

/// First in, first out, in a ring that grows to what was needed.
template <class Entry>
class FrameQueue {
  public:
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    Entry& front() { return ring_[first_]; }
    const Entry& front() const { return ring_[first_]; }
    const Entry& back() const { return ring_[(first_ + size_ - 1) & (ring_.size() - 1)]; }
    void push(Entry&& entry) {
        if (size_ == ring_.size())
            grow();
        ring_[(first_ + size_) & (ring_.size() - 1)] = std::move(entry);
        ++size_;
    }
    void pop() {
        ring_[first_] = Entry{};
        first_ = (first_ + 1) & (ring_.size() - 1);
        --size_;
    }

  private:
    void grow() {
        std::vector<Entry> larger(ring_.empty() ? 16 : 2 * ring_.size());
        for (std::size_t i = 0; i < size_; ++i)
            larger[i] = std::move(ring_[(first_ + i) & (ring_.size() - 1)]);
        ring_.swap(larger);
        first_ = 0;
    }

    std::vector<Entry> ring_;  // a power of two
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace models
