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
      reader_(parameters.path),
      pass_start_(parameters.start) {
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

bool Replay::rewind() {
    // A file without a frame to send would be read for ever.
    if (!first_stamp_ || (parameters_.passes != 0 && pass_ == parameters_.passes))
        return false;
    ++pass_;
    first_stamp_.reset();
    pass_start_ = next_due_ + parameters_.pause;
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
        ++counters_.read;
        if (record->bytes.size() < record->length) {
            ++counters_.cut_off;
            continue;
        }
        if (record->length < packets::ethernet_header) {
            ++counters_.too_short;
            continue;
        }
        if (!first_stamp_) {
            first_stamp_ = record->at;
            next_due_ = pass_start_;
        }
        // A time before the one of the frame before it: at once.
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

void Replay::wake() {
    timer_.fired();
    const Picos now = kernel_now();
    while (next_due_ <= now) {
        // As fast as possible is when there is room, not when there is none.
        if (parameters_.as_fast_as_possible && !queue_.room(now)) {
            timer_.plan(queue_.room_at());
            return;
        }
        if (next_due_ >= parameters_.until) {
            --counters_.read;
            finish();
            return;
        }
        const std::size_t bytes = next_->bytes.size();
        if (!end_.up()) {
            ++counters_.link_down;
        } else if (queue_.send(std::move(next_), now)) {
            ++counters_.sent;
            counters_.sent_bytes += bytes;
        } else {
            ++counters_.queue_full;
        }
        if (!load()) {
            finish();
            return;
        }
    }
    timer_.plan(next_due_);
}

void Replay::finish() {
    finished_ = true;
    next_.reset();
    if (parameters_.passes != 0)
        activity_.release();
}

}  // namespace models::wire
