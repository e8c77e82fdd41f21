// Files by device and inode; those to come, by their folder and name (file_identity.h).
#include "sim/scenario/file_identity.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

namespace sim {

namespace {

namespace fs = std::filesystem;

std::string number_of(const struct stat& s) {
    return fmt::format("{}:{}", s.st_dev, s.st_ino);
}

}  // namespace

std::string file_identity(const std::string& path) {
    constexpr int most_links = 40;  // as the kernel follows
    fs::path at = path;
    std::error_code code;
    for (int i = 0; i < most_links; ++i) {
        struct stat status {};
        if (::stat(at.c_str(), &status) == 0)
            return S_ISREG(status.st_mode) ? number_of(status) : std::string();
        // Not there: a link to what will be there, or a name in a folder.
        if (fs::is_symlink(fs::symlink_status(at, code))) {
            const fs::path target = fs::read_symlink(at, code);
            if (code)
                return {};
            at = target.is_absolute() ? target : at.parent_path() / target;
            continue;
        }
        const fs::path folder = at.has_parent_path() ? at.parent_path() : fs::path(".");
        if (::stat(folder.c_str(), &status) != 0)
            return {};  // it cannot be written at all
        return number_of(status) + "/" + at.filename().string();
    }
    return {};
}

void FileUse::reads(const std::string& path, const std::string& what) {
    if (const std::string id = file_identity(path); !path.empty() && !id.empty())
        read_.emplace(id, what);
}

std::string FileUse::writes(const std::string& path, const std::string& what) {
    const std::string id = path.empty() ? std::string() : file_identity(path);
    if (id.empty())
        return {};
    if (const auto r = read_.find(id); r != read_.end())
        return r->second;
    // Nothing that is written here is YAML: an option's value has slipped, as in `--json a.yaml`.
    std::error_code code;
    if (const auto extension = std::filesystem::path(path).extension();
        (extension == ".yaml" || extension == ".yml") && std::filesystem::exists(path, code))
        return "a YAML file that is there already, such as a scenario,";
    const auto [first, added] = written_.emplace(id, what);
    return added ? std::string() : first->second;
}

}  // namespace sim
