// The report for the terminal: what must be said in each case, and that it fits 100 columns.
#include "sim/report/terminal.h"

#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample.h"
#include "sim/report/limit.h"

namespace sim {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Style plain{};

std::string page(const Results& r, Detail d = Detail::normal) {
    return render(r, d, plain);
}

TEST(Terminal, NoLineIsWiderThanTheStyleAllows) {
    Results r = sample();
    r.scenario = std::string(150, 'n');
    r.errors.push_back(std::string(300, 'e'));
    r.expectations[1].metric = "a." + std::string(120, 'm');
    for (const Detail d : {Detail::quiet, Detail::normal, Detail::verbose}) {
        std::istringstream lines(page(r, d));
        for (std::string l; std::getline(lines, l);) {
            EXPECT_LE(l.size(), 100u) << l;
            EXPECT_TRUE(l.empty() || l.back() != ' ') << l;
        }
    }
}

TEST(Terminal, TheVerdictComesFirst) {
    EXPECT_THAT(page(sample()), StartsWith("FAIL  console-echo "));
    EXPECT_THAT(page(sample()), HasSubstr("4.213 ms simulated, seed 7\n"));
    Results r;
    r.status = Status::pass;
    r.scenario = "idle";
    EXPECT_THAT(page(r), StartsWith("PASS  idle"));
}

TEST(Terminal, AFailedExpectationSaysValueBoundAndPlace) {
    Results r = sample();
    r.expectations[0].passed = false;
    r.expectations[0].bound = "= 11";
    const std::string text = page(r);
    EXPECT_THAT(text, HasSubstr("0 of 2 hold"));
    EXPECT_THAT(text, HasSubstr("FAIL  vms.linux0.workloads.console.bytes    10  = 11\n"));
    EXPECT_THAT(text, HasSubstr("scenarios/console-echo.yaml:40"));
    EXPECT_THAT(text, HasSubstr("did you mean 'vms.linux0.con0.lines'?"));
}

TEST(Terminal, LegsSayWhatTheyRestOn) {
    const std::string text = page(sample());
    EXPECT_THAT(text, HasSubstr("123.5"));
    EXPECT_THAT(text, HasSubstr("130.0"));
    EXPECT_THAT(text, HasSubstr("measured: instructions counted on the real hypervisor."));
    EXPECT_THAT(text, HasSubstr("derived: "));
    EXPECT_THAT(text, Not(HasSubstr("estimate: ")));
}

TEST(Terminal, LoadIsPerCentOfTheSimulatedTime) {
    const std::string text = page(sample());
    //                        EL1   EL2   EL3  polling  standby  idle  off  occupied
    EXPECT_THAT(text, HasSubstr("10.0  50.0  0.0      0.0     10.0  30.0  0.0      70.0\n"));
}

TEST(Terminal, TheLimitIsTheBusiestPartAndItsLongestLeg) {
    Results r = sample();
    // Working: EL1 to EL3 and standby, 2 949 100 350 of 4 213 000 500 ps; of these half in a call.
    EXPECT_THAT(page(r), HasSubstr("Most occupied, without polling: CPU 1 (linux0), 70.0 %. "
                                   "Limiting leg: frontend.net_socket_send\n"
                                   "  (EL1), 35.0 %; then IRQ gic_maintenance_handler 25.0 %, "
                                   "standby 10.0 %.\n"));
    // A CPU that polls all the time is occupied, and has all of it to spare.
    r.cpus.push_back({.cpu = 0, .vm = "backend", .polling = r.simulated});
    EXPECT_THAT(page(r), HasSubstr("polling: CPU 1 (linux0), 70.0 %"));
    // A medium can be the limit, too.
    r.links[0].busy = {r.simulated.value * 9 / 10};
    EXPECT_THAT(page(r), HasSubstr("polling: wire: gem3 to peer, 90.0 %. Longest leg of CPU 1"));
    // Who stands still for a CPU that has no time to spare is not the limit.
    r.cpus[0].busy[1] = {};
    r.cpus[0].busy[2] = {};
    r.cpus[0].standby = r.simulated;
    r.cpus[1] = {.cpu = 0, .vm = "backend", .busy = {{{}, {}, {r.simulated.value * 99 / 100}, {}}}};
    EXPECT_EQ(limit_of(r)->part, "CPU 0 (backend)");
    r.cpus.clear();
    EXPECT_FALSE(limit_of(r)->leg);
    r.links.clear();
    EXPECT_FALSE(limit_of(r));
}

TEST(Terminal, CapturesSayWhereTheyAre) {
    EXPECT_THAT(page(sample()), HasSubstr("  wire.peer      34  net-ping.pcap\n"));
}

TEST(Terminal, TrafficHasItsRateAndItsAccesses) {
    // 1 514 000 bytes in 20 ms are 605.6 Mbit/s; 12 000 bytes 4.8.
    EXPECT_THAT(
        page(sample()),
        HasSubstr("linux0.net0  1000   605.6  200     4.8    100        1000      2100      "
                  "1.750\n"));
    // 10 frames and 15 140 bytes in a millisecond.
    EXPECT_THAT(page(sample()), HasSubstr("wire: gem3 to peer      10     10000   121.1\n"));
}

TEST(Terminal, AFrameThatNobodyAccountsForIsNamed) {
    Results r = sample();
    EXPECT_THAT(page(r), HasSubstr("every frame is accounted for"));
    EXPECT_THAT(page(r), HasSubstr("In flight: 1 in the receive ring (linux0.net0 to backend)."));
    EXPECT_THAT(page(r), HasSubstr("2 no room\n"));
    EXPECT_THAT(page(r, Detail::quiet), Not(HasSubstr("linux0.net0 to backend")));
    r.frames[0].received -= 3;
    EXPECT_THAT(page(r, Detail::quiet), HasSubstr("frames are missing"));
    EXPECT_THAT(page(r, Detail::quiet), HasSubstr("3 UNACCOUNTED, 2 no room\n"));
    r.frames[0].received += 4;
    EXPECT_THAT(page(r, Detail::quiet), HasSubstr("1 TOO MANY"));
}

TEST(Terminal, ObservationsAreExplained) {
    const std::string text = page(sample());
    EXPECT_THAT(text, HasSubstr("2 rules, 13 occurrences"));
    EXPECT_THAT(text, HasSubstr("12 times, first at 1234.000 ns, CPU 1, service: request 3"));
    EXPECT_THAT(text, HasSubstr("What to do: Complete a read with READ"));
}

TEST(Terminal, QuietSaysOnlyWhatSpeaksAgainstTheRun) {
    Results r = sample();
    const std::string failed = page(r, Detail::quiet);
    EXPECT_THAT(failed, HasSubstr("linse"));
    EXPECT_THAT(failed, Not(HasSubstr("console.bytes")));
    EXPECT_THAT(failed, Not(HasSubstr("Where the time goes")));

    r.status = Status::pass;
    r.expectations.pop_back();
    r.diagnosis.clear();
    r.errors.clear();
    const std::string passed = page(r, Detail::quiet);
    EXPECT_EQ(std::count(passed.begin(), passed.end(), '\n'), 1);
}

TEST(Terminal, AnInterruptedRunSaysThatItsResultsArePartial) {
    Results r = sample();
    r.status = Status::interrupted;
    EXPECT_THAT(page(r), HasSubstr("partial results"));
    EXPECT_EQ(r.exit_code(), 130);
}

TEST(Terminal, ColourOnlyWhenAskedFor) {
    EXPECT_THAT(page(sample(), Detail::verbose), Not(HasSubstr("\x1b")));
    EXPECT_THAT(render(sample(), Detail::normal, {.colour = true}), HasSubstr("\x1b[1;31mFAIL"));
}

// https://no-color.org: any value but the empty one turns colour off.
TEST(Terminal, NoColourWithoutATerminalOrWithNoColor) {
    ::setenv("NO_COLOR", "1", 1);
    EXPECT_FALSE(wants_colour(1));
    ::unsetenv("NO_COLOR");
    EXPECT_FALSE(wants_colour(-1));
}

}  // namespace
}  // namespace sim
