// Results with something in every part, for the tests of reports.
#pragma once

#include "sim/report/results.h"

namespace sim {

inline Results sample() {
    Results r;
    r.status = Status::fail;
    r.scenario = "console-echo";
    r.file = "scenarios/console-echo.yaml";
    r.seed = 7;
    r.simulated = {4'213'000'500};
    r.host.wall_ns = 1'800'000'000;
    r.host.cpu_ns = 1'700'000'000;
    r.host.activations = 12'345;
    r.host.more["peak_memory_kib"] = 20'000;
    r.expectations.push_back({.metric = "vms.linux0.workloads.console.bytes",
                              .value = 10,
                              .bound = "= 10",
                              .passed = true,
                              .place = {"scenarios/console-echo.yaml", 40, 5, "expect[0]"},
                              .note = ""});
    r.expectations.push_back({.metric = "vms.linux0.con0.linse",
                              .value = {},
                              .bound = ">= 1 and <= 3",
                              .passed = false,
                              .place = {"scenarios/console-echo.yaml", 41, 5, "expect[1]"},
                              .note = "no metric 'vms.linux0.con0.linse'; did you mean "
                                      "'vms.linux0.con0.lines'?"});
    r.observations.push_back({.first = models::Picos::ns(1234),
                              .cpu = {1},
                              .rule = "remio.completion-op-mismatch",
                              .vm = "service",
                              .what = "request 3 asked to read, was completed as a write",
                              .count = 12});
    r.observations.push_back({.first = models::Picos::ns(2000),
                              .cpu = {0},
                              .rule = "test.unknown-rule",
                              .vm = "",
                              .what = "bytes that are not UTF-8: \xff\xfe",
                              .count = 1});
    r.legs.push_back({.name = "FE_rd.1 vector->remio_mmio_emul_handler entry",
                      .exception_level = 2,
                      .provenance = LegProvenance::measured,
                      .count = 1204,
                      .instructions = 99,
                      .mmio = 0,
                      .p50 = {123'456},
                      .p99 = {124'000},
                      .max = {130'001}});
    r.legs.push_back({.name = "IRQ remio_cpu_msg_handler .a vector->LR write incl.",
                      .exception_level = 3,
                      .provenance = LegProvenance::derived,
                      .count = 120'400'000,
                      .instructions = 8405,
                      .mmio = 14,
                      .p50 = {123'456'789},
                      .p99 = {1'234'567'890},
                      .max = {9'999'999'999}});
    r.cpus.push_back({.cpu = 1,
                      .vm = "linux0",
                      .busy = {{{0}, {421'300'050}, {2'106'500'250}, {0}}},
                      .polling = {0},
                      .standby = {421'300'050},
                      .idle = {1'263'900'150},
                      .legs = {{"frontend.net_socket_send", 1, {1'474'550'175}},
                               {"IRQ gic_maintenance_handler", 2, {1'053'250'125}},
                               {"standby", 2, {421'300'050}}}});
    r.links.push_back({.name = "wire: gem3 to peer",
                       .frames = 10,
                       .bytes = 15'140,
                       .busy = models::Picos::ns(123'040),
                       .active = models::Picos::us(1000)});
    r.frames.push_back({.name = "linux0.net0 to backend",
                        .sent = 10,
                        .copied = 2,
                        .received = 9,
                        .in_flight = 1,
                        .dropped = {{"no room", 2}, {"bad header", 0}},
                        .place = "in the receive ring"});
    r.traffic.push_back({.name = "linux0.net0",
                         .frames_out = 1000,
                         .bytes_out = 1'514'000,
                         .frames_in = 200,
                         .bytes_in = 12'000,
                         .kicks = 100,
                         .interrupts = 1000,
                         .active = models::Picos::ms(20)});
    r.captures.push_back({"wire.peer", "net-ping.pcap", 34});
    r.metrics["vms.linux0.con0.lines"] = 3;
    r.metrics["legs.negative"] = -1;
    r.diagnosis = {
        "request 17 waits since 1.2 ms for an answer of service, whose CPU 1 is in WFI "
        "since 1.3 ms with nothing pending; it last completed request 16 on con0",
        "  nothing is left that could wake it"};
    r.errors = {"an error"};
    return r;
}

}  // namespace sim
