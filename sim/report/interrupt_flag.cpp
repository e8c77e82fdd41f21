// A signal handler may only touch a lock-free atomic: the one place where the program has
// variables that belong to no object.
#include "sim/report/interrupt_flag.h"

#include <atomic>
#include <csignal>

namespace sim {

namespace {

std::atomic<bool> flag{false};
/// SIGINTs so far. A SIGTERM does not count: of two signals that arrive together either handler may
/// be the first to run.
std::atomic<int> keystrokes{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int number) {
    flag = true;
    if (number == SIGINT && keystrokes++ > 0) {
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
