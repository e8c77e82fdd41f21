// `baosim check` and `baosim reference`: what can be said without a simulation.
#include <fmt/format.h>
#include <unistd.h>

#include "sim/cli/commands.h"
#include "sim/cli/describe.h"
#include "sim/report/terminal.h"
#include "sim/scenario/load.h"
#include "sim/scenario/reference.h"

namespace sim {

int check_command(const CommandLine& line, Screen& screen) {
    const Style style{.colour = wants_colour(STDOUT_FILENO)};
    int exit = exit_status::pass;
    bool first = true;
    for (const std::string& file : line.files) {
        const LoadResult loaded = load_scenario(file, line.overrides);
        if (!first)
            screen.report("\n");
        first = false;
        if (!loaded.scenario) {
            exit = exit_status::wrong_input;
            for (const Diagnostic& d : loaded.errors)
                screen.complain(format(d));
            screen.report(fmt::format(
                "{}: {}\n", file,
                paint(counted(loaded.errors.size(), "error", "errors"), Paint::bad, style)));
            continue;
        }
        screen.report(fmt::format("{}: {}\n\n", file, paint("valid", Paint::good, style)));
        screen.report(describe(*loaded.scenario, style));
    }
    return exit;
}

int reference_command(Screen& screen) {
    screen.report(reference_markdown());
    return exit_status::pass;
}

}  // namespace sim
