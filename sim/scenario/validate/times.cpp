// What is planned for a time that no run reaches: `duration` is the latest end. A duration from the
// command line is meant to cut a run short; the report says what that left out.
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class TimeChecks : private Checks {
  public:
    explicit TimeChecks(const Checks& c) : Checks(c) {}

    void run() {
        if (values_["duration"].place.file.starts_with("--set"))
            return;
        for (const Value& uart : values_["platform"]["uarts"].items) {
            serial_input(uart);
            if (uart["records"].present)
                reached(uart["records"]["from"]);
            for (const Value& channel : uart["channels"].items)
                serial_input(channel);
        }
        for (const Value& vm : values_["vms"].items) {
            reached(vm["start"]);
            const Value& software = vm["software"];
            if (!software.present)
                continue;
            for (const Value& backend : software["backends"].items)
                for (const Value& event : backend["events"].items)
                    reached(event["at"]);
            for (const Value& workload : software["workloads"].items)
                reached(workload["start"]);
        }
        for (const Value& link : values_["links"].items)
            for (const Value& outage : link["outages"].items)
                reached(outage["from"]);
        for (const Value& host : values_["hosts"].items)
            reached(host["start"]);
    }

  private:
    void serial_input(const Value& line) {
        for (const Value& typed : line["input"].items)
            reached(typed["at"]);
        if (line["pattern"].present)
            reached(line["pattern"]["at"]);
    }
    void reached(const Value& at) {
        if (!at.given || at.u64() < values_["duration"].u64())
            return;
        error(at.place,
              "found {}, but the run ends at {} at the latest ('duration'): it would never happen; "
              "make duration longer, or this earlier",
              at.text, values_["duration"].text);
    }
};

}  // namespace

void validate_times(const Checks& c) {
    TimeChecks(c).run();
}

}  // namespace sim
