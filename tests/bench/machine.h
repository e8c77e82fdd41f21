// A machine that a benchmark continues: one simulation kernel, built from a scenario, with timing
// and statistics on, whose VMs' programs the benchmark may replace by its own.
//
// Every benchmark continues one simulation of its own: repetitions neither rebuild it nor disturb
// the others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "sim/build/platform.h"
#include "sim/build/software.h"
#include "sim/observe/observations.h"
#include "sim/observe/statistics.h"
#include "sim/scenario/model.h"
#include "tests/bench/kernel.h"
#include "vms/cpu.h"

namespace bench {

class Machine {
  public:
    using Programs = std::map<std::string, std::unique_ptr<vms::Program>>;

    /// A scenario of the source directory, with overrides as those of the command line. What is
    /// wrong here and below is an error of the benchmark: it ends the process, with a reason on
    /// standard error.
    static sim::Scenario load(const std::string& file,
                              const std::vector<std::string>& overrides = {});

    /// `programs`, by VM, take the place of the scenario's.
    explicit Machine(sim::Scenario scenario, Programs programs = {});

    /// Simulate for so much longer.
    void run(models::Picos d);

    sim::Platform& platform() { return *platform_; }
    const sim::Software& software() const { return *software_; }
    const sim::Scenario& scenario() const { return scenario_; }
    /// Mediated accesses so far, and activations of threads.
    std::uint64_t accesses() const { return accesses_; }
    std::uint64_t activations() { return platform_->timeline().activations; }

  private:
    Kernel kernel_;
    Programs programs_;
    const sim::Scenario scenario_;
    models::ProbeHub hub_;
    sim::Statistics statistics_;
    sim::Observations observations_;
    std::unique_ptr<sim::Software> software_;
    std::unique_ptr<sim::Platform> platform_;
    models::Picos end_{};
    std::uint64_t accesses_ = 0;
};

}  // namespace bench
