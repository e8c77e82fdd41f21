// The control queue and receive filtering, against VirtIO v1.4, 5.1.9.5. Each test names its
// clause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/net_rig.h"

namespace vms::service::test {
namespace {

namespace control = abi::net::control;

constexpr net::Mac other_unicast = station(0x55);
constexpr net::Mac other_group{0x01, 0x00, 0x5e, 0, 0, 0x12};

Bytes bytes_of(const net::Mac& mac) {
    Bytes b;
    for (const std::uint8_t v : mac)
        b.push_back(std::byte{v});
    return b;
}
/// 5.1.9.5.2: struct virtio_net_ctrl_mac, twice.
Bytes table(const std::vector<net::Mac>& unicast, const std::vector<net::Mac>& multicast) {
    Bytes b;
    for (const auto* list : {&unicast, &multicast}) {
        for (unsigned i = 0; i < 4; ++i)
            b.push_back(static_cast<std::byte>(list->size() >> (8 * i)));
        for (const net::Mac& m : *list) {
            const Bytes mac = bytes_of(m);
            b.insert(b.end(), mac.begin(), mac.end());
        }
    }
    return b;
}

class NetControl : public ::testing::Test {
  protected:
    NetRig rig;
    NetNode& n = rig[0];

    void SetUp() override { n.start(all_net_features); }
    bool receives(const net::Mac& to) {
        n.post(1);
        storage_ = frame(to, station(9));
        Frame f(storage_);
        const bool taken = n.device.deliver(f) == Drop::none;
        n.transport.publish();
        EXPECT_EQ(n.take().has_value(), taken);
        return taken;
    }
    struct Accepts {
        bool own, unicast, group, broadcast;
        bool operator==(const Accepts&) const = default;
    };
    Accepts accepts() {
        return {receives(station(1)), receives(other_unicast), receives(other_group),
                receives(broadcast_mac)};
    }

  private:
    Bytes storage_;
};

// 5.1.9.5.2.1: an empty table on reset; what matches neither mac nor table is dropped.
TEST_F(NetControl, AtFirstItsOwnAddressAndBroadcast) {
    EXPECT_TRUE(accepts() == (Accepts{true, false, false, true}));
}

// 5.1.9.5.1.1: PROMISC and ALLMULTI with CTRL_RX.
TEST_F(NetControl, PromiscuousReceivesAll) {
    EXPECT_EQ(n.mode(control::rx::promisc, true), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, true, true, true}));
    // Even if other modes are on.
    EXPECT_EQ(n.mode(control::rx::nouni, true), control::ok);
    EXPECT_EQ(n.mode(control::rx::nomulti, true), control::ok);
    EXPECT_EQ(n.mode(control::rx::nobcast, true), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, true, true, true}));
    EXPECT_EQ(n.mode(control::rx::promisc, false), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{false, false, false, false}));
}

TEST_F(NetControl, AllMulticast) {
    EXPECT_EQ(n.mode(control::rx::allmulti, true), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, false, true, true}));
    // NOMULTI and NOBCAST take effect even if ALLMULTI is on; NOMULTI not for broadcast.
    EXPECT_EQ(n.mode(control::rx::nomulti, true), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, false, false, true}));
    EXPECT_EQ(n.mode(control::rx::nomulti, false), control::ok);
    EXPECT_EQ(n.mode(control::rx::nobcast, true), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, false, true, false}));
    EXPECT_EQ(n.mode(control::rx::allmulti, false), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, false, false, false}));
}

// 5.1.9.5.1.1: ALLUNI and NOUNI with CTRL_RX_EXTRA.
TEST_F(NetControl, AllUnicastAndNoUnicast) {
    EXPECT_EQ(n.mode(control::rx::alluni, true), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, true, false, true}));
    EXPECT_EQ(n.mode(control::rx::nouni, true), control::ok);  // even if ALLUNI is on
    EXPECT_TRUE(accepts() == (Accepts{false, false, false, true}));
}

