#include "vms/frontend/driver.h"

#include "vms/frontend/console.h"
#include "vms/frontend/net.h"

namespace vms::frontend {

std::string_view name(DriverKind kind) {
    switch (kind) {
        case DriverKind::console:
            return "console";
        case DriverKind::net:
            return "net";
    }
    return {};
}

std::optional<DriverKind> find_driver(std::string_view name) {
    for (const DriverKind kind : {DriverKind::console, DriverKind::net})
        if (name == frontend::name(kind))
            return kind;
    return std::nullopt;
}

NetRings Driver::network_rings() const {
    return {};
}

std::unique_ptr<Driver> make_driver(const DriverContext& context, const DeviceConfig& device) {
    switch (device.driver) {
        case DriverKind::console:
            return std::make_unique<ConsoleDriver>(context, device);
        case DriverKind::net:
            return std::make_unique<NetDriver>(context, device);
    }
    return nullptr;
}

}  // namespace vms::frontend
