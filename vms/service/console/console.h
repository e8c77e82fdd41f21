// The console device with one port, on a serial port. After the OASIS VirtIO specification v1.4,
// section 5.3: queue 0 receives, queue 1 transmits; SIZE and EMERG_WRITE as configured.
//
// Back-pressure: a transmit chain is held until the serial port's staging has taken its last byte,
// so a front-end never has more bytes in flight than its buffers hold. Input is kept, bounded,
// while the driver offers no buffer.
#pragma once

#include <cstdint>

#include "vms/abi/virtio_console.h"
#include "vms/service/console/input_buffer.h"
#include "vms/service/drivers/serial_port.h"
#include "vms/service/virtio/device.h"

namespace vms::service {

class Console final : public VirtioDevice, private SerialClient {
  public:
    struct Parameters {
        std::uint64_t ring_features = 0;  ///< the transport's features to offer
        std::uint32_t queue_size_max = 256;
        std::uint16_t cols = 0;  ///< cols and rows not 0: offer SIZE
        std::uint16_t rows = 0;
        bool emergency_write = true;  ///< offer EMERG_WRITE
    };

    Console(Port& port, SerialPort& serial, const Parameters& parameters, DeviceCounters& counters)
        : port_(port), serial_(serial), p_(parameters), counters_(counters) {
        serial.connect(*this);
    }

    DeviceProfile profile() const override;
    std::uint32_t read_config(std::uint32_t offset, Width width) override;
    void write_config(std::uint32_t offset, Width width, std::uint32_t value) override;
    void activate(const DeviceContext& context) override;
    void reset() override;
    void kicked(std::uint32_t queue) override;
    void queue_stopped(std::uint32_t queue) override;
    bool work() override;

    void receive(std::byte b) override;
    void receiver_error() override { ++counters_.receiver_errors; }
    void refill() override {}

    const InputBuffer& input() const { return input_; }

  private:
    SplitQueue& receiveq() const { return context_.queues[abi::console::receiveq_port0]; }
    SplitQueue& transmitq() const { return context_.queues[abi::console::transmitq_port0]; }
    bool receive_step();
    bool transmit_step();

    Port& port_;
    SerialPort& serial_;
    const Parameters p_;
    DeviceCounters& counters_;
    InputBuffer input_;
    DeviceContext context_{};

    ChainStorage receive_storage_;
    ChainStorage transmit_storage_;
    DescriptorChain transmitting_;  // held until its last byte is staged
    bool transmit_waits_ = false;   // a kick will tell of the next transmit chain
    bool receive_waits_ = false;    // a kick will tell of the next receive buffer
};

}  // namespace vms::service
