// What a switch needs of a network interface: a place to put frames and a place where they come
// out. A frame is what lies between preamble and frame check sequence; the interface pads and adds
// the FCS, checks and removes it on reception.
//
// Sending is in two steps, so that many frames cost one register access: transmit() takes a frame
// into the ring, flush() starts what has been taken. What is received goes to the consumer from
// within serve().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/service/drivers/peripheral.h"

namespace vms::service {

/// IEEE 802.3-2018, 3.2.3, in the order of transmission.
using MacAddress = std::array<std::uint8_t, 6>;

/// Who takes received frames.
class FrameConsumer {
  public:
    /// The bytes are valid during the call only. False: it had no room for the frame, which is
    /// lost.
    virtual bool frame(std::span<const std::byte> bytes) = 0;

  protected:
    ~FrameConsumer() = default;
};

struct NetworkCounters {
    std::uint64_t tx_frames = 0;  ///< taken by transmit()
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_done = 0;    ///< given back by the hardware as sent
    std::uint64_t rx_frames = 0;  ///< handed to the consumer
    std::uint64_t rx_bytes = 0;
    std::uint64_t interrupts = 0;  ///< silence() found a cause of this interface
    std::uint64_t starts = 0;      ///< transmissions started: flush() with something to send

    // Lost frames, by cause. Sent ones:
    std::uint64_t tx_no_room = 0;   ///< transmit() with a full ring
    std::uint64_t tx_no_link = 0;   ///< transmit() without a link
    std::uint64_t tx_bad_size = 0;  ///< transmit() of nothing, or of more than a buffer
    std::uint64_t tx_failed = 0;    ///< given back by the hardware as failed
    // Taken back unsent, because the hardware stopped at it and was started again behind it:
    std::uint64_t tx_dma_refused = 0;  ///< the system let the hardware not read it
    std::uint64_t tx_not_taken = 0;    ///< it is more than the hardware's buffer holds
    // Received ones:
    std::uint64_t rx_refused = 0;    ///< the consumer had no room
    std::uint64_t rx_bad = 0;        ///< a frame that is not in one buffer, or of no length
    std::uint64_t rx_no_buffer = 0;  ///< by the hardware: no free buffer in the ring
    std::uint64_t rx_overrun = 0;    ///< by the hardware: its FIFO was full
    std::uint64_t rx_errors = 0;     ///< by the hardware: FCS, length, symbol errors

    std::uint64_t bus_errors = 0;    ///< DMA refused by the system: a fault of the configuration
    std::uint64_t link_changes = 0;  ///< up or down, as seen
};

class NetworkPort : public Peripheral {
  public:
    struct Link {
        bool up = false;
        std::uint32_t mbps = 0;
        bool full_duplex = false;

        constexpr bool operator==(const Link&) const = default;
    };

    /// Take a frame into the transmit ring. False: lost, the cause is counted.
    virtual bool transmit(std::span<const std::byte> frame) = 0;
    /// Let the hardware send what transmit() has taken.
    virtual void flush() = 0;
    /// Frames that transmit() would take.
    virtual std::size_t room() const = 0;
    virtual std::size_t max_frame_bytes() const = 0;

    /// How far the driver is in its rings: with what is in the descriptors, and how far the
    /// hardware is, it says which frames lie between the two.
    struct Rings {
        GuestAddr tx_ring{};
        std::uint32_t tx_size = 0;
        std::uint32_t tx_next = 0;         ///< the descriptor that is filled next
        std::uint32_t tx_outstanding = 0;  ///< filled and not seen to be sent
        bool tx_stopped = false;           ///< the transmitter is being started anew: it has none
        GuestAddr rx_ring{};
        std::uint32_t rx_size = 0;
        std::uint32_t rx_next = 0;     ///< the descriptor of the frame that is taken next
        std::uint32_t rx_handled = 0;  ///< of those before it, not yet given back
    };
    virtual Rings rings() const { return {}; }

    virtual MacAddress mac() const = 0;
    /// As last seen by serve().
    virtual Link link() const = 0;

    /// Received frames go there. Before start().
    void set_consumer(FrameConsumer& consumer) { consumer_ = &consumer; }
    const NetworkCounters& counters() const { return counters_; }

  protected:
    NetworkPort() = default;
    ~NetworkPort() = default;

    FrameConsumer* consumer_ = nullptr;
    NetworkCounters counters_;
};

}  // namespace vms::service
