// `baosim run`: one scenario in this process, or several, each in a process of its own, because
// SystemC allows one simulation a process and a crash of one must not take the others along.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/build/runner.h"
#include "sim/cli/commands.h"
#include "sim/cli/output_file.h"
#include "sim/report/interrupt_flag.h"
#include "sim/report/json.h"
#include "sim/report/terminal.h"
#include "sim/scenario/file_identity.h"
#include "sim/scenario/load.h"

namespace sim {

namespace {

using Json = nlohmann::ordered_json;

/// A scenario that came to no result, for a reason that lies outside of it.
Results failure(const std::string& file, std::string why) {
    Results r;
    r.status = Status::error;
    r.crashed = true;
    r.file = file;
    r.errors.push_back(std::move(why));
    return r;
}

Results load_and_run(const std::string& file, const CommandLine& line, Screen& screen) {
    try {
        const LoadResult loaded = load_scenario(file, line.overrides);
        if (!loaded.scenario) {
            Results r;
            r.status = Status::error;
            r.file = file;
            for (const Diagnostic& d : loaded.errors)
                r.errors.push_back(format(d));
            return r;
        }
        RunOptions options;
        options.trace_file = line.trace_file;
        options.quiet = line.quiet;
        options.verbosity = line.verbose ? 1 : 0;
        options.progress = [&screen](const Progress& p) { screen.progress(p); };
        options.given_up = [&screen] { return screen.serial_lost(); };
        options.serial = [&screen, quiet = line.quiet](std::string_view bytes) {
            if (!quiet)
                screen.serial(bytes);
        };
        return run(*loaded.scenario, options);
    } catch (const std::exception&) {
        return failure(file,
                       "internal error: the program met a case that it does not handle; please "
                       "report it with the scenario");
    }
}

void show(const Results& r, const CommandLine& line, Screen& screen) {
    const Style style{.colour = wants_colour(STDOUT_FILENO)};
    const Detail detail = line.quiet     ? Detail::quiet
                          : line.verbose ? Detail::verbose
                                         : Detail::normal;
    if (r.status != Status::error) {
        screen.report(render(r, detail, style));
        return;
    }
    // Errors go where errors are looked for, one a line and not wrapped, so that an editor finds
    // file and line in them.
    if (screen.serial_lost())
        return;  // what is wrong with standard output is told at the end
    for (const std::string& e : r.errors)
        screen.complain(e);
    Results rest = r;
    rest.errors.clear();
    screen.report(render(rest, detail, style));
}

struct Outcome {
    Json json;
    int exit = exit_status::pass;
};

Outcome run_here(const std::string& file, const CommandLine& line, Screen& screen) {
    const Results r = load_and_run(file, line, screen);
    show(r, line, screen);
    return {to_json(r), r.exit_code()};
}

/// In the child: run, show, and hand the results to the parent.
[[noreturn]] void run_as_child(const std::string& file, const CommandLine& line, Screen& screen,
                               int to_parent) {
    // When the parent is killed, nobody waits for this run any more.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    const Outcome outcome = run_here(file, line, screen);
    int exit = outcome.exit;
    if (const std::string problem = screen.flush(); !problem.empty()) {
        screen.complain("baosim: " + problem);
        exit = exit_status::worse(exit, exit_status::wrong_input);
    }
    const std::string text = json_text(outcome.json);
    std::size_t sent = 0;
    while (sent < text.size()) {
        const ssize_t n = ::write(to_parent, text.data() + sent, text.size() - sent);
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            sent += static_cast<std::size_t>(n);
    }
    // Not exit(): what the parent registered to be done at its end is not the child's to do.
    ::_exit(exit);
}

/// Reads all that the child sends. A wish to end is passed on once.
std::string receive(int from_child, pid_t child) {
    constexpr int poll_ms = 100;
    std::string text;
    bool told = false;
    for (;;) {
        if (interrupted() && !std::exchange(told, true))
            ::kill(child, SIGTERM);
        pollfd p{from_child, POLLIN, 0};
        const int ready = ::poll(&p, 1, poll_ms);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        char buffer[65536];
        const ssize_t n = ::read(from_child, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(n));
    }
}

Outcome run_in_child(const std::string& file, const CommandLine& line, Screen& screen) {
    const auto failed = [&](std::string why) {
        const Results r = failure(file, std::move(why));
        show(r, line, screen);
        return Outcome{to_json(r), r.exit_code()};
    };
    screen.flush();
    std::fflush(stderr);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failed(fmt::format("cannot create a pipe: {}", std::strerror(errno)));
    const pid_t child = ::fork();
    if (child < 0) {
        const std::string why = fmt::format("cannot create a process: {}", std::strerror(errno));
        ::close(ends[0]);
        ::close(ends[1]);
        return failed(why);
    }
    if (child == 0) {
        ::close(ends[0]);
        run_as_child(file, line, screen, ends[1]);
    }
    ::close(ends[1]);
    const std::string text = receive(ends[0], child);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        if (interrupted() && (number == SIGINT || number == SIGTERM || number == SIGKILL)) {
            Results r;
            r.status = Status::interrupted;
            r.file = file;
            r.errors.push_back("ended by a second interrupt, without results");
            show(r, line, screen);
            return {to_json(r), r.exit_code()};
        }
        return failed(fmt::format("{}: the simulator crashed: signal {} ({})", file, number,
                                  ::strsignal(number)));
    }
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded())
        return failed(fmt::format("{}: the simulator ended with status {} and without results",
                                  file, WEXITSTATUS(status)));
    return {std::move(json), WEXITSTATUS(status)};
}

