// Scenarios of networks as a user runs them: frames arrive and are accounted for, captures are what
// an independent dissector accepts, results repeat.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/scenarios/scenarios.h"
#include "tests/support/validation.h"

namespace sim::test {
namespace {

class NetScenarios : public Scenarios {
  protected:
    /// All that the scenario expects holds, and every frame is accounted for at every hop.
    Outcome passes(const std::string& scenario, const std::string& arguments = "") {
        Outcome o = run(scenario, no_captures + arguments);
        EXPECT_EQ(o.status, 0) << scenario << "\n" << o.out;
        EXPECT_GE(o.results.at("frames").size(), 9U) << scenario;
        expect_accounted(o, scenario + " " + arguments);
        return o;
    }

    /// Every frame is accounted for at every hop, however the run ended.
    static void expect_accounted(const Outcome& o, const std::string& scenario) {
        ASSERT_TRUE(o.results.contains("frames")) << scenario << "\n" << o.out;
        for (const json& hop : o.results.at("frames")) {
            std::int64_t dropped = 0;
            for (const auto& [cause, frames] : hop.at("dropped").items())
                dropped += frames.get<std::int64_t>();
            EXPECT_EQ(hop.at("sent").get<std::int64_t>() + hop.at("copied").get<std::int64_t>(),
                      hop.at("received").get<std::int64_t>() + dropped +
                          hop.at("in_flight").get<std::int64_t>())
                << scenario << ": " << hop;
            EXPECT_TRUE(hop.at("balanced")) << scenario << ": " << hop;
        }
        for (const json& line : o.results.at("diagnosis"))
            EXPECT_EQ(line.get<std::string>().find("left behind"), std::string::npos)
                << scenario << ": " << line;
    }

    static json hop(const Outcome& o, const std::string& name) {
        for (const json& h : o.results.at("frames"))
            if (h.at("hop") == name)
                return h;
        ADD_FAILURE() << "no hop " << name << "\n" << o.out;
        return {};
    }

    /// The standard output of a command.
    static std::string output(const std::string& command) {
        std::string out;
        std::FILE* p = ::popen(command.c_str(), "r");
        std::array<char, 4096> buffer{};
        while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), p))
            out.append(buffer.data(), n);
        EXPECT_EQ(::pclose(p), 0) << command;
        return out;
    }
    /// Frames of a capture that a display filter of tshark accepts, which checks all checksums.
    static int frames(const fs::path& capture, const std::string& filter) {
        const std::string lines = output("tshark -r '" + capture.string() +
                                         "' -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE "
                                         "-T fields -e frame.number -Y '" +
                                         filter + "' 2>/dev/null");
        return static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
    }

    static inline const std::string no_captures = "--set captures=[] ";
};

TEST_F(NetScenarios, EveryFrameIsAccountedForInEveryScenario) {
    for (const char* scenario :
         {"net-ping.yaml", "net-two-frontends.yaml", "net-four-frontends.yaml", "net-jumbo.yaml",
          "net-lossy.yaml", "net-flood.yaml", "net-throughput.yaml", "net-senders.yaml",
          "net-service-shared.yaml", "net-service-per-frontend.yaml", "console-and-net.yaml"})
        passes(scenario);
}

// Without VIRTIO_NET_F_MAC the drivers choose their addresses (5.1.5), each its own.
TEST_F(NetScenarios, DriversWithoutAnAddressOfTheDeviceHaveDifferentOnes) {
    const std::string backends = "--set vms.backend.software.backends.";
    passes("net-two-frontends.yaml",
           backends + "net0.offer_mac=false " + backends + "net1.offer_mac=false");
}

// An answer that comes later than `timeout` is lost, whoever still waits.
TEST_F(NetScenarios, LateAnswersAreLost) {
    for (const char* type : {"net-ping", "net-request-response", "net-udp-echo"}) {
        const Outcome o = run("net-ping.yaml",
                              "--set captures=[] --set expect=[] --set hosts.peer.delay=5ms --set "
                              "vms.linux0.software.workloads='[{type: " +
                                  std::string(type) +
                                  ", device: net0, peer: 10.0.0.1, count: 10, period: 1ms, "
                                  "timeout: 2ms}]'");
        EXPECT_EQ(metric(o, "vms.linux0.workloads.0.received"), 0) << type;
        EXPECT_EQ(metric(o, "vms.linux0.workloads.0.lost"), 10) << type;
    }
}

