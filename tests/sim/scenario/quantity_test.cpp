// Numbers with units: exact or refused.
#include "sim/scenario/quantity.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace sim {
namespace {

std::uint64_t value(std::string_view text, const NumberForm& form) {
    const ParsedNumber p = parse_number(text, form);
    EXPECT_EQ(p.problem, "") << text;
    EXPECT_FALSE(p.value.negative) << text;
    return p.value.magnitude;
}

void expect_problem(std::string_view text, const NumberForm& form, std::string_view words) {
    const std::string problem = parse_number(text, form).problem;
    EXPECT_NE(problem.find(words), std::string::npos) << text << ": " << problem;
}

TEST(Quantity, Times) {
    EXPECT_EQ(value("1s", time_form()), 1'000'000'000'000U);
    EXPECT_EQ(value("0.5ms", time_form()), 500'000'000U);
    EXPECT_EQ(value("1.25ns", time_form()), 1'250U);
    EXPECT_EQ(value("0.001ns", time_form()), 1U);
    EXPECT_EQ(value("1.5000000000000s", time_form()), 1'500'000'000'000U);
    EXPECT_EQ(value("20 ms", time_form()), 20'000'000'000U);
    EXPECT_EQ(value("18446744.073709551615s", time_form()), UINT64_MAX);
    expect_problem("18446744.073709551616s", time_form(), "too large");
    expect_problem("0.0005ns", time_form(), "finer than can be counted");
    expect_problem("5", time_form(), "5ps, 5ns, 5us, 5ms or 5s");
    expect_problem("5sec", time_form(), "write 5s");
    expect_problem("5\u00b5s", time_form(), "write 5us");
    expect_problem("5MS", time_form(), "write 5ms");
    expect_problem("5min", time_form(), "allowed are ps, ns, us, ms or s");
    expect_problem("0x5ms", time_form(), "in decimal");
    expect_problem("5.ms", time_form(), "a digit must follow the point");
    expect_problem(".5ms", time_form(), "no number");
    expect_problem("1e3ns", time_form(), "'e3ns' is not a unit");
    expect_problem("ms", time_form(), "no number");
    expect_problem("", time_form(), "no number");
}

TEST(Quantity, Sizes) {
    EXPECT_EQ(value("16MiB", size_form()), 16U << 20);
    EXPECT_EQ(value("0.5KiB", size_form()), 512U);
    EXPECT_EQ(value("1.0009765625KiB", size_form()), 1025U);
    EXPECT_EQ(value("0x200", size_form()), 512U);
    EXPECT_EQ(value("512B", size_form()), 512U);
    expect_problem("512", size_form(), "without a unit");
    expect_problem("16MB", size_form(), "write 16MiB");
    expect_problem("16k", size_form(), "write 16KiB");
    expect_problem("16mib", size_form(), "write 16MiB");
    expect_problem("0.1KiB", size_form(), "finer");
    expect_problem("0.5B", size_form(), "finer");
    expect_problem("99999999TiB", size_form(), "too large");
}

TEST(Quantity, WhatIsOftenWritten) {
    expect_problem("1,5s", time_form(), "the decimal sign is a point");
    expect_problem("1,5s", time_form(), "write 1.5s");
    expect_problem("1,2GHz", frequency_form(), "write 1.2GHz");
    // No bytes, not a binary number without digits.
    EXPECT_EQ(value("0B", size_form()), 0U);
    expect_problem("0b", size_form(), "without digits");
    expect_problem("0B", integer_form(), "without digits");
}

TEST(Quantity, FrequenciesAndDecimals) {
    EXPECT_EQ(value("1.2GHz", frequency_form()), 1'200'000'000U);
    EXPECT_EQ(value("62.5MHz", frequency_form()), 62'500'000U);
    expect_problem("1.2GHZ", frequency_form(), "write 1.2GHz");
    expect_problem("0.5Hz", frequency_form(), "finer");
    EXPECT_EQ(value("1.4", milli_form()), 1400U);
    EXPECT_EQ(value("2", milli_form()), 2000U);
    expect_problem("1.4567", milli_form(), "at most three digits");
}

TEST(Quantity, RatesAndShares) {
    EXPECT_EQ(value("1Gbps", rate_form()), 1'000'000'000U);
    EXPECT_EQ(value("2.5Gbps", rate_form()), 2'500'000'000U);
    EXPECT_EQ(value("100Mbps", rate_form()), 100'000'000U);
    expect_problem("1Gbit/s", rate_form(), "write 1Gbps");
    expect_problem("1g", rate_form(), "write 1Gbps");
    expect_problem("1GHz", rate_form(), "allowed are bps, kbps, Mbps or Gbps");
    EXPECT_EQ(value("0.1%", share_form()), 1'000'000U);
    EXPECT_EQ(value("0%", share_form()), 0U);
    EXPECT_EQ(value("100 %", share_form()), 1'000'000'000U);
    EXPECT_EQ(value("0.0001%", share_form()), 1'000U);
    EXPECT_EQ(value("250ppm", share_form()), 250'000U);
    expect_problem("0.00000001%", share_form(), "finer than can be counted");
    expect_problem("0.1", share_form(), "without a unit");
}

TEST(Quantity, WholeNumbers) {
    EXPECT_EQ(value("0xF9010000", address_form()), 0xF9010000U);
    EXPECT_EQ(value("0b101", mask_form()), 5U);
    EXPECT_EQ(value("0", integer_form()), 0U);
    EXPECT_EQ(value("18446744073709551615", integer_form()), UINT64_MAX);
    EXPECT_EQ(value("0xffffffffffffffff", integer_form()), UINT64_MAX);
    expect_problem("18446744073709551616", integer_form(), "too large");
    expect_problem("0x1ffffffffffffffff", integer_form(), "does not fit 64 bits");
    expect_problem("0xg", address_form(), "hexadecimal");
    expect_problem("0x", address_form(), "without digits");
    expect_problem("0b2", mask_form(), "binary");
    expect_problem("010", integer_form(), "does not begin with 0");
    expect_problem("5ms", integer_form(), "has no unit");
    expect_problem("1.5", integer_form(), "write a whole number");
    EXPECT_TRUE(parse_number("-3", integer_form()).value.negative);
    EXPECT_FALSE(parse_number("-0", integer_form()).value.negative);
}

TEST(Quantity, Order) {
    const auto n = [](std::string_view t) { return parse_number(t, integer_form()).value; };
    EXPECT_LT(compare(n("-5"), n("-4")), 0);
    EXPECT_LT(compare(n("-5"), n("4")), 0);
    EXPECT_GT(compare(n("5"), n("4")), 0);
    EXPECT_EQ(compare(n("5"), n("0x5")), 0);
}

}  // namespace
}  // namespace sim
