// Who still has work in flight: a run whose workloads are done ends only when nothing is on its way
// any more (a byte in a UART's shift register, a frame on a wire).
#pragma once

#include <functional>
#include <utility>

namespace models {

class Activity {
  public:
    /// Called whenever the last hold is released.
    void on_idle(std::function<void()> f) { on_idle_ = std::move(f); }

    void hold() { ++holds_; }
    void release() {
        if (--holds_ == 0 && on_idle_)
            on_idle_();
    }
    bool idle() const { return holds_ == 0; }

  private:
    unsigned holds_ = 0;
    std::function<void()> on_idle_;
};

}  // namespace models
