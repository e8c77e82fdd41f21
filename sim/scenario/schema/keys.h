// Words for describing keys (schema.h), and the parts of the description that stand in files of
// their own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/schema.h"

namespace sim::keys {

using K = KeyKind;

inline constexpr const char* highest_address =
    "0xffffffffff";  // 40 bits: Cortex-A53 TRM, physical address
inline constexpr const char* highest_interrupt = "1019";  // GICv2, INTID 1020-1023 special
inline constexpr const char* longest_time = "10000s";

inline KeySpec text(std::string name, std::string help) {
    return {.name = std::move(name), .kind = K::text, .help = std::move(help)};
}

inline KeySpec flag(std::string name, std::string fallback, std::string help) {
    return {.name = std::move(name),
            .kind = K::boolean,
            .help = std::move(help),
            .fallback = std::move(fallback)};
}

inline KeySpec number(KeyKind kind, std::string name, std::string fallback, std::string min,
                      std::string max, std::string help) {
    return {.name = std::move(name),
            .kind = kind,
            .help = std::move(help),
            .fallback = std::move(fallback),
            .min = std::move(min),
            .max = std::move(max)};
}

inline KeySpec address(std::string name, std::string help) {
    return number(K::address, std::move(name), "", "0x0", highest_address, std::move(help));
}

inline KeySpec size(std::string name, std::string help) {
    return number(K::size, std::move(name), "", "1B", "1TiB", std::move(help));
}

inline KeySpec interrupt(std::string name, std::string help) {
    return number(K::interrupt, std::move(name), "", "0", highest_interrupt, std::move(help));
}

inline KeySpec choice(std::string name, std::string fallback, std::vector<std::string> choices,
                      std::string help) {
    return {.name = std::move(name),
            .kind = K::choice,
            .help = std::move(help),
            .fallback = std::move(fallback),
            .choices = std::move(choices)};
}

inline KeySpec map(std::string name, std::string help, std::vector<KeySpec> keys) {
    return {
        .name = std::move(name), .kind = K::map, .help = std::move(help), .keys = std::move(keys)};
}

inline KeySpec list(std::string name, std::string help, KeySpec element) {
    return {.name = std::move(name),
            .kind = K::list,
            .help = std::move(help),
            .keys = {std::move(element)}};
}

inline KeySpec named(std::string name, std::string help, KeySpec element) {
    return {.name = std::move(name),
            .kind = K::named,
            .help = std::move(help),
            .keys = {std::move(element)}};
}

inline KeySpec required(KeySpec k) {
    k.required = true;
    return k;
}

inline KeySpec estimate(KeySpec k, std::string source) {
    k.provenance = Provenance::estimate;
    k.source = std::move(source);
    return k;
}

inline KeySpec interrupts(std::string help) {
    return list("interrupts", std::move(help), interrupt("", "A GIC interrupt id."));
}

// The parts.
KeySpec platform();
KeySpec nic();
// Of serial lines and their channels.
KeySpec typed_input();
KeySpec pattern_input();
KeySpec serial_output();
KeySpec records();
std::vector<KeySpec> shared_line();
KeySpec host();
KeySpec wire_switch();
KeySpec link();
KeySpec capture();
// Of `software`: those of back-ends, drivers and workloads of networks.
std::vector<KeySpec> console_backend();
std::vector<KeySpec> net_backend();
std::vector<KeySpec> net_driver();
std::vector<KeySpec> net_workload();
KeySpec net_switch();
KeySpec interfaces();
KeySpec timing();
KeySpec vm();
KeySpec software();

}  // namespace sim::keys
