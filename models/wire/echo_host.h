// The host that answers: UDP datagrams to its echo port go back to where they came from (RFC 862),
// besides what every host answers.
#pragma once

#include <cstdint>

#include "models/wire/host.h"

namespace models::wire {

class EchoHost final : public Host {
  public:
    static constexpr std::uint16_t default_port = 7;  ///< RFC 862

    EchoHost(const HostParameters& parameters, LinkEnd& end, std::uint16_t port = default_port)
        : Host(parameters, end), port_(port) {}

    /// Datagrams sent back; those dropped in the queue included.
    std::uint64_t echoed() const { return counters().of(Received::udp); }

  private:
    Received udp(const packets::Packet& p, const FrameRef& frame, Picos at) override;

    std::uint16_t port_;
};

}  // namespace models::wire
