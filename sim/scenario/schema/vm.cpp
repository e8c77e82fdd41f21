// Keys of a virtual machine, in the words of Bao's vm_config.
#include "sim/scenario/schema/keys.h"

namespace sim::keys {

namespace {

KeySpec remio_dev() {
    return map(
        "", "",
        {
            required(choice("type", "", {"frontend", "backend"},
                            "`frontend`: this VM's accesses to the window are forwarded. "
                            "`backend`: this VM answers them.")),
            required(number(K::integer, "bind_key", "", "0", "0xfffffffffffffffe",
                            "Binds one front-end to one back-end; Bao's mark for none is "
                            "2^64-1. Above 255 it is cut to 8 bits on its way between CPUs; the "
                            "run shows what that does.")),
            address("va", "Front-end: guest-physical address of the window of registers."),
            number(K::size, "size", "", "0x100", "1MiB",
                   "Front-end: bytes of the window; the public demos use 0x200."),
            required(interrupt("interrupt",
                               "Interrupt that the hypervisor injects: into the front-end on "
                               "NOTIFY, into the back-end when an access waits. An id above 255 "
                               "is cut to 8 bits by Bao; the run shows what that does.")),
            required(map("shmem",
                         "The memory that both sides map. Bao wants the same three values on both "
                         "sides and stops at boot when they differ.",
                         {required(address("base", "Guest-physical address.")),
                          required(size("size", "Bytes.")),
                          required(number(K::integer, "shmem_id", "", "0", "65535",
                                          "Index into `shmemlist`."))})),
        });
}

}  // namespace

KeySpec vm() {
    return map(
        "", "",
        {
            required(number(K::mask, "cpu_affinity", "", "0", "0xff",
                            "The physical CPUs that the VM owns, a bit for each.")),
            map("gic",
                "Where the VM sees its interrupt controller; default: the platform's "
                "`guest_gic`.",
                {address("gicd", "Distributor, emulated."), address("gicc", "CPU interface.")}),
            number(K::time, "start", "0ns", "0ns", longest_time, "The VM boots this late."),
            list("regions", "Its memory.",
                 map("", "",
                     {
                         required(address("base", "Guest-physical address, a multiple of 4KiB.")),
                         required(size("size", "Bytes, a multiple of 4KiB.")),
                         address("phys", "Physical address (Bao: place_phys); without it, chosen."),
                     })),
            list(
                "devs",
                "Devices passed through to it: `{device: uart1}` for one of the platform, or an "
                "address, a size and interrupts as in Bao.",
                map("", "",
                    {
                        text("device", "A UART or network controller of the platform, by name."),
                        address("pa", "Physical address, a multiple of 4KiB."),
                        address("va", "Guest-physical address; default: the physical one."),
                        size("size", "Bytes."),
                        interrupts("Interrupts of the device."),
                        number(K::integer, "id", "", "0", "0x7fff",
                               "Stream by which the SMMU knows the device's accesses to memory "
                               "(Bao: id); default: the `stream_id` of a controller that is named, "
                               "else 0, for none."),
                    })),
            list("ipcs", "Shared memory with doorbells.",
                 map("", "",
                     {
                         required(address("base", "Guest-physical address.")),
                         required(size("size", "Bytes.")),
                         required(number(K::integer, "shmem_id", "", "0", "65535",
                                         "Index into `shmemlist`.")),
                         interrupts("Injected when another VM rings; by event."),
                     })),
            named("remio_devs", "Its remote I/O devices, by names that `software` refers to.",
                  remio_dev()),
            software(),
        });
}

}  // namespace sim::keys
