// The message rings that the IPC workloads keep in a shared-memory object; the layout is this
// project's own, because Bao's objects have none. Each half of the object is a ring for one
// direction: requests in the lower, replies in the upper. A ring is
//   +0    index of the producer: messages written so far, modulo 2^32
//   +64   index of the consumer: messages taken so far, modulo 2^32 (a line of its own)
//   +128  eight slots of a multiple of 64 bytes: length, sequence, CRC-32, 0, then the payload
// Words are 32 bits, little-endian. Each index has one writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vms/cpu.h"

namespace vms::workload {

struct IpcMessage {
    std::uint32_t sequence = 0;
    std::uint32_t crc32 = 0;  ///< of the payload, as the sender found it
    std::vector<std::byte> payload;
};

/// Where one ring lies.
class IpcRingLayout {
  public:
    static constexpr std::uint32_t slots = 8;

    constexpr IpcRingLayout(GuestAddr base, std::uint64_t bytes) : base_(base), bytes_(bytes) {}

    static constexpr IpcRingLayout requests(GuestAddr object, std::uint64_t size) {
        return {object, half(size)};
    }
    static constexpr IpcRingLayout replies(GuestAddr object, std::uint64_t size) {
        return {object + half(size), half(size)};
    }

    constexpr GuestAddr produced() const { return base_; }
    constexpr GuestAddr consumed() const { return base_ + line_bytes; }
    constexpr GuestAddr slot(std::uint32_t index) const {
        return base_ + header_bytes + index % slots * slot_bytes();
    }
    /// The longest payload of one message; 0 when the ring is too small for any.
    constexpr std::uint64_t capacity() const {
        return slot_bytes() == 0 ? 0 : slot_bytes() - slot_header_bytes;
    }

    static constexpr std::uint64_t slot_header_bytes = 16;

  private:
    static constexpr std::uint64_t line_bytes = 64;
    static constexpr std::uint64_t header_bytes = 2 * line_bytes;

    static constexpr std::uint64_t half(std::uint64_t size) {
        return size / 2 / line_bytes * line_bytes;
    }
    constexpr std::uint64_t slot_bytes() const {
        return bytes_ < header_bytes ? 0
                                     : (bytes_ - header_bytes) / slots / line_bytes * line_bytes;
    }

    GuestAddr base_;
    std::uint64_t bytes_;
};

/// The producer's side. It goes on where the index in memory says.
class IpcSender {
  public:
    IpcSender(Cpu& cpu, IpcRingLayout layout);

    /// Messages sent into this ring so far, modulo 2^32.
    std::uint32_t index() const { return index_; }
    /// Write the message and publish it. False: it is too long, or the ring is full.
    bool put(const IpcMessage& m);

  private:
    Cpu& cpu_;
    IpcRingLayout layout_;
    std::uint32_t index_;
};

/// The consumer's side.
class IpcReceiver {
  public:
    IpcReceiver(Cpu& cpu, IpcRingLayout layout);

    std::uint32_t index() const { return index_; }
    /// The next message, copied out and its slot given back; nothing when there is none.
    std::optional<IpcMessage> take();
    /// The producer has written an index or a length that cannot be.
    bool broken() const { return broken_; }

  private:
    Cpu& cpu_;
    IpcRingLayout layout_;
    std::uint32_t index_;
    bool broken_ = false;
};

}  // namespace vms::workload
