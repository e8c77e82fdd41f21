// The register accesses of a probe and a removal, literally. linux-6.1: the order logged from Linux
// 6.1 under emulation (virtio_mmio with virtio_console). bare-metal: the manner of the public
// bare-metal console front-end for Bao: read-modify-write of Status, no write of QueueSize.
// Failed probes: OASIS VirtIO v1.4, 3.1.1 and 4.2.3.1.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"

namespace frontend_test {
namespace {

using testing::ElementsAreArray;
using vms::frontend::bao_bare_metal;
using vms::frontend::bare_metal;
using vms::frontend::ConsoleDriver;
using vms::frontend::Fault;
using vms::frontend::linux_6_1;
using vms::frontend::Profile;
using vms::frontend::zephyr;

/// The log up to where the driver goes to work.
std::vector<std::string> without_notifications(std::vector<std::string> log) {
    std::erase_if(log, [](const std::string& a) { return a.starts_with("W050"); });
    return log;
}

// A queue of 8 at the start of the shared memory: 128 bytes of descriptors, 22 of available ring.
// Linux aligns the used ring to a page (vring alignment of virtio-mmio) and starts at a page.
const char* const linux_probe =
    "R000 R004 R008 R00c W070=0 R070 W070=1 "
    "R070 W070=3 W014=1 R010 W014=0 R010 W024=1 W020=3 W024=0 W020=0 R070 W070=b R070 "
    "R104 "
    "W030=0 R044 R034 W038=8 W080=80000000 W084=0 W090=80000080 W094=0 W0a0=80001000 W0a4=0 "
    "W044=1 "
    "W030=1 R044 R034 W038=8 W080=80002000 W084=0 W090=80002080 W094=0 W0a0=80003000 W0a4=0 "
    "W044=1 "
    "R070 W070=f R070";

TEST(Probe, LinuxIsTheLoggedSequence) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_THAT(without_notifications(rig.m.log), ElementsAreArray(words(linux_probe)));
    EXPECT_EQ(rig.device.accepted, std::uint64_t{3} << 32);
}

TEST(Probe, LinuxTellsTheDeviceOfReceiveBuffersOnlyAfterDriverOk) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    // Without event index and with a device that wants notifications: one for each buffer.
    auto expected = words(linux_probe);
    expected.insert(expected.end(), 8, "W050=0");
    EXPECT_THAT(rig.m.log, ElementsAreArray(expected));
}

TEST(Probe, LinuxKeepsRingFeaturesAndDropsOthers) {
    Rig rig(linux_6_1());
    rig.device.make_multiport({{}});
    // SIZE, MULTIPORT, EMERG_WRITE, 24, INDIRECT, EVENT_IDX, VERSION_1 ... RING_RESET.
    rig.device.features =
        0x7 | std::uint64_t{1} << 24 | std::uint64_t{3} << 28 | std::uint64_t{0x17f} << 32;
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    // IN_ORDER (35), NOTIFICATION_DATA (38) and RING_RESET (40) are dropped by Linux 6.1;
    // RING_PACKED (34) by these drivers, whose rings are split.
    const std::uint64_t kept =
        std::uint64_t{3} | std::uint64_t{3} << 28 | std::uint64_t{3} << 32 | std::uint64_t{1} << 36;
    EXPECT_EQ(rig.device.accepted, kept);
}

TEST(Probe, LinuxReadsTheWholeMaxNrPortsAndNothingElseOfTheConfiguration) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    unsigned configuration = 0;
    for (const std::string& a : rig.m.log)
        configuration += a.starts_with("R1") ? 1 : 0;
    EXPECT_EQ(configuration, 1u);
}

TEST(Probe, LinuxRemoval) {
    Rig rig(linux_6_1());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    rig.m.log.clear();
    driver.remove();
    EXPECT_THAT(rig.m.log, ElementsAreArray(words("W070=0 W030=0 W044=0 R044 W030=1 W044=0 R044 "
                                                  "R070 R070 W070=1")));
    EXPECT_FALSE(rig.m.interrupt_enabled(79));
}

TEST(Probe, EmptySlotSeesThreeReads) {
    for (const Profile* p : {&linux_6_1(), &bare_metal()}) {
        Rig rig(*p);
        rig.device.device_id = 0;
        ConsoleDriver driver(rig.context(), console_device());
        EXPECT_EQ(driver.probe(), Fault::empty_slot);
        EXPECT_THAT(rig.m.log, ElementsAreArray(words("R000 R004 R008"))) << p->name;
    }
}

