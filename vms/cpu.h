// What a program sees of the CPU that it runs on: the whole contract between software and the
// simulated machine. Software here is native C++ that stands for code at EL1; the same upcalls
// serve an instruction-set simulator. A program never knows whether an address traps.
//
// Rules of the contract:
//  - Time passes only through calls on Cpu: retire(), charge points, device accesses, traps, waits.
//    A program that loops without touching Cpu is a fault of the program.
//  - Interrupts reach the program through its InterruptVector, as a nested call, from within any
//    call that is not inline RAM access, when not masked. The handler runs masked.
//  - A program that has powered off, or crashed, is abandoned where it stands: its destructors may
//    never run, so it must not own anything that matters outside the simulation.
//  - What other CPUs can see or change needs publish() and observe() at the one word that hands
//    over (a ring index, a flag); everything else in RAM is private until then.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "vms/types.h"

namespace vms {

/// What a program runs when an interrupt is taken (the IRQ entry of VBAR_EL1).
class InterruptVector {
  public:
    virtual void irq() = 0;

  protected:
    ~InterruptVector() = default;
};

/// x0..x7 of an HVC or SMC: arguments in, results out (SMC Calling Convention, DEN0028).
using CallRegisters = std::array<std::uint64_t, 8>;

/// The virtual timer as software programs it (Arm ARM, CNTV_*_EL0).
struct TimerControl {
    bool enable = false;
    bool imask = false;
    bool istatus = false;  ///< read only
};

/// What a program finds when it begins: where it was told to (the entry point of PSCI CPU_ON; a
/// native program may take it as it likes), x0, and which of the VM's vCPUs it runs on.
struct ResetState {
    GuestAddr pc{};
    std::uint64_t x0 = 0;
    std::uint64_t mpidr = 0;  ///< MPIDR_EL1 as the VM reads it; Aff0 is the vCPU's number
};

/// Facts that a program tells the observers; they cost no simulated time and change nothing.
enum class Note : std::uint8_t {
    ring_publish,   ///< a = queue identity, b = new index
    ring_consume,   ///< a = queue identity, b = index reached
    workload_done,  ///< a = 1 success, 0 failure
    backend_step,   ///< a = service::Step, b = detail: what a back-end did last, for diagnoses
    driver_fault,   ///< a front-end refuses to go on: a = code of its driver
    incident,       ///< a back-end saw what nobody is told of: a = service::Incident | device << 8,
                    ///< b = detail
};

/// Where software has an Ethernet frame in its hands, for captures and accounts.
enum class FramePoint : std::uint8_t {
    driver_tx,  ///< a front-end driver made it available: device = its window's base
    driver_rx,  ///< a front-end driver took it from its ring: device = its window's base
    port_in,    ///< it came into a switch: device = port
    port_out,   ///< a switch gave it to a port: device = port
};

class Cpu {
  public:
    // --- memory and devices -----------------------------------------------------------------

    /// Load `w` bytes, little-endian. `old` is the register's value before: an access that the
    /// hypervisor completes without a value leaves it standing.
    std::uint64_t load(GuestAddr a, Width w, std::uint64_t old = 0) {
        if (const std::byte* p = ram(a, bytes(w))) {
            std::uint64_t v = 0;
            std::memcpy(&v, p, bytes(w));
            return v;
        }
        return load_slow(a, w, old);
    }

    /// Store the low `w` bytes of `reg`; the whole register is handed over, as the syndrome does.
    void store(GuestAddr a, Width w, std::uint64_t reg) {
        if (std::byte* p = ram(a, bytes(w))) {
            std::memcpy(p, &reg, bytes(w));
            return;
        }
        store_slow(a, w, reg);
    }

    /// A load-pair (LDP) of two 64-bit registers. Outside RAM its data abort carries no valid
    /// syndrome (Arm ARM, ESR_ELx.ISS.ISV): nobody can emulate it.
    std::array<std::uint64_t, 2> load_pair(GuestAddr a) {
        std::array<std::uint64_t, 2> v{};
        if (const std::byte* p = ram(a, sizeof v))
            std::memcpy(v.data(), p, sizeof v);
        else
            unsyndromed_slow(a);
        return v;
    }

    /// The bytes [a, a + n) when they are RAM of this VM and contiguous, else nullptr.
    std::byte* ram(GuestAddr a, std::uint64_t n) const {
        for (const RamWindow& w : ram_) {
            const std::uint64_t offset = a.value - w.base;
            if (offset < w.size && n <= w.size - offset)
                return w.host + offset;
        }
        return nullptr;
    }

