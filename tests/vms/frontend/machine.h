// A machine for the tests of the front-end drivers: a CPU whose time is one nanosecond an
// instruction, RAM, a GICv2 reduced to pending and enabled bits, the virtual timer, and devices
// that act between the program's steps. Every device access is logged. (tests/vms/fake_cpu.h has
// neither time nor devices of its own: these tests are about waiting.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "vms/abi/gicv2.h"
#include "vms/cpu.h"

namespace frontend_test {

/// The words of a text: a log as it is written down in a test.
inline std::vector<std::string> words(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string w; in >> w;)
        out.push_back(w);
    return out;
}

inline std::span<const std::byte> bytes(std::string_view s) {
    return std::as_bytes(std::span{s.data(), s.size()});
}

namespace gicd = vms::abi::gicv2::gicd;
namespace gicc = vms::abi::gicv2::gicc;

/// Thrown out of WFI when nothing can happen any more: the end of a program that sleeps for ever.
struct Asleep {};
/// Thrown when a program runs for longer than the test allows: it hangs.
struct TookTooLong {};

class Device {
  public:
    virtual ~Device() = default;
    virtual std::uint64_t load(std::uint32_t offset, vms::Width w) = 0;
    virtual void store(std::uint32_t offset, vms::Width w, std::uint64_t value) = 0;
    /// Do what is due. Called whenever time has passed.
    virtual void step(std::uint64_t /*now_ns*/) {}
    /// When something will be due; UINT64_MAX: nothing.
    virtual std::uint64_t next_ns() const { return UINT64_MAX; }
};

class Machine final : public vms::Cpu {
  public:
    static constexpr std::uint64_t ns_per_tick = 10;  // 100 MHz, as on the ZCU104
    static constexpr vms::GuestAddr gicd_base{0xf9010000};
    static constexpr vms::GuestAddr gicc_base{0xf9020000};

    void add_ram(std::uint64_t base, std::uint64_t size) {
        auto& bytes = ram_.emplace(base, std::vector<std::byte>(size)).first->second;
        add_ram_window({base, size, bytes.data()});
    }
    void add_device(std::uint64_t base, std::uint64_t size, Device& d) {
        devices_.push_back({base, size, &d});
    }

    /// What the program did to the device registers: "R008", "W070=b", 8 and 16 bits as "R100.2";
    /// the interrupt controller's as "GICD:W104=...".
    std::vector<std::string> log;
    std::vector<std::string> gic_log;
    std::vector<std::pair<vms::Note, std::pair<std::uint64_t, std::uint64_t>>> notes;
    struct NotedFrame {
        vms::FramePoint where;
        std::uint64_t device;
        std::vector<std::byte> bytes;
    };
    std::vector<NotedFrame> frames;  ///< after watch_frames()
    /// What answers a hypercall or a call to the firmware, when there is one that does.
    std::function<void(vms::CallRegisters&)> on_hvc;
    std::function<void(vms::CallRegisters&)> on_smc;
    std::uint64_t limit_ns = 10'000'000'000;

    std::uint64_t now_ns() const { return now_; }
    void raise(std::uint16_t id) { pending_.insert(id); }
    bool interrupt_enabled(std::uint16_t id) const { return enabled_.contains(id); }
    unsigned noted(vms::Note n) const {
        unsigned count = 0;
        for (const auto& note : notes)
            count += note.first == n ? 1 : 0;
        return count;
    }

    /// Memory as a back-end would see it.
    template <typename T>
    T peek(std::uint64_t a) const {
        T v{};
        if (const std::byte* p = ram({a}, sizeof v))
            std::memcpy(&v, p, sizeof v);
        return v;
    }
    template <typename T>
    void poke(std::uint64_t a, T v) {
        if (std::byte* p = ram({a}, sizeof v))
            std::memcpy(p, &v, sizeof v);
    }

