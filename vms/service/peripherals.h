// The peripherals of one service guest: their drivers, made in place from the configuration, and
// which interrupts are theirs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "service_port.h"
#include "vms/service/config.h"
#include "vms/service/counters.h"
#include "vms/service/drivers/cadence_gem.h"
#include "vms/service/drivers/cadence_uart.h"
#include "vms/service/drivers/gicv2.h"
#include "vms/service/drivers/network_port.h"
#include "vms/service/drivers/pl011_uart.h"
#include "vms/service/drivers/serial_port.h"
#include "vms/service/in_place.h"
#include "vms/service/serial/channel.h"
#include "vms/service/serial/direct_line.h"
#include "vms/service/serial/shared_line.h"

namespace vms::service {

/// What the driver of a network controller is told.
constexpr CadenceGem::Parameters gem_parameters(const PeripheralConfig& p) {
    return {.base = p.base,
            .mac = p.mac,
            .dma_base = p.dma_base,
            .dma_size = p.dma_size,
            .pclk_hz = p.clock_hz,
            .rx_buffers = p.rx_buffers,
            .tx_buffers = p.tx_buffers,
            .max_frame = p.max_frame,
            .budget = p.budget,
            .phy_address = p.phy_address,
            .interrupts = !p.polling};
}

class Peripherals {
  public:
    /// `config` has passed check() and outlives this.
    Peripherals(Port& port, const GuestConfig& config);

    Peripherals(const Peripherals&) = delete;
    Peripherals& operator=(const Peripherals&) = delete;

    std::size_t count() const { return config_.peripheral_count; }
    const PeripheralCounters& counters(std::size_t index) const { return slots_[index].counters; }
    const LineCounters& line_counters(std::size_t index) const {
        return slots_[index].line_counters;
    }

    // nullptr: no such peripheral, or it is none of that kind.
    SerialLine* line(std::size_t index) { return index < count() ? slots_[index].line : nullptr; }
    NetworkPort* network(std::size_t index) {
        return index < count() ? slots_[index].network : nullptr;
    }

    const NetworkPort* network(std::size_t index) const {
        return index < count() ? slots_[index].network : nullptr;
    }

    /// Set all of them up and let their interrupts through, with this priority.
    void start(Gicv2& gic, std::uint32_t priority);

    /// In the vector. True: an interrupt of theirs; it is silent now and its peripheral marked.
    bool interrupt(std::uint32_t id);

    // The marks are set by the vector and taken by the main loop: each is written whole by either
    // side, so neither needs to lock the other out.
    // Marked is also what has something to do that no interrupt announces.
    bool marked(std::size_t index) const {
        const Slot& s = slots_[index];
        return s.marked || (s.peripheral != nullptr && s.peripheral->waits());
    }
    bool any_marked() const;
    bool any_network() const;
    void mark(std::size_t index) { slots_[index].marked = true; }
    /// Serve one that is marked.
    void serve(std::size_t index);

  private:
    struct Slot {
        PeripheralCounters counters;
        LineCounters line_counters;
        Peripheral* peripheral = nullptr;
        SerialLine* line = nullptr;
        NetworkPort* network = nullptr;
        volatile bool marked = false;
        InPlace<CadenceUart, Pl011Uart, CadenceGem> storage;
        InPlace<DirectLine, FramedLine, PrefixedLine> line_storage;
    };

    static void make(Slot& slot, Port& port, const PeripheralConfig& config);
    static void make_line(Slot& slot, Port& port, SerialPort& serial, SerialMode mode);

    const GuestConfig& config_;
    std::array<Slot, max_peripherals> slots_;
};

}  // namespace vms::service
