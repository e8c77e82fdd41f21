// The program of a front-end VM: it sets its interrupt controller up, finds its devices and the
// shared-memory objects that it has with other VMs, neither of which it need have, does its
// workloads one after the other, reports, and then sleeps for ever, serving interrupts. It stands
// for an operating system with its drivers, or for a bare-metal program, as its profile says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "vms/cpu.h"
#include "vms/frontend/driver.h"
#include "vms/frontend/interrupts.h"
#include "vms/frontend/ipc.h"
#include "vms/frontend/operations.h"
#include "vms/frontend/profile.h"
#include "vms/workload/periodic_timer.h"
#include "vms/workload/workload.h"

namespace vms::frontend {

struct FrontendConfig {
    GicAddresses gic;
    const Profile* profile = &linux_6_1();
    std::vector<DeviceConfig> devices;  ///< probed in this order
    std::vector<IpcConfig> ipcs;        ///< in the order of the VM's configuration
    std::vector<workload::Config> workloads;
    /// The work of the program's operations, where it is not the profile's.
    std::optional<Operations> operations;
};

/// The virtual timer's interrupt, handed to the tick of the workload at hand.
class TimerInterrupt final : public InterruptHandler {
  public:
    TimerInterrupt(Cpu& cpu, const Operations& operations) : cpu_(cpu), operations_(operations) {}

    void select(workload::PeriodicTimer* timer) { timer_ = timer; }
    void interrupt(IntId id) override;

  private:
    Cpu& cpu_;
    const Operations& operations_;
    workload::PeriodicTimer* timer_ = nullptr;
};

class FrontendProgram final : public Program {
  public:
    explicit FrontendProgram(FrontendConfig config);

    /// Never returns: the CPU ends up waiting for interrupts.
    void run(Cpu& cpu) override;

    // --- for the host, at any time ----------------------------------------------------------

    const FrontendConfig& config() const { return config_; }
    /// All workloads have ended, and how.
    bool done() const { return done_; }
    bool success() const { return success_; }

    std::size_t devices() const { return config_.devices.size(); }
    Fault fault(std::size_t device) const;
    DriverCounters driver_counters(std::size_t device) const;

    std::size_t workloads() const { return jobs_.size(); }
    const workload::Counters& workload_counters(std::size_t i) const {
        return jobs_[i].workload.counters();
    }
    const workload::PeriodicTimer& timer(std::size_t i) const { return jobs_[i].timer; }

    Interrupts::Counters interrupt_counters() const;

  private:
    struct Job {
        workload::Workload workload;
        workload::PeriodicTimer timer;
    };

    void make_jobs();
    void prepare(Cpu& cpu);
    bool probe_devices();
    bool run_workloads(Cpu& cpu);
    workload::Resources resources_of(const workload::Config& c) const;

    FrontendConfig config_;
    Operations operations_;
    std::vector<Job> jobs_;

    // What runs on the CPU; made anew whenever it starts from reset.
    std::unique_ptr<Interrupts> interrupts_;
    std::unique_ptr<TimerInterrupt> timer_interrupt_;
    std::vector<std::unique_ptr<Driver>> drivers_;
    std::vector<std::unique_ptr<IpcDriver>> ipcs_;
    bool done_ = false;
    bool success_ = false;
};

}  // namespace vms::frontend
