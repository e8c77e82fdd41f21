// CRC-32/ISO-HDLC, the checksum of Ethernet and gzip: polynomial 0x04c11db7 reflected, initial
// value and final exclusive-or all ones. Check value: the nine bytes "123456789" give 0xcbf43926
// (Williams, "A Painless Guide to CRC Error Detection Algorithms"; ITU-T V.42, 8.1.1.6.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vms::workload {

/// A checksum that grows with the bytes shown to it.
class Crc32 {
  public:
    constexpr void update(std::byte b) {
        state_ = (state_ >> 8) ^ table[(state_ ^ std::to_integer<std::uint32_t>(b)) & 0xff];
    }
    constexpr void update(std::span<const std::byte> bytes) {
        for (const std::byte b : bytes)
            update(b);
    }
    constexpr std::uint32_t value() const { return state_ ^ ~std::uint32_t{0}; }

  private:
    static constexpr std::uint32_t polynomial_reflected = 0xedb88320;

    /// The remainder of each byte value, so that a byte costs one look-up.
    static constexpr std::array<std::uint32_t, 256> table = [] {
        std::array<std::uint32_t, 256> t{};
        for (std::uint32_t i = 0; i < t.size(); ++i) {
            std::uint32_t c = i;
            for (int bit = 0; bit < 8; ++bit)
                c = (c & 1) != 0 ? (c >> 1) ^ polynomial_reflected : c >> 1;
            t[i] = c;
        }
        return t;
    }();

    std::uint32_t state_ = ~std::uint32_t{0};
};

}  // namespace vms::workload
