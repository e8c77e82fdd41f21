// A client of a serial port for tests of its driver: keeps what was received.
#pragma once

#include <cstddef>
#include <string>

#include "vms/service/drivers/serial_port.h"

namespace vms::service::test {

class SerialRecorder final : public SerialClient {
  public:
    std::string received;
    unsigned errors = 0;
    unsigned refills = 0;

    void receive(std::byte b) override { received.push_back(std::to_integer<char>(b)); }
    void receiver_error() override { ++errors; }
    bool refill() override {
        ++refills;
        return false;
    }
};

}  // namespace vms::service::test
