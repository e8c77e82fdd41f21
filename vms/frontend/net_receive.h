// The receive side of the network driver (OASIS VirtIO v1.4, 5.1.9.3 and 5.1.9.4): buffers for the
// device, frames out of them, the ring refilled. With deferred work it does what virtnet_poll and
// try_fill_recv of Linux 6.1 do; the buffers are then, after the features and the MTU:
//   mergeable  MRG_RXBUF: fragments of a page block, as long as frames have been on average
//   small      one of header and 1518 bytes
//   big        MTU above 1500 without MRG_RXBUF: a chain of header, and pages for the MTU
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vms/frontend/net_device.h"
#include "vms/frontend/net_transmit.h"

namespace vms::frontend {

/// How long mergeable buffers are: get_mergeable_buf_len over an exponentially weighted mean of
/// frame lengths (EWMA of weight 64), cut from blocks of 32 KiB (SKB_FRAG_PAGE_ORDER).
class MergeableLength {
  public:
    /// `longest_packet`: largest payload to be expected; `ring`: descriptors.
    void start(std::uint32_t longest_packet, std::uint32_t ring);
    void add(std::uint32_t frame_bytes);
    /// The length of the next buffer; it is cut off.
    std::uint32_t next();

  private:
    std::uint32_t minimum_ = 0;
    std::uint32_t mean_ = 0;
    std::uint32_t offset_ = 0;  ///< into the block
    bool any_block_ = false;
};

class NetReceive final : public Pollable {
  public:
    NetReceive(NetDevice& device, NetTransmit& transmit) : device_(device), transmit_(transmit) {}

    /// The queue exists.
    void start(std::size_t mtu, bool mtu_known);
    void attach(workload::FrameSink& sink) { sink_ = &sink; }

    /// Give the device buffers until the ring is full; tell it once.
    void fill();

    void interrupted();
    void schedule();
    /// Softirq: completed transmissions, then at most `budget` frames.
    unsigned poll(unsigned budget) override;
    /// Without deferred work: everything that has arrived.
    void look();

    SplitRing& ring() const { return device_.transport.queue(abi::net::receiveq); }
    /// For the host, at any time: frames that the device has given back and that are under none of
    /// the counters yet.
    std::uint32_t waiting() const;

  private:
    enum class Shape : std::uint8_t { fixed, mergeable, small, big };
    struct Buffer {
        std::uint32_t segments = 0;
        std::uint32_t bytes = 0;  ///< of all segments
    };

    /// The frame that was taken last is in the account now.
    void count(std::uint64_t& as) {
        ++as;
        counted_ = ring().used_index();
    }
    unsigned receive(unsigned budget);
    void take(const SplitRing::Used& used);
    bool gather(std::uint64_t token, std::uint32_t length, std::uint32_t skip);
    bool gather_rest(unsigned buffers);
    void deliver(std::span<const std::byte> frame, const abi::net::Header& header);
    bool map(std::uint32_t index);
    void unmap(std::uint32_t index);
    std::span<SplitRing::Segment> segments(std::uint32_t index) {
        return std::span{segments_}.subspan(std::size_t{index} * max_segments_, max_segments_);
    }
    void set_segment(std::uint32_t index, std::uint32_t segment, std::uint32_t length);

    NetDevice& device_;
    NetTransmit& transmit_;
    workload::FrameSink* sink_ = nullptr;
    Shape shape_ = Shape::fixed;
    std::uint16_t counted_ = 0;  ///< used index behind the last frame that is in the account
    std::uint32_t max_segments_ = 1;
    std::uint32_t refill_above_ = 0;  ///< free descriptors
    bool batches_ = false;            ///< NetProfile::receive_batch
    std::uint32_t big_pages_ = 0;
    MergeableLength length_;
    std::vector<Buffer> buffers_;
    std::vector<SplitRing::Segment> segments_;  ///< max_segments_ of each buffer
    std::vector<std::uint32_t> unused_;         ///< buffers that are not with the device
    std::vector<std::byte> gathered_;           ///< a frame of several pieces
    Bill per_buffer_;                           ///< ring, unmapping
    Bill per_refill_;                           ///< allocation, mapping, ring
};

}  // namespace vms::frontend
