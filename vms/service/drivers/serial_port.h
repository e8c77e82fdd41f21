// What the console needs of a UART: bytes staged in private memory and pushed into the transmit
// FIFO as it empties, received bytes taken out of the receive FIFO at once. Interrupt-driven:
// silence() runs in the interrupt vector and stops the interrupt at its source, so that it can be
// ended at once; serve() runs in the main loop, does the work and lets interrupts through again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/service/byte_ring.h"

namespace vms::service {

/// Input that waits for a reader, bounded; what does not fit is counted and lost.
class InputBuffer {
  public:
    static constexpr std::size_t capacity = 4096;

    void receive(std::byte b) {
        ++received_;
        if (!bytes_.push(b))
            ++dropped_;
    }
    void error() { ++errors_; }

    ByteRing<capacity>& bytes() { return bytes_; }
    const ByteRing<capacity>& bytes() const { return bytes_; }
    std::uint64_t received() const { return received_; }
    std::uint64_t dropped() const { return dropped_; }
    std::uint64_t errors() const { return errors_; }

  private:
    ByteRing<capacity> bytes_;
    std::uint64_t received_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t errors_ = 0;
};

class SerialPort {
  public:
    static constexpr std::size_t staging_bytes = 256;

    /// Set up the UART; no interrupt comes before. False: it does not answer as expected.
    virtual bool start() = 0;
    virtual void silence() = 0;
    /// Take received bytes, refill the transmitter. True: more is to be done at once.
    virtual bool serve(InputBuffer& input) = 0;
    /// Move staged bytes into the transmitter as far as it has room.
    virtual void push() = 0;

    /// Bytes that stage() would take.
    std::size_t room() const { return staging_.room(); }
    bool staged() const { return !staging_.empty(); }
    /// Take bytes for transmission, touching no device register. Returns how many.
    std::size_t stage(std::span<const std::byte> bytes) {
        std::size_t n = 0;
        while (n < bytes.size() && staging_.push(bytes[n]))
            ++n;
        return n;
    }

    SerialPort(const SerialPort&) = delete;
    SerialPort& operator=(const SerialPort&) = delete;

  protected:
    SerialPort() = default;
    ~SerialPort() = default;

    ByteRing<staging_bytes> staging_;
};

}  // namespace vms::service