TEST(Probe, BareMetalReadsModifiesAndWritesStatusAndLeavesQueueSize) {
    Rig rig(bare_metal());
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    // The used ring follows at the next multiple of 4: 128 + 22, rounded up.
    EXPECT_THAT(
        rig.m.log,
        ElementsAreArray(
            words("R000 R004 R008 W070=0 R070 W070=1 "
                  "R070 W070=3 R070 "
                  "W014=0 W024=0 R010 W020=0 W014=1 W024=1 R010 W020=3 R070 W070=b R070 "
                  "W030=0 R044 R034 W080=80000000 W084=0 W090=80000080 W094=0 W0a0=80000098 W0a4=0 "
                  "W044=1 "
                  "W030=1 R044 R034 W080=80000800 W084=0 W090=80000880 W094=0 W0a0=80000898 W0a4=0 "
                  "W044=1 "
                  "R070 W070=f R070 W050=0")));
}

TEST(Probe, RequestedQueueSizeIsWritten) {
    for (const Profile* p : {&linux_6_1(), &bare_metal()}) {
        Rig rig(*p);
        rig.device.queue_size_max = {64, 64};
        auto config = console_device();
        config.queue_size = 16;
        ConsoleDriver driver(rig.context(), config);
        ASSERT_EQ(driver.probe(), Fault::none) << p->name;
        EXPECT_EQ(rig.device.size[0], 16u) << p->name;
        EXPECT_EQ(rig.device.size[1], 16u) << p->name;
    }
}

TEST(Probe, LinuxHalvesTheQueueUntilItsRingFits) {
    Rig rig(linux_6_1());
    // 26 bytes an entry: 832 KiB and a little for the first, of 1 MiB; 104 KiB of the rest for the
    // second, where twice that finds no room.
    rig.device.queue_size_max = {32768, 32768};
    ConsoleDriver driver(rig.context(), console_device());
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_EQ(rig.device.size[0], 32768u);
    EXPECT_EQ(rig.device.size[1], 4096u);
}

// --- failures: the driver says so, and gives the device up as the real one does -----------------

struct Failure {
    const char* name;
    Fault fault;
    void (*arrange)(ConsoleModel&);
    const char* linux_tail;       ///< the last accesses
    const char* bare_metal_tail;  ///< the same
};

class FailedProbe : public testing::TestWithParam<Failure> {};

void expect_tail(const std::vector<std::string>& log, const std::string& tail) {
    const std::vector<std::string> expected = words(tail);
    ASSERT_GE(log.size(), expected.size());
    EXPECT_THAT(std::vector<std::string>(log.end() - static_cast<std::ptrdiff_t>(expected.size()),
                                         log.end()),
                ElementsAreArray(expected));
}

TEST_P(FailedProbe, IsReportedAndTheDriverStops) {
    for (const Profile* p : {&linux_6_1(), &bare_metal()}) {
        SCOPED_TRACE(p->name);
        Rig rig(*p);
        GetParam().arrange(rig.device);
        ConsoleDriver driver(rig.context(), console_device());
        EXPECT_EQ(driver.probe(), GetParam().fault);
        EXPECT_EQ(driver.fault(), GetParam().fault);
        EXPECT_FALSE(driver.port(0).usable());
        ASSERT_EQ(rig.m.noted(vms::Note::driver_fault), 1u);
        EXPECT_EQ(rig.m.notes.back().second.first, static_cast<std::uint64_t>(GetParam().fault));
        EXPECT_EQ(rig.m.notes.back().second.second, window);
        expect_tail(rig.m.log,
                    p == &linux_6_1() ? GetParam().linux_tail : GetParam().bare_metal_tail);
        // Its interface stays safe to call.
        const std::byte b{};
        std::byte into{};
        EXPECT_FALSE(driver.port(0).write({&b, 1}));
        EXPECT_EQ(driver.port(0).read({&into, 1}), 0u);
        EXPECT_FALSE(driver.port(0).wait_for_input());
    }
}

