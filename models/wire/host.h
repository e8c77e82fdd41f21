// A host at the end of a link: its addresses, and what every host does with a frame before its own
// work: filter by MAC, look at it whole, answer ARP (RFC 826), neighbour solicitations (RFC 4861)
// and echo requests (RFC 792, RFC 4443). Each frame received and sent is counted under one cause.
//
// A host is a state machine that acts when frames arrive; answers leave a fixed processing delay
// later, the frames before them in the queue permitting.
//
// Not modelled: fragments, TCP, routing beyond the link, duplicate address detection, IGMP and MLD.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "models/base/time.h"
#include "models/wire/frame_pool.h"
#include "models/wire/link_end.h"
#include "models/wire/transmit_queue.h"
#include "vms/workload/packets/build.h"
#include "vms/workload/packets/parse.h"

namespace models::wire {

namespace packets = vms::workload::packets;

struct HostParameters {
    packets::MacAddress mac{};
    std::optional<packets::Ipv4Address> ipv4{};
    std::optional<packets::Ipv6Address> ipv6{};
    std::vector<packets::IpAddress> groups{};  ///< multicast groups that it is a member of
    /// From the last bit of a request to the first bit of its answer.
    Picos delay = Picos::us(1);
    std::size_t queue = 256;  ///< frames that may wait for the transmitter
    bool answer_echo = true;  ///< ICMP and ICMPv6
};

/// What became of a frame that a host received.
enum class Received : std::uint8_t {
    arp_request,              ///< for this host: answered
    arp_reply,                ///< to this host
    neighbour_solicitation,   ///< for this host: answered
    neighbour_advertisement,  ///< to this host
    echo_request,             ///< answered
    echo_reply,
    udp,  ///< taken by the host's own work
    // Discarded:
    other_mac,      ///< for another station
    other_address,  ///< for another IP address
    malformed,      ///< a length or a header that does not fit
    bad_checksum,   ///< IPv4, UDP, ICMP or ICMPv6
    fragment,
    unsupported,  ///< a type, protocol or message that the host does not know
    closed_port,  ///< UDP to a port where nobody listens
    foreign,      ///< UDP without the test payload, or of a flow that is not expected
};
inline constexpr std::size_t received_causes = 15;
std::string_view name(Received cause);
constexpr bool discarded(Received cause) {
    return cause >= Received::other_mac;
}

/// Bytes are those of frames with their padding, without FCS.
struct HostCounters {
    std::uint64_t rx_frames = 0;
    std::uint64_t rx_bytes = 0;
    std::array<std::uint64_t, received_causes> received{};  ///< by cause; their sum is rx_frames
    std::uint64_t tx_frames = 0;                            ///< handed to the link
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_queue_full = 0;  ///< made, and dropped because the queue was full
    std::uint64_t tx_link_down = 0;   ///< made, and dropped because the link was down

    std::uint64_t of(Received cause) const { return received[static_cast<std::size_t>(cause)]; }
    std::uint64_t discards() const;
    bool accounted() const;
};

class Host : public FrameReceiver {
  public:
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    const HostParameters& parameters() const { return host_; }
    const HostCounters& counters() const { return counters_; }

    void receive(const FrameRef& frame, Picos at) final;

  protected:
    /// Connects itself to `end`.
    Host(const HostParameters& parameters, LinkEnd& end);
    ~Host() = default;

    /// A whole datagram for this host. What it is counted as.
    virtual Received udp(const packets::Packet& p, const FrameRef& frame, Picos at) = 0;
    /// An ARP reply or a neighbour advertisement said who has an address.
    virtual void resolved(const packets::IpAddress& /*address*/, const packets::MacAddress& /*mac*/,
                          Picos /*at*/) {}

    /// False: dropped and counted.
    bool transmit(FrameRef frame, Picos at);
    bool room(Picos at) const { return queue_.room(at); }
    FramePool& pool() { return pool_; }
    /// A request for the MAC of `address`, which is of a family that this host has.
    void solicit(const packets::IpAddress& address, Picos at);
    /// Its own address of the family of `peer`.
    std::optional<packets::IpAddress> own_address(const packets::IpAddress& peer) const;

  private:
    Received judge(const packets::Packet& p, const FrameRef& frame, Picos at);
    Received arp(const packets::Arp& arp, Picos at);
    Received icmp(const packets::Packet& p, const packets::Route& answer, Picos at);
    bool listens(const packets::MacAddress& mac) const;
    bool member(const packets::IpAddress& group) const;

    HostParameters host_;
    LinkEnd& end_;
    TransmitQueue queue_;
    FramePool pool_;
    HostCounters counters_;
};

}  // namespace models::wire
