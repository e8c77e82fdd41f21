// The GEM in its system: the driver runs on a simulated CPU as a guest of the simulated hypervisor,
// which passes the device and its interrupt through; DMA goes through the guest's stage 2; at the
// far end of a link a host answers.
#include <functional>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/nic/cadence_gem.h"
#include "models/wire/echo_host.h"
#include "models/wire/link.h"
#include "tests/models/bao/rig.h"
#include "vms/service/drivers/cadence_gem.h"
#include "vms/service/port/sim/program.h"
#include "vms/workload/packets/build.h"
#include "vms/workload/packets/parse.h"

namespace {

using namespace rig;
namespace packets = vms::workload::packets;
using vms::service::CadenceGem;

constexpr std::uint64_t gem_base = 0xff0e'0000;
constexpr unsigned gem_interrupt = 95;
constexpr std::size_t owner = 1;  // the VM that has the device

constexpr packets::MacAddress own_mac{{0x02, 0, 0, 0, 0, 0x0a}};
constexpr packets::MacAddress host_mac{{0x02, 0, 0, 0, 0, 0x01}};
constexpr auto own_ip = packets::Ipv4Address::of(10, 0, 0, 10);
constexpr auto host_ip = packets::Ipv4Address::of(10, 0, 0, 1);

Options with_gem(Picos quantum) {
    Options o;
    o.quantum = quantum;
    o.adjust = [](bao::Config& c) {
        c.vmlist[owner].devs.push_back({models::PhysAddr{gem_base},
                                        GuestAddr{gem_base},
                                        models::CadenceGem::window,
                                        {vms::IntId{gem_interrupt}}});
    };
    return o;
}

/// Sends echo requests one after the other and takes the answers.
class Pinger final : public vms::service::FrameConsumer {
  public:
    struct Exchange {
        std::uint64_t sent = 0;  ///< ticks of the counter
        std::uint64_t answered = 0;
        bool operator==(const Exchange&) const = default;
    };

    Pinger(bool interrupts, unsigned count) : interrupts_(interrupts), count_(count) {}

    void run(vms::Cpu& cpu) {
        cpu_ = &cpu;
        vms::service::Port port(cpu, costs_);
        CadenceGem::Parameters p;
        p.base = GuestAddr{gem_base};
        p.mac = own_mac.bytes;
        p.dma_base = GuestAddr{private_base};
        p.dma_size = private_size;
        p.rx_buffers = p.tx_buffers = 16;
        p.interrupts = interrupts_;
        CadenceGem driver(port, p);
        driver.set_consumer(*this);
        GuestGic gic(cpu);
        bool marked = false;
        Vector vector([&] {
            const unsigned iar = gic.acknowledge();
            if ((iar & 0x3ff) == gem_interrupt) {
                driver.silence();
                marked = true;
            }
            gic.end(iar);
        });
        cpu.set_vector(&vector);
        gic.start();
        started = driver.start();
        gic.enable(gem_interrupt);
        cpu.mask_interrupts(false);
        for (unsigned i = 0; i < count_ && started; ++i) {
            std::vector<std::byte> frame(1514);
            const packets::Route route{own_mac, host_mac, own_ip, host_ip};
            const std::size_t n = packets::build_echo(
                frame, route, {.identifier = 1, .sequence = static_cast<std::uint16_t>(i)},
                std::size_t{(i * 97) % 1400});
            exchanges.push_back({cpu.counter(), 0});
            driver.transmit(std::span(frame).first(n));
            driver.flush();
            while (exchanges.back().answered == 0) {
                if (!interrupts_) {
                    driver.serve();
                    continue;
                }
                cpu.mask_interrupts(true);
                if (!marked)
                    cpu.wait_for_interrupt();
                cpu.mask_interrupts(false);
                while (marked) {
                    marked = false;
                    marked = driver.serve() || marked;
                }
            }
        }
        counters = driver.counters();
        done = true;
    }

    bool frame(std::span<const std::byte> bytes) override {
        const packets::Packet p = packets::parse(bytes);
        const auto* echo = std::get_if<packets::Echo>(&p.transport);
        if (p.sound() && echo != nullptr && echo->reply && echo->sequence + 1U == exchanges.size())
            exchanges.back().answered = cpu_->counter();
        return true;
    }

    std::vector<Exchange> exchanges;
    vms::service::NetworkCounters counters;
    bool started = false;
    bool done = false;

  private:
    const bool interrupts_;
    const unsigned count_;
    const vms::service::OperationCosts costs_;
    vms::Cpu* cpu_ = nullptr;
};

struct System {
    explicit System(Picos quantum, std::vector<models::wire::Outage> outages = {})
        : rig(with_gem(quantum)),
          dma(rig.timeline),
          link("link", with(std::move(outages)), activity),
          host({.mac = host_mac, .ipv4 = host_ip}, link.b()),
          gem("gem", {}, models::IrqLine(rig.gic, vms::IntId{gem_interrupt}), activity, dma,
              link.a()) {
        const models::TargetTiming timing{Picos::ns(150), Picos::ns(50), false, true};
        rig.bus.map({"gem", models::PhysAddr{gem_base}, models::CadenceGem::window, &gem, timing});
    }
    static models::wire::LinkParameters with(std::vector<models::wire::Outage> outages) {
        models::wire::LinkParameters p;
        p.outages = std::move(outages);
        return p;
    }
    void run(Picos until) {
        const auto error = rig.hypervisor.boot();
        ASSERT_FALSE(error) << error->message;
        dma.attach(rig.hypervisor.vms()[owner]->stage2);
        rig.timeline.set_horizon(until);
        sc_core::sc_start(until.sc());
    }

