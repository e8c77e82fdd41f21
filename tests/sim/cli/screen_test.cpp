// The progress line's figures.
#include "sim/cli/screen.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

using namespace std::chrono_literals;

TEST(Progress, SpeedAndTimeToGo) {
    EXPECT_EQ(progress_text({models::Picos::us(12'500), models::Picos::ms(1000)}, 1s),
              "12.5 ms of 1 s, 0.013 x real time, at most 1 min 19 s to go");
    EXPECT_EQ(progress_text({models::Picos::ms(500), models::Picos::ms(1000)}, 100ms),
              "500 ms of 1 s, 5.000 x real time, at most 0 s to go");
    EXPECT_EQ(progress_text({{}, models::Picos::ms(1000)}, 2s), "0 s of 1 s, 0.000 x real time");
}

}  // namespace
}  // namespace sim
