// What the tests of the network device and the switch share: stations of a switch that record, and
// the driver's side of a network device written by hand after VirtIO v1.4, 5.1.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/vms/service/rig.h"
#include "vms/abi/virtio_net.h"
#include "vms/service/net/net_device.h"
#include "vms/service/net/switch.h"

namespace vms::service::test {

namespace net = abi::net;

using Bytes = std::vector<std::byte>;

constexpr std::uint64_t feature(unsigned number) {
    return abi::mmio::feature_bit(number);
}
/// Everything that a network device here can offer.
inline constexpr std::uint64_t all_net_features =
    version_1 | access_platform | indirect_desc | event_idx | feature(net::feature::mac) |
    feature(net::feature::status) | feature(net::feature::mtu) |
    feature(net::feature::speed_duplex) | feature(net::feature::mrg_rxbuf) |
    feature(net::feature::csum) | feature(net::feature::guest_csum) |
    feature(net::feature::ctrl_vq) | feature(net::feature::ctrl_rx) |
    feature(net::feature::ctrl_rx_extra) | feature(net::feature::ctrl_mac_addr);
constexpr std::uint64_t without(std::uint64_t features, unsigned number) {
    return features & ~feature(number);
}

/// A locally administered address that ends in `last`.
constexpr net::Mac station(std::uint8_t last) {
    return {0x02, 0, 0, 0, 0, last};
}
inline constexpr net::Mac broadcast_mac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
inline constexpr net::Mac group_mac{0x33, 0x33, 0, 0, 0, 1};

/// A frame of `size` bytes; the payload counts up from `seed`.
inline Bytes frame(const net::Mac& to, const net::Mac& from, std::size_t size = 64,
                   std::uint8_t seed = 0, std::uint16_t type = 0x0800) {
    Bytes f(size);
    for (std::size_t i = 0; i < size; ++i)
        f[i] = static_cast<std::byte>(seed + i);
    Bytes header;
    for (const net::Mac* mac : {&to, &from})
        for (const std::uint8_t b : *mac)
            header.push_back(std::byte{b});
    header.push_back(static_cast<std::byte>(type >> 8));
    header.push_back(static_cast<std::byte>(type & 0xff));
    std::copy_n(header.begin(), std::min(size, header.size()), f.begin());
    return f;
}

/// Behind a port of the switch: keeps what it is given.
class Station final : public SwitchPort {
  public:
    std::vector<Bytes> frames;
    std::vector<bool> partial;
    Drop answer = Drop::none;
    std::optional<bool> uplink;
    unsigned flushes = 0;
    Switch* completes = nullptr;  ///< complete checksums there

    Drop deliver(Frame& f) override {
        if (answer != Drop::none)
            return answer;
        if (f.partial() && completes != nullptr)
            completes->complete_checksum(f);
        frames.emplace_back(f.bytes().begin(), f.bytes().end());
        partial.push_back(f.partial());
        return Drop::none;
    }
    void flush() override { ++flushes; }
    void uplink_changed(bool up) override { uplink = up; }
};

/// A used receive buffer, or several joined.
struct Received {
    net::Header header;
    Bytes bytes;
    std::vector<std::uint32_t> used;  ///< lengths of the used elements
};

/// One network device and its driver.
class NetNode {
  public:
    static constexpr std::uint64_t bytes = 0x20'0000;
    static constexpr std::uint16_t ring = 64;
    static constexpr std::uint32_t slot = 16384;  ///< of a buffer, in the rings' own memory

