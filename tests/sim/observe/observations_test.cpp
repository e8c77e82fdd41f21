// Observations are counted together when they say the same, in bounded memory.
#include "sim/observe/observations.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace sim {
namespace {

models::Observation seen(std::uint64_t ns, std::uint8_t cpu, std::string_view rule,
                         std::string what) {
    return {models::Picos::ns(ns), {cpu}, rule, "linux0", std::move(what)};
}

TEST(Observations, TheSameIsCountedFromItsFirstTime) {
    Observations o;
    // A core that runs ahead may report before one that is behind.
    o.observation(seen(300, 0, "remio.bad-op", "x"));
    o.observation(seen(100, 0, "remio.bad-op", "x"));
    o.observation(seen(200, 1, "remio.bad-op", "x"));
    o.observation(seen(50, 0, "call.unknown-function", "y"));

    const auto list = o.list();
    ASSERT_EQ(list.size(), 3u);
    EXPECT_EQ(list[0].rule, "call.unknown-function");
    EXPECT_EQ(list[1].rule, "remio.bad-op");
    EXPECT_EQ(list[1].first, models::Picos::ns(100));
    EXPECT_EQ(list[1].count, 2u);
    EXPECT_EQ(list[2].cpu.value, 1);
    EXPECT_EQ(o.total(), 4u);
    EXPECT_EQ(o.by_rule().at("remio.bad-op"), 3u);
}

TEST(Observations, BeyondTheBoundOnlyTheRuleIsCounted) {
    Observations o;
    const std::size_t n = Observations::max_distinct + 100;
    for (std::size_t i = 0; i < n; ++i)
        o.observation(seen(i, 0, "call.unknown-hypercall", std::to_string(i)));
    const auto list = o.list();
    ASSERT_EQ(list.size(), Observations::max_distinct + 1);
    EXPECT_EQ(list.back().count, 100u);
    EXPECT_EQ(o.total(), n);
    EXPECT_EQ(o.by_rule().at("call.unknown-hypercall"), n);
}

TEST(Observations, EveryRuleIsExplained) {
    for (const Rule& r : rules()) {
        EXPECT_EQ(find_rule(r.id), &r);
        EXPECT_FALSE(r.meaning.empty()) << r.id;
        EXPECT_FALSE(r.on_board.empty()) << r.id;
    }
    EXPECT_EQ(find_rule("no.such-rule"), nullptr);
}

// The models name rules as text, so that they need not know the catalogue.
TEST(Observations, TheCatalogueIsWhatTheModelsObserve) {
    std::set<std::string> used;
    const std::regex rule(R"re((?:observe|error)\([^"()]*"([a-z0-9]+\.[a-z0-9-]+)",)re");
    for (const char* folder : {BAOSIM_SOURCE_DIR "/models", BAOSIM_SOURCE_DIR "/sim/build"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.path().extension() != ".cpp")
                continue;
            std::ifstream in(entry.path());
            const std::string text{std::istreambuf_iterator<char>(in), {}};
            for (std::sregex_iterator it(text.begin(), text.end(), rule), end; it != end; ++it)
                used.insert((*it)[1]);
        }
    }
    std::set<std::string> known;
    for (const Rule& r : rules())
        known.emplace(r.id);
    EXPECT_EQ(used, known);
}

// docs/observations.md shows the catalogue rule by rule, in its words and order, and nothing else.
TEST(Observations, ThePageIsTheCatalogue) {
    std::ifstream in(BAOSIM_SOURCE_DIR "/docs/observations.md");
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    std::string catalogue;
    for (const Rule& r : rules()) {
        if (!catalogue.empty())
            catalogue += '\n';
        catalogue += "## `" + std::string(r.id) + "`\n\n" + std::string(r.meaning) + "\n\n" +
                     std::string(r.on_board) + "\n";
    }
    const std::size_t first = page.find("## `");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(page.substr(first), catalogue);
}

}  // namespace
}  // namespace sim
