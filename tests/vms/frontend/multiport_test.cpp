// The console driver with MULTIPORT: the order of messages is that of Linux 6.1's virtio_console
// (drivers/char/virtio_console.c) as logged, and of Zephyr's uart_virtio_console.c; their meaning
// is OASIS VirtIO v1.4, 5.3.6.2.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using vms::frontend::ConsoleDriver;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::Profile;
using vms::frontend::zephyr;
using vms::workload::Hindrance;

using Port = ConsoleModel::Port;

const Port hvc{.console = true};
const Port closed{};
const Port data{.host_open = true, .name = "data"};

std::string read(vms::workload::Terminal& t) {
    std::string s(4096, '\0');
    s.resize(t.read(std::as_writable_bytes(std::span{s.data(), s.size()})));
    return s;
}

/// A driver and a device of several ports, with memory enough for as many rings and buffers.
struct Ports {
    Rig rig;
    ConsoleDriver driver;

    Ports(const Profile& profile, std::vector<Port> ports)
        : rig(profile), driver(rig.context(), console_device()) {
        rig.device.make_multiport(std::move(ports));
    }
    /// Probe, and let what follows from it happen.
    Fault start() {
        const Fault f = driver.probe();
        settle();
        return f;
    }
    void settle() { rig.m.let_happen(2'000'000); }
    std::vector<std::string> notifications() const {
        std::vector<std::string> out;
        std::ranges::copy_if(rig.m.log, std::back_inserter(out),
                             [](const std::string& a) { return a.starts_with("W050"); });
        return out;
    }
    ConsoleModel& device() { return rig.device; }
};

// facts: "then with multiport W050=2, W050=3 (DEVICE_READY), W050=0, W050=3 (PORT_READY), W050=3
// (OPEN)", logged with one console port and EVENT_IDX.
TEST(LinuxMultiport, NotifiesInTheLoggedOrder) {
    Ports p(linux_6_1(), {hvc});
    p.device().features |= std::uint64_t{1} << 29;
    ASSERT_EQ(p.start(), Fault::none);
    EXPECT_THAT(p.notifications(), ElementsAre("W050=2", "W050=3", "W050=0", "W050=3", "W050=3"));
    EXPECT_THAT(p.device().control, ElementsAre("0 ffffffff 1", "3 0 1", "6 0 1"));
}

TEST(LinuxMultiport, HasTwoQueuesForEachPortAndTwoForControl) {
    Ports p(linux_6_1(), {hvc, closed, closed});
    ASSERT_EQ(p.start(), Fault::none);
    EXPECT_EQ(std::ranges::count_if(p.rig.m.log,
                                    [](const std::string& a) { return a.starts_with("W044=1"); }),
              8);
    EXPECT_EQ(std::ranges::count(p.rig.m.log, "R104"), 1);
    EXPECT_EQ(p.driver.ports(), 3u);
}

TEST(LinuxMultiport, EachPortIsATerminal) {
    Ports p(linux_6_1(), {hvc, data, {.console = true, .name = "second"}});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(0).open());
    ASSERT_TRUE(p.driver.port(1).open());
    ASSERT_TRUE(p.driver.port(2).open());
    ASSERT_TRUE(p.driver.port(0).write(bytes("zero")));
    ASSERT_TRUE(p.driver.port(1).write(bytes("one")));
    ASSERT_TRUE(p.driver.port(2).write(bytes("two")));
    p.settle();
    EXPECT_EQ(p.device().output, "zero");
    EXPECT_EQ(p.device().ports[1].output, "one");
    EXPECT_EQ(p.device().ports[2].output, "two");
    for (std::size_t i = 0; i < 3; ++i)
        p.device().type(std::string(1, static_cast<char>('a' + i)), p.rig.m.now_ns() + 1'000, i);
    p.settle();
    EXPECT_EQ(read(p.driver.port(0)), "a");
    EXPECT_EQ(read(p.driver.port(1)), "b");
    EXPECT_EQ(read(p.driver.port(2)), "c");
}

