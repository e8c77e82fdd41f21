// Programs for the CPUs from a scenario's `software`.
#include "sim/build/software.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "sim/build/frontend_diagnosis.h"
#include "sim/build/net_software.h"
#include "sim/scenario/diagnostic.h"
#include "sim/scenario/spelling.h"
#include "vms/abi/virtio_mmio.h"
#include "vms/frontend/operations.h"
#include "vms/service/operations.h"

namespace sim {

namespace {

/// A VM without software: its CPU waits for interrupts for ever.
class IdleProgram final : public vms::Program {
  public:
    void run(vms::Cpu& cpu) override {
        for (;;)
            cpu.wait_for_interrupt();
    }
};

/// All names that timing.operations can have.
std::vector<std::string> operation_names() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < vms::service::operation_count; ++i)
        names.emplace_back(vms::service::name(static_cast<vms::service::Operation>(i)));
    for (std::size_t i = 0; i < vms::frontend::operation_count; ++i)
        names.emplace_back(vms::frontend::name(static_cast<vms::frontend::Operation>(i)));
    std::sort(names.begin(), names.end());
    return names;
}

/// The choice of that word; none: the profile's.
std::optional<vms::frontend::NeedsReset> needs_reset(const std::string& word) {
    using vms::frontend::NeedsReset;
    if (word == "ignore")
        return NeedsReset::ignored;
    if (word == "stop")
        return NeedsReset::stops;
    if (word == "restart")
        return NeedsReset::restarts;
    return std::nullopt;
}

void add_soak(Metrics& m, const std::string& prefix, const vms::workload::Counters& c) {
    m[prefix + "resets"] = number(c.resets);
    m[prefix + "records_sent"] = number(c.records_sent);
    m[prefix + "records_received"] = number(c.records.records);
    m[prefix + "torn"] = number(c.records.torn);
    m[prefix + "gaps"] = number(c.records.gaps);
    m[prefix + "lost_bytes"] = number(c.records.lost_bytes);
    m[prefix + "errors"] = number(c.records.errors);
}

/// What a console's driver knows of its ports.
void add_console(Metrics& m, const std::string& prefix, const vms::frontend::FrontendProgram& f,
                 std::size_t device) {
    const auto c = f.driver_counters(device);
    m[prefix + "control_sent"] = number(c.control_sent);
    m[prefix + "control_received"] = number(c.control_received);
    m[prefix + "config_changes"] = number(c.config_changes);
    m[prefix + "restarts"] = number(c.restarts);
    for (std::size_t n = 0; n < f.ports(device); ++n) {
        const vms::frontend::PortReport r = f.port_report(device, n);
        const std::string p = fmt::format("{}ports.{}.", prefix, n);
        m[p + "present"] = r.present ? 1 : 0;
        m[p + "console"] = r.console ? 1 : 0;
        m[p + "host_open"] = r.host_open ? 1 : 0;
        m[p + "cols"] = r.cols;
        m[p + "rows"] = r.rows;
        m[p + "written"] = number(r.account.written);
        m[p + "abandoned"] = number(r.account.abandoned);
        m[p + "read"] = number(r.account.read);
        m[p + "discarded"] = number(r.account.discarded);
        m[p + "delivered"] = number(r.account.read + r.account.discarded);
    }
}

/// `prefix` + min_ticks, p50_ticks, max_ticks.
void add_durations(Metrics& m, const std::string& prefix, const vms::workload::Distribution& d) {
    m[prefix + "min_ticks"] = number(d.range().min_or_zero());
    m[prefix + "p50_ticks"] = number(d.median());
    m[prefix + "max_ticks"] = number(d.range().max);
}

}  // namespace

