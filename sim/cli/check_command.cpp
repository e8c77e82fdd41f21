// `baosim check` and `baosim reference`: what can be said without a simulation.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "sim/build/runner.h"
#include "sim/cli/commands.h"
#include "sim/cli/describe.h"
#include "sim/report/terminal.h"
#include "sim/scenario/load.h"
#include "sim/scenario/reference.h"
#include "sim/scenario/spelling.h"

namespace sim {

int check_command(const CommandLine& line, Screen& screen) {
    const Style style{.colour = wants_colour(STDOUT_FILENO)};
    int exit = exit_status::pass;
    bool first = true;
    const auto refuse = [&](const std::string& file, const std::vector<std::string>& errors) {
        exit = exit_status::wrong_input;
        for (const std::string& e : errors)
            screen.complain(e);
        screen.report(
            fmt::format("{}: {}\n", printable(file),
                        paint(counted(errors.size(), "error", "errors"), Paint::bad, style)));
    };
    for (const std::string& file : line.files) {
        const LoadResult loaded = load_scenario(file, line.overrides);
        if (!first)
            screen.report("\n");
        first = false;
        if (!loaded.scenario) {
            std::vector<std::string> errors;
            for (const Diagnostic& d : loaded.errors)
                errors.push_back(format(d));
            refuse(file, errors);
            continue;
        }
        if (const auto problems = boot_problems(*loaded.scenario); !problems.empty()) {
            refuse(file, problems);
            continue;
        }
        screen.report(
            fmt::format("{}: {}\n\n", printable(file), paint("valid", Paint::good, style)));
        screen.report(describe(*loaded.scenario, style));
    }
    return exit;
}

int reference_command(Screen& screen) {
    screen.report(reference_markdown());
    return exit_status::pass;
}

}  // namespace sim
