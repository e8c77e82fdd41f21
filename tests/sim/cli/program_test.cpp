// The program as a user meets it: exit statuses, where messages go, JSON of one and of several
// runs, crashes, signals, outputs that cannot be written. The runner is replaced by
// fake_runner.cpp.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Program : public testing::Test {
  protected:
    struct Ended {
        int exit = -1;  ///< or 128 + signal
        std::string out;
        std::string err;
    };

    void SetUp() override {
        std::string name = testing::TempDir() + "baosim-cli-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        dir_ = name;
    }
    void TearDown() override { fs::remove_all(dir_); }

    std::string path(const std::string& name) const { return dir_ + "/" + name; }

    static std::string content(const std::string& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    /// A scenario that loads; the fake runner does as `what` says.
    std::string scenario(const std::string& name, const std::string& what,
                         const std::string& more = "") const {
        std::string file = path(name + ".yaml");
        std::ofstream(file) << "name: " << name << "\ndescription: " << what
                            << "\nplatform: {preset: zcu104}\n"
                               "vms:\n"
                               "  only:\n"
                               "    cpu_affinity: 0x1\n"
                               "    regions: [{base: 0x20000000, size: 16MiB}]\n"
                               "    software: {program: idle}\n"
                            << more;
        return file;
    }

    pid_t start(const std::vector<std::string>& arguments, const std::string& program,
                const std::string& out_file) const {
        const pid_t child = ::fork();
        if (child != 0)
            return child;
        ::setpgid(0, 0);
        constexpr int mode = 0600;
        const int out = ::open(out_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, mode);
        const int err = ::open(path("err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, mode);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(err, STDERR_FILENO);
        std::vector<char*> argv{const_cast<char*>(program.c_str())};
        for (const std::string& a : arguments)
            argv.push_back(const_cast<char*>(a.c_str()));
        argv.push_back(nullptr);
        ::execv(program.c_str(), argv.data());
        ::_exit(126);
    }

    Ended wait(pid_t child) const {
        int status = 0;
        ::waitpid(child, &status, 0);
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                content(path("out")), content(path("err"))};
    }

    Ended run(const std::vector<std::string>& arguments) const {
        return wait(start(arguments, FAKE_PROGRAM, path("out")));
    }

    nlohmann::json json() const { return nlohmann::json::parse(content(path("json"))); }

    std::string dir_;
};

TEST_F(Program, AWrongCommandLineIsToldOnStandardError) {
    const Ended e = run({"run", "--jsn"});
    EXPECT_EQ(e.exit, 2);
    EXPECT_THAT(e.out, IsEmpty());
    EXPECT_EQ(e.err,
              "baosim: unknown option '--jsn'; did you mean '--json'?\nTry 'baosim run --help'.\n");
}

TEST_F(Program, ARunThatPasses) {
    const std::string expect = "expect: [{metric: answer, equals: 42}]\n";
    const Ended e =
        run({"run", scenario("a", "pass", expect), "--json", path("json"), "--seed", "5"});
    EXPECT_EQ(e.exit, 0) << e.err;
    EXPECT_THAT(e.out, StartsWith("PASS  a "));
    EXPECT_THAT(e.err, IsEmpty());
    EXPECT_EQ(json()["status"], "pass");
    EXPECT_EQ(json()["seed"], 5);
    EXPECT_EQ(json()["metrics"]["answer"], 42);
}

TEST_F(Program, ARunThatFailsOrIsStuck) {
    const std::string expect = "expect: [{metric: answer, equals: 41}]\n";
    EXPECT_EQ(run({"run", scenario("a", "pass", expect)}).exit, 1);
    const Ended e = run({"run", scenario("a", "stuck"), "--json", path("json")});
    EXPECT_EQ(e.exit, 3);
    EXPECT_THAT(e.out, HasSubstr("linux0 waits for ever"));
    EXPECT_EQ(json()["diagnosis"][0], "linux0 waits for ever");
}

TEST_F(Program, AWrongScenarioIsToldWithFileAndLine) {
    const std::string file = scenario("a", "pass", "durration: 1s\n");
    const Ended e = run({"run", file, "--json", path("json")});
    EXPECT_EQ(e.exit, 2);
    EXPECT_THAT(e.err, StartsWith(file + ":9:1: "));
    EXPECT_THAT(e.out, StartsWith("ERROR  "));
    EXPECT_EQ(json()["status"], "error");
    EXPECT_THAT(json()["errors"][0].get<std::string>(), HasSubstr("durration"));
}

TEST_F(Program, WhatCannotBeReadOrWrittenIsToldBeforeTheRun) {
    EXPECT_THAT(run({"run", path("none.yaml")}).err,
                HasSubstr("none.yaml': No such file or directory"));
    EXPECT_THAT(run({"run", dir_}).err, HasSubstr("it is a directory"));
    // "deaf" would never end.
    const std::string never = scenario("never", "deaf");
    for (const char* option : {"--json", "--trace"}) {
        const Ended e = run({"run", never, option, path("no/such/folder")});
        EXPECT_EQ(e.exit, 2);
        EXPECT_THAT(e.err, StartsWith("baosim: cannot write '"));
    }
    const std::string before = content(never);
    EXPECT_THAT(run({"run", never, "--json", never}).err, HasSubstr("would be overwritten"));
    // Sources of scenarios are not named in them: presets, and whatever an option has slipped onto.
    const std::string other = scenario("other", "pass");
    EXPECT_THAT(run({"run", never, "--json", other}).err, HasSubstr("a YAML file"));
    EXPECT_EQ(content(never), before);
    EXPECT_THAT(run({"run", never, "--json", path("x"), "--trace", path("x")}).err,
                HasSubstr("is --json too"));
}

TEST_F(Program, AFullDiskIsAnError) {
    const std::string a = scenario("a", "pass");
    const Ended json = run({"run", a, "--json", "/dev/full"});
    EXPECT_EQ(json.exit, 2);
    EXPECT_THAT(json.err, HasSubstr("cannot write '/dev/full': No space left on device"));
    const Ended out = wait(start({"run", a}, FAKE_PROGRAM, "/dev/full"));
    EXPECT_EQ(out.exit, 2);
    EXPECT_THAT(out.err, HasSubstr("cannot write to standard output: No space left on device"));
}

TEST_F(Program, AReaderThatGoesAwayChangesNothing) {
    const std::string command =
        "set -o pipefail; " FAKE_PROGRAM " reference | head -n 1 > " + path("out");
    EXPECT_EQ(std::system(("bash -c '" + command + "'").c_str()), 0);
    EXPECT_THAT(content(path("out")), Not(IsEmpty()));
    // Standard output closed: results must not land in the JSON file.
    const std::string closed =
        FAKE_PROGRAM " run " + scenario("a", "pass") + " --json " + path("json") + " >&-";
    EXPECT_EQ(WEXITSTATUS(std::system(closed.c_str())), 2);  // the report is lost
    EXPECT_EQ(json()["status"], "pass");
}

// The run would never end by itself.
TEST_F(Program, ARunWhoseSerialOutputReachesNobodyEnds) {
    const std::string chatter = scenario("a", "chatter");
    const std::string into_head = "bash -c '" FAKE_PROGRAM " run " + chatter + " 2> " +
                                  path("err") + " | head -c 10 > " + path("out") +
                                  "; exit ${PIPESTATUS[0]}'";
    EXPECT_EQ(WEXITSTATUS(std::system(into_head.c_str())), 2);
    EXPECT_EQ(content(path("out")), "line after");
    EXPECT_EQ(content(path("err")), "baosim: cannot write to standard output: Broken pipe\n");
    const Ended full = wait(start({"run", chatter}, FAKE_PROGRAM, "/dev/full"));
    EXPECT_EQ(full.exit, 2);
    EXPECT_EQ(full.err, "baosim: cannot write to standard output: No space left on device\n");
}

// Two ways into a file, each from its beginning: what is written by one is overwritten by the
// other.
TEST_F(Program, NoOutputSharesTheFileThatStandardOutputGoesTo) {
    const std::string never = scenario("never", "deaf");
    for (const std::string& file : {std::string("/dev/stdout"), path("out")})
        for (const char* option : {"--json", "--trace"}) {
            const Ended e = run({"run", never, option, file});
            EXPECT_EQ(e.exit, 2);
            EXPECT_EQ(e.err, "baosim: " + std::string(option) + ": '" + file +
                                 "' is standard output: it would be overwritten; name another "
                                 "file\n");
        }
}

TEST_F(Program, AnExceptionOfTheRunIsACrash) {
    const Ended e = run({"run", scenario("a", "throw"), "--json", path("json")});
    EXPECT_EQ(e.exit, 3);
    EXPECT_EQ(e.err.find("internal error: "), 0u) << e.err;
    EXPECT_EQ(e.err.find("thrown by the run"), std::string::npos);  // no exception text
    EXPECT_EQ(json()["status"], "error");
}

TEST_F(Program, SerialOutputAndReportDoNotShareALine) {
    EXPECT_THAT(run({"run", scenario("a", "serial")}).out,
                StartsWith("from the serial line\nPASS  a "));
    EXPECT_THAT(run({"run", "--quiet", scenario("a", "serial")}).out, StartsWith("PASS  a "));
}

TEST_F(Program, SeveralRunsMakeAnArrayInTheirOrderWhateverBecomesOfThem) {
    const Ended e =
        run({"run", scenario("a", "pass"), scenario("b", "crash"), scenario("c", "stuck"),
             scenario("d", "leave"), scenario("e", "pass"), "--json", path("json")});
    EXPECT_EQ(e.exit, 3);
    const nlohmann::json j = json();
    ASSERT_EQ(j.size(), 5u);
    std::vector<std::string> statuses;
    for (const auto& r : j)
        statuses.push_back(r["status"]);
    EXPECT_THAT(statuses, testing::ElementsAre("pass", "error", "stuck", "error", "pass"));
    EXPECT_THAT(e.err, HasSubstr("b.yaml: the simulator crashed: signal 6 (Aborted)"));
    EXPECT_THAT(e.err, HasSubstr("d.yaml: the simulator ended with status 7 and without results"));
    EXPECT_THAT(e.out, HasSubstr("5 scenarios: 2 pass, 2 error, 1 stuck"));
    EXPECT_THAT(e.out, HasSubstr("PASS  e "));
}

TEST_F(Program, TheWorstExitStatusIsTheHighest) {
    const std::string fail = scenario("f", "pass", "expect: [{metric: answer, equals: 41}]\n");
    const std::string pass = scenario("p", "pass");
    const std::string wrong = scenario("w", "pass", "durration: 1s\n");
    EXPECT_EQ(run({"run", pass, pass}).exit, 0);
    EXPECT_EQ(run({"run", fail, pass}).exit, 1);
    EXPECT_EQ(run({"run", wrong, fail}).exit, 2);
}

TEST_F(Program, AnInterruptEndsTheRunWithWhatThereIs) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const pid_t child = start({"run", scenario("a", "wait"), "--json", path("json")},
                                  FAKE_PROGRAM, path("out"));
        std::this_thread::sleep_for(300ms);
        ::kill(child, signal);
        const Ended e = wait(child);
        EXPECT_EQ(e.exit, 130);
        EXPECT_THAT(e.out, HasSubstr("partial results"));
        EXPECT_EQ(json()["status"], "interrupted");
    }
}

