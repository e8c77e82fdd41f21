// What only shows between keys: overlaps, double claims, references that lead nowhere. Each message
// stands at one place and names the other.
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/scenario/scenario_files.h"

namespace sim::test {
namespace {

LoadResult load_text(const std::string& text) {
    const Folder folder;
    return load_scenario(folder.write("a.yaml", text), {});
}

LoadResult set(std::vector<std::string> overrides) {
    return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/two-consoles.yaml",
                         overrides);
}

TEST(Validate, OverlappingRegions) {
    const std::string text =
        with(echo_text(), "      - {base: 0x40000000, size: 64MiB}\n",
             "      - {base: 0x40000000, size: 64MiB}\n      - {base: 0x43fff000, size: 1MiB}\n");
    const Diagnostic d = error_at(load_text(text), "vms.linux0.regions.1.base");
    EXPECT_EQ(d.place.line, line_of(text, "0x43fff000"));
    expect_says(d,
                {"0x43fff000 to 0x440fefff", "overlaps", "0x40000000 to 0x43ffffff",
                 fmt::format(":{}: vms.linux0.regions.0.base", line_of(text, "base: 0x40000000"))});
}

TEST(Validate, SharedMemoryOverMemory) {
    const Diagnostic d = error_at(set({"vms.linux0.remio_devs.con0.shmem.base=0x40100000"}),
                                  "vms.linux0.remio_devs.con0.shmem.base");
    expect_says(d, {"shared memory of con0", "overlaps memory", "vms.linux0.regions.0.base"});
}

TEST(Validate, PagesOfAWindow) {
    // Stage 2 maps whole pages: a window in a mapped page would never trap.
    const Diagnostic d = error_at(
        set({"vms.linux0.remio_devs.con0.va=0x43fffe00", "vms.linux0.regions.0.size=0x3fff000",
             "vms.linux0.regions.1={base: 0x43fff000, size: 4KiB}"}),
        "vms.linux0.remio_devs.con0.va");
    expect_says(d, {"in a page of memory", "do not trap"});
    // Windows of two devices may share one: 0x0a003e00 and 0x0a003c00 are those of public demos.
    const std::string second =
        "vms.linux0.remio_devs.con2={type: frontend, bind_key: 2, va: 0x0a003c00, size: 0x200, "
        "interrupt: 78, shmem: {base: 0x83000000, size: 1MiB, shmem_id: 2}}";
    const LoadResult r = set({"shmemlist.2={size: 1MiB}", second});
    EXPECT_TRUE(r.scenario) << all(r);
    expect_says(error_at(set({"shmemlist.2={size: 1MiB}", second,
                              "vms.linux0.remio_devs.con2.va=0x0a003d00"}),
                         "vms.linux0.remio_devs.con2.va"),
                {"overlaps the window of con0"});
}

TEST(Validate, WindowOverTheDistributor) {
    expect_says(error_at(set({"vms.linux0.remio_devs.con0.va=0xf9010e00"}),
                         "vms.linux0.remio_devs.con0.va"),
                {"the emulated distributor"});
}

TEST(Validate, PhysicalOverlap) {
    const Diagnostic d = error_at(
        set({"vms.linux0.regions.0.phys=0x10000000", "vms.linux1.regions.0.phys=0x12000000"}),
        "vms.linux1.regions.0.phys");
    expect_says(d, {"memory of linux1", "overlaps memory of linux0", "vms.linux0.regions.0.phys"});
    const LoadResult r =
        set({"vms.linux0.regions.0.phys=0x10000000", "vms.linux1.regions.0.phys=0x14000000"});
    EXPECT_TRUE(r.scenario) << all(r);
}

TEST(Validate, OutsideThePlatformsMemory) {
    // ZCU104: memory ends at 0x7ff6a000.
    expect_says(error_at(set({"shmemlist.0.phys=0x7ff00000"}), "shmemlist.0.phys"),
                {"0x7ff00000 to 0x7fffffff", "not inside", "0x80000 to 0x7ff69fff"});
    expect_says(error_at(set({"vms.linux0.regions.0.size=1GiB", "vms.linux1.regions.0.size=1GiB"}),
                         "platform.ram"),
                {"2066 MiB", "2046 MiB"});
}

TEST(Validate, Alignment) {
    expect_says(
        error_at(set({"vms.linux0.regions.0.base=0x40000800"}), "vms.linux0.regions.0.base"),
        {"no multiple of 4KiB", "0x40000000 or 0x40001000"});
}

TEST(Validate, AlignmentOfThePlatform) {
    // What is mapped at EL2 or for a guest is mapped in pages of 4 KiB.
    for (const std::string key :
         {"platform.gic.gicd", "platform.gic.gicc", "platform.gic.gich", "platform.gic.gicv",
          "platform.guest_gic.gicd", "platform.guest_gic.gicc", "platform.uarts.uart2.base",
          "platform.ram.0.base"})
        expect_says(error_at(set({key + "=0x12345010"}), key),
                    {"0x12345010", "no multiple of 4KiB", "0x12345000 or 0x12346000"});
    expect_says(error_at(set({"platform.uarts.uart2.size=5000B"}), "platform.uarts.uart2.size"),
                {"no multiple of 4KiB"});
    // Nothing is 0 pages long.
    expect_says(error_at(set({"vms.linux0.regions.0.size=5B"}), "vms.linux0.regions.0.size"),
                {"found 5B", "write 0x1000"});
}

TEST(Validate, OverlapsOfThePlatform) {
    expect_says(error_at(set({"platform.gic.gich=0x00100000"}), "platform.gic.gich"),
                {"overlaps memory"});
    expect_says(error_at(set({"platform.uarts.uart2.base=0x00100000"}), "platform.uarts.uart2"),
                {"uart2", "overlaps memory"});
    expect_says(error_at(set({"platform.uarts.uart2.base=0xff010000"}), "platform.uarts.uart2"),
                {"overlaps uart1"});
    expect_says(error_at(set({"platform.guest_gic.gicc=0x40000000"}), "vms.linux0.regions.0.base"),
                {"overlaps", "CPU interface"});
}

TEST(Validate, AddressesHaveFortyBits) {
    // Cortex-A53 TRM: physical addresses of 40 bits, and stage 2 takes no more.
    struct Case {
        std::string key;
        std::string value;
        std::string at;
    };
    for (const Case& c : {
             Case{"vms.linux0.regions.0.base", "0xfffffff000", "vms.linux0.regions.0.base"},
             Case{"vms.linux0.remio_devs.con0.va", "0xffffffff00", "vms.linux0.remio_devs.con0.va"},
             Case{"vms.linux0.remio_devs.con0.shmem.base", "0xfffffff000",
                  "vms.linux0.remio_devs.con0.shmem.base"},
             Case{"platform.gic.gicc", "0xfffffff000", "platform.gic.gicc"},
             Case{"platform.uarts.uart2",
                  "{base: 0xfffffff000, size: 8KiB, model: pl011, "
                  "interrupt: 121}",
                  "platform.uarts.uart2"},
             Case{"platform.ram",
                  "[{base: 0x80000, size: 2046MiB}, {base: 0xffff000000, size: "
                  "1GiB}]",
                  "platform.ram.1"},
         })
        expect_says(error_at(set({c.key + "=" + c.value}), c.at), {"40 bits", "0xffffffffff"});
    const LoadResult r = set({"vms.linux0.regions.0.base=0xfffc000000"});  // ends with the space
    EXPECT_TRUE(r.scenario) << all(r);
}

TEST(Validate, BaudRates) {
    // UG1087: 100 MHz / (CD * (BDIV + 1)), BDIV from 4 on: 20, 16.7, ... MHz; DDI 0183: 64ths
    // of 16.
    const std::string cadence = "platform.uarts.uart1.baud";
    expect_says(error_at(set({cadence + "=19000000"}), cadence),
                {"19000000 baud", "100000000 Hz", "is 20000000", "5 %"});
    expect_says(error_at(set({cadence + "=18000000"}), cadence), {"is 16666666"});
    // DDI 0183, 3.3.6: UARTCLK / (16 * (1 + 0/64)) is the fastest.
    const std::string is_pl011 = "platform.uarts.uart2.model=pl011";
    const std::string clock = "platform.uarts.uart2.reference_clock=";
    const std::string pl011 = "platform.uarts.uart2.baud";
    expect_says(error_at(set({is_pl011, pl011 + "=7000000"}), pl011), {"is 6250000"});
    expect_says(error_at(set({is_pl011, pl011 + "=2000000", clock + "24MHz"}), pl011),
                {"is 1500000"});
    expect_says(error_at(set({is_pl011, pl011 + "=300", clock + "1GHz"}), pl011),
                {"is 953"});  // 1 GHz / (16 * 65535)
    for (const char* baud : {"300", "115200", "2000000", "9900000", "11000000", "20000000"}) {
        const LoadResult r = set({cadence + "=" + baud});
        EXPECT_TRUE(r.scenario) << all(r);
    }
    for (const char* baud : {"300", "115200", "3000000", "6250000", "6560000"}) {
        const LoadResult r = set({is_pl011, pl011 + "=" + baud});
        EXPECT_TRUE(r.scenario) << all(r);
    }
}

TEST(Validate, OutputsThatWouldDestroy) {
    const Folder folder;
    const std::string base = folder.write("base.yaml", echo_text());
    const std::string top = folder.write("top.yaml", "include: base.yaml\nname: top\n");
    std::filesystem::create_symlink(base, folder.path() + "/link");
    const auto load = [&](std::vector<std::string> overrides) {
        return load_scenario(top, overrides);
    };
    const std::string key = "platform.uarts.uart1.output";
    expect_says(error_at(load({key + "=" + top}), key), {"the scenario itself"});
    expect_says(error_at(load({key + "=" + base}), key), {"that the scenario includes"});
    expect_says(error_at(load({key + "=" + folder.path() + "/link"}), key), {"includes"});
    const std::string input = folder.write("input", "x");
    expect_says(
        error_at(load({"platform.uarts.uart0.input_file=" + input, key + "=" + input}), key),
        {"platform.uarts.uart0.input_file"});
    const std::string out = folder.path() + "/out";
    std::filesystem::create_symlink("out", folder.path() + "/to-out");
    expect_says(error_at(load({"platform.uarts.uart0.output=" + out,
                               key + "=" + folder.path() + "/to-out"}),
                         key),
                {"platform.uarts.uart0.output"});
    EXPECT_FALSE(std::filesystem::exists(out));
    EXPECT_EQ(load({key + "=" + out}).errors.size(), 0U);
}

TEST(Validate, InterruptUsedTwice) {
    // In one VM: the remote I/O device and the UART that is passed through (54, UART1 of the
    // ZCU104).
    const std::string text = with(echo_text(), "interrupt: 40", "interrupt: 54");
    const Diagnostic d = error_at(load_text(text), "vms.backend.remio_devs.con0.interrupt");
    EXPECT_EQ(d.place.line, line_of(text, "interrupt: 54"));
    expect_says(d, {"interrupt 54", "vms.backend.devs.0",
                    fmt::format(":{}", line_of(text, "device: uart1"))});
    // By two VMs.
    expect_says(
        error_at(set({"vms.linux0.devs=[{interrupts: [121]}]"}), "vms.linux0.devs.0.interrupts.0"),
        {"interrupt 121 belongs to vms.backend.devs.1 already"});
    // By two devices of the platform.
    expect_says(
        error_at(set({"platform.uarts.uart2.interrupt=54"}), "platform.uarts.uart2.interrupt"),
        {"interrupt 54", "platform.uarts.uart1.interrupt"});
    // A virtual interrupt of one VM is no matter for another (79 in both front-ends), and a private
    // one is banked.
    const LoadResult r =
        set({"vms.linux0.devs=[{interrupts: [27]}]", "vms.linux1.devs=[{interrupts: [27]}]"});
    EXPECT_TRUE(r.scenario) << all(r);
}

TEST(Validate, InterruptThatAVmCannotHave) {
    const std::string key = "vms.linux0.remio_devs.con0.interrupt";
    expect_says(error_at(set({key + "=8"}), key), {"software-generated"});
    expect_says(error_at(set({key + "=25"}), key), {"maintenance interrupt"});
    expect_says(error_at(set({key + "=192"}), key), {"cannot be routed", "from 32 to 191"});
    expect_says(error_at(set({key + "=1020"}), key), {"out of range", "1019"});
    expect_says(
        error_at(set({"platform.uarts.uart2.interrupt=200"}), "platform.uarts.uart2.interrupt"),
        {"32 to 191"});
    // Above 255 the id is cut to 8 bits on its way; that is for the run to show.
    const LoadResult r = set({key + "=300"});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->vms.at(1).remio_devs.at(0).interrupt.value, 300U);
}

