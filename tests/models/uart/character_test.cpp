// What a receiver makes of a character when the two ends of a line differ. Samples are taken in
// the middle of each bit, so that over the ten bits of 8N1 the ends may differ by half a bit in
// nine and a half: about five per cent (UG585 19.2.3, DDI 0183 2.4.5 sample there).
#include "models/uart/character.h"

#include <gtest/gtest.h>

namespace models {
namespace {

LineEnd end(std::uint64_t baud, CharacterFormat f = {}) {
    return {BitRate::baud(baud), f};
}

TEST(Character, LengthInHalfBits) {
    EXPECT_EQ((CharacterFormat{}.half_bits()), 20U);
    EXPECT_EQ((CharacterFormat{7, Parity::even, 3}.half_bits()), 21U);
    EXPECT_EQ((CharacterFormat{8, Parity::odd, 4}.half_bits()), 24U);
}

TEST(Character, TenBitsAt115200) {
    // 10 / 115200 s = 86.80555... us
    EXPECT_EQ(BitRate::baud(115'200).time_of(20).value, 86'805'556U);
    EXPECT_EQ(BitRate::baud(3'000'000).time_of(20).value, 3'333'334U);
}

TEST(Character, OddClocksAreExact) {
    // 99 999 999 Hz / (62 * 14): 8680 periods of 10.0000001 ns.
    const BitRate rate{99'999'999, 2, 62 * 14};
    EXPECT_EQ(rate.time_of(20).value, 86'800'001U);
}

TEST(Character, EqualEndsAgree) {
    for (unsigned b = 0; b < 256; ++b) {
        const auto byte = static_cast<std::uint8_t>(b);
        EXPECT_EQ(sample(byte, end(115'200), end(115'200)), (Sampled{byte, false, false}));
    }
}

TEST(Character, FivePerCentIsTheLimit) {
    EXPECT_TRUE(agree(end(115'200), end(115'200 * 104 / 100)));
    EXPECT_TRUE(agree(end(115'200), end(115'200 * 96 / 100)));
    EXPECT_FALSE(agree(end(115'200), end(115'200 * 106 / 100)));
    EXPECT_FALSE(agree(end(115'200), end(115'200 * 94 / 100)));
    EXPECT_EQ(sample(0x55, end(115'200), end(115'200 * 104 / 100)).byte, 0x55);
}

TEST(Character, ReceiverAtTwiceTheRateSeesEveryBitTwice) {
    // 0x55: the line is 0 (start), 1 0 1 0 ...; its first ten half bits are 0 0 1 1 0 0 1 1 0 0,
    // of which the second to the ninth are data and the tenth should have been a stop bit.
    const Sampled s = sample(0x55, end(57'600), end(115'200));
    EXPECT_EQ(s.byte, 0b0110'0110);
    EXPECT_TRUE(s.framing_error);
}

TEST(Character, ReceiverAtHalfTheRateSeesEverySecondBit) {
    // Its data bits 0 to 3 lie in the sender's bits 3, 5, 7 and 9 (the stop bit), the rest is idle.
    const Sampled s = sample(0b0101'0000, end(115'200), end(57'600));
    EXPECT_EQ(s.byte, 0b1111'1110);
    EXPECT_FALSE(s.framing_error);
}

TEST(Character, ParityIsCheckedByTheReceiver) {
    const CharacterFormat even{8, Parity::even, 2};
    const CharacterFormat odd{8, Parity::odd, 2};
    const CharacterFormat space{8, Parity::space, 2};
    const CharacterFormat mark{8, Parity::mark, 2};
    EXPECT_FALSE(sample(0x07, end(9'600, even), end(9'600, even)).parity_error);
    EXPECT_TRUE(sample(0x07, end(9'600, even), end(9'600, odd)).parity_error);
    EXPECT_FALSE(sample(0x07, end(9'600, even), end(9'600, mark)).parity_error);
    EXPECT_TRUE(sample(0x07, end(9'600, even), end(9'600, space)).parity_error);
    EXPECT_EQ(sample(0x07, end(9'600, even), end(9'600, odd)).byte, 0x07);
}

TEST(Character, ShorterCharacterDropsHighBits) {
    const CharacterFormat seven{7, Parity::none, 2};
    EXPECT_EQ(sample(0xc1, end(9'600, seven), end(9'600, seven)).byte, 0x41);
}

}  // namespace
}  // namespace models
