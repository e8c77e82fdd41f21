// Networks in scenarios: what their keys become, and what is refused.
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/scenario/scenario_files.h"

namespace sim::test {
namespace {

LoadResult ping(const std::vector<std::string>& overrides = {}) {
    return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/net-ping.yaml", overrides);
}

TEST(Network, PingIsAsItsFileSays) {
    const LoadResult r = ping({"links.wire.loss=0.1%", "links.wire.from.peer={loss: 250ppm}",
                               "links.wire.outages=[{from: 1ms, until: 2ms}]"});
    ASSERT_TRUE(r.scenario) << all(r);
    const Scenario& s = *r.scenario;
    // Zynq UltraScale+: GEM3 at 0xFF0E0000 with interrupts 95 and 96 (UG1085); the ZCU104's PHY has
    // address 12.
    ASSERT_EQ(s.platform.nics.size(), 1U);
    const NicConfig& nic = s.platform.nics[0];
    EXPECT_EQ(nic.name, "gem3");
    EXPECT_EQ(nic.base.value, 0xFF0E0000U);
    EXPECT_EQ(nic.interrupts, (std::vector<vms::IntId>{{95}, {96}}));
    EXPECT_EQ(nic.stream_id, 0x877U);
    EXPECT_EQ(nic.phy_address, 12);
    EXPECT_EQ(nic.data_rate, 6'400'000'000U);
    // The VM that has it gets its addresses and its stream.
    ASSERT_EQ(s.vms[0].devs.size(), 1U);
    EXPECT_EQ(s.vms[0].devs[0].pa.value, 0xFF0E0000U);
    EXPECT_EQ(s.vms[0].devs[0].id, 0x877U);
    EXPECT_EQ(s.vms[0].devs[0].interrupts.size(), 2U);
    ASSERT_EQ(s.links.size(), 1U);
    EXPECT_EQ(s.links[0].rate, 1'000'000'000U);
    EXPECT_EQ(s.links[0].propagation, models::Picos::ns(50));
    ASSERT_EQ(s.links[0].impairments.size(), 2U);
    EXPECT_EQ(s.links[0].impairments[0].loss, 1'000'000U);  // parts per billion
    EXPECT_EQ(s.links[0].impairments[1].loss, 250'000U);
    ASSERT_EQ(s.links[0].outages.size(), 1U);
    EXPECT_EQ(s.links[0].outages[0].until, models::Picos::ms(2));
    ASSERT_EQ(s.hosts.size(), 1U);
    EXPECT_EQ(s.hosts[0].mac.text(), "02:00:00:01:00:01");
    EXPECT_EQ(s.hosts[0].ipv4->text(), "10.0.0.1");
    EXPECT_EQ(s.hosts[0].ipv6->text(), "fd00::1");
    EXPECT_EQ(s.hosts[0].port, 7);  // RFC 862
    ASSERT_EQ(s.captures.size(), 1U);
    EXPECT_EQ(s.captures[0].at, "wire");
    EXPECT_EQ(s.captures[0].name, "peer");
    const VmConfig& linux0 = s.vms[1];
    EXPECT_EQ(linux0.software.drivers[0].net.ipv4->text(), "10.0.0.2");
    EXPECT_EQ(linux0.software.drivers[0].net.prefix, 24U);
    EXPECT_EQ(linux0.software.workloads[0].bytes, 56U);  // ping(8)
    EXPECT_EQ(linux0.software.workloads[2].bytes, 1400U);
}

struct Wrong {
    std::string set;
    std::string at;
    std::vector<std::string> says;

    friend void PrintTo(const Wrong& w, std::ostream* out) { *out << w.set; }
};

class Refused : public testing::TestWithParam<Wrong> {};

TEST_P(Refused, WithItsPlaceAndWhatToDo) {
    const Wrong& w = GetParam();
    const Diagnostic d = error_at(ping({w.set}), w.at);
    for (const std::string& part : w.says)
        EXPECT_NE(d.message.find(part), std::string::npos)
            << "no '" << part << "' in: " << d.message;
}

INSTANTIATE_TEST_SUITE_P(
    OfTheWire, Refused,
    testing::Values(
        Wrong{"links.wire.between=[gem3, pear]",
              "links.wire.between.1",
              {"no network controller, host or switch 'pear'", "did you mean 'peer'"}},
        Wrong{"links.wire.between=[gem3]", "links.wire.between", {"found 1 ends", "[gem3, peer]"}},
        Wrong{"links.other={between: [gem3, peer]}",
              "links.other.between.0",
              {"'gem3' is an end of links.wire.between.0 too", "switch between them"}},
        Wrong{"links.wire.rate=1GHz", "links.wire.rate", {"'GHz' is not a unit", "Gbps"}},
        // A GEM's MAC has 10, 100 and 1000 Mbit/s (UG1085).
        Wrong{"links.wire.rate=10Gbps",
              "links.wire.rate",
              {"found 10Gbps", "'gem3', an end of this link, is a network controller",
               "write 10Mbps, 100Mbps or 1Gbps"}},
        Wrong{"links.wire.rate=101Mbps", "links.wire.rate", {"found 101Mbps"}},
        Wrong{"links.wire.loss=150%", "links.wire.loss", {"out of range", "from 0% to 100%"}},
        Wrong{"links.wire.from.gem0={loss: 1%}",
              "links.wire.from.gem0",
              {"'gem0' is no end of this link", "did you mean 'gem3'"}},
        Wrong{"links.wire.outages=[{from: 2ms, until: 1ms}]",
              "links.wire.outages.0.until",
              {"found 1ms", "not after 2ms"}},
        Wrong{"hosts.lonely={type: echo}", "hosts.lonely", {"no link leads to this host"}},
        Wrong{"hosts.peer.mac=01:00:5e:00:00:01", "hosts.peer.mac", {"address of a group"}},
        Wrong{"hosts.peer.mac=02:00:00:00:0e:03",
              "hosts.peer",
              {"02:00:00:00:0e:03 is the address of platform.nics.gem3 too"}},
        Wrong{"hosts.peer.mac=02:00:00:00:00:01",
              "vms.backend.software.backends.net0",
              {"02:00:00:00:00:01 is the address of hosts.peer too"}},
        Wrong{"vms.linux0.software.drivers.net0.mac=02:00:00:00:0e:03",
              "vms.linux0.software.drivers.net0",
              {"02:00:00:00:0e:03 is the address of platform.nics.gem3 too"}},
        Wrong{"vms.linux0.software.drivers.net0.ipv4=10.0.0.1",
              "vms.linux0.software.drivers.net0",
              {"10.0.0.1 is the address of hosts.peer too", "on the same network"}},
        Wrong{"vms.linux0.software.drivers.net0.ipv6=fd00::1",
              "vms.linux0.software.drivers.net0",
              {"fd00::1 is the address of hosts.peer too"}},
        Wrong{"hosts.peer.mac=nonsense",
              "hosts.peer.mac",
              {"'nonsense'", "a MAC address; write one, such as 02:00:00:00:00:01"}},
        Wrong{"hosts.peer.ipv4=10.0.0.256", "hosts.peer.ipv4", {"an IPv4 address"}},
        Wrong{"hosts.peer.ipv6=fd00", "hosts.peer.ipv6", {"an IPv6 address"}},
        Wrong{"hosts.peer.type=generator", "hosts.peer.target", {"this key is missing"}},
        Wrong{"hosts.peer.window=4", "hosts.peer.window", {"echo does not use this key"}},
        Wrong{"hosts.peer={type: generator, ipv6: fd00::1, target: 10.0.0.2}",
              "hosts.peer.target",
              {"no IPv4 address to send from"}},
        Wrong{"hosts.peer={type: generator, ipv4: 10.0.0.1, target: 10.0.0.2, interval: 1us, rate: "
              "1Mbps}",
              "hosts.peer.rate",
              {"interval and rate", "keep one"}},
        Wrong{"hosts.peer={type: generator, ipv4: 10.0.0.1, target: 10.0.0.2, burst: 50}",
              "hosts.peer.burst",
              {"no effect", "as fast as the link goes"}},
        Wrong{"hosts.peer={type: generator, ipv4: 10.0.0.1, target: 10.0.0.2, interval: 1us, "
              "burst: 50}",
              "hosts.peer.burst",
              {"no effect", "spacing is not burst"}},
        Wrong{"hosts.peer={type: generator, ipv4: 10.0.0.1, target: 10.0.0.2, interval: 1us, "
              "spacing: burst}",
              "hosts.peer.spacing",
              {"such as burst: 16"}},
        Wrong{"hosts.peer={type: generator, ipv4: 10.0.0.1, target: 10.0.0.2, frame: 64B, "
              "mix: [{frame: 100B}]}",
              "hosts.peer.frame",
              {"no effect", "mix says the sizes"}},
        Wrong{"links.wire.reorder_delay=1us",
              "links.wire.reorder_delay",
              {"no effect", "reorder is 0 %"}},
        // RFC 1122, 3.2.1.3; RFC 4291, 2.5.2, 2.5.3 and 2.7.
        Wrong{"hosts.peer.ipv4=127.0.0.1", "hosts.peer.ipv4", {"no interface can have"}},
        Wrong{"hosts.peer.ipv6=ff02::1", "hosts.peer.ipv6", {"no interface can have"}},
        Wrong{"hosts.peer={type: replay, file: none.pcap}",
              "hosts.peer.file",
              {"this file cannot be read"}},
        Wrong{
            "captures.0.at=wyre", "captures.0.at", {"no link or VM 'wyre'", "did you mean 'wire'"}},
        Wrong{"captures.0.at=wire.gem2", "captures.0.at", {"no end of links.wire", "gem3"}},
        Wrong{"captures.0.at=linux0.net1",
              "captures.0.at",
              {"vms.linux0 has no network device 'net1'", "did you mean 'net0'"}},
        Wrong{"captures.1={at: wire, file: net-ping.pcap}",
              "captures.1.file",
              {"would be overwritten"}}));

INSTANTIATE_TEST_SUITE_P(
    OfTheWork, Refused,
    testing::Values(
        // An Ethernet MTU of 1500 less the headers of IPv4 and UDP, or of IPv6 and ICMPv6.
        Wrong{"vms.linux0.software.workloads.2.bytes=1473B",
              "vms.linux0.software.workloads.2.bytes",
              {"more than 1472", "MTU of vms.backend.software.backends.net0"}},
        Wrong{"vms.linux0.software.workloads.1.bytes=1453B",
              "vms.linux0.software.workloads.1.bytes",
              {"more than 1452"}},
        Wrong{"vms.linux0.software.workloads.2.bytes=17B",
              "vms.linux0.software.workloads.2.bytes",
              {"write at least 18"}},
        Wrong{"vms.linux0.software.workloads.2={type: net-request-response, device: net0, peer: "
              "10.0.0.1, count: 5, bytes: 64B, mix: [{frame: 100B}]}",
              "vms.linux0.software.workloads.2.bytes",
              {"no effect", "mix says the sizes"}},
        Wrong{"vms.linux0.software.drivers.net0.ipv4=0.0.0.0",
              "vms.linux0.software.drivers.net0.ipv4",
              {"no interface can have"}},
        Wrong{"vms.backend.devs.0.interrupts=[95]",
              "vms.backend.devs.0.interrupts",
              {"'gem3' brings its own interrupts"}}));

// IEEE 802.1D: without a spanning tree a loop of bridges has broadcasts go round for ever.
TEST(Network, SwitchesInALoopAreRefused) {
    expect_says(error_at(ping({"switches={a: {}}", "links.other={between: [a, a]}"}),
                         "links.other.between"),
                {"a loop of switches", "no spanning tree"});
    const std::vector<std::string> two{"switches={a: {}, b: {}}", "links.x={between: [a, b]}"};
    EXPECT_TRUE(ping(two).scenario) << all(ping(two));
    std::vector<std::string> loop = two;
    loop.emplace_back("links.y={between: [b, a]}");
    expect_says(error_at(ping(loop), "links.y.between"), {"a loop of switches"});
}

TEST(NetworkSoftware, PayloadsUpToTheMtuAreTaken) {
    EXPECT_TRUE(ping({"vms.linux0.software.workloads.2.bytes=1472B"}).scenario);
    EXPECT_TRUE(ping({"vms.linux0.software.workloads.1.bytes=1452B"}).scenario);
    // A driver that does not listen to the MTU keeps Ethernet's.
    EXPECT_TRUE(ping({"vms.backend.software.backends.net0.mtu=500",
                      "vms.linux0.software.drivers.net0.declined_features=[mtu]"})
                    .scenario);
}

INSTANTIATE_TEST_SUITE_P(
    OfThePlatform, Refused,
    testing::Values(
        Wrong{"platform.nics.gem3.interrupts=[54]",
              "platform.nics.gem3.interrupts.0",
              {"interrupt 54 is that of platform.uarts.uart1.interrupt too"}},
        Wrong{"platform.nics.gem3.interrupts=[]",
              "platform.nics.gem3.interrupts",
              {"found 0 interrupts"}},
        Wrong{"platform.nics.gem3.base=0xff010000", "platform.nics.gem3", {"overlaps uart1"}},
        Wrong{"platform.nics.gem2={base: 0xff0d0000, interrupts: [93, 94], stream_id: 0x877, mac: "
              "02:00:00:00:0e:02}",
              "platform.nics.gem2.stream_id",
              {"which is that of platform.nics.gem3.stream_id too"}},
        Wrong{"vms.linux0.devs=[{device: gem3}]",
              "vms.linux0.devs.0",
              {"gem3 of linux0", "gem3 of backend", "a device has one VM"}},
        Wrong{"vms.backend.devs=[{device: gem4}]",
              "vms.backend.devs.0.device",
              {"the platform has no device 'gem4'", "did you mean 'gem3'"}}));

INSTANTIATE_TEST_SUITE_P(
    OfTheSoftware, Refused,
    testing::Values(
        Wrong{"vms.backend.software.backends.net0.serial=uart1",
              "vms.backend.software.backends.net0.serial",
              {"net does not use this key"}},
        Wrong{"vms.backend.software.backends.net0.mtu=60",
              "vms.backend.software.backends.net0.mtu",
              {"out of range", "68"}},
        Wrong{"vms.backend.software.backends.net0.backend=console",
              "vms.linux0.software.drivers.net0.driver",
              {"found net, but the back-end vms.backend.software.backends.net0 is console"}},
        Wrong{"vms.backend.software.interfaces.gem2={}",
              "vms.backend.software.interfaces.gem2",
              {"no network controller 'gem2' in its devs", "did you mean 'gem3'"}},
        Wrong{"vms.backend.software.interfaces.gem3={dma: {base: 0x30000000, size: 1MiB}}",
              "vms.backend.software.interfaces.gem3.dma.base",
              {"not inside one of the regions"}},
        Wrong{"vms.linux0.software.drivers.net0.gateway=10.0.1.1",
              "vms.linux0.software.drivers.net0.gateway",
              {"outside of the network of 10.0.0.2"}},
        Wrong{"vms.linux0.software.drivers.net0.declined_features=[tso]",
              "vms.linux0.software.drivers.net0.declined_features.0",
              {"found 'tso'"}},
        Wrong{"vms.linux0.software.profile=zephyr",
              "vms.linux0.software.drivers.net0",
              {"zephyr has no net driver"}},
        Wrong{"vms.linux0.software.workloads.0={type: net-ping, device: net0, count: 1}",
              "vms.linux0.software.workloads.0.peer",
              {"this key is missing"}},
        Wrong{"vms.linux0.software.workloads.0={type: net-ping, device: net0, peer: 10.0.0.1}",
              "vms.linux0.software.workloads.0.count",
              {"this key is missing"}},
        Wrong{"vms.linux0.software.workloads.0={type: net-sink, device: net0}",
              "vms.linux0.software.workloads.0",
              {"nothing ends this work"}},
        Wrong{"vms.linux0.software.workloads.0={type: net-flood, device: net0, peer: 10.0.0.1, "
              "count: 1, mix: [{frame: 1519B}]}",
              "vms.linux0.software.workloads.0.mix.0.frame",
              {"more than 1518", "MTU"}},
        Wrong{"vms.linux0.software.workloads.0={type: console-write, device: net0, bytes: 1KiB}",
              "vms.linux0.software.workloads.0.device",
              {"the driver of 'net0' is net"}},
        Wrong{"vms.linux0.software.drivers.net0={driver: net, ipv6: fd00::2}",
              "vms.linux0.software.workloads.0.peer",
              {"no IPv4 address to send from"}}));

TEST(Consoles, WhatIsWrongWithPortsAndChannels) {
    const auto multiport = [](const std::string& set) {
        return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/console-multiport.yaml",
                             std::vector<std::string>{set});
    };
    const std::string con0 = "vms.backend.software.backends.con0.";
    const std::string uart1 = "platform.uarts.uart1.";
    for (const Wrong& w : {
             Wrong{con0 + "multiport=false", con0 + "ports", {"found 3 ports", "multiport: true"}},
             Wrong{con0 + "serial=uart1", con0 + "serial", {"found serial and ports"}},
             Wrong{con0 + "ports.1.channel=lgo",
                   con0 + "ports.1.channel",
                   {"'uart1' has no channel 'lgo'", "did you mean 'log'"}},
             Wrong{con0 + "ports.1.channel=shell",
                   con0 + "ports.1.serial",
                   {"'uart1.shell' carries"}},
             Wrong{con0 + "ports.1.serial=uart0",
                   con0 + "ports.1.serial",
                   {"not passed through to vms.backend"}},
             Wrong{con0 + "ports.0.size={columns: 80, rows: 25}",
                   con0 + "ports.0.size",
                   {"that of the device"}},
             Wrong{con0 + "ports=[]", con0 + "ports", {"found 0 ports", "1 to 8"}},
             Wrong{con0 + "events.0={at: 1ms, resize: {port: 0, columns: 0, rows: 25}}",
                   con0 + "events.0.resize.columns",
                   {"out of range", "1 to 65535"}},
             Wrong{con0 + "mtu=1500", con0 + "mtu", {"console does not use this key"}},
             Wrong{con0 + "events.1={at: 25ms, error: false}",
                   con0 + "events.1.error",
                   {"found false", "error: true"}},
             Wrong{con0 + "events.1={at: 25ms, add: 3}",
                   con0 + "events.1.add",
                   {"found port 3", "has 0 to 2"}},
             Wrong{con0 + "events.1={at: 10ms, add: 2}",
                   con0 + "events.1.at",
                   {"before the event above"}},
             Wrong{con0 + "events.1={at: 25ms, add: 2, close: 1}",
                   con0 + "events.1",
                   {"add and close", "write one"}},
             Wrong{uart1 + "input_file=/dev/null", uart1 + "input_file", {"this line has mux"}},
             Wrong{uart1 + "mux=prefixed",
                   uart1 + "channels.data.pattern",
                   {"a prefixed line carries only text faithfully", "mux: framed"}},
             Wrong{uart1 + "mux=none", uart1 + "channels", {"only a line with mux has channels"}},
             Wrong{uart1 + "channels.log.number=0",
                   uart1 + "channels.log",
                   {"its number on the line, 0"}},
         }) {
        const Diagnostic d = error_at(multiport(w.set), w.at);
        for (const std::string& part : w.says)
            EXPECT_NE(d.message.find(part), std::string::npos)
                << "no '" << part << "' in: " << d.message;
    }
}

// A controller holds a whole frame in its packet buffer: header, 802.1Q tag and the MTU's payload.
TEST(Network, PacketBuffersHoldTheLongestFrame) {
    const std::string mtu = "vms.backend.software.backends.net0.mtu=";
    for (const std::string key : {"tx_buffer", "rx_buffer"}) {
        const std::string buffer = "platform.nics.gem3." + key;
        expect_says(error_at(ping({mtu + "4079", buffer + "=4KiB"}), buffer),
                    {key + " has 4096 bytes", "vms.backend.software.backends.net0", "4079",
                     "has 4097: write at least that"});
        const LoadResult r = ping({mtu + "4078", buffer + "=4KiB"});
        EXPECT_TRUE(r.scenario) << all(r);
    }
}

// VirtIO v1.4, 5.3.4: cols and rows mean something only with SIZE.
TEST(Consoles, AResizeNeedsADeviceThatHasASize) {
    const std::string con0 = "vms.backend.software.backends.con0.";
    const std::string resize =
        con0 + "events=[{at: 1ms, resize: {port: 0, columns: 80, rows: 25}}]";
    const auto echo = [](const std::vector<std::string>& set) {
        return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/console-echo.yaml", set);
    };
    expect_says(error_at(echo({resize}), con0 + "events.0.resize"),
                {"VIRTIO_CONSOLE_F_SIZE", "write size: for 'con0'"});
    const LoadResult r = echo({resize, con0 + "size={columns: 132, rows: 43}"});
    EXPECT_TRUE(r.scenario) << all(r);
}

// VirtIO v1.4, 5.1.4: a device may not know its speed.
TEST(Network, TheSpeedOfADeviceMayBeUnknown) {
    const LoadResult r = ping({"vms.backend.software.backends.net0.speed=0bps"});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->vms[0].software.backends[0].net.speed, 0U);
}

TEST(Network, AReplayedFileIsNotOverwritten) {
    const Folder folder;
    const std::string capture = folder.write("in.pcap", "");
    const LoadResult r = ping({"hosts.peer={type: replay, file: \"" + capture + "\"}",
                               "captures.0.file=\"" + capture + "\""});
    expect_says(error_at(r, "captures.0.file"), {"hosts.peer.file", "would be overwritten"});
}

}  // namespace
}  // namespace sim::test
