// Registers and descriptors of the Cadence GEM as in the Zynq UltraScale+ (UG1087, module GEM;
// UG1085, chapter "GEM Ethernet"): offsets and fields, by the manual's names.
#pragma once

#include <cstdint>

namespace models::gem {

/// Register offsets.
enum Offset : std::uint32_t {
    network_control = 0x000,
    network_config = 0x004,
    network_status = 0x008,
    user_io = 0x00c,
    dma_config = 0x010,
    transmit_status = 0x014,
    receive_q_ptr = 0x018,
    transmit_q_ptr = 0x01c,
    receive_status = 0x020,
    int_status = 0x024,
    int_enable = 0x028,
    int_disable = 0x02c,
    int_mask = 0x030,
    phy_management = 0x034,
    pause_time = 0x038,
    tx_pause_quantum = 0x03c,
    pbuf_txcutthru = 0x040,
    pbuf_rxcutthru = 0x044,
    jumbo_max_length = 0x048,
    external_fifo_interface = 0x04c,
    axi_max_pipeline = 0x054,
    rx_watermark = 0x07c,
    hash_bottom = 0x080,
    hash_top = 0x084,
    spec_add1_bottom = 0x088,  ///< four pairs of bottom and top
    spec_add4_top = 0x0a4,
    spec_type1 = 0x0a8,  ///< four
    wol_register = 0x0b8,
    stretch_ratio = 0x0bc,
    stacked_vlan = 0x0c0,
    tx_pfc_pause = 0x0c4,
    revision_reg = 0x0fc,

    octets_txed_bottom = 0x100,
    octets_txed_top = 0x104,
    frames_txed_ok = 0x108,
    broadcast_txed = 0x10c,
    multicast_txed = 0x110,
    pause_frames_txed = 0x114,
    frames_txed_64 = 0x118,  ///< seven classes of size follow each other
    frames_txed_1519 = 0x130,
    tx_underruns = 0x134,
    single_collisions = 0x138,
    multiple_collisions = 0x13c,
    excessive_collisions = 0x140,
    late_collisions = 0x144,
    deferred_frames = 0x148,
    crs_errors = 0x14c,
    octets_rxed_bottom = 0x150,
    octets_rxed_top = 0x154,
    frames_rxed_ok = 0x158,
    broadcast_rxed = 0x15c,
    multicast_rxed = 0x160,
    pause_frames_rxed = 0x164,
    frames_rxed_64 = 0x168,
    frames_rxed_1519 = 0x180,
    undersize_frames = 0x184,
    excessive_rx_length = 0x188,
    rx_jabbers = 0x18c,
    fcs_errors = 0x190,
    rx_length_errors = 0x194,
    rx_symbol_errors = 0x198,
    alignment_errors = 0x19c,
    rx_resource_errors = 0x1a0,
    rx_overruns = 0x1a4,
    rx_ip_ck_errors = 0x1a8,
    rx_tcp_ck_errors = 0x1ac,
    rx_udp_ck_errors = 0x1b0,
    auto_flushed_pkts = 0x1b4,

    pcs_control = 0x200,
    designcfg_debug1 = 0x280,
    designcfg_debug2 = 0x284,
    designcfg_debug3 = 0x288,
    designcfg_debug4 = 0x28c,
    designcfg_debug5 = 0x290,
    designcfg_debug6 = 0x294,
    designcfg_debug7 = 0x298,
    designcfg_debug8 = 0x29c,
    designcfg_debug9 = 0x2a0,
    designcfg_debug10 = 0x2a4,

