// The canonical trace: order, form, and what happens when it cannot be written.
#include "sim/observe/trace.h"

#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace sim {
namespace {

using models::Event;
using models::EventKind;

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string temporary(const std::string& name) {
    return testing::TempDir() + "baosim-trace-" + std::to_string(::getpid()) + "-" + name;
}

Event event(std::uint64_t ps, std::uint8_t cpu, EventKind kind, std::uint64_t a = 0,
            std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t request = 0) {
    return {{ps}, {cpu}, kind, {request}, a, b, c};
}

// The fields of each kind: comments of EventKind in models/core/probe.h.
TEST(TraceLine, FieldsAreNamedByTheKindOfEvent) {
    EXPECT_EQ(
        trace_line(event(12'345'678, 0, EventKind::trap, 0xa003e50, 0x104, 1, 17)),
        "       12345.678 cpu0 trap          r17 address=0xa003e50 width=4 op=write value=0x1");
    EXPECT_EQ(trace_line(event(1, 3, EventKind::message_push, 1, (2ull << 32) | 5, 0xab)),
              "           0.001 cpu3 message_push  to_cpu=1 handler=2 event=5 data=0xab");
    EXPECT_EQ(trace_line(event(1'000, 1, EventKind::hypercall, 0xC6000002,
                               static_cast<std::uint64_t>(-3))),
              "           1.000 cpu1 hypercall     function=0xc6000002 result=-3");
    // Remote I/O operations: WRITE 0, READ 1 (Bao's hypercall ABI).
    EXPECT_EQ(trace_line(event(0, 0, EventKind::complete, 0, 1, 0x74726976, 2)),
              "           0.000 cpu0 complete      r2 bind_key=0 op=read value=0x74726976");
    EXPECT_EQ(trace_line(event(0, 0, EventKind::standby)), "           0.000 cpu0 standby");
    EXPECT_EQ(trace_line(event(0, 0, EventKind::workload_done, 1)),
              "           0.000 cpu0 workload_done result=success");
}

TEST(TraceLine, AnObservationStaysOnItsLine) {
    EXPECT_EQ(trace_line(
                  models::Observation{models::Picos::ns(5), {2}, "remio.bad-op", "linux0", "a\nb"}),
              "           5.000 cpu2 observation   remio.bad-op vm=linux0 a b");
}

TEST(Trace, OrderIsTimeThenCpuThenArrivalHoweverOftenItIsFlushed) {
    // Two cores, each ahead of the kernel's time by up to a quantum.
    std::vector<Event> arrival;
    std::mt19937 random(7);
    std::uint64_t kernel = 0;
    for (std::uint64_t i = 0; i < 3000; ++i) {
        kernel += random() % 3;
        arrival.push_back(event(kernel + random() % 50, static_cast<std::uint8_t>(random() % 4),
                                EventKind::uart_tx, i, kernel));
    }
    const auto write = [&](const std::string& path, std::size_t flush_every) {
        Trace t(path);
        for (std::size_t i = 0; i < arrival.size(); ++i) {
            t.event(arrival[i]);
            if (flush_every != 0 && i % flush_every == 0)
                t.flush_until({arrival[i].b});
        }
        EXPECT_EQ(t.finish(), "");
        EXPECT_EQ(t.late(), 0u);
        return content(path);
    };
    std::stable_sort(arrival.begin(), arrival.end(), [](const Event& x, const Event& y) {
        return x.b < y.b;  // the kernel's time never goes back
    });
    const std::string path = temporary("order");
    const std::string at_end = write(path, 0);
    EXPECT_EQ(write(path, 1), at_end);
    EXPECT_EQ(write(path, 13), at_end);

    std::vector<Event> expected = arrival;
    std::stable_sort(expected.begin(), expected.end(), [](const Event& x, const Event& y) {
        return x.time != y.time ? x.time < y.time : x.cpu < y.cpu;
    });
    std::ostringstream text;
    for (const Event& e : expected)
        text << trace_line(e) << "\n";
    EXPECT_EQ(at_end, text.str());
    ::unlink(path.c_str());
}

TEST(Trace, EventsAtTheLimitWaitForCompany) {
    const std::string path = temporary("limit");
    Trace t(path);
    t.event(event(1000, 1, EventKind::standby));
    t.flush_until({1000});
    t.event(event(1000, 0, EventKind::power_off));
    EXPECT_EQ(t.finish(), "");
    EXPECT_EQ(t.late(), 0u);
    EXPECT_EQ(content(path),
              "           1.000 cpu0 power_off\n"
              "           1.000 cpu1 standby\n");
    ::unlink(path.c_str());
}

TEST(Trace, WhatComesTooLateIsCounted) {
    const std::string path = temporary("late");
    Trace t(path);
    t.flush_until({5});
    t.event(event(9, 0, EventKind::standby));
    t.flush_until({10});
    t.event(event(7, 0, EventKind::standby));
    EXPECT_EQ(t.late(), 1u);
    t.finish();
    ::unlink(path.c_str());
}

TEST(Trace, BoundsWhatItHoldsWhenItKnowsTheTime) {
    const std::string path = temporary("bounded");
    std::uint64_t now = 0;
    Trace t(path, [&now] { return models::Picos{now}; });
    constexpr std::uint64_t events = 200'000;
    for (; now < events; ++now)
        t.event(event(now, 0, EventKind::standby));
    // Most was written before the end.
    std::ifstream in(path, std::ios::ate);
    EXPECT_GT(static_cast<std::uint64_t>(in.tellg()), events / 2 * 29);
    EXPECT_EQ(t.finish(), "");
    const std::string text = content(path);
    EXPECT_EQ(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')), events);
    ::unlink(path.c_str());
}

TEST(Trace, APathThatCannotBeOpenedIsTold) {
    Trace t("/nonexistent/trace.txt");
    EXPECT_EQ(t.error(), "cannot open trace '/nonexistent/trace.txt': No such file or directory");
    t.event(event(0, 0, EventKind::standby));
    EXPECT_EQ(t.finish(), t.error());
}

TEST(Trace, AFullDiskIsTold) {
    Trace t("/dev/full");
    ASSERT_EQ(t.error(), "");
    t.event(event(0, 0, EventKind::standby));
    EXPECT_EQ(t.finish(), "cannot write trace '/dev/full': No space left on device");
}

}  // namespace
}  // namespace sim
