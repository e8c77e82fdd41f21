// The far end of a serial line: where the characters that a UART sends go, and where those that it
// receives come from. It deals in bytes; when each one is on the line is the SerialLine's matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "models/base/time.h"
#include "vms/workload/crc32.h"

namespace models {

/// Bytes that a source has ready: from `at` on, `count` of them without a gap. None: it is at its
/// end.
struct SerialBurst {
    Picos at = Picos::never();
    std::uint64_t count = 0;
};

class SerialSource {
  public:
    virtual ~SerialSource() = default;
    virtual SerialBurst next() const = 0;
    /// Its next byte; only when next() says that there is one.
    virtual std::uint8_t take() = 0;
};

class SerialSink {
  public:
    virtual ~SerialSink() = default;
    /// A character arrived; `at` is the end of its last stop bit.
    virtual void put(std::uint8_t byte, Picos at) = 0;
    /// No more comes. The first error, if there was one.
    virtual std::error_code finish() { return {}; }
};

/// Text typed at given times. What is typed while the line is still busy follows at once.
class ScriptedInput final : public SerialSource {
  public:
    struct Text {
        Picos at{};
        std::string text;
    };
    explicit ScriptedInput(std::vector<Text> script);

    SerialBurst next() const override;
    std::uint8_t take() override;

  private:
    void skip_empty();

    std::vector<Text> script_;
    std::size_t entry_ = 0;
    std::size_t position_ = 0;
};

/// A file of the workstation, sent from time `at` on. Throws std::system_error naming the path when
/// it cannot be read.
class FileInput final : public SerialSource {
  public:
    explicit FileInput(const std::string& path, Picos at = {});

    SerialBurst next() const override { return {at_, size_ - position_}; }
    std::uint8_t take() override;

  private:
    struct Close {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };
    void fill();

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
    Picos at_;
    std::vector<std::uint8_t> buffer_;
    std::size_t size_ = 0;
    std::size_t position_ = 0;
};

/// Writes what arrives to a stream of the workstation, unchanged.
class HostOutput final : public SerialSink {
  public:
    /// Creates or empties the file. Throws std::system_error naming the path when it cannot.
    static std::unique_ptr<HostOutput> to_file(const std::string& path);
    /// `stream` stays open and outlives the sink: stdout.
    static std::unique_ptr<HostOutput> to_stream(std::FILE* stream);

    HostOutput(const HostOutput&) = delete;
    HostOutput& operator=(const HostOutput&) = delete;
    ~HostOutput() override;

    void put(std::uint8_t byte, Picos at) override;
    std::error_code finish() override;

  private:
    HostOutput(std::FILE* stream, bool owned) : stream_(stream), owned_(owned) {}

    std::FILE* stream_;
    bool owned_;
    std::error_code error_;
};

/// Counted over a run. Hashes are CRC-32/ISO-HDLC of the bytes counted.
struct SerialCounters {
    std::uint64_t tx_bytes = 0;           ///< characters that reached the far end
    std::uint64_t tx_lost = 0;            ///< written by software, never sent: FIFO full or flushed
    std::uint64_t tx_framing_errors = 0;  ///< of tx_bytes, without a stop bit at the far end's rate
    std::uint64_t rx_bytes = 0;           ///< characters put into the receive FIFO
    std::uint64_t rx_overruns = 0;        ///< characters lost because the FIFO was full
    std::uint64_t rx_lost = 0;            ///< characters that met a receiver not listening
    std::uint64_t rx_framing_errors =
        0;  ///< of rx_bytes, without a stop bit at the near end's rate
    std::uint32_t tx_hash = 0;
    std::uint32_t rx_hash = 0;

    bool operator==(const SerialCounters&) const = default;
};

/// One line's far end with its books. Without a sink what is sent is only counted.
class SerialChannel {
  public:
    void add_source(std::unique_ptr<SerialSource> source);
    void set_sink(std::unique_ptr<SerialSink> sink) { sink_ = std::move(sink); }

    SerialCounters counters() const;
    /// Closes the sink; the first error that writing met.
    std::error_code finish();

    // --- for the UART -----------------------------------------------------------------------

    /// What comes next: of several sources the one that is ready first, to its end.
    SerialBurst next() const;
    std::uint8_t take();
    void deliver(std::uint8_t byte, bool framing_error, Picos at);
    void accepted(std::uint8_t byte, bool framing_error);
    void overrun() { ++counters_.rx_overruns; }
    void unheard() { ++counters_.rx_lost; }
    void lost(std::uint64_t count) { counters_.tx_lost += count; }

  private:
    SerialSource* first() const;

    std::vector<std::unique_ptr<SerialSource>> sources_;
    std::unique_ptr<SerialSink> sink_;
    SerialCounters counters_;
    vms::workload::Crc32 tx_hash_;
    vms::workload::Crc32 rx_hash_;
};

}  // namespace models
