// The PL011 against DDI 0183 (PrimeCell UART (PL011) Technical Reference Manual), revision r1p5.
#include "models/uart/pl011.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/uart/pattern.h"
#include "tests/models/uart/uart_bench.h"

namespace models::test {
namespace {

using Uart = Pl011;
using testing::ElementsAre;

constexpr std::uint32_t FR_BUSY = 1U << 3;
constexpr std::uint32_t FR_RXFE = 1U << 4;
constexpr std::uint32_t FR_TXFF = 1U << 5;
constexpr std::uint32_t FR_RXFF = 1U << 6;
constexpr std::uint32_t FR_TXFE = 1U << 7;

constexpr std::uint32_t LCR_FEN = 1U << 4;
constexpr std::uint32_t LCR_8N1 = 3U << 5;

constexpr std::uint32_t CR_UARTEN = 1U << 0;
constexpr std::uint32_t CR_LBE = 1U << 7;
constexpr std::uint32_t CR_TXE = 1U << 8;
constexpr std::uint32_t CR_RXE = 1U << 9;
constexpr std::uint32_t CR_ON = CR_UARTEN | CR_TXE | CR_RXE;

constexpr std::uint32_t INT_RX = 1U << 4;
constexpr std::uint32_t INT_TX = 1U << 5;
constexpr std::uint32_t INT_RT = 1U << 6;
constexpr std::uint32_t INT_FE = 1U << 7;
constexpr std::uint32_t INT_PE = 1U << 8;
constexpr std::uint32_t INT_OE = 1U << 10;

/// 24 MHz / (16 * 13 1/64) = 115 246 baud, Linux's choice for 115 200: a bit lasts 833 quarter
/// periods, a character 86.7708333 us.
constexpr std::uint64_t clock_hz = 24'000'000;
constexpr std::uint32_t ibrd_115200 = 13;
constexpr std::uint32_t fbrd_115200 = 1;

/// So many bits at the near end's rate, rounded up to the first picosecond.
constexpr std::uint64_t near_bits(std::uint64_t n, std::uint64_t divisor64 = 833) {
    return (n * divisor64 * 1'000'000'000'000 / 4 + clock_hz - 1) / clock_hz;
}
constexpr std::uint64_t character_115200 = near_bits(10);

constexpr std::uint64_t far_end(std::uint64_t k, std::uint64_t baud = 115'200) {
    return (k * 10 * 1'000'000'000'000 + baud - 1) / baud;
}

struct PlBench : Bench<Uart> {
    explicit PlBench(std::unique_ptr<SerialSource> source = nullptr, UartParameters p = {},
                     const char* name = "uart")
        : Bench<Uart>(std::move(source), with_clock(p), name) {}

