// The network outside of the VMs: which ends a link joins, and where frames are captured.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

/// Which nodes of a network lead to each other.
class Joined {
  public:
    std::string root(std::string node) const {
        for (auto up = of_.find(node); up != of_.end(); up = of_.find(node))
            node = up->second;
        return node;
    }
    /// False: they led to each other already.
    bool join(const std::string& a, const std::string& b) {
        const std::string x = root(a), y = root(b);
        if (x != y)
            of_[x] = y;
        return x != y;
    }

  private:
    std::map<std::string, std::string> of_;  // a node, and one that it is joined to
};

class NetworkChecks : private Checks {
  public:
    explicit NetworkChecks(const Checks& c) : Checks(c) {}

    void run() {
        for (std::size_t i = 0; i < s_.hosts.size(); ++i)
            host(s_.hosts[i], values_["hosts"].items[i]);
        stations();
        internet_addresses();
        for (std::size_t i = 0; i < s_.links.size(); ++i)
            link(s_.links[i], values_["links"].items[i]);
        for (const HostConfig& h : s_.hosts)
            if (joined_.find(h.name) == joined_.end())
                error(h.place,
                      "no link leads to this host; add one, such as links: {{wire: {{between: "
                      "[{}, {}]}}}}",
                      s_.platform.nics.empty() ? "gem3" : s_.platform.nics.front().name, h.name);
        for (std::size_t i = 0; i < s_.captures.size(); ++i)
            capture(s_.captures[i], values_["captures"].items[i]["at"].place);
    }

  private:
    void host(const HostConfig& h, const Value& v) {
        std::vector<std::string> used{"type"};
        if (h.type != HostType::replay)
            used.insert(used.end(), {"mac", "ipv4", "ipv6", "delay", "answer_echo", "udp_port"});
        used.emplace_back("queue");
        if (h.type == HostType::sink)
            used.emplace_back("any_port");
        if (h.type == HostType::generator) {
            used.insert(used.end(), {"target", "target_mac", "source_port", "flow", "mode", "frame",
                                     "frame_max", "mix", "start", "until", "count"});
            if (h.generator.closed_loop)
                used.insert(used.end(), {"window", "think", "timeout"});
            else
                used.insert(used.end(),
                            {"interval", "frames_per_second", "rate", "spacing", "burst"});
        }
        if (h.type == HostType::replay)
            used.insert(used.end(),
                        {"file", "start", "until", "as_fast_as_possible", "passes", "pause"});
        unused_keys(v,
                    h.type != HostType::generator ? v["type"].text : "generator, " + v["mode"].text,
                    used, h.type == HostType::generator ? "type or the mode" : "type");
        if (h.type == HostType::replay) {
            if (!v["file"].present)
                error(v["file"].place,
                      "this key is missing; replay sends the frames of a capture: write the name "
                      "of a file");
            return;
        }
        if (h.mac.is_multicast())
            error(v["mac"].place,
                  "found {}, the address of a group; a host has one of its own: write one whose "
                  "first byte is even, such as 02:00:00:00:00:01",
                  v["mac"].text);
        station_address(v["ipv4"], v["ipv6"]);
        if (h.type == HostType::generator)
            generator(h, v);
    }

    void generator(const HostConfig& h, const Value& v) {
        const GeneratorConfig& g = h.generator;
        if (!v["target"].present) {
            error(v["target"].place,
                  "this key is missing; a generator sends to an address: write one, such as "
                  "10.0.0.2");
        } else {
            const bool four = std::holds_alternative<vms::workload::packets::Ipv4Address>(g.target);
            if (four ? !h.ipv4 : !h.ipv6)
                error(v["target"].place,
                      "found {}, but the host has no {} address to send from; give it {}",
                      v["target"].text, four ? "IPv4" : "IPv6",
                      four ? "ipv4, such as 10.0.0.1" : "ipv6, such as fd00::1");
        }
        std::vector<std::string> paces;
        for (const char* key : {"interval", "frames_per_second", "rate"})
            if (v[key].present)
                paces.emplace_back(key);
        if (paces.size() > 1)
            error(v[paces[1]].place, "found {}; one of them says how often: keep one",
                  list_words(paces));
        if (!g.closed_loop)
            spacing(v, !paces.empty());
        if (!v["mix"].items.empty())
            for (const char* key : {"frame", "frame_max"})
                no_effect(v[key], "mix says the sizes");
        if (v["frame_max"].present && g.frame_max < g.frame_min)
            error(v["frame_max"].place, "found {}, less than frame, {}; write at least that",
                  v["frame_max"].text, v["frame"].text);
        if (h.until && *h.until <= h.start)
            error(v["until"].place, "found {}, which is not after start, {}; write a later time",
                  v["until"].text, v["start"].text);
    }

