#include "vms/frontend/net_transmit.h"

#include <cstring>
#include <utility>

#include "vms/frontend/guest_memory.h"

namespace vms::frontend {

namespace net = abi::net;
using workload::PartialChecksum;

namespace {

/// A buffer's token: its address and, above it, its length. Addresses have 48 bits (Arm ARM, the
/// output size of stage 2 without LPA).
constexpr unsigned token_length_shift = 48;
constexpr std::uint64_t token_address = (std::uint64_t{1} << token_length_shift) - 1;

}  // namespace

bool NetTransmit::start(std::size_t mtu) {
    buffer_bytes_ = static_cast<std::uint32_t>(net::header::bytes + net::ethernet_header_bytes +
                                               net::vlan_tag_bytes + mtu);
    per_frame_ = {};
    per_frame_.add(device_[Operation::net_transmit]).add(device_[Operation::ring_add]);
    per_completed_ = {};
    per_completed_.add(device_[Operation::ring_get]).add(device_[Operation::net_transmitted]);
    if (device_.bounced) {
        per_frame_.add(device_[Operation::buffer_map]);
        per_completed_.add(device_[Operation::buffer_unmap]);
    }
    interrupts_wanted_ = device_.profile.transmit_interrupts && !device_.polling;
    if (!interrupts_wanted_)
        ring().enable_interrupts(false);
    if (device_.profile.buffers != NetProfile::Buffers::fixed)
        return true;
    free_buffers_.reserve(ring().layout().size);
    for (std::uint32_t i = 0; i < ring().layout().size; ++i) {
        const auto buffer = device_.memory->take(buffer_bytes_);
        if (!buffer)
            break;
        free_buffers_.push_back(*buffer);
    }
    return !free_buffers_.empty();
}

// --- sending ------------------------------------------------------------------------------------

bool NetTransmit::send(std::span<const std::byte> frame, PartialChecksum checksum, bool more) {
    device_.counters.tx_handing = 1;
    if (!room())
        return keep(frame, checksum);
    return transmit(frame, checksum, more);
}

bool NetTransmit::keep(std::span<const std::byte> frame, PartialChecksum checksum) {
    if (backlog_.size() >= device_.profile.backlog) {
        count(device_.counters.tx_dropped_backlog);
        return false;
    }
    backlog_.push_back({{frame.begin(), frame.end()}, checksum});
    device_.counters.tx_backlog = backlog_.size();
    device_.counters.tx_handing = 0;
    return true;
}

bool NetTransmit::transmit(std::span<const std::byte> frame, PartialChecksum checksum, bool more) {
    NetCounters& counters = device_.counters;
    if (device_.profile.deferred) {
        do {
            ring().suppress_interrupts();
            reclaim();
        } while (!more && !ring().resume_interrupts_delayed());
    } else if (ring().free_descriptors() <= device_.profile.stop_below) {
        reclaim();
    }

    const auto bytes = static_cast<std::uint32_t>(net::header::bytes + frame.size());
    const std::optional<GuestAddr> buffer = take_buffer(bytes);
    if (!buffer) {
        count(counters.tx_dropped_memory);
        return false;
    }
    net::Header header;
    if (checksum.wanted) {
        header.flags = net::flag::needs_csum;
        header.csum_start = checksum.start;
        header.csum_offset = checksum.offset;
        ++counters.tx_partial_checksums;
    }
    if (std::byte* p = device_.cpu.ram(*buffer, bytes)) {
        std::memcpy(p, &header, sizeof header);
        std::memcpy(p + sizeof header, frame.data(), frame.size());
    } else {
        copy_to_guest(device_.cpu, *buffer, std::as_bytes(std::span{&header, 1}));
        copy_to_guest(device_.cpu, *buffer + sizeof header, frame);
    }
    Bill bill = per_frame_;
    if (device_.bounced)
        device_.add_copying(bill, bytes);
    bill.retire(device_.cpu);

    const std::uint64_t token = buffer->value | std::uint64_t{bytes} << token_length_shift;
    const SplitRing::Segment segment{*buffer, bytes, false};
    if (!ring().stage({&segment, 1}, token)) {
        give_back(token);
        count(counters.tx_dropped_ring);
        return false;
    }
    unkicked_ = true;
    count(counters.tx_frames);
    counters.tx_bytes += frame.size();
    if (device_.cpu.frames_wanted())
        device_.note_frame(FramePoint::driver_tx, frame, checksum);

    if (short_of_room()) {
        stopped_ = true;
        ++counters.tx_stops;
    }
    // Linux stores the index for each frame, kicked or not.
    if (device_.profile.deferred)
        ring().expose();
    if (stopped_ && device_.profile.deferred && !ring().resume_interrupts_delayed())
        schedule();
    if (!more || stopped_)
        kick();
    return true;
}

bool NetTransmit::short_of_room() const {
    return ring().free_descriptors() < device_.profile.stop_below ||
           (device_.profile.buffers == NetProfile::Buffers::fixed && free_buffers_.empty());
}

std::optional<GuestAddr> NetTransmit::take_buffer(std::uint32_t bytes) {
    if (device_.profile.buffers == NetProfile::Buffers::bounced)
        return device_.memory->take(bytes);
    if (free_buffers_.empty() || bytes > buffer_bytes_)
        return std::nullopt;
    const GuestAddr buffer = free_buffers_.back();
    free_buffers_.pop_back();
    return buffer;
}

void NetTransmit::give_back(std::uint64_t token) {
    const GuestAddr buffer{token & token_address};
    if (device_.profile.buffers == NetProfile::Buffers::bounced)
        device_.memory->release(buffer, token >> token_length_shift);
    else
        free_buffers_.push_back(buffer);
}

void NetTransmit::kick() {
    if (!device_.profile.deferred && interrupts_wanted_ && ring().has_event_index())
        ring().interrupt_when_all_used();
    ring().expose();
    unkicked_ = false;
    if (device_.kick(net::transmitq))
        ++device_.counters.tx_kicks;
}

void NetTransmit::flush() {
    if (!unkicked_)
        return;
    // The last frame was handed over as one that another follows: its interrupt is still to be
    // asked for, as for the last of a burst.
    if (device_.profile.deferred) {
        while (!ring().resume_interrupts_delayed()) {
            ring().suppress_interrupts();
            reclaim();
        }
    }
    kick();
}

// --- completion ---------------------------------------------------------------------------------

/// free_old_xmit_skbs.
void NetTransmit::reclaim() {
    std::uint32_t n = 0;
    while (const auto used = ring().get()) {
        give_back(used->token);
        ++n;
    }
    if (n == 0)
        device_.cpu.retire_named(device_[Operation::ring_poll]);
    else
        per_completed_.retire(device_.cpu, n);
    device_.counters.tx_completed += n;
    if (n != 0 && draining_)
        ++device_.activity;
    if (ring().broken())
        device_.stop(Fault::ring_broken);
}

void NetTransmit::wake_if_room() {
    if (!stopped_ || short_of_room())
        return;
    stopped_ = false;
    ++device_.counters.tx_wakes;
    ++device_.activity;
    while (!stopped_ && !backlog_.empty()) {
        const Kept kept = std::move(backlog_.front());
        backlog_.pop_front();
        device_.counters.tx_backlog = backlog_.size();
        device_.counters.tx_handing = 1;
        transmit(kept.frame, kept.checksum, false);
    }
}

void NetTransmit::interrupted() {
    if (!ring().more_used())
        return;
    ring().interrupted();
    ring().suppress_interrupts();
    schedule();
}

void NetTransmit::schedule() {
    if (!device_.softirq.schedule(*this))
        return;
    device_.cpu.retire_named(device_[Operation::net_schedule]);
    ring().suppress_interrupts();
}

unsigned NetTransmit::poll(unsigned /*budget*/) {
    ++device_.counters.transmit_polls;
    device_.cpu.retire_named(device_[Operation::net_poll]);
    {
        const Softirq::Disabled lock(device_.softirq);
        ring().suppress_interrupts();
        reclaim();
        wake_if_room();
        ring().resume_interrupts();
    }
    device_.softirq.complete(*this);
    if (ring().more_used())
        schedule();
    return 0;
}

void NetTransmit::clean() {
    do {
        ring().suppress_interrupts();
        reclaim();
    } while (!ring().resume_interrupts_delayed());
    wake_if_room();
}

void NetTransmit::look() {
    reclaim();
    wake_if_room();
}

bool NetTransmit::want_interrupts(bool wanted) {
    if (device_.profile.transmit_interrupts || wanted == interrupts_wanted_)
        return true;
    interrupts_wanted_ = wanted;
    ring().enable_interrupts(wanted);
    return !wanted || !ring().more_used();
}

}  // namespace vms::frontend
