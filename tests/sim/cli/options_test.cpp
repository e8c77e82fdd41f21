// What is understood of a command line, and what is said of one that is not.
#include "sim/cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CommandLine good(const std::vector<std::string>& arguments) {
    const ParsedCommandLine p = parse_command_line(arguments);
    EXPECT_FALSE(p.error) << (p.error ? p.error->message : "");
    return p.line;
}

std::string wrong(const std::vector<std::string>& arguments) {
    const ParsedCommandLine p = parse_command_line(arguments);
    return p.error ? p.error->message : "no error";
}

TEST(Options, RunTakesAllItsOptions) {
    const CommandLine l = good({"run", "a.yaml", "--set", "x.y=1", "--json", "out.json", "--seed=9",
                                "--set=z=a=b", "--trace", "t", "-v"});
    EXPECT_EQ(l.command, Command::run);
    EXPECT_THAT(l.files, ElementsAre("a.yaml"));
    EXPECT_THAT(l.overrides, ElementsAre("x.y=1", "z=a=b", "seed=9"));
    EXPECT_EQ(l.json_file, "out.json");
    EXPECT_EQ(l.trace_file, "t");
    EXPECT_TRUE(l.verbose);
    EXPECT_FALSE(l.quiet);
    EXPECT_THAT(good({"run", "-q", "a", "b", "c"}).files, ElementsAre("a", "b", "c"));
    // After "--" nothing is an option.
    EXPECT_THAT(good({"run", "--", "--odd"}).files, ElementsAre("--odd"));
}

TEST(Options, HelpAndVersion) {
    EXPECT_THAT(good({"--help"}).text, HasSubstr("run FILE..."));
    EXPECT_THAT(good({"help"}).text, HasSubstr("Exit status:"));
    EXPECT_THAT(good({"run", "--help"}).text, HasSubstr("--json FILE"));
    EXPECT_THAT(good({"help", "check"}).text, HasSubstr("check FILE..."));
    EXPECT_EQ(good({"run", "--help"}).command, Command::help);
    EXPECT_THAT(good({"--version"}).text,
                testing::MatchesRegex("baosim [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Options, WhatIsNotKnownIsNamedWithTheNearest) {
    EXPECT_EQ(wrong({"rnu", "x"}), "unknown command 'rnu'; did you mean 'run'?");
    EXPECT_EQ(wrong({"run", "x", "--jsn", "y"}), "unknown option '--jsn'; did you mean '--json'?");
    EXPECT_EQ(wrong({"--hepl"}), "unknown option '--hepl'; did you mean '--help'?");
    // A beginning is no option: what it means could change with the next version.
    EXPECT_EQ(wrong({"run", "x", "--verb"}), "unknown option '--verb'; did you mean '--verbose'?");
    EXPECT_THAT(wrong({"check", "x", "--trace", "y"}), HasSubstr("unknown option '--trace'"));
}

TEST(Options, WhatIsMissingOrContradictsIsSaid) {
    EXPECT_THAT(wrong({}), HasSubstr("a command is missing"));
    EXPECT_EQ(wrong({"run"}), "'run' needs a FILE: the scenario to run");
    EXPECT_EQ(wrong({"reference", "x"}), "'reference' takes no FILE, but there is 'x'");
    EXPECT_EQ(wrong({"run", "x", "--json"}), "option '--json' needs a value");
    EXPECT_EQ(wrong({"run", "x", "--set", "abc"}), "--set needs KEY=VALUE, found 'abc'");
    EXPECT_THAT(wrong({"run", "x", "--seed", "-1"}), HasSubstr("--seed needs a whole number"));
    EXPECT_THAT(wrong({"run", "x", "--seed", "0x"}), HasSubstr("--seed needs"));
    EXPECT_THAT(good({"run", "x", "--seed", "0x10"}).overrides, ElementsAre("seed=0x10"));
    EXPECT_THAT(wrong({"run", "x", "--seed", "18446744073709551616"}), HasSubstr("--seed needs"));
    EXPECT_THAT(wrong({"run", "x", "--json", "-"}), HasSubstr("--json needs a file's name"));
    EXPECT_THAT(wrong({"run", "x", "--json", "--trace", "y"}), HasSubstr("found '--trace'"));
    EXPECT_EQ(wrong({"run", "--json=", "x"}), "option '--json' needs a value");
    EXPECT_THAT(wrong({"run", "--=", "x"}), HasSubstr("option"));
    EXPECT_EQ(wrong({"run", "--file", "x"}), "unknown option '--file'");
    EXPECT_THAT(wrong({"run", "x", "--json", "a", "--json", "b"}), HasSubstr("more than once"));
    EXPECT_THAT(wrong({"run", "x", "-q", "-v"}), HasSubstr("contradict"));
    EXPECT_THAT(wrong({"run", "x", "y", "--trace", "t"}), HasSubstr("--trace takes one FILE"));
    EXPECT_THAT(wrong({"run", "x", "--quiet=yes"}), HasSubstr("takes no value"));
}

}  // namespace
}  // namespace sim
