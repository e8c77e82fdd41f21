// Capture files: what libpcap reads back, and what tshark thinks of the frames.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "models/wire/echo_host.h"
#include "models/wire/generator.h"
#include "models/wire/link_capture.h"
#include "models/wire/sink.h"
#include "models/wire/wire_switch.h"
#include "tests/models/wire/wire_bench.h"

namespace models::wire::test {
namespace {

std::string temporary(std::string_view name) {
    return testing::TempDir() + "baosim_" + std::to_string(getpid()) + "_" + std::string(name);
}

/// What a command prints.
std::string output_of(const std::string& command) {
    struct Close {
        void operator()(std::FILE* f) const { pclose(f); }
    };
    const std::unique_ptr<std::FILE, Close> pipe(popen(command.c_str(), "r"));
    std::string all;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
        all.append(buffer.data(), n);
    return all;
}

std::string tshark(const std::string& path, const std::string& filter, const std::string& fields) {
    return output_of("tshark -n -r " + path +
                     " -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -Y '" + filter +
                     "' -T fields " + fields + " 2>/dev/null");
}

/// What is wrong with a frame: every checksum that a dissector verifies, and its other complaints.
constexpr const char* complaints =
    "_ws.malformed || ip.checksum.status == \"Bad\" || udp.checksum.status == \"Bad\" || "
    "icmp.checksum.status == \"Bad\" || icmpv6.checksum.status == \"Bad\" || "
    "_ws.expert.severity >= \"Warning\"";

std::size_t lines(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(PcapWriter, KeepsNanoseconds) {
    const std::string path = temporary("ns.pcap");
    PcapWriter writer(path, 64);
    writer.write(Picos{3'000'000'123'456'789}, frame_of(60)->bytes);
    writer.write(Picos{3'000'000'123'457'000}, frame_of(100)->bytes);
    EXPECT_EQ(writer.frames(), 2U);
    EXPECT_FALSE(writer.finish());
    PcapReader reader(path);
    auto record = reader.next();
    ASSERT_TRUE(record);
    EXPECT_EQ(record->at.value, 3'000'000'123'456'000U);
    EXPECT_EQ(record->bytes.size(), 60U);
    record = reader.next();
    EXPECT_EQ(record->at.value, 3'000'000'123'457'000U);
    EXPECT_EQ(record->bytes.size(), 64U);
    EXPECT_EQ(record->length, 100U);
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.error(), "");
    std::remove(path.c_str());
}

TEST(PcapWriter, TellsWhatGoesWrong) {
    try {
        PcapWriter writer(temporary("missing/file"));
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_THAT(e.what(), testing::HasSubstr("missing/file"));
    }
    PcapWriter full("/dev/full");
    full.write({}, frame_of(60)->bytes);
    EXPECT_EQ(full.finish(), std::errc::no_space_on_device);
    EXPECT_EQ(full.finish(), std::errc::no_space_on_device);
}

TEST(PcapReader, TellsWhatGoesWrong) {
    const auto problem = [](const std::string& path) -> std::string {
        try {
            PcapReader reader(path);
        } catch (const std::runtime_error& e) {
            return e.what();
        }
        return "";
    };
    EXPECT_THAT(problem(temporary("missing.pcap")),
                testing::AllOf(testing::HasSubstr("missing.pcap"), testing::HasSubstr("No such")));
    const std::string path = temporary("text.pcap");
    std::FILE* file = std::fopen(path.c_str(), "wb");
    std::fputs("this is not a capture file at all, is it", file);
    std::fclose(file);
    EXPECT_THAT(problem(path), testing::HasSubstr("text.pcap"));

    // A header of link type 101 (raw IP), after libpcap's pcap-savefile(5).
    constexpr std::array<std::uint32_t, 6> raw_ip{0xa1b2c3d4, 4U << 16 | 2, 0, 0, 65535, 101};
    file = std::fopen(path.c_str(), "wb");
    std::fwrite(raw_ip.data(), sizeof raw_ip[0], raw_ip.size(), file);
    std::fclose(file);
    EXPECT_THAT(problem(path),
                testing::AllOf(testing::HasSubstr("RAW"), testing::HasSubstr("only Ethernet")));
    std::remove(path.c_str());
}

// Every kind of frame that hosts make: ARP, neighbour discovery, UDP and echoes over both families,
// of sizes from the least to the largest, judged by another's dissectors.
TEST(LinkCapture, TsharkFindsNothingWrong) {
    const std::string path = temporary("hosts.pcap");
    Activity activity;
    Link wire0("wire0", {}, activity);
    Link wire1("wire1", {}, activity);
    Link wire2("wire2", {}, activity);
    WireSwitch bridge{{}};
    for (Link* link : {&wire0, &wire1, &wire2})
        bridge.add_port(link->a());
    GeneratorParameters parameters{.target = *station(3).ipv4,
                                   .port = 7,
                                   .flow = 1,
                                   .mode = GeneratorParameters::Mode::closed_loop,
                                   .sizes = FrameSizes::uniform(64, 1518),
                                   .count = 100};
    Generator v4("v4", station(1), parameters, wire0.b(), activity);
    parameters.target = *station(3).ipv6;
    parameters.flow = 2;
    Generator v6("v6", station(2), parameters, wire1.b(), activity);
    EchoHost echo(station(3), wire2.b());
    LinkCapture capture(wire2, Side::b, PcapWriter(path));
    run_until(Picos::ms(5));
    for (packets::Route route : {route_v4(), route_v6()}) {
        if (route.v6())
            route.destination = *station(3).ipv6;
        else
            route.destination = *station(3).ipv4;
        route.destination_mac = station(3).mac;
        wire1.b().send(built([&route](auto out) {
                           return packets::build_echo(out, route, {false, 1, 1}, 33);
                       }),
                       kernel_now());
    }
    run_until(Picos::ms(10));
    ASSERT_FALSE(capture.finish());
    EXPECT_EQ(v4.traffic().answered, 100U);
    EXPECT_EQ(v6.traffic().answered, 100U);

    EXPECT_EQ(tshark(path, complaints, "-e frame.number -e _ws.expert.message"), "");
    const std::uint64_t all = wire2.counters(Side::a).delivered + wire2.counters(Side::b).sent;
    EXPECT_EQ(capture.frames(), all);
    EXPECT_EQ(lines(tshark(path, "frame", "-e frame.number")), all);
    EXPECT_EQ(lines(tshark(path, "udp && ip", "-e frame.number")), 200U);
    EXPECT_EQ(lines(tshark(path, "udp && ipv6", "-e frame.number")), 200U);
    EXPECT_EQ(lines(tshark(path, "arp.opcode == 2", "-e frame.number")), 1U);
    EXPECT_EQ(lines(tshark(path, "icmpv6.type == 136", "-e frame.number")), 1U);
    EXPECT_EQ(lines(tshark(path, "icmp.type == 0 || icmpv6.type == 129", "-e frame.number")), 2U);
    EXPECT_EQ(tshark(path, "frame.time_delta < 0", "-e frame.number"), "") << "in order";
    std::remove(path.c_str());
}

TEST(LinkCapture, TsharkFindsWhatIsWrong) {
    const std::string path = temporary("wrong.pcap");
    PcapWriter writer(path);
    for (const std::size_t at : {15U, 35U, 50U}) {  // IP header, UDP header, payload
        Frame f = *built([](auto out) {
            return packets::build_udp(out, route_v4(), {5000, 5001}, 40);
        });
        f.bytes[at] ^= std::byte{4};
        writer.write({}, f.bytes);
    }
    ASSERT_FALSE(writer.finish());
    EXPECT_EQ(lines(tshark(path, complaints, "-e frame.number")), 3U);
    std::remove(path.c_str());
}

// What was lost shows where it was sent; a capture at the other end has what arrived.
TEST(LinkCapture, ShowsWhatPassesItsEnd) {
    const std::string near_path = temporary("near.pcap");
    const std::string far_path = temporary("far.pcap");
    Bench b(
        {.a_to_b = {.loss = Chance::percent(20), .duplication = Chance::percent(20)}, .seed = 4});
    LinkCapture near(b.link, Side::a, PcapWriter(near_path));
    LinkCapture far(b.link, Side::b, PcapWriter(far_path));
    for (int i = 0; i < 100; ++i)
        b.link.a().send(frame_of(60), {});
    b.link.b().send(frame_of(60), Picos::us(3));
    run_until(Picos::ms(1));
    ASSERT_FALSE(near.finish());
    ASSERT_FALSE(far.finish());
    EXPECT_EQ(near.frames(), 101U);
    EXPECT_EQ(far.frames(), 1 + b.link.counters(Side::a).delivered);
    // The near end: last bits at 576 ns, then every 672; the other frame arrives in between.
    PcapReader reader(near_path);
    for (std::uint64_t i = 0; i < 101; ++i) {
        const auto record = reader.next();
        ASSERT_TRUE(record);
        const std::uint64_t other = 3'000 + 576 + 50;
        const std::uint64_t k = i > 5 ? i - 1 : i;
        EXPECT_EQ(record->at, Picos::ns(i == 5 ? other : 576 + 672 * k)) << i;
    }
    std::remove(near_path.c_str());
    std::remove(far_path.c_str());
}

}  // namespace
}  // namespace models::wire::test
