// Commands are described in one table; each has its options as Boost.Program_options knows them.
#include "sim/cli/options.h"

#include <algorithm>
#include <functional>
#include <sstream>
#include <string_view>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "sim/scenario/quantity.h"
#include "sim/scenario/spelling.h"

namespace sim {

namespace {

namespace po = boost::program_options;

constexpr unsigned help_columns = 100;

struct CommandInfo {
    Command command;
    std::string_view name;
    std::string_view usage;
    std::string_view summary;
    std::string_view details;
    bool takes_files;
};

constexpr CommandInfo commands[] = {
    {Command::run, "run", "run FILE... [options]", "Run scenarios and judge them",
     "Several FILEs run one after the other, each in a process of its own; the exit status is the\n"
     "highest of theirs.\n",
     true},
    {Command::check, "check", "check FILE... [options]",
     "Validate scenarios; show memory maps, interrupts and VMs",
     "Nothing is simulated; the checks of the hypervisor's boot are made.\n", true},
    {Command::reference, "reference", "reference", "Print the reference of scenario files",
     "The reference is Markdown: every key with its unit, default, range and meaning.\n", false},
};

constexpr std::string_view exit_statuses =
    "Exit status:\n"
    "  0    every expectation holds; without 'expect', every workload has ended well\n"
    "  1    an expectation does not hold, or a workload without 'expect' (or 'strict' and "
    "something was observed)\n"
    "  2    the scenario or the command line is wrong, or an output cannot be written\n"
    "  3    the run got stuck or crashed\n"
    "  130  interrupted (Ctrl-C, SIGTERM, SIGHUP): results up to then; a second Ctrl-C ends at "
    "once\n";

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const CommandInfo& c : commands)
        names.emplace_back(c.name);
    names.emplace_back("help");
    return names;
}

const CommandInfo* find_command(std::string_view name) {
    const auto* it = std::find_if(std::begin(commands), std::end(commands),
                                  [name](const CommandInfo& c) { return c.name == name; });
    return it != std::end(commands) ? it : nullptr;
}

po::options_description options_of(Command command) {
    po::options_description o("Options", help_columns, help_columns / 2);
    auto add = o.add_options();
    if (command == Command::run || command == Command::check) {
        add("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
            "override a value of the scenario, such as "
            "vms.linux0.software.drivers.con0.queue_size=64; may be repeated");
        add("seed", po::value<std::string>()->value_name("N"), "override the scenario's seed");
    }
    if (command == Command::run) {
        add("json", po::value<std::string>()->value_name("FILE"),
            "write results as JSON (an array when several scenarios run)");
        add("trace", po::value<std::string>()->value_name("FILE"),
            "write every event, in order of simulated time, as text");
        add("quiet,q", "show the verdict alone, and what speaks against it");
        add("verbose,v", "show all metrics, all observations and the host's figures too");
    }
    add("help,h", "show this");
    return o;
}

std::string general_help() {
    std::string text =
        "baosim: full-system simulator of Bao's remote I/O and its VirtIO service guests\n\n"
        "Usage: baosim COMMAND [options]\n\nCommands:\n";
    for (const CommandInfo& c : commands)
        text += fmt::format("  {:<28}{}\n", c.usage, c.summary);
    text +=
        "\n  --help                      show this; 'baosim COMMAND --help' shows a command's\n"
        "  --version                   show the version\n\n";
    text += exit_statuses;
    text += "\nFirst steps: baosim run scenarios/console-echo.yaml\n";
    return text;
}

std::string command_help(const CommandInfo& c) {
    std::ostringstream text;
    text << "Usage: baosim " << c.usage << "\n\n" << c.summary << ".\n" << c.details << "\n";
    text << options_of(c.command);
    if (c.command == Command::run)
        text << "\n" << exit_statuses;
    return text.str();
}

std::string version_text() {
    return "baosim " BAOSIM_VERSION "\n";
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                       std::string_view prefix = {}) {
    const std::string near = nearest(word, known);
    return near.empty() ? std::string() : fmt::format("; did you mean '{}{}'?", prefix, near);
}

/// What boost found wrong, in words of ours.
std::string explain(const po::error& e, const po::options_description& options) {
    constexpr auto not_understood =
        "the options are not understood; write each as --NAME VALUE or --NAME=VALUE, or -q, -v, -h";
    std::vector<std::string> names;
    for (const auto& o : options.options())
        names.push_back(o->long_name());
    if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&e)) {
        const std::string name = unknown->get_option_name();
        const auto first = name.find_first_not_of('-');
        const std::string bare = first == std::string::npos ? name : name.substr(first);
        return fmt::format("unknown option {}{}", quote(name),
                           suggestion(bare.substr(0, bare.find('=')), names, "--"));
    }
    if (const auto* syntax = dynamic_cast<const po::invalid_command_line_syntax*>(&e)) {
        const std::string name = syntax->get_option_name();
        switch (syntax->kind()) {
            case po::invalid_syntax::missing_parameter:
            case po::invalid_syntax::empty_adjacent_parameter:
                return fmt::format("option '{}' needs a value", name);
            case po::invalid_syntax::extra_parameter:
                return fmt::format("option '{}' takes no value", name);
            default:
                return not_understood;
        }
    }
    if (const auto* twice = dynamic_cast<const po::multiple_occurrences*>(&e))
        return fmt::format("option '{}' is given more than once", twice->get_option_name());
    return not_understood;
}