Software::Software(const Scenario& s) {
    const std::vector<std::string> known = operation_names();
    for (const auto& [name, cost] : s.timing.operations)
        if (std::find(known.begin(), known.end(), name) == known.end())
            wrong(cost.place,
                  fmt::format("there is no operation {}; {}", quote(name), suggest(name, known)));
    for (const VmConfig& vm : s.vms) {
        Entry e;
        e.vm = &vm;
        switch (vm.software.program) {
            case ProgramKind::service_guest: {
                e.program = make_service(s, vm, e.peripherals);
                e.service = dynamic_cast<vms::service::ServiceProgram*>(e.program.get());
                if (e.program == nullptr)
                    e.program = std::make_unique<IdleProgram>();
                break;
            }
            case ProgramKind::frontend: {
                e.program = make_frontend(s, vm);
                e.frontend = dynamic_cast<vms::frontend::FrontendProgram*>(e.program.get());
                break;
            }
            case ProgramKind::idle:
                e.program = std::make_unique<IdleProgram>();
                break;
        }
        programs_.push_back(std::move(e));
    }
}

void Software::wrong(const Place& p, const std::string& what) {
    errors_.push_back(format(Diagnostic{p, what}));
}

std::unique_ptr<vms::Program> Software::make_frontend(const Scenario& s, const VmConfig& vm) {
    namespace fe = vms::frontend;
    namespace wl = vms::workload;
    fe::FrontendConfig c;
    c.gic = {vm.gicd, vm.gicc};
    c.vcpus = static_cast<unsigned>(std::popcount(vm.cpu_affinity));
    if (!vm.regions.empty())
        c.secondary_entry = vm.regions.front().base;
    if (const fe::Profile* p = fe::find_profile(vm.software.profile))
        c.profile = p;
    else
        wrong(vm.software.place, fmt::format("there is no profile '{}'", vm.software.profile));
    for (const DriverConfig& d : vm.software.drivers) {
        const RemioDevConfig* r = find_named(vm.remio_devs, d.device);
        const auto kind = fe::find_driver(d.driver);
        if (r == nullptr || !kind) {
            wrong(d.place, fmt::format("no driver '{}' for device '{}'", d.driver, d.device));
            continue;
        }
        fe::DeviceConfig dev;
        dev.name = d.device;
        dev.driver = *kind;
        dev.window = {r->va, r->size};
        dev.shared = {r->shmem.base, r->shmem.size};
        dev.interrupt = r->interrupt;
        dev.queue_size = static_cast<std::uint32_t>(d.queue_size);
        dev.net = frontend_net(d.net, r->bind_key);
        if (!d.acknowledge.empty())
            dev.acknowledges_before_queues = d.acknowledge == "early";
        dev.needs_reset = needs_reset(d.needs_reset);
        dev.early_text = d.early_text;
        if (!vm.regions.empty())
            dev.private_memory = {vm.regions.front().base, vm.regions.front().size};
        c.devices.push_back(std::move(dev));
    }
    for (const IpcConfig& i : vm.ipcs)
        c.ipcs.push_back({i.base, i.size, i.interrupts});
    for (const WorkloadConfig& w : vm.software.workloads) {
        const auto kind = wl::find_kind(w.type);
        if (!kind) {
            wrong(w.place, fmt::format("there is no workload '{}'", w.type));
            continue;
        }
        wl::Config k;
        k.kind = *kind;
        k.vcpu = w.vcpu;
        if (*kind == wl::Kind::registers) {
            if (const RemioDevConfig* d = find_named(vm.remio_devs, w.device))
                k.register_address = d->va + vms::abi::mmio::config_generation;
        }
        if (wl::needs_terminal(*kind) || wl::needs_network(*kind)) {
            const auto it =
                std::find_if(c.devices.begin(), c.devices.end(),
                             [&](const fe::DeviceConfig& d) { return d.name == w.device; });
            if (it == c.devices.end()) {
                wrong(w.place, fmt::format("workload '{}' names device '{}', which no driver of "
                                           "this VM has",
                                           w.type, w.device));
                continue;
            }
            k.device = static_cast<std::size_t>(it - c.devices.begin());
        }
        k.text = w.text;
        k.lines = w.lines;
        k.bytes = w.bytes;
        k.chunk = w.chunk;
        k.seed = w.seed;
        k.port = static_cast<std::uint32_t>(w.port);
        k.port_name = w.port_name;
        k.stream = static_cast<std::uint32_t>(w.stream);
        k.until_ns = w.until.value / 1000;
        k.reset_every_ns = w.reset_every.value / 1000;
        k.ipc = static_cast<std::size_t>(w.ipc);
        k.doorbell = w.doorbell;
        k.event = w.event;
        k.count = w.count;
        k.period_ns = w.period.value / 1000;
        k.start_ns = w.start.value / 1000;
        k.timer_period_ns = w.timer_period.value / 1000;
        k.net = workload_net(w.net);
        c.workloads.push_back(std::move(k));
    }
    fe::Operations operations(c.profile->software);
    for (const auto& [name, cost] : s.timing.operations)
        operations.set_instructions(name, static_cast<std::uint32_t>(cost.instructions));
    c.operations = operations;
    return std::make_unique<fe::FrontendProgram>(std::move(c));
}

