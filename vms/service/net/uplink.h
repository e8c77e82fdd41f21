// The switch's port for a physical network interface: what the switch sends goes into the
// interface's transmit ring and is started at the end of the pass, what it receives enters the
// switch. The interface's link is the port's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/service/drivers/network_port.h"
#include "vms/service/net/switch.h"

namespace vms::service {

class Uplink final : public SwitchPort, public FrameConsumer {
  public:
    Uplink(Switch& net, NetworkPort& interface, std::uint32_t stations)
        : switch_(net), interface_(interface), port_(net.attach(*this, stations)) {
        interface_.set_consumer(*this);
    }

    std::uint8_t switch_port() const { return port_; }

    /// After the interface has done something: its link may have changed.
    void look_at_link() {
        const bool up = interface_.link().up;
        if (up == up_ && known_)
            return;
        known_ = true;
        up_ = up;
        switch_.uplink(port_, up);
    }

    bool up() const { return up_; }

    // --- SwitchPort -------------------------------------------------------------------------
    Drop deliver(Frame& frame) override {
        if (!up_)
            return Drop::port_down;
        if (frame.size() > interface_.max_frame_bytes())
            return Drop::too_long;
        if (frame.partial())
            switch_.complete_checksum(frame);
        if (!interface_.transmit(frame.bytes()))
            return interface_.room() == 0 ? Drop::interface_full : Drop::interface_refused;
        taken_ = true;
        return Drop::none;
    }
    bool room() override { return !up_ || interface_.room() != 0; }
    void flush() override {
        if (!taken_)
            return;
        taken_ = false;
        interface_.flush();
        look_at_link();
    }

    // --- FrameConsumer ----------------------------------------------------------------------
    bool frame(std::span<const std::byte> bytes) override {
        Frame f(bytes);
        switch_.enter(port_, f);
        return true;  // what becomes of it is counted by the switch
    }

  private:
    Switch& switch_;
    NetworkPort& interface_;
    const std::uint8_t port_;
    bool known_ = false;
    bool up_ = false;
    bool taken_ = false;
};

}  // namespace vms::service
