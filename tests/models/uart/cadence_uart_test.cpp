// The Cadence UART against UG1085 (chapter "UART Controller"), UG1087 (module UART) and, where
// those are short, the Zynq-7000's UG585 (chapter 19, appendix B.33).
#include "models/uart/cadence_uart.h"

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/uart/pattern.h"
#include "tests/models/uart/uart_bench.h"

namespace models::test {
namespace {

using Uart = CadenceUart;
using testing::ElementsAre;

// Bits of Channel_sts_reg0 (status) and of the interrupt registers.
constexpr std::uint32_t RTRIG = 1U << 0;
constexpr std::uint32_t REMPTY = 1U << 1;
constexpr std::uint32_t RFUL = 1U << 2;
constexpr std::uint32_t TEMPTY = 1U << 3;
constexpr std::uint32_t TFUL = 1U << 4;
constexpr std::uint32_t ROVR = 1U << 5;
constexpr std::uint32_t FRAME = 1U << 6;
constexpr std::uint32_t PARE = 1U << 7;
constexpr std::uint32_t TIMEOUT = 1U << 8;
constexpr std::uint32_t TTRIG = 1U << 10;
constexpr std::uint32_t TNFUL = 1U << 11;
constexpr std::uint32_t TOVR = 1U << 12;
constexpr std::uint32_t SR_RACTIVE = 1U << 10;
constexpr std::uint32_t SR_TACTIVE = 1U << 11;
constexpr std::uint32_t SR_TTRIG = 1U << 13;
constexpr std::uint32_t SR_TNFUL = 1U << 14;

constexpr std::uint32_t CR_RXRES = 1U << 0;
constexpr std::uint32_t CR_TXRES = 1U << 1;
constexpr std::uint32_t CR_RXEN = 1U << 2;
constexpr std::uint32_t CR_RXDIS = 1U << 3;
constexpr std::uint32_t CR_TXEN = 1U << 4;
constexpr std::uint32_t CR_TXDIS = 1U << 5;
constexpr std::uint32_t CR_RSTTO = 1U << 6;
constexpr std::uint32_t MR_8N1 = 4U << 3;

/// 100 MHz / (62 * 14) = 115 207.37 baud, the nearest to 115 200; a character lasts 8680 periods.
constexpr std::uint32_t baudgen_115200 = 62;
constexpr std::uint32_t bdiv_115200 = 13;
constexpr std::uint64_t character_115200 = 86'800'000;  // ps
/// 100 MHz / (3 * 11) = 3.0303 Mbaud; 330 periods.
constexpr std::uint32_t baudgen_3m = 3;
constexpr std::uint32_t bdiv_3m = 10;
constexpr std::uint64_t character_3m = 3'300'000;

/// When the far end's k-th character of a burst at time 0 is complete: ten bits each, rounded up to
/// the first picosecond at which it is.
constexpr std::uint64_t far_end(std::uint64_t k, std::uint64_t baud = 115'200) {
    return (k * 10 * 1'000'000'000'000 + baud - 1) / baud;
}

template <class B>
void set_up(B& b, std::uint32_t baudgen = baudgen_115200, std::uint32_t bdiv = bdiv_115200) {
    b.write(Uart::BAUDGEN, baudgen);
    b.write(Uart::BDIV, bdiv);
    b.write(Uart::MR, MR_8N1);
    b.write(Uart::CR, CR_TXRES | CR_RXRES | CR_TXEN | CR_RXEN);
    b.write(Uart::ISR, 0x3fff);
}

TEST(CadenceUart, ResetValues) {
    // UG1087, UART: the reset value column; the status registers as they stand with empty FIFOs.
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> manual{
        {0x00, 0x128}, {0x04, 0x0}, {0x08, 0x0},  {0x0c, 0x0},  {0x10, 0x0},  {0x14, 0x0},
        {0x18, 0x28b}, {0x1c, 0x0}, {0x20, 0x20}, {0x24, 0x0},  {0x28, 0xb0}, {0x2c, 0xa},
        {0x30, 0x0},   {0x34, 0xf}, {0x38, 0x0},  {0x44, 0x20}, {0x48, 0x0},
    };
    ASSERT_EQ(manual.size(), Uart::registers.size());
    Bench<Uart> b;
    for (std::size_t i = 0; i < manual.size(); ++i) {
        EXPECT_EQ(Uart::registers[i].offset, manual[i].first);
        EXPECT_EQ(b.read(manual[i].first), manual[i].second) << Uart::registers[i].name;
    }
}

TEST(CadenceUart, AccessRights) {
    // UG1087: which fields are rw; everything else reads as it was. FIFO, IER and IDR are commands.
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> writable{
        {Uart::MR, 0x3ff},       {Uart::IMR, 0},       {Uart::ISR, 0},
        {Uart::BAUDGEN, 0xffff}, {Uart::RXTOUT, 0xff}, {Uart::RXWM, 0x3f},
        {Uart::MODEMCR, 0x23},   {Uart::SR, 0},        {Uart::BDIV, 0xff},
        {Uart::FLOWDELAY, 0x3f}, {Uart::TXWM, 0x3f},   {Uart::RXBS, 0},
    };
    for (const auto& [offset, mask] : writable) {
        const auto row = std::find_if(Uart::registers.begin(), Uart::registers.end(),
                                      [o = offset](const auto& r) { return r.offset == o; });
        ASSERT_NE(row, Uart::registers.end());
        EXPECT_EQ(row->writable, mask) << row->name;
    }
    Bench<Uart> b;
    b.write(Uart::RXTOUT, 0xffff'ffff);
    EXPECT_EQ(b.read(Uart::RXTOUT), 0xffU);
    const std::uint32_t status = b.read(Uart::SR);
    b.write(Uart::SR, 0xffff'ffff);
    EXPECT_EQ(b.read(Uart::SR), status);
    b.write(Uart::CR, CR_TXDIS | CR_RXDIS | CR_TXRES | CR_RXRES | CR_RSTTO);
    EXPECT_EQ(b.read(Uart::CR), CR_TXDIS | CR_RXDIS) << "resets clear themselves";
    b.write(Uart::BDIV, 3);
    EXPECT_EQ(b.read(Uart::BDIV), 0xfU) << "0 to 3 are ignored";
}

TEST(CadenceUart, MaskFollowsEnableAndDisable) {
    Bench<Uart> b;
    b.write(Uart::IER, 0x3fff);
    EXPECT_EQ(b.read(Uart::IMR), 0x3fffU);
    b.write(Uart::IDR, TEMPTY | RTRIG);
    EXPECT_EQ(b.read(Uart::IMR), 0x3fffU & ~(TEMPTY | RTRIG));
    EXPECT_EQ(b.read(Uart::IER), 0U);
    EXPECT_EQ(b.read(Uart::IDR), 0U);
}

TEST(CadenceUart, ByteLeavesAfterTenBits) {
    Bench<Uart> b;
    b.run_until(Picos::us(7));
    set_up(b);
    b.write(Uart::FIFO, 'A');
    EXPECT_EQ(b.read(Uart::SR) & (TEMPTY | SR_TACTIVE), TEMPTY | SR_TACTIVE)
        << "it went straight to the shift register";
    EXPECT_FALSE(b.activity.idle());
    b.run_until(Picos::us(7) + Picos{character_115200 - 1});
    EXPECT_TRUE(b.sent.empty());
    b.run_until(Picos::us(7) + Picos{character_115200});
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'A', 7'000'000 + character_115200}));
    EXPECT_TRUE(b.activity.idle());
    EXPECT_EQ(b.read(Uart::SR) & (TEMPTY | SR_TACTIVE), TEMPTY);
}

TEST(CadenceUart, CharactersFollowWithoutAGap) {
    // 99 999 999 Hz: a character is 86.800000868 us, and the fraction must not get lost.
    Bench<Uart> b(nullptr, {.reference_clock_hz = 99'999'999});
    set_up(b);
    for (int i = 0; i < 50; ++i)
        b.write(Uart::FIFO, 'x');
    b.run_until(Picos::ms(5));
    ASSERT_EQ(b.sent.size(), 50U);
    EXPECT_EQ(b.sent[0].at, 86'800'001U);
    EXPECT_EQ(b.sent[49].at, 4'340'000'044U);  // ceil(50 * 8680 / 99 999 999 s)
}

TEST(CadenceUart, ThreeMegabaud) {
    Bench<Uart> b(nullptr, {.far_end_baud = 3'000'000});
    set_up(b, baudgen_3m, bdiv_3m);
    b.write(Uart::FIFO, 'a');
    b.write(Uart::FIFO, 'b');
    b.run_until(Picos::us(10));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'a', character_3m}, Arrival{'b', 2 * character_3m}));
    EXPECT_EQ(b.channel.counters().tx_framing_errors, 0U);
}

