// The virtual GIC as four vCPUs of a VM see it, over random interleavings of what they can do to 40
// interrupts: make pending, withdraw, enable, disable, retarget, SGI, acknowledge, end. Ten of them
// are passed through: a device holds its physical line until its handler has seen it, and the end
// of the virtual interrupt deactivates the physical one. Against a reference of the GIC
// architecture (IHI 0048B 3.2, handling; 4.3, distributor; 4.4, CPU interface) that keeps a record
// for each interrupt and knows nothing of list registers.
//
// Epochs of 250 steps, each of which ends with every interrupt enabled and taken. In a settled one
// every step has had its effect before the next, and each acknowledge must be one that the
// architecture allows. In a hasty one steps and the messages between the CPUs overlap; every
// interrupt that was made pending must then have been acknowledged after that at least once, and
// none more often than it was made pending. A slow one has the steps of a settled one's pace under
// the rule of a hasty one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/models/bao/rig.h"

namespace interleaving {

using namespace rig;

constexpr unsigned vcpus = 4;
constexpr unsigned spurious = 1023;

using Range = std::array<unsigned, 2>;  // first, one past the last

/// What takes part.
struct System {
    unsigned list_registers = 4;
    bool corrected = true;
    /// Also where Bao's vGIC is known to lose or double: until it has told of that.
    bool until_observed = false;
    // 40 interrupts.
    Range sgis{0, 8};
    Range ppis{20, 22};
    Range spis{32, 52};
    // Passed through, level-sensitive; PPIs that the GIC-400 has.
    Range linked_ppis{28, 30};
    Range linked_spis{52, 60};

    static bool within(unsigned id, const Range& r) { return id >= r[0] && id < r[1]; }
    bool is_linked(unsigned id) const { return within(id, linked_ppis) || within(id, linked_spis); }
    static std::vector<unsigned> of(std::initializer_list<Range> ranges) {
        std::vector<unsigned> v;
        for (const Range& r : ranges)
            for (unsigned i = r[0]; i < r[1]; ++i)
                v.push_back(i);
        return v;
    }
    std::vector<unsigned> shared() const { return of({spis, linked_spis}); }
    std::vector<unsigned> of_a_cpu() const { return of({ppis, linked_ppis}); }
    std::vector<unsigned> ids() const { return of({sgis, ppis, linked_ppis, spis, linked_spis}); }
};

bool is_sgi(unsigned id) {
    return id < 16;
}
bool is_private(unsigned id) {
    return id < 32;
}

// --- the reference ------------------------------------------------------------------------------

/// What the architecture keeps of an interrupt; of a private one, once for each vCPU.
struct Interrupt {
    bool enabled = false;
    bool pending = false;
    std::set<unsigned> sources;  // of an SGI
    std::optional<unsigned> active_on;
    unsigned priority = 0;
    std::set<unsigned> targets;

    bool is_pending() const { return pending || !sources.empty(); }
};

class Reference {
  public:
    explicit Reference(std::vector<unsigned> ids) : ids_(std::move(ids)) {}

    Interrupt& at(unsigned v, unsigned id) { return all_[{is_private(id) ? v : shared, id}]; }

