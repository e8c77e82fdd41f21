// What became of a numbered stream, from what of it has arrived: lost, duplicate, reordered.
// Numbers begin at 0. A number is known as a duplicate within the last `window` numbers; an older
// one counts as reordered.
#pragma once

#include <cstdint>
#include <vector>

namespace vms::workload::net {

class SequenceCheck {
  public:
    static constexpr std::uint64_t window = 4096;

    void add(std::uint64_t sequence) {
        if (seen_.empty())
            seen_.assign(window, false);
        if (sequence >= next_) {
            // What is skipped has not been seen; more than a window of it leaves nothing standing.
            for (std::uint64_t s = next_; s < sequence && s - next_ < window; ++s)
                seen_[s % window] = false;
            seen_[sequence % window] = true;
            next_ = sequence + 1;
            ++unique_;
            return;
        }
        if (next_ - sequence <= window) {
            if (seen_[sequence % window]) {
                ++duplicates_;
                return;
            }
            seen_[sequence % window] = true;
        }
        ++unique_;
        ++reordered_;
    }

    std::uint64_t unique() const { return unique_; }
    std::uint64_t duplicates() const { return duplicates_; }
    std::uint64_t reordered() const { return reordered_; }  ///< after one with a higher number
    /// Numbers up to the highest seen that have not arrived.
    std::uint64_t missing() const { return next_ > unique_ ? next_ - unique_ : 0; }
    std::uint64_t next() const { return next_; }

  private:
    std::vector<bool> seen_;  ///< of the last `window` numbers, by their remainder
    std::uint64_t next_ = 0;  ///< after the highest
    std::uint64_t unique_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t reordered_ = 0;
};

}  // namespace vms::workload::net
