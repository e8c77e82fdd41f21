// The GEM's receiver: the address filter, the packet buffer, and the DMA into the buffers of the
// receive queue. UG1085, "Receive Buffer Descriptors", "MAC Filtering"; UG585, 16.2 and 16.3.
#include <algorithm>
#include <cstring>

#include "models/nic/cadence_gem.h"
#include "models/nic/checksum_offload.h"
#include "vms/workload/crc32.h"

namespace models {

namespace {

constexpr std::size_t header_bytes = 14;  // destination, source, type or length
constexpr unsigned type_vlan = 0x8100;    // IEEE 802.1Q
constexpr unsigned type_first = 0x600;    // below: a length, IEEE 802.3-2018, 3.2.6

constexpr std::size_t longest_ordinary = 1518;  // with FCS
constexpr std::size_t longest_1536 = 1536;

unsigned big_endian_16(const std::vector<std::byte>& bytes, std::size_t at) {
    return std::to_integer<unsigned>(bytes[at]) << 8 | std::to_integer<unsigned>(bytes[at + 1]);
}

/// UG1087, hash_bottom: each bit of the index is the exclusive-or of every sixth bit of the
/// address.
unsigned hash_index(std::uint64_t address) {
    unsigned index = 0;
    for (unsigned bit = 0; bit < 48; bit += 6)
        index ^= static_cast<unsigned>(address >> bit & 0x3f);
    return index;
}

}  // namespace

CadenceGem::Accepted CadenceGem::filter(const wire::Frame& frame) const {
    using namespace gem::rx_descriptor;
    // Byte 0 is the least significant, as in the specific-address registers.
    std::uint64_t destination = 0;
    std::memcpy(&destination, frame.bytes.data(), 6);

    Accepted a;
    if (big_endian_16(frame.bytes, 12) == type_vlan && frame.bytes.size() >= header_bytes + 4) {
        const unsigned tag = big_endian_16(frame.bytes, 14);
        const std::uint32_t priority = tag >> 13;
        const std::uint32_t cfi = tag >> 12 & 1;
        a.flags |= vlan_tag | (priority << 1 | cfi) << vlan_priority_shift;
        if ((tag & 0xfff) == 0)
            a.flags |= priority_tag;
    } else if (has(gem::network_config, gem::config::discard_non_vlan)) {
        return {};
    }

    constexpr std::uint64_t everybody = 0xffff'ffff'ffff;
    if (destination == everybody) {
        if (!has(gem::network_config, gem::config::no_broadcast)) {
            a.accepted = true;
            a.flags |= broadcast;
        }
    } else {
        const bool multicast = (destination & 1) != 0;
        const std::uint32_t enable =
            multicast ? gem::config::multicast_hash_enable : gem::config::unicast_hash_enable;
        if (has(gem::network_config, enable)) {
            const unsigned index = hash_index(destination);
            const std::uint32_t half = bank_.at(index < 32 ? gem::hash_bottom : gem::hash_top);
            if ((half >> index % 32 & 1) != 0) {
                a.accepted = true;
                a.flags |= multicast ? multicast_hash_match : unicast_hash_match;
            }
        }
        for (std::uint32_t i = 0; i < address_active_.size(); ++i) {
            if (!address_active_[i])
                continue;
            const std::uint32_t bottom = gem::spec_add1_bottom + 8 * i;
            if ((std::uint64_t{bank_.at(bottom + 4)} << 32 | bank_.at(bottom)) == destination) {
                a.accepted = true;
                a.flags |= specific_address_match | i << specific_address_shift;
                break;
            }
        }
    }
    if (has(gem::network_config, gem::config::copy_all_frames))
        a.accepted = true;
    return a;
}

bool CadenceGem::length_allowed(const wire::Frame& frame) {
    const std::size_t with_fcs = frame.bytes.size() + wire::fcs_bytes;
    const std::size_t longest =
        has(gem::network_config, gem::config::jumbo_frames)   ? bank_.at(gem::jumbo_max_length)
        : has(gem::network_config, gem::config::receive_1536) ? longest_1536
                                                              : longest_ordinary;
    if (with_fcs > longest) {
        count(gem::excessive_rx_length);
        return false;
    }
    const unsigned type = big_endian_16(frame.bytes, 12);
    if (type < type_first && frame.bytes.size() < header_bytes + type) {
        count(gem::rx_length_errors);
        if (has(gem::network_config, gem::config::length_error_discard))
            return false;
    }
    return true;
}

bool CadenceGem::checksums_good(const wire::Frame& frame, std::uint32_t& flags) {
    if (!has(gem::network_config, gem::config::receive_checksum))
        return true;
    const ChecksumFinding finding = check_checksums(frame.bytes);
    switch (finding) {
        case ChecksumFinding::bad_ip:
            count(gem::rx_ip_ck_errors);
            return false;
        case ChecksumFinding::bad_tcp:
            count(gem::rx_tcp_ck_errors);
            return false;
        case ChecksumFinding::bad_udp:
            count(gem::rx_udp_ck_errors);
            return false;
        default:
            // In the order of the descriptor's codes.
            flags |= static_cast<std::uint32_t>(finding) << gem::rx_descriptor::checksum_shift;
            return true;
    }
}

void CadenceGem::receive(const wire::FrameRef& frame, Picos at) {
    const Picos now = std::max(at, last_);
    process(now);
    ++counters_.rx_arrived;
    const bool looped = has(gem::network_control, gem::control::loopback_local);
    Accepted a;
    if (!has(gem::network_control, gem::control::enable_receive)) {
        ++counters_.rx_disabled;
    } else if (!looped && !speed_fits(now)) {
        ++counters_.rx_speed;
    } else if (frame->bytes.size() < header_bytes || !length_allowed(*frame)) {
        ++counters_.rx_bad_length;
    } else if (a = filter(*frame); !a.accepted) {
        ++counters_.rx_filtered;
    } else if (!checksums_good(*frame, a.flags)) {
        ++counters_.rx_checksum;
    } else if (rx_used_ + frame->bytes.size() > parameters_.rx_buffer_bytes) {
        ++counters_.rx_overrun;
        count(gem::rx_overruns);
        bank_.at(gem::receive_status) |= gem::rx::receive_overrun;
        raise(gem::interrupt::receive_overrun);
    } else {
        count_frame(gem::octets_rxed_bottom, *frame);
        rx_used_ += frame->bytes.size();
        received_.push({frame, a.flags});
    }
    // The end of a frame is also when a missing buffer is looked for again.
    if (!received_.empty() && delivered_at_ == Picos::never())
        start_reception(now);
    settle(now);
}

void CadenceGem::start_reception(Picos now) {
    delivered_at_ = received_.empty() ? Picos::never()
                                      : now + parameters_.descriptor_read +
                                            data_time(received_.front().frame->bytes.size()) +
                                            parameters_.descriptor_write;
}

void CadenceGem::drop_first() {
    rx_used_ -= received_.front().frame->bytes.size();
    received_.pop();
}

void CadenceGem::flush_receiver() {
    while (!received_.empty()) {
        drop_first();
        ++counters_.rx_disabled;
    }
    delivered_at_ = Picos::never();
}

void CadenceGem::deliver(Picos now) {
    const std::size_t bytes = received_.front().frame->bytes.size();
    switch (write_frame(received_.front())) {
        case Written::done:
            ++counters_.rx_frames;
            counters_.rx_bytes += bytes;
            bank_.at(gem::receive_status) |= gem::rx::frame_received;
            raise(gem::interrupt::receive_complete);
            break;
        case Written::no_buffer:
            bank_.at(gem::receive_status) |= gem::rx::buffer_not_available;
            raise(gem::interrupt::rx_used_bit_read);
            if (!has(gem::dma_config, gem::dma::force_discard_on_err)) {
                delivered_at_ = Picos::never();
                return;
            }
            ++counters_.rx_no_buffer;
            count(gem::rx_resource_errors);
            break;
        case Written::refused:
            ++counters_.rx_bus_errors;
            ++counters_.bus_errors;
            bank_.at(gem::receive_status) |= gem::rx::resp_not_ok;
            raise(gem::interrupt::resp_not_ok);
            break;
    }
    drop_first();
    start_reception(now);
}

std::span<const std::byte> CadenceGem::as_stored(const wire::Frame& frame) {
    const bool keep_fcs = !has(gem::network_config, gem::config::fcs_remove);
    if (!keep_fcs && frame.bytes.size() >= wire::min_frame_bytes)
        return frame.bytes;
    stored_.assign(frame.bytes.begin(), frame.bytes.end());
    stored_.resize(std::max(stored_.size(), wire::min_frame_bytes));
    if (keep_fcs) {
        vms::workload::Crc32 crc;
        crc.update(stored_);
        for (unsigned i = 0; i < wire::fcs_bytes; ++i)
            stored_.push_back(static_cast<std::byte>(crc.value() >> 8 * i));
    }
    return stored_;
}

CadenceGem::Written CadenceGem::write_frame(const Received& r) {
    using namespace gem::rx_descriptor;
    const std::span<const std::byte> data = as_stored(*r.frame);
    const std::uint32_t units = bank_.at(gem::dma_config) >> gem::dma::rx_buf_size_shift & 0xff;
    const std::size_t buffer_bytes = std::size_t{64} * std::max<std::uint32_t>(units, 1);
    const std::size_t first_offset =
        bank_.at(gem::network_config) >> gem::config::rx_buffer_offset_shift & 3;

    // A frame is begun only when there are buffers for all of it.
    places_.clear();
    std::uint32_t pointer = rx_pointer_;
    for (std::size_t done = 0; done < data.size();) {
        const std::size_t offset = places_.empty() ? first_offset : 0;
        Place place;
        place.descriptor =
            dma_.writable(at_pointer(pointer, gem::upper_rx_q_base_addr), descriptor_bytes());
        if (place.descriptor == nullptr)
            return Written::refused;
        const Descriptor d = descriptor_at(place.descriptor);
        if ((d.word0 & used) != 0)
            return Written::no_buffer;
        place.bytes = std::min(buffer_bytes - offset, data.size() - done);
        place.buffer = dma_.writable(
            {(std::uint64_t{d.upper} << 32 | (d.word0 & address_mask)) + offset}, place.bytes);
        if (place.buffer == nullptr)
            return Written::refused;
        places_.push_back(place);
        done += place.bytes;
        pointer = after(pointer, (d.word0 & wrap) != 0, rx_base_);
        // A ring that is shorter than the frame has come round to where it began.
        if (pointer == rx_pointer_ && done < data.size())
            return Written::no_buffer;
    }

    std::size_t done = 0;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const Place& place = places_[i];
        std::memcpy(place.buffer, data.data() + done, place.bytes);
        dma_.written(place.buffer, place.bytes);
        done += place.bytes;
        const bool last = i + 1 == places_.size();
        const std::uint32_t word1 =
            (i == 0 ? start_of_frame : 0) |
            (last ? end_of_frame | r.flags | static_cast<std::uint32_t>(data.size()) : 0);
        std::uint32_t word0 = 0;
        std::memcpy(&word0, place.descriptor, 4);
        word0 |= used;
        std::memcpy(place.descriptor + 4, &word1, 4);
        std::memcpy(place.descriptor, &word0, 4);
        dma_.written(place.descriptor, 8);
    }
    rx_pointer_ = pointer;
    return Written::done;
}

}  // namespace models