    /// Why this acknowledge is wrong, or nothing. `iar` as read by vCPU v.
    std::string acknowledge(unsigned v, unsigned iar) {
        const unsigned id = iar & 0x3ff;
        const unsigned source = iar >> 10 & 7;
        const unsigned running = running_[v].empty() ? 256 : running_[v].back();
        if (id == spurious) {
            for (const unsigned other : ids_)
                if (certain(v, other) && at(v, other).priority < running)
                    return fmt::format(
                        "spurious, though interrupt {} is pending for vCPU {} with "
                        "priority {:#x} above {:#x}",
                        other, v, at(v, other).priority, running);
            return {};
        }
        if (!candidate(v, id))
            return fmt::format("interrupt {} came to vCPU {}, for which it is not pending", id, v);
        Interrupt& i = at(v, id);
        if (i.priority >= running)
            return fmt::format("interrupt {} preempted one of its own or higher priority", id);
        for (const unsigned other : ids_)
            if (certain(v, other) && at(v, other).priority < i.priority)
                return fmt::format("interrupt {} came before {} of higher priority", id, other);
        if (is_sgi(id)) {
            if (i.sources.erase(source) == 0)
                return fmt::format("SGI {} came from vCPU {}, which did not send it", id, source);
        } else if (source != 0) {
            return fmt::format("interrupt {} came with a source", id);
        }
        i.pending = false;
        i.active_on = v;
        running_[v].push_back(i.priority);
        return {};
    }
    void end(unsigned v, unsigned iar) {
        at(v, iar & 0x3ff).active_on.reset();
        running_[v].pop_back();
    }

    bool forwarded = false;  ///< GICD_CTLR

  private:
    static constexpr unsigned shared = vcpus;

    /// Pending, enabled, not active, and for this vCPU.
    bool candidate(unsigned v, unsigned id) {
        const Interrupt& i = at(v, id);
        return forwarded && i.enabled && i.is_pending() && !i.active_on &&
               (is_private(id) || i.targets.contains(v));
    }
    /// ... and for no other: one of several targets may get it (1-N, 3.1.1).
    bool certain(unsigned v, unsigned id) {
        return candidate(v, id) && (is_private(id) || at(v, id).targets.size() == 1);
    }

    std::vector<unsigned> ids_;
    std::map<std::pair<unsigned, unsigned>, Interrupt> all_;
    std::array<std::vector<unsigned>, vcpus> running_;
};

/// The rule of the hasty epochs, for one interrupt (of one source) at one vCPU or for all.
struct Account {
    std::uint64_t made_pending = 0;
    std::uint64_t acknowledged = 0;
    bool owed = false;  ///< made pending after the last acknowledge
};

// --- the guests ---------------------------------------------------------------------------------

class Interleaving {
  public:
    Interleaving(const System& system, std::uint64_t seed, std::uint64_t steps)
        : system_(system),
          ids_(system.ids()),
          shared_(system.shared()),
          private_(system.of_a_cpu()),
          rig_(options(system)),
          random_(seed),
          steps_(steps),
          reference_(ids_) {}

    void run() {
        rig_.run_on(0, [this](vms::Cpu& cpu) {
            const unsigned v = cpu.reset_state().mpidr & 0xff;
            if (v == 0)
                lead(cpu);
            else
                follow(cpu, v);
        });
        rig_.hub.events = rig_.hub.legs = rig_.hub.mmio = nullptr;
        rig_.hypervisor.on_crash([] { sc_core::sc_stop(); });
        rig_.simulate(Picos::ms(100'000'000));
    }
    /// The run as it must be: to its end, nothing wrong and nothing observed.
    void expect_right() const {
        EXPECT_TRUE(finished_) << "a guest never came to its end";
        EXPECT_TRUE(failure_.empty()) << failure_;
        for (const auto& o : rig_.recorder.observations)
            ADD_FAILURE() << o.rule << ": " << o.what;
        EXPECT_TRUE(rig_.hypervisor.crashes().empty());
    }
    /// What went wrong first: lost, doubled, or a CPU that Bao gave up.
    std::string wrong() const {
        if (!rig_.hypervisor.crashes().empty())
            return rig_.hypervisor.crashes().front().reason;
        return finished_ || !failure_.empty() ? failure_ : "a guest never came to its end";
    }
    /// Whether Bao's vGIC was seen to go wrong; not what a guest may bring about by itself.
    bool observed() const {
        return std::any_of(rig_.recorder.observations.begin(), rig_.recorder.observations.end(),
                           [](const models::Observation& o) {
                               return o.rule.starts_with("vgic.") && o.rule != "vgic.state-unread";
                           });
    }

