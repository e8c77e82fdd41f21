// A device of the machine that is passed through to the service guest, as the guest's main loop
// sees it, whatever it is: interrupt-driven, with the work kept out of the interrupt vector.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vms::service {

class Peripheral {
  public:
    /// Once, before interrupts. False: it does not answer as it should.
    virtual bool start() = 0;
    /// In the interrupt vector: stop the interrupt at its source, so that it can be ended at once.
    virtual void silence() = 0;
    /// In the main loop: do what the interrupt asked for and let interrupts through again. True:
    /// more is to be done at once.
    virtual bool serve() = 0;
    /// Whether serve() has something to do that no interrupt announces.
    virtual bool waits() const { return false; }

    Peripheral(const Peripheral&) = delete;
    Peripheral& operator=(const Peripheral&) = delete;

  protected:
    Peripheral() = default;
    ~Peripheral() = default;
};

/// Peripherals by their index in GuestConfig::peripherals.
class PeripheralSet {
  public:
    static constexpr std::size_t capacity = 32;

    constexpr void add(std::size_t peripheral) {
        if (peripheral < capacity)
            members_ |= std::uint32_t{1} << peripheral;
    }
    constexpr bool has(std::size_t peripheral) const {
        return peripheral < capacity && (members_ >> peripheral & 1) != 0;
    }

  private:
    std::uint32_t members_ = 0;
};

}  // namespace vms::service
