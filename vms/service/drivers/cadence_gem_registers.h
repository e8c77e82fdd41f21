// What the driver uses of the Cadence GEM's registers and descriptors (Zynq UltraScale+: UG1087,
// module GEM; UG1085, chapter "GEM Ethernet") and of its PHY's (IEEE 802.3-2018, 22.2.4
// and 40.5.1).
#pragma once

#include <cstdint>

namespace vms::service::gem {

// Registers.
inline constexpr std::uint32_t network_control = 0x000;
inline constexpr std::uint32_t network_config = 0x004;
inline constexpr std::uint32_t network_status = 0x008;
inline constexpr std::uint32_t dma_config = 0x010;
inline constexpr std::uint32_t transmit_status = 0x014;
inline constexpr std::uint32_t receive_q_ptr = 0x018;
inline constexpr std::uint32_t transmit_q_ptr = 0x01c;
inline constexpr std::uint32_t receive_status = 0x020;
inline constexpr std::uint32_t int_status = 0x024;
inline constexpr std::uint32_t int_enable = 0x028;
inline constexpr std::uint32_t int_disable = 0x02c;
inline constexpr std::uint32_t phy_management = 0x034;
inline constexpr std::uint32_t jumbo_max_length = 0x048;
inline constexpr std::uint32_t hash_bottom = 0x080;
inline constexpr std::uint32_t hash_top = 0x084;
inline constexpr std::uint32_t spec_add1_bottom = 0x088;
inline constexpr std::uint32_t spec_add1_top = 0x08c;
inline constexpr std::uint32_t revision_reg = 0x0fc;
inline constexpr std::uint32_t fcs_errors = 0x190;
inline constexpr std::uint32_t rx_length_errors = 0x194;
inline constexpr std::uint32_t rx_symbol_errors = 0x198;
inline constexpr std::uint32_t rx_resource_errors = 0x1a0;
inline constexpr std::uint32_t rx_overruns = 0x1a4;
inline constexpr std::uint32_t transmit_q1_ptr = 0x440;
inline constexpr std::uint32_t receive_q1_ptr = 0x480;
inline constexpr std::uint32_t upper_tx_q_base_addr = 0x4c8;
inline constexpr std::uint32_t upper_rx_q_base_addr = 0x4d4;
inline constexpr std::uint32_t int_q1_disable = 0x620;

namespace control {
inline constexpr std::uint32_t enable_receive = 1u << 2;
inline constexpr std::uint32_t enable_transmit = 1u << 3;
inline constexpr std::uint32_t man_port_en = 1u << 4;
inline constexpr std::uint32_t clear_all_stats_regs = 1u << 5;
inline constexpr std::uint32_t tx_start = 1u << 9;
}  // namespace control

namespace config {
inline constexpr std::uint32_t speed_100 = 1u << 0;
inline constexpr std::uint32_t full_duplex = 1u << 1;
inline constexpr std::uint32_t jumbo_frames = 1u << 3;
inline constexpr std::uint32_t copy_all_frames = 1u << 4;
inline constexpr std::uint32_t multicast_hash_enable = 1u << 6;
inline constexpr std::uint32_t receive_1536 = 1u << 8;
inline constexpr std::uint32_t gigabit_mode = 1u << 10;
inline constexpr std::uint32_t fcs_remove = 1u << 17;
inline constexpr unsigned mdc_clock_shift = 18;
inline constexpr std::uint32_t data_bus_64 = 1u << 21;
}  // namespace config

namespace dma {
inline constexpr std::uint32_t burst_incr16 = 16;
inline constexpr std::uint32_t packet_buffers_full = 7u << 8;  // both directions
inline constexpr unsigned rx_buf_size_shift = 16;              // in units of 64 bytes
inline constexpr std::uint32_t force_discard_on_err = 1u << 24;
inline constexpr std::uint32_t addr_bus_width_64 = 1u << 30;
}  // namespace dma

namespace tx {
inline constexpr std::uint32_t amba_error = 1u << 4;
inline constexpr std::uint32_t underrun = 1u << 6;
inline constexpr std::uint32_t resp_not_ok = 1u << 8;
inline constexpr std::uint32_t errors = amba_error | underrun | resp_not_ok;
inline constexpr std::uint32_t all = 0x1ff;
}  // namespace tx

namespace rx {
inline constexpr std::uint32_t buffer_not_available = 1u << 0;
inline constexpr std::uint32_t receive_overrun = 1u << 2;
inline constexpr std::uint32_t resp_not_ok = 1u << 3;
inline constexpr std::uint32_t errors = buffer_not_available | receive_overrun | resp_not_ok;
inline constexpr std::uint32_t all = 0xf;
}  // namespace rx

namespace interrupt {
inline constexpr std::uint32_t receive_complete = 1u << 1;
inline constexpr std::uint32_t amba_error = 1u << 6;
inline constexpr std::uint32_t transmit_complete = 1u << 7;
inline constexpr std::uint32_t resp_not_ok = 1u << 11;
inline constexpr std::uint32_t all = 0x07ff'ffff;
}  // namespace interrupt

namespace management {
inline constexpr std::uint32_t idle = 1u << 2;           // of network_status
inline constexpr std::uint32_t clause_22 = 0x4002'0000;  // start and turn-around
inline constexpr std::uint32_t write = 1u << 28;
inline constexpr std::uint32_t read = 2u << 28;
inline constexpr unsigned register_shift = 18;
inline constexpr unsigned phy_shift = 23;
}  // namespace management

// Descriptors: four words with 64-bit addresses; word 2 is the upper half of the address.
inline constexpr std::uint64_t descriptor_bytes = 16;
inline constexpr std::uint64_t descriptor_status = 4;
inline constexpr std::uint64_t descriptor_upper = 8;
namespace rx_descriptor {
inline constexpr std::uint32_t used = 1u << 0;  // word 0
inline constexpr std::uint32_t wrap = 1u << 1;
inline constexpr std::uint32_t length_mask = 0x3fff;  // word 1
inline constexpr std::uint32_t start_of_frame = 1u << 14;
inline constexpr std::uint32_t end_of_frame = 1u << 15;
inline constexpr std::uint32_t whole_frame = start_of_frame | end_of_frame;
}  // namespace rx_descriptor
namespace tx_descriptor {
inline constexpr std::uint32_t last = 1u << 15;  // word 1
inline constexpr std::uint32_t errors = 7u << 27 | 1u << 26;
inline constexpr std::uint32_t wrap = 1u << 30;
inline constexpr std::uint32_t used = 1u << 31;
}  // namespace tx_descriptor

namespace phy {
inline constexpr std::uint32_t bmcr = 0;
inline constexpr std::uint32_t bmsr = 1;
inline constexpr std::uint32_t lpa = 5;
inline constexpr std::uint32_t stat1000 = 10;
inline constexpr std::uint32_t bmcr_autoneg = 1u << 12;
inline constexpr std::uint32_t bmcr_stopped = 3u << 10;  // powered down or isolated
inline constexpr std::uint32_t bmcr_restart = 1u << 9;
inline constexpr std::uint32_t bmsr_negotiated = 1u << 5;
inline constexpr std::uint32_t bmsr_link = 1u << 2;
inline constexpr std::uint32_t lpa_100_full = 1u << 8;
inline constexpr std::uint32_t stat1000_full = 1u << 11;
inline constexpr std::uint32_t nobody = 0xffff;
}  // namespace phy

}  // namespace vms::service::gem