    std::uint64_t acknowledged = 0;
    std::uint64_t ended = 0;
    std::uint64_t nested = 0;
    std::uint64_t done = 0;

  private:
    enum class Kind { settled, slow, hasty };

    static Options options(const System& system) {
        Options o;
        o.devices = 0;
        o.list_registers = system.list_registers;
        o.firmware_standby = false;
        o.adjust = [system](bao::Config& c) {
            c.vmlist.resize(1);
            c.vmlist[0].cpu_affinity = 0b1111;
            c.corrected_vgic = system.corrected;
            bao::DevRegion device;
            for (const unsigned id : System::of({system.linked_ppis, system.linked_spis}))
                device.interrupts.push_back(vms::IntId{static_cast<std::uint16_t>(id)});
            if (!device.interrupts.empty())
                c.vmlist[0].devs.push_back(device);
        };
        return o;
    }

    std::uint64_t draw(std::uint64_t n) { return random_() % n; }
    unsigned draw_from(const Range& range) {
        return range[0] + static_cast<unsigned>(draw(range[1] - range[0]));
    }
    unsigned draw_from(const std::vector<unsigned>& ids) { return ids[draw(ids.size())]; }
    void fail(const std::string& what) {
        if (failure_.empty() && !what.empty())
            failure_ = fmt::format("step {}: {}", done, what);
    }

    // Registers, and their reference.
    static void word(vms::Cpu& cpu, std::uint64_t a, std::uint64_t value) {
        cpu.store(GuestAddr{a}, Width::word, value);
    }
    static void bit(vms::Cpu& cpu, std::uint64_t reg, unsigned id) {
        word(cpu, guest_gicd + reg + 4 * (id / 32), 1u << id % 32);
    }
    void set_enabled(vms::Cpu& cpu, unsigned v, unsigned id, bool on) {
        if (!is_sgi(id))
            reference_.at(v, id).enabled = on;
        bit(cpu, on ? 0x100 : 0x180, id);
    }
    void set_priority(vms::Cpu& cpu, unsigned v, unsigned id, unsigned priority) {
        reference_.at(v, id).priority = priority;
        cpu.store(GuestAddr{guest_gicd + 0x400 + id}, Width::byte, priority);
    }
    void set_targets(vms::Cpu& cpu, unsigned v, unsigned id, unsigned mask) {
        Interrupt& i = reference_.at(v, id);
        i.targets.clear();
        for (unsigned t = 0; t < vcpus; ++t)
            if ((mask >> t & 1) != 0)
                i.targets.insert(t);
        cpu.store(GuestAddr{guest_gicd + 0x800 + id}, Width::byte, mask);
    }
    using AccountKey = std::array<unsigned, 3>;  // interrupt, bank, source
    static AccountKey key(unsigned v, unsigned id, unsigned source) {
        return {id, is_private(id) ? v : vcpus, is_sgi(id) ? source : 0};
    }
    void made_pending(unsigned v, unsigned id, unsigned source) {
        Account& a = accounts_[key(v, id, source)];
        ++a.made_pending;
        a.owed = true;
    }
    /// The device's line, of a passed-through interrupt: at the CPU's own time.
    void drive(unsigned v, unsigned id, bool level) {
        const models::Core& core = *rig_.cores[v];
        const vms::IntId line{static_cast<std::uint16_t>(id)};
        if (is_private(id))
            rig_.gic.ppi(core.id(), line, level, core.now());
        else
            rig_.gic.spi(line, level, core.now());
    }
    void make_pending(vms::Cpu& cpu, unsigned v, unsigned id) {
        if (system_.is_linked(id)) {
            rig_.cores[v]->sync();
            reference_.at(v, id).pending = true;
            made_pending(v, id, 0);
            drive(v, id, true);
            cpu.mask_interrupts(true);  // as they are; the CPU looks at its inputs
            return;
        }
        reference_.at(v, id).pending = true;
        made_pending(v, id, 0);
        bit(cpu, 0x200, id);
    }
    void withdraw(vms::Cpu& cpu, unsigned v, unsigned id) {
        reference_.at(v, id).pending = false;
        bit(cpu, 0x280, id);
    }
    void send_sgi(vms::Cpu& cpu, unsigned v, unsigned id, unsigned filter, unsigned mask) {
        const unsigned all = (1u << vcpus) - 1;
        const unsigned to = filter == 0 ? mask : filter == 1 ? all & ~(1u << v) : 1u << v;
        for (unsigned t = 0; t < vcpus; ++t) {
            if ((to >> t & 1) == 0)
                continue;
            reference_.at(t, id).sources.insert(v);
            made_pending(t, id, v);
        }
        word(cpu, guest_gicd + 0xf00, filter << 24 | mask << 16 | id);
    }
    /// False: spurious.
    bool acknowledge(vms::Cpu& cpu, unsigned v, bool exactly) {
        const auto iar =
            static_cast<unsigned>(cpu.load(GuestAddr{guest_gicc + 0x00c}, Width::word));
        if (exactly)
            fail(reference_.acknowledge(v, iar));
        if ((iar & 0x3ff) == spurious)
            return false;
        const unsigned id = iar & 0x3ff;
        if (system_.is_linked(id))
            drive(v, id, false);  // the handler has seen to the device
        Account& a = accounts_[key(v, id, iar >> 10 & 7)];
        a.owed = false;
        if (++a.acknowledged > a.made_pending)
            fail(fmt::format("interrupt {} was made pending {} times and came {} times to vCPU {}",
                             id, a.made_pending, a.acknowledged, v));
        active_[v].push_back(iar);
        ++acknowledged;
        if (active_[v].size() > 1)
            ++nested;
        return true;
    }
    void end(vms::Cpu& cpu, unsigned v, bool exactly) {
        if (active_[v].empty())
            return;
        const unsigned iar = active_[v].back();
        active_[v].pop_back();
        if (exactly)
            reference_.end(v, iar);
        word(cpu, guest_gicc + 0x010, iar);
        ++ended;
    }
    void set_forwarding(vms::Cpu& cpu, bool on) {
        reference_.forwarded = on;
        word(cpu, guest_gicd, on ? 1 : 0);
    }

