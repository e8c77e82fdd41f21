// Bao's static configuration, as its config.h and vm.h declare it (structures config, vm_config,
// vm_platform, vm_mem_region, vm_dev_region, ipc, remio_dev, shmem); only what the simulated
// hypervisor uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "models/bus/target.h"
#include "vms/types.h"

namespace models::bao {

struct Shmem {
    std::uint64_t size = 0;
    PhysAddr phys{};
};

struct MemRegion {
    vms::GuestAddr base{};
    std::uint64_t size = 0;
    PhysAddr phys{};
    std::byte* host = nullptr;  ///< where the simulation keeps it
};

struct DevRegion {
    PhysAddr pa{};
    vms::GuestAddr va{};
    std::uint64_t size = 0;
    std::vector<vms::IntId> interrupts;
};

struct Ipc {
    vms::GuestAddr base{};
    std::uint64_t size = 0;
    std::size_t shmem_id = 0;
    std::vector<vms::IntId> interrupts;
};

enum class RemioDevType : std::uint8_t { frontend = 0, backend = 1 };

struct RemioDev {
    std::string name;  ///< the scenario's, for reports
    RemioDevType type = RemioDevType::frontend;
    std::uint64_t bind_key = 0;
    vms::GuestAddr va{};     ///< front-end: the MMIO window
    std::uint64_t size = 0;  ///< front-end
    vms::IntId interrupt{};
    struct {
        vms::GuestAddr base{};
        std::uint64_t size = 0;
        std::size_t shmem_id = 0;
    } shmem;
};

struct VmConfig {
    std::string name;
    std::uint64_t cpu_affinity = 0;  ///< exactly the CPUs of this VM
    Picos start{};                   ///< the VM's CPUs leave reset this late
    std::vector<MemRegion> regions;
    std::vector<DevRegion> devs;
    std::vector<Ipc> ipcs;
    std::vector<RemioDev> remio_devs;
    vms::GuestAddr gicd{};
    vms::GuestAddr gicc{};
};

struct GicPlatform {
    PhysAddr gicd{};
    PhysAddr gicc{};
    PhysAddr gich{};
    PhysAddr gicv{};
    vms::IntId maintenance{25};
    unsigned list_registers = 4;
    unsigned interrupt_lines = 192;
};

struct Config {
    std::vector<Shmem> shmemlist;
    std::vector<VmConfig> vmlist;
    GicPlatform gic;
    unsigned cpu_num = 4;
    bool firmware_standby = false;  ///< cpu_standby is a PSCI call to EL3 and not a plain WFI
    bool corrected_vgic = false;    ///< without what Bao's vGIC loses or doubles (vgic.h)
    /// Injected fault: this many remote I/O requests in the pool instead of one for each CPU; 0: no
    /// fault. Nothing else exhausts it, since a CPU stands still for its request.
    unsigned request_pool = 0;
};

}  // namespace models::bao
