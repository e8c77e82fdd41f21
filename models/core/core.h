// A physical CPU (Cortex-A class, Armv8-A AArch64) as far as a static partitioning system uses it:
// exception levels EL1 to EL3, stage-2 translation, physical and virtual interrupts, the virtual
// timer, and time. Guest software and the hypervisor that it traps into run on one SC_THREAD: a
// trap is a function call up to EL2.
//
// Time. The core has a local time that may be ahead of the kernel's. Private computation advances
// the local time for as long as no interrupt can arrive before. What others can see (sync())
// happens at the local time exactly: at once when nothing else is due by then, else after the
// thread has waited for it. At EL1 a physical interrupt is taken at its time exactly, in the middle
// of a computation too: whenever software at EL1 goes on, every interrupt up to its local time is
// known and has been taken (arrive()). So results do not depend on how far a core runs ahead.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "models/base/time.h"
#include "models/bus/bus.h"
#include "models/core/core_model.h"
#include "models/core/el2.h"
#include "models/core/irq_line.h"
#include "models/core/probe.h"
#include "models/core/stage2.h"
#include "models/core/timeline.h"
#include "models/timer/generic_timer.h"
#include "vms/cpu.h"

namespace models {

/// Exception levels, to index counters.
enum class Level : std::uint8_t { el0 = 0, el1 = 1, el2 = 2, el3 = 3 };

/// What a core has executed at one exception level.
struct ExecutionCounters {
    std::uint64_t instructions = 0;  ///< device accesses included
    std::uint64_t mmio = 0;          ///< device accesses
};

/// Where the time of a core went. The parts make up the whole of its local time.
struct TimeSpent {
    Picos busy{};     ///< executing
    Picos waiting{};  ///< in a WFI
    Picos off{};      ///< the same, switched off
    Picos polling{};  ///< at a word in memory that nobody wrote, or in looks that found nothing
};

/// Software at EL2 sees a device as it mapped it: resolved once, used often.
struct Mapping {
    Target* target = nullptr;
    std::uint64_t offset = 0;  ///< of the mapping's first byte in the target
    PhysAddr base{};
    TargetTiming timing{};
};

class Core final : public sc_core::sc_module,
                   public vms::Cpu,
                   public CpuInterrupts,
                   private Timeline::Watcher {
  public:
    struct Parameters {
        CpuId id{};
        std::uint64_t hz = 1'200'000'000;
        std::uint64_t counter_hz = 100'000'000;
        std::uint64_t exception_entry_cycles = 40;   ///< estimate, 20 to 60
        std::uint64_t exception_return_cycles = 40;  ///< estimate, 20 to 60
    };

    Core(sc_core::sc_module_name name, const Parameters& p, Timeline& timeline, Bus& bus,
         InterruptController& gic, El2& el2, std::unique_ptr<CoreModel> model,
         const ProbeHub& probes);
    ~Core() override;

    CpuId id() const { return p_.id; }

    // --- for software at EL2 ------------------------------------------------------------------

    Picos now() const { return local_; }
    Level level() const { return level_; }
    const ExecutionCounters& counters(Level l) const { return counters_[index(l)]; }

    /// At an exception level, up to the local time.
    TimeSpent spent(Level l) const;

    /// Resolve a device for use at EL2; target is null when nothing decodes the address.
    Mapping map(PhysAddr base) const;
    std::uint32_t read32(const Mapping& m, std::uint64_t offset) {
        Access a{m.offset + offset, 0, vms::Width::word, false, p_.id, {}, false};
        perform(a, *m.target, m.base.value + offset, m.timing);
        return static_cast<std::uint32_t>(a.value);
    }
    void write32(const Mapping& m, std::uint64_t offset, std::uint32_t value) {
        Access a{m.offset + offset, value, vms::Width::word, true, p_.id, {}, false};
        perform(a, *m.target, m.base.value + offset, m.timing);
    }

    /// Work at the current exception level, and its time; not interruptible.
    void charge(const vms::Work& w) {
        executing_->instructions += w.instructions;
        advance(clock_.advance(milli_cycles(w)));
    }
    /// Work of the firmware at EL3 on this CPU's behalf.
    void charge_el3(const vms::Work& w);

    /// A polling loop at EL2 on a word that another CPU tells of by publish_el2(), with iterations
    /// of this work: at least one, up to the word's next change. Asleep, but the time and the
    /// instructions are exactly those of polling.
    void spin(const std::byte* word, const vms::Work& iteration);
    void publish_el2(const std::byte* word) { timeline_.published(word, local_, p_.id); }

    /// Agree with the others on the local time: from here what is done is visible at now().
    void sync();

    /// WFI at EL2: until a physical interrupt is pending, taken or not. True if it had to wait.
    /// `lookahead`: the least time after which this CPU, woken, can interrupt another.
    bool wait_for_physical_interrupt(Picos lookahead);
    /// The time that this work takes, rounded down; nothing is spent.
    Picos time_of(const vms::Work& w) const {
        return RateClock(p_.hz, 1000).advance(model_->milli_cycles(w));
    }
    /// The time of `n` times this work, from zero, rounded up.
    Picos time_of(const vms::Work& w, std::uint64_t n) const {
        return RateClock(p_.hz, 1000).at(model_->milli_cycles(w) * n);
    }
    Picos exception_time() const {
        return RateClock(p_.hz, 1000)
            .advance(1000 * (p_.exception_entry_cycles + p_.exception_return_cycles));
    }
    /// Whether a physical interrupt is pending at the CPU interface now.
    bool physical_interrupt_pending() const { return irq_ && irq_since_ <= local_; }
    /// Whether the virtual CPU interface signals an interrupt now.
    bool virtual_interrupt_pending() const { return virq_ && virq_since_ <= local_; }
    /// Wait at EL2 without executing anything, until a time.
    void wait_until(Picos t);

    /// Waiting at EL2 is being switched off from here on, or no longer.
    void switched_off(bool off) { off_ = off; }

    /// Sleep at EL2 until another CPU calls release(): a barrier of the boot.
    void wait_for_release();
    void release(Picos at);

    /// Run a guest at EL1 from reset in this address space. Returns when the program returns.
    void run_guest(vms::Program& program, const Stage2& stage2, const vms::ResetState& state = {});

    /// Abandon the program at EL1 where it stands, inside a call to EL2, and go on at
    /// El2::restarted() with an empty stack: power-off, and power-down that ends at a reset.
    [[noreturn]] void restart();

    /// The CPU never executes again (an endless loop in the hypervisor, power-off): does not
    /// return.
    [[noreturn]] void halt();

    // --- what the outside asks ----------------------------------------------------------------

    /// Waiting for an interrupt at EL1 with none to come from this CPU itself.
    bool idle() const { return in_wfi_ && level_ == Level::el1 && !irq_; }
    /// Since when it has done nothing at EL1 but wait and serve its timer.
    Picos at_rest_since() const { return at_rest_since_; }
    bool halted() const { return halted_; }
    /// Its thread has the turn: what happens now happens at its local time.
    bool running() const { return !blocked_ && !halted_; }
    bool is_switched_off() const { return halted_ || off_; }
    bool waiting() const { return waiting_; }
    bool in_wfi_at(Level l) const { return in_wfi_ && level_ == l; }
    /// When the guest's own timer will next interrupt; never() when not set.
    Picos timer_deadline() const { return timer_deadline_; }

    struct Step {
        std::uint64_t step = 0;
        std::uint64_t detail = 0;
        Picos at{};
        bool any = false;
    };
    /// The last Note::backend_step of the program on this core, and the last of one kind.
    const Step& last_step() const { return last_of_kind_[last_kind_]; }
    const Step& last_step(std::uint64_t kind) const {
        return last_of_kind_[std::min<std::uint64_t>(kind, step_kinds - 1)];
    }
    /// The word that the program polls, when it does nothing else.
    struct Polling {
        vms::GuestAddr word{};
        std::uint64_t unwanted = 0;
        Picos since{};
    };
    const std::optional<Polling>& polling() const { return polling_; }
    /// The program polls the counter.
    bool waits_for_time() const { return waits_for_time_; }
    /// The run has ended at this time: what the core was in the middle of counts up to it.
    void finish(Picos end);
    /// Called for what the program reports (vms::Note::incident), with its two numbers.
    void on_incident(std::function<void(std::uint64_t, std::uint64_t)> f) {
        on_incident_ = std::move(f);
    }
    /// Called when the core begins to wait for an interrupt at EL1.
    void on_idle(std::function<void()> f) { on_idle_ = std::move(f); }

    // --- CpuInterrupts ------------------------------------------------------------------------
    void irq(bool level, Picos at) override;
    void virq(bool level, Picos at) override;

    // --- vms::Cpu -----------------------------------------------------------------------------
    void publish(vms::GuestAddr a, vms::Width w, std::uint64_t value) override;
    std::uint64_t observe(vms::GuestAddr a, vms::Width w) override;
    std::uint64_t poll(vms::GuestAddr a, vms::Width w, std::uint64_t unwanted,
                       const vms::Work& iteration) override;
    void barrier() override;
    void hvc(vms::CallRegisters& x) override;
    void smc(vms::CallRegisters& x) override;
    void retire(const vms::Work& work) override;
    void retire_nanoseconds(std::uint64_t ns) override;
    void wait_for_interrupt() override;
    void mask_interrupts(bool masked) override;
    bool interrupts_masked() const override { return masked_; }
    void set_vector(vms::InterruptVector* vector) override { vector_ = vector; }
    std::uint64_t counter() override;
    std::uint32_t counter_frequency() const override {
        return static_cast<std::uint32_t>(timer_.frequency());
    }
    void set_timer(std::uint64_t compare, vms::TimerControl control) override;
    vms::TimerControl timer_control() override;
    void look_begins() override;
    void look_found_nothing() override;
    void note(vms::Note what, std::uint64_t a, std::uint64_t b) override;
    void note_frame(vms::FramePoint where, std::uint64_t device,
                    std::span<const std::byte> frame) override;

  protected:
    std::uint64_t load_slow(vms::GuestAddr a, vms::Width w, std::uint64_t old) override;
    void store_slow(vms::GuestAddr a, vms::Width w, std::uint64_t reg) override;
    void unsyndromed_slow(vms::GuestAddr a) override;

  private:
    static constexpr std::size_t index(Level l) { return static_cast<std::size_t>(l); }
    ExecutionCounters& counters_at(Level l) { return counters_[index(l)]; }
    void set_level(Level l) {
        spent_[index(level_)].busy += local_ - level_since_;
        level_since_ = local_;
        level_ = l;
        executing_ = &counters_[index(l)];
    }

    void thread();
    /// One device access: its time, its agreement with the others, its effect.
    void perform(Access& a, Target& t, std::uint64_t address, const TargetTiming& timing);
    /// An access from EL1 to a device that stage 2 maps. False: nothing decodes it, it traps.
    bool pass_through(vms::GuestAddr a, vms::Width w, bool write, std::uint64_t& value);
    /// What of the time since `begin` was none of executing.
    void waited_since(Picos begin) {
        const Picos d = local_ - begin;
        TimeSpent& spent = spent_[index(level_)];
        (off_ ? spent.off : spent.waiting) += d;
        level_since_ += d;
    }
    /// Private time at the current level.
    void advance(Picos d) {
        local_ += d;
        fire_timer_if_due();
    }
    std::uint64_t milli_cycles(const vms::Work& w) {
        return flat_ != nullptr ? flat_->milli_cycles(w) : model_->milli_cycles(w);
    }
    void advance_cycles(std::uint64_t n) { advance(clock_.advance(n * 1000)); }
    /// Private time at EL1, interruptible.
    void spend(Picos d) {
        const Picos end = local_ + d;
        if (!timeline_.interrupts_by(end) && timer_deadline_ > end &&
            end - timeline_.now() <= timeline_.quantum()) [[likely]] {
            local_ = end;
            return;
        }
        spend_slowly(d);
    }
    /// `polling`: the program only waits for the time to pass.
    void spend_slowly(Picos d, bool polling = false);
    void enter_el2();
    void leave_el2();
    /// At EL1: learn of every interrupt up to the local time, and take it: physical ones to EL2,
    /// virtual ones to the vector. At the end of whatever a program calls, so that it holds between
    /// calls too: nobody else runs then.
    void arrive() {
        if (timeline_.interrupts_by(local_) || interrupt_pending())
            arrive_slowly();
    }
    bool interrupt_pending() const {
        return (irq_ && irq_since_ <= local_) || (virq_ && !masked_ && virq_since_ <= local_);
    }
    void arrive_slowly();
    void fire_timer_if_due() {
        if (timer_deadline_ <= local_)
            fire_timer();
    }
    void fire_timer();
    void update_timer_output();
    /// Give up the thread until `t`, or until an interrupt line changes when `interruptible`.
    /// `lookahead`: how long after that this CPU can interrupt another at the earliest.
    void block(Picos t, bool interruptible, Picos lookahead = {});
    void data_abort(DataAbort& abort);
    void published(Picos at, CpuId by) override;
    /// A loop of iterations of `each` milli-cycles.
    struct Loop {
        std::uint64_t each = 0;
        vms::Work iteration{};
    };
    /// Sleeps until the word is published or the timer is due, or an interrupt comes when
    /// `interruptible`; then the time is that of the loop's first look at or after that moment.
    /// Returns its iterations.
    std::uint64_t poll_asleep(const std::byte* word, const vms::Work& iteration,
                              bool interruptible);
    void wake_at(Picos at);

    Parameters p_;
    Timeline& timeline_;
    Bus& bus_;
    InterruptController& gic_;
    El2& el2_;
    std::unique_ptr<CoreModel> model_;
    FlatCoreModel* flat_;  // the model when it is this one: no virtual call a charge
    const ProbeHub& probes_;

    RateClock clock_;  // milli-cycles
    GenericTimer timer_;
    Picos local_{};
    Level level_ = Level::el2;
    std::array<ExecutionCounters, 4> counters_{};
    std::array<TimeSpent, 4> spent_{};
    Picos level_since_{};  ///< what of the level's time has been counted
    /// As it was when the program began to look round.
    struct Look {
        Picos el1{};
        Picos el2{};
        std::array<std::uint64_t, vms::most_operations> performed{};
    } look_;
    ExecutionCounters* executing_ = &counters_[index(Level::el2)];  // of the current level

    // Interrupt inputs, with the time from which their level holds.
    bool irq_ = false;
    bool virq_ = false;
    Picos irq_since_{};
    Picos virq_since_{};
    bool timer_output_ = false;
    Picos timer_deadline_ = Picos::never();

    bool masked_ = true;  // PSTATE.I at EL1
    vms::InterruptVector* vector_ = nullptr;
    /// A device range of the running guest, resolved on the bus.
    struct Window {
        std::uint64_t base = 0;  // guest-physical
        std::uint64_t size = 0;
        Target* target = nullptr;
        std::uint64_t offset = 0;  // of its first byte in the target
        std::uint64_t phys = 0;
        TargetTiming timing{};
    };
    std::vector<Window> windows_;

    sc_core::sc_event wake_;
    bool waiting_ = false;  // for an interrupt: the lines wake the thread
    bool in_wfi_ = false;   // and not in the middle of a computation
    bool ticked_ = false;   // the timer ended the last wait
    Picos at_rest_since_{};
    Picos lookahead_{};  // while waiting
    bool halted_ = false;
    bool blocked_ = true;  // the thread has not the turn
    bool off_ = false;     // what waits at EL2 is switched off
    bool booted_ = false;
    Picos released_at_ = Picos::never();
    static constexpr std::size_t step_kinds = 32;
    std::uint64_t last_kind_ = 0;
    std::array<Step, step_kinds> last_of_kind_{};
    std::optional<Polling> polling_;
    std::optional<Loop> loop_;     // while poll_asleep() sleeps
    bool waits_for_time_ = false;  // the thread sleeps while the program polls the counter
    CpuId published_by_{};
    std::function<void()> on_idle_;
    std::function<void(std::uint64_t, std::uint64_t)> on_incident_;
};

}  // namespace models
