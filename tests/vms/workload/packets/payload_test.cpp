// The test payload: every change of it is found.
#include "vms/workload/packets/payload.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace vms::workload::packets {
namespace {

constexpr TestPayload example{
    .flow = 7, .sequence = 0x1234'5678'9abc, .sent_ns = 0x0102'0304'0506'0708};

TEST(TestPayload, IsLaidOutAsDocumented) {
    std::array<std::byte, test_payload_minimum> bytes{};
    ASSERT_TRUE(write_test_payload(bytes, example));
    constexpr std::array<unsigned, test_payload_minimum> expected{
        0xba, 0x05, 0x00, 0x07, 0x12, 0x34, 0x56, 0x78, 0x9a,
        0xbc, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        EXPECT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]) << i;
    EXPECT_EQ(read_test_payload(bytes), example);
    EXPECT_TRUE(test_pattern_holds(bytes, example)) << "no pattern at all";
}

TEST(TestPayload, AnyChangedByteIsFound) {
    for (const std::size_t n : {18U, 19U, 25U, 26U, 27U, 200U}) {
        std::vector<std::byte> bytes(n);
        ASSERT_TRUE(write_test_payload(bytes, example));
        for (std::size_t i = test_payload_minimum; i < n; ++i) {
            bytes[i] ^= std::byte{0x10};
            EXPECT_FALSE(test_pattern_holds(bytes, example)) << n << " " << i;
            bytes[i] ^= std::byte{0x10};
        }
        EXPECT_TRUE(test_pattern_holds(bytes, example));
    }
}

TEST(TestPayload, ThePatternIsThatOfOneFlowAndPlace) {
    std::vector<std::byte> bytes(100);
    ASSERT_TRUE(write_test_payload(bytes, example));
    TestPayload other = example;
    ++other.sequence;
    EXPECT_FALSE(test_pattern_holds(bytes, other));
    other = example;
    ++other.flow;
    EXPECT_FALSE(test_pattern_holds(bytes, other));
    other = example;
    ++other.sent_ns;
    EXPECT_TRUE(test_pattern_holds(bytes, other)) << "may be stamped late";
}

TEST(TestPayload, NeedsItsMagicAndItsLength) {
    std::vector<std::byte> bytes(40);
    ASSERT_TRUE(write_test_payload(bytes, example));
    EXPECT_FALSE(read_test_payload(std::span(bytes).first(test_payload_minimum - 1)));
    bytes[1] ^= std::byte{1};
    EXPECT_FALSE(read_test_payload(bytes));
    EXPECT_FALSE(write_test_payload(std::span(bytes).first(test_payload_minimum - 1), example));
}

}  // namespace
}  // namespace vms::workload::packets
