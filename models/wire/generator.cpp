#include "models/wire/generator.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "vms/workload/packets/payload.h"

namespace models::wire {

namespace {

/// Without a rate of its own a generator goes at the link's.
Pace paced(Pace pace, const LinkEnd& end) {
    if (pace.unit == Pace::Unit::line_rate)
        pace.rate = end.rate();
    return pace;
}

/// A group's MAC follows from its address.
std::optional<packets::MacAddress> known_mac(const GeneratorParameters& p) {
    if (!p.target_mac && packets::is_multicast(p.target))
        return packets::multicast_mac(p.target);
    return p.target_mac;
}

RandomStream stream(const sc_core::sc_module& of, std::uint64_t seed, const char* purpose) {
    return {seed, std::string(of.name()) + "." + purpose};
}

std::uint64_t nanoseconds(Picos t) {
    return t.value / Picos::ns(1).value;
}

}  // namespace

Generator::Generator(sc_core::sc_module_name name, const HostParameters& host,
                     const GeneratorParameters& parameters, LinkEnd& link_end, Activity& activity)
    : sc_module(name),
      Host(host, link_end),
      parameters_(parameters),
      activity_(activity),
      route_{.source_mac = host.mac,
             .destination_mac = known_mac(parameters).value_or(packets::MacAddress{}),
             .source = own_address(parameters.target).value_or(packets::IpAddress{}),
             .destination = parameters.target},
      resolved_(known_mac(parameters).has_value()),
      next_solicitation_(parameters.start),
      size_random_(stream(*this, parameters.seed, "sizes")),
      intervals_(paced(parameters.pace, link_end), stream(*this, parameters.seed, "intervals")),
      next_due_(parameters.start) {
    if (!own_address(parameters.target))
        throw std::invalid_argument(std::string(this->name()) + ": the target " +
                                    packets::text(parameters.target) +
                                    " is of a family of which the generator has no address");
    if (parameters.mode == GeneratorParameters::Mode::closed_loop)
        turns_.assign(std::max(parameters.window, 1U), parameters.start);
    SC_HAS_PROCESS(Generator);
    SC_METHOD(wake);
    dont_initialize();
    sensitive << timer_.event();
}

bool Generator::endless() const {
    return parameters_.count == 0 && parameters_.until == Picos::never();
}

void Generator::start_of_simulation() {
    if (!endless())
        activity_.hold();
    timer_.plan(parameters_.start);
}

void Generator::wake() {
    timer_.fired();
    act(kernel_now());
}

bool Generator::more(Picos due) const {
    return (parameters_.count == 0 || traffic_.due < parameters_.count) && due < parameters_.until;
}

void Generator::act(Picos now) {
    if (finished_)
        return;
    if (!resolved_) {
        if (next_solicitation_ <= now && more(now)) {
            ++traffic_.solicitations;
            solicit(parameters_.target, now);
            next_solicitation_ = now + parameters_.resolve_interval;
        }
    } else if (parameters_.mode == GeneratorParameters::Mode::open_loop) {
        while (next_due_ <= now && more(next_due_))
            next_due_ += intervals_.after(send_one(next_due_));
    } else {
        expire(now);
        while (!turns_.empty() && turns_.front() <= now && more(now)) {
            std::pop_heap(turns_.begin(), turns_.end(), std::greater<>{});
            turns_.pop_back();
            const std::uint64_t sequence = traffic_.sent;
            send_one(now);
            // One that did not get out is as good as lost: its place is free after the timeout.
            if (traffic_.sent != sequence)
                outstanding_.push({sequence, now + parameters_.timeout, false});
            else
                take_turn(now + parameters_.timeout);
        }
    }
    plan();
}

void Generator::take_turn(Picos at) {
    turns_.push_back(at);
    std::push_heap(turns_.begin(), turns_.end(), std::greater<>{});
}

std::size_t Generator::send_one(Picos due) {
    const std::size_t wanted = parameters_.sizes.draw(size_random_);
    const std::size_t overhead = packets::udp_overhead(route_);
    const std::size_t payload =
        std::max(wanted, overhead + fcs_bytes + packets::test_payload_minimum) - overhead -
        fcs_bytes;
    const std::size_t size = packets::padded(overhead + payload);
    const std::shared_ptr<Frame> frame = pool().make(size, frame_id());
    packets::write_test_payload(
        packets::udp_payload(frame->bytes, route_, payload),
        {.flow = parameters_.flow, .sequence = traffic_.sent, .sent_ns = nanoseconds(due)});
    route_.identification = static_cast<std::uint16_t>(traffic_.sent & 0xffff);
    packets::build_udp(frame->bytes, route_, {parameters_.source_port, parameters_.port}, payload);
    if (traffic_.due == 0)
        traffic_.first = due;
    traffic_.last = due;
    ++traffic_.due;
    if (transmit(frame, due)) {
        ++traffic_.sent;
        traffic_.sent_bytes += size;
    } else {
        ++traffic_.dropped;
    }
    return wire_bytes(size);
}

std::uint64_t Generator::frame_id() const {
    return std::uint64_t{parameters_.flow} << 48 | (traffic_.sent + 1);
}

void Generator::expire(Picos now) {
    while (!outstanding_.empty() &&
           (outstanding_.front().answered || outstanding_.front().expires <= now)) {
        if (!outstanding_.pop().answered) {
            ++traffic_.timed_out;
            take_turn(now + parameters_.think);
        }
    }
}

void Generator::plan() {
    Picos next = Picos::never();
    bool waiting = false;
    if (!resolved_) {
        next = next_solicitation_;
    } else if (parameters_.mode == GeneratorParameters::Mode::open_loop) {
        next = next_due_;
    } else {
        if (!turns_.empty())
            next = turns_.front();
        waiting = !outstanding_.empty();
    }
    if (!more(next))
        next = Picos::never();
    if (waiting)
        next = std::min(next, outstanding_.front().expires);
    if (next != Picos::never()) {
        timer_.plan(next);
        return;
    }
    finished_ = true;
    if (!endless())
        activity_.release();
}

void Generator::resolved(const packets::IpAddress& address, const packets::MacAddress& mac,
                         Picos at) {
    if (resolved_ || address != parameters_.target)
        return;
    resolved_ = true;
    route_.destination_mac = mac;
    next_due_ = std::max(next_due_, at);
    act(at);
}

Received Generator::udp(const packets::Packet& p, const FrameRef& frame, Picos at) {
    const auto& udp = std::get<packets::Udp>(p.transport);
    if (udp.destination_port != parameters_.source_port)
        return Received::closed_port;
    const std::optional<packets::TestPayload> t = packets::read_test_payload(p.payload);
    if (!t || t->flow != parameters_.flow || t->sequence >= traffic_.sent)
        return Received::foreign;
    if (!packets::test_pattern_holds(p.payload, *t)) {
        ++traffic_.corrupted;
        return Received::udp;
    }
    if (!take_answer(t->sequence, at)) {
        ++traffic_.late;
        return Received::udp;
    }
    ++traffic_.answered;
    traffic_.answered_bytes += frame->bytes.size();
    traffic_.round_trip_ns.add(nanoseconds(at) - t->sent_ns);
    if (parameters_.mode == GeneratorParameters::Mode::closed_loop) {
        take_turn(at + parameters_.think);
        act(at);
    }
    return Received::udp;
}

bool Generator::take_answer(std::uint64_t sequence, Picos at) {
    if (parameters_.mode == GeneratorParameters::Mode::open_loop) {
        const auto verdict = answers_.add(sequence);
        return verdict != packets::SequenceCheck::Verdict::duplicate &&
               verdict != packets::SequenceCheck::Verdict::stale;
    }
    if (outstanding_.empty() || sequence < outstanding_.front().sequence)
        return false;
    Request& request = outstanding_[sequence - outstanding_.front().sequence];
    if (request.answered || request.expires <= at)
        return false;
    request.answered = true;
    return true;
}

}  // namespace models::wire
