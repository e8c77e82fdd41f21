#include "vms/frontend/net_receive.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "vms/frontend/guest_memory.h"

namespace vms::frontend {

namespace net = abi::net;

namespace {

// Linux 6.1 on arm64 with pages of 4 KiB.
constexpr std::uint32_t page_bytes = 4096;
constexpr std::uint32_t cache_line_bytes = 64;              ///< L1_CACHE_BYTES
constexpr std::uint32_t page_block_bytes = 8 * page_bytes;  ///< SKB_FRAG_PAGE_ORDER 3
constexpr unsigned mean_shift = 6;                          ///< RECEIVE_AVG_WEIGHT 64
constexpr std::uint32_t largest_packet = 65535;             ///< IP_MAX_MTU, MAX_MTU
constexpr std::uint32_t good_packet =
    net::ethernet_header_bytes + net::vlan_tag_bytes + net::default_mtu;  ///< GOOD_PACKET_LEN
/// struct padded_vnet_hdr: where a big buffer's data begin in its first page.
constexpr std::uint32_t padded_header = 32;

}  // namespace

// --- the length of mergeable buffers ------------------------------------------------------------

/// mergeable_min_buf_len.
void MergeableLength::start(std::uint32_t longest_packet, std::uint32_t ring) {
    const std::uint32_t longest =
        net::header::bytes + net::ethernet_header_bytes + net::vlan_tag_bytes + longest_packet;
    const std::uint32_t share = (longest + ring - 1) / ring;
    minimum_ = std::max(std::max(share, net::header::bytes) - net::header::bytes, good_packet);
}

/// DECLARE_EWMA(pkt_len, 0, 64).
void MergeableLength::add(std::uint32_t frame_bytes) {
    mean_ = mean_ == 0 ? frame_bytes : ((mean_ << mean_shift) - mean_ + frame_bytes) >> mean_shift;
}

std::uint32_t MergeableLength::next() {
    const std::uint32_t data = std::min(std::max(mean_, minimum_), page_bytes - net::header::bytes);
    std::uint32_t length =
        (net::header::bytes + data + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
    if (!any_block_ || offset_ + length > page_block_bytes) {
        any_block_ = true;
        offset_ = 0;
    }
    offset_ += length;
    // What is left of the block and too short for another is added to this one.
    const std::uint32_t hole = page_block_bytes - offset_;
    if (hole < length) {
        length += hole;
        offset_ += hole;
    }
    return length;
}

// ------------------------------------------------------------------------------------------------

void NetReceive::start(std::size_t mtu, bool mtu_known) {
    const std::uint32_t ring_size = ring().layout().size;
    const auto payload = static_cast<std::uint32_t>(mtu);
    per_buffer_ = {};
    per_buffer_.add(device_[Operation::ring_get]);
    per_refill_ = {};
    per_refill_.add(device_[Operation::ring_add]).add(device_[Operation::net_refill]);
    if (device_.bounced) {
        per_buffer_.add(device_[Operation::buffer_unmap]);
        per_refill_.add(device_[Operation::buffer_map]);
    }
    if (device_.profile.buffers == NetProfile::Buffers::bounced) {
        const bool big = mtu_known && payload > net::default_mtu;
        if (device_.negotiated(net::feature::mrg_rxbuf)) {
            shape_ = Shape::mergeable;
            length_.start(big || !mtu_known ? largest_packet : payload, ring_size);
        } else if (big) {
            shape_ = Shape::big;
            big_pages_ = (payload + page_bytes - 1) / page_bytes;
            max_segments_ = big_pages_ + 2;
        } else {
            shape_ = Shape::small;
        }
    }
    refill_above_ = std::min(device_.profile.refill_budget, ring_size) / 2;

    buffers_.resize(ring_size);
    segments_.resize(std::size_t{ring_size} * max_segments_);
    gathered_.reserve(std::numeric_limits<std::uint16_t>::max());
    unused_.reserve(ring_size);
    for (std::uint32_t i = ring_size; i-- > 0;)
        unused_.push_back(i);
    if (shape_ != Shape::fixed)
        return;
    // Static buffers, for as long as there is memory.
    const std::uint32_t batch = device_.profile.receive_batch;
    batches_ = batch != 0 && ring().has_event_index() && !device_.polling;
    const std::uint32_t count = batches_ ? std::min(batch, ring_size) : ring_size;
    std::erase_if(unused_, [count](std::uint32_t b) { return b >= count; });
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto buffer = device_.memory->take(device_.profile.receive_bytes);
        if (!buffer) {
            std::erase_if(unused_, [i](std::uint32_t b) { return b >= i; });
            break;
        }
        buffers_[i] = {1, device_.profile.receive_bytes};
        segments(i)[0] = {*buffer, device_.profile.receive_bytes, true};
    }
}

// --- buffers for the device ---------------------------------------------------------------------

/// try_fill_recv.
void NetReceive::fill() {
    std::uint32_t added = 0;
    Bill bill;
    while (ring().free_descriptors() != 0 && !unused_.empty()) {
        const std::uint32_t index = unused_.back();
        if (!map(index)) {
            ++device_.counters.rx_starved;
            break;
        }
        const auto chain = segments(index).first(buffers_[index].segments);
        if (!ring().stage(chain, index)) {
            unmap(index);
            break;
        }
        unused_.pop_back();
        ++added;
        // swiotlb copies what is mapped in whichever way it will go, so that nothing stale leaks.
        bill.add(per_refill_);
        if (device_.bounced)
            device_.add_copying(bill, buffers_[index].bytes);
    }
    ++device_.counters.rx_refills;
    bill.retire(device_.cpu);
    if (batches_)
        ring().interrupt_when_all_used();
    ring().expose();
    if (added != 0 && device_.kick(net::receiveq))
        ++device_.counters.rx_kicks;
}

bool NetReceive::map(std::uint32_t index) {
    Buffer& b = buffers_[index];
    switch (shape_) {
        case Shape::fixed:
            return true;
        case Shape::mergeable:
            b.segments = 1;
            set_segment(index, 0, length_.next());
            break;
        case Shape::small:
            b.segments = 1;
            set_segment(index, 0, net::header::bytes + good_packet);
            break;
        case Shape::big:
            b.segments = max_segments_;
            set_segment(index, 0, net::header::bytes);
            set_segment(index, 1, page_bytes - padded_header);
            for (std::uint32_t s = 2; s < max_segments_; ++s)
                set_segment(index, s, page_bytes);
            break;
    }
    b.bytes = 0;
    for (std::uint32_t s = 0; s < b.segments; ++s) {
        SplitRing::Segment& segment = segments(index)[s];
        const auto at = device_.memory->take(segment.length);
        if (!at) {
            b.segments = s;
            unmap(index);
            return false;
        }
        segment.address = *at;
        b.bytes += segment.length;
    }
    return true;
}

void NetReceive::set_segment(std::uint32_t index, std::uint32_t segment, std::uint32_t length) {
    segments(index)[segment] = {{}, length, true};
}

void NetReceive::unmap(std::uint32_t index) {
    if (shape_ == Shape::fixed)
        return;
    for (const SplitRing::Segment& s : segments(index).first(buffers_[index].segments))
        device_.memory->release(s.address, s.length);
}

// --- frames from the device ---------------------------------------------------------------------

/// virtnet_receive.
unsigned NetReceive::receive(unsigned budget) {
    unsigned n = 0;
    while (n < budget) {
        const auto used = ring().get();
        if (!used)
            break;
        ++n;
        take(*used);
    }
    if (n == 0)
        device_.cpu.retire_named(device_[Operation::ring_poll]);
    else
        ++device_.activity;
    if (ring().broken())
        device_.stop(Fault::ring_broken);
    else if (batches_ ? ring().outstanding() == 0 : ring().free_descriptors() > refill_above_)
        fill();
    return n;
}

/// receive_buf: one frame, of as many buffers as its header says.
void NetReceive::take(const SplitRing::Used& used) {
    NetCounters& counters = device_.counters;
    const auto index = static_cast<std::uint32_t>(used.token);
    const Buffer& b = buffers_[index];
    ++counters.rx_buffers;
    Bill bill = per_buffer_;
    bill.add(device_[Operation::net_receive]);
    if (device_.bounced)
        device_.add_copying(bill, b.bytes);
    bill.retire(device_.cpu);

    const SplitRing::Segment& first = segments(index)[0];
    if (used.length < net::header::bytes + net::ethernet_header_bytes || used.length > b.bytes) {
        count(counters.rx_errors);
        unmap(index);
        unused_.push_back(index);
        return;
    }
    net::Header header;
    const auto header_bytes = std::as_writable_bytes(std::span{&header, 1});
    copy_from_guest(device_.cpu, first.address, header_bytes);

    const std::uint32_t length = used.length - net::header::bytes;
    const bool merged = shape_ == Shape::mergeable && header.num_buffers != 1;
    const std::byte* in_place = b.segments == 1 && !merged
                                    ? device_.cpu.ram(first.address + net::header::bytes, length)
                                    : nullptr;
    if (in_place != nullptr) {
        deliver({in_place, length}, header);
        unmap(index);
        unused_.push_back(index);
        return;
    }
    gathered_.clear();
    gather(index, used.length, net::header::bytes);
    if (merged && !gather_rest(header.num_buffers))
        return;
    if (merged)
        ++counters.rx_split_frames;
    deliver(gathered_, header);
}

/// Append `length` bytes of a buffer but the first `skip`, and let go of it.
bool NetReceive::gather(std::uint64_t token, std::uint32_t length, std::uint32_t skip) {
    const auto index = static_cast<std::uint32_t>(token);
    const bool fits = length <= buffers_[index].bytes;
    std::uint32_t left = std::min(length, buffers_[index].bytes);
    for (const SplitRing::Segment& s : segments(index).first(buffers_[index].segments)) {
        const std::uint32_t n = std::min(left, s.length);
        const std::uint32_t from = std::min(skip, n);
        const std::size_t before = gathered_.size();
        gathered_.resize(before + n - from);
        copy_from_guest(device_.cpu, s.address + from, std::span{gathered_}.subspan(before));
        left -= n;
        skip -= from;
    }
    unmap(index);
    unused_.push_back(index);
    return fits;
}

/// The further buffers of a frame; they were published together (5.1.9.4.1).
bool NetReceive::gather_rest(unsigned buffers) {
    bool sound = true;
    for (unsigned k = 1; k < std::max(buffers, 2u); ++k) {
        const auto used = buffers == 0 ? std::nullopt : ring().get();
        if (!used) {
            count(device_.counters.rx_missing_buffers);
            return false;
        }
        ++device_.counters.rx_buffers;
        Bill bill = per_buffer_;
        if (device_.bounced)
            device_.add_copying(bill, buffers_[static_cast<std::uint32_t>(used->token)].bytes);
        bill.retire(device_.cpu);
        sound = gather(used->token, used->length, 0) && sound;
    }
    if (!sound)
        count(device_.counters.rx_errors);
    return sound;
}

void NetReceive::deliver(std::span<const std::byte> frame, const net::Header& header) {
    NetCounters& counters = device_.counters;
    if (shape_ == Shape::mergeable)
        length_.add(static_cast<std::uint32_t>(frame.size()));
    const bool partial = (header.flags & net::flag::needs_csum) != 0;
    const bool known = device_.negotiated(net::feature::guest_csum) &&
                       (partial || (header.flags & net::flag::data_valid) != 0);
    if (device_.cpu.frames_wanted())
        device_.note_frame(FramePoint::driver_rx, frame,
                           {partial, header.csum_start, header.csum_offset});
    if (sink_ == nullptr) {
        count(counters.rx_unwanted);
        return;
    }
    count(counters.rx_frames);
    counters.rx_bytes += frame.size();
    counters.rx_known_checksums += known ? 1 : 0;
    sink_->frame(frame, known);
}

std::uint32_t NetReceive::waiting() const {
    std::uint32_t frames = 0;
    const std::uint32_t all = ring().returned_since(counted_);
    for (std::uint32_t i = 0; i < all; ++frames) {
        std::uint32_t buffers = 1;
        if (shape_ == Shape::mergeable) {
            const GuestAddr header =
                ring().returned_buffer(static_cast<std::uint16_t>(counted_ + i));
            buffers = static_cast<std::uint32_t>(
                device_.cpu.load(header + net::header::num_buffers, Width::half));
        }
        i += std::max(buffers, 1u);
    }
    return frames;
}

void NetReceive::interrupted() {
    if (!ring().more_used())
        return;
    ring().interrupted();
    schedule();
}

/// virtqueue_napi_schedule.
void NetReceive::schedule() {
    if (!device_.softirq.schedule(*this))
        return;
    device_.cpu.retire_named(device_[Operation::net_schedule]);
    ring().suppress_interrupts();
}

/// virtnet_poll.
unsigned NetReceive::poll(unsigned budget) {
    ++device_.counters.receive_polls;
    device_.cpu.retire_named(device_[Operation::net_poll]);
    transmit_.clean();
    const unsigned n = receive(budget);
    if (n >= budget)
        return n;
    ring().resume_interrupts();
    device_.softirq.complete(*this);
    if (ring().more_used())
        schedule();
    return n;
}

void NetReceive::look() {
    // With batches the event is set when they are handed over.
    const bool events = ring().has_event_index() && !device_.polling && !batches_;
    while (ring().more_used()) {
        // With event index the next event is set once, at the end: until then none is due.
        if (events) {
            ring().interrupted();
            ring().suppress_interrupts();
        }
        while (receive(Softirq::weight) == Softirq::weight) {
        }
        if (!events || ring().broken())
            return;
        ring().resume_interrupts();
    }
}

}  // namespace vms::frontend
