// The network device, a port of the software switch. After the OASIS VirtIO specification v1.4,
// section 5.1: one receive and one transmit queue, the control queue; MAC, STATUS, MTU,
// SPEED_DUPLEX, MRG_RXBUF, CSUM, GUEST_CSUM, CTRL_RX, CTRL_RX_EXTRA and CTRL_MAC_ADDR as
// configured. No segmentation offloads.
//
// Transmission: a chain is copied once into private memory, given back, checked and forwarded; what
// the driver changes afterwards is not seen. What cannot be forwarded is dropped for a named cause;
// only where the configuration says so does a frame wait in its ring until the physical interface
// that it is for has room, and the frames behind it with it.
//
// Reception: a frame goes straight into the driver's receive buffers while it is forwarded. There
// is no backlog: a frame that finds no buffer is dropped and counted, as switches and other
// implementations of this device do; a backlog would only add delay and memory, and a driver that
// has fallen behind by a whole ring is not helped by older frames. So
// the driver is not asked for kicks when it adds receive buffers, unless somebody wants to know of
// them (room()).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vms/abi/virtio_net.h"
#include "vms/service/net/filter.h"
#include "vms/service/net/switch.h"
#include "vms/service/virtio/device.h"

namespace vms::service {

class NetDevice final : public VirtioDevice, public SwitchPort {
  public:
    /// Descriptors of a chain. Linux's longest has a header and MAX_SKB_FRAGS pieces, 45 at most
    /// (CONFIG_MAX_SKB_FRAGS), and one for what is not in pages.
    static constexpr std::uint16_t max_descriptors = 64;
    /// Receive buffers without room for a header that are given back for one frame (estimate); the
    /// next frame finds the others.
    static constexpr unsigned max_bad_buffers = 4;

    struct Parameters {
        std::uint64_t features = 0;  ///< all that are offered: the transport's and those of 5.1.3
        std::uint32_t queue_size_max = 256;
        abi::net::Mac mac{};
        std::uint16_t mtu = abi::net::default_mtu;  ///< up to Switch::max_mtu
        std::uint32_t speed_mbps = abi::net::config::speed_unknown;
        std::uint8_t duplex = abi::net::config::duplex_unknown;
        bool link_follows_uplink = true;  ///< else it is always up
        bool wait_for_room = false;   ///< leave a frame in its ring while its one port has no room
        bool poll_rings = false;      ///< work() is called without kicks: ask for none
        std::uint32_t stations = 16;  ///< addresses that the switch learns behind this port
    };

    NetDevice(Port& port, Switch& net, const Parameters& parameters, DeviceCounters& counters);

    std::uint8_t switch_port() const { return switch_port_; }

    // --- VirtioDevice -----------------------------------------------------------------------
    DeviceProfile profile() const override;
    std::uint32_t queues(std::uint64_t features) const override;
    std::uint32_t read_config(std::uint32_t offset, Width width) override;
    void write_config(std::uint32_t offset, Width width, std::uint32_t value) override;
    void activate(const DeviceContext& context) override;
    void reset() override;
    void kicked(std::uint32_t queue) override;
    void queue_stopped(std::uint32_t queue) override;
    bool work() override;
    bool waits_for_room() const override { return full_ != StationTable::no_port; }
    bool room_has_come() const override { return waits_for_room() && switch_.room(full_); }

    // --- SwitchPort -------------------------------------------------------------------------
    Drop deliver(Frame& frame) override;
    bool room() override;
    std::uint64_t unseen() const override {
        return active_ && receiveq().unpublished() != 0 ? unpublished_frames_ : 0;
    }
    void uplink_changed(bool up) override;

  private:
    /// What is still to be written of a frame and the header before it.
    struct Rest {
        std::span<const std::byte> head;
        std::span<const std::byte> body;
        std::size_t bytes() const { return head.size() + body.size(); }
    };

    SplitQueue& receiveq() const { return context_.queues[abi::net::receiveq]; }
    SplitQueue& transmitq() const { return context_.queues[abi::net::transmitq]; }
    SplitQueue& controlq() const { return context_.queues[abi::net::controlq]; }
    bool offers(unsigned feature) const { return (p_.features >> feature & 1) != 0; }
    /// The longest frame of the port's MTU.
    std::size_t longest(bool tagged) const {
        return p_.mtu + ethernet::header_bytes + (tagged ? ethernet::tag_bytes : 0);
    }
    bool receiving();

    bool transmit_step();
    void transmit(std::span<std::byte> storage);
    /// Descriptors that are read for one frame to be delivered, up to one chain more: enough for
    /// the longest frame in buffers of the smallest legal size (5.1.9.3.1: a header), each of one
    /// descriptor.
    std::uint64_t descriptors_for_a_frame() const {
        return longest(true) / abi::net::header::bytes + 2;
    }
    Drop write(Rest rest);
    Drop spread(DescriptorChain&& first, const SplitQueue::Mark& mark, Rest rest,
                std::uint64_t descriptors_end);
    std::uint64_t put(DescriptorChain& chain, Rest& rest) const;
    void account_unpublished();

    bool control_step();
    bool control(ChainReader& command);
    bool set_mode(std::uint8_t mode, ChainReader& command);
    bool set_table(ChainReader& command);
    bool read_addresses(ChainReader& command, ReceiveFilter::Table& table);
    bool set_address(ChainReader& command);

    Port& port_;
    Switch& switch_;
    const Parameters p_;
    DeviceCounters& counters_;
    const std::uint8_t switch_port_;
    DeviceContext context_{};
    ReceiveFilter filter_;
    abi::net::Mac mac_{};
    bool link_up_ = true;

    bool active_ = false;
    bool csum_ = false;                          // negotiated
    bool guest_csum_ = false;                    // negotiated
    bool mrg_rxbuf_ = false;                     // negotiated
    bool ctrl_vq_ = false;                       // negotiated
    bool transmit_waits_ = false;                // a kick will tell of the next transmit chain
    bool receive_waits_ = false;                 // a kick will tell of the next receive buffer
    bool control_waits_ = false;                 // a kick will tell of the next command
    std::uint8_t full_ = StationTable::no_port;  // the uplink that the next frame waits for
    std::uint64_t unpublished_frames_ = 0;       // delivered since the receive queue was published
    std::uint64_t unpublished_bytes_ = 0;

    ChainStorage storage_{max_descriptors};  // no chain stays open beyond a call
};

}  // namespace vms::service
