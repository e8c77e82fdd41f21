#include "models/uart/serial_channel.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace models {

// --- sources --------------------------------------------------------------------------------

ScriptedInput::ScriptedInput(std::vector<Text> script) : script_(std::move(script)) {
    std::stable_sort(script_.begin(), script_.end(),
                     [](const Text& a, const Text& b) { return a.at < b.at; });
    skip_empty();
}

SerialBurst ScriptedInput::next() const {
    if (entry_ == script_.size())
        return {};
    return {script_[entry_].at, script_[entry_].text.size() - position_};
}

std::uint8_t ScriptedInput::take() {
    const auto byte = static_cast<std::uint8_t>(script_[entry_].text[position_++]);
    skip_empty();
    return byte;
}

void ScriptedInput::skip_empty() {
    while (entry_ < script_.size() && position_ == script_[entry_].text.size()) {
        ++entry_;
        position_ = 0;
    }
}

FileInput::FileInput(const std::string& path, Picos at)
    : path_(path), file_(std::fopen(path.c_str(), "rb")), at_(at), buffer_(64 * 1024) {
    if (file_ == nullptr)
        throw std::system_error(errno, std::generic_category(), path_);
    fill();
}

std::uint8_t FileInput::take() {
    const std::uint8_t byte = buffer_[position_++];
    if (position_ == size_)
        fill();
    return byte;
}

void FileInput::fill() {
    position_ = 0;
    errno = 0;
    size_ = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    if (size_ == 0 && std::ferror(file_.get()) != 0)
        throw std::system_error(errno, std::generic_category(), path_);
}

// --- sinks ----------------------------------------------------------------------------------

std::unique_ptr<HostOutput> HostOutput::to_file(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr)
        throw std::system_error(errno, std::generic_category(), path);
    return std::unique_ptr<HostOutput>(new HostOutput(file, true));
}

std::unique_ptr<HostOutput> HostOutput::to_stream(std::FILE* stream) {
    return std::unique_ptr<HostOutput>(new HostOutput(stream, false));
}

HostOutput::~HostOutput() {
    finish();
}

void HostOutput::put(std::uint8_t byte, Picos /*at*/) {
    if (stream_ != nullptr && std::putc(byte, stream_) == EOF && !error_)
        error_ = std::error_code(errno, std::generic_category());
}

std::error_code HostOutput::finish() {
    if (stream_ == nullptr)
        return error_;
    const bool ok = (owned_ ? std::fclose(stream_) : std::fflush(stream_)) == 0;
    if (!ok && !error_)
        error_ = std::error_code(errno, std::generic_category());
    stream_ = nullptr;
    return error_;
}

// --- channel --------------------------------------------------------------------------------

void SerialChannel::add_source(std::unique_ptr<SerialSource> source) {
    sources_.push_back(std::move(source));
}

SerialCounters SerialChannel::counters() const {
    SerialCounters c = counters_;
    c.tx_hash = tx_hash_.value();
    c.rx_hash = rx_hash_.value();
    return c;
}

std::error_code SerialChannel::finish() {
    return sink_ != nullptr ? sink_->finish() : std::error_code{};
}

SerialSource* SerialChannel::first() const {
    SerialSource* best = nullptr;
    Picos at = Picos::never();
    for (const auto& source : sources_) {
        const SerialBurst burst = source->next();
        if (burst.count != 0 && (best == nullptr || burst.at < at)) {
            best = source.get();
            at = burst.at;
        }
    }
    return best;
}

SerialBurst SerialChannel::next() const {
    const SerialSource* source = first();
    return source != nullptr ? source->next() : SerialBurst{};
}

std::uint8_t SerialChannel::take() {
    return first()->take();
}

void SerialChannel::deliver(std::uint8_t byte, bool framing_error, Picos at) {
    ++counters_.tx_bytes;
    counters_.tx_framing_errors += framing_error ? 1 : 0;
    tx_hash_.update(std::byte{byte});
    if (sink_ != nullptr)
        sink_->put(byte, at);
}

void SerialChannel::accepted(std::uint8_t byte, bool framing_error) {
    ++counters_.rx_bytes;
    counters_.rx_framing_errors += framing_error ? 1 : 0;
    rx_hash_.update(std::byte{byte});
}

}  // namespace models
