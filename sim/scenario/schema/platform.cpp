// Keys of `platform`: the hardware.
#include <utility>
#include <vector>

#include "sim/scenario/schema/keys.h"

namespace sim::keys {

namespace {

KeySpec uart() {
    std::vector<KeySpec> keys{
        required(choice("model", "", {"cadence", "pl011"},
                        "The UART: Cadence (Zynq UltraScale+ TRM, UG1085) or PL011 (Arm "
                        "DDI 0183).")),
        required(address("base", "Physical address of its registers, a multiple of 4KiB.")),
        number(K::size, "size", "0x1000", "4KiB", "1MiB", "Bytes of its register block."),
        required(interrupt("interrupt", "GIC interrupt id of its output, 32 or above.")),
        number(K::frequency, "reference_clock", "100MHz", "1MHz", "1GHz",
               "Clock from which its driver derives the baud rate."),
        number(K::integer, "baud", "115200", "300", "20000000",
               "Bits a second at the far end of the line; the driver programs the near end, whose "
               "dividers must come within 5 % of it."),
        serial_output(),
        typed_input(),
        pattern_input(),
        {.name = "input_file",
         .kind = K::path,
         .help = "A file whose bytes are sent from time 0 on. Not with `input` or `pattern`."},
        records(),
    };
    for (KeySpec& k : shared_line())
        keys.push_back(std::move(k));
    return map("", "", std::move(keys));
}

}  // namespace

KeySpec platform() {
    return required(map(
        "platform",
        "The hardware. `platform: zcu104` takes a preset as it is; `platform: {preset: zcu104, "
        "...}` takes it and replaces what is given; without a preset all that is needed must be "
        "given.",
        {
            text("preset", "Name of a preset (scenarios/presets/)."),
            number(K::integer, "cpu_num", "4", "1", "8",
                   "Physical CPUs; a GICv2 has interfaces for 8."),
            number(K::frequency, "cpu_hz", "1.2GHz", "1MHz", "10GHz", "Clock of the CPUs."),
            number(K::frequency, "counter_hz", "100MHz", "1MHz", "1GHz",
                   "The system counter, CNTFRQ_EL0."),
            flag("firmware_standby", "false",
                 "Standby of the hypervisor is a PSCI call to firmware at EL3, not a plain WFI."),
            flag("corrected_vgic", "false",
                 "Not Bao's virtual interrupt controller but one that loses and doubles no "
                 "interrupt when list registers run short: to see whether a fault is Bao's."),
            required(list("ram", "Physical memory.",
                          map("", "",
                              {required(address("base", "Physical address.")),
                               required(size("size", "Bytes."))}))),
            required(map("gic", "The interrupt controller.",
                         {
                             number(K::integer, "version", "2", "2", "2", "Architecture version."),
                             required(address("gicd", "Distributor.")),
                             required(address("gicc", "CPU interface.")),
                             required(address("gich", "Virtual interface control.")),
                             required(address("gicv",
                                              "Virtual CPU interface, which VMs see in "
                                              "place of `gicc`.")),
                             number(K::integer, "list_registers", "4", "1", "16",
                                    "List registers of each CPU."),
                             number(K::integer, "interrupt_lines", "192", "64", "512",
                                    "Interrupt ids that the distributor has: SGI, PPI and SPI; a "
                                    "multiple of 32."),
                             number(K::interrupt, "maintenance", "25", "25", "31",
                                    "Interrupt id of the maintenance interrupt."),
                         })),
            map("guest_gic", "Where VMs see their interrupt controller unless they say otherwise.",
                {address("gicd", "Distributor (emulated)."),
                 address("gicc", "CPU interface (`gicv` appears here).")}),
            named("uarts", "Serial lines, by name.", uart()),
            named("nics", "Network controllers, by name.", nic()),
        }));
}

}  // namespace sim::keys
