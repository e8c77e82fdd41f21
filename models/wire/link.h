// A full-duplex point-to-point Ethernet link: two ends, two directions that know nothing of each
// other. After IEEE 802.3-2018: 4.2.3 (transmission), 4.4.2 (sizes and the inter-packet gap).
//
// A direction sends one frame at a time, bit by bit at its rate; a frame that is handed over while
// another is sent waits. Times are exact: n bits sent without a pause take n / rate, rounded up to
// the next picosecond for the whole stretch, whatever the frames. A frame arrives when its last bit
// does, at the kernel's time. What befalls frames on the way is drawn from the direction's streams,
// one for each kind, so that a change of one probability leaves the other kinds' draws alone.
//
// A frame handed over for a later time keeps the medium for itself from then on: callers hand over
// in the order of times. A device that sends from within a CPU's access schedules
// (TargetTiming::schedules); the link needs no more than that.
//
// Not modelled: half duplex and collisions, pause frames, auto-negotiation (the rate is given),
// single bit errors: a frame arrives whole or, as with a wrong FCS, not at all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/base/random.h"
#include "models/base/time.h"
#include "models/base/wake_timer.h"
#include "models/core/activity.h"
#include "models/wire/link_end.h"
#include "models/wire/ring.h"

namespace models::wire {

/// What befalls frames in one direction.
struct Impairments {
    Chance loss{};
    Chance duplication{};  ///< a second copy arrives right after the first
    Chance reordering{};   ///< a frame is held back, and those after it may overtake it
    Picos reordering_delay = Picos::us(100);
    Picos jitter{};  ///< each frame is late by 0 to this, evenly; order is kept

    bool operator==(const Impairments&) const = default;
};

/// The link is down from `from` until `until`.
struct Outage {
    Picos from{};
    Picos until{};
};

struct LinkParameters {
    std::uint64_t rate = 1'000'000'000;  ///< bits per second
    /// 10 m of cable at 5 ns/m (estimate; ISO/IEC 11801 allows 5.7 ns/m).
    Picos propagation = Picos::ns(50);
    Impairments a_to_b{};
    Impairments b_to_a{};
    std::vector<Outage> outages{};  ///< in the order of time, apart from each other
    std::uint64_t seed = 1;         ///< the scenario's: the link's name makes it the link's own
};

enum class Side : std::uint8_t { a, b };

constexpr Side other(Side s) {
    return s == Side::a ? Side::b : Side::a;
}

/// Of one direction. Bytes are those of frames as handed over, without preamble and FCS.
struct LinkCounters {
    std::uint64_t sent = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t duplicated = 0;  ///< copies that the link made
    std::uint64_t delivered = 0;   ///< copies included
    std::uint64_t delivered_bytes = 0;
    std::uint64_t lost = 0;         ///< by chance
    std::uint64_t lost_down = 0;    ///< sent, or on the way, while the link was down
    std::uint64_t unconnected = 0;  ///< arrived where nobody listens
    std::uint64_t held_back = 0;    ///< for reordering
    std::uint64_t reordered = 0;    ///< delivered after a frame that was sent later
    Picos busy{};                   ///< how long the medium was occupied, gaps included
    Picos first{};                  ///< when the first frame began
    Picos last{};                   ///< when the medium was free again after the last

    bool operator==(const LinkCounters&) const = default;
};

/// Who watches a link, without being part of it.
class FrameTap {
  public:
    /// The last bit of a frame left the end `from` at `at`, which may be ahead of the kernel's
    /// time.
    virtual void left(const FrameRef& frame, Side from, Picos at) = 0;
    /// It arrived at the end `at_end`, at the kernel's time.
    virtual void arrived(const FrameRef& frame, Side at_end, Picos at) = 0;

  protected:
    ~FrameTap() = default;
};

/// One direction of a link.
class LinkDirection final : public sc_core::sc_module {
  public:
    LinkDirection(sc_core::sc_module_name name, Side from, const LinkParameters& parameters,
                  std::uint64_t seed, Activity& activity);

    Picos send(FrameRef frame, Picos at);
    Picos free_at() const { return free_at_; }
    void connect(FrameReceiver& receiver) { receiver_ = &receiver; }
    FrameReceiver* receiver() const { return receiver_; }
    void attach(FrameTap& tap) { taps_.push_back(&tap); }

