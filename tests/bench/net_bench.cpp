// Frames through the whole mediated path, in host CPU time: a front-end's driver, the simulated
// hypervisor, the service guest with its net back-end and switch, up to a counting switch port;
// with timing and statistics on, one notification and one interrupt pass a batch. The workload is
// that of tests/bench/net_frontend.h: rings of 256, one descriptor for header and frame, receive
// buffers of 2048 bytes, three mediated accesses a batch, five an echo. A row that takes another
// number of them measures something else, and fails.
//
// Sizes are those of Ethernet with its frame check sequence, which no buffer holds: a frame of
// "64 B" has 60 bytes.
#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "tests/bench/machine.h"
#include "tests/bench/net_frontend.h"
#include "vms/service/backend.h"
#include "vms/service/port/sim/program.h"

namespace {

using bench::Machine;
using bench::NetFrontend;
using bench::NetMode;
using models::Picos;

constexpr std::size_t fcs_bytes = 4;
/// Behind the counting port of the switch; locally administered.
constexpr vms::workload::packets::MacAddress traffic_mac{{2, 0, 0, 0, 0, 9}};

struct Shape {
    NetMode mode = NetMode::transmit;
    std::size_t bytes = 64;  ///< with the frame check sequence
    std::uint32_t batch = 1;
    std::size_t devices = 1;

    auto operator<=>(const Shape&) const = default;
    /// Mediated accesses that each batch, round trip or initialisation takes.
    std::uint64_t accesses() const {
        switch (mode) {
            case NetMode::reset:
                return 35;
            case NetMode::probe:
                return 65;
            case NetMode::echo:
                return 5;
            case NetMode::transmit:
            case NetMode::receive:
                break;
        }
        return 3;
    }
    std::size_t frame_bytes() const { return bytes - fcs_bytes; }
};

/// Where a device's front-end sees it.
vms::GuestAddr window(const sim::Scenario& scenario, std::uint64_t bind_key) {
    for (const sim::VmConfig& vm : scenario.vms)
        for (const sim::RemioDevConfig& d : vm.remio_devs)
            if (d.type == sim::RemioType::frontend && d.bind_key == bind_key)
                return d.va;
    return {};
}

std::unique_ptr<vms::Program> make_service(const sim::Scenario& scenario, const Shape& shape) {
    const sim::VmConfig& vm = scenario.vms.front();
    vms::service::GuestConfig c;
    c.gicd = vm.gicd;
    c.gicc = vm.gicc;
    c.ring_budget = 256;  // one notification a batch: a pass of the main loop takes a whole one
    c.device_count = vm.remio_devs.size();
    for (std::size_t i = 0; i < c.device_count; ++i) {
        const sim::RemioDevConfig& remio = vm.remio_devs[i];
        vms::service::DeviceConfig& d = c.devices[i];
        d.remio_index = static_cast<std::uint32_t>(i);
        d.window_base = window(scenario, remio.bind_key);
        d.shmem_base = remio.shmem.base;
        d.shmem_size = remio.shmem.size;
        d.interrupt = remio.interrupt;
        d.backend = vms::service::find_backend("net");
        d.net.mac = {2, 0, 0, 0, 1, static_cast<std::uint8_t>(i)};
        // What the device of the logged probe offers.
        d.net.offer_mtu = shape.mode != NetMode::probe;
        d.net.offer_speed_duplex = shape.mode != NetMode::probe;
    }
    c.net.traffic.present = true;
    c.net.traffic.mac = traffic_mac.bytes;
    if (shape.mode == NetMode::echo)
        c.net.traffic.echo = vms::service::TrafficEcho::once_acknowledged;
    if (shape.mode == NetMode::receive)
        c.net.traffic.frame_bytes = static_cast<std::uint16_t>(shape.frame_bytes());
    const auto found = vms::service::check(c);
    if (found.problem != vms::service::ConfigProblem::none) {
        std::fprintf(stderr, "net bench: %s\n",
                     std::string(vms::service::name(found.problem)).c_str());
        std::exit(1);
    }
    return std::make_unique<vms::service::ServiceProgram>(c, vms::service::OperationCosts{});
}

std::unique_ptr<NetFrontend> make_frontend(const sim::VmConfig& vm, const Shape& shape) {
    bench::NetFrontendConfig c;
    c.gic = {vm.gicd, vm.gicc};
    for (const sim::RemioDevConfig& remio : vm.remio_devs) {
        vms::frontend::DeviceConfig& d = c.devices.emplace_back();
        d.window = {remio.va, remio.size};
        d.shared = {remio.shmem.base, remio.shmem.size};
        d.interrupt = remio.interrupt;
    }
    c.mode = shape.mode;
    c.bytes = shape.frame_bytes();
    c.batch = shape.batch;
    c.destination = traffic_mac;
    return std::make_unique<NetFrontend>(c);
}

/// scenarios/bench/net-switch.yaml with as many devices as asked for, all alike, the VMs that they
/// take, and the counting port at the switch.
class NetMachine {
  public:
    explicit NetMachine(const Shape& shape) {
        sim::Scenario s = Machine::load("/scenarios/bench/net-switch.yaml");
        // The service guest comes first; the last device is the second of the last VM.
        s.vms.resize(std::min(s.vms.size(), 1 + shape.devices));
        s.vms.front().remio_devs.resize(shape.devices);
        Machine::Programs programs;
        for (const sim::VmConfig& vm : s.vms) {
            if (&vm == &s.vms.front()) {
                programs.emplace(vm.name, make_service(s, shape));
                continue;
            }
            auto frontend = make_frontend(vm, shape);
            frontends_.push_back(frontend.get());
            programs.emplace(vm.name, std::move(frontend));
        }
        machine_ = std::make_unique<Machine>(std::move(s), std::move(programs));
    }