/// Everything after the command's name.
std::optional<std::string> parse_rest(const CommandInfo& info, const std::vector<std::string>& rest,
                                      CommandLine& line) {
    const po::options_description visible = options_of(info.command);
    constexpr auto files = " files";  // boost wants a name; nobody can write this one
    po::options_description all;
    all.add(visible).add_options()(files, po::value<std::vector<std::string>>());
    po::positional_options_description positional;
    positional.add(files, -1);

    po::variables_map given;
    try {
        using namespace po::command_line_style;
        const int style = unix_style & ~allow_guessing;
        po::store(
            po::command_line_parser(rest).options(all).positional(positional).style(style).run(),
            given);
        po::notify(given);
    } catch (const po::error& e) {
        return explain(e, visible);
    }

    if (given.count("help") != 0) {
        line.command = Command::help;
        line.text = command_help(info);
        return std::nullopt;
    }
    const auto text = [&given](const char* name) {
        return given.count(name) != 0 ? given[name].as<std::string>() : std::string();
    };
    if (given.count(files) != 0)
        line.files = given[files].as<std::vector<std::string>>();
    if (info.takes_files && line.files.empty())
        return fmt::format("'{}' needs a FILE: the scenario to {}", info.name, info.name);
    if (!info.takes_files && !line.files.empty())
        return fmt::format("'{}' takes no FILE, but there is {}", info.name,
                           quote(line.files.front()));
    if (given.count("set") != 0)
        line.overrides = given["set"].as<std::vector<std::string>>();
    for (const std::string& o : line.overrides) {
        const auto equals = o.find('=');
        if (equals == std::string::npos || equals == 0)
            return fmt::format("--set needs KEY=VALUE, found {}", quote(o));
    }
    if (given.count("seed") != 0) {
        const ParsedNumber seed = parse_number(text("seed"), integer_form());
        if (!seed.problem.empty() || seed.value.negative)
            return fmt::format(
                "--seed needs a whole number from 0 to 2^64-1, decimal or 0x..., "
                "found {}",
                quote(text("seed")));
        line.overrides.push_back(fmt::format("seed={}", text("seed")));
    }
    line.json_file = text("json");
    line.trace_file = text("trace");
    for (const char* name : {"json", "trace"})
        if (given.count(name) != 0 && (text(name).empty() || text(name).starts_with("-")))
            return fmt::format(
                "--{} needs a file's name, found {}; for one that begins with '-', "
                "write './' before it",
                name, quote(text(name)));
    line.quiet = given.count("quiet") != 0;
    line.verbose = given.count("verbose") != 0;
    if (line.quiet && line.verbose)
        return "--quiet and --verbose contradict each other";
    if (!line.trace_file.empty() && line.files.size() > 1)
        return "--trace takes one FILE: several runs would overwrite each other's trace";
    return std::nullopt;
}

}  // namespace

ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments) {
    ParsedCommandLine parsed;
    CommandLine& line = parsed.line;
    if (arguments.empty()) {
        parsed.error = {fmt::format("a command is missing: {}", list_words(command_names(), "or")),
                        "baosim --help"};
        return parsed;
    }
    const std::string& first = arguments.front();
    std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    if (first == "--version") {
        line.command = Command::version;
        line.text = version_text();
        return parsed;
    }
    if (first == "--help" || first == "-h" || (first == "help" && rest.empty())) {
        line.text = general_help();
        return parsed;
    }
    const bool help_on = first == "help";
    const std::string& name = help_on ? rest.front() : first;
    const CommandInfo* info = find_command(name);
    if (info == nullptr) {
        if (name.starts_with("-"))
            parsed.error = {
                fmt::format("unknown option {}{}", quote(name),
                            suggestion(name.substr(name.find_first_not_of('-') == std::string::npos
                                                       ? 0
                                                       : name.find_first_not_of('-')),
                                       {"help", "version"}, "--")),
                "baosim --help"};
        else
            parsed.error = {
                fmt::format("unknown command {}{}", quote(name), suggestion(name, command_names())),
                "baosim --help"};
        return parsed;
    }
    line.command = info->command;
    if (help_on) {
        line.command = Command::help;
        line.text = command_help(*info);
        return parsed;
    }
    if (std::optional<std::string> wrong = parse_rest(*info, rest, line))
        parsed.error = {*wrong, fmt::format("baosim {} --help", info->name)};
    return parsed;
}

}  // namespace sim