TEST(LinuxMultiport, ATerminalIsFoundByName) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.driver.probe(), Fault::none);
    // The name comes later than the probe: the look-up waits for it.
    EXPECT_EQ(p.driver.terminal({.name = "data"}), &p.driver.port(1));
    EXPECT_EQ(p.driver.terminal({.port = 1}), &p.driver.port(1));
    EXPECT_EQ(p.driver.terminal({.port = 2}), nullptr);
}

// port_fops_open, port_fops_release: PORT_OPEN with 1 and 0. An hvc console is open by itself.
TEST(LinuxMultiport, OpenAndCloseOfAGenericPortAreTold) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    p.device().control.clear();
    ASSERT_TRUE(p.driver.port(1).open());
    EXPECT_TRUE(p.driver.port(1).usable());
    p.driver.port(1).close();
    EXPECT_FALSE(p.driver.port(1).usable());
    ASSERT_TRUE(p.driver.port(0).open());
    p.driver.port(0).close();
    EXPECT_THAT(p.device().control, ElementsAre("6 1 1", "6 1 0"));
}

// in_intr: a generic port that nobody has open throws its input away.
TEST(LinuxMultiport, InputOfAClosedPortIsDiscardedAndCounted) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    p.device().type("nobody hears this", p.rig.m.now_ns() + 1'000, 1);
    p.settle();
    ASSERT_TRUE(p.driver.port(1).open());
    EXPECT_EQ(read(p.driver.port(1)), "");
    EXPECT_EQ(p.driver.port(1).account().discarded, 17u);
}

// will_write_block: a writer sleeps until the far end is open.
TEST(LinuxMultiport, AWriteWaitsForTheFarEndToBeOpen) {
    Ports p(linux_6_1(), {hvc, {.name = "data"}});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(1).open());
    EXPECT_THROW(p.driver.port(1).write(bytes("x")), Asleep);
    p.device().say(6, 1, 1);
    ASSERT_TRUE(p.driver.port(1).write(bytes("x")));
    p.settle();
    EXPECT_EQ(p.device().ports[1].output, "x");
}

// port_fops_write does not block while there is room: no poll of the used ring.
TEST(LinuxMultiport, AWriteToAGenericPortDoesNotPoll) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(1).open());
    const std::uint64_t polls = p.driver.counters().poll_iterations;
    // Five times what the ring holds.
    std::string all;
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(p.driver.port(1).write(bytes("line " + std::to_string(i) + "\n")));
        all += "line " + std::to_string(i) + "\n";
    }
    p.settle();
    EXPECT_EQ(p.device().ports[1].output, all);
    EXPECT_EQ(p.driver.counters().poll_iterations, polls);
}

// handle_control_message: a second ADD is answered by PORT_READY again; an id beyond max_nr_ports
// is not answered; a message about a port that was not added is dropped.
TEST(LinuxMultiport, OddMessagesAreTakenAsLinuxTakesThem) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    p.device().control.clear();
    p.device().say(1, 0, 0);           // added already
    p.device().say(1, 2, 0);           // out of bounds
    p.device().say(4, 0, 1);           // a console already
    p.device().say(4, 1, 0);           // value 0: nothing
    p.device().say(7, 1, 1, "other");  // has a name
    p.device().say(99, 0, 0);
    p.settle();
    EXPECT_THAT(p.device().control, ElementsAre("3 0 1"));
    EXPECT_EQ(p.driver.port_report(1).name, "data");
    EXPECT_FALSE(p.driver.port_report(1).console);
}

TEST(LinuxMultiport, AMessageThatIsTooShortIsDropped) {
    Ports p(linux_6_1(), {hvc});
    ASSERT_EQ(p.start(), Fault::none);
    p.device().say_raw("\1\2\3");
    p.device().say(1, 0, 0);
    p.settle();
    EXPECT_EQ(p.device().control.back(), "3 0 1");
    EXPECT_EQ(p.driver.fault(), Fault::none);
}

TEST(LinuxMultiport, RemovedPortIsGoneAndCanComeBack) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(1).open());
    p.device().say(2, 1, 0);
    p.settle();
    EXPECT_FALSE(p.driver.port_report(1).present);
    EXPECT_FALSE(p.driver.port(1).write(bytes("x")));
    EXPECT_TRUE(p.driver.port(0).write(bytes("y")));
    p.device().say(1, 1, 0);
    ASSERT_TRUE(p.driver.port(1).open());
    ASSERT_TRUE(p.driver.port(1).write(bytes("z")));
    p.device().type("back", p.rig.m.now_ns() + 1'000, 1);
    p.settle();
    EXPECT_EQ(p.device().ports[1].output, "z");
    EXPECT_EQ(read(p.driver.port(1)), "back");
}

