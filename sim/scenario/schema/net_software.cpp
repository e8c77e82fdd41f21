// Keys of `software` about networks: what a back-end offers, a service guest's switch and
// interfaces, drivers, workloads.
#include "sim/scenario/schema/keys.h"

namespace sim::keys {

namespace {

constexpr const char* highest_port = "65535";

}  // namespace

std::vector<KeySpec> net_backend() {
    return {
        {.name = "mac",
         .kind = K::mac,
         .help = "net: address of the device; default: 02:00:00:00:B:B, B:B the bind key."},
        number(K::integer, "mtu", "1500", "68", "9216",
               "net: largest payload of a frame; longer ones are dropped."),
        number(K::rate, "speed", "1Gbps", "0bps", "1000Gbps",
               "net: what the device says of its speed; 0bps: unknown."),
        choice("duplex", "full", {"full", "half", "unknown"},
               "net: what the device says of its duplex mode."),
        choice("link", "uplink", {"uplink", "always-up"},
               "net: where the link status comes from. `uplink`: up while a network controller "
               "of the service guest has a link, or when it has none."),
        flag("offer_mac", "true", "net: offer VIRTIO_NET_F_MAC."),
        flag("offer_status", "true", "net: offer VIRTIO_NET_F_STATUS."),
        flag("offer_mtu", "true", "net: offer VIRTIO_NET_F_MTU."),
        flag("offer_speed_duplex", "true", "net: offer VIRTIO_NET_F_SPEED_DUPLEX."),
        flag("mrg_rxbuf", "true", "net: offer VIRTIO_NET_F_MRG_RXBUF."),
        flag("csum", "true", "net: offer VIRTIO_NET_F_CSUM."),
        flag("guest_csum", "true", "net: offer VIRTIO_NET_F_GUEST_CSUM."),
        flag("ctrl_vq", "true",
             "net: offer VIRTIO_NET_F_CTRL_VQ; without it none of the next three."),
        flag("ctrl_rx", "true", "net: offer VIRTIO_NET_F_CTRL_RX."),
        flag("ctrl_rx_extra", "true", "net: offer VIRTIO_NET_F_CTRL_RX_EXTRA."),
        flag("ctrl_mac_addr", "true", "net: offer VIRTIO_NET_F_CTRL_MAC_ADDR."),
        number(K::integer, "stations", "16", "1", "512",
               "net: addresses that the switch learns behind the device's port."),
        flag("wait_for_room", "false",
             "net: a frame for a network controller with a full ring waits in the front-end's, and "
             "what is behind it too, instead of being dropped."),
    };
}

KeySpec net_switch() {
    return map("switch", "service-guest: the switch between network devices and controllers.",
               {
                   number(K::time, "ageing", "300s", "0s", longest_time,
                          "A station not seen for longer is unknown (IEEE 802.1Q, 8.8.3), in whole "
                          "seconds; 0s: never."),
                   number(K::integer, "storm_frames", "16", "0", "1000000",
                          "Frames that a port may have flooded in an interval; others are dropped "
                          "(storm). 0: any number. The default is one in a hundred of the shortest "
                          "frames of 1 Gb/s."),
                   number(K::time, "storm_interval", "1ms", "1us", "1000s",
                          "That interval, in whole microseconds."),
                   number(K::integer, "uplink_stations", "256", "1", "512",
                          "Addresses learned behind a network controller."),
                   choice("source_check", "pinned", {"off", "pinned", "own"},
                          "Which frames are dropped for their source address (spoofed). `pinned`: "
                          "those with the address of a network device that is behind another port. "
                          "`own`: of a network device all that are not from its address too."),
                   flag("bridge_uplinks", "false",
                        "Forward frames from one network controller to another, which must not be "
                        "on the same network: there is no spanning tree."),
               });
}

KeySpec interfaces() {
    return named(
        "interfaces",
        "service-guest: how it drives the network controllers in its `devs`, by name; each is a "
        "port of the switch, whether it is named here or not.",
        map("", "",
            {
                number(K::integer, "rx_buffers", "256", "4", "4096",
                       "Receive buffers in the ring."),
                number(K::integer, "tx_buffers", "256", "4", "4096", "Transmit buffers."),
                number(K::integer, "budget", "64", "1", "4096",
                       "Received frames that it takes before others have their turn."),
                flag("polling", "",
                     "Look at the controller in a loop instead of waiting for its interrupts; the "
                     "guest never sleeps. Default: as `poll_rings`."),
                map("dma",
                    "Memory of the VM for descriptors and buffers; default: as much as they take, "
                    "at the end of the VM's first region.",
                    {required(address("base", "Guest-physical address, a multiple of 64.")),
                     required(size("size", "Bytes."))}),
            }));
}

std::vector<KeySpec> net_driver() {
    return {
        {.name = "mac",
         .kind = K::mac,
         .help = "net: the address that the driver sets in place of the device's."},
        number(K::integer, "receive_queue_size", "", "1", "32768",
               "net: as queue_size, of the receive queue alone."),
        number(K::integer, "transmit_queue_size", "", "1", "32768",
               "net: as queue_size, of the transmit queue alone."),
        list("declined_features",
             "net: features that the driver declines although it could use them.",
             choice("", "",
                    {"mac", "status", "mtu", "speed_duplex", "mrg_rxbuf", "csum", "guest_csum",
                     "ctrl_vq", "ctrl_rx", "ctrl_mac_addr"},
                    "VIRTIO_NET_F_ and this.")),
        flag("polling", "false",
             "net, profile bare-metal: looks at its rings and wants no interrupts."),
        {.name = "ipv4", .kind = K::ipv4, .help = "net: IPv4 address of the interface."},
        number(K::integer, "prefix", "24", "0", "32", "net: bits of its IPv4 network."),
        {.name = "gateway",
         .kind = K::ipv4,
         .help = "net: who forwards to addresses outside of that network."},
        {.name = "ipv6",
         .kind = K::ipv6,
         .help = "net: IPv6 address of the interface, besides the link-local one."},
        flag("link_local", "false", "net: an IPv6 address made from the MAC address (RFC 4291)."),
        list("neighbours", "net: addresses for which nobody is asked.",
             map("", "",
                 {required({.name = "ip", .kind = K::ip, .help = "IPv4 or IPv6 address."}),
                  required({.name = "mac", .kind = K::mac, .help = "Its MAC address."})})),
        number(K::size, "socket_buffer", "212992B", "4096B", "1GiB",
               "net: received bytes that a socket keeps (Linux: net.core.rmem_default)."),
    };
}

std::vector<KeySpec> net_workload() {
    return {
        {.name = "peer",
         .kind = K::ip,
         .help = "net-ping, -udp-echo, -request-response, -flood: who is sent to."},
        number(K::integer, "udp_port", "", "1", highest_port,
               "net-: port of the peer, or one's own of net-sink and net-serve; default 7 "
               "(echo) or 9 (discard)."),
        number(K::integer, "local_port", "", "1", highest_port,
               "net-: one's own port when sending; default 49152 and the flow."),
        number(K::integer, "flow", "0", "0", "16383",
               "net-: tells datagrams apart at a sink; identifier of echo requests."),
        list("mix",
             "net-flood, net-request-response: sizes of frames; without it, full frames, or "
             "`bytes` of payload.",
             map("", "",
                 {required(number(K::size, "frame", "", "64B", "9234B", "Bytes, FCS included.")),
                  number(K::integer, "weight", "1", "1", "1000000",
                         "How often, against the others.")})),
        number(K::integer, "batch", "1", "1", "32768",
               "net-flood: frames handed over before the device is told."),
        number(K::integer, "window", "1", "1", "65536",
               "net-request-response: requests on their way."),
        number(K::time, "think", "0ns", "0ns", longest_time,
               "net-udp-echo, -request-response: from an answer to the next request."),
        number(K::time, "timeout", "1s", "1us", longest_time,
               "net-: after which what was not answered is lost."),
        number(K::time, "idle", "0ns", "0ns", longest_time,
               "net-sink, -serve: done when nothing came for so long after the first; 0ns: never."),
        number(K::time, "duration", "0ns", "0ns", longest_time,
               "net-flood, -sink, -serve: done after so long; 0ns: never."),
    };
}

}  // namespace sim::keys
