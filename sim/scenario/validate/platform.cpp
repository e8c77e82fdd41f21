// The hardware that a scenario describes: the GIC's figures, memory, serial lines, each by itself.
#include <algorithm>
#include <map>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

/// The rate nearest to `wanted` that a Cadence UART gives: clock / (CD * (BDIV + 1)), CD from 1 to
/// 65535, BDIV from 4 to 255 (UG1087, Baud_rate_gen_reg0 and Baud_rate_divider_reg0), with MR.CLKS
/// selecting the clock as it is.
std::uint64_t cadence_baud(std::uint64_t clock_hz, std::uint64_t wanted) {
    std::uint64_t best = 0;
    for (std::uint64_t divider = 5; divider <= 256; ++divider) {
        const std::uint64_t step = wanted * divider;
        const std::uint64_t generator =
            std::clamp<std::uint64_t>((clock_hz + step / 2) / step, 1, 65535);
        const std::uint64_t rate = clock_hz / (generator * divider);
        const auto off = [&](std::uint64_t r) { return r > wanted ? r - wanted : wanted - r; };
        if (off(rate) < off(best))
            best = rate;
    }
    return best;
}

/// The same for a PL011: 4 * clock / divisor in 64ths, from 1 to 65535 (DDI 0183, 3.3.6).
std::uint64_t pl011_baud(std::uint64_t clock_hz, std::uint64_t wanted) {
    const std::uint64_t divisor = std::clamp<std::uint64_t>((4 * clock_hz + wanted / 2) / wanted,
                                                            64, std::uint64_t{65535} * 64);
    return 4 * clock_hz / divisor;
}

class PlatformChecks : private Checks {
  public:
    explicit PlatformChecks(const Checks& c) : Checks(c) {}

    void run() {
        const Value& p = values_["platform"];
        const unsigned lines = s_.platform.gic.interrupt_lines;
        if (lines % 32 != 0)
            error(p["gic"]["interrupt_lines"].place,
                  "found {}; GICD_TYPER counts in blocks of 32: write a multiple of 32", lines);
        if (s_.platform.gic.maintenance.value == virtual_timer)
            error(p["gic"]["maintenance"].place,
                  "found {}, the interrupt of the virtual timer; write another from 25 to 31",
                  virtual_timer);
        for (const char* key : {"gicd", "gicc", "gich", "gicv"})
            aligned(p["gic"][key], p["gic"][key].u64());
        for (const char* key : {"gicd", "gicc"})
            aligned(p["guest_gic"][key], p["guest_gic"][key].u64());
        for (const Value& r : p["ram"].items)
            for (const char* key : {"base", "size"})
                aligned(r[key], r[key].u64());
        if (s_.platform.ram.empty())
            error(p["ram"].place, "found no memory; write at least one entry of base and size");
        for (std::size_t i = 0; i < s_.platform.uarts.size(); ++i) {
            const UartConfig& u = s_.platform.uarts[i];
            const Value& v = p["uarts"].items[i];
            for (const char* key : {"base", "size"})
                aligned(v[key], v[key].u64());
            baud(u, v["baud"].given ? v["baud"] : v);
            wired(u.interrupt, v["interrupt"].place);
            shared_line(u, v);
            const int sources = (u.input.empty() ? 0 : 1) + (u.pattern ? 1 : 0) +
                                (u.input_file.empty() ? 0 : 1) + (u.records ? 1 : 0);
            if (sources > 1)
                error(u.place,
                      "found more than one of input, pattern, input_file and records; a line has "
                      "one source of bytes: keep one");
            for (const Value& typed : v["input"].items)
                if (typed["text"].text.empty())
                    error(typed["text"].place,
                          "found an empty text; write what is typed, or take "
                          "the entry out");
            output(u.output, u.records.has_value(), v["output"]);
        }
        for (std::size_t i = 0; i < s_.platform.nics.size(); ++i)
            nic(s_.platform.nics[i], p["nics"].items[i]);
    }

