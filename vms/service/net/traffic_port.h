// A station of the switch without hardware behind it, for measurements: it counts what it is sent,
// returns it if it is to, and sends frames of its own whenever the station that they are for has
// room. What ends here has gone through all of the service guest and nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vms/abi/virtio_net.h"
#include "vms/service/config.h"
#include "vms/service/net/switch.h"

namespace vms::service {

class TrafficPort final : public SwitchPort {
  public:
    struct Parameters {
        abi::net::Mac mac{};
        TrafficEcho echo = TrafficEcho::none;  ///< with the addresses exchanged
        /// Length of the frames sent to `to`, from ethernet::header_bytes; 0: none are sent.
        std::uint16_t frame_bytes = 0;
        abi::net::Mac to{};
        std::uint8_t to_port = 0;  ///< the switch's port that has to have room
    };

    TrafficPort(Switch& net, const Parameters& parameters);

    std::uint8_t switch_port() const { return port_; }

    /// Once a pass: send at most as many frames, or return the one that is kept, which an interrupt
    /// of the device that is not acknowledged keeps waiting. True: there was room for all of them.
    bool send(std::uint32_t budget, bool interrupt_pending);

    // --- SwitchPort -------------------------------------------------------------------------
    Drop deliver(Frame& frame) override;

  private:
    Switch& switch_;
    const Parameters p_;
    const std::uint8_t port_;
    /// Make the answer to a frame in `storage_`.
    void turn_round(const Frame& frame);
    void give_back();

    bool returning_ = false;
    std::size_t kept_ = 0;  ///< length of the frame in `storage_` that waits to be returned
    alignas(16) std::array<std::byte, Frame::headroom + Switch::max_frame_bytes> storage_{};
};

}  // namespace vms::service
