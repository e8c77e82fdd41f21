// How a real driver behaves, as a value. The register accesses of a probe are lists of steps, one
// list for each phase; the rest are the choices in which drivers differ. A further driver
// (Zephyr's, a customer's own) is one more value, not another branch in the code that carries the
// steps out.
//
// The phases of a probe, in order (OASIS VirtIO v1.4, 3.1.1): identify, negotiate, the device's own
// configuration, queue (once for each), ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vms/abi/virtio_mmio.h"
#include "vms/abi/virtio_net.h"
#include "vms/frontend/operations.h"

namespace vms::frontend {

/// One step of a phase. Rxxx/Wxxx: the register read or written.
enum class Do : std::uint8_t {
    // identify
    read_magic,    ///< R000; not "virt": fault
    read_version,  ///< R004; not 2: fault
    read_device,   ///< R008; 0: fault
    read_vendor,   ///< R00c
    match_device,  ///< no access: the device id is the driver's, or fault
    // status, R070/W070
    write_status,      ///< W: `arg`
    add_status,        ///< R, W: the value read with `arg` set
    read_status,       ///< R
    await_reset,       ///< R until it reads 0
    require_features,  ///< R: FEATURES_OK stayed set, or fault
    require_status,    ///< R: all bits of `arg` are set, or fault
    expect_status,     ///< R: reads exactly `arg`, or fault
    // features, `arg` = word of 32 bits, or number of a feature
    assume_feature,        ///< no access: accepted without a look at what is offered
    end_unless_accepted,   ///< no access: the phase is over unless the feature was accepted
    require_all_features,  ///< no access: all that the driver knows were offered, or fault
    read_config_word,      ///< R100 + `arg`: 32 bits of the device's configuration
    select_device_word,    ///< W014
    read_device_word,      ///< R010
    require_version_1,     ///< no access: VERSION_1 is offered, or fault
    select_driver_word,    ///< W024
    write_driver_word,     ///< W020
    validate,              ///< what the device's driver reads before the features are final
    // queue
    select_queue,          ///< W030
    require_queue_idle,    ///< R044; not 0: fault
    read_queue_max,        ///< R034; 0: fault
    create_ring,           ///< no access to the device: allocate and clear the ring
    write_queue_size,      ///< W038
    write_requested_size,  ///< W038, only when the configuration asks for a size
    write_descriptors,     ///< W080 W084
    write_driver_area,     ///< W090 W094
    write_device_area,     ///< W0a0 W0a4
    enable_queue,          ///< W044 = 1
    disable_queue,         ///< W044 = 0
    read_queue_ready,      ///< R044
};

struct Step {
    Do what{};
    std::uint32_t arg = 0;
};

using Steps = std::span<const Step>;

/// The driver's side of virtio-mmio.
struct TransportProfile {
    Steps identify;
    Steps identify_failed;
    Steps negotiate;
    Steps queue;
    Steps queue_failed;  ///< for the queue that could not be had
    Steps ready;
    Steps probe_failed;  ///< after identify
    Steps remove;
    Steps remove_queue;  ///< for each queue; after a failed probe too
    Steps removed;
    /// The next probe of a removed device goes on where identify ends: the bus knows the device.
    bool identifies_once = false;
    /// Wherever a step reads Status (but add_status), NEEDS_RESET is a fault: OASIS VirtIO v1.4,
    /// 2.1.2. Without: it is one more bit, which only expect_status minds.
    bool probe_heeds_needs_reset = false;

    std::uint64_t features = 0;                   ///< transport and ring features kept when offered
    std::uint64_t ring_alignment = 0;             ///< of a ring's memory
    std::uint64_t available_ring_alignment = 1;   ///< of the available ring within it
    std::uint64_t used_ring_alignment = 0;        ///< of the used ring within it
    std::uint64_t after_used_ring_alignment = 1;  ///< of what follows it
    /// The queue size that the driver is built with: neither agreed upon nor checked. 0: the
    /// device's.
    std::uint32_t built_queue_size = 0;
    /// Buffers of a queue come from memory behind its own ring, in slots of this size; 0: from the
    /// shared memory at large.
    std::uint64_t pool_slot_bytes = 0;
    /// Without ACCESS_PLATFORM the rings and buffers lie in the VM's own memory.
    bool bypasses_shared_region = false;
};

/// The driver's side of the interrupt controller.
struct InterruptProfile {
    enum class Setup : std::uint8_t {
        all_interrupts,  ///< put every shared interrupt into a known state, as Linux does
        only_enable,     ///< switch distributor and CPU interface on
        zephyr,          ///< as Zephyr's intc_gic.c
        bao_guest,       ///< as gicv2.c of Bao's public bare-metal guest
    };
    Setup setup = Setup::only_enable;
    bool configures_trigger = false;         ///< ICFGR of each interrupt used; Linux, Zephyr
    bool drains = false;                     ///< acknowledge until nothing is pending
    bool acknowledges_before_queues = true;  ///< InterruptACK before the rings are looked at
};

/// What a driver does when its device says that it needs a reset (OASIS VirtIO v1.4, 2.1.2).
enum class NeedsReset : std::uint8_t {
    ignored,   ///< it never looks: Linux, Zephyr
    stops,     ///< it gives the device up
    restarts,  ///< it resets the device and probes it again
};

/// How a write ends.
enum class Completion : std::uint8_t {
    polled,        ///< it polls the used ring until the device has the buffer
    by_interrupt,  ///< at once; an interrupt takes buffers back, and a write waits while none is
                   ///< free
};

/// When the device gets another receive buffer for one that it has filled.
enum class Refill : std::uint8_t {
    at_once,    ///< in the interrupt that takes the filled one
    when_read,  ///< when its bytes have been read
    never,
};

/// Whether a driver reads how many ports the device has.
enum class MaxPortsRead : std::uint8_t { with_multiport, always };

struct ConsoleProfile {
    enum class Fill : std::uint8_t { before_ready, after_ready, on_demand };