    NetNode(vms::test::FakeCpu& machine, Port& port, Switch& net, std::size_t index,
            const NetDevice::Parameters& parameters)
        : cpu(machine),
          base{shared_base + bytes * index},
          memory(port, base, bytes),
          device(port, net, parameters, counters),
          transport(port, memory, device, 0xa00'0000 + 0x200 * index, counters),
          registers(transport),
          receive(machine, base, ring),
          transmit(machine, base + 0x1000, ring),
          control(machine, base + 0x2000, ring) {}

    vms::test::FakeCpu& cpu;
    GuestAddr base;
    SharedMemory memory;
    DeviceCounters counters;
    NetDevice device;
    MmioTransport transport;
    Registers registers;
    DriverRing receive;
    DriverRing transmit;
    DriverRing control;

    GuestAddr transmit_buffer(std::size_t i) const { return base + 0x10000 + slot * (i % 32); }
    GuestAddr receive_buffer(std::size_t i) const { return base + 0x110000 + slot * (i % 32); }

    /// 3.1.1 with these features.
    void start(std::uint64_t features) {
        ASSERT_TRUE(registers.negotiate(features));
        for (DriverRing* r : {&receive, &transmit, &control})
            r->restart();
        // Only what the rings occupy: buffers keep what they held.
        for (std::uint64_t at = 0; at < 0x3000; at += 8)
            cpu.poke(base + at, std::uint64_t{0});
        registers.configure(net::receiveq, receive.areas());
        registers.configure(net::transmitq, transmit.areas());
        if ((features & feature(net::feature::ctrl_vq)) != 0)
            registers.configure(net::controlq, control.areas());
        registers.driver_ok();
        next_received_ = 0;
        posted_.clear();
        sent_ = 0;
    }

    // --- transmission -----------------------------------------------------------------------
    void put(GuestAddr at, std::span<const std::byte> what) {
        for (std::size_t i = 0; i < what.size(); ++i)
            cpu.poke(at + i, what[i]);
    }
    Bytes get(GuestAddr at, std::size_t n) const {
        Bytes b(n);
        for (std::size_t i = 0; i < n; ++i)
            b[i] = cpu.peek<std::byte>(at + i);
        return b;
    }
    /// Header and frame in one descriptor, made available and kicked.
    void send(const Bytes& f, const net::Header& header = {}) {
        queue(f, header);
        kick(net::transmitq);
    }
    void queue(const Bytes& f, const net::Header& header = {}) {
        const GuestAddr at = transmit_buffer(sent_++);
        cpu.poke(at, header);
        put(at + net::header::bytes, f);
        transmit.add({{at, static_cast<std::uint32_t>(net::header::bytes + f.size()), false}});
    }
    void kick(std::uint32_t queue) { registers.write(abi::mmio::queue_notify, queue); }
    /// All the work there is, and its publication.
    void work() {
        for (int i = 0; transport.work(); ++i)
            ASSERT_LT(i, 1'000'000) << "no end";
        transport.publish();
    }

    // --- reception --------------------------------------------------------------------------
    /// Post buffers of this size; each of one descriptor.
    void post(std::size_t n = 1, std::uint32_t size = 2048) {
        for (std::size_t i = 0; i < n; ++i) {
            const GuestAddr at = receive_buffer(post_++);
            receive.add({{at, size, true}});
            posted_.push_back({at, size});
        }
    }
    /// Buffers posted and not taken back.
    std::size_t posted() const { return posted_.size(); }
    /// The next packet as a driver reads it: 5.1.9.4. None: nothing used.
    std::optional<Received> take() {
        if (next_received_ == receive.used_index())
            return std::nullopt;
        Received r;
        std::uint16_t buffers = 1;
        for (std::uint16_t i = 0; i < buffers; ++i) {
            if (next_received_ == receive.used_index()) {
                ADD_FAILURE() << "fewer used than num_buffers: " << buffers;
                break;
            }
            const UsedElement u = receive.used(next_received_++);
            const auto [at, size] = posted_.front();
            posted_.pop_front();
            EXPECT_LE(u.length, size);
            Bytes b = get(at, u.length);
            if (i == 0) {
                EXPECT_GE(b.size(), net::header::bytes);
                std::memcpy(&r.header, b.data(), net::header::bytes);
                b.erase(b.begin(), b.begin() + net::header::bytes);
                buffers = r.header.num_buffers;
                EXPECT_GE(buffers, 1);
            }
            r.bytes.insert(r.bytes.end(), b.begin(), b.end());
            r.used.push_back(u.length);
        }
        return r;
    }
    std::vector<Received> take_all() {
        std::vector<Received> all;
        while (std::optional<Received> r = take())
            all.push_back(*r);
        return all;
    }

    // --- control ----------------------------------------------------------------------------
    /// Its acknowledge.
    std::uint8_t command(std::uint8_t cls, std::uint8_t what, const Bytes& data) {
        const GuestAddr at = base + 0x4000;
        cpu.poke(at, cls);
        cpu.poke(at + 1, what);
        put(at + 2, data);
        const GuestAddr ack = base + 0x8000;
        cpu.poke(ack, std::uint8_t{0xaa});
        const std::uint16_t before = control.used_index();
        control.add({{at, static_cast<std::uint32_t>(2 + data.size()), false}, {ack, 1, true}});
        kick(net::controlq);
        work();
        EXPECT_EQ(static_cast<std::uint16_t>(before + 1), control.used_index());
        EXPECT_EQ(control.used(before).length, 1u);
        return cpu.peek<std::uint8_t>(ack);
    }
    std::uint8_t mode(std::uint8_t what, bool on) {
        return command(net::control::rx::cls, what, {std::byte{on}});
    }

  private:
    struct Posted {
        GuestAddr at{};
        std::uint32_t size = 0;
    };
    std::size_t sent_ = 0;
    std::size_t post_ = 0;
    std::uint16_t next_received_ = 0;
    std::deque<Posted> posted_;
};

/// A switch with network devices and one station without a device, the last port.
class NetRig {
  public:
    explicit NetRig(std::size_t nodes = 1, NetDevice::Parameters parameters = parameters_of_all(),
                    const Switch::Parameters& sw = {})
        : ram_(cpu.add_ram(shared_base, NetNode::bytes * nodes)), net(port, sw) {
        for (std::size_t i = 0; i < nodes; ++i) {
            parameters.mac = station(static_cast<std::uint8_t>(1 + i));
            nodes_.push_back(std::make_unique<NetNode>(cpu, port, net, i, parameters));
        }
        station_port = net.attach(outside, 64);
        net.begin_pass();
    }

    static NetDevice::Parameters parameters_of_all() {
        return {.features = all_net_features,
                .queue_size_max = NetNode::ring,
                .speed_mbps = 1000,
                .duplex = net::config::duplex_full};
    }

    vms::test::FakeCpu cpu;
    OperationCosts costs;
    Port port{cpu, costs};

  private:
    std::span<std::byte> ram_;

  public:
    Switch net;
    Station outside;
    std::uint8_t station_port = 0;

    NetNode& operator[](std::size_t i) { return *nodes_[i]; }
    /// The station sends.
    void arrive(const Bytes& f) {
        Frame view(f);
        net.enter(station_port, view);
    }
    const PortCounters& counters(std::size_t p) const { return net.counters(p); }
    std::uint64_t dropped_in(std::size_t p, Drop cause) const {
        return net.counters(p).dropped_in[static_cast<std::size_t>(cause)];
    }
    std::uint64_t dropped_out(std::size_t p, Drop cause) const {
        return net.counters(p).dropped_out[static_cast<std::size_t>(cause)];
    }

  private:
    std::vector<std::unique_ptr<NetNode>> nodes_;
};

}  // namespace vms::service::test
