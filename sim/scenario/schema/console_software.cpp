// Keys of consoles: the ports of a back-end and what happens to them, the channels of a serial
// line.
#include "sim/scenario/schema/keys.h"

namespace sim::keys {

namespace {

KeySpec terminal_size(std::string name, std::string help) {
    return map(std::move(name), std::move(help),
               {required(number(K::integer, "columns", "", "1", "65535", "Characters in a line.")),
                required(number(K::integer, "rows", "", "1", "65535", "Lines."))});
}

KeySpec event_port(std::string name, std::string help) {
    return number(K::integer, std::move(name), "", "0", "7", std::move(help));
}

}  // namespace

KeySpec typed_input() {
    return list(
        "input", "Text typed at the far end.",
        map("", "",
            {number(K::time, "at", "0ns", "0ns", longest_time,
                    "When the first bit of the text starts."),
             required(text("text", "What is typed; in double quotes `\\n` ends a line."))}));
}

KeySpec pattern_input() {
    return map("pattern",
               "A generated stream of bytes, sent without pause. Not with `input`, nor "
               "on a `prefixed` line, which carries text only.",
               {required(number(K::size, "bytes", "", "1B", "1TiB", "How many.")),
                number(K::integer, "seed", "0", "0", "", "Which stream."),
                number(K::time, "at", "0ns", "0ns", longest_time, "When it starts.")});
}

KeySpec records() {
    return map("records",
               "The far end of the workload console-soak: sends records at random moments and "
               "checks those that arrive. Not with `output`, `input`, `pattern` or `input_file`, "
               "nor on a `prefixed` line.",
               {number(K::integer, "stream", "0", "0", "255",
                       "Number of the stream; that of the workload."),
                number(K::integer, "seed", "0", "0", "", "Of their sizes and distances."),
                number(K::time, "from", "0ns", "0ns", longest_time, "When the first is sent."),
                required(number(K::time, "until", "", "1us", longest_time,
                                "The first one after this is the last: later than the "
                                "workload's last reset, which must not take it away.")),
                number(K::time, "period", "5ms", "1us", longest_time,
                       "Mean distance from one to the next."),
                number(K::size, "payload", "100B", "1B", "4KiB",
                       "Longest payload; a record has 56 bytes besides.")});
}

KeySpec serial_output() {
    return {.name = "output",
            .kind = K::text,
            .help =
                "Where what it sends goes: `stdout`, `none` or the name of a file to write, "
                "relative to the current directory.",
            .fallback = "stdout"};
}

std::vector<KeySpec> shared_line() {
    return {
        choice("mux", "none", {"none", "framed", "prefixed"},
               "How the line carries several ports of consoles. `framed`: frames with a channel "
               "number and a checksum. `prefixed`: each line of text begins with the channel's "
               "name and a colon, to be read by people."),
        named("channels",
              "The channels of a line with `mux`, by name, each with a far end of its own. The "
              "line's `output` (then by default `none`) is what passes on the line itself: "
              "prefixed, what people read; its `input`, `pattern` and `input_file` are not used.",
              map("", "",
                  {number(K::integer, "number", "", "0", "63",
                          "framed: on the line; default: its place in the list from 0."),
                   serial_output(), typed_input(), pattern_input(), records()})),
    };
}

std::vector<KeySpec> console_backend() {
    return {
        terminal_size("size",
                      "console: of port 0's terminal; with it VIRTIO_CONSOLE_F_SIZE is "
                      "offered."),
        flag("emergency_write", "true", "console: offer VIRTIO_CONSOLE_F_EMERG_WRITE."),
        flag("multiport", "false", "console: offer VIRTIO_CONSOLE_F_MULTIPORT."),
        flag("resize_rows_first", "false",
             "console: RESIZE messages have the rows first, as Linux reads them, not the columns "
             "as the specification has it."),
        list(
            "ports", "console: its ports, in place of `serial`; more than one need `multiport`.",
            map("", "",
                {
                    text("serial", "The UART that carries it; without it, output is discarded."),
                    text("channel", "Of a UART with `mux`: the channel, by name."),
                    text("name", "Told to the driver (PORT_NAME), at most 32 bytes."),
                    flag("console", "true", "The driver is told that it is a console."),
                    flag("plugged", "true", "There from the beginning; else an event plugs it in."),
                    flag("open", "true", "Somebody is at the far end from the beginning."),
                    terminal_size("size", "Of its terminal, told with RESIZE; not of port 0."),
                })),
        list(
            "events", "What happens to the device, in the order of time.",
            map("", "",
                {
                    required(number(K::time, "at", "", "0ns", longest_time, "When.")),
                    map("resize", "console: the far end's terminal has another size.",
                        {required(event_port("port", "Which port.")),
                         required(number(K::integer, "columns", "", "1", "65535", "Columns.")),
                         required(number(K::integer, "rows", "", "1", "65535", "Lines."))}),
                    event_port("add", "console: this port is plugged in."),
                    event_port("remove", "console: this port is unplugged."),
                    event_port("open", "console: somebody comes to the far end of this port."),
                    event_port("close", "console: nobody is at the far end of this port any more."),
                    flag("error", "", "The device fails: DEVICE_NEEDS_RESET."),
                })),
    };
}

}  // namespace sim::keys