const Failure failures[] = {
    {"WrongMagic", Fault::wrong_magic, [](ConsoleModel& d) { d.magic = 0x12345678; }, "R000",
     "R000"},
    {"LegacyVersion", Fault::unsupported_version, [](ConsoleModel& d) { d.version = 1; },
     "R000 R004", "R000 R004"},
    {"AnotherDevice", Fault::wrong_device, [](ConsoleModel& d) { d.device_id = 1; },
     "R000 R004 R008 R00c W070=0 R070 W070=1", "R000 R004 R008"},
    {"Version1NotOffered", Fault::version_1_missing,
     [](ConsoleModel& d) { d.features = std::uint64_t{1} << 33; },
     "W014=1 R010 W014=0 R010 R070 W070=83", "W014=1 W024=1 R010 R070 W070=83"},
    {"FeaturesRefused", Fault::features_refused,
     [](ConsoleModel& d) { d.refused_features = std::uint64_t{1} << 33; },
     "R070 W070=b R070 R070 W070=83", "R070 W070=b R070 R070 W070=83"},
    {"QueueBusy", Fault::queue_busy, [](ConsoleModel& d) { d.queue_busy = true; },
     "W030=0 R044 R070 W070=8b", "W030=0 R044 R070 W070=8b"},
    {"FirstQueueAbsent", Fault::queue_absent,
     [](ConsoleModel& d) {
         d.queue_size_max = {0, 8};
     },
     "W030=0 R044 R034 W044=0 R044 R070 W070=8b", "W030=0 R044 R034 R070 W070=8b"},
    // The queue that had been set up is taken away again.
    {"SecondQueueAbsent", Fault::queue_absent,
     [](ConsoleModel& d) {
         d.queue_size_max = {8, 0};
     },
     "W030=1 R044 R034 W044=0 R044 W030=0 W044=0 R044 R070 W070=8b",
     "W030=1 R044 R034 R070 W070=8b"},
    {"QueueSizeNotAPowerOfTwo", Fault::bad_queue_size,
     [](ConsoleModel& d) {
         d.queue_size_max = {12, 12};
     },
     "W030=0 R044 R034 W044=0 R044 R070 W070=8b", "W030=0 R044 R034 R070 W070=8b"},
};

INSTANTIATE_TEST_SUITE_P(Devices, FailedProbe, testing::ValuesIn(failures),
                         [](const auto& i) { return i.param.name; });

// virtio_dev_probe and virtio_finalize_features test FEATURES_OK alone, Zephyr's virtio_mmio.c the
// same; nothing of a probe looks at NEEDS_RESET. The bare-metal profile does what 2.1.2 lets a
// driver assume: it gives up. Bao's guest compares Status as a whole.
TEST(Probe, NeedsResetInEachPhase) {
    struct Case {
        const Profile* profile;
        Fault fault;
    };
    for (const Case& c : {Case{&linux_6_1(), Fault::none}, Case{&zephyr(), Fault::none},
                          Case{&bare_metal(), Fault::needs_reset},
                          Case{&bao_bare_metal(), Fault::status_mismatch}}) {
        for (const std::uint32_t bit : {1u, 2u, 8u, 4u}) {  // in the order in which they are set
            Rig rig(*c.profile);
            rig.device.queue_size_max = {1024, 1024};
            if (c.profile == &zephyr())
                rig.device.make_multiport({{.console = true}});  // else it writes no FEATURES_OK
            rig.device.needs_reset_at = bit;
            rig.device.restart_registers();
            ConsoleDriver driver(rig.context(), console_device());
            EXPECT_EQ(driver.probe(), c.fault) << c.profile->name << ", bit " << bit;
            EXPECT_EQ(driver.fault(), c.fault) << c.profile->name << ", bit " << bit;
            // FAILED over NEEDS_RESET.
            const bool failed = std::ranges::any_of(
                rig.m.log, [](const std::string& a) { return a.starts_with("W070=c"); });
            EXPECT_EQ(failed, c.fault != Fault::none) << c.profile->name << ", bit " << bit;
        }
    }
}

TEST(Probe, NoRoomForRings) {
    for (const Profile* p : {&linux_6_1(), &bare_metal()}) {
        Rig rig(*p);
        auto config = console_device();
        config.shared.size = 1024;
        ConsoleDriver driver(rig.context(), config);
        EXPECT_EQ(driver.probe(), Fault::out_of_shared_memory) << p->name;
    }
}

TEST(Probe, LinuxWithoutAccessPlatformUsesItsOwnMemory) {
    Rig rig(linux_6_1());
    rig.m.add_ram(0x40000000, 0x100000);
    rig.device.features = std::uint64_t{1} << 32;
    auto config = console_device();
    config.private_memory = {{0x40000000}, 0x100000};
    ConsoleDriver driver(rig.context(), config);
    ASSERT_EQ(driver.probe(), Fault::none);
    EXPECT_THAT(rig.m.log, testing::Contains("W080=40000000"));
}

TEST(Profiles, AreFoundByName) {
    EXPECT_EQ(vms::frontend::find_profile("linux-6.1"), &linux_6_1());
    EXPECT_EQ(vms::frontend::find_profile("bare-metal"), &bare_metal());
    EXPECT_EQ(vms::frontend::find_profile("linux-6.2"), nullptr);
}

}  // namespace
}  // namespace frontend_test
