// The far end of a serial line that several channels share: splits what arrives into the channels'
// own far ends (SerialChannel, each with its sinks, sources and books), and merges what these
// send. After vms/abi/serial_mux.h (framed) and vms/abi/serial_prefix.h (prefixed).
//
// Channels have the line in turn, a frame or a piece of a line each. Which of them have something
// to send by then follows from the time that a character takes: sources deal in times, and know
// nothing of the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "models/base/time.h"
#include "models/uart/serial_channel.h"
#include "vms/abi/serial_mux.h"
#include "vms/abi/serial_prefix.h"

namespace models {

class SerialDemux {
  public:
    virtual ~SerialDemux() = default;
    SerialDemux(const SerialDemux&) = delete;
    SerialDemux& operator=(const SerialDemux&) = delete;

    // What a line's SerialChannel gets; both refer to this object.
    std::unique_ptr<SerialSink> sink();
    std::unique_ptr<SerialSource> source();

    std::size_t channels() const { return channels_.size(); }
    SerialChannel& channel(std::size_t index) { return channels_[index]->far_end; }
    const SerialChannel& channel(std::size_t index) const { return channels_[index]->far_end; }

  protected:
    /// `character` is the time of one on the line.
    explicit SerialDemux(Picos character) : character_(character) {}

    struct Channel {
        std::uint8_t number = 0;
        std::string label;
        SerialChannel far_end;
    };

    std::size_t add_channel(std::uint8_t number, std::string_view label);
    const std::string& label(std::size_t index) const { return channels_[index]->label; }
    std::uint8_t number(std::size_t index) const { return channels_[index]->number; }
    /// Bytes of a channel that are ready at or before a time, at most `limit`; taken.
    std::vector<std::byte> take_ready(std::size_t index, std::size_t limit);

    /// A byte arrived from the line.
    virtual void put(std::uint8_t byte, Picos at) = 0;
    /// What goes out besides the channels' bytes: since when it is ready; never(): nothing.
    virtual Picos notice_at() const { return Picos::never(); }
    virtual void send_notice(std::vector<std::uint8_t>& /*out*/) {}
    /// A piece of this channel's bytes, encoded and appended.
    virtual void send_piece(std::size_t index, std::vector<std::uint8_t>& out) = 0;

  private:
    class Sink;
    class Source;

    SerialBurst next();
    std::uint8_t take();
    void plan();
    std::error_code finish();

    const Picos character_;
    std::vector<std::unique_ptr<Channel>> channels_;
    std::size_t turn_ = 0;
    Picos free_at_{};  // when the line will have sent all that was planned
    Picos planned_at_{};
    std::vector<std::uint8_t> planned_;  // what goes out next, from planned_at_ on
    std::size_t taken_ = 0;              // of planned_
};

class FramedDemux final : public SerialDemux {
  public:
    explicit FramedDemux(Picos character) : SerialDemux(character) {}

    /// `number` is below vms::abi::serial_mux::max_channels and not in use. Returns the index.
    std::size_t add(std::uint8_t number) { return add_channel(number, {}); }

    // Told to the near end at that time or, on a busy line, soon after.
    void plan_open(std::size_t index, Picos at, bool open);
    void plan_size(std::size_t index, Picos at, std::uint16_t cols, std::uint16_t rows);

    /// Whether the near end has this channel open.
    bool open(std::size_t index) const { return open_[index]; }
    const vms::abi::serial_mux::FrameDecoder::Counters& counters() const {
        return decoder_.counters();
    }
    std::uint64_t unknown_channels() const { return unknown_channels_; }

  private:
    struct Notice {
        Picos at{};
        std::vector<std::uint8_t> frame;
    };

    void put(std::uint8_t byte, Picos at) override;
    Picos notice_at() const override;
    void send_notice(std::vector<std::uint8_t>& out) override;
    void send_piece(std::size_t index, std::vector<std::uint8_t>& out) override;
    void add_notice(std::size_t index, Picos at, vms::abi::serial_mux::FrameType type,
                    std::span<const std::byte> payload);

    vms::abi::serial_mux::FrameDecoder decoder_;
    std::vector<bool> open_ = std::vector<bool>(vms::abi::serial_mux::max_channels);
    std::uint64_t unknown_channels_ = 0;
    std::vector<Notice> notices_;  // in the order of their times
    std::size_t told_ = 0;
};

class PrefixedDemux final : public SerialDemux {
  public:
    explicit PrefixedDemux(Picos character) : SerialDemux(character) {}

    /// `label` is a valid name there and not in use. Returns the index.
    std::size_t add(std::string_view label) { return add_channel(0, label); }

  private:
    /// The labels, as PrefixDecoder wants them.
    struct Names {
        const PrefixedDemux& demux;
        std::size_t size() const { return demux.channels(); }
        std::string_view operator[](std::size_t i) const { return demux.label(i); }
    };

    void put(std::uint8_t byte, Picos at) override;
    void send_piece(std::size_t index, std::vector<std::uint8_t>& out) override;

    vms::abi::serial_prefix::PrefixDecoder decoder_;
    std::size_t owner_ = 0;  // whose line is being sent
    bool in_line_ = false;
};

}  // namespace models
