// One run: build, simulate until everything is done or nothing more can happen, judge.
#include "sim/build/runner.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <memory>
#include <optional>
#include <systemc>
#include <utility>

#include <fmt/format.h>

#include "models/bao/legs.h"
#include "models/base/wake_timer.h"
#include "sim/build/backend_incidents.h"
#include "sim/build/configuration.h"
#include "sim/build/cpu_load.h"
#include "sim/build/diagnosis.h"
#include "sim/build/frame_account.h"
#include "sim/build/frame_capture.h"
#include "sim/build/input_loss.h"
#include "sim/build/net_software.h"
#include "sim/build/planned.h"
#include "sim/build/platform.h"
#include "sim/build/run_end.h"
#include "sim/build/software.h"
#include "sim/observe/histogram.h"
#include "sim/observe/observations.h"
#include "sim/observe/sink.h"
#include "sim/observe/statistics.h"
#include "sim/observe/trace.h"
#include "sim/report/collect.h"
#include "sim/report/expectations.h"
#include "sim/report/interrupt_flag.h"

namespace sim {

namespace {

using models::Picos;
namespace bao = models::bao;

/// Duration and EL2 instructions of whole accesses, reads and writes apart.
struct AccessStatistics {
    static constexpr std::size_t exact_instructions = 16'384;
    Histogram duration;
    ExactCounts<exact_instructions> instructions;
};

/// Ends a run that waits for an answer for longer than the watchdog allows. It is armed only while
/// something waits, so that a system with nothing left to do is seen as such.
class Watchdog final : public sc_core::sc_module {
  public:
    Watchdog(sc_core::sc_module_name name, bao::Hypervisor& h, models::Timeline& timeline,
             Picos limit, std::function<void()> expired)
        : sc_module(name), h_(h), limit_(limit), expired_(std::move(expired)) {
        sc_core::sc_spawn_options options;
        options.spawn_method();
        options.dont_initialize();
        options.set_sensitivity(&check_.event());
        sc_core::sc_spawn([this] { check(); }, "check", &options);
        timeline.add_device(check_.planned());
        h_.on_wait([this, &timeline] {
            if (check_.planned() != Picos::never())
                return;
            arm();
            timeline.forget();
        });
    }

    /// The run is over: what is left to happen is the machine's.
    void stand_down() { check_.plan(Picos::never()); }

  private:
    void arm() { check_.plan(h_.oldest_wait() + limit_); }
    void check() {
        check_.fired();
        const Picos oldest = h_.oldest_wait();
        if (oldest == Picos::never())
            return;
        const Picos now = models::kernel_now();
        if (oldest + limit_ <= now) {
            expired_();
            return;
        }
        arm();
    }

    bao::Hypervisor& h_;
    Picos limit_;
    std::function<void()> expired_;
    models::WakeTimer check_;
};

LegProvenance provenance(bao::Leg leg, const Scenario& s) {
    // The resume legs were measured from the return of a firmware call; with a plain WFI they are
    // derived. Registers without a row of their own are charged as a similar one.
    switch (leg) {
        case bao::Leg::fe_rd_4b:
        case bao::Leg::fe_wr_4b:
        case bao::Leg::fe_4b_2msgs:
            return s.platform.firmware_standby ? LegProvenance::measured : LegProvenance::derived;
        case bao::Leg::gicd_other_rd:
        case bao::Leg::gicd_other_wr:
        // Measured for a byte; a word covers four interrupts.
        case bao::Leg::gicd_prio_rd:
        case bao::Leg::gicd_prio_wr:
        // Measured without a change of the enable bit, which takes two accesses more.
        case bao::Leg::gicd_ctlr_wr:
        case bao::Leg::irq_several:
        case bao::Leg::spin:
            return LegProvenance::derived;
        default:
            return LegProvenance::measured;
    }
}

/// What a far end that talks in records has sent and checked; nothing of another.
void add_record_metrics(Metrics& m, const std::string& p, const RecordEnds& ends) {
    if (ends.sink == nullptr)
        return;
    const auto& r = ends.sink->checker().counters();
    const auto put = [&](const char* name, std::uint64_t v) {
        m[p + "records." + name] = static_cast<std::int64_t>(v);
    };
    put("received", r.records);
    put("torn", r.torn);
    put("gaps", r.gaps);
    put("lost_bytes", r.lost_bytes);
    put("stream_bytes", r.stream_bytes);
    put("errors", r.errors);
    put("ended", r.ended ? 1 : 0);
    put("sent", ends.input->sent_records());
    put("sent_bytes", ends.input->sent_bytes());
}

std::uint64_t cpu_time_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(t.tv_nsec);
}

/// What was observed, for a run that it may explain.
std::vector<std::string> describe_observed(const Results& r) {
    constexpr std::size_t most = 20;
    std::vector<std::string> lines;
    for (const ObservationCount& o : r.observations) {
        if (lines.size() == most) {
            lines.push_back(fmt::format("And {} more observations, in the section of that name.",
                                        r.observations.size() - most));
            break;
        }
        lines.push_back(
            fmt::format("Observed on VM {}, CPU {} ({}): {}.", o.vm, o.cpu.value, o.rule, o.what));
    }
    return lines;
}

enum class End { none, done, stuck, crashed, interrupted, given_up };

class Run {
  public:
    Run(const Scenario& s, const RunOptions& o) : s_(s), options_(o) {}
    Results operator()();