    void set_up(std::uint32_t lcr = LCR_8N1 | LCR_FEN, std::uint32_t ibrd = ibrd_115200,
                std::uint32_t fbrd = fbrd_115200) {
        write(Uart::IBRD, ibrd);
        write(Uart::FBRD, fbrd);
        write(Uart::LCR_H, lcr);
        write(Uart::CR, CR_ON);
    }
    static UartParameters with_clock(UartParameters p) {
        p.reference_clock_hz = clock_hz;
        return p;
    }
};

TEST(Pl011, ResetValues) {
    // DDI 0183, table 3-1; UARTFR with the modem's inputs asserted.
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> manual{
        {0x000, 0x0},  {0x004, 0x0},   {0x018, 0x97}, {0x020, 0x0},  {0x024, 0x0},  {0x028, 0x0},
        {0x02c, 0x0},  {0x030, 0x300}, {0x034, 0x12}, {0x038, 0x0},  {0x03c, 0x0},  {0x040, 0x0},
        {0x044, 0x0},  {0x048, 0x0},   {0xfe0, 0x11}, {0xfe4, 0x10}, {0xfe8, 0x34}, {0xfec, 0x00},
        {0xff0, 0x0d}, {0xff4, 0xf0},  {0xff8, 0x05}, {0xffc, 0xb1},
    };
    ASSERT_EQ(manual.size(), Uart::registers.size());
    PlBench b;
    for (std::size_t i = 0; i < manual.size(); ++i) {
        EXPECT_EQ(Uart::registers[i].offset, manual[i].first);
        EXPECT_EQ(b.read(manual[i].first), manual[i].second) << Uart::registers[i].name;
    }
}

TEST(Pl011, AccessRights) {
    PlBench b;
    for (const std::uint32_t offset : {0x018U, 0x03cU, 0x040U, 0xfe0U, 0xfe8U, 0xff0U, 0xffcU}) {
        const std::uint32_t before = b.read(offset);
        b.write(offset, 0xffff'ffff);
        EXPECT_EQ(b.read(offset), before) << "read-only at " << offset;
    }
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> writable{
        {Uart::ILPR, 0xff}, {Uart::IBRD, 0xffff}, {Uart::FBRD, 0x3f},  {Uart::LCR_H, 0xff},
        {Uart::CR, 0xff87}, {Uart::IFLS, 0x3f},   {Uart::IMSC, 0x7ff}, {Uart::DMACR, 0x7},
    };
    for (const auto& [offset, mask] : writable) {
        b.write(offset, 0xffff'ffff);
        EXPECT_EQ(b.read(offset), mask) << offset;
    }
    EXPECT_EQ(b.read(Uart::ICR), 0U) << "write-only";
    EXPECT_EQ(b.read(0x80), 0U) << "integration test registers";
}

TEST(Pl011, ByteLeavesAfterTenBits) {
    PlBench b;
    b.set_up();
    b.write(Uart::DR, 'A');
    EXPECT_EQ(b.read(Uart::FR) & (FR_BUSY | FR_TXFE), FR_BUSY | FR_TXFE);
    EXPECT_FALSE(b.activity.idle());
    b.run_until(Picos{character_115200 - 1});
    EXPECT_TRUE(b.sent.empty());
    EXPECT_EQ(b.read(Uart::FR) & FR_BUSY, FR_BUSY);
    b.run_until(Picos{character_115200});
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'A', character_115200}));
    EXPECT_EQ(b.read(Uart::FR) & FR_BUSY, 0U);
    EXPECT_TRUE(b.activity.idle());
}

TEST(Pl011, FractionalDivisorIsExactOverManyCharacters) {
    PlBench b;
    b.set_up();
    for (int i = 0; i < 33; ++i)
        b.write(Uart::DR, 'x');
    b.run_until(Picos::ms(5));
    ASSERT_EQ(b.sent.size(), 33U);
    for (std::uint64_t k = 0; k < 33; ++k)
        EXPECT_EQ(b.sent[k].at, near_bits(10 * (k + 1)));
}

TEST(Pl011, ThreeMegabaud) {
    // 48 MHz would divide by one; at 24 MHz the fastest is 1.5 Mbaud, so the divisor 1 (IBRD 1).
    Bench<Uart> b(nullptr, {.reference_clock_hz = 48'000'000, .far_end_baud = 3'000'000});
    b.write(Uart::IBRD, 1);
    b.write(Uart::LCR_H, LCR_8N1 | LCR_FEN);
    b.write(Uart::CR, CR_ON);
    b.write(Uart::DR, 'a');
    b.write(Uart::DR, 'b');
    b.write(Uart::DR, 'c');
    b.run_until(Picos::us(20));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'a', 3'333'334}, Arrival{'b', 6'666'667},
                                    Arrival{'c', 10'000'000}));
}

