// The layer under the service guest in the simulator: forwards to the CPU that the guest runs on
// and turns charges into retired work. Its counterpart on the target: port/aarch64/service_port.h;
// the include path chooses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "vms/cpu.h"
#include "vms/service/incident.h"
#include "vms/service/operations.h"
#include "vms/service/port/sim/operation_costs.h"
#include "vms/service/steps.h"

namespace vms::service {

/// Memory that is accessed often, looked up once: the guest's RAM is mapped for as long as it runs.
class MemoryRange {
  public:
    MemoryRange() = default;
    GuestAddr base() const { return base_; }

  private:
    friend class Port;
    MemoryRange(GuestAddr base, std::byte* host) : base_(base), host_(host) {}

    GuestAddr base_{};
    std::byte* host_ = nullptr;  // none: the configuration failed to map it, each access traps
};

class Port {
  public:
    Port(Cpu& cpu, const OperationCosts& costs) : cpu_(cpu), costs_(costs) {}

    // --- device registers -------------------------------------------------------------------
    std::uint32_t device_load(GuestAddr a, Width w) {
        settle();
        return static_cast<std::uint32_t>(cpu_.load(a, w));
    }
    void device_store(GuestAddr a, Width w, std::uint32_t value) {
        settle();
        cpu_.store(a, w, value);
    }

    // --- memory: checked by the caller (SharedMemory) ---------------------------------------
    std::uint64_t memory_load(GuestAddr a, Width w) {
        if (cpu_.ram(a, bytes(w)) == nullptr)
            settle();
        return cpu_.load(a, w);
    }
    void memory_store(GuestAddr a, Width w, std::uint64_t value) {
        if (cpu_.ram(a, bytes(w)) == nullptr)
            settle();
        cpu_.store(a, w, value);
    }
    void copy_in(std::span<std::byte> to, GuestAddr from) {
        copy_in(to, range(from, to.size()), 0);
    }
    void copy_out(GuestAddr to, std::span<const std::byte> from) {
        copy_out(range(to, from.size()), 0, from);
    }
    MemoryRange range(GuestAddr base, std::uint64_t size) { return {base, cpu_.ram(base, size)}; }
    std::uint64_t memory_load(const MemoryRange& r, std::uint64_t offset, Width w) {
        if (r.host_ != nullptr) [[likely]] {
            std::uint64_t v = 0;
            std::memcpy(&v, r.host_ + offset, bytes(w));
            return v;
        }
        settle();
        return cpu_.load(r.base_ + offset, w);
    }
    void memory_store(const MemoryRange& r, std::uint64_t offset, Width w, std::uint64_t value) {
        if (r.host_ != nullptr) [[likely]] {
            std::memcpy(r.host_ + offset, &value, bytes(w));
            return;
        }
        settle();
        cpu_.store(r.base_ + offset, w, value);
    }
    void copy_in(std::span<std::byte> to, const MemoryRange& r, std::uint64_t offset) {
        if (to.empty())
            return;
        if (r.host_ != nullptr) [[likely]] {
            std::memcpy(to.data(), r.host_ + offset, to.size());
            return;
        }
        settle();
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = static_cast<std::byte>(cpu_.load(r.base_ + offset + i, Width::byte));
    }
    void copy_out(const MemoryRange& r, std::uint64_t offset, std::span<const std::byte> from) {
        if (from.empty())
            return;
        if (r.host_ != nullptr) [[likely]] {
            std::memcpy(r.host_ + offset, from.data(), from.size());
            return;
        }
        settle();
        for (std::size_t i = 0; i < from.size(); ++i)
            cpu_.store(r.base_ + offset + i, Width::byte, std::to_integer<std::uint64_t>(from[i]));
    }

    /// Memory that no other CPU writes, to be read where it is; empty where there is none.
    std::span<const std::byte> view(GuestAddr a, std::size_t n) const {
        const std::byte* p = cpu_.ram(a, n);
        return p != nullptr ? std::span(p, n) : std::span<const std::byte>();
    }