  private:
    void attach_sinks();
    void wire();
    void simulate();
    void observe_silence(Picos at) const;
    void stop(End why);
    void collect();
    void add_diagnosis(std::vector<std::string> lines);
    void decide();

    const Scenario& s_;
    const RunOptions& options_;
    Results results_;
    models::ProbeHub hub_;
    Statistics statistics_;
    Observations observations_;
    std::optional<Trace> trace_;
    std::optional<FrameCapture> frame_capture_;
    Fanout observation_sinks_;
    AccessStatistics reads_;
    AccessStatistics writes_;
    std::unique_ptr<Software> software_;
    std::unique_ptr<Platform> platform_;
    std::unique_ptr<Watchdog> watchdog_;
    std::unique_ptr<RunEnd> run_end_;
    std::unique_ptr<BackendIncidents> incidents_;
    std::unique_ptr<InputLoss> input_loss_;
    End end_ = End::none;
    Picos ended_at_{};
    bool overdue_ = false;  ///< the watchdog's time was over
    bool at_rest_ = false;  ///< nothing was left that could happen
};

void Run::attach_sinks() {
    hub_.legs = &statistics_;
    observation_sinks_.add(observations_);
    if (!options_.trace_file.empty()) {
        trace_.emplace(options_.trace_file, [] { return models::kernel_now(); });
        hub_.events = &*trace_;
        observation_sinks_.add(*trace_);
    }
    hub_.observations = &observation_sinks_;
}

void Run::stop(End why) {
    if (end_ != End::none)
        return;
    end_ = why;
    sc_core::sc_stop();
}

void Run::wire() {
    bao::Hypervisor& h = platform_->hypervisor();
    h.set_programs([this](const bao::VmConfig& vm, unsigned vcpu) -> vms::Program& {
        const auto& all = platform_->config().vmlist;
        const auto i = static_cast<std::size_t>(
            std::find_if(all.begin(), all.end(),
                         [&](const bao::VmConfig& c) { return c.name == vm.name; }) -
            all.begin());
        return software_->program(i, vcpu);
    });
    h.remio().on_access([this](const bao::Remio::Access& a) {
        AccessStatistics& x = a.write ? writes_ : reads_;
        x.duration.record((a.end - a.begin).value);
        x.instructions.record(a.el2_instructions);
    });
    run_end_ = std::make_unique<RunEnd>("run_end", *software_, *platform_, [this](RunEnd::Why why) {
        stop(why == RunEnd::Why::done ? End::done : End::crashed);
    });
    h.on_power_down([this] { run_end_->look(); });
    h.on_crash([this] { run_end_->crashed(); });
    platform_->activity().on_idle([this] { run_end_->nothing_on_the_way(); });
    incidents_ = std::make_unique<BackendIncidents>(s_, hub_);
    input_loss_ = std::make_unique<InputLoss>(s_, *software_, *platform_, hub_);
    for (const auto& c : platform_->cores()) {
        c->on_idle([this, core = c.get()] {
            input_loss_->idle(*core);
            run_end_->look();
        });
        c->on_incident([this, core = c.get()](std::uint64_t a, std::uint64_t b) {
            incidents_->note(core->now(), core->id(), a, b);
        });
    }
    platform_->timeline().set_horizon(s_.duration);
    platform_->timeline().on_poll([this] {
        if (interrupted())
            stop(End::interrupted);
        if (options_.given_up && options_.given_up())
            stop(End::given_up);
        if (options_.progress)
            options_.progress({models::kernel_now(), s_.duration});
        return end_ == End::interrupted || end_ == End::given_up;
    });
    watchdog_ =
        std::make_unique<Watchdog>("watchdog", h, platform_->timeline(), s_.watchdog, [this] {
            overdue_ = true;
            stop(End::stuck);
        });
}

void Run::simulate() {
    sc_core::sc_start(s_.duration.sc(), sc_core::SC_EXIT_ON_STARVATION);
    ended_at_ = models::kernel_now();
    watchdog_->stand_down();
    const bool more_to_come = sc_core::sc_pending_activity();
    if (interrupted() && end_ == End::none)
        end_ = End::interrupted;
    // Nothing is left that could happen, and somebody still waits.
    if (end_ == End::none && !more_to_come && software_->unfinished() != 0)
        end_ = End::stuck;
    if (end_ == End::none && more_to_come) {
        ended_at_ = s_.duration;  // events beyond it stay where they are
        // What is planned for later is nobody's answer.
        if (platform_->hypervisor().oldest_wait() != Picos::never() &&
            !platform_->timeline().any_cpu_due())
            end_ = End::stuck;
    } else if (!more_to_come && (end_ == End::none || end_ == End::stuck)) {
        at_rest_ = true;
        ended_at_ = std::min(run_end_->at_rest_since(), s_.duration);
    }
    for (const auto& l : platform_->serial_lines()) {
        l->finish(ended_at_);
        if (const std::error_code e = l->channel.finish()) {
            results_.errors.push_back(fmt::format("{}: output '{}': {}", l->config->name,
                                                  l->config->output, e.message()));
        }
    }
    platform_->network().finish(results_);
    frame_capture_->finish(results_);
    // Not before what the trace has written already.
    const Picos written = std::max(ended_at_, models::kernel_now());
    input_loss_->finish(written);
    if (end_ == End::stuck)
        observe_silence(written);
}

/// Accesses that no back-end has answered when the run was found to be stuck.
void Run::observe_silence(Picos at) const {
    const bao::Hypervisor& h = platform_->hypervisor();
    for (const bao::Remio::Request& r : h.remio().requests()) {
        const bao::Remio::Device* d = h.remio().find(r.bind_key);
        if (!r.allocated || r.state == bao::Remio::State::complete || d == nullptr)
            continue;
        hub_.observe({at, r.cpu, "remio.silent-backend", h.vms()[d->frontend.vm_id]->config->name,
                      fmt::format("an access to {} has no answer: Bao waits for it without limit",
                                  d->frontend.name)});
    }
}

void Run::collect() {
    for (std::size_t i = 0; i < bao::leg_count; ++i) {
        const auto leg = static_cast<bao::Leg>(i);
        const bao::LegInfo& info = bao::leg_info(leg);
        add_leg(results_, statistics_,
                {static_cast<std::uint16_t>(i), std::string(info.name), "", info.exception_level,
                 provenance(leg, s_)});
    }
    add_observations(results_, observations_);
    Metrics& m = results_.metrics;
    const auto access = [&](const char* kind, const AccessStatistics& x) {
        const std::string p = fmt::format("bao.access.{}.", kind);
        const auto put = [&](const char* name, std::uint64_t v) {
            m[p + name] = static_cast<std::int64_t>(v);
        };
        put("count", x.duration.count());
        put("el2_instructions", x.instructions.count() == 0 ? 0 : x.instructions.median());
        const auto put_time = [&](const char* name, std::uint64_t ps) {
            m[p + name] = whole_nanoseconds(Picos{ps});
        };
        put_time("p50_ns", x.duration.quantile(Quantile::percent(50)));
        put_time("p99_ns", x.duration.quantile(Quantile::percent(99)));
        put_time("max_ns", x.duration.max());
    };
    access("read", reads_);
    access("write", writes_);
    for (const auto& l : platform_->serial_lines()) {
        const models::SerialCounters c = l->channel.counters();
        const std::string p = "uarts." + l->config->name + ".";
        m[p + "tx_bytes"] = static_cast<std::int64_t>(c.tx_bytes);
        m[p + "tx_lost"] = static_cast<std::int64_t>(c.tx_lost);
        m[p + "tx_crc32"] = c.tx_hash;
        m[p + "tx_framing_errors"] = static_cast<std::int64_t>(c.tx_framing_errors);
        m[p + "rx_bytes"] = static_cast<std::int64_t>(c.rx_bytes);
        m[p + "rx_lost"] = static_cast<std::int64_t>(c.rx_lost);
        m[p + "rx_overruns"] = static_cast<std::int64_t>(c.rx_overruns);
        m[p + "rx_crc32"] = c.rx_hash;
        m[p + "rx_framing_errors"] = static_cast<std::int64_t>(c.rx_framing_errors);
        for (std::size_t i = 0; l->demux != nullptr && i < l->demux->channels(); ++i) {
            const models::SerialCounters k = l->demux->channel(i).counters();
            const std::string q = fmt::format("{}channels.{}.", p, l->config->channels[i].name);
            m[q + "tx_bytes"] = static_cast<std::int64_t>(k.tx_bytes);
            m[q + "tx_crc32"] = k.tx_hash;
            m[q + "rx_bytes"] = static_cast<std::int64_t>(k.rx_bytes);
            m[q + "rx_crc32"] = k.rx_hash;
            add_record_metrics(m, q, l->channel_records[i]);
        }
        add_record_metrics(m, p, l->records);
    }
    for (const bao::Remio::Device& d : platform_->hypervisor().remio().devices()) {
        const std::string p = fmt::format("bao.devices.{}.", d.bind_key);
        m[p + "asked"] = static_cast<std::int64_t>(d.asked);
        m[p + "answered"] = static_cast<std::int64_t>(d.answered);
        m[p + "notified"] = static_cast<std::int64_t>(d.notified);
    }
    add_cpu_load(results_, *platform_, *software_, statistics_, ended_at_);
    software_->add_metrics(m, s_);
    for (std::size_t i = 0; i < s_.vms.size(); ++i)
        if (const vms::frontend::FrontendProgram* p = software_->frontend(i))
            add_traffic(results_.traffic, s_.vms[i].name, s_.platform.counter_hz, *p);
    for (const TrafficResult& t : results_.traffic) {
        const std::string p = fmt::format("traffic.{}.", t.name);
        m[p + "accesses"] = static_cast<std::int64_t>(t.accesses());
        m[p + "accesses_per_1000_frames"] =
            static_cast<std::int64_t>(t.frames() == 0 ? 0 : t.accesses() * 1000 / t.frames());
    }
    platform_->network().add_results(results_);
    add_frame_account(results_, s_, *software_, platform_->network());
    m["run.simulated_ns"] = static_cast<std::int64_t>(results_.simulated.value / 1000);
}

void Run::add_diagnosis(std::vector<std::string> lines) {
    std::move(lines.begin(), lines.end(), std::back_inserter(results_.diagnosis));
}

void Run::decide() {
    const std::vector<std::string> frame_faults = sim::frame_faults(results_, end_ == End::done);
    switch (end_) {
        case End::interrupted:
            results_.status = Status::interrupted;
            results_.diagnosis = describe_cpus(*platform_, ended_at_, false);
            add_diagnosis(diagnose(*platform_, ended_at_));
            add_diagnosis(software_->describe_unfinished());
            add_diagnosis(frame_faults);
            judge(results_, s_);
            return;
        case End::crashed:
        case End::stuck:
            results_.status = Status::stuck;
            results_.diagnosis = diagnose(*platform_, ended_at_);
            add_diagnosis(describe_cpus(*platform_, ended_at_, true));
            if (overdue_)
                add_diagnosis(
                    {fmt::format("An access has waited for longer than the watchdog "
                                 "allows ({} us); where that is right, give watchdog "
                                 "more time.",
                                 s_.watchdog.value / Picos::us(1).value)});
            if (at_rest_)
                add_diagnosis(
                    {"Since then nothing more can happen: nobody waits for a time, and "
                     "nothing is on its way."});
            add_diagnosis(software_->describe_unfinished());
            add_diagnosis(describe_observed(results_));
            add_diagnosis(frame_faults);
            judge(results_, s_);
            return;
        case End::given_up:
            results_.status = Status::error;
            results_.errors.push_back("given up: its output could no longer be written");
            return;
        case End::none:
        case End::done:
            break;
    }
    results_.status = Status::pass;
    results_.diagnosis = software_->describe_unfinished();
    add_diagnosis(describe_unsent(platform_->network()));
    if (software_->unfinished() != 0)
        add_diagnosis(diagnose(*platform_, ended_at_));
    judge(results_, s_);
    if (!frame_faults.empty())
        results_.status = Status::fail;
    add_diagnosis(frame_faults);
    // A scenario that expects nothing of its own expects its workloads and senders to end well.
    if (s_.expect.empty() && !results_.diagnosis.empty())
        results_.status = Status::fail;
    if (results_.status == Status::fail)
        add_diagnosis(describe_observed(results_));
}

Results Run::operator()() {
    results_.scenario = s_.name;
    results_.file = s_.file;
    results_.seed = s_.seed;
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t cpu_begin = cpu_time_ns();
    // The kernel's banner would go to standard output.
    ::setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DO_NOTHING);

