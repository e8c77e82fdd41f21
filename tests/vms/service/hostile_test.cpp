// Hostile and buggy drivers against the console with several ports: each item is something that has
// been a vulnerability or a field bug of a VirtIO device somewhere. A verdict follows from what the
// device does afterwards, and WEDGED is never one:
//   PASS    the device goes on: the next line of output and of input arrive
//   REJECT  the device has stopped with DEVICE_NEEDS_RESET and a configuration change interrupt
//           (VirtIO v1.4, 2.1.2), and serves the driver that resets it
#include <array>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "tests/vms/service/fake_serial.h"
#include "tests/vms/service/rig.h"
#include "vms/service/console/console.h"
#include "vms/service/serial/direct_line.h"

namespace vms::service::test {
namespace {

namespace desc = abi::ring::desc;
using abi::ring::Descriptor;
using Kind = vms::test::FakeCpu::Kind;

constexpr std::uint64_t f_multiport = 1 << 1;
constexpr std::uint64_t features =
    version_1 | access_platform | indirect_desc | ring_reset | f_multiport;
constexpr GuestAddr data = shared_base + 0x8'0000;
constexpr GuestAddr table = shared_base + 0x9'0000;

enum class Verdict : std::uint8_t { pass, reject, wedged };

/// A console of two ports, driven by hand; every step of it bounded and watched.
struct Victim {
    static constexpr std::uint16_t size = 16;
    static constexpr std::uint32_t queues = 6;

    Machine m;
    DeviceCounters counters;
    ConsoleConfig config;
    std::array<FakeSerial, 2> serials;
    DirectLine line0{serials[0]};
    DirectLine line1{serials[1]};
    std::unique_ptr<Console> console;
    std::unique_ptr<MmioTransport> transport;
    std::unique_ptr<Registers> regs;
    std::vector<DriverRing> rings;

