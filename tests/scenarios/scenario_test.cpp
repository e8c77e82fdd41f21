// Scenarios as a user runs them: the program itself, its exit status, its JSON and its trace.
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/scenarios/scenarios.h"
#include "tests/support/validation.h"
#include "vms/workload/crc32.h"

namespace sim::test {
namespace {

void expect_diagnosis(const Outcome& o, const std::vector<std::string>& parts) {
    std::string diagnosis;
    for (const json& line : o.results.at("diagnosis"))
        diagnosis += line.get<std::string>() + "\n";
    for (const std::string& part : parts)
        EXPECT_NE(diagnosis.find(part), std::string::npos) << part << " not in:\n" << diagnosis;
}

// --- what the scenarios are for ------------------------------------------------------------------

TEST_F(Scenarios, ConsoleEchoCarriesALineBothWays) {
    const Outcome o = run("console-echo.yaml");
    EXPECT_EQ(o.status, 0) << o.out;
    EXPECT_EQ(o.results.at("status"), "pass");
    EXPECT_EQ(o.out.find("hello from linux0\nhello\n"), 0u) << o.out.substr(0, 200);
    EXPECT_TRUE(o.results.at("observations").empty());
}

TEST_F(Scenarios, ConsoleBulkMovesAMebibyteEachWayUnchanged) {
    const Outcome o = run("console-bulk.yaml");
    EXPECT_EQ(o.status, 0) << o.out;
    EXPECT_EQ(metric(o, "uarts.uart1.tx_bytes"), 1 << 20);
    EXPECT_EQ(metric(o, "vms.linux0.workload.rx_bytes"), 1 << 20);
    EXPECT_EQ(metric(o, "uarts.uart1.tx_crc32"), metric(o, "vms.linux0.workload.tx_crc32"));
}

TEST_F(Scenarios, TwoConsolesAndFourVms) {
    validation::behaviour("What Bao's users ask for",
                          "devices of several VMs behind one service guest");
    EXPECT_EQ(run("two-consoles.yaml").status, 0);
    EXPECT_EQ(run("four-vms.yaml").status, 0);
    EXPECT_EQ(run("four-vms.yaml", "--set vms.backend.software.polling=true").status, 0);
}

// The expectations of soak.yaml are the accounts; that a reset took something away shows that it
// had something to take.
TEST_F(Scenarios, ConsolesUnderResetsAccountForEveryByte) {
    validation::behaviour("Existing back-ends",
                          "a device can be reset at any moment, with every byte accounted for "
                          "(there: reset is a stub)");
    for (const char* set : {"", "--set vms.backend.software.polling=true"}) {
        const Outcome o = run("soak.yaml", set);
        EXPECT_EQ(o.status, 0) << o.out;
        EXPECT_GT(metric(o, "uarts.uart1.records.lost_bytes"), 0);
        EXPECT_GT(metric(o, "vms.bare0.workloads.0.lost_bytes"), 0);
    }
}

// The same of ports that share a line, with several to a device: what a reset does to one channel
// leaves the others alone.
TEST_F(Scenarios, PortsOfASharedLineUnderResetsAccountForEveryByte) {
    const Outcome o = run("soak-shared-line.yaml");
    EXPECT_EQ(o.status, 0) << o.out;
    EXPECT_GT(metric(o, "uarts.uart1.channels.data0.records.lost_bytes"), 0);
    EXPECT_GT(metric(o, "vms.bare1.workloads.0.lost_bytes"), 0);
    EXPECT_EQ(metric(o, "vms.backend.devices.con0.ports.0.received_bytes"), 13);
}

// A far end that does not belong to the workload: the run fails, and says where.
TEST_F(Scenarios, SoakFindsAStrangeRecord) {
    const Outcome o = run("soak.yaml", "--set platform.uarts.uart1.records.stream=9");
    EXPECT_EQ(o.status, 1);
    EXPECT_NE(o.out.find("first: a record of stream 9"), std::string::npos) << o.out;
}

// Bao's public bare-metal console never writes QueueSize: its rings of 1024 need a QueueSizeMax of
// 1024 (docs/profiles.md).
TEST_F(Scenarios, BaoBareMetalNeedsTheQueueSizeThatItIsBuiltWith) {
    validation::behaviour("Existing back-ends",
                          "the public bare-metal console, which writes Status bit by bit and no "
                          "QueueSize, works with a queue of the size that it is built with");
    const std::string profile = "--set vms.linux0.software.profile=bao-bare-metal ";
    const Outcome good = run("console-echo.yaml",
                             profile + "--set vms.backend.software.backends.con0.queue_size=1024");
    EXPECT_EQ(good.status, 0) << good.out;
    const Outcome bad = run("console-echo.yaml", profile);
    EXPECT_EQ(bad.status, 3);
    expect_diagnosis(bad,
                     {"con0 has built its queues for 1024 buffers and does not write QueueSize",
                      "the device goes by 256", "set DEVICE_NEEDS_RESET (1 time(s))"});
}

// Zephyr's console driver writes FEATURES_OK only for a device with MULTIPORT: DRIVER_OK is refused
// without, and what it writes stays in its ring.
TEST_F(Scenarios, ZephyrWithoutMultiportStaysMute) {
    const Outcome o = run("console-echo.yaml", "--set vms.linux0.software.profile=zephyr");
    EXPECT_EQ(o.status, 3);
    EXPECT_EQ(metric(o, "vms.backend.devices.con0.activations"), 0);
    EXPECT_EQ(metric(o, "vms.linux0.devices.con0.fault"), 0);
    expect_diagnosis(o, {"the driver of con0 has left Status at 0x7 (ACKNOWLEDGE, DRIVER and "
                         "DRIVER_OK): without FEATURES_OK the device refuses DRIVER_OK"});
}

// What a console workload waits for, or has been ended by, is said (docs/profiles.md, Ports).
TEST_F(Scenarios, AConsoleWorkloadSaysWhatItWaitsFor) {
    const auto events = [](const std::string& list) {
        std::string set = "--set vms.backend.software.backends.con0.events='[";
        set += list;
        set += "]' ";
        return set;
    };
    const std::string reader =
        "--set vms.linux0.software.workloads='[{type: console-read, device: "
        "con0, port: 2, bytes: 2KiB, seed: 5, start: 30ms}]'";
    const std::string removed = "away (DEVICE_REMOVE), which ends who uses it.";
    struct Case {
        std::string arguments;
        int status;
        std::string says;
    };
    for (const Case& c : {
             Case{events("{at: 25ms, add: 2}, {at: 45ms, remove: 2}"), 1, removed},
             Case{events("{at: 25ms, add: 2}, {at: 45ms, remove: 2}, {at: 46ms, add: 2}"), 1,
                  removed},
             Case{events("{at: 25ms, add: 2}, {at: 45ms, close: 2}"), 1,
                  "con0 was closed (PORT_OPEN 0): the end of file came"},
             Case{events(""), 3,
                  "No port of con0 has the name 'org.baosim.data': it has 'org.baosim.log' (port "
                  "1)."},
             Case{events("") + reader, 3, "The device has not added port 2 of con0"},
             Case{events("{at: 25ms, add: 2}, {at: 25ms, close: 2}") + reader, 3,
                  "The far end of port 2 of con0 is closed"},
             Case{"--set vms.linux0.software.profile=bare-metal " + reader, 1,
                  "There is no port 2 of con0: the driver has found one port, 0"},
         }) {
        const Outcome o = run("console-multiport.yaml", c.arguments);
        EXPECT_EQ(o.status, c.status) << o.out;
        expect_diagnosis(o, {c.says});
    }
}

// A transmit queue that virtio_net of Linux 6.1 stops below 2 + MAX_SKB_FRAGS free descriptors,
// and that has no more than 16; packets beyond the MTU; an address that nobody has; a device that
// has failed.
TEST_F(Scenarios, ANetworkWorkloadSaysWhatItWaitsFor) {
    const std::string ping =
        "--set vms.linux0.software.workloads='[{type: net-ping, device: net0, ";
    expect_diagnosis(run("net-ping.yaml", "--set vms.backend.software.backends.net0.queue_size=16"),
                     {"the transmit queue of net0 is stopped: 16 descriptor(s) of 16 are free",
                      "goes on with 19, more than the queue has"});
    expect_diagnosis(run("net-flood.yaml", "--set vms.backend.software.backends.net0.queue_size=1"),
                     {"1 descriptor(s) of 1 are free", "No answer to ARP for 10.0.0.1."});
    expect_diagnosis(run("net-ping.yaml", ping + "peer: 10.0.0.9, count: 5}]'"),
                     {"No answer to ARP for 10.0.0.9."});
    // RFC 8200, 5: IPv6 does not go over a link of this MTU.
    expect_diagnosis(run("net-ping.yaml", ping + "peer: 'fd00::1', count: 5}]' "
                                                 "--set vms.backend.software.backends.net0.mtu=68"),
                     {"too long for the MTU of net0, 68 bytes", "IPv6 needs 1280"});
    expect_diagnosis(
        run("net-flood.yaml",
            "--set vms.backend.software.backends.net0.events='[{at: 9ms, error: true}]'"),
        {"the device of net0 has set DEVICE_NEEDS_RESET (1 time(s))",
         "the driver (profile linux-6.1) has not given it up"});
}

// `check` says beforehand what those runs would say.
TEST_F(Scenarios, CheckNotesADriverThatDoesNotGetOnWithItsDevice) {
    const auto check = [this](const std::string& scenario, const std::string& arguments) {
        return run(scenario, arguments, "check").out;
    };
    EXPECT_EQ(check("console-echo.yaml", "").find("Notes"), std::string::npos);
    const auto said = [](const std::string& out, const std::string& part) {
        std::string line = out;  // lines are wrapped
        for (std::size_t at = 0; (at = line.find("\n  ", at)) != std::string::npos;) {
            line.erase(at, 2);
            line[at] = ' ';
        }
        EXPECT_NE(line.find(part), std::string::npos) << part << " not in:\n" << out;
    };
    said(check("console-echo.yaml", "--set vms.linux0.software.profile=zephyr"),
         "the zephyr profile of this driver negotiates only with MULTIPORT; without, it sets no "
         "FEATURES_OK and the device stays at rest. Give the back-end multiport: true");
    said(check("console-echo.yaml", "--set vms.linux0.software.profile=bao-bare-metal"),
         "the bao-bare-metal profile builds its queues for 1024 buffers and does not write "
         "QueueSize, while the device goes by 256");
    said(check("net-ping.yaml", "--set vms.backend.software.backends.net0.queue_size=16"),
         "its transmit queue of 16 descriptor(s) stops with the first frame and for ever, as the "
         "linux-6.1 profile goes on only with 19 free ones");
}

// emerg_wr carries text before the device is set up (VirtIO 1.4, 5.3.4), in front of all other.
TEST_F(Scenarios, EarlyTextComesFirst) {
    const Outcome o =
        run("console-echo.yaml", "--set vms.linux0.software.drivers.con0.early_text=early-");
    EXPECT_EQ(o.out.find("early-hello from linux0\nhello\n"), 0u) << o.out.substr(0, 200);
}

TEST_F(Scenarios, PortsOfSeveralConsolesShareALine) {
    const Outcome o = run("console-multiport.yaml");
    EXPECT_EQ(o.status, 0) << o.out;
    // Only the channel that says so is shown, without its frames.
    EXPECT_EQ(o.out.find("hello from linux0\nhello\n"), 0u) << o.out.substr(0, 200);
    EXPECT_EQ(o.out.find("hello from linux1"), std::string::npos);
    EXPECT_EQ(metric(o, "vms.linux0.workloads.2.rx_bytes"), 2048);
    EXPECT_EQ(metric(o, "uarts.uart1.channels.data.rx_crc32"),
              metric(o, "vms.linux0.workloads.2.rx_crc32"));
    // A prefix before each line in place of frames: the same bytes arrive.
    // The pattern of the channel `data` has bytes of every value, which prefixes do not carry.
    const Outcome prefixed = run("console-multiport.yaml",
                                 "--set platform.uarts.uart1.mux=prefixed "
                                 "--set 'platform.uarts.uart1.channels.data={output: none}'");
    EXPECT_EQ(metric(prefixed, "uarts.uart1.channels.shell.tx_bytes"), 24) << prefixed.out;
    EXPECT_EQ(metric(prefixed, "uarts.uart1.channels.other.tx_bytes"), 24);
    // Who looks at the line itself reads whose each line is.
    const Outcome line = run("console-multiport.yaml",
                             "--set platform.uarts.uart1.mux=prefixed "
                             "--set platform.uarts.uart1.output=stdout "
                             "--set platform.uarts.uart1.channels.shell.output=none "
                             "--set 'platform.uarts.uart1.channels.data={output: none}'");
    EXPECT_NE(line.out.find("shell: hello from linux0\n"), std::string::npos) << line.out;
    EXPECT_NE(line.out.find("other: hello from linux1\n"), std::string::npos) << line.out;
}

TEST_F(Scenarios, VmsAnswerEachOtherOverSharedMemory) {
    const Outcome o = run("ipc-ping.yaml");
    EXPECT_EQ(o.status, 0) << o.out;
    // GICv2 rows "SYNC op_hvc_ipc" and "IRQ ipc_handler" of the measured table.
    for (const auto& [name, instructions] :
         {std::pair{"SYNC op_hvc_ipc", 310}, std::pair{"IRQ ipc_handler", 426}}) {
        ASSERT_NE(leg(o, name), nullptr) << name;
        EXPECT_EQ(leg(o, name)->at("instructions"), instructions) << name;
        EXPECT_EQ(leg(o, name)->at("count"), 400) << name;
    }
    EXPECT_EQ(metric(o, "vms.answerer.workloads.0.messages"), 200);
    const std::int64_t fastest = metric(o, "vms.asker.workloads.0.round_trip_min_ticks");
    const std::int64_t median = metric(o, "vms.asker.workloads.0.round_trip_p50_ticks");
    EXPECT_GT(fastest, 0);
    EXPECT_GE(median, fastest);
    EXPECT_GE(metric(o, "vms.asker.workloads.0.round_trip_max_ticks"), median);
}

TEST_F(Scenarios, ADoorbellThatIsNotThereIsRefusedOrIgnored) {
    // An ipc that the VM does not have: the hypercall gives -3, and the caller knows.
    const Outcome bad = run("ipc-ping.yaml", "--set vms.asker.software.workloads.0.doorbell=1");
    EXPECT_EQ(bad.status, 3);
    EXPECT_EQ(metric(bad, "observations.ipc.bad-index"), 1);
    EXPECT_EQ(metric(bad, "vms.asker.workloads.0.doorbells_refused"), 1);
    // An event that the other side has no interrupt for: ignored, and nobody knows.
    const Outcome silent = run("ipc-ping.yaml", "--set vms.asker.software.workloads.0.event=1");
    EXPECT_EQ(silent.status, 3);
    EXPECT_EQ(metric(silent, "observations.ipc.event-out-of-range"), 1);
    EXPECT_EQ(metric(silent, "vms.asker.workloads.0.doorbells_refused"), 0);
    EXPECT_EQ(metric(silent, "vms.answerer.interrupts.exceptions"), 0);
}

TEST_F(Scenarios, EveryAccessOfTwoVcpusToOneDeviceIsAnswered) {
    const Outcome o = run("smp-frontend.yaml");
    EXPECT_EQ(o.status, 0) << o.out;
    EXPECT_EQ(metric(o, "vms.linux0.workloads.0.reads"), 1000);
    EXPECT_EQ(metric(o, "vms.linux0.workloads.2.reads"), 8000);
    EXPECT_EQ(metric(o, "bao.devices.0.asked"), metric(o, "bao.devices.0.answered"));
    EXPECT_EQ(metric(o, "bao.devices.0.answered"),
              metric(o, "bao.access.read.count") + metric(o, "bao.access.write.count"));
    EXPECT_GT(metric(o, "bao.access.read.count"), 9000);
    // One CPU_ON, and an SGI each way: it is up; go.
    ASSERT_NE(leg(o, "SYNC op_smc_psciver"), nullptr);
    EXPECT_EQ(leg(o, "SYNC op_smc_psciver")->at("count"), 1);
    ASSERT_NE(leg(o, "SYNC op_sgir_other"), nullptr);
    EXPECT_EQ(leg(o, "SYNC op_sgir_other")->at("count"), 2);
    // Both at once: one waits while the service guest serves the other. Alone, none ever waits for
    // as long.
    const std::string second = "vms.linux0.workloads.2.read_max_ticks";
    const Outcome alone = run("smp-frontend.yaml",
                              "--set vms.linux0.software.workloads.0.count=1 --set "
                              "vms.linux0.software.workloads.0.start=80ms");
    EXPECT_EQ(alone.results.at("metrics").at("vms.linux0.workloads.2.reads"), 8000);
    EXPECT_GT(metric(o, second), metric(alone, second));
}

TEST_F(Scenarios, AVcpuThatIsOffKeepsNoRunFromEnding) {
    // A polling service guest never rests: only that all else does ends the run.
    const std::string polling = "--set vms.backend.software.polling=true ";
    const std::int64_t without = metric(run("console-echo.yaml", polling), "run.simulated_ns");
    ASSERT_LT(without, 100'000'000);  // of 1 s
    const Outcome o = run("console-echo.yaml", polling + "--set 'vms.spare={cpu_affinity: 0xc}'");
    EXPECT_EQ(o.status, 0) << o.out;
    EXPECT_EQ(metric(o, "run.simulated_ns"), without);
    // One that boots when all else is done is waited for, and no longer.
    const std::int64_t late = metric(
        run("console-echo.yaml", polling + "--set 'vms.spare={cpu_affinity: 0xc, start: 200ms}'"),
        "run.simulated_ns");
    EXPECT_GE(late, 200'000'000);
    EXPECT_LT(late, 300'000'000);
}

TEST_F(Scenarios, ARunEndsOnlyWhenTheLastByteHasLeft) {
    // The line falls silent at the moment at which its interrupt asks for more.
    for (const char* baud : {"9900000", "10000000", "10100000", "11000000"}) {
        const Outcome o = run("../tests/scenarios/drain.yaml",
                              std::string("--set platform.uarts.uart1.baud=") + baud);
        EXPECT_EQ(metric(o, "uarts.uart1.tx_bytes"), 10'240) << baud;
    }
}

TEST_F(Scenarios, SilentBackEndIsStuckAndSaysWhoWaitsForWhat) {
    const Outcome o = run("silent-backend.yaml");
    EXPECT_EQ(o.status, 3);
    EXPECT_EQ(o.results.at("status"), "stuck");
    std::string diagnosis;
    for (const json& line : o.results.at("diagnosis"))
        diagnosis += line.get<std::string>() + "\n";
    for (const char* part : {"VM linux0", "CPU 1", "device con0", "MagicValue", "request 0",
                             "VM backend", "took a request without answering it"})
        EXPECT_NE(diagnosis.find(part), std::string::npos) << part << " not in:\n" << diagnosis;
}

TEST_F(Scenarios, AMachineAtRestIsStuckSinceItCameToRest) {
    // Nobody types: the front-end waits for ever. When depends on no watchdog.
    const std::string nobody = "--set platform.uarts.uart1.input=[]";
    const Outcome o = run("console-echo.yaml", nobody);
    EXPECT_EQ(o.status, 3);
    std::istringstream trace(o.trace);
    std::string last;
    for (std::string line; std::getline(trace, line);)
        last = line;
    const double rest_ns = o.results.at("simulated_ns").get<double>();
    EXPECT_GE(rest_ns, std::stod(last));
    // At most the 18 characters that it wrote are still to leave the line, 10 bits each.
    EXPECT_LT(rest_ns, std::stod(last) + 19 * 10e9 / 115200);
    const Outcome other = run("console-echo.yaml", nobody + " --set watchdog=7ms");
    EXPECT_EQ(other.results.at("simulated_ns"), o.results.at("simulated_ns"));
}

TEST_F(Scenarios, InputThatIsLostIsObserved) {
    const auto first = [](const Outcome& o, const std::string& rule) -> json {
        for (const json& x : o.results.at("observations"))
            if (x.at("rule") == rule)
                return x;
        return {};
    };
    // The front-end does not read for a second: 200 000 characters a second fill the back-end.
    const Outcome late =
        run("console-bulk.yaml", "--set vms.linux0.software.workloads.0.start=900ms");
    EXPECT_GT(metric(late, "vms.backend.devices.con0.dropped_input"), 0);
    EXPECT_GT(metric(late, "observations.console.input-dropped"), 0);
    validation::observation("console.input-dropped");
    EXPECT_EQ(metric(late, "observations.uart.overrun"), 0);
    const json dropped = first(late, "console.input-dropped");
    ASSERT_FALSE(dropped.is_null());
    EXPECT_EQ(dropped.at("vm"), "backend");
    EXPECT_EQ(dropped.at("cpu"), 0);
    EXPECT_NE(dropped.at("what").get<std::string>().find("con0, from uart1"), std::string::npos);
    // After the sender has begun, and long before the front-end does.
    EXPECT_GT(dropped.at("time_ns").get<double>(), 20e6);
    EXPECT_LT(dropped.at("time_ns").get<double>(), 200e6);
    EXPECT_TRUE(late.results.at("errors").empty()) << late.out;

    // A CPU too slow for its line: the FIFO of 64 characters overflows.
    const Outcome slow = run("console-bulk.yaml",
                             "--set platform.uarts.uart1.baud=20000000 --set timing.cpi=100 "
                             "--set duration=100ms");
    EXPECT_GT(metric(slow, "uarts.uart1.rx_overruns"), 0);
    EXPECT_GT(metric(slow, "observations.uart.overrun"), 0);
    validation::observation("uart.overrun");
    ASSERT_FALSE(first(slow, "uart.overrun").is_null());
    EXPECT_TRUE(slow.results.at("errors").empty()) << slow.out;

    const Outcome none = run("console-bulk.yaml");
    EXPECT_EQ(metric(none, "observations.uart.overrun"), 0);
    EXPECT_EQ(metric(none, "observations.console.input-dropped"), 0);
}

TEST_F(Scenarios, BootChecksRefuseTheConfiguration) {
    unsigned found = 0;
    for (const auto& e : fs::directory_iterator(BAOSIM_SOURCE_DIR "/scenarios/boot-checks")) {
        const std::string name = e.path().filename();
        const Outcome o = run("boot-checks/" + name);
        EXPECT_EQ(o.status, 2) << name << "\n" << o.out;
        EXPECT_NE(o.out.find("does not boot"), std::string::npos) << name << "\n" << o.out;
        ++found;
    }
    EXPECT_GE(found, 6u);
}

// --- the critical path, through the real service guest -------------------------------------------

TEST_F(Scenarios, CriticalPathIsTheMeasuredOne) {
    // timing table: EL2 on the critical path, GICv2: 2476 for a read, 2475 for a write.
    const Outcome o = run("access-qemu-virt.yaml");
    ASSERT_EQ(o.status, 0) << o.out;
    EXPECT_EQ(metric(o, "bao.access.read.el2_instructions"), 2476);
    EXPECT_EQ(metric(o, "bao.access.write.el2_instructions"), 2475);
    ASSERT_NE(leg(o, "FE.3b"), nullptr);
    EXPECT_EQ(leg(o, "FE.3b")->at("instructions"), 198);
    EXPECT_EQ(leg(o, "FE_rd.4b")->at("provenance"), "measured");
}

TEST_F(Scenarios, ZcuHasNoFirmwareLegAndItsResumeIsDerived) {
    const Outcome o = run("console-echo.yaml");
    EXPECT_EQ(leg(o, "FE.3b"), nullptr);
    EXPECT_EQ(leg(o, "FE.4a"), nullptr);
    ASSERT_NE(leg(o, "FE_rd.4b"), nullptr);
    EXPECT_EQ(leg(o, "FE_rd.4b")->at("provenance"), "derived");
    EXPECT_EQ(metric(o, "cpus.1.el3_instructions"), 0);
}

// --- determinism ---------------------------------------------------------------------------------

std::uint32_t crc(const std::string& s) {
    vms::workload::Crc32 c;
    c.update(std::as_bytes(std::span(s)));
    return c.value();
}

TEST_F(Scenarios, TwoRunsLeaveTheSameTraceAndResults) {
    for (const char* name : {"console-echo.yaml", "four-vms.yaml", "smp-frontend.yaml"}) {
        Outcome a = run(name);
        Outcome b = run(name);
        EXPECT_FALSE(a.trace.empty());
        EXPECT_TRUE(a.trace == b.trace) << name;
        a.results.erase("host");
        b.results.erase("host");
        EXPECT_EQ(a.results, b.results) << name;
    }
}

TEST_F(Scenarios, EveryBuildLeavesTheSameTrace) {
    // Release, debug and sanitizer builds run this against the same file: the traces' checksums.
    std::istringstream golden(read(BAOSIM_SOURCE_DIR "/tests/scenarios/golden-traces.txt"));
    std::string line;
    unsigned checked = 0;
    while (std::getline(golden, line)) {
        if (line.empty() || line.front() == '#')
            continue;
        std::istringstream fields(line);
        std::string name, value;
        fields >> name >> value;
        const Outcome o = run(name);
        char text[16];
        std::snprintf(text, sizeof text, "%08x", crc(o.trace));
        EXPECT_EQ(text, value) << name
                               << ": a change of behaviour or of time; when it is meant, "
                                  "write the new checksum into golden-traces.txt";
        ++checked;
    }
    EXPECT_GE(checked, 3u);
}

// --- the quantum ---------------------------------------------------------------------------------

TEST_F(Scenarios, ASmallerQuantumGivesTheSameCountsAndOrder) {
    for (const char* setup : {"console-echo.yaml", "two-consoles.yaml", "four-vms.yaml",
                              "four-vms.yaml --set vms.backend.software.polling=true",
                              "ipc-ping.yaml", "smp-frontend.yaml"})
        expect_same_for_any_quantum(setup);
}

}  // namespace
}  // namespace sim::test