    // vms::Cpu
    void publish(vms::GuestAddr a, vms::Width w, std::uint64_t value) override {
        store(a, w, value);
        advance(1);
    }
    std::uint64_t observe(vms::GuestAddr a, vms::Width w) override {
        advance(1);
        return load(a, w);
    }
    void barrier() override { advance(1); }
    void hvc(vms::CallRegisters& x) override {
        if (on_hvc)
            on_hvc(x);
        advance(1);
    }
    void smc(vms::CallRegisters& x) override {
        if (on_smc)
            on_smc(x);
        advance(1);
    }
    void retire(const vms::Work& work) override { advance(work.instructions); }
    void retire_nanoseconds(std::uint64_t ns) override { advance(ns); }
    /// The same in steps, so that one thing can follow from another.
    void let_happen(std::uint64_t ns) {
        constexpr std::uint64_t step_ns = 1'000;
        for (std::uint64_t done = 0; done < ns; done += step_ns)
            advance(step_ns);
    }
    void wait_for_interrupt() override {
        while (!anything_pending()) {
            std::uint64_t next = timer_due_ns();
            for (const Mapping& m : devices_)
                next = std::min(next, m.device->next_ns());
            if (next == UINT64_MAX)
                throw Asleep{};
            advance(next > now_ ? next - now_ : 0);
        }
        take_interrupts();
    }
    void mask_interrupts(bool masked) override {
        masked_ = masked;
        take_interrupts();
    }
    bool interrupts_masked() const override { return masked_; }
    void set_vector(vms::InterruptVector* v) override { vector_ = v; }
    std::uint64_t counter() override { return now_ / ns_per_tick; }
    std::uint32_t counter_frequency() const override { return 1'000'000'000 / ns_per_tick; }
    void set_timer(std::uint64_t compare, vms::TimerControl control) override {
        compare_ = compare;
        control_ = control;
    }
    vms::TimerControl timer_control() override { return control_; }
    void note(vms::Note what, std::uint64_t a, std::uint64_t b) override {
        notes.push_back({what, {a, b}});
    }
    void note_frame(vms::FramePoint where, std::uint64_t device,
                    std::span<const std::byte> frame) override {
        frames.push_back({where, device, {frame.begin(), frame.end()}});
    }
    void watch_frames() { want_frames(true); }

  protected:
    std::uint64_t load_slow(vms::GuestAddr a, vms::Width w, std::uint64_t old) override {
        std::uint64_t v = old;
        if (inside(a, gicc_base, gicc::bytes)) {
            const std::uint64_t offset = a.value - gicc_base.value;
            v = offset == gicc::iar ? acknowledge() : 0;
            gic_log.push_back(fmt::format("GICC:R{:03x}", offset));
        } else if (inside(a, gicd_base, gicd::bytes)) {
            const std::uint64_t offset = a.value - gicd_base.value;
            // 64 interrupts; ITARGETSR0 names this CPU.
            v = offset == gicd::typer ? 1 : offset == gicd::itargetsr ? 0x01010101 : 0;
            gic_log.push_back(fmt::format("GICD:R{:03x}", offset));
        } else if (Mapping* m = find(a)) {
            const auto offset = static_cast<std::uint32_t>(a.value - m->base);
            v = m->device->load(offset, w);
            log.push_back(fmt::format("R{}", text(offset, w)));
        }
        advance(100);
        return v;
    }
    void store_slow(vms::GuestAddr a, vms::Width w, std::uint64_t reg) override {
        const std::uint64_t v = reg & vms::mask(w);
        if (inside(a, gicc_base, gicc::bytes)) {
            gic_log.push_back(fmt::format("GICC:W{:03x}={:x}", a.value - gicc_base.value, v));
        } else if (inside(a, gicd_base, gicd::bytes)) {
            const auto offset = static_cast<std::uint32_t>(a.value - gicd_base.value);
            set_enabled(offset, static_cast<std::uint32_t>(v));
            gic_log.push_back(fmt::format("GICD:W{:03x}={:x}", offset, v));
        } else if (Mapping* m = find(a)) {
            const auto offset = static_cast<std::uint32_t>(a.value - m->base);
            log.push_back(fmt::format("W{}={:x}", text(offset, w), v));
            m->device->store(offset, w, v);
        }
        advance(100);
    }

  private:
    struct Mapping {
        std::uint64_t base;
        std::uint64_t size;
        Device* device;
    };

    static bool inside(vms::GuestAddr a, vms::GuestAddr base, std::uint64_t size) {
        return a.value - base.value < size;
    }
    static std::string text(std::uint32_t offset, vms::Width w) {
        return w == vms::Width::word ? fmt::format("{:03x}", offset)
                                     : fmt::format("{:03x}.{}", offset, vms::bytes(w));
    }
    Mapping* find(vms::GuestAddr a) {
        for (Mapping& m : devices_)
            if (a.value - m.base < m.size)
                return &m;
        return nullptr;
    }

    void set_enabled(std::uint32_t offset, std::uint32_t bits) {
        const auto base = offset & ~0x7fu;
        const auto first = static_cast<std::uint16_t>((offset - base) * 8);
        for (std::uint16_t i = 0; i < 32; ++i) {
            if ((bits >> i & 1) == 0)
                continue;
            if (base == gicd::isenabler)
                enabled_.insert(static_cast<std::uint16_t>(first + i));
            if (base == gicd::icenabler)
                enabled_.erase(static_cast<std::uint16_t>(first + i));
        }
    }
    std::uint64_t timer_due_ns() const {
        return control_.enable && !control_.imask ? compare_ * ns_per_tick : UINT64_MAX;
    }
    void latch_timer() {
        const std::uint16_t id = vms::abi::gicv2::virtual_timer_ppi;
        if (timer_due_ns() <= now_)
            pending_.insert(id);
        else
            pending_.erase(id);
    }
    bool anything_pending() {
        latch_timer();
        for (const std::uint16_t id : pending_)
            if (enabled_.contains(id))
                return true;
        return false;
    }
    std::uint64_t acknowledge() {
        latch_timer();
        for (const std::uint16_t id : pending_) {
            if (enabled_.contains(id)) {
                pending_.erase(id);
                return id;
            }
        }
        return gicc::spurious;
    }
    void take_interrupts() {
        if (masked_ || vector_ == nullptr || !anything_pending())
            return;
        masked_ = true;
        vector_->irq();
        masked_ = false;
    }
    void advance(std::uint64_t ns) {
        now_ += ns;
        if (now_ > limit_ns)
            throw TookTooLong{};
        for (const Mapping& m : devices_)
            m.device->step(now_);
        take_interrupts();
    }

    std::map<std::uint64_t, std::vector<std::byte>> ram_;
    std::vector<Mapping> devices_;
    std::set<std::uint16_t> pending_;
    std::set<std::uint16_t> enabled_;
    vms::InterruptVector* vector_ = nullptr;
    bool masked_ = true;
    std::uint64_t now_ = 0;
    std::uint64_t compare_ = 0;
    vms::TimerControl control_{};
};

}  // namespace frontend_test
