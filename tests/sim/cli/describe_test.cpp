// `baosim check` of a small system: addresses, interrupts and bindings as they were configured.
#include "sim/cli/describe.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sim {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

Scenario small() {
    Scenario s;
    s.file = "x.yaml";
    s.name = "small";
    s.platform.preset = "zcu104";
    // ZCU104 of Bao's platform descriptions.
    s.platform.ram = {{{0x00080000}, 0x7ff80000}};
    s.platform.gic.gicd = {0xF9010000};
    s.platform.gic.gicc = {0xF902F000};
    s.platform.gic.gich = {0xF9040000};
    s.platform.gic.gicv = {0xF906F000};
    UartConfig uart;
    uart.name = "uart1";
    uart.base = {0xFF010000};
    uart.interrupt = {54};
    s.platform.uarts = {uart};
    s.shmemlist = {{{}, 0x100000, models::PhysAddr{0x40000000}}};

    VmConfig service;
    service.name = "service";
    service.cpu_affinity = 1;
    service.gicd = {0xF9010000};
    service.gicc = {0xF9020000};
    service.regions = {{{}, {0x20000000}, 0x1000000, models::PhysAddr{0x20000000}}};
    DevConfig dev;
    dev.device = "uart1";
    dev.pa = {0xFF010000};
    dev.va = {0xFF010000};
    dev.size = 0x1000;
    dev.interrupts = {{54}};
    service.devs = {dev};
    RemioDevConfig back;
    back.name = "con0";
    back.type = RemioType::backend;
    back.bind_key = 3;
    back.interrupt = {40};
    back.shmem = {{0x80000000}, 0x100000, 0};
    service.remio_devs = {back};
    service.software.program = ProgramKind::service_guest;

    VmConfig linux0 = service;
    linux0.name = "linux0";
    linux0.cpu_affinity = 0x6;
    linux0.devs.clear();
    linux0.regions[0].phys.reset();
    linux0.software.program = ProgramKind::frontend;
    linux0.remio_devs[0].type = RemioType::frontend;
    linux0.remio_devs[0].va = {0x0a003e00};
    linux0.remio_devs[0].size = 0x200;
    linux0.remio_devs[0].interrupt = {79};
    s.vms = {service, linux0};
    return s;
}

TEST(Describe, TablesNameWhatIsWhere) {
    const std::string text = describe(small(), {});
    EXPECT_THAT(text, ContainsRegex("0x00080000  0x7fffffff +2096640 KiB  RAM"));
    EXPECT_THAT(text, ContainsRegex("0x20000000  0x20ffffff +16 MiB    service region 0"));
    EXPECT_THAT(text, ContainsRegex("0xff010000 .*uart1 .*Cadence UART, VM: service"));
    EXPECT_THAT(text, HasSubstr("Placed in RAM at boot"));
    EXPECT_THAT(text, ContainsRegex("54  SPI   service +uart1 +physical, passed through"));
    EXPECT_THAT(text, ContainsRegex("79  SPI   linux0 +remio con0 .front-end. +virtual"));
    EXPECT_THAT(text, ContainsRegex("3  front-end  linux0 +con0 +0x0a003e00 [+]0x200 +79"));
    EXPECT_THAT(text, HasSubstr("VM 1: linux0, 2 vCPUs on physical CPU 1, 2"));
    EXPECT_THAT(text, ContainsRegex("0x0a003e00  0x0a003fff +512  remio con0, registers +nothing"));
}

TEST(Describe, FitsTheColumns) {
    std::istringstream lines(describe(small(), {}));
    for (std::string l; std::getline(lines, l);)
        EXPECT_LE(l.size(), 100u) << l;
}

}  // namespace
}  // namespace sim
