// The network driver and the real back-end, end to end over the simulated hypervisor: every
// register access mediated, every frame through the switch of the service guest. A front-end VM
// with two network devices on one switch talks to itself.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"
#include "vms/frontend/frontend.h"
#include "vms/service/port/sim/program.h"

namespace {

using models::Picos;
using vms::GuestAddr;
using vms::frontend::FrontendProgram;
using vms::frontend::NetCounters;
using vms::service::ServiceProgram;
using vms::workload::Kind;
using vms::workload::State;
using vms::workload::packets::Ipv4Address;

constexpr std::uint64_t region_base = 0xe000'0000;
constexpr std::uint64_t region_size = 0x20'0000;  ///< of each device's shared memory
constexpr std::uint64_t region_phys = 0x4400'0000;

Ipv4Address address(std::size_t device) {
    return Ipv4Address::of(192, 0, 2, static_cast<std::uint8_t>(1 + device));
}

/// Two network devices of VM 0, both served by VM 1, with shared memory enough for their rings.
class System {
  public:
    explicit System(const vms::frontend::Profile& profile) {
        options.devices = devices;
        options.quantum = Picos::us(20);
        options.adjust = enlarge;
        frontend.profile = &profile;
        frontend.gic = {GuestAddr{rig::guest_gicd}, GuestAddr{rig::guest_gicc}};
        service.gicd = GuestAddr{rig::guest_gicd};
        service.gicc = GuestAddr{rig::guest_gicc};
        service.device_count = devices;
        for (std::size_t k = 0; k < devices; ++k) {
            auto& d = service.devices[k];
            d.remio_index = static_cast<std::uint32_t>(k);
            d.window_base = GuestAddr{rig::window - k * rig::window_size};
            d.shmem_base = GuestAddr{region_base + k * region_size};
            d.shmem_size = region_size;
            d.interrupt = rig::backend_interrupt(static_cast<unsigned>(k));
            d.backend = vms::service::find_backend("net");
            d.net.mac = {0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(1 + k)};
            vms::frontend::DeviceConfig f;
            f.name = "net" + std::to_string(k);
            f.driver = vms::frontend::DriverKind::net;
            f.window = {d.window_base, rig::window_size};
            f.shared = {d.shmem_base, d.shmem_size};
            f.interrupt = vms::IntId{static_cast<std::uint16_t>(79 + k)};
            f.net.stack.ipv4 = address(k);
            f.net.stack.ipv6 = true;
            frontend.devices.push_back(std::move(f));
        }
    }
    vms::workload::Config& add(Kind kind) {
        auto& w = frontend.workloads.emplace_back();
        w.kind = kind;
        w.net.peer = address(1);
        return w;
    }
    void run(Picos until) {
        EXPECT_EQ(vms::service::check(service).problem, vms::service::ConfigProblem::none);
        machine = std::make_unique<rig::Rig>(options);
        auto f = std::make_unique<FrontendProgram>(frontend);
        auto s = std::make_unique<ServiceProgram>(service, vms::service::OperationCosts{});
        program = f.get();
        guest = s.get();
        machine->run_on(0, std::move(f));
        machine->run_on(1, std::move(s));
        machine->simulate(until);
    }

    /// Other shared memory than the rig's: its memory is one block of the host's.
    static void enlarge(rig::bao::Config& c) {
        const auto& first = c.vmlist[0].regions[0];
        std::byte* const host = first.host + (region_phys - first.phys.value);
        c.shmemlist.clear();
        for (std::size_t k = 0; k < devices; ++k)
            c.shmemlist.push_back({region_size, models::PhysAddr{region_phys + k * region_size}});
        for (auto& vm : c.vmlist) {
            vm.regions.resize(1);
            for (std::size_t k = 0; k < devices; ++k) {
                const GuestAddr base{region_base + k * region_size};
                vm.remio_devs[k].shmem = {base, region_size, static_cast<unsigned>(k)};
                vm.regions.push_back({base, region_size,
                                      models::PhysAddr{region_phys + k * region_size},
                                      host + k * region_size});
            }
        }
    }

