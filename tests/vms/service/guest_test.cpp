// The service guest as a program: the order of its work, hypercall by hypercall, against Bao's
// remote I/O (vms/abi/bao.h), and that no front-end harms another.
#include "vms/service/guest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vms/service/world.h"

namespace vms::service::test {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;

struct GuestTest : ::testing::Test {
    World w{two_consoles()};
    DriverRing rx{w.cpu, shared_base, 8};
    DriverRing tx{w.cpu, shared_base + 0x1000, 8};
    DriverRing rx1{w.cpu, shared_base + region_size, 8};
    DriverRing tx1{w.cpu, shared_base + region_size + 0x1000, 8};
    static constexpr GuestAddr data = shared_base + 0x4000;
    static constexpr GuestAddr data1 = shared_base + region_size + 0x4000;

    DeviceCounters device(std::size_t k) { return w.program.device_counters(k); }
    std::vector<std::string> sequence(std::size_t from) const {
        std::vector<std::string> s;
        for (std::size_t i = from; i < w.cpu.log.size(); ++i) {
            const auto& r = w.cpu.log[i];
            switch (r.kind) {
                case Kind::load:
                    s.push_back(r.address.value == iar ? "IAR" : "load");
                    break;
                case Kind::store:
                    s.push_back(r.address.value == eoir ? "EOIR" : "store");
                    break;
                case Kind::wait:
                    s.push_back("WFI");
                    break;
                case Kind::hvc: {
                    const char* ops[] = {"WRITE", "READ", "ASK", "NOTIFY"};
                    s.push_back(ops[r.arguments[3]]);
                    break;
                }
                default:
                    s.push_back("ring");
                    break;
            }
        }
        return s;
    }
};

// IHI 0048B: distributor and CPU interface enabled, each interrupt routed to this CPU (by the mask
// that ITARGETSR0 shows) and enabled.
TEST_F(GuestTest, InterruptControllerSetUp) {
    w.run();
    const auto stored = [&](std::uint64_t address, Width width, std::uint64_t value) {
        for (const auto& r : w.cpu.log)
            if (r.is(Kind::store, address) && r.width == width && r.value == value)
                return true;
        return false;
    };
    EXPECT_TRUE(stored(gicd.value, Width::word, 1));
    EXPECT_TRUE(stored(gicc.value, Width::word, 1));
    EXPECT_TRUE(stored(gicc.value + 4, Width::word, 0xff));
    for (const std::uint64_t id : {40u, 41u, 54u, 55u}) {
        EXPECT_TRUE(stored(gicd.value + 0x800 + id, Width::byte, 0x02)) << id;
        EXPECT_TRUE(stored(gicd.value + 0x104, Width::word, 1u << (id - 32))) << id;
        EXPECT_EQ(w.count(Kind::store, gicd.value + 0x400 + id), 1u) << id;
    }
    EXPECT_TRUE(w.asked.empty());  // nobody asked for anything
}

// The critical path of a trapped read: acknowledge, end, ASK, READ; nothing else in between, and no
// ASK after an answer that said that nothing more is pending.
TEST_F(GuestTest, CriticalPathOfARead) {
    std::size_t from = 0;
    w.actions.push_back([&] {
        from = w.cpu.log.size();
        w.trap(0, false, 0x000);
    });
    w.run();
    EXPECT_THAT(sequence(from), ElementsAre("IAR", "EOIR", "ASK", "READ", "WFI"));
    EXPECT_THAT(w.answered, ElementsAre(Answered{3, 0x0a00'3e00, 1, 0x74726976, 0}));
    EXPECT_EQ(w.program.counters().asks, 1u);
}

// The same of a write, completed with WRITE.
TEST_F(GuestTest, CriticalPathOfAWrite) {
    std::size_t from = 0;
    w.actions.push_back([&] {
        from = w.cpu.log.size();
        w.trap(1, true, 0x070, 0xffff'0000'0000'0001);
    });
    w.read(1, 0x070);
    w.run();
    EXPECT_THAT(sequence(from), ElementsAre("IAR", "EOIR", "ASK", "WRITE", "WFI", "IAR", "EOIR",
                                            "ASK", "READ", "WFI"));
    EXPECT_EQ(w.answered[0].device, 4u);
    EXPECT_EQ(w.answered[1].value, 1u);
}

// ASK is repeated exactly while x6 says that more is pending.
TEST_F(GuestTest, AsksWhileMoreIsPending) {
    std::size_t from = 0;
    w.actions.push_back([&] {
        from = w.cpu.log.size();
        w.trap(0, false, 0x000);
        w.trap(0, false, 0x004, 0, 4, false);
        w.trap(0, false, 0x008, 0, 4, false);
    });
    w.run();
    EXPECT_THAT(sequence(from),
                ElementsAre("IAR", "EOIR", "ASK", "READ", "ASK", "READ", "ASK", "READ", "WFI"));
    EXPECT_EQ(w.program.counters().empty_asks, 0u);
}

// An interrupt whose request an earlier ASK has taken finds an empty list, and that is all.
TEST_F(GuestTest, LateInterruptFindsAnEmptyList) {
    w.actions.push_back([&] {
        w.trap(0, false, 0x000);
        w.cpu.on_note = [&, done = false](const auto& n) mutable {
            if (!done && n.a == static_cast<std::uint64_t>(Step::asked)) {
                done = true;
                w.interrupts.push_back(40);
                w.update_line();
            }
        };
    });
    w.run();
    EXPECT_EQ(w.program.counters().empty_asks, 1u);
    EXPECT_EQ(w.answered.size(), 1u);
}

// An interrupt between the last look at the marks and WFI is not slept through.
TEST_F(GuestTest, InterruptJustBeforeWfiIsNotLost) {
    w.cpu.on_note = [&, done = false](const auto& n) mutable {
        if (!done && n.a == static_cast<std::uint64_t>(Step::idle)) {
            done = true;
            w.trap(0, false, 0x004);
        }
    };
    w.run();
    ASSERT_EQ(w.answered.size(), 1u);
    EXPECT_EQ(w.answered[0].value, 2u);
}

// The whole path of console output: the kick is answered before the rings are looked at, the bytes
// go to the UART, several chains bring one NOTIFY.
TEST_F(GuestTest, KickIsAnsweredBeforeRingWorkAndNotifiesOnce) {
    std::size_t from = 0;
    w.bring_up(0, version_1 | access_platform, rx, tx);
    w.actions.push_back([&] {
        put(w.cpu, data, "abcde");
        for (std::uint64_t i = 0; i < 5; ++i)
            tx.add({{data + i, 1, false}});
        from = w.cpu.log.size();
        w.trap(0, true, 0x050, 1);
    });
    w.read(0, 0x060);
    w.run();
    std::vector<std::string> s = sequence(from);
    ASSERT_GT(s.size(), 6u);
    EXPECT_THAT(std::vector(s.begin(), s.begin() + 4), ElementsAre("IAR", "EOIR", "ASK", "WRITE"));
    EXPECT_EQ(s[4], "ring");
    EXPECT_EQ(w.uarts[0].sent, "abcde");
    EXPECT_EQ(tx.used_index(), 5);
    EXPECT_THAT(w.notified, ElementsAre(3));
    EXPECT_EQ(w.answered.back().value, 1u);  // InterruptStatus
    EXPECT_EQ(device(0).chains, 5u);
    EXPECT_EQ(device(0).notifications, 1u);
    EXPECT_EQ(device(0).kicks, 1u);
}

// A front-end that traps while the rings of another are worked on waits for one step at most.
TEST_F(GuestTest, RequestGoesBetweenTwoRingSteps) {
    w.bring_up(0, version_1, rx, tx);
    std::vector<std::string> order;
    w.actions.push_back([&] {
        put(w.cpu, data, "abcdefgh");
        for (std::uint64_t i = 0; i < 8; ++i)
            tx.add({{data + i, 1, false}});
        w.cpu.on_note = [&, trapped = false](const auto& n) mutable {
            if (n.what == Note::ring_consume && !trapped) {
                trapped = true;
                w.trap(1, false, 0x000);
            }
            if (n.what == Note::ring_consume)
                order.push_back("chain");
            if (n.a == static_cast<std::uint64_t>(Step::answered) && n.what == Note::backend_step &&
                (n.b & 0xff) == 1)
                order.push_back("answer");
        };
        w.trap(0, true, 0x050, 1);
    });
    w.run();
    ASSERT_EQ(order.size(), 9u);
    EXPECT_EQ(order[0], "chain");
    EXPECT_EQ(order[1], "answer");
}

// Input: the UART's level interrupt is quieted before it is ended, so that it does not come back at
// once; the bytes reach the front-end with one NOTIFY.
TEST_F(GuestTest, SerialInput) {
    w.bring_up(1, version_1, rx1, tx1);
    w.actions.push_back([&] {
        rx1.add({{data1, 16, true}});
        w.type(1, "hello");
    });
    w.run();
    EXPECT_EQ(get(w.cpu, data1, 5), "hello");
    EXPECT_EQ(rx1.used(0), (UsedElement{0, 5}));
    EXPECT_THAT(w.notified, ElementsAre(4));
    std::size_t uart_interrupts = 0;
    for (const auto& r : w.cpu.log)
        uart_interrupts += r.is(Kind::load, iar) && r.value == 55 ? 1 : 0;
    EXPECT_EQ(uart_interrupts, 1u);
    EXPECT_EQ(device(1).received_bytes, 5u);
}

// Output longer than FIFO and staging: chains are held, the UART's empty interrupt brings them on.
TEST_F(GuestTest, LongOutputIsPacedByTheUart) {
    w.bring_up(0, version_1, rx, tx);
    const std::string text(1000, 'x');
    w.actions.push_back([&] {
        put(w.cpu, data, text);
        tx.add({{data, 1000, false}});
        w.trap(0, true, 0x050, 1);
    });
    for (int i = 0; i < 20; ++i)
        w.actions.push_back([&] { w.uarts[0].drain(); });
    w.run();
    EXPECT_EQ(w.uarts[0].sent, text);
    EXPECT_FALSE(w.uarts[0].overflow);
    EXPECT_EQ(tx.used_index(), 1);
}

// IHI 0048B 3.2.1: a spurious acknowledge is not ended.
TEST_F(GuestTest, SpuriousInterrupt) {
    w.actions.push_back([&] { w.interrupts.push_back(1023); });
    w.run();
    EXPECT_EQ(w.count(Kind::store, eoir), 0u);
    EXPECT_EQ(w.program.counters().spurious, 1u);
}

// Whatever comes through the window is answered: strange widths, holes, an address outside.
TEST_F(GuestTest, EveryRequestIsAnswered) {
    w.actions.push_back([&] {
        for (const std::uint64_t width : {0ull, 1ull, 3ull, 8ull, 255ull})
            w.trap(0, false, 0x000, 0, width);
        w.trap(0, true, 0x1fc, 5);
        w.trap(0, false, 0x5000);
        w.trap(0, false, 0xffff'fff0);  // below the window
        w.trap(0, true, 0x003, ~0ull);
    });
    w.run();
    EXPECT_EQ(w.answered.size(), 9u);
    for (const Answered& a : w.answered)
        EXPECT_EQ(a.value, 0u);
    EXPECT_EQ(device(0).bad_accesses, 9u);
}

// The window ends where it was configured to end, even within the register file.
TEST(GuestWindow, EndsWhereItIsConfiguredToEnd) {
    GuestConfig config = two_consoles();
    config.devices[0].window_size = 0x100;
    World w(config);
    w.read(0, 0x104);  // max_nr_ports, 1
    w.run();
    ASSERT_EQ(w.answered.size(), 1u);
    EXPECT_EQ(w.answered[0].value, 0u);
    EXPECT_EQ(w.program.device_counters(0).bad_accesses, 1u);
}

// A completion that the hypervisor refuses is counted; the loop goes on.
TEST_F(GuestTest, RefusedCompletionIsCounted) {
    w.completion_result = -1;
    w.read(0, 0x000);
    w.read(0, 0x004);
    w.run();
    EXPECT_EQ(w.program.counters().failed_hypercalls, 2u);
    EXPECT_EQ(w.answered.size(), 2u);
}

// A broken ring stops its own device, with an interrupt to its driver; the other goes on.
TEST_F(GuestTest, BrokenRingHarmsNobodyElse) {
    w.bring_up(0, version_1, rx, tx);
    w.bring_up(1, version_1, rx1, tx1);
    w.actions.push_back([&] {
        tx.write_descriptor(0, {data.value, 1, abi::ring::desc::flag_next, 0});  // a loop
        tx.make_available(0);
        w.trap(0, true, 0x050, 1);
        put(w.cpu, data1, "fine");
        tx1.add({{data1, 4, false}});
        w.trap(1, true, 0x050, 1);
    });
    w.read(0, 0x070);
    w.read(1, 0x070);
    w.run();
    EXPECT_EQ(w.answered[w.answered.size() - 2].value, 0x4fu);
    EXPECT_EQ(w.answered.back().value, 0xfu);
    EXPECT_EQ(w.uarts[1].sent, "fine");
    EXPECT_THAT(w.notified, ::testing::UnorderedElementsAre(3, 4));
    EXPECT_EQ(device(0).needs_reset, 1u);
    EXPECT_EQ(device(1).needs_reset, 0u);
}

// A front-end cannot make the guest reach the region of another (or anything else).
TEST_F(GuestTest, RegionsAreKeptApart) {
    w.bring_up(0, version_1, rx, tx);
    put(w.cpu, data1, "secret");
    w.actions.push_back([&] {
        tx.add({{data1, 6, false}});
        w.trap(0, true, 0x050, 1);
    });
    w.read(0, 0x070);
    w.run();
    EXPECT_EQ(w.uarts[0].sent, "");
    EXPECT_EQ(w.answered.back().value, 0x4fu);
}

// A front-end that traps without end does not keep the others from their rings.
TEST_F(GuestTest, RequestFloodDoesNotStarveRings) {
    w.bring_up(0, version_1, rx, tx);
    std::size_t answers_before_output = 0;
    w.actions.push_back([&] {
        put(w.cpu, data, "out");
        tx.add({{data, 3, false}});
        for (int i = 0; i < 2000; ++i)
            w.trap(1, false, 0x000, 0, 4, i == 0);
        w.trap(0, true, 0x050, 1);
        w.cpu.on_publish = [&](GuestAddr a) {
            if (a == tx.device() + abi::ring::used::idx)
                answers_before_output = w.answered.size();
        };
    });
    w.run();
    EXPECT_EQ(w.uarts[0].sent, "out");
    EXPECT_LT(answers_before_output, 200u);
    EXPECT_EQ(w.pending[4].size(), 0u);
}

// A budget of steps for each device, in turn: a full ring does not hold up a short one.
TEST(GuestBudget, DevicesTakeTurns) {
    GuestConfig config = two_consoles();
    config.ring_budget = 2;
    World w(config);
    DriverRing rx{w.cpu, shared_base, 64};
    DriverRing tx{w.cpu, shared_base + 0x2000, 64};
    DriverRing rx1{w.cpu, shared_base + region_size, 64};
    DriverRing tx1{w.cpu, shared_base + region_size + 0x2000, 64};
    const GuestAddr data = shared_base + 0x8000;
    const GuestAddr data1 = shared_base + region_size + 0x8000;
    w.bring_up(0, version_1, rx, tx);
    w.bring_up(1, version_1, rx1, tx1);
    std::string order;
    w.actions.push_back([&] {
        for (int i = 0; i < 40; ++i)
            tx.add({{data, 1, false}});
        tx1.add({{data1, 1, false}});
        w.trap(0, true, 0x050, 1);
        w.trap(1, true, 0x050, 1);
        w.cpu.on_note = [&](const auto& n) {
            if (n.what == Note::ring_consume)
                order.push_back(n.a == (0x0a00'3e00 | 1) ? '0' : '1');
        };
    });
    w.run();
    ASSERT_EQ(order.size(), 41u);
    EXPECT_LE(order.find('1'), 2u);
}

// Polling: no forwarded-access interrupt is enabled, every device is asked in turn, no WFI.
TEST(GuestPolling, AsksRoundRobin) {
    GuestConfig config = two_consoles();
    config.polling = true;
    World w(config);
    w.cpu.on_hvc = [&, inner = w.cpu.on_hvc](CallRegisters& x) {
        if (w.asked.size() == 10)
            throw vms::test::Stop{};
        if (w.asked.size() == 4 && x[3] == 2)
            w.trap(1, false, 0x000, 0, 4, false);
        inner(x);
    };
    w.run();
    EXPECT_THAT(w.asked, ElementsAre(3, 4, 3, 4, 3, 4, 3, 4, 3, 4));
    ASSERT_EQ(w.answered.size(), 1u);
    EXPECT_EQ(w.answered[0].value, 0x74726976u);
    EXPECT_EQ(w.cpu.records(Kind::wait).size(), 0u);
    for (const auto& r : w.cpu.log) {
        if (r.is(Kind::store, gicd.value + 0x104)) {
            EXPECT_EQ(r.value & (1u << 8 | 1u << 9), 0u);  // interrupts 40 and 41
        }
    }
}

// The injected fault: so many answers, then requests are taken and never completed.
TEST(GuestFault, StopsAnswering) {
    GuestConfig config = two_consoles();
    config.stop_answering = true;
    config.stop_answering_after = 2;
    World w(config);
    for (int i = 0; i < 4; ++i)
        w.read(0, 0x000);
    w.run();
    EXPECT_EQ(w.answered.size(), 2u);
    EXPECT_EQ(w.asked.size(), 4u);
    EXPECT_EQ(w.program.counters().withheld, 2u);
    const auto& last = *std::find_if(w.cpu.notes.rbegin(), w.cpu.notes.rend(), [](const auto& n) {
        return n.a != static_cast<std::uint64_t>(Step::idle);
    });
    EXPECT_EQ(last.a, static_cast<std::uint64_t>(Step::withheld));
    EXPECT_EQ(last.b, step_detail(0, 3));
}

// What a diagnosis sees of one access.
TEST_F(GuestTest, StepsOfOneAccess) {
    w.actions.push_back([&] {
        w.cpu.notes.clear();
        w.trap(1, false, 0x000);
    });
    w.run();
    std::vector<Step> steps;
    for (const auto& n : w.cpu.notes)
        steps.push_back(static_cast<Step>(n.a));
    EXPECT_THAT(steps, ElementsAre(Step::interrupted, Step::asked, Step::answered, Step::idle));
    EXPECT_EQ(w.cpu.notes[0].b, 41u);
    EXPECT_EQ(w.cpu.notes[2].b, step_detail(1, 0));
}

// Bao's public bare-metal console driver: Status by read-modify-write, no QueueSize, no
// ACCESS_PLATFORM.
TEST_F(GuestTest, BareMetalDriver) {
    const DriverRing r0(w.cpu, shared_base, 256);
    DriverRing t0(w.cpu, shared_base + 0x8000, 256);
    w.write(0, 0x070, 0);
    w.write(0, 0x070, 1);
    w.write(0, 0x070, 3);
    w.write(0, 0x024, 1);
    w.write(0, 0x020, 1);
    w.write(0, 0x070, 0xb);
    std::uint32_t q = 0;
    for (const DriverRing* r : {&r0, static_cast<const DriverRing*>(&t0)}) {
        w.write(0, 0x030, q++);
        w.write(0, 0x080, r->descriptor().value);
        w.write(0, 0x090, r->driver().value);
        w.write(0, 0x0a0, r->device().value);
        w.write(0, 0x044, 1);
    }
    w.write(0, 0x070, 0xf);
    w.actions.push_back([&] {
        put(w.cpu, shared_base + 0x2'0000, "bare");
        t0.add({{shared_base + 0x2'0000, 4, false}});
        w.trap(0, true, 0x050, 1);
    });
    w.run();
    EXPECT_EQ(w.uarts[0].sent, "bare");
    EXPECT_EQ(device(0).platform_declined, 1u);
    EXPECT_EQ(device(0).errors(), 0u);
}

// Reset while a chain is held and an interrupt is due: nothing of the old life reaches the new one.
TEST_F(GuestTest, ResetInTheMiddleOfOutput) {
    w.bring_up(0, version_1, rx, tx);
    w.actions.push_back([&] {
        put(w.cpu, data, std::string(1000, 'x'));
        tx.add({{data, 1000, false}});
        w.trap(0, true, 0x050, 1);
    });
    w.write(0, 0x070, 0);
    for (int i = 0; i < 10; ++i)
        w.actions.push_back([&] { w.uarts[0].drain(); });
    w.read(0, 0x070);
    w.run();
    EXPECT_EQ(w.answered.back().value, 0u);
    EXPECT_EQ(tx.used_index(), 0);
    EXPECT_THAT(w.notified, ElementsAre());
    EXPECT_EQ(w.uarts[0].sent.size(), 64 + SerialPort::staging_bytes);
    EXPECT_EQ(device(0).dropped_chains, 0u);
}

// Errors of a configuration are found before it is used, with what has them.
TEST(GuestConfiguration, Problems) {
    const GuestConfig good = two_consoles();
    EXPECT_EQ(check(good), ConfigFinding{});
    const auto finding = [&](auto change) {
        GuestConfig c = good;
        change(c);
        return check(c);
    };
    const auto of_guest = [](ConfigProblem p) { return ConfigFinding{p, ConfigSubject::guest, 0}; };
    const auto of_peripheral = [](ConfigProblem p, std::size_t i) {
        return ConfigFinding{p, ConfigSubject::peripheral, i};
    };
    const auto of_device = [](ConfigProblem p, std::size_t i) {
        return ConfigFinding{p, ConfigSubject::device, i};
    };
    EXPECT_EQ(finding([](GuestConfig& c) { c.device_count = 17; }),
              of_guest(ConfigProblem::too_many_devices));
    EXPECT_EQ(finding([](GuestConfig& c) { c.peripheral_count = 17; }),
              of_guest(ConfigProblem::too_many_peripherals));
    EXPECT_EQ(finding([](GuestConfig& c) { c.ring_budget = 0; }),
              of_guest(ConfigProblem::no_ring_budget));

    EXPECT_EQ(finding([](GuestConfig& c) { c.peripherals[1].kind = PeripheralKind::none; }),
              of_peripheral(ConfigProblem::no_peripheral_kind, 1));
    for (const std::size_t n : {0u, 3u})
        EXPECT_EQ(finding([n](GuestConfig& c) { c.peripherals[0].interrupt_count = n; }),
                  of_peripheral(ConfigProblem::bad_interrupt_count, 0));
    for (const std::uint16_t id : {std::uint16_t{15}, std::uint16_t{1020}})
        EXPECT_EQ(finding([id](GuestConfig& c) { c.peripherals[0].interrupts[0] = {id}; }),
                  of_peripheral(ConfigProblem::no_interrupt, 0));
    EXPECT_EQ(finding([](GuestConfig& c) { c.peripherals[0].clock_hz = 0; }),
              of_peripheral(ConfigProblem::no_clock, 0));
    EXPECT_EQ(finding([](GuestConfig& c) { c.peripherals[1].baud = 0; }),
              of_peripheral(ConfigProblem::no_clock, 1));
    EXPECT_EQ(finding([](GuestConfig& c) { c.peripherals[1].base = c.peripherals[0].base; }),
              of_peripheral(ConfigProblem::peripherals_share_registers, 1));
    EXPECT_EQ(finding([](GuestConfig& c) { c.peripherals[1].interrupts[0] = {54}; }),
              of_peripheral(ConfigProblem::shared_interrupt, 1));

    EXPECT_EQ(finding([](GuestConfig& c) { c.devices[1].backend = find_backend("nothing"); }),
              of_device(ConfigProblem::no_backend, 1));
    for (const std::uint32_t n : {0u, 3u, 100u, 2048u})
        EXPECT_EQ(finding([n](GuestConfig& c) { c.devices[0].queue_size = n; }),
                  of_device(ConfigProblem::bad_queue_size, 0));
    EXPECT_EQ(finding([](GuestConfig& c) { c.devices[0].window_size = 0x80; }),
              of_device(ConfigProblem::window_too_small, 0));
    EXPECT_EQ(finding([](GuestConfig& c) { c.devices[1].interrupt = {5}; }),
              of_device(ConfigProblem::no_interrupt, 1));
    EXPECT_EQ(finding([](GuestConfig& c) { c.devices[1].interrupt = {54}; }),
              of_device(ConfigProblem::shared_interrupt, 1));
    EXPECT_EQ(finding([](GuestConfig& c) { c.devices[0].shmem_size = 0; }),
              of_device(ConfigProblem::no_shared_memory, 0));
    EXPECT_EQ(finding([](GuestConfig& c) { c.devices[1].console.ports[0].serial = 2; }),
              of_device(ConfigProblem::no_serial, 1));
    EXPECT_EQ(finding([](GuestConfig& c) {
                  PeripheralConfig& p = c.peripherals[1];
                  p.kind = PeripheralKind::cadence_gem;
                  p.mac = {0x02, 0, 0, 0, 0, 1};
                  p.dma_base = {0x1000'0000};
                  p.dma_size = 0x100'0000;
              }),
              of_device(ConfigProblem::no_serial, 1));
    EXPECT_EQ(finding([](GuestConfig& c) { c.devices[1].console.ports[0].serial = 0; }),
              of_device(ConfigProblem::serial_in_use, 0));
}

// Costs have names, origins, and can be overridden by name.
TEST(GuestOperations, CostsByName) {
    OperationCosts costs;
    for (std::size_t i = 0; i < operation_count; ++i) {
        const auto o = static_cast<Operation>(i);
        EXPECT_EQ(find_operation(name(o)), o);
        EXPECT_FALSE(provenance(o).empty());
        EXPECT_NE(costs[o].instructions, 0u) << name(o);
    }
    EXPECT_TRUE(costs.set_instructions("service.dispatch", 777));
    EXPECT_EQ(costs[Operation::dispatch].instructions, 777u);
    EXPECT_FALSE(costs.set_instructions("service.nothing", 1));
}

}  // namespace
}  // namespace vms::service::test