    Victim() {
        config.multiport = true;
        config.port_count = 2;
        console = std::make_unique<Console>(
            m.port,
            Console::Parameters{
                .ring_features = features, .config = config, .lines = {&line0, &line1}},
            counters);
        transport =
            std::make_unique<MmioTransport>(m.port, m.memory, *console, 0x0a00'3e00, counters);
        regs = std::make_unique<Registers>(*transport);
        start();
    }

    /// A driver that behaves, on fresh rings, with both ports open.
    void start() {
        rings.clear();
        ASSERT_TRUE(regs->negotiate(features));
        for (std::uint32_t q = 0; q < queues; ++q) {
            const GuestAddr at = shared_base + 0x1000 * q;
            for (std::uint32_t i = 0; i < 0x1000; i += 8)
                m.cpu.poke(at + i, std::uint64_t{0});
            rings.emplace_back(m.cpu, at, size);
            regs->configure(q, rings.back().areas());
        }
        regs->driver_ok();
        for (unsigned i = 0; i < size; ++i)
            rings[2].add({{data + 0x1000, 64, true}});
        say(0, 0, 1);  // DEVICE_READY
        for (std::uint32_t port = 0; port < 2; ++port) {
            say(port, 3, 1);  // PORT_READY
            say(port, 6, 1);  // PORT_OPEN
        }
    }
    void say(std::uint32_t id, std::uint16_t event, std::uint16_t value) {
        const GuestAddr at = data + 0x2000;
        m.cpu.poke(at, id);
        m.cpu.poke(at + 4, event);
        m.cpu.poke(at + 6, value);
        rings[3].add({{at, 8, false}});
        regs->write(0x050, 3);
        run();
    }
    /// The main loop's part. A device that never comes to rest is wedged.
    bool run() const {
        for (int step = 0; step < 3000; ++step)
            if (!transport->work()) {
                transport->publish();
                return true;
            }
        ADD_FAILURE() << "the device does not come to rest";
        return false;
    }
    /// Output and input of both ports arrive.
    bool serves() {
        for (std::uint32_t port = 0; port < 2; ++port) {
            DriverRing& out = rings[abi::console::transmitq(port)];
            DriverRing& in = rings[abi::console::receiveq(port)];
            serials[port].sent.clear();
            put(m.cpu, data, "line");
            out.add({{data, 4, false}});
            regs->write(0x050, abi::console::transmitq(port));
            run();
            in.add({{data + 0x100, 8, true}});
            regs->write(0x050, abi::console::receiveq(port));
            for (const char c : std::string_view("typed"))
                serials[port].typed.push_back(c);
            serials[port].serve();
            run();
            if (serials[port].sent != "line" || out.used_index() != out.index() ||
                in.used_index() != in.index() || get(m.cpu, data + 0x100, 5) != "typed")
                return false;
        }
        return true;
    }
    Verdict verdict() {
        if (!run())
            return Verdict::wedged;
        if ((regs->read(0x070) & 0x40) == 0)
            return serves() ? Verdict::pass : Verdict::wedged;
        const bool told = (regs->read(0x060) & 2) != 0;
        start();
        return told && serves() ? Verdict::reject : Verdict::wedged;
    }
    /// Whether the device has looked outside the shared region.
    bool stayed_inside() const {
        for (const auto& r : m.cpu.log)
            if (r.kind == Kind::load || r.kind == Kind::store)
                return false;
        return true;
    }

    void kick(std::uint32_t queue) const { regs->write(0x050, queue); }
    /// One descriptor of port 0's transmit queue, made available and kicked.
    void submit(const Descriptor& d) {
        rings[1].write_descriptor(0, d);
        rings[1].make_available(0);
        kick(1);
    }
};

struct Attack {
    const char* name;
    Verdict expected;
    void (*run)(Victim&);
};

void PrintTo(const Attack& a, std::ostream* out) {
    *out << a.name;
}

constexpr Attack attacks[] = {
    {"QueueIndexNotChecked", Verdict::pass,
     [](Victim& v) {
         for (const std::uint32_t q : {6u, 18u, 0x7fff'ffffu, 0xffff'ffffu}) {
             v.regs->write(0x030, q);
             v.regs->write(0x038, 16);
             v.regs->write(0x080, 0x1234);
             v.regs->write(0x044, 1);
             v.regs->write(0x0c0, 1);
             v.kick(q);
         }
     }},
    {"HugeLength", Verdict::reject,
     [](Victim& v) {
         v.submit({data.value, 0xffff'ffff, 0, 0});
     }},
    {"UnmappedAddress", Verdict::reject,
     [](Victim& v) {
         v.submit({0xdead'0000, 16, 0, 0});
     }},
    {"AddressAndLengthWrap", Verdict::reject,
     [](Victim& v) {
         v.submit({0xffff'ffff'ffff'fff8, 0x10, 0, 0});
     }},
    {"PartlyMapped", Verdict::reject,
     [](Victim& v) {
         v.submit({shared_base.value + shared_size - 8, 16, 0, 0});
     }},
    {"JustBelowTheRegion", Verdict::reject,
     [](Victim& v) {
         v.submit({shared_base.value - 8, 16, 0, 0});
     }},
    {"DescriptorLoop", Verdict::reject,
     [](Victim& v) {
         v.submit({data.value, 4, desc::flag_next, 0});
     }},
    {"LongLoop", Verdict::reject,
     [](Victim& v) {
         for (std::uint16_t i = 0; i < Victim::size; ++i)
             v.rings[1].write_descriptor(i, {data.value, 4, desc::flag_next,
                                             static_cast<std::uint16_t>((i + 1) % Victim::size)});
         v.rings[1].make_available(0);
         v.kick(1);
     }},
    {"NextBeyondTheTable", Verdict::reject,
     [](Victim& v) {
         v.submit({data.value, 4, desc::flag_next, Victim::size});
     }},
    {"HeadBeyondTheTable", Verdict::reject,
     [](Victim& v) {
         v.rings[1].make_available(0xffff);
         v.kick(1);
     }},
    {"AvailableIndexJumps", Verdict::reject,
     [](Victim& v) {
         v.rings[1].set_index(static_cast<std::uint16_t>(v.rings[1].index() + Victim::size + 1));
         v.kick(1);
     }},
    {"AvailableIndexGoesBack", Verdict::reject,
     [](Victim& v) {
         v.rings[3].set_index(static_cast<std::uint16_t>(v.rings[3].index() - 1));
         v.kick(3);
     }},
    {"ReadableAfterWritable", Verdict::reject,
     [](Victim& v) {
         v.rings[1].write_descriptor(1, {data.value, 4, 0, 0});
         v.submit({data.value, 4, desc::flag_next | desc::flag_write, 1});
     }},
    {"IndirectOfOddSize", Verdict::reject,
     [](Victim& v) {
         v.submit({table.value, 17, desc::flag_indirect, 0});
     }},
    {"IndirectEmpty", Verdict::reject,
     [](Victim& v) {
         v.submit({table.value, 0, desc::flag_indirect, 0});
     }},
    {"IndirectNested", Verdict::reject,
     [](Victim& v) {
         v.m.cpu.poke(table, Descriptor{table.value, 16, desc::flag_indirect, 0});
         v.submit({table.value, 16, desc::flag_indirect, 0});
     }},
    {"IndirectWithNext", Verdict::reject,
     [](Victim& v) {
         v.submit({table.value, 16, desc::flag_indirect | desc::flag_next, 1});
     }},
    {"IndirectNextBeyondItsTable", Verdict::reject,
     [](Victim& v) {
         v.m.cpu.poke(table, Descriptor{data.value, 4, desc::flag_next, 2});
         v.submit({table.value, 32, desc::flag_indirect, 0});
     }},
    {"IndirectLoop", Verdict::reject,
     [](Victim& v) {
         v.m.cpu.poke(table, Descriptor{data.value, 4, desc::flag_next, 0});
         v.submit({table.value, 0x1'0000, desc::flag_indirect, 0});
     }},
    {"IndirectPartlyOutside", Verdict::reject,
     [](Victim& v) {
         v.submit({shared_base.value + shared_size - 16, 32, desc::flag_indirect, 0});
     }},
    {"ChainOf4GiB", Verdict::reject,
     [](Victim& v) {
         // 5000 times a megabyte in one indirect table.
         for (std::uint32_t i = 0; i < 5000; ++i)
             v.m.cpu.poke(table + 16ull * i,
                          Descriptor{shared_base.value, shared_size, desc::flag_next,
                                     static_cast<std::uint16_t>(i + 1)});
         v.submit({table.value, 5001 * 16, desc::flag_indirect, 0});
     }},
    {"RingOverItself", Verdict::pass,
     [](Victim& v) {
         // The buffer of input is the used ring of another queue: the driver's own affair.
         v.rings[0].add({{v.rings[5].device() + 0x80, 8, true}});
         v.kick(0);
         v.serials[0].typed.push_back('x');
         v.serials[0].serve();
     }},
    {"ControlMessageSpread", Verdict::pass,
     [](Victim& v) {
         v.rings[3].add({{data, 1, false}, {data, 3, false}, {data, 2, false}, {data, 2, false}});
         v.kick(3);
     }},
    {"ControlMessageTooShort", Verdict::pass,
     [](Victim& v) {
         for (std::uint32_t n = 0; n < 8; ++n)
             v.rings[3].add({{data, n, false}});
         v.kick(3);
     }},
    {"ControlMessageWritable", Verdict::pass,
     [](Victim& v) {
         v.rings[3].add({{data, 8, true}});
         v.kick(3);
     }},
    {"ControlBuffersReadable", Verdict::pass,
     [](Victim& v) {
         v.rings[2].add({{data, 8, false}});
         v.kick(2);
         v.console->event({.kind = DeviceEventKind::console_close, .port = 1});
         v.console->event({.kind = DeviceEventKind::console_open, .port = 1});
     }},
    {"BadPortIds", Verdict::pass,
     [](Victim& v) {
         for (const std::uint32_t id : {2u, 8u, 0x8000'0000u, 0xffff'ffffu})
             for (std::uint16_t event = 0; event < 9; ++event)
                 v.say(id, event, 1);
     }},
    {"ConsoleOpenedAndClosedWithoutEnd", Verdict::pass,
     [](Victim& v) {
         for (std::uint16_t i = 0; i < 1000; ++i)
             v.say(0, 6, i % 2);
         v.say(0, 6, 1);
     }},
    {"KicksWithoutEnd", Verdict::pass,
     [](Victim& v) {
         for (int i = 0; i < 100'000; ++i)
             v.kick(static_cast<std::uint32_t>(i % 6));
     }},
    {"RequestsWithoutEnd", Verdict::pass,
     [](Victim& v) {
         v.serials[0].fifo_room = 0;
         put(v.m.cpu, data, std::string(1000, 'x'));
         for (int i = 0; i < Victim::size; ++i)
             v.rings[1].add({{data, 1000, false}});
         v.kick(1);
         v.run();
         v.serials[0].fifo_room = 1'000'000;
         for (int i = 0; i < 100; ++i) {
             v.serials[0].serve();
             v.run();
         }
     }},
    {"SizeChangedAfterActivation", Verdict::pass,
     [](Victim& v) {
         for (std::uint32_t q = 0; q < Victim::queues; ++q) {
             v.regs->write(0x030, q);
             v.regs->write(0x038, 0);
             v.regs->write(0x080, 0);
         }
         v.kick(1);
     }},
    {"SizeZeroAfterQueueReset", Verdict::reject,
     [](Victim& v) {
         v.regs->write(0x030, 1);
         v.regs->write(0x0c0, 1);
         v.regs->write(0x038, 0);
         v.regs->write(0x044, 1);
     }},
    {"RingsMovedOutside", Verdict::reject,
     [](Victim& v) {
         v.regs->write(0x030, 0);
         v.regs->write(0x044, 0);
         v.regs->write(0x0a4, 0xffff'ffff);
         v.regs->write(0x044, 1);
     }},
    {"StatusChaos", Verdict::reject,
     [](Victim& v) {
         for (std::uint32_t i = 1; i < 0x80; ++i)  // without FAILED
             v.regs->write(0x070, i);
         v.rings[1].make_available(0xffff);
         v.kick(1);
     }},
    {"EmergencyWritesWithoutEnd", Verdict::pass,
     [](Victim& v) {
         v.serials[0].fifo_room = 0;
         for (int i = 0; i < 10'000; ++i)
             v.regs->write(0x108, 'x');
         EXPECT_EQ(v.counters.dropped_emergency, 10'000 - SerialPort::staging_bytes);
         v.serials[0].fifo_room = 1'000'000;
         v.serials[0].serve();
     }},
};

class Hostile : public ::testing::TestWithParam<Attack> {};

TEST_P(Hostile, EndsInPassOrReject) {
    Victim v;
    ASSERT_TRUE(v.serves());
    GetParam().run(v);
    EXPECT_EQ(v.verdict(), GetParam().expected);
    EXPECT_TRUE(v.stayed_inside());
    EXPECT_EQ(v.counters.dropped_chains, 0u);
}

INSTANTIATE_TEST_SUITE_P(Attacks, Hostile, ::testing::ValuesIn(attacks),
                         [](const auto& attack) { return std::string(attack.param.name); });

// A bad chain is met once, not for ever: the device does not come back to it.
TEST(HostileOnce, BadChainIsNotRetried) {
    Victim v;
    v.submit({0xdead'0000, 16, 0, 0});
    v.run();
    const std::uint64_t descriptors = v.counters.descriptors;
    for (int i = 0; i < 100; ++i) {
        v.kick(1);
        v.run();
    }
    EXPECT_EQ(v.counters.descriptors, descriptors);
    EXPECT_EQ(v.counters.queue_faults, 1u);
}

// Time of check, time of use: what the driver changes between two looks of the device changes
// nothing that was checked. The descriptor is made bad as soon as its chain was taken.
TEST(HostileOnce, DescriptorChangedWhileInUse) {
    Victim v;
    v.serials[0].sent.clear();
    v.serials[0].fifo_room = 0;
    put(v.m.cpu, data, std::string(600, 'x'));
    v.submit({data.value, 600, 0, 0});
    v.run();
    v.rings[1].write_descriptor(0, {0xdead'0000, 0xffff'ffff, desc::flag_next, 0xffff});
    v.serials[0].fifo_room = 1'000'000;
    for (int i = 0; i < 10; ++i) {
        v.serials[0].serve();
        v.run();
    }
    EXPECT_EQ(v.serials[0].sent, std::string(600, 'x'));
    EXPECT_EQ(v.regs->read(0x070), 0xfu);
    EXPECT_TRUE(v.stayed_inside());
}

// After a reset, a queue reset or QueueReady 0 the rings may hold anything: the device writes there
// no more.
TEST(HostileOnce, UsedRingIsNotWrittenAfterItsEnd) {
    for (int way = 0; way < 3; ++way) {
        Victim v;
        v.serials[0].fifo_room = 0;
        v.rings[1].add({{data, 600, false}});
        v.kick(1);
        v.run();
        if (way == 0) {
            v.regs->write(0x070, 0);
        } else {
            v.regs->write(0x030, 1);
            v.regs->write(way == 1 ? 0x0c0 : 0x044, way == 1 ? 1 : 0);
        }
        for (std::uint32_t i = 0; i < 0x1000; i += 8)
            v.m.cpu.poke(v.rings[1].descriptor() + i, ~std::uint64_t{0});
        v.serials[0].fifo_room = 1'000'000;
        v.serials[0].serve();
        v.run();
        for (std::uint32_t i = 0; i < 0x1000; i += 8)
            EXPECT_EQ(v.m.cpu.peek<std::uint64_t>(v.rings[1].descriptor() + i), ~std::uint64_t{0});
    }
}

// Every descriptor of a chain counts, not the first only.
TEST(HostileOnce, WholeChainIsUsed) {
    Victim v;
    v.serials[0].sent.clear();
    put(v.m.cpu, data, "abcdef");
    v.rings[1].add(
        {{data, 1, false}, {data + 1, 0, false}, {data + 1, 2, false}, {data + 3, 3, false}});
    v.kick(1);
    v.run();
    EXPECT_EQ(v.serials[0].sent, "abcdef");
}

// Registers and rings at random: whatever happens, the device comes to rest, stays inside, and
// serves the next driver. The seed is fixed, and so is the order of draws.
TEST(HostileRandom, RegistersAndRings) {
    std::mt19937_64 random(20240);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    Victim v;
    constexpr std::array<std::uint32_t, 22> offsets{
        0x000, 0x010, 0x014, 0x020, 0x024, 0x030, 0x034, 0x038, 0x044, 0x050, 0x060,
        0x064, 0x070, 0x080, 0x084, 0x090, 0x0a0, 0x0ac, 0x0c0, 0x0fc, 0x100, 0x108};
    for (int round = 0; round < 300; ++round) {
        for (int step = 0; step < 60; ++step) {
            const std::uint32_t offset =
                below(8) == 0 ? static_cast<std::uint32_t>(below(0x200)) : offsets[below(22)];
            const std::uint64_t width = below(10) == 0 ? below(10) : 4;
            const std::uint64_t value = below(4) == 0 ? random() : below(20);
            switch (below(6)) {
                case 0:
                    v.transport->read(offset, width);
                    break;
                case 1:
                    if (offset != 0x070 || below(50) == 0)
                        v.transport->write(offset, width, value);
                    break;
                case 2:
                    v.kick(static_cast<std::uint32_t>(below(6)));
                    break;
                default: {  // somewhere in a queue's areas, which are below 0x1c0
                    const GuestAddr at = shared_base + 0x1000 * below(6) + below(0x1c0);
                    const std::uint64_t what = below(3) == 0 ? random() : below(20);
                    v.m.cpu.poke(at, static_cast<std::uint16_t>(what));
                    break;
                }
            }
            if (below(3) == 0) {
                ASSERT_TRUE(v.run());
            }
            if (below(10) == 0) {
                v.serials[below(2)].typed.push_back('t');
                v.serials[0].serve();
                v.serials[1].serve();
            }
        }
        ASSERT_TRUE(v.run());
        ASSERT_TRUE(v.stayed_inside());
        v.m.cpu.log.clear();
        // What was kept for the driver before does not belong to the next one's test.
        v.start();
        for (std::uint32_t port = 0; port < 2; ++port) {
            DriverRing& in = v.rings[abi::console::receiveq(port)];
            in.add({{data + 0x1'0000, 0x1'0000, true}});
            v.kick(abi::console::receiveq(port));
            v.serials[port].typed.push_back('t');
            v.serials[port].serve();
            v.run();
        }
        ASSERT_TRUE(v.serves()) << round;
    }
    EXPECT_GT(v.counters.needs_reset, 10u);
    EXPECT_EQ(v.counters.dropped_chains, 0u);
}

}  // namespace
}  // namespace vms::service::test
