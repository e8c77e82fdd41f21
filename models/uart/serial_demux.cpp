#include "models/uart/serial_demux.h"

#include <algorithm>
#include <array>
#include <utility>

namespace models {

namespace mux = vms::abi::serial_mux;
namespace prefix = vms::abi::serial_prefix;

// --- what both have -----------------------------------------------------------------------------

class SerialDemux::Sink final : public SerialSink {
  public:
    explicit Sink(SerialDemux& demux) : demux_(demux) {}
    void put(std::uint8_t byte, Picos at) override { demux_.put(byte, at); }
    std::error_code finish() override { return demux_.finish(); }

  private:
    SerialDemux& demux_;
};

class SerialDemux::Source final : public SerialSource {
  public:
    explicit Source(SerialDemux& demux) : demux_(demux) {}
    SerialBurst next() const override { return demux_.next(); }
    std::uint8_t take() override { return demux_.take(); }

  private:
    SerialDemux& demux_;
};

std::unique_ptr<SerialSink> SerialDemux::sink() {
    return std::make_unique<Sink>(*this);
}

std::unique_ptr<SerialSource> SerialDemux::source() {
    return std::make_unique<Source>(*this);
}

std::size_t SerialDemux::add_channel(std::uint8_t number, std::string_view label) {
    auto c = std::make_unique<Channel>();
    c->number = number;
    c->label = label;
    channels_.push_back(std::move(c));
    return channels_.size() - 1;
}

std::error_code SerialDemux::finish() {
    std::error_code first;
    for (const auto& c : channels_)
        if (const std::error_code e = c->far_end.finish(); e && !first)
            first = e;
    return first;
}

SerialBurst SerialDemux::next() {
    if (taken_ == planned_.size())
        plan();
    return planned_.empty() ? SerialBurst{} : SerialBurst{planned_at_, planned_.size() - taken_};
}

std::uint8_t SerialDemux::take() {
    return planned_[taken_++];
}

void SerialDemux::plan() {
    planned_.clear();
    taken_ = 0;
    // The line is free from then on; if nobody is ready, from when the first one is.
    Picos earliest = notice_at();
    for (const auto& c : channels_)
        if (const SerialBurst b = c->far_end.next(); b.count != 0)
            earliest = std::min(earliest, b.at);
    if (earliest == Picos::never())
        return;
    planned_at_ = std::max(free_at_, earliest);
    if (notice_at() <= planned_at_) {
        send_notice(planned_);
    } else {
        for (std::size_t n = 0; n < channels_.size(); ++n) {
            const std::size_t i = (turn_ + n) % channels_.size();
            const SerialBurst b = channels_[i]->far_end.next();
            if (b.count == 0 || b.at > planned_at_)
                continue;
            send_piece(i, planned_);
            turn_ = i + 1;
            break;
        }
    }
    free_at_ = planned_at_ + Picos{character_.value * planned_.size()};
}

std::vector<std::byte> SerialDemux::take_ready(std::size_t index, std::size_t limit) {
    SerialChannel& far_end = channels_[index]->far_end;
    std::vector<std::byte> bytes;
    while (bytes.size() < limit) {
        const SerialBurst b = far_end.next();
        if (b.count == 0 || b.at > planned_at_)
            break;
        const std::uint8_t byte = far_end.take();
        far_end.accepted(byte, false);
        bytes.push_back(std::byte{byte});
    }
    return bytes;
}

// --- framed -------------------------------------------------------------------------------------

void FramedDemux::put(std::uint8_t byte, Picos at) {
    if (!decoder_.take(std::byte{byte}))
        return;
    std::size_t i = 0;
    while (i < channels() && number(i) != decoder_.channel())
        ++i;
    if (i == channels()) {
        ++unknown_channels_;
        return;
    }
    switch (decoder_.type()) {
        case mux::FrameType::data:
            for (const std::byte b : decoder_.payload())
                channel(i).deliver(std::to_integer<std::uint8_t>(b), false, at);
            break;
        case mux::FrameType::open:
            open_[i] = decoder_.payload()[0] != std::byte{0};
            break;
        case mux::FrameType::size:  // not sent by a near end
            break;
    }
}

void FramedDemux::add_notice(std::size_t index, Picos at, mux::FrameType type,
                             std::span<const std::byte> payload) {
    Notice n{at, {}};
    const mux::EncodedFrame frame(type, number(index), payload);
    for (const std::byte b : frame.bytes())
        n.frame.push_back(std::to_integer<std::uint8_t>(b));
    const auto after =
        std::upper_bound(notices_.begin() + static_cast<std::ptrdiff_t>(told_), notices_.end(), at,
                         [](Picos t, const Notice& other) { return t < other.at; });
    notices_.insert(after, std::move(n));
}

void FramedDemux::plan_open(std::size_t index, Picos at, bool open) {
    const std::array<std::byte, mux::open_payload> payload{open ? std::byte{1} : std::byte{0}};
    add_notice(index, at, mux::FrameType::open, payload);
}

void FramedDemux::plan_size(std::size_t index, Picos at, std::uint16_t cols, std::uint16_t rows) {
    const std::array<std::byte, mux::size_payload> payload{
        static_cast<std::byte>(cols), static_cast<std::byte>(cols >> 8),
        static_cast<std::byte>(rows), static_cast<std::byte>(rows >> 8)};
    add_notice(index, at, mux::FrameType::size, payload);
}

Picos FramedDemux::notice_at() const {
    return told_ == notices_.size() ? Picos::never() : notices_[told_].at;
}

void FramedDemux::send_notice(std::vector<std::uint8_t>& out) {
    out = notices_[told_++].frame;
}

void FramedDemux::send_piece(std::size_t index, std::vector<std::uint8_t>& out) {
    const std::vector<std::byte> bytes = take_ready(index, mux::max_payload);
    const mux::EncodedFrame frame(mux::FrameType::data, number(index), bytes);
    for (const std::byte b : frame.bytes())
        out.push_back(std::to_integer<std::uint8_t>(b));
}

// --- prefixed -----------------------------------------------------------------------------------

void PrefixedDemux::put(std::uint8_t byte, Picos at) {
    if (channels() == 0)
        return;
    decoder_.take(Names{*this}, std::byte{byte}, [&](std::size_t i, std::byte text) {
        channel(i).deliver(std::to_integer<std::uint8_t>(text), false, at);
    });
}

void PrefixedDemux::send_piece(std::size_t index, std::vector<std::uint8_t>& out) {
    const auto text = [&](std::string_view s) { out.insert(out.end(), s.begin(), s.end()); };
    constexpr std::size_t piece_bytes = 64;
    for (const std::byte b : take_ready(index, piece_bytes)) {
        if (in_line_ && owner_ != index) {
            out.push_back(static_cast<std::uint8_t>(prefix::end_of_block));
            out.push_back(static_cast<std::uint8_t>(prefix::line_feed));
            in_line_ = false;
        }
        if (!in_line_) {
            text(label(index));
            text(prefix::separator);
            owner_ = index;
        }
        const auto c = std::to_integer<std::uint8_t>(b);
        out.push_back(c);
        in_line_ = c != prefix::line_feed && c != prefix::carriage_return;
    }
}

}  // namespace models