// --- a port that goes away under a program -------------------------------------------------------
// drivers/char/virtio_console.c: unplug_port() and handle_control_message() wake who waits;
// will_read_block() and will_write_block() look at guest_connected and host_connected.

/// Says something to the driver at a time, while a program waits.
class Later final : public Device {
  public:
    Later(Machine& m, std::uint64_t after_ns, std::function<void()> act)
        : at_(m.now_ns() + after_ns), act_(std::move(act)) {
        m.add_device(0x0b000000, 0x1000, *this);
    }
    std::uint64_t load(std::uint32_t, vms::Width) override { return 0; }
    void store(std::uint32_t, vms::Width, std::uint64_t) override {}
    std::uint64_t next_ns() const override { return at_; }
    void step(std::uint64_t now) override {
        if (now < at_)
            return;
        at_ = UINT64_MAX;
        act_();
    }

  private:
    std::uint64_t at_;
    std::function<void()> act_;
};

// port_fops_read: -ENODEV for a port that was unplugged while it waited.
TEST(LinuxMultiport, ARemovalEndsAReader) {
    for (const bool comes_back : {false, true}) {
        Ports p(linux_6_1(), {hvc, data});
        ASSERT_EQ(p.start(), Fault::none);
        ASSERT_TRUE(p.driver.port(1).open());
        const Later later(p.rig.m, 50'000, [&] {
            p.device().say(2, 1, 0);
            if (comes_back)
                p.device().say(1, 1, 0);
        });
        EXPECT_FALSE(p.driver.port(1).wait_for_input());
        EXPECT_EQ(p.driver.port(1).hindrance(), Hindrance::removed);
        p.settle();
        // What was opened is gone, whatever comes back in its place, until it is opened again.
        EXPECT_FALSE(p.driver.port(1).write(bytes("x")));
        EXPECT_EQ(p.driver.port_report(1).present, comes_back);
        if (!comes_back)
            continue;
        ASSERT_TRUE(p.driver.port(1).open());
        EXPECT_EQ(p.driver.port(1).hindrance(), Hindrance::none);
        EXPECT_TRUE(p.driver.port(1).write(bytes("y")));
    }
}

// hvc_remove hangs the terminal up: who reads it gets the end of file.
TEST(LinuxMultiport, ARemovalEndsTheReaderOfAConsole) {
    Ports p(linux_6_1(), {hvc, {.console = true}});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(1).open());
    const Later later(p.rig.m, 50'000, [&] { p.device().say(2, 1, 0); });
    EXPECT_FALSE(p.driver.port(1).wait_for_input());
    EXPECT_FALSE(p.driver.port(1).write(bytes("x")));
    EXPECT_EQ(p.driver.port(1).hindrance(), Hindrance::removed);
}