TEST(Validate, Cpus) {
    const std::string key = "vms.linux1.cpu_affinity";
    expect_says(error_at(set({key + "=0"}), key), {"found no CPU"});
    expect_says(error_at(set({key + "=0x10"}), key), {"0x10", "CPUs 0 to 3", "0xf"});
    expect_says(error_at(set({key + "=0x6"}), key), {"CPU 1 belongs to vms.linux0 already"});
}

TEST(Validate, Shmem) {
    const std::string key = "vms.linux1.remio_devs.con1.shmem";
    expect_says(error_at(set({key + ".shmem_id=2"}), key + ".shmem_id"),
                {"found 2", "2 entries, 0 to 1"});
    expect_says(error_at(set({key + ".size=2MiB"}), key + ".size"), {"2MiB", "0x100000"});
    expect_says(error_at(set({key + ".shmem_id=0"}), key + ".shmem_id"),
                {"vms.linux0.remio_devs.con0.shmem.shmem_id", "another bind_key"});
}

TEST(Validate, Vcpus) {
    const auto smp = [](std::vector<std::string> overrides) {
        return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/smp-frontend.yaml",
                             overrides);
    };
    const std::string second = "vms.linux0.software.workloads.2";
    const LoadResult r = smp({});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->vms.at(1).software.workloads.at(2).vcpu, 1U);
    expect_says(error_at(smp({second + ".vcpu=2"}), second + ".vcpu"), {"found 2", "2 vCPUs"});
    expect_says(error_at(smp({"vms.linux0.cpu_affinity=0x2"}), second + ".vcpu"), {"one vCPU"});
    expect_says(error_at(smp({"vms.linux0.software.workloads.1.vcpu=1"}),
                         "vms.linux0.software.workloads.1.vcpu"),
                {"console-write", "vCPU 0"});
    expect_says(error_at(smp({"vms.backend.cpu_affinity=0x9"}), "vms.backend.cpu_affinity"),
                {"2 CPUs", "one loop"});
    expect_says(error_at(smp({second + ".device=con7"}), second + ".device"), {"con0"});
}