// What is in a ring or in a program's hands is counted there, so a run may be ended at any moment.
// These moments are those at which a program has handed a frame over and not yet come back from it,
// and others.
TEST_F(NetScenarios, EveryFrameIsAccountedForWhenARunIsCut) {
    struct Cut {
        const char* scenario;
        std::vector<const char*> at;
    };
    const std::vector<Cut> cuts{
        {"net-lossy.yaml", {"1229us", "2345678ns", "5ms"}},
        {"net-flood.yaml", {"5008us", "5108312ns", "7ms", "9009us"}},
        {"net-jumbo.yaml", {"1390us", "1234567ns", "3100us"}},
        {"net-four-frontends.yaml", {"10908us", "2500003ns", "6ms"}},
        {"net-two-frontends.yaml", {"5633us", "3333333ns"}},
        {"net-service-per-frontend.yaml", {"5422us", "4100us"}},
        {"net-service-shared.yaml", {"5401us", "7100us"}},
        {"console-and-net.yaml", {"20977us"}},
        {"net-ping.yaml", {"700us", "1ms", "2718281ns", "9ms"}},
    };
    for (const Cut& c : cuts)
        for (const char* at : c.at) {
            const std::string arguments = std::string("--set duration=") + at;
            expect_accounted(run(c.scenario, no_captures + arguments),
                             std::string(c.scenario) + " " + arguments);
        }
}

// Nobody waits for a VM that has nothing more to do: what it is still sent stays in its ring.
TEST_F(NetScenarios, FramesThatNobodyFetchesAreInTheReceiveRing) {
    for (const char* arguments :
         {"",
          " --set vms.backend.software.polling=true --set vms.backend.software.poll_rings=true"}) {
        const Outcome o = passes("net-four-frontends.yaml",
                                 std::string("--set links.wire.rate=10Mbps") + arguments);
        std::int64_t waiting = 0;
        for (const char* device : {"bare0.net2", "bare1.net3"}) {
            const json h = hop(o, std::string("backend to ") + device);
            waiting += h.at("in_flight").get<std::int64_t>();
            EXPECT_EQ(h.at("place"), "in the receive ring");
        }
        EXPECT_GT(waiting, 0) << arguments;
    }
}

// The account of a run that is stuck: the back-end stops answering while frames are in the rings.
TEST_F(NetScenarios, EveryFrameIsAccountedForWhenARunIsStuck) {
    const Outcome o =
        run("net-four-frontends.yaml", "--set vms.backend.software.stop_answering_after=260");
    EXPECT_EQ(o.results.at("status"), "stuck") << o.out;
    expect_accounted(o, "stuck");
}

// With the wrong stream id the SMMU refuses all that the controller wants to read: each frame is
// lost for that cause, one by one, as the driver starts the transmitter again behind it.
TEST_F(NetScenarios, FramesThatTheControllerMayNotReadAreNamed) {
    const Outcome o =
        run("net-ping.yaml",
            no_captures +
                "--set 'vms.backend.devs=[{device: gem3, id: 0x111}]' --set "
                "'vms.linux0.software.drivers.net0.neighbours=[{ip: 10.0.0.1, mac: "
                "02:00:00:00:01:01}]' --set vms.linux0.software.workloads.0.timeout=1ms");
    expect_accounted(o, "wrong stream");
    const json h = hop(o, "backend to gem3");
    EXPECT_GT(h.at("sent"), 0);
    EXPECT_EQ(h.at("dropped").at("DMA refused"), h.at("sent"));
    EXPECT_EQ(metric(o, "vms.backend.interfaces.gem3.tx_dma_refused"), h.at("sent"));
}

