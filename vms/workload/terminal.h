// The byte stream that a workload talks through, as a program sees its terminal: blocking writes,
// reads of what has arrived, a wait for more. A port of a console driver implements it. The device
// behind it can be reset and started again under it; what that threw away is on its account.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vms::workload {

/// Bytes over a terminal since it exists, resets of its device included.
struct TerminalAccount {
    std::uint64_t written = 0;  ///< handed to the device
    /// Of those, not given back when the device was reset: it may have taken any first part of
    /// them.
    std::uint64_t abandoned = 0;
    std::uint64_t read = 0;  ///< by the program
    /// Delivered by the device and thrown away unread: by a reset, or because nobody had opened the
    /// terminal.
    std::uint64_t discarded = 0;
};

/// What a program at a terminal waits for, or what has ended its use of it.
enum class Hindrance : std::uint8_t {
    none,            ///< nothing that the terminal knows of
    no_port,         ///< the device has no port of that number
    no_name,         ///< no port of the device has that name
    no_console,      ///< no port of the device is a console
    not_added,       ///< the device has not added the port
    not_introduced,  ///< added, but neither a console nor named nor open at its far end
    removed,         ///< the device has taken the port away
    far_end_closed,  ///< nobody has been at the far end since the terminal was opened
    hung_up,         ///< whoever was at the far end has closed it
};

class Terminal {
  public:
    /// Wait until it is there, and open it. False: it failed, or there will be none.
    virtual bool open() = 0;
    /// Nobody reads or writes any more.
    virtual void close() = 0;
    /// Can it be used? False before open(), after a failed probe, or once its device has broken.
    virtual bool usable() const = 0;
    /// Write all of `bytes`; returns when the device has taken them, or, where the driver does not
    /// wait for that, when it has room for them. False: the terminal failed.
    virtual bool write(std::span<const std::byte> bytes) = 0;
    /// Hand over as many of `bytes` as there is room for, without a wait. Returns how many.
    virtual std::size_t submit(std::span<const std::byte> bytes) = 0;
    /// Take up to `into.size()` bytes that have arrived; 0 when there are none. Never waits.
    virtual std::size_t read(std::span<std::byte> into) = 0;
    /// Sleep until there is something to read. False: nothing will come, as the terminal failed,
    /// was taken away, or its far end was closed.
    virtual bool wait_for_input() = 0;
    /// Reset the device, whatever it is doing, and start it again. All its terminals are closed by
    /// it. False: it did not start.
    virtual bool restart() = 0;
    virtual TerminalAccount account() const = 0;
    virtual Hindrance hindrance() const = 0;

  protected:
    ~Terminal() = default;
};

}  // namespace vms::workload
