// Why a front-end driver refuses to go on: what the host reads, and the code of a driver_fault
// note.
#pragma once

#include <cstdint>
#include <string_view>

namespace vms::frontend {

enum class Fault : std::uint8_t {
    none = 0,
    wrong_magic = 1,            ///< MagicValue is not "virt"
    unsupported_version = 2,    ///< Version is not 2
    empty_slot = 3,             ///< DeviceID 0: a placeholder
    wrong_device = 4,           ///< another DeviceID than the driver's
    status_mismatch = 5,        ///< Status does not read as it was written
    needs_reset = 6,            ///< the device asks for a reset
    version_1_missing = 7,      ///< VIRTIO_F_VERSION_1 not offered
    features_refused = 8,       ///< FEATURES_OK did not stay set
    queue_busy = 9,             ///< QueueReady before the queue was set up
    queue_absent = 10,          ///< QueueSizeMax 0
    bad_queue_size = 11,        ///< QueueSizeMax, or the size asked for, is not a power of two
    out_of_shared_memory = 12,  ///< no room for a ring or a buffer
    ring_broken = 13,           ///< a used element names no outstanding buffer
    features_missing = 14,      ///< a feature that the driver cannot do without is not offered
    port_absent = 15,           ///< a workload's port is beyond max_nr_ports
};

constexpr std::string_view name(Fault f) {
    switch (f) {
        case Fault::none:
            return "none";
        case Fault::wrong_magic:
            return "wrong magic value";
        case Fault::unsupported_version:
            return "unsupported version";
        case Fault::empty_slot:
            return "empty slot";
        case Fault::wrong_device:
            return "wrong device id";
        case Fault::status_mismatch:
            return "status mismatch";
        case Fault::needs_reset:
            return "device needs reset";
        case Fault::version_1_missing:
            return "VERSION_1 not offered";
        case Fault::features_refused:
            return "features refused";
        case Fault::queue_busy:
            return "queue already in use";
        case Fault::queue_absent:
            return "queue not available";
        case Fault::bad_queue_size:
            return "bad queue size";
        case Fault::out_of_shared_memory:
            return "out of shared memory";
        case Fault::ring_broken:
            return "used ring broken";
        case Fault::features_missing:
            return "features missing";
        case Fault::port_absent:
            return "port absent";
    }
    return "unknown";
}

}  // namespace vms::frontend
