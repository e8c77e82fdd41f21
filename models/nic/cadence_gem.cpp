// The GEM's registers, interrupts, management port and its course in time.
#include "models/nic/cadence_gem.h"

#include <algorithm>
#include <cstring>

namespace models {

namespace {

constexpr std::uint32_t all = ~std::uint32_t{0};

using Gem = CadenceGem;
using Row = Register<CadenceGem>;

constexpr Row storage(std::string_view name, std::uint32_t offset, std::uint32_t writable = all,
                      std::uint32_t reset = 0) {
    return {.name = name, .offset = offset, .reset = reset, .writable = writable};
}
constexpr Row constant(std::string_view name, std::uint32_t offset, std::uint32_t value = 0) {
    return {.name = name, .offset = offset, .reset = value};
}
constexpr Row statistic(std::string_view name, std::uint32_t offset) {
    return {.name = name, .offset = offset, .read_clears = all};
}

/// What this instance of the GEM is built with. Derived: bits that drivers test, as the model
/// behaves; the rest as QEMU's model has it.
/// 27:25 data bus of 64 bits (as the reset value of network_config has it), 23 clear: int_status is
/// cleared by writing.
constexpr std::uint32_t designcfg1_value = 0x0450'0111;
/// 21:20 packet buffers for transmit and receive, 13:0 longest jumbo frame.
constexpr std::uint32_t designcfg2_value = 0x2ab1'3fff;
constexpr std::uint32_t designcfg5_value = 0x002f'2045;  ///< 8 clear: no time-stamp unit
/// 23: 64-bit addresses; 7:1 clear: no priority queues.
constexpr std::uint32_t designcfg6_value = 0x0080'0000;

constexpr std::uint32_t first_statistic = gem::octets_txed_bottom;
constexpr std::uint32_t last_statistic = gem::auto_flushed_pkts;

}  // namespace

const CadenceGem::Table CadenceGem::registers{{
    {.name = "network_control",
     .offset = gem::network_control,
     .writable = gem::control::writable,
     .after_write = &Gem::control_written},
    storage("network_config", gem::network_config, all, 0x0028'0000),
    {.name = "network_status", .offset = gem::network_status, .value = &Gem::network_status_value},
    storage("user_io", gem::user_io),
    storage("dma_config", gem::dma_config, gem::dma::writable, 0x0002'0784),
    {.name = "transmit_status",
     .offset = gem::transmit_status,
     .clearable = gem::tx::clearable,
     .value = &Gem::transmit_status_value},
    {.name = "receive_q_ptr",
     .offset = gem::receive_q_ptr,
     .value = &Gem::receive_pointer,
     .after_write = &Gem::receive_pointer_written},
    {.name = "transmit_q_ptr",
     .offset = gem::transmit_q_ptr,
     .value = &Gem::transmit_pointer,
     .after_write = &Gem::transmit_pointer_written},
    {.name = "receive_status", .offset = gem::receive_status, .clearable = gem::rx::clearable},
    {.name = "int_status", .offset = gem::int_status, .clearable = gem::interrupt::all},
    {.name = "int_enable",
     .offset = gem::int_enable,
     .readable = 0,
     .after_write = &Gem::interrupts_enabled},
    {.name = "int_disable",
     .offset = gem::int_disable,
     .readable = 0,
     .after_write = &Gem::interrupts_disabled},
    constant("int_mask", gem::int_mask, gem::interrupt::all),
    {.name = "phy_management",
     .offset = gem::phy_management,
     .value = &Gem::management_value,
     .after_write = &Gem::management_written},
    constant("pause_time", gem::pause_time),
    storage("tx_pause_quantum", gem::tx_pause_quantum, all, 0xffff'ffff),
    storage("pbuf_txcutthru", gem::pbuf_txcutthru, 0x8000'3fff, 0x3fff),
    storage("pbuf_rxcutthru", gem::pbuf_rxcutthru, 0x8000'3fff, 0x3fff),
    storage("jumbo_max_length", gem::jumbo_max_length, 0x3fff, 0x2800),
    storage("external_fifo_interface", gem::external_fifo_interface, 1),
    storage("axi_max_pipeline", gem::axi_max_pipeline, 0x1'ffff, 0x0101),
    storage("rx_watermark", gem::rx_watermark),
    storage("hash_bottom", gem::hash_bottom),
    storage("hash_top", gem::hash_top),
    {.name = "spec_add1_bottom",
     .offset = gem::spec_add1_bottom,
     .writable = all,
     .after_write = &Gem::address_bottom_written<0>},
    {.name = "spec_add1_top",
     .offset = gem::spec_add1_bottom + 0x04,
     .writable = 0xffff,
     .after_write = &Gem::address_top_written<0>},
    {.name = "spec_add2_bottom",
     .offset = gem::spec_add1_bottom + 0x08,
     .writable = all,
     .after_write = &Gem::address_bottom_written<1>},
    {.name = "spec_add2_top",
     .offset = gem::spec_add1_bottom + 0x0c,
     .writable = 0xffff,
     .after_write = &Gem::address_top_written<1>},
    {.name = "spec_add3_bottom",
     .offset = gem::spec_add1_bottom + 0x10,
     .writable = all,
     .after_write = &Gem::address_bottom_written<2>},
    {.name = "spec_add3_top",
     .offset = gem::spec_add1_bottom + 0x14,
     .writable = 0xffff,
     .after_write = &Gem::address_top_written<2>},
    {.name = "spec_add4_bottom",
     .offset = gem::spec_add1_bottom + 0x18,
     .writable = all,
     .after_write = &Gem::address_bottom_written<3>},
    {.name = "spec_add4_top",
     .offset = gem::spec_add4_top,
     .writable = 0xffff,
     .after_write = &Gem::address_top_written<3>},
    storage("spec_type1", gem::spec_type1, 0x8000'ffff),
    storage("spec_type2", gem::spec_type1 + 0x4, 0x8000'ffff),
    storage("spec_type3", gem::spec_type1 + 0x8, 0x8000'ffff),
    storage("spec_type4", gem::spec_type1 + 0xc, 0x8000'ffff),
    storage("wol_register", gem::wol_register, 0x000f'ffff),
    storage("stretch_ratio", gem::stretch_ratio, 0xffff),
    storage("stacked_vlan", gem::stacked_vlan, 0x8000'ffff),
    storage("tx_pfc_pause", gem::tx_pfc_pause, 0xffff),
    {.name = "revision_reg", .offset = gem::revision_reg, .value = &Gem::revision},
    statistic("octets_txed_bottom", gem::octets_txed_bottom),
    statistic("octets_txed_top", gem::octets_txed_top),
    statistic("frames_txed_ok", gem::frames_txed_ok),
    statistic("broadcast_txed", gem::broadcast_txed),
    statistic("multicast_txed", gem::multicast_txed),
    statistic("pause_frames_txed", gem::pause_frames_txed),
    statistic("frames_txed_64", gem::frames_txed_64),
    statistic("frames_txed_65", gem::frames_txed_64 + 0x04),
    statistic("frames_txed_128", gem::frames_txed_64 + 0x08),
    statistic("frames_txed_256", gem::frames_txed_64 + 0x0c),
    statistic("frames_txed_512", gem::frames_txed_64 + 0x10),
    statistic("frames_txed_1024", gem::frames_txed_64 + 0x14),
    statistic("frames_txed_1519", gem::frames_txed_1519),
    statistic("tx_underruns", gem::tx_underruns),
    statistic("single_collisions", gem::single_collisions),
    statistic("multiple_collisions", gem::multiple_collisions),
    statistic("excessive_collisions", gem::excessive_collisions),
    statistic("late_collisions", gem::late_collisions),
    statistic("deferred_frames", gem::deferred_frames),
    statistic("crs_errors", gem::crs_errors),
    statistic("octets_rxed_bottom", gem::octets_rxed_bottom),
    statistic("octets_rxed_top", gem::octets_rxed_top),
    statistic("frames_rxed_ok", gem::frames_rxed_ok),
    statistic("broadcast_rxed", gem::broadcast_rxed),
    statistic("multicast_rxed", gem::multicast_rxed),
    statistic("pause_frames_rxed", gem::pause_frames_rxed),
    statistic("frames_rxed_64", gem::frames_rxed_64),
    statistic("frames_rxed_65", gem::frames_rxed_64 + 0x04),
    statistic("frames_rxed_128", gem::frames_rxed_64 + 0x08),
    statistic("frames_rxed_256", gem::frames_rxed_64 + 0x0c),
    statistic("frames_rxed_512", gem::frames_rxed_64 + 0x10),
    statistic("frames_rxed_1024", gem::frames_rxed_64 + 0x14),
    statistic("frames_rxed_1519", gem::frames_rxed_1519),
    statistic("undersize_frames", gem::undersize_frames),
    statistic("excessive_rx_length", gem::excessive_rx_length),
    statistic("rx_jabbers", gem::rx_jabbers),
    statistic("fcs_errors", gem::fcs_errors),
    statistic("rx_length_errors", gem::rx_length_errors),
    statistic("rx_symbol_errors", gem::rx_symbol_errors),
    statistic("alignment_errors", gem::alignment_errors),
    statistic("rx_resource_errors", gem::rx_resource_errors),
    statistic("rx_overruns", gem::rx_overruns),
    statistic("rx_ip_ck_errors", gem::rx_ip_ck_errors),
    statistic("rx_tcp_ck_errors", gem::rx_tcp_ck_errors),
    statistic("rx_udp_ck_errors", gem::rx_udp_ck_errors),
    statistic("auto_flushed_pkts", gem::auto_flushed_pkts),
    storage("pcs_control", gem::pcs_control, 0xffff),
    constant("designcfg_debug1", gem::designcfg_debug1, designcfg1_value),
    constant("designcfg_debug2", gem::designcfg_debug2, designcfg2_value),
    constant("designcfg_debug3", gem::designcfg_debug3),
    constant("designcfg_debug4", gem::designcfg_debug4),
    constant("designcfg_debug5", gem::designcfg_debug5, designcfg5_value),
    constant("designcfg_debug6", gem::designcfg_debug6, designcfg6_value),
    constant("designcfg_debug7", gem::designcfg_debug7),
    constant("designcfg_debug8", gem::designcfg_debug8),
    constant("designcfg_debug9", gem::designcfg_debug9),
    constant("designcfg_debug10", gem::designcfg_debug10),
    constant("int_q1_status", gem::int_q1_status),
    storage("transmit_q1_ptr", gem::transmit_q1_ptr, ~std::uint32_t{3}),
    storage("receive_q1_ptr", gem::receive_q1_ptr, ~std::uint32_t{3}),
    storage("dma_rxbuf_size_q1", gem::dma_rxbuf_size_q1, 0xff, 2),
    storage("upper_tx_q_base_addr", gem::upper_tx_q_base_addr),
    storage("upper_rx_q_base_addr", gem::upper_rx_q_base_addr),
    {.name = "int_q1_enable",
     .offset = gem::int_q1_enable,
     .readable = 0,
     .after_write = &Gem::queue1_interrupts_enabled},
    {.name = "int_q1_disable",
     .offset = gem::int_q1_disable,
     .readable = 0,
     .after_write = &Gem::queue1_interrupts_disabled},
    constant("int_q1_mask", gem::int_q1_mask, gem::interrupt::all),
}};

CadenceGem::CadenceGem(sc_core::sc_module_name name, const Parameters& parameters, IrqLine irq,
                       Activity& activity, DmaPort& dma, wire::LinkEnd& link)
    : sc_module(name),
      parameters_(parameters),
      irq_(irq),
      activity_(activity),
      dma_(dma),
      link_(link),
      bank_(registers),
      phy_(parameters.phy, link),
      picos_per_kib_(1024 * std::uint64_t{1'000'000'000'000} / parameters.data_bytes_per_second) {
    link_.connect(*this);
    SC_HAS_PROCESS(CadenceGem);
    SC_METHOD(wake);
    sensitive << timer_.event();
    dont_initialize();
}

// --- time -----------------------------------------------------------------------------------

void CadenceGem::access(Access& a) {
    const Picos now = std::max(a.time, last_);
    process(now);
    if (bank_.access(*this, a, now) == AccessEffect::changed)
        settle(now);
}

void CadenceGem::peek(Access& a) {
    const Picos now = std::max(a.time, last_);
    process(now);
    settle(now);
    bank_.peek(*this, a);
}

void CadenceGem::wake() {
    timer_.fired();
    const Picos now = std::max(kernel_now(), last_);
    process(now);
    settle(now);
}

void CadenceGem::process(Picos now) {
    last_ = now;
    if (management_pending_ && now >= management_done_at_)
        finish_management(management_done_at_);
    for (;;) {
        const Picos sent = sent_.empty() ? Picos::never() : sent_.front().done;
        const Picos next = std::min({sent, delivered_at_, fetch_at_});
        if (next > now || next == Picos::never())
            return;
        if (next == sent)
            complete_transmission(next);
        else if (next == delivered_at_)
            deliver(next);
        else
            fetch(next);
    }
}

void CadenceGem::settle(Picos now) {
    irq_.set((bank_.at(gem::int_status) & ~bank_.at(gem::int_mask)) != 0, now);

    const bool management_interrupts =
        management_pending_ && !has(gem::int_mask, gem::interrupt::management_frame_sent);
    Picos next = std::min(fetch_at_, delivered_at_);
    if (!sent_.empty())
        next = std::min(next, sent_.front().done);
    if (management_interrupts)
        next = std::min(next, management_done_at_);
    timer_.plan(next);

    const bool busy = next != Picos::never();
    if (busy != busy_) {
        busy_ = busy;
        if (busy)
            activity_.hold();
        else
            activity_.release();
    }
}

// --- registers ------------------------------------------------------------------------------

std::uint32_t CadenceGem::network_status_value() const {
    return management_pending_ ? 0 : gem::status::man_done;
}

std::uint32_t CadenceGem::transmit_status_value() const {
    return bank_.at(gem::transmit_status) | (go_ ? gem::tx::transmit_go : 0);
}

std::uint32_t CadenceGem::mac_mbps() const {
    return has(gem::network_config, gem::config::gigabit_mode) ? 1000
           : has(gem::network_config, gem::config::speed_100)  ? 100
                                                               : 10;
}

void CadenceGem::control_written(std::uint32_t written, Picos now) {
    if ((written & gem::control::clear_all_stats_regs) != 0)
        for (std::uint32_t o = first_statistic; o <= last_statistic; o += 4)
            bank_.at(o) = 0;
    if ((written & gem::control::inc_all_stats_regs) != 0)
        for (std::uint32_t o = first_statistic; o <= last_statistic; o += 4)
            count(o);
    if (!has(gem::network_control, gem::control::enable_receive))
        flush_receiver();
    else if ((written & gem::control::flush_rx_pkt) != 0 && !received_.empty())
        drop_first(), ++counters_.rx_disabled, start_reception(now);
    if (!has(gem::network_control, gem::control::enable_transmit)) {
        // What is in the packet buffer goes out; the queue begins anew.
        stop_transmission();
        tx_pointer_ = tx_base_;
        return;
    }
    if ((written & gem::control::tx_halt) != 0)
        stop_transmission();
    else if ((written & gem::control::tx_start) != 0)
        start_transmission(now);
}

void CadenceGem::receive_pointer_written(std::uint32_t written, Picos /*now*/) {
    if (has(gem::network_control, gem::control::enable_receive))
        return;
    rx_base_ = rx_pointer_ = written & ~std::uint32_t{3};
}

void CadenceGem::transmit_pointer_written(std::uint32_t written, Picos /*now*/) {
    if (go_)
        return;
    tx_base_ = tx_pointer_ = written & ~std::uint32_t{3};
}

void CadenceGem::interrupts_enabled(std::uint32_t written, Picos /*now*/) {
    bank_.at(gem::int_mask) &= ~written;
}

void CadenceGem::interrupts_disabled(std::uint32_t written, Picos /*now*/) {
    bank_.at(gem::int_mask) |= written & gem::interrupt::all;
}

void CadenceGem::queue1_interrupts_enabled(std::uint32_t written, Picos /*now*/) {
    bank_.at(gem::int_q1_mask) &= ~written;
}

void CadenceGem::queue1_interrupts_disabled(std::uint32_t written, Picos /*now*/) {
    bank_.at(gem::int_q1_mask) |= written & gem::interrupt::all;
}

// --- management port ------------------------------------------------------------------------

void CadenceGem::management_written(std::uint32_t written, Picos now) {
    if (management_pending_ || !has(gem::network_control, gem::control::man_port_en))
        return;
    management_ = written;
    // Clause 22.2.4.5: 32 bits of preamble, 32 of the frame.
    constexpr std::uint64_t bits = 64;
    constexpr std::array<std::uint64_t, 8> dividers{8, 16, 32, 48, 64, 96, 128, 224};
    const std::uint64_t divider =
        dividers[bank_.at(gem::network_config) >> gem::config::mdc_clock_shift & 7];
    management_pending_ = true;
    management_done_at_ =
        now + Picos{bits * divider * std::uint64_t{1'000'000'000'000} / parameters_.pclk_hz};
}

void CadenceGem::finish_management(Picos now) {
    using namespace gem::management;
    management_pending_ = false;
    constexpr std::uint32_t data_mask = (1U << data_bits) - 1;
    const auto reg = static_cast<std::uint8_t>(management_ >> register_shift & 31);
    const bool addressed = (management_ >> phy_shift & 31) == parameters_.phy_address;
    const std::uint32_t operation = management_ >> operation_shift & 3;
    if (management_ >> start_shift == start_clause_22) {
        if (operation == operation_write && addressed)
            phy_.write(reg, static_cast<std::uint16_t>(management_ & data_mask), now);
        // Nobody drives the line: it is pulled up.
        if (operation == operation_read)
            management_ =
                (management_ & ~data_mask) | (addressed ? phy_.read(reg, now) : data_mask);
    }
    raise(gem::interrupt::management_frame_sent);
}

void CadenceGem::link_changed(bool up, Picos at) {
    const Picos now = std::max(at, last_);
    process(now);
    phy_.medium_changed(up, now);
    settle(now);
}

// --- what both directions share -------------------------------------------------------------

void CadenceGem::count(std::uint32_t offset, std::uint64_t n) {
    std::uint32_t& stored = bank_.at(offset);
    stored = static_cast<std::uint32_t>(std::min<std::uint64_t>(all, stored + n));
}

void CadenceGem::count_frame(std::uint32_t first_of_block, const wire::Frame& frame) {
    const std::size_t bytes = std::max(frame.bytes.size(), wire::min_frame_bytes) + wire::fcs_bytes;
    std::uint32_t& low = bank_.at(first_of_block);
    const std::uint64_t octets = std::uint64_t{low} + bytes;
    low = static_cast<std::uint32_t>(octets);
    bank_.at(first_of_block + 4) += static_cast<std::uint32_t>(octets >> 32);

    // The blocks of both directions are laid out alike.
    constexpr std::uint32_t ok = gem::frames_txed_ok - gem::octets_txed_bottom;
    constexpr std::uint32_t broadcast = gem::broadcast_txed - gem::octets_txed_bottom;
    constexpr std::uint32_t multicast = gem::multicast_txed - gem::octets_txed_bottom;
    constexpr std::uint32_t sizes = gem::frames_txed_64 - gem::octets_txed_bottom;
    count(first_of_block + ok);
    if ((frame.bytes[0] & std::byte{1}) != std::byte{0}) {
        const bool to_all = std::all_of(frame.bytes.begin(), frame.bytes.begin() + 6,
                                        [](std::byte b) { return b == std::byte{0xff}; });
        count(first_of_block + (to_all ? broadcast : multicast));
    }
    constexpr std::array<std::size_t, 6> limits{64, 127, 255, 511, 1023, 1518};
    std::uint32_t size_class = 0;
    while (size_class < limits.size() && bytes > limits[size_class])
        ++size_class;
    count(first_of_block + sizes + 4 * size_class);
}

CadenceGem::Descriptor CadenceGem::descriptor_at(const std::byte* p) const {
    Descriptor d;
    std::memcpy(&d.word0, p, 4);
    std::memcpy(&d.status, p + 4, 4);
    if (wide())
        std::memcpy(&d.upper, p + 8, 4);
    return d;
}

}  // namespace models
