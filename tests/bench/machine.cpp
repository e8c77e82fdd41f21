#include "tests/bench/machine.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "sim/scenario/load.h"

namespace bench {

using models::Picos;

namespace {
constexpr Picos boot_time = Picos::ms(5);  // all VMs are up
}  // namespace

sim::Scenario Machine::load(const std::string& file, const std::vector<std::string>& overrides) {
    auto loaded = sim::load_scenario(std::string(BAOSIM_SOURCE_DIR) + file, overrides);
    if (!loaded.scenario) {
        for (const auto& e : loaded.errors)
            std::fprintf(stderr, "%s\n", sim::format(e).c_str());
        std::exit(1);
    }
    return std::move(*loaded.scenario);
}

Machine::Machine(sim::Scenario scenario, Programs programs)
    : programs_(std::move(programs)), scenario_(std::move(scenario)) {
    hub_.legs = &statistics_;
    hub_.observations = &observations_;
    software_ = std::make_unique<sim::Software>(scenario_);
    platform_ = std::make_unique<sim::Platform>(scenario_, hub_, [](std::string_view) {});
    for (const auto& errors : {software_->errors(), platform_->errors()}) {
        for (const std::string& e : errors)
            std::fprintf(stderr, "%s\n", e.c_str());
        if (!errors.empty())
            std::exit(1);
    }
    if (const auto error = platform_->hypervisor().boot()) {
        std::fprintf(stderr, "%s\n", error->message.c_str());
        std::exit(1);
    }
    platform_->network().attach(scenario_, platform_->hypervisor());
    platform_->hypervisor().set_programs(
        [this](const models::bao::VmConfig& vm, unsigned vcpu) -> vms::Program& {
            if (const auto own = programs_.find(vm.name); own != programs_.end())
                return *own->second;
            std::size_t i = 0;
            while (scenario_.vms[i].name != vm.name)
                ++i;
            return software_->program(i, vcpu);
        });
    platform_->hypervisor().remio().on_access(
        [this](const models::bao::Remio::Access&) { ++accesses_; });
    run(boot_time);
}

void Machine::run(Picos d) {
    kernel_.enter();
    end_ += d;
    platform_->timeline().set_horizon(end_);
    platform_->timeline().forget();
    sc_core::sc_start(d.sc());
}

}  // namespace bench
