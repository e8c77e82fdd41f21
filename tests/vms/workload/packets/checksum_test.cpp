// The Internet checksum against the RFC's example and against its definition computed word by word.
#include "vms/workload/packets/checksum.h"

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace vms::workload::packets {
namespace {

/// RFC 1071, 1, as it is written there: big-endian words, an odd byte padded with zero.
std::uint16_t by_definition(std::span<const std::byte> bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

template <class... Values>
std::array<std::byte, sizeof...(Values)> bytes_of(Values... v) {
    return {static_cast<std::byte>(v)...};
}

// RFC 1071, 3: the numerical example; its sum is ddf2.
TEST(InternetChecksum, OfTheRfc) {
    const auto bytes = bytes_of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    InternetSum sum;
    sum.add(bytes);
    EXPECT_EQ(sum.sum(), 0xddf2U);
    EXPECT_EQ(internet_checksum(bytes), 0x220dU);
}

TEST(InternetChecksum, OfEveryLengthIsThatOfTheDefinition) {
    std::mt19937_64 random(1);
    std::vector<std::byte> bytes(1600);
    for (std::byte& b : bytes)
        b = static_cast<std::byte>(random());
    for (std::size_t n = 0; n <= bytes.size(); n += n < 80 ? 1 : 37)
        EXPECT_EQ(internet_checksum(std::span(bytes).first(n)),
                  by_definition(std::span(bytes).first(n)))
            << n;
    std::vector<std::byte> ones(9000, std::byte{0xff});
    EXPECT_EQ(internet_checksum(ones), by_definition(ones)) << "all carries";
}

TEST(InternetChecksum, IsASumOfItsParts) {
    const auto bytes = bytes_of(0x12, 0x34, 0x56, 0x78, 0x9a);
    InternetSum sum;
    sum.add(std::uint16_t{0x1234});
    sum.add(std::span(bytes).subspan(2, 2));
    sum.add(std::span(bytes).subspan(4));
    EXPECT_EQ(sum.checksum(), by_definition(bytes));
}

// VirtIO 1.2, 5.1.6.2: the device sums from csum_start on and stores at csum_start + csum_offset.
TEST(PartialChecksum, IsCompletedWithinBounds) {
    auto frame = bytes_of(0xee, 0xee, 0x12, 0x34, 0x00, 0x05, 0x9a);
    ASSERT_TRUE(complete_checksum(frame, 2, 2));
    EXPECT_EQ(internet_checksum(bytes_of(0x12, 0x34, 0x00, 0x05, 0x9a)),
              std::to_integer<unsigned>(frame[4]) << 8 | std::to_integer<unsigned>(frame[5]));
    const auto before = frame;
    EXPECT_FALSE(complete_checksum(frame, 6, 0));
    EXPECT_FALSE(complete_checksum(frame, 8, 0));
    EXPECT_FALSE(complete_checksum(frame, 2, 4));
    EXPECT_FALSE(complete_checksum(frame, 2, ~std::size_t{0}));
    EXPECT_EQ(frame, before);
}

// RFC 768: a computed checksum of zero is transmitted as all ones.
TEST(PartialChecksum, IsNeverZero) {
    auto frame = bytes_of(0xff, 0xff, 0x00, 0x00);
    ASSERT_TRUE(complete_checksum(frame, 0, 2));
    EXPECT_EQ(frame, bytes_of(0xff, 0xff, 0xff, 0xff));
}

}  // namespace
}  // namespace vms::workload::packets
