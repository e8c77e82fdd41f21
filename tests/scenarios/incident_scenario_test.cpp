// What goes wrong in silence on a board, seen from outside: scenarios that make a back-end, a line
// or the hypervisor give something up, the observation that says so, and `strict`.
#include <string>

#include <gtest/gtest.h>

#include "tests/scenarios/scenarios.h"
#include "tests/support/validation.h"

namespace sim::test {
namespace {

class IncidentScenarios : public Scenarios {
  protected:
    /// The first observation of a rule, or null.
    static json first(const Outcome& o, const std::string& rule) {
        for (const json& x : o.results.at("observations"))
            if (x.at("rule") == rule)
                return x;
        return {};
    }
    static void expect_observed(const Outcome& o, const std::string& rule, const std::string& vm,
                                const std::string& words) {
        const json seen = first(o, rule);
        ASSERT_FALSE(seen.is_null()) << rule << "\n" << o.out;
        EXPECT_EQ(seen.at("vm"), vm) << rule;
        EXPECT_NE(seen.at("what").get<std::string>().find(words), std::string::npos)
            << seen.at("what");
        validation::observation(rule);
    }
};

// Zephyr's console driver writes FEATURES_OK only for a device with MULTIPORT (docs/profiles.md).
TEST_F(IncidentScenarios, ADriverThatGoesOnWithoutFeatures) {
    const Outcome o = run("console-echo.yaml", "--set vms.linux0.software.profile=zephyr");
    expect_observed(o, "virtio.driver-ok-refused", "backend", "con0 of linux0");
    EXPECT_GT(metric(o, "vms.backend.devices.con0.violations"), 0);
    // The user reads what to do about it.
    EXPECT_NE(o.out.find("virtio.driver-ok-refused"), std::string::npos) << o.out;
}

// VirtIO 1.4, 2.1.2, of either device type.
TEST_F(IncidentScenarios, ADeviceThatNeedsAReset) {
    const Outcome console = run("console-echo.yaml",
                                "--set 'vms.backend.software.backends.con0.events="
                                "[{at: 15ms, error: true}]'");
    expect_observed(console, "virtio.needs-reset", "backend", "con0 of linux0");
    const Outcome net = run("net-ping.yaml",
                            "--set 'vms.backend.software.backends.net0.events="
                            "[{at: 1ms, error: true}]'");
    expect_observed(net, "virtio.needs-reset", "backend", "net0 of linux0");
    EXPECT_EQ(metric(net, "vms.backend.devices.net0.needs_reset"), 1);
}

// VirtIO 1.4, 5.3.4: the staging of a line has 256 characters (vms/service/drivers/serial_port.h),
// and 64 more find their way into the FIFO of a Cadence UART.
TEST_F(IncidentScenarios, EarlyTextThatIsTooLong) {
    const std::string early =
        "--set vms.linux0.software.drivers.con0.early_text=" + std::string(600, 'e') + " ";
    const Outcome o = run("console-echo.yaml", early);
    EXPECT_EQ(o.status, 0) << o.out;
    expect_observed(o, "console.emergency-dropped", "backend", "con0 of linux0");
    const std::int64_t dropped = metric(o, "vms.backend.devices.con0.dropped_emergency");
    EXPECT_GT(dropped, 0);
    EXPECT_EQ(metric(o, "observations.console.emergency-dropped"), dropped);
    // Every character is either on the line or accounted for.
    const Outcome without = run("console-echo.yaml");
    EXPECT_EQ(metric(o, "uarts.uart1.tx_bytes") + dropped,
              metric(without, "uarts.uart1.tx_bytes") + 600);
    EXPECT_EQ(run("console-echo.yaml", early + "--set strict=true").status, 1);
}

// A UART is deaf until its driver has set it up.
TEST_F(IncidentScenarios, InputBeforeTheServiceGuestStarts) {
    const Outcome o = run("console-echo.yaml", "--set vms.backend.start=50ms");
    expect_observed(o, "uart.receiver-off", "backend", "uart1");
    EXPECT_EQ(metric(o, "uarts.uart1.rx_lost"), 6);
    EXPECT_EQ(o.status, 3);
    EXPECT_NE(o.out.find("uart.receiver-off"), std::string::npos) << o.out;
}

TEST_F(IncidentScenarios, InputForAPortAtWhichNobodyIs) {
    // The far end of the shell is closed, and characters come all the same.
    const Outcome o = run("console-multiport.yaml",
                          "--set vms.backend.software.backends.con0.ports.0.open=false");
    expect_observed(o, "console.input-unconnected", "backend", "con0, from uart1");
    EXPECT_EQ(metric(o, "vms.backend.devices.con0.unconnected_input"), 6);
    EXPECT_EQ(metric(o, "vms.backend.devices.con0.dropped_input"), 6);
    EXPECT_TRUE(first(o, "console.input-dropped").is_null());
}

// Facts, "Sharp edges": there is no time-out.
TEST_F(IncidentScenarios, ABackendThatDoesNotAnswer) {
    validation::behaviour("What Bao's users ask for",
                          "a hang with no output on the board explains itself: who waits for whom, "
                          "in which register, since when, and what the other side did last");
    const Outcome o = run("silent-backend.yaml");
    EXPECT_EQ(o.status, 3);
    expect_observed(o, "remio.silent-backend", "linux0", "Bao waits for it without limit");
    for (const char* words :
         {"VM linux0, CPU 1: read of device con0", "register MagicValue at offset 0x000",
          "back-end VM backend on CPU 0", "took a request without answering it"})
        EXPECT_NE(o.out.find(words), std::string::npos) << words << "\n" << o.out;
}

}  // namespace
}  // namespace sim::test
