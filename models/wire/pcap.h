// Capture files in the format of libpcap: Ethernet (LINKTYPE_ETHERNET), time stamps in nanoseconds.
// A time stamp is simulated time since the start of the run, cut to whole nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "models/base/time.h"

struct pcap;
struct pcap_dumper;

namespace models::wire {

class PcapWriter {
  public:
    /// Creates or empties the file. Throws std::system_error naming the path when it cannot.
    /// `snap`: bytes of each frame that are kept.
    explicit PcapWriter(const std::string& path, std::size_t snap = 262'144);
    PcapWriter(PcapWriter&&) noexcept;
    PcapWriter& operator=(PcapWriter&&) noexcept;
    ~PcapWriter();

    void write(Picos at, std::span<const std::byte> frame);
    std::uint64_t frames() const { return frames_; }
    /// Closes the file. The first error that writing met.
    std::error_code finish();

  private:
    struct Close {
        void operator()(pcap* p) const;
        void operator()(pcap_dumper* d) const;
    };
    std::unique_ptr<pcap, Close> pcap_;
    std::unique_ptr<pcap_dumper, Close> dumper_;
    std::size_t snap_;
    std::uint64_t frames_ = 0;
    std::error_code error_;
};

class PcapReader {
  public:
    /// Throws std::runtime_error that names the path and says what is wrong: it cannot be read, is
    /// no capture, or not one of Ethernet.
    explicit PcapReader(const std::string& path);
    PcapReader(PcapReader&&) noexcept;
    PcapReader& operator=(PcapReader&&) noexcept;
    ~PcapReader();

    struct Record {
        Picos at{};                        ///< as in the file, since 1970
        std::span<const std::byte> bytes;  ///< until the next call
        std::size_t length = 0;            ///< of the frame; more than bytes: it was cut off
    };
    /// The next frame; none at the end and after an error.
    std::optional<Record> next();
    /// Empty: none. Otherwise path and reason: the file ends within a frame.
    const std::string& error() const { return error_; }

  private:
    struct Close {
        void operator()(pcap* p) const;
    };
    std::string path_;
    std::unique_ptr<pcap, Close> pcap_;
    std::string error_;
};

}  // namespace models::wire
