// Standard output and the progress line on standard error, which may be the same terminal: serial
// output of the simulated machine and reports go through here, so that neither garbles the other.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sim/build/runner.h"

namespace sim {

/// Writes to standard error; a reader that is gone or a full device is no error of the run.
void to_standard_error(const std::string& text);

class Screen {
  public:
    /// Progress is shown only when wanted, and standard error is a terminal.
    explicit Screen(bool want_progress);
    ~Screen() { erase(); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    /// Bytes of serial lines: shown at once on a terminal.
    void serial(std::string_view bytes);
    /// Reports: begin on a new line.
    void report(std::string_view text);
    /// Whole lines on standard error.
    void complain(std::string_view line);

    void progress(const Progress& p);
    void erase();

    /// Serial output could not be written: what the run still does reaches nobody.
    bool serial_lost() const { return serial_lost_; }

    /// Writes what is held back. Returns what went wrong with standard output since the start, or
    /// nothing; a reader that went away (a closed pipe) is wrong only while serial output comes.
    std::string flush();

  private:
    using Clock = std::chrono::steady_clock;

    void write(std::string_view text);

    bool progress_;
    bool terminal_;            ///< standard output is one
    bool line_begun_ = false;  ///< by serial output, without its end
    bool shown_ = false;       ///< a progress line stands there
    bool serial_lost_ = false;
    int error_ = 0;  ///< errno of the first failed write
    Clock::time_point start_;
    Clock::time_point last_;
};

/// "12.5 ms of 1 s, 0.031 x real time, at most 32 s to go"
std::string progress_text(const Progress& p, std::chrono::nanoseconds elapsed);

}  // namespace sim
