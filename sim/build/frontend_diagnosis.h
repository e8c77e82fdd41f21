// Why the program of a front-end VM has not finished, or has failed: its drivers, the devices as
// they left them, and what each workload waits for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/scenario/model.h"
#include "vms/frontend/frontend.h"

namespace sim {

/// A sentence for each. `needs_resets`: how often the back-end of a device has set
/// DEVICE_NEEDS_RESET (OASIS VirtIO v1.4, 2.1.2).
std::vector<std::string> describe_frontend(
    const VmConfig& vm, const vms::frontend::FrontendProgram& program,
    const std::function<std::uint64_t(const RemioDevConfig&)>& needs_resets);

}  // namespace sim
