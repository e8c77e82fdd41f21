// A station of the switch without hardware behind it, for measurements: it counts what it is sent,
// returns it if it is to, and sends frames of its own whenever the station that they are for has
// room. What ends here has gone through all of the service guest and nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vms/abi/virtio_net.h"
#include "vms/service/net/switch.h"

namespace vms::service {

class TrafficPort final : public SwitchPort {
  public:
    struct Parameters {
        abi::net::Mac mac{};
        bool echo = false;  ///< return each frame with its addresses exchanged
        /// Length of the frames sent to `to`, from ethernet::header_bytes; 0: none are sent.
        std::uint16_t frame_bytes = 0;
        abi::net::Mac to{};
        std::uint8_t to_port = 0;  ///< the switch's port that has to have room
    };

    TrafficPort(Switch& net, const Parameters& parameters);

    std::uint8_t switch_port() const { return port_; }

    /// Send at most as many frames. True: there was room for all of them.
    bool send(std::uint32_t budget);

    // --- SwitchPort -------------------------------------------------------------------------
    Drop deliver(Frame& frame) override;

  private:
    Switch& switch_;
    const Parameters p_;
    const std::uint8_t port_;
    bool returning_ = false;
    alignas(16) std::array<std::byte, Frame::headroom + Switch::max_frame_bytes> storage_{};
};

}  // namespace vms::service