TEST_F(Program, ASecondInterruptKills) {
    const pid_t child = start({"run", scenario("a", "deaf")}, FAKE_PROGRAM, path("out"));
    std::this_thread::sleep_for(300ms);
    ::kill(child, SIGINT);
    std::this_thread::sleep_for(100ms);
    ::kill(child, SIGINT);
    EXPECT_EQ(wait(child).exit, 128 + SIGINT);
}

TEST_F(Program, AKilledRunLeavesTheResultsOfTheLastOne) {
    ASSERT_EQ(run({"run", scenario("a", "pass"), "--json", path("json")}).exit, 0);
    const std::string before = content(path("json"));
    for (const bool existed : {true, false}) {
        if (!existed)
            fs::remove(path("json"));
        const pid_t child = start({"run", scenario("a", "deaf"), "--json", path("json")},
                                  FAKE_PROGRAM, path("out"));
        std::this_thread::sleep_for(300ms);
        ::kill(child, SIGINT);
        std::this_thread::sleep_for(100ms);
        ::kill(child, SIGINT);
        EXPECT_EQ(wait(child).exit, 128 + SIGINT);
        EXPECT_EQ(fs::exists(path("json")), existed);
        if (existed) {
            EXPECT_EQ(content(path("json")), before);
        }
    }
    // Nothing else is left behind.
    for (const auto& e : fs::directory_iterator(dir_))
        EXPECT_THAT(e.path().string(), Not(HasSubstr(".tmp")));
}

