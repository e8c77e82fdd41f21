// What the network workloads are told, and what they tell.
#pragma once

#include <cstdint>
#include <vector>

#include "vms/workload/distribution.h"
#include "vms/workload/packets/addresses.h"

namespace vms::workload::net {

inline constexpr std::uint16_t echo_port = 7;           ///< RFC 862
inline constexpr std::uint16_t discard_port = 9;        ///< RFC 863
inline constexpr std::uint16_t first_own_port = 49152;  ///< RFC 6335: dynamic ports

/// A size in a mix, with its share.
struct FrameSize {
    std::uint32_t bytes = 0;  ///< from the destination address on, without FCS
    std::uint32_t weight = 1;
};

struct Settings {
    packets::IpAddress peer;       ///< all but net-sink and net-serve
    std::uint16_t port = 0;        ///< the peer's; net-sink, net-serve: one's own. 0: the usual one
    std::uint16_t local_port = 0;  ///< 0: first_own_port + flow
    std::uint16_t flow = 0;        ///< identifies the stream to a sink, and the echo requests
    std::vector<FrameSize> sizes;  ///< net-flood, net-request-response: empty: one size
    std::uint64_t batch = 1;       ///< net-flood: frames handed over before the device is told
    std::uint64_t window = 1;      ///< net-request-response: requests on their way
    std::uint64_t think_ns = 0;    ///< net-udp-echo, net-request-response: after an answer
    std::uint64_t timeout_ns = 1'000'000'000;  ///< after which what was sent is lost
    std::uint64_t idle_ns = 0;  ///< net-sink, net-serve: done when nothing came for so long after
                                ///< the first; 0: never
    std::uint64_t duration_ns = 0;  ///< net-flood, net-sink, net-serve: done after; 0: never
};

/// What the host can read of a network workload at any time.
struct Results {
    std::uint64_t sent = 0;      ///< datagrams or requests that the interface took
    std::uint64_t refused = 0;   ///< that it dropped, or that were too long
    std::uint64_t received = 0;  ///< datagrams or answers, duplicates excluded
    std::uint64_t lost = 0;      ///< requests without an answer; numbers that a sink misses
    std::uint64_t duplicates = 0;
    std::uint64_t reordered = 0;    ///< after one that was sent later
    std::uint64_t corrupt = 0;      ///< other bytes than were sent
    std::uint64_t foreign = 0;      ///< not of this workload's kind
    std::uint64_t tx_bytes = 0;     ///< payload
    std::uint64_t rx_bytes = 0;     ///< payload
    bool unresolved = false;        ///< the peer's MAC address could not be found
    Distribution round_trip_ticks;  ///< from before the request to its answer's arrival
    Distribution latency_ns;        ///< of a datagram, from its sender's call to its arrival
    std::uint64_t first_tick = 0;   ///< of what was sent, or received by a sink
    std::uint64_t last_tick = 0;
};

}  // namespace vms::workload::net
