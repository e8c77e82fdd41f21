// What the network outside of the CPUs counted: metrics, the load of links, and its part of the
// account of frames (network.h).
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "sim/build/network.h"

namespace sim {

namespace {

namespace wire = models::wire;

void add_durations(Metrics& m, const std::string& prefix, const vms::workload::Distribution& d) {
    m[prefix + "min_ns"] = number(d.range().min_or_zero());
    m[prefix + "p50_ns"] = number(d.median());
    m[prefix + "max_ns"] = number(d.range().max);
}

}  // namespace

void Network::add_results(Results& results) const {
    add_nics(results);
    add_links(results);
    add_hosts(results);
    add_switches(results);
}

void Network::add_nics(Results& results) const {
    for (const auto& n : nics_) {
        const models::GemCounters& c = n->model->counters();
        const std::string p = "nics." + n->config->name + ".";
        Metrics& m = results.metrics;
        m[p + "tx_frames"] = number(c.tx_frames);
        m[p + "tx_bytes"] = number(c.tx_bytes);
        m[p + "tx_no_link"] = number(c.tx_no_link);
        m[p + "tx_bad_fcs"] = number(c.tx_bad_fcs);
        m[p + "tx_looped"] = number(c.tx_looped);
        m[p + "tx_errors"] = number(c.tx_errors);
        m[p + "rx_arrived"] = number(c.rx_arrived);
        m[p + "rx_frames"] = number(c.rx_frames);
        m[p + "rx_bytes"] = number(c.rx_bytes);
        m[p + "rx_disabled"] = number(c.rx_disabled);
        m[p + "rx_speed"] = number(c.rx_speed);
        m[p + "rx_bad_length"] = number(c.rx_bad_length);
        m[p + "rx_checksum"] = number(c.rx_checksum);
        m[p + "rx_filtered"] = number(c.rx_filtered);
        m[p + "rx_overrun"] = number(c.rx_overrun);
        m[p + "rx_no_buffer"] = number(c.rx_no_buffer);
        m[p + "rx_bus_errors"] = number(c.rx_bus_errors);
        m[p + "bus_errors"] = number(c.bus_errors);
        m[p + "dma_faults"] = number(n->dma.faults());
        if (c.rx_arrived == 0)
            continue;
        results.frames.push_back({.name = fmt::format("{}: wire to memory", n->config->name),
                                  .sent = c.rx_arrived,
                                  .received = c.rx_frames,
                                  .in_flight = c.rx_inside(),
                                  .dropped = {{"receiver off", c.rx_disabled},
                                              {"speed", c.rx_speed},
                                              {"bad length", c.rx_bad_length},
                                              {"bad checksum", c.rx_checksum},
                                              {"filtered", c.rx_filtered},
                                              {"packet buffer full", c.rx_overrun},
                                              {"no descriptor", c.rx_no_buffer},
                                              {"bus error", c.rx_bus_errors}},
                                  .place = "in the controller"});
    }
}

void Network::add_links(Results& results) const {
    for (std::size_t i = 0; i < links_.size(); ++i) {
        const LinkConfig& config = scenario_.links[i];
        for (std::size_t n = 0; n < 2; ++n) {
            const wire::Side from = n == 0 ? wire::Side::a : wire::Side::b;
            const wire::LinkCounters& c = links_[i]->counters(from);
            const std::string p = fmt::format("links.{}.{}.", config.name, config.between[n]);
            Metrics& m = results.metrics;
            m[p + "sent"] = number(c.sent);
            m[p + "sent_bytes"] = number(c.sent_bytes);
            m[p + "duplicated"] = number(c.duplicated);
            m[p + "delivered"] = number(c.delivered);
            m[p + "delivered_bytes"] = number(c.delivered_bytes);
            m[p + "lost"] = number(c.lost);
            m[p + "lost_down"] = number(c.lost_down);
            m[p + "unconnected"] = number(c.unconnected);
            m[p + "held_back"] = number(c.held_back);
            m[p + "reordered"] = number(c.reordered);
            m[p + "busy_ns"] = number(c.busy.value / 1000);
            const std::string name =
                fmt::format("{}: {} to {}", config.name, config.between[n], config.between[1 - n]);
            results.links.push_back({name, c.sent, c.sent_bytes, c.busy, c.last - c.first});
            m[p + "frames_per_second"] = number(results.links.back().frames_per_second());
            m[p + "bits_per_second"] = number(results.links.back().bits_per_second());
            // Both ends are asked, not the link alone: what one says to have sent and the other to
            // have received must be what the link says.
            results.frames.push_back({.name = name,
                                      .sent = sent_by_end(i, n),
                                      .copied = c.duplicated,
                                      .received = received_by_end(i, 1 - n),
                                      .in_flight = links_[i]->in_flight(from),
                                      .dropped = {{"lost", c.lost},
                                                  {"link down", c.lost_down},
                                                  {"nobody there", c.unconnected}},
                                      .place = "on the wire"});
        }
    }
}

void Network::add_hosts(Results& results) const {
    for (const HostObjects& h : hosts_) {
        const std::string& name = h.config->name;
        const std::string p = "hosts." + name + ".";
        Metrics& m = results.metrics;
        if (h.replay != nullptr) {
            const wire::ReplayCounters& c = h.replay->counters();
            m[p + "read"] = number(c.read);
            m[p + "tx_frames"] = number(c.sent);
            m[p + "tx_bytes"] = number(c.sent_bytes);
            m[p + "rx_frames"] = number(c.received);
            m[p + "rx_bytes"] = number(c.received_bytes);
            m[p + "done"] = h.replay->finished() ? 1 : 0;
            results.frames.push_back({.name = name + ": capture to wire",
                                      .sent = c.read,
                                      .received = c.sent,
                                      .dropped = {{"cut off", c.cut_off},
                                                  {"too short", c.too_short},
                                                  {"queue full", c.queue_full},
                                                  {"link down", c.link_down}}});
            continue;
        }
        const wire::HostCounters& c = h.host->counters();
        m[p + "rx_frames"] = number(c.rx_frames);
        m[p + "rx_bytes"] = number(c.rx_bytes);
        m[p + "tx_frames"] = number(c.tx_frames);
        m[p + "tx_bytes"] = number(c.tx_bytes);
        m[p + "tx_queue_full"] = number(c.tx_queue_full);
        m[p + "tx_link_down"] = number(c.tx_link_down);
        FrameHop hop;
        hop.name = name + ": wire to host";
        hop.sent = c.rx_frames;
        for (std::size_t i = 0; i < wire::received_causes; ++i) {
            const auto cause = static_cast<wire::Received>(i);
            std::string words(wire::name(cause));
            m[fmt::format("{}received.{}", p, words)] = number(c.received[i]);
            std::replace(words.begin(), words.end(), '_', ' ');
            if (wire::discarded(cause))
                hop.dropped.push_back({words, c.received[i]});
            else
                hop.received += c.received[i];
        }
        results.frames.push_back(std::move(hop));
        // What it makes: its own traffic, and an answer to each request.
        std::uint64_t made = c.of(wire::Received::arp_request) +
                             c.of(wire::Received::neighbour_solicitation) +
                             c.of(wire::Received::echo_request);
        if (h.echo != nullptr)
            made += h.echo->echoed();
        if (h.generator != nullptr)
            made += h.generator->traffic().due + h.generator->traffic().solicitations;
        if (made + c.tx_frames != 0)
            results.frames.push_back(
                {.name = name + ": host to wire",
                 .sent = made,
                 .received = c.tx_frames,
                 .dropped = {{"queue full", c.tx_queue_full}, {"link down", c.tx_link_down}}});
        if (h.generator != nullptr) {
            const wire::GeneratorCounters& g = h.generator->traffic();
            m[p + "generator.due"] = number(g.due);
            m[p + "generator.sent"] = number(g.sent);
            m[p + "generator.sent_bytes"] = number(g.sent_bytes);
            m[p + "generator.dropped"] = number(g.dropped);
            m[p + "generator.answered"] = number(g.answered);
            m[p + "generator.timed_out"] = number(g.timed_out);
            m[p + "generator.late"] = number(g.late);
            m[p + "generator.corrupted"] = number(g.corrupted);
            m[p + "generator.done"] = h.generator->finished() ? 1 : 0;
            if (h.config->generator.closed_loop)
                add_durations(m, p + "generator.round_trip_", g.round_trip_ns);
        }
        if (h.sink == nullptr)
            continue;
        for (const auto& [flow, f] : h.sink->flows()) {
            const std::string q = fmt::format("{}flows.{}.", p, flow);
            m[q + "frames"] = number(f.frames);
            m[q + "bytes"] = number(f.bytes);
            m[q + "distinct"] = number(f.sequence.distinct());
            m[q + "lost"] = number(f.sequence.lost());
            m[q + "duplicated"] = number(f.sequence.duplicated());
            m[q + "reordered"] = number(f.sequence.reordered());
            m[q + "corrupted"] = number(f.corrupted);
            m[q + "active_ns"] = number((f.last - f.first).value / 1000);
            add_durations(m, q + "latency_", f.latency_ns);
        }
    }
}

void Network::add_switches(Results& results) const {
    for (const WireSwitchObjects& w : switches_) {
        FrameHop hop;
        hop.name = w.config->name;
        std::uint64_t filtered = 0;
        std::uint64_t malformed = 0;
        std::uint64_t reserved = 0;
        std::uint64_t full = 0;
        std::uint64_t down = 0;
        std::uint64_t left = 0;  // frames that were sent on, to however many ports
        std::uint64_t copies = 0;
        for (std::size_t i = 0; i < links_.size(); ++i) {
            for (std::size_t n = 0; n < 2; ++n) {
                const LinkConfig& link = scenario_.links[i];
                if (link.between[n] != w.config->name)
                    continue;
                const wire::WireSwitchCounters& c = w.model->counters(switch_ports_[i][n]);
                const std::string p = fmt::format("switches.{}.{}.", w.config->name, link.name);
                Metrics& m = results.metrics;
                m[p + "in"] = number(c.in);
                m[p + "forwarded"] = number(c.forwarded);
                m[p + "flooded"] = number(c.flooded);
                m[p + "filtered"] = number(c.filtered);
                m[p + "malformed"] = number(c.malformed);
                m[p + "reserved"] = number(c.reserved);
                m[p + "copies"] = number(c.copies);
                m[p + "out"] = number(c.out);
                m[p + "queue_full"] = number(c.queue_full);
                m[p + "link_down"] = number(c.link_down);
                hop.sent += c.in;
                hop.received += c.out;
                filtered += c.filtered;
                malformed += c.malformed;
                reserved += c.reserved;
                full += c.queue_full;
                down += c.link_down;
                left += c.forwarded + c.flooded;
                copies += c.copies;
            }
        }
        hop.copied = copies - std::min(left, copies);
        hop.dropped = {{"station on the same port", filtered},
                       {"no other port", left - std::min(left, copies)},
                       {"malformed", malformed},
                       {"reserved", reserved},
                       {"queue full", full},
                       {"link down", down}};
        results.frames.push_back(std::move(hop));
    }
}

}  // namespace sim