// 5.1.9.5.1.2: the extra modes are commands only with CTRL_RX_EXTRA, the others with CTRL_RX.
TEST_F(NetControl, ModesThatWereNotNegotiatedAreRefused) {
    n.start(without(all_net_features, net::feature::ctrl_rx_extra));
    for (const std::uint8_t m :
         {control::rx::alluni, control::rx::nomulti, control::rx::nouni, control::rx::nobcast})
        EXPECT_EQ(n.mode(m, true), control::err) << int{m};
    EXPECT_EQ(n.mode(control::rx::promisc, true), control::ok);
    n.start(without(without(all_net_features, net::feature::ctrl_rx_extra), net::feature::ctrl_rx));
    EXPECT_EQ(n.mode(control::rx::promisc, true), control::err);
    EXPECT_EQ(n.mode(control::rx::allmulti, true), control::err);
    EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, table({}, {})), control::err);
    // A driver that cannot say which groups it wants gets all of them.
    EXPECT_TRUE(accepts() == (Accepts{true, false, true, true}));
}

// 5.1.9.5.2: the table is set before the command is used, and set as a whole.
TEST_F(NetControl, TheMacTable) {
    EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set,
                        table({other_unicast}, {other_group})),
              control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, true, true, true}));
    EXPECT_FALSE(receives(group_mac));
    EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, table({}, {group_mac})),
              control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, false, false, true}));
    EXPECT_TRUE(receives(group_mac));
    // 5.1.9.5.2.1: empty on reset.
    n.start(all_net_features);
    EXPECT_FALSE(receives(group_mac));
}

// Footnote of 5.1.9.5.2: with too many addresses a device may accept all of the kind.
TEST_F(NetControl, ATableThatIsTooLongAcceptsAllOfItsKind) {
    std::vector<net::Mac> many;
    for (unsigned i = 0; i < ReceiveFilter::table_entries + 1; ++i)
        many.push_back({0x02, 0, 0, 1, 0, static_cast<std::uint8_t>(i)});
    EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, table(many, {})), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, true, false, true}));
    many.pop_back();
    EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, table(many, {})), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, false, false, true}));
    EXPECT_TRUE(receives(many.back()));
}

// 5.1.9.5.2.2 has the driver follow the command by two tables: whatever is cut or continued is
// refused, and the table in force stays.
TEST_F(NetControl, MalformedTablesAreRefused) {
    const Bytes good = table({other_unicast}, {other_group});
    EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, good), control::ok);
    const Bytes empty = table({}, {});
    for (std::size_t size = 0; size < good.size(); ++size) {
        Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, cut), control::err) << size;
    }
    Bytes longer = empty;
    longer.push_back(std::byte{0});
    EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, longer), control::err);
    // Counts whose product with 6 wraps in 32 bits.
    for (const std::uint32_t count : {0x2aaa'aaabu, 0x8000'0000u, 0xffff'ffffu}) {
        Bytes huge = empty;
        for (unsigned i = 0; i < 4; ++i)
            huge[i] = static_cast<std::byte>(count >> (8 * i));
        EXPECT_EQ(n.command(control::mac::cls, control::mac::table_set, huge), control::err);
    }
    EXPECT_TRUE(accepts() == (Accepts{true, true, true, true}));
    EXPECT_EQ(n.counters.commands, 1u);
}

// 5.1.9.5.2: MAC_ADDR_SET sets what the filter accepts and mac in the configuration; by 5.1.9.5.2.1
// before the command is used. A reset brings the configured one back.
TEST_F(NetControl, TheAddress) {
    const auto mac_in_config = [this] {
        net::Mac mac{};
        for (std::uint32_t i = 0; i < mac.size(); ++i)
            mac[i] = static_cast<std::uint8_t>(n.transport.read(abi::mmio::config + i, 1));
        return mac;
    };
    // 4.2.2.1: the configuration space has changed, so its generation has too.
    const std::uint32_t generation = n.registers.read(abi::mmio::config_generation);
    EXPECT_EQ(n.command(control::mac::cls, control::mac::addr_set, bytes_of(other_unicast)),
              control::ok);
    EXPECT_EQ(mac_in_config(), other_unicast);
    EXPECT_NE(n.registers.read(abi::mmio::config_generation), generation);
    EXPECT_TRUE(accepts() == (Accepts{false, true, false, true}));
    for (const std::size_t size : {0u, 1u, 5u, 7u})
        EXPECT_EQ(n.command(control::mac::cls, control::mac::addr_set, Bytes(size)), control::err);
    EXPECT_EQ(n.command(control::mac::cls, control::mac::addr_set, bytes_of(group_mac)),
              control::err);
    EXPECT_EQ(mac_in_config(), other_unicast);
    const std::uint32_t before_reset = n.registers.read(abi::mmio::config_generation);
    n.start(all_net_features);
    EXPECT_EQ(mac_in_config(), station(1));
    EXPECT_NE(n.registers.read(abi::mmio::config_generation), before_reset);
    n.start(without(all_net_features, net::feature::ctrl_mac_addr));
    EXPECT_EQ(n.command(control::mac::cls, control::mac::addr_set, bytes_of(other_unicast)),
              control::err);
}

