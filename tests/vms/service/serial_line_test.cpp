// Serial lines that several channels share, near end against far end: the layouts of
// vms/abi/serial_mux.h and vms/abi/serial_prefix.h through models/uart/serial_demux.h, which has
// its own tests against bytes written out by hand.
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "models/uart/serial_demux.h"
#include "tests/vms/service/fake_serial.h"
#include "tests/vms/service/rig.h"
#include "vms/service/serial/direct_line.h"
#include "vms/service/serial/shared_line.h"

namespace vms::service::test {
namespace {

/// A port's side of a channel.
class Client final : public ChannelClient {
  public:
    std::string received;
    std::string events;
    unsigned errors = 0;

    void receive(std::byte b) override { received.push_back(std::to_integer<char>(b)); }
    void receiver_error() override { ++errors; }
    void far_end_opened(bool open) override { events += open ? "open " : "closed "; }
    void far_end_resized(std::uint16_t cols, std::uint16_t rows) override {
        events += std::to_string(cols) + "x" + std::to_string(rows) + " ";
    }
};

std::size_t stage(SerialChannel& channel, std::string_view text) {
    return channel.stage(std::as_bytes(std::span(text)));
}

class Recorder final : public models::SerialSink {
  public:
    explicit Recorder(std::string& text) : text_(text) {}
    void put(std::uint8_t byte, models::Picos) override {
        text_.push_back(static_cast<char>(byte));
    }

  private:
    std::string& text_;
};

/// Two channels on one line, and their far ends.
template <typename Line, typename Demux>
struct LineTest : ::testing::Test {
    Machine m;
    FakeSerial serial;
    LineCounters counters;
    Line line{m.port, serial, counters};
    std::array<Client, 2> clients;
    SerialChannel a{clients[0], &line, 3, "linux0"};
    SerialChannel b{clients[1], &line, 60, "linux1"};
    Demux demux{models::Picos::us(10)};
    std::array<std::string, 2> arrived;

