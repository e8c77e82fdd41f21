// Console input that waits for a receive buffer of the driver, bounded.
#pragma once

#include <cstddef>

#include "vms/service/byte_ring.h"

namespace vms::service {

class InputBuffer {
  public:
    static constexpr std::size_t capacity = 4096;

    /// False: there was no room, the byte is lost.
    bool receive(std::byte b) { return bytes_.push(b); }
    /// Returns how many bytes were thrown away.
    std::size_t discard() {
        const std::size_t n = bytes_.size();
        bytes_.clear();
        return n;
    }

    ByteRing<capacity>& bytes() { return bytes_; }
    const ByteRing<capacity>& bytes() const { return bytes_; }

  private:
    ByteRing<capacity> bytes_;
};

}  // namespace vms::service
