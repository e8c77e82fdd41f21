// What a platform chooses of a Cadence GEM: identity, sizes and times; and what the model counts
// beyond the registers, so that every frame is accounted for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/base/time.h"
#include "models/nic/mdio_phy.h"

namespace models {

struct GemParameters {
    /// revision_reg. UG1087 gives 0x40070106; boards with production silicon report 0x50070106.
    std::uint32_t revision = 0x5007'0106;
    /// Clock of the register interface (LPD_LSBUS), from which MDC is divided. 10 to 300 MHz.
    std::uint64_t pclk_hz = 100'000'000;
    std::uint8_t phy_address = 12;  ///< as on the ZCU104
    MdioPhy::Parameters phy{};

    /// Packet buffers. Estimate: 16 KiB each (the limit that drivers give for a frame); 4 to 64.
    std::size_t tx_buffer_bytes = 16 * 1024;
    std::size_t rx_buffer_bytes = 16 * 1024;

    // The bus, as the DMA sees it: through SMMU (translations cached) and interconnect to DRAM. All
    // are estimates.
    Picos descriptor_read = Picos::ns(250);   ///< 100 to 600 ns
    Picos descriptor_write = Picos::ns(100);  ///< posted; 50 to 300 ns
    Picos data_latency = Picos::ns(250);      ///< to the first byte of a buffer; 100 to 600 ns
    std::uint64_t data_bytes_per_second = 800'000'000;  ///< in bursts; 200 to 1600 MB/s
};

/// Each frame under one cause. What arrived and is under none is still inside: rx_inside().
struct GemCounters {
    std::uint64_t tx_frames = 0;    ///< put on the link
    std::uint64_t tx_bytes = 0;     ///< of these, without FCS
    std::uint64_t tx_no_link = 0;   ///< lost: no link, or MAC and link differ in speed
    std::uint64_t tx_bad_fcs = 0;   ///< lost: the driver brought an FCS that is wrong
    std::uint64_t tx_looped = 0;    ///< local loopback
    std::uint64_t tx_errors = 0;    ///< stopped: descriptors of a frame incomplete, too long, empty
    std::uint64_t rx_arrived = 0;   ///< from the link or the local loopback
    std::uint64_t rx_frames = 0;    ///< written to memory
    std::uint64_t rx_bytes = 0;     ///< of these, without FCS
    std::uint64_t rx_disabled = 0;  ///< lost: the receiver is off, or flushed it
    std::uint64_t rx_speed = 0;     ///< lost: MAC and link differ in speed
    std::uint64_t rx_bad_length = 0;  ///< lost: longer than allowed, or its length field is wrong
    std::uint64_t rx_checksum = 0;    ///< lost: a checksum is wrong, and they are checked
    std::uint64_t rx_filtered = 0;    ///< for somebody else
    std::uint64_t rx_overrun = 0;     ///< lost: packet buffer full
    std::uint64_t rx_no_buffer = 0;   ///< lost: no free descriptor, and told to discard
    std::uint64_t rx_bus_errors = 0;  ///< lost: DMA refused
    std::uint64_t bus_errors = 0;     ///< accesses refused, both directions

    /// Frames that arrived and are neither in memory nor lost.
    constexpr std::uint64_t rx_inside() const {
        return rx_arrived - rx_frames - rx_disabled - rx_speed - rx_bad_length - rx_checksum -
               rx_filtered - rx_overrun - rx_no_buffer - rx_bus_errors;
    }
};

}  // namespace models
