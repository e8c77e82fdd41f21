// A store-and-forward switch between links, so that several NICs and hosts are on one network: it
// learns which port a station is at and forwards there, or to all ports but the one where the frame
// came from. After IEEE 802.1Q-2018: 8.6 (forwarding), 8.7 (learning), 8.8 (filtering database).
//
// Frames go out in the order in which they came in, `latency` after their last bit came in, behind
// those that wait for the same port; a port's queue is bounded. Every copy is accounted for.
//
// Not modelled: VLANs, priorities, spanning tree, pause frames; group addresses are flooded, but
// for those that no bridge forwards (8.6.3, table 8-1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "models/base/time.h"
#include "models/wire/link_end.h"
#include "models/wire/transmit_queue.h"
#include "vms/workload/packets/addresses.h"

namespace models::wire {

struct WireSwitchParameters {
    Picos latency = Picos::us(2);       ///< from the last bit in to the first bit out (estimate)
    std::size_t queue = 128;            ///< frames that may wait for a port
    std::size_t table = 1024;           ///< stations remembered
    Picos ageing = Picos::ms(300'000);  ///< 802.1Q, table 8-6: 300 s
};

/// Of one port.
struct WireSwitchCounters {
    std::uint64_t in = 0;  ///< frames received
    std::uint64_t in_bytes = 0;
    std::uint64_t forwarded = 0;  ///< of those: to one port
    std::uint64_t flooded = 0;    ///< of those: to all others
    std::uint64_t filtered = 0;   ///< of those: the station is on the port that it came from
    std::uint64_t malformed = 0;  ///< of those: no Ethernet header, or sent by a group address
    std::uint64_t reserved = 0;   ///< of those: for 01-80-C2-00-00-00 to -0F
    std::uint64_t copies = 0;     ///< given to this port's queue
    std::uint64_t out = 0;        ///< of those: handed to the link
    std::uint64_t out_bytes = 0;
    std::uint64_t queue_full = 0;   ///< of those
    std::uint64_t link_down = 0;    ///< of those
    std::uint64_t not_learned = 0;  ///< frames whose source found the table full

    bool accounted() const {
        return in == forwarded + flooded + filtered + malformed + reserved &&
               copies == out + queue_full + link_down;
    }
};

class WireSwitch {
  public:
    explicit WireSwitch(const WireSwitchParameters& parameters) : parameters_(parameters) {}
    WireSwitch(const WireSwitch&) = delete;
    WireSwitch& operator=(const WireSwitch&) = delete;

    /// The switch becomes what is at this end of a link. Returns the port's number.
    std::size_t add_port(LinkEnd& end);
    std::size_t ports() const { return ports_.size(); }
    const WireSwitchCounters& counters(std::size_t port) const { return ports_[port]->counters; }
    std::size_t stations() const { return stations_.size(); }
    bool accounted() const;

  private:
    struct Port final : public FrameReceiver {
        Port(WireSwitch& of, std::size_t n, LinkEnd& e, std::size_t queue_limit)
            : owner(of), number(n), end(e), queue(e, queue_limit) {}
        void receive(const FrameRef& frame, Picos at) override { owner.receive(*this, frame, at); }
        void link_changed(bool up, Picos /*at*/) override {
            if (!up)
                owner.forget(number);
        }
        WireSwitch& owner;
        std::size_t number;
        LinkEnd& end;
        TransmitQueue queue;
        WireSwitchCounters counters;
    };
    struct Station {
        std::size_t port = 0;
        Picos seen{};
    };

    void receive(Port& from, const FrameRef& frame, Picos at);
    void learn(Port& from, const vms::workload::packets::MacAddress& source, Picos at);
    /// A station's port is not where it was when its link went down (802.1Q, 8.8.3).
    void forget(std::size_t port);
    static void send(Port& to, const FrameRef& frame, Picos at);

    WireSwitchParameters parameters_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::map<vms::workload::packets::MacAddress, Station> stations_;
};

}  // namespace models::wire
