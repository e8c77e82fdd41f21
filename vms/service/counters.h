// What a service guest counts about itself: plain numbers for reports.
#pragma once

#include <cstdint>

namespace vms::service {

struct DeviceCounters {
    // Remote I/O.
    std::uint64_t reads = 0;          ///< trapped reads answered
    std::uint64_t writes = 0;         ///< trapped writes answered
    std::uint64_t kicks = 0;          ///< writes to QueueNotify that named an active queue
    std::uint64_t notifications = 0;  ///< NOTIFY hypercalls sent to the driver

    // Virtqueues.
    std::uint64_t chains = 0;       ///< descriptor chains taken
    std::uint64_t descriptors = 0;  ///< descriptors copied
    std::uint64_t used = 0;         ///< used elements written
    std::uint64_t activations = 0;  ///< DRIVER_OK accepted
    std::uint64_t resets = 0;       ///< Status written 0

    // Data.
    std::uint64_t tx_bytes = 0;           ///< from the front-end's buffers to serial port or switch
    std::uint64_t rx_bytes = 0;           ///< from there into the front-end's buffers
    std::uint64_t received_bytes = 0;     ///< taken from the serial port's receiver
    std::uint64_t dropped_input = 0;      ///< received with no room left to keep it
    std::uint64_t dropped_emergency = 0;  ///< emergency writes with no room in the serial port
    std::uint64_t receiver_errors = 0;    ///< overrun, framing, parity or break at the receiver
    std::uint64_t commands = 0;           ///< of the control queue, acknowledged as done
    std::uint64_t refused_commands = 0;   ///< acknowledged as failed

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
               dropped_chains;
    }
};

struct PeripheralCounters {
    std::uint64_t start_failures = 0;  ///< it did not start as it should
    std::uint64_t interrupts = 0;      ///< silenced in the vector
    std::uint64_t serves = 0;          ///< times that the main loop served it
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
