// What the parts of the network driver share: the device's transport, memory and counters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vms/abi/virtio_net.h"
#include "vms/cpu.h"
#include "vms/frontend/fault.h"
#include "vms/frontend/operations.h"
#include "vms/frontend/profile.h"
#include "vms/frontend/shared_memory.h"
#include "vms/frontend/softirq.h"
#include "vms/frontend/virtio_mmio.h"
#include "vms/workload/net_port.h"

namespace vms::frontend {

/// What the host can read of a network driver at any time. Every frame that was given to send() is
/// handed over, dropped under one cause, in the backlog, or being put into the ring.
struct NetCounters {
    std::uint64_t tx_frames = 0;           ///< handed over to the device
    std::uint64_t tx_bytes = 0;            ///< of them, without the VirtIO header
    std::uint64_t tx_completed = 0;        ///< given back by the device
    std::uint64_t tx_dropped_backlog = 0;  ///< the queue was stopped and the backlog full
    std::uint64_t tx_dropped_memory = 0;   ///< no bounce slot in the shared memory
    std::uint64_t tx_dropped_link = 0;     ///< the link was down, or the interface not up
    std::uint64_t tx_dropped_ring = 0;     ///< the ring took it not: it is broken
    std::uint64_t tx_backlog = 0;          ///< waiting in the backlog now
    std::uint32_t tx_handing = 0;          ///< 1: a frame is in none of these yet
    std::uint64_t tx_kicks = 0;
    std::uint64_t tx_stops = 0;  ///< the queue was stopped for want of descriptors
    std::uint64_t tx_wakes = 0;
    std::uint64_t tx_partial_checksums = 0;  ///< left to the device

    std::uint64_t rx_frames = 0;   ///< given to whoever is attached
    std::uint64_t rx_bytes = 0;    ///< of them
    std::uint64_t rx_buffers = 0;  ///< used buffers taken
    std::uint64_t rx_errors = 0;   ///< dropped: shorter than its headers, or longer than its buffer
    std::uint64_t rx_missing_buffers = 0;  ///< dropped: fewer buffers than its header says
    std::uint64_t rx_unwanted = 0;         ///< dropped: nobody was attached
    std::uint64_t rx_kicks = 0;
    std::uint64_t rx_refills = 0;
    std::uint64_t rx_starved = 0;          ///< refills that ended for want of memory
    std::uint64_t rx_known_checksums = 0;  ///< vouched for by the device
    std::uint64_t rx_split_frames = 0;     ///< of more than one buffer

    std::uint64_t interrupts = 0;
    std::uint64_t receive_polls = 0;
    std::uint64_t transmit_polls = 0;
    std::uint64_t config_changes = 0;
    std::uint64_t commands = 0;         ///< of the control queue
    std::uint64_t commands_failed = 0;  ///< acknowledged with other than OK
    std::uint64_t poll_iterations = 0;  ///< looks at a used ring while waiting

    std::uint64_t tx_dropped() const {
        return tx_dropped_backlog + tx_dropped_memory + tx_dropped_link + tx_dropped_ring;
    }
    std::uint64_t rx_dropped() const { return rx_errors + rx_missing_buffers + rx_unwanted; }
};

/// How far a network driver has come in its rings, for the host at any time: what the device has
/// not taken, and what it has given back and the driver has not, follows from these and from how
/// far the device has come.
struct NetRings {
    std::uint16_t tx_available = 0;  ///< chains handed over, free running
    std::uint32_t rx_waiting = 0;    ///< frames given back by the device and not counted yet
};

/// Held by the driver, used by its queues.
struct NetDevice {
    Cpu& cpu;
    Softirq& softirq;
    const NetProfile& profile;
    const Operations& operations;
    VirtioMmio& transport;
    SharedMemory* memory;  ///< where rings and buffers lie
    bool bounced = false;  ///< buffers are mapped for each use, and copied
    bool polling = false;  ///< the rings are polled: no interrupt is wanted
    NetCounters counters{};
    std::uint64_t activity = 0;  ///< see workload::NetInterface
    Fault fault = Fault::none;

    bool negotiated(unsigned feature) const { return transport.negotiated(feature); }
    const NamedWork& operator[](Operation o) const { return operations[o]; }

    /// Nothing further can be expected of the device.
    void stop(Fault f);
    /// Tell the device of a queue's new buffers, if it wants to hear of them. True: it was told.
    bool kick(std::uint32_t queue);
    /// Show a frame to the observers, as it looks once its checksum is complete.
    void note_frame(FramePoint where, std::span<const std::byte> frame,
                    workload::PartialChecksum checksum);
    /// Adds the copying of this many bytes.
    void add_copying(Bill& bill, std::uint64_t bytes) const {
        bill.add_lines(operations[Operation::copy_line], lines_of(bytes));
    }

    std::vector<std::byte> scratch{};  ///< of note_frame
};

}  // namespace vms::frontend
