// Keys of `software`: what runs on the CPUs of a VM.
#include "sim/scenario/schema/keys.h"

namespace sim::keys {

namespace {

std::vector<KeySpec> device_backends() {
    std::vector<KeySpec> keys = console_backend();
    for (KeySpec& k : net_backend())
        keys.push_back(std::move(k));
    return keys;
}

/// `keys`, then `more`.
std::vector<KeySpec> with(std::vector<KeySpec> more, std::vector<KeySpec> keys) {
    for (KeySpec& k : more)
        keys.push_back(std::move(k));
    return keys;
}

}  // namespace

KeySpec software() {
    return map(
        "software", "What runs on the VM's CPUs.",
        {
            choice("program", "idle", {"service-guest", "frontend", "idle"},
                   "`service-guest`: the back-ends. `frontend`: drivers and workloads. `idle`: "
                   "waits for interrupts."),
            flag("polling", "false",
                 "service-guest: ask for requests in a loop instead of waiting for interrupts."),
            number(K::integer, "stop_answering_after", "", "0", "0xffffffffffffffff",
                   "service-guest, a fault: answer this many requests and none after."),
            flag("poll_rings", "false",
                 "service-guest: look at the transmit rings of network devices, and at network "
                 "controllers, in a loop instead of waiting for kicks and interrupts."),
            number(K::integer, "ring_budget", "16", "1", "4096",
                   "service-guest: steps of ring work, such as frames, for a device before the "
                   "next one has its turn."),
            net_switch(),
            interfaces(),
            named("backends",
                  "service-guest: what it does with each of its remote I/O devices, by the "
                  "device's name in `remio_devs`.",
                  map("", "",
                      with(device_backends(),
                           {
                               required(choice("backend", "", {"console", "net"}, "The back-end.")),
                               text("serial",
                                    "console: the serial line that carries its only port, a UART "
                                    "of the "
                                    "platform that is in this VM's `devs`."),
                               number(K::integer, "queue_size", "256", "1", "1024",
                                      "QueueSizeMax of its queues, a power of two."),
                               flag("indirect", "true", "Offer VIRTIO_F_RING_INDIRECT_DESC."),
                               flag("event_idx", "true", "Offer VIRTIO_F_RING_EVENT_IDX."),
                               flag("in_order", "false", "Offer VIRTIO_F_IN_ORDER."),
                               flag("notification_data", "false",
                                    "Offer VIRTIO_F_NOTIFICATION_DATA."),
                               flag("ring_reset", "false", "Offer VIRTIO_F_RING_RESET."),
                           }))),
            choice("profile", "linux-6.1", {"linux-6.1", "bare-metal", "bao-bare-metal", "zephyr"},
                   "frontend: whose driver it behaves like (docs/profiles.md)."),
            named(
                "drivers",
                "frontend: the driver of each of its remote I/O devices, by the device's name.",
                map("", "",
                    with(
                        net_driver(),
                        {
                            required(choice("driver", "", {"console", "net"}, "The driver.")),
                            number(K::integer, "queue_size", "", "1", "32768",
                                   "Size that the driver gives its queues, a power of two, at most "
                                   "the back-end's. Without it, what the profile does."),
                            choice("acknowledge", "", {"early", "late"},
                                   "console: InterruptACK before or after the queues are served. "
                                   "Without it, what the profile does."),
                            choice("needs_reset", "", {"ignore", "stop", "restart"},
                                   "console: what it does when the device needs a reset. Without "
                                   "it, what the profile does."),
                            text("early_text",
                                 "console: written to emerg_wr before the device is probed, where "
                                 "the device offers EMERG_WRITE."),
                        }))),
            list(
                "workloads", "frontend: what it does, one after the other.",
                map("", "",
                    with(
                        net_workload(),
                        {
                            required(choice(
                                "type", "",
                                {"console-echo", "console-write", "console-read", "console-duplex",
                                 "console-soak", "ipc-ping", "ipc-echo", "net-ping", "net-udp-echo",
                                 "net-request-response", "net-flood", "net-sink", "net-serve",
                                 "registers", "idle"},
                                "`console-echo`: writes `text`, then writes back each line that "
                                "arrives. `console-write`, `console-read`, `console-duplex`: moves "
                                "`bytes` of a pattern out, in, or both at once. `console-soak`: "
                                "records both ways, with resets of the device at random moments; "
                                "the "
                                "far end has `records`. `ipc-ping`: sends "
                                "`count` messages of `bytes` to another VM over shared memory, "
                                "each "
                                "after the answer to the last. `ipc-echo`: answers `count` of "
                                "them. "
                                "`net-ping`: sends `count` echo requests. `net-udp-echo`: sends "
                                "`count` datagrams to an echo service, each after the answer to "
                                "the "
                                "last; `net-request-response`: up to `window` at once. "
                                "`net-flood`: "
                                "sends datagrams as fast as they go, or one each `period`. "
                                "`net-sink`: takes datagrams and checks order and content. "
                                "`net-serve`: sends datagrams back. "
                                "`registers`: reads ConfigGeneration of a device `count` times. "
                                "`idle`: only the timer.")),
                            number(K::integer, "vcpu", "0", "0", "7",
                                   "Which of the VM's CPUs does it, counted from the lowest of "
                                   "`cpu_affinity`; each does its own one after the other. Other "
                                   "than 0: registers and idle."),
                            text(
                                "device",
                                "console-, net-: name of a remote I/O device of this VM that has a "
                                "driver. registers: of any."),
                            number(K::integer, "port", "0", "0", "510",
                                   "console-: which port of the device."),
                            text("port_name",
                                 "console-: the port by its name instead; waits until the device "
                                 "has "
                                 "told of it."),
                            number(K::integer, "ipc", "", "0", "65535",
                                   "ipc-ping, -echo: index into the VM's `ipcs`."),
                            number(K::integer, "doorbell", "", "0", "0xffffffffffffffff",
                                   "ipc-ping, -echo: the index that the hypercall is given (x1); "
                                   "default: `ipc`. Another one shows what Bao does with it."),
                            number(K::integer, "event", "0", "0", "0xffffffff",
                                   "ipc-ping, -echo: which doorbell is rung, an index into the "
                                   "`interrupts` of the other side's object (x2)."),
                            number(K::integer, "count", "", "1", "1000000000",
                                   "ipc-ping, -echo: how many messages. registers: how many reads. "
                                   "net-: how many datagrams or requests."),
                            number(K::time, "period", "0ns", "0ns", longest_time,
                                   "ipc-ping, registers, net-ping, net-udp-echo: time from the "
                                   "beginning of one message, read or request to that of the next, "
                                   "when it has been answered by then. net-flood: from one to the "
                                   "next."),
                            text("text", "console-echo: what is written first."),
                            number(K::integer, "lines", "0", "0", "1000000000",
                                   "console-echo: lines to echo before it is done."),
                            number(
                                K::size, "bytes", "", "1B", "1TiB",
                                "console-write, -read, -duplex: how much. ipc-ping: the payload of "
                                "a message. net-ping (default 56B), net-udp-echo and "
                                "net-request-response (64B): the payload of a request. net-flood: "
                                "payload in all."),
                            number(K::size, "chunk", "256B", "1B", "1MiB",
                                   "console-write, -duplex: bytes of one write. console-soak: "
                                   "longest payload of a record, at most 4KiB."),
                            number(
                                K::integer, "seed", "0", "0", "",
                                "console-write, -read, -duplex, ipc-ping: which pattern is moved. "
                                "console-soak: of all that it does. "
                                "net-flood, net-request-response: draws from `mix`."),
                            number(K::integer, "stream", "0", "0", "255",
                                   "console-soak: number of its stream of records; that of the far "
                                   "end's `records`."),
                            number(
                                K::time, "until", "", "1us", longest_time,
                                "console-soak: writes and resets until then, and reads until the "
                                "far end's last record."),
                            number(K::time, "reset_every", "0ns", "0ns", longest_time,
                                   "console-soak: mean time from one reset of the device to the "
                                   "next; 0ns: none."),
                            number(K::time, "start", "0ns", "0ns", longest_time,
                                   "When it begins, after the driver is ready."),
                            number(
                                K::time, "timer_period", "", "1us", longest_time,
                                "A periodic virtual timer (PPI 27) beside the work, until the next "
                                "workload of the CPU begins; it keeps no run going."),
                        }))),
        });
}

}  // namespace sim::keys
