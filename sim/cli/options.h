// The command line: commands, options and what is said when they are not understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sim {

enum class Command { help, version, run, check, reference };

struct CommandLine {
    Command command = Command::help;
    std::vector<std::string> files;
    std::vector<std::string> overrides;  ///< KEY=VALUE, in the order given; --seed is the last
    std::string json_file;
    std::string trace_file;
    bool quiet = false;
    bool verbose = false;
    std::string text;  ///< of help and version
};

/// What is wrong with a command line, and the command whose help would show the right way.
struct UsageError {
    std::string message;
    std::string hint;  ///< "baosim run --help"
};

struct ParsedCommandLine {
    CommandLine line;
    std::optional<UsageError> error;
};

/// `arguments` without the program's name.
ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace sim
