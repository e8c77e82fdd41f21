// The registers' names, for whoever tells people of them: VirtIO v1.4, 4.2.2.
#pragma once

#include <cstdint>
#include <string_view>

#include "vms/abi/virtio_mmio.h"

namespace vms::abi::mmio {

/// Empty where there is no register; the configuration space has none.
constexpr std::string_view register_name(std::uint64_t offset) {
    struct Name {
        std::uint32_t offset;
        std::string_view name;
    };
    constexpr Name names[] = {
        {magic_value, "MagicValue"},
        {version, "Version"},
        {device_id, "DeviceID"},
        {vendor_id, "VendorID"},
        {device_features, "DeviceFeatures"},
        {device_features_sel, "DeviceFeaturesSel"},
        {driver_features, "DriverFeatures"},
        {driver_features_sel, "DriverFeaturesSel"},
        {queue_sel, "QueueSel"},
        {queue_size_max, "QueueSizeMax"},
        {queue_size, "QueueSize"},
        {queue_ready, "QueueReady"},
        {queue_notify, "QueueNotify"},
        {interrupt_status, "InterruptStatus"},
        {interrupt_ack, "InterruptACK"},
        {status, "Status"},
        {queue_desc_low, "QueueDescLow"},
        {queue_desc_high, "QueueDescHigh"},
        {queue_driver_low, "QueueDriverLow"},
        {queue_driver_high, "QueueDriverHigh"},
        {queue_device_low, "QueueDeviceLow"},
        {queue_device_high, "QueueDeviceHigh"},
        {shm_sel, "SHMSel"},
        {shm_len_low, "SHMLenLow"},
        {shm_len_high, "SHMLenHigh"},
        {shm_base_low, "SHMBaseLow"},
        {shm_base_high, "SHMBaseHigh"},
        {queue_reset, "QueueReset"},
        {config_generation, "ConfigGeneration"},
    };
    for (const Name& n : names)
        if (n.offset == offset)
            return n.name;
    return {};
}

}  // namespace vms::abi::mmio
