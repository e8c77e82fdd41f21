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
    read_status,       ///< R: looked at only for NEEDS_RESET
    await_reset,       ///< R until it reads 0
    require_features,  ///< R: FEATURES_OK stayed set, or fault
    require_status,    ///< R: all bits of `arg` are set, or fault
    expect_status,     ///< R: reads exactly `arg`, or fault
    // features, `arg` = word of 32 bits
    select_device_word,  ///< W014
    read_device_word,    ///< R010
    require_version_1,   ///< no access: VERSION_1 is offered, or fault
    select_driver_word,  ///< W024
    write_driver_word,   ///< W020
    validate,            ///< what the device's driver reads before the features are final
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

    std::uint64_t features = 0;             ///< transport and ring features kept when offered
    std::uint64_t ring_alignment = 0;       ///< of a ring's memory
    std::uint64_t used_ring_alignment = 0;  ///< of the used ring within it
    /// Without ACCESS_PLATFORM the rings and buffers lie in the VM's own memory.
    bool bypasses_shared_region = false;
};

/// The driver's side of the interrupt controller.
struct InterruptProfile {
    enum class Setup : std::uint8_t {
        all_interrupts,  ///< put every shared interrupt into a known state
        only_enable,     ///< switch distributor and CPU interface on
    };
    Setup setup = Setup::only_enable;
    bool configures_trigger = false;         ///< ICFGR of each interrupt used
    bool drains = false;                     ///< acknowledge until nothing is pending
    bool acknowledges_before_queues = true;  ///< InterruptACK before the rings are looked at
};

struct ConsoleProfile {
    enum class Fill : std::uint8_t { before_ready, after_ready };

    std::uint64_t features = 0;        ///< of the console, kept when offered
    bool reads_max_ports = false;      ///< 32-bit read of max_nr_ports
    bool attaches_late = false;        ///< interrupt enabled after DRIVER_OK, not before the queues
    Fill fill = Fill::after_ready;     ///< when the receive queue gets its buffers
    std::uint32_t receive_bytes = 0;   ///< of one receive buffer
    std::uint32_t transmit_bytes = 0;  ///< at most in one transmit buffer
    std::size_t receive_backlog = 0;   ///< received bytes at which draining stops
    bool kicks_each_buffer = false;    ///< while filling; else once at the end
    bool kicks_always = false;         ///< does not ask whether the device wants it
    bool waits_masked = false;         ///< interrupts masked while waiting for completion
    bool transmit_interrupts = false;  ///< leaves them on although it polls
    bool bounces_whole_buffer = false;  ///< a receive buffer is copied whole, both ways
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
    bool fills_before_ready = true;  ///< receive buffers before DRIVER_OK, not when brought up
    bool deferred = false;  ///< interrupts schedule polls (NAPI); else they are noted, and whoever
                            ///< waits looks at the rings
    bool sets_rx_mode = false;  ///< control commands when brought up and for each group joined
    Buffers buffers = Buffers::fixed;
    std::uint32_t receive_bytes = 2048;  ///< fixed: of a receive buffer
    bool kicks_always = true;            ///< does not ask whether the device wants it
    bool transmit_interrupts = false;    ///< not only while it waits for room
    std::uint32_t stop_below = 1;        ///< free transmit descriptors below which it takes no more
    std::uint32_t refill_budget = 1;     ///< refills above half of this, or of the ring, free
    std::size_t backlog = 64;            ///< frames kept while the transmit queue is stopped
};

struct Profile {
    std::string_view name;
    Software software = Software::bare_metal;
    TransportProfile transport;
    InterruptProfile interrupts;
    ConsoleProfile console;
    NetProfile net;
};

/// Linux 6.1: virtio_mmio, virtio_ring, virtio_console under hvc, irq-gic, swiotlb.
const Profile& linux_6_1();
/// A bare-metal program in the manner of the public console front-end for Bao.
const Profile& bare_metal();

/// All profiles, for messages; and one by its name ("linux-6.1"), or null.
std::span<const Profile* const> profiles();
const Profile* find_profile(std::string_view name);

}  // namespace vms::frontend