    std::uint64_t features = 0;  ///< of the console, kept when offered
    MaxPortsRead reads_max_ports = MaxPortsRead::with_multiport;  ///< 32-bit read of max_nr_ports
    bool attaches_late = false;     ///< interrupt enabled after DRIVER_OK, not before the queues
    Fill fill = Fill::after_ready;  ///< when the receive queue gets its buffers; on_demand: with
                                    ///< the first read
    Refill refill = Refill::at_once;
    bool kicks_first_fill = true;       ///< before_ready: tells the device of the buffers
    std::uint32_t receive_bytes = 0;    ///< of one receive buffer
    std::uint32_t transmit_bytes = 0;   ///< at most in one transmit buffer
    std::size_t receive_backlog = 0;    ///< received bytes at which draining stops
    bool kicks_each_buffer = false;     ///< while filling; else once at the end
    bool kicks_always = false;          ///< does not ask whether the device wants it
    bool waits_masked = false;          ///< interrupts masked while waiting for completion
    bool transmit_interrupts = false;   ///< leaves them on although it polls
    bool bounces_whole_buffer = false;  ///< a receive buffer is copied whole, both ways
    Completion completion = Completion::polled;
    NeedsReset needs_reset = NeedsReset::stops;
    bool config_ends_interrupt = false;  ///< a configuration change: the queues are not looked at
    std::uint32_t data_queue_size = 0;  ///< of receive and transmit queues; 0: the transport's rule

    // With MULTIPORT.
    /// Ports that are no console can be opened; their writes complete by interrupt.
    bool generic_ports = false;
    /// All consoles of the device are one UART (console_uart.h), which takes no note of their
    /// removal.
    bool one_uart = false;
    std::uint32_t device_ready_id = 0;              ///< id of the DEVICE_READY message
    std::uint32_t max_ports = UINT32_MAX;           ///< a port of a higher number is refused
    bool resize_rows_first = false;                 ///< how RESIZE is read; 5.3.6.2 has cols first
    std::uint32_t control_bytes = 0;                ///< of one control receive buffer
    std::uint32_t control_receive_queue_size = 0;   ///< 0: the transport's rule
    std::uint32_t control_transmit_queue_size = 0;  ///< 0: the transport's rule
};

/// The driver of a network device. The values that stand here are those of a simple driver: no
/// offloads, static buffers, notification of everything.
struct NetProfile {
    enum class Buffers : std::uint8_t {
        fixed,   ///< allocated once in the shared memory, `receive_bytes` each
        bounced  ///< virtio_net's for the features at hand, mapped for each use (see net_receive.h)
    };

    std::uint64_t features = abi::mmio::feature_bit(abi::net::feature::mac) |
                             abi::mmio::feature_bit(abi::net::feature::status);
    bool mac_between_generations = false;  ///< R0fc, six 8-bit reads of the MAC, R0fc
    bool validates_mtu = false;            ///< the MTU is read before FEATURES_OK too
    bool attaches_late = true;             ///< interrupt enabled after DRIVER_OK
    bool deferred = false;  ///< interrupts schedule polls (NAPI); else they are noted, and whoever
                            ///< waits looks at the rings
    bool sets_rx_mode = false;  ///< control commands when brought up and for each group joined
    Buffers buffers = Buffers::fixed;
    std::uint32_t receive_bytes = 2048;  ///< fixed: of a receive buffer
    /// fixed, with event index: so many receive buffers are handed over together, and again when
    /// all of them have been used, which is when the device interrupts. 0: as many as the ring
    /// holds, one by one.
    std::uint32_t receive_batch = 0;
    bool kicks_always = true;          ///< does not ask whether the device wants it
    bool transmit_interrupts = false;  ///< not only while it waits for room
    std::uint32_t stop_below = 1;      ///< free transmit descriptors below which it takes no more
    std::uint32_t refill_budget = 1;   ///< refills above half of this, or of the ring, free
    std::size_t backlog = 64;          ///< frames kept while the transmit queue is stopped
};

struct Profile {
    std::string_view name;
    Software software = Software::bare_metal;
    TransportProfile transport;
    InterruptProfile interrupts;
    ConsoleProfile console;
    NetProfile net{};
};

/// Linux 6.1: virtio_mmio, virtio_ring, virtio_console under hvc, irq-gic, swiotlb.
const Profile& linux_6_1();
/// A bare-metal program: the least that a careful one does.
const Profile& bare_metal();
/// The console of Bao's public bare-metal guest: virtio_console.c, virtio_queue.h, gicv2.c.
const Profile& bao_bare_metal();
/// Zephyr: virtio_mmio.c, uart_virtio_console.c with F_MULTIPORT, intc_gic.c.
const Profile& zephyr();

/// All profiles, for messages; and one by its name ("linux-6.1"), or null.
std::span<const Profile* const> profiles();
const Profile* find_profile(std::string_view name);

}  // namespace vms::frontend
