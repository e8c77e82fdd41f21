// The register bank on a small device of its own; the UARTs' tables are tested with the UARTs.
#include "models/bus/register_bank.h"

#include <gtest/gtest.h>

namespace models {
namespace {

class Gadget {
  public:
    static constexpr std::size_t count = 5;
    using Table = std::array<Register<Gadget>, count>;
    static const Table table;

    std::uint32_t next() const { return fifo_; }
    void pop(Picos /*now*/) { ++fifo_; }
    void written(std::uint32_t value, Picos now) {
        last_written = value;
        last_time = now;
    }

    std::uint64_t load(std::uint32_t offset, vms::Width w) {
        Access a{.offset = offset, .value = ~std::uint64_t{0}, .width = w};
        bank.access(*this, a, {});
        error = a.error;
        return a.value;
    }
    void store(std::uint32_t offset, vms::Width w, std::uint64_t value, Picos now = {}) {
        Access a{.offset = offset, .value = value, .width = w, .write = true};
        bank.access(*this, a, now);
        error = a.error;
    }

    RegisterBank<Gadget, count, 0x40> bank{table};
    std::uint32_t last_written = 0;
    Picos last_time{};
    bool error = false;

  private:
    std::uint32_t fifo_ = 0x11223344;
};

const Gadget::Table Gadget::table{{
    {.name = "SETUP", .offset = 0x00, .reset = 0x80c0'0102, .writable = 0x00ff'ffff},
    {.name = "EVENTS", .offset = 0x04, .reset = 0xff, .clearable = 0x0f},
    {.name = "FIFO",
     .offset = 0x10,
     .readable = 0xffff,
     .value = &Gadget::next,
     .after_read = &Gadget::pop},
    {.name = "COMMAND", .offset = 0x14, .readable = 0, .after_write = &Gadget::written},
    {.name = "ERRORS", .offset = 0x18, .reset = 0x0102'0304, .read_clears = 0x00ff'ffff},
}};

TEST(RegisterBank, AReadClearsWhatItGives) {
    Gadget g;
    Access look{.offset = 0x18};
    g.bank.peek(g, look);
    EXPECT_EQ(look.value, 0x0102'0304U);
    EXPECT_EQ(g.load(0x19, vms::Width::byte), 0x03U);
    EXPECT_EQ(g.load(0x18, vms::Width::word), 0x0102'0004U);
    EXPECT_EQ(g.load(0x18, vms::Width::word), 0x0100'0000U) << "what does not clear stays";
}

TEST(RegisterBank, GivesResetValues) {
    Gadget g;
    for (const Register<Gadget>& r : Gadget::table) {
        if (r.value == nullptr) {
            EXPECT_EQ(g.load(r.offset, vms::Width::word), r.reset & r.readable) << r.name;
        }
    }
}

TEST(RegisterBank, StoresOnlyWritableBits) {
    Gadget g;
    g.store(0x00, vms::Width::word, 0x1234'5678);
    EXPECT_EQ(g.load(0x00, vms::Width::word), 0x8034'5678U);
}

TEST(RegisterBank, NarrowAccessesReachTheirBytesOnly) {
    Gadget g;
    g.store(0x01, vms::Width::byte, 0xffab);
    EXPECT_EQ(g.load(0x00, vms::Width::word), 0x80c0'ab02U);
    g.store(0x02, vms::Width::half, 0xffff'1234);
    EXPECT_EQ(g.load(0x00, vms::Width::word), 0x8034'ab02U);
    EXPECT_EQ(g.load(0x01, vms::Width::byte), 0xabU);
    EXPECT_EQ(g.load(0x02, vms::Width::half), 0x8034U);
    g.store(0x16, vms::Width::half, 0x55aa);
    EXPECT_EQ(g.last_written, 0x55aa'0000U);
}

TEST(RegisterBank, OnesClear) {
    Gadget g;
    g.store(0x04, vms::Width::word, 0x33);
    EXPECT_EQ(g.load(0x04, vms::Width::word), 0xfcU);
    g.store(0x05, vms::Width::byte, 0xff);
    EXPECT_EQ(g.load(0x04, vms::Width::word), 0xfcU) << "another byte's ones";
}

TEST(RegisterBank, ReadEffectsAreApartFromValues) {
    Gadget g;
    Access look{.offset = 0x10};
    g.bank.peek(g, look);
    EXPECT_EQ(look.value, 0x3344U);
    EXPECT_EQ(g.load(0x10, vms::Width::word), 0x3344U);
    EXPECT_EQ(g.load(0x10, vms::Width::word), 0x3345U);
    EXPECT_EQ(g.load(0x14, vms::Width::word), 0U) << "write-only reads as zero";
}

TEST(RegisterBank, HandsOverWhatWasWrittenAndWhen) {
    Gadget g;
    g.store(0x14, vms::Width::word, 0xdead'beef, Picos::us(3));
    EXPECT_EQ(g.last_written, 0xdead'beefU);
    EXPECT_EQ(g.last_time, Picos::us(3));
}

TEST(RegisterBank, UnnamedOffsetsReadAsZero) {
    Gadget g;
    for (const std::uint32_t offset : {0x08U, 0x3cU, 0x40U, 0x1000U}) {
        g.store(offset, vms::Width::word, ~std::uint64_t{0});
        EXPECT_FALSE(g.error);
        EXPECT_EQ(g.load(offset, vms::Width::word), 0U);
        EXPECT_FALSE(g.error);
    }
}

TEST(RegisterBank, RefusesWideAndUnalignedAccesses) {
    Gadget g;
    g.store(0x00, vms::Width::dword, 0);
    EXPECT_TRUE(g.error);
    EXPECT_EQ(g.load(0x00, vms::Width::dword), 0U);
    EXPECT_TRUE(g.error);
    EXPECT_EQ(g.load(0x02, vms::Width::word), 0U);
    EXPECT_TRUE(g.error);
    EXPECT_EQ(g.load(0x01, vms::Width::half), 0U);
    EXPECT_TRUE(g.error);
    EXPECT_EQ(g.load(0x00, vms::Width::word), 0x80c0'0102U) << "nothing was changed";
}

TEST(RegisterBank, RefusesTablesThatContradictThemselves) {
    using Pair = std::array<Register<Gadget>, 2>;
    const Pair twice{{{.name = "A", .offset = 4}, {.name = "B", .offset = 4}}};
    EXPECT_THROW((RegisterBank<Gadget, 2, 0x40>(twice)), std::logic_error);
    const Pair outside{{{.name = "A", .offset = 4}, {.name = "B", .offset = 0x40}}};
    EXPECT_THROW((RegisterBank<Gadget, 2, 0x40>(outside)), std::logic_error);
}

}  // namespace
}  // namespace models
