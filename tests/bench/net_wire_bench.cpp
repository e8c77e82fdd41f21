// Frames end to end, in host CPU time: the whole of scenarios/bench/net-wire.yaml, with the
// programs that a scenario has, from Linux' driver in a front-end through the service guest's
// switch, its driver of the GEM, the controller with its DMA and a gigabit link to a host that
// checks each datagram; and the other way.
//
// "64 B" is a length with the frame check sequence, "1514 B" one without, as in net_bench.cpp.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "tests/bench/machine.h"

namespace {

using bench::Machine;
using models::Picos;

constexpr std::size_t frontend = 1;  ///< VM, after the service guest

/// Continues a machine; `done` counts what has come to its end.
template <class Done>
void end_to_end(benchmark::State& state, std::unique_ptr<Machine>& machine, const char* file,
                const std::string& frame, Done done) {
    if (!machine)
        machine = std::make_unique<Machine>(Machine::load(file, {frame}));
    const std::uint64_t before = done(*machine);
    const std::uint64_t activations = machine->activations();
    while (state.KeepRunning())
        machine->run(Picos::ms(5));
    const std::uint64_t n = done(*machine) - before;
    if (n == 0) {
        state.SkipWithError("no frame has come to its end");
        return;
    }
    const auto frames = static_cast<double>(n);
    state.SetItemsProcessed(static_cast<std::int64_t>(n));
    state.counters["time_each"] =
        benchmark::Counter(frames, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["activations_a_frame"] =
        static_cast<double>(machine->activations() - activations) / frames;
}

template <unsigned Bytes>
void NetWireTx(benchmark::State& state) {
    static std::unique_ptr<Machine> machine;
    end_to_end(state, machine, "/scenarios/bench/net-wire.yaml",
               "vms.linux0.software.workloads.0.mix.0.frame=" + std::to_string(Bytes) + "B",
               [](Machine& m) { return m.platform().network().hosts().front().received(); });
}

template <unsigned Bytes>
void NetWireRx(benchmark::State& state) {
    static std::unique_ptr<Machine> machine;
    end_to_end(state, machine, "/scenarios/bench/net-wire-receive.yaml",
               "hosts.peer.frame=" + std::to_string(Bytes) + "B", [](Machine& m) {
                   const auto* driver = m.software().frontend(frontend)->network_counters(0);
                   return driver != nullptr ? driver->rx_frames : 0;
               });
}

BENCHMARK(NetWireTx<64>)->Name("NetWireTx/64B");
BENCHMARK(NetWireTx<1518>)->Name("NetWireTx/1514B");
BENCHMARK(NetWireRx<64>)->Name("NetWireRx/64B");
BENCHMARK(NetWireRx<1518>)->Name("NetWireRx/1514B");

}  // namespace
