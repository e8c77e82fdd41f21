// What runs on a VM's CPUs: keys of the right program, back-ends and drivers.
#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/spelling.h"
#include "sim/scenario/validate/checks.h"

namespace sim {

namespace {

const std::vector<std::string> console_backend_keys{"backend", "serial", "queue_size", "indirect",
                                                    "event_idx"};
const std::vector<std::string> console_driver_keys{"driver", "queue_size", "acknowledge",
                                                   "needs_reset", "early_text"};

class SoftwareChecks : private Checks {
  public:
    explicit SoftwareChecks(const Checks& c) : Checks(c) {}

    void run(const VmConfig& vm, const Value& v) {
        const SoftwareConfig& sw = vm.software;
        const bool service = sw.program == ProgramKind::service_guest;
        const bool frontend = sw.program == ProgramKind::frontend;
        const auto only_for = [&](const char* key, bool right_program, const char* program) {
            if (v[key].given && !right_program && !takes_nothing(v[key]))
                error(v[key].place,
                      "this key is for program: {}, but the program is {}; take it "
                      "out or change the program",
                      program, v["program"].text);
        };
        only_for("polling", service, "service-guest");
        only_for("stop_answering_after", service, "service-guest");
        only_for("poll_rings", service, "service-guest");
        only_for("ring_budget", service, "service-guest");
        only_for("switch", service, "service-guest");
        only_for("interfaces", service, "service-guest");
        only_for("backends", service, "service-guest");
        only_for("profile", frontend, "frontend");
        only_for("drivers", frontend, "frontend");
        only_for("workloads", frontend, "frontend");
        if (sw.program != ProgramKind::idle && vm.regions.empty())
            error(v["program"].place,
                  "a {} needs memory, but {} has no regions; give it one, such as regions: "
                  "[{{base: 0x40000000, size: 16MiB}}]",
                  v["program"].text, vm.place.key);
        if (service) {
            backends(vm, v);
            validate_interfaces(*this, vm, v);
        }
        if (frontend) {
            drivers(vm, v);
            for (std::size_t i = 0; i < sw.workloads.size(); ++i)
                validate_workload(*this, vm, sw.workloads[i], v["workloads"].items[i]);
        }
    }

  private:
    /// `drivers: {}`, `polling: false`: what a file that builds on another writes to take its
    /// keys away.
    static bool takes_nothing(const Value& v) {
        return v.items.empty() && (v.text.empty() || v.text == "false");
    }

    void backends(const VmConfig& vm, const Value& v) {
        std::map<std::string, Place> serials;
        std::vector<std::string> passed;  // UARTs of this VM
        for (const DevConfig& d : vm.devs)
            if (!d.device.empty())
                passed.push_back(d.device);
        for (std::size_t i = 0; i < vm.software.backends.size(); ++i) {
            const BackendConfig& b = vm.software.backends[i];
            const Value& value = v["backends"].items[i];
            device(vm, b.device, RemioType::backend, b.place);
            queue_size(value["queue_size"]);
            if (b.backend == "net") {
                validate_net_backend(*this, vm, b, value);
                continue;
            }
            unused_keys(value, b.backend, console_backend_keys, "back-end");
            const Place& place = value["serial"].place;
            if (!value["serial"].present) {
                error(place,
                      "this key is missing; a console is carried by a serial line: write "
                      "the name of a UART in this VM's devs{}",
                      passed.empty() ? "" : " (" + list_words(passed) + ")");
                continue;
            }
            if (std::find(passed.begin(), passed.end(), b.serial) == passed.end()) {
                const bool exists = find_named(s_.platform.uarts, b.serial) != nullptr;
                if (exists)
                    error(place,
                          "{} is not passed through to {}; add '- {{device: {}}}' to its "
                          "devs",
                          quote(b.serial), vm.place.key, b.serial);
                else
                    error(place, "there is no serial line {}; {}", quote(b.serial),
                          suggest(b.serial, names_of(s_.platform.uarts)));
                continue;
            }
            const auto [first, added] = serials.emplace(b.serial, place);
            if (!added)
                error(place, "{} carries {} too ({}); a serial line has one console: write another",
                      quote(b.serial), first->second.key, format_short(first->second));
        }
    }

    void drivers(const VmConfig& vm, const Value& v) {
        for (std::size_t i = 0; i < vm.software.drivers.size(); ++i) {
            const DriverConfig& d = vm.software.drivers[i];
            const RemioDevConfig* remio = device(vm, d.device, RemioType::frontend, d.place);
            // Registers up to 0x100, then the configuration space (VirtIO 1.3, 4.2.2).
            constexpr std::uint64_t least_window = 0x200;
            if (remio != nullptr && remio->size < least_window)
                error(remio->place,
                      "the window has {:#x} bytes; a VirtIO device with its configuration space "
                      "takes "
                      "{:#x}: write size: {:#x}",
                      remio->size, least_window, least_window);
            const Value& value = v["drivers"].items[i];
            const Value& size = value["queue_size"];
            queue_size(size);
            const BackendConfig* back = remio != nullptr ? backend_of(remio->bind_key) : nullptr;
            if (back != nullptr && back->backend != d.driver)
                error(value["driver"].place,
                      "found {}, but the back-end {} is {} ({}); write driver: {}, or change the "
                      "back-end",
                      d.driver, back->place.key, back->backend, format_short(back->place),
                      back->backend);
            if (d.driver == "net")
                validate_net_driver(*this, vm, d, value);
            else
                unused_keys(value, d.driver, console_driver_keys, "driver");
            if (back != nullptr && size.present && size.u64() > back->queue_size)
                error(size.place,
                      "found {}, more than {}, the queue_size of its back-end {} ({}); the device "
                      "offers no more (QueueSizeMax): write at most that, or raise the back-end's",
                      size.text, back->queue_size, back->place.key, format_short(back->place));
        }
    }
};

}  // namespace

void validate_software(const Checks& c, std::size_t vm) {
    SoftwareChecks(c).run(c.scenario().vms[vm], c.values()["vms"].items[vm]["software"]);
}

}  // namespace sim
