#include "vms/frontend/frontend.h"

#include <algorithm>
#include <utility>

#include "vms/abi/gicv2.h"
#include "vms/abi/psci.h"

namespace vms::frontend {

namespace {

constexpr IntId virtual_timer{abi::gicv2::virtual_timer_ppi};

/// The SGI by which vCPUs call each other (Linux: IPI_RESCHEDULE).
constexpr IntId call_sgi{0};
constexpr std::uint32_t first_vcpu = 1;  ///< as a mask

constexpr std::uint32_t all_vcpus(unsigned count) {
    return (1u << count) - 1;
}

}  // namespace

void TimerInterrupt::interrupt(IntId /*id*/) {
    cpu_.retire_named(operations_[Operation::timer_tick]);
    if (timer_ != nullptr)
        timer_->expired(cpu_);
    if (alarm_ == no_alarm)
        return;
    if (cpu_.counter() >= alarm_)
        alarm_ = no_alarm;
    arm();
}

void TimerInterrupt::set(std::uint64_t tick) {
    alarm_ = tick;
    arm();
}

void TimerInterrupt::clear() {
    if (std::exchange(alarm_, no_alarm) != no_alarm)
        arm();
}

/// The earlier of the two.
void TimerInterrupt::arm() {
    const bool ticking = timer_ != nullptr && timer_->running();
    const std::uint64_t due = std::min(alarm_, ticking ? timer_->due() : no_alarm);
    cpu_.set_timer(due, {.enable = due != no_alarm, .imask = due == no_alarm, .istatus = false});
}

void CallInterrupt::wait() {
    // Masked between the look and the sleep: an interrupt in between ends the sleep at once.
    const MaskedScope masked(cpu_);
    while (!called_) {
        cpu_.wait_for_interrupt();
        cpu_.mask_interrupts(false);
        cpu_.mask_interrupts(true);
    }
    called_ = false;
}

void CallInterrupt::interrupt(IntId /*id*/) {
    cpu_.retire_named(operations_[Operation::cpu_call]);
    called_ = true;
}

FrontendProgram::FrontendProgram(FrontendConfig config)
    : config_(std::move(config)),
      operations_(config_.operations.value_or(Operations(config_.profile->software))),
      vcpus_(config_.vcpus) {
    for (const workload::Config& c : config_.workloads)
        jobs_.push_back(make_job(c));
    for (unsigned n = 1; n < config_.vcpus; ++n)
        secondaries_.emplace_back(*this, n);
}

FrontendProgram::Job FrontendProgram::make_job(const workload::Config& c) const {
    const workload::Costs costs{
        .call = operations_[Operation::workload_call],
        .line = operations_[Operation::workload_line],
        .wake = operations_[Operation::workload_wake],
        .access = operations_[Operation::register_access],
    };
    return {workload::Workload(c, costs), {}};
}

Program& FrontendProgram::vcpu(unsigned n) {
    if (n == 0 || n > secondaries_.size())
        return *this;
    return secondaries_[n - 1];
}

void FrontendProgram::run(Cpu& cpu) {
    make_vcpu(cpu, 0);
    make_drivers(cpu);
    cpu.retire_named(operations_[Operation::boot]);
    Interrupts& interrupts = *vcpus_[0].interrupts;
    interrupts.start();
    const bool started = config_.vcpus == 1 || start_secondaries(cpu);

    bool found = probe_devices();
    if (config_.vcpus > 1)
        interrupts.send(call_sgi, all_vcpus(config_.vcpus) & ~first_vcpu);
    found = bring_up_networks() && found;
    const bool worked = run_workloads(cpu, 0);
    finish(cpu, 0, started && found && worked);
}

void FrontendProgram::run_secondary(Cpu& cpu, unsigned n) {
    make_vcpu(cpu, n);
    cpu.retire_named(operations_[Operation::secondary_boot]);
    Vcpu& v = vcpus_[n];
    v.interrupts->start_secondary(call_sgi, *v.call);
    v.interrupts->send(call_sgi, first_vcpu);
    v.call->wait();
    finish(cpu, n, run_workloads(cpu, n));
}

void FrontendProgram::finish(Cpu& cpu, unsigned n, bool success) {
    vcpus_[n].success = success;
    vcpus_[n].done = true;
    cpu.note(Note::workload_done, success ? 1 : 0);
    for (;;) {
        vcpus_[n].interrupts->softirq().run();
        cpu.wait_for_interrupt();
    }
}

void FrontendProgram::make_vcpu(Cpu& cpu, unsigned n) {
    Vcpu& v = vcpus_[n];
    v.interrupts =
        std::make_unique<Interrupts>(cpu, config_.gic, config_.profile->interrupts, operations_);
    v.timer = std::make_unique<TimerInterrupt>(cpu, operations_);
    v.call = std::make_unique<CallInterrupt>(cpu, operations_);
    v.done = false;
    v.success = false;
    for (Job& job : jobs_)
        if (job.workload.config().vcpu == n)
            job = make_job(job.workload.config());
}

void FrontendProgram::make_drivers(Cpu& cpu) {
    Interrupts& interrupts = *vcpus_[0].interrupts;
    drivers_.clear();
    for (const DeviceConfig& d : config_.devices)
        drivers_.push_back(make_driver({cpu, interrupts, *config_.profile, operations_}, d));
    const workload::net::StackCosts costs{
        .send = operations_[Operation::net_socket_send],
        .receive = operations_[Operation::net_socket_receive],
        .answer = operations_[Operation::net_answer],
        .checksum_line = operations_[Operation::net_checksum_line],
        .wake = operations_[Operation::workload_wake],
    };
    stacks_.clear();
    for (std::size_t i = 0; i < drivers_.size(); ++i) {
        workload::NetInterface* const network = drivers_[i]->network();
        stacks_.push_back(network == nullptr ? nullptr
                                             : std::make_unique<workload::net::Stack>(
                                                   cpu, *network, *vcpus_[0].timer,
                                                   config_.devices[i].net.stack, costs));
    }
    ipcs_.clear();
    for (const IpcConfig& c : config_.ipcs)
        ipcs_.push_back(std::make_unique<IpcDriver>(cpu, interrupts, operations_, c));
}

/// One after the other: the next is switched on when the one before has called.
bool FrontendProgram::start_secondaries(Cpu& cpu) {
    Vcpu& v = vcpus_[0];
    v.interrupts->attach(call_sgi, *v.call);
    bool all = true;
    for (unsigned n = 1; n < config_.vcpus; ++n) {
        cpu.retire_named(operations_[Operation::cpu_on]);
        // Aff0 of a vCPU is its number.
        CallRegisters x{abi::psci::cpu_on_64, n, config_.secondary_entry.value, n};
        cpu.smc(x);
        const auto result = static_cast<std::int64_t>(x[0]);
        if (result == abi::psci::success)
            v.call->wait();
        else if (result != abi::psci::already_on)
            all = false;
    }
    return all;
}

bool FrontendProgram::probe_devices() {
    bool all = true;
    for (const auto& driver : drivers_)
        all = driver->probe() == Fault::none && all;
    for (const auto& ipc : ipcs_)
        ipc->probe();
    return all;
}

bool FrontendProgram::bring_up_networks() {
    bool all = true;
    for (std::size_t i = 0; i < drivers_.size(); ++i) {
        if (stacks_[i] == nullptr || drivers_[i]->fault() != Fault::none)
            continue;
        all = drivers_[i]->bring_up() == Fault::none && all;
        if (drivers_[i]->fault() == Fault::none)
            stacks_[i]->up();
    }
    return all;
}

bool FrontendProgram::run_workloads(Cpu& cpu, unsigned n) {
    Vcpu& v = vcpus_[n];
    bool all = true;
    bool attached = false;
    workload::PeriodicTimer* ticking = nullptr;
    for (Job& job : jobs_) {
        if (job.workload.config().vcpu != n)
            continue;
        // A workload's tick goes on until the next workload begins.
        if (ticking != nullptr)
            ticking->stop(cpu);
        const bool alarms = workload::needs_network(job.workload.config().kind);
        if (alarms && !std::exchange(attached, true))
            v.interrupts->attach(virtual_timer, *v.timer);
        const std::uint64_t period_ns = job.workload.config().timer_period_ns;
        ticking = period_ns != 0 ? &job.timer : nullptr;
        v.timer->select(ticking);
        if (ticking != nullptr) {
            ticking->start(cpu, period_ns);
            if (!std::exchange(attached, true))
                v.interrupts->attach(virtual_timer, *v.timer);
        }
        all = job.workload.run(cpu, resources_of(job.workload.config())) && all;
    }
    return all;
}

bool FrontendProgram::done() const {
    return std::ranges::all_of(vcpus_, &Vcpu::done);
}

bool FrontendProgram::success() const {
    return std::ranges::all_of(vcpus_, &Vcpu::success);
}

workload::Resources FrontendProgram::resources_of(const workload::Config& c) const {
    return {
        .terminal = workload::needs_terminal(c.kind) && c.device < drivers_.size()
                        ? drivers_[c.device]->terminal({c.port, c.port_name})
                        : nullptr,
        .ipc = c.ipc < ipcs_.size() ? ipcs_[c.ipc].get() : nullptr,
        .network = c.device < stacks_.size() && drivers_[c.device]->fault() == Fault::none
                       ? stacks_[c.device].get()
                       : nullptr,
    };
}

Fault FrontendProgram::fault(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->fault() : Fault::none;
}

const NetCounters* FrontendProgram::network_counters(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->network_counters() : nullptr;
}

NetRings FrontendProgram::network_rings(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->network_rings() : NetRings{};
}

const workload::net::StackCounters* FrontendProgram::stack_counters(std::size_t device) const {
    return device < stacks_.size() && stacks_[device] != nullptr ? &stacks_[device]->counters()
                                                                 : nullptr;
}

DriverCounters FrontendProgram::driver_counters(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->counters() : DriverCounters{};
}

std::size_t FrontendProgram::ports(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->ports() : 0;
}

PortReport FrontendProgram::port_report(std::size_t device, std::size_t port) const {
    return port < ports(device) ? drivers_[device]->port_report(port) : PortReport{};
}

DeviceReport FrontendProgram::device_report(std::size_t device) const {
    return device < drivers_.size() ? drivers_[device]->report() : DeviceReport{};
}

std::optional<workload::packets::IpAddress> FrontendProgram::unanswered(std::size_t device) const {
    return device < stacks_.size() && stacks_[device] != nullptr ? stacks_[device]->unanswered()
                                                                 : std::nullopt;
}

workload::Hindrance FrontendProgram::hindrance(std::size_t i) const {
    using workload::Hindrance;
    using workload::State;
    const workload::Workload& w = jobs_[i].workload;
    const workload::Config& c = w.config();
    const State state = w.counters().state;
    if (!workload::needs_terminal(c.kind) || c.device >= drivers_.size() ||
        drivers_[c.device]->fault() != Fault::none)
        return Hindrance::none;
    // It is the terminal's to say, where there is one; none: it was never found.
    if (state == State::running || w.hindrance() != Hindrance::none)
        return w.hindrance();
    const auto before = [&](const Job& job) {
        const State s = job.workload.counters().state;
        return job.workload.config().vcpu != c.vcpu || s == State::succeeded || s == State::failed;
    };
    const bool its_turn =
        std::all_of(jobs_.begin(), jobs_.begin() + static_cast<std::ptrdiff_t>(i), before);
    return its_turn ? drivers_[c.device]->hindrance({c.port, c.port_name}) : Hindrance::none;
}

Interrupts::Counters FrontendProgram::interrupt_counters() const {
    Interrupts::Counters sum;
    for (const Vcpu& v : vcpus_) {
        if (!v.interrupts)
            continue;
        const Interrupts::Counters& c = v.interrupts->counters();
        sum.exceptions += c.exceptions;
        sum.handled += c.handled;
        sum.spurious += c.spurious;
        sum.unexpected += c.unexpected;
    }
    return sum;
}

}  // namespace vms::frontend