TEST(CadenceUart, FormatSetsTheLength) {
    // 7 bits, even parity, two stops: 11 bits; the eighth of the clock (MR.CLKS).
    Bench<Uart> b(nullptr, {.far_end_baud = 14'400, .far_end_format = {7, Parity::even, 4}});
    set_up(b);
    b.write(Uart::MR, 1U | 2U << 1 | 0U << 3 | 2U << 6);
    b.write(Uart::FIFO, 'q');
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'q', character_115200 / 10 * 11 * 8}));
}

TEST(CadenceUart, TransmitterEmptyComesWhenTheLastByteLeavesTheFifo) {
    // UG1087, ISR.TEMPTY: the final word is removed from the transmit FIFO.
    Bench<Uart> b;
    set_up(b);
    b.write(Uart::IER, TEMPTY);
    for (const char c : {'1', '2', '3', '4', '5'})
        b.write(Uart::FIFO, static_cast<std::uint8_t>(c));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, 0})) << "the first byte emptied it";
    b.write(Uart::ISR, TEMPTY);
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.gic.edges,
                ElementsAre(Edge{true, 0}, Edge{false, 0}, Edge{true, 4 * character_115200}));
    EXPECT_EQ(b.sent.size(), 5U);
    b.write(Uart::ISR, TEMPTY);
    EXPECT_EQ(b.read(Uart::ISR) & TEMPTY, 0U) << "an event, not a level";
}

