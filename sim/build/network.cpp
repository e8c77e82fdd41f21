// Building what is on the wire, and the controllers that lead there (network.h).
#include "sim/build/network.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "sim/scenario/diagnostic.h"

namespace sim {

namespace {

namespace wire = models::wire;
namespace packets = vms::workload::packets;

wire::Impairments impairments(const ImpairmentConfig& c) {
    const auto chance = [](std::uint64_t ppb) {
        return models::Chance{static_cast<std::uint32_t>(ppb)};
    };
    return {chance(c.loss), chance(c.duplicate), chance(c.reorder), c.reorder_delay, c.jitter};
}

wire::HostParameters host_parameters(const HostConfig& c) {
    wire::HostParameters p;
    p.mac = c.mac;
    p.ipv4 = c.ipv4;
    p.ipv6 = c.ipv6;
    p.delay = c.delay;
    p.queue = c.queue;
    p.answer_echo = c.answer_echo;
    return p;
}

wire::Pace pace(const GeneratorConfig& c) {
    wire::Pace p;
    switch (c.pace) {
        case PaceUnit::line_rate:
            p.unit = wire::Pace::Unit::line_rate;
            break;
        case PaceUnit::interval:
            p.unit = wire::Pace::Unit::interval;
            break;
        case PaceUnit::frames_per_second:
            p.unit = wire::Pace::Unit::frames_per_second;
            break;
        case PaceUnit::bits_per_second:
            p.unit = wire::Pace::Unit::bits_per_second;
            break;
    }
    if (c.pace == PaceUnit::interval)
        p.interval = c.interval;
    p.rate = c.rate;
    p.spacing = c.spacing == Spacing::poisson ? wire::Pace::Spacing::poisson
                : c.spacing == Spacing::burst ? wire::Pace::Spacing::burst
                                              : wire::Pace::Spacing::constant;
    p.burst = c.burst;
    return p;
}

wire::GeneratorParameters generator_parameters(const HostConfig& h, std::uint64_t seed) {
    const GeneratorConfig& c = h.generator;
    wire::GeneratorParameters p;
    p.target = c.target;
    p.target_mac = c.target_mac;
    p.port = h.port;
    p.source_port = c.source_port;
    p.flow = c.flow;
    p.mode = c.closed_loop ? wire::GeneratorParameters::Mode::closed_loop
                           : wire::GeneratorParameters::Mode::open_loop;
    p.pace = pace(c);
    p.sizes = wire::FrameSizes::uniform(c.frame_min, c.frame_max);
    for (const FrameShare& s : c.mix)
        p.sizes.shares.push_back({s.bytes, s.weight});
    p.window = c.window;
    p.think = c.think;
    p.timeout = c.timeout;
    p.start = h.start;
    p.count = c.count;
    p.until = h.until.value_or(models::Picos::never());
    p.seed = seed;
    return p;
}

}  // namespace

std::uint64_t HostObjects::sent() const {
    return host != nullptr ? host->counters().tx_frames : replay->counters().sent;
}

std::uint64_t HostObjects::received() const {
    return host != nullptr ? host->counters().rx_frames : replay->counters().received;
}

Network::Network(const Scenario& s, models::Timeline& timeline, models::Activity& activity,
                 models::InterruptController& gic, const models::ProbeHub& probes,
                 std::vector<std::string>& errors)
    : scenario_(s), probes_(probes) {
    build_links(activity);
    build_nics(timeline, activity, gic);
    build_hosts(activity, errors);
    build_captures(errors);
    add_devices(timeline);
}

void Network::add_devices(models::Timeline& timeline) const {
    for (const auto& link : links_)
        for (const models::Picos* next : link->next_events())
            timeline.add_device(*next);
    for (const auto& nic : nics_)
        timeline.add_device(nic->model->next_event());
    for (const HostObjects& h : hosts_) {
        if (h.generator != nullptr)
            timeline.add_device(h.generator->next_event());
        if (h.replay != nullptr)
            timeline.add_device(h.replay->next_event());
    }
}

void Network::build_links(models::Activity& activity) {
    for (const LinkConfig& c : scenario_.links) {
        wire::LinkParameters p;
        p.rate = c.rate;
        p.propagation = c.propagation;
        p.a_to_b = impairments(c.impairments[0]);
        p.b_to_a = impairments(c.impairments[1]);
        for (const OutageConfig& o : c.outages)
            p.outages.push_back({o.from, o.until});
        p.seed = scenario_.seed;
        links_.push_back(
            std::make_unique<wire::Link>(fmt::format("link_{}", c.name).c_str(), p, activity));
    }
    switch_ports_.resize(links_.size());
    for (const WireSwitchConfig& c : scenario_.switches) {
        auto model = std::make_unique<wire::WireSwitch>(
            wire::WireSwitchParameters{c.latency, c.queue, c.table, c.ageing});
        for (std::size_t i = 0; i < links_.size(); ++i) {
            for (std::size_t n = 0; n < 2; ++n)
                if (scenario_.links[i].between[n] == c.name)
                    switch_ports_[i][n] =
                        model->add_port(links_[i]->end(n == 0 ? wire::Side::a : wire::Side::b));
        }
        switches_.push_back({&c, std::move(model)});
    }
}

wire::LinkEnd* Network::end_of(std::string_view name) {
    for (std::size_t i = 0; i < links_.size(); ++i)
        for (std::size_t n = 0; n < 2; ++n)
            if (scenario_.links[i].between[n] == name)
                return &links_[i]->end(n == 0 ? wire::Side::a : wire::Side::b);
    return nullptr;
}

void Network::build_nics(models::Timeline& timeline, models::Activity& activity,
                         models::InterruptController& gic) {
    for (const NicConfig& c : scenario_.platform.nics) {
        auto nic = std::make_unique<NicObjects>(c, timeline);
        models::GemParameters p;
        p.pclk_hz = c.pclk_hz;
        p.phy_address = c.phy_address;
        p.phy.autonegotiation = c.autonegotiation;
        p.tx_buffer_bytes = c.tx_buffer_bytes;
        p.rx_buffer_bytes = c.rx_buffer_bytes;
        p.descriptor_read = c.descriptor_read;
        p.descriptor_write = c.descriptor_write;
        p.data_latency = c.data_latency;
        p.data_bytes_per_second = c.data_rate / 8;
        wire::LinkEnd* end = end_of(c.name);
        nic->model = std::make_unique<models::CadenceGem>(
            c.name.c_str(), p, models::IrqLine(gic, c.interrupts.front()), activity, nic->dma,
            end != nullptr ? *end : no_link_);
        nic->dma.on_fault([this, n = nic.get()](const models::DmaFault& f) {
            const auto observe = [&](std::string_view rule, std::string what) {
                probes_.observe({f.time, {}, rule, n->vm, std::move(what)});
            };
            observe("smmu.translation-fault",
                    fmt::format(
                        "{} {} memory at {:#x}, where {}", n->config->name,
                        f.write ? "wrote" : "read", f.address.value,
                        n->dma.attached() ? "its VM has none" : "no VM's map is set up for it"));
        });
        nics_.push_back(std::move(nic));
    }
}

void Network::build_hosts(models::Activity& activity, std::vector<std::string>& errors) {
    for (const HostConfig& c : scenario_.hosts) {
        HostObjects h;
        h.config = &c;
        wire::LinkEnd& end = *end_of(c.name);
        const std::string module = fmt::format("host_{}", c.name);
        try {
            switch (c.type) {
                case HostType::echo:
                    h.echo = std::make_unique<wire::EchoHost>(host_parameters(c), end, c.port);
                    h.host = h.echo.get();
                    break;
                case HostType::sink: {
                    wire::SinkParameters p;
                    p.port = c.port;
                    p.any_port = c.any_port;
                    h.sink = std::make_unique<wire::Sink>(host_parameters(c), p, end);
                    h.host = h.sink.get();
                    break;
                }
                case HostType::generator:
                    h.generator = std::make_unique<wire::Generator>(
                        module.c_str(), host_parameters(c), generator_parameters(c, scenario_.seed),
                        end, activity);
                    h.host = h.generator.get();
                    break;
                case HostType::replay: {
                    wire::ReplayParameters p;
                    p.path = c.file;
                    p.start = c.start;
                    p.as_fast_as_possible = c.as_fast_as_possible;
                    p.passes = c.passes;
                    p.pause = c.pause;
                    p.until = c.until.value_or(models::Picos::never());
                    p.queue = c.queue;
                    h.replay = std::make_unique<wire::Replay>(module.c_str(), p, end, activity);
                    break;
                }
            }
        } catch (const std::exception& e) {
            errors.push_back(
                fmt::format("{}: {}: {}", format_short(c.place), c.place.key, e.what()));
            continue;
        }
        hosts_.push_back(std::move(h));
    }
}

void Network::build_captures(std::vector<std::string>& errors) {
    for (const CaptureConfig& c : scenario_.captures) {
        const auto link = std::find_if(scenario_.links.begin(), scenario_.links.end(),
                                       [&](const LinkConfig& l) { return l.name == c.at; });
        if (link == scenario_.links.end())
            continue;
        const wire::Side side =
            c.name.empty() || c.name == link->between[0] ? wire::Side::a : wire::Side::b;
        try {
            captures_.push_back(std::make_unique<wire::LinkCapture>(
                *links_[static_cast<std::size_t>(link - scenario_.links.begin())], side,
                wire::PcapWriter(c.file)));
            capture_configs_.push_back(&c);
        } catch (const std::system_error& e) {
            errors.push_back(fmt::format("{}: {}.file: {}: {}", format_short(c.place), c.place.key,
                                         c.file, e.code().message()));
        }
    }
}

void Network::map(models::Bus& bus, const models::TargetTiming& timing,
                  std::vector<std::string>& errors) const {
    for (const auto& n : nics_)
        if (!bus.map({n->config->name, n->config->base, n->config->size, n->model.get(), timing}))
            errors.push_back(fmt::format("{}: {}: {:#x} is already decoded by another device",
                                         format_short(n->config->place), n->config->place.key,
                                         n->config->base.value));
}

void Network::attach(const Scenario& s, const models::bao::Hypervisor& h) {
    for (const auto& n : nics_) {
        for (std::size_t i = 0; i < s.vms.size(); ++i) {
            for (const DevConfig& d : s.vms[i].devs) {
                if (d.device == n->config->name)
                    n->vm = s.vms[i].name;
                if (d.id != 0 && d.id == n->config->stream_id)
                    n->dma.attach(h.vms()[i]->stage2);
            }
        }
    }
}

void Network::finish(Results& results) {
    for (std::size_t i = 0; i < captures_.size(); ++i) {
        const CaptureConfig& c = *capture_configs_[i];
        if (const std::error_code e = captures_[i]->finish())
            results.errors.push_back(fmt::format("{}: {}: {}: {}", format_short(c.place),
                                                 c.place.key, c.file, e.message()));
        else
            results.captures.push_back(
                {c.name.empty() ? c.at : c.at + "." + c.name, c.file, captures_[i]->frames()});
    }
    for (const HostObjects& h : hosts_)
        if (h.replay != nullptr && !h.replay->error().empty())
            results.errors.push_back(fmt::format("{}: {}: {}", format_short(h.config->place),
                                                 h.config->place.key, h.replay->error()));
}

const NicObjects* Network::nic(std::string_view name) const {
    for (const auto& n : nics_)
        if (n->config->name == name)
            return n.get();
    return nullptr;
}

std::uint64_t Network::sent_by_end(std::size_t link, std::size_t n) const {
    const std::string& name = scenario_.links[link].between[n];
    if (const NicObjects* c = nic(name))
        return c->model->counters().tx_frames;
    for (const HostObjects& h : hosts_)
        if (h.config->name == name)
            return h.sent();
    for (const WireSwitchObjects& w : switches_)
        if (w.config->name == name)
            return w.model->counters(switch_ports_[link][n]).out;
    return 0;
}

std::uint64_t Network::received_by_end(std::size_t link, std::size_t n) const {
    const std::string& name = scenario_.links[link].between[n];
    if (const NicObjects* c = nic(name))
        return c->model->counters().rx_arrived - c->model->counters().tx_looped;
    for (const HostObjects& h : hosts_)
        if (h.config->name == name)
            return h.received();
    for (const WireSwitchObjects& w : switches_)
        if (w.config->name == name)
            return w.model->counters(switch_ports_[link][n]).in;
    return 0;
}

}  // namespace sim
