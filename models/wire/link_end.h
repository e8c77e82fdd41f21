// What a MAC or a host sees of a full-duplex Ethernet link: a place to put a frame into and a place
// where frames come out. After IEEE 802.3-2018: clause 3 (frame), 4.2.3.2.2 (inter-packet gap).
//
// Times are the kernel's or later. A frame here is what lies between preamble and frame check
// sequence: destination, source, type, payload with its padding. The link adds preamble, start
// delimiter, FCS and gap to the time that a frame takes (wire_bytes); a MAC pads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/base/time.h"

namespace models::wire {

inline constexpr std::size_t preamble_bytes = 8;    ///< with the start frame delimiter, 3.2.1
inline constexpr std::size_t fcs_bytes = 4;         ///< 3.2.9
inline constexpr std::size_t gap_bytes = 12;        ///< 96 bit times, 4.4.2
inline constexpr std::size_t min_frame_bytes = 60;  ///< without FCS, 4.4.2 (minFrameSize 64)

/// What a frame occupies of the medium, the gap after it included.
constexpr std::size_t wire_bytes(std::size_t frame) {
    return preamble_bytes + (frame < min_frame_bytes ? min_frame_bytes : frame) + fcs_bytes +
           gap_bytes;
}

/// An immutable frame that several places may hold at once: a link that duplicates, a capture.
/// `id` follows it through the simulation; 0: none.
struct Frame {
    std::vector<std::byte> bytes;
    std::uint64_t id = 0;
};
using FrameRef = std::shared_ptr<const Frame>;

/// Who listens at an end of a link.
class FrameReceiver {
  public:
    /// The last bit of a frame has arrived at `at`, which is the kernel's time.
    virtual void receive(const FrameRef& frame, Picos at) = 0;
    /// The link came up or went down (cable, far end).
    virtual void link_changed(bool /*up*/, Picos /*at*/) {}

  protected:
    ~FrameReceiver() = default;
};

/// One end of a link.
class LinkEnd {
  public:
    /// Frames that come out at this end go there. Once, before the simulation starts.
    virtual void connect(FrameReceiver& receiver) = 0;
    /// Put a frame on the medium, its first bit at `at` or, when the transmitter is still busy
    /// then, at free_at(). Returns when the transmitter is free again, the gap included.
    virtual Picos send(FrameRef frame, Picos at) = 0;
    /// When the transmitter of this end is free.
    virtual Picos free_at() const = 0;
    /// Bits per second; what a PHY reports after negotiation.
    virtual std::uint64_t rate() const = 0;
    virtual bool up() const = 0;

  protected:
    ~LinkEnd() = default;
};

}  // namespace models::wire
