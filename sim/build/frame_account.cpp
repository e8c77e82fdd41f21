// Hops between counters of programs and models (frame_account.h).
#include "sim/build/frame_account.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/build/net_software.h"
#include "vms/abi/virtio_net.h"
#include "vms/frontend/net_device.h"
#include "vms/service/drivers/cadence_gem.h"
#include "vms/service/drivers/cadence_gem_registers.h"

namespace sim {

namespace {

namespace sv = vms::service;
namespace fe = vms::frontend;
namespace wl = vms::workload;

class Account {
  public:
    Account(Results& results, const Scenario& s, const Software& software, const Network& network)
        : results_(results), s_(s), software_(software), network_(network) {}

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
    /// A front-end's network driver.
    struct Driver {
        std::string name;  ///< "linux0.net0"
        const fe::NetCounters* counters = nullptr;
        fe::NetRings rings;
    };

    /// Adds the hop unless nothing ever came there.
    void add(FrameHop hop) {
        if (hop.sent + hop.received + hop.lost() + hop.in_flight != 0)
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
            out.sent = k->tx_given;
            out.received = d->tx_frames;
            out.in_flight = d->tx_backlog + d->tx_handing;
            out.place = "with the driver";
            out.may_stay = true;  // in the backlog of a queue that was full at the end
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
            in.in_flight = k->rx_handling;
            in.place = "in the stack";
            in.dropped = {{"for others", k->rx_foreign},        {"malformed", k->rx_malformed},
                          {"bad checksum", k->rx_bad_checksum}, {"unhandled", k->rx_unhandled},
                          {"no socket", k->rx_no_socket},       {"socket full", k->rx_socket_full}};
            add(std::move(in));
        }
    }

