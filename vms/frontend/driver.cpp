#include "vms/frontend/driver.h"

#include "vms/frontend/console.h"

namespace vms::frontend {

std::string_view name(DriverKind kind) {
    switch (kind) {
        case DriverKind::console:
            return "console";
    }
    return {};
}

std::optional<DriverKind> find_driver(std::string_view name) {
    if (name == frontend::name(DriverKind::console))
        return DriverKind::console;
    return std::nullopt;
}

std::unique_ptr<Driver> make_driver(const DriverContext& context, const DeviceConfig& device) {
    switch (device.driver) {
        case DriverKind::console:
            return std::make_unique<ConsoleDriver>(context, device);
    }
    return nullptr;
}

}  // namespace vms::frontend
