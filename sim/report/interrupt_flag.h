// The user's wish to end a run (SIGINT, SIGTERM, SIGHUP), which the run polls: it then stops in
// order and reports what it has. The first SIGINT asks, a second one kills.
#pragma once

namespace sim {

/// From now on SIGINT, SIGTERM and (unless ignored) SIGHUP set the flag. What a signal means
/// belongs to the whole process, so this is called by the program alone, once.
void catch_interrupts();

/// Cheap enough to ask at every slice of a run.
bool interrupted();

}  // namespace sim
