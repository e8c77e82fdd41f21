// Losses of input from the counters of lines and back-ends (input_loss.h).
#include "sim/build/input_loss.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "vms/service/steps.h"

namespace sim {

InputLoss::InputLoss(const Scenario& s, const Software& software, const Platform& platform,
                     const models::ProbeHub& probes)
    : software_(software), probes_(probes), served_(platform.cores().size()) {
    for (const auto& objects : platform.serial_lines()) {
        Line line;
        line.objects = objects.get();
        for (std::size_t v = 0; v < s.vms.size(); ++v) {
            const VmConfig& vm = s.vms[v];
            for (const DevConfig& d : vm.devs) {
                if (d.device != objects->config->name)
                    continue;
                line.vm = vm.name;
                line.vm_index = v;
                line.cpu = {static_cast<std::uint8_t>(std::countr_zero(vm.cpu_affinity))};
            }
            for (std::size_t b = 0; b < vm.software.backends.size(); ++b) {
                const BackendConfig& backend = vm.software.backends[b];
                const bool carried = std::any_of(
                    backend.console.ports.begin(), backend.console.ports.end(),
                    [&](const ConsolePortConfig& p) { return p.serial == objects->config->name; });
                if (carried)
                    line.consoles.push_back({backend.device, b, {}});
            }
        }
        lines_.push_back(std::move(line));
    }
}

void InputLoss::idle(const models::Core& core) {
    const auto served = core.last_step(static_cast<std::uint64_t>(vms::service::Step::served)).at;
    if (served == served_[core.id().value])
        return;
    served_[core.id().value] = served;
    for (Line& line : lines_)
        if (line.cpu == core.id() && line.vm != "-")
            look(line, core.now(), "");
}

void InputLoss::finish(models::Picos at) {
    for (Line& line : lines_)
        look(line, at, "; seen at the end of the run");
}

void InputLoss::look(Line& line, models::Picos at, std::string_view when) {
    const auto observe = [&](std::string_view rule, std::string what) {
        probes_.observe({at, line.cpu, rule, line.vm, std::move(what)});
    };
    const std::string& uart = line.objects->config->name;
    const models::SerialCounters counters = line.objects->channel.counters();
    const std::uint64_t overruns = counters.rx_overruns;
    if (std::exchange(line.unheard, counters.rx_lost) != counters.rx_lost)
        observe("uart.receiver-off",
                fmt::format("{}: characters arrived while its receiver was off (how many: "
                            "uarts.{}.rx_lost){}",
                            uart, uart, when));
    if (std::exchange(line.overruns, overruns) != overruns)
        observe("uart.overrun",
                fmt::format("{}: characters arrived while its receive FIFO was full (how many: "
                            "uarts.{}.rx_overruns){}",
                            uart, uart, when));
    for (Line::Console& c : line.consoles) {
        const Software::DroppedInput dropped = software_.dropped_input(line.vm_index, c.backend);
        const Software::DroppedInput told = std::exchange(c.told, dropped);
        if (dropped.unconnected != told.unconnected)
            observe("console.input-unconnected",
                    fmt::format("{}, from {}: characters arrived for a port that is unplugged, or "
                                "whose far end is closed (how many: "
                                "vms.{}.devices.{}.unconnected_input){}",
                                c.name, uart, line.vm, c.name, when));
        if (dropped.no_room != told.no_room)
            observe("console.input-dropped",
                    fmt::format("{}, from {}: no room was left for characters that arrived (how "
                                "many: vms.{}.devices.{}.dropped_input){}",
                                c.name, uart, line.vm, c.name, when));
    }
}

}  // namespace sim