TEST(CadenceUart, TransmitFifoLevels) {
    Bench<Uart> b;
    set_up(b);
    b.write(Uart::TXWM, 10);
    b.write(Uart::FIFO, 0);  // to the shift register
    b.write(Uart::ISR, 0x3fff);
    for (int i = 0; i < 9; ++i)
        b.write(Uart::FIFO, 0);
    EXPECT_EQ(b.read(Uart::SR) & SR_TTRIG, 0U);
    EXPECT_EQ(b.read(Uart::ISR), 0U);
    b.write(Uart::FIFO, 0);
    EXPECT_EQ(b.read(Uart::SR) & SR_TTRIG, SR_TTRIG);
    EXPECT_EQ(b.read(Uart::ISR), TTRIG);
    for (int i = 10; i < 62; ++i)
        b.write(Uart::FIFO, 0);
    EXPECT_EQ(b.read(Uart::SR) & (SR_TNFUL | TFUL), 0U);
    b.write(Uart::FIFO, 0);
    EXPECT_EQ(b.read(Uart::SR) & (SR_TNFUL | TFUL), SR_TNFUL);
    b.write(Uart::FIFO, 0);
    EXPECT_EQ(b.read(Uart::SR) & (SR_TNFUL | TFUL), SR_TNFUL | TFUL);
    EXPECT_EQ(b.read(Uart::ISR), TTRIG | TNFUL | TFUL);
    b.write(Uart::FIFO, 0);  // does not fit
    EXPECT_EQ(b.read(Uart::ISR), TTRIG | TNFUL | TFUL | TOVR);
    EXPECT_EQ(b.channel.counters().tx_lost, 1U);
    b.run_until(Picos{character_115200});
    EXPECT_EQ(b.read(Uart::SR) & (SR_TNFUL | TFUL), SR_TNFUL) << "one moved up";
    b.run_until(Picos::ms(10));
    EXPECT_EQ(b.channel.counters().tx_bytes, 65U);
}

TEST(CadenceUart, DisabledTransmitterKeepsItsBytes) {
    Bench<Uart> b;
    set_up(b);
    b.write(Uart::CR, CR_TXEN | CR_TXDIS | CR_RXEN);
    b.write(Uart::FIFO, 'k');
    b.run_until(Picos::ms(1));
    EXPECT_TRUE(b.sent.empty());
    EXPECT_TRUE(b.activity.idle()) << "nothing is on its way";
    EXPECT_EQ(b.read(Uart::SR) & TEMPTY, 0U);
    b.write(Uart::CR, CR_TXEN | CR_RXEN);
    b.run_until(Picos::ms(2));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'k', 1'000'000'000 + character_115200}));
}