    std::uint64_t done() const {
        std::uint64_t n = 0;
        for (const NetFrontend* f : frontends_)
            n += f->done();
        return n;
    }
    bool broken() const {
        for (const NetFrontend* f : frontends_)
            if (f->broken())
                return true;
        return false;
    }
    Machine& machine() { return *machine_; }

  private:
    std::vector<const NetFrontend*> frontends_;
    std::unique_ptr<Machine> machine_;
};

void frames(benchmark::State& state, const Shape& shape) {
    static std::map<Shape, std::unique_ptr<NetMachine>> machines;
    auto& slot = machines[shape];
    if (!slot)
        slot = std::make_unique<NetMachine>(shape);
    Machine& machine = slot->machine();
    const std::uint64_t before = slot->done();
    const std::uint64_t accesses = machine.accesses();
    const std::uint64_t activations = machine.activations();
    while (state.KeepRunning())
        machine.run(Picos::ms(5));
    const std::uint64_t done = slot->done() - before;
    if (slot->broken() || done == 0) {
        state.SkipWithError("the driver gave up");
        return;
    }
    const std::uint64_t taken = machine.accesses() - accesses;
    const std::uint64_t expected = done / shape.batch * shape.accesses();
    // What was under way at the beginning, and at the end.
    const std::uint64_t partly = 2 * shape.devices * shape.accesses();
    if (taken + partly < expected || taken > expected + partly) {
        state.SkipWithError(("another workload: " + std::to_string(taken) + " accesses for " +
                             std::to_string(expected))
                                .c_str());
        return;
    }
    const auto n = static_cast<double>(done);
    state.SetItemsProcessed(static_cast<std::int64_t>(n));
    state.counters["time_each"] =
        benchmark::Counter(n, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["accesses_a_batch"] = static_cast<double>(taken) / n * shape.batch;
    state.counters["activations_a_batch"] =
        static_cast<double>(machine.activations() - activations) / n * shape.batch;
}

[[maybe_unused]] const bool registered = [] {
    const auto add = [](const std::string& name, const Shape& shape) {
        benchmark::RegisterBenchmark(name.c_str(),
                                     [shape](benchmark::State& s) { frames(s, shape); });
    };
    add("NetInit", {NetMode::reset});
    add("NetInit/linux-6.1", {NetMode::probe});
    for (const std::uint32_t batch : {1u, 8u, 64u, 128u})
        add("NetTx/64B/" + std::to_string(batch), {NetMode::transmit, 64, batch});
    for (const std::uint32_t batch : {1u, 128u})
        add("NetTx/1514B/" + std::to_string(batch), {NetMode::transmit, 1514 + fcs_bytes, batch});
    for (const std::uint32_t batch : {1u, 8u, 64u, 128u})
        add("NetRx/64B/" + std::to_string(batch), {NetMode::receive, 64, batch});
    for (const std::uint32_t batch : {1u, 128u})
        add("NetRx/1514B/" + std::to_string(batch), {NetMode::receive, 1514 + fcs_bytes, batch});
    add("NetEcho/64B", {NetMode::echo});
    for (const std::size_t devices : {1u, 2u, 4u, 8u})
        add("NetFrontends/" + std::to_string(devices), {NetMode::transmit, 64, 64, devices});
    return true;
}();

}  // namespace
