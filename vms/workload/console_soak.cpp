// The workload console-soak: writes, reads and pauses in random order, and resets of the device at
// random moments, with buffers in flight and without. Both directions carry records (records.h), so
// that the far end and this program know what had to arrive and what a reset may have taken.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "vms/workload/pace.h"
#include "vms/workload/random.h"
#include "vms/workload/records.h"
#include "vms/workload/ticks.h"
#include "vms/workload/workload.h"

namespace vms::workload {

namespace {

constexpr std::size_t read_bytes = 4096;
/// Records handed over at once before anything is waited for, at most.
constexpr std::uint64_t longest_burst = 4;
constexpr std::uint64_t longest_pause_ns = 500'000;
/// Between the last hand-over and a reset: from well before the device has looked at it to after.
constexpr std::uint64_t longest_fuse_ns = 400'000;

std::span<const std::byte> bytes(const std::string& text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}

}  // namespace

/// One run of the workload.
class ConsoleSoak {
  public:
    ConsoleSoak(Cpu& cpu, Terminal& terminal, const Config& config, const Costs& costs,
                Counters& counters)
        : cpu_(cpu),
          terminal_(terminal),
          config_(config),
          costs_(costs),
          counters_(counters),
          random_(config.seed),
          checker_(config.stream),
          until_(ticks_at(config.until_ns, cpu.counter_frequency())) {
        plan_reset();
    }

    bool run() {
        bool good = true;
        while (good && cpu_.counter() < until_)
            good = turn();
        good = good && write_whole(text(0, true));
        while (good && !checker_.counters().ended)
            good = read() != 0 || terminal_.wait_for_input();
        checker_.finish();
        publish();
        return good && checker_.counters().errors == 0;
    }

  private:
    bool turn() {
        bool good = true;
        if (cpu_.counter() >= reset_at_ && config_.reset_every_ns != 0) {
            good = reset();
        } else {
            switch (random_.below(8)) {
                case 0:
                case 1:
                case 2:
                    good = write_whole(text(payload(), false));
                    break;
                case 3:
                    good = write_burst();
                    break;
                case 4:
                    pause(longest_pause_ns);
                    break;
                default:
                    pause(longest_pause_ns / 8);
                    break;
            }
        }
        read();
        publish();
        return good;
    }

    /// Several records without a wait; what there is no room for is written the usual way.
    bool write_burst() {
        for (std::uint64_t n = 1 + random_.below(longest_burst); n != 0; --n) {
            const std::string record = text(payload(), false);
            const std::size_t taken = submit(record);
            if (taken < record.size())
                return terminal_.write(bytes(record).subspan(taken));
        }
        return true;
    }

    /// In the middle of the device's work, or with nothing to do.
    bool reset() {
        if (random_.below(4) != 0) {
            bool room = true;
            for (std::uint64_t n = random_.below(longest_burst + 1); room && n != 0; --n) {
                const std::string record = text(payload(), false);
                room = submit(record) == record.size();
            }
            pause(longest_fuse_ns);
        }
        ++counters_.resets;
        const bool good = terminal_.restart() && terminal_.open();
        checker_.give_up(terminal_.account().discarded);
        plan_reset();
        return good;
    }

    void plan_reset() {
        const std::uint64_t mean = ticks_at(config_.reset_every_ns, cpu_.counter_frequency());
        reset_at_ = cpu_.counter() + random_.below(2 * mean);
    }

    std::uint32_t payload() {
        return static_cast<std::uint32_t>(
            random_.below(std::min<std::uint64_t>(config_.chunk, longest_payload) + 1));
    }

    std::string text(std::uint32_t length, bool last) {
        const TerminalAccount account = terminal_.account();
        const Record record{.stream = config_.stream,
                            .epoch = static_cast<std::uint32_t>(counters_.resets),
                            .number = number_++,
                            .offset = account.written,
                            .given_up = account.abandoned,
                            .length = length,
                            .last = last};
        charge_lines(record_bytes(length));
        return make_record(record, random_);
    }

    bool write_whole(const std::string& record) {
        cpu_.retire_named(costs_.call);
        ++counters_.records_sent;
        const std::uint64_t begin = cpu_.counter();
        if (!terminal_.write(bytes(record)))
            return false;
        counters_.write_ticks.add(cpu_.counter() - begin);
        return true;
    }

    std::size_t submit(const std::string& record) {
        cpu_.retire_named(costs_.call);
        ++counters_.records_sent;
        return terminal_.submit(bytes(record));
    }

    std::size_t read() {
        std::array<std::byte, read_bytes> buffer{};
        std::size_t all = 0;
        for (;;) {
            cpu_.retire_named(costs_.call);
            const std::size_t n = terminal_.read(buffer);
            if (n == 0)
                return all;
            charge_lines(n);
            for (const std::byte b : std::span{buffer}.first(n))
                checker_.put(static_cast<char>(b));
            all += n;
        }
    }

    void pause(std::uint64_t at_most_ns) { cpu_.retire_nanoseconds(random_.below(at_most_ns)); }

    void charge_lines(std::size_t n) {
        constexpr std::size_t line_bytes = 64;
        cpu_.retire_named(costs_.line,
                          static_cast<std::uint32_t>((n + line_bytes - 1) / line_bytes));
    }

    void publish() {
        const TerminalAccount account = terminal_.account();
        counters_.tx_bytes = account.written;
        counters_.rx_bytes = account.read;
        counters_.records = checker_.counters();
        counters_.mismatches = checker_.counters().errors;
        if (counters_.first_error.empty())
            counters_.first_error = checker_.first_error();
    }

    Cpu& cpu_;
    Terminal& terminal_;
    const Config& config_;
    const Costs& costs_;
    Counters& counters_;
    Random random_;
    RecordChecker checker_;
    std::uint64_t until_;         ///< tick
    std::uint64_t reset_at_ = 0;  ///< tick
    std::uint32_t number_ = 0;
};

bool Workload::console_soak(Cpu& cpu, Terminal& terminal) {
    return ConsoleSoak(cpu, terminal, config_, costs_, counters_).run();
}

}  // namespace vms::workload
