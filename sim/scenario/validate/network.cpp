// The network outside of the VMs: which ends a link joins, and where frames are captured.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class NetworkChecks : private Checks {
  public:
    explicit NetworkChecks(const Checks& c) : Checks(c) {}

    void run() {
        std::vector<std::string> ends = names_of(s_.platform.nics);
        std::map<std::string, Place> joined;
        for (std::size_t i = 0; i < s_.links.size(); ++i)
            link(s_.links[i], values_["links"].items[i], ends, joined);
        for (std::size_t i = 0; i < s_.captures.size(); ++i)
            capture(s_.captures[i], values_["captures"].items[i]["at"].place);
    }

  private:
    void link(const LinkConfig& l, const Value& v, const std::vector<std::string>& ends,
              std::map<std::string, Place>& joined) {
        if (l.between.size() != 2)
            error(v["between"].place,
                  "found {} ends; a link has two: write them, such as "
                  "[gem3, peer]",
                  l.between.size());
        for (const Value& end : v["between"].items) {
            if (std::find(ends.begin(), ends.end(), end.text) == ends.end()) {
                error(end.place, "there is no network controller or host {}; {}", quote(end.text),
                      suggest(end.text, ends));
                continue;
            }
            const auto [first, added] = joined.emplace(end.text, end.place);
            if (!added)
                error(end.place, "{} is an end of {} too ({}); it has one socket: write another",
                      quote(end.text), first->second.key, format_short(first->second));
        }
        for (std::size_t i = 0; i < v["from"].names.size(); ++i)
            if (const std::string& end = v["from"].names[i];
                std::find(l.between.begin(), l.between.end(), end) == l.between.end())
                error(v["from"].items[i].place, "{} is no end of this link; {}", quote(end),
                      suggest(end, l.between));
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

    void capture(const CaptureConfig& c, const Place& place) {
        if (c.vm.empty()) {
            if (find_named(s_.links, c.name) == nullptr)
                error(place, "there is no link {}; {}{}write one, or VM.DEVICE", quote(c.name),
                      suggest(c.name, names_of(s_.links)), s_.links.empty() ? "" : "; ");
            return;
        }
        const VmConfig* vm = find_named(s_.vms, c.vm);
        if (vm == nullptr) {
            error(place, "there is no VM {}; {}", quote(c.vm), suggest(c.vm, names_of(s_.vms)));
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
};

}  // namespace

void validate_network(const Checks& c) {
    NetworkChecks(c).run();
}

}  // namespace sim
