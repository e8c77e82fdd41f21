// Every key of a scenario (schema.h). The order is that of the reference.
#include "sim/scenario/schema.h"

#include <utility>

namespace sim {

namespace {

using K = KeyKind;

constexpr const char* highest_address =
    "0xffffffffff";                                // 40 bits: Cortex-A53 TRM, physical address
constexpr const char* highest_interrupt = "1019";  // GICv2 architecture, INTID 1020-1023 special
constexpr const char* longest_time = "10000s";

KeySpec text(std::string name, std::string help) {
    return {.name = std::move(name), .kind = K::text, .help = std::move(help)};
}

KeySpec flag(std::string name, std::string fallback, std::string help) {
    return {.name = std::move(name),
            .kind = K::boolean,
            .help = std::move(help),
            .fallback = std::move(fallback)};
}

KeySpec number(KeyKind kind, std::string name, std::string fallback, std::string min,
               std::string max, std::string help) {
    return {.name = std::move(name),
            .kind = kind,
            .help = std::move(help),
            .fallback = std::move(fallback),
            .min = std::move(min),
            .max = std::move(max)};
}

KeySpec address(std::string name, std::string help) {
    return number(K::address, std::move(name), "", "0x0", highest_address, std::move(help));
}

KeySpec size(std::string name, std::string help) {
    return number(K::size, std::move(name), "", "1B", "1TiB", std::move(help));
}

KeySpec interrupt(std::string name, std::string help) {
    return number(K::interrupt, std::move(name), "", "0", highest_interrupt, std::move(help));
}

KeySpec choice(std::string name, std::string fallback, std::vector<std::string> choices,
               std::string help) {
    return {.name = std::move(name),
            .kind = K::choice,
            .help = std::move(help),
            .fallback = std::move(fallback),
            .choices = std::move(choices)};
}

KeySpec map(std::string name, std::string help, std::vector<KeySpec> keys) {
    return {
        .name = std::move(name), .kind = K::map, .help = std::move(help), .keys = std::move(keys)};
}

KeySpec list(std::string name, std::string help, KeySpec element) {
    return {.name = std::move(name),
            .kind = K::list,
            .help = std::move(help),
            .keys = {std::move(element)}};
}

KeySpec named(std::string name, std::string help, KeySpec element) {
    return {.name = std::move(name),
            .kind = K::named,
            .help = std::move(help),
            .keys = {std::move(element)}};
}

KeySpec required(KeySpec k) {
    k.required = true;
    return k;
}

KeySpec estimate(KeySpec k, std::string source) {
    k.provenance = Provenance::estimate;
    k.source = std::move(source);
    return k;
}

KeySpec interrupts(std::string help) {
    return list("interrupts", std::move(help), interrupt("", "A GIC interrupt id."));
}

KeySpec uart() {
    return map(
        "", "",
        {
            required(choice("model", "", {"cadence", "pl011"},
                            "The UART: Cadence (Zynq UltraScale+ TRM, UG1085) or PL011 (Arm "
                            "DDI 0183).")),
            required(address("base", "Physical address of its registers, a multiple of 4KiB.")),
            number(K::size, "size", "0x1000", "4KiB", "1MiB", "Bytes of its register block."),
            required(interrupt("interrupt", "GIC interrupt id of its output, 32 or above.")),
            number(K::frequency, "reference_clock", "100MHz", "1MHz", "1GHz",
                   "Clock from which its driver derives the baud rate."),
            number(
                K::integer, "baud", "115200", "300", "20000000",
                "Bits a second at the far end of the line; the driver programs the near end, whose "
                "dividers must come within 5 % of it."),
            {.name = "output",
             .kind = K::text,
             .help = "Where what it sends goes: `stdout`, `none` or the name of a file to write, "
                     "relative to the current directory.",
             .fallback = "stdout"},
            list("input", "Text typed at the far end.",
                 map("", "",
                     {number(K::time, "at", "0ns", "0ns", longest_time,
                             "When the first bit of the text starts."),
                      required(text("text",
                                    "What is typed; in double quotes `\\n` ends a "
                                    "line."))})),
            map("pattern", "A generated stream of bytes, sent without pause. Not with `input`.",
                {required(number(K::size, "bytes", "", "1B", "1TiB", "How many.")),
                 number(K::integer, "seed", "0", "0", "", "Which stream."),
                 number(K::time, "at", "0ns", "0ns", longest_time, "When it starts.")}),
            {.name = "input_file",
             .kind = K::path,
             .help = "A file whose bytes are sent from time 0 on. Not with `input` or `pattern`."},
            map("records",
                "The far end of the workload console-soak: sends records at random moments and "
                "checks those that arrive. Not with `output`, `input`, `pattern` or `input_file`.",
                {number(K::integer, "stream", "0", "0", "255",
                        "Number of the stream; that of the workload."),
                 number(K::integer, "seed", "0", "0", "", "Of their sizes and distances."),
                 number(K::time, "from", "0ns", "0ns", longest_time, "When the first is sent."),
                 required(number(K::time, "until", "", "1us", longest_time,
                                 "The first one after this is the last: later than the "
                                 "workload's last reset, which must not take it away.")),
                 number(K::time, "period", "5ms", "1us", longest_time,
                        "Mean distance from one to the next."),
                 number(K::size, "payload", "100B", "1B", "4KiB",
                        "Longest payload; a record has 56 bytes besides.")}),
        });
}

KeySpec platform() {
    return required(map(
        "platform",
        "The hardware. `platform: zcu104` takes a preset as it is; `platform: {preset: zcu104, "
        "...}` takes it and replaces what is given; without a preset all that is needed must be "
        "given.",
        {
            text("preset", "Name of a preset (scenarios/presets/)."),
            number(K::integer, "cpu_num", "4", "1", "8",
                   "Physical CPUs; a GICv2 has interfaces for 8."),
            number(K::frequency, "cpu_hz", "1.2GHz", "1MHz", "10GHz", "Clock of the CPUs."),
            number(K::frequency, "counter_hz", "100MHz", "1MHz", "1GHz",
                   "The system counter, CNTFRQ_EL0."),
            flag("firmware_standby", "false",
                 "Standby of the hypervisor is a PSCI call to firmware at EL3, not a plain WFI."),
            flag("corrected_vgic", "false",
                 "Not Bao's virtual interrupt controller but one that loses and doubles no "
                 "interrupt when list registers run short: to see whether a fault is Bao's."),
            required(list("ram", "Physical memory.",
                          map("", "",
                              {required(address("base", "Physical address.")),
                               required(size("size", "Bytes."))}))),
            required(map("gic", "The interrupt controller.",
                         {
                             number(K::integer, "version", "2", "2", "2", "Architecture version."),
                             required(address("gicd", "Distributor.")),
                             required(address("gicc", "CPU interface.")),
                             required(address("gich", "Virtual interface control.")),
                             required(address("gicv",
                                              "Virtual CPU interface, which VMs see in "
                                              "place of `gicc`.")),
                             number(K::integer, "list_registers", "4", "1", "16",
                                    "List registers of each CPU."),
                             number(K::integer, "interrupt_lines", "192", "64", "512",
                                    "Interrupt ids that the distributor has: SGI, PPI and SPI; a "
                                    "multiple of 32, or 1020."),
                             number(K::interrupt, "maintenance", "25", "25", "31",
                                    "Interrupt id of the maintenance interrupt."),
                         })),
            map("guest_gic", "Where VMs see their interrupt controller unless they say otherwise.",
                {address("gicd", "Distributor (emulated)."),
                 address("gicc", "CPU interface (`gicv` appears here).")}),
            named("uarts", "Serial lines, by name.", uart()),
        }));
}

KeySpec timing() {
    constexpr const char* cycles = "100000";
    return map(
        "timing",
        "What work costs. Instructions of the hypervisor come from a measured table; these figures "
        "turn them, and accesses to devices, into time.",
        {
            estimate(number(K::decimal, "cpi", "1.4", "0.1", "100",
                            "Cycles an instruction, caches included."),
                     "in-order dual-issue Cortex-A53 running hypervisor code; plausible 1.0 to "
                     "2.5"),
            estimate(number(K::integer, "exception_entry", "40", "0", cycles,
                            "Cycles from an exception to the first instruction of its vector."),
                     "plausible 20 to 60"),
            estimate(
                number(K::integer, "exception_return", "40", "0", cycles, "Cycles of an ERET."),
                "plausible 20 to 60"),
            estimate(number(K::integer, "sysreg", "4", "0", cycles,
                            "Cycles of an access to a system register, beside the instruction."),
                     "plausible 1 to 10 (10 to 40 for those of a GICv3 CPU interface)"),
            estimate(number(K::integer, "barrier", "20", "0", cycles,
                            "Cycles of a DMB, DSB or ISB, beside the instruction."),
                     "plausible 10 to 60"),
            estimate(number(K::time, "gic_read", "120ns", "0ns", "1ms",
                            "A read of a GIC-400 register, load to use."),
                     "plausible 80 to 200 ns"),
            estimate(number(K::time, "gic_write", "40ns", "0ns", "1ms",
                            "A posted write to a GIC-400 register, as the CPU sees it."),
                     "plausible 20 to 80 ns"),
            estimate(number(K::time, "device_read", "150ns", "0ns", "1ms",
                            "A read of a device's register, load to use."),
                     "plausible 80 to 300 ns, by the bus that the device is on"),
            estimate(number(K::time, "device_write", "60ns", "0ns", "1ms",
                            "A posted write to a device's register, as the CPU sees it."),
                     "plausible 20 to 120 ns"),
            {.name = "path_costs",
             .kind = K::path,
             .help = "A table (CSV) of the hypervisor's path costs in place of the built-in one.",
             .provenance = Provenance::measured,
             .source = "built in: every instruction of Bao 738e3dc (gcc 12.2 -O2) counted on an "
                       "emulated QEMU virt machine"},
            named("operations",
                  "Instructions of a named operation of the back-ends or drivers, in place of the "
                  "built-in figure. The name may have dots: `service.ask: 30`.",
                  number(K::integer, "", "", "0", "100000", "Instructions.")),
        });
}

KeySpec remio_dev() {
    return map(
        "", "",
        {
            required(choice("type", "", {"frontend", "backend"},
                            "`frontend`: this VM's accesses to the window are forwarded. "
                            "`backend`: this VM answers them.")),
            required(number(K::integer, "bind_key", "", "0", "0xfffffffffffffffe",
                            "Binds one front-end to one back-end; Bao's mark for none is "
                            "2^64-1. Above 255 it is cut to 8 bits on its way between CPUs; the "
                            "run shows what that does.")),
            address("va", "Front-end: guest-physical address of the window of registers."),
            number(K::size, "size", "", "0x100", "1MiB",
                   "Front-end: bytes of the window; the public demos use 0x200."),
            required(interrupt("interrupt",
                               "Interrupt that the hypervisor injects: into the front-end on "
                               "NOTIFY, into the back-end when an access waits. An id above 255 "
                               "is cut to 8 bits by Bao; the run shows what that does.")),
            required(map("shmem",
                         "The memory that both sides map. Bao wants the same three values on both "
                         "sides and stops at boot when they differ.",
                         {required(address("base", "Guest-physical address.")),
                          required(size("size", "Bytes.")),
                          required(number(K::integer, "shmem_id", "", "0", "65535",
                                          "Index into `shmemlist`."))})),
        });
}

KeySpec software() {
    return map(
        "software", "What runs on the VM's CPUs.",
        {
            choice("program", "idle", {"service-guest", "frontend", "idle"},
                   "`service-guest`: the back-ends. `frontend`: drivers and workloads. `idle`: "
                   "waits for interrupts."),
            flag("polling", "false",
                 "service-guest: ask for requests in a loop instead of waiting for interrupts."),
            number(K::integer, "stop_answering_after", "", "0", "0xffffffffffffffff",
                   "service-guest, a fault: answer this many requests and none after."),
            named("backends",
                  "service-guest: what it does with each of its remote I/O devices, by the "
                  "device's name in `remio_devs`.",
                  map("", "",
                      {
                          required(choice("backend", "", {"console"}, "The back-end.")),
                          text("serial",
                               "console: the serial line that carries port 0, a UART of "
                               "the platform that is in this VM's `devs`."),
                          number(K::integer, "queue_size", "256", "1", "1024",
                                 "QueueSizeMax of its queues, a power of two."),
                          flag("indirect", "true", "Offer VIRTIO_F_RING_INDIRECT_DESC."),
                          flag("event_idx", "true", "Offer VIRTIO_F_RING_EVENT_IDX."),
                      })),
            choice("profile", "linux-6.1", {"linux-6.1", "bare-metal", "bao-bare-metal", "zephyr"},
                   "frontend: whose driver it behaves like (docs/profiles.md)."),
            named("drivers",
                  "frontend: the driver of each of its remote I/O devices, by the device's name.",
                  map("", "",
                      {
                          required(choice("driver", "", {"console"}, "The driver.")),
                          number(K::integer, "queue_size", "", "1", "32768",
                                 "Size that the driver gives its queues, a power of two, at most "
                                 "the back-end's. Without it, what the profile does."),
                          choice("acknowledge", "", {"early", "late"},
                                 "console: InterruptACK before or after the queues are served. "
                                 "Without it, what the profile does."),
                          choice("needs_reset", "", {"ignore", "stop", "restart"},
                                 "console: what it does when the device needs a reset. Without "
                                 "it, what the profile does."),
                          text("early_text",
                               "console: written to emerg_wr before the device is probed, where "
                               "the device offers EMERG_WRITE."),
                      })),
            list("workloads", "frontend: what it does, one after the other.",
                 map("", "",
                     {
                         required(choice(
                             "type", "",
                             {"console-echo", "console-write", "console-read", "console-duplex",
                              "console-soak", "ipc-ping", "ipc-echo", "registers", "idle"},
                             "`console-echo`: writes `text`, then writes back each line that "
                             "arrives. `console-write`, `console-read`, `console-duplex`: moves "
                             "`bytes` of a pattern out, in, or both at once. `console-soak`: "
                             "records both ways, with resets of the device at random moments; the "
                             "far end has `records`. `ipc-ping`: sends "
                             "`count` messages of `bytes` to another VM over shared memory, each "
                             "after the answer to the last. `ipc-echo`: answers `count` of them. "
                             "`registers`: reads ConfigGeneration of a device `count` times. "
                             "`idle`: only the timer.")),
                         number(K::integer, "vcpu", "0", "0", "7",
                                "Which of the VM's CPUs does it, counted from the lowest of "
                                "`cpu_affinity`; each does its own one after the other. Other "
                                "than 0: registers and idle."),
                         text("device",
                              "console-: name of a remote I/O device of this VM that has a "
                              "driver. registers: of any."),
                         number(K::integer, "port", "0", "0", "510",
                                "console-: which port of the device."),
                         text("port_name",
                              "console-: the port by its name instead; waits until the device has "
                              "told of it."),
                         number(K::integer, "ipc", "", "0", "65535",
                                "ipc-ping, -echo: index into the VM's `ipcs`."),
                         number(K::integer, "doorbell", "", "0", "0xffffffffffffffff",
                                "ipc-ping, -echo: the index that the hypercall is given (x1); "
                                "default: `ipc`. Another one shows what Bao does with it."),
                         number(K::integer, "event", "0", "0", "0xffffffff",
                                "ipc-ping, -echo: which doorbell is rung, an index into the "
                                "`interrupts` of the other side's object (x2)."),
                         number(K::integer, "count", "", "1", "1000000000",
                                "ipc-ping, -echo: how many messages. registers: how many reads."),
                         number(K::time, "period", "0ns", "0ns", longest_time,
                                "ipc-ping, registers: time from the beginning of one message or "
                                "read to that of the next, when it has been answered by then."),
                         text("text", "console-echo: what is written first."),
                         number(K::integer, "lines", "0", "0", "1000000000",
                                "console-echo: lines to echo before it is done."),
                         number(K::size, "bytes", "", "1B", "1TiB",
                                "console-write, -read, -duplex: how much. ipc-ping: the payload of "
                                "a message."),
                         number(K::size, "chunk", "256B", "1B", "1MiB",
                                "console-write, -duplex: bytes of one write. console-soak: "
                                "longest payload of a record, at most 4KiB."),
                         number(K::integer, "seed", "0", "0", "",
                                "console-write, -read, -duplex, ipc-ping: which pattern is moved. "
                                "console-soak: of all that it does."),
                         number(K::integer, "stream", "0", "0", "255",
                                "console-soak: number of its stream of records; that of the far "
                                "end's `records`."),
                         number(K::time, "until", "", "1us", longest_time,
                                "console-soak: writes and resets until then, and reads until the "
                                "far end's last record."),
                         number(K::time, "reset_every", "0ns", "0ns", longest_time,
                                "console-soak: mean time from one reset of the device to the "
                                "next; 0ns: none."),
                         number(K::time, "start", "0ns", "0ns", longest_time,
                                "When it begins, after the driver is ready."),
                         number(K::time, "timer_period", "", "1us", longest_time,
                                "A periodic virtual timer (PPI 27) beside the work."),
                     })),
        });
}

KeySpec vm() {
    return map(
        "", "",
        {
            required(number(K::mask, "cpu_affinity", "", "0", "0xff",
                            "The physical CPUs that the VM owns, a bit for each.")),
            map("gic",
                "Where the VM sees its interrupt controller; default: the platform's "
                "`guest_gic`.",
                {address("gicd", "Distributor, emulated."), address("gicc", "CPU interface.")}),
            number(K::time, "start", "0ns", "0ns", longest_time, "The VM boots this late."),
            list("regions", "Its memory.",
                 map("", "",
                     {
                         required(address("base", "Guest-physical address, a multiple of 4KiB.")),
                         required(size("size", "Bytes, a multiple of 4KiB.")),
                         address("phys", "Physical address (Bao: place_phys); without it, chosen."),
                     })),
            list("devs",
                 "Devices passed through to it: `{device: uart1}` for one of the platform, or an "
                 "address, a size and interrupts as in Bao.",
                 map("", "",
                     {
                         text("device", "A UART of the platform, by name."),
                         address("pa", "Physical address, a multiple of 4KiB."),
                         address("va", "Guest-physical address; default: the physical one."),
                         size("size", "Bytes."),
                         interrupts("Interrupts of the device."),
                     })),
            list("ipcs", "Shared memory with doorbells.",
                 map("", "",
                     {
                         required(address("base", "Guest-physical address.")),
                         required(size("size", "Bytes.")),
                         required(number(K::integer, "shmem_id", "", "0", "65535",
                                         "Index into `shmemlist`.")),
                         interrupts("Injected when another VM rings; by event."),
                     })),
            named("remio_devs", "Its remote I/O devices, by names that `software` refers to.",
                  remio_dev()),
            software(),
        });
}

KeySpec expectation() {
    constexpr const char* lowest = "-9223372036854775807";
    constexpr const char* highest = "9223372036854775807";
    return map("", "",
               {
                   required(text("metric",
                                 "Name of a metric as in the report, such as "
                                 "`vms.linux0.workload.lines` or "
                                 "`uarts.uart1.tx_bytes`.")),
                   number(K::integer, "equals", "", lowest, highest, "It must have this value."),
                   number(K::integer, "min", "", lowest, highest, "It must be at least this."),
                   number(K::integer, "max", "", lowest, highest, "It must be at most this."),
                   text("equals_metric", "It must have the value of this other metric."),
               });
}

KeySpec make_schema() {
    return map(
        "", "",
        {
            required({.name = "name", .kind = K::word, .help = "What reports call the scenario."}),
            text("description", "What it shows, for a reader."),
            list("include",
                 "Files to begin from, relative to this one: read in order, each over those before "
                 "it, and this file over all. Maps are merged key by key; anything else is "
                 "replaced. One name need not be a list.",
                 {.name = "", .kind = K::path, .help = "A scenario file, whole or in part."}),
            platform(),
            number(K::time, "duration", "1s", "1us", longest_time,
                   "Simulated time after which the run ends, done or not."),
            number(K::integer, "seed", "1", "0", "", "Of all that is random in the run."),
            number(K::time, "quantum", "100us", "1ns", "1s",
                   "How far a CPU may compute ahead before it gives up its thread; a matter of "
                   "host speed, results are the same."),
            number(K::time, "watchdog", "100ms", "1us", longest_time,
                   "A request that waits longer makes the run stuck."),
            flag("strict", "false", "Every observation is a failure."),
            timing(),
            list("shmemlist", "Memory shared between VMs; the index is the `shmem_id`.",
                 map("", "",
                     {
                         required(size("size", "Bytes, a multiple of 4KiB.")),
                         address("phys", "Physical address; without it, chosen."),
                     })),
            required(named("vms",
                           "The virtual machines, by name. Their order is that of Bao's `vmlist`.",
                           vm())),
            list("expect", "What must hold at the end for the run to pass.", expectation()),
        });
}

}  // namespace

const KeySpec* KeySpec::find(std::string_view key) const {
    for (const KeySpec& k : keys)
        if (k.name == key)
            return &k;
    return nullptr;
}

std::vector<std::string> KeySpec::key_names() const {
    std::vector<std::string> names;
    for (const KeySpec& k : keys)
        names.push_back(k.name);
    return names;
}

const KeySpec& schema() {
    static const KeySpec root = make_schema();
    return root;
}

bool is_number(KeyKind kind) {
    switch (kind) {
        case K::integer:
        case K::decimal:
        case K::size:
        case K::time:
        case K::frequency:
        case K::address:
        case K::interrupt:
        case K::mask:
            return true;
        case K::text:
        case K::word:
        case K::path:
        case K::boolean:
        case K::choice:
        case K::map:
        case K::named:
        case K::list:
            break;
    }
    return false;
}

const NumberForm& number_form(KeyKind kind) {
    switch (kind) {
        case K::decimal:
            return milli_form();
        case K::size:
            return size_form();
        case K::time:
            return time_form();
        case K::frequency:
            return frequency_form();
        case K::address:
            return address_form();
        case K::mask:
            return mask_form();
        case K::interrupt:
            return interrupt_form();
        case K::integer:
        case K::text:
        case K::word:
        case K::path:
        case K::boolean:
        case K::choice:
        case K::map:
        case K::named:
        case K::list:
            break;
    }
    return integer_form();
}

std::string_view kind_name(KeyKind kind) {
    switch (kind) {
        case K::text:
            return "text";
        case K::word:
            return "name";
        case K::path:
            return "file";
        case K::boolean:
            return "true or false";
        case K::integer:
            return "whole number";
        case K::decimal:
            return "decimal number";
        case K::size:
            return "size";
        case K::time:
            return "time";
        case K::frequency:
            return "frequency";
        case K::address:
            return "address";
        case K::interrupt:
            return "interrupt id";
        case K::mask:
            return "CPU mask";
        case K::choice:
            return "choice";
        case K::map:
            return "map";
        case K::named:
            return "map by name";
        case K::list:
            return "list";
    }
    return "";
}

}  // namespace sim