    /// One random step of a vCPU.
    void step(vms::Cpu& cpu, unsigned v, Kind kind) {
        const bool exactly = kind == Kind::settled;
        ++done;
        const unsigned shared = draw_from(shared_);
        const unsigned peripheral = draw(4) == 0 ? draw_from(private_) : shared;
        switch (draw(exactly ? 20 : 16)) {
            case 0:
            case 1:
            case 2:
            case 3:
                make_pending(cpu, v, peripheral);
                break;
            case 4:
            case 5:
                set_enabled(cpu, v, peripheral, true);
                break;
            case 6:
                if (may_move(v, peripheral, exactly))
                    set_enabled(cpu, v, peripheral, false);
                break;
            case 7:
            case 8:
                if (system_.sgis[0] == system_.sgis[1])
                    break;
                send_sgi(cpu, v, draw_from(system_.sgis), static_cast<unsigned>(draw(3)),
                         static_cast<unsigned>(draw(1u << vcpus)));
                break;
            case 9:
            case 10:
            case 11:
            case 12:
                acknowledge(cpu, v, exactly);
                break;
            case 13:
            case 14:
            case 15:
                end(cpu, v, exactly);
                break;
            case 16:
                // A device that takes its line back is another matter: the virtual interrupt stays
                // (a list register has no line), and comes without a cause.
                if (system_.is_linked(peripheral))
                    break;
                withdraw(cpu, v, peripheral);
                accounts_[key(v, peripheral, 0)].owed = false;
                break;
            case 17:
                if (!may_move(v, shared, exactly))
                    break;
                set_targets(cpu, v, shared, static_cast<unsigned>(draw(1u << vcpus)));
                break;
            case 18:
                // A priority that changes while the interrupt is active is not followed; and with
                // forwarding off, ends that are only counted are not seen yet.
                if (!reference_.at(v, peripheral).active_on && reference_.forwarded)
                    set_priority(cpu, v, peripheral, 0x10 * static_cast<unsigned>(draw(8)));
                break;
            default:
                if (draw(8) == 0)
                    set_forwarding(cpu, !reference_.forwarded);
                else
                    compare_registers(cpu, v, peripheral);
                break;
        }
    }
    /// Bao loses an active interrupt that is disabled or retargeted.
    bool may_move(unsigned v, unsigned id, bool exactly) {
        return system_.corrected || system_.until_observed ||
               (exactly && !reference_.at(v, id).active_on);
    }
    void compare_registers(vms::Cpu& cpu, unsigned v, unsigned id) {
        const Interrupt& i = reference_.at(v, id);
        const auto enabled = cpu.load(GuestAddr{guest_gicd + 0x100 + 4 * (id / 32)}, Width::word);
        if ((enabled >> id % 32 & 1) != (i.enabled ? 1 : 0))
            fail(fmt::format("GICD_ISENABLER is wrong about interrupt {}", id));
        const auto priority = cpu.load(GuestAddr{guest_gicd + 0x400 + id}, Width::byte);
        if (priority != i.priority)
            fail(fmt::format("GICD_IPRIORITYR is wrong about interrupt {}", id));
    }

