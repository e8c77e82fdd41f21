// Keys of `timing`: what work costs.
#include "sim/scenario/schema/keys.h"

namespace sim::keys {

KeySpec timing() {
    constexpr const char* cycles = "100000";
    return map(
        "timing",
        "What work costs. Instructions of the hypervisor come from a measured table; these figures "
        "turn them, and accesses to devices, into time.",
        {
            estimate(number(K::decimal, "cpi", "1.4", "0.1", "100",
                            "Cycles an instruction, caches included."),
                     "in-order dual-issue Cortex-A53 running hypervisor code; plausible 1.0 to "
                     "2.5"),
            estimate(number(K::integer, "exception_entry", "40", "0", cycles,
                            "Cycles from an exception to the first instruction of its vector."),
                     "plausible 20 to 60"),
            estimate(
                number(K::integer, "exception_return", "40", "0", cycles, "Cycles of an ERET."),
                "plausible 20 to 60"),
            estimate(number(K::integer, "sysreg", "4", "0", cycles,
                            "Cycles of an access to a system register, beside the instruction."),
                     "plausible 1 to 10 (10 to 40 for those of a GICv3 CPU interface)"),
            estimate(number(K::integer, "barrier", "20", "0", cycles,
                            "Cycles of a DMB, DSB or ISB, beside the instruction."),
                     "plausible 10 to 60"),
            estimate(number(K::time, "gic_read", "120ns", "0ns", "1ms",
                            "A read of a GIC-400 register, load to use."),
                     "plausible 80 to 200 ns"),
            estimate(number(K::time, "gic_write", "40ns", "0ns", "1ms",
                            "A posted write to a GIC-400 register, as the CPU sees it."),
                     "plausible 20 to 80 ns"),
            estimate(number(K::time, "device_read", "150ns", "0ns", "1ms",
                            "A read of a device's register, load to use."),
                     "plausible 80 to 300 ns, by the bus that the device is on"),
            estimate(number(K::time, "device_write", "60ns", "0ns", "1ms",
                            "A posted write to a device's register, as the CPU sees it."),
                     "plausible 20 to 120 ns"),
            {.name = "path_costs",
             .kind = K::path,
             .help = "A table (CSV) of the hypervisor's path costs in place of the built-in one.",
             .provenance = Provenance::measured,
             .source = "built in: every instruction of Bao 738e3dc (gcc 12.2 -O2) counted on an "
                       "emulated QEMU virt machine"},
            named("operations",
                  "Instructions of a named operation of the back-ends or drivers, in place of the "
                  "built-in figure. The name may have dots: `service.ask: 30`.",
                  number(K::integer, "", "", "0", "100000", "Instructions.")),
        });
}

}  // namespace sim::keys
