// The far end: where characters come from, where they go, and the books kept of them.
#include "models/uart/serial_channel.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "models/uart/pattern.h"

namespace models {
namespace {

std::string drain(SerialSource& source) {
    std::string all;
    while (source.next().count != 0)
        all.push_back(static_cast<char>(source.take()));
    return all;
}

std::string temporary(std::string_view name) {
    return testing::TempDir() + "baosim_" + std::to_string(getpid()) + "_" + std::string(name);
}

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ScriptedInput, OrdersByTimeAndSkipsEmptyTexts) {
    ScriptedInput s({{Picos::us(5), "late"}, {Picos::us(1), ""}, {Picos::us(2), "early "}});
    EXPECT_EQ(s.next().at, Picos::us(2));
    EXPECT_EQ(s.next().count, 6U);
    EXPECT_EQ(drain(s), "early late");
}

TEST(PatternInput, IsTheSharedFunction) {
    PatternInput p(42, 20, Picos::us(3));
    EXPECT_EQ(p.next().at, Picos::us(3));
    const std::string all = drain(p);
    ASSERT_EQ(all.size(), 20U);
    for (std::size_t k = 0; k < all.size(); ++k)
        EXPECT_EQ(static_cast<std::uint8_t>(all[k]), vms::workload::pattern_byte(42, k));
}

TEST(PatternInput, IsSplitMix64) {
    // First output of SplitMix64 with seed 0: 0xe220a8397b1dcdaf (its reference implementation).
    std::uint64_t first = 0;
    for (unsigned k = 8; k-- > 0;)
        first = first << 8 | vms::workload::pattern_byte(0, k);
    EXPECT_EQ(first, 0xe220'a839'7b1d'cdafU);
}

TEST(FileInput, SendsTheFile) {
    const std::string path = temporary("input");
    std::string text(200'000, 'x');  // more than its buffer holds
    text += "end";
    std::ofstream(path, std::ios::binary) << text;
    FileInput f(path);
    EXPECT_EQ(drain(f), text);
    std::remove(path.c_str());
}

TEST(FileInput, NamesAPathThatCannotBeRead) {
    const std::string path = temporary("missing/file");
    try {
        FileInput f(path);
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_THAT(e.what(), testing::HasSubstr(path));
    }
    EXPECT_THROW(FileInput{testing::TempDir()}, std::system_error) << "a directory";
}

TEST(HostOutput, WritesAFileUnchanged) {
    const std::string path = temporary("output");
    auto out = HostOutput::to_file(path);
    for (const std::uint8_t c : std::array<std::uint8_t, 5>{'a', '\r', '\n', 0x00, 0xff})
        out->put(c, {});
    EXPECT_FALSE(out->finish());
    EXPECT_EQ(contents(path), std::string("a\r\n\0\xff", 5));
    std::remove(path.c_str());
}

TEST(HostOutput, NamesAPathThatCannotBeWritten) {
    try {
        HostOutput::to_file(temporary("missing/file"));
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("missing/file"));
    }
}

TEST(HostOutput, ReportsAFullDisk) {
    auto out = HostOutput::to_file("/dev/full");
    out->put('a', {});
    EXPECT_EQ(out->finish(), std::errc::no_space_on_device);
    EXPECT_EQ(out->finish(), std::errc::no_space_on_device) << "also when asked again";
}

TEST(SerialChannel, HashesAreCrc32) {
    // The check value of CRC-32/ISO-HDLC: 0xcbf43926 for "123456789".
    SerialChannel c;
    for (const char ch : std::string_view("123456789")) {
        c.deliver(static_cast<std::uint8_t>(ch), false, {});
        c.accepted(static_cast<std::uint8_t>(ch), false);
    }
    EXPECT_EQ(c.counters().tx_hash, 0xcbf4'3926U);
    EXPECT_EQ(c.counters().rx_hash, 0xcbf4'3926U);
    EXPECT_EQ(c.counters().tx_bytes, 9U);
    EXPECT_EQ(c.counters().rx_bytes, 9U);
}

TEST(SerialChannel, TakesSourcesInTheOrderOfTheirTimes) {
    SerialChannel c;
    c.add_source(std::make_unique<ScriptedInput>(
        std::vector<ScriptedInput::Text>{{Picos::us(2), "b"}, {Picos::us(9), "d"}}));
    c.add_source(std::make_unique<ScriptedInput>(
        std::vector<ScriptedInput::Text>{{Picos::us(1), "a"}, {Picos::us(2), "c"}}));
    std::string all;
    while (c.next().count != 0)
        all.push_back(static_cast<char>(c.take()));
    EXPECT_EQ(all, "abcd");
}

}  // namespace
}  // namespace models
