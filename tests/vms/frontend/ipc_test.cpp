// The IPC driver and its workloads: against the other side written by hand, which works on the same
// memory when the doorbell is rung. Hypercall: vms/abi/bao.h; layout: vms/workload/ipc_ring.h.
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rig.h"
#include "vms/abi/bao.h"
#include "vms/workload/crc32.h"
#include "vms/workload/distribution.h"
#include "vms/workload/ipc_ring.h"
#include "vms/workload/pattern.h"

namespace frontend_test {
namespace {

using vms::workload::Config;
using vms::workload::Counters;
using vms::workload::IpcMessage;
using vms::workload::IpcReceiver;
using vms::workload::IpcRingLayout;
using vms::workload::IpcSender;
using vms::workload::Kind;
using vms::workload::State;

constexpr vms::GuestAddr object{shared_base};
constexpr std::uint64_t object_bytes = 0x10000;
constexpr std::uint16_t doorbell_interrupt = 50;

std::uint32_t crc32(std::span<const std::byte> bytes) {
    vms::workload::Crc32 crc;
    crc.update(bytes);
    return crc.value();
}

IpcMessage message(std::uint32_t sequence, std::size_t bytes) {
    IpcMessage m;
    m.sequence = sequence;
    m.payload.assign(bytes, std::byte{0x5a});
    m.crc32 = crc32(m.payload);
    return m;
}

/// A program with an object and nothing else; `on_ring` is the other side.
struct IpcRig : ProgramRig {
    std::vector<std::vector<std::uint64_t>> calls;  ///< x0, x1, x2
    std::function<void()> on_ring;
    std::int64_t result = 0;

    explicit IpcRig(const Config& c) : ProgramRig(vms::frontend::bare_metal()) {
        config.devices.clear();
        config.ipcs.push_back({object, object_bytes, {{doorbell_interrupt}}});
        config.workloads.push_back(c);
        m.on_hvc = [this](vms::CallRegisters& x) {
            calls.push_back({x[0], x[1], x[2]});
            x[0] = static_cast<std::uint64_t>(result);
            if (result == 0 && on_ring)
                on_ring();
        };
    }
    const Counters& counters() const { return program->workload_counters(0); }
    IpcReceiver receive(IpcRingLayout l) { return {m, l}; }
};

Config ping(std::uint64_t count, std::uint64_t bytes) {
    Config c;
    c.kind = Kind::ipc_ping;
    c.count = count;
    c.bytes = bytes;
    c.seed = 3;
    c.event = 2;
    return c;
}

Config echo(std::uint64_t count) {
    Config c;
    c.kind = Kind::ipc_echo;
    c.count = count;
    return c;
}

/// Answers what is in the request ring and rings back; `spoil` may change an answer.
std::function<void()> answerer(IpcRig& rig, std::function<void(IpcMessage&)> spoil = {}) {
    return [&rig, spoil] {
        IpcReceiver requests(rig.m, IpcRingLayout::requests(object, object_bytes));
        IpcSender replies(rig.m, IpcRingLayout::replies(object, object_bytes));
        while (std::optional<IpcMessage> m = requests.take()) {
            if (spoil)
                spoil(*m);
            EXPECT_TRUE(replies.put(*m));
        }
        rig.m.raise(doorbell_interrupt);
    };
}

TEST(IpcPing, EveryMessageIsSentOnceAndItsAnswerChecked) {
    IpcRig rig(ping(20, 100));  // twice round a ring of eight and more
    std::vector<IpcMessage> seen;
    rig.on_ring = answerer(rig, [&](IpcMessage& m) { seen.push_back(m); });
    ASSERT_TRUE(rig.run());
    EXPECT_TRUE(rig.program->success());
    EXPECT_EQ(rig.counters().messages, 20u);
    EXPECT_EQ(rig.counters().mismatches, 0u);
    EXPECT_EQ(rig.counters().round_trip_ticks.range().count, 20u);
    ASSERT_EQ(seen.size(), 20u);
    for (std::uint32_t n = 0; n < seen.size(); ++n) {
        EXPECT_EQ(seen[n].sequence, n);
        ASSERT_EQ(seen[n].payload.size(), 100u);
        EXPECT_EQ(seen[n].crc32, crc32(seen[n].payload));
        EXPECT_EQ(seen[n].payload[99],
                  static_cast<std::byte>(vms::workload::pattern_byte(3, n * 100 + 99)));
    }
    // x0 function, x1 index into the VM's ipcs, x2 event.
    ASSERT_EQ(rig.calls.size(), 20u);
    EXPECT_EQ(rig.calls[0], (std::vector<std::uint64_t>{0xC6000001, 0, 2}));
}

TEST(IpcPing, WrongAnswersAreCountedAndFail) {
    const std::vector<std::function<void(IpcMessage&)>> faults{
        [](IpcMessage& m) { m.payload[5] ^= std::byte{1}; },
        [](IpcMessage& m) { ++m.sequence; },
        [](IpcMessage& m) { m.crc32 ^= 1; },
        [](IpcMessage& m) { m.payload.pop_back(); },
    };
    for (const auto& fault : faults) {
        IpcRig rig(ping(3, 64));
        rig.on_ring = answerer(rig, [&](IpcMessage& m) {
            if (m.sequence == 1)
                fault(m);
        });
        ASSERT_TRUE(rig.run());
        EXPECT_EQ(rig.counters().messages, 3u);
        EXPECT_EQ(rig.counters().mismatches, 1u);
        EXPECT_FALSE(rig.program->success());
    }
}

TEST(IpcPing, KeepsItsPeriod) {
    Config c = ping(5, 64);
    c.period_ns = 1'000'000;
    IpcRig rig(c);
    std::vector<std::uint64_t> at;
    rig.on_ring = answerer(rig, [&](IpcMessage&) { at.push_back(rig.m.now_ns()); });
    ASSERT_TRUE(rig.run());
    ASSERT_EQ(at.size(), 5u);
    for (std::size_t i = 1; i < at.size(); ++i)
        EXPECT_NEAR(static_cast<double>(at[i] - at[i - 1]), 1e6, 100);
}

TEST(IpcPing, ARefusedDoorbellFailsTheWorkload) {
    Config c = ping(5, 64);
    c.doorbell = 4;
    IpcRig rig(c);
    rig.result = vms::abi::bao::result::invalid_argument;
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.calls.at(0).at(1), 4u);
    EXPECT_EQ(rig.counters().doorbells_refused, 1u);
    EXPECT_EQ(rig.counters().state, State::failed);
}

TEST(IpcPing, NoAnswerIsAWaitAndNoHang) {
    IpcRig rig(ping(5, 64));
    ASSERT_TRUE(rig.run());  // asleep
    EXPECT_EQ(rig.counters().state, State::running);
    EXPECT_EQ(rig.counters().messages, 0u);
}

TEST(IpcPing, WithoutAnObjectFails) {
    IpcRig rig(ping(1, 64));
    rig.config.ipcs.clear();
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.counters().state, State::failed);
}

