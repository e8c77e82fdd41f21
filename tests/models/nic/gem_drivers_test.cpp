// Public drivers' access sequences on the GEM, as literal as their sources have them: Linux
// (drivers/net/ethernet/cadence/macb_main.c, 6.1, for "cdns,zynqmp-gem") and U-Boot
// (drivers/net/zynq_gem.c, with 64-bit addresses).
#include <gtest/gtest.h>

#include "tests/models/nic/gem_bench.h"

namespace models::test {
namespace {

constexpr std::uint64_t own = 0x000a'3500'2201;
constexpr std::uint64_t peer = 0x0200'0000'0001;

struct DriverBench : testing::Test {
    GemBench b;

    std::uint32_t read(std::uint32_t offset) {
        b.run_for(Picos::ns(150));
        return b.read(offset);
    }
    void write(std::uint32_t offset, std::uint32_t value) {
        b.run_for(Picos::ns(150));
        b.write(offset, value);
    }
    /// readx_poll_timeout(), wait_for_bit_le32(): bounded.
    bool wait_for(std::uint32_t offset, std::uint32_t bit) {
        for (int i = 0; i < 1000; ++i) {
            if ((read(offset) & bit) != 0)
                return true;
            b.run_for(Picos::us(1));
        }
        return false;
    }
    void put(std::uint64_t d, std::uint64_t address, std::uint32_t status) {
        b.set_word(d + 8, static_cast<std::uint32_t>(address >> 32));
        b.set_word(d, static_cast<std::uint32_t>(address));
        b.set_word(d + 4, status);
    }
    std::uint32_t mdio_read(std::uint32_t phy, std::uint32_t reg) {
        EXPECT_TRUE(wait_for(0x008, 4));
        write(0x034, 0x6002'0000 | phy << 23 | reg << 18);
        EXPECT_TRUE(wait_for(0x008, 4));
        return read(0x034) & 0xffff;
    }
};

// --- Linux ------------------------------------------------------------------------------------

struct Linux : DriverBench {
    static constexpr unsigned ring = 8;
    static constexpr std::uint32_t rx_flags = 1U << 1 | 1U << 10;        // RCOMP, ROVR
    static constexpr std::uint32_t tx_flags = 0x70 | 1U << 7 | 1U << 3;  // errors, TCOMP,
                                                                         // TXUBR
    static constexpr std::uint32_t hresp = 1U << 11;
    bool clear_on_write = false;
    unsigned tx_head = 0;
    unsigned tx_tail = 0;
    unsigned rx_tail = 0;
    unsigned rx_prepared = 0;
    std::vector<Bytes> received;
    unsigned completed = 0;

    std::uint64_t rx_desc(unsigned i) const { return GemBench::rx_ring + 16 * (i % ring); }
    std::uint64_t tx_desc(unsigned i) const { return GemBench::tx_ring + 16 * (i % ring); }

