// What a console's back-end reports of a driver that does what the VirtIO specification v1.4 does
// not allow, as a user reads it: the rule, the device and its front-end, and the driver's own
// words.
#include "sim/build/backend_incidents.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "sim/observe/observations.h"
#include "sim/observe/sink.h"
#include "sim/scenario/load.h"
#include "tests/support/validation.h"
#include "tests/vms/service/fake_serial.h"
#include "tests/vms/service/rig.h"
#include "vms/service/console/console.h"
#include "vms/service/serial/direct_line.h"

namespace sim {
namespace {

namespace sv = vms::service;
namespace st = vms::service::test;
using vms::GuestAddr;

constexpr GuestAddr data = st::shared_base + 0x8000;
constexpr std::uint64_t multiport = 1 << 1;

/// The second device of console-multiport's service guest, driven by hand.
class Incidents : public ::testing::Test {
  protected:
    Incidents() {
        fanout.add(seen);
        hub.observations = &fanout;
        m.cpu.on_note = [this](const auto& n) {
            if (n.what == vms::Note::incident)
                incidents.note(models::Picos::ns(7), {0}, n.a, n.b);
        };
    }
    void start() {
        ASSERT_TRUE(regs.negotiate(st::version_1 | st::access_platform | multiport));
        for (std::uint32_t q = 0; q < 4; ++q)
            regs.configure(q, rings[q].areas());
        regs.driver_ok();
        run();
    }
    void run() {
        int steps = 0;
        while (transport.work())
            ASSERT_LT(++steps, 1'000);
        transport.publish();
    }
    /// The one thing that was observed.
    void expect(const std::string& rule, const std::string& what) {
        const auto list = seen.list();
        ASSERT_EQ(list.size(), 1u) << rule;
        EXPECT_EQ(list[0].rule, rule);
        EXPECT_EQ(list[0].vm, "backend");
        EXPECT_EQ(list[0].what, "con1 of linux1: " + what);
        EXPECT_NE(find_rule(rule), nullptr);
        validation::observation(rule);
    }

    LoadResult loaded =
        load_scenario(std::string(BAOSIM_SOURCE_DIR) + "/scenarios/console-multiport.yaml", {});
    Observations seen;
    Fanout fanout;
    models::ProbeHub hub;
    BackendIncidents incidents{*loaded.scenario, hub};

    st::Machine m;
    sv::DeviceCounters counters;
    st::FakeSerial serial;
    sv::DirectLine line{serial};
    sv::ConsoleConfig config{.multiport = true};
    sv::Console console{
        m.port,
        {.ring_features = st::version_1 | st::access_platform, .config = config, .lines = {&line}},
        counters};
    sv::MmioTransport transport{m.port, m.memory, console, 0x0a00'3e00, counters, 1};
    st::Registers regs{transport};
    st::DriverRing rings[4] = {{m.cpu, st::shared_base, 8},
                               {m.cpu, st::shared_base + 0x1000, 8},
                               {m.cpu, st::shared_base + 0x2000, 8},
                               {m.cpu, st::shared_base + 0x3000, 8}};
};

// 4.2.2.2: registers are read and written as aligned 32-bit words.
TEST_F(Incidents, AReadOfAWrongWidth) {
    EXPECT_EQ(transport.read(0x070, 2), 0u);
    expect("virtio.bad-access",
           "a read of 2 byte(s) at 0x070: no register takes it, and 0 is the answer");
    EXPECT_EQ(counters.bad_accesses, 1u);
    // The device goes on.
    validation::behaviour("Existing back-ends",
                          "an access of a wrong width is refused, counted and observed, and the "
                          "device goes on (there: taken as 4 bytes whatever its width, and an "
                          "invalid one hangs the front-end)");
    EXPECT_EQ(regs.read(0x000), 0x7472'6976u);
    start();
    EXPECT_EQ(regs.read(0x070) & 0x0fu, 0x0fu);
}

// 4.2.2: DeviceID is read-only; there is nothing at 0x040 (a register of the legacy interface).
TEST_F(Incidents, AWriteWhereNothingCanBeWritten) {
    regs.write(0x040, 5);
    expect("virtio.bad-access",
           "a write of 4 byte(s) at 0x040: no register takes it, and nothing is written");
}

// 3.1.1: a driver MUST NOT notify the device before DRIVER_OK.
TEST_F(Incidents, ANotificationBeforeDriverOk) {
    regs.write(0x050, 1);
    expect("virtio.out-of-order",
           "0x1 is written to QueueNotify (0x050): before DRIVER_OK, or of a queue that is not "
           "there or not ready: nothing happens");
}

// 6.1: a driver MUST accept VERSION_1 when it is offered.
TEST_F(Incidents, FeaturesOfTheLegacyInterface) {
    EXPECT_FALSE(regs.negotiate(multiport));
    expect("virtio.features-refused",
           "FEATURES_OK stays clear for features 0x2: VERSION_1 (bit 32) is missing");
    EXPECT_EQ(counters.refused_features, 1u);
}

// 2.2.1: a driver MUST NOT accept a feature that the device did not offer.
TEST_F(Incidents, FeaturesThatWereNotOffered) {
    EXPECT_FALSE(regs.negotiate(st::version_1 | st::event_idx));
    expect(
        "virtio.features-refused",
        "FEATURES_OK stays clear for features 0x120000000: one was not offered, or needs another "
        "that is missing");
}

// 3.1.1: DRIVER_OK comes after FEATURES_OK.
TEST_F(Incidents, DriverOkWithoutFeaturesOk) {
    regs.write(0x070, 1);
    regs.write(0x070, 7);
    expect("virtio.driver-ok-refused", "DRIVER_OK is refused: FEATURES_OK is not set (Status 0x1)");
}

// 2.7: the head of a chain is an index into the descriptor table.
TEST_F(Incidents, ARingThatIsBroken) {
    start();
    rings[1].make_available(8);
    regs.write(0x050, 1);
    run();
    expect("virtio.needs-reset",
           "DEVICE_NEEDS_RESET: " + std::string(name(sv::QueueFault::bad_head)));
    EXPECT_EQ(counters.queue_faults, 1u);
}

// 5.3.6.1: a driver MUST NOT put a device-writable buffer into a transmit queue.
TEST_F(Incidents, ABufferOfTheWrongDirection) {
    start();
    rings[1].add({{data, 16, true}});
    regs.write(0x050, 1);
    run();
    expect("virtio.bad-buffer",
           "a chain without a buffer that the device can use goes back with length 0");
}

// 5.3.6.2: control messages have 8 bytes, and events of the driver are 0, 3 and 6.
TEST_F(Incidents, ControlMessagesThatMeanNothing) {
    start();
    rings[3].add({{data, 4, false}});
    regs.write(0x050, 3);
    run();
    expect("virtio.bad-control",
           "a control message of the driver is too short, or has no event of a driver's");
}

TEST_F(Incidents, AControlMessageAboutAPortThatIsNotThere) {
    start();
    m.cpu.poke(data, std::uint32_t{5});                // port
    m.cpu.poke(data + 4, std::uint32_t{3 | 1 << 16});  // PORT_READY, 1
    rings[3].add({{data, 8, false}});
    regs.write(0x050, 3);
    run();
    expect("virtio.bad-control",
           "a control message of the driver is about a port that it has not been told of");
}

// 5.3.4: emerg_wr has no way to tell the driver to wait.
TEST_F(Incidents, EmergencyWritesBeyondTheRoomThereIs) {
    for (std::size_t i = 0; i < sv::SerialPort::staging_bytes; ++i)
        regs.write(0x108, 'x');
    EXPECT_TRUE(seen.empty());
    regs.write(0x108, 'y');
    regs.write(0x108, 'z');
    expect("console.emergency-dropped",
           "a character written to emerg_wr found no room on its way to the serial line");
    EXPECT_EQ(seen.total(), 2u);
}

}  // namespace
}  // namespace sim
