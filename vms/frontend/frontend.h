// The program of a front-end VM: it sets its interrupt controller up, finds its devices and the
// shared-memory objects that it has with other VMs, neither of which it need have, does its
// workloads one after the other, reports, and then sleeps for ever, serving interrupts. It stands
// for an operating system with its drivers, or for a bare-metal program, as its profile says.
//
// Where the VM has several vCPUs, the first switches the others on (PSCI CPU_ON, DEN0022), one at a
// time, before it looks for its devices, as Linux does. A vCPU that was switched on sets its own
// part of the interrupt controller up, calls the first by an SGI, waits for the first's call, which
// says that the devices are there, and does its own workloads.
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
#include "vms/frontend/net_device.h"
#include "vms/frontend/operations.h"
#include "vms/frontend/profile.h"
#include "vms/workload/alarm.h"
#include "vms/workload/periodic_timer.h"
#include "vms/workload/workload.h"

namespace vms::frontend {

struct FrontendConfig {
    GicAddresses gic;
    unsigned vcpus = 1;
    GuestAddr secondary_entry{};  ///< entry point that CPU_ON is given
    const Profile* profile = &linux_6_1();
    std::vector<DeviceConfig> devices;  ///< probed in this order
    std::vector<IpcConfig> ipcs;        ///< in the order of the VM's configuration
    std::vector<workload::Config> workloads;
    /// The work of the program's operations, where it is not the profile's.
    std::optional<Operations> operations;
};

/// The virtual timer's interrupt, handed to the tick of the workload at hand; and the alarm of
/// whoever sleeps no longer than that, on the same timer.
class TimerInterrupt final : public InterruptHandler, public workload::Alarm {
  public:
    TimerInterrupt(Cpu& cpu, const Operations& operations) : cpu_(cpu), operations_(operations) {}

    void select(workload::PeriodicTimer* timer) { timer_ = timer; }
    void interrupt(IntId id) override;

    // workload::Alarm
    void set(std::uint64_t tick) override;
    void clear() override;

  private:
    static constexpr std::uint64_t no_alarm = UINT64_MAX;

    void arm();

    std::uint64_t alarm_ = no_alarm;  ///< compare value
    Cpu& cpu_;
    const Operations& operations_;
    workload::PeriodicTimer* timer_ = nullptr;
};

/// The interrupt by which one vCPU of the VM calls another.
class CallInterrupt final : public InterruptHandler {
  public:
    CallInterrupt(Cpu& cpu, const Operations& operations) : cpu_(cpu), operations_(operations) {}

    /// Sleep until it has been called since the last wait.
    void wait();
    void interrupt(IntId id) override;

  private:
    Cpu& cpu_;
    const Operations& operations_;
    bool called_ = false;
};

class FrontendProgram final : public Program {
  public:
    explicit FrontendProgram(FrontendConfig config);
    FrontendProgram(const FrontendProgram&) = delete;
    FrontendProgram& operator=(const FrontendProgram&) = delete;

    /// The first vCPU's. Never returns: the CPU ends up waiting for interrupts.
    void run(Cpu& cpu) override;

    /// What runs on a vCPU, from reset or from CPU_ON on.
    Program& vcpu(unsigned n);

    // --- for the host, at any time ----------------------------------------------------------

    const FrontendConfig& config() const { return config_; }
    const Operations& operations() const { return operations_; }
    /// All workloads of all vCPUs have ended, and how.
    bool done() const;
    bool success() const;

    std::size_t devices() const { return config_.devices.size(); }
    Fault fault(std::size_t device) const;
    DriverCounters driver_counters(std::size_t device) const;
    /// Of a network device; null for another.
    const NetCounters* network_counters(std::size_t device) const;
    NetRings network_rings(std::size_t device) const;
    const workload::net::StackCounters* stack_counters(std::size_t device) const;
    /// Of a console: its ports, once it has been probed.
    std::size_t ports(std::size_t device) const;
    PortReport port_report(std::size_t device, std::size_t port) const;
    DeviceReport device_report(std::size_t device) const;
    /// Whose MAC address the stack above a network device waits for, or could not find.
    std::optional<workload::packets::IpAddress> unanswered(std::size_t device) const;

    std::size_t workloads() const { return jobs_.size(); }
    const workload::Counters& workload_counters(std::size_t i) const {
        return jobs_[i].workload.counters();
    }
    /// What a console workload whose turn it is waits for, or why it failed.
    workload::Hindrance hindrance(std::size_t workload) const;
    const workload::PeriodicTimer& timer(std::size_t i) const { return jobs_[i].timer; }

    Interrupts::Counters interrupt_counters() const;

  private:
    struct Job {
        workload::Workload workload;
        workload::PeriodicTimer timer;
    };

    /// What runs on a vCPU that is not the first.
    class Secondary final : public Program {
      public:
        Secondary(FrontendProgram& vm, unsigned n) : vm_(vm), n_(n) {}
        void run(Cpu& cpu) override { vm_.run_secondary(cpu, n_); }

      private:
        FrontendProgram& vm_;
        unsigned n_;
    };

    /// A vCPU; made anew whenever it starts from reset.
    struct Vcpu {
        std::unique_ptr<Interrupts> interrupts;
        std::unique_ptr<TimerInterrupt> timer;
        std::unique_ptr<CallInterrupt> call;
        bool done = false;
        bool success = false;
    };

    Job make_job(const workload::Config& c) const;
    void run_secondary(Cpu& cpu, unsigned n);
    void make_vcpu(Cpu& cpu, unsigned n);
    void make_drivers(Cpu& cpu);
    bool start_secondaries(Cpu& cpu);
    bool probe_devices();
    bool bring_up_networks();
    bool run_workloads(Cpu& cpu, unsigned n);
    [[noreturn]] void finish(Cpu& cpu, unsigned n, bool success);
    workload::Resources resources_of(const workload::Config& c) const;

    FrontendConfig config_;
    Operations operations_;
    std::vector<Job> jobs_;

    std::vector<Secondary> secondaries_;
    std::vector<Vcpu> vcpus_;

    // On the first vCPU; made anew whenever it starts from reset.
    std::vector<std::unique_ptr<Driver>> drivers_;
    std::vector<std::unique_ptr<workload::net::Stack>> stacks_;  ///< of each driver, or null
    std::vector<std::unique_ptr<IpcDriver>> ipcs_;
};

}  // namespace vms::frontend
