#include "vms/service/net/switch.h"

namespace vms::service {

namespace {

std::uint64_t sum(const std::array<std::uint64_t, drop_count>& drops) {
    std::uint64_t n = 0;
    for (const std::uint64_t d : drops)
        n += d;
    return n;
}

void count(std::array<std::uint64_t, drop_count>& drops, Drop cause) {
    ++drops[static_cast<std::size_t>(cause)];
}

constexpr std::uint64_t microseconds_per_second = 1'000'000;

}  // namespace

bool PortCounters::balanced() const {
    return frames_in == forwarded + flooded + sum(dropped_in) + entering &&
           offered == frames_out + sum(dropped_out) + leaving;
}

Switch::Switch(Port& port, const Parameters& parameters)
    : port_(port),
      p_(parameters),
      stations_(std::uint64_t{parameters.ageing_seconds} * port.counter_frequency()),
      storm_ticks_(std::uint64_t{parameters.storm_interval_us} * port.counter_frequency() /
                   microseconds_per_second) {
}

std::uint8_t Switch::attach(SwitchPort& to, std::uint32_t stations) {
    const auto port = static_cast<std::uint8_t>(count_++);
    slots_[port].to = &to;
    stations_.set_quota(port, stations);
    return port;
}

void Switch::begin_pass() {
    now_ = port_.counter();
    stations_.sweep(now_);
    if (now_ - storm_began_ >= storm_ticks_) {
        storm_began_ = now_;
        for (std::size_t i = 0; i < count_; ++i)
            slots_[i].flooded = 0;
    }
}

void Switch::flush() {
    for (std::size_t i = 0; i < count_; ++i)
        slots_[i].to->flush();
}

void Switch::enter(std::uint8_t from, Frame& frame) {
    PortCounters& in = slots_[from].counters;
    ++in.frames_in;
    ++in.entering;
    port_.charge<Operation::switch_forward>();
    in.bytes_in += frame.size();
    note(FramePoint::port_in, from, frame);
    const Drop cause = forward(from, frame);
    --in.entering;  // nothing lets time pass from here on
    if (cause != Drop::none)
        count(in.dropped_in, cause);
}

Drop Switch::forward(std::uint8_t from, Frame& frame) {
    if (frame.size() < ethernet::header_bytes)
        return Drop::too_short;
    const ethernet::Address source = frame.source();
    if (ethernet::is_group(source))
        return Drop::bad_source;
    const ethernet::Address own = slots_[from].own;
    if (p_.source_check == SourceCheck::own && own != 0 && source != own)
        return Drop::spoofed;
    if (!stations_.learn(source, from, now_) && p_.source_check != SourceCheck::off)
        return Drop::spoofed;
    const ethernet::Address destination = frame.destination();
    if (ethernet::is_reserved(destination))
        return Drop::reserved;
    const std::uint8_t to =
        ethernet::is_group(destination) ? StationTable::no_port : stations_.find(destination, now_);
    if (to == StationTable::no_port)
        return flood(from, frame);
    if (to == from)
        return Drop::own_port;
    offer(from, to, frame);
    ++slots_[from].counters.forwarded;
    return Drop::none;
}

std::uint8_t Switch::full_uplink(const Frame& frame) const {
    const ethernet::Address destination = frame.destination();
    if (ethernet::is_group(destination))
        return StationTable::no_port;
    const std::uint8_t to = stations_.find(destination, now_);
    const bool full = to != StationTable::no_port && (uplinks_ >> to & 1) != 0 && !room(to);
    return full ? to : StationTable::no_port;
}

Drop Switch::flood(std::uint8_t from, Frame& frame) {
    Slot& s = slots_[from];
    if (p_.storm_frames != 0 && s.flooded == p_.storm_frames)
        return Drop::storm;
    ++s.flooded;
    for (std::size_t i = 0; i < count_; ++i)
        if (i != from)
            offer(from, static_cast<std::uint8_t>(i), frame);
    ++s.counters.flooded;
    return Drop::none;
}

void Switch::offer(std::uint8_t from, std::uint8_t to, Frame& frame) {
    port_.charge<Operation::switch_offer>();
    PortCounters& out = slots_[to].counters;
    ++slots_[from].counters.copies;
    ++out.offered;
    ++out.leaving;
    const Drop cause = apart(from, to) ? Drop::split_horizon : slots_[to].to->deliver(frame);
    --out.leaving;
    if (cause != Drop::none) {
        count(out.dropped_out, cause);
        return;
    }
    ++out.frames_out;
    out.bytes_out += frame.size();
    note(FramePoint::port_out, to, frame);
}

void Switch::refuse(std::uint8_t from, std::size_t bytes, Drop cause) {
    PortCounters& in = slots_[from].counters;
    ++in.frames_in;
    in.bytes_in += bytes;
    count(in.dropped_in, cause);
}

void Switch::lost(std::uint8_t to, std::uint64_t frames, std::uint64_t bytes, Drop cause) {
    PortCounters& out = slots_[to].counters;
    out.frames_out -= frames;
    out.bytes_out -= bytes;
    out.dropped_out[static_cast<std::size_t>(cause)] += frames;
}

void Switch::uplink(std::uint8_t port, bool up) {
    const std::uint32_t bit = std::uint32_t{1} << port;
    const bool before = uplinks_up_ != 0;
    const bool first = uplinks_ == 0;
    uplinks_ |= bit;
    uplinks_up_ = up ? uplinks_up_ | bit : uplinks_up_ & ~bit;
    if (!up)
        port_down(port);
    const bool after = uplinks_up_ != 0;
    if (before == after && !first)
        return;
    for (std::size_t i = 0; i < count_; ++i)
        slots_[i].to->uplink_changed(after);
}

void Switch::complete_checksum(Frame& frame) {
    constexpr std::size_t line_bytes = 64;  // what Operation::net_checksum_line stands for
    const std::size_t summed = frame.size() - frame.checksum_start();
    port_.charge<Operation::net_checksum_line>(
        static_cast<std::uint32_t>((summed + line_bytes - 1) / line_bytes));
    frame.complete_checksum();
}

void Switch::show(FramePoint where, std::uint8_t port, const Frame& frame) {
    if (!frame.partial()) {
        port_.note_frame(where, port, frame.bytes());
        return;
    }
    // Observers see the frame as it would be on a wire; the frame itself stays as it is.
    const std::span<std::byte> place = frame.checksum_place();
    const std::array<std::byte, 2> kept{place[0], place[1]};
    const std::array<std::byte, 2> complete = frame.checksum();
    place[0] = complete[0];
    place[1] = complete[1];
    port_.note_frame(where, port, frame.bytes());
    place[0] = kept[0];
    place[1] = kept[1];
}

bool Switch::balanced() const {
    std::uint64_t copies = 0;
    std::uint64_t offered = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        const PortCounters& c = slots_[i].counters;
        const std::uint64_t known = c.forwarded + c.flooded * (count_ - 1);
        if (!c.balanced() || c.copies < known || c.copies - known > c.entering * (count_ - 1))
            return false;
        copies += c.copies;
        offered += c.offered;
    }
    return copies == offered;
}

}  // namespace vms::service
