// A UART reached by a foreign TLM-2.0 initiator (IEEE 1666-2011, clauses 11 and 14).
#include "models/bus/tlm_target.h"

#include <array>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include "models/uart/cadence_uart.h"
#include "tests/models/uart/uart_bench.h"

namespace models::test {
namespace {

using Uart = CadenceUart;
using testing::ElementsAre;

constexpr TargetTiming timing{.read = Picos::ns(150), .write = Picos::ns(60)};
constexpr std::uint64_t character = 86'800'000;  // ps, at 100 MHz / (62 * 14)

/// Runs a function as the initiator's thread.
class Initiator final : public sc_core::sc_module {
  public:
    tlm_utils::simple_initiator_socket<Initiator> socket;

    explicit Initiator(sc_core::sc_module_name name) : sc_module(name), socket("socket") {
        SC_HAS_PROCESS(Initiator);
        SC_THREAD(run);
    }

    struct Result {
        tlm::tlm_response_status status;
        std::uint32_t value;
        sc_core::sc_time delay;
    };
    Result transport(tlm::tlm_command command, std::uint64_t address, std::uint32_t value,
                     unsigned length = 4, sc_core::sc_time delay = sc_core::SC_ZERO_TIME) {
        std::array<unsigned char, 16> data{};
        std::memcpy(data.data(), &value, sizeof value);
        tlm::tlm_generic_payload p;
        fill(p, command, address, data, length);
        socket->b_transport(p, delay);
        std::memcpy(&value, data.data(), sizeof value);
        return {p.get_response_status(), value, delay};
    }
    Result write(std::uint64_t address, std::uint32_t value) {
        return transport(tlm::TLM_WRITE_COMMAND, address, value);
    }
    Result read(std::uint64_t address) {
        return transport(tlm::TLM_READ_COMMAND, address, 0xffff'ffff);
    }
    std::optional<std::uint32_t> debug(tlm::tlm_command command, std::uint64_t address) {
        std::array<unsigned char, 16> data{};
        tlm::tlm_generic_payload p;
        fill(p, command, address, data, 4);
        if (socket->transport_dbg(p) == 0)
            return {};
        std::uint32_t value = 0;
        std::memcpy(&value, data.data(), sizeof value);
        return value;
    }

    std::function<void(Initiator&)> body;

  private:
    static void fill(tlm::tlm_generic_payload& p, tlm::tlm_command command, std::uint64_t address,
                     std::array<unsigned char, 16>& data, unsigned length) {
        p.set_command(command);
        p.set_address(address);
        p.set_data_ptr(data.data());
        p.set_data_length(length);
        p.set_streaming_width(length);
        p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    }
    void run() { body(*this); }
};

struct TlmBench : Bench<Uart> {
    explicit TlmBench(std::unique_ptr<SerialSource> source = nullptr)
        : Bench<Uart>(std::move(source)) {
        initiator.socket.bind(target.socket);
    }
    /// Runs `body` as the initiator, until it returns and nothing is left to happen.
    void run(std::function<void(Initiator&)> body) {
        initiator.body = [&](Initiator& i) {
            i.write(Uart::BAUDGEN, 62);
            i.write(Uart::BDIV, 13);
            i.write(Uart::MR, 0x20);
            i.write(Uart::CR, 0x17);
            body(i);
            finished = true;
        };
        sc_core::sc_start();
        EXPECT_TRUE(finished);
    }
    TlmTarget target{"target", uart, Uart::window, timing};
    Initiator initiator{"initiator"};
    bool finished = false;
};

TEST(TlmTarget, SendsAByte) {
    TlmBench b;
    b.run([&](Initiator& i) {
        const auto r = i.write(Uart::FIFO, 'T');
        EXPECT_EQ(r.status, tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(r.delay, timing.write.sc());
        EXPECT_EQ(i.read(Uart::SR).delay, timing.read.sc());
    });
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'T', character}));
}

TEST(TlmTarget, AnnotatedDelayIsPartOfTheTime) {
    TlmBench b;
    b.run([&](Initiator& i) {
        const auto r = i.transport(tlm::TLM_WRITE_COMMAND, Uart::FIFO, 'D', 4, Picos::us(5).sc());
        EXPECT_EQ(kernel_now(), Picos{}) << "nothing was due before";
        EXPECT_EQ(r.delay, (Picos::us(5) + timing.write).sc());
    });
    EXPECT_THAT(b.sent, ElementsAre(Arrival{'D', 5'000'000 + character}));
}

TEST(TlmTarget, WaitsForWhatIsDueBeforeTheAccess) {
    TlmBench b;
    b.run([&](Initiator& i) {
        i.write(Uart::FIFO, '1');
        const auto r = i.transport(tlm::TLM_READ_COMMAND, Uart::SR, 0, 4, Picos::us(500).sc());
        EXPECT_EQ(kernel_now(), Picos::us(500));
        EXPECT_EQ(r.delay, timing.read.sc());
        EXPECT_EQ(r.value & 0x800, 0U) << "the transmitter has finished by then";
    });
}

TEST(TlmTarget, ReceivesAByteOnce) {
    TlmBench b(typed(Picos::us(100), "r"));
    b.run([&](Initiator& i) {
        wait(Picos::ms(1).sc());
        EXPECT_EQ(i.debug(tlm::TLM_READ_COMMAND, Uart::FIFO), std::uint32_t{'r'});
        EXPECT_EQ(i.debug(tlm::TLM_READ_COMMAND, Uart::FIFO), std::uint32_t{'r'})
            << "debug access takes nothing";
        const auto r = i.transport(tlm::TLM_READ_COMMAND, Uart::FIFO, 0xffff'ffff, 1);
        EXPECT_EQ(r.value, 0xffff'ff00U | 'r') << "one byte, the others as they were";
        EXPECT_EQ(i.read(Uart::SR).value & 2, 2U) << "empty now";
        EXPECT_EQ(i.debug(tlm::TLM_WRITE_COMMAND, Uart::FIFO), std::nullopt);
    });
    EXPECT_TRUE(b.sent.empty());
}

TEST(TlmTarget, RefusesWhatARegisterCannotDo) {
    TlmBench b;
    b.run([&](Initiator& i) {
        EXPECT_EQ(i.read(Uart::window).status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(i.read(Uart::window - 2).status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
        EXPECT_EQ(i.transport(tlm::TLM_READ_COMMAND, 0, 0, 3).status,
                  tlm::TLM_BURST_ERROR_RESPONSE);
        EXPECT_EQ(i.transport(tlm::TLM_READ_COMMAND, 0, 0, 16).status,
                  tlm::TLM_BURST_ERROR_RESPONSE);
        EXPECT_EQ(i.transport(tlm::TLM_READ_COMMAND, 0, 0, 8).status,
                  tlm::TLM_GENERIC_ERROR_RESPONSE)
            << "no 64-bit registers";
        EXPECT_EQ(i.read(2).status, tlm::TLM_GENERIC_ERROR_RESPONSE) << "unaligned";
        EXPECT_EQ(i.transport(tlm::TLM_IGNORE_COMMAND, 0, 0).status, tlm::TLM_OK_RESPONSE);

        std::array<unsigned char, 4> data{};
        unsigned char enable = 0xff;
        tlm::tlm_generic_payload p;
        p.set_read();
        p.set_data_ptr(data.data());
        p.set_data_length(4);
        p.set_streaming_width(4);
        p.set_byte_enable_ptr(&enable);
        p.set_byte_enable_length(1);
        sc_core::sc_time delay;
        i.socket->b_transport(p, delay);
        EXPECT_EQ(p.get_response_status(), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);

        tlm::tlm_dmi dmi;
        EXPECT_FALSE(i.socket->get_direct_mem_ptr(p, dmi));
    });
}

}  // namespace
}  // namespace models::test
