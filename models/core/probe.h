// What the models tell about a run: typed events, the legs of a trapped access, and observations.
// One sink is attached by the program (sim/observe); without one a probe costs a branch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "models/base/time.h"
#include "models/bus/target.h"
#include "vms/cpu.h"

namespace models {

/// Names one forwarded access through all that happens to it: counted from 1, never reused.
struct RequestId {
    std::uint64_t value = 0;

    constexpr auto operator<=>(const RequestId&) const = default;
    explicit constexpr operator bool() const { return value != 0; }
};

/// Kinds of event. The comment gives the meaning of a, b, c.
enum class EventKind : std::uint8_t {
    boot,           ///< a VM's CPU starts: a = vm, b = vcpu
    trap,           ///< a load or store reaches EL2: a = address, b = width | write << 8, c = value
    message_push,   ///< CPU message queued: a = target CPU, b = handler << 32 | event, c = data
    message_drop,   ///< queue full: as message_push
    message_pop,    ///< a = handler << 32 | event, c = data
    request,        ///< remote I/O request created: a = address, b = width | op << 8, c = value
    ask,            ///< taken by the back-end: a = bind key
    complete,       ///< answered: a = bind key, b = op of the completion, c = value
    resume,         ///< the front-end's access ends: c = value in its register
    notify,         ///< NOTIFY hypercall: a = bind key
    hypercall,      ///< a = function id, b = result (two's complement)
    physical_irq,   ///< acknowledged at EL2: a = interrupt id
    inject,         ///< list register written: a = virtual id, b = list register
    maintenance,    ///< maintenance interrupt handled: a = MISR
    virtual_irq,    ///< the guest's vector is entered
    standby,        ///< EL2 standby entered
    ring_publish,   ///< a = queue identity, b = index
    ring_consume,   ///< a = queue identity, b = index
    backend_step,   ///< a = step, b = detail
    workload_done,  ///< a = success
    driver_fault,   ///< a front-end driver gave up: a = its code, b = detail
    uart_tx,        ///< a byte left a UART: a = byte
    uart_rx,        ///< a byte arrived at a UART: a = byte
    power_off,      ///< the program returned
};

struct Event {
    Picos time{};
    CpuId cpu{};
    EventKind kind{};
    RequestId request{};
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::uint64_t c = 0;
};

/// The stretch of hypervisor (or firmware) code that a leg of data/bao-path-costs.csv names,
/// as it was executed: counters of the CPU, not of the table.
struct LegRecord {
    std::uint16_t leg = 0;  ///< bao::Leg
    CpuId cpu{};
    RequestId request{};
    Picos begin{};
    Picos end{};
    std::uint32_t instructions = 0;  ///< at the leg's exception level, device accesses included
    std::uint32_t mmio = 0;          ///< device accesses among them
};

/// A device access by a CPU, for the tests that check order and number.
struct MmioRecord {
    Picos time{};
    CpuId cpu{};
    PhysAddr address{};
    std::uint64_t value = 0;
    bool write = false;
    std::uint8_t exception_level = 0;
};

/// An Ethernet frame in the hands of software; the bytes are valid during the call.
struct FrameRecord {
    Picos time{};
    CpuId cpu{};
    vms::FramePoint where{};
    std::uint64_t device = 0;
    std::span<const std::byte> bytes;
};

/// Something that would go unseen on a board and that a user should know: which rule, who, what.
struct Observation {
    Picos time{};
    CpuId cpu{};
    std::string_view rule;  ///< stable identifier, e.g. "remio.completion-op-mismatch"
    std::string vm;
    std::string what;
};

class Probe {
  public:
    virtual void event(const Event& e) = 0;
    virtual void leg(const LegRecord& r) = 0;
    virtual void mmio(const MmioRecord& r) = 0;
    virtual void frame(const FrameRecord& /*r*/) {}
    virtual void observation(Observation o) = 0;

  protected:
    ~Probe() = default;
};

/// What the models hold: which parts of a probe are wanted.
struct ProbeHub {
    Probe* events = nullptr;
    Probe* legs = nullptr;
    Probe* mmio = nullptr;
    Probe* frames = nullptr;  ///< before the simulation starts
    Probe* observations = nullptr;

    void event(const Event& e) const {
        if (events != nullptr)
            events->event(e);
    }
    void observe(Observation o) const {
        if (observations != nullptr)
            observations->observation(std::move(o));
    }
};

}  // namespace models