    // --- time and turns ---
    //
    // The first vCPU plans an epoch and publishes its plan at a time before all of its steps; all
    // vCPUs then act at the planned times.
    struct Turn {
        Picos at{};
        unsigned vcpu = 0;
        enum class What { step, prepare, finish, drain } what = What::step;
    };
    struct Epoch {
        Kind kind = Kind::settled;
        std::vector<Turn> turns;
        Picos end{};
    };

    void until(vms::Cpu& cpu, unsigned v, Picos t) {
        models::Core& core = *rig_.cores[v];
        while (core.now() < t)
            cpu.retire_nanoseconds(((t - core.now()).value + 999) / 1000);
        core.sync();
    }

    Epoch plan(Picos from, Kind kind) {
        Epoch e;
        e.kind = kind;
        Picos t = from;
        // Longer than any chain of messages: two, each late by up to a quantum, and what they do.
        const Picos settle = Picos::us(300);
        const auto everybody = [&](Turn::What what) {
            for (unsigned v = 0; v < vcpus; ++v) {
                t = t + Picos::us(what == Turn::What::prepare ? 1000 : 2000);
                e.turns.push_back({t, v, what});
            }
        };
        everybody(Turn::What::prepare);
        t = t + Picos::us(1000);
        constexpr unsigned steps_in_epoch = 250;
        for (unsigned i = 0; i < steps_in_epoch; ++i) {
            t = t + (kind == Kind::hasty ? Picos::ns(draw(3000)) : settle);
            e.turns.push_back({t, static_cast<unsigned>(draw(vcpus)), Turn::What::step});
        }
        t = t + Picos::us(1000);
        // The end of an active interrupt may send it on to another vCPU.
        everybody(Turn::What::finish);
        everybody(Turn::What::prepare);
        everybody(Turn::What::drain);
        e.end = t + Picos::us(3000);
        return e;
    }

