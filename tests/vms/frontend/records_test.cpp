// Records and the books of who receives them (vms/workload/records.h), and the workload
// console-soak against a device that answers.
#include "vms/workload/records.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rig.h"

namespace frontend_test {
namespace {

using vms::frontend::bare_metal;
using vms::frontend::linux_6_1;
using vms::workload::make_record;
using vms::workload::Random;
using vms::workload::Record;
using vms::workload::record_bytes;
using vms::workload::RecordChecker;

void put(RecordChecker& checker, std::string_view text) {
    for (const char c : text)
        checker.put(c);
}

/// A sender of the stream 7 that can be told of resets.
struct Sender {
    Random random{1};
    Record next{.stream = 7};

    std::string record(std::uint32_t payload, bool last = false) {
        next.length = payload;
        next.last = last;
        std::string text = make_record(next, random);
        ++next.number;
        next.offset += text.size();
        return text;
    }
    void reset(std::uint64_t gave_up) {
        ++next.epoch;
        next.given_up += gave_up;
    }
};

TEST(Records, AreALineOfText) {
    Random random(1);
    const std::string text = make_record({.stream = 0x1f,
                                          .epoch = 2,
                                          .number = 3,
                                          .offset = 0x1234,
                                          .given_up = 0x56,
                                          .length = 5,
                                          .last = false},
                                         random);
    EXPECT_EQ(text.substr(0, 46),
              "<1f00000200000003000000001234000000000056"
              "0005d");
    EXPECT_EQ(text.size(), record_bytes(5));
    EXPECT_EQ(text.substr(text.size() - 2), ">\n");
}

TEST(Records, WholeStream) {
    Sender sender;
    RecordChecker checker(7);
    std::uint64_t bytes = 0;
    for (std::uint32_t n = 0; n < 100; ++n) {
        const std::string text = sender.record(n * 7 % 300);
        bytes += text.size();
        put(checker, text);
    }
    const std::string end = sender.record(0, true);
    put(checker, end);
    checker.finish();
    const auto& c = checker.counters();
    EXPECT_EQ(c.errors, 0u) << checker.first_error();
    EXPECT_EQ(c.records, 101u);
    EXPECT_EQ(c.bytes, bytes + end.size());
    EXPECT_EQ(c.stream_bytes, bytes + end.size());
    EXPECT_EQ(c.lost_bytes, 0u);
    EXPECT_TRUE(c.ended);
}

TEST(Records, ALossIsFoundToTheByteAndAllowedWhereAResetWas) {
    Sender sender;
    RecordChecker checker(7);
    put(checker, sender.record(50));
    const std::string torn = sender.record(100);
    put(checker, torn.substr(0, 30));
    sender.record(20);  // whole, and never seen
    sender.reset(torn.size() + record_bytes(20));
    put(checker, sender.record(10));
    put(checker, sender.record(0, true));
    checker.finish();
    EXPECT_EQ(checker.counters().errors, 0u) << checker.first_error();
    EXPECT_EQ(checker.counters().torn, 1u);
    EXPECT_EQ(checker.counters().gaps, 1u);
    EXPECT_EQ(checker.counters().lost_bytes, torn.size() - 30 + record_bytes(20));
}

TEST(Records, ALossIsAnErrorWhereNoResetWas) {
    Sender sender;
    RecordChecker checker(7);
    put(checker, sender.record(50));
    sender.record(20);
    put(checker, sender.record(10));
    EXPECT_EQ(checker.counters().errors, 1u);
    EXPECT_EQ(checker.first_error(), "76 bytes lost at record 2, where resets gave up 0");
}

// What an earlier reset might have taken and did not is no excuse for a later loss.
TEST(Records, ALossMustNotBeGreaterThanItsResetGaveUp) {
    Sender sender;
    RecordChecker checker(7);
    put(checker, sender.record(50));
    sender.reset(500);
    put(checker, sender.record(50));
    sender.reset(record_bytes(20) - 1);
    sender.record(20);
    put(checker, sender.record(10));
    EXPECT_EQ(checker.counters().errors, 1u);
}

TEST(Records, ADuplicateIsAnError) {
    Sender sender;
    RecordChecker checker(7);
    const std::string text = sender.record(50);
    put(checker, text);
    put(checker, text);
    EXPECT_GE(checker.counters().errors, 1u);
}

TEST(Records, EveryWrongByteIsAnError) {
    for (std::size_t at = 0; at < record_bytes(5); ++at) {
        Sender sender;
        RecordChecker checker(7);
        put(checker, sender.record(5));
        std::string text = sender.record(5);
        text[at] = static_cast<char>(text[at] ^ 1);
        put(checker, text);
        put(checker, sender.record(5));
        put(checker, sender.record(0, true));
        checker.finish();
        EXPECT_GE(checker.counters().errors, 1u) << at;
    }
}

TEST(Records, EveryMissingByteIsAnError) {
    for (std::size_t at = 0; at < record_bytes(5); ++at) {
        Sender sender;
        RecordChecker checker(7);
        put(checker, sender.record(5));
        put(checker, sender.record(5).erase(at, 1));
        put(checker, sender.record(5));
        put(checker, sender.record(0, true));
        checker.finish();
        EXPECT_GE(checker.counters().errors, 1u) << at;
    }
}

// Towards a VM the sender knows of no resets: the receiver says what they threw away.
TEST(Records, TheReceiverMayKnowOfResetsToo) {
    for (const bool told : {true, false}) {
        Sender sender;
        RecordChecker checker(7);
        put(checker, sender.record(50));
        const std::string first = sender.record(40);
        const std::string second = sender.record(40);
        put(checker, first.substr(0, 20));
        if (told)
            checker.give_up(first.size() - 20 + 30);
        put(checker, second.substr(30));
        put(checker, sender.record(0, true));
        checker.finish();
        EXPECT_EQ(checker.counters().errors == 0, told) << checker.first_error();
        EXPECT_EQ(checker.counters().lost_bytes, first.size() - 20 + 30);
    }
}

TEST(Records, AnotherStreamIsAnError) {
    Sender sender;
    RecordChecker checker(8);
    put(checker, sender.record(5));
    EXPECT_EQ(checker.counters().errors, 1u);
}

TEST(Records, AStreamWithoutAnEndIsAnError) {
    Sender sender;
    RecordChecker checker(7);
    put(checker, sender.record(5));
    checker.finish();
    EXPECT_EQ(checker.first_error(), "the last record has not come");
}

TEST(Records, EndlessTextTakesNoMoreMemoryThanARecord) {
    RecordChecker checker(7);
    put(checker, "<" + std::string(1'000'000, 'x'));
    EXPECT_EQ(checker.counters().torn, 1u);
    EXPECT_EQ(checker.counters().bytes, 1'000'001u);
}

// --- the workload -------------------------------------------------------------------------------

std::string stream(std::uint64_t seed, int records) {
    Sender sender;
    sender.random = Random(seed);
    std::string text;
    for (int i = 0; i < records; ++i)
        text += sender.record(static_cast<std::uint32_t>(i * 13 % 90));
    return text + sender.record(0, true);
}

vms::workload::Config soak(std::uint64_t seed) {
    vms::workload::Config c;
    c.kind = vms::workload::Kind::console_soak;
    c.stream = 7;
    c.seed = seed;
    c.chunk = 120;
    c.until_ns = 35'000'000;
    c.reset_every_ns = 2'000'000;
    return c;
}

TEST(ConsoleSoak, AccountsForEveryByteBothWays) {
    for (const auto* profile : {&linux_6_1(), &bare_metal()})
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            ProgramRig rig(*profile);
            rig.config.workloads.push_back(soak(seed));
            // Some of it meets a device that is being reset: the model keeps it.
            const std::string input = stream(seed, 40);
            rig.device.trickle(input, 2'000'000, 12'000);
            ASSERT_TRUE(rig.run());
            const auto& c = rig.program->workload_counters(0);
            EXPECT_EQ(c.state, vms::workload::State::succeeded)
                << profile->name << ' ' << seed << ' ' << c.first_error;
            EXPECT_GT(c.resets, 5u);
            const auto account = rig.program->port_report(0, 0).account;
            EXPECT_EQ(account.read + account.discarded, input.size());
            EXPECT_EQ(c.records.lost_bytes, account.discarded);

            RecordChecker far_end(7);
            put(far_end, rig.device.output);
            far_end.finish();
            EXPECT_EQ(far_end.counters().errors, 0u) << far_end.first_error();
            EXPECT_EQ(far_end.counters().stream_bytes, account.written);
            EXPECT_EQ(account.written, rig.device.output.size() + far_end.counters().lost_bytes);
        }
}

TEST(ConsoleSoak, FindsADeviceThatLosesBytes) {
    ProgramRig rig(linux_6_1());
    rig.config.workloads.push_back(soak(1));
    std::string input = stream(1, 40);
    input.erase(1000, 1);
    rig.device.trickle(input, 2'000'000, 12'000);
    ASSERT_TRUE(rig.run());
    EXPECT_EQ(rig.program->workload_counters(0).state, vms::workload::State::failed);
}

}  // namespace
}  // namespace frontend_test
