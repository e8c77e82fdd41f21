// A port of which nothing is defined: what is undefined after linking the service guest against it
// is what the service guest needs from below, and nothing else may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/cpu.h"
#include "vms/service/incident.h"
#include "vms/service/operations.h"
#include "vms/service/steps.h"

namespace vms::service {

class MemoryRange {
  public:
    GuestAddr base() const { return base_; }

  private:
    friend class Port;
    GuestAddr base_{};
    void* host_ = nullptr;
};

class Port {
  public:
    std::uint32_t device_load(GuestAddr a, Width w);
    void device_store(GuestAddr a, Width w, std::uint32_t value);
    std::uint64_t memory_load(GuestAddr a, Width w);
    void memory_store(GuestAddr a, Width w, std::uint64_t value);
    void copy_in(std::span<std::byte> to, GuestAddr from);
    void copy_out(GuestAddr to, std::span<const std::byte> from);
    MemoryRange range(GuestAddr base, std::uint64_t size);
    std::uint64_t memory_load(const MemoryRange& r, std::uint64_t offset, Width w);
    void memory_store(const MemoryRange& r, std::uint64_t offset, Width w, std::uint64_t value);
    void copy_in(std::span<std::byte> to, const MemoryRange& r, std::uint64_t offset);
    void copy_out(const MemoryRange& r, std::uint64_t offset, std::span<const std::byte> from);
    std::span<const std::byte> view(GuestAddr a, std::size_t n);
    void clean_cache(GuestAddr a, std::size_t n);
    void invalidate_cache(GuestAddr a, std::size_t n);
    void device_barrier();
    void publish(GuestAddr a, Width w, std::uint64_t value);
    std::uint64_t observe(GuestAddr a, Width w);
    void barrier();
    void hypercall(CallRegisters& x);
    void wait_for_interrupt();
    void mask_interrupts(bool masked);
    void set_vector(InterruptVector& vector);
    std::uint64_t counter();
    void start_timer(std::uint64_t compare);
    void stop_timer();
    std::uint32_t counter_frequency() const;
    template <Operation operation>
    void charge(std::uint32_t n = 1) {
        charge_any(operation, n);
    }
    void settle();
    void look_begins();
    void look_found_nothing();
    void note(Step step, std::uint64_t detail);
    void report(Incident incident, std::uint64_t device, std::uint64_t detail);
    void note_published(std::uint64_t queue, std::uint16_t index);
    void note_consumed(std::uint64_t queue, std::uint16_t index);
    bool frames_wanted() const;
    void note_frame(FramePoint where, std::uint8_t port, std::span<const std::byte> frame);

  private:
    void charge_any(Operation operation, std::uint32_t n);
};

}  // namespace vms::service
