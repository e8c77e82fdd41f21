// Scenarios that load: all that come with the program, and what their values become.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/scenario/presets.h"
#include "tests/sim/scenario/scenario_files.h"

namespace sim::test {
namespace {

std::vector<std::string> scenarios() {
    const std::filesystem::path root = std::string(BAOSIM_SOURCE_DIR) + "/scenarios";
    std::vector<std::string> files;
    for (const auto& e : std::filesystem::recursive_directory_iterator(root))
        if (e.path().extension() == ".yaml" && e.path().parent_path().filename() != "presets")
            files.push_back(e.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

TEST(Good, EveryScenarioOfTheProgramLoads) {
    const std::vector<std::string> files = scenarios();
    EXPECT_GE(files.size(), 11U);
    for (const std::string& file : files) {
        const LoadResult r = load_scenario(file, {});
        ASSERT_TRUE(r.scenario) << all(r);
        EXPECT_EQ(r.scenario->name, std::filesystem::path(file).stem().string());
        EXPECT_FALSE(r.scenario->description.empty()) << file;
    }
}

TEST(Good, ConsoleEcho) {
    const Folder folder;
    const std::string file = folder.write("a.yaml", echo_text());
    const LoadResult r = load_scenario(file, {});
    ASSERT_TRUE(r.scenario) << all(r);
    const Scenario& s = *r.scenario;
    EXPECT_EQ(s.file, file);
    EXPECT_EQ(s.duration, models::Picos::ms(1000));
    ASSERT_EQ(s.shmemlist.size(), 1U);
    EXPECT_EQ(s.shmemlist[0].size, 1U << 20);
    ASSERT_EQ(s.vms.size(), 2U);

    const VmConfig& backend = s.vms[0];  // the file's order: VM 0
    EXPECT_EQ(backend.name, "backend");
    EXPECT_EQ(backend.cpu_affinity, 1U);
    // ZCU104: UART1 is at 0xFF010000 with interrupt 54.
    ASSERT_EQ(backend.devs.size(), 1U);
    EXPECT_EQ(backend.devs[0].device, "uart1");
    EXPECT_EQ(backend.devs[0].pa.value, 0xFF010000U);
    EXPECT_EQ(backend.devs[0].va.value, 0xFF010000U);
    EXPECT_EQ(backend.devs[0].size, 0x1000U);
    ASSERT_EQ(backend.devs[0].interrupts.size(), 1U);
    EXPECT_EQ(backend.devs[0].interrupts[0].value, 54U);
    EXPECT_EQ(backend.software.program, ProgramKind::service_guest);
    ASSERT_EQ(backend.software.backends.size(), 1U);
    EXPECT_EQ(backend.software.backends[0].console.ports[0].serial, "uart1");
    EXPECT_EQ(backend.software.backends[0].queue_size, 256U);
    EXPECT_TRUE(backend.software.backends[0].indirect);
    EXPECT_FALSE(backend.software.stop_answering_after);

    const VmConfig& linux0 = s.vms[1];
    EXPECT_EQ(linux0.place.line, line_of(echo_text(), "linux0:"));
    EXPECT_EQ(linux0.place.key, "vms.linux0");
    // Where guests of the ZCU104 see their interrupt controller.
    EXPECT_EQ(linux0.gicd.value, 0xF9010000U);
    EXPECT_EQ(linux0.gicc.value, 0xF9020000U);
    ASSERT_EQ(linux0.remio_devs.size(), 1U);
    const RemioDevConfig& con0 = linux0.remio_devs[0];
    EXPECT_EQ(con0.type, RemioType::frontend);
    EXPECT_EQ(con0.va.value, 0x0a003e00U);
    EXPECT_EQ(con0.size, 0x200U);
    EXPECT_EQ(con0.interrupt.value, 79U);
    EXPECT_EQ(con0.shmem.base.value, 0x80000000U);
    ASSERT_EQ(linux0.software.workloads.size(), 1U);
    EXPECT_EQ(linux0.software.workloads[0].text, "hello from linux0\n");
    EXPECT_EQ(linux0.software.workloads[0].lines, 1U);

    const UartConfig& uart1 = s.platform.uarts.at(1);
    EXPECT_EQ(uart1.name, "uart1");
    EXPECT_EQ(uart1.model, UartModel::cadence);
    ASSERT_EQ(uart1.input.size(), 1U);
    EXPECT_EQ(uart1.input[0].at, models::Picos::ms(20));
    EXPECT_EQ(uart1.input[0].text, "hello\n");
}

TEST(Good, DefaultsAreThoseOfTheModel) {
    // The schema and the model's initialisers are two places; they say the same.
    const Folder folder;
    const LoadResult r = load_scenario(
        folder.write("a.yaml", "name: a\nplatform: zcu104\nvms: {a: {cpu_affinity: 1}}\n"), {});
    ASSERT_TRUE(r.scenario) << all(r);
    const Scenario& s = *r.scenario;
    const Scenario model;
    EXPECT_EQ(s.duration, model.duration);
    EXPECT_EQ(s.seed, model.seed);
    EXPECT_EQ(s.quantum, model.quantum);
    EXPECT_EQ(s.watchdog, model.watchdog);
    EXPECT_EQ(s.strict, model.strict);
    EXPECT_EQ(s.timing.cpi_milli, model.timing.cpi_milli);
    EXPECT_EQ(s.timing.exception_entry_cycles, model.timing.exception_entry_cycles);
    EXPECT_EQ(s.timing.exception_return_cycles, model.timing.exception_return_cycles);
    EXPECT_EQ(s.timing.sysreg_cycles, model.timing.sysreg_cycles);
    EXPECT_EQ(s.timing.barrier_cycles, model.timing.barrier_cycles);
    EXPECT_EQ(s.timing.gic_read, model.timing.gic_read);
    EXPECT_EQ(s.timing.gic_write, model.timing.gic_write);
    EXPECT_EQ(s.timing.device_read, model.timing.device_read);
    EXPECT_EQ(s.timing.device_write, model.timing.device_write);
    EXPECT_EQ(s.vms.at(0).software.program, SoftwareConfig{}.program);
    EXPECT_EQ(s.vms.at(0).software.profile, SoftwareConfig{}.profile);
    EXPECT_EQ(s.platform.uarts.at(0).baud, UartConfig{}.baud);
    EXPECT_EQ(s.platform.uarts.at(0).output, UartConfig{}.output);
    EXPECT_EQ(s.platform.uarts.at(0).size, UartConfig{}.size);
}

TEST(Good, Zcu104) {
    // Zynq UltraScale+ (UG1085) and Bao's description of the ZCU104.
    const Folder folder;
    const LoadResult r = load_scenario(folder.write("a.yaml", echo_text()), {});
    ASSERT_TRUE(r.scenario) << all(r);
    const PlatformConfig& p = r.scenario->platform;
    EXPECT_EQ(p.preset, "zcu104");
    EXPECT_EQ(p.cpu_num, 4U);
    EXPECT_EQ(p.cpu_hz, 1'200'000'000U);
    EXPECT_EQ(p.counter_hz, 100'000'000U);
    EXPECT_FALSE(p.firmware_standby);
    EXPECT_EQ(p.gic.gicd.value, 0xF9010000U);
    EXPECT_EQ(p.gic.gicc.value, 0xF902F000U);
    EXPECT_EQ(p.gic.gich.value, 0xF9040000U);
    EXPECT_EQ(p.gic.gicv.value, 0xF906F000U);
    EXPECT_EQ(p.gic.list_registers, 4U);
    EXPECT_EQ(p.gic.maintenance.value, 25U);
    EXPECT_EQ(p.ram.at(0).base.value, 0x80000U);
    EXPECT_EQ(p.uarts.at(0).base.value, 0xFF000000U);
    EXPECT_EQ(p.uarts.at(0).interrupt.value, 53U);
}

TEST(Good, QemuVirt) {
    // The machine of the path-cost measurement: GICv2 variant of QEMU's virt, with firmware.
    const LoadResult r =
        load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/access-qemu-virt.yaml", {});
    ASSERT_TRUE(r.scenario) << all(r);
    const PlatformConfig& p = r.scenario->platform;
    EXPECT_TRUE(p.firmware_standby);
    EXPECT_EQ(p.gic.gicd.value, 0x08000000U);
    EXPECT_EQ(p.gic.gicc.value, 0x08010000U);
    EXPECT_EQ(p.gic.gich.value, 0x08030000U);
    EXPECT_EQ(p.gic.gicv.value, 0x08040000U);
    EXPECT_EQ(p.ram.at(0).base.value, 0x40000000U);
    EXPECT_EQ(p.ram.at(0).size, std::uint64_t{4} << 30);
    EXPECT_EQ(p.uarts.at(0).model, UartModel::pl011);
    EXPECT_EQ(p.uarts.at(0).base.value, 0x09000000U);
    EXPECT_EQ(p.uarts.at(0).interrupt.value, 33U);
    // Front-end on CPU 0, back-end on CPU 1; guests see GICD and GICC where the machine has them.
    EXPECT_EQ(r.scenario->vms.at(0).cpu_affinity, 1U);
    EXPECT_EQ(r.scenario->vms.at(0).gicc.value, 0x08010000U);
}

TEST(Good, IncludesMergeMapsAndReplaceLists) {
    const Folder folder;
    folder.write("base.yaml", echo_text());
    folder.write("more.yaml", "duration: 2s\nseed: 9\n");
    const LoadResult r =
        load_scenario(folder.write("a.yaml",
                                   "include: [base.yaml, more.yaml]\n"
                                   "name: merged\n"
                                   "seed: 10\n"
                                   "platform: {uarts: {uart1: {baud: 9600, input: []}}}\n"
                                   "vms: {linux0: {software: {profile: bare-metal}}}\n"),
                      {});
    ASSERT_TRUE(r.scenario) << all(r);
    const Scenario& s = *r.scenario;
    EXPECT_EQ(s.name, "merged");
    EXPECT_EQ(s.duration, models::Picos::ms(2000));
    EXPECT_EQ(s.seed, 10U);
    EXPECT_EQ(s.platform.uarts.at(1).baud, 9600U);
    EXPECT_TRUE(s.platform.uarts.at(1).input.empty());
    ASSERT_EQ(s.vms.size(), 2U);
    EXPECT_EQ(s.vms[0].name, "backend");
    EXPECT_EQ(s.vms[1].software.profile, "bare-metal");
    EXPECT_EQ(s.vms[1].software.workloads.size(), 1U);
}

TEST(Good, AliasesRepeatAValue) {
    const Folder folder;
    const std::string text =
        with(with(echo_text(), "shmem: {base: 0x80000000, size: 1MiB, shmem_id: 0}",
                  "shmem: &mem {base: 0x80000000, size: 1MiB, shmem_id: 0}"),
             "interrupt: 79\n        shmem: {base: 0x80000000, size: 1MiB, shmem_id: 0}",
             "interrupt: 79\n        shmem: *mem");
    const LoadResult r = load_scenario(folder.write("a.yaml", text), {});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->vms.at(1).remio_devs.at(0).shmem.base.value, 0x80000000U);
}

TEST(Good, FilesAreRelativeToTheFileThatNamesThem) {
    const Folder folder;
    folder.write("bytes.bin", "abc");
    const std::string text =
        with(echo_text(), "      input:\n        - {at: 20ms, text: \"hello\\n\"}",
             "      input_file: bytes.bin");
    const LoadResult r = load_scenario(folder.write("a.yaml", text), {});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->platform.uarts.at(1).input_file, folder.path() + "/bytes.bin");
}

TEST(Good, RawDevice) {
    const Folder folder;
    const std::string text =
        with(echo_text(), "      - device: uart1",
             "      - {pa: 0xff010000, va: 0x10000000, size: 4KiB, interrupts: [54]}\n"
             "      - {interrupts: [27]}");
    const LoadResult r = load_scenario(folder.write("a.yaml", text), {});
    ASSERT_TRUE(r.scenario) << all(r);
    const VmConfig& backend = r.scenario->vms.at(0);
    ASSERT_EQ(backend.devs.size(), 2U);
    EXPECT_EQ(backend.devs[0].device, "uart1");  // found by its address
    EXPECT_EQ(backend.devs[0].va.value, 0x10000000U);
    EXPECT_EQ(backend.devs[1].size, 0U);
    EXPECT_EQ(backend.devs[1].interrupts.at(0).value, 27U);
}

TEST(Good, WindowsLineEndsAndByteOrderMark) {
    const Folder folder;
    std::string text = "\xEF\xBB\xBF";
    for (const char c : echo_text())
        text += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const LoadResult r = load_scenario(folder.write("a.yaml", text), {});
    EXPECT_TRUE(r.scenario) << all(r);
}

TEST(Good, PresetsAreThoseOfTheFolder) {
    std::vector<std::string> files;
    for (const auto& e :
         std::filesystem::directory_iterator(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/presets"))
        files.push_back(e.path().stem().string());
    std::sort(files.begin(), files.end());
    std::vector<std::string> carried;
    for (const Preset& p : presets())
        carried.emplace_back(p.name);
    EXPECT_EQ(carried, files);
}

}  // namespace
}  // namespace sim::test
