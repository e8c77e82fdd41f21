// The Cadence GEM's driver on the model of the device, with memory that both see. The bench's CPU
// has no time of its own: an access to a register takes 150 ns, work a nanosecond an instruction.
#include "vms/service/drivers/cadence_gem.h"

#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/nic/gem_bench.h"
#include "tests/vms/service/rig.h"

namespace vms::service::test {
namespace {

using models::Picos;
using models::test::Bytes;
using models::test::GemBench;
using models::test::make_frame;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = vms::test::FakeCpu::Kind;
using Write = std::pair<std::uint64_t, std::uint64_t>;

constexpr GuestAddr base{0xff0e'0000};
constexpr GuestAddr dma_base{0x6000'0000};
constexpr std::uint64_t dma_size = 0x20'0000;
constexpr std::uint64_t own = 0x0200'0000'000a;
constexpr std::uint64_t peer = 0x0200'0000'0001;

CadenceGem::Parameters parameters() {
    CadenceGem::Parameters p;
    p.base = base;
    p.mac = {0x02, 0, 0, 0, 0, 0x0a};
    p.dma_base = dma_base;
    p.dma_size = dma_size;
    p.rx_buffers = 8;
    p.tx_buffers = 8;
    p.budget = 4;
    return p;
}

struct Consumer final : FrameConsumer {
    std::vector<Bytes> frames;
    bool room = true;
    bool frame(std::span<const std::byte> bytes) override {
        if (room)
            frames.emplace_back(bytes.begin(), bytes.end());
        return room;
    }
};

struct GemDriver : ::testing::Test {
    GemBench b;
    Machine m;
    Consumer consumer;
    CadenceGem driver{m.port, prepared(parameters())};

    GemDriver() { connect(driver); }

    /// Memory and registers, before the driver is made.
    CadenceGem::Parameters prepared(const CadenceGem::Parameters& p) {
        const std::span<std::byte> ram = m.cpu.add_ram(dma_base, dma_size);
        b.stage2.add(models::Stage2::Ram{dma_base, dma_size, models::PhysAddr{0}, ram.data()});
        m.cpu.on_load = [this](GuestAddr a, Width, std::uint64_t) {
            pass(Picos::ns(150));
            return std::uint64_t{b.read(static_cast<std::uint32_t>(a.value - base.value))};
        };
        m.cpu.on_store = [this](GuestAddr a, Width, std::uint64_t v) {
            pass(Picos::ns(150));
            const auto offset = static_cast<std::uint32_t>(a.value - base.value);
            if (before_write)
                before_write(offset);
            b.write(offset, static_cast<std::uint32_t>(v));
        };
        m.cpu.on_retire = [this](const Work& w) { pass(Picos::ns(w.instructions)); };
        return p;
    }
    void connect(CadenceGem& d) { d.set_consumer(consumer); }
    void pass(Picos d) {
        b.run_for(d);
        m.cpu.counter_value = models::kernel_now().value / 10'000;  // 100 MHz
    }
    bool line() const { return !b.gic.edges.empty() && b.gic.edges.back().level; }
    /// What the guest's loop does with an interrupt. False: there was none.
    bool take_interrupt(CadenceGem& d) const {
        if (!line())
            return false;
        d.silence();
        EXPECT_FALSE(line()) << "silent at its source";
        while (d.serve()) {
        }
        return true;
    }
    bool take_interrupt() { return take_interrupt(driver); }
    std::vector<Write> writes() const {
        std::vector<Write> v;
        for (const auto& r : m.cpu.records(Kind::store))
            v.emplace_back(r.address.value - base.value, r.value);
        return v;
    }
    std::vector<Bytes> sent() const {
        std::vector<Bytes> v;
        for (const auto& t : b.link.sent)
            v.push_back(t.bytes);
        return v;
    }
    std::uint64_t counter(std::uint64_t NetworkCounters::*c) const { return driver.counters().*c; }

    std::function<void(std::uint32_t)> before_write;
};

// UG1085, programming model: the controller is stopped, its status and interrupts cleared, then
// configured; the queues, both of them, get their rings; the PHY is found; at last it is enabled.
TEST_F(GemDriver, StartSequence) {
    ASSERT_TRUE(driver.start());
    const std::uint64_t rx_ring = dma_base.value;
    const std::uint64_t tx_ring = rx_ring + 8 * 16;
    const std::uint64_t unused = tx_ring + 8 * 16;
    std::vector<Write> w = writes();
    std::erase_if(w, [](const Write& x) { return x.first == 0x034; });
    EXPECT_THAT(
        w, ElementsAre(Write{0x000, 0}, Write{0x000, 0x20}, Write{0x020, 0xf}, Write{0x014, 0x1ff},
                       Write{0x02c, 0x07ff'ffff}, Write{0x620, 0x07ff'ffff},
                       Write{0x024, 0x07ff'ffff}, Write{0x004, 0x002e'0512},  // MDC: 100 MHz / 48
                       Write{0x080, 0}, Write{0x084, 0}, Write{0x088, 0x0000'0002},
                       Write{0x08c, 0x0a00}, Write{0x010, 0x4118'0710}, Write{0x018, rx_ring},
                       Write{0x01c, tx_ring}, Write{0x480, unused}, Write{0x440, unused + 16},
                       Write{0x4d4, 0}, Write{0x4c8, 0}, Write{0x000, 0x10},
                       Write{0x004, 0x002e'0512}, Write{0x000, 0x1c}, Write{0x028, 0x0842}));
    EXPECT_EQ(driver.link(), (NetworkPort::Link{true, 1000, true}));
    EXPECT_EQ(driver.room(), 7U);
    EXPECT_EQ(b.gem.counters().bus_errors, 0U);
}

TEST_F(GemDriver, SizesAreChecked) {
    const CadenceGem::Parameters good = parameters();
    EXPECT_TRUE(CadenceGem::valid(good));
    EXPECT_EQ(CadenceGem::descriptor_area(good), 4096U);
    EXPECT_EQ(CadenceGem::memory_bytes(good), 4096U + 16 * 1536);
    const auto with = [&](auto change) {
        CadenceGem::Parameters p = good;
        change(p);
        return CadenceGem::valid(p);
    };
    EXPECT_FALSE(with([](auto& p) { p.dma_size = CadenceGem::memory_bytes(p) - 1; }));
    EXPECT_TRUE(with([](auto& p) { p.dma_size = CadenceGem::memory_bytes(p); }));
    EXPECT_FALSE(with([](auto& p) { p.dma_base = dma_base + 32; }));
    EXPECT_FALSE(with([](auto& p) { p.rx_buffers = 3; }));
    EXPECT_FALSE(with([](auto& p) { p.tx_buffers = 4097; }));
    EXPECT_FALSE(with([](auto& p) { p.max_frame = 59; }));
    EXPECT_FALSE(with([](auto& p) { p.max_frame = 10237; }));
    EXPECT_FALSE(with([](auto& p) { p.budget = 0; }));
    EXPECT_FALSE(with([](auto& p) { p.phy_address = 32; }));
}

TEST_F(GemDriver, ReceivesAndGivesBuffersBack) {
    ASSERT_TRUE(driver.start());
    std::vector<Bytes> expected;
    for (unsigned i = 0; i < 40; ++i) {  // five times round
        const Bytes frame = make_frame(peer, 60 + 30 * i, static_cast<std::uint8_t>(i));
        b.arrive(frame);
        expected.push_back(frame);
        pass(Picos::us(10));
        EXPECT_TRUE(take_interrupt());
    }
    EXPECT_EQ(consumer.frames, expected);
    EXPECT_EQ(counter(&NetworkCounters::rx_frames), 40U);
    EXPECT_FALSE(take_interrupt());
}

TEST_F(GemDriver, OneInterruptServesWhatHasCome) {
    ASSERT_TRUE(driver.start());
    for (unsigned i = 0; i < 6; ++i)
        b.arrive(make_frame(peer, 100));
    pass(Picos::us(20));
    driver.silence();
    const std::size_t before = m.cpu.log.size();
    EXPECT_TRUE(driver.serve()) << "the budget is four";
    EXPECT_EQ(consumer.frames.size(), 4U);
    EXPECT_FALSE(line());
    EXPECT_FALSE(driver.serve());
    EXPECT_EQ(consumer.frames.size(), 6U);
    EXPECT_EQ(counter(&NetworkCounters::interrupts), 1U);
    // Six buffers went back with two ordered stores, of the first of each batch.
    std::vector<std::uint64_t> published;
    for (std::size_t i = before; i < m.cpu.log.size(); ++i)
        if (m.cpu.log[i].kind == Kind::publish)
            published.push_back(m.cpu.log[i].address.value - dma_base.value);
    EXPECT_THAT(published, ElementsAre(0, 4 * 16));

    // All of them can be filled again.
    std::vector<Bytes> expected = consumer.frames;
    for (unsigned i = 0; i < 24; ++i) {
        expected.push_back(make_frame(peer, 60 + i, static_cast<std::uint8_t>(i)));
        b.arrive(expected.back());
        if (i % 8 != 7)
            continue;
        pass(Picos::us(20));
        EXPECT_TRUE(take_interrupt());
    }
    EXPECT_EQ(consumer.frames, expected);
}

// A frame that comes after the last look and before interrupts are enabled again is recorded
// nowhere: the driver looks once more.
TEST_F(GemDriver, AFrameBeforeInterruptsAreEnabledIsNotForgotten) {
    ASSERT_TRUE(driver.start());
    b.arrive(make_frame(peer, 100));
    pass(Picos::us(10));
    driver.silence();
    bool once = true;
    before_write = [&](std::uint32_t offset) {
        if (offset == 0x028 && once) {
            once = false;
            b.arrive(make_frame(peer, 200));
            b.run_for(Picos::us(2));
        }
    };
    EXPECT_TRUE(driver.serve());
    EXPECT_FALSE(line());
    EXPECT_EQ(b.read(0x030), 0x07ff'ffffU) << "masked again";
    EXPECT_FALSE(driver.serve());
    EXPECT_EQ(consumer.frames.size(), 2U);
}

TEST_F(GemDriver, ABatchCostsOneRegisterWrite) {
    ASSERT_TRUE(driver.start());
    const std::size_t before = m.cpu.records(Kind::store).size();
    std::vector<Bytes> expected;
    for (unsigned i = 0; i < 5; ++i) {
        expected.push_back(make_frame(peer, 60 + i, static_cast<std::uint8_t>(i)));
        EXPECT_TRUE(driver.transmit(expected.back()));
    }
    pass(Picos::us(10));
    EXPECT_THAT(sent(), IsEmpty()) << "not before flush()";
    driver.flush();
    EXPECT_EQ(m.cpu.records(Kind::store).size(), before + 1);
    const auto published = m.cpu.records(Kind::publish);
    EXPECT_EQ(published.back().address.value, dma_base.value + 8 * 16 + 4) << "the first";
    pass(Picos::us(20));
    EXPECT_EQ(sent(), expected);
    driver.flush();
    EXPECT_EQ(m.cpu.records(Kind::store).size(), before + 1) << "nothing to start";
    EXPECT_EQ(counter(&NetworkCounters::starts), 1U);
    EXPECT_FALSE(line()) << "sent frames do not interrupt";
}

TEST_F(GemDriver, AFullRingTellsWhenThereIsRoom) {
    ASSERT_TRUE(driver.start());
    for (unsigned i = 0; i < 7; ++i)
        EXPECT_TRUE(driver.transmit(make_frame(peer, 1514)));
    EXPECT_EQ(driver.room(), 0U);
    EXPECT_FALSE(driver.transmit(make_frame(peer, 1514)));
    EXPECT_EQ(counter(&NetworkCounters::tx_no_room), 1U);
    driver.flush();
    pass(Picos::us(20));
    EXPECT_TRUE(take_interrupt());
    EXPECT_GE(driver.room(), 1U);
    pass(Picos::us(100));
    EXPECT_FALSE(take_interrupt()) << "only while it was wanted";
    EXPECT_EQ(sent().size(), 7U);
    EXPECT_TRUE(driver.transmit(make_frame(peer, 60)));
    driver.flush();
    pass(Picos::us(10));
    EXPECT_EQ(sent().size(), 8U);
    driver.serve();
    EXPECT_EQ(counter(&NetworkCounters::tx_done), 8U);
}

TEST_F(GemDriver, FramesOfNoGoodSizeAreRefused) {
    ASSERT_TRUE(driver.start());
    EXPECT_FALSE(driver.transmit({}));
    EXPECT_FALSE(driver.transmit(Bytes(1519)));
    EXPECT_TRUE(driver.transmit(Bytes(1518)));
    EXPECT_EQ(counter(&NetworkCounters::tx_bad_size), 2U);
}

TEST_F(GemDriver, TheLinkIsWatched) {
    ASSERT_TRUE(driver.start());
    b.link.set_up(false);
    driver.serve();
    EXPECT_TRUE(driver.link().up) << "looked at every 10 ms";
    pass(Picos::ms(11));
    driver.serve();
    EXPECT_TRUE(driver.link().up) << "the answer is taken the next time";
    pass(Picos::us(40));
    driver.serve();
    EXPECT_FALSE(driver.link().up);
    EXPECT_FALSE(driver.transmit(make_frame(peer, 60)));
    EXPECT_EQ(counter(&NetworkCounters::tx_no_link), 1U);

    // Down, it is asked twice, since the bit latches low; nobody waits for either answer, and
    // waits() has serve() called for them.
    b.link.hz = 100'000'000;
    b.link.set_up(true);
    EXPECT_FALSE(driver.waits());
    pass(Picos::ms(11));
    for (int look = 0; look < 2; ++look) {
        const Picos before = models::kernel_now();
        driver.serve();
        EXPECT_LT(models::kernel_now() - before, Picos::us(10));
        EXPECT_TRUE(driver.waits());
        pass(Picos::us(40));
    }
    driver.serve();
    EXPECT_FALSE(driver.waits());
    EXPECT_EQ(driver.link(), (NetworkPort::Link{true, 100, true}));
    EXPECT_EQ(counter(&NetworkCounters::link_changes), 3U);
    EXPECT_TRUE(driver.transmit(make_frame(peer, 60)));
    driver.flush();
    pass(Picos::us(20));
    EXPECT_EQ(sent().size(), 1U) << "at 100 Mb/s";
}

TEST_F(GemDriver, ALinkThatIsNotThereDoesNotHoldTheStart) {
    b.link.connected = false;
    ASSERT_TRUE(driver.start());
    EXPECT_FALSE(driver.link().up);
    EXPECT_LT(models::kernel_now(), Picos::ms(12));
}

TEST_F(GemDriver, WhatDoesNotAnswerIsToldByStart) {
    CadenceGem::Parameters p = parameters();
    p.phy_address = 3;
    CadenceGem elsewhere(m.port, p);
    EXPECT_FALSE(elsewhere.start());
    m.cpu.on_load = [](GuestAddr, Width, std::uint64_t) { return std::uint64_t{0}; };
    EXPECT_FALSE(driver.start()) << "no GEM";
}

TEST_F(GemDriver, FramesWithoutABufferAreCounted) {
    ASSERT_TRUE(driver.start());
    for (unsigned i = 0; i < 11; ++i)
        b.arrive(make_frame(peer, 100));
    pass(Picos::us(20));
    EXPECT_TRUE(take_interrupt());
    EXPECT_EQ(consumer.frames.size(), 8U);
    EXPECT_EQ(counter(&NetworkCounters::rx_no_buffer), 3U);
    b.arrive(make_frame(peer, 100));
    pass(Picos::us(20));
    EXPECT_TRUE(take_interrupt());
    EXPECT_EQ(consumer.frames.size(), 9U);
}

TEST_F(GemDriver, FramesThatTheConsumerRefusesAreCounted) {
    ASSERT_TRUE(driver.start());
    consumer.room = false;
    b.arrive(make_frame(peer, 100));
    pass(Picos::us(20));
    take_interrupt();
    EXPECT_EQ(counter(&NetworkCounters::rx_refused), 1U);
}

// A descriptor that points outside the VM, as a stray write would leave it: the transmitter stops
// there with a bus error (UG585, 16.3.7) and is begun anew behind it; the frames before and behind
// go out.
TEST_F(GemDriver, ABusErrorCostsOneFrame) {
    ASSERT_TRUE(driver.start());
    const GuestAddr second = dma_base + 8 * 16 + 16;
    m.cpu.poke(second, std::uint32_t{0x1000});
    for (unsigned i = 0; i < 3; ++i)
        EXPECT_TRUE(driver.transmit(make_frame(peer, 60 + i)));
    driver.flush();
    for (unsigned i = 0; i < 4; ++i) {
        pass(Picos::us(5));
        take_interrupt();
    }
    EXPECT_EQ(counter(&NetworkCounters::bus_errors), 1U);
    EXPECT_EQ(counter(&NetworkCounters::tx_dma_refused), 1U);
    EXPECT_TRUE(driver.transmit(make_frame(peer, 63)));
    driver.flush();
    pass(Picos::us(20));
    driver.serve();
    EXPECT_THAT(sent(),
                ElementsAre(make_frame(peer, 60), make_frame(peer, 62), make_frame(peer, 63)));
    EXPECT_EQ(counter(&NetworkCounters::tx_done), 3U);
    EXPECT_EQ(counter(&NetworkCounters::tx_failed), 0U);
    EXPECT_EQ(driver.room(), 7U);
}

// The same wherever in the ring the frame lies, however many are behind it, and with some that the
// GEM has not been given yet.
TEST_F(GemDriver, FramesBehindALostOneKeepTheirOrder) {
    for (unsigned before = 0; before < 8; ++before) {
        for (unsigned batched = 0; batched < 3; ++batched) {
            CadenceGem d(m.port, parameters());
            connect(d);
            ASSERT_TRUE(d.start());
            b.link.sent.clear();
            std::vector<Bytes> expected;
            std::uint8_t n = 0;
            const auto send = [&](bool arrives) {
                const Bytes f = make_frame(peer, 100U + n, n);
                ++n;
                EXPECT_TRUE(d.transmit(f));
                if (arrives)
                    expected.push_back(f);
            };
            for (unsigned i = 0; i < before; ++i) {
                send(true);
                d.flush();
                pass(Picos::us(20));
            }
            const GuestAddr bad = dma_base + 8 * 16 + 16 * (before % 8);
            m.cpu.poke(bad, std::uint32_t{0x1000});
            send(false);
            for (unsigned i = 0; i < 3; ++i)
                send(true);
            d.flush();
            for (unsigned i = 0; i < batched; ++i)
                send(true);
            pass(Picos::us(5));
            d.serve();
            d.flush();
            for (unsigned i = 0; i < 4; ++i) {
                pass(Picos::us(20));
                d.serve();
            }
            send(true);
            d.flush();
            pass(Picos::us(20));
            d.serve();
            EXPECT_EQ(sent(), expected) << before << " before, " << batched << " held back";
            EXPECT_EQ(d.counters().tx_dma_refused, 1U);
            EXPECT_EQ(d.counters().tx_frames, d.counters().tx_done + 1);
            EXPECT_EQ(d.room(), 7U);
        }
    }
}

// A frame of several descriptors is one frame, whatever it is worth.
TEST_F(GemDriver, AFrameInPiecesIsCountedOnce) {
    CadenceGem::Parameters p = parameters();
    p.max_frame = 128;
    CadenceGem small(m.port, p);
    connect(small);
    ASSERT_TRUE(small.start());
    b.arrive(make_frame(peer, 300));  // three buffers of 128 bytes
    b.arrive(make_frame(peer, 100));
    pass(Picos::us(20));
    EXPECT_TRUE(take_interrupt(small));
    EXPECT_EQ(small.counters().rx_bad, 1U);
    EXPECT_EQ(small.counters().rx_frames, 1U);
}

TEST_F(GemDriver, PollingUsesNoInterrupts) {
    CadenceGem::Parameters p = parameters();
    p.interrupts = false;
    CadenceGem polled(m.port, p);
    connect(polled);
    ASSERT_TRUE(polled.start());
    EXPECT_TRUE(polled.waits());
    EXPECT_FALSE(polled.serve());
    for (unsigned i = 0; i < 6; ++i)
        b.arrive(make_frame(peer, 100));
    pass(Picos::us(20));
    EXPECT_TRUE(polled.serve());
    EXPECT_FALSE(polled.serve());
    EXPECT_EQ(consumer.frames.size(), 6U);
    EXPECT_THAT(b.gic.edges, IsEmpty());
    EXPECT_EQ(b.read(0x030), 0x07ff'ffffU);
}

TEST_F(GemDriver, JumboFrames) {
    CadenceGem::Parameters p = parameters();
    p.max_frame = 9018;
    CadenceGem jumbo(m.port, p);
    connect(jumbo);
    ASSERT_TRUE(jumbo.start());
    const Bytes frame = make_frame(peer, 9018);
    b.arrive(frame);
    pass(Picos::us(30));
    EXPECT_TRUE(take_interrupt(jumbo));
    EXPECT_THAT(consumer.frames, ElementsAre(frame));
    EXPECT_TRUE(jumbo.transmit(frame));
    jumbo.flush();
    pass(Picos::us(100));
    EXPECT_THAT(sent(), ElementsAre(frame));
}

// Not a switch: own address, groups and everybody.
TEST_F(GemDriver, FiltersWhenItIsAStation) {
    CadenceGem::Parameters p = parameters();
    p.promiscuous = false;
    CadenceGem station(m.port, p);
    connect(station);
    ASSERT_TRUE(station.start());
    for (const std::uint64_t to :
         {own, peer, std::uint64_t{0xffff'ffff'ffff}, std::uint64_t{0x0100'5e00'0001}})
        b.arrive(make_frame(to, 60));
    pass(Picos::us(20));
    take_interrupt(station);
    EXPECT_EQ(consumer.frames.size(), 3U);
}

// Frames of all sizes in both directions at random moments: none lost, none changed, in order.
TEST_F(GemDriver, ManyFramesBothWays) {
    ASSERT_TRUE(driver.start());
    std::mt19937_64 random(7);
    std::vector<Bytes> to_send;
    std::vector<Bytes> to_receive;
    Picos next_arrival{};
    for (unsigned step = 0; step < 3000; ++step) {
        if (random() % 3 == 0 && driver.room() != 0) {
            to_send.push_back(
                make_frame(peer, 60 + random() % 1455, static_cast<std::uint8_t>(random())));
            EXPECT_TRUE(driver.transmit(to_send.back()));
        }
        if (random() % 4 == 0)
            driver.flush();
        if (random() % 3 == 0 && models::kernel_now() >= next_arrival) {
            to_receive.push_back(
                make_frame(own, 60 + random() % 1455, static_cast<std::uint8_t>(random())));
            b.arrive(to_receive.back());
            next_arrival = models::kernel_now() + Picos::us(13);
        }
        pass(Picos::ns(random() % 10'000));
        take_interrupt();
    }
    driver.flush();
    pass(Picos::us(200));
    take_interrupt();
    driver.serve();
    EXPECT_EQ(sent(), to_send);
    EXPECT_EQ(consumer.frames, to_receive);
    EXPECT_EQ(counter(&NetworkCounters::tx_done), to_send.size());
    EXPECT_GT(to_send.size(), 300U);
    EXPECT_GT(to_receive.size(), 300U);
    EXPECT_TRUE(b.activity.idle());
}

}  // namespace
}  // namespace vms::service::test
