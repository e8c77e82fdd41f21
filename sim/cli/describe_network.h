// What `baosim check` shows of a scenario's network.
#pragma once

#include <string>

#include "sim/report/text.h"
#include "sim/scenario/model.h"

namespace sim {

/// A table each of controllers, hosts, switches and links, and one of captures; empty when there is
/// none of them. Headings as the caller writes them.
struct NetworkTables {
    std::string stations;
    std::string links;
    std::string captures;
};
NetworkTables describe_network(const Scenario& scenario, const Style& style);

/// "mtu 1500, mac 02:00:00:00:00:01; not offered: csum": of a net back-end.
std::string describe_net_backend(const NetBackendConfig& net);
/// "10.0.0.2/24, fd00::2": of a net driver.
std::string describe_net_driver(const NetDriverConfig& net);

}  // namespace sim
