// From a scenario's description to a bound machine: bus, memory, interrupt controller, serial
// lines, network, CPUs and the simulated hypervisor on them. Owns all of it for one simulation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/bao/hypervisor.h"
#include "models/bus/bus.h"
#include "models/core/activity.h"
#include "models/core/core.h"
#include "models/core/probe.h"
#include "models/core/timeline.h"
#include "models/gic/gic400.h"
#include "models/memory/memory.h"
#include "models/uart/records.h"
#include "models/uart/serial_channel.h"
#include "models/uart/serial_demux.h"
#include "sim/build/network.h"
#include "sim/scenario/model.h"

namespace sim {

/// One serial line of the platform with its far end.
/// A far end that talks in records; the channel owns them. Both or neither.
struct RecordEnds {
    const models::RecordInput* input = nullptr;
    const models::RecordSink* sink = nullptr;
};

struct SerialLineObjects {
    const UartConfig* config = nullptr;
    models::SerialChannel channel;
    /// Of a line that several ports share.
    std::unique_ptr<models::SerialDemux> demux;
    RecordEnds records;
    std::vector<RecordEnds> channel_records;    ///< of the demux's channels
    std::unique_ptr<sc_core::sc_module> model;  ///< CadenceUart or Pl011
    /// The model is lazy: brings channel and counters up to the end of the run.
    std::function<void(models::Picos)> finish;
};

class Platform {
  public:
    /// Takes the bytes of lines whose output is "stdout"; empty: they go there unchanged.
    using SerialText = std::function<void(std::string_view)>;

    Platform(const Scenario& scenario, const models::ProbeHub& probes, const SerialText& serial);
    ~Platform();
    Platform(const Platform&) = delete;
    Platform& operator=(const Platform&) = delete;

    /// What the user has to know when the machine could not be built; empty when it stands.
    const std::vector<std::string>& errors() const { return errors_; }

    models::Timeline& timeline() { return timeline_; }
    models::Activity& activity() { return activity_; }
    models::bao::Hypervisor& hypervisor() { return *hypervisor_; }
    const models::bao::Config& config() const { return config_; }
    const std::vector<std::unique_ptr<models::Core>>& cores() const { return cores_; }
    const std::vector<std::unique_ptr<SerialLineObjects>>& serial_lines() const { return lines_; }
    const models::Gic400& gic() const { return *gic_; }
    Network& network() { return *network_; }
    const Network& network() const { return *network_; }
    std::uint64_t instructions() const;  ///< executed by all CPUs at all levels

  private:
    bool place_memory(const Scenario& s);
    void build_serial_lines(const Scenario& s, const SerialText& serial);
    void build_cores(const Scenario& s, const models::ProbeHub& probes);

    models::Timeline timeline_;
    models::Activity activity_;
    models::Bus bus_;
    std::vector<std::unique_ptr<models::Memory>> ram_;
    std::unique_ptr<models::Gic400> gic_;
    std::vector<std::unique_ptr<SerialLineObjects>> lines_;
    std::unique_ptr<Network> network_;
    models::bao::PathCosts costs_{};
    models::bao::Config config_;
    std::unique_ptr<models::bao::Hypervisor> hypervisor_;
    std::vector<std::unique_ptr<models::Core>> cores_;
    std::vector<std::string> errors_;
};

}  // namespace sim