Software::DroppedInput Software::dropped_input(std::size_t vm, std::size_t backend) const {
    const auto* service = programs_[vm].service;
    if (service == nullptr || backend >= service->device_count())
        return {};
    const vms::service::DeviceCounters c = service->device_counters(backend);
    return {c.dropped_input - c.unconnected_input, c.unconnected_input};
}

std::size_t Software::unfinished() const {
    return static_cast<std::size_t>(
        std::count_if(programs_.begin(), programs_.end(), [](const Entry& e) {
            return e.frontend != nullptr && e.frontend->workloads() != 0 && !e.frontend->done();
        }));
}

bool Software::has_workloads() const {
    return std::any_of(programs_.begin(), programs_.end(), [](const Entry& e) {
        return e.frontend != nullptr && e.frontend->workloads() != 0;
    });
}

std::vector<std::string> Software::describe_unfinished() const {
    std::vector<std::string> lines;
    for (const Entry& e : programs_) {
        if (e.frontend == nullptr)
            continue;
        for (std::string& line : describe_frontend(
                 *e.vm, *e.frontend,
                 [this](const RemioDevConfig& d) { return needs_resets(d.bind_key); }))
            lines.push_back(std::move(line));
    }
    return lines;
}

std::uint64_t Software::needs_resets(std::uint64_t bind_key) const {
    for (const Entry& e : programs_) {
        if (e.service == nullptr)
            continue;
        const std::vector<BackendConfig>& backends = e.vm->software.backends;
        for (std::size_t i = 0; i < backends.size() && i < e.service->device_count(); ++i) {
            const RemioDevConfig* d = find_named(e.vm->remio_devs, backends[i].device);
            if (d != nullptr && d->type == RemioType::backend && d->bind_key == bind_key)
                return e.service->device_counters(i).needs_reset;
        }
    }
    return 0;
}

std::optional<std::size_t> Software::peripheral(const VmConfig& vm,
                                                const std::string& device) const {
    for (const Entry& e : programs_) {
        const auto found = std::find(e.peripherals.begin(), e.peripherals.end(), device);
        if (e.vm == &vm && found != e.peripherals.end())
            return static_cast<std::size_t>(found - e.peripherals.begin());
    }
    return std::nullopt;
}

