// A shared-memory object with doorbells (Bao: ipc) as a program sees it: memory that another VM
// sees too, a way to ring there, and a wait until it has rung here. The driver implements it.
#pragma once

#include <cstdint>

#include "vms/types.h"

namespace vms::workload {

class IpcPort {
  public:
    virtual GuestAddr base() const = 0;
    virtual std::uint64_t size() const = 0;  ///< bytes
    /// Ring doorbell `event` of the object that the hypervisor knows under `index` in this VM. The
    /// hypercall's result: 0, or negative when it was refused.
    virtual std::int64_t ring(std::uint64_t index, std::uint64_t event) = 0;
    /// Sleep until it has rung here since the last wait.
    virtual void wait() = 0;

  protected:
    ~IpcPort() = default;
};

}  // namespace vms::workload
