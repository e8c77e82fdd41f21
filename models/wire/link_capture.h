// Captures what passes one end of a link into a file, as a capture on an interface there does: the
// frames sent, when their last bit left, and those that arrived, when it arrived. What the link
// lost shows at the sender's end and not at the other, what it duplicated the other way round.
#pragma once

#include <cstdint>
#include <vector>

#include "models/wire/link.h"
#include "models/wire/pcap.h"

namespace models::wire {

class LinkCapture final : public FrameTap {
  public:
    LinkCapture(Link& link, Side side, PcapWriter writer)
        : side_(side), writer_(std::move(writer)) {
        link.attach(*this);
    }
    LinkCapture(const LinkCapture&) = delete;
    LinkCapture& operator=(const LinkCapture&) = delete;

    /// Writes what is left and closes the file; frames whose last bit has not left by then too. The
    /// first error that writing met.
    std::error_code finish();
    /// Frames written or about to be.
    std::uint64_t frames() const { return frames_; }

  private:
    struct Waiting {
        Picos at{};
        std::uint64_t order = 0;
        FrameRef frame;
    };

    void left(const FrameRef& frame, Side from, Picos at) override;
    void arrived(const FrameRef& frame, Side at_end, Picos at) override;
    void add(const FrameRef& frame, Picos at);
    void flush(Picos until);

    Side side_;
    PcapWriter writer_;
    std::vector<Waiting> waiting_;  ///< a heap: a frame that leaves may be told ahead of time
    std::uint64_t frames_ = 0;
};

}  // namespace models::wire
