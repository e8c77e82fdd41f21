// Sends the frames of a capture file: with the time between them as in the file, or as fast as the
// link goes; once or several times. A pass begins when the link is up and there is room in the
// queue; from then on a frame that finds neither is counted as not sent. What arrives is counted
// and otherwise ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <systemc>

#include "models/base/time.h"
#include "models/base/wake_timer.h"
#include "models/core/activity.h"
#include "models/wire/frame_pool.h"
#include "models/wire/link_end.h"
#include "models/wire/pcap.h"
#include "models/wire/transmit_queue.h"

namespace models::wire {

struct ReplayParameters {
    std::string path{};
    Picos start{};  ///< of the first frame
    bool as_fast_as_possible = false;
    std::uint64_t passes = 1;      ///< how often the file is sent; 0: without end
    Picos pause{};                 ///< from the last frame of a pass to the first of the next
    Picos until = Picos::never();  ///< no frame is due at this time or later
    std::size_t queue = 256;       ///< frames that may wait for the transmitter
};

struct ReplayCounters {
    std::uint64_t read = 0;  ///< records of the file that were due, in all passes
    std::uint64_t sent = 0;
    std::uint64_t sent_bytes = 0;  ///< padded, without FCS
    std::uint64_t cut_off = 0;     ///< not sent: the capture kept only a part of them
    std::uint64_t too_short = 0;   ///< not sent: no Ethernet header
    std::uint64_t queue_full = 0;  ///< not sent
    std::uint64_t link_down = 0;   ///< not sent
    std::uint64_t received = 0;
    std::uint64_t received_bytes = 0;

    bool accounted() const { return read == sent + cut_off + too_short + queue_full + link_down; }
};

class Replay final : public sc_core::sc_module, public FrameReceiver {
  public:
    /// Throws as PcapReader does.
    Replay(sc_core::sc_module_name name, const ReplayParameters& parameters, LinkEnd& end,
           Activity& activity);

    const ReplayCounters& counters() const { return counters_; }
    bool finished() const { return finished_; }
    /// Empty, or what ended the replay early.
    const std::string& error() const { return error_; }
    /// When it will next do something by itself (Timeline::add_device).
    const Picos& next_event() const { return timer_.planned(); }

    void receive(const FrameRef& frame, Picos at) override;
    void link_changed(bool up, Picos at) override;

  private:
    void start_of_simulation() override;
    void wake();
    /// Reads on to the next frame that can be sent; false at the end of it all.
    bool load();
    bool rewind();
    bool waits(Picos now);
    void send(Picos now);
    void finish();

    ReplayParameters parameters_;
    LinkEnd& end_;
    TransmitQueue queue_;
    FramePool pool_;
    Activity& activity_;
    PcapReader reader_;
    std::uint64_t pass_ = 1;
    std::optional<Picos> first_stamp_;  ///< of this pass
    Picos pass_start_{};
    bool pass_begins_ = true;  ///< next_ is the first of its pass
    FrameRef next_;
    Picos next_due_{};
    bool finished_ = false;
    std::string error_;
    WakeTimer timer_;
    ReplayCounters counters_;
};

}  // namespace models::wire