TEST(CadenceUart, TransmitterResetDiscards) {
    Bench<Uart> b;
    set_up(b);
    for (int i = 0; i < 3; ++i)
        b.write(Uart::FIFO, 'z');
    b.write(Uart::CR, CR_TXRES | CR_TXEN | CR_RXEN);
    EXPECT_TRUE(b.activity.idle());
    b.run_until(Picos::ms(1));
    EXPECT_TRUE(b.sent.empty());
    EXPECT_EQ(b.channel.counters().tx_lost, 3U);
}

TEST(CadenceUart, NoBaudClockNoTransmission) {
    // BAUDGEN.CD = 0 disables baud_sample.
    Bench<Uart> b;
    set_up(b, 0);
    b.write(Uart::FIFO, 'n');
    b.run_until(Picos::ms(1));
    EXPECT_TRUE(b.sent.empty());
    b.write(Uart::BAUDGEN, baudgen_115200);
    b.run_until(Picos::ms(2));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'n', 1'000'000'000 + character_115200}));
}

TEST(CadenceUart, ReceivesAtTheFarEndsRate) {
    Bench<Uart> b(typed(Picos::ms(1), "hi"));
    set_up(b);
    const std::uint64_t first = 1'000'000'000 + far_end(1);
    b.run_until(Picos{first - 1});
    EXPECT_EQ(b.read(Uart::SR) & (REMPTY | SR_RACTIVE), REMPTY | SR_RACTIVE);
    b.run_until(Picos{first});
    EXPECT_EQ(b.read(Uart::SR) & REMPTY, 0U);
    EXPECT_EQ(b.read(Uart::FIFO), std::uint32_t{'h'});
    EXPECT_EQ(b.read(Uart::ISR) & REMPTY, REMPTY) << "exit of the final word";
    b.run_until(Picos{1'000'000'000 + far_end(2) - 1});
    EXPECT_EQ(b.read(Uart::SR) & REMPTY, REMPTY);
    EXPECT_FALSE(b.activity.idle());
    b.run_until(Picos{1'000'000'000 + far_end(2)});
    EXPECT_EQ(b.read(Uart::FIFO), std::uint32_t{'i'});
    EXPECT_TRUE(b.activity.idle());
    EXPECT_EQ(b.read(Uart::FIFO), 0U) << "empty";
    EXPECT_EQ(b.channel.counters().rx_bytes, 2U);
}

TEST(CadenceUart, InputToComeHoldsTheActivity) {
    Bench<Uart> b(typed(Picos::ms(5), "x"));
    b.run_until(Picos::ms(4));
    EXPECT_FALSE(b.activity.idle());
    b.run_until(Picos::ms(6));
    EXPECT_TRUE(b.activity.idle());
    EXPECT_EQ(b.channel.counters().rx_lost, 1U) << "the receiver is disabled after reset";
}

TEST(CadenceUart, ReceiveTriggerInterruptIsExact) {
    Bench<Uart> b(typed({}, "0123456789"));
    set_up(b);
    b.write(Uart::RXWM, 4);
    b.write(Uart::IER, RTRIG);
    b.run_until(Picos{far_end(4)});
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(4)}));
    EXPECT_EQ(b.read(Uart::SR) & RTRIG, RTRIG);
    b.write(Uart::ISR, RTRIG);
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(4)}, Edge{false, far_end(4)}));
    while ((b.read(Uart::SR) & REMPTY) == 0)
        b.read(Uart::FIFO);
    b.run_until(Picos::ms(1));
    ASSERT_EQ(b.gic.edges.size(), 3U);
    EXPECT_EQ(b.gic.edges[2], (Edge{true, far_end(8)}));
}

