// Consoles of a service guest: which serial line or channel carries which port, and what happens to
// devices during the run.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

const std::vector<std::string> console_keys{"backend",
                                            "queue_size",
                                            "indirect",
                                            "event_idx",
                                            "in_order",
                                            "notification_data",
                                            "ring_reset",
                                            "events",
                                            "serial",
                                            "size",
                                            "emergency_write",
                                            "multiport",
                                            "resize_rows_first",
                                            "ports"};

constexpr std::size_t most_ports = 8;     // vms/service/counters.h, max_console_ports
constexpr std::size_t longest_name = 32;  // ShortText

class ConsoleChecks : private Checks {
  public:
    ConsoleChecks(const Checks& c, const VmConfig& vm) : Checks(c), vm_(vm) {
        for (const DevConfig& d : vm.devs)
            if (find_named(s_.platform.uarts, d.device) != nullptr)
                passed_.push_back(d.device);
    }

    void run(const Value& backends) {
        for (std::size_t i = 0; i < vm_.software.backends.size(); ++i) {
            const BackendConfig& b = vm_.software.backends[i];
            const Value& v = backends.items[i];
            if (b.backend == "console")
                console(b, v);
            events(b, v);
        }
    }

  private:
    void console(const BackendConfig& b, const Value& v) {
        unused_keys(v, "console", console_keys, "back-end");
        const Value& ports = v["ports"];
        if (!ports.given) {
            if (!v["serial"].present)
                error(v["serial"].place,
                      "this key is missing; a console is carried by a serial line: write the name "
                      "of a UART in this VM's devs{}",
                      passed_.empty() ? "" : " (" + list_words(passed_) + ")");
            else
                carried(b.console.ports.front(), v["serial"].place, v["serial"].place);
            return;
        }
        if (v["serial"].given)
            error(v["serial"].place,
                  "found serial and ports; either says what carries the ports: "
                  "take one of the two out");
        if (ports.items.empty() || ports.items.size() > most_ports) {
            error(ports.place,
                  "found {} ports; a console has 1 to {}: write as many, or serial in "
                  "place of ports for a console of one",
                  ports.items.size(), most_ports);
            return;
        }
        if (b.console.ports.size() > 1 && !b.console.multiport)
            error(ports.place,
                  "found {} ports, which need VIRTIO_CONSOLE_F_MULTIPORT; write "
                  "multiport: true, or keep one",
                  b.console.ports.size());
        for (std::size_t i = 0; i < b.console.ports.size(); ++i) {
            const ConsolePortConfig& p = b.console.ports[i];
            const Value& port = ports.items[i];
            if (!b.console.multiport)
                for (const char* key : {"name", "console", "plugged", "size"})
                    if (port[key].given)
                        error(port[key].place,
                              "only with VIRTIO_CONSOLE_F_MULTIPORT a driver "
                              "hears of this; write multiport: true, or take this key out");
            if (i == 0 && port["size"].given)
                error(port["size"].place,
                      "the size of port 0 is that of the device; write it as "
                      "the back-end's size");
            if (p.name.size() > longest_name)
                error(port["name"].place,
                      "found {} bytes; a name has at most {}: write a shorter "
                      "one",
                      p.name.size(), longest_name);
            if (!p.serial.empty())
                carried(p, port["serial"].place, port["channel"].place);
            else if (!p.channel.empty())
                error(port["channel"].place, "a channel is one of a serial line; write serial too");
        }
    }

    /// The serial line of a port, and its channel there.
    void carried(const ConsolePortConfig& p, const Place& serial, const Place& channel) {
        const UartConfig* u = find_named(s_.platform.uarts, p.serial);
        if (u == nullptr) {
            error(serial, "there is no serial line {}; {}", quote(p.serial),
                  suggest(p.serial, names_of(s_.platform.uarts)));
            return;
        }
        if (std::find(passed_.begin(), passed_.end(), p.serial) == passed_.end()) {
            error(serial, "{} is not passed through to {}; add '- {{device: {}}}' to its devs",
                  quote(p.serial), vm_.place.key, p.serial);
            return;
        }
        std::string what = p.serial;
        if (u->mux == SerialMux::none) {
            if (!p.channel.empty())
                error(channel,
                      "{} carries one port and has no channels ({}); take this key out, "
                      "or give it mux and channels",
                      quote(p.serial), format_short(u->place));
        } else {
            if (find_named(u->channels, p.channel) == nullptr) {
                if (p.channel.empty())
                    error(channel,
                          "this key is missing; {} has channels ({}): write the name of "
                          "one of {}",
                          quote(p.serial), format_short(u->place),
                          list_words(names_of(u->channels), "or"));
                else
                    error(channel, "{} has no channel {}; {}", quote(p.serial), quote(p.channel),
                          suggest(p.channel, names_of(u->channels)));
                return;
            }
            what += "." + p.channel;
        }
        const auto [first, added] = used_.emplace(what, serial);
        if (!added)
            error(serial,
                  "{} carries {} too ({}); a serial line has one console, or one for each "
                  "channel: write another",
                  quote(what), first->second.key, format_short(first->second));
    }

    void events(const BackendConfig& b, const Value& v) {
        models::Picos last{};
        for (std::size_t i = 0; i < b.events.size(); ++i) {
            const DeviceEventConfig& e = b.events[i];
            const Value& value = v["events"].items[i];
            std::vector<std::string> kinds;
            for (const char* key : {"resize", "add", "remove", "open", "close", "error"})
                if (value[key].given)
                    kinds.emplace_back(key);
            if (kinds.size() != 1) {
                error(e.place,
                      "found {}; an event is one of resize, add, remove, open, close and "
                      "error: write one",
                      kinds.empty() ? std::string("nothing that happens") : list_words(kinds));
                continue;
            }
            if (e.at < last)
                error(value["at"].place,
                      "found {}, before the event above; write events in the "
                      "order of time",
                      value["at"].text);
            last = e.at;
            if (value["error"].given && !value["error"].flag())
                error(value["error"].place,
                      "found false; an event says what happens: write error: true, or take the "
                      "event out");
            if (e.type == DeviceEventType::error)
                continue;
            const Value& what = value[kinds.front()];
            const Place& place = what.place;
            if (b.backend != "console")
                error(place, "this happens to a port of a console, and {} is {}; take it out",
                      quote(b.device), b.backend);
            else if (e.port >= b.console.ports.size())
                error(place, "found port {}, but {} has {}; write the number of one", e.port,
                      quote(b.device),
                      b.console.ports.size() == 1
                          ? "one, 0"
                          : fmt::format("0 to {}", b.console.ports.size() - 1));
            else if (!b.console.multiport &&
                     (e.type == DeviceEventType::add || e.type == DeviceEventType::remove))
                error(place,
                      "only ports of a device with VIRTIO_CONSOLE_F_MULTIPORT come and go; "
                      "write multiport: true, or take this event out");
            else if (!b.console.multiport && e.type == DeviceEventType::resize &&
                     b.console.columns == 0)
                error(place,
                      "a driver hears of this only from a device that offers "
                      "VIRTIO_CONSOLE_F_SIZE; write size: for {}, or take this event out",
                      quote(b.device));
        }
    }

    const VmConfig& vm_;
    std::vector<std::string> passed_;    // UARTs of the VM
    std::map<std::string, Place> used_;  // lines and channels
};

}  // namespace

void validate_consoles(const Checks& c, const VmConfig& vm, const Value& backends) {
    ConsoleChecks(c, vm).run(backends);
}

}  // namespace sim
