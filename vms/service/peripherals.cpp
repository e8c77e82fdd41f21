#include "vms/service/peripherals.h"

namespace vms::service {

Peripherals::Peripherals(Port& port, const GuestConfig& config) : config_(config) {
    for (std::size_t i = 0; i < count(); ++i)
        make(slots_[i], port, config_.peripherals[i]);
}

void Peripherals::make(Slot& slot, Port& port, const PeripheralConfig& p) {
    const auto serial = [&]<typename Uart>() {
        Uart& uart =
            slot.storage.emplace<Uart>(port, typename Uart::Parameters{p.base, p.clock_hz, p.baud});
        slot.peripheral = &uart;
        make_line(slot, port, uart, p.serial_mode);
    };
    switch (p.kind) {
        case PeripheralKind::cadence_uart:
            serial.operator()<CadenceUart>();
            break;
        case PeripheralKind::pl011:
            serial.operator()<Pl011Uart>();
            break;
        case PeripheralKind::cadence_gem:
            slot.network = &slot.storage.emplace<CadenceGem>(port, gem_parameters(p));
            slot.peripheral = slot.network;
            break;
        case PeripheralKind::none:
            break;
    }
}

void Peripherals::make_line(Slot& slot, Port& port, SerialPort& serial, SerialMode mode) {
    switch (mode) {
        case SerialMode::direct:
            slot.line = &slot.line_storage.emplace<DirectLine>(serial);
            break;
        case SerialMode::framed:
            slot.line = &slot.line_storage.emplace<FramedLine>(port, serial, slot.line_counters);
            break;
        case SerialMode::prefixed:
            slot.line = &slot.line_storage.emplace<PrefixedLine>(port, serial, slot.line_counters);
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

bool Peripherals::any_network() const {
    for (std::size_t i = 0; i < count(); ++i)
        if (slots_[i].network != nullptr)
            return true;
    return false;
}

bool Peripherals::any_marked() const {
    for (std::size_t i = 0; i < count(); ++i)
        if (marked(i))
            return true;
    return false;
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
