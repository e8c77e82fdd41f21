// The machine on which the path costs were measured (data/bao-path-costs.csv): QEMU virt with
// GICv2, VM 0 the front-end on CPU 0, VM 1 the back-end on CPU 1, one remote I/O device, and two
// small bare-metal guests. What differs between tests is a value in Options.
//
// The guests do what the measured ones did: they take interrupts through their vector, acknowledge
// and end the interrupt first, and only then ask; they repeat ASK while the answer says that more
// is pending.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include <gtest/gtest.h>

#include "models/bao/hypervisor.h"
#include "models/bus/bus.h"
#include "models/core/core.h"
#include "models/gic/gic400.h"
#include "models/memory/memory.h"
#include "tests/support/validation.h"
#include "vms/abi/bao.h"
#include "vms/cpu.h"

namespace rig {

namespace bao = models::bao;
using models::Picos;
using vms::GuestAddr;
using vms::Width;

constexpr std::uint64_t guest_gicd = 0x0800'0000;
constexpr std::uint64_t guest_gicc = 0x0801'0000;
constexpr std::uint64_t window = 0x0a00'3e00;
constexpr std::uint64_t window_size = 0x200;
constexpr std::uint64_t shared_base = 0xd000'0000;
constexpr std::uint64_t shared_size = 0x1'0000;
constexpr std::uint64_t private_base = 0x4000'0000;
constexpr std::uint64_t private_size = 0x1'0000;

struct Options {
    unsigned devices = 1;          ///< remote I/O devices between VM 0 and VM 1
    bool firmware_standby = true;  ///< as measured
    bool eoi_maintenance = true;
    unsigned list_registers = 4;
    Picos quantum = Picos::us(100);
    Picos backend_start{};
    std::uint16_t frontend_interrupt = 79;
    std::function<void(bao::Config&)> adjust;  ///< last word on the configuration
};

/// Keeps all that the models tell.
class Recorder final : public models::Probe {
  public:
    void event(const models::Event& e) override { events.push_back(e); }
    void leg(const models::LegRecord& r) override { legs.push_back(r); }
    void mmio(const models::MmioRecord& r) override { mmio_accesses.push_back(r); }
    void observation(models::Observation o) override { observations.push_back(std::move(o)); }

    std::vector<models::LegRecord> of(bao::Leg leg) const {
        std::vector<models::LegRecord> found;
        for (const auto& r : legs)
            if (r.leg == static_cast<std::uint16_t>(leg))
                found.push_back(r);
        return found;
    }
    /// A test that asks for a rule and finds it is the one that shows it.
    bool observed(std::string_view rule) const {
        for (const auto& o : observations) {
            if (o.rule == rule) {
                validation::observation(rule);
                return true;
            }
        }
        return false;
    }

    std::vector<models::Event> events;
    std::vector<models::LegRecord> legs;
    std::vector<models::MmioRecord> mmio_accesses;
    std::vector<models::Observation> observations;
};

/// A guest's interrupt controller, driven as a small bare-metal guest does.
class GuestGic {
  public:
    explicit GuestGic(vms::Cpu& cpu) : cpu_(cpu) {}

    void start() {
        word(guest_gicd + 0x000, 1);
        word(guest_gicc + 0x004, 0xf8);  // PMR
        word(guest_gicc + 0x000, 1);     // CTLR
    }
    void enable(unsigned id, unsigned priority = 0x80) {
        cpu_.store(GuestAddr{guest_gicd + 0x400 + id}, Width::byte, priority);
        if (id >= 32)
            cpu_.store(GuestAddr{guest_gicd + 0x800 + id}, Width::byte, 1);
        word(guest_gicd + 0x100 + 4 * (id / 32), 1u << id % 32);
    }
    void disable(unsigned id) { word(guest_gicd + 0x180 + 4 * (id / 32), 1u << id % 32); }
    unsigned acknowledge() {
        return static_cast<unsigned>(cpu_.load(GuestAddr{guest_gicc + 0x00c}, Width::word));
    }
    void end(unsigned iar) { word(guest_gicc + 0x010, iar); }

  private:
    void word(std::uint64_t a, std::uint64_t v) { cpu_.store(GuestAddr{a}, Width::word, v); }
    vms::Cpu& cpu_;
};

/// A program made of a function.
class Guest final : public vms::Program {
  public:
    explicit Guest(std::function<void(vms::Cpu&)> f) : f_(std::move(f)) {}
    void run(vms::Cpu& cpu) override { f_(cpu); }