LoadResult set_ipc(std::vector<std::string> overrides) {
    return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/ipc-ping.yaml", overrides);
}

TEST(Validate, IpcWorkloads) {
    const std::string ping = "vms.asker.software.workloads.0";
    const std::string echo = "vms.answerer.software.workloads.0";
    EXPECT_TRUE(set_ipc({}).scenario);
    // What the hypervisor checks is for the run to show.
    EXPECT_TRUE(set_ipc({ping + ".doorbell=7", ping + ".event=9"}).scenario);
    expect_says(error_at(set_ipc({ping + ".ipc=1"}), ping + ".ipc"), {"found 1", "ipcs 0 to 0"});
    // Half of 64 KiB less 128 bytes, in eight slots of a multiple of 64, less 16 bytes each.
    expect_says(error_at(set_ipc({ping + ".bytes=4017B"}), ping + ".bytes"), {"4016"});
    EXPECT_TRUE(set_ipc({ping + ".bytes=4016B"}).scenario);
    expect_says(error_at(set_ipc({echo + ".bytes=1B"}), echo + ".bytes"),
                {"does not use this key"});
    expect_says(error_at(set_ipc({"vms.answerer.ipcs.0.size=32KiB"}), "vms.answerer.ipcs.0"),
                {"32768", "65536"});
    expect_says(error_at(set_ipc({"vms.answerer.ipcs.0.interrupts=[27]"}),
                         "vms.answerer.ipcs.0.interrupts.0"),
                {"virtual timer"});
    expect_says(error_at(set_ipc({"vms.answerer.ipcs.0.interrupts=[]"}), echo + ".ipc"),
                {"no interrupts"});
    expect_says(error_at(set_ipc({"vms.answerer.software.workloads=[]"}), ping),
                {"nothing is at the other end", "ipc-echo"});
    expect_says(error_at(set_ipc({echo + ".type=ipc-ping", echo + ".bytes=1B"}), echo),
                {"an ipc-ping of vms.asker already"});
    expect_says(error_at(set({"vms.linux0.software.workloads.0.count=3"}),
                         "vms.linux0.software.workloads.0.count"),
                {"does not use this key"});
}

