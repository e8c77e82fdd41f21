// Distributions of integers in fixed memory.
//
// Histogram: any 64-bit value, in buckets that are exact below 256 and above that 128 to each
// power of two (log-linear, as in HdrHistogram). A quantile is the upper edge of the bucket that
// holds it, bounded by the exact maximum: it never understates, and overstates by less than
// 1/128 = 0.8 %. Count, sum, minimum and maximum are exact.
//
// ExactCounts: small numbers, such as the instructions of a leg, each counted on its own: the
// median is a value that occurred.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sim {

/// A rank within a distribution, in parts per million: 500'000 is the median.
struct Quantile {
    std::uint32_t ppm = 0;

    static constexpr Quantile percent(std::uint32_t p) { return {p * 10'000}; }

    /// The 1-based rank of this quantile among `count` values: count * ppm / 10^6, rounded up,
    /// and at least the first.
    constexpr std::uint64_t rank(std::uint64_t count) const {
        constexpr std::uint64_t million = 1'000'000;
        const std::uint64_t r =
            count / million * ppm + (count % million * ppm + (million - 1)) / million;
        return std::clamp<std::uint64_t>(r, 1, std::max<std::uint64_t>(count, 1));
    }
};

/// 58 KiB: keep it on the heap or in a static table, not on a stack.
class Histogram {
  public:
    /// Buckets to each power of two, as a power of two: the resolution.
    static constexpr unsigned sub_bits = 7;
    static constexpr std::uint64_t sub_buckets = std::uint64_t{1} << sub_bits;
    static constexpr std::size_t buckets = (64 - sub_bits + 1) * sub_buckets;

    void record(std::uint64_t value, std::uint64_t times = 1) {
        counts_[bucket_of(value)] += times;
        count_ += times;
        sum_ += value * times;
        min_ = std::min(min_, value);
        max_ = std::max(max_, value);
    }

    void add(const Histogram& other) {
        for (std::size_t i = 0; i < buckets; ++i)
            counts_[i] += other.counts_[i];
        count_ += other.count_;
        sum_ += other.sum_;
        min_ = std::min(min_, other.min_);
        max_ = std::max(max_, other.max_);
    }

    std::uint64_t count() const { return count_; }
    std::uint64_t sum() const { return sum_; }  ///< modulo 2^64
    std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
    std::uint64_t max() const { return max_; }

    /// 0 when nothing was recorded.
    std::uint64_t quantile(Quantile q) const {
        if (count_ == 0)
            return 0;
        const std::uint64_t rank = q.rank(count_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets; ++i) {
            seen += counts_[i];
            if (seen >= rank)
                return std::min(upper_edge(i), max_);
        }
        return max_;
    }

    static constexpr std::size_t bucket_of(std::uint64_t value) {
        // Values below 2 * sub_buckets have a bucket each: for them the shift is 0.
        const auto width = static_cast<unsigned>(std::bit_width(value | (2 * sub_buckets - 1)));
        const unsigned shift = width - (sub_bits + 1);
        return (std::size_t{shift} << sub_bits) + static_cast<std::size_t>(value >> shift);
    }

    /// The greatest value that falls into a bucket.
    static constexpr std::uint64_t upper_edge(std::size_t bucket) {
        if (bucket < 2 * sub_buckets)
            return bucket;
        const std::uint64_t shift = (bucket >> sub_bits) - 1;
        const std::uint64_t mantissa = bucket - (shift << sub_bits);
        return (mantissa << shift) + ((std::uint64_t{1} << shift) - 1);
    }

  private:
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t max_ = 0;
};

/// Exact below Limit; from there on with the resolution of Histogram.
template <std::size_t Limit>
class ExactCounts {
  public:
    void record(std::uint64_t value, std::uint64_t times = 1) {
        if (value < Limit) [[likely]]
            counts_[static_cast<std::size_t>(value)] += times;
        else
            above_.record(value, times);
    }

    std::uint64_t count() const {
        std::uint64_t n = above_.count();
        for (const std::uint64_t c : counts_)
            n += c;
        return n;
    }

    /// 0 when nothing was recorded. Of an even number of values the lower middle one.
    std::uint64_t median() const { return quantile(Quantile::percent(50)); }

    std::uint64_t quantile(Quantile q) const {
        const std::uint64_t n = count();
        if (n == 0)
            return 0;
        const std::uint64_t rank = q.rank(n);
        std::uint64_t seen = 0;
        for (std::size_t v = 0; v < Limit; ++v) {
            seen += counts_[v];
            if (seen >= rank)
                return v;
        }
        // The rank lies among the greater values, as the (rank - seen)-th of them.
        const std::uint64_t above = above_.count();
        const auto ppm = static_cast<std::uint32_t>((rank - seen) * 1'000'000 / above);
        return above_.quantile({ppm});
    }

  private:
    std::array<std::uint64_t, Limit> counts_{};
    Histogram above_;
};

}  // namespace sim
