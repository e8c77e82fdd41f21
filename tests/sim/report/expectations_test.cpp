// What the keys of `expect` mean (ExpectConfig in sim/scenario/model.h), and how a run is judged.
#include "sim/report/expectations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/report/collect.h"

namespace sim {
namespace {

using testing::HasSubstr;

const Metrics metrics{{"uart1.tx_bytes", 10},
                      {"vms.linux0.con0.lines", 3},
                      {"vms.linux0.con0.sent", 10},
                      {"balance", -4}};

ExpectConfig expect(std::string metric) {
    ExpectConfig e;
    e.metric = std::move(metric);
    return e;
}

ExpectationResult only(const ExpectConfig& e) {
    return evaluate(std::vector{e}, metrics).at(0);
}

TEST(Expectations, BoundsIncludeTheirEnds) {
    ExpectConfig e = expect("vms.linux0.con0.lines");
    e.min = 3;
    e.max = 3;
    EXPECT_TRUE(only(e).passed);
    EXPECT_EQ(only(e).bound, ">= 3 and <= 3");
    e.max = 2;
    EXPECT_FALSE(only(e).passed);
    e.max = 9;
    e.min = 4;
    EXPECT_FALSE(only(e).passed);
}

TEST(Expectations, EqualsAndNegativeValues) {
    ExpectConfig e = expect("balance");
    e.equals = -4;
    EXPECT_TRUE(only(e).passed);
    EXPECT_EQ(only(e).bound, "= -4");
    e.equals = 4;
    EXPECT_FALSE(only(e).passed);
}

TEST(Expectations, AnotherMetricAsTheBound) {
    ExpectConfig e = expect("vms.linux0.con0.sent");
    e.equals_metric = "uart1.tx_bytes";
    EXPECT_TRUE(only(e).passed);
    EXPECT_EQ(only(e).bound, "= uart1.tx_bytes (10)");
    e.equals_metric = "vms.linux0.con0.lines";
    EXPECT_FALSE(only(e).passed);
    e.equals_metric = "uart1.tx_byte";
    const ExpectationResult r = only(e);
    EXPECT_FALSE(r.passed);
    EXPECT_EQ(r.value, 10);
    EXPECT_THAT(r.note, HasSubstr("did you mean 'uart1.tx_bytes'"));
}

TEST(Expectations, AnUnknownMetricFailsAndNamesTheNearest) {
    ExpectConfig e = expect("vms.linux0.con0.linse");
    e.max = 100;
    const ExpectationResult r = only(e);
    EXPECT_FALSE(r.passed);
    EXPECT_FALSE(r.value);
    EXPECT_THAT(r.note, HasSubstr("did you mean 'vms.linux0.con0.lines'"));

    ExpectConfig far = expect("vms.linux0.somewhere.else.altogether");
    far.min = 0;
    EXPECT_FALSE(only(far).passed);
    EXPECT_THAT(only(far).note, HasSubstr("vms.linux0.con0.sent"));
}

TEST(Expectations, OneThatExpectsNothingIsNotMet) {
    EXPECT_FALSE(only(expect("balance")).passed);
}

TEST(Judge, StatusFollowsTheExpectations) {
    Scenario s;
    ExpectConfig e = expect("balance");
    e.max = 0;
    s.expect = {e};
    Results r;
    r.status = Status::pass;
    r.metrics = metrics;
    judge(r, s);
    EXPECT_EQ(r.status, Status::pass);
    EXPECT_EQ(r.exit_code(), 0);

    s.expect[0].max = -5;
    judge(r, s);
    EXPECT_EQ(r.status, Status::fail);
    EXPECT_EQ(r.exit_code(), 1);

    // A run that did not end by itself keeps its status; what was expected is shown all the same.
    r.status = Status::stuck;
    judge(r, s);
    EXPECT_EQ(r.status, Status::stuck);
    EXPECT_EQ(r.exit_code(), 3);
    EXPECT_EQ(r.expectations.size(), 1u);
}

TEST(Judge, StrictTurnsAnObservationIntoAFailure) {
    Observations o;
    o.observation({models::Picos::ns(1), {0}, "remio.notify-by-frontend", "linux0", "x"});
    Scenario s;
    Results r;
    add_observations(r, o);
    r.status = Status::pass;
    judge(r, s);
    EXPECT_EQ(r.status, Status::pass);
    s.strict = true;
    judge(r, s);
    EXPECT_EQ(r.status, Status::fail);
    EXPECT_EQ(r.metrics.at("observations.total"), 1);
    EXPECT_EQ(r.metrics.at("observations.remio.notify-by-frontend"), 1);
    EXPECT_EQ(r.metrics.at("observations.remio.bad-op"), 0);
}

TEST(Collect, LegsBecomeRowsAndMetrics) {
    Statistics s;
    models::LegRecord l;
    l.leg = 2;
    l.end = {1'000'001};
    l.instructions = 306;
    l.mmio = 1;
    s.leg(l);
    Results r;
    add_leg(r, s, {.leg = 2, .name = "FE_rd.2 handler->SGI", .key = ""});
    add_leg(r, s, {.leg = 3, .name = "IRQ x", .key = "irq_x"});
    ASSERT_EQ(r.legs.size(), 1u);
    EXPECT_EQ(r.legs[0].instructions, 306u);
    EXPECT_EQ(r.metrics.at("legs.fe_rd_2_handler_sgi.instructions"), 306);
    EXPECT_EQ(r.metrics.at("legs.fe_rd_2_handler_sgi.max_ns"), 1001);  // rounded up
    EXPECT_EQ(r.metrics.at("legs.irq_x.count"), 0);
}

}  // namespace
}  // namespace sim