TEST(Pl011, DivisorTakesEffectWithLineControl) {
    // 3.3.6: the baud rate registers are updated by a write of UARTLCR_H.
    PlBench b;
    b.set_up();
    b.write(Uart::IBRD, 26);
    b.write(Uart::FBRD, 2);
    b.write(Uart::DR, '1');
    b.run_until(Picos::ms(1));
    b.write(Uart::LCR_H, LCR_8N1 | LCR_FEN);
    b.write(Uart::DR, '2');
    b.run_until(Picos::ms(2));
    ASSERT_EQ(b.sent.size(), 2U);
    EXPECT_EQ(b.sent[0].at, character_115200);
    EXPECT_EQ(b.sent[1].at, 1'000'000'000 + near_bits(10, 1666));
}

TEST(Pl011, NoDivisorNoTransmission) {
    PlBench b;
    b.write(Uart::LCR_H, LCR_8N1 | LCR_FEN);
    b.write(Uart::CR, CR_ON);
    b.write(Uart::DR, 'n');
    b.run_until(Picos::ms(1));
    EXPECT_TRUE(b.sent.empty());
    EXPECT_EQ(b.read(Uart::FR) & (FR_BUSY | FR_TXFE), FR_BUSY) << "busy while data waits (3.3.3)";
    EXPECT_TRUE(b.activity.idle());
}

TEST(Pl011, DisabledKeepsItsBytes) {
    PlBench b;
    b.set_up();
    b.write(Uart::CR, CR_UARTEN | CR_RXE);
    b.write(Uart::DR, 'k');
    b.run_until(Picos::ms(1));
    EXPECT_TRUE(b.sent.empty());
    b.write(Uart::CR, CR_ON);
    b.run_until(Picos::ms(2));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'k', 1'000'000'000 + character_115200}));
}

TEST(Pl011, DisablingFinishesTheCharacter) {
    // 3.3.8, UARTEN: a character in the middle of transmission is completed before it stops.
    PlBench b;
    b.set_up();
    b.write(Uart::DR, '1');
    b.write(Uart::DR, '2');
    b.run_until(Picos::us(10));
    b.write(Uart::CR, CR_TXE | CR_RXE);
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'1', character_115200}));
    EXPECT_TRUE(b.activity.idle());
}

TEST(Pl011, FullFifoLosesWhatIsWritten) {
    PlBench b;
    b.set_up();
    for (int i = 0; i < 33; ++i) {
        EXPECT_EQ(b.read(Uart::FR) & FR_TXFF, 0U) << i;
        b.write(Uart::DR, 'f');
    }
    EXPECT_EQ(b.read(Uart::FR) & FR_TXFF, FR_TXFF);
    b.write(Uart::DR, 'l');
    b.run_until(Picos{character_115200});
    EXPECT_EQ(b.read(Uart::FR) & FR_TXFF, 0U);
    b.run_until(Picos::ms(10));
    EXPECT_EQ(b.channel.counters().tx_bytes, 33U);
    EXPECT_EQ(b.channel.counters().tx_lost, 1U);
}

TEST(Pl011, DisablingTheFifosFlushesThem) {
    PlBench b;
    b.set_up();
    for (int i = 0; i < 5; ++i)
        b.write(Uart::DR, 'x');
    b.write(Uart::LCR_H, LCR_8N1);
    b.run_until(Picos::ms(2));
    EXPECT_EQ(b.sent.size(), 1U) << "only the character in the shift register";
}

TEST(Pl011, TransmitInterruptMarksThePassageThroughTheLevel) {
    // 3.4.2: at or below the level coming from above; not when enabled on an empty FIFO.
    PlBench b;
    b.set_up();
    b.write(Uart::IFLS, 0x12);  // a half: 16 of 32
    b.write(Uart::IMSC, INT_TX);
    EXPECT_TRUE(b.gic.edges.empty());
    for (int i = 0; i < 17; ++i)  // one goes to the shift register, 16 stay
        b.write(Uart::DR, 'x');
    EXPECT_EQ(b.read(Uart::RIS), 0U);
    b.run_until(Picos::ms(10));
    EXPECT_TRUE(b.gic.edges.empty()) << "it was never above the level";
    for (int i = 0; i < 20; ++i)  // 19 stay
        b.write(Uart::DR, 'y');
    b.run_until(Picos::ms(20));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, 10'000'000'000 + near_bits(30)}));
    b.write(Uart::ICR, INT_TX);
    EXPECT_EQ(b.read(Uart::RIS), 0U);
    EXPECT_FALSE(b.gic.edges.back().level);
}

TEST(Pl011, FillingAboveTheLevelClearsTheTransmitInterrupt) {
    PlBench b;
    b.set_up();
    b.write(Uart::IFLS, 0x00);  // an eighth: 4
    for (int i = 0; i < 6; ++i)
        b.write(Uart::DR, 'x');
    b.run_until(Picos{near_bits(10)});
    EXPECT_EQ(b.read(Uart::RIS), INT_TX);
    EXPECT_EQ(b.read(Uart::MIS), 0U) << "masked";
    b.write(Uart::DR, 'x');
    EXPECT_EQ(b.read(Uart::RIS), 0U);
}