    bool up() const { return up_; }
    /// What is on the way when the link goes down is lost.
    void set_up(bool up);

    const LinkCounters& counters() const { return counters_; }
    std::uint64_t in_flight() const { return in_order_.size() + held_back_.size(); }
    /// When it will next do something by itself (Timeline::add_device).
    const Picos& next_event() const { return timer_.planned(); }
    /// sent + duplicated = delivered + lost + lost_down + unconnected + in flight.
    bool accounted() const;

  private:
    struct InFlight {
        FrameRef frame;
        Picos arrival{};
        std::uint64_t index = 0;  ///< order of sending
    };

    void wake();
    void launch(FrameRef frame, Picos last_bit, std::uint64_t bits, std::uint64_t index);
    void add(InFlight f, bool held_back);
    Picos next_arrival() const;
    InFlight take_next();
    void deliver(const InFlight& f);
    void settle();

    Side from_;
    Picos propagation_;
    Impairments impairments_;
    bool exact_order_;  ///< nothing can bring arrivals closer together than they were sent
    RandomStream loss_;
    RandomStream duplication_;
    RandomStream reordering_;
    RandomStream jitter_;
    Activity& activity_;
    bool activity_held_ = false;
    FrameReceiver* receiver_ = nullptr;
    std::vector<FrameTap*> taps_;
    bool up_ = true;

    RateClock clock_;    ///< its remainder stays zero
    Picos run_start_{};  ///< since when bits are sent without a pause
    std::uint64_t run_bits_ = 0;
    Picos free_at_{};
    std::uint64_t sent_ = 0;

    Ring<InFlight> in_order_;          ///< by arrival
    std::vector<InFlight> held_back_;  ///< by arrival, the latest first
    Picos last_arrival_{};
    std::optional<std::uint64_t> latest_delivered_;
    WakeTimer timer_;
    LinkCounters counters_;
};

class Link final : public sc_core::sc_module {
  public:
    Link(sc_core::sc_module_name name, const LinkParameters& parameters, Activity& activity);

    LinkEnd& end(Side s) { return s == Side::a ? a_ : b_; }
    LinkEnd& a() { return a_; }
    LinkEnd& b() { return b_; }

    /// Frames sent from this side.
    const LinkCounters& counters(Side from) const { return direction(from).counters(); }
    std::uint64_t in_flight(Side from) const { return direction(from).in_flight(); }
    bool accounted() const { return a_to_b_.accounted() && b_to_a_.accounted(); }
    const LinkParameters& parameters() const { return parameters_; }

    /// Before the simulation starts. The tap outlives the link's last frame.
    void attach(FrameTap& tap);
    bool up() const { return a_to_b_.up(); }
    /// When something will next happen on it (Timeline::add_device): frames from either side, and
    /// outages.
    std::array<const Picos*, 3> next_events() const {
        return {&a_to_b_.next_event(), &b_to_a_.next_event(), &change_.planned()};
    }
    /// At the kernel's time.
    void set_up(bool up);

  private:
    class End final : public LinkEnd {
      public:
        End(std::uint64_t rate, LinkDirection& out, LinkDirection& in)
            : rate_(rate), out_(out), in_(in) {}
        void connect(FrameReceiver& receiver) override { in_.connect(receiver); }
        Picos send(FrameRef frame, Picos at) override { return out_.send(std::move(frame), at); }
        Picos free_at() const override { return out_.free_at(); }
        std::uint64_t rate() const override { return rate_; }
        bool up() const override { return out_.up(); }

      private:
        std::uint64_t rate_;
        LinkDirection& out_;
        LinkDirection& in_;
    };

    const LinkDirection& direction(Side from) const { return from == Side::a ? a_to_b_ : b_to_a_; }
    void start_of_simulation() override;
    void change();
    void plan_change();

    LinkParameters parameters_;
    LinkDirection a_to_b_;
    LinkDirection b_to_a_;
    End a_;
    End b_;
    std::size_t next_change_ = 0;  ///< into outages, twice: down, up
    WakeTimer change_;
};

}  // namespace models::wire
