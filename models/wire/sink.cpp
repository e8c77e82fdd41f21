#include "models/wire/sink.h"

#include <variant>

namespace models::wire {

using Verdict = packets::SequenceCheck::Verdict;

void FlowRecord::add(const packets::TestPayload& t, std::span<const std::byte> payload,
                     std::size_t frame_bytes, Picos at) {
    if (frames == 0)
        first = at;
    last = at;
    ++frames;
    bytes += frame_bytes;
    if (!packets::test_pattern_holds(payload, t))
        ++corrupted;
    const Verdict verdict = sequence.add(t.sequence);
    if (verdict == Verdict::duplicate || verdict == Verdict::stale)
        return;
    const std::uint64_t now_ns = at.value / Picos::ns(1).value;
    if (now_ns < t.sent_ns)
        ++time_backwards;
    else
        latency_ns.add(now_ns - t.sent_ns);
}

Received Sink::udp(const packets::Packet& p, const FrameRef& frame, Picos at) {
    const auto& udp = std::get<packets::Udp>(p.transport);
    if (!parameters_.any_port && udp.destination_port != parameters_.port)
        return Received::closed_port;
    const std::optional<packets::TestPayload> t = packets::read_test_payload(p.payload);
    if (!t)
        return Received::foreign;
    auto flow = flows_.find(t->flow);
    if (flow == flows_.end()) {
        if (flows_.size() == parameters_.max_flows)
            return Received::foreign;
        flow = flows_.try_emplace(t->flow).first;
    }
    flow->second.add(*t, p.payload, frame->bytes.size(), at);
    return Received::udp;
}

}  // namespace models::wire
