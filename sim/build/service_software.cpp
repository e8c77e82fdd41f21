// Service guests from a scenario's `software`: peripherals, devices with what stands behind them,
// and what they counted.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sim/build/net_software.h"
#include "sim/build/software.h"
#include "vms/service/port/sim/operation_costs.h"

namespace sim {

namespace {

namespace sv = vms::service;

sv::PeripheralConfig serial_peripheral(const UartConfig& uart, const DevConfig& dev) {
    sv::PeripheralConfig p;
    p.kind = uart.model == UartModel::cadence ? sv::PeripheralKind::cadence_uart
                                              : sv::PeripheralKind::pl011;
    p.base = dev.va;
    p.interrupts[0] = uart.interrupt;
    p.clock_hz = uart.reference_clock_hz;
    p.baud = uart.baud;
    p.serial_mode = uart.mux == SerialMux::framed     ? sv::SerialMode::framed
                    : uart.mux == SerialMux::prefixed ? sv::SerialMode::prefixed
                                                      : sv::SerialMode::direct;
    return p;
}

sv::DeviceEvent device_event(const DeviceEventConfig& e, std::size_t device) {
    sv::DeviceEvent out;
    out.at_ns = e.at.value / 1000;
    switch (e.type) {
        case DeviceEventType::resize:
            out.kind = sv::DeviceEventKind::console_resize;
            break;
        case DeviceEventType::add:
            out.kind = sv::DeviceEventKind::console_add;
            break;
        case DeviceEventType::remove:
            out.kind = sv::DeviceEventKind::console_remove;
            break;
        case DeviceEventType::open:
            out.kind = sv::DeviceEventKind::console_open;
            break;
        case DeviceEventType::close:
            out.kind = sv::DeviceEventKind::console_close;
            break;
        case DeviceEventType::error:
            out.kind = sv::DeviceEventKind::device_error;
            break;
    }
    out.device = device;
    out.port = e.port;
    out.cols = e.columns;
    out.rows = e.rows;
    return out;
}

/// A service guest's configuration in the making.
class Guest {
  public:
    Guest(const Scenario& s, const VmConfig& vm, std::vector<std::string>& peripherals)
        : s_(s), vm_(vm), names_(peripherals) {}

    /// Empty, and `problem` says why and where, when it cannot be made.
    std::optional<sv::GuestConfig> make(Place& place, std::string& problem) {
        config_.gicd = vm_.gicd;
        config_.gicc = vm_.gicc;
        config_.polling = vm_.software.polling;
        config_.poll_rings = vm_.software.poll_rings;
        config_.ring_budget = vm_.software.ring_budget;
        config_.stop_answering = vm_.software.stop_answering_after.has_value();
        config_.stop_answering_after = vm_.software.stop_answering_after.value_or(0);
        config_.net = service_switch(vm_.software.net_switch);
        const auto fail = [&](const Place& at, std::string why) {
            place = at;
            problem = std::move(why);
            return std::nullopt;
        };
        if (vm_.software.backends.size() > sv::max_devices)
            return fail(vm_.software.place,
                        fmt::format("{} back-ends: a service guest has at most {}",
                                    vm_.software.backends.size(), sv::max_devices));
        std::vector<std::pair<sv::DeviceEvent, Place>> events;
        for (const BackendConfig& b : vm_.software.backends) {
            const auto remio = std::find_if(vm_.remio_devs.begin(), vm_.remio_devs.end(),
                                            [&](const auto& d) { return d.name == b.device; });
            if (remio == vm_.remio_devs.end())
                return fail(b.place, fmt::format("the VM has no remio_dev '{}'", b.device));
            const std::size_t index = config_.device_count++;
            if (std::string why; !device(b, *remio, config_.devices[index], why))
                return fail(b.place, std::move(why));
            for (const DeviceEventConfig& e : b.events)
                events.emplace_back(device_event(e, index), e.place);
        }
        if (Place at; !controllers(at, problem)) {
            place = at;
            return std::nullopt;
        }
        if (events.size() > config_.events.size())
            return fail(vm_.software.place, fmt::format("{} events: a service guest has at most {}",
                                                        events.size(), config_.events.size()));
        std::stable_sort(events.begin(), events.end(), [](const auto& x, const auto& y) {
            return x.first.at_ns < y.first.at_ns;
        });
        for (const auto& [event, at] : events)
            config_.events[config_.event_count++] = event;
        if (const sv::ConfigFinding f = sv::check(config_); f.problem != sv::ConfigProblem::none) {
            Place at = vm_.software.place;
            if (f.subject == sv::ConfigSubject::device)
                at = vm_.software.backends[f.index].place;
            if (f.subject == sv::ConfigSubject::peripheral)
                at = places_[f.index];
            if (f.subject == sv::ConfigSubject::event)
                at = events[f.index].second;
            return fail(at, std::string(sv::name(f.problem)));
        }
        return config_;
    }