TEST(Pl011, TransmitInterruptWithoutFifos) {
    // 3.4.2: raised when the single location becomes empty, cleared by a write that stays in it.
    PlBench b;
    b.set_up(LCR_8N1);
    b.write(Uart::IMSC, INT_TX);
    b.write(Uart::DR, '1');
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, 0}));
    b.write(Uart::DR, '2');
    EXPECT_EQ(b.read(Uart::FR) & FR_TXFF, FR_TXFF);
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.gic.edges,
                ElementsAre(Edge{true, 0}, Edge{false, 0}, Edge{true, character_115200}));
}

TEST(Pl011, ReceiveTriggerInterruptIsExact) {
    PlBench b(typed({}, "0123456789"));
    b.set_up();
    b.write(Uart::IFLS, 0x00);  // an eighth: 4
    b.write(Uart::IMSC, INT_RX);
    b.run_until(Picos{far_end(4)});
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(4)}));
    EXPECT_EQ(b.read(Uart::DR), std::uint32_t{'0'});
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(4)}, Edge{false, far_end(4)}))
        << "cleared by reading below the level";
    b.run_until(Picos::ms(2));
    ASSERT_EQ(b.gic.edges.size(), 3U);
    EXPECT_EQ(b.gic.edges[2], (Edge{true, far_end(5)}));
    b.write(Uart::ICR, INT_RX);
    EXPECT_EQ(b.read(Uart::RIS) & INT_RX, 0U);
}

TEST(Pl011, ReceiveInterruptWithoutFifos) {
    PlBench b(typed({}, "ab"));
    b.set_up(LCR_8N1);
    b.write(Uart::IMSC, INT_RX);
    b.run_until(Picos{far_end(1)});
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(1)}));
    EXPECT_EQ(b.read(Uart::FR) & FR_RXFF, FR_RXFF);
    EXPECT_EQ(b.read(Uart::DR), std::uint32_t{'a'});
    EXPECT_FALSE(b.gic.edges.back().level);
}

TEST(Pl011, ReceiveTimeoutIs32BitsAfterTheLastCharacter) {
    // 3.4.3
    PlBench b(typed({}, "abc"));
    b.set_up();
    b.write(Uart::IMSC, INT_RT | INT_RX);
    b.run_until(Picos::ms(5));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(3) + near_bits(32)}));
    EXPECT_EQ(b.read(Uart::MIS), INT_RT);
    b.read(Uart::DR);
    b.read(Uart::DR);
    EXPECT_EQ(b.read(Uart::MIS), INT_RT) << "until the FIFO is empty";
    b.read(Uart::DR);
    EXPECT_EQ(b.read(Uart::MIS), 0U);
    EXPECT_FALSE(b.gic.edges.back().level);
}

TEST(Pl011, EmptiedFifoHasNoTimeout) {
    PlBench b(typed({}, "a"));
    b.set_up();
    b.write(Uart::IMSC, INT_RT);
    b.run_until(Picos{far_end(1)});
    EXPECT_EQ(b.read(Uart::DR), std::uint32_t{'a'});
    b.run_until(Picos::ms(5));
    EXPECT_TRUE(b.gic.edges.empty());
}

TEST(Pl011, OverrunIsCarriedByTheNextCharacter) {
    // Chapter 2, "Error bits", and UARTDR.OE: what is in the FIFO stays; the overrun bit enters it
    // with the next character that finds room.
    std::string text(34, 'o');
    text[32] = 'L';
    text[33] = 'M';
    PlBench b(typed({}, text));
    b.channel.add_source(typed(Picos::ms(20), "n"));
    b.set_up();
    b.write(Uart::IMSC, INT_OE);
    b.run_until(Picos::ms(10));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(33)}));
    EXPECT_EQ(b.read(Uart::RSR), 8U);
    b.write(Uart::RSR, 0);
    EXPECT_EQ(b.read(Uart::RSR), 0U) << "any write clears it";
    for (int i = 0; i < 32; ++i)
        EXPECT_EQ(b.read(Uart::DR), std::uint32_t{'o'}) << i;
    EXPECT_EQ(b.read(Uart::FR) & FR_RXFE, FR_RXFE);
    b.run_until(Picos::ms(30));
    EXPECT_EQ(b.read(Uart::DR), std::uint32_t{'n'} | 1U << 11);
    EXPECT_EQ(b.channel.counters().rx_overruns, 2U);
}