// The address of a device is its port's alone: nobody else may send from it or set it, before and
// after its driver has set another; and no driver sets the address of a station seen elsewhere.
TEST(NetControlAddress, IsNobodyElses) {
    NetRig rig(2);
    NetNode& victim = rig[0];
    NetNode& thief = rig[1];
    victim.start(all_net_features);
    thief.start(all_net_features);
    const auto set = [](NetNode& n, const net::Mac& mac) {
        return n.command(control::mac::cls, control::mac::addr_set, bytes_of(mac));
    };
    const auto steal = [&](const net::Mac& mac) {
        const std::uint64_t before = rig.dropped_in(1, Drop::spoofed);
        thief.send(frame(station(0x44), mac));
        thief.work();
        return rig.dropped_in(1, Drop::spoofed) == before;
    };
    EXPECT_FALSE(steal(station(1)));
    EXPECT_EQ(set(thief, station(1)), control::err);
    EXPECT_EQ(set(victim, other_unicast), control::ok);
    EXPECT_FALSE(steal(station(1)));
    EXPECT_FALSE(steal(other_unicast));
    EXPECT_EQ(set(thief, other_unicast), control::err);
    EXPECT_EQ(set(thief, station(1)), control::err);
    // What it has set is given up with the next, and by a reset; the first never.
    EXPECT_EQ(set(victim, station(0x21)), control::ok);
    EXPECT_EQ(set(thief, other_unicast), control::ok);
    victim.registers.write(abi::mmio::status, 0);
    EXPECT_TRUE(steal(station(0x21)));
    EXPECT_FALSE(steal(station(1)));
    // A station that was seen outside.
    rig.arrive(frame(broadcast_mac, station(0x66)));
    EXPECT_EQ(set(thief, station(0x66)), control::err);
    EXPECT_TRUE(rig.net.balanced());
}

// 5.1.4.2: a driver that does not accept MAC uses an address of its own: until it has told which,
// all unicast frames may be its.
TEST_F(NetControl, WithoutMacAnyUnicastIsAccepted) {
    n.start(without(all_net_features, net::feature::mac));
    EXPECT_TRUE(accepts() == (Accepts{true, true, false, true}));
    EXPECT_EQ(n.command(control::mac::cls, control::mac::addr_set, bytes_of(other_unicast)),
              control::ok);
    EXPECT_TRUE(accepts() == (Accepts{false, true, false, true}));
}

// 5.1.9.5.3.1: without CTRL_VLAN all tagged packets are accepted.
TEST_F(NetControl, TaggedFramesAreAccepted) {
    n.post(1);
    rig.arrive(frame(station(1), station(9), 100, 0, 0x8100));
    n.transport.publish();
    EXPECT_TRUE(n.take());
}

TEST_F(NetControl, UnknownCommandsAreRefused) {
    struct Case {
        std::uint8_t cls, command;
        std::size_t data;
    };
    for (const Case& c : std::initializer_list<Case>{{control::rx::cls, 6, 1},
                                                     {control::rx::cls, 255, 1},
                                                     {control::rx::cls, control::rx::promisc, 0},
                                                     {control::rx::cls, control::rx::promisc, 2},
                                                     {control::mac::cls, 2, 6},
                                                     {control::vlan_cls, 0, 2},
                                                     {control::announce_cls, 0, 0},
                                                     {control::mq_cls, 0, 2},
                                                     {255, 255, 300}})
        EXPECT_EQ(n.command(c.cls, c.command, Bytes(c.data)), control::err)
            << int{c.cls} << "." << int{c.command};
    // Neither off nor on.
    EXPECT_EQ(n.command(control::rx::cls, control::rx::promisc, {std::byte{2}}), control::err);
    EXPECT_TRUE(accepts() == (Accepts{true, false, false, true}));
    EXPECT_EQ(n.counters.commands, 0u);
    EXPECT_EQ(n.counters.refused_commands, 10u);
}

