#include "models/wire/pcap.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <utility>

#include <pcap/pcap.h>

namespace models::wire {

namespace {

constexpr std::uint64_t picos_per_second = 1'000'000'000'000;
constexpr std::uint64_t picos_per_nanosecond = 1'000;

}  // namespace

// --- writing ------------------------------------------------------------------------------------

void PcapWriter::Close::operator()(pcap* p) const {
    pcap_close(p);
}

void PcapWriter::Close::operator()(pcap_dumper* d) const {
    pcap_dump_close(d);
}

PcapWriter::PcapWriter(const std::string& path, std::size_t snap)
    : pcap_(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, static_cast<int>(snap),
                                                 PCAP_TSTAMP_PRECISION_NANO)),
      snap_(snap) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr)
        throw std::system_error(errno, std::generic_category(), path);
    dumper_.reset(pcap_dump_fopen(pcap_.get(), file));
    if (dumper_ == nullptr)  // it closes the file
        throw std::system_error(errno, std::generic_category(), path);
}

PcapWriter::PcapWriter(PcapWriter&&) noexcept = default;
PcapWriter& PcapWriter::operator=(PcapWriter&&) noexcept = default;
PcapWriter::~PcapWriter() = default;

void PcapWriter::write(Picos at, std::span<const std::byte> frame) {
    pcap_pkthdr header{};
    header.ts.tv_sec = static_cast<std::time_t>(at.value / picos_per_second);
    // With the precision chosen above this field holds nanoseconds.
    header.ts.tv_usec =
        static_cast<suseconds_t>(at.value % picos_per_second / picos_per_nanosecond);
    header.len = static_cast<bpf_u_int32>(frame.size());
    header.caplen = static_cast<bpf_u_int32>(std::min(frame.size(), snap_));
    // The library's callback type: its user argument is the dumper, its bytes are bytes.
    pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header,  // NOLINT
              reinterpret_cast<const u_char*>(frame.data()));     // NOLINT
    ++frames_;
}

std::error_code PcapWriter::finish() {
    if (dumper_ == nullptr)
        return error_;
    errno = 0;
    const bool failed =
        pcap_dump_flush(dumper_.get()) != 0 || std::ferror(pcap_dump_file(dumper_.get())) != 0;
    if (failed)
        error_ = std::error_code(errno != 0 ? errno : EIO, std::generic_category());
    dumper_.reset();
    return error_;
}

// --- reading ------------------------------------------------------------------------------------

void PcapReader::Close::operator()(pcap* p) const {
    pcap_close(p);
}

PcapReader::PcapReader(const std::string& path) : path_(path) {
    std::array<char, PCAP_ERRBUF_SIZE> problem{};
    pcap_.reset(pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO,
                                                        problem.data()));
    if (pcap_ == nullptr) {
        const std::string said = problem.data();
        throw std::runtime_error(said.starts_with(path) ? said : path + ": " + said);
    }
    const int type = pcap_datalink(pcap_.get());
    if (type != DLT_EN10MB) {
        const char* found = pcap_datalink_val_to_name(type);
        throw std::runtime_error(path + ": a capture of link type " +
                                 (found != nullptr ? found : std::to_string(type)) +
                                 "; only Ethernet (EN10MB) can be replayed");
    }
}

PcapReader::PcapReader(PcapReader&&) noexcept = default;
PcapReader& PcapReader::operator=(PcapReader&&) noexcept = default;
PcapReader::~PcapReader() = default;

std::optional<PcapReader::Record> PcapReader::next() {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int result = pcap_next_ex(pcap_.get(), &header, &bytes);
    if (result != 1) {
        if (result == PCAP_ERROR)
            error_ = path_ + ": " + pcap_geterr(pcap_.get());
        return std::nullopt;
    }
    const auto seconds = static_cast<std::uint64_t>(header->ts.tv_sec);
    const auto nanoseconds = static_cast<std::uint64_t>(header->ts.tv_usec);
    return Record{{seconds * picos_per_second + nanoseconds * picos_per_nanosecond},
                  std::as_bytes(std::span(bytes, header->caplen)),
                  header->len};
}

}  // namespace models::wire
