// The console with MULTIPORT behind its transport, against VirtIO v1.4, 5.3.6.2 (multiport device
// operation), and what changes while it runs: size, ports, far ends.
#include <array>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/fake_serial.h"
#include "tests/vms/service/rig.h"
#include "vms/service/console/console.h"
#include "vms/service/serial/direct_line.h"

namespace vms::service::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t f_size = 1 << 0;
constexpr std::uint64_t f_multiport = 1 << 1;
constexpr std::uint16_t ready = 0, add = 1, remove = 2, port_ready = 3, console_port = 4,
                        resize = 5, open = 6, name = 7;

ConsoleConfig three_ports() {
    ConsoleConfig c{.cols = 80, .rows = 25, .multiport = true, .port_count = 3};
    c.ports[0].name = "shell";
    c.ports[1] = {.name = "log", .console = false, .far_end_open = false, .cols = 132, .rows = 43};
    c.ports[2] = {.console = true, .present = false};
    return c;
}

/// A message as a driver sees it.
std::string text(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const unsigned event = at(4) | at(5) << 8;
    constexpr std::array names{"READY",   "ADD",    "REMOVE", "PORT_READY",
                               "CONSOLE", "RESIZE", "OPEN",   "NAME"};
    std::ostringstream s;
    s << (at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24) << ' '
      << (event < names.size() ? names[event] : "?") << ' ' << (at(6) | at(7) << 8);
    if (event == resize)
        s << ' ' << (at(8) | at(9) << 8) << 'x' << (at(10) | at(11) << 8);
    if (event == name)
        s << ' ' << bytes.substr(8);
    return s.str();
}

class MultiportTest : public ::testing::Test {
  protected:
    static constexpr std::uint64_t ring_features = version_1 | access_platform | event_idx;
    static constexpr std::uint64_t all_features =
        version_1 | access_platform | f_multiport | f_size;
    static constexpr std::uint16_t ring_size = 16;
    /// Messages until the driver knows all of three_ports().
    static constexpr unsigned first_messages = 7;
    static constexpr std::uint32_t control_buffer = 64;
    static constexpr GuestAddr messages = shared_base + 0x8'0000;
    static constexpr GuestAddr data = shared_base + 0x9'0000;