Outcome not_started(const std::string& file) {
    Results r;
    r.status = Status::interrupted;
    r.file = file;
    r.errors.push_back("not started");
    return {to_json(r), r.exit_code()};
}

Outcome run_all(const CommandLine& line, Screen& screen) {
    const Style style{.colour = wants_colour(STDOUT_FILENO)};
    Outcome all{Json::array(), exit_status::pass};
    Table table({{"status"}, {"scenario"}, {"file"}});
    std::map<std::string, std::uint64_t> counts;
    bool first = true;
    for (const std::string& file : line.files) {
        if (!std::exchange(first, false) && !line.quiet && !interrupted())
            screen.report("\n");
        Outcome one = interrupted() ? not_started(file) : run_in_child(file, line, screen);
        all.exit = exit_status::worse(all.exit, one.exit);
        const std::string status = one.json.value("status", "error");
        ++counts[status];
        table.row({status, one.json.value("scenario", file), file});
        all.json.push_back(std::move(one.json));
    }
    std::string summary;
    for (const Status s :
         {Status::pass, Status::fail, Status::error, Status::stuck, Status::interrupted})
        if (const auto n = counts.find(std::string(name_of(s))); n != counts.end())
            summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", n->second, n->first);
    screen.report(fmt::format("{}{}: {}\n", line.quiet ? "" : "\n",
                              counted(line.files.size(), "scenario", "scenarios"), summary));
    if (!line.quiet)
        screen.report(table.text(2, style));
    return all;
}

/// Everything about the files that can be known to be wrong before a run. No output is opened, so
/// that none is emptied when another is wrong.
std::string wrong_with_files(const CommandLine& line) {
    FileUse use;
    struct Output {
        std::string path;
        std::string what;
    };
    std::vector<Output> outputs;
    for (const std::string& file : line.files) {
        struct stat status {};
        if (::access(file.c_str(), R_OK) != 0 || ::stat(file.c_str(), &status) != 0)
            return fmt::format("cannot read scenario '{}': {}", file, std::strerror(errno));
        if (S_ISDIR(status.st_mode))
            return fmt::format("cannot read scenario '{}': it is a directory", file);
        const LoadResult loaded = load_scenario(file, line.overrides);
        for (const std::string& part : loaded.files)
            use.reads(part, part == file ? "the scenario itself"
                                         : fmt::format("a file that '{}' includes", file));
        if (!loaded.scenario)
            continue;  // told by its run
        use.reads(loaded.scenario->timing.path_costs, "timing.path_costs of " + file);
        for (const UartConfig& u : loaded.scenario->platform.uarts) {
            use.reads(u.input_file, fmt::format("{}.input_file of '{}'", u.place.key, file));
            if (u.writes_file())
                outputs.push_back({u.output, fmt::format("{}.output of '{}'", u.place.key, file)});
        }
        for (const UartConfig& u : loaded.scenario->platform.uarts)
            for (const SerialChannelConfig& c : u.channels)
                if (c.writes_file())
                    outputs.push_back(
                        {c.output, fmt::format("{}.output of '{}'", c.place.key, file)});
        for (const HostConfig& h : loaded.scenario->hosts)
            use.reads(h.file, fmt::format("{}.file of '{}'", h.place.key, file));
        for (const CaptureConfig& c : loaded.scenario->captures)
            outputs.push_back({c.file, fmt::format("{}.file of '{}'", c.place.key, file)});
    }
    // The file that standard output or error goes to: a second way into it would overwrite both.
    (void)use.writes("/dev/stdout", "standard output");
    (void)use.writes("/dev/stderr", "standard error");
    outputs.push_back({line.json_file, "--json"});
    outputs.push_back({line.trace_file, "--trace"});
    for (const Output& o : outputs)
        if (const std::string taken = use.writes(o.path, o.what); !taken.empty())
            return fmt::format("{}: '{}' is {}{}: it would be overwritten; name another file",
                               o.what, o.path, taken, taken.starts_with("--") ? " too" : "");
    return {};
}

}  // namespace

int run_command(const CommandLine& line, Screen& screen) {
    std::string problem = wrong_with_files(line);
    OutputFile json;
    OutputFile trace;  // the run writes it; here only whether it can be
    if (problem.empty() && !line.json_file.empty())
        problem = json.open(line.json_file);
    if (problem.empty() && !line.trace_file.empty())
        problem = trace.open(line.trace_file);
    if (!problem.empty()) {
        screen.complain("baosim: " + problem);
        return exit_status::wrong_input;
    }

    Outcome outcome =
        line.files.size() == 1 ? run_here(line.files.front(), line, screen) : run_all(line, screen);
    if (json.is_open())
        if (const std::string failed = json.write(json_text(outcome.json)); !failed.empty()) {
            screen.complain("baosim: " + failed);
            outcome.exit = exit_status::worse(outcome.exit, exit_status::wrong_input);
        }
    return outcome.exit;
}

}  // namespace sim