  private:
    std::function<void(vms::Cpu&)> f_;
};

/// A vector made of a function.
class Vector final : public vms::InterruptVector {
  public:
    explicit Vector(std::function<void()> f) : f_(std::move(f)) {}
    void irq() override { f_(); }

  private:
    std::function<void()> f_;
};

inline std::int64_t remio_call(vms::Cpu& cpu, std::uint64_t device, std::uint64_t op,
                               vms::CallRegisters& x, std::uint64_t value = 0,
                               std::uint64_t request = 0, std::uint64_t addr = 0) {
    x = {0xc600'0002, device, addr, op, value, request, 0, 0};
    cpu.hvc(x);
    return static_cast<std::int64_t>(x[0]);
}

constexpr std::uint64_t op_write = 0, op_read = 1, op_ask = 2, op_notify = 3;

/// Ask and answer until nothing more is pending: reads get 0x1000 + offset.
struct BackendOptions {
    bool notify_with_answer = false;  ///< NOTIFY right before each answer
    std::uint64_t delay_ns = 0;       ///< between ASK and answer
    bool answer = true;
};

inline void serve(vms::Cpu& cpu, unsigned device, const BackendOptions& o) {
    for (;;) {
        vms::CallRegisters x{};
        if (remio_call(cpu, device, op_ask, x) != 0)
            return;
        const std::uint64_t addr = x[1], op = x[2], id = x[5];
        const bool more = x[6] != 0;
        if (o.delay_ns != 0)
            cpu.retire_nanoseconds(o.delay_ns);
        if (o.notify_with_answer) {
            vms::CallRegisters n{};
            remio_call(cpu, device, op_notify, n);
        }
        if (o.answer)
            remio_call(cpu, device, op, x, 0x1000 + (addr & 0xfff), id);
        if (!more)
            return;
    }
}

inline vms::IntId backend_interrupt(unsigned device) {
    return vms::IntId{static_cast<std::uint16_t>(40 + device)};
}

inline std::unique_ptr<vms::Program> backend(unsigned devices, BackendOptions o = {}) {
    return std::make_unique<Guest>([devices, o](vms::Cpu& cpu) {
        GuestGic gic(cpu);
        Vector vector([&] {
            const unsigned iar = gic.acknowledge();
            gic.end(iar);
            const unsigned id = iar & 0x3ff;
            if (id >= 40 && id < 40 + devices)
                serve(cpu, id - 40, o);
        });
        cpu.set_vector(&vector);
        gic.start();
        for (unsigned d = 0; d < devices; ++d)
            gic.enable(backend_interrupt(d).value);
        cpu.mask_interrupts(false);
        for (;;)
            cpu.wait_for_interrupt();
    });
}

class Rig {
  public:
    explicit Rig(const Options& setup = {})
        : timeline(setup.quantum),
          ram(models::PhysAddr{0x4000'0000}, 0x1000'0000),
          gic({4, 288, setup.list_registers, vms::IntId{25}}),
          config(make_config(setup)),
          hypervisor(config, costs(), hub) {
        hub.events = hub.legs = hub.mmio = hub.observations = &recorder;
        const models::TargetTiming banked{Picos::ns(120), Picos::ns(40), true, false};
        const models::TargetTiming shared{Picos::ns(120), Picos::ns(40), false, false};
        bus.map({"gicd", models::PhysAddr{0x0800'0000}, 0x1000, &gic.distributor(), shared});
        bus.map({"gicc", models::PhysAddr{0x0801'0000}, 0x2000, &gic.cpu_interface(), banked});
        bus.map({"gich", models::PhysAddr{0x0803'0000}, 0x1000, &gic.virtual_interface_control(),
                 banked});
        bus.map(
            {"gicv", models::PhysAddr{0x0804'0000}, 0x2000, &gic.virtual_cpu_interface(), banked});
        for (unsigned i = 0; i < config.cpu_num; ++i) {
            models::Core::Parameters p;
            p.id = models::CpuId{static_cast<std::uint8_t>(i)};
            auto core = std::make_unique<models::Core>(
                ("core" + std::to_string(i)).c_str(), p, timeline, bus, gic, hypervisor,
                std::make_unique<models::FlatCoreModel>(models::FlatCoreModel::Parameters{}), hub);
            gic.connect(p.id, *core);
            hypervisor.attach(*core);
            cores.push_back(std::move(core));
        }
        programs.resize(config.vmlist.size());
        hypervisor.set_programs([this](const bao::VmConfig& vm, unsigned) -> vms::Program& {
            for (std::size_t i = 0; i < config.vmlist.size(); ++i)
                if (config.vmlist[i].name == vm.name && programs[i])
                    return *programs[i];
            return idle;
        });
    }

    static const bao::PathCosts& costs() {
        static const bao::PathCosts c = [] {
            std::string error;
            auto built = bao::PathCosts::from(bao::CostTable::built_in(), "GICv2", error);
            EXPECT_TRUE(built) << error;
            return built.value_or(bao::PathCosts{});
        }();
        return c;
    }

    bao::Config make_config(const Options& s) const {
        bao::Config c;
        c.gic = {models::PhysAddr{0x0800'0000},
                 models::PhysAddr{0x0801'0000},
                 models::PhysAddr{0x0803'0000},
                 models::PhysAddr{0x0804'0000},
                 vms::IntId{25},
                 s.list_registers,
                 288};
        c.cpu_num = 4;
        c.firmware_standby = s.firmware_standby;
        c.vmlist.resize(2);
        bao::VmConfig& fe = c.vmlist[0];
        bao::VmConfig& be = c.vmlist[1];
        fe.name = "frontend";
        be.name = "backend";
        fe.cpu_affinity = 1;
        be.cpu_affinity = 2;
        be.start = s.backend_start;
        for (bao::VmConfig* vm : {&fe, &be}) {
            vm->gicd = GuestAddr{guest_gicd};
            vm->gicc = GuestAddr{guest_gicc};
        }
        std::uint64_t phys = 0x4000'0000;
        const auto region = [&](bao::VmConfig& vm, std::uint64_t base, std::uint64_t size,
                                std::uint64_t at) {
            vm.regions.push_back({GuestAddr{base}, size, models::PhysAddr{at},
                                  ram.host(models::PhysAddr{at}, size)});
        };
        for (bao::VmConfig* vm : {&fe, &be}) {
            region(*vm, private_base, private_size, phys);
            phys += private_size;
        }
        for (unsigned d = 0; d < s.devices; ++d) {
            const std::uint64_t base = shared_base + d * shared_size;
            c.shmemlist.push_back({shared_size, models::PhysAddr{phys}});
            bao::RemioDev dev;
            dev.name = "dev" + std::to_string(d);
            dev.bind_key = d;
            dev.shmem = {GuestAddr{base}, shared_size, d};
            dev.type = bao::RemioDevType::frontend;
            dev.va = GuestAddr{window - d * window_size};
            dev.size = window_size;
            dev.interrupt = vms::IntId{static_cast<std::uint16_t>(s.frontend_interrupt + d)};
            fe.remio_devs.push_back(dev);
            dev.type = bao::RemioDevType::backend;
            dev.interrupt = backend_interrupt(d);
            be.remio_devs.push_back(dev);
            region(fe, base, shared_size, phys);
            region(be, base, shared_size, phys);
            phys += shared_size;
        }
        if (s.adjust)
            s.adjust(c);
        return c;
    }

    /// The guest of a VM, by its place in the list.
    void run_on(std::size_t vm, std::unique_ptr<vms::Program> p) { programs[vm] = std::move(p); }
    void run_on(std::size_t vm, std::function<void(vms::Cpu&)> f) {
        programs[vm] = std::make_unique<Guest>(std::move(f));
    }

    void simulate(Picos until = Picos::ms(10)) {
        const auto error = hypervisor.boot();
        ASSERT_FALSE(error) << error->message;
        timeline.set_horizon(until);
        hypervisor_accesses();
        sc_core::sc_start(until.sc());
    }

    std::vector<bao::Remio::Access> accesses;

    models::Timeline timeline;
    models::ProbeHub hub;
    Recorder recorder;
    models::Bus bus;
    models::Memory ram;
    models::Gic400 gic;
    bao::Config config;
    bao::Hypervisor hypervisor;
    std::vector<std::unique_ptr<models::Core>> cores;
    std::vector<std::unique_ptr<vms::Program>> programs;

  private:
    void hypervisor_accesses() {
        hypervisor.remio().on_access(
            [this](const bao::Remio::Access& a) { accesses.push_back(a); });
    }
    Guest idle{[](vms::Cpu&) {}};
};

}  // namespace rig