    void probe() {
        // hw_is_native_io(), hw_is_gem(), macb_configure_caps(), macb_probe_queues()
        write(0x000, 2);
        EXPECT_EQ(read(0x000), 2U);
        write(0x000, 0);
        EXPECT_GE(read(0x0fc) >> 16 & 0xfff, 2U);
        const std::uint32_t dcfg1 = read(0x280);
        clear_on_write = (dcfg1 >> 23 & 1) == 0;
        EXPECT_NE(read(0x284) & (1U << 20 | 1U << 21), 0U);
        EXPECT_EQ(read(0x294) & 0xff, 0U) << "one queue";
        EXPECT_NE(read(0x294) & 1U << 23, 0U) << "64-bit addresses";
        // macb_init(): MDC at 100 MHz / 48, 64-bit bus
        write(0x004, 3U << 18 | 1U << 21);
        // macb_get_hwaddr(), macb_mii_init()
        for (std::uint32_t o = 0x088; o <= 0x0a4; o += 4)
            EXPECT_EQ(read(o), 0U);
        write(0x000, 0x10);
        EXPECT_EQ(mdio_read(12, 2) << 16 | mdio_read(12, 3), 0x2000'a231U);
    }

    void reset_hw() {
        const std::uint32_t ctrl = (read(0x000) & ~0xcU) | 0x20;
        write(0x000, ctrl);
        write(0x014, ~0U);
        write(0x020, ~0U);
        write(0x02c, ~0U);
        read(0x024);
        if (clear_on_write)
            write(0x024, ~0U);
    }

    void refill() {
        while ((rx_prepared - rx_tail) % ring != ring - 1) {
            const unsigned entry = rx_prepared++ % ring;
            std::uint64_t address = GemBench::rx_buffers + 0x800 * entry;
            if (entry == ring - 1)
                address |= 2;
            put(rx_desc(entry), address, 0);
        }
    }

    void open() {
        reset_hw();
        write(0x088, 0x0035'0a00);
        write(0x08c, 0x0122);
        for (std::uint32_t o = 0x090; o <= 0x0a4; o += 4)
            write(o, 0);
        write(0x004, 3U << 18 | 1U << 17 | 1U << 3 | 1U << 21);  // DRFCS, JFRAME
        write(0x048, 10240);
        const std::uint32_t dmacfg = read(0x010) & ~0x00ff'001fU;
        write(0x010, dmacfg | 24U << 16 | 16 | 1U << 10 | 3U << 8 | 1U << 30);
        // The link comes up: macb_mac_config(), macb_mac_link_up()
        const std::uint32_t bmsr = mdio_read(12, 1);
        EXPECT_EQ(bmsr & 0x24, 0x24U);
        write(0x004, (read(0x004) & ~0x401U) | 2 | 0x400);
        for (unsigned i = 0; i < ring; ++i)
            put(tx_desc(i), 0, i == ring - 1 ? 0xc000'0000 : 0x8000'0000);
        refill();
        write(0x018, GemBench::rx_ring);
        write(0x4d4, 0);
        write(0x01c, GemBench::tx_ring);
        write(0x4c8, 0);
        write(0x028, rx_flags | tx_flags | hresp);
        write(0x000, read(0x000) | 0xc);
    }

    void xmit(const Bytes& frame) {
        std::memcpy(b.at(GemBench::tx_buffers + 0x800 * (tx_head % ring)), frame.data(),
                    frame.size());
        const auto wrap = [](unsigned i) { return i % ring == ring - 1 ? 0x4000'0000U : 0U; };
        b.set_word(tx_desc(tx_head + 1) + 4, 0x8000'0000);
        put(tx_desc(tx_head), GemBench::tx_buffers + 0x800 * (tx_head % ring),
            static_cast<std::uint32_t>(frame.size()) | 0x8000 | wrap(tx_head));
        ++tx_head;
        write(0x000, read(0x000) | 0x200);
    }

    void poll() {
        write(0x020, read(0x020));
        while ((b.word(rx_desc(rx_tail)) & 1) != 0) {
            const std::uint32_t ctrl = b.word(rx_desc(rx_tail) + 4);
            EXPECT_EQ(ctrl & 0xc000, 0xc000U) << "whole frame pointed by descriptor";
            received.push_back(b.memory(b.word(rx_desc(rx_tail)) & ~3U, ctrl & 0x3fff));
            ++rx_tail;
        }
        refill();
        const std::uint32_t status = read(0x020);
        if (status != 0)
            poll();
        else
            write(0x028, rx_flags);
    }

    void interrupt() {
        for (std::uint32_t status = read(0x024); status != 0; status = read(0x024)) {
            bool schedule = false;
            if ((status & rx_flags) != 0) {
                write(0x02c, rx_flags);
                write(0x024, 1U << 1);
                schedule = true;
            }
            EXPECT_EQ(status & 0x70, 0U) << "transmit errors";
            if ((status & 1U << 7) != 0) {
                write(0x014, read(0x014));
                write(0x024, 1U << 7);
                for (; tx_tail != tx_head && (b.word(tx_desc(tx_tail) + 4) & 1U << 31) != 0;
                     ++tx_tail)
                    ++completed;
            }
            if ((status & 1U << 3) != 0) {
                write(0x024, 1U << 3);
                if (tx_head != tx_tail)
                    write(0x000, read(0x000) | 0x200);
            }
            EXPECT_EQ(status & hresp, 0U);
            if (schedule)
                poll();
        }
    }
    /// Let time pass, taking the interrupt whenever the line is high.
    void run(Picos d) {
        const Picos end = kernel_now() + d;
        while (kernel_now() < end) {
            b.run_for(Picos::ns(500));
            if (!b.gic.edges.empty() && b.gic.edges.back().level)
                interrupt();
        }
    }
};

TEST_F(Linux, ProbesOpensSendsAndReceives) {
    probe();
    open();
    std::vector<Bytes> expected;
    for (unsigned i = 0; i < 20; ++i) {
        const Bytes frame = make_frame(peer, 60 + 50 * i, static_cast<std::uint8_t>(i));
        xmit(frame);
        expected.push_back(frame);
        run(Picos::us(i % 3 == 0 ? 1 : 20));
        while (tx_head - tx_tail >= ring - 1)
            run(Picos::us(1));
    }
    run(Picos::us(100));
    std::vector<Bytes> sent;
    for (const Transmission& t : b.link.sent)
        sent.push_back(t.bytes);
    EXPECT_EQ(sent, expected);
    EXPECT_EQ(completed, 20U);

    expected.clear();
    for (unsigned i = 0; i < 20; ++i) {
        const Bytes frame = make_frame(own, 1514 - 40 * i, static_cast<std::uint8_t>(i));
        b.arrive(frame);
        expected.push_back(frame);
        run(Picos::us(12));
    }
    run(Picos::us(100));
    EXPECT_EQ(received, expected);
    b.arrive(make_frame(peer, 60));  // for somebody else
    b.arrive(make_frame(0xffff'ffff'ffff, 60));
    run(Picos::us(20));
    EXPECT_EQ(received.size(), 21U);
    EXPECT_TRUE(b.activity.idle());

    // gem_update_stats()
    EXPECT_EQ(read(0x108), 20U);
    EXPECT_EQ(read(0x158), 21U);
}

// macb_reset_hw() from macb_close(): nothing comes any more.
TEST_F(Linux, Closes) {
    probe();
    open();
    reset_hw();
    b.arrive(make_frame(own, 60));
    run(Picos::us(20));
    EXPECT_TRUE(received.empty());
    EXPECT_EQ(b.gem.counters().rx_disabled, 1U);
    EXPECT_FALSE(b.gic.edges.empty() ? false : b.gic.edges.back().level);
}

// macb_tx_error_task(): the transmitter is halted, the queue rewound, sending begins again.
TEST_F(Linux, RecoversFromATransmitError) {
    probe();
    open();
    put(tx_desc(0), 0x10, 60 | 0x8000);  // an address that is not the VM's
    write(0x000, read(0x000) | 0x200);
    b.run_for(Picos::us(5));
    EXPECT_EQ(read(0x024) & (1U << 6 | hresp), 1U << 6 | hresp);
    write(0x02c, tx_flags);
    write(0x024, 0x70);
    write(0x024, hresp);
    write(0x000, read(0x000) | 0x400);  // macb_halt_tx()
    EXPECT_EQ(read(0x014) & 8, 0U);
    put(tx_desc(0), 0, 0x8000'0000);
    write(0x01c, GemBench::tx_ring);
    write(0x014, read(0x014));
    write(0x028, tx_flags);
    const Bytes frame = make_frame(peer, 60);
    xmit(frame);
    run(Picos::us(10));
    ASSERT_EQ(b.link.sent.size(), 1U);
    EXPECT_EQ(b.link.sent[0].bytes, frame);
}

// --- U-Boot -----------------------------------------------------------------------------------

struct UBoot : DriverBench {
    static constexpr unsigned buffers = 32;
    static constexpr std::uint64_t tx_bd = GemBench::ram_base;
    static constexpr std::uint64_t rx_bd = GemBench::ram_base + 0x200;
    unsigned current = 0;

    void init() {
        write(0x02c, ~0U);
        write(0x000, 0);
        write(0x014, 0);
        write(0x020, 0);
        write(0x034, 0);
        write(0x080, 0);
        write(0x084, 0);
        for (std::uint32_t i = 0; i < 44; ++i)
            read(0x100 + 4 * i);
        for (unsigned i = 0; i < buffers; ++i)
            put(rx_bd + 16 * i, (GemBench::rx_buffers + 0x600 * i) | (i + 1 == buffers ? 2 : 0),
                0xf000'0000);
        write(0x018, rx_bd);
        write(0x4d4, 0);
        write(0x010, 0x0018'0704 | 1U << 30);
        write(0x000, read(0x000) | 0x10);
        put(tx_bd + 32, 0, 0xc000'8000);
        put(tx_bd + 64, 3, 0);
        write(0x440, tx_bd + 32);
        write(0x480, tx_bd + 64);
        // phy_detection(): the first of 31 to 0 with the abilities of a PHY
        unsigned phy = 32;
        for (unsigned i = 31; i < 32 && phy == 32; --i) {
            const std::uint32_t bmsr = mdio_read(i, 1);
            if (bmsr != 0xffff && (bmsr & 0x1808) == 0x1808)
                phy = i;
        }
        EXPECT_EQ(phy, 12U);
        write(0x004, read(0x004) | 0x400 | 1U << 21 | 2 | 1U << 17);
        write(0x000, read(0x000) | 0xc);
        // zynq_gem_setup_mac()
        for (std::uint32_t i = 0; i < 4; ++i) {
            write(0x088 + 8 * i, 0);
            write(0x08c + 8 * i, 0);
            write(0x0a8 + 4 * i, 0);
        }
        write(0x088, 0x0035'0a00);
        write(0x08c, 0x0122);
    }

    void send(const Bytes& frame) {
        std::memcpy(b.at(GemBench::tx_buffers), frame.data(), frame.size());
        put(tx_bd, GemBench::tx_buffers,
            (static_cast<std::uint32_t>(frame.size()) & 0x7ff) | 0x8000);
        put(tx_bd + 16, 0, 0xc000'8000);
        write(0x01c, tx_bd);
        write(0x4c8, 0);
        write(0x000, read(0x000) | 0x200);
        EXPECT_TRUE(wait_for(0x014, 0x20));
        b.run_for(Picos::us(20));  // it does not wait itself from the second frame on
    }

    Bytes receive() {
        const std::uint64_t d = rx_bd + 16 * current;
        if ((b.word(d) & 1) == 0)
            return {};
        EXPECT_EQ(b.word(d + 4) & 0xc000, 0xc000U);
        Bytes frame = b.memory(b.word(d) & ~3U, b.word(d + 4) & 0x3fff);
        b.set_word(d, b.word(d) & ~1U);
        b.set_word(d + 4, 0xf000'0000);
        current = (current + 1) % buffers;
        return frame;
    }
};

TEST_F(UBoot, SendsAndReceives) {
    init();
    for (unsigned i = 0; i < 5; ++i) {
        const Bytes frame = make_frame(peer, 100 + i);
        send(frame);
        ASSERT_EQ(b.link.sent.size(), i + 1);
        EXPECT_EQ(b.link.sent[i].bytes, frame);
    }
    for (unsigned i = 0; i < 40; ++i) {
        const Bytes frame = make_frame(own, 60 + i);
        EXPECT_TRUE(receive().empty());
        b.arrive(frame);
        b.run_for(Picos::us(10));
        EXPECT_EQ(receive(), frame);
    }
    // zynq_gem_halt()
    write(0x000, read(0x000) & ~0xcU);
    b.arrive(make_frame(own, 60));
    b.run_for(Picos::us(10));
    EXPECT_TRUE(receive().empty());
}

}  // namespace
}  // namespace models::test
