// The driver of a shared-memory object with doorbells (Bao: ipc): the doorbells of this side are
// interrupts, those of the other side a hypercall (vms/abi/bao.h).
#pragma once

#include <cstdint>
#include <vector>

#include "vms/cpu.h"
#include "vms/frontend/interrupts.h"
#include "vms/frontend/operations.h"
#include "vms/workload/ipc_port.h"

namespace vms::frontend {

/// One of the VM's ipcs.
struct IpcConfig {
    GuestAddr base{};
    std::uint64_t size = 0;
    std::vector<IntId> interrupts;  ///< by event
};

class IpcDriver final : public workload::IpcPort, public InterruptHandler {
  public:
    IpcDriver(Cpu& cpu, Interrupts& interrupts, const Operations& operations,
              const IpcConfig& config);

    /// Take the object's interrupts.
    void probe();

    // workload::IpcPort
    GuestAddr base() const override { return config_.base; }
    std::uint64_t size() const override { return config_.size; }
    std::int64_t ring(std::uint64_t index, std::uint64_t event) override;
    void wait() override;

    // InterruptHandler
    void interrupt(IntId id) override;

  private:
    Cpu& cpu_;
    Interrupts& interrupts_;
    const Operations& operations_;
    IpcConfig config_;
    bool rung_ = false;
};

}  // namespace vms::frontend
