// The host that makes traffic: UDP datagrams with the test payload to one address.
//
// Open loop: frames are due at times that do not depend on what becomes of them; the payload's send
// time is when the frame was due, so that waiting for the medium counts as latency. One that finds
// the queue full is dropped and counted.
//
// Closed loop: up to `window` requests are outstanding; an answer makes room for the next request
// `think` later, and so does a timeout. The answer is the datagram itself, sent back (EchoHost).
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/base/random.h"
#include "models/base/time.h"
#include "models/base/wake_timer.h"
#include "models/core/activity.h"
#include "models/wire/host.h"
#include "models/wire/ring.h"
#include "models/wire/traffic.h"
#include "vms/workload/distribution.h"
#include "vms/workload/packets/sequence.h"

namespace models::wire {

struct GeneratorParameters {
    enum class Mode : std::uint8_t { open_loop, closed_loop };

    packets::IpAddress target{};
    std::optional<packets::MacAddress> target_mac{};  ///< none: a group's, or asked for
    Picos resolve_interval = Picos::ms(1);            ///< between requests that nobody answered
    std::uint16_t port = 9;             ///< destination; open loop: a sink, closed: an echo
    std::uint16_t source_port = 49152;  ///< RFC 6335: the first dynamic port
    std::uint16_t flow = 1;

    Mode mode = Mode::open_loop;
    Pace pace{};  ///< open loop
    FrameSizes sizes{};
    std::uint32_t window = 1;       ///< closed loop, from here
    Picos think{};                  ///< from an answer to the next request
    Picos timeout = Picos::ms(10);  ///< an answer later than this counts as lost

    Picos start{};
    std::uint64_t count = 0;       ///< frames; 0: no limit
    Picos until = Picos::never();  ///< none is due at this time or later
    std::uint64_t seed = 1;        ///< the scenario's: the generator's name makes it its own
};

struct GeneratorCounters {
    std::uint64_t due = 0;         ///< made for the target, dropped in the queue or sent
    std::uint64_t sent = 0;        ///< handed to the link
    std::uint64_t sent_bytes = 0;  ///< of frames, without FCS
    std::uint64_t dropped = 0;     ///< no room in the queue, or the link was down
    std::uint64_t solicitations = 0;
    // Closed loop:
    std::uint64_t answered = 0;
    std::uint64_t answered_bytes = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t late = 0;  ///< answers after their timeout, and second answers
    std::uint64_t corrupted =
        0;          ///< answers with another pattern; they are not counted as answered
    Picos first{};  ///< when the first frame was due
    Picos last{};   ///< when the last was due
    vms::workload::Distribution round_trip_ns;  ///< from when it was due to the answer's last bit
};

class Generator final : public sc_core::sc_module, public Host {
  public:
    Generator(sc_core::sc_module_name name, const HostParameters& host,
              const GeneratorParameters& parameters, LinkEnd& end, Activity& activity);

    const GeneratorCounters& traffic() const { return traffic_; }
    const GeneratorParameters& generator() const { return parameters_; }
    std::uint64_t outstanding() const { return outstanding_.size(); }
    /// Nothing more will be sent, and no answer is waited for. The run waits for a generator that
    /// has an end (a count or a time).
    bool finished() const { return finished_; }
    bool endless() const;
    /// When it will next do something by itself (Timeline::add_device).
    const Picos& next_event() const { return timer_.planned(); }

  private:
    struct Request {
        std::uint64_t sequence = 0;
        Picos expires{};
        bool answered = false;
    };

    Received udp(const packets::Packet& p, const FrameRef& frame, Picos at) override;
    void resolved(const packets::IpAddress& address, const packets::MacAddress& mac,
                  Picos at) override;
    void start_of_simulation() override;

    void wake();
    void act(Picos now);
    /// What it occupies of the medium, sent or not.
    std::size_t send_one(Picos due);
    /// Of the next frame: flow and place in it, unlike any other's in the simulation.
    std::uint64_t frame_id() const;
    void take_turn(Picos at);
    void expire(Picos now);
    /// Whether it is the first answer to a request, and in time.
    bool take_answer(std::uint64_t sequence, Picos at);
    void plan();
    bool more(Picos due) const;

    GeneratorParameters parameters_;
    Activity& activity_;
    bool finished_ = false;
    packets::Route route_;
    bool resolved_ = false;
    Picos next_solicitation_{};
    RandomStream size_random_;
    Intervals intervals_;
    Picos next_due_{};           ///< open loop
    std::vector<Picos> turns_;   ///< closed loop, a heap: when the window's free places are due
    Ring<Request> outstanding_;  ///< closed loop, by sequence
    packets::SequenceCheck answers_;  ///< open loop
    WakeTimer timer_;
    GeneratorCounters traffic_;
};

}  // namespace models::wire
