// Sentences about what was planned and did not happen (planned.h).
#include "sim/build/planned.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/report/text.h"

namespace sim {

namespace {

using models::Picos;

/// The first of what was planned after the end, and how much there is.
class Unreached {
  public:
    explicit Unreached(Picos end) : end_(end) {}
    void planned(Picos at) {
        if (at <= end_)
            return;
        first_ = std::min(first_, at);
        ++count_;
    }
    void tell(std::vector<std::string>& lines, std::string_view one, std::string_view several,
              const std::string& whose) const {
        if (count_ == 0)
            return;
        lines.push_back(
            fmt::format("{} of {} {} not reached: planned for {}{}; the run had ended at {}.",
                        counted(count_, one, several), whose, count_ == 1 ? "was" : "were",
                        duration(first_), count_ == 1 ? "" : " and later", duration(end_)));
    }

  private:
    Picos end_;
    Picos first_ = Picos::never();
    std::size_t count_ = 0;
};

bool endless(const HostConfig& h) {
    return h.type == HostType::generator && h.generator.count == 0 && !h.until;
}

}  // namespace

std::vector<std::string> describe_unsent(const Network& network) {
    std::vector<std::string> lines;
    for (const HostObjects& h : network.hosts()) {
        if (h.generator != nullptr && !h.generator->endless() && !h.generator->finished()) {
            const std::uint64_t count = h.generator->generator().count;
            lines.push_back(fmt::format("Host {}: the generator has not ended: {} frame(s) sent{}.",
                                        h.config->name, h.generator->traffic().sent,
                                        count != 0 ? fmt::format(" of {}", count) : ""));
        }
        if (h.replay != nullptr && h.config->passes != 0 && !h.replay->finished())
            lines.push_back(fmt::format("Host {}: the replay has not ended: {} frame(s) sent.",
                                        h.config->name, h.replay->counters().sent));
    }
    return lines;
}

std::vector<std::string> describe_unreached(const Scenario& s, Picos end) {
    std::vector<std::string> lines;
    for (const UartConfig& u : s.platform.uarts) {
        Unreached input(end);
        for (const TypedInput& t : u.input)
            input.planned(t.at);
        for (const SerialChannelConfig& c : u.channels)
            for (const TypedInput& t : c.input)
                input.planned(t.at);
        input.tell(lines, "typed text", "typed texts", u.name);
    }
    for (const VmConfig& vm : s.vms) {
        Unreached start(end);
        start.planned(vm.start);
        for (const WorkloadConfig& w : vm.software.workloads)
            start.planned(w.start);
        start.tell(lines, "start", "starts", "VM " + vm.name + " and its workloads");
        for (const BackendConfig& b : vm.software.backends) {
            Unreached events(end);
            for (const DeviceEventConfig& e : b.events)
                events.planned(e.at);
            events.tell(lines, "planned event", "planned events", vm.name + "." + b.device);
        }
    }
    for (const LinkConfig& l : s.links) {
        Unreached outages(end);
        for (const OutageConfig& o : l.outages)
            outages.planned(o.from);
        outages.tell(lines, "outage", "outages", "link " + l.name);
    }
    for (const HostConfig& h : s.hosts) {
        Unreached start(end);
        if (endless(h))
            start.planned(h.start);
        start.tell(lines, "start", "starts", "host " + h.name);
    }
    return lines;
}

}  // namespace sim
