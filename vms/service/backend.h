// The back-ends that a service guest can offer, by name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "vms/service/config.h"
#include "vms/service/console/console.h"
#include "vms/service/counters.h"
#include "vms/service/drivers/cadence_uart.h"
#include "vms/service/drivers/pl011_uart.h"
#include "vms/service/drivers/serial_port.h"
#include "vms/service/in_place.h"

namespace vms::service {

/// Room for one device of any kind, and for the driver of the hardware behind it.
struct BackendStorage {
    InPlace<Console> device;
    InPlace<CadenceUart, Pl011Uart> serial;
};

struct BackendKind {
    std::string_view name;
    bool needs_serial = false;
    VirtioDevice& (*make)(BackendStorage& storage, Port& port, const DeviceConfig& config,
                          DeviceCounters& counters);
};

std::span<const BackendKind> backend_kinds();
/// nullptr: there is none of that name.
const BackendKind* find_backend(std::string_view name);

}  // namespace vms::service