TEST(Validate, DevicesOfVms) {
    expect_says(error_at(set({"vms.linux0.devs=[{device: uart1}]"}), "vms.linux0.devs.0"),
                {"uart1 of backend", "vms.backend.devs.0"});
    expect_says(error_at(set({"vms.linux0.devs=[{device: uart3}]"}), "vms.linux0.devs.0.device"),
                {"no device 'uart3'"});
    expect_says(error_at(set({"vms.linux0.devs=[{pa: 0xf902f000, size: 4KiB, va: 0x10000000}]"}),
                         "vms.linux0.devs.0"),
                {"the GIC's CPU interface"});
    expect_says(error_at(set({"vms.linux0.devs=[{pa: 0xff000000}]"}), "vms.linux0.devs.0.size"),
                {"missing"});
    expect_says(
        error_at(set({"vms.linux0.devs=[{device: uart0, size: 4KiB}]"}), "vms.linux0.devs.0.size"),
        {"brings its own"});
}

TEST(Validate, RemioWindowKeys) {
    const std::string text = with(echo_text(), "        va: 0x0a003e00\n", "");
    expect_says(error_at(load_text(text), "vms.linux0.remio_devs.con0.va"), {"missing", "window"});
    expect_says(error_at(set({"vms.backend.remio_devs.con0.va=0x0a003e00"}),
                         "vms.backend.remio_devs.con0.va"),
                {"no window"});
}

