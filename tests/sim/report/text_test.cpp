// Quantities as text, wrapping and columns.
#include "sim/report/text.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(Text, DurationsTakeTheUnitThatSuits) {
    EXPECT_EQ(duration({0}), "0 s");
    EXPECT_EQ(duration({812}), "812 ps");
    EXPECT_EQ(duration({1'204'000}), "1.204 us");
    EXPECT_EQ(duration(models::Picos::ms(250)), "250 ms");
    EXPECT_EQ(duration(models::Picos::ms(3'500)), "3.5 s");
}

TEST(Text, Nanoseconds) {
    EXPECT_EQ(nanoseconds({1'234'005}), "1234.005");
    EXPECT_EQ(nanoseconds_short({1'249}), "1.2");
    EXPECT_EQ(nanoseconds_short({1'250}), "1.3");
    EXPECT_EQ(nanoseconds_short({999'960}), "1000.0");
}

TEST(Text, SizesAreExact) {
    EXPECT_EQ(byte_size(0), "0");
    EXPECT_EQ(byte_size(0x200), "512");
    EXPECT_EQ(byte_size(0x10000), "64 KiB");
    EXPECT_EQ(byte_size(0x1000000), "16 MiB");
    EXPECT_EQ(byte_size(0x80000000), "2 GiB");
    EXPECT_EQ(byte_size(1025), "1025");
}

TEST(Text, WrapKeepsWordsAndCutsWhatIsTooLong) {
    EXPECT_EQ(wrap("one two three four", 2, 13),
              (std::vector<std::string>{"  one two", "  three four"}));
    EXPECT_EQ(wrap("abcdefghijkl m", 0, 8), (std::vector<std::string>{"abcdefgh", "ijkl m"}));
    EXPECT_TRUE(wrap("", 2, 80).empty());
}

TEST(Text, TableAlignsAndShortensTheWidest) {
    Table t({{"name"}, {"n", Table::Align::right}});
    t.row({"a", "1"});
    t.row({"bb", "100"});
    EXPECT_EQ(t.text(2, {}), "  name    n\n  a       1\n  bb    100\n");

    Table wide({{"name"}, {"n", Table::Align::right}});
    wide.row({std::string(50, 'x'), "1"});
    EXPECT_EQ(wide.text(0, {.columns = 20}), "name               n\nxxxxxxxxxxxxxx...  1\n");
}

}  // namespace
}  // namespace sim
