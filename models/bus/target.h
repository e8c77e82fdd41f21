// The register port of a device model: what the interconnect hands to the device that decodes an
// address. One call per access. It stands beside TLM-2.0 as DMI stands beside b_transport: the
// same transaction without the payload's overhead; TlmTarget (tlm_target.h) makes any Target a
// TLM-2.0 target, so that a foreign initiator reaches the same code.
#pragma once

#include <cstdint>

#include "models/base/time.h"
#include "vms/types.h"

namespace models {

/// An address on the physical bus.
struct PhysAddr {
    std::uint64_t value = 0;

    constexpr auto operator<=>(const PhysAddr&) const = default;
    constexpr PhysAddr operator+(std::uint64_t n) const { return {value + n}; }
};

/// A physical CPU, numbered as the hypervisor numbers it; the GIC CPU interface has the same
/// number.
struct CpuId {
    std::uint8_t value = 0;

    constexpr auto operator<=>(const CpuId&) const = default;
};

/// One access on its way to a device.
struct Access {
    std::uint64_t offset = 0;  ///< from the target's first byte
    std::uint64_t value = 0;   ///< written, or to be filled in by a read; only `width` bytes count
    vms::Width width = vms::Width::word;
    bool write = false;
    CpuId cpu{};         ///< who asks: banked registers depend on it
    Picos time{};        ///< when the access reaches the device; may be ahead of the kernel's time
    bool error = false;  ///< set by the target: decode or size error (SLVERR)
};

class Target {
  public:
    virtual void access(Access& a) = 0;

  protected:
    ~Target() = default;
};

/// How long an access to a target takes, as seen by the CPU, and who else can see its effect.
struct TargetTiming {
    Picos read{};   ///< load to use
    Picos write{};  ///< a posted write's cost for the CPU
    /// Registers banked to the accessing CPU need no agreement on time with the other CPUs.
    bool banked = false;
    /// An access may make the device schedule something of its own (an event, a process).
    bool schedules = true;
};

}  // namespace models
