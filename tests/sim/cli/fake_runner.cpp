// A runner without a simulation: the scenario's description says what becomes of the run. Serves
// the tests of everything that the program does around a run.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include "sim/build/runner.h"
#include "sim/report/expectations.h"
#include "sim/report/interrupt_flag.h"

namespace sim {

using namespace std::chrono_literals;

std::vector<std::string> boot_problems(const Scenario& s) {
    if (s.description == "no boot")
        return {s.file + ":1: it does not boot"};
    return {};
}

Results run(const Scenario& s, const RunOptions& options) {
    Results r;
    r.scenario = s.name;
    r.file = s.file;
    r.seed = s.seed;
    r.simulated = models::Picos::ms(1);
    r.host.wall_ns = 1'000'000;
    const std::string& what = s.description;
    if (what == "serial")
        options.serial("from the serial line");
    if (what == "chatter") {
        while (!options.given_up())
            options.serial("line after line\n");
        r.errors = {"given up"};
        return r;
    }
    if (what == "throw")
        throw std::runtime_error("thrown by the run");
    if (what == "crash")
        std::raise(SIGABRT);
    if (what == "leave")
        std::_Exit(7);
    if (what == "stuck") {
        r.status = Status::stuck;
        r.diagnosis = {"linux0 waits for ever"};
        return r;
    }
    if (what == "wait") {
        while (!interrupted()) {
            std::this_thread::sleep_for(1ms);
            options.progress({models::Picos::ms(1), s.duration});
        }
        r.status = Status::interrupted;
        return r;
    }
    if (what == "deaf")
        for (;;)
            std::this_thread::sleep_for(1s);
    r.metrics["answer"] = 42;
    r.status = Status::pass;
    judge(r, s);
    return r;
}

}  // namespace sim
