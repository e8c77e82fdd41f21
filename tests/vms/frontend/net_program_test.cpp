// The network workloads in a whole front-end program, over driver and internet layer, against a
// host that answers: RFC 792, RFC 4443 (echo), RFC 826 (ARP), RFC 4861 (neighbours), RFC 862 (echo
// service). Every frame that leaves is judged by its headers and checksums.
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net_peer.h"
#include "net_rig.h"
#include "vms/workload/packets/payload.h"

namespace frontend_test {
namespace {

using packets::Ipv4Address;
using testing::Each;
using vms::frontend::bare_metal;
using vms::frontend::FrontendProgram;
using vms::frontend::linux_6_1;
using vms::frontend::NetCounters;
using vms::frontend::Profile;
using vms::workload::Kind;
using vms::workload::State;
using vms::workload::net::Results;
using vms::workload::net::StackCounters;

struct NetProgramRig {
    Machine m;
    NetModel device{m};
    NetPeer peer{m, device};
    vms::frontend::FrontendConfig config;
    std::unique_ptr<FrontendProgram> program;

    explicit NetProgramRig(const Profile& p) {
        m.add_ram(net_shared_base, net_shared_bytes);
        m.add_device(net_window, 0x200, device);
        config.gic = {Machine::gicd_base, Machine::gicc_base};
        config.profile = &p;
        config.devices.push_back(net_device());
        auto& stack = config.devices[0].net.stack;
        stack.ipv4 = Ipv4Address::of(192, 0, 2, 2);
        stack.ipv6 = true;
    }
    vms::workload::Config& add(Kind kind) {
        config.workloads.emplace_back();
        config.workloads.back().kind = kind;
        config.workloads.back().net.peer = peer.ipv4;
        return config.workloads.back();
    }
    /// False: it did not come to rest within the machine's limit of time.
    bool run() {
        program = std::make_unique<FrontendProgram>(config);
        try {
            program->run(m);
        } catch (const Asleep&) {
            return true;
        } catch (const TookTooLong&) {
            return false;
        }
        return false;
    }
    const Results& results(std::size_t i = 0) const { return program->workload_counters(i).net; }
    State state(std::size_t i = 0) const { return program->workload_counters(i).state; }
    const StackCounters& stack() const { return *program->stack_counters(0); }
    const NetCounters& driver() const { return *program->network_counters(0); }

