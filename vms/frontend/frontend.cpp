#include "vms/frontend/frontend.h"

#include <utility>

#include "vms/abi/gicv2.h"

namespace vms::frontend {

namespace {

constexpr IntId virtual_timer{abi::gicv2::virtual_timer_ppi};

}  // namespace

void TimerInterrupt::interrupt(IntId /*id*/) {
    cpu_.retire(operations_[Operation::timer_tick]);
    if (timer_ != nullptr)
        timer_->expired(cpu_);
}

FrontendProgram::FrontendProgram(FrontendConfig config)
    : config_(std::move(config)),
      operations_(config_.operations.value_or(Operations(config_.profile->software))) {
    make_jobs();
}

void FrontendProgram::make_jobs() {
    const workload::Costs costs{
        .call = operations_[Operation::workload_call],
        .line = operations_[Operation::workload_line],
        .wake = operations_[Operation::workload_wake],
    };
    jobs_.clear();
    for (const workload::Config& c : config_.workloads)
        jobs_.push_back({workload::Workload(c, costs), {}});
}

void FrontendProgram::run(Cpu& cpu) {
    prepare(cpu);
    cpu.retire(operations_[Operation::boot]);
    interrupts_->start();

    const bool found = probe_devices();
    const bool worked = run_workloads(cpu);
    success_ = found && worked;
    done_ = true;
    cpu.note(Note::workload_done, success_ ? 1 : 0);

    for (;;)
        cpu.wait_for_interrupt();
}

void FrontendProgram::prepare(Cpu& cpu) {
    done_ = false;
    success_ = false;
    make_jobs();
    drivers_.clear();
    interrupts_ =
        std::make_unique<Interrupts>(cpu, config_.gic, config_.profile->interrupts, operations_);
    timer_interrupt_ = std::make_unique<TimerInterrupt>(cpu, operations_);
    for (const DeviceConfig& d : config_.devices)
        drivers_.push_back(make_driver({cpu, *interrupts_, *config_.profile, operations_}, d));
    ipcs_.clear();
    for (const IpcConfig& c : config_.ipcs)
        ipcs_.push_back(std::make_unique<IpcDriver>(cpu, *interrupts_, operations_, c));
}

bool FrontendProgram::probe_devices() {
    bool all = true;
    for (const auto& driver : drivers_)
        all = driver->probe() == Fault::none && all;
    for (const auto& ipc : ipcs_)
        ipc->probe();
    return all;
}

bool FrontendProgram::run_workloads(Cpu& cpu) {
    bool all = true;
    bool attached = false;
    workload::PeriodicTimer* ticking = nullptr;
    for (Job& job : jobs_) {
        // A workload's tick goes on until the next workload begins.
        if (ticking != nullptr)
            ticking->stop(cpu);
        const std::uint64_t period_ns = job.workload.config().timer_period_ns;
        ticking = period_ns != 0 ? &job.timer : nullptr;
        timer_interrupt_->select(ticking);
        if (ticking != nullptr) {
            ticking->start(cpu, period_ns);
            if (!std::exchange(attached, true))
                interrupts_->attach(virtual_timer, *timer_interrupt_);
        }
        all = job.workload.run(cpu, resources_of(job.workload.config())) && all;
    }
    return all;
}

workload::Resources FrontendProgram::resources_of(const workload::Config& c) const {
    return {
        .terminal = c.device < drivers_.size() ? drivers_[c.device]->terminal() : nullptr,
        .ipc = c.ipc < ipcs_.size() ? ipcs_[c.ipc].get() : nullptr,
    };
}

Fault FrontendProgram::fault(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->fault() : Fault::none;
}

DriverCounters FrontendProgram::driver_counters(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->counters() : DriverCounters{};
}

Interrupts::Counters FrontendProgram::interrupt_counters() const {
    return interrupts_ ? interrupts_->counters() : Interrupts::Counters{};
}

}  // namespace vms::frontend
