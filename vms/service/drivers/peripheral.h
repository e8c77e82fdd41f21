// Hardware behind the devices of a service guest, as its main loop sees it. Interrupt-driven:
// silence() runs in the interrupt vector and stops the interrupt at its source, so that it can be
// ended at once; serve() runs in the main loop, does the work and lets interrupts through again.
#pragma once

namespace vms::service {

class Peripheral {
  public:
    /// Once, before interrupts. False: it does not answer as it should.
    virtual bool start() = 0;
    /// In the interrupt vector: stop the interrupt at its source.
    virtual void silence() = 0;
    /// In the main loop: do what the interrupt asked for. True: more is to be done at once.
    virtual bool serve() = 0;
    /// Whether serve() has something to do that no interrupt announces.
    virtual bool waits() const = 0;

    Peripheral(const Peripheral&) = delete;
    Peripheral& operator=(const Peripheral&) = delete;

  protected:
    Peripheral() = default;
    ~Peripheral() = default;
};

}  // namespace vms::service
