// Random traffic among drivers that also do what they must not: nothing is lost silently, nothing
// is invented, nobody is harmed by others. Frames carry a number; what a driver receives is
// compared with what was sent under it.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/vms/service/net_rig.h"
#include "vms/workload/packets/checksum.h"

namespace vms::service::test {
namespace {

constexpr std::size_t nodes = 3;

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

  private:
    std::mt19937_64 engine_;
};

class NetRandom : public ::testing::TestWithParam<std::uint64_t> {
  protected:
    NetRandom()
        : rig(nodes, NetRig::parameters_of_all(), {.ageing_seconds = 1, .storm_frames = 50}) {}

    NetRig rig;
    Random random{GetParam()};
    std::uint32_t sent = 0;
    std::map<std::uint32_t, Bytes> complete;  // by number: as on a wire
    std::array<std::uint64_t, nodes> taken{};
    std::array<bool, nodes> running{};
    std::array<std::uint64_t, nodes> negotiated{};

    net::Mac any_address() {
        switch (random.below(8)) {
            case 0:
                return broadcast_mac;
            case 1:
                return group_mac;
            case 2:
                return station(9);
            case 3:
                return station(static_cast<std::uint8_t>(0x40 + random.below(40)));
            default:
                return station(static_cast<std::uint8_t>(1 + random.below(nodes)));
        }
    }
    Bytes numbered(const net::Mac& from) {
        const std::size_t size = random.one_in(10) ? random.below(1600) : 60 + random.below(400);
        Bytes f = frame(any_address(), from, size, static_cast<std::uint8_t>(random.below(256)));
        if (size >= 24)
            std::memcpy(f.data() + 20, &++sent, sizeof sent);
        return f;
    }
    void transmit(std::size_t k) {
        NetNode& n = rig[k];
        Bytes f =
            numbered(random.one_in(20) ? any_address() : station(static_cast<std::uint8_t>(k + 1)));
        net::Header h;
        if (random.one_in(3))
            h = {.flags = net::flag::needs_csum,
                 .csum_start = static_cast<std::uint16_t>(24 + random.below(40)),
                 .csum_offset = static_cast<std::uint16_t>(random.below(30))};
        if (random.one_in(30))
            h.gso_type = net::gso::tcpv4;
        if (f.size() >= 24) {
            std::uint32_t number = 0;
            std::memcpy(&number, f.data() + 20, sizeof number);
            Bytes whole = f;
            if ((negotiated[k] & feature(net::feature::csum)) != 0 && h.flags != 0)
                workload::packets::complete_checksum(whole, h.csum_start, h.csum_offset);
            complete[number] = whole;
        }
        if (static_cast<std::uint16_t>(n.transmit.index() - n.transmit.used_index()) <
            NetNode::ring)
            n.queue(f, h);
    }
    void collect(std::size_t k) {
        for (Received& r : rig[k].take_all()) {
            ++taken[k];
            if (r.bytes.size() < 24)
                continue;
            std::uint32_t number = 0;
            std::memcpy(&number, r.bytes.data() + 20, sizeof number);
            ASSERT_TRUE(complete.contains(number));
            const bool guest_csum = (negotiated[k] & feature(net::feature::guest_csum)) != 0;
            ASSERT_TRUE(guest_csum || r.header.flags == 0);
            if (r.header.flags != 0) {
                ASSERT_TRUE(workload::packets::complete_checksum(r.bytes, r.header.csum_start,
                                                                 r.header.csum_offset));
            }
            ASSERT_EQ(r.bytes, complete[number]);
        }
    }
    void restart(std::size_t k) {
        if (running[k])
            rig[k].registers.write(abi::mmio::status, 0);
        std::uint64_t f = all_net_features;
        for (const unsigned bit :
             {net::feature::csum, net::feature::guest_csum, net::feature::mrg_rxbuf,
              net::feature::ctrl_rx, net::feature::mac, abi::mmio::feature::ring_event_idx})
            if (random.one_in(4))
                f = without(f, bit);
        negotiated[k] = f;
        rig[k].start(f);
        running[k] = true;
    }
};

TEST_P(NetRandom, EveryFrameIsAccountedFor) {
    for (std::size_t k = 0; k < nodes; ++k)
        restart(k);
    for (int step = 0; step < 30'000; ++step) {
        const std::size_t k = random.below(nodes);
        NetNode& n = rig[k];
        switch (random.below(16)) {
            case 0:
            case 1:
            case 2:
            case 3:
                transmit(k);
                break;
            case 4:
            case 5:
            case 6:
                n.kick(net::transmitq);
                for (std::uint64_t i = 1 + random.below(20); i != 0 && n.transport.work(); --i) {
                }
                break;
            case 7:
            case 8:
                if (n.posted() < 16)
                    n.post(1 + random.below(8),
                           random.one_in(3) ? 2048u
                                            : static_cast<std::uint32_t>(12 + random.below(500)));
                break;
            case 9:
            case 10:
                n.transport.publish();
                collect(k);
                break;
            case 11: {
                Bytes f = numbered(station(9));
                std::uint32_t number = 0;
                if (f.size() >= 24) {
                    std::memcpy(&number, f.data() + 20, sizeof number);
                    complete[number] = f;
                }
                rig.arrive(f);
                break;
            }
            case 12:
                if ((negotiated[k] & feature(net::feature::ctrl_rx)) != 0)
                    n.mode(static_cast<std::uint8_t>(random.below(7)), random.one_in(2));
                break;
            case 13:
                rig.net.uplink(rig.station_port, random.one_in(2));
                break;
            case 14:
                rig.cpu.counter_value += random.below(20'000'000);
                rig.net.begin_pass();
                break;
            default:
                if (random.one_in(20)) {
                    collect(k);
                    restart(k);
                }
                break;
        }
        ASSERT_TRUE(rig.net.balanced()) << step;
        ASSERT_FALSE(HasFatalFailure());
        if (step % 256 == 0) {
            rig.cpu.log.clear();
            rig.cpu.notes.clear();
            rig.outside.frames.clear();
            rig.outside.partial.clear();
        }
    }
    std::uint64_t in = 0;
    for (std::size_t k = 0; k < nodes; ++k) {
        rig[k].transport.publish();
        collect(k);
        // What went out at a port is what its driver has seen.
        EXPECT_EQ(rig.counters(k).frames_out, taken[k]) << k;
        EXPECT_EQ(rig[k].counters.dropped_chains, 0u);
        EXPECT_EQ(rig[k].counters.queue_faults, 0u);
        EXPECT_GT(taken[k], 100u);
        in += rig.counters(k).frames_in;
    }
    EXPECT_GT(in, 3'000u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NetRandom, ::testing::Values(1, 2, 3, 4));

// Descriptors, indices and headers of random bytes: the device never reads or writes outside its
// region (FakeCpu would throw), always comes to rest, and others go on.
TEST_P(NetRandom, GarbageIsSurvived) {
    NetNode& bad = rig[0];
    NetNode& good = rig[1];
    for (int round = 0; round < 300; ++round) {
        rig.cpu.counter_value += 1'000'000;  // a new storm interval
        rig.net.begin_pass();
        restart(0);
        restart(1);
        good.start(all_net_features);
        for (std::uint64_t at = 0; at < 0x3000; at += 2)
            if (random.one_in(2))
                bad.cpu.poke(bad.base + at,
                             static_cast<std::uint16_t>(random.one_in(2) ? random.below(64)
                                                                         : random.below(0x10000)));
        // Addresses that are often inside.
        for (std::uint16_t i = 0; i < NetNode::ring; ++i)
            if (!random.one_in(8))
                for (DriverRing* r : {&bad.receive, &bad.transmit, &bad.control})
                    r->write_descriptor(i, {bad.base.value + random.below(NetNode::bytes),
                                            static_cast<std::uint32_t>(random.below(3000)),
                                            static_cast<std::uint16_t>(random.below(8)),
                                            static_cast<std::uint16_t>(random.below(70))});
        for (DriverRing* r : {&bad.receive, &bad.transmit, &bad.control})
            r->set_index(static_cast<std::uint16_t>(random.below(70)));
        for (std::uint32_t q = 0; q < 3; ++q)
            bad.kick(q);
        bad.work();
        for (int i = 0; i < 10; ++i)
            rig.arrive(frame(station(1), station(9)));
        bad.transport.publish();
        good.post(1);
        rig.arrive(frame(station(2), station(9), 64, 1));
        good.transport.publish();
        const std::vector<Received> r = good.take_all();
        ASSERT_FALSE(r.empty());
        ASSERT_TRUE(rig.net.balanced());
        rig.cpu.log.clear();
        rig.cpu.notes.clear();
    }
}

}  // namespace
}  // namespace vms::service::test
