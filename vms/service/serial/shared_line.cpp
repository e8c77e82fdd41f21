#include "vms/service/serial/shared_line.h"

namespace vms::service {

namespace mux = abi::serial_mux;
namespace prefix = abi::serial_prefix;

namespace {

static_assert(mux::max_encoded_bytes <= SerialPort::staging_bytes,
              "an empty staging takes the longest frame");

/// Text of one channel before another one that waits has its turn within a line.
constexpr std::size_t line_turn_bytes = 128;
constexpr std::byte line_feed{static_cast<std::uint8_t>(prefix::line_feed)};
constexpr std::byte end_of_block{static_cast<std::uint8_t>(prefix::end_of_block)};

}  // namespace

// --- framed -------------------------------------------------------------------------------------

void FramedLine::tell_open(SerialChannel& channel, bool open) {
    for (std::size_t i = 0; i < count(); ++i) {
        if (&this->channel(i) != &channel || open_[i] == open)
            continue;
        open_[i] = open;
        untold_[i] = true;
        request_service();
    }
}

void FramedLine::receive(std::byte b) {
    ++received_;
    if (decoder_.take(b))
        take_frame();
    counters().bad_frames = decoder_.counters().bad_frames;
    counters().noise = decoder_.counters().noise;
}

void FramedLine::take_frame() {
    const std::size_t i =
        next(0, [&](std::size_t k) { return channel(k).number() == decoder_.channel(); });
    if (i == count()) {
        ++counters().unknown_channels;
        return;
    }
    ++counters().frames_received;
    ChannelClient& client = channel(i).client();
    const std::span<const std::byte> payload = decoder_.payload();
    const auto half = [&](std::size_t at) {
        return static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[at]) |
                                          std::to_integer<unsigned>(payload[at + 1]) << 8);
    };
    switch (decoder_.type()) {
        case mux::FrameType::data:
            for (const std::byte b : payload)
                client.receive(b);
            break;
        case mux::FrameType::open:
            client.far_end_opened(payload[0] != std::byte{0});
            break;
        case mux::FrameType::size:
            client.far_end_resized(half(0), half(2));
            break;
    }
}

bool FramedLine::refill() {
    port().charge<Operation::line_receive_byte>(received_);
    received_ = 0;
    // Each turn sends a frame or ends this; the staging bounds the number of frames.
    for (;;) {
        const std::size_t i = next(turn_, [this](std::size_t k) { return wants(k); });
        if (i == count())
            return false;
        if (!(untold_[i] ? send_open(i) : send_data(i)))
            return true;
        turn_ = i + 1;
    }
}

bool FramedLine::send_open(std::size_t i) {
    if (serial().room() < mux::encoded_bytes_at_most(mux::open_payload))
        return false;
    const std::array<std::byte, mux::open_payload> payload{open_[i] ? std::byte{1} : std::byte{0}};
    const mux::EncodedFrame frame(mux::FrameType::open, channel(i).number(), payload);
    serial().stage(frame.bytes());
    untold_[i] = false;
    port().charge<Operation::line_frame>();
    port().charge<Operation::line_send_byte>(static_cast<std::uint32_t>(frame.bytes().size()));
    ++counters().frames_sent;
    return true;
}

bool FramedLine::send_data(std::size_t i) {
    ByteRing<SerialChannel::staging_bytes>& staged = channel(i).staged();
    const std::size_t n = staged.size() < mux::max_payload ? staged.size() : mux::max_payload;
    if (serial().room() < mux::encoded_bytes_at_most(n))
        return false;
    std::array<std::byte, mux::max_payload> payload{};
    for (std::size_t k = 0; k < n; ++k)
        payload[k] = staged.pop();
    const mux::EncodedFrame frame(mux::FrameType::data, channel(i).number(),
                                  std::span(payload).first(n));
    serial().stage(frame.bytes());
    port().charge<Operation::line_frame>();
    port().charge<Operation::line_send_byte>(static_cast<std::uint32_t>(frame.bytes().size()));
    ++counters().frames_sent;
    return true;
}

// --- prefixed -----------------------------------------------------------------------------------

void PrefixedLine::receive(std::byte b) {
    ++received_;
    if (count() == 0)
        return;
    decoder_.take(Names{*this}, b,
                  [this](std::size_t i, std::byte text) { channel(i).client().receive(text); });
}

bool PrefixedLine::refill() {
    port().charge<Operation::line_receive_byte>(received_);
    received_ = 0;
    // Each turn stages at least one byte or ends this.
    for (;;) {
        const auto wants = [this](std::size_t k) { return waits(k); };
        if (next(0, wants) == count())
            return false;
        // Room for the longest beginning of a line with a byte of text, and for breaking the line
        // before: a line that has begun never has to wait for its first text.
        if (serial().room() < prefix::max_prefix + 3)
            return true;
        if (in_line_) {
            const bool others =
                next(0, [&](std::size_t k) { return k != owner_ && waits(k); }) != count();
            if (others && (!waits(owner_) || line_bytes_ >= line_turn_bytes))
                break_line();
        }
        if (!in_line_)
            begin_line(next(owner_ + 1, wants));
        send_text(owner_);
    }
}

void PrefixedLine::begin_line(std::size_t i) {
    const std::string_view label = channel(i).label();
    serial().stage(std::as_bytes(std::span(label)));
    serial().stage(std::as_bytes(std::span(prefix::separator)));
    port().charge<Operation::line_frame>();
    port().charge<Operation::line_send_byte>(
        static_cast<std::uint32_t>(label.size() + prefix::separator.size()));
    ++counters().frames_sent;
    owner_ = i;
    in_line_ = true;
    line_bytes_ = 0;
}

void PrefixedLine::break_line() {
    const std::array<std::byte, 2> end{end_of_block, line_feed};
    serial().stage(end);
    port().charge<Operation::line_send_byte>(end.size());
    ++counters().broken_lines;
    in_line_ = false;
}

void PrefixedLine::send_text(std::size_t i) {
    ByteRing<SerialChannel::staging_bytes>& staged = channel(i).staged();
    std::uint32_t sent = 0;
    while (!staged.empty() && in_line_ && sent < line_turn_bytes && serial().room() != 0) {
        const std::byte b = staged.pop();
        serial().stage({&b, 1});
        ++sent;
        in_line_ = b != line_feed;
    }
    line_bytes_ += sent;
    port().charge<Operation::line_send_byte>(sent);
}

}  // namespace vms::service
