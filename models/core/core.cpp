// A physical CPU: local time, traps, interrupts. See core.h for the rules of time.
#include "models/core/core.h"

#include <algorithm>
#include <utility>

namespace models {

namespace {
constexpr std::uint64_t milli = 1000;
}

Core::Core(sc_core::sc_module_name name, const Parameters& p, Timeline& timeline, Bus& bus,
           InterruptController& gic, El2& el2, std::unique_ptr<CoreModel> model,
           const ProbeHub& probes)
    : sc_module(name),
      p_(p),
      timeline_(timeline),
      bus_(bus),
      gic_(gic),
      el2_(el2),
      model_(std::move(model)),
      flat_(dynamic_cast<FlatCoreModel*>(model_.get())),
      probes_(probes),
      clock_(p.hz, milli),
      timer_(p.counter_hz) {
    sc_core::sc_spawn_options options;
    options.set_stack_size(256 * 1024);  // native programs nest vectors and traps
    sc_core::sc_spawn([this] { thread(); }, sc_core::sc_gen_unique_name("cpu"), &options);
}

Core::~Core() = default;

void Core::thread() {
    want_frames(probes_.frames != nullptr);
    timeline_.resumed();
    ++timeline_.activations;
    blocked_ = false;
    if (!booted_) {
        booted_ = true;
        el2_.reset(*this);
    } else {
        el2_.restarted(*this);
    }
    halt();
}

void Core::restart() {
    set_level(Level::el2);
    vector_ = nullptr;
    masked_ = true;
    // The kernel unwinds this thread and begins it anew.
    sc_core::sc_get_current_process_handle().reset();
    halt();  // not reached
}

void Core::halt() {
    halted_ = true;
    waiting_ = false;
    for (;;) {
        wake_.cancel();
        sc_core::wait(wake_);
    }
}

// --- time -----------------------------------------------------------------------------------

void Core::block(Picos t, bool interruptible, Picos lookahead) {
    lookahead_ = lookahead;
    wake_.cancel();
    if (t != Picos::never()) {
        wake_.notify((t - timeline_.now()).sc());
        timeline_.set_due(p_.id, t, lookahead);
    }
    waiting_ = interruptible;
    blocked_ = true;
    sc_core::wait(wake_);
    waiting_ = false;
    lookahead_ = {};
    timeline_.resumed();
    ++timeline_.activations;
    // CPUs that are due at the same time act in the order of their numbers, whatever the order in
    // which the kernel runs their threads.
    while (timeline_.lower_cpu_due(p_.id, timeline_.now())) {
        sc_core::wait(sc_core::SC_ZERO_TIME);
        timeline_.resumed();
        ++timeline_.activations;
    }
    timeline_.woken(p_.id);
    blocked_ = false;
}

TimeSpent Core::spent(Level l) const {
    TimeSpent t = spent_[index(l)];
    if (l == level_)
        t.busy += local_ - level_since_;
    return t;
}

void Core::sync() {
    // A program whose loop takes no time would never give up its thread by itself.
    if (timeline_.poll()) [[unlikely]]
        block(Picos::never(), false);
    if (timeline_.next_due() > local_)
        return;
    while (timeline_.now() < local_)
        block(local_, false);
}

void Core::charge_el3(const vms::Work& w) {
    counters_at(Level::el3).instructions += w.instructions;
    const Picos begin = local_;
    advance(clock_.advance(milli_cycles(w)));
    spent_[index(Level::el3)].busy += local_ - begin;
    level_since_ += local_ - begin;
}

void Core::spin(const std::byte* word, const vms::Work& iteration) {
    const std::uint64_t n = poll_asleep(word, iteration, false);
    executing_->instructions += n * iteration.instructions;
    fire_timer_if_due();
}

std::uint64_t Core::poll_asleep(const std::byte* word, const vms::Work& iteration,
                                bool interruptible) {
    // Whatever it was given for work, a look takes a cycle: the time of a loop goes on.
    constexpr std::uint64_t one_cycle = 1000;
    const std::uint64_t each = std::max(milli_cycles(iteration), one_cycle);
    const Picos begin = local_;
    loop_ = Loop{each, iteration};
    published_by_ = p_.id;
    timeline_.poll();
    timeline_.watch(p_.id, word, *this);
    block(timer_deadline_, interruptible, interruptible ? el2_.lookahead(*this) : Picos{});
    timeline_.unwatch(p_.id);
    loop_.reset();
    // The first look at or after that moment; a CPU of a lower number looks first when both are
    // due.
    const Picos woken = std::max(begin, timeline_.now());
    std::uint64_t n =
        std::max<std::uint64_t>(1, (clock_.counts_to_reach(woken - begin) + each - 1) / each);
    const RateClock before = clock_;
    Picos end = begin + clock_.advance(n * each);
    if (end == woken && published_by_ > p_.id) {
        ++n;
        clock_ = before;
        end = begin + clock_.advance(n * each);
    }
    local_ = end;
    return n;
}

void Core::finish(Picos end) {
    if (!loop_ || local_ >= end)
        return;
    // The iterations up to the end, and the one in which it falls.
    const std::uint64_t n = (clock_.counts_to_reach(end - local_) + loop_->each - 1) / loop_->each;
    executing_->instructions += n * loop_->iteration.instructions;
    if (polling_) {
        spent_[index(level_)].polling += end - local_;
        level_since_ += end - local_;
    }
    local_ = end;
}

void Core::wait_until(Picos t) {
    const Picos begin = local_;
    while (local_ < t) {
        const Picos stop = std::min(t, timer_deadline_);
        if (timeline_.next_due() <= stop) {
            while (timeline_.now() < stop)
                block(stop, false);
        }
        local_ = std::max(local_, stop);
        fire_timer_if_due();
    }
    waited_since(begin);
}

void Core::wait_for_release() {
    const Picos begin = local_;
    while (released_at_ == Picos::never() || timeline_.now() < released_at_)
        block(released_at_, false);
    local_ = std::max(local_, released_at_);
    waited_since(begin);
}

void Core::release(Picos at) {
    released_at_ = at;
    wake_at(at);
}

void Core::spend_slowly(Picos d, bool polling) {
    while (d.value != 0) {
        const Picos begin = local_;
        const Picos end = local_ + d;
        const Picos stop = std::min(end, std::max(timer_deadline_, local_));
        if (!timeline_.interrupts_by(stop) && stop - timeline_.now() <= timeline_.quantum()) {
            local_ = stop;
        } else {
            timeline_.poll();
            waits_for_time_ = polling;
            block(stop, true, el2_.lookahead(*this));
            waits_for_time_ = false;
            local_ = std::max(local_, std::min(timeline_.now(), stop));
        }
        d = end - local_;
        if (polling) {
            spent_[index(level_)].polling += local_ - begin;
            level_since_ += local_ - begin;
        }
        fire_timer_if_due();
        arrive();
    }
}

bool Core::wait_for_physical_interrupt(Picos lookahead) {
    bool waited = false;
    const Picos begin = local_;
    while (!physical_interrupt_pending()) {
        Picos next = timer_deadline_;
        if (irq_)
            next = std::min(next, irq_since_);
        if (next != Picos::never() && timeline_.next_due() > next) {
            local_ = std::max(local_, next);
        } else {
            waited = true;
            timeline_.poll();
            in_wfi_ = true;
            block(next, true, lookahead);
            in_wfi_ = false;
            local_ = std::max(local_, timeline_.now());
        }
        fire_timer_if_due();
    }
    waited_since(begin);
    return waited;
}

// --- interrupts -----------------------------------------------------------------------------

void Core::irq(bool level, Picos at) {
    irq_ = level;
    irq_since_ = at;
    if (level && waiting_)
        wake_at(at);
}

void Core::wake_at(Picos at) {
    const Picos now = kernel_now();  // a device's process may be the caller
    at = std::max(at, now);
    wake_.notify((at - now).sc());
    timeline_.set_due(p_.id, at, lookahead_);
    timeline_.caused(at, lookahead_);
}

void Core::published(Picos at, CpuId by) {
    published_by_ = by;
    wake_at(at);
}

void Core::virq(bool level, Picos at) {
    // The virtual CPU interface is banked to this CPU: only its own accesses move this line.
    virq_ = level;
    virq_since_ = at;
}

void Core::update_timer_output() {
    const bool output = timer_.output(local_);
    timer_deadline_ = output ? Picos::never() : timer_.deadline();
    if (output != timer_output_) {
        timer_output_ = output;
        gic_.ppi(p_.id, GenericTimer::virtual_timer_ppi, output, local_);
    }
}

void Core::fire_timer() {
    const Picos at = timer_deadline_;
    timer_deadline_ = Picos::never();
    timer_output_ = true;
    gic_.ppi(p_.id, GenericTimer::virtual_timer_ppi, true, at);
}

void Core::enter_el2() {
    set_level(Level::el2);
    advance_cycles(p_.exception_entry_cycles);
}

void Core::leave_el2() {
    advance_cycles(p_.exception_return_cycles);
    set_level(Level::el1);
}

void Core::arrive_slowly() {
    for (;;) {
        if (timeline_.interrupts_by(local_)) {
            while (timeline_.now() < local_)
                block(local_, false, el2_.lookahead(*this));
        }
        if (irq_ && irq_since_ <= local_) {
            enter_el2();
            el2_.irq(*this);
            leave_el2();
        } else if (virq_ && !masked_ && virq_since_ <= local_ && vector_ != nullptr) {
            masked_ = true;
            advance_cycles(p_.exception_entry_cycles);
            probes_.event({local_, p_.id, EventKind::virtual_irq, {}, 0, 0, 0});
            vector_->irq();
            advance_cycles(p_.exception_return_cycles);
            masked_ = false;
        } else if (!timeline_.interrupts_by(local_) || timeline_.now() >= local_) {
            return;
        }
    }
}

// --- devices --------------------------------------------------------------------------------

Mapping Core::map(PhysAddr base) const {
    const Bus::Region* r = bus_.find(base);
    if (r == nullptr)
        return {};
    return {r->target, base.value - r->base.value, base, r->timing};
}

void Core::perform(Access& a, Target& t, std::uint64_t address, const TargetTiming& timing) {
    ++executing_->instructions;
    ++executing_->mmio;
    advance(a.write ? timing.write : timing.read);
    if (!timing.banked)
        sync();
    a.time = local_;
    t.access(a);
    if (timing.schedules)
        timeline_.forget();
    if (probes_.mmio != nullptr) [[unlikely]] {
        probes_.mmio->mmio({local_, p_.id, PhysAddr{address}, a.value & vms::mask(a.width), a.write,
                            static_cast<std::uint8_t>(level_)});
    }
}

bool Core::pass_through(vms::GuestAddr a, vms::Width w, bool write, std::uint64_t& value) {
    for (const Window& d : windows_) {
        const std::uint64_t offset = a.value - d.base;
        if (offset >= d.size || vms::bytes(w) > d.size - offset)
            continue;
        Access access{d.offset + offset, value & vms::mask(w), w, write, p_.id, {}, false};
        perform(access, *d.target, d.phys + offset, d.timing);
        value = access.value & vms::mask(w);
        return true;
    }
    return false;
}

std::uint64_t Core::load_slow(vms::GuestAddr a, vms::Width w, std::uint64_t old) {
    std::uint64_t value = 0;
    if (pass_through(a, w, false, value)) {
        arrive();
        return value;
    }
    DataAbort abort{a, w, false, true, old};
    data_abort(abort);
    return abort.reg;
}

void Core::store_slow(vms::GuestAddr a, vms::Width w, std::uint64_t reg) {
    std::uint64_t value = reg;
    if (pass_through(a, w, true, value)) {
        arrive();
        return;
    }
    DataAbort abort{a, w, true, true, reg};
    data_abort(abort);
}

void Core::unsyndromed_slow(vms::GuestAddr a) {
    DataAbort abort{a, vms::Width::dword, false, false, 0};
    data_abort(abort);
}

void Core::data_abort(DataAbort& abort) {
    enter_el2();
    el2_.data_abort(*this, abort);
    leave_el2();
    arrive();
}

// --- what a program calls -------------------------------------------------------------------

void Core::run_guest(vms::Program& program, const Stage2& stage2, const vms::ResetState& state) {
    set_reset_state(state);
    clear_ram_windows();
    windows_.clear();
    for (const Stage2::Device& d : stage2.devices()) {
        // A range may span several targets of the bus: one window each.
        for (std::uint64_t at = 0; at < d.size;) {
            const Bus::Region* r = bus_.find(d.phys + at);
            if (r == nullptr)
                break;  // what nothing decodes traps
            const std::uint64_t offset = d.phys.value + at - r->base.value;
            const std::uint64_t size = std::min(d.size - at, r->size - offset);
            windows_.push_back(
                {d.base.value + at, size, r->target, offset, d.phys.value + at, r->timing});
            at += size;
        }
    }
    for (const Stage2::Ram& r : stage2.ram())
        add_ram_window({r.base.value, r.size, r.host});
    masked_ = true;
    vector_ = nullptr;
    leave_el2();
    arrive();
    program.run(*this);
    set_level(Level::el2);
    vector_ = nullptr;
    probes_.event({local_, p_.id, EventKind::power_off, {}, 0, 0, 0});
}

void Core::publish(vms::GuestAddr a, vms::Width w, std::uint64_t value) {
    sync();
    store(a, w, value);
    if (const std::byte* word = ram(a, vms::bytes(w)))
        timeline_.published(word, local_, p_.id);
}

std::uint64_t Core::poll(vms::GuestAddr a, vms::Width w, std::uint64_t unwanted,
                         const vms::Work& iteration) {
    sync();
    const std::byte* word = ram(a, vms::bytes(w));
    if (word == nullptr || load(a, w) != unwanted) {
        retire(iteration);
        return 1;
    }
    // Nothing to see until somebody publishes the word, nothing else to do until an interrupt.
    polling_ = Polling{a, unwanted, local_};
    const Picos begin = local_;
    const std::uint64_t n = poll_asleep(word, iteration, true);
    polling_.reset();
    counters_at(Level::el1).instructions += n * iteration.instructions;
    spent_[index(level_)].polling += local_ - begin;
    level_since_ += local_ - begin;
    fire_timer_if_due();
    arrive();
    return n;
}

std::uint64_t Core::observe(vms::GuestAddr a, vms::Width w) {
    sync();
    return load(a, w);
}

void Core::barrier() {
    // What others see is ordered by sync() already; the time of the instruction is the program's
    // work.
}

void Core::hvc(vms::CallRegisters& x) {
    enter_el2();
    el2_.hvc(*this, x);
    leave_el2();
    arrive();
}

void Core::smc(vms::CallRegisters& x) {
    enter_el2();
    el2_.smc(*this, x);
    leave_el2();
    arrive();
}

void Core::retire(const vms::Work& work) {
    executing_->instructions += work.instructions;
    spend(clock_.advance(milli_cycles(work)));
}

void Core::retire_nanoseconds(std::uint64_t ns) {
    spend_slowly(Picos::ns(ns), true);
}

void Core::wait_for_interrupt() {
    const Picos begin = local_;
    if (!ticked_)
        at_rest_since_ = begin;
    while (!physical_interrupt_pending() && !(virq_ && virq_since_ <= local_)) {
        Picos next = timer_deadline_;
        if (irq_)
            next = std::min(next, irq_since_);
        in_wfi_ = true;
        if (on_idle_)
            on_idle_();  // may end the run here, which is then due
        if (next != Picos::never() && timeline_.next_due() > next) {
            local_ = std::max(local_, next);
        } else {
            timeline_.poll();
            block(next, true, el2_.lookahead(*this));
            local_ = std::max(local_, timeline_.now());
        }
        in_wfi_ = false;
        fire_timer_if_due();
    }
    ticked_ = timer_output_;
    waited_since(begin);
    arrive();
}

void Core::mask_interrupts(bool masked) {
    masked_ = masked;
    arrive();
}

std::uint64_t Core::counter() {
    return timer_.counter(local_);
}

void Core::set_timer(std::uint64_t compare, vms::TimerControl control) {
    timer_.set(compare, control);
    update_timer_output();
    arrive();
}

vms::TimerControl Core::timer_control() {
    return timer_.control(local_);
}

void Core::look_begins() {
    look_ = {spent(Level::el1).busy, spent(Level::el2).busy, performed()};
}

void Core::look_found_nothing() {
    set_level(level_);  // what is under way is counted up to here
    const auto was_polling = [this](Level level, Picos before) {
        TimeSpent& t = spent_[index(level)];
        t.polling += t.busy - before;
        t.busy = before;
    };
    was_polling(Level::el1, look_.el1);
    was_polling(Level::el2, look_.el2);
    set_performed(look_.performed);
}

void Core::note(vms::Note what, std::uint64_t a, std::uint64_t b) {
    switch (what) {
        case vms::Note::ring_publish:
            probes_.event({local_, p_.id, EventKind::ring_publish, {}, a, b, 0});
            break;
        case vms::Note::ring_consume:
            probes_.event({local_, p_.id, EventKind::ring_consume, {}, a, b, 0});
            break;
        case vms::Note::workload_done:
            ticked_ = false;
            probes_.event({local_, p_.id, EventKind::workload_done, {}, a, 0, 0});
            break;
        case vms::Note::backend_step:
            last_kind_ = std::min<std::uint64_t>(a, step_kinds - 1);
            last_of_kind_[last_kind_] = {a, b, local_, true};
            probes_.event({local_, p_.id, EventKind::backend_step, {}, a, b, 0});
            break;
        case vms::Note::driver_fault:
            probes_.event({local_, p_.id, EventKind::driver_fault, {}, a, b, 0});
            break;
        case vms::Note::incident:
            if (on_incident_)
                on_incident_(a, b);
            break;
    }
}

void Core::note_frame(vms::FramePoint where, std::uint64_t device,
                      std::span<const std::byte> frame) {
    if (probes_.frames != nullptr)
        probes_.frames->frame({local_, p_.id, where, device, frame});
}

}  // namespace models
