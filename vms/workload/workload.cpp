#include "vms/workload/workload.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "vms/workload/pattern.h"
#include "vms/workload/ticks.h"

namespace vms::workload {

namespace {

struct KindName {
    Kind kind;
    std::string_view name;
};

constexpr std::array kind_names{
    KindName{Kind::console_echo, "console-echo"},
    KindName{Kind::console_write, "console-write"},
    KindName{Kind::console_read, "console-read"},
    KindName{Kind::console_duplex, "console-duplex"},
    KindName{Kind::console_soak, "console-soak"},
    KindName{Kind::ipc_ping, "ipc-ping"},
    KindName{Kind::ipc_echo, "ipc-echo"},
    KindName{Kind::net_ping, "net-ping"},
    KindName{Kind::net_udp_echo, "net-udp-echo"},
    KindName{Kind::net_request_response, "net-request-response"},
    KindName{Kind::net_flood, "net-flood"},
    KindName{Kind::net_sink, "net-sink"},
    KindName{Kind::net_serve, "net-serve"},
    KindName{Kind::registers, "registers"},
    KindName{Kind::idle, "idle"},
};

/// Bytes asked for by one read, as a program with a page of buffer would.
constexpr std::size_t read_bytes = 4096;

/// Bytes of memory that Costs::line stands for.
constexpr std::size_t line_bytes = 64;

constexpr std::uint32_t lines_of(std::size_t bytes) {
    return static_cast<std::uint32_t>((bytes + line_bytes - 1) / line_bytes);
}

}  // namespace

std::string_view name(Kind kind) {
    for (const KindName& k : kind_names)
        if (k.kind == kind)
            return k.name;
    return {};
}

std::optional<Kind> find_kind(std::string_view name) {
    for (const KindName& k : kind_names)
        if (k.name == name)
            return k.kind;
    return std::nullopt;
}

Workload::Workload(Config config, const Costs& costs) : config_(std::move(config)), costs_(costs) {
}

bool Workload::run(Cpu& cpu, const Resources& resources) {
    const bool talks = needs_terminal(config_.kind);
    const bool equipped = (!talks || resources.terminal != nullptr) &&
                          (!needs_ipc(config_.kind) || resources.ipc != nullptr) &&
                          (!needs_network(config_.kind) || resources.network != nullptr);
    bool success = false;
    if (equipped) {
        wait_for_start(cpu);
        counters_.state = State::running;
        terminal_ = talks ? resources.terminal : nullptr;
        success = (!talks || resources.terminal->open()) && work(cpu, resources);
        if (talks) {
            if (!success)
                counters_.hindrance = resources.terminal->hindrance();
            terminal_ = nullptr;
            resources.terminal->close();
        }
    }
    counters_.finished_tick = cpu.counter();
    counters_.state = success ? State::succeeded : State::failed;
    return success;
}

bool Workload::work(Cpu& cpu, const Resources& r) {
    switch (config_.kind) {
        case Kind::console_echo:
            return echo(cpu, *r.terminal);
        case Kind::console_write:
            return write_pattern(cpu, *r.terminal);
        case Kind::console_read:
            return read_pattern(cpu, *r.terminal);
        case Kind::console_duplex:
            return duplex(cpu, *r.terminal);
        case Kind::console_soak:
            return console_soak(cpu, *r.terminal);
        case Kind::ipc_ping:
            return ipc_ping(cpu, *r.ipc);
        case Kind::ipc_echo:
            return ipc_echo(cpu, *r.ipc);
        case Kind::net_ping:
            return net_ping(cpu, *r.network);
        case Kind::net_udp_echo:
            return net_request_response(cpu, *r.network, 1);
        case Kind::net_request_response:
            return net_request_response(cpu, *r.network, config_.net.window);
        case Kind::net_flood:
            return net_flood(cpu, *r.network);
        case Kind::net_sink:
            return net_sink(cpu, *r.network);
        case Kind::net_serve:
            return net_serve(cpu, *r.network);
        case Kind::registers:
            return read_register(cpu);
        case Kind::idle:
            return true;
    }
    return false;
}

bool Workload::echo(Cpu& cpu, Terminal& terminal) {
    if (!config_.text.empty() &&
        !write(cpu, terminal, std::as_bytes(std::span{config_.text.data(), config_.text.size()})))
        return false;

    // A byte at a time into the line, so that what follows the last line stays in the terminal's
    // hands only as far as one read took it.
    std::vector<std::byte> line;
    std::vector<std::byte> input(read_bytes);
    while (counters_.lines < config_.lines) {
        const std::size_t n = read(cpu, terminal, input);
        if (n == 0) {
            if (!wait(cpu, terminal))
                return false;
            continue;
        }
        for (const std::byte b : std::span{input}.first(n)) {
            line.push_back(b);
            if (b != std::byte{'\n'} || counters_.lines == config_.lines)
                continue;
            if (!write(cpu, terminal, line))
                return false;
            line.clear();
            ++counters_.lines;
        }
    }
    return true;
}

bool Workload::write_pattern(Cpu& cpu, Terminal& terminal) {
    while (counters_.tx_bytes < config_.bytes)
        if (!write_chunk(cpu, terminal))
            return false;
    return true;
}

bool Workload::read_pattern(Cpu& cpu, Terminal& terminal) {
    while (counters_.rx_bytes < config_.bytes)
        if (read_and_check(cpu, terminal) == 0 && !wait(cpu, terminal))
            return false;
    return counters_.mismatches == 0;
}

bool Workload::duplex(Cpu& cpu, Terminal& terminal) {
    while (counters_.tx_bytes < config_.bytes) {
        if (!write_chunk(cpu, terminal))
            return false;
        while (counters_.rx_bytes < config_.bytes && read_and_check(cpu, terminal) != 0) {
        }
    }
    return read_pattern(cpu, terminal);
}

bool Workload::read_register(Cpu& cpu) {
    Pace pace(cpu, config_.period_ns);
    while (counters_.reads < config_.count) {
        pace.wait(cpu);
        cpu.retire_named(costs_.access);
        const std::uint64_t begin = cpu.counter();
        cpu.load(config_.register_address, Width::word);
        counters_.read_ticks.add(cpu.counter() - begin);
        ++counters_.reads;
    }
    return true;
}

bool Workload::write(Cpu& cpu, Terminal& terminal, std::span<const std::byte> bytes) {
    cpu.retire_named(costs_.call);
    const std::uint64_t begin = cpu.counter();
    if (!terminal.write(bytes))
        return false;
    counters_.write_ticks.add(cpu.counter() - begin);
    tx_crc_.update(bytes);
    counters_.tx_bytes += bytes.size();
    counters_.tx_crc32 = tx_crc_.value();
    return true;
}

bool Workload::write_chunk(Cpu& cpu, Terminal& terminal) {
    const std::uint64_t left = config_.bytes - counters_.tx_bytes;
    const std::uint64_t chunk = std::max<std::uint64_t>(config_.chunk, 1);
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::min(left, chunk)));
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(pattern_byte(config_.seed, counters_.tx_bytes + i));
    charge_lines(cpu, bytes.size());
    return write(cpu, terminal, bytes);
}

