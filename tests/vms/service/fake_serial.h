// A serial port for tests of what stands behind it.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "vms/service/drivers/serial_port.h"

namespace vms::service::test {

/// A line that takes bytes when the test says so, and gives what the test typed.
class FakeSerial final : public SerialPort {
  public:
    std::string sent;
    std::size_t fifo_room = 1'000'000;
    std::deque<char> typed;
    bool started = false;

    bool start() override { return started = true; }
    void silence() override {}
    void fail_receiver() { receiver_error(); }
    bool serve() override {
        for (; !typed.empty(); typed.pop_front())
            receive(static_cast<std::byte>(typed.front()));
        push_refilled();
        return false;
    }
    void push() override {
        for (; fifo_room != 0 && staged(); --fifo_room)
            sent.push_back(std::to_integer<char>(staging_.pop()));
    }
};

}  // namespace vms::service::test