TEST(Validate, Software) {
    const std::string backend = "vms.backend.software.backends";
    expect_says(
        error_at(set({backend + ".con2={backend: console, serial: uart1}"}), backend + ".con2"),
        {"no remote I/O device 'con2'"});
    expect_says(error_at(set({backend + ".con1.serial=uart1"}), backend + ".con1.serial"),
                {"carries vms.backend.software.backends.con0.serial too"});
    expect_says(error_at(set({backend + ".con1.serial=uart0"}), backend + ".con1.serial"),
                {"not passed through", "device: uart0"});
    expect_says(error_at(set({backend + ".con1.serial=urt2"}), backend + ".con1.serial"),
                {"did you mean 'uart2'?"});
    expect_says(error_at(set({backend + ".con1={backend: console}"}), backend + ".con1.serial"),
                {"missing", "uart1 and uart2"});
    expect_says(error_at(set({backend + ".con1.queue_size=100"}), backend + ".con1.queue_size"),
                {"no power of two", "64 or 128"});
    expect_says(error_at(set({backend + ".con1.backend=consol"}), backend + ".con1.backend"),
                {"did you mean 'console'?"});

    const std::string frontend = "vms.linux0.software";
    expect_says(
        error_at(set({frontend + ".workloads.0.device=con1"}), frontend + ".workloads.0.device"),
        {"no remote I/O device 'con1'"});
    expect_says(error_at(set({frontend + ".drivers={}"}), frontend + ".workloads.0.device"),
                {"has no driver"});
    expect_says(error_at(set({frontend + ".workloads.0.type=console-ecko"}),
                         frontend + ".workloads.0.type"),
                {"did you mean 'console-echo'?"});
    const std::string work = frontend + ".workloads.0";
    expect_says(error_at(set({work + "={type: console-soak, device: con0}"}), work + ".until"),
                {"this key is missing", "before the duration (1s)"});
    expect_says(
        error_at(set({work + "={type: console-soak, device: con0, until: 1s}"}), work + ".until"),
        {"found 1s", "the run ends after 1s"});
    expect_says(error_at(set({work + "={type: console-soak, device: con0, until: 1ms, "
                                     "chunk: 5000B}"}),
                         work + ".chunk"),
                {"found 5000B", "at most 4096 bytes"});
    expect_says(error_at(set({work + ".port=1", work + ".port_name=data"}), work + ".port_name"),
                {"found port and port_name", "keep one"});
    expect_says(error_at(set({work + ".port=7"}), work + ".port"),
                {"found 7", "the console behind 'con0' has one port, 0"});
    expect_says(error_at(set({work + ".port_name=data"}), work + ".port_name"),
                {"has no port of the name 'data'", "write port, or give the port a name"});
    expect_says(error_at(set({frontend + ".workloads.0={type: console-read, device: con0}"}),
                         frontend + ".workloads.0.bytes"),
                {"missing"});
    expect_says(error_at(set({frontend + ".profile=linux"}), frontend + ".profile"),
                {"did you mean 'linux-6.1'?"});
    expect_says(error_at(set({frontend + ".program=service-guest"}), frontend + ".drivers"),
                {"for program: frontend", "the program is service-guest"});
    expect_says(
        error_at(set({frontend + ".stop_answering_after=3"}), frontend + ".stop_answering_after"),
        {"program: service-guest"});
}

