// What a run says of an account of frames that does not come out even.
#include "sim/build/frame_account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sim::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FrameHop hop() {
    return {.name = "linux0.net0 to backend",
            .sent = 10,
            .copied = 1,
            .received = 7,
            .in_flight = 2,
            .dropped = {{"queue full", 2}},
            .place = "in the transmit ring"};
}

std::vector<std::string> faults(const FrameHop& h, bool done) {
    Results r;
    r.frames = {h};
    return frame_faults(r, done);
}

TEST(FrameFaults, AFrameMissingOrTooManyIsOneWheneverTheRunWasEnded) {
    for (const bool done : {false, true}) {
        FrameHop missing = hop();
        missing.received = 6;
        EXPECT_THAT(faults(missing, done),
                    ElementsAre(AllOf(HasSubstr("not accounted for at 'linux0.net0 to backend'"),
                                      HasSubstr("10 sent, 1 copied, 6 received, 2 dropped"))));
        FrameHop doubled = hop();
        doubled.in_flight = 3;
        EXPECT_THAT(faults(doubled, done), ElementsAre(HasSubstr("3 in flight")));
    }
}

TEST(FrameFaults, WhatIsOnItsWayMayBeThereUnlessNothingMovesAnyMore) {
    EXPECT_THAT(faults(hop(), false), IsEmpty());
    EXPECT_THAT(faults(hop(), true), ElementsAre(HasSubstr("2 in the transmit ring")));
    FrameHop unread = hop();
    unread.may_stay = true;
    EXPECT_THAT(faults(unread, true), IsEmpty());
}

}  // namespace
}  // namespace sim::test
