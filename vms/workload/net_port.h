// A network interface as the software above the driver sees it: frames out, frames in by a call
// from the driver's receive processing, sleep until something has happened. The driver implements
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "vms/workload/packets/addresses.h"

namespace vms::workload {

/// Takes what an interface receives.
class FrameSink {
  public:
    /// `frame`: from the destination address on, without FCS; valid during the call. It may be
    /// called from an interrupt's deferred work: it must not wait. `checksum_known`: the device
    /// vouches for the transport checksum, or left it partial because the frame never crossed a
    /// wire.
    virtual void frame(std::span<const std::byte> frame, bool checksum_known) = 0;

  protected:
    ~FrameSink() = default;
};

/// A checksum that the sender has left to the device: bytes from `start` to the end are summed, the
/// result goes to `start + offset`, where the pseudo header's sum stands.
struct PartialChecksum {
    bool wanted = false;
    std::uint16_t start = 0;
    std::uint16_t offset = 0;
};

class NetInterface {
  public:
    static constexpr std::uint64_t no_deadline = std::numeric_limits<std::uint64_t>::max();

    /// Probed, up, and not broken.
    virtual bool usable() const = 0;
    virtual bool link_up() const = 0;
    virtual packets::MacAddress mac() const = 0;
    /// The largest payload of a frame, bytes after the Ethernet header.
    virtual std::size_t mtu() const = 0;
    /// Whether send() takes partial checksums.
    virtual bool completes_checksums() const = 0;

    /// Who gets what arrives; before the first frame.
    virtual void attach(FrameSink& sink) = 0;
    /// Let a multicast address through.
    virtual void join(const packets::MacAddress& group) = 0;

    /// Hand a frame over. `more`: another follows at once, so the device need not be told yet.
    /// Without room() it is kept in a backlog of bounded length, as a queueing discipline would.
    /// False: it was dropped and counted.
    virtual bool send(std::span<const std::byte> frame, PartialChecksum checksum, bool more) = 0;
    /// Whether the transmit queue takes frames now.
    virtual bool room() const = 0;
    /// Tell the device of what was handed over with `more` and not followed by anything.
    virtual void flush() = 0;

    /// A number that changes whenever frames have arrived, room has become free, the link has
    /// changed or the interface has broken.
    virtual std::uint64_t activity() const = 0;
    /// Sleep until activity() is not `seen`, or the counter has reached `deadline` (ticks; somebody
    /// else has set a timer for it). False: the interface is broken and nothing will come.
    virtual bool wait(std::uint64_t seen, std::uint64_t deadline = no_deadline) = 0;
    /// Wait until the device has used all that was handed over. False as wait().
    virtual bool drain() = 0;

  protected:
    ~NetInterface() = default;
};

}  // namespace vms::workload
