// A small internet layer over one network interface: ARP (RFC 826), IPv4 (RFC 791) and IPv6 (RFC
// 8200) without fragments, echo (RFC 792, RFC 4443), neighbour discovery (RFC 4861) as far as it
// resolves addresses, UDP sockets (RFC 768). What arrives is handled in the context of the driver's
// receive processing, as an operating system does it; a program reads its sockets.
//
// Neighbour entries do not age. A datagram for a port without a socket is dropped without an
// answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vms/cpu.h"
#include "vms/workload/alarm.h"
#include "vms/workload/net/stack_config.h"
#include "vms/workload/net_port.h"
#include "vms/workload/packets/build.h"
#include "vms/workload/packets/parse.h"

namespace vms::workload::net {

/// Work of the layers above the driver.
struct StackCosts {
    NamedWork send;           ///< a packet from the program to the driver
    NamedWork receive;        ///< a packet from the driver to the program
    NamedWork answer;         ///< a packet answered below the sockets
    NamedWork checksum_line;  ///< sum 64 bytes
    NamedWork wake;           ///< a program continues after a wait
};

/// Every frame of the interface counts as exactly one of the kinds of `rx`, but for the one that is
/// being looked at.
struct StackCounters {
    std::uint64_t rx_frames = 0;
    std::uint32_t rx_handling = 0;  ///< 1: a frame is not yet counted as its kind
    std::uint64_t rx_arp = 0;
    std::uint64_t rx_neighbours = 0;  ///< neighbour discovery
    std::uint64_t rx_echo_requests = 0;
    std::uint64_t rx_echo_replies = 0;
    std::uint64_t rx_datagrams = 0;     ///< given to a socket
    std::uint64_t rx_foreign = 0;       ///< dropped: for another MAC or IP address
    std::uint64_t rx_malformed = 0;     ///< dropped
    std::uint64_t rx_bad_checksum = 0;  ///< dropped
    std::uint64_t rx_unhandled = 0;     ///< dropped: another protocol, or a fragment
    std::uint64_t rx_no_socket = 0;     ///< dropped
    std::uint64_t rx_socket_full = 0;   ///< dropped: the program does not read fast enough
    std::uint64_t tx_given = 0;         ///< given to the interface: counted before it has them
    std::uint64_t tx_packets = 0;       ///< given to the interface and taken
    std::uint64_t tx_refused = 0;       ///< given to the interface and dropped there
    std::uint64_t tx_too_long = 0;      ///< no room within the MTU: never given to it
    std::uint64_t tx_answers = 0;       ///< of tx_packets: made below the sockets
    std::uint64_t resolutions_failed = 0;

    std::uint64_t rx_dropped() const {
        return rx_foreign + rx_malformed + rx_bad_checksum + rx_unhandled + rx_no_socket +
               rx_socket_full;
    }
};

/// A datagram, or an echo reply, as a socket keeps it.
struct Datagram {
    packets::IpAddress source;
    std::uint16_t source_port = 0;  ///< echo: the sequence number
    std::uint64_t arrived_tick = 0;
    std::vector<std::byte> payload;
};

/// A bounded queue of datagrams for one port, or of echo replies for one identifier.
class Socket {
  public:
    explicit Socket(std::size_t capacity_bytes) : capacity_(capacity_bytes) {}

    bool empty() const { return queue_.empty(); }
    const Datagram& front() const { return queue_.front(); }
    void pop();
    /// False: it is full.
    bool push(const packets::IpAddress& source, std::uint16_t port, std::uint64_t tick,
              std::span<const std::byte> payload);

  private:
    std::size_t capacity_;
    std::size_t held_ = 0;
    std::deque<Datagram> queue_;
    std::vector<std::vector<std::byte>> spare_;  ///< memory of datagrams that were read
};

class Stack final : public FrameSink {
  public:
    Stack(Cpu& cpu, NetInterface& interface, Alarm& alarm, const StackConfig& config,
          const StackCosts& costs);

    /// The interface is up: join the groups of its addresses.
    void up();

    NetInterface& interface() { return interface_; }
    const StackCounters& counters() const { return counters_; }
    /// Whose MAC address is being asked for, or was and did not become known.
    const std::optional<packets::IpAddress>& unanswered() const { return unanswered_; }

