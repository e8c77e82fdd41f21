// Network devices in a service guest: one notification for each device and pass, fair turns, the
// physical interface and the traffic station as ports, polling, and what its configuration must be.
#include <deque>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/net_rig.h"
#include "vms/abi/bao.h"
#include "vms/service/guest.h"
#include "vms/service/net/uplink.h"
#include "vms/service/port/sim/program.h"

namespace vms::service::test {
namespace {

namespace bao = abi::bao;
using Kind = vms::test::FakeCpu::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GuestAddr gicd{0xf901'0000};
constexpr GuestAddr gicc{0xf902'0000};
constexpr std::uint64_t iar = 0xf902'000c;
constexpr std::uint64_t region = 0x10'0000;
constexpr std::uint16_t ring = 32;

/// Device k: window 0x0a003e00 - 0x200 k, interrupt 40 + k, remio index k, its own region.
GuestConfig net_devices(std::size_t n) {
    GuestConfig c;
    c.gicd = gicd;
    c.gicc = gicc;
    c.device_count = n;
    for (std::size_t k = 0; k < n; ++k) {
        DeviceConfig& d = c.devices[k];
        d.remio_index = static_cast<std::uint32_t>(k);
        d.window_base = {0x0a00'3e00 - 0x200 * k};
        d.shmem_base = shared_base + region * k;
        d.shmem_size = region;
        d.interrupt = {static_cast<std::uint16_t>(40 + k)};
        d.backend = find_backend("net");
        d.queue_size = ring;
        d.net.mac = station(static_cast<std::uint8_t>(1 + k));
    }
    return c;
}

/// Hypervisor and interrupt controller around the guest; the test's actions run one by one, each
/// when the guest has come to rest.
class World {
  public:
    explicit World(const GuestConfig& config) : program(config, OperationCosts{}), config_(config) {
        cpu.add_ram(shared_base, region * max_devices);
        cpu.on_hvc = [this](CallRegisters& x) { hypercall(x); };
        cpu.on_load = [this](GuestAddr a, Width, std::uint64_t) -> std::uint64_t {
            if (a.value == iar)
                return acknowledge();
            return a.value == gicd.value + 0x800 ? 0x02u : 0u;  // ITARGETSR0: this is CPU 1
        };
        cpu.on_wait = [this] {
            if (actions.empty())
                throw vms::test::Stop{};
            const auto action = actions.front();
            actions.pop_front();
            action();
        };
        cpu.on_frame = [this](FramePoint where, std::uint64_t device, std::span<const std::byte>) {
            if (where == FramePoint::port_in)
                entered.push_back(static_cast<unsigned>(device));
        };
        cpu.watch_frames();
    }

    vms::test::FakeCpu cpu;
    ServiceProgram program;
    std::deque<std::function<void()>> actions;
    std::vector<std::uint64_t> notified;
    std::vector<unsigned> entered;  // the ports that frames came in by

    void run() { EXPECT_THROW(program.run(cpu), vms::test::Stop); }
    void trap(std::size_t k, std::uint32_t offset, std::uint64_t value) {
        pending_[k].push_back({config_.devices[k].window_base.value + offset, value});
        interrupts_.push_back(config_.devices[k].interrupt.value);
        cpu.irq_line = true;
    }
    void write(std::size_t k, std::uint32_t offset, std::uint64_t value) {
        actions.push_back([=, this] { trap(k, offset, value); });
    }
    DriverRing ring_of(std::size_t k, std::uint32_t queue) {
        return {cpu, shared_base + region * k + 0x1000ull * queue, ring};
    }
    GuestAddr buffer(std::size_t k, std::size_t i) const {
        return shared_base + region * k + 0x10000 + 2048 * i;
    }
    /// 3.1.1 and 4.2.3.2 as trapped accesses.
    void bring_up(std::size_t k, std::uint64_t features) {
        write(k, 0x070, 0);
        write(k, 0x070, 3);
        write(k, 0x024, 1);
        write(k, 0x020, features >> 32);
        write(k, 0x024, 0);
        write(k, 0x020, features & 0xffff'ffff);
        write(k, 0x070, 0xb);
        for (std::uint32_t q = 0; q < 2; ++q) {
            const DriverRing r = ring_of(k, q);
            write(k, 0x030, q);
            write(k, 0x038, r.size());
            write(k, 0x080, r.descriptor().value);
            write(k, 0x090, r.driver().value);
            write(k, 0x0a0, r.device().value);
            write(k, 0x044, 1);
        }
        write(k, 0x070, 0xf);
    }
    /// Device k has `n` frames for `to` in its transmit ring.
    void fill(std::size_t k, std::size_t n, const net::Mac& to) {
        DriverRing r = ring_of(k, 1);
        for (std::size_t i = 0; i < n; ++i) {
            const Bytes f = frame(to, station(static_cast<std::uint8_t>(1 + k)), 64,
                                  static_cast<std::uint8_t>(i));
            cpu.poke(buffer(k, i), net::Header{});
            for (std::size_t b = 0; b < f.size(); ++b)
                cpu.poke(buffer(k, i) + 12 + b, f[b]);
            r.add({{buffer(k, i), 76, false}});
        }
    }
    void post(std::size_t k, std::size_t n) {
        DriverRing r = ring_of(k, 0);
        for (std::size_t i = 0; i < n; ++i)
            r.add({{buffer(k, 64 + i), 2048, true}});
    }

  private:
    struct Asked {
        std::uint64_t address = 0;
        std::uint64_t value = 0;
    };

    std::uint32_t acknowledge() {
        if (interrupts_.empty())
            return 1023;
        const std::uint32_t id = interrupts_.front();
        interrupts_.pop_front();
        cpu.irq_line = !interrupts_.empty();
        return id;
    }
    void hypercall(CallRegisters& x) {
        const std::uint64_t device = x[1];
        switch (static_cast<bao::RemoteIoOp>(x[3])) {
            case bao::RemoteIoOp::ask: {
                auto& list = pending_[device];
                if (list.empty()) {
                    x[0] = 1;
                    return;
                }
                const Asked r = list.front();
                list.pop_front();
                x = {0, r.address, 0, r.value, 4, 0, list.empty() ? 0ull : 1ull, 0};
                return;
            }
            case bao::RemoteIoOp::notify:
                notified.push_back(device);
                break;
            default:
                break;
        }
        x[0] = 0;
    }

    GuestConfig config_;
    std::map<std::uint64_t, std::deque<Asked>> pending_;
    std::deque<std::uint32_t> interrupts_;
};

constexpr std::uint64_t features = version_1 | access_platform | feature(net::feature::mac);

// A batch of frames: whoever receives is notified once, whoever sent as well.
TEST(NetGuest, OneNotificationForEachDeviceAndPass) {
    World w(net_devices(3));
    for (std::size_t k = 0; k < 3; ++k) {
        w.post(k, 16);
        w.bring_up(k, features);
    }
    w.actions.push_back([&] {
        w.fill(1, 8, broadcast_mac);
        w.trap(1, 0x050, 1);
    });
    w.run();
    EXPECT_THAT(w.notified, ElementsAre(0u, 1u, 2u));
    EXPECT_EQ(w.ring_of(0, 0).used_index(), 8u);
    EXPECT_EQ(w.ring_of(2, 0).used_index(), 8u);
    EXPECT_EQ(w.ring_of(1, 1).used_index(), 8u);
    EXPECT_TRUE(w.program.switch_balanced());
    EXPECT_EQ(w.program.switch_port_count(), 3u);
    EXPECT_EQ(w.program.switch_port_counters(1).flooded, 8u);
    EXPECT_EQ(w.program.device_counters(2).rx_bytes, 8u * 64);
}

// Each has its budget in turn: nobody is stalled for another's flood.
TEST(NetGuest, SendersTakeTurns) {
    GuestConfig c = net_devices(3);
    c.ring_budget = 4;
    World w(c);
    for (std::size_t k = 0; k < 3; ++k)
        w.bring_up(k, features);
    w.actions.push_back([&] {
        w.entered.clear();
        for (std::size_t k = 0; k < 3; ++k) {
            w.fill(k, 12, station(0x77));
            w.trap(k, 0x050, 1);
        }
    });
    w.run();
    ASSERT_EQ(w.entered.size(), 36u);
    std::array<unsigned, 3> had{};
    for (std::size_t i = 0; i < 36; i += 4) {
        for (std::size_t j = 1; j < 4; ++j)
            EXPECT_EQ(w.entered[i + j], w.entered[i]) << i;
        ++had[w.entered[i]];
        // No sender is ahead of another by more than its turn.
        EXPECT_LE(
            *std::max_element(had.begin(), had.end()) - *std::min_element(had.begin(), had.end()),
            2u);
    }
    EXPECT_THAT(had, ElementsAre(3u, 3u, 3u));
}

// A reset that arrives in the middle of a batch: what was sent is accounted for, the rest stays.
TEST(NetGuest, AResetInTheMiddleOfABatch) {
    World w(net_devices(2));
    w.post(1, 16);
    w.bring_up(0, features);
    w.bring_up(1, features);
    w.cpu.on_frame = [&, n = 0](FramePoint where, std::uint64_t,
                                std::span<const std::byte>) mutable {
        if (where == FramePoint::port_out && ++n == 3) {
            w.trap(0, 0x070, 0);  // the sender
            w.trap(1, 0x070, 0);  // the receiver, which was told of nothing yet
        }
    };
    w.actions.push_back([&] {
        w.fill(0, 8, station(2));
        w.trap(0, 0x050, 1);
    });
    w.run();
    const PortCounters receiver = w.program.switch_port_counters(1);
    const std::uint64_t sent = w.program.switch_port_counters(0).frames_in;
    EXPECT_GE(sent, 3u);
    EXPECT_LT(sent, 8u);
    EXPECT_EQ(receiver.dropped_out[static_cast<std::size_t>(Drop::reset)], sent);
    EXPECT_EQ(receiver.frames_out, 0u);
    EXPECT_EQ(w.ring_of(1, 0).used_index(), 0u);
    EXPECT_TRUE(w.program.switch_balanced());
}

// Polled rings: a driver that sends need not trap, and the guest never sleeps.
TEST(NetGuest, PollsRings) {
    GuestConfig c = net_devices(1);
    c.poll_rings = true;
    c.net.traffic = {.present = true, .mac = station(0xd)};
    World w(c);
    w.bring_up(0, features);
    // A guest that never waits gets its actions from time.
    unsigned passes = 0;
    w.cpu.on_retire = [&](const Work&) {
        if (++passes % 50 != 0)
            return;
        if (!w.actions.empty()) {
            const auto action = w.actions.front();
            w.actions.pop_front();
            action();
        } else if (passes > 5000) {
            throw vms::test::Stop{};
        }
    };
    w.actions.push_back([&] { w.fill(0, 8, station(0xd)); });
    w.run();
    EXPECT_EQ(w.program.switch_port_counters(1).frames_out, 8u);
    EXPECT_EQ(w.program.device_counters(0).kicks, 0u);
    EXPECT_EQ(w.program.counters().waits, 0u);
    EXPECT_EQ(w.ring_of(0, 1).used_flags(), abi::ring::used::flag_no_notify);
}

// The traffic station returns what it is sent, and sends when the driver posts buffers.
TEST(NetGuest, TheTrafficStationIsAPort) {
    GuestConfig c = net_devices(1);
    c.net.traffic = {.present = true, .mac = station(0xd), .echo = TrafficEcho::at_once};
    World w(c);
    w.post(0, 8);
    w.bring_up(0, features);
    w.actions.push_back([&] {
        w.fill(0, 4, station(0xd));
        w.trap(0, 0x050, 1);
    });
    w.run();
    EXPECT_EQ(w.ring_of(0, 0).used_index(), 4u);
    EXPECT_EQ(w.program.switch_port_counters(1).frames_in, 4u);
    EXPECT_THAT(w.notified, ElementsAre(0u));  // both queues, one notification
}

// The driver hears that its frame is used, and of the answer only after it has acknowledged that
// (4.2.3.4.1). What comes while a frame is kept is dropped.
TEST(NetGuest, TheTrafficStationWaitsForTheAcknowledgement) {
    GuestConfig c = net_devices(1);
    c.net.traffic = {.present = true, .mac = station(0xd), .echo = TrafficEcho::once_acknowledged};
    World w(c);
    w.post(0, 8);
    w.bring_up(0, features);
    w.actions.push_back([&] {
        w.fill(0, 2, station(0xd));
        w.trap(0, 0x050, 1);
    });
    w.actions.push_back([&] {
        EXPECT_EQ(w.ring_of(0, 1).used_index(), 2u);
        EXPECT_EQ(w.ring_of(0, 0).used_index(), 0u);
        EXPECT_THAT(w.notified, ElementsAre(0u));
        w.trap(0, 0x030, 0);  // any other access
    });
    w.actions.push_back([&] {
        EXPECT_EQ(w.ring_of(0, 0).used_index(), 0u);
        w.trap(0, 0x064, 1);
    });
    w.run();
    EXPECT_EQ(w.ring_of(0, 0).used_index(), 1u);
    EXPECT_THAT(w.notified, ElementsAre(0u, 0u));
    const PortCounters port = w.program.switch_port_counters(1);
    EXPECT_EQ(port.dropped_out[static_cast<std::size_t>(Drop::no_buffer)], 1u);
    EXPECT_EQ(port.frames_in, 1u);
    EXPECT_TRUE(w.program.switch_balanced());
}

TEST(NetGuest, TheTrafficStationFillsReceiveBuffers) {
    GuestConfig c = net_devices(1);
    c.net.traffic = {.present = true, .mac = station(0xd), .frame_bytes = 1514};
    World w(c);
    w.bring_up(0, features);
    w.actions.push_back([&] {
        w.post(0, 10);
        w.trap(0, 0x050, 0);
    });
    w.run();
    EXPECT_EQ(w.ring_of(0, 0).used_index(), 10u);
    EXPECT_EQ(w.ring_of(0, 0).used(9).length, 1526u);
    EXPECT_THAT(w.notified, ElementsAre(0u));
    EXPECT_TRUE(w.program.switch_balanced());
}

// --- the physical interface
// -----------------------------------------------------------------------

class FakeInterface final : public NetworkPort {
  public:
    std::vector<Bytes> sent;
    std::size_t space = 4;
    unsigned flushes = 0;
    Link state{.up = true, .mbps = 1000, .full_duplex = true};
    bool refuses = false;

    bool start() override { return true; }
    void silence() override {}
    bool serve() override { return false; }
    bool transmit(std::span<const std::byte> f) override {
        if (refuses || space == 0)
            return false;
        sent.emplace_back(f.begin(), f.end());
        --space;
        return true;
    }
    void flush() override { ++flushes; }
    std::size_t room() const override { return space; }
    std::size_t max_frame_bytes() const override { return 1518; }
    MacAddress mac() const override { return station(0xee); }
    Link link() const override { return state; }
    void receive(const Bytes& f) { EXPECT_TRUE(consumer_->frame(f)); }
};

class UplinkTest : public ::testing::Test {
  protected:
    NetRig rig;
    FakeInterface interface;
    Uplink uplink{rig.net, interface, 8};
    NetNode& n = rig[0];
    const std::size_t port = uplink.switch_port();

    void SetUp() override {
        uplink.look_at_link();
        n.start(all_net_features);
        interface.receive(frame(station(1), station(0x20)));  // learned there
        n.post(8);
    }
    void send(const Bytes& f, const net::Header& h = {}) {
        n.send(f, h);
        n.work();
        EXPECT_TRUE(rig.net.balanced());
    }
};

TEST_F(UplinkTest, FramesGoThroughInBothDirections) {
    const Bytes f = frame(station(0x20), station(1), 200);
    send(f);
    send(f);
    EXPECT_THAT(interface.sent, ElementsAre(f, f));
    EXPECT_THAT(rig.outside.frames, IsEmpty());  // the device is known to be elsewhere
    EXPECT_EQ(interface.flushes, 0u);
    rig.net.flush();
    rig.net.flush();
    EXPECT_EQ(interface.flushes, 1u);  // once for all frames of a pass
    interface.receive(frame(station(1), station(0x20), 300));
    n.transport.publish();
    EXPECT_EQ(n.take()->bytes, frame(station(1), station(0x20), 300));
}

// A wire carries no incomplete checksums.
TEST_F(UplinkTest, ChecksumsAreCompleted) {
    Bytes f = frame(station(0x20), station(1), 100);
    send(f, {.flags = net::flag::needs_csum, .csum_start = 34, .csum_offset = 6});
    ASSERT_EQ(interface.sent.size(), 1u);
    EXPECT_NE(interface.sent[0], f);

    f[40] = interface.sent[0][40];
    f[41] = interface.sent[0][41];
    EXPECT_EQ(interface.sent[0], f);
}

TEST_F(UplinkTest, WhatItDoesNotTakeIsNamed) {
    const auto dropped = [this](Drop cause) { return rig.dropped_out(port, cause); };
    const Bytes f = frame(station(0x20), station(1));
    interface.space = 0;
    send(f);
    EXPECT_EQ(dropped(Drop::interface_full), 1u);
    interface.space = 4;
    interface.refuses = true;
    send(f);
    EXPECT_EQ(dropped(Drop::interface_refused), 1u);
    const Bytes long_frame = frame(station(0x20), station(9), 1519);
    Frame longer(long_frame);
    EXPECT_EQ(uplink.deliver(longer), Drop::too_long);
    interface.state.up = false;
    uplink.look_at_link();
    send(f);
    EXPECT_EQ(dropped(Drop::port_down), 1u);
}

class WaitingTest : public ::testing::Test {
  protected:
    WaitingTest() {
        uplink.look_at_link();
        rig[0].start(all_net_features);
        interface.receive(frame(station(1), station(0x20)));
    }
    static NetDevice::Parameters waiting() {
        NetDevice::Parameters p = NetRig::parameters_of_all();
        p.wait_for_room = true;
        return p;
    }
    NetRig rig{2, waiting()};
    FakeInterface interface;
    Uplink uplink{rig.net, interface, 8};
};

// As configured, a frame waits in the ring until the interface has room, and nothing is lost.
TEST_F(WaitingTest, FramesWaitForRoom) {
    NetNode& n = rig[0];
    for (std::uint8_t i = 0; i < 10; ++i)
        n.send(frame(station(0x20), station(1), 64, i));
    for (int left = 10; left > 0; left -= 4) {
        n.work();
        EXPECT_EQ(interface.space, left > 4 ? 0u : 4u - static_cast<unsigned>(left));
        EXPECT_TRUE(rig.net.balanced());
        interface.space = 4;
    }
    ASSERT_EQ(interface.sent.size(), 10u);
    for (std::uint8_t i = 0; i < 10; ++i)
        EXPECT_EQ(interface.sent[i], frame(station(0x20), station(1), 64, i));
    EXPECT_EQ(n.counters.chains, 10u);
    EXPECT_EQ(n.transmit.used_index(), 10u);
}

// Nobody waits for a front-end, for a flood, or for an interface without a link.
TEST_F(WaitingTest, OnlyForAnInterfaceThatIsUp) {
    rig[1].start(all_net_features);
    rig[1].send(frame(broadcast_mac, station(2)));
    rig[1].work();
    interface.space = 0;
    NetNode& n = rig[0];
    n.send(frame(station(2), station(1)));
    n.send(frame(broadcast_mac, station(1)));
    n.work();
    EXPECT_EQ(n.transmit.used_index(), 2u);
    EXPECT_EQ(rig.dropped_out(uplink.switch_port(), Drop::interface_full), 1u);
    n.send(frame(station(0x20), station(1)));
    n.work();
    EXPECT_EQ(n.transmit.used_index(), 2u);
    interface.state.up = false;
    uplink.look_at_link();
    n.work();
    EXPECT_EQ(n.transmit.used_index(), 3u);
    EXPECT_EQ(rig.dropped_out(uplink.switch_port(), Drop::port_down), 1u);
}

TEST_F(UplinkTest, ItsLinkIsTheDevices) {
    interface.state.up = false;
    uplink.look_at_link();
    EXPECT_EQ(n.transport.read(abi::mmio::config + net::config::status, 2), 0u);
    interface.state.up = true;
    uplink.look_at_link();
    EXPECT_EQ(n.transport.read(abi::mmio::config + net::config::status, 2), 1u);
    // Found out while sending.
    send(frame(station(0x20), station(1)));
    interface.state.up = false;
    rig.net.flush();
    EXPECT_EQ(n.transport.read(abi::mmio::config + net::config::status, 2), 0u);
}

// --- configuration
// --------------------------------------------------------------------------------

TEST(NetGuestConfig, ProblemsAreFound) {
    const auto problem = [](auto change) {
        GuestConfig c = net_devices(2);
        change(c);
        return check(c).problem;
    };
    EXPECT_EQ(problem([](GuestConfig&) {}), ConfigProblem::none);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[1].net.mac = {}; }), ConfigProblem::bad_mac);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[1].net.mac = group_mac; }),
              ConfigProblem::bad_mac);
    EXPECT_EQ(problem([](GuestConfig& c) {
                  c.devices[1].net.mac = {};
                  c.devices[1].net.offer_mac = false;
              }),
              ConfigProblem::none);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[1].net.mac = c.devices[0].net.mac; }),
              ConfigProblem::shared_mac);
    // 5.1.4.1: 68 to 65535; here up to what the switch carries.
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.mtu = 67; }), ConfigProblem::bad_mtu);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.mtu = 68; }), ConfigProblem::none);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.mtu = 9216; }), ConfigProblem::none);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.mtu = 9217; }), ConfigProblem::bad_mtu);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.speed_mbps = 0x8000'0000; }),
              ConfigProblem::bad_speed);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.duplex = 2; }),
              ConfigProblem::bad_speed);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.ctrl_vq = false; }),
              ConfigProblem::no_control_queue);
    EXPECT_EQ(problem([](GuestConfig& c) { c.devices[0].net.stations = 0; }),
              ConfigProblem::no_stations);
    EXPECT_EQ(problem([](GuestConfig& c) { c.net.uplink_stations = 0; }),
              ConfigProblem::no_stations);
    EXPECT_EQ(problem([](GuestConfig& c) { c.net.traffic.present = true; }),
              ConfigProblem::bad_traffic);
    const auto traffic = [&](std::uint16_t size, std::size_t device) {
        return problem([=](GuestConfig& c) {
            c.net.traffic = {
                .present = true, .mac = station(9), .frame_bytes = size, .device = device};
        });
    };
    EXPECT_EQ(traffic(0, 0), ConfigProblem::none);
    EXPECT_EQ(traffic(14, 1), ConfigProblem::none);
    EXPECT_EQ(traffic(9234, 1), ConfigProblem::none);
    EXPECT_EQ(traffic(13, 1), ConfigProblem::bad_traffic);
    EXPECT_EQ(traffic(9235, 1), ConfigProblem::bad_traffic);
    EXPECT_EQ(traffic(64, 2), ConfigProblem::bad_traffic);
    EXPECT_EQ(problem([](GuestConfig& c) {
                  c.net.traffic = {.present = true,
                                   .mac = station(9),
                                   .echo = TrafficEcho::once_acknowledged,
                                   .device = 2};
              }),
              ConfigProblem::bad_traffic);
}

TEST(NetGuestConfig, DropsHaveNames) {
    EXPECT_EQ(name(Drop::none), "none");
    EXPECT_EQ(name(Drop::reset), "reset");
    EXPECT_EQ(name(Drop::interface_full), "interface_full");
    EXPECT_EQ(name(Drop::port_down), "port_down");
    EXPECT_EQ(name(Drop::count), "unknown");
}

}  // namespace
}  // namespace vms::service::test
