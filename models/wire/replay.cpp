#include "models/wire/replay.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "vms/workload/packets/headers.h"

namespace models::wire {

namespace packets = vms::workload::packets;

Replay::Replay(sc_core::sc_module_name name, const ReplayParameters& parameters, LinkEnd& end,
               Activity& activity)
    : sc_module(name),
      parameters_(parameters),
      end_(end),
      queue_(end, parameters.queue),
      activity_(activity),
      reader_(parameters.path) {
    end_.connect(*this);
    SC_HAS_PROCESS(Replay);
    SC_METHOD(wake);
    dont_initialize();
    sensitive << timer_.event();
}

void Replay::start_of_simulation() {
    if (parameters_.passes != 0)
        activity_.hold();
    next_due_ = parameters_.start;
    if (load())
        timer_.plan(next_due_);
    else
        finish();
}

void Replay::receive(const FrameRef& frame, Picos /*at*/) {
    ++counters_.received;
    counters_.received_bytes += frame->bytes.size();
}

void Replay::link_changed(bool up, Picos at) {
    if (up && !finished_)
        timer_.plan(at);
}

bool Replay::rewind() {
    // A file without a frame to send would be read for ever.
    if (!first_stamp_ || (parameters_.passes != 0 && pass_ == parameters_.passes))
        return false;
    ++pass_;
    first_stamp_.reset();
    next_due_ += parameters_.pause;
    reader_ = PcapReader(parameters_.path);
    return true;
}

bool Replay::load() {
    while (true) {
        const std::optional<PcapReader::Record> record = reader_.next();
        if (!record) {
            error_ = reader_.error();
            if (!error_.empty() || !rewind())
                return false;
            continue;
        }
        if (record->bytes.size() < record->length) {
            ++counters_.read;
            ++counters_.cut_off;
            continue;
        }
        if (record->length < packets::ethernet_header) {
            ++counters_.read;
            ++counters_.too_short;
            continue;
        }
        pass_begins_ = !first_stamp_;
        if (pass_begins_) {
            first_stamp_ = record->at;
            pass_start_ = next_due_;
        }
        // A time before that of an earlier frame: at once.
        if (!parameters_.as_fast_as_possible && record->at > *first_stamp_)
            next_due_ = std::max(next_due_, pass_start_ + (record->at - *first_stamp_));
        std::shared_ptr<Frame> frame =
            pool_.make(std::max(record->length, packets::ethernet_minimum));
        const auto rest =
            std::copy(record->bytes.begin(), record->bytes.end(), frame->bytes.begin());
        std::fill(rest, frame->bytes.end(), std::byte{0});
        next_ = std::move(frame);
        return true;
    }
}

/// As fast as possible is when there is room, and no pass begins before: one without length would
/// be over in no time, again and again.
bool Replay::waits(Picos now) {
    if (!parameters_.as_fast_as_possible && !pass_begins_)
        return false;
    if (!end_.up())
        return true;  // until link_changed()
    if (queue_.room(now))
        return false;
    timer_.plan(queue_.room_at());
    return true;
}

void Replay::wake() {
    timer_.fired();
    const Picos now = kernel_now();
    while (!finished_ && next_due_ <= now) {
        if (now >= parameters_.until)
            return finish();
        if (waits(now))
            return;
        if (pass_begins_)
            pass_start_ = next_due_ = now;
        send(now);
        if (!load())
            return finish();
    }
    if (!finished_)
        timer_.plan(next_due_);
}

void Replay::send(Picos now) {
    const std::size_t bytes = next_->bytes.size();
    ++counters_.read;
    if (!end_.up()) {
        ++counters_.link_down;
    } else if (queue_.send(std::move(next_), now)) {
        ++counters_.sent;
        counters_.sent_bytes += bytes;
    } else {
        ++counters_.queue_full;
    }
}

void Replay::finish() {
    finished_ = true;
    next_.reset();
    if (parameters_.passes != 0)
        activity_.release();
}

}  // namespace models::wire
