// docs/scenario-reference.md is what the schema says; build update-scenario-reference to renew it.
#include "sim/scenario/reference.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "sim/scenario/check.h"
#include "sim/scenario/schema.h"

namespace sim {
namespace {

TEST(Reference, TheCommittedPageIsTheGeneratedOne) {
    std::ifstream in(std::string(BAOSIM_SOURCE_DIR) + "/docs/scenario-reference.md");
    ASSERT_TRUE(in);
    const std::string committed{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(committed, reference_markdown());
}

void check_spec(const KeySpec& k, const std::string& path, bool element) {
    EXPECT_FALSE(!element && k.help.empty()) << path << " has no help";
    if (is_number(k.kind)) {
        for (const std::string& text : {k.fallback, k.min, k.max})
            if (!text.empty()) {
                EXPECT_EQ(parse_number(text, number_form(k.kind)).problem, "") << path;
            }
        EXPECT_FALSE(k.min.empty()) << path << " has no lower bound";
    }
    if (k.provenance != Provenance::none) {
        EXPECT_FALSE(k.source.empty()) << path;
    }
    if (k.kind == KeyKind::list || k.kind == KeyKind::named) {
        ASSERT_EQ(k.keys.size(), 1U) << path;
    }
    for (const KeySpec& inner : k.keys)
        check_spec(inner, path + "." + inner.name, inner.name.empty());
}

TEST(Reference, EveryKeyIsDescribedInFull) {
    check_spec(schema(), "scenario", true);
}

TEST(Reference, FiguresOfTimingHaveAProvenance) {
    const KeySpec* timing = schema().find("timing");
    ASSERT_NE(timing, nullptr);
    for (const KeySpec& k : timing->keys)
        if (is_number(k.kind)) {
            EXPECT_NE(k.provenance, Provenance::none) << k.name;
        }
}

}  // namespace
}  // namespace sim
