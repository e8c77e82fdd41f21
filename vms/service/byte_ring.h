// A bounded first-in-first-out queue of bytes in place.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace vms::service {

template <std::size_t capacity>
class ByteRing {
    static_assert(capacity != 0 && (capacity & (capacity - 1)) == 0, "a power of two");

  public:
    std::size_t size() const { return size_; }
    std::size_t room() const { return capacity - size_; }
    bool empty() const { return size_ == 0; }
    void clear() { size_ = 0; }

    /// False: full, the byte was not taken.
    bool push(std::byte b) {
        if (size_ == capacity)
            return false;
        bytes_[(head_ + size_) % capacity] = b;
        ++size_;
        return true;
    }
    /// Only when not empty.
    std::byte pop() {
        const std::byte b = bytes_[head_];
        head_ = (head_ + 1) % capacity;
        --size_;
        return b;
    }
    /// The oldest bytes, as many as lie together.
    std::span<const std::byte> front() const {
        const std::size_t together = size_ < capacity - head_ ? size_ : capacity - head_;
        return {bytes_.data() + head_, together};
    }
    void drop_front(std::size_t n) {
        head_ = (head_ + n) % capacity;
        size_ -= n;
    }

  private:
    std::array<std::byte, capacity> bytes_{};
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace vms::service
