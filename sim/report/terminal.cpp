// The report for the terminal, section by section. Only ASCII, so that columns stay columns.
#include "sim/report/terminal.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "sim/report/limit.h"
#include "sim/scenario/diagnostic.h"
#include "sim/scenario/spelling.h"

namespace sim {

namespace {

Paint paint_of(Status s) {
    switch (s) {
        case Status::pass:
            return Paint::good;
        case Status::interrupted:
            return Paint::warn;
        case Status::fail:
        case Status::error:
        case Status::stuck:
            break;
    }
    return Paint::bad;
}

std::string upper(std::string_view s) {
    std::string out(s);
    for (char& c : out)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

/// One report in the making.
class Page {
  public:
    Page(const Results& r, const Style& style) : r_(r), style_(style) {}

    void verdict();
    void expectations(bool failed_only);
    void legs();
    void cpus();
    void limit();
    void captures();
    void traffic();
    void frames(bool failed_only);
    void observations(bool explain);
    void notes();
    void diagnosis();
    void errors();
    void metrics();
    void host();

    std::string take() { return std::move(out_); }

  private:
    void heading(std::string_view title, std::string_view remark = {});
    void paragraph(std::string_view text, std::size_t indent, Paint p = Paint::plain);

    const Results& r_;
    const Style& style_;
    std::string out_;
};

void Page::heading(std::string_view title, std::string_view remark) {
    out_ += fmt::format("\n{}", paint(title, Paint::bold, style_));
    if (!remark.empty()) {
        const std::size_t used = title.size() + remark.size();
        out_.append(used + 2 <= style_.columns ? style_.columns - used : 2, ' ');
        out_ += paint(remark, Paint::dim, style_);
    }
    out_ += "\n";
}

void Page::paragraph(std::string_view text, std::size_t indent, Paint p) {
    for (const std::string& line : wrap(text, indent, style_.columns))
        out_ += paint(line, p, style_) + "\n";
}

void Page::verdict() {
    const std::string word = upper(name_of(r_.status));
    std::string name = printable(r_.scenario.empty() ? r_.file : r_.scenario);
    std::string remark = fmt::format("{} simulated, seed {}", duration(r_.simulated), r_.seed);
    if (r_.status == Status::error && r_.simulated.value == 0)
        remark = "not run";
    if (r_.status == Status::interrupted)
        remark += ", partial results";
    const std::size_t fixed = word.size() + 2 + 2 + remark.size();
    const std::size_t room = style_.columns > fixed + 10 ? style_.columns - fixed : 10;
    if (name.size() > room)
        name = "..." + name.substr(name.size() - (room - 3));
    out_ += paint(word, paint_of(r_.status), style_) + "  " + paint(name, Paint::bold, style_);
    out_.append(2 + room - name.size(), ' ');
    out_ += paint(remark, Paint::dim, style_) + "\n";
}

void Page::expectations(bool failed_only) {
    if (r_.expectations.empty()) {
        if (!failed_only && (r_.status == Status::pass || r_.status == Status::fail))
            heading("Expectations", "none stated: every workload has to end well");
        return;
    }
    const auto held = static_cast<std::size_t>(
        std::count_if(r_.expectations.begin(), r_.expectations.end(),
                      [](const ExpectationResult& e) { return e.passed; }));
    if (failed_only && held == r_.expectations.size())
        return;
    heading("Expectations", fmt::format("{} of {} hold", held, r_.expectations.size()));

    std::size_t metric_width = 0;
    std::size_t value_width = 0;
    const auto value_text = [](const ExpectationResult& e) {
        return e.value ? fmt::format("{}", *e.value) : std::string("none");
    };
    for (const ExpectationResult& e : r_.expectations) {
        if (failed_only && e.passed)
            continue;
        metric_width = std::max(metric_width, printable(e.metric).size());
        value_width = std::max(value_width, value_text(e).size());
    }
    metric_width = std::min<std::size_t>(metric_width, 56);
    for (const ExpectationResult& e : r_.expectations) {
        if (failed_only && e.passed)
            continue;
        out_ += "  " +
                (e.passed ? paint("ok  ", Paint::good, style_) : paint("FAIL", Paint::bad, style_));
        const std::string metric = printable(e.metric);
        const std::string line = fmt::format("  {:<{}}  {:>{}}  {}", metric, metric_width,
                                             value_text(e), value_width, printable(e.bound));
        // Beside when there is room, else on lines of their own.
        constexpr std::size_t mark = 6;
        if (mark + line.size() <= style_.columns) {
            out_ += line + "\n";
        } else {
            out_ += "  " + metric.substr(0, style_.columns - mark - 2) + "\n";
            paragraph(value_text(e) + ", to be " + e.bound, 10);
        }
        if (!e.passed) {
            if (!e.note.empty())
                paragraph(e.note, 8);
            std::string place = format_short(e.place);
            if (!e.place.key.empty())
                place += (place.empty() ? "" : ": ") + e.place.key;
            paragraph(place, 8, Paint::dim);
        }
    }
}

void Page::legs() {
    if (r_.legs.empty())
        return;
    heading("Where the time goes",
            "a leg is a stretch of code on the path of an access; times in ns");
    using Align = Table::Align;
    Table t({{"leg"},
             {"EL"},
             {"count", Align::right},
             {"instr.", Align::right},
             {"mmio", Align::right},
             {"p50", Align::right},
             {"p99", Align::right},
             {"max", Align::right},
             {"figures"}});
    std::set<LegProvenance> used;
    for (const LegResult& l : r_.legs) {
        used.insert(l.provenance);
        t.row({l.name, fmt::format("{}", l.exception_level), fmt::format("{}", l.count),
               fmt::format("{}", l.instructions), fmt::format("{}", l.mmio),
               nanoseconds_short(l.p50), nanoseconds_short(l.p99), nanoseconds_short(l.max),
               std::string(name_of(l.provenance))});
    }
    out_ += t.text(2, style_);
    std::string key =
        "Instructions and device accesses (mmio) are medians; p50 and p99 are upper "
        "bounds within 0.8 %.";
    for (const LegProvenance p : used) {
        switch (p) {
            case LegProvenance::measured:
                key += " measured: instructions counted on the real hypervisor.";
                break;
            case LegProvenance::derived:
                key += " derived: follows from measured counts by a stated rule.";
                break;
            case LegProvenance::estimate:
                key += " estimate: neither measured nor derived.";
                break;
        }
    }
    key += " Times come from the core model, whose figures are estimates.";
    paragraph(key, 2, Paint::dim);
}

/// A share of the simulated time, in tenths of a per cent.
std::string share(models::Picos part, models::Picos whole) {
    if (whole.value == 0)
        return "-";
    // The longest run has 10^16 ps, whose thousandfold fits.
    const std::uint64_t tenths = (part.value * 1000 + whole.value / 2) / whole.value;
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

void Page::cpus() {
    if (r_.cpus.empty() || r_.simulated.value == 0)
        return;
    heading("Load", "per cent of the simulated time");
    using Align = Table::Align;
    Table t({{""},
             {"VM"},
             {"EL1", Align::right},
             {"EL2", Align::right},
             {"EL3", Align::right},
             {"polling", Align::right},
             {"standby", Align::right},
             {"idle", Align::right},
             {"off", Align::right},
             {"occupied", Align::right}});
    for (const CpuResult& c : r_.cpus) {
        t.row({fmt::format("CPU {}", c.cpu), c.vm, share(c.busy[1], r_.simulated),
               share(c.busy[2], r_.simulated), share(c.busy[3], r_.simulated),
               share(c.polling, r_.simulated), share(c.standby, r_.simulated),
               share(c.idle, r_.simulated), share(c.off, r_.simulated),
               share(c.occupied(), r_.simulated)});
    }
    for (const LinkResult& l : r_.links)
        t.row({l.name, "", "", "", "", "", "", "", "", share(l.busy, r_.simulated)});
    out_ += t.text(2, style_);
    limit();
    paragraph(
        "standby: an access to a device waits for its answer. polling: looking for work where "
        "there was none. off: not started, or switched off.",
        2, Paint::dim);
}

/// Which part of the system is the narrowest, and what its time goes into.
void Page::limit() {
    const std::optional<Limit> limit = limit_of(r_);
    if (!limit)
        return;
    std::string text = fmt::format("Most occupied, without polling: {}, {} %.", limit->part,
                                   share(limit->time, r_.simulated));
    if (limit->cpu != nullptr && limit->leg != nullptr) {
        const CpuResult& cpu = *limit->cpu;
        text += fmt::format(
            " {}: {} (EL{}), {} %",
            limit->part == name_of(cpu) ? "Limiting leg" : "Longest leg of " + name_of(cpu),
            limit->leg->name, limit->leg->exception_level, share(limit->leg->time, r_.simulated));
        constexpr std::size_t further = 3;
        std::size_t n = 0;
        for (const CpuLeg& l : cpu.legs)
            if (&l != limit->leg && n++ < further)
                text += fmt::format("{} {} {} %", n == 1 ? "; then" : ",", l.name,
                                    share(l.time, r_.simulated));
        text += ".";
    }
    paragraph(text, 2);
}

/// n/d with three decimals.
std::string quotient(std::uint64_t n, std::uint64_t d) {
    if (d == 0)
        return "-";
    const std::uint64_t milli = (n * 1000 + d / 2) / d;
    return fmt::format("{}.{:03}", milli / 1000, milli % 1000);
}

void Page::captures() {
    if (r_.captures.empty())
        return;
    heading("Captures", "files of frames, for Wireshark or tshark");
    Table t({{"at"}, {"frames", Table::Align::right}, {"file"}});
    for (const CaptureResult& c : r_.captures)
        t.row({c.at, fmt::format("{}", c.frames), c.file});
    out_ += t.text(2, style_);
}

void Page::traffic() {
    if (r_.traffic.empty())
        return;
    heading("Traffic", "bytes of frames, over the time from the first frame to the last");
    using Align = Table::Align;
    Table t({{"device"},
             {"out", Align::right},
             {"Mbit/s", Align::right},
             {"in", Align::right},
             {"Mbit/s", Align::right},
             {"kicks", Align::right},
             {"interrupts", Align::right},
             {"accesses", Align::right},
             {"per frame", Align::right}});
    const auto rate = [](std::uint64_t bytes, models::Picos active) {
        const std::uint64_t us = active.value / models::Picos::us(1).value;
        return us == 0 ? std::string("-")
                       : fmt::format("{:.1f}",
                                     static_cast<double>(bytes * 8) / static_cast<double>(us));
    };
    for (const TrafficResult& d : r_.traffic)
        t.row({d.name, fmt::format("{}", d.frames_out), rate(d.bytes_out, d.active),
               fmt::format("{}", d.frames_in), rate(d.bytes_in, d.active),
               fmt::format("{}", d.kicks), fmt::format("{}", d.interrupts),
               fmt::format("{}", d.accesses()), quotient(d.accesses(), d.frames())});
    out_ += t.text(2, style_);
    paragraph(
        "out and in: handed over to and from the queues; what passed on a medium is below. "
        "accesses: to the device's registers that traffic took, kicks and two for each "
        "interrupt; each traps and is forwarded.",
        2, Paint::dim);
    Table wire(
        {{"link"}, {"frames", Align::right}, {"frames/s", Align::right}, {"Mbit/s", Align::right}});
    bool any = false;
    for (const LinkResult& l : r_.links) {
        // One frame has no rate.
        if (l.frames < 2)
            continue;
        any = true;
        wire.row({l.name, fmt::format("{}", l.frames), fmt::format("{}", l.frames_per_second()),
                  fmt::format("{:.1f}", static_cast<double>(l.bits_per_second()) / 1e6)});
    }
    if (any)
        out_ += wire.text(2, style_);
}

void Page::frames(bool failed_only) {
    const bool all = std::all_of(r_.frames.begin(), r_.frames.end(),
                                 [](const FrameHop& h) { return h.balanced(); });
    if (r_.frames.empty() || (failed_only && all))
        return;
    heading("Frames", all ? "every frame is accounted for" : "frames are missing");
    using Align = Table::Align;
    Table t({{"hop"},
             {"sent", Align::right},
             {"copied", Align::right},
             {"received", Align::right},
             {"dropped", Align::right},
             {"in flight", Align::right},
             {"cause"}});
    std::string places;
    for (const FrameHop& h : r_.frames) {
        std::string causes;
        for (const FrameHop::Cause& c : h.dropped)
            if (c.frames != 0)
                causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", c.frames, c.name);
        if (!h.balanced()) {
            const auto in = h.sent + h.copied;
            const auto out = h.received + h.lost() + h.in_flight;
            causes = fmt::format("{} {}{}{}", in > out ? in - out : out - in,
                                 in > out ? "UNACCOUNTED" : "TOO MANY", causes.empty() ? "" : ", ",
                                 causes);
        }
        t.row({h.name, fmt::format("{}", h.sent), fmt::format("{}", h.copied),
               fmt::format("{}", h.received), fmt::format("{}", h.lost()),
               fmt::format("{}", h.in_flight), causes});
        if (h.in_flight != 0)
            places += fmt::format("{}{} {} ({})", places.empty() ? "" : ", ", h.in_flight, h.place,
                                  h.name);
    }
    out_ += t.text(2, style_);
    if (!places.empty())
        paragraph(fmt::format("In flight: {}.", places), 2, Paint::dim);
}

void Page::observations(bool explain) {
    if (r_.observations.empty())
        return;
    std::uint64_t total = 0;
    std::vector<std::string> order;  // rules by their first occurrence
    for (const ObservationCount& o : r_.observations) {
        total += o.count;
        if (std::find(order.begin(), order.end(), o.rule) == order.end())
            order.push_back(o.rule);
    }
    heading("Observations", fmt::format("{}, {}", counted(order.size(), "rule", "rules"),
                                        counted(total, "occurrence", "occurrences")));
    constexpr std::size_t shown_per_rule = 5;
    for (const std::string& rule : order) {
        out_ += fmt::format("  {}\n", paint(rule, Paint::warn, style_));
        std::size_t shown = 0;
        std::uint64_t rest = 0;
        for (const ObservationCount& o : r_.observations) {
            if (o.rule != rule)
                continue;
            if (shown++ >= shown_per_rule && !explain) {
                rest += o.count;
                continue;
            }
            std::string who = fmt::format("{} ns, CPU {}", nanoseconds(o.first), o.cpu.value);
            if (!o.vm.empty())
                who += ", " + o.vm;
            if (o.count > 1)
                who = fmt::format("{} times, first at {}", o.count, who);
            paragraph(who + ": " + o.what, 4);
        }
        if (rest > 0)
            paragraph(fmt::format("and {} more (-v lists them)", rest), 4);
        if (const Rule* known = find_rule(rule)) {
            paragraph(known->meaning, 4, Paint::dim);
            paragraph("What to do: " + std::string(known->on_board), 4, Paint::dim);
        }
    }
}

void Page::diagnosis() {
    if (r_.diagnosis.empty())
        return;
    heading("Diagnosis");
    for (const std::string& d : r_.diagnosis) {
        // A line's own indentation is kept: it says what belongs to what.
        const std::size_t indent = std::min(d.find_first_not_of(' '), d.size());
        paragraph(d, 2 + std::min<std::size_t>(indent, 20));
    }
}

void Page::notes() {
    if (r_.notes.empty())
        return;
    heading("Notes");
    for (const std::string& n : r_.notes)
        paragraph(n, 2);
}

void Page::errors() {
    if (r_.errors.empty())
        return;
    heading("Errors");
    for (const std::string& e : r_.errors)
        paragraph(e, 2);
}

void Page::metrics() {
    if (r_.metrics.empty())
        return;
    heading("Metrics");
    Table t({{""}, {"", Table::Align::right}});
    for (const auto& [name, value] : r_.metrics)
        t.row({name, fmt::format("{}", value)});
    out_ += t.text(2, style_);
}

void Page::host() {
    if (r_.host.wall_ns == 0)
        return;
    const auto seconds = [](std::uint64_t ns) { return duration({ns * 1000}); };
    heading("Host");
    Table t({{""}, {"", Table::Align::right}});
    t.row({"wall time", seconds(r_.host.wall_ns)});
    t.row({"CPU time", seconds(r_.host.cpu_ns)});
    t.row({"simulated time per wall time", fmt::format("{:.4f}", r_.speed())});
    t.row({"activations of processes", fmt::format("{}", r_.host.activations)});
    for (const auto& [name, value] : r_.host.more)
        t.row({name, fmt::format("{}", value)});
    out_ += t.text(2, style_);
}

}  // namespace

bool wants_colour(int file_descriptor) {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool dumb = term != nullptr && std::string_view(term) == "dumb";
    return (no_color == nullptr || *no_color == '\0') && !dumb && ::isatty(file_descriptor) == 1;
}

std::string render(const Results& r, Detail detail, const Style& style) {
    Page page(r, style);
    page.verdict();
    page.errors();
    page.diagnosis();
    if (detail != Detail::quiet)
        page.notes();
    page.expectations(detail == Detail::quiet);
    page.frames(detail == Detail::quiet);
    if (detail != Detail::quiet) {
        page.captures();
        page.traffic();
        page.cpus();
        page.legs();
        page.observations(detail == Detail::verbose);
    }
    if (detail == Detail::verbose) {
        page.metrics();
        page.host();
    }
    return page.take();
}

}  // namespace sim
