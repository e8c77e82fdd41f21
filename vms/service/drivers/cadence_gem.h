// Driver of the Cadence GEM of Zynq UltraScale+ devices, one queue in each direction. After the
// Zynq UltraScale+ Register Reference (UG1087, module GEM) and the Technical Reference Manual
// (UG1085, chapter "GEM Ethernet", programming model).
//
// Memory. Descriptors and buffers lie in a range of the guest's RAM that configuration gives it and
// that nothing else uses. The GEM is not coherent with the caches of the Zynq UltraScale+ unless
// its traffic is routed through the cache-coherent interconnect. So the first part, the
// descriptors (descriptor_area()), is to be mapped Normal Non-cacheable; the buffers behind it may
// be cacheable: the driver cleans what the GEM is to read and invalidates what it has written.
// Addresses are guest-physical: the hypervisor programs the SMMU with the guest's stage 2.
//
// Descriptors that are handed over together are written from the second on, then the first: the
// GEM stops at the first that is not its own, so a batch becomes visible as one, and costs one
// ordered store.
//
// Interrupts. The GEM records causes only while they are enabled (Linux, macb_poll(), found the
// same): so after serve() has let them through again it looks at the ring once more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "service_port.h"
#include "vms/service/drivers/network_port.h"
#include "vms/types.h"

namespace vms::service {

class CadenceGem final : public NetworkPort {
  public:
    static constexpr std::uint8_t any_phy = 0xff;
    static constexpr std::uint32_t ring_min = 4;
    static constexpr std::uint32_t ring_max = 4096;
    static constexpr std::uint32_t frame_min = 60;     ///< without FCS
    static constexpr std::uint32_t frame_max = 10236;  ///< the longest jumbo frame of a GEM
    static constexpr std::uint64_t bytes_per_descriptor = 16;

    struct Parameters {
        GuestAddr base{};  ///< of the registers
        MacAddress mac{};
        GuestAddr dma_base{};  ///< aligned to 64 bytes
        std::uint64_t dma_size = 0;
        std::uint64_t pclk_hz = 100'000'000;  ///< clock of the registers, up to 540 MHz
        std::uint32_t rx_buffers = 256;       ///< ring_min to ring_max
        std::uint32_t tx_buffers = 256;
        std::uint32_t max_frame = 1518;  ///< without FCS, with a VLAN tag; frame_min to frame_max
        std::uint32_t budget = 64;       ///< frames that one serve() takes, at least 1
        std::uint8_t phy_address = any_phy;  ///< or 0 to 31
        bool promiscuous = true;             ///< a switch wants the frames of all its stations
        bool interrupts = true;              ///< false: serve() is called again and again instead
        /// How long start() waits for a link. One that comes later is seen by serve().
        std::uint32_t link_wait_us = 10'000;
        /// How often serve() looks at the link.
        std::uint32_t link_watch_us = 10'000;
    };

    /// Bytes that the driver needs at dma_base, and how many of them are descriptors.
    static constexpr std::uint64_t memory_bytes(const Parameters& p) {
        return descriptor_area(p) +
               (std::uint64_t{p.rx_buffers} + p.tx_buffers) * buffer_bytes(p.max_frame);
    }
    static constexpr std::uint64_t descriptor_area(const Parameters& p) {
        constexpr std::uint64_t page = 4096;  // what can have memory attributes of its own
        const std::uint64_t n = std::uint64_t{p.rx_buffers} + p.tx_buffers + unused_descriptors;
        return (n * bytes_per_descriptor + page - 1) / page * page;
    }
    static constexpr bool valid(const Parameters& p) {
        return p.rx_buffers >= ring_min && p.rx_buffers <= ring_max && p.tx_buffers >= ring_min &&
               p.tx_buffers <= ring_max && p.max_frame >= frame_min && p.max_frame <= frame_max &&
               p.budget != 0 && p.pclk_hz != 0 && p.dma_base.value % alignment == 0 &&
               (p.phy_address == any_phy || p.phy_address < phy_addresses) &&
               p.dma_size >= memory_bytes(p);
    }

    /// Parameters have passed valid().
    CadenceGem(Port& port, const Parameters& parameters);

    // --- Peripheral
    bool start() override;
    void silence() override;
    bool serve() override;
    /// Polled, or a look at a link that is down is under way: no interrupt tells of its end.
    bool waits() const override { return !p_.interrupts || (watching_ && !link_.up); }

