#include "sim/build/frontend_diagnosis.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"
#include "vms/abi/virtio_mmio.h"

namespace sim {

namespace {

namespace fe = vms::frontend;
namespace wl = vms::workload;
namespace status_bit = vms::abi::mmio::status_bit;

/// How far a workload has come.
std::string progress(const wl::Config& w, const wl::Counters& c) {
    if (wl::needs_ipc(w.kind)) {
        return fmt::format("{} of {} message(s), {} mismatch(es), {} doorbell(s) refused",
                           c.messages, w.count, c.mismatches, c.doorbells_refused);
    }
    if (wl::needs_network(w.kind)) {
        return fmt::format(
            "{} sent, {} refused, {} received, {} corrupt{}", c.net.sent, c.net.refused,
            c.net.received, c.net.corrupt,
            c.net.unresolved ? ", and the peer's MAC address could not be found" : "");
    }
    if (w.kind == wl::Kind::registers)
        return fmt::format("{} of {} read(s) answered", c.reads, w.count);
    if (w.kind == wl::Kind::console_soak) {
        return fmt::format("{} record(s) sent, {} received, {} reset(s), {} error(s){}{}",
                           c.records_sent, c.records.records, c.resets, c.records.errors,
                           c.first_error.empty() ? "" : ", first: ", c.first_error);
    }
    return fmt::format("{} bytes written, {} read, {} line(s), {} mismatch(es)", c.tx_bytes,
                       c.rx_bytes, c.lines, c.mismatches);
}

std::string status_text(std::uint32_t status) {
    std::vector<std::string> bits;
    for (const auto& [bit, name] : {std::pair{status_bit::acknowledge, "ACKNOWLEDGE"},
                                    std::pair{status_bit::driver, "DRIVER"},
                                    std::pair{status_bit::features_ok, "FEATURES_OK"},
                                    std::pair{status_bit::driver_ok, "DRIVER_OK"},
                                    std::pair{status_bit::needs_reset, "DEVICE_NEEDS_RESET"},
                                    std::pair{status_bit::failed, "FAILED"}})
        if ((status & bit) != 0)
            bits.emplace_back(name);
    return fmt::format("{:#x} ({})", status, list_words(bits));
}

class FrontendDiagnosis {
  public:
    FrontendDiagnosis(const VmConfig& vm, const fe::FrontendProgram& program)
        : vm_(vm), program_(program) {}

    std::vector<std::string> lines(
        const std::function<std::uint64_t(const RemioDevConfig&)>& needs_resets) {
        bool unfinished = false;
        for (std::size_t i = 0; i < program_.workloads(); ++i)
            unfinished = unfinished || program_.workload_counters(i).state != wl::State::succeeded;
        for (std::size_t i = 0; i < program_.devices(); ++i) {
            if (const fe::Fault f = program_.fault(i); f != fe::Fault::none)
                say("the driver of {} gave up: {}.", name(i), fe::name(f));
            if (unfinished)
                device(i, needs_resets);
        }
        for (std::size_t i = 0; i < program_.workloads(); ++i)
            workload(i);
        return std::move(lines_);
    }

