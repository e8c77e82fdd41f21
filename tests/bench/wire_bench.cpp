// How fast the wire is without a system on it, in host CPU time: frames from a generator through a
// link to a sink that checks each, requests to an echo host and back, and what making and reading a
// frame takes of that.
#include <array>
#include <cstdint>
#include <systemc>
#include <vector>

#include <benchmark/benchmark.h>

#include "models/core/activity.h"
#include "models/wire/echo_host.h"
#include "models/wire/generator.h"
#include "models/wire/link.h"
#include "models/wire/sink.h"
#include "tests/bench/kernel.h"
#include "vms/workload/packets/build.h"
#include "vms/workload/packets/checksum.h"
#include "vms/workload/packets/parse.h"
#include "vms/workload/packets/payload.h"

namespace {

using models::Picos;
namespace wire = models::wire;
namespace packets = vms::workload::packets;

wire::HostParameters station(std::uint8_t number) {
    return {.mac = {{0x02, 0, 0, 0, 0, number}},
            .ipv4 = packets::Ipv4Address::of(192, 0, 2, number)};
}

/// A generator on one end of a link of 1 Gb/s, and `Peer` on the other.
template <class Peer>
class Traffic {
  public:
    template <class... Arguments>
    explicit Traffic(const wire::GeneratorParameters& p, Arguments... arguments)
        : link_("wire", {}, activity_),
          generator_("generator", station(1), p, link_.a(), activity_),
          peer_(station(2), arguments..., link_.b()) {}

    void run(benchmark::State& state) {
        kernel_.enter();
        const auto delivered = [this] {
            return link_.counters(wire::Side::a).delivered +
                   link_.counters(wire::Side::b).delivered;
        };
        const std::uint64_t before = delivered();
        while (state.KeepRunning())
            sc_core::sc_start(Picos::ms(1).sc());
        state.SetItemsProcessed(static_cast<std::int64_t>(delivered() - before));
    }

  private:
    bench::Kernel kernel_;
    models::Activity activity_;
    wire::Link link_;
    wire::Generator generator_;
    Peer peer_;
};

wire::GeneratorParameters flood(std::size_t bytes) {
    return {.target = *station(2).ipv4, .sizes = wire::FrameSizes::fixed(bytes)};
}

template <std::size_t Bytes>
void WireFlood(benchmark::State& state) {
    static Traffic<wire::Sink> traffic(flood(Bytes), wire::SinkParameters{});
    traffic.run(state);
}

/// Frames, of which a round trip is two.
void WireEcho(benchmark::State& state) {
    static Traffic<wire::EchoHost> traffic({.target = *station(2).ipv4,
                                            .port = wire::EchoHost::default_port,
                                            .mode = wire::GeneratorParameters::Mode::closed_loop});
    traffic.run(state);
}

packets::Route route() {
    return {.source_mac = station(1).mac,
            .destination_mac = station(2).mac,
            .source = *station(1).ipv4,
            .destination = *station(2).ipv4};
}

template <std::size_t Bytes>
std::size_t build(std::array<std::byte, Bytes>& frame, std::uint64_t sequence) {
    const std::size_t n = Bytes - packets::udp_overhead(route());
    packets::write_test_payload(packets::udp_payload(frame, route(), n), {1, sequence, 0});
    return packets::build_udp(frame, route(), {1, 9}, n);
}

template <std::size_t Bytes>
void PacketBuild(benchmark::State& state) {
    std::array<std::byte, Bytes> frame{};
    std::uint64_t sequence = 0;
    while (state.KeepRunning())
        benchmark::DoNotOptimize(build(frame, sequence++));
}

template <std::size_t Bytes>
void PacketParse(benchmark::State& state) {
    std::array<std::byte, Bytes> frame{};
    build(frame, 0);
    while (state.KeepRunning()) {
        const packets::Packet p = packets::parse(frame);
        const auto t = packets::read_test_payload(p.payload);
        benchmark::DoNotOptimize(p.sound() && packets::test_pattern_holds(p.payload, *t));
    }
}

void PacketChecksum1514(benchmark::State& state) {
    const std::vector<std::byte> bytes(1514, std::byte{0x5a});
    while (state.KeepRunning())
        benchmark::DoNotOptimize(packets::internet_checksum(bytes));
}

BENCHMARK(PacketChecksum1514);
BENCHMARK(PacketBuild<60>);
BENCHMARK(PacketBuild<1514>);
BENCHMARK(PacketParse<60>);
BENCHMARK(PacketParse<1514>);
BENCHMARK(WireFlood<64>);
BENCHMARK(WireFlood<1518>);
BENCHMARK(WireEcho);

}  // namespace
