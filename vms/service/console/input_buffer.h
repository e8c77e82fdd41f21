// Console input that waits for a receive buffer of the driver, bounded: what does not fit is
// counted and lost.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vms/service/byte_ring.h"

namespace vms::service {

class InputBuffer {
  public:
    static constexpr std::size_t capacity = 4096;

    void receive(std::byte b) {
        ++received_;
        if (!bytes_.push(b))
            ++dropped_;
    }

    ByteRing<capacity>& bytes() { return bytes_; }
    const ByteRing<capacity>& bytes() const { return bytes_; }
    std::uint64_t received() const { return received_; }
    std::uint64_t dropped() const { return dropped_; }

  private:
    ByteRing<capacity> bytes_;
    std::uint64_t received_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace vms::service