  private:
    template <typename... Args>
    void say(fmt::format_string<Args...> text, Args&&... args) {
        lines_.push_back(fmt::format("VM {}: ", vm_.name) +
                         fmt::format(text, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void add(fmt::format_string<Args...> text, Args&&... args) {
        lines_.push_back("  " + fmt::format(text, std::forward<Args>(args)...));
    }
    const std::string& name(std::size_t device) const {
        return program_.config().devices[device].name;
    }

    void device(std::size_t i,
                const std::function<std::uint64_t(const RemioDevConfig&)>& needs_resets) {
        const fe::DeviceReport r = program_.device_report(i);
        const std::string_view profile = program_.config().profile->name;
        constexpr std::uint32_t at_work = status_bit::acknowledge | status_bit::driver |
                                          status_bit::features_ok | status_bit::driver_ok;
        if (r.status != 0 && r.status != at_work)
            say("the driver of {} has left Status at {}{}", name(i), status_text(r.status),
                (r.status & status_bit::driver_ok) != 0 && (r.status & status_bit::features_ok) == 0
                    ? std::string(": without FEATURES_OK the device refuses DRIVER_OK and stays at "
                                  "rest") +
                          (profile == "zephyr" ? "; this profile negotiates only with multiport: "
                                                 "true at the back-end."
                                               : ".")
                    : ".");
        if (r.built_queue_size != r.device_queue_size)
            say("the driver of {} has built its queues for {} buffers and does not write QueueSize "
                "(profile {}), while the device goes by {}: they index the rings differently. Give "
                "the back-end queue_size: {}.",
                name(i), r.built_queue_size, profile, r.device_queue_size, r.built_queue_size);
        if (r.transmit_stopped)
            say("the transmit queue of {} is stopped: {} descriptor(s) of {} are free, and the "
                "driver (profile {}) goes on with {}{}.",
                name(i), r.transmit_free, r.transmit_size, profile, r.transmit_needed,
                r.transmit_needed > r.transmit_size
                    ? ", more than the queue has: it stays stopped for ever. Give it a larger "
                      "queue_size or transmit_queue_size"
                    : "");
        for (const RemioDevConfig& d : vm_.remio_devs) {
            if (d.name != name(i) || d.type != RemioType::frontend)
                continue;
            if (const std::uint64_t n = needs_resets(d); n != 0)
                say("the device of {} has set DEVICE_NEEDS_RESET ({} time(s)) and does nothing "
                    "until it is reset{}.",
                    name(i), n,
                    program_.fault(i) == fe::Fault::none
                        ? fmt::format("; the driver (profile {}) has not given it up", profile)
                        : "");
        }
    }

    void workload(std::size_t i) {
        const wl::Counters& c = program_.workload_counters(i);
        if (c.state == wl::State::succeeded)
            return;
        const wl::Config& w = program_.config().workloads[i];
        const char* state = c.state == wl::State::failed    ? "has failed"
                            : c.state == wl::State::running ? "has not ended"
                                                            : "has not begun";
        say("workload {} ({}) {}: {}.", i, wl::name(w.kind), state, progress(w, c));
        // Before the driver has the device at work, only that is worth telling.
        const bool at_work = w.device < program_.devices() &&
                             (program_.device_report(w.device).status & status_bit::driver_ok) != 0;
        if (wl::needs_terminal(w.kind) && at_work)
            terminal(i, w, c.state == wl::State::failed);
        else if (wl::needs_network(w.kind))
            network(w, c);
    }

    void terminal(std::size_t i, const wl::Config& w, bool failed) {
        using wl::Hindrance;
        const std::string port =
            w.port_name.empty()
                ? fmt::format("port {} of {}", w.port, name(w.device))
                : fmt::format("the port {} of {}", quote(w.port_name), name(w.device));
        switch (program_.hindrance(i)) {
            case Hindrance::none:
                return;
            case Hindrance::no_port:
                return add("There is no {}: the driver has found {}.", port,
                           program_.ports(w.device) == 1
                               ? "one port, 0 (one port is all that there is without MULTIPORT)"
                               : fmt::format("ports 0 to {}", program_.ports(w.device) - 1));
            case Hindrance::no_name:
                return add("No port of {} has the name {}: {}.", name(w.device), quote(w.port_name),
                           names(w.device));
            case Hindrance::no_console:
                return add("No port of {} is a console, and this driver has nothing else.",
                           name(w.device));
            case Hindrance::not_added:
                return add(
                    "The device has not added {}: it waits for DEVICE_ADD (plugged: false "
                    "in the back-end's ports, or no event add).",
                    port);
            case Hindrance::not_introduced:
                return add(
                    "The device has added {} and not said what it is: it waits for "
                    "CONSOLE_PORT{}.",
                    port,
                    program_.config().profile->console.generic_ports
                        ? ", PORT_NAME or PORT_OPEN"
                        : ", as this driver has no ports but consoles");
            case Hindrance::removed:
                return add("The device has taken {} away (DEVICE_REMOVE){}.", port,
                           failed ? ", which ends who uses it" : ": it waits for DEVICE_ADD");
            case Hindrance::far_end_closed:
                return add("The far end of {} is closed: it waits for PORT_OPEN of the device.",
                           port);
            case Hindrance::hung_up:
                return add("The far end of {} was closed (PORT_OPEN 0): {}.", port,
                           failed ? "the end of file came before all that was expected"
                                  : "it waits until it is open again");
        }
    }

    std::string names(std::size_t device) const {
        std::vector<std::string> known;
        for (std::size_t n = 0; n < program_.ports(device); ++n)
            if (const fe::PortReport r = program_.port_report(device, n); !r.name.empty())
                known.push_back(fmt::format("{} (port {})", quote(r.name), n));
        return known.empty() ? "the device has named none" : "it has " + list_words(known);
    }

    void network(const wl::Config& w, const wl::Counters& c) {
        if (const auto hop = program_.unanswered(w.device); hop && c.state != wl::State::waiting) {
            const bool four = std::holds_alternative<wl::packets::Ipv4Address>(*hop);
            add("No answer to {} for {}{}.", four ? "ARP" : "neighbour solicitations",
                wl::packets::text(*hop),
                *hop == w.net.peer
                    ? ""
                    : fmt::format(", the gateway to {}", wl::packets::text(w.net.peer)));
        }
        const wl::net::StackCounters* stack = program_.stack_counters(w.device);
        if (stack != nullptr && stack->tx_too_long != 0)
            add("{} packet(s) were too long for the MTU of {}, {} bytes, and are not fragmented: "
                "write fewer bytes, or raise the back-end's mtu. IPv6 needs 1280 (RFC 8200, 5), "
                "also "
                "for finding a neighbour.",
                stack->tx_too_long, name(w.device), program_.device_report(w.device).mtu);
    }

    const VmConfig& vm_;
    const fe::FrontendProgram& program_;
    std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> describe_frontend(
    const VmConfig& vm, const fe::FrontendProgram& program,
    const std::function<std::uint64_t(const RemioDevConfig&)>& needs_resets) {
    return FrontendDiagnosis(vm, program).lines(needs_resets);
}

}  // namespace sim
