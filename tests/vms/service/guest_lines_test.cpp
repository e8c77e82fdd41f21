// The service guest with serial lines that several front-ends share, with planned events, and the
// checks of such configurations.
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/uart/serial_demux.h"
#include "tests/vms/service/world.h"

namespace vms::service::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Both consoles on the first UART.
GuestConfig one_line(SerialMode mode) {
    GuestConfig c = two_consoles();
    c.peripherals[0].serial_mode = mode;
    for (std::size_t k = 0; k < 2; ++k) {
        c.devices[k].console.ports[0].serial = 0;
        c.devices[k].console.ports[0].channel = static_cast<std::uint8_t>(k);
        c.devices[k].console.ports[0].label = k == 0 ? "linux0" : "linux1";
    }
    return c;
}

struct Rings {
    explicit Rings(World& w)
        : rx{w.cpu, shared_base, 8},
          tx{w.cpu, shared_base + 0x1000, 8},
          rx1{w.cpu, shared_base + region_size, 8},
          tx1{w.cpu, shared_base + region_size + 0x1000, 8} {}
    DriverRing rx, tx, rx1, tx1;
};

constexpr GuestAddr data = shared_base + 0x4000;
constexpr GuestAddr data1 = shared_base + region_size + 0x4000;

// Two VMs on one UART, people at the far end: lines under their names, typed lines by name, and
// each front-end gets its own.
TEST(GuestSharedLine, Prefixed) {
    World w(one_line(SerialMode::prefixed));
    Rings r(w);
    w.bring_up(0, version_1, r.rx, r.tx);
    w.bring_up(1, version_1, r.rx1, r.tx1);
    w.actions.push_back([&] {
        put(w.cpu, data, "one\n");
        r.tx.add({{data, 4, false}});
        put(w.cpu, data1, "two\n");
        r.tx1.add({{data1, 4, false}});
        w.trap(0, true, 0x050, 1);
        w.trap(1, true, 0x050, 1);
    });
    w.actions.push_back([&] { w.uarts[0].drain(); });
    w.actions.push_back([&] {
        r.rx.add({{data, 16, true}});
        r.rx1.add({{data1, 16, true}});
        w.type(0, "linux1: ls\n");
    });
    w.actions.push_back([&] { w.type(0, "linux0: ps\n"); });
    w.run();
    EXPECT_THAT(w.uarts[0].sent, HasSubstr("linux0: one\n"));
    EXPECT_THAT(w.uarts[0].sent, HasSubstr("linux1: two\n"));
    EXPECT_EQ(w.uarts[0].sent.size(), 24u);
    EXPECT_EQ(get(w.cpu, data1, 3), "ls\n");
    EXPECT_EQ(get(w.cpu, data, 3), "ps\n");
    EXPECT_EQ(w.uarts[1].sent, "");
    EXPECT_EQ(w.program.line_counters(0).frames_sent, 2u);
}

// Long output of both at once, framed: nothing is lost or mixed, and the chains are held as on a
// UART of their own.
TEST(GuestSharedLine, FramedLongOutput) {
    World w(one_line(SerialMode::framed));
    Rings r(w);
    w.bring_up(0, version_1, r.rx, r.tx);
    w.bring_up(1, version_1, r.rx1, r.tx1);
    const std::string a(3000, 'a');
    const std::string b(3000, 'b');
    w.actions.push_back([&] {
        put(w.cpu, data, a);
        r.tx.add({{data, 3000, false}});
        put(w.cpu, data1, b);
        r.tx1.add({{data1, 3000, false}});
        w.trap(0, true, 0x050, 1);
        w.trap(1, true, 0x050, 1);
    });
    w.actions.push_back([&] {
        EXPECT_EQ(r.tx.used_index(), 0);
        EXPECT_EQ(r.tx1.used_index(), 0);
        w.uarts[0].drain();
    });
    for (int i = 0; i < 110; ++i)
        w.actions.push_back([&] { w.uarts[0].drain(); });
    w.run();
    EXPECT_FALSE(w.uarts[0].overflow);
    EXPECT_EQ(r.tx.used_index(), 1);
    EXPECT_EQ(r.tx1.used_index(), 1);
    models::FramedDemux demux(models::Picos::us(1));
    demux.add(0);
    demux.add(1);
    const auto sink = demux.sink();
    for (const char c : w.uarts[0].sent)
        sink->put(static_cast<std::uint8_t>(c), {});
    EXPECT_EQ(demux.channel(0).counters().tx_bytes, 3000u);
    EXPECT_EQ(demux.channel(1).counters().tx_bytes, 3000u);
    EXPECT_TRUE(demux.open(0));
    EXPECT_TRUE(demux.open(1));
    EXPECT_EQ(demux.counters().bad_frames, 0u);
}