    /// Each frame is accounted for at each hop.
    void expect_accounts() const {
        const StackCounters& s = stack();
        const NetCounters& d = driver();
        EXPECT_EQ(s.tx_packets + s.tx_refused, d.tx_frames + d.tx_dropped() + d.tx_backlog);
        EXPECT_EQ(d.tx_frames, device.transmitted);
        EXPECT_LE(d.tx_completed, d.tx_frames);  // a simple driver takes back what it needs
        EXPECT_EQ(d.rx_frames, s.rx_frames);
        EXPECT_EQ(s.rx_frames, s.rx_arp + s.rx_neighbours + s.rx_echo_requests + s.rx_echo_replies +
                                   s.rx_datagrams + s.rx_dropped());
        EXPECT_EQ(peer.unsound, 0u);
    }
};

class NetProgram : public testing::TestWithParam<const Profile*> {};

INSTANTIATE_TEST_SUITE_P(Profiles, NetProgram, testing::Values(&linux_6_1(), &bare_metal()),
                         [](const auto& i) {
                             return i.param == &linux_6_1() ? "Linux" : "BareMetal";
                         });

TEST_P(NetProgram, Ping) {
    NetProgramRig rig(*GetParam());
    auto& w = rig.add(Kind::net_ping);
    w.count = 10;
    w.bytes = 56;
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::succeeded);
    EXPECT_EQ(rig.results().sent, 10u);
    EXPECT_EQ(rig.results().received, 10u);
    EXPECT_EQ(rig.results().lost, 0u);
    EXPECT_EQ(rig.peer.arps, 1u);
    EXPECT_EQ(rig.peer.requests, 10u);
    // There and back: 5 us until the device looks, 20 us at the host. Ticks of 10 ns.
    EXPECT_EQ(rig.results().round_trip_ticks.range().count, 10u);
    EXPECT_GE(rig.results().round_trip_ticks.range().min, 2'500u);
    rig.expect_accounts();
}

TEST_P(NetProgram, PingOverIpv6) {
    NetProgramRig rig(*GetParam());
    auto& w = rig.add(Kind::net_ping);
    w.net.peer = rig.peer.ipv6;
    w.count = 5;
    w.bytes = 1000;
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::succeeded);
    EXPECT_EQ(rig.results().received, 5u);
    EXPECT_EQ(rig.peer.solicitations, 1u);
    EXPECT_EQ(rig.peer.arps, 0u);
    rig.expect_accounts();
}

// As ping -i: a request each period, whether or not the one before was answered.
TEST_P(NetProgram, PingAtAPeriodCountsWhatIsLost) {
    NetProgramRig rig(*GetParam());
    rig.peer.lose_each = 4;
    rig.peer.double_each = 5;
    rig.peer.damage_each = 7;
    auto& w = rig.add(Kind::net_ping);
    w.count = 35;
    w.bytes = 56;
    w.period_ns = 1'000'000;
    w.net.timeout_ns = 10'000'000;
    ASSERT_TRUE(rig.run());
    // Lost: 8; damaged, so that the checksum is wrong, and not lost: 7, 14, 21, 35 (28 is lost).
    EXPECT_EQ(rig.results().received, 35u - 8u - 4u);
    EXPECT_EQ(rig.results().lost, 12u);
    // 5, 10, 15, 25, 30, 35; 20 is lost, and of 35 both are damaged.
    EXPECT_EQ(rig.results().duplicates, 5u);
    EXPECT_EQ(rig.stack().rx_bad_checksum, 5u);
    EXPECT_EQ(rig.state(), State::succeeded);
    const std::uint64_t took = rig.results().last_tick - rig.results().first_tick;
    EXPECT_GE(took, 35u * 100'000u);
    EXPECT_LT(took, 35u * 100'000u + 1'100'000u);
    rig.expect_accounts();
}

TEST_P(NetProgram, NobodyAnswers) {
    NetProgramRig rig(*GetParam());
    rig.peer.mute = true;
    auto& w = rig.add(Kind::net_ping);
    w.count = 3;
    w.bytes = 56;
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::failed);
    EXPECT_TRUE(rig.results().unresolved);
    EXPECT_EQ(rig.stack().resolutions_failed, 1u);
    // Three requests, a second apart (Linux: mcast_solicit, retrans_time_ms).
    EXPECT_EQ(rig.device.transmitted, 3u);
    EXPECT_GE(rig.m.now_ns(), 3'000'000'000u);
}

TEST_P(NetProgram, UdpEchoWithThinkTime) {
    NetProgramRig rig(*GetParam());
    rig.device.features |= 1;  // CSUM: the checksum of a datagram is the device's
    auto& w = rig.add(Kind::net_udp_echo);
    w.count = 20;
    w.bytes = 64;
    w.net.think_ns = 100'000;
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::succeeded);
    EXPECT_EQ(rig.results().received, 20u);
    EXPECT_EQ(rig.results().rx_bytes, 20u * 64u);
    EXPECT_GE(rig.results().last_tick - rig.results().first_tick, 20u * 12'500u);
    EXPECT_EQ(rig.driver().tx_partial_checksums, GetParam() == &linux_6_1() ? 20u : 0u);
    rig.expect_accounts();
}

TEST_P(NetProgram, RequestsOfAMixInAWindow) {
    NetProgramRig rig(*GetParam());
    rig.peer.lose_each = 10;
    rig.peer.latency_ns = 500'000;
    auto& w = rig.add(Kind::net_request_response);
    w.count = 100;
    w.seed = 7;
    w.net.window = 8;
    w.net.sizes = {{60, 7}, {570, 4}, {1514, 1}};
    w.net.timeout_ns = 5'000'000;
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::succeeded);
    EXPECT_EQ(rig.results().sent, 100u);
    EXPECT_EQ(rig.results().received, 90u);
    EXPECT_EQ(rig.results().lost, 10u);
    EXPECT_EQ(std::ranges::count(rig.peer.sizes, std::size_t{60}) +
                  std::ranges::count(rig.peer.sizes, std::size_t{570}) +
                  std::ranges::count(rig.peer.sizes, std::size_t{1514}),
              100);
    EXPECT_GT(std::ranges::count(rig.peer.sizes, std::size_t{60}),
              std::ranges::count(rig.peer.sizes, std::size_t{570}));
    // Eight in 0.5 ms each: far faster than one after the other.
    EXPECT_LT(rig.results().last_tick - rig.results().first_tick, 100u * 50'000u);
    rig.expect_accounts();
}

TEST_P(NetProgram, FloodTellsTheDeviceOncePerBatch) {
    NetProgramRig rig(*GetParam());
    auto& w = rig.add(Kind::net_flood);
    w.count = 1000;
    w.net.batch = 10;
    w.net.sizes = {{1514, 1}};
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::succeeded);
    EXPECT_EQ(rig.results().sent, 1000u);
    EXPECT_EQ(rig.peer.datagrams, 1000u);
    EXPECT_THAT(rig.peer.sizes, Each(1514u));
    // With ARP, and a few for the full ring.
    EXPECT_LE(rig.driver().tx_kicks, 1000u / 10 + 1 + rig.driver().tx_stops);
    rig.expect_accounts();
}

TEST_P(NetProgram, FloodAtARateForATime) {
    NetProgramRig rig(*GetParam());
    auto& w = rig.add(Kind::net_flood);
    w.period_ns = 50'000;
    w.net.duration_ns = 10'000'000;
    w.net.sizes = {{60, 1}};
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::succeeded);
    EXPECT_EQ(rig.results().sent, 200u);
    EXPECT_EQ(rig.results().tx_bytes, 200u * 18u);
    rig.expect_accounts();
}

/// A datagram of a stream to the sink's port.
void stream(NetProgramRig& rig, std::uint64_t sequence, std::uint64_t after_ns,
            bool damaged = false, std::size_t bytes = 100) {
    std::vector<std::byte> payload(bytes);
    packets::write_test_payload(payload, {3, sequence, rig.m.now_ns()});
    if (damaged)
        payload.back() ^= std::byte{1};
    packets::Route route;
    route.source_mac = rig.peer.mac;
    route.destination_mac = {rig.device.mac};
    route.source = rig.peer.ipv4;
    route.destination = Ipv4Address::of(192, 0, 2, 2);
    std::vector<std::byte> frame(200);
    const std::size_t n = packets::build_udp(frame, route, {50000, 9}, payload);
    rig.peer.send(std::span{frame}.first(n), after_ns);
}

TEST_P(NetProgram, SinkKnowsWhatBecameOfAStream) {
    NetProgramRig rig(*GetParam());
    auto& w = rig.add(Kind::net_sink);
    w.net.idle_ns = 5'000'000;
    const std::uint64_t start = 2'000'000;
    std::uint64_t at = start;
    // 4 is missing, 2 comes late, 6 twice, 8 is damaged (with a checksum that fits).
    for (const std::uint64_t s : {0u, 1u, 3u, 2u, 5u, 6u, 6u, 7u})
        stream(rig, s, at += 10'000);
    stream(rig, 8, at + 10'000, true);
    stream(rig, 9, at + 20'000);
    ASSERT_TRUE(rig.run());
    const Results& r = rig.results();
    EXPECT_EQ(r.received, 8u);
    EXPECT_EQ(r.lost, 2u);  // 4 and 8
    EXPECT_EQ(r.reordered, 1u);
    EXPECT_EQ(r.duplicates, 1u);
    EXPECT_EQ(r.corrupt, 1u);
    EXPECT_EQ(rig.state(), State::failed);  // for the damaged one
    EXPECT_EQ(r.latency_ns.range().count, 8u);
    EXPECT_GE(r.latency_ns.range().min, start);
    rig.expect_accounts();
}

TEST_P(NetProgram, ServeAnswersDatagramsAndWhatLiesBelow) {
    NetProgramRig rig(*GetParam());
    auto& w = rig.add(Kind::net_serve);
    w.net.idle_ns = 20'000'000;
    packets::Route route;
    route.source_mac = rig.peer.mac;
    route.destination_mac = {rig.device.mac};
    route.source = rig.peer.ipv4;
    route.destination = Ipv4Address::of(192, 0, 2, 2);
    std::vector<std::byte> frame(200);
    std::size_t n = packets::build_arp_request(frame, rig.peer.mac, rig.peer.ipv4,
                                               Ipv4Address::of(192, 0, 2, 2));
    rig.peer.send(std::span{frame}.first(n), 5'000'000);
    const std::vector<std::byte> payload(40, std::byte{0x5a});
    n = packets::build_echo(frame, route, {false, 1, 1}, payload);
    rig.peer.send(std::span{frame}.first(n), 6'000'000);
    n = packets::build_udp(frame, route, {1234, 7}, payload);
    rig.peer.send(std::span{frame}.first(n), 7'000'000);
    n = packets::build_udp(frame, route, {1234, 8}, payload);  // nobody there
    rig.peer.send(std::span{frame}.first(n), 8'000'000);
    packets::Route v6 = route;
    v6.source = rig.peer.ipv6;
    n = packets::build_solicitation(frame, rig.peer.mac, rig.peer.ipv6,
                                    packets::Ipv6Address::link_local({rig.device.mac}));
    rig.peer.send(std::span{frame}.first(n), 9'000'000);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::succeeded);
    EXPECT_EQ(rig.results().received, 1u);
    EXPECT_EQ(rig.results().sent, 1u);
    EXPECT_EQ(rig.peer.datagrams, 1u);
    EXPECT_EQ(rig.peer.replies, 1u);
    EXPECT_EQ(rig.peer.solicitations, 1u);  // the advertisement
    EXPECT_EQ(rig.stack().tx_answers, 3u);
    EXPECT_EQ(rig.stack().rx_no_socket, 1u);
    rig.expect_accounts();
}

// An operating system answers whether or not a program runs.
TEST(LinuxNetProgram, AnswersAfterItsWorkloads) {
    NetProgramRig rig(linux_6_1());
    rig.add(Kind::idle);
    std::vector<std::byte> frame(200);
    const std::size_t n = packets::build_arp_request(frame, rig.peer.mac, rig.peer.ipv4,
                                                     Ipv4Address::of(192, 0, 2, 2));
    rig.peer.send(std::span{frame}.first(n), 50'000'000);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.peer.arps, 1u);
    EXPECT_EQ(rig.stack().tx_answers, 1u);
}

// A socket keeps 212992 bytes (rmem_default); what a program does not read in time is dropped
// there, and counted.
TEST(LinuxNetProgram, AFullSocketDropsAndCounts) {
    NetProgramRig rig(linux_6_1());
    rig.config.devices[0].net.stack.socket_bytes = 10 * (100 + 768);
    auto& w = rig.add(Kind::net_sink);
    w.net.idle_ns = 5'000'000;
    rig.config.operations = vms::frontend::Operations(linux_6_1().software);
    rig.config.operations->set(vms::frontend::Operation::workload_call, {.instructions = 400'000});
    for (std::uint64_t s = 0; s < 100; ++s)
        stream(rig, s, 2'000'000 + s * 10'000);
    ASSERT_TRUE(rig.run());
    EXPECT_GT(rig.stack().rx_socket_full, 50u);
    EXPECT_EQ(rig.results().received + rig.stack().rx_socket_full, 100u);
    rig.expect_accounts();
}

// A periodic tick and the alarm of a wait share the timer.
TEST(LinuxNetProgram, ATickGoesOnBesideTimeouts) {
    NetProgramRig rig(linux_6_1());
    rig.peer.lose_each = 2;
    auto& w = rig.add(Kind::net_ping);
    w.count = 10;
    w.bytes = 56;
    w.net.timeout_ns = 5'000'000;
    w.timer_period_ns = 1'000'000;
    ASSERT_FALSE(rig.run());  // the tick outlives the workload: the machine never sleeps
    EXPECT_EQ(rig.results().received, 5u);
    EXPECT_EQ(rig.results().lost, 5u);
    EXPECT_GE(rig.program->timer(0).lateness().count, 25u);
    EXPECT_EQ(rig.program->timer(0).overruns(), 0u);
}

TEST(LinuxNetProgram, WithoutADeviceAWorkloadFails) {
    NetProgramRig rig(linux_6_1());
    rig.config.devices[0].shared.size = 4096;
    auto& w = rig.add(Kind::net_ping);
    w.count = 1;
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.state(), State::failed);
}

}  // namespace
}  // namespace frontend_test