// A host's own queue is a hop too: what it makes and cannot send has a cause.
TEST_F(NetScenarios, FramesThatAHostCannotSendAreNamed) {
    const Outcome o = run("net-flood.yaml",
                          "--set hosts.source.queue=1 --set hosts.source.rate=1Gbps --set "
                          "hosts.source.spacing=burst --set hosts.source.burst=64");
    expect_accounted(o, "burst");
    const json h = hop(o, "source: host to wire");
    EXPECT_EQ(h.at("sent"), metric(o, "hosts.source.generator.due") +
                                metric(o, "hosts.source.received.arp_request") + 1);
    EXPECT_EQ(h.at("dropped").at("queue full"), metric(o, "hosts.source.generator.dropped"));
    EXPECT_GT(h.at("dropped").at("queue full"), 1000);
}

TEST_F(NetScenarios, AFloodIsLimitedByWhatTheReportSays) {
    const Outcome o = passes("net-flood.yaml");
    // The wire is full from 5 to 25 ms: IEEE 802.3 has 12 304 ns for a frame of 1518 bytes at 1
    // Gb/s.
    EXPECT_NEAR(static_cast<double>(metric(o, "hosts.source.generator.sent")), 20e6 / 12'304, 5);
    EXPECT_GE(metric(o, "vms.linux0.workloads.0.sent"), 20'000'000 / 12'304);
    EXPECT_NE(o.out.find("Most occupied, without polling: wire: gem3 to lan"), std::string::npos)
        << o.out;
    // With a kick for each frame the accesses are the limit; without any it is less so.
    const auto sent = [&](const std::string& arguments) {
        return metric(
            run("net-flood.yaml", "--set vms.linux0.software.workloads.0.batch=1 " + arguments),
            "vms.linux0.workloads.0.sent");
    };
    EXPECT_LT(sent(""), 1000);
    EXPECT_GT(sent("--set vms.backend.software.poll_rings=true"), sent(""));
}

// A kick is one access, an interrupt two (facts of virtio-mmio: QueueNotify; InterruptStatus and
// InterruptACK). A frame that is sent alone has one of each, whether or not there is an event
// index: the back-end sleeps when it comes, and the driver asks for the very next completion
// (virtqueue_enable_cb_delayed before the frame is added). Two at a time share them.
TEST_F(NetScenarios, AFrameThatIsSentAloneTakesThreeAccesses) {
    const auto accesses = [&](const std::string& arguments) {
        const Outcome o = run("net-throughput.yaml", arguments);
        EXPECT_EQ(o.status, 0) << o.out;
        return metric(o, "traffic.linux0.net0.accesses_per_1000_frames");
    };
    EXPECT_NEAR(static_cast<double>(accesses("")), 3000, 5);
    EXPECT_NEAR(
        static_cast<double>(accesses("--set vms.backend.software.backends.net0.event_idx=false")),
        3000, 5);
    EXPECT_NEAR(static_cast<double>(accesses("--set vms.linux0.software.workloads.0.batch=2")),
                1500, 5);
    EXPECT_NEAR(static_cast<double>(accesses("--set vms.backend.software.poll_rings=true")), 2000,
                5);
}

TEST_F(NetScenarios, TheLimitingLegIsWhatTakesTheTime) {
    const auto expect_sums = [](const Outcome& o) {
        for (const json& c : o.results.at("cpus")) {
            double legs = 0;
            for (const json& l : c.at("legs"))
                legs += l.at("ns").get<double>();
            double time = 0;
            for (const char* key : {"el1_ns", "el2_ns", "el3_ns", "standby_ns"})
                time += c.at(key).get<double>();
            // Each leg is rounded to a picosecond.
            EXPECT_NEAR(legs, time, 0.1) << c;
        }
    };
    // Each frame waits for three accesses to be answered.
    const Outcome alone = run("net-throughput.yaml");
    expect_sums(alone);
    EXPECT_EQ(alone.results.at("limit").at("part"), "CPU 1 (linux0)");
    EXPECT_EQ(alone.results.at("limit").at("leg").at("name"), "standby");
    // 1514 bytes have 24 lines: at 4000 instructions and 1.4 cycles of 1.2 GHz each, 112 us.
    const Outcome slow =
        run("net-throughput.yaml", "--set timing.operations.frontend.workload_line=4000");
    expect_sums(slow);
    EXPECT_EQ(slow.results.at("limit").at("leg").at("name"), "frontend.workload_line");
    EXPECT_NEAR(
        slow.results.at("limit").at("leg").at("ns").get<double>(),
        static_cast<double>(metric(slow, "vms.linux0.workloads.0.sent")) * 23 * 4000 * 1.4 / 1.2,
        1e6);
    // A wire of a tenth of the rate is full.
    const Outcome full = run("net-throughput.yaml", "--set links.wire.rate=100Mbps");
    EXPECT_EQ(full.results.at("limit").at("part"), "wire: gem3 to peer");
    // IEEE 802.3: 1538 bytes on the medium for a frame of 1514.
    EXPECT_NEAR(static_cast<double>(metric(full, "links.wire.gem3.bits_per_second")),
                1e8 * 1514 / 1538, 2e5);
    // Who polls is always occupied, and all the same not the limit.
    const Outcome polled = run("net-throughput.yaml",
                               "--set vms.backend.software.poll_rings=true --set "
                               "vms.backend.software.polling=true");
    expect_sums(polled);
    const json& backend = polled.results.at("cpus").at(0);
    EXPECT_EQ(backend.at("idle_ns"), 0);
    EXPECT_GT(backend.at("polling_ns").get<double>(),
              polled.results.at("simulated_ns").get<double>() / 2);
    EXPECT_EQ(polled.results.at("limit").at("cpu"), 1);
}

// The first turn goes round among those that have something to send.
TEST_F(NetScenarios, FrontEndsShareTheWireEvenlyHoweverManyThereAre) {
    const auto sent = [](const Outcome& o, const char* vm) {
        return static_cast<double>(metric(o, std::string("vms.") + vm + ".workloads.0.sent"));
    };
    const Outcome four = run("net-senders.yaml");
    for (const char* vm : {"linux1", "linux2", "linux3"})
        EXPECT_NEAR(sent(four, vm) / sent(four, "linux0"), 1, 0.05) << vm;
    const Outcome three = run("net-senders.yaml", "--set vms.linux3.software.workloads=[]");
    for (const char* vm : {"linux1", "linux2"})
        EXPECT_NEAR(sent(three, vm) / sent(three, "linux0"), 1, 0.05) << vm;
    EXPECT_GT(sent(three, "linux0"), sent(four, "linux0") * 5 / 4);
}

// `poll_rings` is about the controller too, which has a key of its own: frames arrive all the same,
// and only the requests of the front-end interrupt.
TEST_F(NetScenarios, AControllerIsPolledWithTheRings) {
    const auto interrupts = [&](const std::string& arguments) {
        return metric(passes("net-ping.yaml", arguments), "vms.backend.service.interrupts");
    };
    const std::string rings = "--set vms.backend.software.poll_rings=true ";
    const std::string controller = "--set 'vms.backend.software.interfaces={gem3: {polling: ";
    EXPECT_LT(interrupts(controller + "true}}'"), interrupts(""));
    EXPECT_LT(interrupts(rings), interrupts(rings + controller + "false}}'"));
}

// Two controllers of a service guest on one network: a broadcast does not go round.
TEST_F(NetScenarios, TwoControllersOnOneNetworkAreNoLoop) {
    const Outcome o =
        run("net-ping.yaml",
            no_captures +
                "--set expect=[] --set 'switches={lan: {}}' --set 'links={wire: {between: [gem3, "
                "lan]}, other: {between: [gem0, lan]}, p: {between: [peer, lan]}}' "
                "--set 'platform.nics.gem0={base: 0xff0b0000, interrupts: [89, 90], "
                "mac: \"02:00:00:00:99:01\", stream_id: 0x874}' "
                "--set 'vms.backend.devs=[{device: gem3}, {device: gem0}]'");
    EXPECT_LT(metric(o, "vms.backend.switch.gem3.frames_in"), 200) << o.out;
}

TEST_F(NetScenarios, AControllerWithAFullRingDropsForThatCause) {
    const Outcome o =
        run("net-flood.yaml", "--set vms.backend.software.backends.net0.wait_for_room=false");
    const std::int64_t full = metric(o, "vms.backend.switch.gem3.dropped_out.interface_full");
    EXPECT_GT(full, 0);
    EXPECT_EQ(metric(o, "vms.linux0.workloads.0.sent") - full,
              metric(o, "hosts.peer.flows.0.frames"));
    // Not as the scenario expects it; but every frame has its cause.
    EXPECT_EQ(o.status, 1);
    for (const json& hop : o.results.at("frames"))
        EXPECT_TRUE(hop.at("balanced")) << hop;
}

/// Front-ends send full frames, as fast as they can and for the same time, over a wire of 100 Mb/s
/// and an interface with a short ring.
class FairShares : public NetScenarios {
  protected:
    /// Frames of each sender that arrived; `senders` are numbers of devices.
    std::vector<std::int64_t> shares(const std::vector<unsigned>& senders, unsigned budget) {
        const std::array<std::string, 4> vms{"linux0", "linux1", "bare0", "bare1"};
        std::string sets =
            "--set 'hosts.peer={type: sink, ipv4: 10.0.0.1}' --set links.wire.rate=100Mbps "
            "--set expect=[] --set 'vms.backend.software.interfaces={gem3: {tx_buffers: 32}}' "
            "--set vms.backend.software.ring_budget=" +
            std::to_string(budget);
        for (unsigned i = 0; i < vms.size(); ++i) {
            const std::string net = "net" + std::to_string(i);
            const bool sends = std::find(senders.begin(), senders.end(), i) != senders.end();
            sets += " --set vms.backend.software.backends." + net +
                    ".wait_for_room=true --set vms." + vms[i] +
                    ".software.profile=bare-metal --set 'vms." + vms[i] +
                    ".software.workloads=[{type: ";
            sets += sends ? "net-flood, peer: 10.0.0.1, duration: 100ms, batch: 64, start: 10ms, "
                            "device: " +
                                net + ", flow: " + std::to_string(i)
                          : std::string("idle");
            sets += "}]'";
        }
        const Outcome o = run("net-four-frontends.yaml", no_captures + sets);
        EXPECT_LE(o.status, 1) << o.out;  // who is idle does not look at what it is sent
        std::vector<std::int64_t> frames;
        for (const unsigned i : senders)
            frames.push_back(metric(o, "hosts.peer.flows." + std::to_string(i) + ".frames"));
        return frames;
    }
};

// None has more than a few turns of four frames and, once, a whole ring of 31 before another.
TEST_F(FairShares, OfAScarceRingAreEqualWhateverTheBudget) {
    const std::vector<std::vector<unsigned>> groups{{0, 3}, {0, 1, 2, 3}};
    for (const std::vector<unsigned>& senders : groups) {
        for (const unsigned budget : {1U, 4U, 16U, 64U}) {
            const std::vector<std::int64_t> frames = shares(senders, budget);
            const auto [least, most] = std::minmax_element(frames.begin(), frames.end());
            EXPECT_LE(*most - *least, 31 + 8) << senders.size() << " senders, budget " << budget;
            // IEEE 802.3: 1538 byte times of 80 ns for a frame, 812 of them in 100 ms.
            EXPECT_GE(*least, 800 / static_cast<std::int64_t>(senders.size()));
        }
    }
}

TEST_F(NetScenarios, CapturesAreValid) {
    // What Wireshark's dissectors say of the frames: RFC 826, 791, 792, 768, 8200, 4443, 4861.
    const fs::path wire = directory() / "wire.pcap";
    const fs::path driver = directory() / "driver.pcap";
    const fs::path port = directory() / "port.pcap";
    const Outcome o =
        run("net-ping.yaml", "--set 'captures=[{at: wire, file: \"" + wire.string() +
                                 "\"}, {at: linux0.net0, file: \"" + driver.string() +
                                 "\"}, {at: backend.gem3, file: \"" + port.string() + "\"}]'");
    ASSERT_EQ(o.status, 0) << o.out;
    for (const fs::path& capture : {wire, driver, port}) {
        EXPECT_EQ(frames(capture, "frame"), 34) << capture;
        EXPECT_EQ(frames(capture, "_ws.malformed || _ws.expert.severity >= 0x600000"), 0)
            << capture;
        EXPECT_EQ(frames(capture,
                         "ip.checksum.status == 0 || udp.checksum.status == 0 || "
                         "icmp.checksum.status == 0 || icmpv6.checksum.status == 0"),
                  0)
            << capture;
        EXPECT_EQ(frames(capture, "arp.opcode == 1"), 1) << capture;
        EXPECT_EQ(frames(capture, "arp.opcode == 2"), 1) << capture;
        EXPECT_EQ(frames(capture, "icmp.type == 8 && icmp.checksum.status == 1"), 5) << capture;
        EXPECT_EQ(frames(capture, "icmp.type == 0 && icmp.checksum.status == 1"), 5) << capture;
        EXPECT_EQ(frames(capture, "icmpv6.type == 135 && icmpv6.checksum.status == 1"), 1);
        EXPECT_EQ(frames(capture, "icmpv6.type == 136 && icmpv6.checksum.status == 1"), 1);
        EXPECT_EQ(frames(capture, "icmpv6.type == 128 && icmpv6.checksum.status == 1"), 5);
        EXPECT_EQ(frames(capture, "udp && udp.checksum.status == 1 && ip.checksum.status == 1"),
                  10);
        // In the order of time.
        EXPECT_EQ(frames(capture, "frame.time_delta < 0"), 0) << capture;
    }
}

TEST_F(NetScenarios, CapturesOfALossyWireAreValid) {
    const fs::path wire = directory() / "lossy.pcap";
    const Outcome o = run("net-lossy.yaml",
                          "--set 'captures=[{at: wire.peer, file: \"" + wire.string() + "\"}]'");
    ASSERT_EQ(o.status, 0) << o.out;
    EXPECT_EQ(frames(wire, "frame"),
              metric(o, "hosts.peer.rx_frames") + metric(o, "hosts.peer.tx_frames"));
    EXPECT_EQ(frames(wire, "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0"),
              0);
}

TEST_F(NetScenarios, AControllerWithoutItsStreamReachesNoMemory) {
    // Bao sets the SMMU up for the id of the device's configuration; with another, nothing works.
    const Outcome o =
        run("net-ping.yaml", no_captures +
                                 "--set 'vms.backend.devs=[{device: gem3, id: 0x111}]' --set "
                                 "vms.linux0.software.workloads.0.timeout=1ms");
    EXPECT_NE(o.status, 0);
    EXPECT_GT(metric(o, "nics.gem3.dma_faults"), 0);
    EXPECT_GT(metric(o, "observations.smmu.translation-fault"), 0);
    EXPECT_EQ(metric(o, "nics.gem3.tx_frames"), 0);
    validation::observation("smmu.translation-fault");
}

TEST_F(NetScenarios, TwoRunsLeaveTheSameTraceAndResults) {
    for (const char* name : {"net-ping.yaml", "net-four-frontends.yaml", "net-lossy.yaml"}) {
        Outcome a = run(name, no_captures);
        Outcome b = run(name, no_captures);
        EXPECT_FALSE(a.trace.empty());
        EXPECT_TRUE(a.trace == b.trace) << name;
        a.results.erase("host");
        b.results.erase("host");
        EXPECT_EQ(a.results, b.results) << name;
    }
    // Another seed, other losses.
    EXPECT_NE(run("net-lossy.yaml", no_captures + "--seed 2").trace,
              run("net-lossy.yaml", no_captures + "--seed 3").trace);
}

TEST_F(NetScenarios, ASmallerQuantumGivesTheSameCountsAndOrder) {
    for (const char* setup : {"net-ping.yaml", "net-four-frontends.yaml",
                              "net-ping.yaml --set vms.backend.software.polling=true"})
        expect_same_for_any_quantum(setup, no_captures);
}

}  // namespace
}  // namespace sim::test
