// Runs the program on scenarios of the repository and reads what it leaves.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace sim::test {

using nlohmann::json;
namespace fs = std::filesystem;

struct Outcome {
    Outcome() noexcept(false) = default;  // nlohmann::json may allocate

    int status = -1;
    std::string out;  ///< standard output and error
    json results;
    std::string trace;
};

inline std::string read(const fs::path& p) {
    std::ifstream in(p, std::ios::binary);
    std::ostringstream s;
    s << in.rdbuf();
    return s.str();
}

class Scenarios : public ::testing::Test {
  protected:
    void SetUp() override {
        directory_ = fs::temp_directory_path() / ("baosim-test-" + std::to_string(::getpid()));
        fs::create_directories(directory_);
    }
    void TearDown() override { fs::remove_all(directory_); }

    /// Runs a scenario of the repository with further arguments; or does something else with it.
    Outcome run(const std::string& scenario, const std::string& arguments = "",
                const std::string& command_word = "run") {
        const fs::path results = directory_ / "results.json";
        const fs::path trace = directory_ / "trace.txt";
        fs::remove(results);
        fs::remove(trace);
        const std::string outputs =
            command_word == "run"
                ? " --json '" + results.string() + "' --trace '" + trace.string() + "' "
                : " ";
        const std::string command = "cd '" BAOSIM_SOURCE_DIR "' && '" BAOSIM_PROGRAM "' " +
                                    command_word + " scenarios/" + scenario + outputs + arguments +
                                    " 2>&1";
        Outcome o;
        std::FILE* p = ::popen(command.c_str(), "r");
        EXPECT_NE(p, nullptr);
        std::array<char, 4096> buffer{};
        while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), p))
            o.out.append(buffer.data(), n);
        const int status = ::pclose(p);
        o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        o.results = json::parse(read(results), nullptr, false);
        o.trace = read(trace);
        return o;
    }

    /// A smaller quantum gives the same counts and, for each CPU, the same events in the same
    /// order.
    void expect_same_for_any_quantum(const std::string& setup, const std::string& arguments = "");

    fs::path directory() const { return directory_; }

  private:
    fs::path directory_;
};

inline std::int64_t metric(const Outcome& o, const std::string& name) {
    return o.results.at("metrics").value(name, std::int64_t{-1});
}

inline const json* leg(const Outcome& o, const std::string& beginning) {
    for (const json& l : o.results.at("legs"))
        if (l.at("name").get<std::string>().starts_with(beginning))
            return &l;
    return nullptr;
}

/// The trace with its times, and every metric. DESIGN: identical counts and order for a smaller
/// quantum; that times are the same too is what the models add.
inline void Scenarios::expect_same_for_any_quantum(const std::string& setup,
                                                   const std::string& arguments) {
    const Outcome a = run(setup, arguments);
    for (const char* quantum : {"1us", "100ns", "10ns"}) {
        const Outcome b = run(setup, arguments + "--set quantum=" + quantum);
        EXPECT_EQ(a.results.at("metrics"), b.results.at("metrics")) << setup << " " << quantum;
        EXPECT_TRUE(a.trace == b.trace) << setup << " " << quantum;
    }
}

}  // namespace sim::test
