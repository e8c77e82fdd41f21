// --set KEY=VALUE: what it changes, and how a bad one is told.
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tests/sim/scenario/scenario_files.h"

namespace sim::test {
namespace {

LoadResult set(std::initializer_list<std::string> overrides) {
    const std::vector<std::string> list(overrides);
    return load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/console-echo.yaml", list);
}

TEST(Override, ChangesAValue) {
    const LoadResult r = set({"vms.linux0.software.drivers.con0.queue_size=128", "duration=2ms",
                              "vms.linux0.regions.0.size=32MiB", "name=other"});
    ASSERT_TRUE(r.scenario) << all(r);
    const Scenario& s = *r.scenario;
    EXPECT_EQ(s.vms.at(1).software.drivers.at(0).queue_size, 128U);
    EXPECT_EQ(s.duration, models::Picos::ms(2));
    EXPECT_EQ(s.vms.at(1).regions.at(0).size, 32U << 20);
    EXPECT_EQ(s.name, "other");
}

TEST(Override, LaterWins) {
    const LoadResult r = set({"seed=2", "seed=3"});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->seed, 3U);
}

TEST(Override, AddsAListEntryAndAKeyThatTheFileLacks) {
    const LoadResult r = set({"vms.linux0.regions.1={base: 0x50000000, size: 4KiB}",
                              "timing.cpi=1.2", "timing.operations.service.ask=30"});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->vms.at(1).regions.size(), 2U);
    EXPECT_EQ(r.scenario->timing.cpi_milli, 1200U);
    EXPECT_EQ(r.scenario->timing.operations.at("service.ask").instructions, 30U);
}

TEST(Override, ReachesIntoThePreset) {
    const LoadResult r = set({"platform.uarts.uart0.baud=9600", "platform.gic.list_registers=2"});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->platform.uarts.at(0).baud, 9600U);
    EXPECT_EQ(r.scenario->platform.gic.list_registers, 2U);
}

TEST(Override, ReplacesTheWholePlatform) {
    // The file's uart1 goes with the platform: what refers to it is told with its own place.
    const Diagnostic d = error_at(set({"platform=qemu-virt"}), "vms.backend.devs.0.device");
    EXPECT_EQ(d.place.line, line_of(echo_text(), "device: uart1"));
    expect_says(d, {"no device 'uart1'", "did you mean 'uart0'?"});
}

TEST(Override, AddsANamedEntryWhoseKeysAreAllOptional) {
    const std::string ping = std::string(BAOSIM_SOURCE_DIR) + "/scenarios/net-ping.yaml";
    EXPECT_TRUE(load_scenario(ping, {{"links.wire.from.gem3.loss=50%"}}).scenario);
    EXPECT_TRUE(
        load_scenario(ping, {{"vms.backend.software.interfaces.gem3.rx_buffers=16"}}).scenario);
    expect_says(error_at(load_scenario(ping, {{"vms.foo.cpu_affinity=4"}}), "vms.foo.cpu_affinity"),
                {"no 'foo' in vms", "to add one, write it whole: --set vms.foo='{...}'"});
}

TEST(Override, ADeviceIsItsDriverOrItsBackEnd) {
    const std::string ping = std::string(BAOSIM_SOURCE_DIR) + "/scenarios/net-ping.yaml";
    const LoadResult r = load_scenario(ping, {{"vms.backend.devices.net0.queue_size=512",
                                               "vms.linux0.devices.net0.queue_size=128"}});
    ASSERT_TRUE(r.scenario) << all(r);
    EXPECT_EQ(r.scenario->vms[0].software.backends[0].queue_size, 512U);
    EXPECT_EQ(r.scenario->vms[1].software.drivers[0].queue_size, 128U);
    error_at(load_scenario(ping, {{"vms.linux0.devices.net7.queue_size=128"}}),
             "vms.linux0.devices.net7.queue_size");
}

TEST(Override, ErrorsNameTheOption) {
    struct Case {
        std::string argument;
        std::string key;
        std::string words;
    };
    for (const Case& c : {
             Case{"vms.linux0.foo=5", "vms.linux0.foo", "allowed here: cpu_affinity"},
             Case{"vms.linx0.start=5ms", "vms.linx0.start", "did you mean 'linux0'?"},
             Case{"vms.linux0.start=5", "vms.linux0.start", "without a unit"},
             Case{"vms.linux0.regions.7.size=4KiB", "vms.linux0.regions.7.size", "list of 1"},
             Case{"vms.linux0.regions.x.size=4KiB", "vms.linux0.regions.x.size", "list of 1"},
             Case{"duration.foo=3", "duration.foo", "a single value ('1s')"},
             Case{"duration=", "duration", "found nothing"},
             Case{"duration=[1s", "duration", "not closed"},
             Case{"duration=1s: 2s", "duration", "found a map"},
             Case{"duration={a: 1, a: 2}", "duration.a", "given twice"},
             Case{"platform.preset=qemu", "platform.preset", "did you mean 'qemu-virt'?"},
             Case{"include=x.yaml", "include", "included by files"},
             Case{"vms.linux0.cpu_affinity=0x1", "vms.linux0.cpu_affinity", "vms.backend already"},
             Case{"duration", "", "KEY=VALUE"},
             Case{"=5", "", "KEY=VALUE"},
             Case{"vms..start=5ms", "", "an empty part"},
         }) {
        const Diagnostic d = error_at(set({c.argument}), c.key);
        EXPECT_EQ(d.place.file, "--set " + c.argument);
        EXPECT_EQ(d.place.line, 0);
        expect_says(d, {c.words});
        EXPECT_EQ(format(d).rfind("--set " + c.argument + ": " + c.key, 0), 0U) << format(d);
    }
}

TEST(Override, LongValuesAreNotRepeatedInFull) {
    const Diagnostic d = error_at(set({"duration=" + std::string(5000, 'x')}), "duration");
    EXPECT_EQ(d.place.file, "--set duration=...");
    EXPECT_LT(d.message.size(), 200U);
}

}  // namespace
}  // namespace sim::test
