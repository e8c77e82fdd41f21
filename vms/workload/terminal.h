// The byte stream that a workload talks through, as a program sees its terminal: blocking writes,
// reads of what has arrived, a wait for more. A console driver implements it.
#pragma once

#include <cstddef>
#include <span>

namespace vms::workload {

class Terminal {
  public:
    /// Can it still be used? False after a failed probe, or once its device has broken.
    virtual bool usable() const = 0;
    /// Write all of `bytes`; returns when the device has taken them. False: the terminal failed.
    virtual bool write(std::span<const std::byte> bytes) = 0;
    /// Take up to `into.size()` bytes that have arrived; 0 when there are none. Never waits.
    virtual std::size_t read(std::span<std::byte> into) = 0;
    /// Sleep until there is something to read. False: the terminal failed and nothing will come.
    virtual bool wait_for_input() = 0;

  protected:
    ~Terminal() = default;
};

}  // namespace vms::workload
