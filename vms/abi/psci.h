// The Power State Coordination Interface as guests call it (Arm DEN0022, 5.1): function ids in x0
// of an SMC or HVC, and results.
#pragma once

#include <cstdint>

namespace vms::abi::psci {

/// x1 = MPIDR of the CPU, x2 = entry point, x3 = what it finds in x0.
inline constexpr std::uint64_t cpu_on_64 = 0xC400'0003;

inline constexpr std::int64_t success = 0;
inline constexpr std::int64_t already_on = -4;

}  // namespace vms::abi::psci
