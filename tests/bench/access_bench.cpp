// How fast the simulator is, in host CPU time: mediated register accesses through the whole path
// (front-end trap, simulated hypervisor, service guest with its console back-end, and back) with
// timing and statistics on; console bytes; and what one activation of a SystemC thread costs on the
// same machine in the same run.
//
// Every benchmark continues one simulation of its own: repetitions neither rebuild it nor disturb
// the others.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <systemc>

#include <benchmark/benchmark.h>

#include "sim/build/platform.h"
#include "sim/build/software.h"
#include "sim/observe/observations.h"
#include "sim/observe/statistics.h"
#include "sim/scenario/load.h"
#include "tests/bench/kernel.h"
#include "vms/cpu.h"

namespace {

using bench::Kernel;
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

/// The machine of scenarios/access-qemu-virt.yaml or another, with statistics attached.
class Machine {
  public:
    Machine(const std::string& file, std::unique_ptr<vms::Program> frontend)
        : frontend_(std::move(frontend)) {
        const auto loaded = sim::load_scenario(std::string(BAOSIM_SOURCE_DIR) + file, {});
        if (!loaded.scenario) {
            for (const auto& e : loaded.errors)
                std::fprintf(stderr, "%s\n", sim::format(e).c_str());
            std::exit(1);
        }
        scenario_ = std::make_unique<sim::Scenario>(*loaded.scenario);
        hub_.legs = &statistics_;
        hub_.observations = &observations_;
        software_ = std::make_unique<sim::Software>(*scenario_);
        platform_ = std::make_unique<sim::Platform>(*scenario_, hub_, [](std::string_view) {});
        if (platform_->hypervisor().boot())
            std::exit(1);
        platform_->hypervisor().set_programs([this](const models::bao::VmConfig& vm,
                                                    unsigned vcpu) -> vms::Program& {
            for (std::size_t i = 0; i < scenario_->vms.size(); ++i) {
                if (scenario_->vms[i].name != vm.name)
                    continue;
                const bool front = scenario_->vms[i].software.program == sim::ProgramKind::frontend;
                return front && frontend_ ? *frontend_ : software_->program(i, vcpu);
            }
            std::exit(1);
        });
        platform_->hypervisor().remio().on_access(
            [this](const models::bao::Remio::Access&) { ++accesses; });
        run(Picos::ms(5));
    }

    void run(Picos d) {
        kernel_.enter();
        end_ += d;
        platform_->timeline().set_horizon(end_);
        platform_->timeline().forget();
        sc_core::sc_start(d.sc());
    }

    sim::Platform& platform() { return *platform_; }
    std::uint64_t accesses = 0;

  private:
    Kernel kernel_;
    std::unique_ptr<vms::Program> frontend_;
    std::unique_ptr<sim::Scenario> scenario_;
    models::ProbeHub hub_;
    sim::Statistics statistics_;
    sim::Observations observations_;
    std::unique_ptr<sim::Software> software_;
    std::unique_ptr<sim::Platform> platform_;
    Picos end_{};
};

void mediated(benchmark::State& state, bool write) {
    static std::array<std::unique_ptr<Machine>, 2> machines;
    auto& slot = machines[write ? 1 : 0];
    if (!slot)
        slot = std::make_unique<Machine>("/scenarios/access-qemu-virt.yaml",
                                         std::make_unique<Accessor>(write));
    Machine& machine = *slot;
    const std::uint64_t before = machine.accesses;
    const std::uint64_t activations = machine.platform().timeline().activations;
    while (state.KeepRunning())
        machine.run(Picos::ms(10));
    const auto n = static_cast<std::int64_t>(machine.accesses - before);
    state.SetItemsProcessed(n);
    state.counters["activations_per_access"] =
        static_cast<double>(machine.platform().timeline().activations - activations) /
        static_cast<double>(n);
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
    static Machine machine("/scenarios/bench/console-stream.yaml", nullptr);
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

int main(int argc, char** argv) {
    ::setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
