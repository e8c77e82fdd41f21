#include "models/wire/link.h"

#include <algorithm>
#include <string>
#include <utility>

namespace models::wire {

// --- one direction ------------------------------------------------------------------------------

LinkDirection::LinkDirection(sc_core::sc_module_name name, Side from,
                             const LinkParameters& parameters, std::uint64_t seed,
                             Activity& activity)
    : sc_module(name),
      from_(from),
      propagation_(parameters.propagation),
      impairments_(from == Side::a ? parameters.a_to_b : parameters.b_to_a),
      exact_order_(!impairments_.duplication && impairments_.jitter == Picos{}),
      loss_(seed, "loss"),
      duplication_(seed, "duplication"),
      reordering_(seed, "reordering"),
      jitter_(seed, "jitter"),
      activity_(activity),
      clock_(parameters.rate) {
    SC_HAS_PROCESS(LinkDirection);
    SC_METHOD(wake);
    dont_initialize();
    sensitive << timer_.event();
}

Picos LinkDirection::send(FrameRef frame, Picos at) {
    const std::size_t size = frame->bytes.size();
    const std::uint64_t bits = 8 * std::uint64_t{wire_bytes(size)};
    if (at > free_at_) {
        run_start_ = at;
        run_bits_ = 0;
        free_at_ = at;
    }
    const Picos last_bit = run_start_ + clock_.at(run_bits_ + bits - 8 * gap_bytes);
    run_bits_ += bits;
    const Picos free = run_start_ + clock_.at(run_bits_);
    counters_.busy += free - free_at_;
    if (counters_.sent == 0)
        counters_.first = free_at_;
    free_at_ = free;
    counters_.last = free;

    ++counters_.sent;
    counters_.sent_bytes += size;
    for (FrameTap* tap : taps_)
        tap->left(frame, from_, last_bit);
    const std::uint64_t index = sent_++;
    if (!up_)
        ++counters_.lost_down;
    else if (loss_.happens(impairments_.loss))
        ++counters_.lost;
    else
        launch(std::move(frame), last_bit, bits, index);
    return free_at_;
}

void LinkDirection::launch(FrameRef frame, Picos last_bit, std::uint64_t bits,
                           std::uint64_t index) {
    // Receivers take no frames that overlap: what is late makes those behind it late too.
    const Picos slot = exact_order_ ? Picos{} : RateClock(clock_).advance(bits);
    Picos arrival = last_bit + propagation_;
    if (impairments_.jitter != Picos{})
        arrival += Picos{jitter_.below(impairments_.jitter.value + 1)};
    const bool held_back = reordering_.happens(impairments_.reordering);
    if (held_back)
        arrival += impairments_.reordering_delay;
    else if (!exact_order_ && last_arrival_ != Picos{})
        arrival = std::max(arrival, last_arrival_ + slot);
    if (!duplication_.happens(impairments_.duplication)) {
        add({std::move(frame), arrival, index}, held_back);
        return;
    }
    ++counters_.duplicated;
    add({frame, arrival, index}, held_back);
    add({std::move(frame), arrival + slot, index}, held_back);
}

void LinkDirection::add(InFlight f, bool held_back) {
    timer_.plan(f.arrival);
    if (held_back) {
        ++counters_.held_back;
        const auto at = std::find_if(held_back_.begin(), held_back_.end(),
                                     [&f](const InFlight& o) { return o.arrival <= f.arrival; });
        held_back_.insert(at, std::move(f));
    } else {
        last_arrival_ = f.arrival;
        in_order_.push(std::move(f));
    }
    settle();
}

void LinkDirection::settle() {
    const bool busy = in_flight() != 0;
    if (busy == activity_held_)
        return;
    activity_held_ = busy;
    busy ? activity_.hold() : activity_.release();
}

Picos LinkDirection::next_arrival() const {
    Picos next = in_order_.empty() ? Picos::never() : in_order_.front().arrival;
    if (!held_back_.empty())
        next = std::min(next, held_back_.back().arrival);
    return next;
}

LinkDirection::InFlight LinkDirection::take_next() {
    if (held_back_.empty() ||
        (!in_order_.empty() && in_order_.front().arrival < held_back_.back().arrival))
        return in_order_.pop();
    InFlight f = std::move(held_back_.back());
    held_back_.pop_back();
    return f;
}

void LinkDirection::deliver(const InFlight& f) {
    if (latest_delivered_ && f.index < *latest_delivered_)
        ++counters_.reordered;
    else
        latest_delivered_ = f.index;
    for (FrameTap* tap : taps_)
        tap->arrived(f.frame, other(from_), f.arrival);
    if (receiver_ == nullptr) {
        ++counters_.unconnected;
        return;
    }
    ++counters_.delivered;
    counters_.delivered_bytes += f.frame->bytes.size();
    receiver_->receive(f.frame, f.arrival);
}

void LinkDirection::wake() {
    timer_.fired();
    const Picos now = kernel_now();
    // The hold stays until the receiver has had its say: it may begin something of its own.
    while (next_arrival() <= now)
        deliver(take_next());
    settle();
    timer_.plan(next_arrival());
}

void LinkDirection::set_up(bool up) {
    if (up_ == up)
        return;
    up_ = up;
    if (up)
        return;
    counters_.lost_down += in_flight();
    while (!in_order_.empty())
        in_order_.pop();
    held_back_.clear();
    timer_.plan(Picos::never());
    settle();
}

bool LinkDirection::accounted() const {
    const LinkCounters& c = counters_;
    return c.sent + c.duplicated ==
           c.delivered + c.lost + c.lost_down + c.unconnected + in_flight();
}

// --- both ---------------------------------------------------------------------------------------

Link::Link(sc_core::sc_module_name name, const LinkParameters& parameters, Activity& activity)
    : sc_module(name),
      parameters_(parameters),
      a_to_b_("a_to_b", Side::a, parameters_,
              RandomStream(parameters.seed, std::string(this->name()) + ".a_to_b").next(),
              activity),
      b_to_a_("b_to_a", Side::b, parameters_,
              RandomStream(parameters.seed, std::string(this->name()) + ".b_to_a").next(),
              activity),
      a_(parameters.rate, a_to_b_, b_to_a_),
      b_(parameters.rate, b_to_a_, a_to_b_) {
    SC_HAS_PROCESS(Link);
    SC_METHOD(change);
    dont_initialize();
    sensitive << change_.event();
}

void Link::attach(FrameTap& tap) {
    a_to_b_.attach(tap);
    b_to_a_.attach(tap);
}

void Link::start_of_simulation() {
    if (!parameters_.outages.empty())
        plan_change();
}

void Link::plan_change() {
    const Outage& o = parameters_.outages[next_change_ / 2];
    change_.plan(next_change_ % 2 == 0 ? o.from : o.until);
}

void Link::change() {
    change_.fired();
    set_up(next_change_ % 2 != 0);
    ++next_change_;
    if (next_change_ < 2 * parameters_.outages.size())
        plan_change();
}

void Link::set_up(bool up) {
    if (this->up() == up)
        return;
    a_to_b_.set_up(up);
    b_to_a_.set_up(up);
    for (FrameReceiver* r : {a_to_b_.receiver(), b_to_a_.receiver()})
        if (r != nullptr)
            r->link_changed(up, kernel_now());
}

}  // namespace models::wire
