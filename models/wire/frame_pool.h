// Where frames come from: a pool to which each returns with its memory when the last reference is
// gone, so that traffic in a steady state allocates nothing. The pool may go before its frames.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "models/wire/link_end.h"

namespace models::wire {

class FramePool {
  public:
    FramePool() : store_(std::make_shared<Store>()) {}

    /// A frame of `size` bytes of any content, the caller's until it becomes a FrameRef.
    std::shared_ptr<Frame> make(std::size_t size, std::uint64_t id = 0) {
        std::unique_ptr<Frame> frame;
        if (store_->frames.empty()) {
            frame = std::make_unique<Frame>();
            frame->bytes.reserve(usual);
        } else {
            frame = std::move(store_->frames.back());
            store_->frames.pop_back();
        }
        frame->bytes.resize(size);
        frame->id = id;
        return {frame.release(), Return{store_}, Blocks<Frame>{store_}};
    }
    FrameRef copy(std::span<const std::byte> bytes, std::uint64_t id = 0) {
        std::shared_ptr<Frame> frame = make(bytes.size(), id);
        std::copy(bytes.begin(), bytes.end(), frame->bytes.begin());
        return frame;
    }
    /// Frames that wait to be used again.
    std::size_t idle() const { return store_->frames.size(); }

  private:
    /// The largest frame at the usual MTU, without FCS: what holds it need not grow.
    static constexpr std::size_t usual = 1514;

    struct Store {
        Store() = default;
        Store(const Store&) = delete;
        Store& operator=(const Store&) = delete;
        ~Store() {
            for (void* block : blocks)
                ::operator delete(block);
        }
        std::vector<std::unique_ptr<Frame>> frames;
        std::vector<void*> blocks;  ///< of shared_ptr's bookkeeping, all of one size
        std::size_t block_size = 0;
    };

    struct Return {
        std::shared_ptr<Store> store;
        void operator()(Frame* frame) const { store->frames.emplace_back(frame); }
    };

    /// The allocator of shared_ptr's bookkeeping.
    template <class T>
    struct Blocks {
        using value_type = T;
        std::shared_ptr<Store> store;

        explicit Blocks(std::shared_ptr<Store> s) : store(std::move(s)) {}
        template <class U>
        Blocks(const Blocks<U>& other) : store(other.store) {}  // NOLINT: allocators convert

        T* allocate(std::size_t n) {
            if (n == 1 && store->block_size == sizeof(T) && !store->blocks.empty()) {
                void* block = store->blocks.back();
                store->blocks.pop_back();
                return static_cast<T*>(block);
            }
            return static_cast<T*>(::operator new(n * sizeof(T)));
        }
        void deallocate(T* p, std::size_t n) {
            if (n == 1 && (store->block_size == sizeof(T) || store->block_size == 0)) {
                store->block_size = sizeof(T);
                store->blocks.push_back(p);
            } else {
                ::operator delete(p);
            }
        }
        template <class U>
        bool operator==(const Blocks<U>& other) const {
            return store == other.store;
        }
    };

    std::shared_ptr<Store> store_;
};

}  // namespace models::wire
