// Keys of the network: controllers, links, hosts on the wire, captures.
#include "sim/scenario/schema/keys.h"

namespace sim::keys {

KeySpec nic() {
    return map(
        "", "",
        {
            choice("model", "cadence-gem", {"cadence-gem"},
                   "The controller: Cadence GEM (Zynq UltraScale+ TRM, UG1085)."),
            required(address("base", "Physical address of its registers, a multiple of 4KiB.")),
            number(K::size, "size", "0x1000", "4KiB", "1MiB", "Bytes of its register block."),
            required(interrupts("GIC interrupt ids: of the controller, of wake-on-LAN (which never "
                                "comes).")),
            number(K::integer, "stream_id", "0", "0", "0x7fff",
                   "By which the SMMU knows its accesses to memory; they go where the stage 2 of "
                   "the VM leads that has the controller."),
            required({.name = "mac",
                      .kind = K::mac,
                      .help = "The address that the board gives it; its driver sets it."}),
            number(K::integer, "phy_address", "12", "0", "31", "Of its PHY on the MDIO bus."),
            estimate(number(K::time, "autonegotiation", "100us", "0ns", "5s",
                            "From a restart of the PHY's auto-negotiation to its end."),
                     "a real PHY takes 1 to 4 s; short, so that a run need not wait for it"),
            number(K::frequency, "pclk", "100MHz", "10MHz", "300MHz",
                   "Clock of its registers, from which MDC is divided."),
            estimate(number(K::size, "tx_buffer", "16KiB", "4KiB", "64KiB",
                            "Packet buffer of the transmitter."),
                     "the limit that drivers give for a frame; plausible 4 to 64 KiB"),
            estimate(number(K::size, "rx_buffer", "16KiB", "4KiB", "64KiB",
                            "Packet buffer of the receiver."),
                     "as `tx_buffer`"),
            estimate(number(K::time, "descriptor_read", "250ns", "0ns", "100us",
                            "A read of a descriptor by its DMA."),
                     "through SMMU and interconnect to DRAM; plausible 100 to 600 ns"),
            estimate(number(K::time, "descriptor_write", "100ns", "0ns", "100us",
                            "A posted write of a descriptor."),
                     "plausible 50 to 300 ns"),
            estimate(number(K::time, "data_latency", "250ns", "0ns", "100us",
                            "To the first byte of a buffer."),
                     "plausible 100 to 600 ns"),
            estimate(number(K::rate, "data_rate", "6.4Gbps", "10Mbps", "100Gbps",
                            "Of the bytes of a buffer, in bursts."),
                     "plausible 1.6 to 12.8 Gbps"),
        });
}

namespace {

std::vector<KeySpec> impairments(bool defaults) {
    const auto share = [&](const char* name, std::string help) {
        return number(K::share, name, defaults ? "0%" : "", "0%", "100%", std::move(help));
    };
    return {
        share("loss", "Frames that do not arrive."),
        share("duplicate", "Frames of which a second copy arrives right after the first."),
        share("reorder", "Frames that are held back, so that those after them may overtake them."),
        number(K::time, "reorder_delay", defaults ? "100us" : "", "1ns", "1s",
               "For how long they are held back."),
        number(K::time, "jitter", defaults ? "0ns" : "", "0ns", "1s",
               "Each frame is late by 0 to this, evenly; order is kept."),
    };
}

}  // namespace

KeySpec link() {
    std::vector<KeySpec> keys{
        required(list("between",
                      "Its two ends: names of network controllers of the platform or of hosts.",
                      text("", "A controller or a host."))),
        number(K::rate, "rate", "1Gbps", "10Mbps", "100Gbps", "Of each direction."),
        estimate(number(K::time, "propagation", "50ns", "0ns", "1s", "From end to end."),
                 "10 m of cable at 5 ns/m"),
    };
    for (KeySpec& k : impairments(true))
        keys.push_back(std::move(k));
    keys.push_back(named("from",
                         "What befalls the frames that one end sends, by the end's name, where it "
                         "is not as for both.",
                         map("", "", impairments(false))));
    keys.push_back(
        list("outages", "When the link is down.",
             map("", "",
                 {required(number(K::time, "from", "", "0ns", longest_time, "When it goes down.")),
                  required(number(K::time, "until", "", "0ns", longest_time,
                                  "When it comes up again."))})));
    return map("", "", std::move(keys));
}

KeySpec capture() {
    return map("", "",
               {
                   required(text("at",
                                 "A link by name, or `VM.DEVICE`: a front-end's driver, a "
                                 "back-end's port of the switch, or a network controller's.")),
                   required(text("file",
                                 "Written in the pcap format with nanoseconds of simulated time, "
                                 "relative to the current directory.")),
               });
}

}  // namespace sim::keys
