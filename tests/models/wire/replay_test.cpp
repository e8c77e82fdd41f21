// Replay of capture files: with their times, as fast as possible, again and again.
#include "models/wire/replay.h"

#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/models/wire/wire_bench.h"

namespace models::wire::test {
namespace {

/// A capture, removed at the end, of frames at these microseconds, numbered in their first byte.
class CaptureFile {
  public:
    explicit CaptureFile(const std::vector<std::uint64_t>& times, std::size_t bytes = 100,
                         std::size_t snap = 2000)
        : path(testing::TempDir() + "baosim_" + std::to_string(getpid()) + "_replay.pcap") {
        PcapWriter writer(path, snap);
        std::uint8_t number = 0;
        for (const std::uint64_t t : times) {
            Frame f = *frame_of(bytes);
            f.bytes[0] = static_cast<std::byte>(number++);
            writer.write(Picos::us(t), f.bytes);
        }
        EXPECT_FALSE(writer.finish());
    }
    CaptureFile(const CaptureFile&) = delete;
    CaptureFile& operator=(const CaptureFile&) = delete;
    ~CaptureFile() { std::remove(path.c_str()); }

    std::string path;
};

/// When each frame began to be sent, in nanoseconds.
std::vector<std::uint64_t> starts(const Recorder& r) {
    std::vector<std::uint64_t> v;
    for (std::size_t i = 0; i < r.arrivals.size(); ++i) {
        const std::uint64_t bytes = preamble_bytes + r.frames[i]->bytes.size() + fcs_bytes;
        v.push_back(r.arrivals[i].at / 1000 - 50 - 8 * bytes);
    }
    return v;
}

using Times = std::vector<std::uint64_t>;

TEST(Replay, KeepsTheTimesOfTheFile) {
    // One is before the one that it follows: it is sent at once.
    const CaptureFile file({1'000'000, 1'000'010, 1'000'005, 1'000'030});
    Bench b;
    Replay replay("replay", {.path = file.path, .start = Picos::us(7)}, b.link.a(), b.activity);
    run_until(Picos{1});
    EXPECT_FALSE(b.activity.idle());
    run_until(Picos::ms(1));
    EXPECT_EQ(starts(b.far), (Times{7'000, 17'000, 17'992, 37'000}));
    EXPECT_TRUE(replay.finished());
    EXPECT_TRUE(b.activity.idle());
    EXPECT_EQ(replay.counters().sent, 4U);
    EXPECT_EQ(replay.counters().sent_bytes, 400U);
    EXPECT_TRUE(replay.counters().accounted());
    EXPECT_EQ(replay.error(), "");
}

TEST(Replay, AsFastAsPossible) {
    const CaptureFile file(Times(1000, 0), 60);
    Bench b;
    Replay replay("replay", {.path = file.path, .as_fast_as_possible = true, .queue = 4},
                  b.link.a(), b.activity);
    run_until(Picos::ms(2));
    const Times at = starts(b.far);
    ASSERT_EQ(at.size(), 1000U);
    for (std::size_t i = 0; i < at.size(); ++i)
        EXPECT_EQ(at[i], 672 * i);
    EXPECT_EQ(replay.counters().queue_full, 0U);
}

TEST(Replay, Repeats) {
    const CaptureFile file({5, 8});
    Bench b;
    Replay replay("replay", {.path = file.path, .passes = 3, .pause = Picos::us(10)}, b.link.a(),
                  b.activity);
    run_until(Picos::ms(1));
    EXPECT_EQ(starts(b.far), (Times{0, 3'000, 13'000, 16'000, 26'000, 29'000}));
    EXPECT_TRUE(replay.finished());
    EXPECT_EQ(replay.counters().read, 6U);
}

TEST(Replay, WithoutEndButUntilATime) {
    const CaptureFile file({0, 5});
    Bench b;
    Replay replay("replay",
                  {.path = file.path, .passes = 0, .pause = Picos::us(5), .until = Picos::us(18)},
                  b.link.a(), b.activity);
    run_until(Picos::ms(1));
    EXPECT_EQ(starts(b.far), (Times{0, 5'000, 10'000, 15'000}));
    EXPECT_TRUE(replay.finished());
    EXPECT_TRUE(replay.counters().accounted());
}

TEST(Replay, CountsWhatItCannotSend) {
    const CaptureFile file({0, 1, 2, 3, 4, 5, 6, 7}, 1500);
    Bench b;
    Replay replay("replay", {.path = file.path, .queue = 3}, b.link.a(), b.activity);
    run_until(Picos::ms(1));
    // 12.2 us each, a frame a microsecond: one on the wire, three wait.
    EXPECT_EQ(replay.counters().sent, 4U);
    EXPECT_EQ(replay.counters().queue_full, 4U);
    EXPECT_TRUE(replay.counters().accounted());
}

TEST(Replay, LeavesOutWhatWasCutOffAndPadsWhatIsShort) {
    const CaptureFile cut({0, 1}, 100, 64);
    Bench b;
    Replay replay("replay", {.path = cut.path, .passes = 0}, b.link.a(), b.activity);
    run_until(Picos::ms(1));
    EXPECT_EQ(replay.counters().cut_off, 2U);
    EXPECT_TRUE(replay.finished()) << "not read for ever";
    EXPECT_TRUE(b.far.frames.empty());
}

TEST(Replay, PadsWhatIsShort) {
    const CaptureFile file({0}, 20);
    Bench b;
    Replay replay("replay", {.path = file.path}, b.link.a(), b.activity);
    run_until(Picos::ms(1));
    ASSERT_EQ(b.far.frames.size(), 1U);
    EXPECT_EQ(b.far.frames[0]->bytes.size(), 60U);
}

// A pass that takes no time, without end, goes as fast as the link and no faster; while the link is
// down it waits.
TEST(Replay, WithoutEndAndWithoutLength) {
    const CaptureFile file({0}, 60);
    Bench b({.outages = {{Picos::us(7), Picos::us(20)}}});
    Replay replay("replay", {.path = file.path, .passes = 0, .until = Picos::us(27), .queue = 1},
                  b.link.a(), b.activity);
    run_until(Picos::us(50));
    EXPECT_TRUE(replay.finished());
    EXPECT_TRUE(replay.counters().accounted());
    EXPECT_EQ(replay.counters().link_down, 0U);
    // 11 begin within 7 us and one waits, of which 10 arrive; the same again from 20 us on, and all
    // arrive.
    EXPECT_EQ(replay.counters().sent, 24U);
    EXPECT_EQ(b.link.counters(Side::a).delivered, 10U + 12U);
}

TEST(Replay, FramesOfATimeWhenTheLinkIsDownAreNotSent) {
    const CaptureFile file({0, 10, 20, 30});
    Bench b({.outages = {{Picos::us(5), Picos::us(25)}}});
    Replay replay("replay", {.path = file.path}, b.link.a(), b.activity);
    run_until(Picos::ms(1));
    EXPECT_EQ(starts(b.far), (Times{0, 30'000}));
    EXPECT_EQ(replay.counters().link_down, 2U);
    EXPECT_TRUE(replay.counters().accounted());
}

TEST(Replay, SaysWhereAFileIsBroken) {
    const CaptureFile file({0, 1, 2});
    ASSERT_EQ(truncate(file.path.c_str(), 24 + 3 * 116 - 10), 0);
    Bench b;
    Replay replay("replay", {.path = file.path}, b.link.a(), b.activity);
    run_until(Picos::ms(1));
    EXPECT_EQ(replay.counters().sent, 2U);
    EXPECT_TRUE(replay.finished());
    EXPECT_THAT(replay.error(),
                testing::AllOf(testing::HasSubstr("replay.pcap"), testing::HasSubstr("truncated")));
    EXPECT_TRUE(b.activity.idle());
}

}  // namespace
}  // namespace models::wire::test
