// The switch's learning table: behind which port a station was seen, and when. After IEEE 802.1Q,
// 8.7 (the learning process) and 8.8 (the filtering database): source addresses are learned,
// entries age, a station that shows up behind another port has moved.
//
// Static entries (8.8.1) are for stations whose place is known without their ever sending: nobody
// else can move them by sending with their address.
//
// Of fixed size, and every operation looks at a fixed number of places, whatever the stations do.
// A port has a quota, so that a front-end that invents source addresses cannot push the others'
// stations out: what is not learned is flooded, nothing is lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vms/service/net/frame.h"

namespace vms::service {

/// Which frames are dropped for their source address (Drop::spoofed).
enum class SourceCheck : std::uint8_t {
    off,     ///< none
    pinned,  ///< those from a station that is behind another port for good
    own,     ///< and all of a network device that are not from its own address
};

class StationTable {
  public:
    static constexpr std::size_t capacity = 512;
    static constexpr std::size_t probes = 8;  ///< places that an address may be in
    static constexpr std::size_t max_ports = 32;
    static constexpr std::uint8_t no_port = 0xff;

    struct Counters {
        std::uint64_t learned = 0;  ///< new stations
        std::uint64_t moved = 0;    ///< known stations behind another port
        std::uint64_t aged = 0;     ///< forgotten since not seen for long
        std::uint64_t refused = 0;  ///< not learned: quota of the port, or no place
    };

    /// `ageing`, in ticks of `now`: a station not seen for longer is unknown; 0: never.
    explicit StationTable(std::uint64_t ageing) : ageing_(ageing) {}

    /// The most stations behind a port; 0 unless set.
    void set_quota(std::uint8_t port, std::uint32_t quota) { quota_[port] = quota; }

    /// A static entry: it neither ages nor moves, and is outside of the quota. False: no place, or
    /// the station is known behind another port.
    bool know(ethernet::Address address, std::uint8_t port, std::uint64_t now);
    /// The station is static no more, and unknown.
    void unknow(ethernet::Address address, std::uint8_t port);
    /// A frame from this address came in at `port`. False: the station is behind another port for
    /// good.
    bool learn(ethernet::Address address, std::uint8_t port, std::uint64_t now);
    /// no_port: unknown.
    std::uint8_t find(ethernet::Address address, std::uint64_t now) const;
    /// The port went down: what was learned there is unknown.
    void forget(std::uint8_t port);
    /// A few places a call: what has aged makes room, whether or not anybody asks for it.
    void sweep(std::uint64_t now);

    /// Learned ones.
    std::uint32_t stations(std::uint8_t port) const { return stations_[port]; }
    const Counters& counters() const { return counters_; }

  private:
    struct Entry {
        ethernet::Address address = 0;
        std::uint64_t seen = 0;
        std::uint8_t port = no_port;  // no_port: free
    };

    static std::size_t place(ethernet::Address address, std::size_t probe) {
        // Multiplicative hashing (Knuth, TAOCP 3, 6.4): 2^64 divided by the golden ratio.
        constexpr std::uint64_t multiplier = 0x9e37'79b9'7f4a'7c15;
        constexpr unsigned bits = 9;
        static_assert(capacity == std::size_t{1} << bits);
        return ((address * multiplier >> (64 - bits)) + probe) % capacity;
    }
    static constexpr std::uint64_t for_good = ~std::uint64_t{0};
    bool alive(const Entry& e, std::uint64_t now) const {
        return ageing_ == 0 || now - e.seen <= ageing_ || e.seen == for_good;
    }
    void release(Entry& e) {
        if (e.seen != for_good)
            --stations_[e.port];
        e.port = no_port;
    }

    const std::uint64_t ageing_;
    std::array<Entry, capacity> entries_{};
    std::array<std::uint32_t, max_ports> stations_{};
    std::array<std::uint32_t, max_ports> quota_{};
    std::size_t sweep_at_ = 0;
    Counters counters_;
};

}  // namespace vms::service
