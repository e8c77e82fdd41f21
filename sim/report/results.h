// What a run leaves: verdict, expectations, observations, legs and metrics as plain values, so that
// every way of reporting (terminal, JSON) shows the same. Everything but `host` depends only on the
// scenario, its seed and the program.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/time.h"
#include "sim/observe/observations.h"
#include "sim/scenario/model.h"

namespace sim {

enum class Status {
    pass,         ///< every expectation holds
    fail,         ///< an expectation does not hold, or `strict` and something was observed
    error,        ///< no verdict: scenario wrong, boot checks failed, or the program failed
    stuck,        ///< somebody waits for what will never come, or a CPU crashed
    interrupted,  ///< ended by the user: results up to then
};

constexpr std::string_view name_of(Status s) {
    switch (s) {
        case Status::pass:
            return "pass";
        case Status::fail:
            return "fail";
        case Status::error:
            return "error";
        case Status::stuck:
            return "stuck";
        case Status::interrupted:
            return "interrupted";
    }
    return "error";
}

/// Exit statuses of the program.
namespace exit_status {
inline constexpr int pass = 0;
inline constexpr int fail = 1;           ///< an expectation failed
inline constexpr int wrong_input = 2;    ///< scenario or command line wrong
inline constexpr int stuck = 3;          ///< stuck or crashed
inline constexpr int interrupted = 130;  ///< 128 + SIGINT, as shells report it
/// Of several: the highest.
constexpr int worse(int x, int y) {
    return std::max(x, y);
}
}  // namespace exit_status

/// All that differs from machine to machine and from run to run.
struct HostFigures {
    std::uint64_t wall_ns = 0;
    std::uint64_t cpu_ns = 0;
    std::uint64_t activations = 0;             ///< of SystemC processes
    std::map<std::string, std::int64_t> more;  ///< further counters, by name
};

struct ExpectationResult {
    std::string metric;
    std::optional<std::int64_t> value;  ///< absent when there is no such metric
    std::string bound;                  ///< ">= 10"
    bool passed = false;
    Place place;
    std::string note;  ///< why there is no value, and which names are near
};

/// Where the figures of a leg come from (facts of the timing table).
enum class LegProvenance { measured, derived, estimate };

constexpr std::string_view name_of(LegProvenance p) {
    switch (p) {
        case LegProvenance::measured:
            return "measured";
        case LegProvenance::derived:
            return "derived";
        case LegProvenance::estimate:
            return "estimate";
    }
    return "estimate";
}

struct LegResult {
    std::string name;
    unsigned exception_level = 2;
    LegProvenance provenance = LegProvenance::estimate;
    std::uint64_t count = 0;
    std::uint64_t instructions = 0;  ///< median
    std::uint64_t mmio = 0;          ///< median
    models::Picos p50{};
    models::Picos p99{};
    models::Picos max{};
};

/// What a CPU's time went into: an operation that its software names, a leg of the hypervisor, the
/// wait of an access for its answer, or the rest of an exception level.
struct CpuLeg {
    std::string name;
    unsigned exception_level = 1;
    models::Picos time{};
};

/// Where a CPU's time went: the parts make up the simulated time.
struct CpuResult {
    unsigned cpu = 0;
    std::string vm;                       ///< empty: none
    std::array<models::Picos, 4> busy{};  ///< executing at EL0 to EL3
    models::Picos polling{};              ///< looking for work where there was none
    models::Picos standby{};              ///< at EL2: an access waits for its answer
    models::Picos idle{};                 ///< at EL1, in WFI
    models::Picos off{};                  ///< its VM has not started, or has switched it off
    std::vector<CpuLeg> legs = {};        ///< of working(), the longest first

    models::Picos executing() const { return busy[0] + busy[1] + busy[2] + busy[3]; }
    /// Without what only waits for work.
    models::Picos working() const { return executing() + standby; }
    /// Nothing else could have run on it.
    models::Picos occupied() const { return executing() + polling + standby; }
};

/// Frames on one stretch of their way. What is sent, and what is copied on the way, is received,
/// dropped for a cause that is counted, or still there at the end.
struct FrameHop {
    struct Cause {
        std::string name;
        std::uint64_t frames = 0;
    };