    // --- memory that a device reads and writes by itself, not coherent with the caches --------
    /// What was written to [a, a + n) goes to memory, before the device is told.
    void clean_cache(GuestAddr /*a*/, std::size_t /*n*/) {}
    /// What the device has written to [a, a + n) is read from memory next.
    void invalidate_cache(GuestAddr /*a*/, std::size_t /*n*/) {}
    /// Orders memory that a device looks at, and accesses to its registers.
    void device_barrier() {
        settle();
        cpu_.barrier();
    }

    // --- ordering ---------------------------------------------------------------------------
    /// All written before is visible before this word is.
    void publish(GuestAddr a, Width w, std::uint64_t value) {
        settle();
        cpu_.publish(a, w, value);
    }
    /// What this word hands over may be read after.
    std::uint64_t observe(GuestAddr a, Width w) {
        settle();
        return cpu_.observe(a, w);
    }
    void barrier() {
        settle();
        cpu_.barrier();
    }

    // --- hypervisor, interrupts, time -------------------------------------------------------
    void hypercall(CallRegisters& x) {
        settle();
        cpu_.hvc(x);
    }
    void wait_for_interrupt() {
        settle();
        cpu_.wait_for_interrupt();
    }
    void mask_interrupts(bool masked) {
        settle();
        cpu_.mask_interrupts(masked);
    }
    void set_vector(InterruptVector& vector) {
        settle();
        cpu_.set_vector(&vector);
    }
    std::uint64_t counter() {
        settle();
        return cpu_.counter();
    }
    /// The virtual timer: an interrupt when the counter reaches `compare`.
    void start_timer(std::uint64_t compare) {
        settle();
        cpu_.set_timer(compare, {.enable = true, .imask = false, .istatus = false});
    }
    void stop_timer() {
        settle();
        cpu_.set_timer(0, {.enable = false, .imask = true, .istatus = false});
    }
    std::uint32_t counter_frequency() const { return cpu_.counter_frequency(); }

    // --- for the observers ------------------------------------------------------------------
    /// The computation of `n` operations. Its time passes before anything else can be seen of the
    /// guest, and before settle() returns: between two such points nobody can tell the difference,
    /// and one call of the core for many charges is what makes a frame cheap to simulate.
    template <Operation operation>
    void charge(std::uint32_t n = 1) {
        if (n == 0)
            return;
        static_assert(operation_count <= most_operations);
        cpu_.performed(static_cast<std::uint8_t>(operation), n);
        pending_ = pending_ + costs_[operation] * n;
        owing_ = true;
    }
    /// All that was charged has taken its time, and interrupts that came meanwhile have been taken.
    void settle() {
        if (!owing_)
            return;
        owing_ = false;
        const Work work = pending_;
        pending_ = {};
        cpu_.retire(work);
    }
    /// A guest that polls looks round once more; what it did since was nothing but polling.
    void look_begins() {
        settle();
        cpu_.look_begins();
    }
    void look_found_nothing() {
        settle();
        cpu_.look_found_nothing();
    }
    void note(Step step, std::uint64_t detail) {
        settle();
        cpu_.note(Note::backend_step, static_cast<std::uint64_t>(step), detail);
    }
    void report(Incident incident, std::uint64_t device, std::uint64_t detail) {
        settle();
        cpu_.note(Note::incident, static_cast<std::uint64_t>(incident) | device << 8, detail);
    }
    void note_published(std::uint64_t queue, std::uint16_t index) {
        settle();
        cpu_.note(Note::ring_publish, queue, index);
    }
    void note_consumed(std::uint64_t queue, std::uint16_t index) {
        settle();
        cpu_.note(Note::ring_consume, queue, index);
    }
    /// Whether anybody looks at frames.
    bool frames_wanted() const { return cpu_.frames_wanted(); }
    void note_frame(FramePoint where, std::uint8_t port, std::span<const std::byte> frame) {
        settle();
        cpu_.note_frame(where, port, frame);
    }

  private:
    Cpu& cpu_;
    const OperationCosts& costs_;
    Work pending_;
    bool owing_ = false;
};

}  // namespace vms::service