std::size_t Workload::read(Cpu& cpu, Terminal& terminal, std::span<std::byte> into) {
    cpu.retire_named(costs_.call);
    const std::size_t n = terminal.read(into);
    rx_crc_.update(into.first(n));
    counters_.rx_bytes += n;
    counters_.rx_crc32 = rx_crc_.value();
    return n;
}

std::size_t Workload::read_and_check(Cpu& cpu, Terminal& terminal) {
    // Not cleared: read() says how much of it is filled.
    std::array<std::byte, read_bytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const std::uint64_t at = counters_.rx_bytes;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(config_.bytes - at, buffer.size()));
    const std::size_t n = read(cpu, terminal, std::span{buffer}.first(wanted));
    for (std::size_t i = 0; i < n; ++i)
        if (buffer[i] != static_cast<std::byte>(pattern_byte(config_.seed, at + i)))
            ++counters_.mismatches;
    charge_lines(cpu, n);
    return n;
}

bool Workload::wait(Cpu& cpu, Terminal& terminal) const {
    if (!terminal.wait_for_input())
        return false;
    cpu.retire_named(costs_.wake);
    return true;
}

void Workload::charge_lines(Cpu& cpu, std::size_t bytes) const {
    if (bytes != 0)
        cpu.retire_named(costs_.line, lines_of(bytes));
}

void Workload::wait_for_start(Cpu& cpu) const {
    wait_for_tick(cpu, ticks_at(config_.start_ns, cpu.counter_frequency()));
}

}  // namespace vms::workload
