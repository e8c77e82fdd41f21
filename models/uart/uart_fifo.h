// A FIFO of a UART: at most 64 entries, of which a device may use fewer.
#pragma once

#include <array>
#include <cstddef>

namespace models {

template <class Entry>
class UartFifo {
  public:
    static constexpr std::size_t capacity = 64;

    explicit UartFifo(std::size_t depth = capacity) : depth_(depth) {}

    std::size_t size() const { return size_; }
    std::size_t depth() const { return depth_; }
    bool empty() const { return size_ == 0; }
    bool full() const { return size_ >= depth_; }
    Entry front() const { return entries_[first_]; }

    /// Only when not full.
    void push(Entry e) {
        entries_[(first_ + size_) % capacity] = e;
        ++size_;
    }
    /// Only when not empty.
    Entry pop() {
        const Entry e = entries_[first_];
        first_ = (first_ + 1) % capacity;
        --size_;
        return e;
    }
    void clear() { size_ = 0; }
    /// What is in it stays, even when it is more.
    void set_depth(std::size_t depth) { depth_ = depth; }

  private:
    std::array<Entry, capacity> entries_{};
    std::size_t first_ = 0;
    std::size_t size_ = 0;
    std::size_t depth_;
};

}  // namespace models
