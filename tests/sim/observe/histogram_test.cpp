// Quantiles against a sorted list of the same values: the definition of a quantile, and the error
// that histogram.h promises (never understated, overstated by less than 1/128).
#include "sim/observe/histogram.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sim {
namespace {

/// The smallest value such that at least ppm/10^6 of all are not greater.
std::uint64_t exact_quantile(std::vector<std::uint64_t> values, Quantile q) {
    std::sort(values.begin(), values.end());
    const auto n = static_cast<unsigned long long>(values.size());
    const unsigned long long rank = (n * q.ppm + 999'999) / 1'000'000;
    return values[static_cast<std::size_t>(std::max(rank, 1ull) - 1)];
}

void expect_close(const Histogram& h, const std::vector<std::uint64_t>& values) {
    for (const std::uint32_t ppm :
         {0u, 1u, 10'000u, 500'000u, 900'000u, 990'000u, 999'900u, 1'000'000u}) {
        const std::uint64_t exact = exact_quantile(values, {ppm});
        const std::uint64_t found = h.quantile({ppm});
        EXPECT_GE(found, exact) << ppm;
        EXPECT_LE(found - exact, exact / 128) << ppm;
    }
}

TEST(Histogram, EmptyIsZero) {
    const auto h = std::make_unique<Histogram>();
    EXPECT_EQ(h->count(), 0u);
    EXPECT_EQ(h->min(), 0u);
    EXPECT_EQ(h->max(), 0u);
    EXPECT_EQ(h->quantile(Quantile::percent(50)), 0u);
}

TEST(Histogram, EdgesOfBucketsMeetWithoutGap) {
    for (std::size_t b = 0; b + 1 < Histogram::buckets; ++b) {
        const std::uint64_t edge = Histogram::upper_edge(b);
        ASSERT_EQ(Histogram::bucket_of(edge), b);
        ASSERT_EQ(Histogram::bucket_of(edge + 1), b + 1);
        // No bucket is wider than the error that is promised.
        const std::uint64_t lower = b == 0 ? 0 : Histogram::upper_edge(b - 1) + 1;
        ASSERT_LE(edge - lower, lower / 128);
    }
    EXPECT_EQ(Histogram::bucket_of(~std::uint64_t{0}), Histogram::buckets - 1);
    EXPECT_EQ(Histogram::upper_edge(Histogram::buckets - 1), ~std::uint64_t{0});
}

TEST(Histogram, UniformValues) {
    const auto h = std::make_unique<Histogram>();
    std::vector<std::uint64_t> values;
    for (std::uint64_t v = 1; v <= 100'000; ++v) {
        h->record(v);
        values.push_back(v);
    }
    EXPECT_EQ(h->count(), 100'000u);
    EXPECT_EQ(h->min(), 1u);
    EXPECT_EQ(h->max(), 100'000u);
    EXPECT_EQ(h->sum(), 5'000'050'000u);
    expect_close(*h, values);
}

TEST(Histogram, LongTailOverAllMagnitudes) {
    const auto h = std::make_unique<Histogram>();
    std::vector<std::uint64_t> values;
    std::mt19937_64 random(42);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t v = random() >> (random() % 64);
        h->record(v);
        values.push_back(v);
    }
    expect_close(*h, values);
    EXPECT_EQ(h->max(), *std::max_element(values.begin(), values.end()));
    EXPECT_EQ(h->min(), *std::min_element(values.begin(), values.end()));
}

TEST(Histogram, OneValueIsReportedExactly) {
    const auto h = std::make_unique<Histogram>();
    for (int i = 0; i < 3; ++i)
        h->record(2'476'123);
    EXPECT_EQ(h->quantile(Quantile::percent(50)), 2'476'123u);
    EXPECT_EQ(h->quantile(Quantile::percent(99)), 2'476'123u);
}

TEST(Histogram, SumOfTwoIsTheHistogramOfBoth) {
    const auto x = std::make_unique<Histogram>();
    const auto y = std::make_unique<Histogram>();
    const auto both = std::make_unique<Histogram>();
    for (std::uint64_t v = 1; v < 1'000'000; v = v * 3 / 2 + 1) {
        x->record(v);
        y->record(v * 7);
        both->record(v);
        both->record(v * 7);
    }
    x->add(*y);
    EXPECT_EQ(x->count(), both->count());
    EXPECT_EQ(x->sum(), both->sum());
    EXPECT_EQ(x->max(), both->max());
    EXPECT_EQ(x->quantile(Quantile::percent(75)), both->quantile(Quantile::percent(75)));
}

TEST(ExactCounts, MedianIsAValueThatOccurred) {
    const auto c = std::make_unique<ExactCounts<1024>>();
    for (const std::uint64_t v : {620u, 617u, 1000u, 619u})
        c->record(v);
    EXPECT_EQ(c->median(), 619u);  // the lower of the two in the middle
    c->record(1000);
    EXPECT_EQ(c->median(), 620u);
}

TEST(ExactCounts, BeyondItsLimitItKeepsTheResolutionOfAHistogram) {
    const auto c = std::make_unique<ExactCounts<16>>();
    c->record(3);
    for (const std::uint64_t v : {100'000u, 200'000u, 300'000u})
        c->record(v);
    EXPECT_EQ(c->count(), 4u);
    EXPECT_EQ(c->quantile(Quantile::percent(25)), 3u);
    EXPECT_NEAR(static_cast<double>(c->median()), 100'000, 100'000 / 128.0);
    EXPECT_NEAR(static_cast<double>(c->quantile(Quantile::percent(100))), 300'000, 300'000 / 128.0);
}

}  // namespace
}  // namespace sim