    /// How frames lie in time is of those that are due at times.
    void spacing(const Value& v, bool paced) {
        const bool bursts = v["spacing"].text == "burst";
        if (!paced)
            for (const char* key : {"spacing", "burst"})
                no_effect(
                    v[key],
                    "without interval, frames_per_second or rate, frames follow each other as "
                    "fast as the link goes");
        else if (!bursts)
            no_effect(v["burst"], "the spacing is not burst");
        else if (!v["burst"].given)
            error(v["spacing"].place,
                  "found burst, but a burst has one frame, which is constant; give the number of "
                  "frames, such as burst: 16");
    }

    /// Two stations of one address would be one to every switch.
    void stations() {
        std::map<vms::workload::packets::MacAddress, Place> used;
        const auto claim = [&](const vms::workload::packets::MacAddress& mac, const Place& place) {
            const auto [first, added] = used.emplace(mac, place);
            if (!added)
                error(place,
                      "{} is the address of {} too ({}); a station has one of its own: "
                      "write another",
                      mac.text(), first->second.key, format_short(first->second));
        };
        for (const NicConfig& n : s_.platform.nics)
            claim(n.mac, n.place);
        for (const HostConfig& h : s_.hosts)
            if (h.type != HostType::replay)
                claim(h.mac, h.place);
        for (const VmConfig& vm : s_.vms)
            for (const BackendConfig& b : vm.software.backends)
                if (const RemioDevConfig* d = find_named(vm.remio_devs, b.device);
                    d != nullptr && b.backend == "net")
                    claim(b.net.mac.value_or(default_mac(d->bind_key)), b.place);
        for (const VmConfig& vm : s_.vms)
            for (const DriverConfig& d : vm.software.drivers)
                if (d.net.mac && *d.net.mac != device_mac(vm, d))
                    claim(*d.net.mac, d.place);
    }

    std::optional<vms::workload::packets::MacAddress> device_mac(const VmConfig& vm,
                                                                 const DriverConfig& d) const {
        const RemioDevConfig* remio = find_named(vm.remio_devs, d.device);
        const BackendConfig* back = remio != nullptr ? backend_of(remio->bind_key) : nullptr;
        if (back == nullptr)
            return std::nullopt;
        return back->net.mac.value_or(default_mac(remio->bind_key));
    }

    /// Two stations of one network with one IP address would answer for each other. The same
    /// address in two networks that nothing joins is none of anybody's business.
    void internet_addresses() {
        Joined nodes;
        const auto guest = [](const VmConfig& vm) { return "VM " + vm.name; };
        for (const LinkConfig& l : s_.links)
            if (l.between.size() == 2)
                nodes.join(l.between[0], l.between[1]);
        for (const VmConfig& vm : s_.vms)
            for (const DevConfig& d : vm.devs)
                if (vm.software.program == ProgramKind::service_guest &&
                    find_named(s_.platform.nics, d.device) != nullptr)
                    nodes.join(guest(vm), d.device);
        std::map<std::pair<std::string, std::string>, Place> used;
        const auto claim = [&](const std::string& node, const auto& address, const Place& place) {
            if (!address)
                return;
            const auto [first, added] =
                used.emplace(std::pair(nodes.root(node), address->text()), place);
            if (!added)
                error(place,
                      "{} is the address of {} too ({}), on the same network; a station has one "
                      "of its own: write another",
                      address->text(), first->second.key, format_short(first->second));
        };
        for (const HostConfig& h : s_.hosts) {
            claim(h.name, h.ipv4, h.place);
            claim(h.name, h.ipv6, h.place);
        }
        for (const VmConfig& vm : s_.vms) {
            for (const DriverConfig& d : vm.software.drivers) {
                const RemioDevConfig* remio = find_named(vm.remio_devs, d.device);
                const VmConfig* service = remio != nullptr ? service_of(remio->bind_key) : nullptr;
                if (service == nullptr || d.driver != "net")
                    continue;
                claim(guest(*service), d.net.ipv4, d.place);
                claim(guest(*service), d.net.ipv6, d.place);
            }
        }
    }

    const VmConfig* service_of(std::uint64_t bind_key) const {
        for (const VmConfig& vm : s_.vms)
            for (const RemioDevConfig& d : vm.remio_devs)
                if (d.type == RemioType::backend && d.bind_key == bind_key)
                    return &vm;
        return nullptr;
    }

