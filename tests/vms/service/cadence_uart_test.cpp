// The Cadence UART driver's register sequences on a register file after UG1087, module UART.
#include "vms/service/drivers/cadence_uart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/cadence_registers.h"
#include "tests/vms/service/rig.h"
#include "tests/vms/service/serial_recorder.h"

namespace vms::service::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GuestAddr base{0xff01'0000};

struct CadenceUartTest : ::testing::Test {
    Machine m;
    CadenceRegisters hw{base};
    CadenceUart uart{m.port, {.base = base, .clock_hz = 100'000'000, .baud = 115'200}};
    SerialRecorder input;

    CadenceUartTest() {
        uart.connect(input);
        m.cpu.on_load = [this](GuestAddr a, Width w, std::uint64_t) { return hw.load(a, w); };
        m.cpu.on_store = [this](GuestAddr a, Width w, std::uint64_t v) { hw.store(a, w, v); };
    }
    void stage(std::string_view text) {
        ASSERT_EQ(uart.stage(std::as_bytes(std::span(text))), text.size());
    }
    std::string taken() { return std::exchange(input.received, {}); }
};

// UG1085 21, start-up sequence: disabled while baud rate and mode are written, both paths reset,
// receiver trigger and time-out set, causes cleared before interrupts are enabled.
TEST_F(CadenceUartTest, StartSequence) {
    EXPECT_TRUE(uart.start());
    EXPECT_THAT(hw.writes,
                ElementsAre(std::pair{0x0c, 0x3fff},   // Intrpt_dis
                            std::pair{0x00, 0x128},    // Control: RXDIS, TXDIS, STPBRK
                            std::pair{0x18, 124},      // Baud_rate_gen
                            std::pair{0x34, 6},        // Baud_rate_divider
                            std::pair{0x04, 0x20},     // mode: 8 bits, no parity, 1 stop
                            std::pair{0x00, 0x2b},     // Control: RXRES, TXRES
                            std::pair{0x20, 32},       // Rcvr_FIFO_trigger_level
                            std::pair{0x1c, 10},       // Rcvr_timeout
                            std::pair{0x14, 0x3fff},   // Chnl_int_sts
                            std::pair{0x00, 0x54},     // Control: RXEN, TXEN, RSTTO
                            std::pair{0x08, 0x1e1}));  // RTRIG, ROVR, FRAME, PARE, TIMEOUT
}

// A reset that never ends is reported, and the wait for it is bounded.
TEST_F(CadenceUartTest, StartWithAResetThatDoesNotEnd) {
    hw.reset_sticks = true;
    EXPECT_FALSE(uart.start());
}

// UG1085 21, baud rate = clock / (CD * (BDIV + 1)): within 0.5 % of the usual rates.
TEST(CadenceBaud, DivisorsAreClose) {
    for (const std::uint64_t clock : {100'000'000ull, 99'990'000ull, 50'000'000ull})
        for (const std::uint64_t baud : {9'600ull, 115'200ull, 460'800ull, 921'600ull}) {
            const CadenceUart::Divisors d = CadenceUart::divisors(clock, baud);
            EXPECT_GE(d.divider, 4u);
            EXPECT_LE(d.divider, 255u);
            EXPECT_GE(d.generator, 1u);
            EXPECT_LE(d.generator, 65535u);
            const auto actual = clock / (d.generator * (std::uint64_t{d.divider} + 1));
            EXPECT_NEAR(static_cast<double>(actual), static_cast<double>(baud),
                        static_cast<double>(baud) * 0.005);
        }
}

// Up to 64 bytes go out without a look at the status; the FIFO is never overrun.
TEST_F(CadenceUartTest, TransmitFillsTheFifoThenWaitsForEmpty) {
    uart.start();
    std::string text;
    for (int i = 0; i < 150; ++i)
        text.push_back(static_cast<char>('a' + i % 26));
    stage(text);
    uart.push();
    EXPECT_EQ(hw.sent.size(), 64u);
    EXPECT_NE(hw.mask & 1u << 3, 0u);  // TEMPTY wanted
    uart.push();                       // FIFO still full
    EXPECT_EQ(hw.sent.size(), 64u);
    hw.drain();
    ASSERT_TRUE(hw.line());
    uart.silence();
    EXPECT_FALSE(hw.line());
    uart.serve();
    EXPECT_EQ(hw.sent.size(), 128u);
    EXPECT_FALSE(hw.line());
    hw.drain();
    uart.silence();
    uart.serve();
    EXPECT_EQ(hw.sent, text);
    EXPECT_FALSE(hw.overflow);
    EXPECT_EQ(hw.mask & 1u << 3, 0u);  // nothing waits: no interrupt wanted
    EXPECT_EQ(hw.mask, 0x1e1u);
}

// Small writes far apart use the FIFO afresh each time and need no interrupt.
TEST_F(CadenceUartTest, SmallWritesNeedNoInterrupt) {
    uart.start();
    for (int i = 0; i < 50; ++i) {
        stage("12345");
        uart.push();
        EXPECT_EQ(hw.mask, 0x1e1u) << i;
        hw.drain();
    }
    EXPECT_EQ(hw.sent.size(), 250u);
    EXPECT_FALSE(hw.overflow);
}

// Receive trigger or time-out: causes cleared before the FIFO is emptied, interrupts back at the
// end.
TEST_F(CadenceUartTest, ReceiveEmptiesTheFifo) {
    uart.start();
    for (const char c : std::string_view("typed"))
        hw.rx.push_back(c);
    hw.causes = 1u << 8;  // TIMEOUT
    ASSERT_TRUE(hw.line());
    uart.silence();
    EXPECT_FALSE(hw.line());
    hw.writes.clear();
    EXPECT_FALSE(uart.serve());
    EXPECT_EQ(taken(), "typed");
    EXPECT_THAT(hw.writes, ElementsAre(std::pair{0x14, 1 << 8}, std::pair{0x08, 0x1e1}));
    EXPECT_FALSE(hw.line());
}

// A byte that arrives after the last look sets its cause again: nothing is lost.
TEST_F(CadenceUartTest, ByteDuringServiceInterruptsAgain) {
    uart.start();
    hw.rx.push_back('a');
    hw.causes = 1u << 0;
    uart.silence();
    m.cpu.on_store = [this, inner = m.cpu.on_store](GuestAddr a, Width w, std::uint64_t v) {
        if (a.value - base.value == 0x08) {  // just before interrupts are enabled
            hw.rx.push_back('b');
            hw.causes |= 1u << 8;
        }
        inner(a, w, v);
    };
    uart.serve();
    EXPECT_EQ(taken(), "a");
    EXPECT_TRUE(hw.line());
}

// Overrun, framing and parity errors are counted.
TEST_F(CadenceUartTest, ReceiveErrors) {
    uart.start();
    hw.causes = 1u << 5;
    uart.serve();
    EXPECT_EQ(input.errors, 1u);
}

// A line that never pauses cannot hold the program: it asks for another turn, still silent.
TEST_F(CadenceUartTest, ReceiveBurstIsBounded) {
    uart.start();
    hw.rx.assign(300, 'x');
    hw.causes = 1;
    uart.silence();
    EXPECT_TRUE(uart.serve());
    EXPECT_EQ(hw.mask, 0u);
    EXPECT_TRUE(uart.serve());
    EXPECT_FALSE(uart.serve());
    EXPECT_EQ(taken().size(), 300u);
    EXPECT_EQ(hw.mask, 0x1e1u);
}

// Staging touches no register: it is done while a front-end waits.
TEST_F(CadenceUartTest, StagingTouchesNoRegister) {
    uart.start();
    m.cpu.log.clear();
    stage("E");
    EXPECT_THAT(m.cpu.log, IsEmpty());
    EXPECT_TRUE(uart.staged());
}

}  // namespace
}  // namespace vms::service::test
