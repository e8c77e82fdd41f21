// The Cadence GEM (Gigabit Ethernet MAC) as in the Zynq UltraScale+: UG1085, chapter "GEM
// Ethernet"; UG1087, module GEM; where these are short, the Zynq-7000's UG585, chapter 16. What
// public drivers rely on was read in Linux (drivers/net/ethernet/cadence), U-Boot
// (drivers/net/zynq_gem.c), the vendor's emacps driver, and in QEMU's model. docs/nic.md has the
// table of registers and what is left out.
//
// Store and forward in both directions: a frame to send is read into the packet buffer, then
// handed to the link; a received one is written to memory when it is complete and passed the
// address filter. The DMA goes through a DmaPort; an access that it refuses is a bus error, which
// the status and interrupt registers show.
//
// Two things happen by themselves: the transmitter reads a descriptor, or has sent a frame; the
// receiver has written a frame. They are the device's kernel events, two for a frame sent and one
// for a frame received. All else follows from time at an access.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <systemc>
#include <vector>

#include "models/base/time.h"
#include "models/base/wake_timer.h"
#include "models/bus/dma_port.h"
#include "models/bus/register_bank.h"
#include "models/bus/target.h"
#include "models/bus/tlm_target.h"
#include "models/core/activity.h"
#include "models/core/irq_line.h"
#include "models/nic/gem_parameters.h"
#include "models/nic/gem_registers.h"
#include "models/nic/mdio_phy.h"
#include "models/wire/frame_pool.h"
#include "models/wire/link_end.h"
#include "models/wire/ring.h"