    void link(const LinkConfig& l, const Value& v) {
        std::vector<std::string> ends = names_of(s_.platform.nics);
        for (const std::vector<std::string>& more : {names_of(s_.hosts), names_of(s_.switches)})
            ends.insert(ends.end(), more.begin(), more.end());
        if (l.between.size() != 2)
            error(v["between"].place,
                  "found {} ends; a link has two: write them, such as "
                  "[gem3, peer]",
                  l.between.size());
        for (const Value& end : v["between"].items) {
            if (std::find(ends.begin(), ends.end(), end.text) == ends.end()) {
                error(end.place, "there is no network controller, host or switch {}; {}",
                      quote(end.text), suggest(end.text, ends));
                continue;
            }
            const auto [first, added] = joined_.emplace(end.text, end.place);
            if (!added && find_named(s_.switches, end.text) == nullptr)
                error(end.place,
                      "{} is an end of {} too ({}); it has one socket: write another, or put a "
                      "switch between them",
                      quote(end.text), first->second.key, format_short(first->second));
        }
        if (l.between.size() == 2 && find_named(s_.switches, l.between[0]) != nullptr &&
            find_named(s_.switches, l.between[1]) != nullptr &&
            !switches_.join(l.between[0], l.between[1]))
            error(v["between"].place,
                  "this link closes a loop of switches, in which a broadcast goes round for ever "
                  "(they have no spanning tree); take it out");
        rate(l, v);
        for (std::size_t i = 0; i < v["from"].names.size(); ++i)
            if (const std::string& end = v["from"].names[i];
                std::find(l.between.begin(), l.between.end(), end) == l.between.end())
                error(v["from"].items[i].place, "{} is no end of this link; {}", quote(end),
                      suggest(end, l.between));
        const auto reorders = [](const ImpairmentConfig& d) { return d.reorder != 0; };
        if (std::none_of(l.impairments.begin(), l.impairments.end(), reorders)) {
            no_effect(v["reorder_delay"], "reorder is 0 %, no frame is held back");
            for (const Value& end : v["from"].items)
                no_effect(end["reorder_delay"], "reorder is 0 %, no frame is held back");
        }
        models::Picos last{};
        for (std::size_t i = 0; i < l.outages.size(); ++i) {
            const OutageConfig& o = l.outages[i];
            const Value& outage = v["outages"].items[i];
            if (o.until <= o.from)
                error(outage["until"].place,
                      "found {}, which is not after {}, when it begins; write a later time",
                      outage["until"].text, outage["from"].text);
            if (i != 0 && o.from <= last)
                error(outage["from"].place,
                      "found {}, which is not after the end of the outage before; write outages in "
                      "the order of time, apart from each other",
                      outage["from"].text);
            last = o.until;
        }
    }

    /// A GEM has a MAC of 10, 100 and 1000 Mbit/s (UG1085, GEM Ethernet).
    void rate(const LinkConfig& l, const Value& v) {
        constexpr std::uint64_t mbps = 1'000'000;
        for (const std::string& end : l.between)
            if (find_named(s_.platform.nics, end) != nullptr && l.rate != 10 * mbps &&
                l.rate != 100 * mbps && l.rate != 1000 * mbps)
                error(v["rate"].place,
                      "found {}, but {}, an end of this link, is a network controller of 10, 100 "
                      "and 1000 Mbit/s; write 10Mbps, 100Mbps or 1Gbps",
                      v["rate"].text, quote(end));
    }

    void capture(const CaptureConfig& c, const Place& place) {
        if (const LinkConfig* l = find_named(s_.links, c.at)) {
            if (!c.name.empty() &&
                std::find(l->between.begin(), l->between.end(), c.name) == l->between.end())
                error(place, "{} is no end of {}; {}", quote(c.name), l->place.key,
                      suggest(c.name, l->between));
            return;
        }
        const VmConfig* vm = find_named(s_.vms, c.at);
        if (vm == nullptr) {
            std::vector<std::string> places = names_of(s_.links);
            for (const VmConfig& v : s_.vms)
                places.push_back(v.name);
            error(place, "there is no link or VM {}; {}", quote(c.at), suggest(c.at, places));
            return;
        }
        std::vector<std::string> known;
        for (const BackendConfig& b : vm->software.backends)
            if (b.backend == "net")
                known.push_back(b.device);
        for (const DriverConfig& d : vm->software.drivers)
            if (d.driver == "net")
                known.push_back(d.device);
        if (vm->software.program == ProgramKind::service_guest)
            for (const DevConfig& d : vm->devs)
                if (find_named(s_.platform.nics, d.device) != nullptr)
                    known.push_back(d.device);
        if (std::find(known.begin(), known.end(), c.name) == known.end())
            error(place, "{} has no network device {}; {}", vm->place.key, quote(c.name),
                  suggest(c.name, known));
    }

    Joined switches_;
    std::map<std::string, Place> joined_;  // ends that a link leads to
};

}  // namespace

void validate_network(const Checks& c) {
    NetworkChecks(c).run();
}

}  // namespace sim
