// Evaluation of expectations, with suggestions for metrics that do not exist.
#include "sim/report/expectations.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"

namespace sim {

namespace {

/// The metrics below the longest beginning (whole parts of the path) that any metric has.
std::vector<std::string> relatives(std::string name, const std::vector<std::string>& known) {
    std::vector<std::string> found;
    while (found.empty()) {
        const auto dot = name.rfind('.');
        if (dot == std::string::npos)
            break;
        name.resize(dot);
        std::copy_if(known.begin(), known.end(), std::back_inserter(found),
                     [&name](const std::string& k) { return k.starts_with(name + "."); });
    }
    return found;
}

/// Says that there is no such metric, and which names are nearest to it.
std::string no_such_metric(const std::string& name, const Metrics& metrics) {
    constexpr std::size_t shown = 4;
    std::vector<std::string> known;
    known.reserve(metrics.size());
    for (const auto& [metric, value] : metrics)
        known.push_back(metric);
    std::string text = fmt::format("no metric {}", quote(name));
    if (const std::string near = nearest(name, known); !near.empty())
        return text + fmt::format("; did you mean '{}'?", near);
    std::vector<std::string> related = relatives(name, known);
    if (related.empty())
        return text;
    if (related.size() > shown) {
        related.resize(shown);
        related.push_back("...");
    }
    return text + fmt::format("; near it: {}", fmt::join(related, ", "));
}

void add_bound(std::string& bounds, const std::string& text) {
    if (!bounds.empty())
        bounds += " and ";
    bounds += text;
}

ExpectationResult evaluate_one(const ExpectConfig& e, const Metrics& metrics) {
    ExpectationResult r;
    r.metric = e.metric;
    r.place = e.place;
    r.passed = true;

    const auto found = metrics.find(e.metric);
    if (found == metrics.end()) {
        r.passed = false;
        r.note = no_such_metric(e.metric, metrics);
    } else {
        r.value = found->second;
    }
    const auto require = [&r](bool holds) { r.passed = r.passed && r.value && holds; };

    if (e.equals) {
        add_bound(r.bound, fmt::format("= {}", *e.equals));
        require(r.value == e.equals);
    }
    if (e.min) {
        add_bound(r.bound, fmt::format(">= {}", *e.min));
        require(r.value && *r.value >= *e.min);
    }
    if (e.max) {
        add_bound(r.bound, fmt::format("<= {}", *e.max));
        require(r.value && *r.value <= *e.max);
    }
    if (!e.equals_metric.empty()) {
        const auto other = metrics.find(e.equals_metric);
        if (other == metrics.end()) {
            add_bound(r.bound, fmt::format("= {}", e.equals_metric));
            require(false);
            if (!r.note.empty())
                r.note += "; ";
            r.note += no_such_metric(e.equals_metric, metrics);
        } else {
            add_bound(r.bound, fmt::format("= {} ({})", e.equals_metric, other->second));
            require(r.value == other->second);
        }
    }
    if (r.bound.empty()) {
        r.passed = false;
        r.note = "nothing is expected of this metric: equals, min, max or equals_metric is missing";
    }
    return r;
}

ExpectationResult no_observations(const Results& results, const Scenario& scenario) {
    std::uint64_t total = 0;
    for (const ObservationCount& o : results.observations)
        total += o.count;
    ExpectationResult r;
    r.metric = "observations.total";
    r.value = static_cast<std::int64_t>(total);
    r.bound = "= 0 (strict)";
    r.passed = total == 0;
    r.place = {.file = scenario.file, .line = 0, .column = 0, .key = "strict"};
    return r;
}

}  // namespace

std::vector<ExpectationResult> evaluate(std::span<const ExpectConfig> expect,
                                        const Metrics& metrics) {
    std::vector<ExpectationResult> results;
    results.reserve(expect.size());
    for (const ExpectConfig& e : expect)
        results.push_back(evaluate_one(e, metrics));
    return results;
}

void judge(Results& results, const Scenario& scenario) {
    results.expectations = evaluate(scenario.expect, results.metrics);
    if (scenario.strict)
        results.expectations.push_back(no_observations(results, scenario));
    if (results.status != Status::pass && results.status != Status::fail)
        return;
    const bool all = std::all_of(results.expectations.begin(), results.expectations.end(),
                                 [](const ExpectationResult& e) { return e.passed; });
    results.status = all ? Status::pass : Status::fail;
}

}  // namespace sim
