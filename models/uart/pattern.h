// A far end that sends a generated stream; a guest program checks it with the same function.
#pragma once

#include <cstdint>

#include "models/base/time.h"
#include "models/uart/serial_channel.h"
#include "vms/workload/pattern.h"

namespace models {

/// `count` bytes of the pattern of `seed`, from time `at` on without a gap.
class PatternInput final : public SerialSource {
  public:
    PatternInput(std::uint64_t seed, std::uint64_t count, Picos at = {})
        : seed_(seed), count_(count), at_(at) {}

    SerialBurst next() const override { return {at_, count_ - sent_}; }
    std::uint8_t take() override { return vms::workload::pattern_byte(seed_, sent_++); }

  private:
    std::uint64_t seed_;
    std::uint64_t count_;
    Picos at_;
    std::uint64_t sent_ = 0;
};

}  // namespace models