namespace models {

class CadenceGem final : public sc_core::sc_module,
                         public Target,
                         public Inspectable,
                         public wire::FrameReceiver {
  public:
    using Parameters = GemParameters;

    static constexpr std::size_t register_count = 107;
    static constexpr std::size_t window = 0x1000;
    using Table = std::array<Register<CadenceGem>, register_count>;
    static const Table registers;

    /// `irq` is the controller's interrupt; the wake-on-LAN interrupt never comes.
    CadenceGem(sc_core::sc_module_name name, const Parameters& parameters, IrqLine irq,
               Activity& activity, DmaPort& dma, wire::LinkEnd& link);

    void access(Access& a) override;
    void peek(Access& a) override;
    /// When it will next do something by itself (Timeline::add_device).
    const Picos& next_event() const { return timer_.planned(); }

    void receive(const wire::FrameRef& frame, Picos at) override;
    void link_changed(bool up, Picos at) override;

    const GemCounters& counters() const { return counters_; }
    const MdioPhy& phy() const { return phy_; }
    /// How many descriptors of the transmit queue lie before the one that is read next.
    std::uint32_t transmit_index() const { return (tx_pointer_ - tx_base_) / descriptor_bytes(); }

  private:
    /// Bits of a frame's destination that its receive descriptor reports.
    struct Accepted {
        bool accepted = false;
        std::uint32_t flags = 0;
    };
    struct Received {
        wire::FrameRef frame;
        std::uint32_t flags = 0;
    };
    struct Sent {
        wire::FrameRef frame;
        vms::GuestAddr descriptor{};  ///< of its first buffer
        Picos done{};                 ///< status written back
        bool looped = false;
    };
    struct Descriptor {
        std::uint32_t word0 = 0;
        std::uint32_t upper = 0;   ///< of the address
        std::uint32_t status = 0;  ///< word 1
    };
    /// A receive buffer and its descriptor, in the host.
    struct Place {
        std::byte* descriptor = nullptr;
        std::byte* buffer = nullptr;
        std::size_t bytes = 0;
    };
    /// What gathering a frame's buffers found.
    enum class Gathered : std::uint8_t { frame, nothing, refused, incomplete };

    // What a register does beyond storing; see the table.
    std::uint32_t network_status_value() const;
    std::uint32_t transmit_status_value() const;
    std::uint32_t receive_pointer() const { return rx_pointer_; }
    std::uint32_t transmit_pointer() const { return tx_pointer_; }
    std::uint32_t management_value() const { return management_; }
    std::uint32_t revision() const { return parameters_.revision; }
    void control_written(std::uint32_t written, Picos now);
    void receive_pointer_written(std::uint32_t written, Picos now);
    void transmit_pointer_written(std::uint32_t written, Picos now);
    void interrupts_enabled(std::uint32_t written, Picos now);
    void interrupts_disabled(std::uint32_t written, Picos now);
    void queue1_interrupts_enabled(std::uint32_t written, Picos now);
    void queue1_interrupts_disabled(std::uint32_t written, Picos now);
    void management_written(std::uint32_t written, Picos now);
    template <unsigned index>
    void address_bottom_written(std::uint32_t /*written*/, Picos /*now*/) {
        address_active_[index] = false;
    }
    template <unsigned index>
    void address_top_written(std::uint32_t /*written*/, Picos /*now*/) {
        address_active_[index] = true;
    }

    // Time (cadence_gem.cpp).
    void wake();
    void process(Picos now);
    void settle(Picos now);
    void raise(std::uint32_t causes) {
        bank_.at(gem::int_status) |= causes & ~bank_.at(gem::int_mask);
    }
    void finish_management(Picos now);
    void count(std::uint32_t offset, std::uint64_t n = 1);
    void count_frame(std::uint32_t first_of_block, const wire::Frame& frame);

    bool has(std::uint32_t offset, std::uint32_t bit) const {
        return (bank_.at(offset) & bit) != 0;
    }
    bool wide() const { return has(gem::dma_config, gem::dma::addr_bus_width_64); }
    unsigned descriptor_bytes() const { return wide() ? 16 : 8; }
    std::uint32_t mac_mbps() const;
    bool speed_fits(Picos now) const { return phy_.link(now) && phy_.mbps() == mac_mbps(); }
    Picos data_time(std::size_t bytes) const { return {bytes * picos_per_kib_ / 1024}; }
    Descriptor descriptor_at(const std::byte* p) const;
    std::uint32_t after(std::uint32_t pointer, bool wrap, std::uint32_t base) const {
        return wrap ? base : pointer + descriptor_bytes();
    }
    /// Where a descriptor is: the upper half is the same for a whole queue.
    vms::GuestAddr at_pointer(std::uint32_t pointer, std::uint32_t upper) const {
        return {wide() ? std::uint64_t{bank_.at(upper)} << 32 | pointer : pointer};
    }

    // Transmitter (gem_transmit.cpp).
    void start_transmission(Picos now);
    void stop_transmission() { go_ = false, fetch_at_ = Picos::never(); }
    void fetch(Picos now);
    Gathered gather();
    void transmit(Picos now);
    void complete_transmission(Picos now);

    // Receiver (gem_receive.cpp).
    Accepted filter(const wire::Frame& frame) const;
    bool length_allowed(const wire::Frame& frame);
    /// Adds to the flags which were found right.
    bool checksums_good(const wire::Frame& frame, std::uint32_t& flags);
    void start_reception(Picos now);
    void deliver(Picos now);
    enum class Written : std::uint8_t { done, no_buffer, refused };
    Written write_frame(const Received& r);
    std::span<const std::byte> as_stored(const wire::Frame& frame);
    void drop_first();
    void flush_receiver();

    Parameters parameters_;
    IrqLine irq_;
    Activity& activity_;
    DmaPort& dma_;
    wire::LinkEnd& link_;
    RegisterBank<CadenceGem, register_count, window> bank_;
    MdioPhy phy_;
    WakeTimer timer_;
    GemCounters counters_;
    std::uint64_t picos_per_kib_;
    Picos last_{};       ///< the state is that of this time
    bool busy_ = false;  ///< holds the activity

    // MDIO.
    std::uint32_t management_ = 0;  ///< phy_management
    Picos management_done_at_{};
    bool management_pending_ = false;  ///< what the transfer does is still to be done

    // Transmitter.
    bool go_ = false;
    std::uint32_t tx_base_ = 0;        ///< lower halves
    std::uint32_t tx_pointer_ = 0;     ///< the first descriptor of the frame that is sent next
    Picos fetch_at_ = Picos::never();  ///< a descriptor will have been read
    bool tx_waits_for_room_ = false;
    std::size_t tx_used_ = 0;                ///< bytes in the packet buffer
    std::shared_ptr<wire::Frame> gathered_;  ///< the frame that gather() makes, and about it:
    unsigned gathered_buffers_ = 0;
    bool gathered_no_crc_ = false;
    std::uint32_t gathered_next_ = 0;  ///< the pointer behind it
    wire::Ring<Sent> sent_;            ///< in the packet buffer or on the wire
    wire::FramePool pool_;

    // Receiver.
    std::uint32_t rx_base_ = 0;
    std::uint32_t rx_pointer_ = 0;
    /// The first of the frames that wait will be in memory; never: there is none, or no buffer.
    Picos delivered_at_ = Picos::never();
    std::size_t rx_used_ = 0;
    wire::Ring<Received> received_;
    std::vector<Place> places_;      ///< of the frame that is being written
    std::vector<std::byte> stored_;  ///< a frame with its padding and FCS, when that is wanted
    std::array<bool, 4> address_active_{};
};

}  // namespace models
