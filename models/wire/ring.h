// A queue that grows to the most it ever held and allocates nothing after that.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace models::wire {

template <class T>
class Ring {
  public:
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    T& front() { return slots_[head_]; }
    const T& front() const { return slots_[head_]; }
    /// The i-th from the front.
    T& operator[](std::size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }

    void push(T value) {
        if (size_ == slots_.size())
            grow();
        slots_[(head_ + size_) & (slots_.size() - 1)] = std::move(value);
        ++size_;
    }
    T pop() {
        T value = std::exchange(slots_[head_], T{});
        head_ = (head_ + 1) & (slots_.size() - 1);
        --size_;
        return value;
    }

  private:
    void grow() {
        std::vector<T> larger(slots_.empty() ? 16 : 2 * slots_.size());
        for (std::size_t i = 0; i < size_; ++i)
            larger[i] = std::move((*this)[i]);
        slots_ = std::move(larger);
        head_ = 0;
    }

    std::vector<T> slots_;  ///< a power of two of them
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace models::wire
