#include "models/uart/records.h"

namespace models {

RecordInput::RecordInput(const Parameters& parameters)
    : p_(parameters), random_(parameters.seed), at_(parameters.from) {
    prepare();
}

/// The next record, and when it is ready.
void RecordInput::prepare() {
    last_ = at_ >= p_.until;
    const auto length =
        last_ ? 0 : static_cast<std::uint32_t>(random_.below(std::uint64_t{p_.payload} + 1));
    text_ = vms::workload::make_record({.stream = p_.stream,
                                        .epoch = 0,
                                        .number = number_,
                                        .offset = sent_,
                                        .given_up = 0,
                                        .length = length,
                                        .last = last_},
                                       random_);
    position_ = 0;
}

SerialBurst RecordInput::next() const {
    if (position_ == text_.size())
        return {};
    return {at_, text_.size() - position_};
}

std::uint8_t RecordInput::take() {
    const auto byte = static_cast<std::uint8_t>(text_[position_++]);
    ++sent_;
    if (position_ == text_.size()) {
        ++number_;
        if (!last_) {
            at_ = at_ + Picos{random_.below(2 * p_.period.value)};
            prepare();
        }
    }
    return byte;
}

void RecordSink::put(std::uint8_t byte, Picos /*at*/) {
    checker_.put(static_cast<char>(byte));
}

std::error_code RecordSink::finish() {
    checker_.finish();
    return {};
}

}  // namespace models
