// The guest's use of its interrupt controller, GICv2. After the Arm Generic Interrupt Controller
// Architecture Specification v2.0 (IHI 0048B): 4.3 distributor, 4.4 CPU interface. The distributor
// is emulated by the hypervisor, the CPU interface is the virtual one.
#pragma once

#include <cstdint>

#include "service_port.h"
#include "vms/abi/gicv2.h"
#include "vms/types.h"

namespace vms::service {

class Gicv2 {
  public:
    Gicv2(Port& port, GuestAddr gicd, GuestAddr gicc) : port_(port), gicd_(gicd), gicc_(gicc) {}

    /// Enable the distributor and this CPU's interface, letting every priority through.
    void start() {
        using namespace abi::gicv2;
        port_.device_store(gicd_ + gicd::ctlr, Width::word, gicd::ctlr_enable);
        // 4.3.12: the target bytes of the banked interrupts read as this CPU's own mask.
        const std::uint32_t own = port_.device_load(gicd_ + gicd::itargetsr, Width::byte) & 0xff;
        cpu_mask_ = own != 0 ? own : 1;
        port_.device_store(gicc_ + gicc::pmr, Width::word, gicc::pmr_all);
        port_.device_store(gicc_ + gicc::ctlr, Width::word, gicc::ctlr_enable);
    }

    /// Route an interrupt to this CPU and enable it.
    void enable(IntId id, std::uint32_t priority) {
        using namespace abi::gicv2;
        port_.device_store(gicd_ + gicd::byte_register(gicd::ipriorityr, id.value), Width::byte,
                           priority);
        if (id.value >= first_spi)
            port_.device_store(gicd_ + gicd::byte_register(gicd::itargetsr, id.value), Width::byte,
                               cpu_mask_);
        port_.device_store(gicd_ + gicd::bit_register(gicd::isenabler, id.value), Width::word,
                           gicd::bit(id.value));
    }

    /// GICC_IAR as read: the id with, for an SGI, its source.
    std::uint32_t acknowledge() {
        return port_.device_load(gicc_ + abi::gicv2::gicc::iar, Width::word);
    }
    /// `acknowledged` as it was read.
    void end(std::uint32_t acknowledged) {
        port_.device_store(gicc_ + abi::gicv2::gicc::eoir, Width::word, acknowledged);
    }

  private:
    Port& port_;
    const GuestAddr gicd_;
    const GuestAddr gicc_;
    std::uint32_t cpu_mask_ = 1;
};

}  // namespace vms::service
