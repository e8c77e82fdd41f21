// A VM whose vCPUs drive the virtual GIC by hand: polled, interrupts masked, each register access a
// line of the test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "tests/models/bao/rig.h"

namespace rig {

/// The virtual GIC as software on one vCPU sees it: guest_gicd emulated, guest_gicc the GICV.
class HandGic {
  public:
    explicit HandGic(vms::Cpu& cpu) : cpu_(cpu) {}

    std::uint32_t read(std::uint64_t offset) {
        return static_cast<std::uint32_t>(cpu_.load(GuestAddr{guest_gicd + offset}, Width::word));
    }
    void write(std::uint64_t offset, std::uint32_t value) {
        cpu_.store(GuestAddr{guest_gicd + offset}, Width::word, value);
    }
    void write_byte(std::uint64_t offset, std::uint32_t value) {
        cpu_.store(GuestAddr{guest_gicd + offset}, Width::byte, value);
    }

    void start() {
        write(0x000, 1);
        cpu_.store(GuestAddr{guest_gicc + 0x004}, Width::word, 0xf8);
        cpu_.store(GuestAddr{guest_gicc + 0x000}, Width::word, 1);
    }
    /// Priority, target and enable, as a driver's request of the interrupt does.
    void set_up(unsigned id, unsigned priority, unsigned vcpu = 0) {
        write_byte(0x400 + id, priority);
        if (id >= 32)
            write_byte(0x800 + id, 1u << vcpu);
        enable(id);
    }
    void enable(unsigned id) { bit(0x100, id); }
    void disable(unsigned id) { bit(0x180, id); }
    void pend(unsigned id) { bit(0x200, id); }
    void unpend(unsigned id) { bit(0x280, id); }
    void activate(unsigned id) { bit(0x300, id); }
    void deactivate(unsigned id) { bit(0x380, id); }
    bool is_pending(unsigned id) { return (read(0x200 + 4 * (id / 32)) >> id % 32 & 1) != 0; }
    bool is_active(unsigned id) { return (read(0x300 + 4 * (id / 32)) >> id % 32 & 1) != 0; }
    void sgi(unsigned id, unsigned vcpu_mask) { write(0xf00, vcpu_mask << 16 | id); }

    unsigned acknowledge() {
        return static_cast<unsigned>(cpu_.load(GuestAddr{guest_gicc + 0x00c}, Width::word));
    }
    void end(unsigned iar) { cpu_.store(GuestAddr{guest_gicc + 0x010}, Width::word, iar); }
    /// Acknowledge and end whatever comes; the ids in order.
    std::vector<unsigned> drain() {
        std::vector<unsigned> ids;
        for (;;) {
            const unsigned iar = acknowledge();
            if ((iar & 0x3ff) >= 1020)
                return ids;
            ids.push_back(iar & 0x3ff);
            end(iar);
        }
    }
    void pause(std::uint64_t us = 100) { cpu_.retire_nanoseconds(us * 1000); }

  private:
    void bit(std::uint64_t reg, unsigned id) { write(reg + 4 * (id / 32), 1u << id % 32); }
    vms::Cpu& cpu_;
};

struct VgicSetup {
    unsigned vcpus = 1;
    unsigned list_registers = 2;
    bool corrected = false;
    std::function<void(bao::Config&)> adjust{};
};

/// One VM; vCPU n runs guests[n].
class VgicRig {
  public:
    using GuestFunction = std::function<void(HandGic&)>;

    explicit VgicRig(const VgicSetup& s) : rig(options(s)) {}

    void run(std::vector<GuestFunction> guests) {
        finished.assign(guests.size(), false);
        rig.run_on(0, [this, guests = std::move(guests)](vms::Cpu& cpu) {
            const unsigned v = cpu.reset_state().mpidr & 0xff;
            HandGic gic(cpu);
            gic.start();
            if (v == 0) {
                for (unsigned other = 1; other < guests.size(); ++other) {
                    vms::CallRegisters x{0xc400'0003, other};
                    cpu.smc(x);
                }
                gic.pause(1000);
            }
            guests[v](gic);
            finished[v] = true;
            for (;;)  // not WFI: an interrupt may be pending, and none is taken
                cpu.retire_nanoseconds(1'000'000);
        });
        rig.simulate(Picos::ms(50));
    }
    bool observed(std::string_view rule) const { return rig.recorder.observed(rule); }
    /// Nothing observed; what was, is told.
    bool silent() const {
        for (const auto& o : rig.recorder.observations)
            ADD_FAILURE() << o.rule << ": " << o.what;
        return rig.recorder.observations.empty();
    }
    bool all_finished() const {
        return std::all_of(finished.begin(), finished.end(), [](bool b) { return b; });
    }
    bool crashed() const { return !rig.hypervisor.crashes().empty(); }

    Rig rig;
    std::vector<bool> finished;

  private:
    static Options options(const VgicSetup& s) {
        Options o;
        o.devices = 0;
        o.list_registers = s.list_registers;
        o.firmware_standby = false;
        o.adjust = [s](bao::Config& c) {
            c.vmlist.resize(1);
            c.vmlist[0].cpu_affinity = (1u << s.vcpus) - 1;
            c.corrected_vgic = s.corrected;
            if (s.adjust)
                s.adjust(c);
        };
        return o;
    }
};

}  // namespace rig
