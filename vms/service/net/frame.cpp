#include "vms/service/net/frame.h"

namespace vms::service {

std::array<std::byte, 2> Frame::checksum() const {
    // RFC 1071: the ones' complement sum of 16-bit words; an odd last byte is followed by a zero.
    const std::span<const std::byte> from = bytes_.subspan(start_);
    std::uint64_t sum = 0;  // a frame has fewer than 2^16 words: no overflow
    std::size_t i = 0;
    for (; i + 2 <= from.size(); i += 2)
        sum += std::to_integer<std::uint64_t>(from[i]) << 8 |
               std::to_integer<std::uint64_t>(from[i + 1]);
    if (i < from.size())
        sum += std::to_integer<std::uint64_t>(from[i]) << 8;
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    auto result = static_cast<std::uint16_t>(~sum);
    // RFC 768: 0 means that there is no checksum; the other representation of zero is sent.
    if (result == 0)
        result = 0xffff;
    return {static_cast<std::byte>(result >> 8), static_cast<std::byte>(result & 0xff)};
}

void Frame::complete_checksum() {
    const std::array<std::byte, 2> sum = checksum();
    const std::span<std::byte> place = checksum_place();
    place[0] = sum[0];
    place[1] = sum[1];
    partial_ = false;
}

}  // namespace vms::service
