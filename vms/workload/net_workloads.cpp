// The workloads over a network interface: echo requests, datagrams to a service, streams and what
// becomes of them. Payloads are test payloads (packets/payload.h) where there is room for one, so
// that each answer says which request it belongs to and whether its bytes are as they were sent.
#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "vms/workload/packets/payload.h"
#include "vms/workload/packets/sequence.h"
#include "vms/workload/workload.h"

namespace vms::workload {

using namespace packets;
using net::Datagram;
using net::Stack;

namespace {

/// Chooses sizes by their shares, the same in every run (SplitMix64, as pattern_byte()).
class SizeMix {
  public:
    SizeMix(std::span<const net::FrameSize> sizes, std::uint64_t seed) : sizes_(sizes) {
        for (const net::FrameSize& s : sizes)
            total_ += s.weight;
        state_ = seed;
    }
    bool empty() const { return total_ == 0; }
    std::uint32_t next() {
        if (sizes_.size() == 1)
            return sizes_.front().bytes;
        state_ += 0x9e37'79b9'7f4a'7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        std::uint64_t at = (z ^ (z >> 31)) % total_;
        for (const net::FrameSize& s : sizes_) {
            if (at < s.weight)
                return s.bytes;
            at -= s.weight;
        }
        return sizes_.back().bytes;
    }

  private:
    std::span<const net::FrameSize> sizes_;
    std::uint64_t total_ = 0;
    std::uint64_t state_ = 0;
};

/// A payload of one's own: a test payload, or what is shorter, zeroes.
void fill(std::span<std::byte> payload, const TestPayload& p) {
    if (!write_test_payload(payload, p))
        std::ranges::fill(payload, std::byte{0});
}

std::uint64_t now_ns(Cpu& cpu) {
    return nanoseconds_of(cpu.counter(), cpu.counter_frequency());
}

/// As Pace, but the program sleeps.
class SleepingPace {
  public:
    SleepingPace(Cpu& cpu, std::uint64_t period_ns)
        : period_(ticks_at(period_ns, cpu.counter_frequency())), next_(cpu.counter()) {}

    void wait(Stack& stack) {
        if (period_ != 0)
            stack.sleep_until(next_);
        next_ += period_;
    }

