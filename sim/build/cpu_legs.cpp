// The parts of a CPU's time, by name (cpu_legs.h).
#include "sim/build/cpu_legs.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "models/bao/legs.h"

namespace sim {

namespace {

namespace bao = models::bao;
using models::Level;
using models::Picos;

/// ".a" and ".b" are the parts of another leg.
bool is_part(bao::Leg leg) {
    const std::string_view name = bao::leg_info(leg).name;
    return name.find(" .a ") != std::string_view::npos ||
           name.find(" .b ") != std::string_view::npos;
}

Picos less(Picos whole, Picos part) {
    return whole > part ? whole - part : Picos{};
}

class Legs {
  public:
    Legs(CpuResult& result, const models::Core& core) : result_(result), core_(core) {}

    /// The named operations of the program, and what it did besides.
    void software(const Software& software, std::size_t vm) {
        Picos rest = result_.busy[1];
        const auto add_all = [&](std::size_t count, const auto& name_and_work) {
            for (std::size_t i = 0; i < count; ++i) {
                const std::uint64_t n = core_.performed()[i];
                const auto [name, work] = name_and_work(i);
                const Picos time = std::min(core_.time_of(work, n), rest);
                add(std::string(name), 1, time);
                rest = less(rest, time);
            }
        };
        if (const vms::frontend::FrontendProgram* f = software.frontend(vm)) {
            namespace fe = vms::frontend;
            add_all(fe::operation_count, [&](std::size_t i) {
                const auto o = static_cast<fe::Operation>(i);
                return std::pair(fe::name(o), f->operations()[o].work);
            });
        } else if (const vms::service::ServiceProgram* s = software.service(vm)) {
            namespace sv = vms::service;
            add_all(sv::operation_count, [&](std::size_t i) {
                const auto o = static_cast<sv::Operation>(i);
                return std::pair(sv::name(o), s->costs()[o]);
            });
        }
        add("device accesses and exceptions", 1, rest);
    }

    /// The legs of the hypervisor and the firmware, and what they did besides.
    void hypervisor(const Statistics& statistics, Picos polling) {
        Picos rest2 = result_.busy[2];
        Picos rest3 = result_.busy[3];
        for (std::size_t i = 0; i < bao::leg_count; ++i) {
            const auto leg = static_cast<bao::Leg>(i);
            if (is_part(leg))
                continue;
            Picos time = statistics.spent(core_.id(), static_cast<std::uint16_t>(i));
            // ASKs of a polling guest that found nothing count as polling.
            if (leg == bao::Leg::be_ask_empty)
                time = less(time, polling);
            const bao::LegInfo& info = bao::leg_info(leg);
            Picos& rest = info.exception_level == 3 ? rest3 : rest2;
            time = std::min(time, rest);  // what was done beyond the end of the run does not count
            add(std::string(info.name), info.exception_level, time);
            rest = less(rest, time);
        }
        add("hypervisor besides its legs", 2, rest2);
        add("firmware besides its legs", 3, rest3);
        add("standby", 2, result_.standby);
    }

    /// The longest first.
    void sort() {
        std::ranges::stable_sort(result_.legs, std::ranges::greater(),
                                 [](const CpuLeg& l) { return l.time; });
    }

  private:
    void add(std::string name, unsigned level, Picos time) {
        if (time != Picos{})
            result_.legs.push_back({std::move(name), level, time});
    }

    CpuResult& result_;
    const models::Core& core_;
};

}  // namespace

void name_legs(CpuResult& result, const models::Core& core, const Software& software,
               std::size_t vm, const Statistics& statistics) {
    Legs legs(result, core);
    legs.software(software, vm);
    legs.hypervisor(statistics, core.spent(Level::el2).polling);
    legs.sort();
}

}  // namespace sim
