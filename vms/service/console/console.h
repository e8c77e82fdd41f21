// The console device. After the OASIS VirtIO specification v1.4, section 5.3: one port (queues 0
// and 1), or several with control queues when MULTIPORT is negotiated; SIZE and EMERG_WRITE as
// configured; size, ports and their far ends may change while it runs.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "vms/abi/virtio_console.h"
#include "vms/service/config.h"
#include "vms/service/console/control.h"
#include "vms/service/console/port.h"
#include "vms/service/in_place.h"
#include "vms/service/virtio/device.h"

namespace vms::service {

class Console final : public VirtioDevice, private PortObserver, private ControlObserver {
  public:
    struct Parameters {
        std::uint64_t ring_features = 0;  ///< the transport's features to offer
        std::uint32_t queue_size_max = 256;
        const ConsoleConfig& config;  ///< has passed check(), outlives the device
        /// What carries each port; nullptr: nothing.
        std::array<SerialLine*, max_console_ports> lines{};
    };

    Console(Port& port, const Parameters& parameters, DeviceCounters& counters);

    DeviceProfile profile() const override;
    std::uint32_t queues(std::uint64_t features) const override;
    std::uint32_t read_config(std::uint32_t offset, Width width) override;
    void write_config(std::uint32_t offset, Width width, std::uint32_t value) override;
    void activate(const DeviceContext& context) override;
    void reset() override;
    void kicked(std::uint32_t queue) override;
    void queue_stopped(std::uint32_t queue) override;
    bool work() override;
    void event(const DeviceEvent& event) override;

  private:
    void far_end_opened(std::size_t port, bool open) override;
    void far_end_resized(std::size_t port, std::uint16_t cols, std::uint16_t rows) override;
    void driver_opened(std::size_t port, bool open) override;
    void incident(Incident incident, std::uint64_t detail) override {
        host().report(incident, detail);
    }
    void set_present(std::size_t port, bool present);

    struct PortSlot {
        InPlace<ConsolePort> storage;
        ConsolePort* port = nullptr;
    };

    ConsolePort& port(std::size_t i) { return *ports_[i].port; }
    /// Ports whose queues the driver may use.
    std::size_t usable_ports() const { return multiport_ ? count_ : 1; }
    bool offers_size() const { return p_.config.cols != 0 && p_.config.rows != 0; }

    Port& port_;
    const Parameters p_;
    DeviceCounters& counters_;
    const std::size_t count_;
    ConsoleControl control_;
    ChainStorage storage_;  // of chains that are taken and given back in one step
    std::array<PortSlot, max_console_ports> ports_;
    std::uint16_t cols_;  // of port 0, as the configuration space shows them
    std::uint16_t rows_;
    bool multiport_ = false;  // negotiated
    bool size_ = false;       // negotiated
};

}  // namespace vms::service
