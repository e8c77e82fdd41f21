// The network outside of the CPUs, from a scenario's nics, links, hosts, switches and captures:
// controllers on the bus with their way to memory, what is at the other end of their cables, and
// what is written of it. Owns all of it for one simulation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/bao/hypervisor.h"
#include "models/bus/bus.h"
#include "models/bus/dma_port.h"
#include "models/core/activity.h"
#include "models/core/irq_line.h"
#include "models/core/probe.h"
#include "models/core/timeline.h"
#include "models/nic/cadence_gem.h"
#include "models/wire/echo_host.h"
#include "models/wire/generator.h"
#include "models/wire/link.h"
#include "models/wire/link_capture.h"
#include "models/wire/replay.h"
#include "models/wire/sink.h"
#include "models/wire/wire_switch.h"
#include "sim/report/results.h"
#include "sim/scenario/model.h"

namespace sim {

/// A network controller; it and its way to memory stay where they are.
struct NicObjects {
    NicObjects(const NicConfig& c, models::Timeline& timeline) : config(&c), dma(timeline) {}

    const NicConfig* config;
    models::DmaPort dma;
    std::unique_ptr<models::CadenceGem> model;
    /// Who has it, for messages; "-": nobody.
    std::string vm = std::string(1, '-');
};

struct HostObjects {
    const HostConfig* config = nullptr;
    models::wire::Host* host = nullptr;  ///< all but a replay
    std::unique_ptr<models::wire::EchoHost> echo;
    std::unique_ptr<models::wire::Sink> sink;
    std::unique_ptr<models::wire::Generator> generator;
    std::unique_ptr<models::wire::Replay> replay;

    std::uint64_t sent() const;      ///< frames handed to its link
    std::uint64_t received() const;  ///< that came out of it
};

struct WireSwitchObjects {
    const WireSwitchConfig* config = nullptr;
    std::unique_ptr<models::wire::WireSwitch> model;
};

class Network {
  public:
    /// Lines about what could not be built are added to `errors`.
    Network(const Scenario& scenario, models::Timeline& timeline, models::Activity& activity,
            models::InterruptController& gic, const models::ProbeHub& probes,
            std::vector<std::string>& errors);

    /// Makes the controllers answer at their addresses.
    void map(models::Bus& bus, const models::TargetTiming& timing,
             std::vector<std::string>& errors) const;
    /// The SMMU as the hypervisor sets it up at boot: a stream leads through the stage 2 of the VM
    /// whose configuration has its id.
    void attach(const Scenario& scenario, const models::bao::Hypervisor& hypervisor);
    /// Closes the captures of links.
    void finish(Results& results);

    const std::vector<std::unique_ptr<NicObjects>>& nics() const { return nics_; }
    const std::vector<std::unique_ptr<models::wire::Link>>& links() const { return links_; }
    const std::vector<HostObjects>& hosts() const { return hosts_; }
    const std::vector<WireSwitchObjects>& switches() const { return switches_; }
    const Scenario& scenario() const { return scenario_; }

    const NicObjects* nic(std::string_view name) const;
    /// Metrics, the load of links, and the account of the frames on the wire.
    void add_results(Results& results) const;
    /// Frames that the end `n` of link `link` says it has put on it, and taken from it.
    std::uint64_t sent_by_end(std::size_t link, std::size_t n) const;
    std::uint64_t received_by_end(std::size_t link, std::size_t n) const;

  private:
    /// The socket of a controller to which no cable leads.
    class NoLink final : public models::wire::LinkEnd {
      public:
        void connect(models::wire::FrameReceiver& /*receiver*/) override {}
        models::Picos send(models::wire::FrameRef /*frame*/, models::Picos at) override {
            return at;
        }
        models::Picos free_at() const override { return {}; }
        std::uint64_t rate() const override { return 1'000'000'000; }
        bool up() const override { return false; }
    };

    void build_links(models::Activity& activity);
    void build_nics(models::Timeline& timeline, models::Activity& activity,
                    models::InterruptController& gic);
    void build_hosts(models::Activity& activity, std::vector<std::string>& errors);
    void build_captures(std::vector<std::string>& errors);
    /// Shows the CPUs when any of it will next do something.
    void add_devices(models::Timeline& timeline) const;
    void add_nics(Results& results) const;
    void add_links(Results& results) const;
    void add_hosts(Results& results) const;
    void add_switches(Results& results) const;
    /// The link's end that leads to `name`; for a switch, its first.
    models::wire::LinkEnd* end_of(std::string_view name);

    const Scenario& scenario_;
    const models::ProbeHub& probes_;
    NoLink no_link_;
    std::vector<std::unique_ptr<models::wire::Link>> links_;
    std::vector<std::unique_ptr<NicObjects>> nics_;
    std::vector<HostObjects> hosts_;
    std::vector<WireSwitchObjects> switches_;
    /// By link and end: the port, where the end is a switch's.
    std::vector<std::array<std::size_t, 2>> switch_ports_;
    std::vector<std::unique_ptr<models::wire::LinkCapture>> captures_;
    std::vector<const CaptureConfig*> capture_configs_;
};

}  // namespace sim
