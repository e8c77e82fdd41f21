// One port of the console device: its pair of queues and the channel behind it. After the OASIS
// VirtIO specification v1.4, 5.3.6.
//
// Back-pressure: a transmit chain is held until the channel's staging has taken its last byte, so a
// front-end never has more bytes in flight than its buffers hold. Input is kept, bounded, while the
// driver offers no buffer or has not opened the port. Output of a port that is closed at the far
// end, or is not there, is discarded and its buffers go back at once: a driver that waits for them
// (Linux does, in its console output) must not hang on somebody who is not there.
#pragma once

#include <cstdint>

#include "service_port.h"
#include "vms/service/counters.h"
#include "vms/service/serial/channel.h"
#include "vms/service/serial/input_buffer.h"
#include "vms/service/virtio/device.h"
#include "vms/service/virtio/kick_wait.h"

namespace vms::service {

/// What a port tells the device that it belongs to.
class PortObserver {
  public:
    virtual void far_end_opened(std::size_t port, bool open) = 0;
    virtual void far_end_resized(std::size_t port, std::uint16_t cols, std::uint16_t rows) = 0;
    virtual void incident(Incident incident, std::uint64_t detail) = 0;

  protected:
    ~PortObserver() = default;
};

class ConsolePort final : private ChannelClient {
  public:
    struct Place {
        std::size_t index = 0;
        SerialLine* line = nullptr;  ///< nullptr: output is discarded
        std::uint8_t channel = 0;
        std::string_view label;
        bool present = true;
        bool far_end_open = true;
    };

    /// `receiving` is free between two steps.
    ConsolePort(Port& port, const Place& place, ChainStorage& receiving, PortObserver& observer,
                DeviceCounters& counters)
        : port_(port),
          index_(place.index),
          observer_(observer),
          counters_(counters),
          own_(counters.console.ports[place.index]),
          receive_storage_(receiving),
          channel_(*this, place.line, place.channel, place.label),
          present_(place.present),
          far_end_open_(place.far_end_open) {}

    /// The queues are valid until reset(). Without MULTIPORT a port needs no opening.
    void activate(const DeviceContext& context, bool multiport);
    void reset();

    void receive_kicked() { receive_wait_.kicked(); }
    void transmit_kicked() { transmit_wait_.kicked(); }
    void transmit_stopped() { transmitting_ = DescriptorChain(); }

    /// One bounded step: at most one chain of each queue. True: more can be done now.
    bool work();

    /// 5.3.4, emerg_wr: in any state; no register of the line is touched.
    void emergency_write(std::byte b);

    bool present() const { return present_; }
    void set_present(bool present);
    bool far_end_open() const { return far_end_open_; }
    void set_far_end_open(bool open) { far_end_open_ = open; }
    bool driver_open() const { return driver_open_; }
    void set_driver_open(bool open);

  private:
    void receive(std::byte b) override;
    void receiver_error() override;
    void far_end_opened(bool open) override { observer_.far_end_opened(index_, open); }
    void far_end_resized(std::uint16_t cols, std::uint16_t rows) override {
        observer_.far_end_resized(index_, cols, rows);
    }

    SplitQueue& receiveq() const;
    SplitQueue& transmitq() const;
    bool receive_step();
    bool transmit_step();
    void discard(DescriptorChain&& chain);
    void bad_buffer();
    void drop_unconnected(std::uint64_t bytes);
    /// Without MULTIPORT the driver's one port is there, whatever it was not told.
    bool connected() const { return (present_ || !multiport_) && far_end_open_; }

    Port& port_;
    const std::size_t index_;
    PortObserver& observer_;
    DeviceCounters& counters_;
    ConsolePortCounters& own_;
    ChainStorage& receive_storage_;
    SerialChannel channel_;
    InputBuffer input_;
    DeviceContext context_{};

    ChainStorage transmit_storage_;
    DescriptorChain transmitting_;  // held until its last byte is staged
    KickWait transmit_wait_;
    KickWait receive_wait_;

    bool multiport_ = true;
    bool present_;
    bool far_end_open_;
    bool driver_open_ = false;
};

}  // namespace vms::service