  private:
    bool device(const BackendConfig& b, const RemioDevConfig& remio, sv::DeviceConfig& d,
                std::string& why) {
        d.remio_index = static_cast<std::uint32_t>(&remio - vm_.remio_devs.data());
        // The window is the front-end's; the back-end must know it to find a register's offset.
        for (const VmConfig& other : s_.vms) {
            for (const RemioDevConfig& f : other.remio_devs) {
                if (f.type == RemioType::frontend && f.bind_key == remio.bind_key) {
                    d.window_base = f.va;
                    d.window_size = f.size;
                }
            }
        }
        d.shmem_base = remio.shmem.base;
        d.shmem_size = remio.shmem.size;
        // Bao passes an interrupt id on as eight bits; the guest enables what its configuration
        // says.
        d.interrupt = remio.interrupt;
        d.backend = sv::find_backend(b.backend);
        d.queue_size = static_cast<std::uint32_t>(b.queue_size);
        d.indirect = b.indirect;
        d.event_idx = b.event_idx;
        d.in_order = b.in_order;
        d.notification_data = b.notification_data;
        d.ring_reset = b.ring_reset;
        if (b.backend == "net")
            d.net = service_net(b, remio.bind_key);
        else
            return console(b.console, d.console, why);
        return true;
    }

    bool console(const ConsoleBackendConfig& b, sv::ConsoleConfig& c, std::string& why) {
        c.cols = b.columns;
        c.rows = b.rows;
        c.emergency_write = b.emergency_write;
        c.multiport = b.multiport;
        c.resize_rows_first = b.resize_rows_first;
        c.port_count = std::min(b.ports.size(), c.ports.size());
        for (std::size_t i = 0; i < c.port_count; ++i) {
            const ConsolePortConfig& p = b.ports[i];
            sv::ConsolePortConfig& out = c.ports[i];
            out.name = sv::ShortText(p.name);
            out.console = p.console;
            out.present = p.plugged;
            out.far_end_open = p.open;
            out.cols = p.columns;
            out.rows = p.rows;
            if (p.serial.empty())
                continue;
            const UartConfig* uart = find_named(s_.platform.uarts, p.serial);
            const auto index = serial(uart);
            if (!index) {
                why = fmt::format("serial '{}' is not one of the VM's devs", p.serial);
                return false;
            }
            out.serial = *index;
            for (const SerialChannelConfig& channel : uart->channels) {
                if (channel.name != p.channel)
                    continue;
                out.channel = channel.number;
                out.label = sv::ShortText(channel.name);
            }
        }
        return true;
    }

    /// The peripheral that is this UART; made when it is asked for first.
    std::optional<std::size_t> serial(const UartConfig* uart) {
        if (uart == nullptr)
            return std::nullopt;
        const auto known = std::find(names_.begin(), names_.end(), uart->name);
        if (known != names_.end())
            return static_cast<std::size_t>(known - names_.begin());
        const auto dev = std::find_if(vm_.devs.begin(), vm_.devs.end(),
                                      [&](const auto& x) { return x.device == uart->name; });
        if (dev == vm_.devs.end() || config_.peripheral_count == sv::max_peripherals)
            return std::nullopt;
        config_.peripherals[config_.peripheral_count] = serial_peripheral(*uart, *dev);
        names_.push_back(uart->name);
        places_.push_back(dev->place);
        return config_.peripheral_count++;
    }

    bool controllers(Place& place, std::string& why) {
        std::uint64_t memory_end =
            vm_.regions.empty() ? 0 : vm_.regions.front().base.value + vm_.regions.front().size;
        for (const DevConfig& dev : vm_.devs) {
            for (const NicConfig& nic : s_.platform.nics) {
                if (nic.name != dev.device)
                    continue;
                place = dev.place;
                if (config_.peripheral_count == sv::max_peripherals) {
                    why = "a service guest drives no more devices";
                    return false;
                }
                if (!service_interface(vm_, nic, dev, memory_end,
                                       config_.peripherals[config_.peripheral_count])) {
                    why =
                        "the first region of the VM has no room for the descriptors and buffers "
                        "of the controller: make it larger";
                    return false;
                }
                ++config_.peripheral_count;
                names_.push_back(nic.name);
                places_.push_back(dev.place);
            }
        }
        return true;
    }

