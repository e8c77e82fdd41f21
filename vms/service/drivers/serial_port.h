// What a user of a serial line needs of its UART: bytes staged in private memory and pushed into
// the transmit FIFO as it empties, received bytes taken out of the receive FIFO at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/service/byte_ring.h"
#include "vms/service/drivers/peripheral.h"

namespace vms::service {

/// Who stands behind a serial port.
class SerialClient {
  public:
    /// A byte was received; it is kept or lost here.
    virtual void receive(std::byte b) = 0;
    /// Overrun, framing error, parity error or break at the receiver.
    virtual void receiver_error() = 0;
    /// The transmitter is about to be filled: the last chance to stage more. True: more waits than
    /// could be staged.
    virtual bool refill() = 0;

    SerialClient(const SerialClient&) = delete;
    SerialClient& operator=(const SerialClient&) = delete;

  protected:
    SerialClient() = default;
    ~SerialClient() = default;
};

class SerialPort : public Peripheral {
  public:
    static constexpr std::size_t staging_bytes = 256;

    /// Before start(). Without a client received bytes are taken and lost.
    void connect(SerialClient& client) { client_ = &client; }

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
    /// The same, with what the client has to send beyond the staging.
    void push_refilled() {
        // A transmitter that takes more than the staging holds is refilled at once: no interrupt
        // would ask for the rest.
        bool more = true;
        for (unsigned i = 0; more && i < refills_at_once; ++i) {
            more = client_ != nullptr && client_->refill();
            push();
            more = more && !staged();
        }
        requested_ = more;
    }
    /// Have serve() called: something was staged where no register may be touched.
    void request_service() { requested_ = true; }
    bool waits() const override { return requested_; }

  protected:
    SerialPort() = default;
    ~SerialPort() = default;

    void receive(std::byte b) {
        if (client_ != nullptr)
            client_->receive(b);
    }
    void receiver_error() {
        if (client_ != nullptr)
            client_->receiver_error();
    }
    ByteRing<staging_bytes> staging_;

  private:
    static constexpr unsigned refills_at_once = 4;

    SerialClient* client_ = nullptr;
    bool requested_ = false;
};

}  // namespace vms::service
