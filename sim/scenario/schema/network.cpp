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

KeySpec host() {
    constexpr const char* highest_port = "65535";
    return map(
        "", "",
        {
            required(choice(
                "type", "", {"echo", "sink", "generator", "replay"},
                "`echo`: sends UDP datagrams to its port back. `sink`: checks datagrams with the "
                "test payload for order, loss, duplication and content. `generator`: sends such "
                "datagrams. `replay`: sends the frames of a capture. All but replay answer ARP, "
                "neighbour solicitations and pings.")),
            {.name = "mac",
             .kind = K::mac,
             .help = "Its address; default: 02:00:00:01:00:N, N its place among the hosts from 1."},
            {.name = "ipv4", .kind = K::ipv4, .help = "Its IPv4 address."},
            {.name = "ipv6", .kind = K::ipv6, .help = "Its IPv6 address."},
            estimate(number(K::time, "delay", "1us", "0ns", "10s",
                            "From the last bit of a request to the first bit of its answer."),
                     "a host that does nothing else; plausible 1 to 100 us"),
            number(K::integer, "queue", "256", "1", "65536",
                   "Frames that may wait for its transmitter."),
            flag("answer_echo", "true", "Whether it answers pings."),
            number(K::integer, "udp_port", "", "1", highest_port,
                   "Where echo (default 7) and sink (9) listen; where generator sends "
                   "to (7 closed loop, 9 open loop)."),
            flag("any_port", "false", "sink: listens on every port."),
            number(K::time, "start", "0ns", "0ns", longest_time,
                   "generator, replay: when the first frame is due."),
            number(K::time, "until", "", "0ns", longest_time,
                   "generator, replay: no frame is due at this time or later."),
            {.name = "target", .kind = K::ip, .help = "generator: who is sent to."},
            {.name = "target_mac",
             .kind = K::mac,
             .help = "generator: the target's address; without it, the generator asks for it."},
            number(K::integer, "source_port", "49152", "1", highest_port, "generator."),
            number(K::integer, "flow", "1", "0", "65535",
                   "generator: number by which a sink tells its datagrams from others'."),
            choice("mode", "open-loop", {"open-loop", "closed-loop"},
                   "generator. `open-loop`: frames are due whatever becomes of them. "
                   "`closed-loop`: up to `window` are outstanding; an answer makes room for the "
                   "next."),
            number(K::time, "interval", "", "1ns", "1000s",
                   "generator, open loop: from frame to frame."),
            number(K::integer, "frames_per_second", "", "1", "1000000000",
                   "generator, open loop, in place of `interval`."),
            number(K::rate, "rate", "", "1bps", "100Gbps",
                   "generator, open loop, in place of the two: of the medium, preamble, FCS and "
                   "gap included. Without any of the three: as fast as the link goes."),
            choice("spacing", "constant", {"constant", "poisson", "burst"},
                   "generator: intervals are the same, exponentially distributed, or none within "
                   "a burst and long after it."),
            number(K::integer, "burst", "1", "1", "1000000", "generator: frames of a burst."),
            number(K::size, "frame", "64B", "64B", "9234B",
                   "generator: bytes of a frame, FCS included."),
            number(K::size, "frame_max", "", "64B", "9234B",
                   "generator: sizes are drawn evenly from `frame` to this."),
            list(
                "mix", "generator: sizes are drawn from these, in place of `frame`.",
                map("", "",
                    {required(number(K::size, "frame", "", "64B", "9234B", "Bytes, FCS included.")),
                     number(K::integer, "weight", "1", "1", "1000000",
                            "How often, against the others.")})),
            number(K::integer, "window", "1", "1", "65536",
                   "generator, closed loop: requests that may be outstanding."),
            number(K::time, "think", "0ns", "0ns", "1000s",
                   "generator, closed loop: from an answer to the next request."),
            number(K::time, "timeout", "10ms", "1ns", "1000s",
                   "generator, closed loop: an answer later than this counts as lost."),
            number(K::integer, "count", "", "1", "",
                   "generator: how many frames; without it, no "
                   "limit, and the run does not wait for it unless there is `until`."),
            {.name = "file", .kind = K::path, .help = "replay: the capture, in the pcap format."},
            flag("as_fast_as_possible", "false",
                 "replay: without the pauses between the frames of the capture."),
            number(K::integer, "passes", "1", "0", "1000000000",
                   "replay: how often the capture is sent; 0: without end."),
            number(K::time, "pause", "0ns", "0ns", "1000s",
                   "replay: from the last frame of a pass to the first of the next."),
        });
}

KeySpec wire_switch() {
    return map(
        "", "",
        {
            estimate(number(K::time, "latency", "2us", "0ns", "1s",
                            "From the last bit in to the first bit out."),
                     "store and forward; plausible 1 to 10 us"),
            number(K::integer, "queue", "128", "1", "65536", "Frames that may wait for a port."),
            number(K::integer, "table", "1024", "1", "1000000", "Stations remembered."),
            number(K::time, "ageing", "300s", "1us", longest_time,
                   "A station not seen for longer is forgotten (IEEE 802.1Q, table 8-6)."),
        });
}

KeySpec link() {
    std::vector<KeySpec> keys{
        required(list("between",
                      "Its two ends: names of network controllers of the platform, of hosts or of "
                      "switches.",
                      text("", "A controller, a host or a switch."))),
        number(K::rate, "rate", "1Gbps", "10Mbps", "100Gbps",
               "Of each direction. To a network controller: 10Mbps, 100Mbps or 1Gbps."),
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
                                 "A link, at its first end, or `LINK.END`: what leaves and arrives "
                                 "there. Or `VM.DEVICE`: a front-end's driver, a back-end's port "
                                 "of its switch, or a network controller's.")),
                   required(text("file",
                                 "Written in the pcap format with nanoseconds of simulated time, "
                                 "relative to the current directory.")),
               });
}

}  // namespace sim::keys