    std::string name;  ///< "linux0.net0 to backend"
    std::uint64_t sent = 0;
    std::uint64_t copied = 0;  ///< more than one was made of one
    std::uint64_t received = 0;
    std::uint64_t in_flight = 0;  ///< counted where they are, not what the rest leaves over
    std::vector<Cause> dropped = {};
    std::string place = {};  ///< where those in flight are: "in the receive ring"
    /// They may be there when everybody is done: nobody need fetch them any more.
    bool may_stay = false;

    std::uint64_t lost() const {
        std::uint64_t n = 0;
        for (const Cause& c : dropped)
            n += c.frames;
        return n;
    }
    /// `done`: the run is over because nothing moves any more.
    bool left_behind(bool done) const { return done && in_flight != 0 && !may_stay; }
    bool balanced() const { return sent + copied == received + lost() + in_flight; }
};

/// One direction of a link.
struct LinkResult {
    std::string name;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;  ///< of frames, without preamble, FCS and gap
    models::Picos busy{};     ///< the medium was occupied
    models::Picos active{};   ///< from the first bit of the first frame to the end of the last

    std::uint64_t frames_per_second() const { return rate(frames); }
    std::uint64_t bits_per_second() const { return rate(8 * bytes); }

  private:
    /// Rounded down; 0 while there is nothing to divide by.
    std::uint64_t rate(std::uint64_t n) const {
        constexpr double picos_per_second = 1e12;
        return active.value == 0
                   ? 0
                   : static_cast<std::uint64_t>(static_cast<double>(n) * picos_per_second /
                                                static_cast<double>(active.value));
    }
};

/// What went through a front-end's network device, and what it took of the hypervisor.
struct TrafficResult {
    std::string name;  ///< "linux0.net0"
    std::uint64_t frames_out = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t frames_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t kicks = 0;  ///< the device was told of new buffers, either queue
    std::uint64_t interrupts = 0;
    models::Picos active{};  ///< from the first to the last of its network workloads' frames

    std::uint64_t frames() const { return frames_out + frames_in; }
    /// Accesses to the device's registers that traffic took: each kick, and InterruptStatus and
    /// InterruptACK for each interrupt.
    std::uint64_t accesses() const { return kicks + 2 * interrupts; }
};

/// A capture file that the run has written.
struct CaptureResult {
    std::string at;    ///< as the scenario says: a link, or VM.DEVICE
    std::string file;  ///< relative to the current directory
    std::uint64_t frames = 0;
};

/// Name (dotted path) to value; times are nanoseconds and say so in their name ("_ns").
using Metrics = std::map<std::string, std::int64_t>;

/// A count as a metric has it.
constexpr std::int64_t number(std::uint64_t n) {
    return static_cast<std::int64_t>(n);
}

struct Results {
    Status status = Status::error;
    bool crashed = false;  ///< status error because the program failed, not the scenario
    std::string scenario;  ///< its name
    std::string file;
    std::uint64_t seed = 0;
    models::Picos simulated{};
    HostFigures host;
    std::vector<ExpectationResult> expectations;
    std::vector<ObservationCount> observations;
    std::vector<LegResult> legs;
    std::vector<CpuResult> cpus;
    std::vector<LinkResult> links;
    std::vector<FrameHop> frames;
    std::vector<TrafficResult> traffic;
    std::vector<CaptureResult> captures;
    Metrics metrics;
    std::vector<std::string> notes;      ///< what was planned and did not happen; no fault
    std::vector<std::string> diagnosis;  ///< who waits for what, since when; one statement a line
    std::vector<std::string> errors;

    /// The program's exit status after this run.
    int exit_code() const {
        switch (status) {
            case Status::pass:
                return exit_status::pass;
            case Status::fail:
                return exit_status::fail;
            case Status::error:
                return crashed ? exit_status::stuck : exit_status::wrong_input;
            case Status::stuck:
                return exit_status::stuck;
            case Status::interrupted:
                return exit_status::interrupted;
        }
        return exit_status::stuck;
    }

    /// Simulated time per time of the host; 0 when unknown.
    double speed() const {
        return host.wall_ns == 0 ? 0.0
                                 : static_cast<double>(simulated.value) / 1000.0 /
                                       static_cast<double>(host.wall_ns);
    }
};

}  // namespace sim
