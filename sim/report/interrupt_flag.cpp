// A signal handler may only touch a lock-free atomic: the one place where the program has a
// variable that belongs to no object.
#include "sim/report/interrupt_flag.h"

#include <atomic>

#include <signal.h>

namespace sim {

namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int number) {
    const bool again = flag.exchange(true);
    if (again && number == SIGINT) {
        // Impatient: the default action, which ends the process as the shell expects it.
        ::signal(SIGINT, SIG_DFL);
        ::raise(SIGINT);
    }
}

}  // namespace

void catch_interrupts() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    ::sigemptyset(&action.sa_mask);
    // Not SA_RESTART: whoever waits for a child or a pipe wants to hear of it.
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
    return flag.load(std::memory_order_relaxed);
}

}  // namespace sim
