// What the CPUs of one platform agree on: when the rest of the simulation will next do anything,
// until when the run goes, and in which order CPUs act that are due at the same picosecond.
//
// A CPU runs ahead of the kernel's time in a local time of its own. Before it does what others can
// see, it asks next_due(): when nothing else is due at or before its local time it may act at once,
// without giving up its thread; nothing could come between. The answer is cached for as long as the
// CPU keeps its thread, because then only its own deeds can bring something nearer.
//
// interrupts_by() is the same question about interrupts alone: a CPU that will go on at EL1 cannot
// interrupt anybody before it has gone through its hypervisor, which takes a time that is known
// (its lookahead). The kernel tells only when its next event is, so this takes a platform whose
// devices have all shown when they will next do something (add_device); without, every event counts
// as an interrupt.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <systemc>
#include <vector>

#include "models/base/time.h"
#include "models/bus/target.h"

namespace models {

class Timeline {
  public:
    static constexpr std::size_t max_cpus = 64;

    explicit Timeline(Picos quantum) : quantum_(quantum) { due_.fill(Picos::never()); }

    /// How far a CPU may compute ahead of the kernel's time before it gives up its thread. It costs
    /// or saves the host time; what happens when does not depend on it.
    Picos quantum() const { return quantum_; }

    /// The run ends here: nobody acts later.
    void set_horizon(Picos t) { horizon_ = t; }
    Picos horizon() const { return horizon_; }

    /// Earliest time at which something other than the running thread can act.
    Picos next_due() {
        if (!known_) [[unlikely]]
            look();
        return next_due_;
    }
    /// Whether somebody else can raise an interrupt line at or before `t`.
    bool interrupts_by(Picos t) {
        if (!known_) [[unlikely]]
            look();
        if (interrupt_due_ > t) [[likely]]
            return false;
        if (!further_known_)
            look_further();
        return interrupt_due_ <= t;
    }
    /// The running thread has caused something at `t`, which cannot interrupt before `lookahead`
    /// more.
    void caused(Picos t, Picos lookahead = {}) {
        next_due_ = std::min(next_due_, t);
        interrupt_due_ = std::min(interrupt_due_, t + lookahead);
    }
    /// Something may have been scheduled by a device.
    void forget() { known_ = false; }
    /// Another thread has run: the kernel's time may have moved too.
    void resumed() {
        now_ = kernel_now();
        known_ = false;
    }
    /// The kernel's time, for a CPU's thread.
    Picos now() const { return now_; }

    /// CPU `cpu` will be woken at `t` (the earliest of what was said counts until it has woken),
    /// and cannot interrupt another before `lookahead` more.
    void set_due(CpuId cpu, Picos t, Picos lookahead) {
        due_[cpu.value] = std::min(due_[cpu.value], t);
        lookahead_[cpu.value] = lookahead;
        cpus_ = std::max<std::size_t>(cpus_, cpu.value + std::size_t{1});
    }
    void woken(CpuId cpu) { due_[cpu.value] = Picos::never(); }
    /// Whether a lower-numbered CPU is due at `t` too: it goes first, whatever the kernel's order.
    bool lower_cpu_due(CpuId cpu, Picos t) const {
        return std::any_of(due_.begin(), due_.begin() + cpu.value, [t](Picos d) { return d == t; });
    }

    /// Whether any CPU will be woken by itself.
    bool any_cpu_due() const {
        return std::any_of(due_.begin(), due_.end(), [](Picos d) { return d != Picos::never(); });
    }

    // --- devices --------------------------------------------------------------------------------

    /// A device's next event is at `next`, which stays where it is.
    void add_device(const Picos& next) { devices_.push_back(&next); }
    /// Whatever schedules events, but for the CPUs, has been added.
    void all_devices_added() { devices_known_ = true; }

    // --- words that CPUs poll -------------------------------------------------------------------

    class Watcher {
      public:
        /// The watched word was published at `at` by `by`.
        virtual void published(Picos at, CpuId by) = 0;

      protected:
        ~Watcher() = default;
    };
    void watch(CpuId cpu, const std::byte* word, Watcher& watcher) {
        watches_[cpu.value] = {word, &watcher};
        ++watched_;
    }
    void unwatch(CpuId cpu) {
        watches_[cpu.value] = {};
        --watched_;
    }
    void published(const std::byte* word, Picos at, CpuId by) {
        if (watched_ == 0)
            return;
        for (const Watch& w : watches_)
            if (w.word == word)
                w.watcher->published(at, by);
    }

    bool any_watch() const { return watched_ != 0; }
    /// The same for all words in [first, first + n): by a device that writes memory.
    void published_range(const std::byte* first, std::uint64_t n, Picos at, CpuId by) {
        constexpr std::uint64_t widest = 8;  // a word that begins before may reach in
        const std::less<const std::byte*> before;
        for (const Watch& w : watches_)
            if (w.word != nullptr && before(w.word, first + n) && before(first, w.word + widest))
                w.watcher->published(at, by);
    }

    /// Called now and then from the CPUs' threads: progress reports and the user's interruption.
    /// It returns whether the run is to end here.
    void on_poll(std::function<bool()> f) { poll_ = std::move(f); }
    /// True: the run ends; the thread must not go on.
    bool poll() {
        if (--polls_left_ != 0) [[likely]]
            return false;
        polls_left_ = polls_between_calls;
        return poll_ && poll_();
    }

    /// Thread activations so far (the host's cost of a run, not a result).
    std::uint64_t activations = 0;

  private:
    static constexpr std::uint32_t polls_between_calls = 4096;

    void look() {
        const Picos now = now_;
        const sc_core::sc_time ahead = sc_core::sc_time_to_pending_activity();
        const std::uint64_t room = Picos::never().value - now.value;
        kernel_due_ = ahead.value() >= room ? Picos::never() : now + Picos{ahead.value()};
        next_due_ = std::min(kernel_due_, horizon_);
        interrupt_due_ = next_due_;
        known_ = true;
        further_known_ = !devices_known_ || kernel_due_ == now || kernel_due_ == Picos::never();
    }
    /// Which events are CPUs', and when they can interrupt at the earliest. Only for who asks:
    /// mostly the next event is far enough off.
    void look_further() {
        further_known_ = true;
        Picos event = Picos::never();
        for (const Picos* d : devices_)
            event = std::min(event, *d);
        Picos interrupt = event;
        for (std::size_t i = 0; i < cpus_; ++i) {
            event = std::min(event, due_[i]);
            if (due_[i] != Picos::never())
                interrupt = std::min(interrupt, due_[i] + lookahead_[i]);
        }
        // An event of somebody who was not added: there may be others.
        if (kernel_due_ < event)
            devices_known_ = false;
        else
            interrupt_due_ = std::min(interrupt, horizon_);
    }

    Picos quantum_;
    Picos horizon_ = Picos::never();
    Picos now_{};
    Picos kernel_due_{};
    Picos next_due_{};
    Picos interrupt_due_{};
    bool known_ = false;
    bool further_known_ = false;
    std::array<Picos, max_cpus> due_{};
    std::array<Picos, max_cpus> lookahead_{};
    std::size_t cpus_ = 0;
    std::vector<const Picos*> devices_;
    bool devices_known_ = false;
    struct Watch {
        const std::byte* word = nullptr;
        Watcher* watcher = nullptr;
    };
    std::array<Watch, max_cpus> watches_{};
    unsigned watched_ = 0;
    std::function<bool()> poll_;
    std::uint32_t polls_left_ = polls_between_calls;
};

}  // namespace models