  private:
    std::uint64_t period_;  ///< counter ticks
    std::uint64_t next_;
};

std::uint64_t after(Cpu& cpu, std::uint64_t ns) {
    return ns == 0 ? NetInterface::no_deadline
                   : cpu.counter() + ticks_at(ns, cpu.counter_frequency());
}

/// The port that a client sends from.
std::uint16_t own_port(const net::Settings& s) {
    return static_cast<std::uint16_t>(s.local_port != 0 ? s.local_port
                                                        : net::first_own_port + s.flow);
}

}  // namespace

/// As `ping -c count -i period -s bytes -W timeout`: a request each period, or as soon as the reply
/// to the last has come where there is none; replies are taken whenever they come.
bool Workload::net_ping(Cpu& cpu, Stack& stack) {
    const net::Settings& s = config_.net;
    net::Results& r = counters_.net;
    const std::optional<Route> route = stack.route_to(s.peer);
    r.unresolved = !route;
    if (!route)
        return false;
    net::Socket& socket = stack.bind_echo(s.flow);
    std::map<std::uint16_t, std::uint64_t> waiting;  // the tick of each request
    std::uint64_t highest = 0;
    const auto bytes = static_cast<std::size_t>(config_.bytes);
    const std::uint64_t patience = ticks_at(s.timeout_ns, cpu.counter_frequency());

    const auto take_replies = [&] {
        while (!socket.empty()) {
            const Datagram& d = socket.front();
            cpu.retire_named(costs_.call);
            charge_lines(cpu, d.payload.size());
            const std::uint16_t sequence = d.source_port;
            const auto it = waiting.find(sequence);
            const std::optional<TestPayload> p = read_test_payload(d.payload);
            const bool intact = d.payload.size() == bytes &&
                                (bytes < test_payload_minimum ||
                                 (p && static_cast<std::uint16_t>(p->sequence) == sequence &&
                                  test_pattern_holds(d.payload, *p)));
            if (!intact) {
                ++r.corrupt;
            } else if (it == waiting.end()) {
                ++r.duplicates;
            } else if (d.arrived_tick - it->second > patience) {
                waiting.erase(it);  // too late: lost
            } else {
                ++r.received;
                r.rx_bytes += d.payload.size();
                r.round_trip_ticks.add(d.arrived_tick - it->second);
                if (p && p->sequence + 1 < highest)
                    ++r.reordered;
                if (p)
                    highest = std::max(highest, p->sequence + 1);
                waiting.erase(it);
            }
            socket.pop();
        }
    };
    const auto wait_for_replies = [&](std::uint64_t deadline, bool all) {
        while (stack.wait_until([&] { return !socket.empty() || (all && waiting.empty()); },
                                deadline)) {
            if (socket.empty())
                return;
            take_replies();
        }
    };

    r.first_tick = cpu.counter();
    std::uint64_t next = cpu.counter();
    for (std::uint64_t n = 0; n < config_.count && stack.interface().usable(); ++n) {
        cpu.retire_named(costs_.call);
        const std::uint64_t begin = cpu.counter();
        const auto sequence = static_cast<std::uint16_t>(n);
        fill(stack.echo_payload(*route, bytes), {s.flow, n, now_ns(cpu)});
        charge_lines(cpu, bytes);
        if (stack.send_echo(*route, {false, s.flow, sequence}, bytes)) {
            ++r.sent;
            r.tx_bytes += bytes;
            waiting[sequence] = begin;
        } else {
            ++r.refused;
        }
        next += ticks_at(config_.period_ns, cpu.counter_frequency());
        if (config_.period_ns == 0)
            wait_for_replies(after(cpu, s.timeout_ns), true);
        else
            wait_for_replies(next, false);
    }
    wait_for_replies(after(cpu, s.timeout_ns), true);
    r.last_tick = cpu.counter();
    r.lost = r.sent - r.received;
    return r.received != 0 && r.corrupt == 0;
}

/// A closed loop: `window` requests on their way, a further one `think_ns` after an answer or after
/// the oldest has been given up.
bool Workload::net_request_response(Cpu& cpu, Stack& stack, std::uint64_t window) {
    const net::Settings& s = config_.net;
    net::Results& r = counters_.net;
    const std::optional<Route> route = stack.route_to(s.peer);
    r.unresolved = !route;
    if (!route)
        return false;
    const std::uint16_t own = own_port(s);
    const std::uint16_t port = s.port != 0 ? s.port : net::echo_port;
    net::Socket& socket = stack.bind(own);
    SizeMix mix(s.sizes, config_.seed);
    struct Request {
        std::uint64_t tick;
        std::uint64_t deadline;
        std::size_t bytes;
    };
    std::map<std::uint64_t, Request> waiting;
    std::uint64_t highest = 0;
    const std::uint64_t patience = ticks_at(s.timeout_ns, cpu.counter_frequency());

    const auto take_answers = [&] {
        bool any = false;
        while (!socket.empty()) {
            const Datagram& d = socket.front();
            cpu.retire_named(costs_.call);
            charge_lines(cpu, d.payload.size());
            const std::optional<TestPayload> p = read_test_payload(d.payload);
            const auto it = p ? waiting.find(p->sequence) : waiting.end();
            if (!p || p->flow != s.flow || d.source_port != port) {
                ++r.foreign;
            } else if (!test_pattern_holds(d.payload, *p) ||
                       (it != waiting.end() && d.payload.size() != it->second.bytes)) {
                ++r.corrupt;
            } else if (it == waiting.end()) {
                ++r.duplicates;
            } else if (d.arrived_tick - it->second.tick > patience) {
                ++r.lost;  // too late
                waiting.erase(it);
            } else {
                any = true;
                ++r.received;
                r.rx_bytes += d.payload.size();
                r.round_trip_ticks.add(d.arrived_tick - it->second.tick);
                if (p->sequence + 1 < highest)
                    ++r.reordered;
                highest = std::max(highest, p->sequence + 1);
                waiting.erase(it);
            }
            socket.pop();
        }
        return any;
    };
    // Until there is room in the window; what is overdue is lost.
    const auto wait_below = [&](std::uint64_t most) {
        while (waiting.size() >= std::max<std::uint64_t>(most, 1)) {
            const std::uint64_t deadline = waiting.begin()->second.deadline;
            if (stack.wait_until([&] { return !socket.empty(); }, deadline)) {
                if (take_answers() && s.think_ns != 0)
                    stack.sleep_until(after(cpu, s.think_ns));
            } else if (!stack.interface().usable()) {
                return false;
            } else {
                ++r.lost;
                waiting.erase(waiting.begin());
            }
        }
        return true;
    };

    SleepingPace pace(cpu, config_.period_ns);
    r.first_tick = cpu.counter();
    for (std::uint64_t n = 0; n < config_.count; ++n) {
        if (!wait_below(window))
            return false;
        pace.wait(stack);
        const std::size_t frame = mix.empty() ? 0 : mix.next();
        const std::size_t bytes = mix.empty() ? static_cast<std::size_t>(config_.bytes)
                                              : frame - std::min(frame, udp_overhead(*route));
        const std::size_t payload =
            std::clamp(bytes, test_payload_minimum, stack.max_datagram(*route));
        cpu.retire_named(costs_.call);
        const std::uint64_t begin = cpu.counter();
        fill(stack.udp_payload(*route, payload), {s.flow, n, now_ns(cpu)});
        charge_lines(cpu, payload);
        if (stack.send_udp(*route, {own, port}, payload)) {
            ++r.sent;
            r.tx_bytes += payload;
            waiting[n] = {begin, after(cpu, s.timeout_ns), payload};
        } else {
            ++r.refused;
        }
    }
    if (!wait_below(1))
        return false;
    r.last_tick = cpu.counter();
    return r.received != 0 && r.corrupt == 0;
}

/// An open loop: as fast as the interface takes frames, or one each period. The last frame of a
/// batch tells the device.
bool Workload::net_flood(Cpu& cpu, Stack& stack) {
    const net::Settings& s = config_.net;
    net::Results& r = counters_.net;
    const std::optional<Route> route = stack.route_to(s.peer);
    r.unresolved = !route;
    if (!route)
        return false;
    const std::uint16_t own = own_port(s);
    const std::uint16_t port = s.port != 0 ? s.port : net::discard_port;
    const std::size_t longest = stack.max_datagram(*route);
    SizeMix mix(s.sizes, config_.seed);
    const std::uint64_t batch = std::max<std::uint64_t>(s.batch, 1);
    const std::uint64_t end = after(cpu, s.duration_ns);
    const bool bounded = config_.count != 0 || config_.bytes != 0 || s.duration_ns != 0;

    SleepingPace pace(cpu, config_.period_ns);
    r.first_tick = cpu.counter();
    const auto ended = [&] {
        return !bounded || (config_.count != 0 && r.sent + r.refused >= config_.count) ||
               (config_.bytes != 0 && r.tx_bytes >= config_.bytes) || cpu.counter() >= end;
    };
    for (std::uint64_t n = 0; stack.interface().usable(); ++n) {
        pace.wait(stack);
        if (ended())
            break;
        const std::size_t frame = mix.empty() ? longest + udp_overhead(*route) : mix.next();
        const std::size_t payload = std::clamp(frame - std::min(frame, udp_overhead(*route)),
                                               test_payload_minimum, longest);
        cpu.retire_named(costs_.call);
        fill(stack.udp_payload(*route, payload), {s.flow, n, now_ns(cpu)});
        charge_lines(cpu, payload);
        const bool last_of_batch = (n + 1) % batch == 0;
        if (stack.send_udp(*route, {own, port}, payload, !last_of_batch)) {
            ++r.sent;
            r.tx_bytes += payload;
        } else {
            ++r.refused;
        }
    }
    stack.interface().flush();
    const bool drained = stack.interface().drain();
    r.last_tick = cpu.counter();
    return drained && r.refused == 0;
}

bool Workload::net_sink(Cpu& cpu, Stack& stack) {
    const net::Settings& s = config_.net;
    net::Results& r = counters_.net;
    net::Socket& socket = stack.bind(s.port != 0 ? s.port : net::discard_port);
    std::map<std::uint16_t, SequenceCheck> flows;
    const std::uint64_t end = after(cpu, s.duration_ns);
    std::uint64_t arrived = 0;
    while (config_.count == 0 || arrived < config_.count) {
        const std::uint64_t idle = arrived == 0 ? NetInterface::no_deadline : after(cpu, s.idle_ns);
        if (!stack.wait_until([&] { return !socket.empty(); }, std::min(idle, end)))
            break;
        const Datagram& d = socket.front();
        cpu.retire_named(costs_.call);
        charge_lines(cpu, d.payload.size());
        if (arrived++ == 0)
            r.first_tick = d.arrived_tick;
        r.last_tick = d.arrived_tick;
        const std::optional<TestPayload> p = read_test_payload(d.payload);
        if (!p) {
            ++r.foreign;
        } else if (!test_pattern_holds(d.payload, *p)) {
            ++r.corrupt;
        } else {
            SequenceCheck& check = flows[p->flow];
            const SequenceCheck::Verdict verdict = check.add(p->sequence);
            if (verdict != SequenceCheck::Verdict::duplicate &&
                verdict != SequenceCheck::Verdict::stale) {
                ++r.received;
                r.rx_bytes += d.payload.size();
                const std::uint64_t at = nanoseconds_of(d.arrived_tick, cpu.counter_frequency());
                r.latency_ns.add(at - std::min(at, p->sent_ns));
            }
            r.lost = r.duplicates = r.reordered = 0;
            for (const auto& [flow, c] : flows) {
                r.lost += c.lost();
                r.duplicates += c.duplicated() + c.stale();
                r.reordered += c.reordered();
            }
        }
        socket.pop();
    }
    return r.corrupt == 0 && arrived != 0 && (config_.count == 0 || arrived >= config_.count);
}

/// ARP, echo requests and neighbour solicitations are answered below; this answers datagrams.
bool Workload::net_serve(Cpu& cpu, Stack& stack) {
    const net::Settings& s = config_.net;
    net::Results& r = counters_.net;
    const std::uint16_t port = s.port != 0 ? s.port : net::echo_port;
    net::Socket& socket = stack.bind(port);
    const std::uint64_t end = after(cpu, s.duration_ns);
    r.first_tick = cpu.counter();
    // Anything that comes for this host keeps it at work, whoever answers it.
    const auto heard = [&] {
        const net::StackCounters& c = stack.counters();
        return c.rx_frames - c.rx_foreign;
    };
    while (config_.count == 0 || r.received < config_.count) {
        const std::uint64_t before = heard();
        const std::uint64_t idle = before == 0 ? NetInterface::no_deadline : after(cpu, s.idle_ns);
        const bool ready = stack.wait_until(
            [&] { return !socket.empty() || (s.idle_ns != 0 && heard() != before); },
            std::min(idle, end));
        if (!ready)
            break;
        if (socket.empty())
            continue;
        const Datagram& d = socket.front();  // stays where it is while further ones come
        cpu.retire_named(costs_.call);
        ++r.received;
        r.rx_bytes += d.payload.size();
        r.last_tick = d.arrived_tick;
        const std::optional<Route> route = stack.route_to(d.source);
        const std::span<std::byte> answer =
            route ? stack.udp_payload(*route, d.payload.size()) : std::span<std::byte>{};
        if (answer.size() == d.payload.size()) {
            std::ranges::copy(d.payload, answer.begin());
            charge_lines(cpu, d.payload.size());
        }
        if (route && answer.size() == d.payload.size() &&
            stack.send_udp(*route, {port, d.source_port}, d.payload.size())) {
            ++r.sent;
            r.tx_bytes += d.payload.size();
        } else {
            ++r.refused;
        }
        socket.pop();
    }
    return r.refused == 0 && stack.interface().usable();
}

}  // namespace vms::workload
