// Main memory: host memory behind a range of physical addresses, taken from the host only where it
// is touched. CPUs and DMA masters reach it by pointer (what TLM-2.0 calls a direct memory
// interface); a bus access works too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/bus/target.h"

namespace models {

class Memory final : public Target {
  public:
    /// Zero-filled. ok() is false when the host refuses the address space.
    Memory(PhysAddr base, std::uint64_t size);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    bool ok() const { return host_ != nullptr; }
    PhysAddr base() const { return base_; }
    std::uint64_t size() const { return size_; }

    /// Where [a, a + n) lies in the host, or nullptr when it is not all inside.
    std::byte* host(PhysAddr a, std::uint64_t n) const {
        const std::uint64_t offset = a.value - base_.value;
        return offset < size_ && n <= size_ - offset ? host_ + offset : nullptr;
    }

    void access(Access& a) override;

  private:
    PhysAddr base_;
    std::uint64_t size_;
    std::byte* host_ = nullptr;
};

}  // namespace models