TEST(CadenceUart, MaskedInterruptIsSeenWhenUnmasked) {
    Bench<Uart> b(typed({}, "0123"));
    set_up(b);
    b.write(Uart::RXWM, 1);
    b.run_until(Picos::ms(1));
    EXPECT_TRUE(b.gic.edges.empty());
    EXPECT_EQ(b.read(Uart::ISR) & RTRIG, RTRIG);
    b.write(Uart::IER, RTRIG);
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, 1'000'000'000}));
    b.write(Uart::IDR, RTRIG);
    EXPECT_FALSE(b.gic.edges.back().level);
}

TEST(CadenceUart, ReceiveTimeoutCountsFromTheLastStartBit) {
    // UG585, "Receiver Timeout Mechanism": reloaded by a start bit; 4 * (RTO + 1) - 1 bit periods.
    Bench<Uart> b(typed({}, "abc"));
    set_up(b);
    b.write(Uart::RXTOUT, 10);
    b.write(Uart::IER, TIMEOUT | RTRIG);
    b.run_until(Picos::ms(2));
    const std::uint64_t expected = far_end(2) + 43 * character_115200 / 10;
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, expected}));
    b.write(Uart::ISR, TIMEOUT);
    b.run_until(Picos::ms(4));
    EXPECT_EQ(b.gic.edges.size(), 2U) << "not again by itself";
    b.write(Uart::CR, CR_RXEN | CR_TXEN | CR_RSTTO);
    b.run_until(Picos::ms(6));
    EXPECT_EQ(b.gic.edges.back(), (Edge{true, 4'000'000'000 + 43 * character_115200 / 10}));
}

TEST(CadenceUart, ShortTimeoutFallsBetweenCharacters) {
    // RTO = 1 is 7 bit periods: over before the next start bit, 10 bits later.
    Bench<Uart> b(typed({}, "ab"));
    set_up(b);
    b.write(Uart::RXTOUT, 1);
    b.write(Uart::IER, TIMEOUT);
    b.gic.on_edge = [&](bool level, Picos at) {
        if (level)
            b.write_at(at, Uart::ISR, TIMEOUT);
    };
    b.run_until(Picos::ms(1));
    const std::uint64_t period = 7 * character_115200 / 10;
    EXPECT_THAT(b.gic.edges,
                ElementsAre(Edge{true, period}, Edge{false, period},
                            Edge{true, far_end(1) + period}, Edge{false, far_end(1) + period}));
}

TEST(CadenceUart, TimeoutValueZeroDisables) {
    Bench<Uart> b(typed({}, "abc"));
    set_up(b);
    b.write(Uart::RXTOUT, 255);
    b.write(Uart::IER, TIMEOUT);
    b.run_until(Picos::us(500));
    b.write(Uart::RXTOUT, 0);
    b.run_until(Picos::ms(100));
    EXPECT_TRUE(b.gic.edges.empty());
    EXPECT_EQ(b.read(Uart::ISR) & TIMEOUT, 0U);
}

TEST(CadenceUart, OverrunAtTheStartBitThatFindsTheShiftRegisterFull) {
    // UG1087, ISR.ROVR: 64 are in the FIFO, the 65th waits in the shift register, and the start bit
    // of the 66th destroys it.
    std::string text(66, 'o');
    text[64] = 'L';
    text[65] = 'k';
    Bench<Uart> b(typed({}, text));
    set_up(b);
    b.write(Uart::IER, ROVR);
    b.run_until(Picos{far_end(65) - 1});
    EXPECT_EQ(b.read(Uart::SR) & RFUL, RFUL);
    EXPECT_EQ(b.read(Uart::ISR) & RFUL, RFUL);
    EXPECT_TRUE(b.gic.edges.empty());
    b.run_until(Picos::ms(10));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(65)}));
    EXPECT_EQ(b.channel.counters().rx_overruns, 1U);
    std::string seen;
    while ((b.read(Uart::SR) & REMPTY) == 0)
        seen.push_back(static_cast<char>(b.read(Uart::FIFO)));
    EXPECT_EQ(seen, std::string(64, 'o') + 'k');
    EXPECT_EQ(b.channel.counters().rx_bytes, 65U);
}

TEST(CadenceUart, DrainInTimeSavesTheWaitingCharacter) {
    Bench<Uart> b(typed({}, std::string(65, 'w')));
    set_up(b);
    b.run_until(Picos::ms(10));
    EXPECT_EQ(b.read(Uart::ISR) & ROVR, 0U);
    int count = 0;
    while ((b.read(Uart::SR) & REMPTY) == 0) {
        b.read(Uart::FIFO);
        ++count;
    }
    EXPECT_EQ(count, 65);
}

