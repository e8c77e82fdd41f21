// The queue in front of a link's transmitter: frames that wait for those before them. It is bounded
// and remembers only when each frame's first bit goes out; the frames are with the link.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "models/base/time.h"
#include "models/wire/link_end.h"

namespace models::wire {

class TransmitQueue {
  public:
    /// Room for `limit` frames besides the one being sent; at least 1.
    TransmitQueue(LinkEnd& end, std::size_t limit)
        : end_(end), starts_(std::max<std::size_t>(limit, 1)) {}

    /// Whether a frame handed over at `at` finds room.
    bool room(Picos at) const { return room_at() <= at; }
    /// When the next frame finds room.
    Picos room_at() const { return starts_[next_]; }
    /// Sends at `at` or when it is its turn. False: there is no room, the frame is dropped. Calls
    /// come in the order of `at`.
    bool send(FrameRef frame, Picos at) {
        if (!room(at))
            return false;
        starts_[next_] = std::max(at, end_.free_at());
        next_ = next_ + 1 == starts_.size() ? 0 : next_ + 1;
        end_.send(std::move(frame), at);
        return true;
    }

  private:
    LinkEnd& end_;
    std::vector<Picos> starts_;  ///< of the frames before, in a ring
    std::size_t next_ = 0;
};

}  // namespace models::wire
