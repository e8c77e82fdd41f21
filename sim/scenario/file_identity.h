// Whether two names lead to one file, whichever way: through links of both kinds, and also when the
// file is not there yet.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sim {

/// Equal for names of the same file. Empty for what cannot be destroyed by writing: a terminal, a
/// pipe, /dev/null.
std::string file_identity(const std::string& path);

/// The files that a run reads and writes, each with the words that messages use for it
/// ("platform.uarts.uart1.output (x.yaml:9)"). Nothing is opened.
class FileUse {
  public:
    void reads(const std::string& path, const std::string& what);
    /// What `path` is already, when writing it would destroy that (an existing YAML file among
    /// them, read or not); else empty, and it is noted as written.
    std::string writes(const std::string& path, const std::string& what);

  private:
    std::map<std::string, std::string> read_;
    std::map<std::string, std::string> written_;
};

}  // namespace sim
