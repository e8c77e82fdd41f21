// The console device behind its transport, against VirtIO v1.4, section 5.3.
#include "vms/service/console/console.h"

#include <gtest/gtest.h>

#include "tests/vms/service/fake_serial.h"
#include "tests/vms/service/rig.h"
#include "vms/service/serial/direct_line.h"

namespace vms::service::test {
namespace {

constexpr GuestAddr data = shared_base + 0x4000;

class ConsoleTest : public ::testing::Test {
  protected:
    static constexpr std::uint64_t ring_features =
        version_1 | access_platform | event_idx | indirect_desc;

    void start(std::uint64_t features = version_1 | access_platform) {
        ASSERT_TRUE(regs.negotiate(features));
        regs.configure(0, rx.areas());
        regs.configure(1, tx.areas());
        regs.driver_ok();
        run();
    }
    /// The main loop's part: until nothing more can be done now.
    void run() {
        int steps = 0;
        while (transport.work())
            ASSERT_LT(++steps, 10'000);
        transport.publish();
    }
    void type(std::string_view text) {
        serial.typed.insert(serial.typed.end(), text.begin(), text.end());
        serial.serve();
        run();
    }

    Machine m;
    DeviceCounters counters;
    FakeSerial serial;
    DirectLine line{serial};
    ConsoleConfig config{.cols = 80, .rows = 25};
    Console console{
        m.port, {.ring_features = ring_features, .config = config, .lines = {&line}}, counters};
    MmioTransport transport{m.port, m.memory, console, 0x0a00'3e00, counters};
    Registers regs{transport};
    DriverRing rx{m.cpu, shared_base, 8};
    DriverRing tx{m.cpu, shared_base + 0x1000, 8};
};

// 5.3.2, 5.3.3: two queues, SIZE and EMERG_WRITE, no MULTIPORT.
TEST_F(ConsoleTest, Identity) {
    EXPECT_EQ(regs.read(0x008), 3u);
    EXPECT_EQ(regs.read(0x010), (1u << 0) | (1u << 2) | (1u << 28) | (1u << 29));
    regs.write(0x030, 1);
    EXPECT_EQ(regs.read(0x034), 256u);
    regs.write(0x030, 2);
    EXPECT_EQ(regs.read(0x034), 0u);
}

// 5.3.4: cols at 0, rows at 2, max_nr_ports at 4; each readable in its width and in parts.
TEST_F(ConsoleTest, ConfigurationLayout) {
    EXPECT_EQ(transport.read(0x100, 2), 80u);
    EXPECT_EQ(transport.read(0x102, 2), 25u);
    EXPECT_EQ(transport.read(0x100, 4), 80u | 25u << 16);
    EXPECT_EQ(transport.read(0x102, 1), 25u);
    EXPECT_EQ(regs.read(0x104), 1u);
    EXPECT_EQ(regs.read(0x108), 0u);
}

// 5.3.4: emerg_wr works before the device is configured; its byte leaves outside the access.
TEST_F(ConsoleTest, EmergencyWrite) {
    regs.write(0x108, 'E');
    EXPECT_EQ(serial.sent, "");
    EXPECT_TRUE(serial.waits());
    serial.serve();
    EXPECT_EQ(serial.sent, "E");
    EXPECT_FALSE(serial.waits());
}

// 5.3.6: the bytes of a transmit buffer reach the port in order; the used length is 0.
TEST_F(ConsoleTest, Transmit) {
    start();
    put(m.cpu, data, "hello, world");
    tx.add({{data, 5, false}, {data + 5, 7, false}});
    regs.write(0x050, 1);
    run();
    EXPECT_EQ(serial.sent, "hello, world");
    EXPECT_EQ(tx.used_index(), 1);
    EXPECT_EQ(tx.used(0), (UsedElement{0, 0}));
    EXPECT_EQ(regs.read(0x060), 1u);
    EXPECT_EQ(counters.tx_bytes, 12u);
}

// A chain is given back only when all its bytes were taken, and holds back those after it.
TEST_F(ConsoleTest, TransmitBackPressure) {
    start();
    const std::string text(600, 'x');
    put(m.cpu, data, text);
    serial.fifo_room = 10;
    tx.add({{data, 600, false}});
    tx.add({{data, 1, false}});
    regs.write(0x050, 1);
    run();
    EXPECT_EQ(serial.sent.size(), 10u);
    EXPECT_EQ(tx.used_index(), 0);
    EXPECT_EQ(counters.tx_bytes, 10 + SerialPort::staging_bytes);
    serial.fifo_room = 300;
    serial.serve();
    run();
    EXPECT_EQ(tx.used_index(), 0);
    serial.fifo_room = 1000;
    serial.serve();
    run();
    EXPECT_EQ(tx.used_index(), 2);
    EXPECT_EQ(serial.sent, text + "x");
}

// 5.3.6.1: input goes to the receive buffers in order; a buffer is not waited full.
TEST_F(ConsoleTest, Receive) {
    start();
    rx.add({{data, 3, true}});
    rx.add({{data + 0x100, 64, true}});
    type("abcdef");
    EXPECT_EQ(rx.used_index(), 2);
    EXPECT_EQ(rx.used(0), (UsedElement{0, 3}));
    EXPECT_EQ(rx.used(1), (UsedElement{1, 3}));
    EXPECT_EQ(get(m.cpu, data, 3) + get(m.cpu, data + 0x100, 3), "abcdef");
    EXPECT_EQ(counters.rx_bytes, 6u);
}

// Input that comes without a buffer is kept until the driver's kick brings one. The driver is asked
// for that kick: by the flag, or by an avail_event that it will pass (2.7.10).
class KeptInput : public ConsoleTest, public ::testing::WithParamInterface<std::uint64_t> {};

TEST_P(KeptInput, WaitsForAKick) {
    start(GetParam());
    type("kept");
    EXPECT_EQ(rx.used_index(), 0);
    EXPECT_EQ(rx.used_flags(), 0);
    EXPECT_EQ(rx.avail_event(), rx.index());
    rx.add({{data, 16, true}});
    run();
    EXPECT_EQ(rx.used_index(), 0);  // the ring is not polled
    regs.write(0x050, 0);
    run();
    EXPECT_EQ(rx.used(0), (UsedElement{0, 4}));
    EXPECT_EQ(get(m.cpu, data, 4), "kept");
    EXPECT_EQ(counters.dropped_input, 0u);
}

INSTANTIATE_TEST_SUITE_P(Notification, KeptInput,
                         ::testing::Values(version_1, version_1 | event_idx));

// Input before DRIVER_OK is kept as well.
TEST_F(ConsoleTest, InputBeforeDriverOkIsKept) {
    type("early");
    ASSERT_TRUE(regs.negotiate(version_1));
    regs.configure(0, rx.areas());
    regs.configure(1, tx.areas());
    rx.add({{data, 16, true}});
    regs.driver_ok();
    run();
    EXPECT_EQ(get(m.cpu, data, 5), "early");
}

// What does not fit is counted to the byte; what was kept first is kept.
TEST_F(ConsoleTest, OverlongInputIsCounted) {
    start();
    const std::string flood(InputBuffer::capacity, 'k');
    type(flood + "lost!");
    EXPECT_EQ(counters.dropped_input, 5u);
    EXPECT_EQ(counters.received_bytes, InputBuffer::capacity + 5);
    rx.add({{data, InputBuffer::capacity + 16, true}});
    regs.write(0x050, 0);
    run();
    EXPECT_EQ(rx.used(0).length, InputBuffer::capacity);
}

// Bytes that have left the kept input for a driver's buffer are seen there after a reset too, even
// if it came before they were published: a driver that clears up counts them (Linux:
// remove_port_data), and none is lost without anybody's knowledge.
TEST_F(ConsoleTest, InputThatAResetMeetsBeforePublicationIsDelivered) {
    start();
    rx.add({{data, 64, true}});
    regs.write(0x050, 0);
    serial.typed.insert(serial.typed.end(), {'a', 'b', 'c'});
    serial.serve();
    while (transport.work()) {
    }
    EXPECT_EQ(rx.used_index(), 0);
    regs.write(0x070, 0);
    EXPECT_EQ(rx.used_index(), 1);
    EXPECT_EQ(rx.used(0), (UsedElement{0, 3}));
    EXPECT_EQ(counters.rx_bytes, 3u);
}

// 2.7.10: while nothing is typed the driver is not asked for kicks on the receive queue.
TEST_F(ConsoleTest, ReceiveKicksAreSuppressedWithoutInput) {
    start();
    EXPECT_EQ(rx.used_flags(), abi::ring::used::flag_no_notify);
    EXPECT_EQ(tx.used_flags(), 0);
}

// A chain without a usable buffer goes back with length 0; the queue goes on.
TEST_F(ConsoleTest, UselessChainsGoBackEmpty) {
    start();
    rx.add({{data, 16, false}});  // readable only, on the receive queue
    rx.add({{data, 16, true}});
    type("in");
    EXPECT_EQ(rx.used(0), (UsedElement{0, 0}));
    EXPECT_EQ(rx.used(1), (UsedElement{1, 2}));
    put(m.cpu, data, "out");
    tx.add({{data, 16, true}});  // writable only, on the transmit queue
    tx.add({{data, 3, false}});
    regs.write(0x050, 1);
    run();
    EXPECT_EQ(tx.used_index(), 2);
    EXPECT_EQ(serial.sent, "out");
    EXPECT_EQ(counters.bad_buffers, 2u);
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// Reset in the middle of a transmission: the held chain is void, staged bytes still leave, and
// the next driver starts afresh.
TEST_F(ConsoleTest, ResetInTheMiddleOfTransmission) {
    start();
    put(m.cpu, data, std::string(600, 'x'));
    serial.fifo_room = 0;
    tx.add({{data, 600, false}});
    regs.write(0x050, 1);
    run();
    regs.write(0x070, 0);
    serial.fifo_room = 10'000;
    serial.serve();
    run();
    EXPECT_EQ(tx.used_index(), 0);
    EXPECT_EQ(serial.sent.size(), SerialPort::staging_bytes);
    EXPECT_EQ(counters.dropped_chains, 0u);
    tx.set_index(0);
    start();
    put(m.cpu, data, "again");
    tx.add({{data, 5, false}});
    regs.write(0x050, 1);
    run();
    EXPECT_EQ(tx.used_index(), 1);
    EXPECT_EQ(serial.sent.substr(SerialPort::staging_bytes), "again");
}

// A fault on one queue stops the device and tells the driver: status and configuration interrupt.
TEST_F(ConsoleTest, BadTransmitChainNeedsReset) {
    start();
    tx.make_available(200);
    regs.write(0x050, 1);
    run();
    EXPECT_EQ(regs.read(0x070), 0x4fu);
    EXPECT_EQ(regs.read(0x060), 2u);
    type("x");  // input meanwhile is kept
    EXPECT_EQ(counters.received_bytes, 1u);
}

// A driver may enable one queue only.
TEST_F(ConsoleTest, OneQueueOnly) {
    ASSERT_TRUE(regs.negotiate(version_1));
    regs.configure(1, tx.areas());
    regs.driver_ok();
    put(m.cpu, data, "t");
    tx.add({{data, 1, false}});
    regs.write(0x050, 1);
    type("ignored");
    EXPECT_EQ(serial.sent, "t");
    EXPECT_EQ(regs.read(0x070), 0xfu);
}

// With the event index 1000 kicks bring 1000 buffers, in order, across wraps of the ring.
TEST_F(ConsoleTest, ManyBuffersWithEventIndex) {
    start(version_1 | access_platform | event_idx);
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        const char c = static_cast<char>('a' + i % 26);
        m.cpu.poke(data, c);
        expected.push_back(c);
        const std::uint16_t before = tx.index();
        tx.add({{data, 1, false}});
        // A driver kicks when it passed avail_event (2.7.10); here always, as the queue was idle.
        ASSERT_TRUE(abi::ring::vring_need_event(tx.avail_event(), tx.index(), before)) << i;
        regs.write(0x050, 1);
        run();
    }
    EXPECT_EQ(serial.sent, expected);
    EXPECT_EQ(tx.used_index(), 1000);
}

}  // namespace
}  // namespace vms::service::test
