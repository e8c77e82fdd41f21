// Traffic in a steady state allocates nothing: the host's memory does not grow with what passes. A
// program of its own, because it counts every allocation of the process.
#include <cstdint>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "models/wire/echo_host.h"
#include "models/wire/generator.h"
#include "models/wire/sink.h"
#include "models/wire/wire_switch.h"
#include "tests/models/wire/wire_bench.h"

namespace {

std::uint64_t allocations = 0;

}  // namespace

// Not inlined: where GCC sees only one of a pair it takes them for mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* p = std::malloc(size))
        return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
    std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

namespace models::wire::test {
namespace {

TEST(Wire, AllocatesNothingInASteadyState) {
    Activity activity;
    Link wire0("wire0",
               {.a_to_b = {.loss = Chance::percent(1),
                           .duplication = Chance::percent(1),
                           .reordering = Chance::percent(1)}},
               activity);
    Link wire1("wire1", {}, activity);
    Link wire2("wire2", {}, activity);
    Link wire3("wire3", {}, activity);
    WireSwitch bridge{{}};
    bridge.add_port(wire0.b());
    bridge.add_port(wire1.b());
    bridge.add_port(wire2.b());
    bridge.add_port(wire3.b());
    const Pace half{.unit = Pace::Unit::bits_per_second, .rate = 500'000'000};
    Generator flood("flood", station(1),
                    {.target = *station(2).ipv4, .pace = half, .sizes = FrameSizes::imix()},
                    wire0.a(), activity);
    Generator requests("requests", station(3),
                       {.target = *station(4).ipv6,
                        .port = 7,
                        .flow = 2,
                        .mode = GeneratorParameters::Mode::closed_loop},
                       wire2.a(), activity);
    // The flood meets a closed port; the requests, whose round trip is always the same, an echo.
    EchoHost closed(station(2), wire1.a());
    EchoHost echo(station(4), wire3.a());
    run_until(Picos::ms(100));
    const std::uint64_t before = allocations;
    const std::uint64_t frames = wire1.counters(Side::b).delivered;
    run_until(Picos::ms(200));
    EXPECT_GT(wire1.counters(Side::b).delivered - frames, 15'000U);
    EXPECT_LE(allocations - before, 10U) << "but for a record of frames on the way at once";
    EXPECT_GT(requests.traffic().answered, 5'000U);
    for (const Link* link : {&wire0, &wire1, &wire2, &wire3})
        EXPECT_TRUE(link->accounted());
    EXPECT_TRUE(bridge.accounted());
}

}  // namespace
}  // namespace models::wire::test
