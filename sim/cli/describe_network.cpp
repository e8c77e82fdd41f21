// Tables of the network (describe_network.h).
#include "sim/cli/describe_network.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"

namespace sim {

namespace {

using Align = Table::Align;

std::string rate_text(std::uint64_t bps) {
    for (const auto& [unit, factor] : {std::pair{"Gbps", 1'000'000'000U},
                                       std::pair{"Mbps", 1'000'000U}, std::pair{"kbps", 1'000U}})
        if (bps != 0 && bps % factor == 0)
            return fmt::format("{} {}", bps / factor, unit);
    return fmt::format("{} bps", bps);
}

std::string_view type_name(HostType t) {
    switch (t) {
        case HostType::echo:
            return "echo";
        case HostType::sink:
            return "sink";
        case HostType::generator:
            return "generator";
        case HostType::replay:
            return "replay";
    }
    return "";
}

std::string addresses(const HostConfig& h) {
    std::string text;
    if (h.ipv4)
        text += h.ipv4->text();
    if (h.ipv6)
        text += (text.empty() ? "" : ", ") + h.ipv6->text();
    if (h.type == HostType::replay)
        text = h.file;
    if (h.type == HostType::generator)
        text += " to " + vms::workload::packets::text(h.generator.target);
    return text;
}

std::string owner(const Scenario& s, const std::string& nic) {
    for (const VmConfig& v : s.vms)
        for (const DevConfig& d : v.devs)
            if (d.device == nic)
                return "VM " + v.name;
    return "no VM";
}

/// "loses 0.1 %, ...": shares are in parts per billion.
std::string impairments(const ImpairmentConfig& i) {
    std::string text;
    const auto add = [&](std::string_view what, std::uint64_t ppb) {
        if (ppb == 0)
            return;
        std::string percent = fmt::format("{}.{:07}", ppb / 10'000'000, ppb % 10'000'000);
        percent.erase(percent.find_last_not_of('0') + 1);
        if (percent.back() == '.')
            percent.pop_back();
        text += fmt::format("{}{} {} %", text.empty() ? "" : ", ", what, percent);
    };
    add("loses", i.loss);
    add("doubles", i.duplicate);
    add("holds back", i.reorder);
    if (i.jitter.value != 0)
        text += fmt::format("{}jitter {}", text.empty() ? "" : ", ", duration(i.jitter));
    return text;
}

}  // namespace

NetworkTables describe_network(const Scenario& s, const Style& style) {
    NetworkTables out;
    Table stations({{"name"}, {"what"}, {"MAC"}, {"addresses"}});
    for (const NicConfig& n : s.platform.nics)
        stations.row({n.name,
                      fmt::format("Cadence GEM, {}, stream {:#x}", owner(s, n.name), n.stream_id),
                      n.mac.text(), ""});
    for (const HostConfig& h : s.hosts)
        stations.row({h.name, fmt::format("host, {}", type_name(h.type)),
                      h.type == HostType::replay ? "" : h.mac.text(), addresses(h)});
    for (const WireSwitchConfig& w : s.switches)
        stations.row({w.name, fmt::format("switch, latency {}", duration(w.latency)), "", ""});
    if (!stations.empty())
        out.stations = stations.text(2, style);
    Table links({{"link"},
                 {"from"},
                 {"to"},
                 {"rate", Align::right},
                 {"propagation", Align::right},
                 {"frames"}});
    for (const LinkConfig& l : s.links)
        for (std::size_t n = 0; n < 2; ++n)
            links.row({l.name, l.between[n], l.between[1 - n], rate_text(l.rate),
                       duration(l.propagation), impairments(l.impairments[n])});
    if (!links.empty())
        out.links = links.text(2, style);
    Table captures({{"at"}, {"file"}});
    for (const CaptureConfig& c : s.captures)
        captures.row({c.name.empty() ? c.at : c.at + "." + c.name, c.file});
    if (!captures.empty())
        out.captures = captures.text(2, style);
    return out;
}

std::string describe_net_backend(const NetBackendConfig& n) {
    std::string text = fmt::format("MTU {}, {}", n.mtu,
                                   n.mac ? n.mac->text() : std::string("MAC from the bind key"));
    const std::array features{
        std::pair{"mac", n.offer_mac},         std::pair{"status", n.offer_status},
        std::pair{"mtu", n.offer_mtu},         std::pair{"speed_duplex", n.offer_speed_duplex},
        std::pair{"mrg_rxbuf", n.mrg_rxbuf},   std::pair{"csum", n.csum},
        std::pair{"guest_csum", n.guest_csum}, std::pair{"ctrl_vq", n.ctrl_vq}};
    std::vector<std::string> absent;
    for (const auto& [name, offered] : features)
        if (!offered)
            absent.emplace_back(name);
    if (!absent.empty())
        text += "; not offered: " + list_words(absent);
    return text;
}

std::string describe_net_driver(const NetDriverConfig& n) {
    std::string text;
    if (n.ipv4)
        text += fmt::format("{}/{}", n.ipv4->text(), n.prefix);
    if (n.ipv6)
        text += (text.empty() ? "" : ", ") + n.ipv6->text();
    else if (n.link_local)
        text += text.empty() ? "IPv6 link-local" : ", IPv6 link-local";
    return text.empty() ? "no address" : text;
}

}  // namespace sim