    static constexpr std::size_t devices = 2;
    rig::Options options;
    vms::frontend::FrontendConfig frontend;
    vms::service::GuestConfig service;
    std::unique_ptr<rig::Rig> machine;
    FrontendProgram* program = nullptr;
    ServiceProgram* guest = nullptr;
};

class NetSystem : public testing::TestWithParam<const vms::frontend::Profile*> {
  protected:
    /// Each frame is accounted for from one driver to the other.
    static void expect_accounts(const System& system) {
        EXPECT_TRUE(system.guest->switch_balanced());
        for (std::size_t k = 0; k < System::devices; ++k) {
            const NetCounters& c = *system.program->network_counters(k);
            const auto& stack = *system.program->stack_counters(k);
            const auto port = system.guest->switch_port_counters(k);
            EXPECT_EQ(c.tx_frames, c.tx_completed) << k;
            EXPECT_EQ(c.commands_failed, 0u) << k;
            EXPECT_EQ(c.rx_dropped(), 0u) << k;
            EXPECT_EQ(c.rx_frames, stack.rx_frames) << k;
            EXPECT_EQ(stack.rx_bad_checksum + stack.rx_malformed, 0u) << k;
            EXPECT_EQ(port.frames_in, c.tx_frames) << k;
            EXPECT_EQ(port.frames_out, c.rx_frames) << k;
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Profiles, NetSystem,
                         testing::Values(&vms::frontend::linux_6_1(), &vms::frontend::bare_metal()),
                         [](const auto& i) {
                             return i.param == &vms::frontend::linux_6_1() ? "Linux" : "BareMetal";
                         });

// The other interface of the VM answers below its sockets; a simple driver looks at one only while
// it waits, so there nobody answers.
TEST_P(NetSystem, PingsThroughTheSwitch) {
    System system(*GetParam());
    auto& w = system.add(Kind::net_ping);
    w.count = 10;
    w.bytes = 56;
    system.run(Picos::ms(4'000));
    const auto& r = system.program->workload_counters(0).net;
    if (GetParam() == &vms::frontend::bare_metal()) {
        EXPECT_TRUE(r.unresolved);
        return;
    }
    EXPECT_EQ(system.program->workload_counters(0).state, State::succeeded);
    EXPECT_EQ(r.received, 10u);
    expect_accounts(system);
}

// A flood from one interface to the other. A frame that finds no receive buffer is dropped by the
// switch, under that cause.
TEST_P(NetSystem, FloodsThroughTheSwitch) {
    System system(*GetParam());
    for (std::size_t k = 0; k < System::devices; ++k)
        system.frontend.devices[k].net.stack.neighbours = {
            {address(1 - k), {{0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(2 - k)}}}};
    auto& w = system.add(Kind::net_flood);
    w.count = 1000;
    w.net.batch = 8;
    w.net.sizes = {{60, 7}, {570, 4}, {1514, 1}};
    // The simple driver's second interface is looked at afterwards, when its ring has long been
    // full.
    auto& sink = system.add(Kind::net_sink);
    sink.device = 1;
    sink.net.duration_ns = 5'000'000;
    system.run(Picos::ms(200));
    EXPECT_EQ(system.program->workload_counters(0).state, State::succeeded);
    EXPECT_EQ(system.program->workload_counters(0).net.sent, 1000u);
    expect_accounts(system);
    const auto& stack = *system.program->stack_counters(1);
    EXPECT_GE(stack.rx_frames, 256u);
    if (GetParam() == &vms::frontend::bare_metal()) {
        EXPECT_EQ(system.program->workload_counters(1).net.received, stack.rx_datagrams);
    }
}

// Kick, and an interrupt of two accesses: near three register accesses a frame when each is sent by
// itself (measured with TCP on the real kernel: 2.7).
TEST(LinuxNetSystem, SendingCostsNearThreeAccessesAFrame) {
    System system(vms::frontend::linux_6_1());
    system.frontend.devices[0].net.stack.neighbours = {
        {address(9), {{0x02, 0, 0, 0, 0, 0x09}}}};  // nobody: the switch floods
    system.frontend.devices[1].net.features = 0;
    auto& w = system.add(Kind::net_flood);
    w.net.peer = address(9);
    w.count = 500;
    system.run(Picos::ms(300));
    ASSERT_EQ(system.program->workload_counters(0).state, State::succeeded);
    const NetCounters& c = *system.program->network_counters(0);
    const std::uint64_t accesses = c.tx_kicks + 2 * c.interrupts;
    EXPECT_GT(accesses, 500u * 2);
    EXPECT_LT(accesses, 500u * 3 + 60);
}

}  // namespace