TEST(CadenceUart, FlowDelayStatus) {
    constexpr std::uint32_t SR_FDELT = 1U << 12;
    Bench<Uart> b(typed({}, "12345"));
    set_up(b);
    b.write(Uart::FLOWDELAY, 5);
    b.run_until(Picos{far_end(5) - 1});
    EXPECT_EQ(b.read(Uart::SR) & SR_FDELT, 0U);
    b.run_until(Picos{far_end(5)});
    EXPECT_EQ(b.read(Uart::SR) & SR_FDELT, SR_FDELT);
}

TEST(CadenceUart, WrongBaudRateGivesGarbageAndFramingErrors) {
    // The far end at half the rate: as in Character.ReceiverAtTwiceTheRateSeesEveryBitTwice.
    Bench<Uart> b(typed({}, "\x55"), {.far_end_baud = 57'600});
    set_up(b);
    b.write(Uart::IER, FRAME);
    b.write(Uart::FIFO, 'x');
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(1, 57'600)}));
    EXPECT_EQ(b.read(Uart::RXBS), 2U);
    EXPECT_EQ(b.read(Uart::FIFO), 0x66U);
    EXPECT_EQ(b.channel.counters().rx_framing_errors, 1U);
    ASSERT_EQ(b.sent.size(), 1U);
    EXPECT_NE(b.sent[0].byte, 'x');
}

TEST(CadenceUart, ParityErrorIsReported) {
    Bench<Uart> b(typed({}, "a"), {.far_end_format = {8, Parity::even, 2}});
    set_up(b);
    b.write(Uart::MR, 1U << 3);  // odd
    b.write(Uart::IER, PARE);
    b.run_until(Picos::ms(1));
    EXPECT_EQ(b.gic.edges.size(), 1U);
    EXPECT_EQ(b.read(Uart::RXBS), 1U);
    EXPECT_EQ(b.read(Uart::FIFO), std::uint32_t{'a'});
}

TEST(CadenceUart, LocalLoopback) {
    Bench<Uart> b(typed({}, "outside"));
    set_up(b);
    b.write(Uart::MR, MR_8N1 | 2U << 8);
    b.write(Uart::RXWM, 2);
    b.write(Uart::IER, RTRIG);
    b.write(Uart::FIFO, 'i');
    b.write(Uart::FIFO, 'n');
    b.run_until(Picos::ms(2));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, 2 * character_115200}));
    EXPECT_TRUE(b.sent.empty());
    EXPECT_EQ(b.read(Uart::FIFO), std::uint32_t{'i'});
    EXPECT_EQ(b.read(Uart::FIFO), std::uint32_t{'n'});
    EXPECT_EQ(b.read(Uart::SR) & REMPTY, REMPTY);
    EXPECT_EQ(b.channel.counters().rx_lost, 7U);
}

TEST(CadenceUart, PeekTakesNothing) {
    Bench<Uart> b(typed({}, "p"));
    set_up(b);
    b.run_until(Picos::ms(1));
    for (int i = 0; i < 2; ++i) {
        Access a{.offset = Uart::FIFO, .time = kernel_now()};
        b.uart.peek(a);
        EXPECT_EQ(a.value, std::uint64_t{'p'});
    }
    EXPECT_EQ(b.read(Uart::SR) & REMPTY, 0U);
}

TEST(CadenceUart, ByteAccessToTheFifo) {
    Bench<Uart> b;
    set_up(b);
    b.write(Uart::FIFO, 'b', vms::Width::byte);
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'b', character_115200}));
}

