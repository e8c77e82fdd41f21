// The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit
// words. In full, and in two parts as checksum offload divides it: the sender stores the sum of the
// pseudo header, the device adds the rest (VirtIO 1.2, 5.1.6.2, csum_start and csum_offset).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/workload/packets/addresses.h"

namespace vms::workload::packets {

/// A ones' complement sum that grows with what is shown to it. Bytes before the last show must be
/// even in number.
class InternetSum {
  public:
    void add(std::span<const std::byte> bytes);
    constexpr void add(std::uint16_t word) { words_ += word; }
    void add(Ipv4Address a) { words_ += (a.value >> 16) + (a.value & 0xffff); }
    void add(const Ipv6Address& a);

    /// The sum folded to 16 bits: what a sender stores for partial offload.
    std::uint16_t sum() const;
    /// Its complement: what stands in a header.
    std::uint16_t checksum() const { return static_cast<std::uint16_t>(~sum()); }

  private:
    std::uint64_t bytes_ = 0;  ///< of words in the order of the host
    std::uint64_t words_ = 0;  ///< of words as numbers
};

/// Of bytes alone; the checksum field in them counts too. 0 when they hold a right checksum.
std::uint16_t internet_checksum(std::span<const std::byte> bytes);

/// The sum of the pseudo header (RFC 768; RFC 8200, 8.1). Both addresses are of one family.
InternetSum pseudo_header(const IpAddress& source, const IpAddress& destination,
                          std::uint8_t protocol, std::uint32_t length);

/// Does what a device does for a partial checksum: sums from `start` to the end and stores the
/// complement at `start + offset`, where the pseudo header's sum stands. False: out of bounds, and
/// nothing is changed.
bool complete_checksum(std::span<std::byte> frame, std::size_t start, std::size_t offset);

}  // namespace vms::workload::packets
