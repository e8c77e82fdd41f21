// What a scenario says about networks, as the programs of service guests and front-ends are told;
// and what those programs counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/report/results.h"
#include "sim/scenario/model.h"
#include "vms/frontend/driver.h"
#include "vms/frontend/frontend.h"
#include "vms/service/config.h"
#include "vms/service/port/sim/program.h"
#include "vms/workload/workload.h"

namespace sim {

vms::service::NetConfig service_net(const BackendConfig& backend, std::uint64_t bind_key);
vms::service::SwitchConfig service_switch(const SwitchConfig& config);

/// The controller `nic`, passed through by `dev`. Without memory of its own in `config` it gets the
/// end of the VM's first region below `end`, which is moved down; false: that is too small.
bool service_interface(const VmConfig& vm, const NicConfig& nic, const DevConfig& dev,
                       std::uint64_t& end, vms::service::PeripheralConfig& out);

vms::frontend::NetConfig frontend_net(const NetDriverConfig& config, std::uint64_t bind_key);
vms::workload::net::Settings workload_net(const NetWorkloadConfig& config);

/// Names of the ports of a service guest's switch, by number.
std::vector<std::string> switch_ports(const Scenario& scenario, const VmConfig& vm);

void add_frontend_net(Metrics& metrics, const std::string& vm,
                      const vms::frontend::FrontendProgram& program);
void add_net_workload(Metrics& metrics, const std::string& prefix,
                      const vms::workload::net::Results& results);
/// Of each network device of a front-end; `vm`: its name.
void add_traffic(std::vector<TrafficResult>& traffic, const std::string& vm,
                 std::uint64_t counter_hz, const vms::frontend::FrontendProgram& program);
/// Switch ports.
void add_service_net(Metrics& metrics, const Scenario& scenario, const VmConfig& vm,
                     const vms::service::ServiceProgram& service);
/// Of the driver of a network interface, with keys that begin with `prefix`.
void add_interface(Metrics& metrics, const std::string& prefix,
                   const vms::service::NetworkCounters& counters);

}  // namespace sim
