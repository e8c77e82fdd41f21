// What arrived of a numbered flow: in order, again, late, or not at all. It remembers which of the
// last `window` numbers arrived; what comes from further back is counted as stale, and stays
// counted as lost if it was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vms::workload::packets {

class SequenceCheck {
  public:
    static constexpr std::uint64_t window = 4096;

    enum class Verdict : std::uint8_t {
        next,       ///< the one expected
        ahead,      ///< numbers before it are missing so far
        late,       ///< it had been missing: reordered
        duplicate,  ///< it had arrived
        stale,      ///< too far back to tell
    };

    constexpr Verdict add(std::uint64_t sequence) {
        if (sequence >= next_) {
            const std::uint64_t gap = sequence - next_;
            missing_ += gap;
            if (gap >= window)
                seen_.fill(0);
            else
                for (std::uint64_t s = next_; s < sequence; ++s)
                    forget(s);
            mark(sequence);
            next_ = sequence + 1;
            ++distinct_;
            return gap == 0 ? Verdict::next : Verdict::ahead;
        }
        if (next_ - sequence > window) {
            ++stale_;
            return Verdict::stale;
        }
        if (seen(sequence)) {
            ++duplicated_;
            return Verdict::duplicate;
        }
        mark(sequence);
        --missing_;
        ++reordered_;
        ++distinct_;
        return Verdict::late;
    }

    std::uint64_t distinct() const { return distinct_; }      ///< numbers that arrived
    std::uint64_t lost() const { return missing_; }           ///< below the highest, not arrived
    std::uint64_t duplicated() const { return duplicated_; }  ///< arrivals of what had arrived
    std::uint64_t reordered() const { return reordered_; }    ///< arrived after a higher one
    std::uint64_t stale() const { return stale_; }
    std::uint64_t next() const { return next_; }  ///< one above the highest

  private:
    static constexpr std::uint64_t word_bits = 64;

    constexpr std::uint64_t& word(std::uint64_t s) { return seen_[s % window / word_bits]; }
    static constexpr std::uint64_t bit(std::uint64_t s) {
        return std::uint64_t{1} << (s % word_bits);
    }
    constexpr bool seen(std::uint64_t s) { return (word(s) & bit(s)) != 0; }
    constexpr void mark(std::uint64_t s) { word(s) |= bit(s); }
    constexpr void forget(std::uint64_t s) { word(s) &= ~bit(s); }

    std::array<std::uint64_t, window / word_bits> seen_{};
    std::uint64_t next_ = 0;
    std::uint64_t distinct_ = 0;
    std::uint64_t missing_ = 0;
    std::uint64_t duplicated_ = 0;
    std::uint64_t reordered_ = 0;
    std::uint64_t stale_ = 0;
};

}  // namespace vms::workload::packets
