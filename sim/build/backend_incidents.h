// What the back-ends of service guests report (vms/service/incident.h), as observations: on a board
// such a thing moves a counter in the service guest, and the front-end just does not work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/time.h"
#include "models/core/probe.h"
#include "sim/scenario/model.h"

namespace sim {

class BackendIncidents {
  public:
    BackendIncidents(const Scenario& scenario, const models::ProbeHub& probes);

    /// A Note::incident of the program on this CPU.
    void note(models::Picos at, models::CpuId cpu, std::uint64_t what, std::uint64_t detail) const;

  private:
    struct Guest {
        std::string vm;
        std::vector<std::string> devices;  ///< "con0 of linux0", as the service guest counts them
    };

    const models::ProbeHub& probes_;
    std::vector<Guest> by_cpu_;
};

}  // namespace sim
