#include "models/wire/link_capture.h"

#include <algorithm>
#include <utility>

namespace models::wire {

namespace {

constexpr auto later = [](const auto& x, const auto& y) {
    return x.at != y.at ? x.at > y.at : x.order > y.order;
};

}  // namespace

void LinkCapture::left(const FrameRef& frame, Side from, Picos at) {
    if (from == side_)
        add(frame, at);
}

void LinkCapture::arrived(const FrameRef& frame, Side at_end, Picos at) {
    if (at_end == side_)
        add(frame, at);
}

void LinkCapture::add(const FrameRef& frame, Picos at) {
    // Nothing that comes is told of before the kernel's time any more.
    flush(kernel_now());
    waiting_.push_back({at, frames_++, frame});
    std::push_heap(waiting_.begin(), waiting_.end(), later);
}

void LinkCapture::flush(Picos until) {
    while (!waiting_.empty() && waiting_.front().at < until) {
        std::pop_heap(waiting_.begin(), waiting_.end(), later);
        writer_.write(waiting_.back().at, waiting_.back().frame->bytes);
        waiting_.pop_back();
    }
}

std::error_code LinkCapture::finish() {
    flush(Picos::never());
    return writer_.finish();
}

}  // namespace models::wire
