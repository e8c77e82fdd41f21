// The host that counts: datagrams with the test payload are checked flow by flow for loss,
// duplication, reordering and changed bytes, and for how long they took.
#pragma once

#include <cstdint>
#include <map>

#include "models/wire/host.h"
#include "vms/workload/distribution.h"
#include "vms/workload/packets/payload.h"
#include "vms/workload/packets/sequence.h"

namespace models::wire {

/// Of one flow of test payloads, at the place where they arrive.
struct FlowRecord {
    packets::SequenceCheck sequence;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;      ///< of frames, without FCS
    std::uint64_t corrupted = 0;  ///< of frames: the pattern is not the flow's
    Picos first{};
    Picos last{};
    vms::workload::Distribution latency_ns;  ///< from the time in the payload; not of duplicates
    std::uint64_t time_backwards = 0;        ///< sent later than received: clocks differ

    void add(const packets::TestPayload& t, std::span<const std::byte> payload,
             std::size_t frame_bytes, Picos at);
};

struct SinkParameters {
    std::uint16_t port = 9;      ///< RFC 863: discard
    bool any_port = false;       ///< listens on every port
    std::size_t max_flows = 64;  ///< payloads of further flows are discarded as foreign
};

class Sink final : public Host {
  public:
    Sink(const HostParameters& host, const SinkParameters& parameters, LinkEnd& end)
        : Host(host, end), parameters_(parameters) {}

    /// By flow number.
    const std::map<std::uint16_t, FlowRecord>& flows() const { return flows_; }

  private:
    Received udp(const packets::Packet& p, const FrameRef& frame, Picos at) override;

    SinkParameters parameters_;
    std::map<std::uint16_t, FlowRecord> flows_;
};

}  // namespace models::wire
