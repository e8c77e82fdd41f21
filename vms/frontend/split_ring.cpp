#include "vms/frontend/split_ring.h"

#include <cstring>

#include "vms/frontend/guest_memory.h"

namespace vms::frontend {

namespace ring = abi::ring;

SplitRing::SplitRing(Cpu& cpu, SharedMemory& memory, const Layout& layout, const Options& options)
    : cpu_(cpu),
      memory_(memory),
      layout_(layout),
      options_(options),
      chains_(layout.size),
      next_(layout.size),
      free_count_(layout.size) {
    for (std::uint32_t i = 0; i < layout.size; ++i)
        next_[i] = static_cast<std::uint16_t>(i + 1);
}

void SplitRing::clear() {
    clear_guest(cpu_, layout_.descriptors, ring::descriptor_bytes(layout_.size));
    clear_guest(cpu_, layout_.driver, ring::driver_bytes(layout_.size));
    clear_guest(cpu_, layout_.device, ring::device_bytes(layout_.size));
}

bool SplitRing::add(std::span<const Segment> chain, std::uint64_t token) {
    if (!stage(chain, token))
        return false;
    expose();
    return true;
}

bool SplitRing::stage(std::span<const Segment> chain, std::uint64_t token) {
    // 2.7.5.3.1: an indirect table only where it saves descriptors; Linux does the same.
    const bool indirect = options_.indirect && chain.size() > 1;
    const std::size_t needed = indirect ? 1 : chain.size();
    if (broken_ || chain.empty() || needed > free_count_)
        return false;

    std::uint16_t head = 0;
    if (indirect) {
        const std::optional<GuestAddr> table = write_indirect_table(chain);
        if (!table)
            return false;
        const auto table_bytes = static_cast<std::uint32_t>(chain.size() * ring::desc::bytes);
        head = take_descriptor();
        write_descriptor(descriptor(head),
                         {table->value, table_bytes, ring::desc::flag_indirect, 0});
        chains_[head] = {token, 1, *table, table_bytes};
    } else {
        head = write_direct_chain(chain);
        chains_[head] = {token, static_cast<std::uint32_t>(chain.size()), {}, 0};
    }
    ++outstanding_;

    cpu_.store(layout_.driver + ring::avail::entry(available_ % layout_.size), Width::half, head);
    ++available_;
    return true;
}

void SplitRing::expose() {
    if (exposed_ == available_)
        return;
    exposed_ = available_;
    cpu_.publish(layout_.driver + ring::avail::idx, Width::half, available_);
    cpu_.note(Note::ring_publish, options_.identity, available_);
}

bool SplitRing::kick_needed() {
    // The index just published must be ordered before the device's wish is read: otherwise both
    // sides may sleep (2.7.13.4.1).
    cpu_.barrier();
    const std::uint16_t before = kicked_at_;
    kicked_at_ = available_;
    if (broken_ || before == available_)
        return false;
    if (options_.event_index) {
        const auto event = static_cast<std::uint16_t>(
            cpu_.observe(layout_.device + ring::used::avail_event(layout_.size), Width::half));
        return ring::vring_need_event(event, available_, before);
    }
    const std::uint64_t flags = cpu_.observe(layout_.device + ring::used::flags, Width::half);
    return (flags & ring::used::flag_no_notify) == 0;
}

/// What the device has used is read anew only when all that was seen is taken: its index never
/// goes back.
bool SplitRing::more_used() {
    return seen_used_ != last_used_ || observe_used() != last_used_;
}

std::uint16_t SplitRing::observe_used() {
    seen_used_ =
        static_cast<std::uint16_t>(cpu_.observe(layout_.device + ring::used::idx, Width::half));
    return seen_used_;
}

std::uint64_t SplitRing::wait_used(const Work& iteration) {
    return cpu_.poll(layout_.device + ring::used::idx, Width::half, last_used_, iteration);
}

std::optional<SplitRing::Used> SplitRing::get() {
    if (broken_ || !more_used())
        return std::nullopt;

    const GuestAddr entry = layout_.device + ring::used::entry(last_used_ % layout_.size);
    const std::uint64_t id = cpu_.load(entry, Width::word);
    const auto length = static_cast<std::uint32_t>(cpu_.load(entry + 4, Width::word));
    if (id >= layout_.size || chains_[id].descriptors == 0) {
        broken_ = true;
        return std::nullopt;
    }
    const auto head = static_cast<std::uint16_t>(id);
    const Used result{chains_[head].token, length};
    release(head);
    ++last_used_;

    if (interrupts_enabled_ && options_.event_index) {
        // The caller looks again before it sleeps: what is used after this barrier interrupts.
        cpu_.publish(layout_.driver + ring::avail::used_event(layout_.size), Width::half,
                     last_used_);
        cpu_.barrier();
    }
    cpu_.note(Note::ring_consume, options_.identity, last_used_);
    return result;
}

std::uint16_t SplitRing::returned_since(std::uint16_t index) const {
    return static_cast<std::uint16_t>(cpu_.load(layout_.device + ring::used::idx, Width::half) -
                                      index);
}

GuestAddr SplitRing::returned_buffer(std::uint16_t index) const {
    const GuestAddr entry = layout_.device + ring::used::entry(index % layout_.size);
    const std::uint64_t head = cpu_.load(entry, Width::word) % layout_.size;
    return {
        cpu_.load(descriptor(static_cast<std::uint32_t>(head)) + ring::desc::addr, Width::dword)};
}

void SplitRing::enable_interrupts(bool enabled) {
    interrupts_enabled_ = enabled;
    if (options_.event_index) {
        // Without flags (2.7.7.1), "never" is the event that lies furthest ahead: just behind.
        const auto event = enabled ? last_used_ : static_cast<std::uint16_t>(last_used_ - 1);
        cpu_.publish(layout_.driver + ring::avail::used_event(layout_.size), Width::half, event);
    } else {
        cpu_.publish(layout_.driver + ring::avail::flags, Width::half,
                     enabled ? 0 : ring::avail::flag_no_interrupt);
    }
    cpu_.barrier();
}

void SplitRing::suppress_interrupts() {
    if (!interrupts_enabled_)
        return;
    interrupts_enabled_ = false;
    if (event_triggered_)
        return;
    if (options_.event_index)
        cpu_.publish(layout_.driver + ring::avail::used_event(layout_.size), Width::half, 0);
    else
        cpu_.publish(layout_.driver + ring::avail::flags, Width::half,
                     ring::avail::flag_no_interrupt);
}

void SplitRing::resume_interrupts() {
    resume_at(last_used_);
}

bool SplitRing::resume_interrupts_delayed() {
    const auto outstanding = static_cast<std::uint16_t>(available_ - last_used_);
    const auto ahead = static_cast<std::uint16_t>(outstanding * 3u / 4u);
    resume_at(static_cast<std::uint16_t>(last_used_ + ahead));
    return static_cast<std::uint16_t>(observe_used() - last_used_) <= ahead;
}

void SplitRing::resume_at(std::uint16_t event) {
    event_triggered_ = false;
    if (!interrupts_enabled_ && !options_.event_index)
        cpu_.publish(layout_.driver + ring::avail::flags, Width::half, 0);
    interrupts_enabled_ = true;
    // Linux writes the event in any case; without event index nobody reads it.
    if (options_.event_index)
        cpu_.publish(layout_.driver + ring::avail::used_event(layout_.size), Width::half, event);
    cpu_.barrier();
}

void SplitRing::interrupt_when_all_used() {
    interrupts_enabled_ = false;  // nothing is written for each that is taken
    event_triggered_ = false;
    // The index that is published next hands this over too.
    cpu_.store(layout_.driver + ring::avail::used_event(layout_.size), Width::half,
               static_cast<std::uint16_t>(available_ - 1));
}

void SplitRing::without_interrupts() {
    interrupts_enabled_ = false;
    if (!options_.event_index)
        cpu_.store(layout_.driver + ring::avail::flags, Width::half,
                   ring::avail::flag_no_interrupt);
}

void SplitRing::write_descriptor(GuestAddr at, const ring::Descriptor& d) {
    if (std::byte* p = cpu_.ram(at, sizeof d)) {
        std::memcpy(p, &d, sizeof d);
        return;
    }
    cpu_.store(at + ring::desc::addr, Width::dword, d.addr);
    cpu_.store(at + ring::desc::len, Width::word, d.len);
    cpu_.store(at + ring::desc::flags, Width::half, d.flags);
    cpu_.store(at + ring::desc::next, Width::half, d.next);
}

GuestAddr SplitRing::descriptor(std::uint32_t index) const {
    return layout_.descriptors + std::uint64_t{index} * ring::desc::bytes;
}

std::uint16_t SplitRing::take_descriptor() {
    const std::uint16_t index = free_head_;
    free_head_ = next_[index];
    --free_count_;
    return index;
}

std::optional<GuestAddr> SplitRing::write_indirect_table(std::span<const Segment> chain) {
    const std::optional<GuestAddr> table = memory_.take(chain.size() * ring::desc::bytes);
    if (!table)
        return std::nullopt;
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const bool last = i + 1 == chain.size();
        const auto flags =
            static_cast<std::uint16_t>((chain[i].device_writes ? ring::desc::flag_write : 0) |
                                       (last ? 0 : ring::desc::flag_next));
        write_descriptor(*table + i * ring::desc::bytes,
                         {chain[i].address.value, chain[i].length, flags,
                          static_cast<std::uint16_t>(last ? 0 : i + 1)});
    }
    return table;
}

std::uint16_t SplitRing::write_direct_chain(std::span<const Segment> chain) {
    const std::uint16_t head = free_head_;
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const std::uint16_t index = take_descriptor();
        const bool last = i + 1 == chain.size();
        const auto flags =
            static_cast<std::uint16_t>((chain[i].device_writes ? ring::desc::flag_write : 0) |
                                       (last ? 0 : ring::desc::flag_next));
        write_descriptor(descriptor(index), {chain[i].address.value, chain[i].length, flags,
                                             last ? std::uint16_t{0} : next_[index]});
    }
    return head;
}

void SplitRing::release(std::uint16_t head) {
    Chain& chain = chains_[head];
    if (chain.table_bytes != 0)
        memory_.release(chain.table, chain.table_bytes);
    std::uint16_t last = head;
    for (std::uint32_t i = 1; i < chain.descriptors; ++i)
        last = next_[last];
    next_[last] = free_head_;
    free_head_ = head;
    free_count_ += chain.descriptors;
    chain = {};
    --outstanding_;
}

}  // namespace vms::frontend
