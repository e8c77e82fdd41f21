// The layer under the service guest on the target: AArch64 at EL1, MMU off or flat-mapped, as a
// guest of the hypervisor. Everything inlines to plain loads and stores and single instructions.
// After the Arm Architecture Reference Manual (DDI 0487) and the SMC Calling Convention (DEN0028).
// Compile with -mstrict-align and -mgeneral-regs-only: with the MMU off memory is Device memory,
// and the vectors save no floating-point registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vms/cpu.h"
#include "vms/service/incident.h"
#include "vms/service/operations.h"
#include "vms/service/steps.h"

/// The exception vectors (vectors.cpp); the vector object's address is in TPIDR_EL1.
extern "C" const char vms_service_vectors[];

namespace vms::service {

/// Memory that is accessed often.
class MemoryRange {
  public:
    constexpr MemoryRange() = default;
    constexpr explicit MemoryRange(GuestAddr base) : base_(base) {}
    constexpr GuestAddr base() const { return base_; }

  private:
    GuestAddr base_{};
};

class Port {
  public:
    // --- device registers -------------------------------------------------------------------
    std::uint32_t device_load(GuestAddr a, Width w) {
        return static_cast<std::uint32_t>(memory_load(a, w));
    }
    void device_store(GuestAddr a, Width w, std::uint32_t value) { memory_store(a, w, value); }

    // --- memory: checked by the caller (SharedMemory) ---------------------------------------
    // Volatile: what another VM can change is read exactly where and as often as written here.
    std::uint64_t memory_load(GuestAddr a, Width w) {
        switch (w) {
            case Width::byte:
                return *at<volatile const std::uint8_t>(a);
            case Width::half:
                return *at<volatile const std::uint16_t>(a);
            case Width::word:
                return *at<volatile const std::uint32_t>(a);
            case Width::dword:
                return *at<volatile const std::uint64_t>(a);
        }
        return 0;
    }
    void memory_store(GuestAddr a, Width w, std::uint64_t value) {
        switch (w) {
            case Width::byte:
                *at<volatile std::uint8_t>(a) = static_cast<std::uint8_t>(value);
                break;
            case Width::half:
                *at<volatile std::uint16_t>(a) = static_cast<std::uint16_t>(value);
                break;
            case Width::word:
                *at<volatile std::uint32_t>(a) = static_cast<std::uint32_t>(value);
                break;
            case Width::dword:
                *at<volatile std::uint64_t>(a) = value;
                break;
        }
    }
    void copy_in(std::span<std::byte> to, GuestAddr from) {
        std::size_t i = 0;
        // Words where the shared side allows it; private memory takes any alignment.
        if (from.value % 8 == 0)
            for (; to.size() - i >= 8; i += 8) {
                const std::uint64_t v = *at<volatile const std::uint64_t>(from + i);
                for (unsigned b = 0; b < 8; ++b)
                    to[i + b] = static_cast<std::byte>(v >> (8 * b));
            }
        for (; i < to.size(); ++i)
            to[i] = static_cast<std::byte>(*at<volatile const std::uint8_t>(from + i));
    }
    void copy_out(GuestAddr to, std::span<const std::byte> from) {
        std::size_t i = 0;
        if (to.value % 8 == 0)
            for (; from.size() - i >= 8; i += 8) {
                std::uint64_t v = 0;
                for (unsigned b = 0; b < 8; ++b)
                    v |= std::to_integer<std::uint64_t>(from[i + b]) << (8 * b);
                *at<volatile std::uint64_t>(to + i) = v;
            }
        for (; i < from.size(); ++i)
            *at<volatile std::uint8_t>(to + i) = std::to_integer<std::uint8_t>(from[i]);
    }
    MemoryRange range(GuestAddr base, std::uint64_t) { return MemoryRange(base); }
    std::uint64_t memory_load(const MemoryRange& r, std::uint64_t offset, Width w) {
        return memory_load(r.base() + offset, w);
    }
    void memory_store(const MemoryRange& r, std::uint64_t offset, Width w, std::uint64_t value) {
        memory_store(r.base() + offset, w, value);
    }
    void copy_in(std::span<std::byte> to, const MemoryRange& r, std::uint64_t offset) {
        copy_in(to, r.base() + offset);
    }
    void copy_out(const MemoryRange& r, std::uint64_t offset, std::span<const std::byte> from) {
        copy_out(r.base() + offset, from);
    }

    /// Memory that no other CPU writes, to be read where it is.
    std::span<const std::byte> view(GuestAddr a, std::size_t n) {
        return {at<const std::byte>(a), n};
    }