    /// Make all that was written before visible, then write the word that hands it over.
    virtual void publish(GuestAddr a, Width w, std::uint64_t value) = 0;
    /// Read the word by which another CPU hands something over; what it covers may be read after.
    virtual std::uint64_t observe(GuestAddr a, Width w) = 0;
    /// Go on polling a word that was just observed to hold `unwanted`: at least one iteration of
    /// the loop's work, ending with the word to be observed again by the caller. More iterations
    /// are made at once as long as nothing could have been seen in between; the time is exactly
    /// that of polling. Returns the number of iterations.
    virtual std::uint64_t poll(GuestAddr /*a*/, Width /*w*/, std::uint64_t /*unwanted*/,
                               const Work& iteration) {
        retire(iteration);
        return 1;
    }
    /// A full barrier (DMB ISH): what was published before is ordered with what is observed after.
    virtual void barrier() = 0;

    // --- calls to the hypervisor ------------------------------------------------------------

    virtual void hvc(CallRegisters& x) = 0;
    virtual void smc(CallRegisters& x) = 0;

    // --- time and interrupts ----------------------------------------------------------------

    /// Spend the time of this work. Interruptible: a vector may run in the middle of it.
    virtual void retire(const Work& work) = 0;
    /// `n` times the work of a named operation.
    void retire_named(const NamedWork& w, std::uint32_t n = 1) {
        performed(w.operation, n);
        retire(n == 1 ? w.work : w.work * n);
    }
    /// Spend a time, as a wait of that length would (a busy loop on the counter).
    virtual void retire_nanoseconds(std::uint64_t ns) = 0;
    /// WFI: returns when an interrupt is pending for this CPU, masked or not; the vector has run
    /// if it was not masked.
    virtual void wait_for_interrupt() = 0;
    /// PSTATE.I. A pending interrupt is taken inside unmask.
    virtual void mask_interrupts(bool masked) = 0;
    virtual bool interrupts_masked() const = 0;
    virtual void set_vector(InterruptVector* vector) = 0;

    virtual std::uint64_t counter() = 0;                  ///< CNTVCT_EL0, ticks
    virtual std::uint32_t counter_frequency() const = 0;  ///< CNTFRQ_EL0, Hz
    virtual void set_timer(std::uint64_t compare,
                           TimerControl control) = 0;  ///< CNTV_CVAL, CNTV_CTL
    virtual TimerControl timer_control() = 0;

    const ResetState& reset_state() const { return reset_state_; }

    // --- for the observers ------------------------------------------------------------------

    virtual void note(Note what, std::uint64_t a = 0, std::uint64_t b = 0) = 0;

    /// A named operation was done `n` times; whoever says so retires its work.
    void performed(std::uint8_t operation, std::uint32_t n = 1) {
        performed_[operation % most_operations] += n;
    }
    /// How often each named operation was done, by its number.
    const std::array<std::uint64_t, most_operations>& performed() const { return performed_; }

    /// Software that polls looks round once more; what it does up to look_found_nothing() was
    /// polling, and no operation counts as done.
    virtual void look_begins() {}
    virtual void look_found_nothing() {}

    /// Whether anybody looks at frames: without, what a frame's bytes cost to gather is saved.
    bool frames_wanted() const { return frames_wanted_; }
    virtual void note_frame(FramePoint /*where*/, std::uint64_t /*device*/,
                            std::span<const std::byte> /*frame*/) {}

    Cpu(const Cpu&) = delete;
    Cpu& operator=(const Cpu&) = delete;

  protected:
    /// Guest-physical RAM that the host may touch directly.
    struct RamWindow {
        std::uint64_t base = 0;
        std::uint64_t size = 0;
        std::byte* host = nullptr;
    };
    static constexpr std::size_t max_ram_windows = 24;

    Cpu() = default;
    ~Cpu() = default;

    virtual std::uint64_t load_slow(GuestAddr a, Width w, std::uint64_t old) = 0;
    virtual void store_slow(GuestAddr a, Width w, std::uint64_t reg) = 0;
    virtual void unsyndromed_slow(GuestAddr /*a*/) {}

    void add_ram_window(const RamWindow& w) { ram_.push(w); }
    void clear_ram_windows() { ram_.count = 0; }
    void set_reset_state(const ResetState& s) { reset_state_ = s; }
    void want_frames(bool wanted) { frames_wanted_ = wanted; }
    void set_performed(const std::array<std::uint64_t, most_operations>& p) { performed_ = p; }

  private:
    struct RamWindows {
        std::array<RamWindow, max_ram_windows> items{};
        std::size_t count = 0;
        void push(const RamWindow& w) {
            if (count < items.size())
                items[count++] = w;
        }
        const RamWindow* begin() const { return items.data(); }
        const RamWindow* end() const { return items.data() + count; }
    };
    RamWindows ram_;
    ResetState reset_state_;
    bool frames_wanted_ = false;
    std::array<std::uint64_t, most_operations> performed_{};
};

/// A program that runs on a CPU from reset on. run() returning powers the CPU off.
class Program {
  public:
    virtual ~Program() = default;
    virtual void run(Cpu& cpu) = 0;
};

}  // namespace vms