    // Before any output is opened, and so emptied.
    results_.errors = boot_problems(s_);
    if (!results_.errors.empty())
        return results_;
    attach_sinks();
    if (trace_ && !trace_->error().empty()) {
        results_.errors.push_back(trace_->error());
        return results_;
    }
    frame_capture_.emplace(s_, results_.errors);
    if (frame_capture_->wanted())
        hub_.frames = &*frame_capture_;
    software_ = std::make_unique<Software>(s_);
    platform_ = std::make_unique<Platform>(s_, hub_, options_.serial);
    results_.errors.insert(results_.errors.end(), platform_->errors().begin(),
                           platform_->errors().end());
    if (!results_.errors.empty())
        return results_;
    if (const auto e = platform_->hypervisor().boot()) {
        results_.errors.push_back(boot_error_text(s_, *e));
        return results_;
    }
    platform_->network().attach(s_, platform_->hypervisor());
    wire();
    simulate();

    results_.simulated = ended_at_;
    collect();
    results_.notes = describe_unreached(s_, ended_at_);
    decide();
    if (trace_) {
        if (const std::string& e = trace_->finish(); !e.empty())
            results_.errors.push_back(e);
        if (trace_->late() != 0)
            results_.errors.push_back(fmt::format(
                "the trace is out of order: {} event(s) came after later ones had been written: a "
                "fault of this program",
                trace_->late()));
    }
    // An output that could not be written leaves no verdict.
    if (!results_.errors.empty() &&
        (results_.status == Status::pass || results_.status == Status::fail))
        results_.status = Status::error;
    results_.host.wall_ns =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                       std::chrono::steady_clock::now() - begin)
                                       .count());
    results_.host.cpu_ns = cpu_time_ns() - cpu_begin;
    results_.host.activations = platform_->timeline().activations;
    results_.host.more["instructions"] = static_cast<std::int64_t>(platform_->instructions());
    return results_;
}

}  // namespace

Results run(const Scenario& scenario, const RunOptions& options) {
    return Run(scenario, options)();
}

}  // namespace sim
