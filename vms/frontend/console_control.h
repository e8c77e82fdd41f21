// The control queues of a console driver (OASIS VirtIO v1.4, 5.3.6.2): messages to the device, and
// those that come from it.
#pragma once

#include <cstdint>
#include <string>

#include "vms/frontend/console_device.h"

namespace vms::frontend {

struct ControlMessage {
    std::uint32_t id = 0;  ///< of the port
    std::uint16_t event = 0;
    std::uint16_t value = 0;
    std::string rest;  ///< what follows: the size of RESIZE, the name of PORT_NAME
};

class ConsoleControl {
  public:
    explicit ConsoleControl(ConsoleDevice& device) : device_(device) {}

    /// Give the device buffers for its messages. False: not even one.
    bool fill();
    /// Where the driver polls for completions: returns when the device has taken the message.
    bool send(std::uint32_t id, std::uint16_t event, std::uint16_t value);
    /// The device has a message for the driver.
    bool pending();
    /// Hand each message that has arrived to `handle`, and its buffer back to the device.
    template <class Handler>
    void receive(Handler handle) {
        ControlMessage message;
        while (take(message)) {
            handle(message);
            refill();
        }
    }
    /// The device was reset: buffers go back to the memory.
    void forget();

  private:
    bool take(ControlMessage& message);
    void refill();
    void reclaim();

    ConsoleDevice& device_;
};

}  // namespace vms::frontend