// A front-end on a shared line that is reset or broken harms the other one's output not at all.
TEST(GuestSharedLine, BrokenNeighbour) {
    World w(one_line(SerialMode::framed));
    Rings r(w);
    w.bring_up(0, version_1, r.rx, r.tx);
    w.bring_up(1, version_1, r.rx1, r.tx1);
    w.actions.push_back([&] {
        put(w.cpu, data, std::string(3000, 'a'));
        r.tx.add({{data, 3000, false}});
        w.trap(0, true, 0x050, 1);
    });
    w.write(0, 0x070, 0);
    w.actions.push_back([&] {
        put(w.cpu, data1, "fine");
        r.tx1.add({{data1, 4, false}});
        w.trap(1, true, 0x050, 1);
    });
    for (int i = 0; i < 30; ++i)
        w.actions.push_back([&] { w.uarts[0].drain(); });
    w.run();
    EXPECT_EQ(r.tx1.used_index(), 1);
    EXPECT_NE(w.uarts[0].sent.find("fine"), std::string::npos);
}

// Planned events come with the virtual timer, each at its time, and only these.
TEST(GuestEvents, ComeAtTheirTimes) {
    GuestConfig config = two_consoles();
    for (std::size_t k = 0; k < 2; ++k) {
        config.devices[k].console.cols = 80;
        config.devices[k].console.rows = 25;
    }
    config.events[0] = {.at_ns = 1'000'000,
                        .kind = DeviceEventKind::console_resize,
                        .device = 0,
                        .cols = 132,
                        .rows = 43};
    config.events[1] = {.at_ns = 1'000'005, .kind = DeviceEventKind::device_error, .device = 1};
    config.events[2] = {
        .at_ns = 2'000'000, .kind = DeviceEventKind::console_close, .device = 0, .port = 0};
    config.event_count = 3;
    ASSERT_EQ(check(config), ConfigFinding{});
    World w(config);
    Rings r(w);
    w.bring_up(0, version_1 | 1, r.rx, r.tx);
    w.bring_up(1, version_1 | 1, r.rx1, r.tx1);
    const auto timer = [&](std::uint64_t ticks) {
        EXPECT_TRUE(w.cpu.timer_control().enable);
        EXPECT_EQ(w.cpu.timer_compare(), ticks);
        w.cpu.counter_value = ticks;
        w.interrupts.push_back(27);
    };
    w.actions.push_back([&] {
        timer(100'000);  // of 10 ns each
        w.notified.clear();
    });
    w.read(0, 0x100);
    w.read(1, 0x070);
    w.actions.push_back([&] {
        EXPECT_THAT(w.notified, ElementsAre(3));
        timer(100'001);  // 1'000'005 ns, rounded up
    });
    w.read(1, 0x070);
    w.actions.push_back([&] {
        EXPECT_THAT(w.notified, ElementsAre(3, 4));
        timer(200'000);
    });
    w.actions.push_back([&] {
        EXPECT_FALSE(w.cpu.timer_control().enable);  // there are no more
        put(w.cpu, data, "discarded");
        r.tx.add({{data, 9, false}});
        w.trap(0, true, 0x050, 1);
    });
    w.run();
    ASSERT_GE(w.answered.size(), 4u);
    const std::size_t n = w.answered.size();
    EXPECT_EQ(w.answered[n - 4].value, 132u | 43u << 16);
    EXPECT_EQ(w.answered[n - 3].value, 0xfu);
    EXPECT_EQ(w.answered[n - 2].value, 0x4fu);
    EXPECT_EQ(w.uarts[0].sent, "");
    EXPECT_EQ(r.tx.used_index(), 1);
    EXPECT_EQ(w.program.device_counters(0).discarded_output, 9u);
}

// Without planned events the timer is the platform's, untouched.
TEST(GuestEvents, NoneLeaveTheTimerAlone) {
    World w(two_consoles());
    w.run();
    EXPECT_FALSE(w.cpu.timer_control().enable);
    for (const auto& r : w.cpu.log) {
        if (r.is(Kind::store, gicd.value + 0x100)) {
            EXPECT_EQ(r.value & (1u << 27), 0u);
        }
    }
}

TEST(GuestEvents, TimesBecomeTicks) {
    EXPECT_EQ(ticks_at(0, 100'000'000), 0u);
    EXPECT_EQ(ticks_at(1, 100'000'000), 1u);
    EXPECT_EQ(ticks_at(10, 100'000'000), 1u);
    EXPECT_EQ(ticks_at(3'000'000'000'000, 62'500'000), 187'500'000'000u);
    EXPECT_EQ(ticks_at(1'000'000'007, 4'000'000'000), 4'000'000'028u);
}

// What a configuration of ports, lines and events may not say.
TEST(GuestConfiguration, PortsLinesAndEvents) {
    const auto problem = [](SerialMode mode, auto change) {
        GuestConfig c = one_line(mode);
        change(c);
        return check(c).problem;
    };
    const auto nothing = [](GuestConfig&) {};
    EXPECT_EQ(problem(SerialMode::framed, nothing), ConfigProblem::none);
    EXPECT_EQ(problem(SerialMode::prefixed, nothing), ConfigProblem::none);
    EXPECT_EQ(problem(SerialMode::direct, nothing), ConfigProblem::serial_in_use);
    EXPECT_EQ(problem(SerialMode::framed,
                      [](GuestConfig& c) { c.devices[1].console.ports[0].channel = 0; }),
              ConfigProblem::bad_channel);
    EXPECT_EQ(problem(SerialMode::framed,
                      [](GuestConfig& c) { c.devices[1].console.ports[0].channel = 64; }),
              ConfigProblem::bad_channel);
    for (const char* label : {"", "linux0", "a:b", "a b", "much-too-long-for-a-prefix", "\xc3\xa4"})
        EXPECT_EQ(problem(SerialMode::prefixed,
                          [&](GuestConfig& c) { c.devices[1].console.ports[0].label = label; }),
                  ConfigProblem::bad_label)
            << label;
    EXPECT_EQ(problem(SerialMode::framed,
                      [](GuestConfig& c) {
                          c.devices[1].console.ports[0].name =
                              "a name that is longer than the device can tell";
                      }),
              ConfigProblem::name_too_long);
    EXPECT_EQ(
        problem(SerialMode::framed, [](GuestConfig& c) { c.devices[1].console.port_count = 2; }),
        ConfigProblem::bad_port_count);
    for (const std::size_t n : {0u, 9u})
        EXPECT_EQ(problem(SerialMode::framed,
                          [n](GuestConfig& c) {
                              c.devices[1].console.multiport = true;
                              c.devices[1].console.port_count = n;
                          }),
                  ConfigProblem::bad_port_count);
    EXPECT_EQ(problem(SerialMode::framed,
                      [](GuestConfig& c) { c.devices[1].console.ports[0].present = false; }),
              ConfigProblem::no_first_port);
    EXPECT_EQ(problem(SerialMode::framed,
                      [](GuestConfig& c) {
                          c.device_count = 5;  // 5 times 8 ports on one UART
                          for (std::size_t d = 0; d < 5; ++d) {
                              c.devices[d] = c.devices[0];
                              c.devices[d].console.multiport = true;
                              c.devices[d].console.port_count = 8;
                              for (std::size_t i = 0; i < 8; ++i) {
                                  c.devices[d].console.ports[i].serial = 0;
                                  c.devices[d].console.ports[i].channel =
                                      static_cast<std::uint8_t>(8 * d + i);
                              }
                          }
                      }),
              ConfigProblem::too_many_ports_on_line);

    const auto with_event = [&](const DeviceEvent& e) {
        return problem(SerialMode::framed, [&](GuestConfig& c) {
            c.events[0] = e;
            c.event_count = 1;
        });
    };
    using K = DeviceEventKind;
    EXPECT_EQ(with_event({.kind = K::device_error, .device = 1}), ConfigProblem::none);
    EXPECT_EQ(with_event({.kind = K::console_close}), ConfigProblem::none);
    EXPECT_EQ(with_event({.kind = K::device_error, .device = 2}), ConfigProblem::bad_event);
    EXPECT_EQ(with_event({.kind = K::console_close, .port = 1}), ConfigProblem::bad_event);
    EXPECT_EQ(with_event({.kind = K::console_add}), ConfigProblem::bad_event);  // no MULTIPORT
    EXPECT_EQ(with_event({.kind = K::console_resize, .cols = 1, .rows = 1}),
              ConfigProblem::bad_event);  // neither MULTIPORT nor SIZE
    EXPECT_EQ(problem(SerialMode::framed, [](GuestConfig& c) { c.event_count = 65; }),
              ConfigProblem::too_many_events);
    for (const bool of_device : {false, true})  // the virtual timer is the events'
        EXPECT_EQ(problem(SerialMode::framed,
                          [&](GuestConfig& c) {
                              c.events[0] = {.kind = K::console_close};
                              c.event_count = 1;
                              (of_device ? c.devices[1].interrupt
                                         : c.peripherals[1].interrupts[0]) = {27};
                          }),
                  ConfigProblem::shared_interrupt);
    GuestConfig late = one_line(SerialMode::framed);
    late.events[0] = {.at_ns = 2, .kind = K::console_close};
    late.events[1] = {.at_ns = 1, .kind = K::console_open};
    late.event_count = 2;
    EXPECT_EQ(check(late),
              (ConfigFinding{ConfigProblem::events_out_of_order, ConfigSubject::event, 1}));
}

}  // namespace
}  // namespace vms::service::test
