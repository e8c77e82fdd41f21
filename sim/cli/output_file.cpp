// Files by descriptor; see output_file.h.
#include "sim/cli/output_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sim {

OutputFile::~OutputFile() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

std::string OutputFile::failure(std::string_view what) const {
    return fmt::format("cannot {} '{}': {}", what, path_, std::strerror(errno));
}

std::string OutputFile::open(const std::string& path) {
    path_ = path;
    constexpr mode_t everyone = 0666;  // less the umask
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, everyone);
    return descriptor_ < 0 ? failure("write") : std::string();
}

std::string OutputFile::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(descriptor_, text.data(), text.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure("write");
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return ::close(std::exchange(descriptor_, -1)) != 0 ? failure("write") : std::string();
}

bool same_file(const std::string& a, const std::string& b) {
    struct stat sa {};
    struct stat sb {};
    return ::stat(a.c_str(), &sa) == 0 && ::stat(b.c_str(), &sb) == 0 && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

}  // namespace sim
