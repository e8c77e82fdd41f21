// The addresses of one network interface, as its administrator sets them.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "vms/workload/packets/addresses.h"

namespace vms::workload::net {

/// An address whose MAC is known beforehand: neither ARP nor neighbour discovery asks for it.
struct Neighbour {
    packets::IpAddress address;
    packets::MacAddress mac;
};

struct StackConfig {
    std::optional<packets::Ipv4Address> ipv4;  ///< none: no IPv4
    unsigned prefix = 24;                      ///< of the IPv4 network, 0 to 32
    std::optional<packets::Ipv4Address> gateway;
    bool ipv6 = false;                                 ///< the link-local address after RFC 4291
    std::optional<packets::Ipv6Address> ipv6_address;  ///< one more; implies ipv6
    std::vector<Neighbour> neighbours;
    /// Bytes of received datagrams that one socket keeps (Linux: net.core.rmem_default); what
    /// comes above is dropped.
    std::size_t socket_bytes = 212'992;
};

}  // namespace vms::workload::net
