// JSON output against docs/results.schema.json, by an independent validator (python3-jsonschema),
// and the order of its keys.
#include "sim/report/json.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sample.h"

namespace sim {
namespace {

/// The validator's exit status: 0 valid, 1 not.
int validate(const std::string& json) {
    const std::string path =
        testing::TempDir() + "baosim-results-" + std::to_string(::getpid()) + ".json";
    std::ofstream(path, std::ios::binary) << json;
    const std::string command = "python3 " BAOSIM_SOURCE_DIR
                                "/tests/sim/report/validate.py " BAOSIM_SOURCE_DIR
                                "/docs/results.schema.json " +
                                path;
    const int status = std::system(command.c_str());
    ::unlink(path.c_str());
    return WEXITSTATUS(status);
}

TEST(Json, ResultsFollowTheSchema) {
    EXPECT_EQ(validate(json_text(to_json(sample()))), 0);
}

TEST(Json, EveryStatusFollowsTheSchema) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const Status s :
         {Status::pass, Status::fail, Status::error, Status::stuck, Status::interrupted}) {
        Results r;
        r.status = s;
        r.file = "x.yaml";
        all.push_back(to_json(r));
    }
    EXPECT_EQ(validate(json_text(all)), 0);
}

TEST(Json, TheSchemaRefusesWhatIsNotResults) {
    nlohmann::ordered_json j = to_json(sample());
    j["status"] = "good";
    EXPECT_EQ(validate(json_text(j)), 1);
    j = to_json(sample());
    j.erase("metrics");
    EXPECT_EQ(validate(json_text(j)), 1);
    j = to_json(sample());
    j["further"] = 1;
    EXPECT_EQ(validate(json_text(j)), 1);
}

TEST(Json, KeysHaveAFixedOrder) {
    const nlohmann::ordered_json j = to_json(sample());
    std::vector<std::string> keys;
    for (const auto& item : j.items())
        keys.push_back(item.key());
    EXPECT_EQ(keys, (std::vector<std::string>{"scenario", "status", "seed", "simulated_ns", "host",
                                              "expectations", "observations", "legs", "cpus",
                                              "links", "limit", "frames", "traffic", "captures",
                                              "metrics", "notes", "diagnosis", "errors"}));
}

TEST(Json, TimesAreNanosecondsToThePicosecond) {
    const std::string text = json_text(to_json(sample()));
    EXPECT_NE(text.find("\"simulated_ns\": 4213000.5,"), std::string::npos);
    EXPECT_NE(text.find("\"p50_ns\": 123.456,"), std::string::npos);
    EXPECT_NE(text.find("\"p99_ns\": 124,"), std::string::npos);
    EXPECT_NE(text.find("\"max_ns\": 9999999.999"), std::string::npos);
}

TEST(Json, NothingOfTheHostOutsideOfHost) {
    Results x = sample();
    Results y = sample();
    y.host.wall_ns *= 2;
    y.host.cpu_ns += 5;
    y.host.activations += 1;
    auto jx = to_json(x);
    auto jy = to_json(y);
    EXPECT_NE(jx, jy);
    jx.erase("host");
    jy.erase("host");
    EXPECT_EQ(json_text(jx), json_text(jy));
}

}  // namespace
}  // namespace sim
