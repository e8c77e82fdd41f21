// Files by descriptor; see output_file.h.
#include "sim/cli/output_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sim {

namespace {

constexpr mode_t everyone = 0666;  // less the umask

/// Where a chain of links ends, whether something is there or not.
std::string behind_links(const std::string& path) {
    namespace fs = std::filesystem;
    constexpr int most_links = 40;
    fs::path at = path;
    std::error_code code;
    for (int i = 0; i < most_links && fs::is_symlink(fs::symlink_status(at, code)); ++i) {
        const fs::path target = fs::read_symlink(at, code);
        if (code)
            break;
        at = target.is_absolute() ? target : at.parent_path() / target;
    }
    return at.string();
}

}  // namespace

OutputFile::~OutputFile() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

std::string OutputFile::failure(std::string_view what) const {
    return fmt::format("cannot {} '{}': {}", what, path_, std::strerror(errno));
}

/// A new file in the target's folder, or -1 with errno. Its name says whose it is.
int OutputFile::create_beside() {
    constexpr int attempts = 100;
    for (int i = 0; i < attempts; ++i) {
        temporary_ = fmt::format("{}.{}.{}.tmp", target_, ::getpid(), i);
        const int fd =
            ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, everyone);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

std::string OutputFile::open(const std::string& path) {
    path_ = path;
    target_ = behind_links(path);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (fd < 0)
            return failure("write");
        if (S_ISREG(status.st_mode))
            ::close(fd);
        else
            descriptor_ = fd;
        return {};
    }
    const int fd = create_beside();
    if (fd < 0)
        return failure("write");
    ::close(fd);
    ::unlink(temporary_.c_str());
    return {};
}

std::string OutputFile::write_all(std::string_view text) {
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

std::string OutputFile::write(std::string_view text) {
    if (descriptor_ >= 0)
        return write_all(text);
    struct stat before {};
    const bool existed = ::stat(target_.c_str(), &before) == 0;
    descriptor_ = create_beside();
    if (descriptor_ < 0) {
        // A folder that takes no new file, with a file in it that may be written.
        descriptor_ = ::open(target_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
        return descriptor_ < 0 ? failure("write") : write_all(text);
    }
    if (existed)
        (void)::fchmod(descriptor_, before.st_mode & 07777);
    std::string problem = write_all(text);
    if (problem.empty() && ::rename(temporary_.c_str(), target_.c_str()) != 0)
        problem = failure("write");
    if (!problem.empty())
        ::unlink(temporary_.c_str());
    return problem;
}

}  // namespace sim