    int_q1_status = 0x400,
    transmit_q1_ptr = 0x440,
    receive_q1_ptr = 0x480,
    dma_rxbuf_size_q1 = 0x4a0,
    upper_tx_q_base_addr = 0x4c8,
    upper_rx_q_base_addr = 0x4d4,
    int_q1_enable = 0x600,
    int_q1_disable = 0x620,
    int_q1_mask = 0x640,
};

namespace control {
inline constexpr std::uint32_t loopback_local = 1U << 1;
inline constexpr std::uint32_t enable_receive = 1U << 2;
inline constexpr std::uint32_t enable_transmit = 1U << 3;
inline constexpr std::uint32_t man_port_en = 1U << 4;
inline constexpr std::uint32_t clear_all_stats_regs = 1U << 5;  // the commands read as zero
inline constexpr std::uint32_t inc_all_stats_regs = 1U << 6;
inline constexpr std::uint32_t stats_write_en = 1U << 7;
inline constexpr std::uint32_t tx_start = 1U << 9;
inline constexpr std::uint32_t tx_halt = 1U << 10;
inline constexpr std::uint32_t flush_rx_pkt = 1U << 18;
inline constexpr std::uint32_t commands = 0x0007'3e60;
inline constexpr std::uint32_t writable = 0x0198'c19f;
}  // namespace control

namespace config {
inline constexpr std::uint32_t speed_100 = 1U << 0;
inline constexpr std::uint32_t full_duplex = 1U << 1;
inline constexpr std::uint32_t discard_non_vlan = 1U << 2;
inline constexpr std::uint32_t jumbo_frames = 1U << 3;
inline constexpr std::uint32_t copy_all_frames = 1U << 4;
inline constexpr std::uint32_t no_broadcast = 1U << 5;
inline constexpr std::uint32_t multicast_hash_enable = 1U << 6;
inline constexpr std::uint32_t unicast_hash_enable = 1U << 7;
inline constexpr std::uint32_t receive_1536 = 1U << 8;
inline constexpr std::uint32_t gigabit_mode = 1U << 10;
inline constexpr unsigned rx_buffer_offset_shift = 14;  // 2 bits
inline constexpr std::uint32_t length_error_discard = 1U << 16;
inline constexpr std::uint32_t fcs_remove = 1U << 17;
inline constexpr unsigned mdc_clock_shift = 18;  // 3 bits
inline constexpr std::uint32_t receive_checksum = 1U << 24;
}  // namespace config

namespace status {
inline constexpr std::uint32_t man_done = 1U << 2;  // the PHY management logic is idle
inline constexpr std::uint32_t mdio_in = 1U << 1;
}  // namespace status

namespace dma {
inline constexpr std::uint32_t tx_checksum = 1U << 11;
inline constexpr unsigned rx_buf_size_shift = 16;  // 8 bits, in units of 64 bytes
inline constexpr std::uint32_t force_discard_on_err = 1U << 24;
inline constexpr std::uint32_t addr_bus_width_64 = 1U << 30;
inline constexpr std::uint32_t writable = 0x47ff'0fff;  // no extended descriptors: no time stamps
}  // namespace dma

namespace tx {
inline constexpr std::uint32_t used_bit_read = 1U << 0;
inline constexpr std::uint32_t transmit_go = 1U << 3;
inline constexpr std::uint32_t amba_error = 1U << 4;  // used bit in the middle of a frame
inline constexpr std::uint32_t transmit_complete = 1U << 5;
inline constexpr std::uint32_t resp_not_ok = 1U << 8;
inline constexpr std::uint32_t clearable = 0x1f7;
}  // namespace tx

namespace rx {
inline constexpr std::uint32_t buffer_not_available = 1U << 0;
inline constexpr std::uint32_t frame_received = 1U << 1;
inline constexpr std::uint32_t receive_overrun = 1U << 2;
inline constexpr std::uint32_t resp_not_ok = 1U << 3;
inline constexpr std::uint32_t clearable = 0xf;
}  // namespace rx

namespace interrupt {
inline constexpr std::uint32_t management_frame_sent = 1U << 0;
inline constexpr std::uint32_t receive_complete = 1U << 1;
inline constexpr std::uint32_t rx_used_bit_read = 1U << 2;
inline constexpr std::uint32_t tx_used_bit_read = 1U << 3;
inline constexpr std::uint32_t amba_error = 1U << 6;  // frame lost: used bit within it, or no data
inline constexpr std::uint32_t transmit_complete = 1U << 7;
inline constexpr std::uint32_t receive_overrun = 1U << 10;
inline constexpr std::uint32_t resp_not_ok = 1U << 11;
inline constexpr std::uint32_t all = 0x07ff'ffff;
}  // namespace interrupt

namespace management {
inline constexpr unsigned data_bits = 16;
inline constexpr unsigned register_shift = 18;  // 5 bits
inline constexpr unsigned phy_shift = 23;       // 5 bits
inline constexpr unsigned operation_shift = 28;
inline constexpr std::uint32_t operation_write = 1;  // clause 22, 22.2.4.5.4
inline constexpr std::uint32_t operation_read = 2;
inline constexpr unsigned start_shift = 30;
inline constexpr std::uint32_t start_clause_22 = 1;
}  // namespace management

/// A descriptor is two words, four with 64-bit addresses: then word 2 is the upper half of the
/// address and word 3 is unused (UG1085, tables of the receive and transmit buffer descriptors).
namespace rx_descriptor {
inline constexpr std::uint32_t used = 1U << 0;  // word 0: owned by software
inline constexpr std::uint32_t wrap = 1U << 1;
inline constexpr std::uint32_t address_mask = ~std::uint32_t{3};
inline constexpr std::uint32_t start_of_frame = 1U << 14;  // word 1
inline constexpr std::uint32_t end_of_frame = 1U << 15;
inline constexpr unsigned checksum_shift = 22;       // 1: IP, 2: TCP too, 3: UDP too
inline constexpr unsigned vlan_priority_shift = 16;  // CFI and the three bits of priority
inline constexpr std::uint32_t priority_tag = 1U << 20;
inline constexpr std::uint32_t vlan_tag = 1U << 21;
inline constexpr unsigned specific_address_shift = 25;  // 2 bits
inline constexpr std::uint32_t specific_address_match = 1U << 27;
inline constexpr std::uint32_t unicast_hash_match = 1U << 29;
inline constexpr std::uint32_t multicast_hash_match = 1U << 30;
inline constexpr std::uint32_t broadcast = 1U << 31;
}  // namespace rx_descriptor

namespace tx_descriptor {
inline constexpr std::uint32_t length_mask = 0x3fff;  // word 1
inline constexpr std::uint32_t last = 1U << 15;
inline constexpr std::uint32_t no_crc = 1U << 16;
inline constexpr std::uint32_t wrap = 1U << 30;
inline constexpr std::uint32_t used = 1U << 31;
}  // namespace tx_descriptor

}  // namespace models::gem
