#include "vms/service/peripherals.h"

namespace vms::service {

Peripherals::Peripherals(Port& port, const GuestConfig& config) : config_(config) {
    for (std::size_t i = 0; i < count(); ++i)
        make(slots_[i], port, config_.peripherals[i]);
}

void Peripherals::make(Slot& slot, Port& port, const PeripheralConfig& p) {
    switch (p.kind) {
        case PeripheralKind::cadence_uart:
            slot.serial = &slot.storage.emplace<CadenceUart>(
                port, CadenceUart::Parameters{p.base, p.clock_hz, p.baud});
            slot.peripheral = slot.serial;
            break;
        case PeripheralKind::pl011:
            slot.serial = &slot.storage.emplace<Pl011Uart>(
                port, Pl011Uart::Parameters{p.base, p.clock_hz, p.baud});
            slot.peripheral = slot.serial;
            break;
        case PeripheralKind::cadence_gem:
            slot.network = &slot.storage.emplace<CadenceGem>(port, gem_parameters(p));
            slot.peripheral = slot.network;
            break;
        case PeripheralKind::none:
            break;
    }
}

void Peripherals::start(Gicv2& gic, std::uint32_t priority) {
    for (std::size_t i = 0; i < count(); ++i) {
        if (slots_[i].peripheral == nullptr)
            continue;
        if (!slots_[i].peripheral->start())
            ++slots_[i].counters.start_failures;
        for (std::size_t k = 0; k < config_.peripherals[i].interrupt_count; ++k)
            gic.enable(config_.peripherals[i].interrupts[k], priority);
    }
}

bool Peripherals::interrupt(std::uint32_t id) {
    for (std::size_t i = 0; i < count(); ++i) {
        const PeripheralConfig& p = config_.peripherals[i];
        for (std::size_t k = 0; k < p.interrupt_count; ++k) {
            if (p.interrupts[k].value != id || slots_[i].peripheral == nullptr)
                continue;
            // A peripheral's interrupt is a level: quiet it, or it is back as soon as it is ended.
            slots_[i].peripheral->silence();
            slots_[i].marked = true;
            ++slots_[i].counters.interrupts;
            return true;
        }
    }
    return false;
}

bool Peripherals::any_marked() const {
    for (std::size_t i = 0; i < count(); ++i)
        if (slots_[i].marked)
            return true;
    return false;
}

void Peripherals::mark_waiting(const PeripheralSet& set) {
    for (std::size_t i = 0; i < count(); ++i)
        if (set.has(i) && slots_[i].peripheral != nullptr && slots_[i].peripheral->waits())
            slots_[i].marked = true;
}

void Peripherals::serve(std::size_t index) {
    Slot& slot = slots_[index];
    // Cleared first: an interrupt from here on announces something that serve() may not have seen.
    slot.marked = false;
    ++slot.counters.serves;
    if (slot.peripheral->serve())
        slot.marked = true;
}

}  // namespace vms::service
