// Configurations of network software from a scenario, and its counters (net_software.h).
#include "sim/build/net_software.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "vms/abi/virtio_mmio.h"
#include "vms/abi/virtio_net.h"
#include "vms/frontend/net_device.h"
#include "vms/service/peripherals.h"

namespace sim {

namespace {

namespace sv = vms::service;
namespace fe = vms::frontend;
namespace wl = vms::workload;
namespace packets = vms::workload::packets;

constexpr std::uint64_t fcs = 4;

/// The bit of VIRTIO_NET_F_ and this.
std::uint64_t feature_bit(std::string_view name) {
    namespace f = vms::abi::net::feature;
    struct Feature {
        std::string_view name;
        unsigned bit;
    };
    static constexpr std::array features{
        Feature{"mac", f::mac},
        Feature{"status", f::status},
        Feature{"mtu", f::mtu},
        Feature{"speed_duplex", f::speed_duplex},
        Feature{"mrg_rxbuf", f::mrg_rxbuf},
        Feature{"csum", f::csum},
        Feature{"guest_csum", f::guest_csum},
        Feature{"ctrl_vq", f::ctrl_vq},
        Feature{"ctrl_rx", f::ctrl_rx},
        Feature{"ctrl_mac_addr", f::ctrl_mac_addr},
    };
    for (const Feature& x : features)
        if (x.name == name)
            return vms::abi::mmio::feature_bit(x.bit);
    return 0;
}

}  // namespace

sv::NetConfig service_net(const BackendConfig& b, std::uint64_t bind_key) {
    const NetBackendConfig& n = b.net;
    sv::NetConfig c;
    c.mac = n.mac.value_or(default_mac(bind_key)).bytes;
    c.mtu = n.mtu;
    constexpr std::uint32_t unknown = 0xffff'ffff;  // VirtIO, 5.1.4.2
    c.speed_mbps = n.speed == 0 ? unknown : static_cast<std::uint32_t>(n.speed / 1'000'000);
    c.duplex = n.duplex;
    c.link = n.follows_uplink ? sv::LinkSource::uplink : sv::LinkSource::always_up;
    c.offer_mac = n.offer_mac;
    c.offer_status = n.offer_status;
    c.offer_mtu = n.offer_mtu;
    c.offer_speed_duplex = n.offer_speed_duplex;
    c.mrg_rxbuf = n.mrg_rxbuf;
    c.csum = n.csum;
    c.guest_csum = n.guest_csum;
    c.ctrl_vq = n.ctrl_vq;
    c.ctrl_rx = n.ctrl_rx;
    c.ctrl_rx_extra = n.ctrl_rx_extra;
    c.ctrl_mac_addr = n.ctrl_mac_addr;
    c.stations = n.stations;
    c.wait_for_room = n.wait_for_room;
    return c;
}

sv::SwitchConfig service_switch(const SwitchConfig& s) {
    sv::SwitchConfig c;
    c.ageing_seconds = static_cast<std::uint32_t>(s.ageing.value / models::Picos::ms(1000).value);
    c.storm_frames = s.storm_frames;
    c.storm_interval_us =
        static_cast<std::uint32_t>(s.storm_interval.value / models::Picos::us(1).value);
    c.uplink_stations = s.uplink_stations;
    c.source_check = s.source_check == "off"   ? sv::SourceCheck::off
                     : s.source_check == "own" ? sv::SourceCheck::own
                                               : sv::SourceCheck::pinned;
    c.bridge_uplinks = s.bridge_uplinks;
    return c;
}

bool service_interface(const VmConfig& vm, const NicConfig& nic, const DevConfig& dev,
                       std::uint64_t& end, sv::PeripheralConfig& p) {
    const auto given = std::find_if(vm.software.interfaces.begin(), vm.software.interfaces.end(),
                                    [&](const InterfaceConfig& i) { return i.name == nic.name; });
    InterfaceConfig config;
    if (given != vm.software.interfaces.end())
        config = *given;
    p.kind = sv::PeripheralKind::cadence_gem;
    p.base = dev.va;
    p.interrupt_count = std::min(dev.interrupts.size(), sv::PeripheralConfig::max_interrupts);
    std::copy_n(dev.interrupts.begin(), p.interrupt_count, p.interrupts.begin());
    p.clock_hz = nic.pclk_hz;
    p.mac = nic.mac.bytes;
    p.rx_buffers = config.rx_buffers;
    p.tx_buffers = config.tx_buffers;
    p.budget = config.budget;
    p.polling = config.polling.value_or(vm.software.poll_rings);
    constexpr std::uint32_t header_and_tag = 14 + 4;
    for (const BackendConfig& b : vm.software.backends)
        if (b.backend == "net")
            p.max_frame = std::max(p.max_frame, b.net.mtu + header_and_tag);
    p.phy_address = nic.phy_address;
    if (config.dma_base) {
        p.dma_base = *config.dma_base;
        p.dma_size = config.dma_size;
        return true;
    }
    constexpr std::uint64_t page = 4096;
    const std::uint64_t needed =
        (sv::CadenceGem::memory_bytes(sv::gem_parameters(p)) + page - 1) / page * page;
    const std::uint64_t begin = vm.regions.empty() ? end : vm.regions.front().base.value;
    if (end < begin || end - begin < needed)
        return false;
    end -= needed;
    p.dma_base = {end};
    p.dma_size = needed;
    return true;
}

fe::NetConfig frontend_net(const NetDriverConfig& n, std::uint64_t bind_key) {
    fe::NetConfig c;
    c.number = static_cast<std::uint32_t>(bind_key);
    c.mac = n.mac;
    for (const std::string& name : n.declined_features)
        c.features &= ~feature_bit(name);
    c.receive_queue_size = n.receive_queue_size;
    c.transmit_queue_size = n.transmit_queue_size;
    c.polling = n.polling;
    c.stack.ipv4 = n.ipv4;
    c.stack.prefix = n.prefix;
    c.stack.gateway = n.gateway;
    c.stack.ipv6 = n.link_local || n.ipv6.has_value();
    c.stack.ipv6_address = n.ipv6;
    for (const NeighbourConfig& x : n.neighbours)
        c.stack.neighbours.push_back({x.address, x.mac});
    c.stack.socket_bytes = static_cast<std::size_t>(n.socket_bytes);
    return c;
}

wl::net::Settings workload_net(const NetWorkloadConfig& n) {
    wl::net::Settings s;
    s.peer = n.peer;
    s.port = n.port;
    s.local_port = n.local_port;
    s.flow = n.flow;
    for (const FrameShare& share : n.mix)
        s.sizes.push_back({static_cast<std::uint32_t>(share.bytes - fcs), share.weight});
    s.batch = n.batch;
    s.window = n.window;
    s.think_ns = n.think.value / 1000;
    s.timeout_ns = n.timeout.value / 1000;
    s.idle_ns = n.idle.value / 1000;
    s.duration_ns = n.duration.value / 1000;
    return s;
}

std::vector<std::string> switch_ports(const Scenario& s, const VmConfig& vm) {
    std::vector<std::string> names;
    for (const BackendConfig& b : vm.software.backends)
        if (b.backend == "net")
            names.push_back(b.device);
    for (const DevConfig& d : vm.devs)
        for (const NicConfig& n : s.platform.nics)
            if (d.device == n.name)
                names.push_back(n.name);
    return names;
}

void add_frontend_net(Metrics& m, const std::string& vm, const fe::FrontendProgram& program) {
    for (std::size_t i = 0; i < program.devices(); ++i) {
        const fe::NetCounters* c = program.network_counters(i);
        if (c == nullptr)
            continue;
        const std::string p = vm + "net." + program.config().devices[i].name + ".";
        m[p + "tx_frames"] = number(c->tx_frames);
        m[p + "tx_bytes"] = number(c->tx_bytes);
        m[p + "tx_completed"] = number(c->tx_completed);
        m[p + "tx_dropped_backlog"] = number(c->tx_dropped_backlog);
        m[p + "tx_dropped_memory"] = number(c->tx_dropped_memory);
        m[p + "tx_dropped_link"] = number(c->tx_dropped_link);
        m[p + "tx_dropped_ring"] = number(c->tx_dropped_ring);
        m[p + "tx_kicks"] = number(c->tx_kicks);
        m[p + "tx_stops"] = number(c->tx_stops);
        m[p + "tx_wakes"] = number(c->tx_wakes);
        m[p + "tx_partial_checksums"] = number(c->tx_partial_checksums);
        m[p + "rx_frames"] = number(c->rx_frames);
        m[p + "rx_bytes"] = number(c->rx_bytes);
        m[p + "rx_buffers"] = number(c->rx_buffers);
        m[p + "rx_errors"] = number(c->rx_errors);
        m[p + "rx_missing_buffers"] = number(c->rx_missing_buffers);
        m[p + "rx_unwanted"] = number(c->rx_unwanted);
        m[p + "rx_kicks"] = number(c->rx_kicks);
        m[p + "rx_refills"] = number(c->rx_refills);
        m[p + "rx_starved"] = number(c->rx_starved);
        m[p + "rx_known_checksums"] = number(c->rx_known_checksums);
        m[p + "rx_split_frames"] = number(c->rx_split_frames);
        m[p + "interrupts"] = number(c->interrupts);
        m[p + "receive_polls"] = number(c->receive_polls);
        m[p + "transmit_polls"] = number(c->transmit_polls);
        m[p + "config_changes"] = number(c->config_changes);
        m[p + "commands"] = number(c->commands);
        m[p + "commands_failed"] = number(c->commands_failed);
        m[p + "poll_iterations"] = number(c->poll_iterations);
        const wl::net::StackCounters* k = program.stack_counters(i);
        if (k == nullptr)
            continue;
        const std::string q = p + "stack.";
        m[q + "rx_frames"] = number(k->rx_frames);
        m[q + "rx_arp"] = number(k->rx_arp);
        m[q + "rx_neighbours"] = number(k->rx_neighbours);
        m[q + "rx_echo_requests"] = number(k->rx_echo_requests);
        m[q + "rx_echo_replies"] = number(k->rx_echo_replies);
        m[q + "rx_datagrams"] = number(k->rx_datagrams);
        m[q + "rx_foreign"] = number(k->rx_foreign);
        m[q + "rx_malformed"] = number(k->rx_malformed);
        m[q + "rx_bad_checksum"] = number(k->rx_bad_checksum);
        m[q + "rx_unhandled"] = number(k->rx_unhandled);
        m[q + "rx_no_socket"] = number(k->rx_no_socket);
        m[q + "rx_socket_full"] = number(k->rx_socket_full);
        m[q + "tx_given"] = number(k->tx_given);
        m[q + "tx_packets"] = number(k->tx_packets);
        m[q + "tx_refused"] = number(k->tx_refused);
        m[q + "tx_too_long"] = number(k->tx_too_long);
        m[q + "tx_answers"] = number(k->tx_answers);
        m[q + "resolutions_failed"] = number(k->resolutions_failed);
    }
}

void add_traffic(std::vector<TrafficResult>& traffic, const std::string& vm,
                 std::uint64_t counter_hz, const fe::FrontendProgram& program) {
    for (std::size_t i = 0; i < program.devices(); ++i) {
        const fe::NetCounters* c = program.network_counters(i);
        if (c == nullptr)
            continue;
        TrafficResult t;
        t.name = fmt::format("{}.{}", vm, program.config().devices[i].name);
        t.frames_out = c->tx_frames;
        t.bytes_out = c->tx_bytes;
        t.frames_in = c->rx_frames;
        t.bytes_in = c->rx_bytes;
        t.kicks = c->tx_kicks + c->rx_kicks;
        t.interrupts = c->interrupts;
        std::uint64_t first = UINT64_MAX;
        std::uint64_t last = 0;
        for (std::size_t w = 0; w < program.workloads(); ++w) {
            const wl::Config& config = program.config().workloads[w];
            const wl::net::Results& r = program.workload_counters(w).net;
            if (!wl::needs_network(config.kind) || config.device != i || r.last_tick == 0)
                continue;
            first = std::min(first, r.first_tick);
            last = std::max(last, r.last_tick);
        }
        constexpr std::uint64_t picos_per_second = 1'000'000'000'000;
        if (last > first)
            t.active = {(last - first) * (picos_per_second / counter_hz)};
        traffic.push_back(std::move(t));
    }
}

void add_net_workload(Metrics& m, const std::string& p, const wl::net::Results& r) {
    m[p + "sent"] = number(r.sent);
    m[p + "refused"] = number(r.refused);
    m[p + "received"] = number(r.received);
    m[p + "lost"] = number(r.lost);
    m[p + "duplicates"] = number(r.duplicates);
    m[p + "reordered"] = number(r.reordered);
    m[p + "corrupt"] = number(r.corrupt);
    m[p + "foreign"] = number(r.foreign);
    m[p + "tx_bytes"] = number(r.tx_bytes);
    m[p + "rx_bytes"] = number(r.rx_bytes);
    m[p + "unresolved"] = r.unresolved ? 1 : 0;
    m[p + "active_ticks"] = number(r.last_tick - r.first_tick);
    const auto durations = [&](const char* name, const char* unit, const wl::Distribution& d) {
        m[fmt::format("{}{}_min_{}", p, name, unit)] = number(d.range().min_or_zero());
        m[fmt::format("{}{}_p50_{}", p, name, unit)] = number(d.median());
        m[fmt::format("{}{}_max_{}", p, name, unit)] = number(d.range().max);
    };
    durations("round_trip", "ticks", r.round_trip_ticks);
    durations("latency", "ns", r.latency_ns);
}

void add_service_net(Metrics& m, const Scenario& s, const VmConfig& vm,
                     const sv::ServiceProgram& service) {
    const std::vector<std::string> ports = switch_ports(s, vm);
    for (std::size_t i = 0; i < std::min(ports.size(), service.switch_port_count()); ++i) {
        const sv::PortCounters c = service.switch_port_counters(i);
        const std::string p = fmt::format("vms.{}.switch.{}.", vm.name, ports[i]);
        m[p + "frames_in"] = number(c.frames_in);
        m[p + "bytes_in"] = number(c.bytes_in);
        m[p + "forwarded"] = number(c.forwarded);
        m[p + "flooded"] = number(c.flooded);
        m[p + "copies"] = number(c.copies);
        m[p + "offered"] = number(c.offered);
        m[p + "frames_out"] = number(c.frames_out);
        m[p + "bytes_out"] = number(c.bytes_out);
        for (std::size_t k = 1; k < sv::drop_count; ++k) {
            const std::string_view cause = sv::name(static_cast<sv::Drop>(k));
            m[fmt::format("{}dropped_in.{}", p, cause)] = number(c.dropped_in[k]);
            m[fmt::format("{}dropped_out.{}", p, cause)] = number(c.dropped_out[k]);
        }
    }
}

void add_interface(Metrics& m, const std::string& p, const sv::NetworkCounters& c) {
    m[p + "tx_frames"] = number(c.tx_frames);
    m[p + "tx_bytes"] = number(c.tx_bytes);
    m[p + "tx_done"] = number(c.tx_done);
    m[p + "tx_no_room"] = number(c.tx_no_room);
    m[p + "tx_no_link"] = number(c.tx_no_link);
    m[p + "tx_bad_size"] = number(c.tx_bad_size);
    m[p + "tx_failed"] = number(c.tx_failed);
    m[p + "tx_dma_refused"] = number(c.tx_dma_refused);
    m[p + "tx_not_taken"] = number(c.tx_not_taken);
    m[p + "rx_frames"] = number(c.rx_frames);
    m[p + "rx_bytes"] = number(c.rx_bytes);
    m[p + "rx_refused"] = number(c.rx_refused);
    m[p + "rx_bad"] = number(c.rx_bad);
    m[p + "rx_no_buffer"] = number(c.rx_no_buffer);
    m[p + "rx_overrun"] = number(c.rx_overrun);
    m[p + "rx_errors"] = number(c.rx_errors);
    m[p + "interrupts"] = number(c.interrupts);
    m[p + "starts"] = number(c.starts);
    m[p + "bus_errors"] = number(c.bus_errors);
    m[p + "link_changes"] = number(c.link_changes);
}

}  // namespace sim
