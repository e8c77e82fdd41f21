// The framing by which several console ports share one serial line, both ends: bytes in frames with
// a channel number, self-synchronising, for programs at the far end. The layout is this project's
// own (docs/console.md); byte stuffing as in HDLC-like framing (RFC 1662, 4.2).
//
//   flag | header | length | payload, length bytes | check
//
//   flag    7e, and nowhere else: whatever happened before, the next one begins a frame
//   header  bits 7..6 type, bits 5..0 channel
//   length  0 to 64: bytes of payload
//   check   CRC-8, polynomial 07, initial value 00, over header, length and payload
//
// After the flag, 7e and 7d are sent as 7d 5e and 7d 5d. A frame that breaks a rule is dropped
// whole and counted; nothing is sent again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vms::abi::serial_mux {

inline constexpr std::uint8_t flag = 0x7e;
inline constexpr std::uint8_t escape = 0x7d;
inline constexpr std::uint8_t escape_flip = 0x20;  ///< an escaped byte is sent with this bit turned

inline constexpr std::size_t max_channels = 64;
inline constexpr std::size_t max_payload = 64;
/// Every byte but the flag escaped: header, length, payload, check.
constexpr std::size_t encoded_bytes_at_most(std::size_t payload) {
    return 1 + 2 * (payload + 3);
}
inline constexpr std::size_t max_encoded_bytes = encoded_bytes_at_most(max_payload);

enum class FrameType : std::uint8_t {
    data = 0,  ///< payload: bytes of the channel, 1 or more
    open = 1,  ///< payload: one byte, 1 the sender's end was opened, 0 it was closed
    size = 2,  ///< payload: le16 columns, le16 rows of the sender's terminal
};

inline constexpr std::size_t open_payload = 1;
inline constexpr std::size_t size_payload = 4;

constexpr std::uint8_t header(FrameType type, std::uint8_t channel) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(type) << 6 | (channel & 0x3f));
}

/// crc_table[v]: the CRC-8 of the byte v.
inline constexpr std::array<std::uint8_t, 256> crc_table = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned v = 0; v < table.size(); ++v) {
        unsigned c = v;
        for (int bit = 0; bit < 8; ++bit)
            c = (c & 0x80) != 0 ? (c << 1 ^ 0x07) & 0xff : c << 1;
        table[v] = static_cast<std::uint8_t>(c);
    }
    return table;
}();

constexpr std::uint8_t crc8(std::uint8_t crc, std::uint8_t byte) {
    return crc_table[static_cast<std::uint8_t>(crc ^ byte)];
}

/// A frame on its way out. Payload beyond max_payload is not taken.
class EncodedFrame {
  public:
    constexpr EncodedFrame(FrameType type, std::uint8_t channel,
                           std::span<const std::byte> payload) {
        const std::size_t n = payload.size() < max_payload ? payload.size() : max_payload;
        bytes_[size_++] = std::byte{flag};
        put_checked(header(type, channel));
        put_checked(static_cast<std::uint8_t>(n));
        for (const std::byte b : payload.first(n))
            put_checked(std::to_integer<std::uint8_t>(b));
        put(check_);
    }
    constexpr std::span<const std::byte> bytes() const& { return {bytes_.data(), size_}; }
    std::span<const std::byte> bytes() const&& = delete;  // would not outlive the frame

  private:
    constexpr void put(std::uint8_t b) {
        if (b == flag || b == escape) {
            bytes_[size_++] = std::byte{escape};
            b ^= escape_flip;
        }
        bytes_[size_++] = std::byte{b};
    }
    constexpr void put_checked(std::uint8_t b) {
        check_ = crc8(check_, b);
        put(b);
    }

    std::array<std::byte, max_encoded_bytes> bytes_{};
    std::size_t size_ = 0;
    std::uint8_t check_ = 0;
};

/// Takes the bytes of a line one by one and finds the frames in them.
class FrameDecoder {
  public:
    struct Counters {
        std::uint64_t frames = 0;  ///< complete and without fault
        std::uint64_t bad_frames =
            0;                    ///< cut off, too long, of no known type, or with a wrong check
        std::uint64_t noise = 0;  ///< bytes between frames
    };

    /// True: this byte has completed a frame, which stands until the next call.
    constexpr bool take(std::byte raw) {
        auto b = std::to_integer<std::uint8_t>(raw);
        if (b == flag) {
            if (state_ != State::hunting)
                ++counters_.bad_frames;
            state_ = State::header;
            escaped_ = false;
            check_ = 0;
            return false;
        }
        if (state_ == State::hunting) {
            ++counters_.noise;
            return false;
        }
        if (b == escape && !escaped_) {
            escaped_ = true;
            return false;
        }
        if (escaped_)
            b ^= escape_flip;
        escaped_ = false;
        return take_unstuffed(b);
    }

    constexpr FrameType type() const { return static_cast<FrameType>(header_ >> 6); }
    constexpr std::uint8_t channel() const { return header_ & 0x3f; }
    constexpr std::span<const std::byte> payload() const { return {payload_.data(), length_}; }
    constexpr const Counters& counters() const { return counters_; }

  private:
    enum class State : std::uint8_t { hunting, header, length, payload, check };

    constexpr bool take_unstuffed(std::uint8_t b) {
        switch (state_) {
            case State::header:
                header_ = b;
                state_ = State::length;
                break;
            case State::length:
                length_ = b;
                filled_ = 0;
                if (length_ > max_payload)
                    return drop();
                state_ = length_ == 0 ? State::check : State::payload;
                break;
            case State::payload:
                payload_[filled_++] = std::byte{b};
                if (filled_ == length_)
                    state_ = State::check;
                break;
            case State::check:
                if (b != check_ || !well_formed())
                    return drop();
                state_ = State::hunting;
                ++counters_.frames;
                return true;
            case State::hunting:
                break;
        }
        check_ = crc8(check_, b);
        return false;
    }
    constexpr bool well_formed() const {
        switch (type()) {
            case FrameType::data:
                return length_ != 0;
            case FrameType::open:
                return length_ == open_payload;
            case FrameType::size:
                return length_ == size_payload;
        }
        return false;
    }
    constexpr bool drop() {
        ++counters_.bad_frames;
        state_ = State::hunting;
        return false;
    }

    State state_ = State::hunting;
    bool escaped_ = false;
    std::uint8_t header_ = 0;
    std::uint8_t length_ = 0;
    std::uint8_t filled_ = 0;
    std::uint8_t check_ = 0;
    std::array<std::byte, max_payload> payload_{};
    Counters counters_;
};

}  // namespace vms::abi::serial_mux
