// The canonical text trace: one event a line, ordered by (time, CPU, order of arrival), the same
// byte for byte whenever the run is the same. For comparing runs and for reading.
//
//      12345.678 cpu0 trap          r17 address=0xa003e50 width=4 op=write value=0x1
//
// Columns: simulated time in nanoseconds; CPU; event; the request that it belongs to, when any;
// its fields. Events arrive out of order, because each core runs ahead of the kernel's time: they
// are held back until nothing earlier can come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/time.h"
#include "sim/observe/sink.h"

namespace sim {

/// The name of an event kind in traces; "event-<n>" would be one that the table does not know.
std::string_view event_name(models::EventKind kind);

/// One line of the trace, without its end.
std::string trace_line(const models::Event& e);
std::string trace_line(const models::Observation& o);

class Trace final : public Sink {
  public:
    /// Opens `path` for writing; error() tells when that failed. `settled` gives a time before
    /// which no event can come any more (the kernel's time): with it the trace bounds what it holds
    /// by itself, without it someone calls flush_until().
    explicit Trace(const std::string& path, std::function<models::Picos()> settled = {});

    void event(const models::Event& e) override;
    void observation(models::Observation o) override;

    /// Writes all events before `limit`. Those at `limit` may still get company, and stay.
    void flush_until(models::Picos limit);

    /// Writes the rest and closes the file. Returns what error() returns.
    const std::string& finish();

    /// Empty, or what went wrong first: "cannot write trace 'x': No space left on device". Nothing
    /// is written after an error.
    const std::string& error() const { return error_; }

    /// Events that came after later ones had been written.
    std::uint64_t late() const { return late_; }

  private:
    struct Entry {
        models::Event event;
        std::unique_ptr<models::Observation> observation;  ///< instead of the event, when not null
    };
    struct Close {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };

    void push(Entry entry);
    void write(std::string_view text);
    void fail(std::string_view what, int error_number);

    /// Events held before asking `settled`, then again whenever that many more have come.
    static constexpr std::size_t flush_threshold = 65'536;

    std::string path_;
    std::function<models::Picos()> settled_;
    std::unique_ptr<std::FILE, Close> file_;
    std::vector<Entry> held_;
    std::size_t next_flush_ = flush_threshold;
    models::Picos written_until_{};
    std::uint64_t late_ = 0;
    std::string error_;
};

}  // namespace sim
