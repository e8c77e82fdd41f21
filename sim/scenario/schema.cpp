// Every key of a scenario (schema.h). The order is that of the reference.
#include "sim/scenario/schema.h"

#include "sim/scenario/schema/keys.h"

namespace sim {

namespace {

using namespace keys;

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
            named("hosts", "Hosts on the wire, by name.", host()),
            named("switches", "Ethernet switches on the wire, by name: for more than two ends.",
                  wire_switch()),
            named("links", "Full-duplex Ethernet links, by name.", link()),
            list("captures", "Frames to write to files, to be read with Wireshark or tshark.",
                 capture()),
            list("expect",
                 "What must hold at the end for the run to pass. Without any, every workload, "
                 "generator and "
                 "replay that has an end must have reached it, the workloads with success.",
                 expectation()),
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
        case K::rate:
        case K::share:
        case K::address:
        case K::interrupt:
        case K::mask:
            return true;
        case K::text:
        case K::word:
        case K::path:
        case K::boolean:
        case K::mac:
        case K::ipv4:
        case K::ipv6:
        case K::ip:
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
        case K::rate:
            return rate_form();
        case K::share:
            return share_form();
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
        case K::mac:
        case K::ipv4:
        case K::ipv6:
        case K::ip:
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
        case K::rate:
            return "rate";
        case K::share:
            return "share";
        case K::address:
            return "address";
        case K::interrupt:
            return "interrupt id";
        case K::mask:
            return "CPU mask";
        case K::mac:
            return "MAC address";
        case K::ipv4:
            return "IPv4 address";
        case K::ipv6:
            return "IPv6 address";
        case K::ip:
            return "IP address";
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
