// Work that an interrupt handler leaves for later, as Linux' network receive softirq does it (6.1,
// net/core/dev.c and kernel/softirq.c): a poll list, served after the interrupt has ended, with
// interrupts unmasked, in rounds of a budget; and bottom halves, which a caller disables while it
// holds what a poll would touch.
//
// What is left after the rounds is ksoftirqd's in Linux, a thread that shares the CPU with the
// program. Here it is served when the program enables bottom halves next, or goes to sleep.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "vms/cpu.h"

namespace vms::frontend {

/// Something that is polled: a queue of a network device (struct napi_struct).
class Pollable {
  public:
    /// Do at most `budget` pieces of work; fewer means that it has nothing left to do now and has
    /// said so by Softirq::complete().
    virtual unsigned poll(unsigned budget) = 0;

  protected:
    ~Pollable() = default;
};

class Softirq {
  public:
    static constexpr unsigned weight = 64;        ///< NAPI_POLL_WEIGHT: of one poll
    static constexpr unsigned budget = 300;       ///< netdev_budget: of one round
    static constexpr unsigned max_restarts = 10;  ///< MAX_SOFTIRQ_RESTART: rounds at once

    explicit Softirq(Cpu& cpu) : cpu_(cpu) {}
    Softirq(const Softirq&) = delete;
    Softirq& operator=(const Softirq&) = delete;

    /// Put it on the poll list. False: it is there already (napi_schedule_prep).
    bool schedule(Pollable& p) {
        if (&p == polled_ || std::ranges::find(list_, &p) != list_.end())
            return false;
        list_.push_back(&p);
        return true;
    }
    /// From within its poll: it is done, and can be scheduled again (napi_complete_done).
    void complete(Pollable& p) {
        if (&p == polled_)
            polled_ = nullptr;
    }

    bool pending() const { return !list_.empty(); }
    /// Whether polls are being served, or kept from it: the caller must not wait.
    bool in_softirq() const { return running_ || disabled_ != 0; }

    /// At the end of an interrupt, masked.
    void irq_exit() { run(); }

    /// Bottom halves disabled for a scope; what was left meanwhile is served at its end.
    class Disabled {
      public:
        explicit Disabled(Softirq& s) : s_(s) { ++s_.disabled_; }
        ~Disabled() {
            --s_.disabled_;
            s_.run();
        }
        Disabled(const Disabled&) = delete;
        Disabled& operator=(const Disabled&) = delete;

      private:
        Softirq& s_;
    };

    /// Serve the list, unless that is being done already or bottom halves are disabled.
    void run() {
        if (list_.empty() || in_softirq())
            return;
        running_ = true;
        const bool masked = cpu_.interrupts_masked();
        if (masked)
            cpu_.mask_interrupts(false);
        for (unsigned round = 0; round < max_restarts && !list_.empty(); ++round)
            serve_round();
        if (masked)
            cpu_.mask_interrupts(true);
        running_ = false;
    }

  private:
    /// One net_rx_action: everybody on the list once; who is not done comes back at its end.
    void serve_round() {
        unsigned left = budget;
        for (std::size_t n = list_.size(); n != 0 && left != 0; --n) {
            Pollable* const p = list_.front();
            list_.erase(list_.begin());
            polled_ = p;
            const unsigned done = p->poll(weight);
            polled_ = nullptr;
            if (done >= weight)
                list_.push_back(p);
            left -= std::min(left, done);
        }
    }

    Cpu& cpu_;
    std::vector<Pollable*> list_;
    Pollable* polled_ = nullptr;  ///< in its poll and not yet complete
    unsigned disabled_ = 0;
    bool running_ = false;
};

}  // namespace vms::frontend