TEST(Validate, AProgramNeedsMemory) {
    for (const std::string vm : {"vms.backend", "vms.linux0"})
        expect_says(error_at(set({vm + ".regions=[]"}), vm + ".software.program"),
                    {"needs memory", vm + " has no regions"});
    const LoadResult r =
        set({"vms.linux1.regions=[]", "vms.linux1.software={program: idle}", "expect=[]"});
    EXPECT_TRUE(r.scenario) << all(r);
}

TEST(Validate, AQueueIsNotLargerThanItsDeviceOffers) {
    // VirtIO 1.3, 4.2.2: QueueSize is at most QueueSizeMax.
    const std::string key = "vms.linux1.software.drivers.con1.queue_size";
    expect_says(error_at(set({key + "=512"}), key),
                {"found 512", "256", "vms.backend.software.backends.con1", "QueueSizeMax"});
    for (const std::vector<std::string>& fits :
         {std::vector<std::string>{key + "=256"},
          {key + "=512", "vms.backend.software.backends.con1.queue_size=512"}}) {
        const LoadResult r = set(fits);
        EXPECT_TRUE(r.scenario) << all(r);
    }
}

TEST(Validate, AWorkloadTakesOnlyTheKeysThatItReads) {
    const std::string w = "vms.linux0.software.workloads.0";
    for (const std::string& key : {w + ".bytes", w + ".chunk"})
        expect_says(error_at(set({key + "=256B"}), key),
                    {"console-echo does not use this key", "device, port, port_name, text, lines"});
    expect_says(error_at(set({w + ".seed=0"}), w + ".seed"), {"does not use"});
    expect_says(error_at(set({w + "={type: console-read, device: con0, bytes: 1KiB, chunk: 1B}"}),
                         w + ".chunk"),
                {"console-read does not use", "bytes, seed"});
    expect_says(error_at(set({w + "={type: console-write, device: con0, bytes: 1KiB, lines: 0}"}),
                         w + ".lines"),
                {"bytes, chunk, seed"});
    expect_says(error_at(set({w + "={type: idle, device: con0}"}), w + ".device"),
                {"idle does not use"});
    const LoadResult r =
        set({w + "={type: console-duplex, device: con0, bytes: 1KiB, chunk: 1B, seed: 1}"});
    EXPECT_TRUE(r.scenario) << all(r);
}

TEST(Validate, BindKeys) {
    // 64 bits, of which Bao's initial value for a side without a device, -1, is no key.
    const std::string key = "vms.linux1.remio_devs.con1.bind_key";
    expect_says(error_at(set({key + "=0xffffffffffffffff"}), key), {"out of range"});
    for (const char* good : {"256", "0xfffffffffffffffe"})
        EXPECT_TRUE(set({key + "=" + good}).scenario);
}

TEST(Validate, Expectations) {
    expect_says(error_at(set({"expect.0.metric=vms.linux3.workload.done"}), "expect.0.metric"),
                {"no 'linux3'", "did you mean 'linux0'?"});
    expect_says(
        error_at(set({"expect.0.equals_metric=uarts.uart9.tx_crc32"}), "expect.0.equals_metric"),
        {"no 'uart9'"});
    expect_says(error_at(set({"expect.0={metric: a}"}), "expect.0"), {"nothing is expected"});
    expect_says(error_at(set({"expect.0={metric: a, min: 2, max: 1}"}), "expect.0.min"), {"more"});
}

TEST(Validate, FilesThatAreNamed) {
    expect_says(error_at(set({"timing.path_costs=nope.csv"}), "timing.path_costs"),
                {"nope.csv", "cannot be read"});
}

TEST(Validate, BootChecksAreTheHypervisors) {
    // One bind_key twice, counts or shmem that differ: valid here, refused by Bao at boot.
    const LoadResult r = set({"vms.linux1.remio_devs.con1.bind_key=0",
                              "vms.linux1.remio_devs.con1.shmem.base=0x90000000"});
    EXPECT_TRUE(r.scenario) << all(r);
}

}  // namespace
}  // namespace sim::test
