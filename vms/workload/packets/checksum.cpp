#include "vms/workload/packets/checksum.h"

#include <bit>
#include <cstring>

#include "vms/workload/packets/wire_order.h"

namespace vms::workload::packets {

namespace {

std::uint16_t folded(std::uint64_t sum) {
    while (sum >> 16 != 0)
        sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>(sum);
}

}  // namespace

void InternetSum::add(std::span<const std::byte> bytes) {
    // The sum does not depend on the order of bytes within words (RFC 1071, 2 B), and 2^32 halves
    // of eight bytes each fit the accumulator.
    std::uint64_t sum = 0;
    const std::byte* p = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, p += 8) {
        std::uint64_t w = 0;
        std::memcpy(&w, p, 8);
        sum += (w & 0xffff'ffff) + (w >> 32);
    }
    if (left != 0) {
        std::uint64_t w = 0;
        std::memcpy(&w, p, left);
        sum += (w & 0xffff'ffff) + (w >> 32);
    }
    bytes_ += folded(sum);
}

void InternetSum::add(const Ipv6Address& a) {
    add(std::as_bytes(std::span(a.bytes)));
}

std::uint16_t InternetSum::sum() const {
    const std::uint16_t bytes = folded(bytes_);
    if constexpr (std::endian::native == std::endian::little)
        return folded(std::uint64_t{swapped(bytes)} + words_);
    else
        return folded(std::uint64_t{bytes} + words_);
}

std::uint16_t internet_checksum(std::span<const std::byte> bytes) {
    InternetSum s;
    s.add(bytes);
    return s.checksum();
}

InternetSum pseudo_header(const IpAddress& source, const IpAddress& destination,
                          std::uint8_t protocol, std::uint32_t length) {
    InternetSum s;
    std::visit([&s](const auto& a) { s.add(a); }, source);
    std::visit([&s](const auto& a) { s.add(a); }, destination);
    s.add(std::uint16_t{protocol});
    s.add(static_cast<std::uint16_t>(length >> 16));
    s.add(static_cast<std::uint16_t>(length & 0xffff));
    return s;
}

bool complete_checksum(std::span<std::byte> frame, std::size_t start, std::size_t offset) {
    if (start > frame.size() || frame.size() - start < 2 || offset > frame.size() - start - 2)
        return false;
    const std::uint16_t sum = internet_checksum(frame.subspan(start));
    // A UDP checksum of zero means none (RFC 768); both are zero in ones' complement.
    put16(frame, start + offset, sum == 0 ? std::uint16_t{0xffff} : sum);
    return true;
}

}  // namespace vms::workload::packets
