// The program: command line in, exit status out. What the exit statuses mean: sim/report/results.h.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/cli/screen.h"
#include "sim/report/interrupt_flag.h"
#include "sim/report/results.h"

namespace {

/// A standard stream that the caller closed would be taken over by the next file opened, and
/// receive what was meant for a reader: put /dev/null in its place. Standard output cannot be
/// written then, so that a report that reaches nobody is told.
void open_standard_streams() {
    for (;;) {
        const int fd = ::open("/dev/null", O_RDWR);
        if (fd < 0)
            return;
        if (fd > STDERR_FILENO) {
            ::close(fd);
            return;
        }
        if (fd == STDOUT_FILENO) {
            const int closed = ::open("/dev/null", O_RDONLY);
            ::dup2(closed, STDOUT_FILENO);
            ::close(closed);
        }
    }
}

int dispatch(const sim::CommandLine& line, sim::Screen& screen) {
    switch (line.command) {
        case sim::Command::help:
        case sim::Command::version:
            screen.report(line.text);
            return sim::exit_status::pass;
        case sim::Command::run:
            return sim::run_command(line, screen);
        case sim::Command::check:
            return sim::check_command(line, screen);
        case sim::Command::reference:
            return sim::reference_command(screen);
    }
    return sim::exit_status::wrong_input;
}

}  // namespace

int main(int argc, char* argv[]) {
    open_standard_streams();
    // A reader that went away is seen when something is written for it.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        const sim::ParsedCommandLine parsed = sim::parse_command_line(arguments);
        if (parsed.error) {
            sim::to_standard_error(
                fmt::format("baosim: {}\nTry '{}'.\n", parsed.error->message, parsed.error->hint));
            return sim::exit_status::wrong_input;
        }
        if (parsed.line.command == sim::Command::run)
            sim::catch_interrupts();
        sim::Screen screen(!parsed.line.quiet);
        int exit = dispatch(parsed.line, screen);
        if (const std::string problem = screen.flush(); !problem.empty()) {
            screen.complain("baosim: " + problem);
            exit = sim::exit_status::worse(exit, sim::exit_status::wrong_input);
        }
        return exit;
    } catch (const std::exception&) {
        sim::to_standard_error(
            "baosim: internal error: the program met a case that it does not handle\n");
        return sim::exit_status::stuck;
    }
}
