// What a scenario expects of its run: bounds that can hold, metrics of things that exist.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

class ExpectationChecks : private Checks {
  public:
    explicit ExpectationChecks(const Checks& c) : Checks(c) {}

    void run() {
        for (std::size_t i = 0; i < s_.expect.size(); ++i) {
            const ExpectConfig& e = s_.expect[i];
            const Value& v = values_["expect"].items[i];
            if (!e.equals && !e.min && !e.max && e.equals_metric.empty())
                error(e.place, "nothing is expected of {}; give equals, min, max or equals_metric",
                      quote(e.metric));
            if (e.min && e.max && *e.min > *e.max)
                error(v["min"].place,
                      "found {}, more than max, {}; nothing can be both: write a "
                      "smaller one",
                      *e.min, *e.max);
            metric(v["metric"]);
            if (v["equals_metric"].present)
                metric(v["equals_metric"]);
        }
    }

  private:
    /// The parts of a metric's name that the scenario knows; the rest the run knows.
    void metric(const Value& v) {
        const std::string& name = v.text;
        const std::size_t first = name.find('.');
        if (first == std::string::npos)
            return;
        const std::string head = name.substr(0, first);
        const std::string part = name.substr(first + 1, name.find('.', first + 1) - first - 1);
        std::vector<std::string> known;
        if (head == "vms")
            known = names_of(s_.vms);
        else if (head == "uarts")
            known = names_of(s_.platform.uarts);
        else
            return;
        if (std::find(known.begin(), known.end(), part) == known.end())
            error(v.place, "found {}, but there is no {} in {}; {}", quote(name), quote(part), head,
                  suggest(part, known));
    }
};

}  // namespace

void validate_expectations(const Checks& c) {
    ExpectationChecks(c).run();
}

}  // namespace sim