TEST_F(Program, ResultsReplaceTheFileBehindALinkAndKeepItsMode) {
    std::ofstream(path("real")) << "old";
    fs::permissions(path("real"), fs::perms::owner_read | fs::perms::owner_write);
    fs::create_symlink("real", path("json"));
    EXPECT_EQ(run({"run", scenario("a", "pass"), "--json", path("json")}).exit, 0);
    EXPECT_TRUE(fs::is_symlink(path("json")));
    EXPECT_EQ(json()["status"], "pass");
    EXPECT_EQ(fs::status(path("real")).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Program, NoOutputDestroysWhatARunReads) {
    std::ofstream(path("part.yaml")) << "duration: 1ms\n";
    const std::string top = scenario("top", "deaf", "include: part.yaml\n");
    fs::create_symlink("part.yaml", path("link"));
    fs::create_symlink("new", path("to-new"));
    const std::string before = content(path("part.yaml"));
    for (const char* option : {"--json", "--trace"})
        for (const char* name : {"part.yaml", "link"}) {
            const Ended e = run({"run", top, option, path(name)});
            EXPECT_EQ(e.exit, 2);
            EXPECT_THAT(e.err, HasSubstr("that '" + top + "' includes"));
        }
    // Neither of two that are one is touched, nor is one that comes first.
    std::ofstream(path("kept")) << "kept";
    EXPECT_THAT(run({"run", top, "--json", path("new"), "--trace", path("to-new")}).err,
                HasSubstr("is --json too"));
    EXPECT_EQ(run({"run", top, "--json", path("kept"), "--trace", path("link")}).exit, 2);
    EXPECT_EQ(content(path("kept")), "kept");
    EXPECT_FALSE(fs::exists(path("new")));
    // What a serial line writes, of this scenario and of another.
    const std::string serial = "platform.uarts.uart1.output=" + path("serial");
    EXPECT_THAT(run({"run", top, "--set", serial, "--json", path("serial")}).err,
                HasSubstr("platform.uarts.uart1.output of"));
    EXPECT_EQ(run({"run", top, scenario("b", "deaf"), "--set", serial}).exit, 2);
    EXPECT_EQ(content(path("part.yaml")), before);
    EXPECT_EQ(
        run({"run", scenario("p", "pass"), "--json", "/dev/null", "--trace", "/dev/null"}).exit, 0);
}

TEST_F(Program, WhatAFileSaysDoesNotReachTheTerminalAsControl) {
    const std::string file = scenario("a", "pass", "expect: [{metric: \"x\\e[31m\", equals: 1}]\n");
    for (const Ended& e :
         {run({"run", file}), run({"check", file}), run({"check", scenario("b", "\"\\e]0;x\\a\"")}),
          run({"check", scenario("c", "pass", "\"\\e[2J\": 1\n")})}) {
        EXPECT_THAT(e.out + e.err, Not(HasSubstr("\x1b")));
        EXPECT_THAT(e.out + e.err, HasSubstr("\\x1b"));
    }
}

TEST_F(Program, AnInterruptReachesTheRunningOneOfSeveralAndStartsNoMore) {
    // To the parent alone, as `kill` sends it, and to all, as a terminal's Ctrl-C.
    for (const bool group : {false, true}) {
        const pid_t child = start({"run", scenario("a", "pass"), scenario("b", "wait"),
                                   scenario("c", "pass"), "--json", path("json")},
                                  FAKE_PROGRAM, path("out"));
        std::this_thread::sleep_for(500ms);
        ::kill(group ? -child : child, SIGINT);
        const Ended e = wait(child);
        EXPECT_EQ(e.exit, 130);
        ASSERT_EQ(json().size(), 3u);
        EXPECT_EQ(json()[0]["status"], "pass");
        EXPECT_EQ(json()[1]["status"], "interrupted") << group;
        EXPECT_EQ(json()[1]["simulated_ns"], 1'000'000) << e.out << e.err;
        EXPECT_EQ(json()[2]["errors"][0], "not started");
    }
}

TEST_F(Program, CheckShowsWhatItFinds) {
    const Ended good = run({"check", scenario("a", "pass")});
    EXPECT_EQ(good.exit, 0);
    EXPECT_THAT(good.out, HasSubstr("valid"));
    EXPECT_THAT(good.out, HasSubstr("VM 0: only, 1 vCPU on physical CPU 0"));
    const Ended bad = run({"check", scenario("a", "pass"), scenario("b", "pass", "x: 1\n")});
    EXPECT_EQ(bad.exit, 2);
    EXPECT_THAT(bad.err, HasSubstr("b.yaml:9:1"));
    EXPECT_THAT(bad.out, HasSubstr("1 error"));
}

TEST_F(Program, CheckRefusesWhatDoesNotBoot) {
    const Ended e = run({"check", scenario("a", "no boot"), scenario("b", "pass")});
    EXPECT_EQ(e.exit, 2);
    EXPECT_THAT(e.err, HasSubstr("a.yaml:1: it does not boot"));
    EXPECT_THAT(e.out, HasSubstr("a.yaml: 1 error"));
    EXPECT_THAT(e.out, HasSubstr("b.yaml: valid"));
}

#ifdef HAVE_PROGRAM
// The whole program on a scenario of the repository: what it writes follows the schema, and is the
// same twice but for the host's figures.
TEST_F(Program, TheSameScenarioGivesTheSameResultsAndTrace) {
    const std::string scenario_file = BAOSIM_SOURCE_DIR "/scenarios/console-echo.yaml";
    std::string results[2];
    std::string traces[2];
    for (int i = 0; i < 2; ++i) {
        const Ended e = wait(start(
            {"run", "--quiet", scenario_file, "--json", path("json"), "--trace", path("trace")},
            BAOSIM_PROGRAM, path("out")));
        EXPECT_EQ(e.exit, 0) << e.out << e.err;
        nlohmann::json j = json();
        j.erase("host");
        results[i] = j.dump();
        traces[i] = content(path("trace"));
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(traces[0], traces[1]);
    EXPECT_THAT(traces[0], HasSubstr(" cpu0 boot          vm=0 vcpu=0\n"));
    // Nothing in the trace goes back in time.
    double last = 0;
    std::istringstream lines(traces[0]);
    for (std::string l; std::getline(lines, l);) {
        const double t = std::stod(l);
        ASSERT_GE(t, last) << l;
        last = t;
    }
    const std::string validate = "python3 " BAOSIM_SOURCE_DIR
                                 "/tests/sim/report/validate.py " BAOSIM_SOURCE_DIR
                                 "/docs/results.schema.json " +
                                 path("json");
    EXPECT_EQ(std::system(validate.c_str()), 0);
}

TEST_F(Program, CheckAndRunRefuseTheSame) {
    const std::string echo = BAOSIM_SOURCE_DIR "/scenarios/console-echo.yaml";
    std::vector<std::vector<std::string>> wrong{
        {echo, "--set", "timing.operations.service.asc=3"},
        {echo, "--set", "vms.linux0.remio_devs.con0.bind_key=3"}};
    for (const auto& e : fs::directory_iterator(BAOSIM_SOURCE_DIR "/scenarios/boot-checks"))
        wrong.push_back({e.path().string()});
    EXPECT_GE(wrong.size(), 8u);
    for (std::vector<std::string> arguments : wrong) {
        arguments.insert(arguments.begin(), "check");
        const Ended check = wait(start(arguments, BAOSIM_PROGRAM, path("out")));
        arguments.front() = "run";
        std::ofstream(path("trace")) << "kept";
        arguments.insert(arguments.end(), {"--trace", path("trace")});
        const Ended run = wait(start(arguments, BAOSIM_PROGRAM, path("out")));
        EXPECT_EQ(check.exit, 2) << arguments[1];
        EXPECT_EQ(run.exit, 2) << arguments[1];
        EXPECT_THAT(check.err, Not(IsEmpty()));
        EXPECT_EQ(check.err, run.err);
        EXPECT_EQ(content(path("trace")), "kept");
    }
}

TEST_F(Program, AnUnknownOperationIsToldWhereItStands) {
    std::ofstream(path("a.yaml")) << "include: " BAOSIM_SOURCE_DIR
                                     "/scenarios/console-echo.yaml\n"
                                     "name: a\n"
                                     "timing:\n"
                                     "  operations:\n"
                                     "    frontend.ring_ad: 3\n";
    const Ended e = wait(start({"check", path("a.yaml")}, BAOSIM_PROGRAM, path("out")));
    EXPECT_EQ(e.exit, 2);
    EXPECT_THAT(e.err, StartsWith(path("a.yaml") + ":5:23: timing.operations.frontend.ring_ad: "));
    EXPECT_THAT(e.err, HasSubstr("did you mean 'frontend.ring_add'?"));
    EXPECT_THAT(e.err, HasSubstr("service.ask"));
}

TEST_F(Program, AnInterruptedRunSaysWhatWasGoingOn) {
    const std::string scenarios = BAOSIM_SOURCE_DIR "/scenarios";
    const pid_t child = start({"run", "-q", scenarios + "/bench/console-stream.yaml", "--set",
                               "duration=10000s", "--json", path("json")},
                              BAOSIM_PROGRAM, path("out"));
    std::this_thread::sleep_for(500ms);
    ::kill(child, SIGHUP);
    const Ended e = wait(child);
    EXPECT_EQ(e.exit, 130);
    EXPECT_EQ(json()["status"], "interrupted");
    const std::string diagnosis = json()["diagnosis"].dump();
    for (const char* part : {"VM backend, CPU 0", "VM linux0, CPU 1", "console-duplex"})
        EXPECT_THAT(diagnosis, HasSubstr(part));
    EXPECT_THAT(e.out, HasSubstr("Diagnosis"));
}

TEST_F(Program, AConfigurationThatDoesNotBootIsWrongInput) {
    const Ended e =
        wait(start({"run", BAOSIM_SOURCE_DIR "/scenarios/boot-checks/two-backends.yaml"},
                   BAOSIM_PROGRAM, path("out")));
    EXPECT_EQ(e.exit, 2);
    EXPECT_THAT(e.err, HasSubstr("does not boot this configuration"));
}

TEST_F(Program, ASilentBackendIsStuckAndSaysWho) {
    const Ended e = wait(start({"run", BAOSIM_SOURCE_DIR "/scenarios/silent-backend.yaml"},
                               BAOSIM_PROGRAM, path("out")));
    EXPECT_EQ(e.exit, 3);
    EXPECT_THAT(e.out, StartsWith("STUCK  silent-backend"));
    EXPECT_THAT(e.out, HasSubstr("Diagnosis"));
}
#endif

}  // namespace
