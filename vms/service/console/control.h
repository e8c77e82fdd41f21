// The control queues of a console with MULTIPORT: what the device says to the driver and what the
// driver answers. After the OASIS VirtIO specification v1.4, 5.3.6.2 (multiport device operation).
//
// What is to be said is kept as the state of each port, not as a list of messages: at most one
// message of each kind waits for each port, however long the driver offers no buffer. A newer one
// takes the place of an older one that was not sent yet, and is counted (control_superseded); the
// removal of a port and its addition anew are two messages in this order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "service_port.h"
#include "vms/abi/virtio_console.h"
#include "vms/service/counters.h"
#include "vms/service/virtio/device.h"
#include "vms/service/virtio/kick_wait.h"

namespace vms::service {

/// What the driver's messages ask for.
class ControlObserver {
  public:
    virtual void driver_opened(std::size_t port, bool open) = 0;
    virtual void incident(Incident incident, std::uint64_t detail) = 0;

  protected:
    ~ControlObserver() = default;
};

class ConsoleControl {
  public:
    struct PortFacts {
        std::string_view name;  ///< UTF-8; empty: no PORT_NAME
        bool console = false;   ///< CONSOLE_PORT
        bool present = true;
        bool far_end_open = true;
        std::uint16_t cols = 0;  ///< both not 0: RESIZE
        std::uint16_t rows = 0;
    };

    static constexpr std::size_t max_name_bytes = 32;
    static constexpr std::size_t max_message_bytes = abi::console::control::bytes + max_name_bytes;

    ConsoleControl(Port& port, bool rows_first, ControlObserver& observer, DeviceCounters& counters)
        : port_(port), rows_first_(rows_first), observer_(observer), counters_(counters) {}

    void add(const PortFacts& facts) { ports_[count_++].facts = facts; }

    void activate(const DeviceContext& context);
    void reset();
    void kicked(std::uint32_t queue);

    /// One bounded step: a message from the driver and one to it. True: more can be done now.
    bool work(ChainStorage& storage);

    // Changes at run time.
    void set_present(std::size_t port, bool present);
    void set_far_end_open(std::size_t port, bool open);
    void set_size(std::size_t port, std::uint16_t cols, std::uint16_t rows);

  private:
    /// What the driver knows of a port.
    enum class Known : std::uint8_t { no, added, ready, failed };

    struct PortState {
        PortFacts facts;
        Known known = Known::no;
        bool remove = false;  // what the driver knows is gone
        // To be said once the port is ready:
        bool say_console = false;
        bool say_name = false;
        bool say_size = false;
        bool say_open = false;
    };

    struct Message {
        std::array<std::byte, max_message_bytes> bytes{};
        std::size_t size = 0;
        std::size_t port = 0;
        std::uint16_t event = 0;
    };

    SplitQueue& receiveq() const { return context_.queues[abi::console::control_receiveq]; }
    SplitQueue& transmitq() const { return context_.queues[abi::console::control_transmitq]; }

    bool from_driver(ChainStorage& storage);
    bool to_driver(ChainStorage& storage);
    void take(std::uint32_t id, std::uint16_t event, std::uint16_t value);
    void device_ready(bool success);
    void bad(std::uint64_t& counter, BadControl what) {
        ++counter;
        observer_.incident(Incident::bad_control, static_cast<std::uint64_t>(what));
    }
    void port_ready(PortState& p, bool success);

    /// What is to be said next. False: nothing.
    bool next(Message& message) const;
    bool next_of(const PortState& p, std::uint16_t& event) const;
    void said(const Message& message);
    void compose(Message& message, const PortState& p) const;
    void say(bool& flag) {
        counters_.console.control_superseded += flag ? 1 : 0;
        flag = true;
    }

    Port& port_;
    const bool rows_first_;
    ControlObserver& observer_;
    DeviceCounters& counters_;
    DeviceContext context_{};
    std::array<PortState, max_console_ports> ports_{};
    std::size_t count_ = 0;
    std::size_t turn_ = 0;       // the port that speaks next
    bool driver_ready_ = false;  // DEVICE_READY was received
    KickWait receive_wait_;
    KickWait transmit_wait_;
};

}  // namespace vms::service
