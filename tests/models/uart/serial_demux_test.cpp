// Lines that several channels share, as their far end: against the layouts in vms/abi/serial_mux.h
// and vms/abi/serial_prefix.h, with frames written out by hand.
#include "models/uart/serial_demux.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace models {
namespace {

constexpr Picos character = Picos::us(10);

/// Keeps what arrives, and when.
class Recorder final : public SerialSink {
  public:
    explicit Recorder(std::string& text) : text_(text) {}
    void put(std::uint8_t byte, Picos) override { text_.push_back(static_cast<char>(byte)); }

  private:
    std::string& text_;
};

struct DemuxTest : ::testing::Test {
    std::string first, second;

    void connect(SerialDemux& demux) {
        demux.channel(0).set_sink(std::make_unique<Recorder>(first));
        demux.channel(1).set_sink(std::make_unique<Recorder>(second));
    }
    static void put(SerialDemux& demux, std::string_view bytes) {
        const auto sink = demux.sink();
        for (const char c : bytes)
            sink->put(static_cast<std::uint8_t>(c), {});
    }
    /// All that it sends, with the time of each piece.
    static std::string sent(SerialDemux& demux, std::vector<Picos>* times = nullptr) {
        const auto source = demux.source();
        std::string all;
        while (source->next().count != 0) {
            if (times != nullptr)
                times->push_back(source->next().at);
            for (std::uint64_t n = source->next().count; n != 0; --n)
                all.push_back(static_cast<char>(source->take()));
        }
        return all;
    }
    static void type(SerialDemux& demux, std::size_t channel, Picos at, std::string text) {
        demux.channel(channel).add_source(std::make_unique<ScriptedInput>(
            std::vector<ScriptedInput::Text>{{at, std::move(text)}}));
    }
};

struct FramedDemuxTest : DemuxTest {
    FramedDemux demux{character};
    FramedDemuxTest() {
        demux.add(0);
        demux.add(5);
        connect(demux);
    }
};

// CRC-8 with polynomial 07 and initial value 00: its check value over "123456789" is f4 (catalogue
// of parametrised CRC algorithms, CRC-8/SMBUS).
TEST(SerialMuxFraming, CheckValue) {
    std::uint8_t crc = 0;
    for (const char c : std::string_view("123456789"))
        crc = vms::abi::serial_mux::crc8(crc, static_cast<std::uint8_t>(c));
    EXPECT_EQ(crc, 0xf4);
}

// flag, header, length, payload, check: "Hi" on channel 5, with the check by long
// division.
TEST_F(FramedDemuxTest, OneFrame) {
    put(demux, std::string_view("\x7e\x05\x02Hi\x73", 6));
    EXPECT_EQ(second, "Hi");
    EXPECT_EQ(first, "");
    EXPECT_EQ(demux.counters().frames, 1u);
    EXPECT_EQ(demux.counters().bad_frames, 0u);
    EXPECT_EQ(demux.channel(1).counters().tx_bytes, 2u);
    type(demux, 1, {}, "Hi");
    EXPECT_EQ(sent(demux), std::string("\x7e\x05\x02Hi\x73", 6));
}

// RFC 1662, 4.2: 7e and 7d within a frame are 7d 5e and 7d 5d; a flag stands nowhere else.
TEST_F(FramedDemuxTest, FlagsAreStuffed) {
    type(demux, 0, {}, "\x7e\x7d");
    const std::string bytes = sent(demux);
    EXPECT_EQ(bytes.substr(0, 7), std::string("\x7e\x00\x02\x7d\x5e\x7d\x5d", 7));
    EXPECT_EQ(bytes.find('\x7e', 1), std::string::npos);
    put(demux, bytes);
    EXPECT_EQ(first, "\x7e\x7d");
}

// Every byte value, in frames of every length.
TEST_F(FramedDemuxTest, CarriesEverything) {
    std::string all;
    for (unsigned length = 1; length <= 70; ++length)
        for (unsigned k = 0; k < length; ++k)
            all.push_back(static_cast<char>(length * 37 + k * 11));
    type(demux, 1, {}, all);
    put(demux, sent(demux));
    EXPECT_EQ(second, all);
    EXPECT_EQ(demux.channel(1).counters().rx_hash, demux.channel(1).counters().tx_hash);
}

// Whatever is damaged, the next flag begins a good frame: for each byte of a frame changed in turn,
// cut off there, or doubled, the frame after it arrives, and nothing false does.
TEST_F(FramedDemuxTest, ResynchronisesAtTheNextFlag) {
    type(demux, 1, {}, "payload");
    const std::string good = sent(demux);
    for (std::size_t at = 0; at < good.size(); ++at)
        for (int kind = 0; kind < 3; ++kind) {
            std::string bad = good;
            if (kind == 0)
                bad[at] = static_cast<char>(bad[at] ^ 0x10);
            if (kind == 1)
                bad.resize(at);
            if (kind == 2)
                bad.insert(at, 1, bad[at]);
            second.clear();
            put(demux, bad + good);
            // A doubled flag begins the frame anew, and a doubled check comes after its end.
            const bool harmless = kind == 2 && (at == 0 || at == good.size() - 1);
            EXPECT_EQ(second, harmless ? "payloadpayload" : "payload") << at << " " << kind;
            EXPECT_EQ(first, "");
        }
    EXPECT_GT(demux.counters().bad_frames, 0u);
}

// A length above 64, a type that is none, payloads of the wrong size.
TEST_F(FramedDemuxTest, FramesThatAreNone) {
    const auto framed = [](const std::string& body) {
        std::uint8_t crc = 0;
        for (const char c : body)
            crc = vms::abi::serial_mux::crc8(crc, static_cast<std::uint8_t>(c));
        return "\x7e" + body + static_cast<char>(crc);
    };
    put(demux, framed(std::string("\x05\x41", 2) + std::string(65, 'x')));
    put(demux, framed(std::string("\xc5\x01x", 3)));      // type 3
    put(demux, framed(std::string("\x05\x00", 2)));       // data without any
    put(demux, framed(std::string("\x45\x02\x01x", 4)));  // open with two bytes
    put(demux, framed(std::string("\x85\x01\x50", 3)));   // size with one byte
    EXPECT_EQ(first + second, "");
    EXPECT_EQ(demux.counters().frames, 0u);
    EXPECT_EQ(demux.counters().bad_frames, 5u);
    put(demux, framed(std::string("\x09\x01x", 3)));  // channel 9
    EXPECT_EQ(demux.unknown_channels(), 1u);
}

// The near end says that a channel was opened and closed.
TEST_F(FramedDemuxTest, OpenOfTheNearEnd) {
    put(demux, std::string_view("\x7e\x45\x01\x01\x54", 5));
    EXPECT_TRUE(demux.open(1));
    EXPECT_FALSE(demux.open(0));
    put(demux, std::string_view("\x7e\x45\x01\x00\x53", 5));
    EXPECT_FALSE(demux.open(1));
}

// Opening and the terminal's size are told at their times, before data that is ready then.
TEST_F(FramedDemuxTest, NoticesOfTheFarEnd) {
    demux.plan_size(1, Picos::ms(2), 132, 43);
    demux.plan_open(1, Picos::ms(1), true);
    type(demux, 1, Picos::ms(1), "x");
    std::vector<Picos> times;
    const std::string bytes = sent(demux, &times);
    vms::abi::serial_mux::FrameDecoder decoder;
    std::string types;
    for (const char c : bytes)
        if (decoder.take(static_cast<std::byte>(c)))
            types.push_back(static_cast<char>('0' + static_cast<int>(decoder.type())));
    EXPECT_EQ(types, "102");
    EXPECT_EQ(times, (std::vector{Picos::ms(1), Picos::ms(1) + Picos::us(50), Picos::ms(2)}));
    EXPECT_EQ(decoder.payload()[0], std::byte{132});
    EXPECT_EQ(decoder.payload()[2], std::byte{43});
}

// A channel with a megabyte does not keep one with a line waiting longer than a frame.
TEST_F(FramedDemuxTest, ChannelsTakeTurns) {
    type(demux, 0, {}, std::string(100'000, 'a'));
    type(demux, 1, Picos::ms(5), "short");
    std::vector<Picos> times;
    const std::string bytes = sent(demux, &times);
    const std::size_t at = bytes.find("short");
    ASSERT_NE(at, std::string::npos);
    // 5 ms are 500 characters; then at most the frame that is on its way.
    EXPECT_GE(at, 500u);
    EXPECT_LE(at, 500u + 2 * 68);
    put(demux, bytes);
    EXPECT_EQ(demux.counters().bad_frames, 0u);
    EXPECT_EQ(first.size(), 100'000u);
    EXPECT_EQ(second, "short");
}

struct PrefixedDemuxTest : DemuxTest {
    PrefixedDemux demux{character};
    PrefixedDemuxTest() {
        demux.add("linux0");
        demux.add("linux1");
        connect(demux);
    }
};

// serial_prefix.h: lines under their channels' names; a broken line goes on where it was.
TEST_F(PrefixedDemuxTest, LinesUnderTheirNames) {
    put(demux, "linux1: one\nlinux0: tw\x17\nlinux1: three\nlinux0: o\n");
    EXPECT_EQ(first, "two\n");
    EXPECT_EQ(second, "one\nthree\n");
}

// What may be a name is held back until it is known; without a known name it is text of the channel
// named last.
TEST_F(PrefixedDemuxTest, TextWithoutAName) {
    put(demux, "hello\n");
    EXPECT_EQ(first, "hello\n");
    put(demux, "linux1: x\nlinu");
    EXPECT_EQ(second, "x\n");
    put(demux, "s!\nlinux2: y\n");
    EXPECT_EQ(second, "x\nlinus!\nlinux2: y\n");
    put(demux, "a\x17z");  // an ETB that ends nothing is text
    EXPECT_EQ(second.substr(second.size() - 3), "a\x17z");
}

TEST_F(PrefixedDemuxTest, SendsLinesAndBreaksThem) {
    type(demux, 0, {}, "a prompt> ");
    type(demux, 1, Picos::us(100), "line\r");
    type(demux, 0, Picos::ms(1), "ls\n");
    const std::string bytes = sent(demux);
    EXPECT_EQ(bytes, "linux0: a prompt> \x17\nlinux1: line\rlinux0: ls\n");
    put(demux, bytes);
    EXPECT_EQ(first, "a prompt> ls\n");
    EXPECT_EQ(second, "line\r");
}

}  // namespace
}  // namespace models
