// From a scenario to Bao's static configuration (config.h, vm.h), memory placed; and what the
// hypervisor would say of it at boot. Nothing here needs a machine, so that a scenario can be
// checked without a simulation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/bao/config.h"
#include "models/bao/costs.h"
#include "models/bao/hypervisor.h"
#include "sim/scenario/model.h"

namespace sim {

/// The path costs of timing.path_costs, or the built-in ones. Nothing, and a line in `errors`, when
/// the table cannot be used.
std::optional<models::bao::PathCosts> load_path_costs(const Scenario& scenario,
                                                      std::vector<std::string>& errors);

/// Regions without a physical address get one, first fit; their host memory is still null. Nothing,
/// and a line in `errors`, when one does not fit the platform's RAM.
std::optional<models::bao::Config> make_configuration(const Scenario& scenario,
                                                      std::vector<std::string>& errors);

/// A refusal of the hypervisor's boot with the place in the scenario that it is about.
std::string boot_error_text(const Scenario& scenario, const models::bao::BootError& error);

}  // namespace sim
