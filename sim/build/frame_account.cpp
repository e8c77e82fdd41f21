// Hops between counters of programs and models (frame_account.h).
#include "sim/build/frame_account.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/build/net_software.h"
#include "vms/frontend/net_device.h"

namespace sim {

namespace {

namespace sv = vms::service;
namespace fe = vms::frontend;
namespace wl = vms::workload;

class Account {
  public:
    Account(Results& results, const Scenario& s, const Software& software, const Network& network,
            bool ended)
        : results_(results), s_(s), software_(software), network_(network), ended_(ended) {}

    void run() {
        std::vector<FrameHop> wire = std::move(results_.frames);
        results_.frames.clear();
        for (std::size_t i = 0; i < s_.vms.size(); ++i)
            if (const fe::FrontendProgram* p = software_.frontend(i))
                frontend(s_.vms[i], *p);
        for (std::size_t i = 0; i < s_.vms.size(); ++i)
            if (const sv::ServiceProgram* p = software_.service(i))
                service(s_.vms[i], *p);
        for (FrameHop& h : wire)
            results_.frames.push_back(std::move(h));
    }

  private:
    /// Adds the hop unless nothing ever came there. What lies in a ring when the run is ended in
    /// the middle of things cannot be counted from outside.
    void add(FrameHop hop) {
        if (hop.sent == 0 && hop.received == 0 && hop.lost() == 0)
            return;
        const std::uint64_t out = hop.received + hop.lost() + hop.in_flight;
        if (!ended_ && hop.sent + hop.copied > out)
            hop.in_flight += hop.sent + hop.copied - out;
        results_.frames.push_back(std::move(hop));
    }

    void frontend(const VmConfig& vm, const fe::FrontendProgram& p) {
        for (std::size_t i = 0; i < p.devices(); ++i) {
            const fe::NetCounters* d = p.network_counters(i);
            const wl::net::StackCounters* k = p.stack_counters(i);
            if (d == nullptr || k == nullptr)
                continue;
            const std::string name = fmt::format("{}.{}", vm.name, p.config().devices[i].name);
            FrameHop out;
            out.name = name + ": stack to driver";
            out.sent = k->tx_packets + k->tx_refused;
            out.received = d->tx_frames;
            out.in_flight = d->tx_backlog;
            out.dropped = {{"backlog full", d->tx_dropped_backlog},
                           {"no shared memory", d->tx_dropped_memory},
                           {"link down", d->tx_dropped_link},
                           {"ring broken", d->tx_dropped_ring}};
            add(std::move(out));
            FrameHop in;
            in.name = name + ": driver to stack";
            in.sent = d->rx_frames;
            in.received = k->rx_arp + k->rx_neighbours + k->rx_echo_requests + k->rx_echo_replies +
                          k->rx_datagrams;
            in.dropped = {{"for others", k->rx_foreign},        {"malformed", k->rx_malformed},
                          {"bad checksum", k->rx_bad_checksum}, {"unhandled", k->rx_unhandled},
                          {"no socket", k->rx_no_socket},       {"socket full", k->rx_socket_full}};
            add(std::move(in));
        }
    }

    /// The driver on the other side of a service guest's device.
    const fe::NetCounters* driver_of(const VmConfig& vm, const std::string& device,
                                     std::string& name) const {
        const auto key = [](const VmConfig& v, const std::string& d) {
            for (const RemioDevConfig& r : v.remio_devs)
                if (r.name == d)
                    return std::optional(r.bind_key);
            return std::optional<std::uint64_t>();
        };
        const auto wanted = key(vm, device);
        for (std::size_t i = 0; i < s_.vms.size(); ++i) {
            const fe::FrontendProgram* p = software_.frontend(i);
            if (p == nullptr)
                continue;
            for (std::size_t d = 0; d < p->devices(); ++d) {
                const std::string& other = p->config().devices[d].name;
                if (p->network_counters(d) != nullptr && key(s_.vms[i], other) == wanted) {
                    name = fmt::format("{}.{}", s_.vms[i].name, other);
                    return p->network_counters(d);
                }
            }
        }
        return nullptr;
    }

    void service(const VmConfig& vm, const sv::ServiceProgram& service) {
        const std::vector<std::string> ports = switch_ports(s_, vm);
        const std::size_t count = std::min(ports.size(), service.switch_port_count());
        FrameHop through;
        through.name = fmt::format("{}: switch", vm.name);
        std::uint64_t themselves = 0;
        std::vector<std::uint64_t> dropped(sv::drop_count);
        for (std::size_t i = 0; i < count; ++i) {
            const sv::PortCounters c = service.switch_port_counters(i);
            through.sent += c.frames_in;
            through.received += c.frames_out;
            through.copied += c.copies;
            themselves += c.forwarded + c.flooded;
            for (std::size_t k = 0; k < sv::drop_count; ++k)
                dropped[k] += c.dropped_in[k] + c.dropped_out[k];
            port(vm, service, ports[i], c);
        }
        // One copy of each frame that goes on is the frame itself.
        through.copied -= std::min(themselves, through.copied);
        for (std::size_t k = 1; k < sv::drop_count; ++k) {
            std::string words(sv::name(static_cast<sv::Drop>(k)));
            std::replace(words.begin(), words.end(), '_', ' ');
            through.dropped.push_back({std::move(words), dropped[k]});
        }
        add(std::move(through));
    }

    void port(const VmConfig& vm, const sv::ServiceProgram& service, const std::string& name,
              const sv::PortCounters& c) {
        if (const NicObjects* nic = network_.nic(name)) {
            interface(vm, service, *nic, c);
            return;
        }
        std::string driver_name;
        const fe::NetCounters* d = driver_of(vm, name, driver_name);
        if (d == nullptr)
            return;
        FrameHop in;
        in.name = fmt::format("{} to {}", driver_name, vm.name);
        in.sent = d->tx_frames;
        in.received = c.frames_in;
        add(std::move(in));
        FrameHop out;
        out.name = fmt::format("{} to {}", vm.name, driver_name);
        out.sent = c.frames_out;
        out.received = d->rx_frames;
        out.dropped = {{"bad length", d->rx_errors},
                       {"buffers missing", d->rx_missing_buffers},
                       {"nobody attached", d->rx_unwanted}};
        add(std::move(out));
    }

    void interface(const VmConfig& vm, const sv::ServiceProgram& service, const NicObjects& nic,
                   const sv::PortCounters& c) {
        const sv::NetworkCounters n =
            service.network_counters(software_.peripheral(vm, nic.config->name));
        const models::GemCounters& g = nic.model->counters();
        const std::string& name = nic.config->name;
        FrameHop out;
        out.name = fmt::format("{} to {}", vm.name, name);
        out.sent = c.frames_out;
        out.received = g.tx_frames;
        out.dropped = {{"no link", g.tx_no_link},
                       {"looped back", g.tx_looped},
                       {"bad FCS", g.tx_bad_fcs},
                       {"bad descriptors", g.tx_errors}};
        add(std::move(out));
        FrameHop in;
        in.name = fmt::format("{} to {}", name, vm.name);
        in.sent = g.rx_frames;
        in.received = c.frames_in;
        in.dropped = {{"not in one buffer", n.rx_bad}};
        add(std::move(in));
    }

    Results& results_;
    const Scenario& s_;
    const Software& software_;
    const Network& network_;
    bool ended_;
};

}  // namespace

void add_frame_account(Results& results, const Scenario& scenario, const Software& software,
                       const Network& network, bool ended) {
    Account(results, scenario, software, network, ended).run();
}

}  // namespace sim