    /// The driver on the other side of a service guest's device.
    Driver driver_of(const VmConfig& vm, const std::string& device) const {
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
                if (p->network_counters(d) != nullptr && key(s_.vms[i], other) == wanted)
                    return {fmt::format("{}.{}", s_.vms[i].name, other), p->network_counters(d),
                            p->network_rings(d)};
            }
        }
        return {};
    }

    void service(const VmConfig& vm, const sv::ServiceProgram& service) {
        const std::vector<std::string> ports = switch_ports(s_, vm);
        const std::size_t count = std::min(ports.size(), service.switch_port_count());
        FrameHop through;
        through.name = fmt::format("{}: switch", vm.name);
        through.place = "in the switch";
        std::uint64_t left = 0;  // frames that went on, to however many ports
        std::vector<std::uint64_t> dropped(sv::drop_count);
        for (std::size_t i = 0; i < service.switch_port_count(); ++i) {
            const sv::PortCounters c = service.switch_port_counters(i);
            through.sent += c.frames_in;
            through.received += c.frames_out;
            through.copied += c.copies;
            through.in_flight += c.entering + c.leaving;
            left += c.forwarded + c.flooded;
            for (std::size_t k = 0; k < sv::drop_count; ++k)
                dropped[k] += c.dropped_in[k] + c.dropped_out[k];
            if (i < count)
                port(vm, service, ports[i], i);
        }
        // One of a frame's copies is the frame itself; one that is flooded where no other port is
        // has none.
        const std::uint64_t copies = through.copied;
        through.copied = copies - std::min(left, copies);
        through.dropped.push_back({"no other port", left - std::min(left, copies)});
        for (std::size_t k = 1; k < sv::drop_count; ++k) {
            std::string words(sv::name(static_cast<sv::Drop>(k)));
            std::replace(words.begin(), words.end(), '_', ' ');
            through.dropped.push_back({std::move(words), dropped[k]});
        }
        add(std::move(through));
    }

    void port(const VmConfig& vm, const sv::ServiceProgram& service, const std::string& name,
              std::size_t index) {
        const sv::PortCounters c = service.switch_port_counters(index);
        if (const NicObjects* nic = network_.nic(name)) {
            interface(vm, service, *nic, c);
            return;
        }
        const auto backend = std::find_if(vm.software.backends.begin(), vm.software.backends.end(),
                                          [&](const BackendConfig& b) { return b.device == name; });
        const Driver d = driver_of(vm, name);
        if (d.counters == nullptr || backend == vm.software.backends.end())
            return;
        const auto device = static_cast<std::size_t>(backend - vm.software.backends.begin());
        FrameHop in;
        in.name = fmt::format("{} to {}", d.name, vm.name);
        in.sent = d.counters->tx_frames;
        in.received = c.frames_in;
        // A chain holds one frame; both indices are free running, of 16 bits.
        in.in_flight = static_cast<std::uint16_t>(
            d.rings.tx_available - service.queue_completed(device, vms::abi::net::transmitq));
        in.place = "in the transmit ring";
        add(std::move(in));
        FrameHop out;
        out.name = fmt::format("{} to {}", vm.name, d.name);
        out.sent = c.frames_out;
        out.received = d.counters->rx_frames;
        out.in_flight = service.switch_port_unseen(index) + d.rings.rx_waiting;
        out.place = "in the receive ring";
        out.may_stay = true;  // of a VM that has nothing more to do
        out.dropped = {{"bad length", d.counters->rx_errors},
                       {"buffers missing", d.counters->rx_missing_buffers},
                       {"nobody attached", d.counters->rx_unwanted}};
        add(std::move(out));
    }

    void interface(const VmConfig& vm, const sv::ServiceProgram& service, const NicObjects& nic,
                   const sv::PortCounters& c) {
        const std::optional<std::size_t> index = software_.peripheral(vm, nic.config->name);
        if (!index)
            return;
        const sv::NetworkCounters n = service.network_counters(*index);
        const sv::NetworkPort::Rings rings = service.network_rings(*index);
        const models::GemCounters& g = nic.model->counters();
        const std::string& name = nic.config->name;
        FrameHop out;
        out.name = fmt::format("{} to {}", vm.name, name);
        out.sent = c.frames_out;
        out.received = g.tx_frames;
        out.in_flight = untransmitted(rings, *nic.model);
        out.place = "in the transmit ring";
        out.dropped = {{"no link", g.tx_no_link},
                       {"looped back", g.tx_looped},
                       {"bad FCS", g.tx_bad_fcs},
                       {"DMA refused", n.tx_dma_refused},
                       {"not in one packet buffer", n.tx_not_taken}};
        add(std::move(out));
        FrameHop in;
        in.name = fmt::format("{} to {}", name, vm.name);
        in.sent = g.rx_frames;
        in.received = c.frames_in;
        in.in_flight = untaken(rings, service);
        in.place = "in the receive ring";
        in.dropped = {{"not in one buffer", n.rx_bad}};
        add(std::move(in));
    }

    /// Frames in the transmit ring that the controller has not read: the driver has one in each
    /// descriptor.
    static std::uint64_t untransmitted(const sv::NetworkPort::Rings& rings,
                                       const models::CadenceGem& model) {
        if (rings.tx_stopped || rings.tx_size == 0)
            return rings.tx_outstanding;
        const std::uint32_t read = model.transmit_index();
        return (rings.tx_next + rings.tx_size - read) % rings.tx_size;
    }

    /// Frames that the controller has written and the driver has not taken: a frame ends with the
    /// last of its descriptors.
    static std::uint64_t untaken(const sv::NetworkPort::Rings& rings,
                                 const sv::ServiceProgram& service) {
        namespace descriptor = sv::gem::rx_descriptor;
        std::uint64_t frames = 0;
        std::uint32_t at = rings.rx_next;
        for (std::uint32_t n = rings.rx_handled; n < rings.rx_size; ++n) {
            std::array<std::uint32_t, 2> words{};
            const auto bytes = service.memory(
                rings.rx_ring + std::uint64_t{at} * sv::CadenceGem::bytes_per_descriptor,
                sizeof words);
            if (bytes.empty())
                break;
            std::memcpy(words.data(), bytes.data(), sizeof words);
            if ((words[0] & descriptor::used) == 0)
                break;
            frames += (words[1] & descriptor::end_of_frame) != 0 ? 1 : 0;
            at = at + 1 == rings.rx_size ? 0 : at + 1;
        }
        return frames;
    }

    Results& results_;
    const Scenario& s_;
    const Software& software_;
    const Network& network_;
};

}  // namespace

void add_frame_account(Results& results, const Scenario& scenario, const Software& software,
                       const Network& network) {
    Account(results, scenario, software, network).run();
}

std::vector<std::string> frame_faults(const Results& results, bool done) {
    std::vector<std::string> lines;
    for (const FrameHop& h : results.frames) {
        if (!h.balanced())
            lines.push_back(fmt::format(
                "Frames are not accounted for at '{}': {} sent, {} copied, {} received, {} "
                "dropped, {} in flight. This is a fault of a model or of the software in the "
                "simulation.",
                h.name, h.sent, h.copied, h.received, h.lost(), h.in_flight));
        else if (h.left_behind(done))
            lines.push_back(fmt::format(
                "Frames are left behind at '{}': {} {}, and nothing moves any more. This is a "
                "fault of a model or of the software in the simulation.",
                h.name, h.in_flight, h.place));
    }
    return lines;
}

}  // namespace sim
