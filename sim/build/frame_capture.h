// Captures of frames in the hands of software: what a front-end's driver hands over and takes, what
// goes through a port of a service guest's switch. Written in the order of simulated time, although
// CPUs that run ahead tell of frames before others that are behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/base/time.h"
#include "models/core/probe.h"
#include "models/wire/pcap.h"
#include "sim/observe/sink.h"
#include "sim/report/results.h"
#include "sim/scenario/model.h"

namespace sim {

class FrameCapture final : public Sink {
  public:
    /// Of the captures whose place is a VM's; lines about files that cannot be written go to
    /// `errors`.
    FrameCapture(const Scenario& scenario, std::vector<std::string>& errors);

    /// Whether there is anything to capture.
    bool wanted() const { return !captures_.empty(); }
    void frame(const models::FrameRecord& r) override;
    /// Writes what is left and closes the files.
    void finish(Results& results);

  private:
    struct Waiting {
        models::Picos at{};
        std::uint64_t order = 0;
        std::vector<std::byte> bytes;
    };
    struct Capture {
        const CaptureConfig* config = nullptr;
        std::uint64_t cpus = 0;    ///< of the VM
        bool driver = false;       ///< points of a driver, else of a switch
        std::uint64_t device = 0;  ///< as FrameRecord has it
        models::wire::PcapWriter writer;
        std::vector<Waiting> waiting;  ///< a heap, the earliest first
    };
    static bool later(const Waiting& x, const Waiting& y);
    static void flush(Capture& c, models::Picos until);

    std::vector<Capture> captures_;
    std::uint64_t order_ = 0;
};

}  // namespace sim
