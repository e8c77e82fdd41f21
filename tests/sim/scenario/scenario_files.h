// Scenario texts written to a file of their own, loaded, and what came of it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sim/scenario/load.h"

namespace sim::test {

/// A folder that is there as long as the test.
class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "baosim-XXXXXX").string();
        if (const char* made = mkdtemp(pattern.data()))
            path_ = made;
    }
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty())
            std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    /// Writes a file and gives its path.
    std::string write(const std::string& name, std::string_view text) const {
        const std::filesystem::path file = path_ / name;
        std::ofstream(file, std::ios::binary) << text;
        return file.string();
    }
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

/// The scenario that comes with the program and that tests change.
inline std::string echo_text() {
    std::ifstream in(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/console-echo.yaml");
    return {std::istreambuf_iterator<char>(in), {}};
}

/// `text` with one occurrence of `from` replaced.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << "the scenario has no " << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// The number of the line that begins the first occurrence of `part`.
inline int line_of(const std::string& text, std::string_view part) {
    const std::size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << "the scenario has no " << part;
    return 1 + static_cast<int>(
                   std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

inline std::string all(const LoadResult& r) {
    std::string out;
    for (const Diagnostic& d : r.errors)
        out += format(d) + "\n";
    return out;
}

/// No message may show what the program is made of.
inline void expect_own_words(const LoadResult& r) {
    const std::string text = all(r);
    for (const std::string_view foreign :
         {"yaml-cpp", "YAML::", "std::", "exception", "terminate", "basic_string", "errno"})
        EXPECT_EQ(text.find(foreign), std::string::npos) << text;
}

/// The first error with that key; the test fails when there is none.
inline Diagnostic error_at(const LoadResult& r, std::string_view key) {
    EXPECT_FALSE(r.scenario.has_value());
    expect_own_words(r);
    for (const Diagnostic& d : r.errors)
        if (d.place.key == key)
            return d;
    ADD_FAILURE() << "no error at '" << key << "' in:\n" << all(r);
    return {};
}

inline void expect_says(const Diagnostic& d, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts)
        EXPECT_NE(d.message.find(part), std::string::npos)
            << "no '" << part << "' in: " << d.message;
}

}  // namespace sim::test