    models::Activity activity;
    Rig rig;
    models::DmaPort dma;
    models::wire::Link link;
    models::wire::EchoHost host;
    models::CadenceGem gem;
};

/// A simulation kernel of its own for each run: the kernel works on whatever context is current.
class Kernel {
  public:
    Kernel()
        : before_(sc_core::sc_curr_simcontext),
          context_(std::make_unique<sc_core::sc_simcontext>()) {
        sc_core::sc_curr_simcontext = context_.get();
    }
    ~Kernel() {
        context_.reset();
        sc_core::sc_curr_simcontext = before_;
    }
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

  private:
    sc_core::sc_simcontext* before_;
    std::unique_ptr<sc_core::sc_simcontext> context_;
};

std::vector<Pinger::Exchange> ping(bool interrupts, Picos quantum, unsigned count) {
    const Kernel kernel;
    Pinger pinger(interrupts, count);
    System system(quantum);
    system.rig.run_on(owner, [&pinger](vms::Cpu& cpu) { pinger.run(cpu); });
    system.run(Picos::ms(20));
    EXPECT_TRUE(pinger.started);
    EXPECT_TRUE(pinger.done);
    EXPECT_EQ(pinger.counters.rx_frames, count);
    EXPECT_EQ(pinger.counters.tx_frames, count);
    EXPECT_EQ(system.gem.counters().tx_frames, count);
    EXPECT_EQ(system.gem.counters().rx_frames, count);
    EXPECT_EQ(system.gem.counters().rx_inside(), 0U);
    EXPECT_EQ(system.gem.counters().bus_errors, 0U);
    EXPECT_EQ(system.host.counters().of(models::wire::Received::echo_request), count);
    EXPECT_TRUE(system.link.accounted());
    EXPECT_TRUE(system.activity.idle());
    return pinger.exchanges;
}

TEST(GemSystem, PingsAHostAndTheTimesDoNotDependOnTheQuantum) {
    const auto fine = ping(true, Picos::us(1), 50);
    const auto coarse = ping(true, Picos::ms(1), 50);
    ASSERT_EQ(fine.size(), 50U);
    for (std::size_t i = 0; i < fine.size(); ++i) {
        EXPECT_EQ(fine[i], coarse[i]) << i;
        // Twice over the wire at 1 Gb/s, and a microsecond in the host; 10 ns a tick.
        const std::uint64_t bytes = 8 + std::max<std::uint64_t>(60, 42 + (i * 97) % 1400) + 4;
        const std::uint64_t least = (2 * bytes * 8 + 2 * 50 + 1000) / 10;
        EXPECT_GT(fine[i].answered - fine[i].sent, least) << i;
        EXPECT_LT(fine[i].answered - fine[i].sent, least + 2000) << i;
    }
}

TEST(GemSystem, PollingSeesDescriptorsAtTheirTime) {
    EXPECT_EQ(ping(false, Picos::us(1), 30), ping(false, Picos::ms(1), 30));
}

/// A service guest with the controller as the uplink of its switch, and one network device.
vms::service::GuestConfig service_config() {
    namespace service = vms::service;
    service::GuestConfig c;
    c.gicd = GuestAddr{guest_gicd};
    c.gicc = GuestAddr{guest_gicc};
    service::PeripheralConfig& p = c.peripherals[0];
    p.kind = service::PeripheralKind::cadence_gem;
    p.base = GuestAddr{gem_base};
    p.interrupts[0] = vms::IntId{gem_interrupt};
    p.mac = own_mac.bytes;
    p.dma_base = GuestAddr{private_base};
    p.dma_size = private_size;
    p.rx_buffers = p.tx_buffers = 16;
    c.peripheral_count = 1;
    service::DeviceConfig& d = c.devices[0];
    d.window_base = GuestAddr{window};
    d.shmem_base = GuestAddr{shared_base};
    d.shmem_size = shared_size;
    d.interrupt = backend_interrupt(0);
    d.backend = service::find_backend("net");
    d.net.mac = {0x02, 0, 0, 0, 0, 0x0b};
    c.device_count = 1;
    return c;
}

// Nothing tells a service guest that a link is there again, and without one no front-end sends.
TEST(GemSystem, AServiceGuestFindsALinkThatComesLate) {
    const vms::service::GuestConfig config = service_config();
    ASSERT_EQ(check(config).problem, vms::service::ConfigProblem::none);
    System system(Picos::us(100), {{Picos{}, Picos::ms(30)}});
    auto program =
        std::make_unique<vms::service::ServiceProgram>(config, vms::service::OperationCosts{});
    const vms::service::ServiceProgram& service = *program;
    system.rig.run_on(owner, std::move(program));
    system.run(Picos::ms(29));
    ASSERT_NE(service.guest(), nullptr);
    EXPECT_FALSE(service.guest()->network(0)->link().up);
    EXPECT_EQ(service.network_counters(0).link_changes, 0U);
    system.rig.timeline.set_horizon(Picos::ms(60));
    sc_core::sc_start(Picos::ms(31).sc());
    EXPECT_TRUE(service.guest()->network(0)->link().up);
    EXPECT_EQ(service.network_counters(0).link_changes, 1U);
    EXPECT_EQ(service.peripheral_counters(0).interrupts, 0U);
    // Then the timer is left alone.
    const std::uint64_t serves = service.peripheral_counters(0).serves;
    system.rig.timeline.set_horizon(Picos::ms(90));
    sc_core::sc_start(Picos::ms(30).sc());
    EXPECT_EQ(service.peripheral_counters(0).serves, serves);
}

}  // namespace
