// What a service guest counts about itself: plain numbers for reports.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vms::service {

/// One port of a console.
struct ConsolePortCounters {
    std::uint64_t tx_bytes = 0;          ///< from the front-end's buffers to the channel
    std::uint64_t rx_bytes = 0;          ///< from the channel into the front-end's buffers
    std::uint64_t received_bytes = 0;    ///< that came for the port
    std::uint64_t dropped_input = 0;     ///< no room to keep it, or the port was not connected
    std::uint64_t discarded_output = 0;  ///< not sent: the port was not connected
};

inline constexpr std::size_t max_console_ports = 8;

/// What a console counts beyond what every device does.
struct ConsoleCounters {
    std::array<ConsolePortCounters, max_console_ports> ports{};
    std::uint64_t control_received = 0;    ///< control messages of the driver
    std::uint64_t control_sent = 0;        ///< control messages given to the driver
    std::uint64_t control_superseded = 0;  ///< overtaken by a newer one of their kind before sent
    std::uint64_t control_malformed = 0;   ///< shorter than a message, or of no event of a driver
    std::uint64_t control_bad_port = 0;    ///< of a port that does not exist or was not announced
    std::uint64_t control_too_small = 0;   ///< buffers of the driver that hold no message
    std::uint64_t control_skipped = 0;     ///< messages given up: no buffer was large enough
    std::uint64_t port_failures = 0;       ///< ports that the driver could not add
};

struct DeviceCounters {
    // Remote I/O.
    std::uint64_t reads = 0;          ///< trapped reads answered
    std::uint64_t writes = 0;         ///< trapped writes answered
    std::uint64_t kicks = 0;          ///< writes to QueueNotify that named an active queue
    std::uint64_t notifications = 0;  ///< NOTIFY hypercalls sent to the driver

    // Virtqueues.
    std::uint64_t chains = 0;         ///< descriptor chains taken
    std::uint64_t descriptors = 0;    ///< descriptors copied
    std::uint64_t used = 0;           ///< chains given back
    std::uint64_t batched = 0;        ///< of these without a used element of their own (IN_ORDER)
    std::uint64_t voided_chains = 0;  ///< taken, and void before the driver saw them used (reset)
    std::uint64_t activations = 0;    ///< DRIVER_OK accepted
    std::uint64_t resets = 0;         ///< Status written 0

    // Data.
    std::uint64_t tx_bytes = 0;           ///< from the front-end's buffers to serial port or switch
    std::uint64_t rx_bytes = 0;           ///< from there into the front-end's buffers
    std::uint64_t received_bytes = 0;     ///< taken from the serial port's receiver
    std::uint64_t dropped_input = 0;      ///< received, with no room or nobody to keep it for
    std::uint64_t unconnected_input = 0;  ///< of these, for a port that was not connected
    std::uint64_t dropped_emergency = 0;  ///< emergency writes with no room in the serial port
    std::uint64_t discarded_output = 0;   ///< of a port that was not connected
    std::uint64_t receiver_errors = 0;    ///< overrun, framing, parity or break at the receiver
    std::uint64_t commands = 0;           ///< of the control queue, acknowledged as done
    std::uint64_t refused_commands = 0;   ///< acknowledged as failed
    ConsoleCounters console;

    // Whatever a front-end does that it must not do.
    std::uint64_t bad_accesses = 0;       ///< width, alignment, direction, unknown register
    std::uint64_t violations = 0;         ///< out of order against the status state machine
    std::uint64_t refused_features = 0;   ///< FEATURES_OK not accepted
    std::uint64_t platform_declined = 0;  ///< FEATURES_OK without ACCESS_PLATFORM
    std::uint64_t queue_faults = 0;       ///< bad queue, chain or index
    std::uint64_t bad_buffers = 0;  ///< chains without a usable buffer, returned with length 0
    std::uint64_t needs_reset = 0;  ///< DEVICE_NEEDS_RESET set

    // Errors of a back-end itself.
    std::uint64_t dropped_chains = 0;  ///< destroyed without complete()

    constexpr std::uint64_t errors() const {
        return bad_accesses + violations + refused_features + queue_faults + bad_buffers +
               dropped_chains + console.control_malformed + console.control_bad_port +
               console.control_too_small;
    }
};

struct PeripheralCounters {
    std::uint64_t start_failures = 0;  ///< it did not start as it should
    std::uint64_t interrupts = 0;      ///< silenced in the vector
    std::uint64_t serves = 0;          ///< times that the main loop served it
};

/// A serial line that several ports share.
struct LineCounters {
    std::uint64_t frames_sent = 0;       ///< frames, or prefixed lines begun
    std::uint64_t frames_received = 0;   ///< frames
    std::uint64_t bad_frames = 0;        ///< received and dropped
    std::uint64_t noise = 0;             ///< bytes received between frames
    std::uint64_t unknown_channels = 0;  ///< frames for a channel that the line has not
    std::uint64_t broken_lines = 0;      ///< prefixed lines ended before their end
    std::uint64_t receiver_errors = 0;   ///< overrun, framing, parity or break
};

struct GuestCounters {
    std::uint64_t interrupts = 0;  ///< acknowledged
    std::uint64_t spurious = 0;    ///< acknowledge read 1023, or an id that belongs to no device
    std::uint64_t asks = 0;
    std::uint64_t empty_asks = 0;  ///< ASK found nothing pending
    std::uint64_t answered = 0;
    std::uint64_t withheld = 0;           ///< taken and left unanswered (injected fault)
    std::uint64_t failed_hypercalls = 0;  ///< a completion or NOTIFY returned an error
    std::uint64_t waits = 0;              ///< WFI
};

}  // namespace vms::service
