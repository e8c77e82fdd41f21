// A far end that talks in records (vms/workload/records.h): it sends them at random moments, and
// checks those that arrive.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/time.h"
#include "models/uart/serial_channel.h"
#include "vms/workload/random.h"
#include "vms/workload/records.h"

namespace models {

/// Records of `stream` from `from` on, at random distances of `period` on average, with payloads of
/// at most `payload` bytes; the last one at or after `until`.
class RecordInput final : public SerialSource {
  public:
    struct Parameters {
        std::uint32_t stream = 0;
        std::uint64_t seed = 0;
        Picos from{};
        Picos until{};
        Picos period{};
        std::uint32_t payload = 0;
    };
    explicit RecordInput(const Parameters& parameters);

    SerialBurst next() const override;
    std::uint8_t take() override;

    std::uint64_t sent_records() const { return number_; }
    std::uint64_t sent_bytes() const { return sent_; }
    bool ended() const { return last_ && position_ == text_.size(); }

  private:
    void prepare();

    Parameters p_;
    vms::workload::Random random_;
    Picos at_;
    std::string text_;  ///< of the record at hand
    std::size_t position_ = 0;
    std::uint64_t sent_ = 0;
    std::uint32_t number_ = 0;
    bool last_ = false;
};

class RecordSink final : public SerialSink {
  public:
    explicit RecordSink(std::uint32_t stream) : checker_(stream) {}

    void put(std::uint8_t byte, Picos at) override;
    std::error_code finish() override;

    const vms::workload::RecordChecker& checker() const { return checker_; }

  private:
    vms::workload::RecordChecker checker_;
};

}  // namespace models