    // --- for programs; they may wait ----------------------------------------------------------

    /// A socket for a port; the same again for the same port.
    Socket& bind(std::uint16_t port);
    /// Where the replies to one's echo requests come in.
    Socket& bind_echo(std::uint16_t identifier);

    /// How to reach an address: asks for its neighbour and waits for the answer, three times for a
    /// second (Linux: mcast_solicit, retrans_time_ms). Nothing: no source address of its family,
    /// or no answer.
    std::optional<packets::Route> route_to(const packets::IpAddress& to);
    /// The largest payload of a datagram on that route.
    std::size_t max_datagram(const packets::Route& route) const;

    /// Send what the caller writes into the span that udp_payload() gives it. Waits for room.
    /// False: it was dropped.
    std::span<std::byte> udp_payload(const packets::Route& route, std::size_t bytes);
    bool send_udp(const packets::Route& route, packets::Udp udp, std::size_t bytes,
                  bool more = false);
    std::span<std::byte> echo_payload(const packets::Route& route, std::size_t bytes);
    bool send_echo(const packets::Route& route, packets::Echo echo, std::size_t bytes);

    /// Sleep until `ready()`, or until the counter has reached `deadline`, or the interface has
    /// broken. The value of ready().
    template <typename Ready>
    bool wait_until(Ready ready, std::uint64_t deadline = NetInterface::no_deadline) {
        bool slept = false;
        bool is_ready = false;
        for (;;) {
            const std::uint64_t seen = interface_.activity();
            is_ready = ready();
            if (is_ready || !interface_.usable() || past(deadline))
                break;
            if (!slept && deadline != NetInterface::no_deadline)
                alarm_.set(deadline);
            slept = true;
            interface_.wait(seen, deadline);
        }
        if (slept) {
            alarm_.clear();
            cpu_.retire_named(costs_.wake);
        }
        return is_ready;
    }

    /// Sleep until the counter has reached `tick`; what arrives meanwhile is handled.
    void sleep_until(std::uint64_t tick) {
        wait_until([] { return false; }, tick);
    }

    // FrameSink
    void frame(std::span<const std::byte> frame, bool checksum_known) override;

  private:
    using Ip = packets::IpAddress;

    bool past(std::uint64_t deadline) {
        return deadline != NetInterface::no_deadline && cpu_.counter() >= deadline;
    }
    bool is_mine(const packets::MacAddress& mac) const;
    bool is_mine(packets::Ipv4Address a) const;
    bool is_mine(const packets::Ipv6Address& a) const;
    std::optional<Ip> source_for(const Ip& to) const;
    Ip next_hop(const Ip& to) const;
    std::optional<packets::MacAddress> mac_of(const Ip& hop) const;
    void learn(const Ip& address, const packets::MacAddress& mac);
    void solicit(const Ip& source, const Ip& hop);

    void arp(const packets::Packet& p);
    void ip(const packets::Packet& p, bool checksum_known);
    void neighbour(const packets::Packet& p, const Ip& source, const Ip& destination);
    void echo(const packets::Packet& p, const Ip& source, const Ip& destination);
    void datagram(const packets::Packet& p, const Ip& source);
    packets::Route reply_route(const packets::Packet& p, const Ip& source, const Ip& own) const;
    void answer(std::size_t bytes);
    bool hand_over(std::span<const std::byte> frame, PartialChecksum checksum, bool more);
    void count(std::uint64_t& kind) {
        ++kind;
        counters_.rx_handling = 0;
    }
    void charge_checksum(std::size_t bytes);
    void join(const packets::IpAddress& group);

    Cpu& cpu_;
    NetInterface& interface_;
    Alarm& alarm_;
    StackConfig config_;
    StackCosts costs_;
    StackCounters counters_;
    std::optional<packets::IpAddress> unanswered_;
    std::vector<packets::Ipv6Address> own_v6_;
    std::vector<packets::MacAddress> groups_;
    std::map<Ip, packets::MacAddress> neighbours_;
    std::map<std::uint16_t, Socket> sockets_;
    std::map<std::uint16_t, Socket> echo_sockets_;
    std::vector<std::byte> frame_;   ///< a program's
    std::vector<std::byte> answer_;  ///< of what is answered below the sockets
    std::uint16_t identification_ = 0;
};

}  // namespace vms::workload::net
