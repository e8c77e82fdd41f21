// What the tests of models/wire have in common: stations, frames, and a receiver that writes down.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/base/time.h"
#include "models/core/activity.h"
#include "models/wire/frame_pool.h"
#include "models/wire/host.h"
#include "models/wire/link.h"
#include "tests/support/run_until.h"

namespace models::wire::test {

using models::test::run_until;

inline HostParameters station(std::uint8_t number) {
    const packets::MacAddress mac{{0x02, 0, 0, 0, 0, number}};
    return {.mac = mac,
            .ipv4 = packets::Ipv4Address::of(192, 0, 2, number),
            .ipv6 = packets::Ipv6Address::link_local(mac)};
}

/// From station 2 to station 1.
inline packets::Route route_v4() {
    return {.source_mac = station(2).mac,
            .destination_mac = station(1).mac,
            .source = *station(2).ipv4,
            .destination = *station(1).ipv4};
}
inline packets::Route route_v6() {
    return {.source_mac = station(2).mac,
            .destination_mac = station(1).mac,
            .source = *station(2).ipv6,
            .destination = *station(1).ipv6};
}

/// Of `bytes` without FCS.
inline FrameRef frame_of(std::size_t bytes, std::uint64_t id = 0) {
    return std::make_shared<Frame>(Frame{std::vector<std::byte>(bytes), id});
}

/// A frame of at most 256 bytes that `build` makes.
template <class Build>
FrameRef built(Build build) {
    std::vector<std::byte> bytes(256);
    bytes.resize(build(std::span(bytes)));
    return std::make_shared<Frame>(Frame{std::move(bytes), 0});
}

struct Arrival {
    std::uint64_t id;
    std::uint64_t at;  ///< picoseconds
    bool operator==(const Arrival&) const = default;
};

class Recorder final : public FrameReceiver {
  public:
    void receive(const FrameRef& frame, Picos at) override {
        arrivals.push_back({frame->id, at.value});
        frames.push_back(frame);
        if (on_frame)
            on_frame(frame, at);
    }
    void link_changed(bool up, Picos at) override { changes.push_back({up ? 1U : 0U, at.value}); }

    packets::Packet last() const { return packets::parse(frames.back()->bytes); }

    std::vector<Arrival> arrivals;
    std::vector<FrameRef> frames;
    std::vector<Arrival> changes;  ///< id: up
    std::function<void(const FrameRef&, Picos)> on_frame;
};

/// A host, or nothing yet, at end a; a recorder at end b.
struct Bench {
    explicit Bench(const LinkParameters& parameters = {}, const char* name = "wire")
        : link(name, parameters, activity) {
        link.b().connect(far);
    }
    Activity activity;
    Link link;
    Recorder far;
};

}  // namespace models::wire::test
