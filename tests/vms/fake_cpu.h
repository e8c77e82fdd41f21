// A vms::Cpu for unit tests: RAM windows in host memory, everything that leaves RAM recorded in
// order and answered by functions of the test. It has no time: retire() adds up.
//
//   vms::test::FakeCpu cpu;
//   auto ram = cpu.add_ram(GuestAddr{0x8000'0000}, 64 * 1024);
//   cpu.on_load = [&](GuestAddr a, Width w, std::uint64_t old) { return ...; };
//   cpu.on_hvc = [&](CallRegisters& x) { ... };
//   cpu.on_wait = [&] { throw vms::test::Stop{}; };  // ends a program that would never return
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <span>
#include <stdexcept>
#include <vector>

#include "vms/cpu.h"

namespace vms::test {

/// Thrown from a script to leave a program that never returns.
struct Stop {};

class FakeCpu final : public Cpu {
  public:
    enum class Kind : std::uint8_t { load, store, hvc, smc, publish, observe, barrier, wait, pair };

    struct Record {
        Kind kind{};
        GuestAddr address{};
        Width width = Width::word;
        std::uint64_t value = 0;    ///< loaded, stored, published or observed
        CallRegisters arguments{};  ///< of hvc and smc
        CallRegisters results{};

        bool is(Kind k, std::uint64_t a) const { return kind == k && address.value == a; }
    };

    struct NoteRecord {
        Note what{};
        std::uint64_t a = 0;
        std::uint64_t b = 0;
    };

    std::vector<Record> log;  ///< in order; inline RAM accesses are not seen
    std::vector<NoteRecord> notes;
    Work retired{};  ///< sum of all work
    std::uint64_t retired_ns = 0;
    std::uint64_t counter_value = 0;
    std::uint32_t frequency_hz = 100'000'000;

    std::function<std::uint64_t(GuestAddr, Width, std::uint64_t old)> on_load;
    std::function<void(GuestAddr, Width, std::uint64_t)> on_store;
    std::function<void(CallRegisters&)> on_hvc;
    std::function<void(CallRegisters&)> on_smc;
    std::function<void()> on_wait;  ///< WFI with no interrupt pending
    std::function<void(const Work&)> on_retire;
    std::function<void(const NoteRecord&)> on_note;
    std::function<void(GuestAddr)> on_publish;  ///< after the word was written
    std::function<void(GuestAddr)> on_observe;  ///< before the word is read

    /// Frames that software shows; only after watch_frames().
    std::function<void(FramePoint, std::uint64_t device, std::span<const std::byte>)> on_frame;
    void watch_frames() { want_frames(true); }

    /// The level of the IRQ input; whoever raised it lowers it (in on_load of the acknowledge).
    bool irq_line = false;

    std::span<std::byte> add_ram(GuestAddr base, std::uint64_t size) {
        std::vector<std::byte>& m = memory_.emplace_back(size);
        add_ram_window({base.value, size, m.data()});
        return m;
    }

    std::vector<Record> records(Kind kind) const {
        std::vector<Record> out;
        std::copy_if(log.begin(), log.end(), std::back_inserter(out),
                     [kind](const Record& r) { return r.kind == kind; });
        return out;
    }

    // Little-endian peeks and pokes for tests; throw when the address is not RAM.
    template <typename T>
    T peek(GuestAddr a) const {
        T v{};
        std::memcpy(&v, checked(a, sizeof(T)), sizeof(T));
        return v;
    }
    template <typename T>
    void poke(GuestAddr a, T v) {
        std::memcpy(checked(a, sizeof(T)), &v, sizeof(T));
    }

