// Stage-2 translation of one VM (Arm ARM D8): which guest-physical ranges are RAM, which are
// devices passed through, and that everything else traps to EL2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/bus/target.h"
#include "vms/types.h"

namespace models {

class Stage2 {
  public:
    struct Ram {
        vms::GuestAddr base{};
        std::uint64_t size = 0;
        PhysAddr phys{};
        std::byte* host = nullptr;
    };
    struct Device {
        vms::GuestAddr base{};
        std::uint64_t size = 0;
        PhysAddr phys{};
    };

    void add(const Ram& r) { ram_.push_back(r); }
    void add(const Device& d) { devices_.push_back(d); }

    const std::vector<Ram>& ram() const { return ram_; }
    const std::vector<Device>& devices() const { return devices_; }

  private:
    std::vector<Ram> ram_;
    std::vector<Device> devices_;
};

}  // namespace models
