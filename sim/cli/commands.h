// What the commands do. Each returns the program's exit status.
#pragma once

#include <string>

#include "sim/cli/options.h"
#include "sim/cli/screen.h"

namespace sim {

int run_command(const CommandLine& line, Screen& screen);
int check_command(const CommandLine& line, Screen& screen);
int reference_command(Screen& screen);

}  // namespace sim