TEST(Pl011, DisabledReceiverHearsNothing) {
    PlBench b(typed({}, "lost"));
    b.set_up();
    b.write(Uart::CR, CR_UARTEN | CR_TXE);
    b.run_until(Picos::ms(1));
    EXPECT_EQ(b.read(Uart::FR) & FR_RXFE, FR_RXFE);
    EXPECT_EQ(b.channel.counters().rx_lost, 4U);
}

TEST(Pl011, FramingAndParityErrorsComeWithTheirCharacter) {
    PlBench b(typed({}, "\x55"), {.far_end_baud = 57'600});
    b.set_up();
    b.write(Uart::IMSC, INT_FE);
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, far_end(1, 57'600)}));
    EXPECT_EQ(b.read(Uart::RSR), 0U) << "shows the character read last";
    EXPECT_EQ(b.read(Uart::DR), 0x66U | 1U << 8);
    EXPECT_EQ(b.read(Uart::RSR), 1U);
}

TEST(Pl011, ParityError) {
    constexpr std::uint32_t odd = 1U << 1;
    PlBench b(typed({}, "a"), {.far_end_format = {8, Parity::even, 2}});
    b.set_up(LCR_8N1 | LCR_FEN | odd);
    b.write(Uart::IMSC, INT_PE);
    b.run_until(Picos::ms(1));
    EXPECT_EQ(b.gic.edges.size(), 1U);
    EXPECT_EQ(b.read(Uart::DR), std::uint32_t{'a'} | 1U << 9);
}

TEST(Pl011, LineControlSetsTheLength) {
    // Seven bits, even parity, two stop bits: 11 bits.
    constexpr std::uint32_t seven_even_two = 2U << 5 | 1U << 1 | 1U << 2 | 1U << 3;
    PlBench b(nullptr, {.far_end_format = {7, Parity::even, 4}});
    b.set_up(seven_even_two);
    b.write(Uart::DR, 'q');
    b.run_until(Picos::ms(1));
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'q', near_bits(11)}));
}

TEST(Pl011, Loopback) {
    PlBench b(typed({}, "out"));
    b.set_up();
    b.write(Uart::CR, CR_ON | CR_LBE);
    b.write(Uart::IMSC, INT_RT);
    b.write(Uart::DR, 'i');
    b.run_until(Picos::ms(2));
    EXPECT_TRUE(b.sent.empty());
    EXPECT_THAT(b.gic.edges, ElementsAre(Edge{true, near_bits(10) + near_bits(32)}));
    EXPECT_EQ(b.read(Uart::DR), std::uint32_t{'i'});
    EXPECT_EQ(b.channel.counters().rx_lost, 3U);
}

TEST(Pl011, HalfwordAndByteAccesses) {
    // Drivers of the SBSA subset use 16-bit accesses.
    PlBench b(typed({}, "h"));
    b.set_up();
    b.write(Uart::DR, 'w', vms::Width::half);
    b.write(Uart::DR, 'b', vms::Width::byte);
    b.run_until(Picos::ms(1));
    EXPECT_EQ(b.sent.size(), 2U);
    EXPECT_EQ(b.read(Uart::FR, vms::Width::half) & FR_RXFE, 0U);
    EXPECT_EQ(b.read(Uart::DR, vms::Width::byte), std::uint32_t{'h'});
    EXPECT_EQ(b.read(Uart::FR, vms::Width::half) & FR_RXFE, FR_RXFE);
}

