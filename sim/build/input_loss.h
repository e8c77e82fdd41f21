// Input of serial lines that is lost: to a receiver that is off, for want of room in a UART's FIFO
// or in the service guest, or for a console port at which nobody is. No model of a machine tells of
// it, and on a board only missing characters do. Compares counters when a service guest that has
// handled a serial port's interrupt comes to rest, and at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/probe.h"
#include "sim/build/platform.h"
#include "sim/build/software.h"

namespace sim {

class InputLoss {
  public:
    InputLoss(const Scenario& scenario, const Software& software, const Platform& platform,
              const models::ProbeHub& probes);

    /// The core begins to wait for an interrupt. Cheap when it has handled no serial port since.
    void idle(const models::Core& core);
    /// What nobody has come to rest after. Called once the lines are up to date; not before `at`.
    void finish(models::Picos at);

  private:
    /// A serial line, and the consoles that it carries.
    struct Line {
        const SerialLineObjects* objects = nullptr;
        std::string vm = std::string(1, '-');  ///< that it is passed through to, or "-"
        models::CpuId cpu{};
        std::size_t vm_index = 0;
        struct Console {
            std::string name;  ///< of the remio_dev
            std::size_t backend = 0;
            Software::DroppedInput told;
        };
        std::vector<Console> consoles;
        std::uint64_t overruns = 0;  ///< already told
        std::uint64_t unheard = 0;   ///< already told
    };
    void look(Line& line, models::Picos at, std::string_view when);

    const Software& software_;
    const models::ProbeHub& probes_;
    std::vector<Line> lines_;
    std::vector<models::Picos> served_;  ///< of each CPU: the last handling that was looked at
};

}  // namespace sim