  private:
    void shared_line(const UartConfig& u, const Value& v) {
        if (u.mux == SerialMux::none) {
            if (!u.channels.empty())
                error(v["channels"].place,
                      "only a line with mux has channels; write mux: framed or mux: prefixed, or "
                      "take this key out");
            return;
        }
        if (u.channels.empty())
            error(v["mux"].place,
                  "a line that several ports share has channels; give it channels, "
                  "such as channels: {{shell: {{}}}}");
        for (const char* key : {"input", "pattern", "input_file", "records"})
            if (v[key].given)
                error(v[key].place,
                      "this line has mux, so that its channels have far ends of their "
                      "own; write this key there");
        std::map<unsigned, Place> numbers;
        for (std::size_t i = 0; i < u.channels.size(); ++i) {
            const SerialChannelConfig& c = u.channels[i];
            const Value& value = v["channels"].items[i];
            if (u.mux == SerialMux::prefixed && value["number"].given)
                error(value["number"].place,
                      "channels of a prefixed line are told apart by their "
                      "names; take this key out");
            const auto [first, added] = numbers.emplace(c.number, c.place);
            if (!added)
                error(c.place,
                      "its number on the line, {}, is that of {} too ({}); write another "
                      "number",
                      c.number, first->second.key, format_short(first->second));
            constexpr std::size_t longest_label = 24;  // vms/abi/serial_prefix.h
            if (u.mux == SerialMux::prefixed && c.name.size() > longest_label)
                error(c.place,
                      "the name has {} characters; one that stands before each line has at "
                      "most {}: write a shorter one",
                      c.name.size(), longest_label);
            for (const char* key : {"pattern", "records"})
                if (u.mux == SerialMux::prefixed && value[key].given)
                    error(value[key].place,
                          "these bytes must arrive as they are, and a prefixed line carries only "
                          "text faithfully; write input, or give the line mux: framed");
            const int sources =
                (c.input.empty() ? 0 : 1) + (c.pattern ? 1 : 0) + (c.records ? 1 : 0);
            if (sources > 1)
                error(c.place,
                      "found more than one of input, pattern and records; a channel has one source "
                      "of bytes: keep one");
            output(c.output, c.records.has_value(), value["output"]);
        }
    }

    void output(const std::string& name, bool records, const Value& v) {
        if (records && v.given && name != "none")
            error(v.place,
                  "found {}, but with records the far end takes what is sent itself; write "
                  "none, or take one of the two keys out",
                  quote(name));
        if (name.empty())
            error(v.place, "found an empty text; write stdout, none or the name of a file");
    }

    void wired(vms::IntId interrupt, const Place& place) {
        const unsigned id = interrupt.value;
        const unsigned lines = s_.platform.gic.interrupt_lines;
        if (id < first_spi || id >= lines)
            error(place,
                  "interrupt {} cannot be wired to a device; allowed is {} to {} (the "
                  "platform's interrupt_lines): write one of those",
                  id, first_spi, lines - 1);
        const auto [first, added] = used_.emplace(id, place);
        if (!added)
            error(place,
                  "interrupt {} is that of {} too ({}); a line has one device: write another", id,
                  first->second.key, format_short(first->second));
    }

    void nic(const NicConfig& n, const Value& v) {
        for (const char* key : {"base", "size"})
            aligned(v[key], v[key].u64());
        if (n.interrupts.empty() || n.interrupts.size() > 2)
            error(v["interrupts"].place,
                  "found {} interrupts; a Cadence GEM has one, or one and that of wake-on-LAN: "
                  "write them, such as [95, 96]",
                  n.interrupts.size());
        for (std::size_t k = 0; k < n.interrupts.size(); ++k)
            wired(n.interrupts[k], v["interrupts"].items[k].place);
        if (n.mac.is_multicast())
            error(v["mac"].place,
                  "found {}, the address of a group; an interface has one of its own: write one "
                  "whose first byte is even, such as 02:00:00:00:00:01",
                  v["mac"].text);
        if (const UartConfig* u = find_named(s_.platform.uarts, n.name))
            error(n.place,
                  "{} is a UART too ({}); devices are told apart by their names: write "
                  "another",
                  quote(n.name), format_short(u->place));
        if (n.stream_id == 0)
            return;
        const auto [first, added] = streams_.emplace(n.stream_id, v["stream_id"].place);
        if (!added)
            error(v["stream_id"].place,
                  "found {:#x}, which is that of {} too ({}); the SMMU tells devices apart by it: "
                  "write another",
                  n.stream_id, first->second.key, format_short(first->second));
    }

    /// The driver derives its rate from the reference clock by whole dividers; a receiver that is
    /// more than half a bit off after ten misses the stop bit.
    void baud(const UartConfig& u, const Value& v) {
        constexpr std::uint64_t tolerance_percent = 5;
        const std::uint64_t nearest_rate = u.model == UartModel::cadence
                                               ? cadence_baud(u.reference_clock_hz, u.baud)
                                               : pl011_baud(u.reference_clock_hz, u.baud);
        const std::uint64_t off =
            nearest_rate > u.baud ? nearest_rate - u.baud : u.baud - nearest_rate;
        if (off * 100 > u.baud * tolerance_percent)
            error(v.place,
                  "{} baud cannot be made from a reference_clock of {} Hz: the nearest that the "
                  "dividers of this UART give is {}, and more than {} % off no character is "
                  "understood; write {}, or another reference_clock",
                  u.baud, u.reference_clock_hz, nearest_rate, tolerance_percent, nearest_rate);
    }

    std::map<unsigned, Place> used_;  // interrupts
    std::map<std::uint64_t, Place> streams_;
};

}  // namespace

void validate_platform(const Checks& c) {
    PlatformChecks(c).run();
}

}  // namespace sim
