// How fast the simulator is, in host CPU time: mediated register accesses through the whole path
// (front-end trap, simulated hypervisor, service guest with its console back-end, and back) with
// timing and statistics on; console bytes; and what one activation of a SystemC thread costs on the
// same machine in the same run.
#include <array>
#include <cstdint>
#include <memory>
#include <systemc>

#include <benchmark/benchmark.h>

#include "tests/bench/machine.h"

namespace {

using bench::Kernel;
using bench::Machine;
using models::Picos;

/// A front-end that accesses one register again and again.
class Accessor final : public vms::Program {
  public:
    explicit Accessor(bool write) : write_(write) {}
    void run(vms::Cpu& cpu) override {
        constexpr vms::GuestAddr status{0x0a00'3e00 + 0x70};
        constexpr vms::GuestAddr queue_sel{0x0a00'3e00 + 0x30};
        cpu.retire_nanoseconds(2'000'000);  // the service guest is up
        for (;;) {
            if (write_)
                cpu.store(queue_sel, vms::Width::word, 0);
            else
                cpu.load(status, vms::Width::word);
            cpu.retire({.instructions = 20});
        }
    }

  private:
    bool write_;
};

void mediated(benchmark::State& state, bool write) {
    static std::array<std::unique_ptr<Machine>, 2> machines;
    auto& slot = machines[write ? 1 : 0];
    if (!slot) {
        Machine::Programs programs;
        programs.emplace("frontend", std::make_unique<Accessor>(write));
        slot = std::make_unique<Machine>(Machine::load("/scenarios/access-qemu-virt.yaml"),
                                         std::move(programs));
    }
    Machine& machine = *slot;
    const std::uint64_t before = machine.accesses();
    const std::uint64_t activations = machine.activations();
    while (state.KeepRunning())
        machine.run(Picos::ms(10));
    const auto n = static_cast<std::int64_t>(machine.accesses() - before);
    state.SetItemsProcessed(n);
    state.counters["activations_per_access"] =
        static_cast<double>(machine.activations() - activations) / static_cast<double>(n);
    state.counters["time_per_access"] = benchmark::Counter(
        static_cast<double>(n), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void MediatedRead(benchmark::State& state) {
    mediated(state, false);
}
void MediatedWrite(benchmark::State& state) {
    mediated(state, true);
}

/// Bulk console traffic both ways, as scenarios/console-bulk.yaml, repeated without end.
void ConsoleBytes(benchmark::State& state) {
    static Machine machine(Machine::load("/scenarios/bench/console-stream.yaml"));
    const auto bytes = [] {
        const auto c = machine.platform().serial_lines().back()->channel.counters();
        return c.tx_bytes + c.rx_bytes;
    };
    const std::uint64_t before = bytes();
    while (state.KeepRunning())
        machine.run(Picos::ms(50));
    state.SetItemsProcessed(static_cast<std::int64_t>(bytes() - before));
}

/// Two threads that wake each other at times: what the kernel charges for one activation.
class PingPong final : public sc_core::sc_module {
  public:
    explicit PingPong(sc_core::sc_module_name name) : sc_module(name) {
        sc_core::sc_spawn([this] { side(a_, b_); }, "a");
        sc_core::sc_spawn([this] { side(b_, a_); }, "b");
        sc_core::sc_spawn([this] { a_.notify(Picos::ns(1).sc()); }, "first");
    }
    std::uint64_t activations = 0;

  private:
    void side(sc_core::sc_event& mine, sc_core::sc_event& other) {
        for (;;) {
            sc_core::wait(mine);
            ++activations;
            other.notify(Picos::ns(1).sc());
        }
    }
    sc_core::sc_event a_;
    sc_core::sc_event b_;
};

void ThreadActivation(benchmark::State& state) {
    static Kernel kernel;
    static PingPong pair("pair");
    kernel.enter();
    const std::uint64_t before = pair.activations;
    while (state.KeepRunning())
        sc_core::sc_start(Picos::us(100).sc());
    const auto n = static_cast<std::int64_t>(pair.activations - before);
    state.SetItemsProcessed(n);
    state.counters["time_per_activation"] = benchmark::Counter(
        static_cast<double>(n), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(ThreadActivation);
BENCHMARK(MediatedRead);
BENCHMARK(MediatedWrite);
BENCHMARK(ConsoleBytes);

}  // namespace