    /// Everything enabled, each shared interrupt for one vCPU. With `fresh`, new priorities:
    /// nothing is active then.
    void prepare(vms::Cpu& cpu, unsigned v, bool fresh) {
        for (const unsigned id : ids_) {
            if (!is_private(id) && id % vcpus != v)
                continue;
            if (fresh)
                set_priority(cpu, v, id, 0x10 * static_cast<unsigned>(draw(8)));
            if (!is_private(id))
                set_targets(cpu, v, id, 1u << id % vcpus);
            set_enabled(cpu, v, id, true);
        }
        if (v == 0)
            set_forwarding(cpu, true);
    }
    void finish(vms::Cpu& cpu, unsigned v, bool exactly) {
        while (!active_[v].empty())
            end(cpu, v, exactly);
    }
    void drain(vms::Cpu& cpu, unsigned v, bool exactly) {
        while (acknowledge(cpu, v, exactly))
            end(cpu, v, exactly);
    }
    void check_accounts() {
        for (const auto& [k, a] : accounts_)
            if (a.owed)
                fail(
                    fmt::format("interrupt {} (bank {}, source {}) was made pending and never "
                                "came afterwards",
                                k[0], k[1], k[2]));
        accounts_.clear();
    }

    void act(vms::Cpu& cpu, unsigned v, const Epoch& e) {
        bool fresh = true;
        for (const Turn& turn : e.turns) {
            if (turn.vcpu != v)
                continue;
            until(cpu, v, turn.at);
            switch (turn.what) {
                case Turn::What::prepare:
                    prepare(cpu, v, fresh);
                    fresh = false;
                    break;
                case Turn::What::step:
                    step(cpu, v, e.kind);
                    break;
                case Turn::What::finish:
                    finish(cpu, v, e.kind == Kind::settled);
                    break;
                case Turn::What::drain:
                    drain(cpu, v, e.kind == Kind::settled);
                    break;
            }
        }
        until(cpu, v, e.end);
    }

    void start_gic(vms::Cpu& cpu) {
        word(cpu, guest_gicc + 0x004, 0xf8);
        word(cpu, guest_gicc + 0x000, 1);
    }
    void lead(vms::Cpu& cpu) {
        for (unsigned v = 0; v < vcpus; ++v)
            for (const unsigned id : ids_) {
                reference_.at(v, id).enabled = is_sgi(id);
                // Bao starts at the lowest priority.
                reference_.at(v, id).priority = 0xff;
            }
        start_gic(cpu);
        for (unsigned v = 1; v < vcpus; ++v) {
            vms::CallRegisters x{0xc400'0003, v};
            cpu.smc(x);
        }
        Picos next = Picos::ms(2);
        for (unsigned n = 0; done < steps_ && failure_.empty(); ++n) {
            const Kind at_leisure = system_.until_observed ? Kind::slow : Kind::settled;
            epoch_ = plan(next, n % 2 == 0 ? at_leisure : Kind::hasty);
            next = epoch_.end + Picos::us(100);
            ++epochs_;
            act(cpu, 0, epoch_);
            check_accounts();
            if (epoch_.kind != Kind::settled)
                reset_pending();
            if (system_.until_observed && observed())
                break;
        }
        finished_ = true;
        sc_core::sc_stop();
    }
    /// After a hasty epoch the reference, which did not follow its acknowledges, has nothing
    /// pending: the drain took everything.
    void reset_pending() {
        for (unsigned v = 0; v < vcpus; ++v)
            for (const unsigned id : ids_) {
                reference_.at(v, id).pending = false;
                reference_.at(v, id).sources.clear();
            }
    }
    void follow(vms::Cpu& cpu, unsigned v) {
        start_gic(cpu);
        std::uint64_t seen = 0;
        for (;;) {
            while (epochs_ == seen) {
                cpu.retire_nanoseconds(20'000);
                rig_.cores[v]->sync();
            }
            seen = epochs_;
            act(cpu, v, epoch_);
        }
    }

    System system_;
    std::vector<unsigned> ids_;
    std::vector<unsigned> shared_;
    std::vector<unsigned> private_;
    Rig rig_;
    std::mt19937_64 random_;
    std::uint64_t steps_;
    Reference reference_;
    std::map<AccountKey, Account> accounts_;
    std::array<std::vector<unsigned>, vcpus> active_;
    Epoch epoch_;
    std::uint64_t epochs_ = 0;
    bool finished_ = false;
    std::string failure_;
};

}  // namespace interleaving
