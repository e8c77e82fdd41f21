// A Cadence GEM on the bench: memory of a VM behind a stage 2, a link that writes down what is sent
// and when, an interrupt controller that writes down edges, and descriptor rings made by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <systemc>
#include <vector>

#include <gtest/gtest.h>

#include "models/bus/dma_port.h"
#include "models/nic/cadence_gem.h"
#include "tests/models/uart/uart_bench.h"
#include "tests/support/run_until.h"

namespace models::test {

using Bytes = std::vector<std::byte>;

/// A frame of `size` bytes to `destination` (most significant byte first), of type 0x88b5 (IEEE 802
/// local experimental), numbered bytes behind the header.
inline Bytes make_frame(std::uint64_t destination, std::size_t size, std::uint8_t first = 0) {
    Bytes f(size);
    for (std::size_t i = 0; i < 6; ++i) {
        f[i] = static_cast<std::byte>(destination >> (40 - 8 * i));
        f[6 + i] = static_cast<std::byte>(0x020000000099 >> (40 - 8 * i));
    }
    f[12] = std::byte{0x88};
    f[13] = std::byte{0xb5};
    for (std::size_t i = 14; i < size; ++i)
        f[i] = static_cast<std::byte>(first + i);
    return f;
}

struct Transmission {
    Bytes bytes;
    std::uint64_t at;  ///< of the first bit, picoseconds
};

class RecordingLink final : public wire::LinkEnd {
  public:
    void connect(wire::FrameReceiver& r) override { receiver = &r; }
    Picos send(wire::FrameRef frame, Picos at) override {
        const Picos begin = std::max(at, free_);
        sent.push_back({frame->bytes, begin.value});
        free_ = begin + Picos{wire::wire_bytes(frame->bytes.size()) * 8'000'000'000'000 / hz};
        return free_;
    }
    Picos free_at() const override { return free_; }
    std::uint64_t rate() const override { return hz; }
    bool up() const override { return connected; }

    void set_up(bool up) {
        connected = up;
        receiver->link_changed(up, kernel_now());
    }

    wire::FrameReceiver* receiver = nullptr;
    std::uint64_t hz = 1'000'000'000;
    bool connected = true;
    std::vector<Transmission> sent;

  private:
    Picos free_{};
};

struct GemBench {
    static constexpr std::uint64_t ram_base = 0x4000'0000;
    static constexpr std::uint64_t ram_size = 0x10'0000;
    static constexpr std::uint64_t high_base = 0x8'0000'0000;  ///< RAM that needs 64-bit addresses
    static constexpr std::uint64_t rx_ring = ram_base;
    static constexpr std::uint64_t tx_ring = ram_base + 0x1000;
    static constexpr std::uint64_t rx_buffers = ram_base + 0x1'0000;
    static constexpr std::uint64_t tx_buffers = ram_base + 0x8'0000;

    RecordingController gic;
    Activity activity;
    Timeline timeline{Picos::us(100)};
    Stage2 stage2;
    DmaPort dma{timeline};
    RecordingLink link;
    std::vector<std::byte> ram = std::vector<std::byte>(ram_size);
    std::vector<std::byte> high = std::vector<std::byte>(ram_size);
    CadenceGem gem;

    explicit GemBench(const GemParameters& parameters = {})
        : gem("gem", parameters, IrqLine(gic, vms::IntId{95}), activity, dma, link) {
        stage2.add(Stage2::Ram{vms::GuestAddr{ram_base}, ram_size, PhysAddr{0}, ram.data()});
        stage2.add(Stage2::Ram{vms::GuestAddr{high_base}, ram_size, PhysAddr{0}, high.data()});
        dma.attach(stage2);
    }

    void write(std::uint32_t offset, std::uint32_t value) {
        Access a{.offset = offset, .value = value, .write = true, .time = kernel_now()};
        gem.access(a);
        EXPECT_FALSE(a.error) << "offset " << offset;
    }
    std::uint32_t read(std::uint32_t offset) {
        Access a{.offset = offset, .time = kernel_now()};
        gem.access(a);
        EXPECT_FALSE(a.error) << "offset " << offset;
        return static_cast<std::uint32_t>(a.value);
    }
    static void run_until(Picos t) { models::test::run_until(t); }
    void run_for(Picos d) { run_until(kernel_now() + d); }

    std::byte* at(std::uint64_t address) {
        return address >= high_base ? high.data() + (address - high_base)
                                    : ram.data() + (address - ram_base);
    }
    std::uint32_t word(std::uint64_t address) {
        std::uint32_t v = 0;
        std::memcpy(&v, at(address), 4);
        return v;
    }
    void set_word(std::uint64_t address, std::uint32_t v) { std::memcpy(at(address), &v, 4); }
    Bytes memory(std::uint64_t address, std::size_t n) {
        return Bytes(at(address), at(address) + n);
    }

    // Descriptors of two words.
    void rx_descriptor(unsigned i, std::uint32_t buffer, bool end_of_ring = false) {
        set_word(rx_ring + 8 * i, buffer | (end_of_ring ? 2U : 0U));
        set_word(rx_ring + 8 * i + 4, 0);
    }
    /// `n` buffers of `size` bytes, one behind the other.
    void make_rx_ring(unsigned n, std::uint32_t size = 0x800) {
        for (unsigned i = 0; i < n; ++i)
            rx_descriptor(i, static_cast<std::uint32_t>(rx_buffers) + size * i, i + 1 == n);
    }
    void tx_descriptor(unsigned i, std::uint32_t buffer, std::uint32_t status) {
        set_word(tx_ring + 8 * i, buffer);
        set_word(tx_ring + 8 * i + 4, status);
    }
    static constexpr std::uint32_t last = 1U << 15;
    static constexpr std::uint32_t wrap = 1U << 30;
    static constexpr std::uint32_t used = 1U << 31;
    /// Frame `i` of a ring of single buffers at tx_buffers + 0x800 * i.
    void put_tx(unsigned i, const Bytes& frame, std::uint32_t flags = last) {
        const auto buffer = static_cast<std::uint32_t>(tx_buffers) + 0x800 * i;
        std::memcpy(at(buffer), frame.data(), frame.size());
        tx_descriptor(i, buffer, static_cast<std::uint32_t>(frame.size()) | flags);
    }

    /// Gigabit, FCS removed, buffers of 1536 bytes, both directions on; `config` on top.
    void enable(std::uint32_t config = 0) {
        write(gem::network_config, 0x0028'0402 | 1U << 17 | config);
        write(gem::dma_config, 0x0018'0710);
        write(gem::receive_q_ptr, static_cast<std::uint32_t>(rx_ring));
        write(gem::transmit_q_ptr, static_cast<std::uint32_t>(tx_ring));
        write(gem::network_control, gem::control::enable_receive | gem::control::enable_transmit);
    }
    void start() {
        write(gem::network_control, gem::control::enable_receive | gem::control::enable_transmit |
                                        gem::control::tx_start);
    }
    void arrive(const Bytes& bytes) {
        auto f = std::make_shared<wire::Frame>();
        f->bytes = bytes;
        gem.receive(f, kernel_now());
    }
};

}  // namespace models::test
