// A UART that belongs to one console port: its bytes as they are.
#pragma once

#include "vms/service/drivers/serial_port.h"
#include "vms/service/serial/channel.h"

namespace vms::service {

class DirectLine final : public SerialLine, private SerialClient {
  public:
    explicit DirectLine(SerialPort& serial) : serial_(serial) { serial.connect(*this); }

    bool attach(SerialChannel& channel) override {
        if (channel_ != nullptr)
            return false;
        channel_ = &channel;
        return true;
    }
    std::size_t room(const SerialChannel& /*channel*/) const override { return serial_.room(); }
    std::size_t stage(SerialChannel& /*channel*/, std::span<const std::byte> bytes) override {
        return serial_.stage(bytes);
    }
    void push() override { serial_.push(); }
    void request_service() override { serial_.request_service(); }
    void tell_open(SerialChannel& /*channel*/, bool /*open*/) override {}

  private:
    void receive(std::byte b) override {
        if (channel_ != nullptr)
            channel_->client().receive(b);
    }
    void receiver_error() override {
        if (channel_ != nullptr)
            channel_->client().receiver_error();
    }
    bool refill() override { return false; }

    SerialPort& serial_;
    SerialChannel* channel_ = nullptr;
};

}  // namespace vms::service
