// What a VM does with its devices: the kinds of work, their configuration, and the counters that
// tell how it went. The words and defaults are those of a scenario's `workloads`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vms/cpu.h"
#include "vms/types.h"
#include "vms/workload/crc32.h"
#include "vms/workload/distribution.h"
#include "vms/workload/ipc_port.h"
#include "vms/workload/net/settings.h"
#include "vms/workload/net/stack.h"
#include "vms/workload/pace.h"
#include "vms/workload/range.h"
#include "vms/workload/records.h"
#include "vms/workload/terminal.h"

namespace vms::workload {

enum class Kind : std::uint8_t {
    console_echo,    ///< write `text`, then give back `lines` lines of input
    console_write,   ///< write `bytes` bytes of the pattern
    console_read,    ///< read `bytes` bytes and compare them with the pattern
    console_duplex,  ///< both at once
    console_soak,    ///< records both ways, with resets of the device at random moments
    ipc_ping,        ///< send `count` messages to another VM, each after the answer to the last
    ipc_echo,        ///< answer `count` messages of another VM
    net_ping,        ///< send `count` echo requests and take the replies
    net_udp_echo,  ///< send `count` datagrams to an echo service, each after the answer to the last
    net_request_response,  ///< the same with several on their way, and sizes of a mix
    net_flood,             ///< send `count` datagrams as fast as they go, or at a rate
    net_sink,              ///< take `count` datagrams and check their order and content
    net_serve,             ///< answer datagrams, and whatever is answered below the sockets
    registers,             ///< read a register of a device `count` times
    idle,                  ///< nothing: the CPU waits for interrupts
};

std::string_view name(Kind kind);
/// The kind of that name ("console-echo"), if there is one.
std::optional<Kind> find_kind(std::string_view name);

constexpr bool needs_terminal(Kind kind) {
    switch (kind) {
        case Kind::console_echo:
        case Kind::console_write:
        case Kind::console_read:
        case Kind::console_duplex:
        case Kind::console_soak:
            return true;
        case Kind::ipc_ping:
        case Kind::ipc_echo:
        case Kind::net_ping:
        case Kind::net_udp_echo:
        case Kind::net_request_response:
        case Kind::net_flood:
        case Kind::net_sink:
        case Kind::net_serve:
        case Kind::registers:
        case Kind::idle:
            break;
    }
    return false;
}

/// Whether it can run on a vCPU that is not the VM's first, which has the devices' interrupts.
constexpr bool runs_on_any_vcpu(Kind kind) {
    return kind == Kind::registers || kind == Kind::idle;
}

constexpr bool needs_ipc(Kind kind) {
    return kind == Kind::ipc_ping || kind == Kind::ipc_echo;
}

constexpr bool needs_network(Kind kind) {
    switch (kind) {
        case Kind::net_ping:
        case Kind::net_udp_echo:
        case Kind::net_request_response:
        case Kind::net_flood:
        case Kind::net_sink:
        case Kind::net_serve:
            return true;
        default:
            return false;
    }
}

struct Config {
    Kind kind = Kind::idle;
    unsigned vcpu = 0;                  ///< where it runs
    GuestAddr register_address{};       ///< registers: the 32-bit register that is read
    std::size_t device = 0;             ///< index into the program's devices
    std::uint32_t port = 0;             ///< console-: of the device's terminals, by number
    std::string port_name;              ///< console-: or by name
    std::string text;                   ///< console-echo: written first
    std::uint64_t lines = 0;            ///< console-echo: lines to give back before it is done
    std::uint64_t bytes = 0;            ///< console-write, -read, -duplex: bytes each way;
                                        ///< ipc-ping: of a message
    std::uint64_t chunk = 256;          ///< console-write, -duplex: bytes a write;
                                        ///< console-soak: longest payload of a record
    std::uint64_t seed = 0;             ///< of the pattern; console-soak: of all it does
    std::uint32_t stream = 0;           ///< console-soak: of its records, both ways
    std::uint64_t until_ns = 0;         ///< console-soak: writes and resets until then
    std::uint64_t reset_every_ns = 0;   ///< console-soak: mean time between resets; 0: none
    std::size_t ipc = 0;                ///< index into the program's ipcs
    std::uint64_t doorbell = 0;         ///< index that the hypercall names: as a rule, ipc
    std::uint64_t event = 0;            ///< doorbell rung on the other side
    std::uint64_t count = 0;            ///< ipc-ping, ipc-echo: messages; registers: reads
    std::uint64_t period_ns = 0;        ///< ipc-ping, registers: from one to the next at least
    std::uint64_t start_ns = 0;         ///< begins no earlier (nanoseconds of the counter's time)
    std::uint64_t timer_period_ns = 0;  ///< a periodic virtual timer beside the work; 0: none
    net::Settings net;                  ///< net-*, with `bytes` of payload, `count`, `period_ns`
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
    std::uint64_t mismatches = 0;  ///< received bytes, or messages, that are not as expected
    Range write_ticks;             ///< duration of each write, counter ticks
    std::uint64_t messages = 0;    ///< ipc-ping: answered; ipc-echo: taken
    std::uint64_t doorbells_refused = 0;
    std::uint64_t reads = 0;        ///< registers: answered
    Distribution read_ticks;        ///< registers: duration of each read
    Distribution round_trip_ticks;  ///< ipc-ping: from before the message to after its answer
    // console-soak
    std::uint64_t resets = 0;
    std::uint64_t records_sent = 0;   ///< handed over as a whole or in part
    RecordChecker::Counters records;  ///< that arrived
    std::string first_error;
    net::Results net;
    Hindrance hindrance = Hindrance::none;  ///< console-: why it failed, as the terminal knows it
    std::uint64_t finished_tick = 0;
};

/// Work of the program above the driver, turned into time by the core model.
struct Costs {
    NamedWork call;    ///< one read or write, as far as the driver
    NamedWork line;    ///< making or checking 64 bytes
    NamedWork wake;    ///< continuing after a wait
    NamedWork access;  ///< what surrounds one access to a device register
};

/// What a workload works with; null for what it does not need or could not be had.
struct Resources {
    Terminal* terminal = nullptr;
    IpcPort* ipc = nullptr;
    net::Stack* network = nullptr;
};

/// One workload on one CPU: run() does it, the counters tell.
class Workload {
  public:
    Workload(Config config, const Costs& costs);