    // --- vms::Cpu ---------------------------------------------------------------------------
    void publish(GuestAddr a, Width w, std::uint64_t value) override {
        take_interrupt();
        std::memcpy(checked(a, bytes(w)), &value, bytes(w));
        log.push_back({Kind::publish, a, w, value & mask(w), {}, {}});
        if (on_publish)
            on_publish(a);
    }
    std::uint64_t observe(GuestAddr a, Width w) override {
        take_interrupt();
        if (on_observe)
            on_observe(a);
        std::uint64_t v = 0;
        std::memcpy(&v, checked(a, bytes(w)), bytes(w));
        log.push_back({Kind::observe, a, w, v, {}, {}});
        return v;
    }
    void barrier() override {
        take_interrupt();
        log.push_back({Kind::barrier, {}, {}, 0, {}, {}});
    }
    void hvc(CallRegisters& x) override { call(Kind::hvc, x, on_hvc); }
    void smc(CallRegisters& x) override { call(Kind::smc, x, on_smc); }

    void retire(const Work& w) override {
        retired.instructions += w.instructions;
        retired.loads += w.loads;
        retired.stores += w.stores;
        retired.sysreg += w.sysreg;
        retired.barriers += w.barriers;
        retired.exclusives += w.exclusives;
        if (on_retire)
            on_retire(w);
        take_interrupt();
    }
    void retire_nanoseconds(std::uint64_t ns) override {
        retired_ns += ns;
        take_interrupt();
    }
    void wait_for_interrupt() override {
        log.push_back({Kind::wait, {}, {}, 0, {}, {}});
        if (!irq_line && on_wait)
            on_wait();
        take_interrupt();
    }
    void mask_interrupts(bool masked) override {
        masked_ = masked;
        take_interrupt();
    }
    bool interrupts_masked() const override { return masked_; }
    void set_vector(InterruptVector* vector) override { vector_ = vector; }

    std::uint64_t counter() override { return counter_value; }
    std::uint32_t counter_frequency() const override { return frequency_hz; }
    void set_timer(std::uint64_t compare, TimerControl control) override {
        timer_compare_ = compare;
        timer_ = control;
    }
    TimerControl timer_control() override { return timer_; }
    std::uint64_t timer_compare() const { return timer_compare_; }

    void note(Note what, std::uint64_t a, std::uint64_t b) override {
        notes.push_back({what, a, b});
        if (on_note)
            on_note(notes.back());
    }
    void note_frame(FramePoint where, std::uint64_t device,
                    std::span<const std::byte> frame) override {
        if (on_frame)
            on_frame(where, device, frame);
    }

  protected:
    std::uint64_t load_slow(GuestAddr a, Width w, std::uint64_t old) override {
        take_interrupt();
        const std::uint64_t v = (on_load ? on_load(a, w, old) : 0) & mask(w);
        log.push_back({Kind::load, a, w, v, {}, {}});
        return v;
    }
    void store_slow(GuestAddr a, Width w, std::uint64_t reg) override {
        take_interrupt();
        log.push_back({Kind::store, a, w, reg, {}, {}});
        if (on_store)
            on_store(a, w, reg);
    }
    void unsyndromed_slow(GuestAddr a) override {
        log.push_back({Kind::pair, a, Width::dword, 0, {}, {}});
    }

  private:
    std::byte* checked(GuestAddr a, std::uint64_t n) const {
        std::byte* p = ram(a, n);
        if (p == nullptr)
            throw std::out_of_range("FakeCpu: not RAM");
        return p;
    }

    void call(Kind kind, CallRegisters& x, const std::function<void(CallRegisters&)>& script) {
        take_interrupt();
        Record r{kind, {}, {}, 0, x, {}};
        if (script)
            script(x);
        r.results = x;
        log.push_back(r);
    }

    void take_interrupt() {
        // An interrupt that nobody lowers is taken again at once, as on the machine; a test that
        // forgets to lower it should fail rather than hang.
        for (int taken = 0; irq_line && !masked_ && vector_ != nullptr; ++taken) {
            if (taken == 10'000)
                throw std::runtime_error("FakeCpu: interrupt storm");
            masked_ = true;
            vector_->irq();
            masked_ = false;
        }
    }

    std::deque<std::vector<std::byte>> memory_;
    InterruptVector* vector_ = nullptr;
    bool masked_ = true;
    TimerControl timer_{};
    std::uint64_t timer_compare_ = 0;
};

}  // namespace vms::test