TEST(CadenceUart, DriverStartsItAsLinuxDoes) {
    // drivers/tty/serial/xilinx_uartps.c of Linux 6.1: startup, then set_termios at 115200, then a
    // transmission by the polling console and a reception by interrupt.
    Bench<Uart> b(typed(Picos::ms(25), "ls\r"));
    b.write(Uart::CR, CR_TXDIS | CR_RXDIS);
    b.write(Uart::CR, CR_TXRES | CR_RXRES);
    EXPECT_EQ(b.read(Uart::CR) & (CR_TXRES | CR_RXRES), 0U);
    b.write(Uart::CR, (b.read(Uart::CR) & ~CR_RXDIS) | CR_RXEN);
    b.write(Uart::MR, MR_8N1);
    b.write(Uart::RXWM, 32);
    b.write(Uart::RXTOUT, 10);
    b.write(Uart::ISR, b.read(Uart::ISR));
    b.write(Uart::IER, RTRIG | TIMEOUT | PARE | FRAME | ROVR);
    b.write(Uart::CR, b.read(Uart::CR) | CR_RXDIS | CR_TXDIS);
    b.write(Uart::BAUDGEN, baudgen_115200);
    b.write(Uart::BDIV, bdiv_115200);
    b.write(Uart::CR, b.read(Uart::CR) | CR_TXRES | CR_RXRES);
    b.write(Uart::CR, (b.read(Uart::CR) & ~(CR_TXDIS | CR_RXDIS)) | CR_TXEN | CR_RXEN);
    b.write(Uart::RXTOUT, 10);

    const std::string text(200, '#');
    Picos t{};
    for (const char c : text) {
        while ((b.read_at(t, Uart::SR) & TFUL) != 0) {
            t += Picos::us(1);
            b.run_until(t);
        }
        b.write_at(t, Uart::FIFO, static_cast<std::uint8_t>(c));
    }
    while ((b.read_at(t, Uart::SR) & (TEMPTY | SR_TACTIVE)) != TEMPTY) {
        t += Picos::us(1);
        b.run_until(t);
    }
    ASSERT_EQ(b.sent.size(), text.size());
    EXPECT_EQ(b.sent.back().at, 200 * character_115200) << "never idle in between";

    std::string seen;
    b.gic.on_edge = [&](bool level, Picos at) {
        if (!level)
            return;
        b.write_at(at, Uart::ISR, b.read_at(at, Uart::ISR));
        while ((b.read_at(at, Uart::SR) & REMPTY) == 0)
            seen.push_back(static_cast<char>(b.read_at(at, Uart::FIFO)));
    };
    b.run_until(Picos::ms(30));
    EXPECT_EQ(seen, "ls\r");
}

TEST(CadenceUart, StateFollowsFromTimeHoweverOftenItIsLookedAt) {
    // Three UARTs live through the same accesses: one is looked at every few microseconds, one only
    // when it is accessed, and one is accessed ahead of the kernel's time whenever nothing is due
    // before. Nobody must be able to tell which is which.
    const auto source = [] { return std::make_unique<PatternInput>(7, 2000, Picos::us(50)); };
    Bench<Uart> watched(source(), {}, "watched");
    Bench<Uart> stepped(source(), {}, "stepped");
    Bench<Uart> ahead(source(), {}, "ahead");
    const std::array<Bench<Uart>*, 3> all{&watched, &stepped, &ahead};
    std::array<std::vector<std::uint32_t>, 3> reads;
    for (Bench<Uart>* b : all) {
        set_up(*b);
        b->write(Uart::RXWM, 5);
        b->write(Uart::RXTOUT, 12);
        b->write(Uart::IER, RTRIG | TIMEOUT | TEMPTY | ROVR);
    }
    const auto reach = [&](Picos t) {
        while (kernel_now() < t) {
            const Picos next = std::min(t, kernel_now() + Picos::us(3));
            watched.run_until(next);
            Access look{.offset = Uart::SR, .time = next};
            watched.uart.peek(look);
        }
    };

    std::uint64_t random = 1;
    Picos t{};
    int times_ahead = 0;
    for (int i = 0; i < 4000; ++i) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        t += Picos{(random >> 40) * 4};  // up to 67 us
        const auto operate = [&](std::size_t which) {
            Bench<Uart>& b = *all[which];
            switch ((random >> 33) % 8) {
                case 0:
                case 1:
                    b.write_at(t, Uart::FIFO, random >> 50);
                    break;
                case 2:
                    reads[which].push_back(b.read_at(t, Uart::SR));
                    break;
                case 3:
                    reads[which].push_back(b.read_at(t, Uart::ISR));
                    break;
                case 4:
                    b.write_at(t, Uart::ISR, random >> 44);
                    break;
                case 5:
                case 6:
                    reads[which].push_back(b.read_at(t, Uart::FIFO));
                    break;
                default:
                    b.write_at(t, (random & 1) != 0 ? Uart::IER : Uart::IDR, random >> 44);
                    break;
            }
        };
        const bool due = sc_core::sc_pending_activity() &&
                         kernel_now() + Picos{sc_core::sc_time_to_pending_activity().value()} <= t;
        if (!due) {
            operate(2);
            ++times_ahead;
        }
        reach(t);
        operate(0);
        operate(1);
        if (due)
            operate(2);
    }
    for (const Picos end : {t, t + Picos::ms(200)}) {
        reach(end);
        for (auto* b : all)
            b->uart.synchronise();
        EXPECT_EQ(stepped.channel.counters(), watched.channel.counters());
        EXPECT_EQ(ahead.channel.counters(), watched.channel.counters());
    }

    EXPECT_GT(times_ahead, 500);
    EXPECT_GT(watched.gic.edges.size(), 100U);
    EXPECT_GT(watched.sent.size(), 100U);
    EXPECT_GT(watched.channel.counters().rx_bytes, 100U);
    EXPECT_GT(watched.channel.counters().rx_overruns, 0U);
    for (const std::size_t which : {1U, 2U}) {
        EXPECT_EQ(reads[which], reads[0]);
        EXPECT_EQ(all[which]->gic.edges, watched.gic.edges);
        EXPECT_EQ(all[which]->sent, watched.sent);
        EXPECT_TRUE(all[which]->activity.idle());
    }
}

