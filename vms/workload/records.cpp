#include "vms/workload/records.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "vms/workload/crc32.h"

namespace vms::workload {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned alphabet_bits = 6;
static_assert(alphabet.size() == std::size_t{1} << alphabet_bits);

// Digits of each field.
constexpr std::size_t stream_digits = 2;
constexpr std::size_t epoch_digits = 6;
constexpr std::size_t number_digits = 8;
constexpr std::size_t offset_digits = 12;
constexpr std::size_t length_digits = 4;
constexpr std::size_t crc_digits = 8;
constexpr std::size_t header_bytes =
    1 + stream_digits + epoch_digits + number_digits + 2 * offset_digits + length_digits + 1;
constexpr std::size_t trailer_bytes = crc_digits + 2;  // with ">\n"
constexpr std::size_t longest_text = header_bytes + longest_payload + trailer_bytes;

void put_hex(std::string& to, std::uint64_t value, std::size_t digits) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (std::size_t i = digits; i-- > 0;)
        to.push_back(hex[static_cast<std::size_t>(value >> (4 * i) & 0xf)]);
}

/// Takes fields off the front of a text.
class Fields {
  public:
    explicit Fields(std::string_view text) : left_(text) {}

    std::uint64_t hex(std::size_t digits) {
        std::uint64_t value = 0;
        for (const char c : take(digits)) {
            const bool digit = c >= '0' && c <= '9';
            const bool letter = c >= 'a' && c <= 'f';
            good_ = good_ && (digit || letter);
            value = value << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
        }
        return value;
    }
    std::string_view take(std::size_t n) {
        good_ = good_ && n <= left_.size();
        const std::string_view part = left_.substr(0, n);
        left_.remove_prefix(part.size());
        return part;
    }
    bool good() const { return good_; }
    std::size_t left() const { return left_.size(); }

  private:
    std::string_view left_;
    bool good_ = true;
};

std::uint32_t crc_of(std::string_view text) {
    Crc32 crc;
    crc.update(std::as_bytes(std::span{text.data(), text.size()}));
    return crc.value();
}

/// A record from its text without the ">" and the line's end.
std::optional<Record> parse(std::string_view text) {
    Fields f(text);
    Record r;
    f.take(1);
    r.stream = static_cast<std::uint32_t>(f.hex(stream_digits));
    r.epoch = static_cast<std::uint32_t>(f.hex(epoch_digits));
    r.number = static_cast<std::uint32_t>(f.hex(number_digits));
    r.offset = f.hex(offset_digits);
    r.given_up = f.hex(offset_digits);
    r.length = static_cast<std::uint32_t>(f.hex(length_digits));
    const std::string_view kind = f.take(1);
    f.take(r.length);
    if (!f.good() || f.left() != crc_digits || (kind != "d" && kind != "e"))
        return std::nullopt;
    r.last = kind == "e";
    if (f.hex(crc_digits) != crc_of(text.substr(0, text.size() - crc_digits)) || !f.good())
        return std::nullopt;
    return r;
}

}  // namespace

std::size_t record_bytes(std::uint32_t payload) {
    return header_bytes + payload + trailer_bytes;
}

std::string make_record(const Record& r, Random& random) {
    std::string text = "<";
    text.reserve(record_bytes(r.length));
    put_hex(text, r.stream, stream_digits);
    put_hex(text, r.epoch, epoch_digits);
    put_hex(text, r.number, number_digits);
    put_hex(text, r.offset, offset_digits);
    put_hex(text, r.given_up, offset_digits);
    put_hex(text, r.length, length_digits);
    text.push_back(r.last ? 'e' : 'd');
    std::uint64_t bits = 0;
    constexpr std::uint32_t letters_each = 64 / alphabet_bits;
    for (std::uint32_t i = 0; i < r.length; ++i) {
        if (i % letters_each == 0)
            bits = random.next();
        text.push_back(alphabet[static_cast<std::size_t>(bits % alphabet.size())]);
        bits >>= alphabet_bits;
    }
    put_hex(text, crc_of(text), crc_digits);
    text += ">\n";
    return text;
}

void RecordChecker::put(char c) {
    if (c == '<') {
        if (inside_)
            tear();
        inside_ = true;
        begun_at_ = counters_.bytes;
        text_.clear();
    }
    ++counters_.bytes;
    if (!inside_) {
        // The line's end after a whole record belongs to it.
        if (line_end_due_ && c == '\n') {
            line_end_due_ = false;
            counters_.ended = last_seen_;
        } else {
            fragment_ = true;
        }
        return;
    }
    if (c == '>') {
        complete();
        return;
    }
    text_.push_back(c);
    if (text_.size() > longest_text)
        tear();
}

/// What has been gathered is no whole record.
void RecordChecker::tear() {
    ++counters_.torn;
    inside_ = false;
    fragment_ = true;
}

void RecordChecker::complete() {
    inside_ = false;
    if (const std::optional<Record> record = parse(text_))
        accept(*record);
    else
        tear();
}

void RecordChecker::accept(const Record& r) {
    const auto at = [&] { return " at record " + std::to_string(r.number); };
    given_up_ = std::max(given_up_, r.given_up);
    const std::uint64_t expected = begun_at_ + counters_.lost_bytes;
    if (r.stream != stream_)
        error("a record of stream " + std::to_string(r.stream));
    if (last_seen_)
        error("something after the last record");
    if (r.offset < expected) {
        error(std::to_string(expected - r.offset) + " bytes too many" + at());
    } else if (r.offset > expected) {
        const std::uint64_t gap = r.offset - expected;
        ++counters_.gaps;
        counters_.lost_bytes += gap;
        if (gap > given_up_ - given_up_before_)
            error(std::to_string(gap) + " bytes lost" + at() + ", where resets gave up " +
                  std::to_string(given_up_ - given_up_before_));
    } else if (fragment_) {
        error("wrong bytes before" + at());
    } else if (r.number != next_number_) {
        error("number " + std::to_string(next_number_) + " expected" + at());
    }
    if (r.number < next_number_ || r.epoch < epoch_)
        error("out of order" + at());
    ++counters_.records;
    next_number_ = r.number + 1;
    epoch_ = r.epoch;
    given_up_before_ = given_up_;
    fragment_ = false;
    line_end_due_ = true;
    if (r.last) {
        last_seen_ = true;
        counters_.stream_bytes = r.offset + record_bytes(r.length);
    }
}

void RecordChecker::finish() {
    if (!counters_.ended)
        error("the last record has not come");
    else if (fragment_ || inside_)
        error("something after the last record");
}

void RecordChecker::error(std::string what) {
    if (counters_.errors++ == 0)
        first_error_ = std::move(what);
}

}  // namespace vms::workload
