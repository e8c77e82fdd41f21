// The VirtIO network driver (OASIS VirtIO v1.4, 5.1) with one pair of queues and, where the device
// has one, the control queue. A profile says whose it is: virtio_net of Linux 6.1 with NAPI and
// bounced buffers, or a simple one that owns static buffers and looks at its rings when it waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "vms/frontend/driver.h"
#include "vms/frontend/net_device.h"
#include "vms/frontend/net_receive.h"
#include "vms/frontend/net_transmit.h"

namespace vms::frontend {

class NetDriver final : public Driver, public InterruptHandler, public workload::NetInterface {
  public:
    NetDriver(const DriverContext& context, const DeviceConfig& config);

    // Driver
    Fault probe() override;
    /// What `ip link set up` does: receive buffers, polls, receive filter.
    Fault bring_up() override;
    Fault fault() const override { return device_.fault; }
    const DriverCounters& counters() const override;
    DeviceReport report() const override;
    workload::NetInterface* network() override { return this; }
    const NetCounters* network_counters() const override { return &device_.counters; }
    NetRings network_rings() const override;

    /// Reset the device and let go of it.
    void remove();

    // InterruptHandler
    void interrupt(IntId id) override;

    // workload::NetInterface
    bool usable() const override { return up_ && device_.fault == Fault::none; }
    bool link_up() const override { return link_up_; }
    workload::packets::MacAddress mac() const override { return mac_; }
    std::size_t mtu() const override { return mtu_; }
    bool completes_checksums() const override {
        return device_.negotiated(abi::net::feature::csum);
    }
    void attach(workload::FrameSink& sink) override { receive_.attach(sink); }
    void join(const workload::packets::MacAddress& group) override;
    bool send(std::span<const std::byte> frame, workload::PartialChecksum checksum,
              bool more) override;
    bool room() const override { return transmit_.room(); }
    void flush() override { transmit_.flush(); }
    std::uint64_t activity() const override { return device_.activity; }
    bool wait(std::uint64_t seen, std::uint64_t deadline) override;
    bool drain() override;

  private:
    /// The configuration change's work, for later (virtnet_config_changed_work).
    class LinkWork final : public DeferredWork {
      public:
        explicit LinkWork(NetDriver& driver) : driver_(driver) {}
        void deferred() override { driver_.config_changed(); }

      private:
        NetDriver& driver_;
    };

    Fault start();
    Fault create_queues();
    void read_configuration();
    std::uint16_t read_mtu();
    void update_link();
    void config_changed();

    bool set_mac(const workload::packets::MacAddress& mac);
    void set_rx_mode();
    bool command(std::uint8_t cls, std::uint8_t command,
                 std::initializer_list<std::span<const std::byte>> data);

    bool wait_deferred(std::uint64_t seen, std::uint64_t deadline);
    bool wait_looking(std::uint64_t seen, std::uint64_t deadline);
    bool ended(std::uint64_t seen, std::uint64_t deadline);
    bool has_control_queue() const { return device_.negotiated(abi::net::feature::ctrl_vq); }
    void charge(Operation o) { device_.cpu.retire_named(device_[o]); }

    Interrupts& interrupts_;
    const Profile& profile_;
    DeviceConfig config_;
    SharedMemory shared_;
    SharedMemory private_;
    VirtioMmio transport_;
    NetDevice device_;
    NetTransmit transmit_;
    NetReceive receive_;
    LinkWork link_work_{*this};

    workload::packets::MacAddress mac_;
    std::size_t mtu_ = abi::net::default_mtu;
    bool link_up_ = false;
    bool up_ = false;
    bool interrupted_ = true;  ///< without deferred work: since the rings were looked at
    bool draining_ = false;
    std::vector<workload::packets::MacAddress> groups_;
    mutable DriverCounters driver_counters_;
};

}  // namespace vms::frontend