TEST(CadenceUart, MebibyteEachWayWithFewEvents) {
    // Software fills the FIFO on TEMPTY and drains it on RTRIG and TIMEOUT, as drivers do.
    constexpr std::uint64_t count = 1 << 20;
    Bench<Uart> b(std::make_unique<PatternInput>(1, count), {.far_end_baud = 3'000'000});
    set_up(b, baudgen_3m, bdiv_3m);
    b.write(Uart::RXWM, 32);
    b.write(Uart::RXTOUT, 10);
    std::uint64_t written = 0;
    std::uint64_t bad = 0;
    std::uint64_t received = 0;
    bool inside = false;
    b.gic.on_edge = [&](bool level, Picos at) {
        if (!level || inside)
            return;
        inside = true;
        while (const std::uint32_t events = b.read_at(at, Uart::ISR) & (TEMPTY | RTRIG | TIMEOUT)) {
            b.write_at(at, Uart::ISR, events);
            if ((events & TEMPTY) != 0)
                while (written < count && (b.read_at(at, Uart::SR) & TFUL) == 0)
                    b.write_at(at, Uart::FIFO, vms::workload::pattern_byte(2, written++));
            while ((b.read_at(at, Uart::SR) & REMPTY) == 0)
                bad += b.read_at(at, Uart::FIFO) != vms::workload::pattern_byte(1, received++);
        }
        inside = false;
    };
    b.write(Uart::IER, TEMPTY | RTRIG | TIMEOUT);
    b.write(Uart::FIFO, vms::workload::pattern_byte(2, written++));
    const auto before = sc_core::sc_delta_count();
    b.run_until(Picos::ms(10'000));
    EXPECT_EQ(written, count);
    EXPECT_EQ(received, count);
    EXPECT_EQ(bad, 0U);
    const SerialCounters c = b.channel.counters();
    EXPECT_EQ(c.tx_bytes, count);
    EXPECT_EQ(c.rx_bytes, count);
    EXPECT_EQ(c.rx_overruns, 0U);
    EXPECT_TRUE(b.activity.idle());
    EXPECT_LT(sc_core::sc_delta_count() - before, count / 8);
}

TEST(CadenceUart, StreamThatNobodyReadsCostsAnEventA64Characters) {
    constexpr std::uint64_t count = 1 << 20;
    Bench<Uart> b(std::make_unique<PatternInput>(1, count), {.far_end_baud = 3'000'000});
    b.run_until(Picos::ms(10'000));
    EXPECT_EQ(b.channel.counters().rx_lost, count);
    EXPECT_LT(sc_core::sc_delta_count(), count / 60);
}

}  // namespace
}  // namespace models::test
