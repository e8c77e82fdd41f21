// An Ethernet frame on its way through the service guest: where its bytes are, its addresses, and
// whether its checksum is still to be completed. A frame is what lies between preamble and frame
// check sequence (IEEE 802.3, 3.1.1). It is in private memory: nobody else can change it after it
// was checked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vms/abi/virtio_net.h"

namespace vms::service {

/// Why a frame, or one copy of it, went no further.
enum class Drop : std::uint8_t {
    none,
    // On entry into the switch: the frame as a whole.
    short_header,  ///< chain shorter than the header before a frame
    too_short,     ///< frame without destination, source and type
    too_long,      ///< longer than the MTU of the port allows
    segmentation,  ///< a GSO type: none was offered
    bad_checksum,  ///< csum_start and csum_offset point outside the frame
    bad_source,    ///< source is a group address (IEEE 802, 8.2.2)
    own_port,      ///< destination is behind the port that the frame came from
    storm,         ///< flooding budget of the port used up
    spoofed,       ///< source is the address of a device behind another port
    reserved,      ///< destination that no bridge forwards (IEEE 802.1Q, 8.6.3)
    // On exit, one copy: too_long as well.
    port_down,          ///< driver not ready, device to be reset, or no link
    filtered,           ///< not accepted by the driver's filter
    no_buffer,          ///< no receive buffer, or not enough of them
    buffer_too_small,   ///< the next receive buffer does not hold it, and may not be joined
    interface_full,     ///< transmit ring of the physical interface full
    interface_refused,  ///< the physical interface takes no such frame
    split_horizon,      ///< from one physical interface to another
    reset,              ///< written, but the driver reset the queue before it was told
    count,
};

inline constexpr std::size_t drop_count = static_cast<std::size_t>(Drop::count);

/// Stable, for reports.
constexpr std::string_view name(Drop drop) {
    constexpr std::array<std::string_view, drop_count> names{
        "none",           "short_header",      "too_short",     "too_long",  "segmentation",
        "bad_checksum",   "bad_source",        "own_port",      "storm",     "spoofed",
        "reserved",       "port_down",         "filtered",      "no_buffer", "buffer_too_small",
        "interface_full", "interface_refused", "split_horizon", "reset"};
    return drop < Drop::count ? names[static_cast<std::size_t>(drop)] : "unknown";
}

namespace ethernet {
inline constexpr std::size_t address_bytes = 6;
inline constexpr std::size_t source_at = 6;
inline constexpr std::size_t type_at = 12;
inline constexpr std::size_t header_bytes = 14;
inline constexpr std::size_t tag_bytes = 4;            ///< IEEE 802.1Q
inline constexpr std::uint16_t tag_protocol = 0x8100;  ///< IEEE 802.1Q, C-tag

/// A MAC address as a number: the first byte sent is the most significant.
using Address = std::uint64_t;
inline constexpr Address broadcast = 0xffff'ffff'ffff;
inline constexpr Address group_bit = std::uint64_t{1} << 40;

constexpr bool is_group(Address a) {
    return (a & group_bit) != 0;
}
/// 01-80-C2-00-00-00 to -0F: pause frames, spanning tree, LLDP and others that concern one link
/// (IEEE 802.1Q, 8.6.3 and table 8-1).
constexpr bool is_reserved(Address a) {
    constexpr Address first = 0x0180'c200'0000;
    constexpr Address last = 0x0180'c200'000f;
    return a >= first && a <= last;
}
constexpr Address to_address(const std::array<std::uint8_t, address_bytes>& mac) {
    Address a = 0;
    for (const std::uint8_t b : mac)
        a = a << 8 | b;
    return a;
}
}  // namespace ethernet

class Frame {
  public:
    /// Room before a frame in private memory, for the header that goes before it in a buffer.
    static constexpr std::size_t headroom = abi::net::header::bytes;

    /// A frame of somebody else: read only, no room before it.
    explicit Frame(std::span<const std::byte> bytes) : bytes_(bytes) {}
    /// A frame of this program's own, with the room before it.
    static Frame with_headroom(std::span<std::byte> storage) {
        Frame f(storage.subspan(headroom));
        f.storage_ = storage;
        return f;
    }

    std::span<const std::byte> bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    /// Room and frame; empty when there is none.
    std::span<std::byte> storage() const { return storage_; }

    // Only of a frame of at least header_bytes.
    ethernet::Address destination() const { return address(0); }
    ethernet::Address source() const { return address(ethernet::source_at); }
    bool tagged() const { return half(ethernet::type_at) == ethernet::tag_protocol; }

    // A checksum that is still the sum of the pseudo header (VirtIO v1.4, 5.1.9.2): the frame has
    // to have been made with_headroom().
    bool partial() const { return partial_; }
    std::uint16_t checksum_start() const { return start_; }
    std::uint16_t checksum_offset() const { return offset_; }
    /// False: the place of the checksum, or the first byte summed, is not inside.
    bool set_partial(std::uint16_t start, std::uint16_t offset) {
        constexpr std::size_t sum_bytes = 2;
        if (storage_.empty() || std::size_t{start} + offset + sum_bytes > size())
            return false;
        partial_ = true;
        start_ = start;
        offset_ = offset;
        return true;
    }
    /// Sum from checksum_start() to the end and put the result into its place.
    void complete_checksum();
    /// The checksum that complete_checksum() would put, most significant byte first.
    std::array<std::byte, 2> checksum() const;
    std::span<std::byte> checksum_place() const {
        return storage_.subspan(headroom + start_ + offset_, 2);
    }

  private:
    std::uint16_t half(std::size_t at) const {
        return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes_[at]) << 8 |
                                          std::to_integer<unsigned>(bytes_[at + 1]));
    }
    ethernet::Address address(std::size_t at) const {
        // Eight bytes, two of which belong to what follows: one load.
        ethernet::Address a = 0;
        for (std::size_t i = 0; i < sizeof a; ++i)
            a = a << 8 | std::to_integer<ethernet::Address>(bytes_[at + i]);
        return a >> (8 * (sizeof a - ethernet::address_bytes));
    }

    std::span<const std::byte> bytes_;
    std::span<std::byte> storage_;
    bool partial_ = false;
    std::uint16_t start_ = 0;
    std::uint16_t offset_ = 0;
};

}  // namespace vms::service
