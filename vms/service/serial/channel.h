// A console port's two-way path to its far end. What carries it (a SerialLine) may be a whole UART
// or a share of one; without a line the output is discarded and no input comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vms/service/byte_ring.h"

namespace vms::service {

class SerialChannel;

/// The near end of a channel.
class ChannelClient {
  public:
    virtual void receive(std::byte b) = 0;
    virtual void receiver_error() = 0;
    /// The far end was opened or closed; only lines that can tell do so.
    virtual void far_end_opened(bool open) = 0;
    /// The far end's terminal has this size now.
    virtual void far_end_resized(std::uint16_t cols, std::uint16_t rows) = 0;

    ChannelClient(const ChannelClient&) = delete;
    ChannelClient& operator=(const ChannelClient&) = delete;

  protected:
    ChannelClient() = default;
    ~ChannelClient() = default;
};

/// What carries channels.
class SerialLine {
  public:
    /// Before the line is started. The channel outlives the line. False: no place for another.
    virtual bool attach(SerialChannel& channel) = 0;
    /// Bytes that stage() would take.
    virtual std::size_t room(const SerialChannel& channel) const = 0;
    /// Take bytes for transmission, touching no device register. Returns how many.
    virtual std::size_t stage(SerialChannel& channel, std::span<const std::byte> bytes) = 0;
    /// Move staged bytes on as far as there is room.
    virtual void push() = 0;
    /// Have the line's hardware served: something was staged where no register may be touched.
    virtual void request_service() = 0;
    /// Tell the far end that the near end was opened or closed, if the line can.
    virtual void tell_open(SerialChannel& channel, bool open) = 0;

    SerialLine(const SerialLine&) = delete;
    SerialLine& operator=(const SerialLine&) = delete;

  protected:
    SerialLine() = default;
    ~SerialLine() = default;
};

class SerialChannel {
  public:
    static constexpr std::size_t staging_bytes = 256;

    /// `line` may be nullptr. `number` and `label` tell the channel apart from the line's others.
    SerialChannel(ChannelClient& client, SerialLine* line, std::uint8_t number,
                  std::string_view label)
        : client_(client), line_(line), number_(number), label_(label) {
        if (line_ != nullptr && !line_->attach(*this))
            line_ = nullptr;
    }

    SerialChannel(const SerialChannel&) = delete;
    SerialChannel& operator=(const SerialChannel&) = delete;

    std::size_t room() const { return line_ != nullptr ? line_->room(*this) : staging_bytes; }
    std::size_t stage(std::span<const std::byte> bytes) {
        return line_ != nullptr ? line_->stage(*this, bytes) : bytes.size();
    }
    void push() {
        if (line_ != nullptr)
            line_->push();
    }
    void request_service() {
        if (line_ != nullptr)
            line_->request_service();
    }
    void tell_open(bool open) {
        if (line_ != nullptr)
            line_->tell_open(*this, open);
    }
    bool carried() const { return line_ != nullptr; }

    // For the line that carries it.
    ChannelClient& client() { return client_; }
    std::uint8_t number() const { return number_; }
    std::string_view label() const { return label_; }
    ByteRing<staging_bytes>& staged() { return staged_; }
    const ByteRing<staging_bytes>& staged() const { return staged_; }

  private:
    ChannelClient& client_;
    SerialLine* line_;
    const std::uint8_t number_;
    const std::string_view label_;
    ByteRing<staging_bytes> staged_;  // of lines that are shared
};

}  // namespace vms::service
