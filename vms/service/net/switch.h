// The software switch of a service guest: frames between the front-ends that it serves and the
// physical network interfaces that are passed through to it. A learning bridge without spanning
// tree, after IEEE 802.1Q, 8.6 to 8.8: frames for a known station go to its port, others to all
// ports but their own; group addresses are flooded, and what a station wants of them is decided at
// its port. Without spanning tree there must be no loop: frames are not forwarded from one physical
// interface to another, which may be on the same network, unless the configuration says so.
//
// A frame is forwarded in the call that brings it in, while it lies in private memory: nothing is
// queued here, so nothing grows with the load, and a port that has no room costs only its own copy.
// Every frame is accounted for: per port, what came in is forwarded, flooded or dropped for a named
// cause, and every copy offered to a port went out or was dropped for a named cause (balanced()).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "service_port.h"
#include "vms/service/net/frame.h"
#include "vms/service/net/stations.h"

namespace vms::service {

/// What is behind a port of the switch.
class SwitchPort {
  public:
    /// Take a copy of the frame before returning, or say why not. The frame's checksum may be
    /// completed, nothing else changed.
    virtual Drop deliver(Frame& frame) = 0;
    /// Whether a frame would find a place now. False: asking again before the station has done
    /// something is of no use.
    virtual bool room() { return true; }
    /// The end of a pass of the main loop: start sending what was taken.
    virtual void flush() {}
    /// Delivered frames that the station cannot see yet.
    virtual std::uint64_t unseen() const { return 0; }
    /// The link to the outside came up or went down.
    virtual void uplink_changed(bool /*up*/) {}

    SwitchPort(const SwitchPort&) = delete;
    SwitchPort& operator=(const SwitchPort&) = delete;

  protected:
    SwitchPort() = default;
    ~SwitchPort() = default;
};

struct PortCounters {
    // From the station into the switch: frames_in = forwarded + flooded + sum of dropped_in, but
    // for a frame that is being forwarded while somebody looks.
    std::uint64_t frames_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t forwarded = 0;  ///< to one port
    std::uint64_t flooded = 0;    ///< to all others
    std::uint64_t copies = 0;     ///< offered to ports: one for each forwarded, all other ports for
                                  ///< each flooded
    std::array<std::uint64_t, drop_count> dropped_in{};
    std::uint32_t entering = 0;  ///< on its way

    // From the switch to the station: offered = frames_out + sum of dropped_out, likewise.
    std::uint64_t offered = 0;
    std::uint64_t frames_out = 0;
    std::uint64_t bytes_out = 0;
    std::array<std::uint64_t, drop_count> dropped_out{};
    std::uint32_t leaving = 0;  ///< on its way

    bool balanced() const;
};

class Switch {
  public:
    static constexpr std::size_t max_ports = 20;
    static_assert(max_ports <= StationTable::max_ports);
    static constexpr std::uint16_t max_mtu = 9216;  ///< jumbo frames, as far as interfaces go
    static constexpr std::size_t max_frame_bytes =
        max_mtu + ethernet::header_bytes + ethernet::tag_bytes;

    struct Parameters {
        std::uint32_t ageing_seconds = 300;  ///< IEEE 802.1Q, 8.8.3; 0: stations never age
        /// Frames that a port may have flooded in a storm interval; 0: any number.
        std::uint32_t storm_frames = 0;
        std::uint32_t storm_interval_us = 1000;
        SourceCheck source_check = SourceCheck::pinned;
        bool bridge_uplinks = false;  ///< forward from one physical interface to another
    };

    Switch(Port& port, const Parameters& parameters);

    Switch(const Switch&) = delete;
    Switch& operator=(const Switch&) = delete;

    /// One more port, the number of which is returned; there must be room (max_ports). `stations`:
    /// how many addresses are learned behind it.
    std::uint8_t attach(SwitchPort& to, std::uint32_t stations);
    std::size_t port_count() const { return count_; }

    /// Private memory for one frame with its headroom, while it is forwarded.
    std::span<std::byte> storage() { return storage_; }

    /// Once a pass, before frames: how late it is.
    void begin_pass();
    /// At the end of a pass.
    void flush();

    /// The station with this address is behind this port for good, whether or not it ever sends.
    /// False: it is behind another.
    bool know(std::uint8_t port, ethernet::Address address) {
        return stations_.know(address, port, now_);
    }
    void unknow(std::uint8_t port, ethernet::Address address) { stations_.unknow(address, port); }
    /// The one address that a network device sends from, for SourceCheck::own.
    void set_own(std::uint8_t port, ethernet::Address address) { slots_[port].own = address; }

    /// The uplink that the frame is for, if for that alone and it has no room; else
    /// StationTable::no_port. Nobody waits for a front-end.
    std::uint8_t full_uplink(const Frame& frame) const;
    bool room(std::uint8_t port) const { return slots_[port].to->room(); }
    /// A frame has come in at `from`.
    void enter(std::uint8_t from, Frame& frame);
    /// A frame has come in of which no more is known than its length and why it goes no further.
    void refuse(std::uint8_t from, std::size_t bytes, Drop cause);
    /// Frames that were delivered to `to` turned out to be lost.
    void lost(std::uint8_t to, std::uint64_t frames, std::uint64_t bytes, Drop cause);
    /// The port went down: its stations are unknown.
    void port_down(std::uint8_t port) { stations_.forget(port); }
    /// The link of an uplink changed. All ports are told when the outside as a whole can be reached
    /// or can be reached no more: with several uplinks one is enough.
    void uplink(std::uint8_t port, bool up);
    bool has_uplink() const { return uplinks_ != 0; }

    /// Complete the checksum, in its time.
    void complete_checksum(Frame& frame);

    const PortCounters& counters(std::size_t port) const { return slots_[port].counters; }
    /// Of its frames_out, those that its station cannot see yet.
    std::uint64_t unseen(std::size_t port) const { return slots_[port].to->unseen(); }
    const StationTable& stations() const { return stations_; }
    /// Whether every frame and copy is accounted for.
    bool balanced() const;

  private:
    struct Slot {
        SwitchPort* to = nullptr;
        PortCounters counters;
        std::uint32_t flooded = 0;  // in the present storm interval
        ethernet::Address own = 0;  // 0: any number of stations are behind it
    };

    /// Where the frame goes: Drop::none, and it is on its way or was taken, or why nowhere.
    Drop forward(std::uint8_t from, Frame& frame);
    void offer(std::uint8_t from, std::uint8_t to, Frame& frame);
    Drop flood(std::uint8_t from, Frame& frame);
    bool apart(std::uint8_t from, std::uint8_t to) const {
        return !p_.bridge_uplinks && (uplinks_ >> from & uplinks_ >> to & 1) != 0;
    }
    void note(FramePoint where, std::uint8_t port, const Frame& frame) {
        if (port_.frames_wanted()) [[unlikely]]
            show(where, port, frame);
    }
    void show(FramePoint where, std::uint8_t port, const Frame& frame);

    Port& port_;
    const Parameters p_;
    StationTable stations_;
    std::array<Slot, max_ports> slots_;
    std::size_t count_ = 0;
    std::uint64_t now_ = 0;          // counter, at the beginning of the pass
    std::uint64_t storm_ticks_ = 0;  // length of a storm interval
    std::uint64_t storm_began_ = 0;
    std::uint32_t uplinks_ = 0;     // ports that are uplinks
    std::uint32_t uplinks_up_ = 0;  // and have a link
    alignas(16) std::array<std::byte, Frame::headroom + max_frame_bytes> storage_{};
};

}  // namespace vms::service
