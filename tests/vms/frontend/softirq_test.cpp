// Polls after an interrupt: Linux 6.1, net_rx_action (64 a poll, 300 a round) and __do_softirq (ten
// rounds).
#include "vms/frontend/softirq.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "machine.h"

namespace frontend_test {
namespace {

using testing::ElementsAre;
using vms::frontend::Softirq;

struct Work final : vms::frontend::Pollable {
    Work(Softirq& softirq, unsigned work, std::vector<unsigned>& polled)
        : s(softirq), left(work), log(polled) {}
    unsigned poll(unsigned budget) override {
        const unsigned n = left < budget ? left : budget;
        left -= n;
        log.push_back(n);
        if (n < budget)
            s.complete(*this);
        return n;
    }
    Softirq& s;
    unsigned left;
    std::vector<unsigned>& log;
};

TEST(Softirq, PollsAreServedInTurns) {
    Machine m;
    Softirq s(m);
    std::vector<unsigned> log;
    Work a(s, 100, log);
    Work b(s, 10, log);
    EXPECT_TRUE(s.schedule(a));
    EXPECT_FALSE(s.schedule(a));  // it is on the list already
    EXPECT_TRUE(s.schedule(b));
    s.run();
    EXPECT_THAT(log, ElementsAre(64, 10, 36));
    EXPECT_FALSE(s.pending());
    EXPECT_TRUE(s.schedule(a));
}

TEST(Softirq, TenRoundsAtOnceAndTheRestLater) {
    Machine m;
    Softirq s(m);
    std::vector<unsigned> log;
    Work a(s, 1000, log);
    s.schedule(a);
    s.run();
    EXPECT_EQ(a.left, 1000u - 640u);
    EXPECT_TRUE(s.pending());
    s.run();
    EXPECT_EQ(a.left, 0u);
    EXPECT_FALSE(s.pending());
}

TEST(Softirq, ARoundEndsWithItsBudget) {
    Machine m;
    Softirq s(m);
    std::vector<unsigned> log;
    std::vector<Work> many;
    many.reserve(6);
    for (unsigned k = 0; k < 6; ++k)
        s.schedule(many.emplace_back(s, 64, log));
    s.run();
    // Five polls use up 300; whoever was last in the first round is first in the second.
    EXPECT_THAT(log, ElementsAre(64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0));
}

TEST(Softirq, WaitsUntilBottomHalvesAreEnabled) {
    Machine m;
    Softirq s(m);
    std::vector<unsigned> log;
    Work a(s, 1, log);
    {
        const Softirq::Disabled outer(s);
        {
            const Softirq::Disabled inner(s);
            s.schedule(a);
            s.irq_exit();
        }
        EXPECT_THAT(log, ElementsAre());
    }
    EXPECT_THAT(log, ElementsAre(1));
}

}  // namespace
}  // namespace frontend_test