    explicit MultiportTest(const ConsoleConfig& c = three_ports()) : config(c) {
        for (std::size_t i = 0; i < max_console_ports; ++i)
            lines[i] = std::make_unique<DirectLine>(serials[i]);
        Console::Parameters p{.ring_features = ring_features | ring_reset, .config = config};
        for (std::size_t i = 0; i + 1 < config.port_count || i == 0; ++i)
            p.lines[i] = lines[i].get();  // the last one has no line
        console = std::make_unique<Console>(m.port, p, counters);
        transport =
            std::make_unique<MmioTransport>(m.port, m.memory, *console, 0x0a00'3e00, counters);
        regs = std::make_unique<Registers>(*transport);
        for (std::uint32_t q = 0; q < 2 * max_console_ports + 2; ++q)
            rings.emplace_back(m.cpu, shared_base + 0x1000 * q, ring_size);
    }

    /// 3.1.1 with all queues; the control receive queue filled.
    void start(std::uint64_t features = all_features, unsigned buffers = ring_size) {
        ASSERT_TRUE(regs->negotiate(features));
        const std::uint32_t queues = (features & f_multiport) != 0
                                         ? 2 * static_cast<std::uint32_t>(config.port_count) + 2
                                         : 2;
        for (std::uint32_t q = 0; q < queues; ++q)
            regs->configure(q, rings[q].areas());
        regs->driver_ok();
        if ((features & f_multiport) != 0)
            offer_messages(buffers);
        run();
    }
    void offer_messages(unsigned n, std::uint32_t bytes = control_buffer) {
        for (unsigned i = 0; i < n; ++i) {
            const std::uint32_t slot = rings[2].index() % ring_size;
            rings[2].add({{messages + slot * control_buffer, bytes, true}});
        }
        regs->write(0x050, 2);
    }
    /// The main loop's part.
    void run() {
        int steps = 0;
        while (transport->work())
            ASSERT_LT(++steps, 10'000);
        transport->publish();
    }
    /// The same by another driver, on rings of its own.
    void restart() {
        seen_ = 0;
        start();
    }
    /// The driver takes what was said and gives the buffers back.
    std::vector<std::string> said(bool refill = true) {
        std::vector<std::string> all;
        unsigned taken = 0;
        for (; seen_ != rings[2].used_index(); ++seen_, ++taken) {
            const UsedElement e = rings[2].used(seen_);
            if (e.length != 0)
                all.push_back(text(get(m.cpu, messages + e.id * control_buffer, e.length)));
        }
        if (refill && taken != 0)
            offer_messages(taken);
        return all;
    }
    void say(std::uint32_t id, std::uint16_t event, std::uint16_t value) {
        const GuestAddr at = messages + 0x4000 + 8u * (rings[3].index() % ring_size);
        m.cpu.poke(at, id);
        m.cpu.poke(at + 4, event);
        m.cpu.poke(at + 6, value);
        rings[3].add({{at, 8, false}});
        regs->write(0x050, 3);
        run();
    }
    /// As Linux does: ready, then each port that is added, opening consoles.
    void bring_up(bool refill = true) {
        say(0, ready, 1);
        EXPECT_EQ(said(refill).size(), 2u);
        say(0, port_ready, 1);
        say(1, port_ready, 1);
        EXPECT_EQ(said(refill).size(), first_messages - 2);
        say(0, open, 1);
    }
    void event(DeviceEventKind kind, std::size_t port, std::uint16_t cols = 0,
               std::uint16_t rows = 0) {
        console->event({.kind = kind, .port = port, .cols = cols, .rows = rows});
        run();
    }
    void type(std::size_t port, std::string_view what) {
        serials[port].typed.insert(serials[port].typed.end(), what.begin(), what.end());
        serials[port].serve();
        run();
    }
    /// A buffer on a port's transmit queue; whether it was given back.
    bool send(std::uint32_t port, std::string_view what) {
        DriverRing& ring = rings[abi::console::transmitq(port)];
        put(m.cpu, data, what);
        ring.add({{data, static_cast<std::uint32_t>(what.size()), false}});
        regs->write(0x050, abi::console::transmitq(port));
        run();
        return ring.used_index() == ring.index();
    }

    Machine m;
    DeviceCounters counters;
    ConsoleConfig config;
    std::array<FakeSerial, max_console_ports> serials;
    std::array<std::unique_ptr<DirectLine>, max_console_ports> lines;
    std::unique_ptr<Console> console;
    std::unique_ptr<MmioTransport> transport;
    std::unique_ptr<Registers> regs;
    std::vector<DriverRing> rings;

  private:
    std::uint16_t seen_ = 0;
};

// 5.3.2, 5.3.3: queues 0 and 1, control 2 and 3, two for each further port; without the feature the
// first two only.
TEST_F(MultiportTest, Queues) {
    EXPECT_NE(regs->read(0x010) & f_multiport, 0u);
    const auto queues = [&] {
        std::uint32_t n = 0;
        for (std::uint32_t q = 0; q < 20; ++q) {
            regs->write(0x030, q);
            n += regs->read(0x034) != 0 ? 1 : 0;
        }
        return n;
    };
    EXPECT_EQ(queues(), 8u);
    ASSERT_TRUE(regs->negotiate(version_1 | f_multiport));
    EXPECT_EQ(queues(), 8u);
    ASSERT_TRUE(regs->negotiate(version_1));
    EXPECT_EQ(queues(), 2u);
    regs->write(0x070, 0);
    EXPECT_EQ(queues(), 8u);
}

// 5.3.4: max_nr_ports.
TEST_F(MultiportTest, NumberOfPorts) {
    EXPECT_EQ(regs->read(0x104), 3u);
    EXPECT_EQ(transport->read(0x104, 2), 3u);
}

// 5.3.6.2: nothing is said before DEVICE_READY, then an ADD for each port that is there; after
// PORT_READY what is to be known of the port.
TEST_F(MultiportTest, PortsAreAnnounced) {
    start();
    EXPECT_THAT(said(), IsEmpty());
    say(0xffff, ready, 1);  // "the port number id is unused"
    EXPECT_THAT(said(), ElementsAre("0 ADD 0", "1 ADD 0"));
    say(0, port_ready, 1);
    EXPECT_THAT(said(),
                ElementsAre("0 CONSOLE 1", "0 NAME 0 shell", "0 RESIZE 0 80x25", "0 OPEN 1"));
    say(1, port_ready, 1);
    EXPECT_THAT(said(), ElementsAre("1 NAME 0 log"));
    EXPECT_EQ(counters.console.control_received, 3u);
    EXPECT_EQ(counters.console.control_sent, 7u);
    EXPECT_EQ(counters.errors(), 0u);
}

// 5.3.6.2: DEVICE_READY with value 0 is a failure of the driver, PORT_READY 0 one of the port.
TEST_F(MultiportTest, FailuresOfTheDriver) {
    start();
    say(0, ready, 0);
    EXPECT_THAT(said(), IsEmpty());
    say(0, ready, 1);
    EXPECT_THAT(said(), ElementsAre("0 ADD 0", "1 ADD 0"));
    say(0, port_ready, 0);
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(counters.console.port_failures, 1u);
    event(DeviceEventKind::console_remove, 0);  // the driver has no such port
    EXPECT_THAT(said(), IsEmpty());
    event(DeviceEventKind::console_add, 0);
    EXPECT_THAT(said(), ElementsAre("0 ADD 0"));
}

// 5.3.6.2.1: no ADD of a port that exists, nor of one at or above max_nr_ports; no REMOVE of one
// that was not added.
TEST_F(MultiportTest, AddAndRemoveOnlyWhatTheyMay) {
    start();
    event(DeviceEventKind::console_remove, 1);  // before the driver is ready: it never hears of it
    event(DeviceEventKind::console_remove, 2);
    say(0, ready, 1);
    say(0, ready, 1);
    EXPECT_THAT(said(), ElementsAre("0 ADD 0"));
    event(DeviceEventKind::console_add, 0);
    event(DeviceEventKind::console_add, 3);
    event(DeviceEventKind::console_remove, 100);
    EXPECT_THAT(said(), IsEmpty());
}

// 5.3.6: ports are plugged in and out with the same messages; a port that comes back is new.
TEST_F(MultiportTest, HotPlug) {
    start();
    bring_up();
    event(DeviceEventKind::console_add, 2);
    EXPECT_THAT(said(), ElementsAre("2 ADD 0"));
    say(2, port_ready, 1);
    EXPECT_THAT(said(), ElementsAre("2 CONSOLE 1", "2 OPEN 1"));
    event(DeviceEventKind::console_remove, 0);
    EXPECT_THAT(said(), ElementsAre("0 REMOVE 0"));
    event(DeviceEventKind::console_add, 0);
    EXPECT_THAT(said(), ElementsAre("0 ADD 0"));
    say(0, port_ready, 1);
    EXPECT_THAT(said(),
                ElementsAre("0 CONSOLE 1", "0 NAME 0 shell", "0 RESIZE 0 80x25", "0 OPEN 1"));
}

// Without a buffer nothing is lost: a removal and the addition after it stay two messages in this
// order, of changes of one kind the last one is told, and what was overtaken is counted.
TEST_F(MultiportTest, MessagesWaitForBuffers) {
    start(all_features, first_messages);
    bring_up(false);
    event(DeviceEventKind::console_resize, 0, 100, 30);
    event(DeviceEventKind::console_resize, 0, 101, 31);
    event(DeviceEventKind::console_remove, 1);
    event(DeviceEventKind::console_add, 1);
    EXPECT_THAT(said(false), IsEmpty());
    EXPECT_EQ(counters.console.control_superseded, 1u);
    offer_messages(ring_size);
    run();
    EXPECT_THAT(said(),
                ::testing::UnorderedElementsAre("0 RESIZE 0 101x31", "1 REMOVE 0", "1 ADD 0"));
}

// 2.7.10 for the control receive queue: a kick is asked for while a message waits, and only then.
TEST_F(MultiportTest, ControlKicksOnlyWhenNeeded) {
    start(all_features, first_messages);
    EXPECT_EQ(rings[2].used_flags(), abi::ring::used::flag_no_notify);
    EXPECT_EQ(rings[3].used_flags(), 0);
    bring_up(false);
    event(DeviceEventKind::console_resize, 0, 100, 30);
    EXPECT_EQ(rings[2].used_flags(), 0);
}

// A message with a payload goes into one buffer, which may lie in pieces; buffers that hold no
// message are given back empty, and a message that cannot be told does not hold up the others.
TEST_F(MultiportTest, SmallControlBuffers) {
    start(all_features, 0);
    say(0, ready, 1);
    offer_messages(1, 7);
    run();
    EXPECT_EQ(rings[2].used(0).length, 0u);
    EXPECT_EQ(counters.console.control_too_small, 1u);
    offer_messages(6, 8);  // enough for all but NAME and RESIZE
    run();
    say(0, port_ready, 1);
    EXPECT_THAT(said(false), ElementsAre("0 ADD 0", "1 ADD 0", "0 CONSOLE 1", "0 OPEN 1"));
    EXPECT_EQ(counters.console.control_skipped, 2u);
    // Pieces of 5, 3 and 20 bytes.
    event(DeviceEventKind::console_resize, 0, 300, 200);
    const std::uint16_t used = rings[2].used_index();
    rings[2].add({{messages, 5, true}, {messages + 5, 3, true}, {messages + 8, 20, true}});
    rings[2].add({{messages, 5, true}, {messages + 5, 3, true}, {messages + 8, 20, true}});
    regs->write(0x050, 2);
    run();
    ASSERT_GT(rings[2].used_index(), used);
    EXPECT_EQ(text(get(m.cpu, messages, 12)), "0 RESIZE 0 300x200");
}

// Whatever the driver says, the device goes on: short messages, events that are the device's,
// unknown events, ports that do not exist or were not added, answers twice.
TEST_F(MultiportTest, BadControlMessages) {
    start();
    say(0, port_ready, 1);  // nothing was added
    say(0, open, 1);
    EXPECT_EQ(counters.console.control_bad_port, 2u);
    say(0, ready, 1);
    said();
    say(3, port_ready, 1);
    say(0xffff'ffff, open, 1);
    say(2, port_ready, 1);  // exists, but not there
    EXPECT_EQ(counters.console.control_bad_port, 5u);
    for (const std::uint16_t e :
         {add, remove, console_port, resize, name, std::uint16_t{8}, std::uint16_t{0xffff}})
        say(0, e, 1);
    EXPECT_EQ(counters.console.control_malformed, 7u);
    rings[3].add({{messages + 0x4000, 7, false}});
    rings[3].add({{messages + 0x4000, 8, true}});
    regs->write(0x050, 3);
    run();
    EXPECT_EQ(counters.console.control_malformed, 9u);
    EXPECT_EQ(rings[3].used_index(), rings[3].index());
    EXPECT_THAT(said(), IsEmpty());
    say(0, port_ready, 1);
    EXPECT_EQ(said().size(), 4u);
    say(0, port_ready, 1);  // again
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(regs->read(0x070), 0xfu);
}

// A message over several buffers, with bytes after it, is one message.
TEST_F(MultiportTest, ControlMessageInPieces) {
    start();
    const GuestAddr at = messages + 0x4000;
    m.cpu.poke(at, std::uint64_t{std::uint64_t{1} << 48});  // id 0, READY, value 1
    rings[3].add({{at, 3, false}, {at + 3, 1, false}, {at + 4, 100, false}});
    regs->write(0x050, 3);
    run();
    EXPECT_THAT(said(), ElementsAre("0 ADD 0", "1 ADD 0"));
}

// Every port has its own bytes, both ways, once the driver has opened it.
TEST_F(MultiportTest, PortsAreApart) {
    start();
    bring_up();
    say(1, open, 1);
    event(DeviceEventKind::console_open, 1);
    EXPECT_TRUE(send(0, "to the shell"));
    EXPECT_TRUE(send(1, "to the log"));
    EXPECT_EQ(serials[0].sent, "to the shell");
    EXPECT_EQ(serials[1].sent, "to the log");
    rings[0].add({{data, 16, true}});
    rings[4].add({{data + 0x100, 16, true}});
    type(1, "for 1");
    type(0, "for 0");
    EXPECT_EQ(get(m.cpu, data, 5), "for 0");
    EXPECT_EQ(get(m.cpu, data + 0x100, 5), "for 1");
    EXPECT_EQ(counters.console.ports[0].tx_bytes, 12u);
    EXPECT_EQ(counters.console.ports[1].tx_bytes, 10u);
    EXPECT_EQ(counters.console.ports[1].rx_bytes, 5u);
    EXPECT_EQ(counters.tx_bytes, 22u);
}

// A port that is held up holds up no other.
TEST_F(MultiportTest, BackPressureIsEachPortsOwn) {
    start();
    bring_up();
    event(DeviceEventKind::console_open, 1);
    serials[0].fifo_room = 0;
    EXPECT_FALSE(send(0, std::string(1000, 'x')));
    EXPECT_TRUE(send(1, "goes on"));
    EXPECT_EQ(serials[1].sent, "goes on");
}

// 5.3.6.2, PORT_OPEN of the driver: input of a port that it has not opened is kept, as that without
// a buffer is.
TEST_F(MultiportTest, InputWaitsForTheDriverToOpen) {
    start();
    bring_up();
    rings[4].add({{data, 16, true}});
    regs->write(0x050, 4);
    event(DeviceEventKind::console_open, 1);
    type(1, "early");
    EXPECT_EQ(rings[4].used_index(), 0);
    say(1, open, 1);
    EXPECT_EQ(rings[4].used(0), (UsedElement{0, 5}));
    say(1, open, 0);
    rings[4].add({{data, 16, true}});
    regs->write(0x050, 4);
    type(1, "late");
    EXPECT_EQ(rings[4].used_index(), 1);
    EXPECT_EQ(counters.dropped_input, 0u);
}

// PORT_OPEN of the device: the far end opens and closes. Output of a closed port is discarded,
// counted, and its buffers go back at once, the one in the middle too: Linux waits for each (hvc
// console).
TEST_F(MultiportTest, FarEndOpensAndCloses) {
    start();
    bring_up();
    EXPECT_TRUE(send(1, "nobody listens"));
    EXPECT_EQ(serials[1].sent, "");
    EXPECT_EQ(counters.console.ports[1].discarded_output, 14u);
    event(DeviceEventKind::console_open, 1);
    EXPECT_THAT(said(), ElementsAre("1 OPEN 1"));
    EXPECT_TRUE(send(1, "now"));
    EXPECT_EQ(serials[1].sent, "now");
    serials[1].fifo_room = 0;
    EXPECT_FALSE(send(1, std::string(600, 'x')));
    event(DeviceEventKind::console_close, 1);
    EXPECT_THAT(said(), ElementsAre("1 OPEN 0"));
    EXPECT_EQ(rings[5].used_index(), rings[5].index());
    EXPECT_EQ(counters.discarded_output, 14u + 600 - SerialPort::staging_bytes);
    type(1, "lost");
    EXPECT_EQ(counters.console.ports[1].dropped_input, 4u);
}

// A port is unplugged in the middle of its traffic: buffers go back, kept input is counted as lost,
// the other ports go on.
TEST_F(MultiportTest, RemovalWithRequestsInFlight) {
    start();
    bring_up();
    serials[0].fifo_room = 0;
    EXPECT_FALSE(send(0, std::string(600, 'x')));
    type(0, "kept");
    event(DeviceEventKind::console_remove, 0);
    EXPECT_THAT(said(), ElementsAre("0 REMOVE 0"));
    EXPECT_EQ(rings[1].used_index(), rings[1].index());
    EXPECT_EQ(counters.console.ports[0].dropped_input, 4u);
    EXPECT_TRUE(send(0, "a driver that does not know yet"));
    EXPECT_EQ(counters.dropped_chains, 0u);
    event(DeviceEventKind::console_open, 1);
    EXPECT_TRUE(send(1, "fine"));
    // The driver's buffers on the removed port's receive queue serve the port that comes back.
    rings[0].add({{data, 16, true}});
    regs->write(0x050, 0);
    event(DeviceEventKind::console_add, 0);
    said();
    say(0, port_ready, 1);
    say(0, open, 1);
    type(0, "new");
    EXPECT_EQ(rings[0].used(0), (UsedElement{0, 3}));
}

// A port without a serial line takes output and has no input.
TEST_F(MultiportTest, PortWithoutALine) {
    start();
    bring_up();
    event(DeviceEventKind::console_add, 2);
    said();
    say(2, port_ready, 1);
    EXPECT_TRUE(send(2, std::string(2000, 'x')));
    EXPECT_EQ(counters.console.ports[2].tx_bytes, 2000u);
}

// 5.3.6: with SIZE, port 0's new size is in the configuration space with a new generation and a
// configuration change interrupt; with MULTIPORT a RESIZE tells it too. 5.3.6.2: columns, then
// rows.
TEST_F(MultiportTest, ResizeOfPort0) {
    start();
    bring_up();
    regs->write(0x064, regs->read(0x060));
    const std::uint32_t generation = regs->read(0x0fc);
    event(DeviceEventKind::console_resize, 0, 132, 43);
    EXPECT_EQ(transport->read(0x100, 2), 132u);
    EXPECT_EQ(transport->read(0x102, 2), 43u);
    EXPECT_NE(regs->read(0x0fc), generation);
    EXPECT_EQ(regs->read(0x060) & 2, 2u);
    EXPECT_TRUE(transport->take_interrupt_mark());
    EXPECT_THAT(said(), ElementsAre("0 RESIZE 0 132x43"));
}

// The size of another port is a matter of RESIZE alone.
TEST_F(MultiportTest, ResizeOfAnotherPort) {
    start();
    bring_up();
    event(DeviceEventKind::console_add, 2);
    said();
    say(2, port_ready, 1);
    said();
    regs->write(0x064, regs->read(0x060));
    const std::uint32_t generation = regs->read(0x0fc);
    event(DeviceEventKind::console_resize, 2, 40, 12);
    EXPECT_EQ(regs->read(0x0fc), generation);
    EXPECT_EQ(regs->read(0x060) & 2, 0u);
    EXPECT_EQ(regs->read(0x100), 80u | 25u << 16);
    EXPECT_THAT(said(), ElementsAre("2 RESIZE 0 40x12"));
    event(DeviceEventKind::console_resize, 1, 40, 12);  // no console: it has no size
    EXPECT_THAT(said(), IsEmpty());
}

// 5.3.6: "if the driver negotiated SIZE, a configuration change notification indicates": the space
// changes for any driver, only one that negotiated is interrupted.
TEST_F(MultiportTest, ResizeWithoutMultiport) {
    start(version_1 | f_size);
    event(DeviceEventKind::console_resize, 0, 132, 43);
    EXPECT_EQ(regs->read(0x060), 2u);
    EXPECT_EQ(regs->read(0x100), 132u | 43u << 16);
    start(version_1);
    const std::uint32_t generation = regs->read(0x0fc);
    event(DeviceEventKind::console_resize, 0, 81, 26);
    EXPECT_EQ(regs->read(0x060), 0u);
    EXPECT_NE(regs->read(0x0fc), generation);
    EXPECT_EQ(regs->read(0x100), 81u | 26u << 16);
}

// 3.1.1, 4.2.2.1: before DRIVER_OK a change shows in the generation and interrupts nobody.
TEST_F(MultiportTest, ResizeBeforeDriverOk) {
    ASSERT_TRUE(regs->negotiate(version_1 | f_size));
    const std::uint32_t generation = regs->read(0x0fc);
    event(DeviceEventKind::console_resize, 0, 132, 43);
    EXPECT_NE(regs->read(0x0fc), generation);
    EXPECT_EQ(regs->read(0x060), 0u);
    EXPECT_FALSE(transport->take_interrupt_mark());
}

// A driver that declines MULTIPORT has port 0, opened and there, whatever becomes of the others.
TEST_F(MultiportTest, DriverWithoutMultiport) {
    start(version_1);
    EXPECT_TRUE(send(0, "plain"));
    EXPECT_EQ(serials[0].sent, "plain");
    event(DeviceEventKind::console_remove, 0);
    EXPECT_TRUE(send(0, " still"));
    EXPECT_EQ(serials[0].sent, "plain still");
    rings[0].add({{data, 16, true}});
    regs->write(0x050, 0);
    type(0, "in");
    EXPECT_EQ(rings[0].used(0), (UsedElement{0, 2}));
    regs->write(0x050, 2);  // no such queue
    EXPECT_EQ(counters.violations, 1u);
}

// 5.3.5.1: emergency write with MULTIPORT: port 0, before anything and in any state.
TEST_F(MultiportTest, EmergencyWrite) {
    regs->write(0x108, 'A');
    serials[0].serve();
    EXPECT_EQ(serials[0].sent, "A");
    start();
    transport->write(0x108, 1, 'B');
    regs->write(0x108, 0x1243);  // the low byte counts
    serials[0].serve();
    EXPECT_EQ(serials[0].sent, "ABC");
    transport->fail_device();
    regs->write(0x108, '!');
    serials[0].serve();
    EXPECT_EQ(serials[0].sent, "ABC!");
}

// 2.1, 3.1: a reset with everything in flight; the next driver is told all anew and of nothing old.
TEST_F(MultiportTest, ResetInTheMiddleOfEverything) {
    start(all_features, first_messages + 1);
    bring_up(false);
    serials[0].fifo_room = 0;
    EXPECT_FALSE(send(0, std::string(600, 'x')));
    event(DeviceEventKind::console_add, 2);
    event(DeviceEventKind::console_resize, 0, 100, 30);  // no buffer is left to tell it
    regs->write(0x070, 0);
    EXPECT_EQ(regs->read(0x070), 0u);
    EXPECT_EQ(counters.dropped_chains, 0u);
    EXPECT_GE(counters.voided_chains, 1u);
    for (DriverRing& r : rings)
        r = DriverRing(m.cpu, r.descriptor() + 0x2'0000, ring_size);
    restart();
    say(0, ready, 1);
    EXPECT_THAT(said(), ElementsAre("0 ADD 0", "1 ADD 0", "2 ADD 0"));
    say(0, port_ready, 1);
    EXPECT_THAT(said(),
                ElementsAre("0 CONSOLE 1", "0 NAME 0 shell", "0 RESIZE 0 100x30", "0 OPEN 1"));
}

// 2.6.1: one queue is reset with a chain in flight, the others go on; set up anew it serves again.
TEST_F(MultiportTest, QueueResetWithAChainInFlight) {
    start(version_1 | f_multiport | ring_reset);
    bring_up();
    event(DeviceEventKind::console_open, 1);
    serials[0].fifo_room = 0;
    EXPECT_FALSE(send(0, std::string(600, 'x')));
    const std::uint16_t used = rings[1].used_index();
    regs->write(0x030, 1);
    regs->write(0x0c0, 1);
    EXPECT_EQ(regs->read(0x0c0), 0u);
    EXPECT_EQ(regs->read(0x044), 0u);
    EXPECT_EQ(counters.voided_chains, 1u);
    EXPECT_TRUE(send(1, "meanwhile"));
    serials[0].fifo_room = 1'000'000;
    serials[0].serve();
    run();
    EXPECT_EQ(rings[1].used_index(), used);  // 2.6.1: the ring is left alone
    rings[1] = DriverRing(m.cpu, shared_base + 0x3'0000, 4);
    regs->configure(1, rings[1].areas());
    serials[0].sent.clear();
    EXPECT_TRUE(send(0, "again"));
    EXPECT_EQ(serials[0].sent, "again");
    EXPECT_EQ(regs->read(0x070), 0xfu);
}

// The control queues can be reset like any other; what was not said yet is said then.
TEST_F(MultiportTest, QueueResetOfTheControlQueue) {
    start(version_1 | f_multiport | ring_reset);
    bring_up();
    regs->write(0x030, 2);
    regs->write(0x0c0, 1);
    event(DeviceEventKind::console_resize, 0, 100, 30);
    rings[2] = DriverRing(m.cpu, shared_base + 0x3'0000, ring_size);
    regs->configure(2, rings[2].areas());
    offer_messages(4);
    run();
    EXPECT_EQ(text(get(m.cpu, messages, 12)), "0 RESIZE 0 100x30");
}

// A broken control queue is a fault like any other (2.1.2).
TEST_F(MultiportTest, BrokenControlQueueNeedsReset) {
    start();
    rings[3].make_available(200);
    regs->write(0x050, 3);
    run();
    EXPECT_EQ(regs->read(0x070), 0x4fu);
    EXPECT_EQ(regs->read(0x060) & 2, 2u);
}

// Linux 6.1 takes rows where the specification has columns: a choice of the configuration.
struct RowsFirst : MultiportTest {
    static ConsoleConfig rows_first() {
        ConsoleConfig c = three_ports();
        c.resize_rows_first = true;
        return c;
    }
    RowsFirst() : MultiportTest(rows_first()) {}
};

TEST_F(RowsFirst, Resize) {
    start();
    bring_up();
    event(DeviceEventKind::console_resize, 0, 132, 43);
    EXPECT_THAT(said(), ElementsAre("0 RESIZE 0 43x132"));
    EXPECT_EQ(transport->read(0x100, 2), 132u);
}

}  // namespace
}  // namespace vms::service::test