    /// Do the work; it fails when what it needs is missing. True: it succeeded.
    bool run(Cpu& cpu, const Resources& resources);

    const Config& config() const { return config_; }
    const Counters& counters() const { return counters_; }
    /// Of a console workload: what it waits for, or why it failed.
    Hindrance hindrance() const {
        return terminal_ != nullptr ? terminal_->hindrance() : counters_.hindrance;
    }

  private:
    bool work(Cpu& cpu, const Resources& resources);
    bool echo(Cpu& cpu, Terminal& terminal);
    bool write_pattern(Cpu& cpu, Terminal& terminal);
    bool read_pattern(Cpu& cpu, Terminal& terminal);
    bool duplex(Cpu& cpu, Terminal& terminal);
    bool console_soak(Cpu& cpu, Terminal& terminal);
    bool ipc_ping(Cpu& cpu, IpcPort& port);
    bool ipc_echo(Cpu& cpu, IpcPort& port);
    bool net_ping(Cpu& cpu, net::Stack& stack);
    bool net_request_response(Cpu& cpu, net::Stack& stack, std::uint64_t window);
    bool net_flood(Cpu& cpu, net::Stack& stack);
    bool net_sink(Cpu& cpu, net::Stack& stack);
    bool net_serve(Cpu& cpu, net::Stack& stack);
    bool read_register(Cpu& cpu);

    bool ring(Cpu& cpu, IpcPort& port);
    void charge_lines(Cpu& cpu, std::size_t bytes) const;
    bool write(Cpu& cpu, Terminal& terminal, std::span<const std::byte> bytes);
    bool write_chunk(Cpu& cpu, Terminal& terminal);
    std::size_t read(Cpu& cpu, Terminal& terminal, std::span<std::byte> into);
    std::size_t read_and_check(Cpu& cpu, Terminal& terminal);
    bool wait(Cpu& cpu, Terminal& terminal) const;
    void wait_for_start(Cpu& cpu) const;

    Config config_;
    Costs costs_;
    Counters counters_;
    const Terminal* terminal_ = nullptr;  ///< while it runs
    Crc32 tx_crc_;
    Crc32 rx_crc_;
};

}  // namespace vms::workload
