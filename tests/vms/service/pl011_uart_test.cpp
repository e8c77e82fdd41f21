// The PL011 driver's register sequences on a register file after DDI 0183, chapter 3.
#include "vms/service/drivers/pl011_uart.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/rig.h"
#include "tests/vms/service/serial_recorder.h"

namespace vms::service::test {
namespace {

using ::testing::ElementsAre;

constexpr GuestAddr base{0x0900'0000};

/// FIFOs of 16, interrupt on passing one half (UARTIFLS = 0x12), causes that ICR clears.
class Pl011Registers {
  public:
    explicit Pl011Registers(vms::test::FakeCpu& cpu) {
        cpu.on_load = [this](GuestAddr a, Width w, std::uint64_t) { return load(a, w); };
        cpu.on_store = [this](GuestAddr a, Width w, std::uint64_t v) { store(a, w, v); };
    }

    std::vector<std::pair<std::uint64_t, std::uint64_t>> writes;
    std::uint32_t imsc = 0;
    std::uint32_t ris = 0;
    bool busy = false;
    std::deque<std::uint32_t> rx;
    std::size_t tx_fill = 0;
    std::string sent;
    bool overflow = false;

    bool line() const { return (ris & imsc) != 0; }
    void send(std::size_t n) {
        for (; n != 0 && tx_fill != 0; --n)
            if (--tx_fill == 8)
                ris |= 1u << 5;
    }

  private:
    std::uint64_t load(GuestAddr a, Width) {
        switch (a.value - base.value) {
            case 0x00: {
                if (rx.empty())
                    return 0;
                const std::uint32_t c = rx.front();
                rx.pop_front();
                return c;
            }
            case 0x18:
                return (busy ? 1u << 3 : 0u) | (rx.empty() ? 1u << 4 : 0u) |
                       (tx_fill == 16 ? 1u << 5 : 0u) | (tx_fill == 0 ? 1u << 7 : 0u);
            case 0x3c:
                return ris;
            default:
                ADD_FAILURE() << "read of " << std::hex << a.value - base.value;
                return 0;
        }
    }
    void store(GuestAddr a, Width, std::uint64_t v) {
        const std::uint64_t offset = a.value - base.value;
        const auto value = static_cast<std::uint32_t>(v);
        writes.emplace_back(offset, v);
        switch (offset) {
            case 0x00:
                overflow = overflow || tx_fill == 16;
                if (++tx_fill > 8)
                    ris &= ~(1u << 5);
                sent.push_back(static_cast<char>(v));
                break;
            case 0x38:
                imsc = value;
                break;
            case 0x44:
                ris &= ~value;
                break;
            default:
                break;
        }
    }
};

struct Pl011UartTest : ::testing::Test {
    Machine m;
    Pl011Registers hw{m.cpu};
    Pl011Uart uart{m.port, {.base = base, .clock_hz = 24'000'000, .baud = 115'200}};
    SerialRecorder input;

    Pl011UartTest() { uart.connect(input); }
    void stage(std::string_view text) {
        ASSERT_EQ(uart.stage(std::as_bytes(std::span(text))), text.size());
    }
};

// 3.3.6 (example of the manual's formula): 24 MHz / (16 * 115200) = 13 + 1/64 (13.02).
// 3.3.7: UARTLCR_H is written after the divisors. 3.3.8: enabled last.
TEST_F(Pl011UartTest, StartSequence) {
    EXPECT_TRUE(uart.start());
    EXPECT_THAT(hw.writes,
                ElementsAre(std::pair{0x38, 0}, std::pair{0x30, 0}, std::pair{0x2c, 0},
                            std::pair{0x44, 0x7ff}, std::pair{0x24, 13}, std::pair{0x28, 1},
                            std::pair{0x2c, 0x70}, std::pair{0x34, 0x12}, std::pair{0x30, 0x301},
                            std::pair{0x38, 0x50}));
}

// 3.3.6, the manual's own example: 4 MHz and 230400 baud give 1 and 5.
TEST(Pl011Baud, DivisorsOfTheManual) {
    const Pl011Uart::Divisors d = Pl011Uart::divisors(4'000'000, 230'400);
    EXPECT_EQ(d.integer, 1u);
    EXPECT_EQ(d.fraction, 5u);
}

// 3.3.8: BUSY is waited for, but not for ever.
TEST_F(Pl011UartTest, StartWhileBusyIsBounded) {
    hw.busy = true;
    EXPECT_FALSE(uart.start());
}

// 3.4.3: the transmit interrupt comes when the filled FIFO has drained to its level.
TEST_F(Pl011UartTest, TransmitRefillsAtTheLevel) {
    uart.start();
    std::string text;
    for (int i = 0; i < 60; ++i)
        text.push_back(static_cast<char>('a' + i % 26));
    stage(text);
    uart.push();
    EXPECT_EQ(hw.sent.size(), 16u);
    int interrupts = 0;
    for (int i = 0; i < 100 && hw.sent.size() < text.size(); ++i) {
        hw.send(1);
        if (!hw.line())
            continue;
        ++interrupts;
        uart.silence();
        EXPECT_FALSE(hw.line());
        uart.serve();
    }
    EXPECT_EQ(hw.sent, text);
    EXPECT_FALSE(hw.overflow);
    EXPECT_EQ(interrupts, 6);   // 8 bytes each after the first 16
    EXPECT_EQ(hw.imsc, 0x50u);  // no transmit interrupt wanted
}

// 3.4.3: receive and time-out; causes cleared before the FIFO is emptied, errors counted.
TEST_F(Pl011UartTest, Receive) {
    uart.start();
    hw.rx = {'o', 'k', 0x800 | '!'};  // OE on the last
    hw.ris = 1u << 6;
    ASSERT_TRUE(hw.line());
    uart.silence();
    EXPECT_FALSE(uart.serve());
    EXPECT_EQ(input.received.size(), 3u);
    EXPECT_EQ(input.errors, 1u);
    EXPECT_EQ(hw.ris, 0u);
    EXPECT_EQ(hw.imsc, 0x50u);
}

TEST_F(Pl011UartTest, ReceiveBurstIsBounded) {
    uart.start();
    hw.rx.assign(100, 'x');
    uart.silence();
    EXPECT_TRUE(uart.serve());
    EXPECT_EQ(hw.imsc, 0u);
    EXPECT_FALSE(uart.serve());
    EXPECT_EQ(input.received.size(), 100u);
    EXPECT_EQ(hw.imsc, 0x50u);
}

}  // namespace
}  // namespace vms::service::test