TEST(Pl011, DriverStartsItAsLinuxDoes) {
    // drivers/tty/serial/amba-pl011.c of Linux 6.1: hwinit, startup, set_termios at 115200, the
    // interrupt handler, a write that fills the FIFO and continues by interrupt.
    PlBench b(typed(Picos::ms(30), "pwd\r"));
    constexpr std::uint32_t errors = INT_OE | INT_PE | INT_FE | 1U << 9;
    b.write(Uart::ICR, errors | INT_RT | INT_RX);
    b.write(Uart::IMSC, INT_RT | INT_RX);
    b.write(Uart::IFLS, 0x12);
    b.write(Uart::CR, CR_ON);
    b.write(Uart::ICR, INT_RT | INT_RX);
    for (int i = 0; i < 64 && (b.read(Uart::FR) & FR_RXFE) == 0; ++i)
        b.read(Uart::DR);
    b.write(Uart::IMSC, INT_RT | INT_RX);
    b.write(Uart::FBRD, fbrd_115200);
    b.write(Uart::IBRD, ibrd_115200);
    b.write(Uart::LCR_H, LCR_8N1 | LCR_FEN);
    b.write(Uart::CR, CR_ON);

    const std::string text(100, '#');
    std::size_t written = 0;
    std::string seen;
    b.gic.on_edge = [&](bool level, Picos at) {
        if (!level)
            return;
        while (const std::uint32_t status = b.read_at(at, Uart::MIS)) {
            b.write_at(at, Uart::ICR, status & ~(INT_TX | INT_RT | INT_RX));
            if ((status & (INT_RT | INT_RX)) != 0)
                while ((b.read_at(at, Uart::FR) & FR_RXFE) == 0)
                    seen.push_back(static_cast<char>(b.read_at(at, Uart::DR)));
            if ((status & INT_TX) != 0) {
                for (int n = 0; n < 16 && written < text.size(); ++n)
                    b.write_at(at, Uart::DR, static_cast<std::uint8_t>(text[written++]));
                if (written == text.size())
                    b.write_at(at, Uart::IMSC, INT_RT | INT_RX);
            }
        }
    };
    while (written < text.size() && (b.read(Uart::FR) & FR_TXFF) == 0)
        b.write(Uart::DR, static_cast<std::uint8_t>(text[written++]));
    EXPECT_EQ(written, 33U);
    b.write(Uart::IMSC, INT_RT | INT_RX | INT_TX);
    b.run_until(Picos::ms(60));
    ASSERT_EQ(b.sent.size(), text.size());
    EXPECT_EQ(b.sent.back().at, near_bits(1000)) << "never idle in between";
    EXPECT_EQ(seen, "pwd\r");
}

TEST(Pl011, StateFollowsFromTimeHoweverOftenItIsLookedAt) {
    // As CadenceUart's: watched all the time, only when accessed, and accessed ahead.
    const auto source = [] { return std::make_unique<PatternInput>(7, 2000, Picos::us(50)); };
    PlBench watched(source(), {}, "watched");
    PlBench stepped(source(), {}, "stepped");
    PlBench ahead(source(), {}, "ahead");
    const std::array<PlBench*, 3> all{&watched, &stepped, &ahead};
    std::array<std::vector<std::uint32_t>, 3> reads;
    for (PlBench* b : all) {
        b->set_up();
        b->write(Uart::IFLS, 0x00);
        b->write(Uart::IMSC, INT_RX | INT_RT | INT_TX | INT_OE);
    }
    const auto reach = [&](Picos t) {
        while (kernel_now() < t) {
            const Picos next = std::min(t, kernel_now() + Picos::us(3));
            watched.run_until(next);
            Access look{.offset = Uart::FR, .time = next};
            watched.uart.peek(look);
        }
    };
    std::uint64_t random = 1;
    Picos t{};
    int times_ahead = 0;
    for (int i = 0; i < 4000; ++i) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        t += Picos{(random >> 40) * 5};  // up to 84 us
        const auto operate = [&](std::size_t which) {
            PlBench& b = *all[which];
            switch ((random >> 33) % 8) {
                case 0:
                case 1:
                    b.write_at(t, Uart::DR, random >> 50);
                    break;
                case 2:
                    reads[which].push_back(b.read_at(t, Uart::FR));
                    break;
                case 3:
                    reads[which].push_back(b.read_at(t, Uart::RIS));
                    break;
                case 4:
                    b.write_at(t, Uart::ICR, random >> 44);
                    break;
                case 5:
                case 6:
                    reads[which].push_back(b.read_at(t, Uart::DR));
                    break;
                default:
                    b.write_at(t, Uart::IMSC, random >> 44);
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
    EXPECT_GT(watched.channel.counters().rx_overruns, 0U);
    for (const std::size_t which : {1U, 2U}) {
        EXPECT_EQ(reads[which], reads[0]);
        EXPECT_EQ(all[which]->gic.edges, watched.gic.edges);
        EXPECT_EQ(all[which]->sent, watched.sent);
        EXPECT_TRUE(all[which]->activity.idle());
    }
}

}  // namespace
}  // namespace models::test