    // --- memory that a device reads and writes by itself, not coherent with the caches --------
    // DDI 0487, D7.5.9: maintenance by address to the point of coherency; at EL1 of a guest an
    // invalidation cleans too, so neither harms what lies in the same line.
    /// What was written to [a, a + n) goes to memory, before the device is told.
    void clean_cache(GuestAddr a, std::size_t n) {
        const std::uint64_t line = data_cache_line();
        for (std::uint64_t p = a.value & ~(line - 1); p < a.value + n; p += line)
            asm volatile("dc cvac, %0" ::"r"(p) : "memory");
        device_barrier();
    }
    /// What the device has written to [a, a + n) is read from memory next.
    void invalidate_cache(GuestAddr a, std::size_t n) {
        const std::uint64_t line = data_cache_line();
        for (std::uint64_t p = a.value & ~(line - 1); p < a.value + n; p += line)
            asm volatile("dc ivac, %0" ::"r"(p) : "memory");
        device_barrier();
    }
    /// Orders memory that a device looks at, and accesses to its registers. The device is outside
    /// the inner shareable domain.
    void device_barrier() { asm volatile("dsb sy" ::: "memory"); }

    // --- ordering ---------------------------------------------------------------------------
    /// All written before is visible before this word is.
    void publish(GuestAddr a, Width w, std::uint64_t value) {
        asm volatile("dmb ish" ::: "memory");
        memory_store(a, w, value);
    }
    /// What this word hands over may be read after.
    std::uint64_t observe(GuestAddr a, Width w) {
        const std::uint64_t v = memory_load(a, w);
        asm volatile("dmb ishld" ::: "memory");
        return v;
    }
    void barrier() { asm volatile("dmb ish" ::: "memory"); }

    // --- hypervisor, interrupts, time -------------------------------------------------------
    void hypercall(CallRegisters& x) {
        register std::uint64_t x0 asm("x0") = x[0];
        register std::uint64_t x1 asm("x1") = x[1];
        register std::uint64_t x2 asm("x2") = x[2];
        register std::uint64_t x3 asm("x3") = x[3];
        register std::uint64_t x4 asm("x4") = x[4];
        register std::uint64_t x5 asm("x5") = x[5];
        register std::uint64_t x6 asm("x6") = x[6];
        register std::uint64_t x7 asm("x7") = x[7];
        // DEN0028: x8 to x17 may be clobbered.
        asm volatile(
            "hvc #0"
            : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x7)
            :
            : "memory", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17");
        x = {x0, x1, x2, x3, x4, x5, x6, x7};
    }
    void wait_for_interrupt() { asm volatile("dsb sy\n\twfi" ::: "memory"); }
    void mask_interrupts(bool masked) {
        if (masked)
            asm volatile("msr daifset, #2" ::: "memory");
        else
            asm volatile("msr daifclr, #2" ::: "memory");
    }
    void set_vector(InterruptVector& vector) {
        asm volatile(
            "msr tpidr_el1, %0\n\t"
            "msr vbar_el1, %1\n\t"
            "isb"
            :
            : "r"(&vector), "r"(vms_service_vectors)
            : "memory");
    }
    std::uint64_t counter() {
        std::uint64_t v;
        asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(v)::"memory");
        return v;
    }
    /// The virtual timer: an interrupt when the counter reaches `compare`.
    void start_timer(std::uint64_t compare) {
        constexpr std::uint64_t enable = 1;  // CNTV_CTL_EL0.ENABLE, IMASK 0
        asm volatile(
            "msr cntv_cval_el0, %0\n\t"
            "msr cntv_ctl_el0, %1\n\t"
            "isb"
            :
            : "r"(compare), "r"(enable)
            : "memory");
    }
    void stop_timer() { asm volatile("msr cntv_ctl_el0, xzr\n\tisb" ::: "memory"); }
    std::uint32_t counter_frequency() const {
        std::uint64_t v;
        asm("mrs %0, cntfrq_el0" : "=r"(v));
        return static_cast<std::uint32_t>(v);
    }

    // --- for the observers ------------------------------------------------------------------
    /// No instruction: a local symbol "charge.<operation>.<instance>" at this place in the code.
    template <Operation operation>
    [[gnu::always_inline]] void charge(std::uint32_t = 1) {
        asm volatile("charge.%c0.%=:" ::"i"(static_cast<int>(operation)));
    }
    void settle() {}
    void look_begins() {}
    void look_found_nothing() {}
    void note(Step, std::uint64_t) {}
    void report(Incident, std::uint64_t, std::uint64_t) {}
    void note_published(std::uint64_t, std::uint16_t) {}
    void note_consumed(std::uint64_t, std::uint16_t) {}
    static constexpr bool frames_wanted() { return false; }
    void note_frame(FramePoint, std::uint8_t, std::span<const std::byte>) {}

  private:
    /// CTR_EL0.DminLine: log2 of the words of the smallest line.
    static std::uint64_t data_cache_line() {
        std::uint64_t ctr;
        asm("mrs %0, ctr_el0" : "=r"(ctr));
        return std::uint64_t{4} << (ctr >> 16 & 15);
    }
    template <typename T>
    static T* at(GuestAddr a) {
        return reinterpret_cast<T*>(a.value);
    }
};

}  // namespace vms::service
