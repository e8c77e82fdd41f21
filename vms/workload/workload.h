// What a VM does with its console: the kinds of work, their configuration, and the counters that
// tell how it went. The words and defaults are those of a scenario's `workloads`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "vms/cpu.h"
#include "vms/types.h"
#include "vms/workload/crc32.h"
#include "vms/workload/terminal.h"

namespace vms::workload {

enum class Kind : std::uint8_t {
    console_echo,    ///< write `text`, then give back `lines` lines of input
    console_write,   ///< write `bytes` bytes of the pattern
    console_read,    ///< read `bytes` bytes and compare them with the pattern
    console_duplex,  ///< both at once
    idle,            ///< nothing: the CPU waits for interrupts
};

std::string_view name(Kind kind);
/// The kind of that name ("console-echo"), if there is one.
std::optional<Kind> find_kind(std::string_view name);

constexpr bool needs_terminal(Kind kind) {
    return kind != Kind::idle;
}

struct Config {
    Kind kind = Kind::idle;
    std::size_t device = 0;             ///< index into the program's devices
    std::string text;                   ///< console-echo: written first
    std::uint64_t lines = 0;            ///< console-echo: lines to give back before it is done
    std::uint64_t bytes = 0;            ///< console-write, -read, -duplex: bytes each way
    std::uint64_t chunk = 256;          ///< console-write, -duplex: bytes a write
    std::uint64_t seed = 0;             ///< of the pattern
    std::uint64_t start_ns = 0;         ///< begins no earlier (nanoseconds of the counter's time)
    std::uint64_t timer_period_ns = 0;  ///< a periodic virtual timer beside the work; 0: none
};

/// Number, extremes and sum of a quantity, in whole units of it.
struct Range {
    std::uint64_t count = 0;
    std::uint64_t min = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t max = 0;
    std::uint64_t sum = 0;

    constexpr void add(std::uint64_t v) {
        ++count;
        min = v < min ? v : min;
        max = v > max ? v : max;
        sum += v;
    }
    constexpr std::uint64_t min_or_zero() const { return count == 0 ? 0 : min; }
};

enum class State : std::uint8_t { waiting, running, succeeded, failed };

/// What the host can read of a workload at any time.
struct Counters {
    State state = State::waiting;
    std::uint64_t tx_bytes = 0;
    std::uint64_t rx_bytes = 0;
    std::uint32_t tx_crc32 = 0;
    std::uint32_t rx_crc32 = 0;
    std::uint64_t lines = 0;
    std::uint64_t mismatches = 0;  ///< received bytes that differ from the pattern
    Range write_ticks;             ///< duration of each write, counter ticks
    std::uint64_t finished_tick = 0;
};

/// Work of the program above the driver, turned into time by the core model.
struct Costs {
    Work call;  ///< one read or write, as far as the driver
    Work line;  ///< making or checking 64 bytes
    Work wake;  ///< continuing after a wait
};

/// One workload on one CPU: run() does it, the counters tell.
class Workload {
  public:
    Workload(Config config, const Costs& costs);

    /// Do the work. `terminal` is null for a device that could not be had: the work then fails.
    /// True: it succeeded.
    bool run(Cpu& cpu, Terminal* terminal);

    const Config& config() const { return config_; }
    const Counters& counters() const { return counters_; }

  private:
    bool echo(Cpu& cpu, Terminal& terminal);
    bool write_pattern(Cpu& cpu, Terminal& terminal);
    bool read_pattern(Cpu& cpu, Terminal& terminal);
    bool duplex(Cpu& cpu, Terminal& terminal);

    bool write(Cpu& cpu, Terminal& terminal, std::span<const std::byte> bytes);
    bool write_chunk(Cpu& cpu, Terminal& terminal);
    std::size_t read(Cpu& cpu, Terminal& terminal, std::span<std::byte> into);
    std::size_t read_and_check(Cpu& cpu, Terminal& terminal);
    bool wait(Cpu& cpu, Terminal& terminal);
    void wait_for_start(Cpu& cpu) const;

    Config config_;
    Costs costs_;
    Counters counters_;
    Crc32 tx_crc_;
    Crc32 rx_crc_;
};

}  // namespace vms::workload
