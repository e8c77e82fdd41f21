// A UART that several console ports share (the multiplexer): each port has a channel with its own
// staging, and the channels have the UART in turn, a bounded piece at a time. A channel whose
// staging is full takes nothing more, so its port holds its transmit chains; the others go on.
//
// FramedLine speaks vms/abi/serial_mux.h, PrefixedLine vms/abi/serial_prefix.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "service_port.h"
#include "vms/abi/serial_mux.h"
#include "vms/abi/serial_prefix.h"
#include "vms/service/counters.h"
#include "vms/service/drivers/serial_port.h"
#include "vms/service/serial/channel.h"

namespace vms::service {

inline constexpr std::size_t max_line_channels = 32;
static_assert(max_line_channels <= abi::serial_mux::max_channels);

/// Its functions stand here: a virtual function of its own elsewhere would bring its table, with
/// pure virtual functions, into an image that has no run-time support for them.
class SharedLine : public SerialLine, protected SerialClient {
  public:
    bool attach(SerialChannel& channel) override {
        if (count_ == channels_.size())
            return false;
        channels_[count_++] = &channel;
        return true;
    }
    std::size_t room(const SerialChannel& channel) const override {
        return channel.staged().room();
    }
    std::size_t stage(SerialChannel& channel, std::span<const std::byte> bytes) override {
        std::size_t n = 0;
        while (n < bytes.size() && channel.staged().push(bytes[n]))
            ++n;
        return n;
    }
    void push() override { serial_.push_refilled(); }
    void request_service() override { serial_.request_service(); }

  protected:
    SharedLine(Port& port, SerialPort& serial, LineCounters& counters)
        : port_(port), serial_(serial), counters_(counters) {}
    ~SharedLine() = default;

    std::size_t count() const { return count_; }
    SerialChannel& channel(std::size_t i) const { return *channels_[i]; }
    SerialPort& serial() { return serial_; }
    Port& port() { return port_; }
    LineCounters& counters() { return counters_; }
    /// The first at or after `first`, in turn, that `wants`; count(): none.
    template <typename Wants>
    std::size_t next(std::size_t first, Wants&& wants) const {
        for (std::size_t n = 0; n < count_; ++n) {
            const std::size_t i = (first + n) % count_;
            if (wants(i))
                return i;
        }
        return count_;
    }

  private:
    // Which of several channels a receiver error belongs to is not known.
    void receiver_error() override { ++counters_.receiver_errors; }

    Port& port_;
    SerialPort& serial_;
    LineCounters& counters_;
    std::array<SerialChannel*, max_line_channels> channels_{};
    std::size_t count_ = 0;
};

class FramedLine final : public SharedLine {
  public:
    FramedLine(Port& port, SerialPort& serial, LineCounters& counters)
        : SharedLine(port, serial, counters) {
        serial.connect(*this);
    }

    void tell_open(SerialChannel& channel, bool open) override;

  private:
    void receive(std::byte b) override;
    bool refill() override;
    void take_frame();
    bool send_open(std::size_t i);
    bool send_data(std::size_t i);
    bool wants(std::size_t i) const { return untold_[i] || !channel(i).staged().empty(); }

    abi::serial_mux::FrameDecoder decoder_;
    std::uint32_t received_ = 0;  // bytes since they were charged for
    std::size_t turn_ = 0;
    std::array<bool, max_line_channels> open_{};
    std::array<bool, max_line_channels> untold_{};  // open_ is to be told to the far end
};

class PrefixedLine final : public SharedLine {
  public:
    PrefixedLine(Port& port, SerialPort& serial, LineCounters& counters)
        : SharedLine(port, serial, counters) {
        serial.connect(*this);
    }

    void tell_open(SerialChannel& /*channel*/, bool /*open*/) override {}

  private:
    /// The labels, as PrefixDecoder wants them.
    struct Names {
        const PrefixedLine& line;
        std::size_t size() const { return line.count(); }
        std::string_view operator[](std::size_t i) const { return line.channel(i).label(); }
    };

    void receive(std::byte b) override;
    bool refill() override;
    bool waits(std::size_t i) const { return !channel(i).staged().empty(); }
    void begin_line(std::size_t i);
    void break_line();
    void send_text(std::size_t i);

    abi::serial_prefix::PrefixDecoder decoder_;
    std::uint32_t received_ = 0;  // bytes since they were charged for
    std::size_t owner_ = 0;       // whose line it is
    bool in_line_ = false;
    std::size_t line_bytes_ = 0;  // of text in this line
};

}  // namespace vms::service
