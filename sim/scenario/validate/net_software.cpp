// Software of networks: back-ends, drivers and workloads, and how a service guest drives its
// network controllers.
#include <algorithm>
#include <array>
#include <string>
#include <variant>
#include <vector>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"
#include "vms/abi/virtio_net.h"
#include "vms/workload/packets/payload.h"

namespace sim {

namespace {

namespace packets = vms::workload::packets;

const std::vector<std::string> net_backend_keys{"backend",
                                                "in_order",
                                                "notification_data",
                                                "ring_reset",
                                                "events",
                                                "queue_size",
                                                "indirect",
                                                "event_idx",
                                                "mac",
                                                "mtu",
                                                "speed",
                                                "duplex",
                                                "link",
                                                "offer_mac",
                                                "offer_status",
                                                "offer_mtu",
                                                "offer_speed_duplex",
                                                "mrg_rxbuf",
                                                "csum",
                                                "guest_csum",
                                                "ctrl_vq",
                                                "ctrl_rx",
                                                "ctrl_rx_extra",
                                                "ctrl_mac_addr",
                                                "stations",
                                                "wait_for_room"};
const std::vector<std::string> net_driver_keys{"driver",
                                               "queue_size",
                                               "mac",
                                               "receive_queue_size",
                                               "transmit_queue_size",
                                               "declined_features",
                                               "polling",
                                               "ipv4",
                                               "prefix",
                                               "gateway",
                                               "ipv6",
                                               "link_local",
                                               "neighbours",
                                               "socket_buffer"};

void group_address(const Checks& c, const std::optional<packets::MacAddress>& mac,
                   const Value& value) {
    if (mac && mac->is_multicast())
        c.error(value.place,
                "found {}, the address of a group; an interface has one of its own: write one "
                "whose first byte is even, such as 02:00:00:00:00:01",
                value.text);
}

/// What the driver takes for the MTU: the device's when it says it and the driver listens, else
/// that of Ethernet (VirtIO 1.4, 5.1.4).
std::uint64_t driver_mtu(const BackendConfig& back, const DriverConfig& d) {
    const auto& declined = d.net.declined_features;
    const bool told =
        back.net.offer_mtu && std::find(declined.begin(), declined.end(), "mtu") == declined.end();
    return told ? back.net.mtu : vms::abi::net::default_mtu;
}

/// The payload of one request or datagram, if the workload names one.
void payload_fits(const Checks& c, const WorkloadConfig& w, const Value& v, bool four,
                  std::uint64_t mtu, const BackendConfig& back) {
    // IPv4 without options and IPv6 without extensions; an ICMP echo's header is as long as UDP's.
    const std::uint64_t headers = (four ? 20 : 40) + 8;
    if (mtu > headers && w.bytes > mtu - headers)
        c.error(v["bytes"].place,
                "found {}, more than {}, which the MTU of {} leaves ({}): nothing is fragmented; "
                "write at most that, or raise the MTU",
                v["bytes"].text, mtu - headers, back.place.key, format_short(back.place));
    constexpr std::uint64_t least = packets::test_payload_minimum;
    if (w.type != "net-ping" && w.bytes < least)
        c.error(v["bytes"].place,
                "found {}; a datagram carries its flow, number and time: write at least {}",
                v["bytes"].text, least);
}

const DriverConfig* driver_of(const VmConfig& vm, const std::string& device) {
    for (const DriverConfig& d : vm.software.drivers)
        if (d.device == device)
            return &d;
    return nullptr;
}

/// A controller sends a frame when all of it is in its packet buffer, and has received it then: the
/// buffers hold the longest of the guest's net devices.
void packet_buffers(const Checks& c, const VmConfig& vm) {
    constexpr std::uint64_t header_and_tag = 14 + 4;  // IEEE 802.3, 802.1Q
    const BackendConfig* largest = nullptr;
    for (const BackendConfig& b : vm.software.backends)
        if (b.backend == "net" && (largest == nullptr || b.net.mtu > largest->net.mtu))
            largest = &b;
    if (largest == nullptr)
        return;
    const std::uint64_t needed = largest->net.mtu + header_and_tag;
    const auto& nics = c.scenario().platform.nics;
    for (std::size_t i = 0; i < nics.size(); ++i) {
        if (std::none_of(vm.devs.begin(), vm.devs.end(),
                         [&](const DevConfig& d) { return d.device == nics[i].name; }))
            continue;
        const Value& v = c.values()["platform"]["nics"].items[i];
        for (const char* key : {"tx_buffer", "rx_buffer"})
            if (v[key].u64() < needed)
                c.error(v[key].given ? v[key].place : nics[i].place,
                        "{} has {} bytes, and the longest frame of {}, with its mtu of {} ({}), "
                        "has {}: write at least that, or a smaller mtu",
                        key, v[key].u64(), largest->place.key, largest->net.mtu,
                        format_short(largest->place), needed);
    }
}

}  // namespace

void validate_net_backend(const Checks& c, const VmConfig& /*vm*/, const BackendConfig& b,
                          const Value& v) {
    c.unused_keys(v, "net", net_backend_keys, "back-end");
    group_address(c, b.net.mac, v["mac"]);
    if (!b.net.ctrl_vq)
        for (const char* key : {"ctrl_rx", "ctrl_rx_extra", "ctrl_mac_addr"})
            if (v[key].given && v[key].flag())
                c.error(v[key].place,
                        "this feature needs the control queue, and ctrl_vq is false; take one of "
                        "the two out");
    constexpr std::uint64_t megabit = 1'000'000;
    if (b.net.speed % megabit != 0)
        c.error(v["speed"].place,
                "found {}; the device says its speed in Mbit/s: write a whole number of Mbps",
                v["speed"].text);
}

void validate_interfaces(const Checks& c, const VmConfig& vm, const Value& v) {
    std::vector<std::string> known;
    for (const DevConfig& d : vm.devs)
        if (find_named(c.scenario().platform.nics, d.device) != nullptr)
            known.push_back(d.device);
    for (std::size_t i = 0; i < vm.software.interfaces.size(); ++i) {
        const InterfaceConfig& n = vm.software.interfaces[i];
        const Value& value = v["interfaces"].items[i];
        if (std::find(known.begin(), known.end(), n.name) == known.end())
            c.error(n.place, "{} has no network controller {} in its devs; {}", vm.place.key,
                    quote(n.name), suggest(n.name, known));
        if (!n.dma_base)
            continue;
        constexpr std::uint64_t alignment = 64;
        const Value& base = value["dma"]["base"];
        if (n.dma_base->value % alignment != 0)
            c.error(base.place, "found {}; descriptors are aligned to 64 bytes: write a multiple",
                    base.text);
        const bool inside =
            std::any_of(vm.regions.begin(), vm.regions.end(), [&](const RegionConfig& r) {
                return n.dma_base->value >= r.base.value && n.dma_size <= r.size &&
                       n.dma_base->value - r.base.value <= r.size - n.dma_size;
            });
        if (!inside)
            c.error(base.place,
                    "found {:#x} to {:#x}, which is not inside one of the regions of {}; write an "
                    "address inside",
                    n.dma_base->value, n.dma_base->value + n.dma_size - 1, vm.place.key);
    }
    const bool networked =
        !known.empty() || std::any_of(vm.software.backends.begin(), vm.software.backends.end(),
                                      [](const BackendConfig& b) { return b.backend == "net"; });
    if (!networked)
        c.no_effect(v["switch"], "this service guest has no network device and no controller");
    packet_buffers(c, vm);
    const models::Picos second = models::Picos::ms(1000);
    const Value& ageing = v["switch"]["ageing"];
    if (vm.software.net_switch.ageing.value % second.value != 0)
        c.error(ageing.place, "found {}; ageing is counted in whole seconds: write such",
                ageing.text);
    const Value& storm = v["switch"]["storm_interval"];
    if (vm.software.net_switch.storm_interval.value % models::Picos::us(1).value != 0)
        c.error(storm.place, "found {}; the interval is counted in whole microseconds: write such",
                storm.text);
}

void validate_net_driver(const Checks& c, const VmConfig& vm, const DriverConfig& d,
                         const Value& v) {
    c.unused_keys(v, "net", net_driver_keys, "driver");
    for (const char* key : {"receive_queue_size", "transmit_queue_size"})
        c.queue_size(v[key]);
    group_address(c, d.net.mac, v["mac"]);
    c.station_address(v["ipv4"], v["ipv6"]);
    const std::string& profile = vm.software.profile;
    if (profile != "linux-6.1" && profile != "bare-metal")
        c.error(d.place, "the profile {} has no net driver; write profile: linux-6.1 or bare-metal",
                profile);
    if (d.net.polling && profile != "bare-metal")
        c.error(v["polling"].place,
                "the driver of {} waits for interrupts; take this key out, or write profile: "
                "bare-metal",
                profile);
    for (const char* key : {"prefix", "gateway"})
        if (v[key].given && !d.net.ipv4)
            c.error(v[key].place,
                    "the interface has no IPv4 address; give it ipv4, such as "
                    "10.0.0.2, or take this key out");
    if (d.net.gateway && d.net.ipv4 && d.net.prefix != 0) {
        const unsigned host_bits = 32 - d.net.prefix;
        if ((std::uint64_t{d.net.gateway->value} >> host_bits) !=
            (std::uint64_t{d.net.ipv4->value} >> host_bits))
            c.error(v["gateway"].place,
                    "found {}, which is outside of the network of {} with {} bits; write an "
                    "address inside",
                    v["gateway"].text, v["ipv4"].text, d.net.prefix);
    }
}

void validate_net_workload(const Checks& c, const VmConfig& vm, const WorkloadConfig& w,
                           const Value& v) {
    const bool listens = w.type == "net-sink" || w.type == "net-serve";
    const bool floods = w.type == "net-flood";
    const DriverConfig* d = driver_of(vm, w.device);
    if (!listens && !v["peer"].present) {
        c.error(v["peer"].place,
                "this key is missing; {} sends to an address: write one, such as 10.0.0.1", w.type);
    } else if (!listens && d != nullptr) {
        const bool four = std::holds_alternative<packets::Ipv4Address>(w.net.peer);
        if (four ? !d->net.ipv4.has_value() : !(d->net.link_local || d->net.ipv6))
            c.error(
                v["peer"].place, "found {}, but {} has no {} address to send from; give it {} ({})",
                v["peer"].text, d->place.key, four ? "IPv4" : "IPv6",
                four ? "ipv4, such as 10.0.0.2" : "ipv6, such as fd00::2", format_short(d->place));
    }
    if (!listens && !floods && !v["count"].present)
        c.error(v["count"].place,
                "this key is missing; {} ends after a number of requests: write one, such as 10",
                w.type);
    if (floods && !v["count"].present && !v["bytes"].present && w.net.duration.value == 0)
        c.error(w.place, "nothing ends this work; give count, bytes or duration");
    if (w.net.mix.empty())
        c.no_effect(v["seed"], "sizes are drawn only from a mix");
    else if (w.type == "net-request-response")
        c.no_effect(v["bytes"], "mix says the sizes");
    if (listens && !v["count"].present && w.net.idle.value == 0 && w.net.duration.value == 0)
        c.error(w.place, "nothing ends this work; give count, idle or duration");
    const RemioDevConfig* remio = find_named(vm.remio_devs, w.device);
    const BackendConfig* back = remio != nullptr ? c.backend_of(remio->bind_key) : nullptr;
    if (back != nullptr && d != nullptr && v["bytes"].given && v["peer"].present && !floods)
        payload_fits(c, w, v, std::holds_alternative<packets::Ipv4Address>(w.net.peer),
                     driver_mtu(*back, *d), *back);
    constexpr std::uint64_t header_and_fcs = 14 + 4;
    if (back != nullptr)
        for (const Value& share : v["mix"].items)
            if (share["frame"].u64() > back->net.mtu + header_and_fcs)
                c.error(share["frame"].place,
                        "found {}, more than {}, which the MTU of {} allows ({}); write at most "
                        "that, or raise the MTU",
                        share["frame"].text, back->net.mtu + header_and_fcs, back->place.key,
                        format_short(back->place));
}

}  // namespace sim