    // --- NetworkPort
    bool transmit(std::span<const std::byte> frame) override;
    void flush() override;
    std::size_t room() const override { return p_.tx_buffers - 1 - outstanding_; }
    std::size_t max_frame_bytes() const override { return p_.max_frame; }
    Rings rings() const override {
        return {tx_ring_, p_.tx_buffers, tx_next_, outstanding_, restarting_,
                rx_ring_, p_.rx_buffers, rx_at_,   rx_handled_};
    }
    MacAddress mac() const override { return p_.mac; }
    Link link() const override { return link_; }

  private:
    static constexpr std::uint64_t alignment = 64;  // a cache line, and the unit of buffer sizes
    static constexpr std::uint64_t unused_descriptors = 2;  // of the queue that is not used
    static constexpr std::uint8_t phy_addresses = 32;
    static constexpr std::uint64_t buffer_bytes(std::uint32_t frame) {
        return (frame + alignment - 1) / alignment * alignment;
    }

    std::uint32_t read(std::uint32_t offset) {
        return port_.device_load(p_.base + offset, Width::word);
    }
    void write(std::uint32_t offset, std::uint32_t value) {
        port_.device_store(p_.base + offset, Width::word, value);
    }
    std::uint32_t next(std::uint32_t index, std::uint32_t count) const {
        return index + 1 == count ? 0 : index + 1;
    }
    GuestAddr rx_descriptor(std::uint32_t i) const { return rx_ring_ + bytes_per_descriptor * i; }
    GuestAddr tx_descriptor(std::uint32_t i) const { return tx_ring_ + bytes_per_descriptor * i; }
    GuestAddr rx_buffer(std::uint32_t i) const { return rx_buffers_ + buffer_size_ * i; }
    GuestAddr tx_buffer(std::uint32_t i) const {
        const std::uint32_t n = i + tx_shift_;
        return tx_buffers_ + buffer_size_ * (n < p_.tx_buffers ? n : n - p_.tx_buffers);
    }
    std::uint32_t rx_word0(std::uint32_t i) const;
    std::uint32_t tx_end_of_ring(std::uint32_t i) const;

    // Start.
    void reset_hardware();
    void configure();
    void make_rings();
    void make_tx_ring();
    void set_descriptor(GuestAddr at, GuestAddr buffer, std::uint32_t word0, std::uint32_t word1);
    bool start_phy();

    // Management port. Nothing comes back when the port does not become idle.
    bool management_idle();
    void begin_phy_read(std::uint32_t reg);
    std::uint32_t phy_read(std::uint32_t reg);
    void phy_write(std::uint32_t reg, std::uint32_t value);
    void take_link(std::uint32_t bmsr);
    void watch_link();
    std::uint64_t ticks(std::uint64_t us) const {
        return us * port_.counter_frequency() / 1'000'000;
    }

    // Traffic.
    std::uint32_t receive();
    bool received() { return (observe_rx() & 1) != 0; }
    std::uint32_t observe_rx() {
        return static_cast<std::uint32_t>(port_.observe(rx_descriptor(rx_next_), Width::word));
    }
    void hand_over(std::uint32_t index, std::uint32_t status);
    void return_buffers(std::uint32_t count);
    std::uint32_t reclaim();
    void look_at_receive_errors();
    void look_at_transmit_errors();
    void restart_transmitter();
    void begin_tx_ring_behind_oldest();
    void count_received(std::uint64_t& as);
    void enable_interrupts();

    Port& port_;
    const Parameters p_;
    const std::uint64_t buffer_size_;
    const GuestAddr rx_ring_;
    const GuestAddr tx_ring_;
    const GuestAddr unused_;
    const GuestAddr rx_buffers_;
    const GuestAddr tx_buffers_;

    std::uint32_t control_ = 0;  // network_control without its commands
    std::uint32_t config_ = 0;   // network_config
    std::uint8_t phy_ = any_phy;
    Link link_;
    bool watching_ = false;    // a read of BMSR is under way
    bool look_again_ = false;  // and another is to follow
    std::uint64_t watched_at_ = 0;

    std::uint32_t rx_next_ = 0;      // the first descriptor that is not the GEM's
    std::uint32_t rx_at_ = 0;        // the next that is looked at
    std::uint32_t rx_handled_ = 0;   // from rx_next_ to rx_at_
    std::uint32_t tx_shift_ = 0;     // the buffer of the first descriptor
    std::uint32_t tx_next_ = 0;      // the next that is free
    std::uint32_t tx_oldest_ = 0;    // the oldest that is not
    std::uint32_t outstanding_ = 0;  // from tx_oldest_ to tx_next_
    std::uint32_t batch_ = 0;        // of these, not yet handed to the GEM
    std::uint32_t held_status_ = 0;  // word 1 of the first of the batch
    bool want_tx_interrupt_ = false;
    bool restarting_ = false;
};

}  // namespace vms::service
