// The consoles of a device as one UART, which is how Zephyr has them (uart_virtio_console.c,
// virtconsole_poll_out and virtconsole_poll_in): a character goes to every port that is a console,
// and comes from the first of them, by number, that has one. With no console at all, characters go
// nowhere. A program cannot choose a port, and does not hear of ports that come and go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "vms/frontend/console_device.h"
#include "vms/frontend/console_port.h"

namespace vms::frontend {

class ConsoleUart final : public workload::Terminal {
  public:
    /// `ports`: the driver's, which may grow. `restart` resets the device and starts it again.
    ConsoleUart(ConsoleDevice& device, const std::vector<std::unique_ptr<ConsolePort>>& ports,
                std::function<bool()> restart);

    // workload::Terminal
    /// Wait until there is a console: what is written before goes nowhere.
    bool open() override;
    void close() override {}
    bool usable() const override { return device_.usable() || device_.restart_due(); }
    bool write(std::span<const std::byte> bytes) override;
    std::size_t submit(std::span<const std::byte> bytes) override;
    /// One poll_in: a character at most.
    std::size_t read(std::span<std::byte> into) override;
    bool wait_for_input() override;
    bool restart() override { return restart_(); }
    /// Written: what the port that has had most of it was given.
    workload::TerminalAccount account() const override;
    workload::Hindrance hindrance() const override;

  private:
    /// The ports that are consoles, as bits (`console_ports`).
    std::uint32_t consoles() const;
    bool has_input() const;
    bool recover();

    ConsoleDevice& device_;
    const std::vector<std::unique_ptr<ConsolePort>>& ports_;
    std::function<bool()> restart_;
};

}  // namespace vms::frontend
