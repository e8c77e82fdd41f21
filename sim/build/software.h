// From a scenario's `software` to programs for the CPUs: service guests with their back-ends,
// front-ends with their drivers and workloads. Owns them for one simulation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/results.h"
#include "sim/scenario/model.h"
#include "vms/cpu.h"
#include "vms/frontend/frontend.h"
#include "vms/service/port/sim/program.h"

namespace sim {

class Software {
  public:
    explicit Software(const Scenario& scenario);

    /// What the user has to know when a program cannot be made; empty when all are there.
    const std::vector<std::string>& errors() const { return errors_; }

    /// The program of a VM's vCPU. It can be started anew whenever the vCPU is.
    vms::Program& program(std::size_t vm, unsigned vcpu) {
        const Entry& e = programs_[vm];
        return e.frontend != nullptr ? e.frontend->vcpu(vcpu) : *e.program;
    }

    /// Whether a VM's program is a service guest that polls, and so never waits.
    bool polls(std::size_t vm) const {
        const SoftwareConfig& s = programs_[vm].vm->software;
        return programs_[vm].service != nullptr && (s.polling || s.poll_rings);
    }

    /// Characters that came for a console and that its back-end dropped.
    struct DroppedInput {
        std::uint64_t no_room = 0;
        std::uint64_t unconnected = 0;  ///< the port was not there, or its far end closed
    };
    /// `backend` counts as in software.backends. 0 for programs other than a service guest.
    DroppedInput dropped_input(std::size_t vm, std::size_t backend) const;

    /// Front-ends whose workloads have not ended.
    std::size_t unfinished() const;
    bool has_workloads() const;

    /// The program of a VM, when it is one of that kind; else nullptr.
    const vms::frontend::FrontendProgram* frontend(std::size_t vm) const {
        return programs_[vm].frontend;
    }
    const vms::service::ServiceProgram* service(std::size_t vm) const {
        return programs_[vm].service;
    }
    /// Index of a platform's device among the peripherals of a service guest, if it drives it.
    std::optional<std::size_t> peripheral(const VmConfig& vm, const std::string& device) const;

    /// vms.<name>.… metrics.
    void add_metrics(Metrics& metrics, const Scenario& scenario) const;
    /// A sentence for each front-end that has not finished, or has failed.
    std::vector<std::string> describe_unfinished() const;

  private:
    struct Entry {
        const VmConfig* vm = nullptr;
        std::unique_ptr<vms::Program> program;
        vms::frontend::FrontendProgram* frontend = nullptr;
        vms::service::ServiceProgram* service = nullptr;
        std::vector<std::string> peripherals;  ///< of a service guest: the platform's names
    };

    std::unique_ptr<vms::Program> make_frontend(const Scenario& s, const VmConfig& vm);
    std::unique_ptr<vms::Program> make_service(const Scenario& s, const VmConfig& vm,
                                               std::vector<std::string>& peripherals);
    void add_service_metrics(Metrics& metrics, const std::string& vm,
                             const vms::service::ServiceProgram& service,
                             const VmConfig& config) const;
    void wrong(const Place& place, const std::string& what);
    /// How often the back-end of that binding has set DEVICE_NEEDS_RESET.
    std::uint64_t needs_resets(std::uint64_t bind_key) const;

    std::vector<Entry> programs_;
    std::vector<std::string> errors_;
};

}  // namespace sim