void Software::add_metrics(Metrics& m, const Scenario& scenario) const {
    namespace wl = vms::workload;
    for (const Entry& e : programs_) {
        const std::string vm = "vms." + e.vm->name + ".";
        if (e.frontend != nullptr) {
            // The sums over a VM's workloads; a CRC is that of the last one that has one.
            wl::Counters sum;
            bool done = e.frontend->workloads() != 0;
            wl::Range lateness;
            std::uint64_t overruns = 0;
            for (std::size_t i = 0; i < e.frontend->workloads(); ++i) {
                const wl::Counters& c = e.frontend->workload_counters(i);
                const std::string each = fmt::format("{}workloads.{}.", vm, i);
                const auto put = [&](const std::string& p, const wl::Counters& x) {
                    m[p + "tx_bytes"] = number(x.tx_bytes);
                    m[p + "rx_bytes"] = number(x.rx_bytes);
                    m[p + "tx_crc32"] = number(x.tx_crc32);
                    m[p + "rx_crc32"] = number(x.rx_crc32);
                    m[p + "lines"] = number(x.lines);
                    m[p + "mismatches"] = number(x.mismatches);
                };
                put(each, c);
                if (e.frontend->config().workloads[i].kind == wl::Kind::registers) {
                    m[each + "reads"] = number(c.reads);
                    add_durations(m, each + "read_", c.read_ticks);
                }
                if (wl::needs_ipc(e.frontend->config().workloads[i].kind)) {
                    m[each + "messages"] = number(c.messages);
                    m[each + "doorbells_refused"] = number(c.doorbells_refused);
                }
                if (e.frontend->config().workloads[i].kind == wl::Kind::console_soak)
                    add_soak(m, each, c);
                if (e.frontend->config().workloads[i].kind == wl::Kind::ipc_ping)
                    add_durations(m, each + "round_trip_", c.round_trip_ticks);
                if (wl::needs_network(e.frontend->config().workloads[i].kind))
                    add_net_workload(m, each, c.net);
                m[each + "done"] = c.state == wl::State::succeeded ? 1 : 0;
                done = done && c.state == wl::State::succeeded;
                sum.tx_bytes += c.tx_bytes;
                sum.rx_bytes += c.rx_bytes;
                sum.lines += c.lines;
                sum.mismatches += c.mismatches;
                if (c.tx_bytes != 0)
                    sum.tx_crc32 = c.tx_crc32;
                if (c.rx_bytes != 0)
                    sum.rx_crc32 = c.rx_crc32;
                put(vm + "workload.", sum);
                const wl::Range& l = e.frontend->timer(i).lateness();
                lateness.count += l.count;
                if (l.count != 0) {
                    lateness.min = std::min(lateness.min, l.min);
                    lateness.max = std::max(lateness.max, l.max);
                }
                overruns += e.frontend->timer(i).overruns();
            }
            m[vm + "workload.done"] = done ? 1 : 0;
            m[vm + "timer.ticks"] = number(lateness.count);
            m[vm + "timer.lateness_min_ticks"] = number(lateness.min_or_zero());
            m[vm + "timer.lateness_max_ticks"] = number(lateness.max);
            m[vm + "timer.overruns"] = number(overruns);
            for (std::size_t i = 0; i < e.frontend->devices(); ++i) {
                const auto c = e.frontend->driver_counters(i);
                const std::string p =
                    fmt::format("{}devices.{}.", vm, e.frontend->config().devices[i].name);
                m[p + "interrupts"] = number(c.interrupts);
                m[p + "notifications"] = number(c.notifications);
                m[p + "transmitted"] = number(c.transmitted);
                m[p + "received"] = number(c.received);
                m[p + "poll_iterations"] = number(c.poll_iterations);
                m[p + "fault"] = number(static_cast<unsigned>(e.frontend->fault(i)));
                if (e.frontend->ports(i) != 0)
                    add_console(m, p, *e.frontend, i);
            }
            add_frontend_net(m, vm, *e.frontend);
            const auto irq = e.frontend->interrupt_counters();
            m[vm + "interrupts.exceptions"] = number(irq.exceptions);
            m[vm + "interrupts.handled"] = number(irq.handled);
            m[vm + "interrupts.spurious"] = number(irq.spurious);
            m[vm + "interrupts.unexpected"] = number(irq.unexpected);
        }
        if (e.service != nullptr) {
            add_service_metrics(m, vm, *e.service, *e.vm);
            add_service_net(m, scenario, *e.vm, *e.service);
            for (const NicConfig& n : scenario.platform.nics)
                if (const auto index = peripheral(*e.vm, n.name))
                    add_interface(m, vm + "interfaces." + n.name + ".",
                                  e.service->network_counters(*index));
        }
    }
}

}  // namespace sim