    void connect() {
        for (std::size_t i = 0; i < 2; ++i)
            demux.channel(i).set_sink(std::make_unique<Recorder>(arrived[i]));
    }
    /// What the UART has sent reaches the far end.
    void deliver() {
        const auto sink = demux.sink();
        for (const char c : std::exchange(serial.sent, {}))
            sink->put(static_cast<std::uint8_t>(c), {});
    }
    /// What the far end has to send reaches the UART.
    void answer() {
        const auto source = demux.source();
        while (source->next().count != 0)
            serial.typed.push_back(static_cast<char>(source->take()));
        serial.serve();
    }
    void type(std::size_t channel, std::string text) {
        demux.channel(channel).add_source(std::make_unique<models::ScriptedInput>(
            std::vector<models::ScriptedInput::Text>{{{}, std::move(text)}}));
    }
};

struct FramedLineTest : LineTest<FramedLine, models::FramedDemux> {
    FramedLineTest() {
        demux.add(3);
        demux.add(60);
        connect();
    }
};

TEST_F(FramedLineTest, CarriesBothWays) {
    std::string all;
    for (unsigned v = 0; v < 256; ++v)
        all.push_back(static_cast<char>(v));
    EXPECT_EQ(stage(a, all), all.size());
    EXPECT_EQ(stage(b, "second"), 6u);
    line.push();
    deliver();
    EXPECT_EQ(arrived[0], all);
    EXPECT_EQ(arrived[1], "second");
    type(0, all);
    type(1, "typed");
    answer();
    EXPECT_EQ(clients[0].received, all);
    EXPECT_EQ(clients[1].received, "typed");
    EXPECT_EQ(counters.frames_received, 5u);  // 256 bytes are 4 frames
    EXPECT_EQ(counters.frames_sent, 5u);
    EXPECT_EQ(counters.bad_frames, 0u);
}

// A full channel takes nothing more; the other one is not held up by it.
TEST_F(FramedLineTest, BackPressureIsEachChannelsOwn) {
    serial.fifo_room = 0;
    EXPECT_EQ(stage(a, std::string(1000, 'a')), SerialChannel::staging_bytes);
    line.push();  // as far as the UART's staging goes
    stage(a, std::string(1000, 'a'));
    line.push();
    EXPECT_EQ(a.room(), 0u);
    EXPECT_EQ(b.room(), SerialChannel::staging_bytes);
    EXPECT_EQ(stage(b, "b"), 1u);
    // The next frame after those that are staged is b's.
    serial.fifo_room = 1'000'000;
    line.push();
    deliver();
    EXPECT_EQ(arrived[1], "b");
    EXPECT_GT(a.room(), 0u);
}

// Two channels with always more to send have the line half each.
TEST_F(FramedLineTest, TurnsAreFair) {
    std::size_t sent = 0;
    for (int i = 0; i < 500; ++i) {
        stage(a, std::string(200, 'a'));
        stage(b, std::string(200, 'b'));
        serial.fifo_room = 64;
        serial.serve();
        sent += serial.sent.size();
        deliver();
    }
    const auto difference =
        static_cast<long>(arrived[0].size()) - static_cast<long>(arrived[1].size());
    EXPECT_LE(std::abs(difference), 64);
    // The line is kept busy: the staging never runs dry.
    EXPECT_EQ(sent, 500u * 64);
}

// Opening and closing go both ways; the size comes from the far end.
TEST_F(FramedLineTest, OpenCloseAndSize) {
    a.tell_open(true);
    EXPECT_TRUE(serial.waits());
    serial.serve();
    deliver();
    EXPECT_TRUE(demux.open(0));
    EXPECT_FALSE(demux.open(1));
    a.tell_open(true);  // known
    EXPECT_FALSE(serial.waits());
    a.tell_open(false);
    serial.serve();
    deliver();
    EXPECT_FALSE(demux.open(0));
    demux.plan_open(1, {}, false);
    demux.plan_size(1, {}, 132, 43);
    demux.plan_open(1, {}, true);
    answer();
    EXPECT_EQ(clients[1].events, "closed 132x43 open ");
    EXPECT_EQ(clients[0].events, "");
}

// Input for channels that are not there, damaged input and noise harm nobody and are counted.
TEST_F(FramedLineTest, BadInputIsCounted) {
    demux.add(7);
    type(2, "lost");
    answer();
    EXPECT_EQ(counters.unknown_channels, 1u);
    for (const char c : std::string_view("noise\x7e\x03\x50"))
        serial.typed.push_back(c);
    type(0, "ok");
    answer();
    EXPECT_EQ(clients[0].received, "ok");
    EXPECT_EQ(counters.noise, 5u);
    EXPECT_EQ(counters.bad_frames, 1u);
    serial.fail_receiver();
    EXPECT_EQ(counters.receiver_errors, 1u);
    EXPECT_EQ(clients[0].errors + clients[1].errors, 0u);
}

// A transmitter that takes more than the staging holds is refilled; what even then is left is
// announced to the main loop.
TEST_F(FramedLineTest, NothingIsLeftLying) {
    std::array<Client, 8> more;
    std::vector<std::unique_ptr<SerialChannel>> channels;
    for (std::uint8_t i = 0; i < 8; ++i) {
        channels.push_back(std::make_unique<SerialChannel>(more[i], &line, i + 10, "x"));
        stage(*channels.back(), std::string(256, 'x'));
    }
    int serves = 0;
    for (line.push(); serial.waits(); serial.serve())
        ASSERT_LT(++serves, 10);
    for (const auto& c : channels)
        EXPECT_TRUE(c->staged().empty());
}

TEST_F(FramedLineTest, TakesThirtyTwoChannels) {
    std::vector<std::unique_ptr<SerialChannel>> channels;
    for (std::uint8_t i = 2; i < 33; ++i)
        channels.push_back(std::make_unique<SerialChannel>(clients[0], &line, i, "x"));
    EXPECT_TRUE(channels[29]->carried());
    EXPECT_FALSE(channels[30]->carried());
}

struct PrefixedLineTest : LineTest<PrefixedLine, models::PrefixedDemux> {
    PrefixedLineTest() {
        demux.add("linux0");
        demux.add("linux1");
        connect();
    }
};

// serial_prefix.h: a line is not interrupted while its channel has something to say.
TEST_F(PrefixedLineTest, LinesUnderTheirNames) {
    stage(a, "booting\nlogin: ");
    stage(b, "ready\n");
    line.push();
    EXPECT_EQ(serial.sent, "linux1: ready\nlinux0: booting\nlinux0: login: ");
    // A prompt stands until its channel goes on, or another one speaks.
    stage(a, "root\n");
    line.push();
    EXPECT_EQ(serial.sent, "linux1: ready\nlinux0: booting\nlinux0: login: root\n");
    serial.sent.clear();
    stage(a, "# ");
    line.push();
    stage(b, "oops\n");
    line.push();
    stage(a, "ls\n");
    line.push();
    EXPECT_EQ(serial.sent, "linux0: # \x17\nlinux1: oops\nlinux0: ls\n");
}

// Lines without end take turns of 128 bytes.
TEST_F(PrefixedLineTest, LongLinesAreBroken) {
    for (int i = 0; i < 100; ++i) {
        stage(a, std::string(100, 'a'));
        stage(b, std::string(100, 'b'));
        serial.fifo_room = 64;
        serial.serve();
        deliver();
    }
    const auto difference =
        static_cast<long>(arrived[0].size()) - static_cast<long>(arrived[1].size());
    EXPECT_LE(std::abs(difference), 256);
    EXPECT_GT(counters.broken_lines, 20u);
    EXPECT_EQ(arrived[0].find_first_not_of('a'), std::string::npos);
    EXPECT_EQ(arrived[1].find_first_not_of('b'), std::string::npos);
}

// Typed text goes to the channel that its line names, without a name to the one named last.
TEST_F(PrefixedLineTest, InputIsSelectedByAName) {
    const auto typed = [&](std::string_view text) {
        serial.typed.insert(serial.typed.end(), text.begin(), text.end());
        serial.serve();
    };
    typed("root\n");
    EXPECT_EQ(clients[0].received, "root\n");
    typed("linux1: halt\r");
    EXPECT_EQ(clients[1].received, "halt\r");
    typed("y\n");
    EXPECT_EQ(clients[1].received, "halt\ry\n");
    typed("x");  // no name begins so: not held back
    EXPECT_EQ(clients[1].received, "halt\ry\nx");
}

TEST_F(PrefixedLineTest, FarEndToNearEnd) {
    type(0, "uname -a\npart");
    type(1, "whole\n");
    answer();
    EXPECT_EQ(clients[0].received, "uname -a\npart");
    EXPECT_EQ(clients[1].received, "whole\n");
}

// Without a line output is discarded; a whole UART is one channel's.
TEST(SerialChannelLines, NoneAndDirect) {
    Client client;
    SerialChannel none(client, nullptr, 0, {});
    EXPECT_FALSE(none.carried());
    EXPECT_EQ(stage(none, std::string(1000, 'x')), 1000u);
    EXPECT_NE(none.room(), 0u);
    none.push();

    FakeSerial serial;
    DirectLine line(serial);
    SerialChannel first(client, &line, 0, {});
    const SerialChannel second(client, &line, 1, {});
    EXPECT_TRUE(first.carried());
    EXPECT_FALSE(second.carried());
    stage(first, "\x7e as it is");
    first.push();
    EXPECT_EQ(serial.sent, "\x7e as it is");
    serial.fail_receiver();
    EXPECT_EQ(client.errors, 1u);
}

}  // namespace
}  // namespace vms::service::test