TEST(IpcEcho, AnswersAllThatHasArrivedWithOneDoorbell) {
    IpcRig rig(echo(5));
    IpcSender requests(rig.m, IpcRingLayout::requests(object, object_bytes));
    for (std::uint32_t n = 0; n < 5; ++n)
        ASSERT_TRUE(requests.put(message(n, 10 + n)));
    ASSERT_TRUE(rig.run());
    EXPECT_TRUE(rig.program->success());
    EXPECT_EQ(rig.calls.size(), 1u);
    EXPECT_EQ(rig.counters().messages, 5u);
    IpcReceiver replies = rig.receive(IpcRingLayout::replies(object, object_bytes));
    for (std::uint32_t n = 0; n < 5; ++n) {
        const auto reply = replies.take();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->sequence, n);
        EXPECT_EQ(reply->payload, message(n, 10 + n).payload);
    }
    EXPECT_FALSE(replies.take());
}

TEST(IpcEcho, AWrongChecksumOrSequenceIsAMismatch) {
    IpcRig rig(echo(3));
    IpcSender requests(rig.m, IpcRingLayout::requests(object, object_bytes));
    IpcMessage bad = message(0, 16);
    bad.payload[0] = std::byte{0};
    ASSERT_TRUE(requests.put(bad));
    ASSERT_TRUE(requests.put(message(7, 16)));
    ASSERT_TRUE(requests.put(message(2, 16)));
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.counters().mismatches, 2u);
    EXPECT_FALSE(rig.program->success());
}

TEST(IpcRing, ProducerStopsWhenTheRingIsFull) {
    Machine m;
    m.add_ram(shared_base, shared_bytes);
    IpcSender s(m, IpcRingLayout::requests(object, object_bytes));
    for (std::uint32_t n = 0; n < IpcRingLayout::slots; ++n)
        EXPECT_TRUE(s.put(message(n, 1)));
    EXPECT_FALSE(s.put(message(8, 1)));
    IpcReceiver r(m, IpcRingLayout::requests(object, object_bytes));
    EXPECT_TRUE(r.take());
    EXPECT_TRUE(s.put(message(8, 1)));
}

TEST(IpcRing, ImpossibleIndexAndLengthBreakIt) {
    const IpcRingLayout layout = IpcRingLayout::requests(object, object_bytes);
    {
        Machine m;
        m.add_ram(shared_base, shared_bytes);
        IpcReceiver r(m, layout);
        m.poke<std::uint32_t>(layout.produced().value, IpcRingLayout::slots + 1);
        EXPECT_FALSE(r.take());
        EXPECT_TRUE(r.broken());
    }
    Machine m;
    m.add_ram(shared_base, shared_bytes);
    IpcReceiver r(m, layout);
    IpcSender(m, layout).put(message(0, 1));
    m.poke<std::uint32_t>(layout.slot(0).value, static_cast<std::uint32_t>(layout.capacity()) + 1);
    EXPECT_FALSE(r.take());
    EXPECT_TRUE(r.broken());
}

TEST(IpcRing, TooSmallAnObjectHoldsNothing) {
    EXPECT_EQ(IpcRingLayout::requests(object, 0x1000).capacity(), 176u);  // 192 - 16
    EXPECT_EQ(IpcRingLayout::requests(object, 128).capacity(), 0u);
    EXPECT_EQ(IpcRingLayout::requests(object, 0).capacity(), 0u);
}

TEST(Distribution, MedianIsExactBelow1024AndHardlyOverstatedAbove) {
    vms::workload::Distribution d;
    EXPECT_EQ(d.median(), 0u);
    for (const std::uint64_t v : {7u, 900u, 1023u})
        d.add(v);
    EXPECT_EQ(d.median(), 900u);
    d.add(1'000'000);
    d.add(1'000'001);
    EXPECT_EQ(d.median(), 1023u);
    vms::workload::Distribution even;
    even.add(2);
    even.add(1);
    EXPECT_EQ(even.median(), 1u);  // the lower one of the middle
    vms::workload::Distribution far;
    far.add(1'000'000);
    far.add(2'000'000);
    far.add(3'000'000);
    EXPECT_GE(far.median(), 2'000'000u);
    EXPECT_LT(far.median(), 2'000'000u + 2'000'000u / 512);
    EXPECT_EQ(far.range().max, 3'000'000u);
}

}  // namespace
}  // namespace frontend_test
