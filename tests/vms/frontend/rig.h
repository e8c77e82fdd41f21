// One front-end VM with one console device, laid out as in the public demos of Bao: window
// 0x0a003e00, interrupt 79, shared memory at 0x80000000.
#pragma once

#include <string>

#include "console_model.h"
#include "machine.h"
#include "vms/frontend/console.h"
#include "vms/frontend/frontend.h"

namespace frontend_test {

inline constexpr std::uint64_t window = 0x0a003e00;
inline constexpr std::uint64_t window_bytes = 0x200;
inline constexpr std::uint64_t shared_base = 0x80000000;
inline constexpr std::uint64_t shared_bytes = 0x100000;

inline vms::frontend::DeviceConfig console_device() {
    vms::frontend::DeviceConfig d;
    d.name = "con0";
    d.window = {{window}, window_bytes};
    d.shared = {{shared_base}, shared_bytes};
    d.interrupt = {79};
    return d;
}

/// A driver on its own.
struct Rig {
    Machine m;
    ConsoleModel device{m};
    const vms::frontend::Profile& profile;
    vms::frontend::Operations operations;
    vms::frontend::Interrupts interrupts;

    explicit Rig(const vms::frontend::Profile& p)
        : profile(p),
          operations(p.software),
          interrupts(m, {Machine::gicd_base, Machine::gicc_base}, p.interrupts, operations) {
        m.add_ram(shared_base, shared_bytes);
        m.add_device(window, window_bytes, device);
        interrupts.start();
    }
    vms::frontend::DriverContext context() { return {m, interrupts, profile, operations}; }
};

/// A whole program, run until it sleeps for ever.
struct ProgramRig {
    Machine m;
    ConsoleModel device{m};
    vms::frontend::FrontendConfig config;
    std::unique_ptr<vms::frontend::FrontendProgram> program;

    explicit ProgramRig(const vms::frontend::Profile& p) {
        m.add_ram(shared_base, shared_bytes);
        m.add_device(window, window_bytes, device);
        config.gic = {Machine::gicd_base, Machine::gicc_base};
        config.profile = &p;
        config.devices.push_back(console_device());
    }
    /// False: it did not come to rest within the machine's limit of time.
    bool run() {
        program = std::make_unique<vms::frontend::FrontendProgram>(config);
        try {
            program->run(m);
        } catch (const Asleep&) {
            return true;
        } catch (const TookTooLong&) {
            return false;
        }
        return false;
    }
};

}  // namespace frontend_test
