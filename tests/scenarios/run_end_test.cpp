// When a run ends, and that all figures are those of that moment: whatever the quantum, whatever
// ticks beside the work, whoever starts late.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/scenarios/scenarios.h"

namespace sim::test {
namespace {

const std::string no_captures = "--set captures=[] ";

std::string set(const std::string& key, const std::string& value) {
    return "--set " + key + "=" + value + " ";
}

class RunEnd : public Scenarios {
  protected:
    std::int64_t end_of(const std::string& scenario, const std::string& arguments = "") {
        const Outcome o = run(scenario, no_captures + arguments);
        EXPECT_EQ(o.status, 0) << scenario << " " << arguments << "\n" << o.out;
        return metric(o, "run.simulated_ns");
    }
};

/// A CPU's parts of the simulated time.
std::int64_t sum_of_parts(const Outcome& o, const std::string& cpu) {
    std::int64_t sum = 0;
    for (const char* part : {"el1", "el2", "el3", "polling", "standby", "idle", "off"})
        sum += metric(o, "cpus." + cpu + "." + part + "_ns");
    return sum;
}

// docs/scenario-reference.md, `quantum`: a matter of host speed, the results are the same. All of
// them: each figure of the JSON but those of the host.
TEST_F(RunEnd, TheQuantumChangesNoFigure) {
    for (const std::string setup :
         {"console-echo.yaml", "ipc-ping.yaml", "net-ping.yaml", "net-lossy.yaml",
          "smp-frontend.yaml", "four-vms.yaml",
          "four-vms.yaml --set vms.backend.software.polling=true",
          "net-ping.yaml --set vms.backend.software.polling=true",
          "two-consoles.yaml --set vms.backend.start=3ms",  // waits at EL2
          "console-bulk.yaml --set duration=20ms",          // ends in the middle
          "console-bulk.yaml --set duration=9500us",        // characters are on the line
          "two-consoles.yaml --set duration=1690us --set vms.backend.software.polling=true",
          "ipc-ping.yaml --set duration=990us",  // waits for a time
          // Controllers of two service guests on one cable, and slow CPUs: a frame interrupts the
          // other sooner than any way through the hypervisor.
          "net-service-per-frontend.yaml --set platform.cpu_hz=100MHz --set hosts={} --set "
          "switches={} --set 'links={wire: {between: [gem3, gem2], propagation: 0ns}}' --set "
          "vms.linux0.software.workloads='[{type: net-flood, device: net0, peer: 10.0.0.3, "
          "duration: 8ms, mix: [{frame: 128B}], start: 5ms}]' --set "
          "vms.linux1.software.workloads='[{type: net-flood, device: net1, peer: 10.0.0.2, "
          "duration: 8ms, mix: [{frame: 64B}], start: 5ms}]' --set expect=[]",
          "silent-backend.yaml",  // stuck
          "ipc-ping.yaml --set vms.asker.software.workloads.0.doorbell=1"}) {
        const auto at = setup.find(' ');
        const std::string arguments = at == std::string::npos ? "" : setup.substr(at + 1) + " ";
        const auto with = [&](const std::string& quantum) {
            Outcome o = run(setup.substr(0, at), (setup[0] == 'n' ? no_captures : "") + arguments +
                                                     set("quantum", quantum));
            o.results.erase("host");
            return o;
        };
        const Outcome fine = with("1us");
        ASSERT_FALSE(fine.trace.empty()) << setup;
        for (const char* quantum : {"20us", "1ms", "1s"}) {
            const Outcome coarse = with(quantum);
            EXPECT_EQ(fine.results, coarse.results) << setup << " " << quantum;
            EXPECT_TRUE(fine.trace == coarse.trace) << setup << " " << quantum;
        }
    }
}

TEST_F(RunEnd, TheTimesOfACpuMakeUpTheRun) {
    unsigned cpus = 0;
    for (const auto& file : fs::directory_iterator(BAOSIM_SOURCE_DIR "/scenarios")) {
        if (file.path().extension() != ".yaml")
            continue;
        const Outcome o = run(file.path().filename().string(), no_captures);
        for (const json& c : o.results.at("cpus")) {
            const std::string cpu = c.at("cpu").dump();
            EXPECT_EQ(sum_of_parts(o, cpu), metric(o, "run.simulated_ns"))
                << file.path() << ", CPU " << cpu;
            ++cpus;
        }
    }
    EXPECT_GE(cpus, 40u);
}

// A periodic timer beside the work keeps no run going: the end is later by no more than the ticks
// take of the CPU.
// A program that waits for a time polls the counter: also when the run ends meanwhile.
TEST_F(RunEnd, AWaitForATimeIsPollingToTheEnd) {
    const Outcome o =
        run("console-echo.yaml", set("vms.linux0.software.workloads.0.start", "900ms") +
                                     set("platform.uarts.uart1.input", "[]") +
                                     set("duration", "901ms") + set("expect", "[]"));
    EXPECT_GT(metric(o, "cpus.1.polling_ns"), 890'000'000);
    const Outcome cut = run("ipc-ping.yaml", set("duration", "990us"));
    EXPECT_GT(metric(cut, "cpus.0.polling_ns"), 900'000);
}

TEST_F(RunEnd, ATickKeepsNoRunGoing) {
    struct Case {
        const char* scenario;
        const char* workload;
    };
    for (const Case& c : {Case{"ipc-ping.yaml", "vms.asker.software.workloads.0"},
                          Case{"net-ping.yaml", "vms.linux0.software.workloads.2"},
                          Case{"console-echo.yaml", "vms.linux0.software.workloads.0"}}) {
        const std::int64_t without = end_of(c.scenario, set("duration", "1s"));
        for (const char* period : {"1ms", "100us", "10us"}) {
            const std::int64_t end =
                end_of(c.scenario, set("duration", "1s") +
                                       set(std::string(c.workload) + ".timer_period", period));
            EXPECT_NEAR(static_cast<double>(end), static_cast<double>(without),
                        static_cast<double>(without) / 50)
                << c.scenario << " " << period;
        }
    }
    // Beside a polling service guest neither, which is finished after a quiet while (1 ms).
    const std::string polling = set("vms.backend.software.polling", "true");
    EXPECT_LT(end_of("four-vms.yaml", polling), end_of("four-vms.yaml") + 2'000'000);
}

TEST_F(RunEnd, AVmThatHasNotStartedIsOff) {
    const Outcome o = run("console-echo.yaml", set("vms.linux0.start", "15ms"));
    ASSERT_EQ(o.status, 0) << o.out;
    // From the boot barrier, some microseconds after power-on, to its start.
    EXPECT_GT(metric(o, "cpus.1.off_ns"), 14'950'000);
    EXPECT_LE(metric(o, "cpus.1.off_ns"), 15'000'000);
    // What it waits for at EL2 is its accesses' answers: the same as when it starts at once.
    EXPECT_NEAR(static_cast<double>(metric(o, "cpus.1.standby_ns")),
                static_cast<double>(metric(run("console-echo.yaml"), "cpus.1.standby_ns")), 50'000);
    // One that never gets there is off for the whole run but the hypervisor's own boot.
    const Outcome never =
        run("console-echo.yaml", set("duration", "10ms") + set("vms.linux0.start", "9999us") +
                                     set("platform.uarts.uart1.input", "[]"));
    EXPECT_GT(metric(never, "cpus.1.off_ns"), 9'900'000) << never.out;
    EXPECT_EQ(sum_of_parts(never, "1"), 10'000'000);
}

// Waiting for a service guest that starts late costs the host next to nothing, however many wait
// (some ten thousand activations a millisecond, when each iteration of one woke the other), and is
// charged as the loop that it is: 4 instructions an iteration (docs/timing.md).
TEST_F(RunEnd, WaitingForALateServiceGuestIsNoLoopOfTheHost) {
    const auto waits = [&](const std::string& start) {
        return run("two-consoles.yaml", set("vms.backend.start", start));
    };
    const Outcome early = waits("5ms");
    const Outcome late = waits("50ms");
    const auto activations = [](const Outcome& o) {
        return o.results.at("host").at("activations").get<std::int64_t>();
    };
    EXPECT_LT(activations(late), activations(early) + 1'000);
    for (const char* cpu : {"cpus.1.", "cpus.2."}) {
        // 45 ms more at 1.2 GHz and a CPI of 1.4 (platform.cpu_hz, timing.cpi).
        const std::int64_t more = metric(late, std::string(cpu) + "el2_instructions") -
                                  metric(early, std::string(cpu) + "el2_instructions");
        const std::int64_t time =
            metric(late, std::string(cpu) + "el2_ns") - metric(early, std::string(cpu) + "el2_ns");
        EXPECT_NEAR(static_cast<double>(time), 45e6, 1e6) << cpu;
        EXPECT_NEAR(static_cast<double>(more), static_cast<double>(time) * 1.2 / 1.4,
                    static_cast<double>(more) / 50)
            << cpu;
    }
}

// One that never starts: the watchdog ends it, and the loop has been counted up to then.
TEST_F(RunEnd, AWaitThatNeverEndsIsCountedToTheEnd) {
    const Outcome o = run("console-echo.yaml", set("vms.backend.start", "900ms"));
    EXPECT_EQ(o.status, 3);
    EXPECT_GT(metric(o, "cpus.1.el2_ns"), 99'000'000);
    EXPECT_GT(metric(o, "cpus.1.el2_instructions"), 80'000'000);
}

// What waits for nothing is not told of, and what a run does not get to is.
TEST_F(RunEnd, WhatWasPlannedForLaterIsTold) {
    const std::string event =
        "--set 'vms.backend.software.backends.con0.size={columns: 80, rows: 25}' "
        "--set 'vms.backend.software.backends.con0.events=[{at: 500ms, resize: {port: 0, columns: "
        "90, rows: "
        "30}}]' ";
    const Outcome o = run("console-echo.yaml", event);
    EXPECT_EQ(o.status, 0) << o.out;
    ASSERT_EQ(o.results.at("notes").size(), 1u) << o.out;
    EXPECT_NE(o.results.at("notes")[0].get<std::string>().find(
                  "1 planned event of backend.con0 was not reached: planned for 500 ms"),
              std::string::npos)
        << o.results.at("notes");
    EXPECT_TRUE(run("console-echo.yaml").results.at("notes").empty());
}

TEST_F(RunEnd, WhatNoRunReachesIsRefused) {
    const std::string at = "the run ends at 1s at the latest";
    for (const std::string& setting :
         {set("vms.linux0.start", "5s"), set("vms.linux0.software.workloads.0.start", "1s"),
          set("platform.uarts.uart1.input.0.at", "2s")}) {
        const Outcome o = run("console-echo.yaml", setting);
        EXPECT_EQ(o.status, 2) << setting;
        EXPECT_NE(o.out.find(at), std::string::npos) << setting << o.out;
    }
    // A shorter run from the command line is meant; what it leaves out is told.
    const Outcome cut = run("console-echo.yaml", set("duration", "10ms"));
    EXPECT_EQ(cut.status, 1);
    EXPECT_NE(cut.out.find("1 typed text of uart1 was not reached: planned for 20 ms"),
              std::string::npos)
        << cut.out;
    const Outcome o = run("net-ping.yaml", no_captures +
                                               "--set 'links.wire.outages=[{from: 2s, "
                                               "until: 3s}]'");
    EXPECT_EQ(o.status, 2);
    EXPECT_NE(o.out.find("found 2s, but " + at), std::string::npos) << o.out;
}

// docs/wire.md, Generator: a run waits for a generator that has an end.
TEST_F(RunEnd, AGeneratorThatHasNotEndedIsAFailure) {
    const Outcome o =
        run("net-flood.yaml", no_captures + set("duration", "20ms") +
                                  set("hosts.source.start", "19999us") + set("expect", "[]"));
    EXPECT_EQ(o.status, 1) << o.out;
    EXPECT_NE(o.out.find("Host source: the generator has not ended"), std::string::npos) << o.out;
    EXPECT_NE(o.out.find("none stated"), std::string::npos) << o.out;
}

// Stuck is a system in which nothing more can happen while somebody waits, whether or not the
// watchdog's time has come by the end of the run.
TEST_F(RunEnd, ASystemAtRestIsStuckBeforeTheWatchdogSaysSo) {
    for (const std::string& setting :
         {set("duration", "50ms"), set("watchdog", "10s"),
          set("duration", "50ms") + "--set 'expect=[{metric: run.simulated_ns, min: 1}]' "}) {
        const Outcome o = run("silent-backend.yaml", setting);
        EXPECT_EQ(o.status, 3) << setting << o.out;
        EXPECT_NE(o.out.find("nothing more can happen"), std::string::npos) << o.out;
    }
    // What is typed after the end of the run would be nobody's answer.
    EXPECT_EQ(run("silent-backend.yaml", set("duration", "10ms")).status, 3);
    // An access that waits while a tick goes on: the watchdog, by its name.
    const Outcome late = run("two-consoles.yaml", set("vms.backend.start", "500ms"));
    EXPECT_EQ(late.status, 3);
    EXPECT_NE(late.out.find("watchdog"), std::string::npos) << late.out;
}

// A run that does not end by itself says what each CPU is at; one that fails, what was observed,
// also when it says nothing else.
TEST_F(RunEnd, WhatMayExplainAFailureIsShown) {
    const Outcome stuck = run("silent-backend.yaml");
    EXPECT_NE(stuck.out.find("VM linux0, CPU 1 is in standby at EL2"), std::string::npos)
        << stuck.out;
    const Outcome failed =
        run("console-echo.yaml", "-q --set strict=true " + set("vms.backend.start", "1ms"));
    EXPECT_EQ(failed.status, 1) << failed.out;
    EXPECT_NE(failed.out.find("(remio.ready-wait)"), std::string::npos) << failed.out;
}

}  // namespace
}  // namespace sim::test
