// A file for results. Whether it can be written is found out before a long run, so that a wrong
// path is told at once; what it holds stays until the new results are there as a whole: they are
// written beside it and renamed over it. A run that is killed leaves what was there before.
#pragma once

#include <string>
#include <string_view>

namespace sim {

class OutputFile {
  public:
    /// All return what went wrong, or nothing.
    /// Whether the file can be written. A pipe, a terminal or /dev/null is opened here and kept.
    std::string open(const std::string& path);
    /// Replaces the file's content; once.
    std::string write(std::string_view text);

    bool is_open() const { return !path_.empty(); }

    OutputFile() = default;
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

  private:
    std::string failure(std::string_view what) const;
    std::string write_all(std::string_view text);
    int create_beside();

    std::string path_;       ///< as given, for messages
    std::string target_;     ///< behind links
    std::string temporary_;  ///< beside it
    int descriptor_ = -1;
};

}  // namespace sim
