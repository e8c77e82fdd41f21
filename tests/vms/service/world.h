// The machine around a service guest with two consoles, for tests of the guest as a program: the
// hypervisor's remote I/O, the interrupt controller, two UARTs.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/vms/service/cadence_registers.h"
#include "tests/vms/service/rig.h"
#include "vms/abi/bao.h"
#include "vms/service/port/sim/program.h"

namespace vms::service::test {

using Kind = vms::test::FakeCpu::Kind;

inline constexpr GuestAddr gicd{0xf901'0000};
inline constexpr GuestAddr gicc{0xf902'0000};
inline constexpr std::uint64_t iar = 0xf902'000c;
inline constexpr std::uint64_t eoir = 0xf902'0010;
inline constexpr std::uint64_t region_size = 0x10'0000;

/// Two consoles. Device k: window 0x0a003e00 - 0x200 k, interrupt 40 + k, UART at 0xff010000 +
/// 0x10000 k with interrupt 54 + k, remio index 3 + k, its own region.
inline GuestConfig two_consoles() {
    GuestConfig c;
    c.gicd = gicd;
    c.gicc = gicc;
    c.device_count = 2;
    c.peripheral_count = 2;
    for (std::size_t k = 0; k < 2; ++k) {
        DeviceConfig& d = c.devices[k];
        d.remio_index = static_cast<std::uint32_t>(3 + k);
        d.window_base = {0x0a00'3e00 - 0x200 * k};
        d.shmem_base = shared_base + region_size * k;
        d.shmem_size = region_size;
        d.interrupt = {static_cast<std::uint16_t>(40 + k)};
        d.backend = find_backend("console");
        d.console.ports[0].serial = k;
        c.peripherals[k] = {.kind = PeripheralKind::cadence_uart,
                            .base = {0xff01'0000 + 0x1'0000 * k},
                            .interrupts = {IntId{static_cast<std::uint16_t>(54 + k)}}};
    }
    return c;
}

struct Asked {
    std::uint64_t device = 0;
    std::uint64_t address = 0;
    std::uint64_t op = 0;
    std::uint64_t value = 0;
    std::uint64_t width = 4;
    std::uint64_t id = 0;
};

struct Answered {
    std::uint64_t device = 0;
    std::uint64_t address = 0;
    std::uint64_t op = 0;
    std::uint64_t value = 0;
    std::uint64_t id = 0;
    bool operator==(const Answered&) const = default;
};

/// The machine around the guest: hypervisor, interrupt controller, two UARTs. The test's actions
/// run one by one, each when the guest has come to rest.
class World {
  public:
    explicit World(const GuestConfig& config) : program(config, OperationCosts{}), config_(config) {
        cpu.add_ram(shared_base, 2 * region_size);
        cpu.on_hvc = [this](CallRegisters& x) { hypercall(x); };
        cpu.on_load = [this](GuestAddr a, Width w, std::uint64_t) { return load(a, w); };
        cpu.on_store = [this](GuestAddr a, Width w, std::uint64_t v) { store(a, w, v); };
        cpu.on_wait = [this] {
            if (actions.empty())
                throw vms::test::Stop{};
            const auto action = actions.front();
            actions.pop_front();
            action();
            update_line();
        };
    }

    vms::test::FakeCpu cpu;
    ServiceProgram program;
    std::deque<std::function<void()>> actions;
    std::map<std::uint64_t, std::deque<Asked>> pending;  // by remio index
    std::vector<Answered> answered;
    std::vector<std::uint64_t> notified;  // remio index
    std::vector<std::uint64_t> asked;     // remio index
    std::deque<std::uint32_t> interrupts;
    std::array<CadenceRegisters, 2> uarts{CadenceRegisters{{0xff01'0000}},
                                          CadenceRegisters{{0xff02'0000}}};
    std::int64_t completion_result = 0;

    void run() { EXPECT_THROW(program.run(cpu), vms::test::Stop); }
    /// The front-end of device k traps.
    void trap(std::size_t k, bool write, std::uint32_t offset, std::uint64_t value = 0,
              std::uint64_t width = 4, bool interrupt = true) {
        const DeviceConfig& d = config_.devices[k];
        pending[d.remio_index].push_back({d.remio_index, d.window_base.value + offset,
                                          write ? 0ull : 1ull, value, width, next_id_});
        next_id_ = (next_id_ + 1) % 256;
        if (interrupt)
            interrupts.push_back(d.interrupt.value);
        update_line();
    }
    void write(std::size_t k, std::uint32_t offset, std::uint64_t value) {
        actions.push_back([=, this] { trap(k, true, offset, value); });
    }
    void read(std::size_t k, std::uint32_t offset) {
        actions.push_back([=, this] { trap(k, false, offset); });
    }
    /// 3.1.1 and 4.2.3.2 as trapped accesses.
    void bring_up(std::size_t k, std::uint64_t features, const DriverRing& rx,
                  const DriverRing& tx) {
        write(k, 0x070, 0);
        write(k, 0x070, 3);
        write(k, 0x024, 1);
        write(k, 0x020, features >> 32);
        write(k, 0x024, 0);
        write(k, 0x020, features & 0xffff'ffff);
        write(k, 0x070, 0xb);
        std::uint32_t q = 0;
        for (const DriverRing* r : {&rx, &tx}) {
            write(k, 0x030, q++);
            write(k, 0x038, r->size());
            write(k, 0x080, r->descriptor().value);
            write(k, 0x090, r->driver().value);
            write(k, 0x0a0, r->device().value);
            write(k, 0x044, 1);
        }
        write(k, 0x070, 0xf);
    }
    void type(std::size_t k, std::string_view text) {
        for (const char c : text)
            uarts[k].rx.push_back(c);
        uarts[k].causes |= 1u << 8;
        update_line();
    }
    std::size_t count(Kind kind, std::uint64_t address) const {
        std::size_t n = 0;
        for (const auto& r : cpu.log)
            n += r.is(kind, address) ? 1 : 0;
        return n;
    }

    void update_line() {
        cpu.irq_line = !interrupts.empty();
        for (std::size_t k = 0; k < 2; ++k)
            cpu.irq_line = cpu.irq_line || (uarts[k].line() && !uart_active_[k]);
    }

  private:
    std::uint64_t load(GuestAddr a, Width w) {
        for (CadenceRegisters& u : uarts)
            if (u.decodes(a))
                return u.load(a, w);
        if (a.value == iar)
            return acknowledge();
        return a.value == gicd.value + 0x800 ? 0x02u : 0u;  // ITARGETSR0: this is CPU 1
    }
    void store(GuestAddr a, Width w, std::uint64_t v) {
        for (CadenceRegisters& u : uarts)
            if (u.decodes(a))
                u.store(a, w, v);
        if (a.value == eoir)
            for (std::size_t k = 0; k < 2; ++k)
                uart_active_[k] = uart_active_[k] && v != 54 + k;
        update_line();
    }
    std::uint32_t acknowledge() {
        std::uint32_t id = 1023;
        if (!interrupts.empty()) {
            id = interrupts.front();
            interrupts.pop_front();
        } else {
            for (std::size_t k = 0; k < 2 && id == 1023; ++k)
                if (uarts[k].line() && !uart_active_[k]) {
                    uart_active_[k] = true;
                    id = static_cast<std::uint32_t>(54 + k);
                }
        }
        update_line();
        return id;
    }
    void hypercall(CallRegisters& x) {
        ASSERT_EQ(x[0], abi::bao::hypercall_remote_io);
        const std::uint64_t device = x[1];
        switch (x[3]) {
            case 2: {  // ASK
                EXPECT_EQ(x[2], 0u);
                EXPECT_EQ(x[4], 0u);
                asked.push_back(device);
                auto& list = pending[device];
                if (list.empty()) {
                    x[0] = 1;
                    return;
                }
                const Asked r = list.front();
                list.pop_front();
                x = {0, r.address, r.op, r.value, r.width, r.id, list.empty() ? 0ull : 1ull, 0};
                return;
            }
            case 3:
                notified.push_back(device);
                x[0] = 0;
                return;
            default:
                answered.push_back({device, x[2], x[3], x[4], x[5]});
                x[0] = static_cast<std::uint64_t>(completion_result);
                return;
        }
    }

    GuestConfig config_;
    std::uint64_t next_id_ = 0;
    std::array<bool, 2> uart_active_{};
};

}  // namespace vms::service::test
