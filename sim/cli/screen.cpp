// Writing to the two standard streams; see screen.h.
#include "sim/cli/screen.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "sim/report/text.h"
#include "sim/scenario/spelling.h"

namespace sim {

void to_standard_error(const std::string& text) {
    // Nothing is left to tell when this fails; the exit status still does.
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

namespace {

using namespace std::chrono_literals;

constexpr auto first_shown_after = 1s;
constexpr auto shown_every = 500ms;

constexpr std::string_view erase_line = "\r\x1b[K";

std::string whole_time(std::uint64_t seconds) {
    if (seconds < 60)
        return fmt::format("{} s", seconds);
    if (seconds < 3600)
        return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace

std::string progress_text(const Progress& p, std::chrono::nanoseconds elapsed) {
    const double simulated_ns = static_cast<double>(p.simulated.value) / 1000.0;
    const double speed =
        elapsed.count() > 0 ? simulated_ns / static_cast<double>(elapsed.count()) : 0.0;
    const models::Picos whole_us{p.simulated.value / 1'000'000 * 1'000'000};
    std::string text = fmt::format("{} of {}, {:.3f} x real time", duration(whole_us),
                                   duration(p.duration), speed);
    if (speed > 0 && p.duration > p.simulated) {
        const double left = static_cast<double>((p.duration - p.simulated).value) / 1e12 / speed;
        constexpr double longest = 1e9;  // some 30 years: no estimate worth showing
        if (left < longest)
            text += fmt::format(", at most {} to go",
                                whole_time(static_cast<std::uint64_t>(std::llround(left))));
    }
    return text;
}

Screen::Screen(bool want_progress)
    : progress_(want_progress && ::isatty(STDERR_FILENO) == 1),
      terminal_(::isatty(STDOUT_FILENO) == 1),
      start_(Clock::now()),
      last_(start_) {
}

void Screen::write(std::string_view text) {
    if (text.empty() || error_ != 0)
        return;
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
        error_ = errno != 0 ? errno : EIO;
}

void Screen::serial(std::string_view bytes) {
    if (bytes.empty())
        return;
    erase();
    write(bytes);
    line_begun_ = bytes.back() != '\n';
    if (terminal_ && std::fflush(stdout) != 0 && error_ == 0)
        error_ = errno;
    serial_lost_ = error_ != 0;
}

void Screen::report(std::string_view text) {
    erase();
    if (line_begun_)
        write("\n");
    line_begun_ = false;
    write(text);
}

void Screen::complain(std::string_view line) {
    erase();
    flush();
    to_standard_error(printable(line) + "\n");
}

void Screen::progress(const Progress& p) {
    // On a line that serial output has begun there is no place.
    if (!progress_ || (terminal_ && line_begun_))
        return;
    const auto now = Clock::now();
    if (now - start_ < first_shown_after || now - last_ < shown_every)
        return;
    last_ = now;
    flush();
    to_standard_error(fmt::format("{}{}", erase_line, progress_text(p, now - start_)));
    std::fflush(stderr);
    shown_ = true;
}

void Screen::erase() {
    if (!shown_)
        return;
    to_standard_error(fmt::format("{}", erase_line));
    std::fflush(stderr);
    shown_ = false;
}

std::string Screen::flush() {
    if (std::fflush(stdout) != 0 && error_ == 0)
        error_ = errno;
    if (error_ == 0 || (error_ == EPIPE && !serial_lost_))
        return {};
    return fmt::format("cannot write to standard output: {}", std::strerror(error_));
}

}  // namespace sim