// Hostile framing: no class, no command, no place for the ack, all of it in single bytes.
TEST_F(NetControl, AnyFramingIsSurvived) {
    const GuestAddr at = n.base + 0x4000;
    n.cpu.poke(at, control::rx::cls);
    n.cpu.poke(at + 1, control::rx::promisc);
    n.cpu.poke(at + 2, std::uint8_t{1});
    const GuestAddr ack = n.base + 0x8000;
    n.cpu.poke(ack, std::uint8_t{0xaa});
    n.control.add({{at, 1, false}, {ack, 1, true}});
    n.kick(net::controlq);
    n.work();
    EXPECT_EQ(n.cpu.peek<std::uint8_t>(ack), control::err);
    n.control.add({{ack, 0, true}});
    n.control.add({{at, 3, false}});  // takes effect; there is no place to say so
    n.kick(net::controlq);
    n.work();
    EXPECT_EQ(n.control.used_index(), 3u);
    EXPECT_EQ(n.control.used(2).length, 0u);
    EXPECT_EQ(n.counters.bad_buffers, 2u);
    EXPECT_TRUE(receives(other_unicast));
    n.cpu.poke(at + 2, std::uint8_t{0});
    n.control.add({{at, 1, false}, {at + 1, 1, false}, {at + 2, 1, false}, {ack, 100, true}});
    n.kick(net::controlq);
    n.work();
    EXPECT_EQ(n.control.used(3).length, 1u);
    EXPECT_EQ(n.cpu.peek<std::uint8_t>(ack), control::ok);
    EXPECT_FALSE(receives(other_unicast));
}

// A table of 12 million addresses, by overlapping buffers: what is too long for the filter is
// passed over, not read.
TEST_F(NetControl, AHugeTableIsNotRead) {
    constexpr std::uint32_t segment = 1'200'000;
    constexpr std::uint16_t segments = 60;
    const GuestAddr data = n.base + 0x4000;
    n.cpu.poke(data, control::mac::cls);
    n.cpu.poke(data + 1, control::mac::table_set);
    n.cpu.poke(data + 2, segment * segments / std::uint32_t{net::mac_bytes});
    n.cpu.poke(data + 6, std::uint32_t{0});
    const GuestAddr ack = n.base + 0x8000;
    const GuestAddr table = n.base + 0x5000;
    std::uint16_t entries = 0;
    const auto entry = [&](GuestAddr at, std::uint32_t size, std::uint16_t flags) {
        n.cpu.poke(
            table + 16ull * entries,
            abi::ring::Descriptor{at.value, size, flags, static_cast<std::uint16_t>(entries + 1)});
        ++entries;
    };
    entry(data, 6, abi::ring::desc::flag_next);
    for (int i = 0; i < segments; ++i)
        entry(n.base, segment, abi::ring::desc::flag_next);
    entry(data + 6, 4, abi::ring::desc::flag_next);
    entry(ack, 1, abi::ring::desc::flag_write);
    n.control.write_descriptor(0, {table.value, 16u * entries, abi::ring::desc::flag_indirect, 0});
    n.control.make_available(0);
    n.kick(net::controlq);
    rig.port.settle();
    const std::uint64_t loads = rig.cpu.retired.loads;
    n.work();
    rig.port.settle();
    EXPECT_LT(rig.cpu.retired.loads - loads, 2'000u);
    EXPECT_EQ(n.cpu.peek<std::uint8_t>(ack), control::ok);
    EXPECT_TRUE(accepts() == (Accepts{true, true, false, true}));
}

// The effect comes before the command is used (5.1.9.5.2.1): when the index is published the
// address is in the configuration.
TEST_F(NetControl, TheEffectComesFirst) {
    bool looked = false;
    rig.cpu.on_publish = [&](GuestAddr a) {
        if (a != n.control.device() + abi::ring::used::idx)
            return;
        looked = true;
        EXPECT_EQ(n.transport.read(abi::mmio::config + 5, 1), other_unicast[5]);
    };
    EXPECT_EQ(n.command(control::mac::cls, control::mac::addr_set, bytes_of(other_unicast)),
              control::ok);
    EXPECT_TRUE(looked);
}

}  // namespace
}  // namespace vms::service::test
