#include "vms/service/drivers/cadence_gem.h"

#include "vms/service/drivers/cadence_gem_registers.h"

namespace vms::service {

namespace {

using gem::descriptor_status;

constexpr std::uint64_t line_bytes = 64;
constexpr std::uint32_t lines(std::uint64_t bytes) {
    return static_cast<std::uint32_t>((bytes + line_bytes - 1) / line_bytes);
}

/// A transfer takes 64 periods of MDC, at most 2.5 MHz: 26 us. Each look is a device access.
constexpr unsigned management_polls = 20'000;

/// MDC must not exceed 2.5 MHz (IEEE 802.3-2018, 22.2.2.13): the dividers of UG1087.
constexpr std::uint32_t mdc_divider(std::uint64_t pclk_hz) {
    constexpr std::uint32_t dividers[] = {8, 16, 32, 48, 64, 96, 128, 224};
    constexpr std::uint64_t mdc_max = 2'500'000;
    std::uint32_t i = 0;
    while (i < 7 && pclk_hz > mdc_max * dividers[i])
        ++i;
    return i;
}

constexpr std::uint32_t low(GuestAddr a) {
    return static_cast<std::uint32_t>(a.value);
}
constexpr std::uint32_t high(GuestAddr a) {
    return static_cast<std::uint32_t>(a.value >> 32);
}

constexpr std::uint32_t receive_interrupts =
    gem::interrupt::receive_complete | gem::interrupt::amba_error | gem::interrupt::resp_not_ok;

}  // namespace

CadenceGem::CadenceGem(Port& port, const Parameters& parameters)
    : port_(port),
      p_(parameters),
      buffer_size_(buffer_bytes(parameters.max_frame)),
      rx_ring_(parameters.dma_base),
      tx_ring_(rx_ring_ + bytes_per_descriptor * parameters.rx_buffers),
      unused_(tx_ring_ + bytes_per_descriptor * parameters.tx_buffers),
      rx_buffers_(parameters.dma_base + descriptor_area(parameters)),
      tx_buffers_(rx_buffers_ + buffer_size_ * parameters.rx_buffers) {
}

// --- start ----------------------------------------------------------------------------------

bool CadenceGem::start() {
    port_.charge<Operation::gem_start>();
    constexpr std::uint32_t module_gem = 7;  // UG1087, revision_reg
    if ((read(gem::revision_reg) >> 16 & 0xfff) != module_gem)
        return false;
    reset_hardware();
    configure();
    make_rings();
    if (!start_phy())
        return false;
    control_ |= gem::control::enable_receive | gem::control::enable_transmit;
    write(gem::network_control, control_);
    if (p_.interrupts)
        enable_interrupts();
    return true;
}

void CadenceGem::reset_hardware() {
    // UG1085, "Initialize the Controller".
    write(gem::network_control, 0);
    write(gem::network_control, gem::control::clear_all_stats_regs);
    write(gem::receive_status, gem::rx::all);
    write(gem::transmit_status, gem::tx::all);
    write(gem::int_disable, gem::interrupt::all);
    write(gem::int_q1_disable, gem::interrupt::all);
    write(gem::int_status, gem::interrupt::all);
    control_ = 0;
    link_ = {};
    watching_ = false;
    watched_at_ = port_.counter();
    want_tx_interrupt_ = false;
}

void CadenceGem::configure() {
    constexpr std::uint32_t fcs_bytes = 4;
    constexpr std::uint32_t longest_ordinary = 1518;  // with FCS
    constexpr std::uint32_t longest_1536 = 1536;
    const std::uint32_t longest = p_.max_frame + fcs_bytes;
    config_ = gem::config::full_duplex | gem::config::gigabit_mode | gem::config::fcs_remove |
              gem::config::data_bus_64 | mdc_divider(p_.pclk_hz) << gem::config::mdc_clock_shift;
    if (longest > longest_1536)
        config_ |= gem::config::jumbo_frames;
    else if (longest > longest_ordinary)
        config_ |= gem::config::receive_1536;
    // A switch has the stations behind it; else all groups are let through and the rest filtered.
    if (p_.promiscuous)
        config_ |= gem::config::copy_all_frames;
    else
        config_ |= gem::config::multicast_hash_enable;
    write(gem::network_config, config_);
    if (longest > longest_1536)
        write(gem::jumbo_max_length, longest);
    write(gem::hash_bottom, p_.promiscuous ? 0 : ~std::uint32_t{0});
    write(gem::hash_top, p_.promiscuous ? 0 : ~std::uint32_t{0});
    const MacAddress& m = p_.mac;
    write(gem::spec_add1_bottom, std::uint32_t{m[0]} | std::uint32_t{m[1]} << 8 |
                                     std::uint32_t{m[2]} << 16 | std::uint32_t{m[3]} << 24);
    // Written last: it switches the filter on.
    write(gem::spec_add1_top, std::uint32_t{m[4]} | std::uint32_t{m[5]} << 8);
    // Without a buffer a frame is dropped and counted at once: kept, it would wait for the next
    // frame to be tried again, however late that comes.
    write(gem::dma_config, gem::dma::burst_incr16 | gem::dma::packet_buffers_full |
                               static_cast<std::uint32_t>(buffer_size_ / alignment)
                                   << gem::dma::rx_buf_size_shift |
                               gem::dma::force_discard_on_err | gem::dma::addr_bus_width_64);
}

std::uint32_t CadenceGem::rx_word0(std::uint32_t i) const {
    return low(rx_buffer(i)) | (i + 1 == p_.rx_buffers ? gem::rx_descriptor::wrap : 0);
}

std::uint32_t CadenceGem::tx_end_of_ring(std::uint32_t i) const {
    return i + 1 == p_.tx_buffers ? gem::tx_descriptor::wrap : 0;
}

void CadenceGem::set_descriptor(GuestAddr at, GuestAddr buffer, std::uint32_t word0,
                                std::uint32_t word1) {
    port_.memory_store(at + gem::descriptor_upper, Width::word, high(buffer));
    port_.memory_store(at + descriptor_status, Width::word, word1);
    port_.memory_store(at, Width::word, word0);
}

void CadenceGem::make_tx_ring() {
    tx_shift_ = 0;
    for (std::uint32_t i = 0; i < p_.tx_buffers; ++i)
        set_descriptor(tx_descriptor(i), tx_buffer(i), low(tx_buffer(i)),
                       gem::tx_descriptor::used | tx_end_of_ring(i));
    tx_next_ = tx_oldest_ = outstanding_ = batch_ = 0;
}

void CadenceGem::make_rings() {
    for (std::uint32_t i = 0; i < p_.rx_buffers; ++i)
        set_descriptor(rx_descriptor(i), rx_buffer(i), rx_word0(i), 0);
    rx_next_ = rx_at_ = rx_handled_ = 0;
    make_tx_ring();
    // The second queue is given one descriptor of each kind that is not its own (UG1085).
    const GuestAddr unused_tx = unused_ + bytes_per_descriptor;
    set_descriptor(unused_, {}, gem::rx_descriptor::wrap | gem::rx_descriptor::used, 0);
    set_descriptor(unused_tx, {}, 0,
                   gem::tx_descriptor::used | gem::tx_descriptor::wrap | gem::tx_descriptor::last);
    port_.device_barrier();
    write(gem::receive_q_ptr, low(rx_ring_));
    write(gem::transmit_q_ptr, low(tx_ring_));
    write(gem::receive_q1_ptr, low(unused_));
    write(gem::transmit_q1_ptr, low(unused_tx));
    write(gem::upper_rx_q_base_addr, high(rx_ring_));
    write(gem::upper_tx_q_base_addr, high(tx_ring_));
}

// --- management port and link ---------------------------------------------------------------

bool CadenceGem::management_idle() {
    for (unsigned i = 0; i < management_polls; ++i)
        if ((read(gem::network_status) & gem::management::idle) != 0)
            return true;
    return false;
}

void CadenceGem::begin_phy_read(std::uint32_t reg) {
    write(gem::phy_management, gem::management::clause_22 | gem::management::read |
                                   std::uint32_t{phy_} << gem::management::phy_shift |
                                   reg << gem::management::register_shift);
}

std::uint32_t CadenceGem::phy_read(std::uint32_t reg) {
    if (!management_idle())
        return gem::phy::nobody;
    begin_phy_read(reg);
    return management_idle() ? read(gem::phy_management) & 0xffff : gem::phy::nobody;
}

void CadenceGem::phy_write(std::uint32_t reg, std::uint32_t value) {
    if (!management_idle())
        return;
    write(gem::phy_management, gem::management::clause_22 | gem::management::write |
                                   std::uint32_t{phy_} << gem::management::phy_shift |
                                   reg << gem::management::register_shift | value);
}

bool CadenceGem::start_phy() {
    control_ |= gem::control::man_port_en;
    write(gem::network_control, control_);
    const std::uint8_t first = p_.phy_address == any_phy ? std::uint8_t{0} : p_.phy_address;
    const std::uint8_t last = p_.phy_address == any_phy ? phy_addresses - 1 : p_.phy_address;
    bool found = false;
    for (phy_ = first; !found && phy_ <= last;) {
        const std::uint32_t status = phy_read(gem::phy::bmsr);
        found = status != gem::phy::nobody && status != 0;
        if (!found)
            ++phy_;
    }
    if (!found)
        return false;
    // What firmware has negotiated is kept: negotiating anew takes seconds.
    const std::uint32_t bmcr = phy_read(gem::phy::bmcr);
    if ((bmcr & gem::phy::bmcr_autoneg) == 0 || (bmcr & gem::phy::bmcr_stopped) != 0)
        phy_write(gem::phy::bmcr, (bmcr & ~gem::phy::bmcr_stopped) | gem::phy::bmcr_autoneg |
                                      gem::phy::bmcr_restart);
    // Each look takes two transfers or more of a management port that is at most 2.5 MHz fast.
    constexpr std::uint32_t look_us = 25;
    const std::uint64_t begin = port_.counter();
    for (std::uint32_t waited = 0; waited <= p_.link_wait_us; waited += look_us) {
        take_link(phy_read(gem::phy::bmsr));
        if (link_.up || port_.counter() - begin >= ticks(p_.link_wait_us))
            break;
    }
    return true;
}

void CadenceGem::take_link(std::uint32_t bmsr) {
    constexpr std::uint32_t good = gem::phy::bmsr_link | gem::phy::bmsr_negotiated;
    const bool up = bmsr != gem::phy::nobody && (bmsr & good) == good;
    if (up == link_.up)
        return;
    ++counters_.link_changes;
    link_.up = up;
    if (!up)
        return;
    link_.full_duplex = true;
    link_.mbps = (phy_read(gem::phy::stat1000) & gem::phy::stat1000_full) != 0 ? 1000
                 : (phy_read(gem::phy::lpa) & gem::phy::lpa_100_full) != 0     ? 100
                                                                               : 10;
    config_ &= ~(gem::config::gigabit_mode | gem::config::speed_100);
    config_ |= link_.mbps == 1000  ? gem::config::gigabit_mode
               : link_.mbps == 100 ? gem::config::speed_100
                                   : 0;
    write(gem::network_config, config_);
}

void CadenceGem::watch_link() {
    const std::uint64_t since = port_.counter() - watched_at_;
    constexpr std::uint64_t transfer_us = 30;
    if (watching_) {
        if (since < ticks(transfer_us) || (read(gem::network_status) & gem::management::idle) == 0)
            return;
        watching_ = false;
        take_link(read(gem::phy_management) & 0xffff);
        if (link_.up || !look_again_)
            return;
        look_again_ = false;
    } else if (since >= ticks(p_.link_watch_us)) {
        look_again_ = !link_.up;  // read twice then: the bit latches low
    } else {
        return;
    }
    watched_at_ = port_.counter();
    watching_ = true;
    begin_phy_read(gem::phy::bmsr);
}

// --- interrupts -----------------------------------------------------------------------------

void CadenceGem::silence() {
    write(gem::int_disable, gem::interrupt::all);
    ++counters_.interrupts;
}

void CadenceGem::enable_interrupts() {
    write(gem::int_enable,
          receive_interrupts | (want_tx_interrupt_ ? gem::interrupt::transmit_complete : 0));
}

bool CadenceGem::serve() {
    port_.charge<Operation::gem_service>();
    if (p_.interrupts)
        write(gem::int_status, gem::interrupt::all);
    const std::uint32_t taken = receive();
    look_at_receive_errors();
    reclaim();
    look_at_transmit_errors();
    watch_link();
    if (taken == p_.budget)
        return true;  // interrupts stay silent until all is taken
    if (!p_.interrupts)
        return false;
    enable_interrupts();
    // What came while they were silent will not interrupt.
    if (received() || (want_tx_interrupt_ && reclaim() != 0)) {
        write(gem::int_disable, gem::interrupt::all);
        return true;
    }
    return false;
}

void CadenceGem::look_at_receive_errors() {
    const std::uint32_t receive_status = read(gem::receive_status);
    if ((receive_status & gem::rx::errors) != 0) {
        write(gem::receive_status, receive_status & gem::rx::errors);
        if ((receive_status & gem::rx::resp_not_ok) != 0)
            ++counters_.bus_errors;
        counters_.rx_no_buffer += read(gem::rx_resource_errors);
        counters_.rx_overrun += read(gem::rx_overruns);
        counters_.rx_errors += read(gem::fcs_errors);
        counters_.rx_errors += read(gem::rx_length_errors);
        counters_.rx_errors += read(gem::rx_symbol_errors);
    }
}

void CadenceGem::look_at_transmit_errors() {
    if (outstanding_ == batch_)
        return;
    const std::uint32_t status = read(gem::transmit_status);
    if ((status & gem::tx::errors) == 0)
        return;
    // It has stopped at the first descriptor of a frame (UG585, 16.3.7). Those before it are in its
    // buffer and still go out.
    if (read(gem::transmit_q_ptr) != low(tx_descriptor(tx_oldest_))) {
        want_tx_interrupt_ = true;
        return;
    }
    const bool refused = (status & gem::tx::resp_not_ok) != 0;
    if (refused)
        ++counters_.bus_errors;
    restarting_ = true;
    --outstanding_;
    ++(refused ? counters_.tx_dma_refused : counters_.tx_not_taken);
    restart_transmitter();
}

void CadenceGem::restart_transmitter() {
    write(gem::network_control, control_ & ~gem::control::enable_transmit);
    begin_tx_ring_behind_oldest();
    port_.device_barrier();
    write(gem::transmit_q_ptr, low(tx_ring_));
    write(gem::transmit_status, gem::tx::all);
    write(gem::network_control, control_);
    restarting_ = false;
    if (outstanding_ != batch_)
        write(gem::network_control, control_ | gem::control::tx_start);
}

void CadenceGem::begin_tx_ring_behind_oldest() {
    // Disabled, the GEM forgets where it was (UG1085), so what is left has to begin with the ring.
    // The frames stay where they are, and the descriptors change buffers. Word 0, which is the same
    // for all, keeps the new word 1 meanwhile.
    const std::uint32_t first = next(tx_oldest_, p_.tx_buffers);
    std::uint32_t from = first;
    for (std::uint32_t i = 0; i < p_.tx_buffers; ++i) {
        port_.memory_store(tx_descriptor(i), Width::word,
                           port_.memory_load(tx_descriptor(from) + descriptor_status, Width::word));
        from = next(from, p_.tx_buffers);
    }
    tx_shift_ += first;
    if (tx_shift_ >= p_.tx_buffers)
        tx_shift_ -= p_.tx_buffers;
    for (std::uint32_t i = 0; i < p_.tx_buffers; ++i) {
        auto status = static_cast<std::uint32_t>(port_.memory_load(tx_descriptor(i), Width::word)) &
                      ~gem::tx_descriptor::wrap;
        if (i >= outstanding_)
            status |= gem::tx_descriptor::used;
        set_descriptor(tx_descriptor(i), tx_buffer(i), low(tx_buffer(i)),
                       status | tx_end_of_ring(i));
    }
    if (batch_ != 0)
        held_status_ =
            (held_status_ & ~gem::tx_descriptor::wrap) | tx_end_of_ring(outstanding_ - batch_);
    tx_oldest_ = 0;
    tx_next_ = outstanding_;
}

// --- reception ------------------------------------------------------------------------------

std::uint32_t CadenceGem::receive() {
    // Stock is taken at one moment, so that one ordered look serves all.
    std::uint32_t count = 0;
    std::uint32_t i = rx_next_;
    if (!received())
        return 0;
    const std::uint32_t most = p_.budget < p_.rx_buffers ? p_.budget : p_.rx_buffers;
    do {
        ++count;
        i = next(i, p_.rx_buffers);
    } while (count < most &&
             (port_.memory_load(rx_descriptor(i), Width::word) & gem::rx_descriptor::used) != 0);
    port_.device_barrier();

    i = rx_next_;
    for (std::uint32_t n = 0; n < count; ++n) {
        port_.charge<Operation::gem_rx_frame>();
        const auto status = static_cast<std::uint32_t>(
            port_.memory_load(rx_descriptor(i) + descriptor_status, Width::word));
        const std::uint32_t length = status & gem::rx_descriptor::length_mask;
        if ((status & gem::rx_descriptor::end_of_frame) == 0) {
            std::uint64_t piece = 0;  // the frame is counted with its last
            count_received(piece);
        } else if ((status & gem::rx_descriptor::whole_frame) != gem::rx_descriptor::whole_frame ||
                   length == 0 || length > buffer_size_) {
            count_received(counters_.rx_bad);
        } else {
            port_.charge<Operation::gem_cache_line>(lines(length));
            port_.invalidate_cache(rx_buffer(i), length);
            const std::span<const std::byte> frame = port_.view(rx_buffer(i), length);
            count_received(counters_.rx_frames);
            counters_.rx_bytes += length;
            if (consumer_ == nullptr || !consumer_->frame(frame))
                ++counters_.rx_refused;
        }
        i = next(i, p_.rx_buffers);
    }
    return_buffers(count);
    return count;
}

void CadenceGem::count_received(std::uint64_t& as) {
    ++as;
    ++rx_handled_;
    rx_at_ = next(rx_at_, p_.rx_buffers);
}

void CadenceGem::return_buffers(std::uint32_t count) {
    // From the second on, then the first: see the header.
    std::uint32_t i = rx_next_;
    for (std::uint32_t n = 0; n < count; ++n) {
        port_.memory_store(rx_descriptor(i) + descriptor_status, Width::word, 0);
        if (n != 0)
            port_.memory_store(rx_descriptor(i), Width::word, rx_word0(i));
        i = next(i, p_.rx_buffers);
    }
    port_.device_barrier();
    port_.publish(rx_descriptor(rx_next_), Width::word, rx_word0(rx_next_));
    rx_next_ = i;
    rx_handled_ = 0;
}

// --- transmission ---------------------------------------------------------------------------

bool CadenceGem::transmit(std::span<const std::byte> frame) {
    if (frame.empty() || frame.size() > p_.max_frame) {
        ++counters_.tx_bad_size;
        return false;
    }
    if (!link_.up) {
        ++counters_.tx_no_link;
        return false;
    }
    if (room() == 0 && reclaim() == 0) {
        ++counters_.tx_no_room;
        return false;
    }
    if (room() == 1 && reclaim() == 0 && p_.interrupts && !want_tx_interrupt_) {
        // Nobody may ask again before there is room: have the GEM tell.
        want_tx_interrupt_ = true;
        write(gem::int_enable, gem::interrupt::transmit_complete);
    }
    port_.charge<Operation::gem_tx_frame>();
    port_.charge<Operation::memory_copy_line>(lines(frame.size()));
    port_.charge<Operation::gem_cache_line>(lines(frame.size()));
    port_.copy_out(tx_buffer(tx_next_), frame);
    port_.clean_cache(tx_buffer(tx_next_), frame.size());
    hand_over(tx_next_, static_cast<std::uint32_t>(frame.size()) | gem::tx_descriptor::last |
                            tx_end_of_ring(tx_next_));
    tx_next_ = next(tx_next_, p_.tx_buffers);
    ++outstanding_;
    ++counters_.tx_frames;
    counters_.tx_bytes += frame.size();
    return true;
}

void CadenceGem::hand_over(std::uint32_t index, std::uint32_t status) {
    if (batch_++ == 0)
        held_status_ = status;
    else
        port_.memory_store(tx_descriptor(index) + descriptor_status, Width::word, status);
}

void CadenceGem::flush() {
    if (batch_ == 0)
        return;
    const std::uint32_t first =
        tx_next_ >= batch_ ? tx_next_ - batch_ : tx_next_ + p_.tx_buffers - batch_;
    batch_ = 0;
    ++counters_.starts;
    port_.device_barrier();
    port_.publish(tx_descriptor(first) + descriptor_status, Width::word, held_status_);
    port_.device_barrier();
    write(gem::network_control, control_ | gem::control::tx_start);
    reclaim();
    watch_link();  // who only sends is not served
}

std::uint32_t CadenceGem::reclaim() {
    const std::uint32_t handed_over = outstanding_ - batch_;
    if (handed_over == 0)
        return 0;
    // One ordered look; what follows was there then, or is found the next time.
    auto status = static_cast<std::uint32_t>(
        port_.observe(tx_descriptor(tx_oldest_) + descriptor_status, Width::word));
    std::uint32_t done = 0;
    while ((status & gem::tx_descriptor::used) != 0) {
        if ((status & gem::tx_descriptor::errors) != 0)
            ++counters_.tx_failed;
        else
            ++counters_.tx_done;
        tx_oldest_ = next(tx_oldest_, p_.tx_buffers);
        if (++done == handed_over)
            break;
        status = static_cast<std::uint32_t>(
            port_.memory_load(tx_descriptor(tx_oldest_) + descriptor_status, Width::word));
    }
    outstanding_ -= done;
    if (done != 0) {
        port_.charge<Operation::gem_tx_reclaim>(done);
        want_tx_interrupt_ = false;
    }
    return done;
}

}  // namespace vms::service
