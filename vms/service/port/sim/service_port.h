// The layer under the service guest in the simulator: forwards to the CPU that the guest runs on
// and turns charges into retired work. Its counterpart on the target: port/aarch64/service_port.h;
// the include path chooses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "vms/cpu.h"
#include "vms/service/operations.h"
#include "vms/service/port/sim/operation_costs.h"
#include "vms/service/steps.h"

namespace vms::service {

class Port {
  public:
    Port(Cpu& cpu, const OperationCosts& costs) : cpu_(cpu), costs_(costs) {}

    // --- device registers -------------------------------------------------------------------
    std::uint32_t device_load(GuestAddr a, Width w) {
        return static_cast<std::uint32_t>(cpu_.load(a, w));
    }
    void device_store(GuestAddr a, Width w, std::uint32_t value) { cpu_.store(a, w, value); }

    // --- memory: checked by the caller (SharedMemory) ---------------------------------------
    std::uint64_t memory_load(GuestAddr a, Width w) { return cpu_.load(a, w); }
    void memory_store(GuestAddr a, Width w, std::uint64_t value) { cpu_.store(a, w, value); }
    void copy_in(std::span<std::byte> to, GuestAddr from) {
        if (to.empty())
            return;
        if (const std::byte* p = cpu_.ram(from, to.size())) {
            std::memcpy(to.data(), p, to.size());
            return;
        }
        // Memory that the configuration failed to map: each access traps, as on the machine.
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = static_cast<std::byte>(cpu_.load(from + i, Width::byte));
    }
    void copy_out(GuestAddr to, std::span<const std::byte> from) {
        if (from.empty())
            return;
        if (std::byte* p = cpu_.ram(to, from.size())) {
            std::memcpy(p, from.data(), from.size());
            return;
        }
        for (std::size_t i = 0; i < from.size(); ++i)
            cpu_.store(to + i, Width::byte, std::to_integer<std::uint64_t>(from[i]));
    }

    // --- ordering ---------------------------------------------------------------------------
    /// All written before is visible before this word is.
    void publish(GuestAddr a, Width w, std::uint64_t value) { cpu_.publish(a, w, value); }
    /// What this word hands over may be read after.
    std::uint64_t observe(GuestAddr a, Width w) { return cpu_.observe(a, w); }
    void barrier() { cpu_.barrier(); }

    // --- hypervisor, interrupts, time -------------------------------------------------------
    void hypercall(CallRegisters& x) { cpu_.hvc(x); }
    void wait_for_interrupt() { cpu_.wait_for_interrupt(); }
    void mask_interrupts(bool masked) { cpu_.mask_interrupts(masked); }
    void set_vector(InterruptVector& vector) { cpu_.set_vector(&vector); }
    std::uint64_t counter() { return cpu_.counter(); }
    /// The virtual timer: an interrupt when the counter reaches `compare`.
    void start_timer(std::uint64_t compare) {
        cpu_.set_timer(compare, {.enable = true, .imask = false, .istatus = false});
    }
    void stop_timer() { cpu_.set_timer(0, {.enable = false, .imask = true, .istatus = false}); }
    std::uint32_t counter_frequency() const { return cpu_.counter_frequency(); }

    // --- for the observers ------------------------------------------------------------------
    /// The computation of `n` operations.
    template <Operation operation>
    void charge(std::uint32_t n = 1) {
        if (n != 0)
            cpu_.retire(costs_[operation] * n);
    }
    void note(Step step, std::uint64_t detail) {
        cpu_.note(Note::backend_step, static_cast<std::uint64_t>(step), detail);
    }
    void note_published(std::uint64_t queue, std::uint16_t index) {
        cpu_.note(Note::ring_publish, queue, index);
    }
    void note_consumed(std::uint64_t queue, std::uint16_t index) {
        cpu_.note(Note::ring_consume, queue, index);
    }

  private:
    Cpu& cpu_;
    const OperationCosts& costs_;
};

}  // namespace vms::service
