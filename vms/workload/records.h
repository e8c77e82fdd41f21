// A byte stream of records that describe themselves, for streams of which a part can be lost: each
// says where in the stream it stands and how much may have been lost before it, so that whoever
// receives it can tell, without asking, a loss that had to be expected from one that had not, and
// both from a duplicate or a wrong byte. Records are text, a line each:
//
//   <SSEEEEEENNNNNNNNOOOOOOOOOOOOAAAAAAAAAAAALLLLK...CCCCCCCC>
//
// in hexadecimal: stream (2), epoch (6: resets so far), number (8), offset of '<' in the stream
// (12), bytes given up by resets so far (12), length of the payload (4); kind ('d' data, 'e' the
// last one); the payload, letters and digits; CRC-32 of all before it (8). Neither '<' nor '>'
// occurs elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "vms/workload/random.h"

namespace vms::workload {

struct Record {
    std::uint32_t stream = 0;
    std::uint32_t epoch = 0;
    std::uint32_t number = 0;
    std::uint64_t offset = 0;
    std::uint64_t given_up = 0;
    std::uint32_t length = 0;  ///< of the payload
    bool last = false;
};

inline constexpr std::uint32_t longest_payload = 4096;

/// The text of a record, its payload from `random`.
std::string make_record(const Record& record, Random& random);
/// Bytes of the text of a record.
std::size_t record_bytes(std::uint32_t payload);

/// The receiving end: takes bytes, keeps the books.
class RecordChecker {
  public:
    struct Counters {
        std::uint64_t bytes = 0;    ///< that arrived
        std::uint64_t records = 0;  ///< whole ones
        std::uint64_t torn = 0;     ///< pieces of records
        std::uint64_t gaps = 0;     ///< places where something is missing
        std::uint64_t lost_bytes = 0;
        std::uint64_t errors = 0;        ///< whatever had not to be expected
        std::uint64_t stream_bytes = 0;  ///< of the whole stream, once its last record is here
        bool ended = false;              ///< with the line end of the last record
    };

    /// `stream`: the only one that may arrive.
    explicit RecordChecker(std::uint32_t stream) : stream_(stream) {}

    void put(char c);
    /// For a stream whose sender does not know: bytes that resets have given up so far. What is put
    /// from now on came after them.
    void give_up(std::uint64_t total) { given_up_ = total; }
    /// No more comes.
    void finish();

    const Counters& counters() const { return counters_; }
    /// The first error, for a human being; empty: none.
    const std::string& first_error() const { return first_error_; }

  private:
    void tear();
    void complete();
    void accept(const Record& record);
    void error(std::string what);

    std::uint32_t stream_;
    std::string text_;            ///< of the record at hand, from its '<' on
    std::uint64_t begun_at_ = 0;  ///< bytes that had arrived before its '<'
    bool inside_ = false;
    bool fragment_ = false;      ///< stray bytes since the last whole record
    bool line_end_due_ = false;  ///< that of a whole record
    bool last_seen_ = false;
    std::uint64_t given_up_ = 0;
    std::uint64_t given_up_before_ = 0;  ///< at the last whole record
    std::uint32_t epoch_ = 0;
    std::uint32_t next_number_ = 0;
    Counters counters_;
    std::string first_error_;
};

}  // namespace vms::workload
