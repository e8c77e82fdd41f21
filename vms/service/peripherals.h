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
            .phy_address = p.phy_address};
}

class Peripherals {
  public:
    /// `config` has passed check() and outlives this.
    Peripherals(Port& port, const GuestConfig& config);

    Peripherals(const Peripherals&) = delete;
    Peripherals& operator=(const Peripherals&) = delete;

    std::size_t count() const { return config_.peripheral_count; }
    const PeripheralCounters& counters(std::size_t index) const { return slots_[index].counters; }

    /// nullptr: no such peripheral, or it is none of that kind.
    SerialPort* serial(std::size_t index) {
        return index < count() ? slots_[index].serial : nullptr;
    }

    /// nullptr: no such peripheral, or it is no network interface.
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
    bool marked(std::size_t index) const { return slots_[index].marked; }
    bool any_marked() const;
    /// Mark those of the set that have something to do which no interrupt announces.
    void mark_waiting(const PeripheralSet& set);
    /// Serve one that is marked.
    void serve(std::size_t index);

  private:
    struct Slot {
        PeripheralCounters counters;
        Peripheral* peripheral = nullptr;
        SerialPort* serial = nullptr;
        NetworkPort* network = nullptr;
        volatile bool marked = false;
        InPlace<CadenceUart, Pl011Uart, CadenceGem> storage;
    };

    void make(Slot& slot, Port& port, const PeripheralConfig& config);

    const GuestConfig& config_;
    std::array<Slot, max_peripherals> slots_;
};

}  // namespace vms::service