    const Scenario& s_;
    const VmConfig& vm_;
    sv::GuestConfig config_;
    std::vector<std::string>& names_;  // of peripherals
    std::vector<Place> places_;
};

void add_console(Metrics& m, const std::string& p, const BackendConfig& b,
                 const sv::ConsoleCounters& c) {
    m[p + "control_received"] = number(c.control_received);
    m[p + "control_sent"] = number(c.control_sent);
    m[p + "control_superseded"] = number(c.control_superseded);
    m[p + "control_malformed"] = number(c.control_malformed);
    m[p + "control_bad_port"] = number(c.control_bad_port);
    m[p + "control_too_small"] = number(c.control_too_small);
    m[p + "control_skipped"] = number(c.control_skipped);
    m[p + "port_failures"] = number(c.port_failures);
    for (std::size_t i = 0; i < std::min(b.console.ports.size(), c.ports.size()); ++i) {
        const std::string q = fmt::format("{}ports.{}.", p, i);
        m[q + "tx_bytes"] = number(c.ports[i].tx_bytes);
        m[q + "rx_bytes"] = number(c.ports[i].rx_bytes);
        m[q + "received_bytes"] = number(c.ports[i].received_bytes);
        m[q + "dropped_input"] = number(c.ports[i].dropped_input);
        m[q + "discarded_output"] = number(c.ports[i].discarded_output);
    }
}

}  // namespace

std::unique_ptr<vms::Program> Software::make_service(const Scenario& s, const VmConfig& vm,
                                                     std::vector<std::string>& peripherals) {
    Place place;
    std::string problem;
    const auto config = Guest(s, vm, peripherals).make(place, problem);
    if (!config) {
        wrong(place, problem);
        return nullptr;
    }
    sv::OperationCosts costs;
    for (const auto& [name, cost] : s.timing.operations)
        costs.set_instructions(name, static_cast<std::uint32_t>(cost.instructions));
    return std::make_unique<sv::ServiceProgram>(*config, costs);
}

void Software::add_service_metrics(Metrics& m, const std::string& vm,
                                   const vms::service::ServiceProgram& service,
                                   const VmConfig& config) const {
    const vms::service::GuestCounters g = service.counters();
    m[vm + "service.interrupts"] = number(g.interrupts);
    m[vm + "service.spurious"] = number(g.spurious);
    m[vm + "service.asks"] = number(g.asks);
    m[vm + "service.empty_asks"] = number(g.empty_asks);
    m[vm + "service.answered"] = number(g.answered);
    m[vm + "service.withheld"] = number(g.withheld);
    m[vm + "service.failed_hypercalls"] = number(g.failed_hypercalls);
    m[vm + "service.waits"] = number(g.waits);
    for (std::size_t i = 0; i < service.device_count() && i < config.software.backends.size();
         ++i) {
        const vms::service::DeviceCounters d = service.device_counters(i);
        const std::string p = vm + "devices." + config.software.backends[i].device + ".";
        m[p + "reads"] = number(d.reads);
        m[p + "writes"] = number(d.writes);
        m[p + "kicks"] = number(d.kicks);
        m[p + "notifications"] = number(d.notifications);
        m[p + "chains"] = number(d.chains);
        m[p + "descriptors"] = number(d.descriptors);
        m[p + "used"] = number(d.used);
        m[p + "activations"] = number(d.activations);
        m[p + "resets"] = number(d.resets);
        m[p + "tx_bytes"] = number(d.tx_bytes);
        m[p + "rx_bytes"] = number(d.rx_bytes);
        m[p + "received_bytes"] = number(d.received_bytes);
        m[p + "dropped_input"] = number(d.dropped_input);
        m[p + "unconnected_input"] = number(d.unconnected_input);
        m[p + "dropped_emergency"] = number(d.dropped_emergency);
        m[p + "receiver_errors"] = number(d.receiver_errors);
        m[p + "errors"] = number(d.errors());
        m[p + "bad_accesses"] = number(d.bad_accesses);
        m[p + "violations"] = number(d.violations);
        m[p + "refused_features"] = number(d.refused_features);
        m[p + "queue_faults"] = number(d.queue_faults);
        m[p + "bad_buffers"] = number(d.bad_buffers);
        m[p + "dropped_chains"] = number(d.dropped_chains);
        m[p + "needs_reset"] = number(d.needs_reset);
        m[p + "platform_declined"] = number(d.platform_declined);
        if (config.software.backends[i].console.multiport)
            add_console(m, p, config.software.backends[i], d.console);
    }
    for (const DevConfig& dev : config.devs) {
        const std::optional<std::size_t> index = peripheral(config, dev.device);
        if (!index)
            continue;
        const vms::service::LineCounters l = service.line_counters(*index);
        const std::string p = vm + "lines." + dev.device + ".";
        if (l.frames_sent + l.frames_received == 0)
            continue;
        m[p + "frames_sent"] = number(l.frames_sent);
        m[p + "frames_received"] = number(l.frames_received);
        m[p + "bad_frames"] = number(l.bad_frames);
        m[p + "noise"] = number(l.noise);
        m[p + "unknown_channels"] = number(l.unknown_channels);
        m[p + "broken_lines"] = number(l.broken_lines);
        m[p + "receiver_errors"] = number(l.receiver_errors);
    }
}

}  // namespace sim