// wait_port_writable: -ENODEV, for a writer that waits for the far end, and for one that waits for
// room.
TEST(LinuxMultiport, ARemovalEndsAWriter) {
    for (const bool full : {false, true}) {
        Ports p(linux_6_1(), {hvc, {.host_open = full, .name = "data"}});
        ASSERT_EQ(p.start(), Fault::none);
        ASSERT_TRUE(p.driver.port(1).open());
        p.settle();
        p.device().takes_without_using = full;
        const Later later(p.rig.m, 500'000, [&] { p.device().say(2, 1, 0); });
        bool written = true;
        for (int i = 0; i < 16 && written; ++i)
            written = p.driver.port(1).write(bytes("x"));
        EXPECT_FALSE(written);
        EXPECT_EQ(p.driver.port(1).hindrance(), Hindrance::removed);
    }
}

// port_fops_read returns what has come, and then 0, once the host is not connected.
TEST(LinuxMultiport, AFarEndThatClosesIsTheEndOfFile) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(1).open());
    p.settle();
    p.device().type("last words", p.rig.m.now_ns() + 1'000, 1);
    const Later later(p.rig.m, 50'000, [&] { p.device().say(6, 1, 0); });
    p.settle();
    EXPECT_TRUE(p.driver.port(1).wait_for_input());
    EXPECT_EQ(read(p.driver.port(1)), "last words");
    EXPECT_FALSE(p.driver.port(1).wait_for_input());
    EXPECT_EQ(p.driver.port(1).hindrance(), Hindrance::hung_up);
    // A writer waits for it to be open again (will_write_block).
    EXPECT_THROW(p.driver.port(1).write(bytes("x")), Asleep);
    p.device().say(6, 1, 1);
    EXPECT_TRUE(p.driver.port(1).write(bytes("x")));
    EXPECT_EQ(p.driver.port(1).hindrance(), Hindrance::none);
}

// An hvc console does not ask whether anybody is at its far end.
TEST(LinuxMultiport, AConsoleDoesNotMindItsFarEnd) {
    Ports p(linux_6_1(), {{.console = true, .host_open = true}});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(0).open());
    p.device().say(6, 0, 0);
    p.settle();
    EXPECT_TRUE(p.driver.port(0).write(bytes("x")));
    p.device().type("in", p.rig.m.now_ns() + 50'000);
    EXPECT_TRUE(p.driver.port(0).wait_for_input());
    EXPECT_EQ(p.driver.port(0).hindrance(), Hindrance::none);
}

TEST(LinuxMultiport, ATerminalSaysWhatIsWaitedFor) {
    Ports p(linux_6_1(), {hvc, closed, {.name = "data"}});
    EXPECT_EQ(p.driver.port(0).hindrance(), Hindrance::not_added);
    ASSERT_EQ(p.start(), Fault::none);
    EXPECT_EQ(p.driver.hindrance({.port = 0}), Hindrance::none);
    EXPECT_EQ(p.driver.hindrance({.port = 1}), Hindrance::not_introduced);
    EXPECT_EQ(p.driver.hindrance({.port = 2}), Hindrance::far_end_closed);
    EXPECT_EQ(p.driver.hindrance({.port = 3}), Hindrance::no_port);
    EXPECT_EQ(p.driver.hindrance({.name = "data"}), Hindrance::far_end_closed);
    EXPECT_EQ(p.driver.hindrance({.name = "date"}), Hindrance::no_name);
    p.device().say(2, 1, 0);
    p.settle();
    EXPECT_EQ(p.driver.hindrance({.port = 1}), Hindrance::removed);
}

// 5.3.6.2 has cols before rows; Linux 6.1 reads them the other way round.
TEST(LinuxMultiport, ResizeIsReadRowsFirst) {
    Ports p(linux_6_1(), {hvc});
    ASSERT_EQ(p.start(), Fault::none);
    p.device().say(5, 0, 0, ConsoleModel::halves(132, 43));
    p.settle();
    EXPECT_EQ(p.driver.port_report(0).cols, 43);
    EXPECT_EQ(p.driver.port_report(0).rows, 132);
}

// config_intr: with MULTIPORT a configuration change is not looked at.
TEST(LinuxMultiport, ConfigurationInterruptReadsNothing) {
    Ports p(linux_6_1(), {hvc});
    p.device().features |= 1;
    ASSERT_EQ(p.start(), Fault::none);
    p.rig.m.log.clear();
    p.device().change_size(100, 40);
    p.settle();
    EXPECT_THAT(p.rig.m.log, ElementsAre("R060", "W064=2"));
}

// add_port fails when its receive queue can have no buffer: PORT_READY with 0. Here one port's 256
// buffers of a page fill the region, and a write has the last place.
TEST(LinuxMultiport, APortWithoutRoomForBuffersIsNotReady) {
    Ports p(linux_6_1(), {hvc, closed});
    p.device().queue_size_max = {256, 8, 8, 8, 256, 8};
    p.device().announced = 1;
    p.device().restart_registers();
    ASSERT_EQ(p.start(), Fault::none);
    p.device().takes_without_using = true;
    ASSERT_EQ(p.driver.port(0).submit(bytes(std::string(4096, 'x'))), 4096u);
    p.device().say(1, 1, 0);
    p.settle();
    EXPECT_EQ(p.device().control.back(), "3 1 0");
    EXPECT_FALSE(p.driver.port_report(1).present);
    EXPECT_EQ(p.driver.fault(), Fault::none);
}

TEST(LinuxMultiport, RemovalIsTheLoggedOneForEveryQueue) {
    Ports p(linux_6_1(), {hvc, closed});
    ASSERT_EQ(p.start(), Fault::none);
    p.rig.m.log.clear();
    p.driver.remove();
    std::vector<std::string> expected{"W070=0"};
    for (int q = 0; q < 6; ++q)
        for (const std::string& a :
             {"W030=" + std::to_string(q), std::string("W044=0"), std::string("R044")})
            expected.push_back(a);
    expected.insert(expected.end(), {"R070", "R070", "W070=1"});
    EXPECT_THAT(p.rig.m.log, ElementsAreArray(expected));
}

TEST(LinuxMultiport, RestartBringsThePortsBack) {
    Ports p(linux_6_1(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(p.driver.port(0).restart()) << i;
        ASSERT_TRUE(p.driver.port(0).open());
        ASSERT_TRUE(p.driver.port(1).open());
        ASSERT_TRUE(p.driver.port(0).write(bytes("a")));
        ASSERT_TRUE(p.driver.port(1).write(bytes("b")));
    }
    p.settle();
    EXPECT_EQ(p.device().output, std::string(50, 'a'));
    EXPECT_EQ(p.driver.counters().restarts, 50u);
}

// --- Zephyr -------------------------------------------------------------------------------------

// virtconsole_init: sixteen control buffers, each notified; DEVICE_READY of id 0. PORT_READY and
// PORT_OPEN follow the device's messages. Nothing is received before somebody reads.
TEST(ZephyrMultiport, Notifications) {
    Ports p(zephyr(), {hvc});
    p.device().queue_size_max = {8, 8, 32, 32};
    p.device().restart_registers();
    ASSERT_EQ(p.start(), Fault::none);
    EXPECT_THAT(p.device().control, ElementsAre("0 0 1", "3 0 1", "6 0 1"));
    const auto log = p.notifications();
    ASSERT_GE(log.size(), 17u);
    EXPECT_EQ(std::count(log.begin(), log.begin() + 16, "W050=2"), 16);
    EXPECT_EQ(log[16], "W050=3");
    EXPECT_EQ(std::ranges::count(log, "W050=0"), 0);
    EXPECT_EQ(p.device().size[0], 1u);
    EXPECT_EQ(p.device().size[1], 1u);
    EXPECT_EQ(p.device().size[2], 16u);
    EXPECT_EQ(p.device().size[3], 8u);
}

// One character a buffer, both ways, on rings of one: each waits for the interrupt of the last.
TEST(ZephyrMultiport, OneCharacterABuffer) {
    Ports p(zephyr(), {hvc});
    ASSERT_EQ(p.start(), Fault::none);
    ASSERT_TRUE(p.driver.port(0).open());
    p.rig.m.log.clear();
    ASSERT_TRUE(p.driver.port(0).write(bytes("abc")));
    p.settle();
    EXPECT_EQ(p.device().output, "abc");
    EXPECT_EQ(p.device().transmit_buffers, 3u);
    EXPECT_THAT(p.rig.m.log, ElementsAre("W050=1", "R060", "W064=1", "W050=1", "R060", "W064=1",
                                         "W050=1", "R060", "W064=1"));
    p.device().type("xyz", p.rig.m.now_ns() + 1'000);
    std::string got;
    while (got.size() < 3) {
        ASSERT_TRUE(p.driver.port(0).wait_for_input());
        got += read(p.driver.port(0));
    }
    EXPECT_EQ(got, "xyz");
}

// A name that does not fit the control buffer is cut by the device; Zephyr only logs names.
TEST(ZephyrMultiport, HasNoGenericPorts) {
    Ports p(zephyr(), {hvc, data});
    ASSERT_EQ(p.start(), Fault::none);
    EXPECT_TRUE(p.driver.port(0).open());
    EXPECT_THROW(p.driver.port(1).open(), Asleep);
    EXPECT_EQ(p.driver.port_report(1).name, "");
}

// virtconsole_poll_out: each character to every port that is a console, in the order of numbers,
// before the next.
TEST(ZephyrMultiport, WritesToEveryConsole) {
    Ports p(zephyr(), {hvc, data, hvc});
    ASSERT_EQ(p.start(), Fault::none);
    auto* uart = p.driver.terminal({.port = 2});
    ASSERT_TRUE(uart->open());
    p.rig.m.log.clear();
    ASSERT_TRUE(uart->write(bytes("ab")));
    p.settle();
    EXPECT_EQ(p.device().output, "ab");
    EXPECT_EQ(p.device().ports[1].output, "");
    EXPECT_EQ(p.device().ports[2].output, "ab");
    EXPECT_THAT(p.notifications(), ElementsAre("W050=1", "W050=7", "W050=1", "W050=7"));
}

// virtconsole_poll_in: each console is given a buffer of one character when it is first looked at;
// one character a call, of the first port that has one.
TEST(ZephyrMultiport, ReadsFromEveryConsole) {
    Ports p(zephyr(), {hvc, data, hvc});
    ASSERT_EQ(p.start(), Fault::none);
    auto* uart = p.driver.terminal({});
    ASSERT_TRUE(uart->open());
    p.rig.m.log.clear();
    EXPECT_EQ(read(*uart), "");
    EXPECT_THAT(p.notifications(), ElementsAre("W050=0", "W050=6"));
    p.device().type("xy", p.rig.m.now_ns() + 1'000, 2);
    ASSERT_TRUE(uart->wait_for_input());
    EXPECT_EQ(read(*uart), "x");
    p.device().type("01", p.rig.m.now_ns() + 1'000, 0);
    p.settle();
    EXPECT_EQ(read(*uart), "0");
    p.settle();
    EXPECT_EQ(read(*uart), "1");
    EXPECT_EQ(read(*uart), "y");
    EXPECT_EQ(uart->account().read, 4u);
}

// DEVICE_REMOVE takes the port's bit away and tells nobody; CONSOLE_PORT sets it again. With none
// left, characters go nowhere.
TEST(ZephyrMultiport, ARemovedConsoleIsLeftOut) {
    Ports p(zephyr(), {hvc, hvc});
    ASSERT_EQ(p.start(), Fault::none);
    auto* uart = p.driver.terminal({});
    ASSERT_TRUE(uart->open());
    p.device().say(2, 1, 0);
    p.settle();
    ASSERT_TRUE(uart->write(bytes("a")));
    p.device().say(2, 0, 0);
    p.settle();
    ASSERT_TRUE(uart->write(bytes("b")));
    EXPECT_EQ(uart->hindrance(), Hindrance::no_console);
    const Later later(p.rig.m, 50'000, [&] {
        p.device().say(1, 1, 0);
        p.device().type("in", p.rig.m.now_ns() + 50'000, 1);
    });
    // Nothing tells a reader that there is no console; one that comes is read.
    ASSERT_TRUE(uart->wait_for_input());
    EXPECT_EQ(read(*uart), "i");
    ASSERT_TRUE(uart->write(bytes("c")));
    p.settle();
    EXPECT_EQ(p.device().output, "a");
    EXPECT_EQ(p.device().ports[1].output, "c");
}

// What submit() takes, every console has; it ends where one of them has no room.
TEST(ZephyrMultiport, SubmitsAsFarAsEveryConsoleHasRoom) {
    Ports p(zephyr(), {hvc, hvc});
    ASSERT_EQ(p.start(), Fault::none);
    auto* uart = p.driver.terminal({});
    ASSERT_TRUE(uart->open());
    EXPECT_EQ(uart->submit(bytes("ab")), 1u);
    p.settle();
    EXPECT_EQ(p.device().output, "a");
    EXPECT_EQ(p.device().ports[1].output, "a");
    EXPECT_EQ(uart->account().written, 1u);
}

TEST(ZephyrMultiport, RefusesPortsBeyondItsTable) {
    Ports p(zephyr(), {hvc});
    ASSERT_EQ(p.start(), Fault::none);
    p.device().say(1, 32, 0);
    p.settle();
    EXPECT_EQ(p.device().control.back(), "3 20 0");
}

}  // namespace
}  // namespace frontend_test
