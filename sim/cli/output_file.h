// A file for results: opened, and emptied, before a long run rather than after it, so that a path
// that cannot be written is told at once and a run that ends badly leaves no old results behind.
#pragma once

#include <string>
#include <string_view>

namespace sim {

class OutputFile {
  public:
    OutputFile() = default;
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    /// All return what went wrong, or nothing.
    std::string open(const std::string& path);
    std::string write(std::string_view text);  ///< and close

    bool is_open() const { return descriptor_ >= 0; }

  private:
    std::string failure(std::string_view what) const;

    std::string path_;
    int descriptor_ = -1;
};

/// Whether both name one existing file (by device and inode, so through links too).
bool same_file(const std::string& a, const std::string& b);

}  // namespace sim
