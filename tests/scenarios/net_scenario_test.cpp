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
        for (const json& hop : o.results.at("frames")) {
            std::int64_t dropped = 0;
            for (const auto& [cause, frames] : hop.at("dropped").items())
                dropped += frames.get<std::int64_t>();
            EXPECT_EQ(hop.at("sent").get<std::int64_t>() + hop.at("copied").get<std::int64_t>(),
                      hop.at("received").get<std::int64_t>() + dropped +
                          hop.at("in_flight").get<std::int64_t>())
                << scenario << ": " << hop;
            EXPECT_TRUE(hop.at("balanced")) << hop;
        }
        return o;
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
          "net-lossy.yaml", "net-flood.yaml", "net-service-shared.yaml",
          "net-service-per-frontend.yaml", "console-and-net.yaml"})
        passes(scenario);
}

TEST_F(NetScenarios, AFloodIsLimitedByWhatTheReportSays) {
    const Outcome o = passes("net-flood.yaml");
    // The wire is full from 5 to 25 ms: IEEE 802.3 has 12 304 ns for a frame of 1518 bytes at 1
    // Gb/s.
    EXPECT_NEAR(static_cast<double>(metric(o, "hosts.source.generator.sent")), 20e6 / 12'304, 5);
    EXPECT_GE(metric(o, "vms.linux0.workloads.0.sent"), 20'000'000 / 12'304);
    EXPECT_NE(o.out.find("Most occupied: CPU"), std::string::npos) << o.out;
    // With a kick for each frame the accesses are the limit; without any it is less so.
    const auto sent = [&](const std::string& arguments) {
        return metric(
            run("net-flood.yaml", "--set vms.linux0.software.workloads.0.batch=1 " + arguments),
            "vms.linux0.workloads.0.sent");
    };
    EXPECT_LT(sent(""), 1000);
    EXPECT_GT(sent("--set vms.backend.software.poll_rings=true"), sent(""));
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
