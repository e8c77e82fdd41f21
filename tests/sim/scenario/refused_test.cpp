// What is no scenario at all, or not one that can be understood: each is refused with file, line
// and key where there are any, in the program's own words.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sim/scenario/spelling.h"
#include "tests/sim/scenario/scenario_files.h"

namespace sim::test {
namespace {

LoadResult load(const std::string& file) {
    return load_scenario(file, {});
}

/// The one error of a text that cannot be read as YAML.
Diagnostic only_error(const LoadResult& r) {
    EXPECT_FALSE(r.scenario.has_value());
    EXPECT_EQ(r.errors.size(), 1U) << all(r);
    expect_own_words(r);
    return r.errors.empty() ? Diagnostic{} : r.errors.front();
}

TEST(Refused, UnknownKeyNamesTheNearest) {
    const Folder folder;
    const std::string text = with(echo_text(), "cpu_affinity: 0x2", "cpu_afinity: 0x2");
    const std::string file = folder.write("a.yaml", text);
    const LoadResult r = load(file);
    const Diagnostic d = error_at(r, "vms.linux0.cpu_afinity");
    EXPECT_EQ(d.place.file, file);
    EXPECT_EQ(d.place.line, line_of(text, "cpu_afinity"));
    EXPECT_EQ(d.place.column, 5);
    expect_says(d, {"unknown key", "did you mean 'cpu_affinity'?"});
    expect_says(error_at(r, "vms.linux0.cpu_affinity"), {"required", "missing"});
}

TEST(Refused, SwappedLettersAreOneMistake) {
    const Folder folder;
    const std::string text =
        with(echo_text(), "cpu_affinity: 0x2", "cpu_affinity: 0x2\n    gci: {}");
    expect_says(error_at(load(folder.write("a.yaml", text)), "vms.linux0.gci"),
                {"did you mean 'gic'?"});
}

TEST(Refused, LinesThatEndWithCarriageReturnsAlone) {
    const Folder folder;
    std::string text = echo_text();
    for (char& c : text)
        if (c == '\n')
            c = '\r';
    expect_says(only_error(load(folder.write("a.yaml", text))), {"CR alone"});
}

TEST(Refused, NumberWithoutUnit) {
    const Folder folder;
    const std::string text = with(echo_text(), "duration: 1s", "duration: 5");
    const std::string file = folder.write("a.yaml", text);
    const Diagnostic d = error_at(load(file), "duration");
    EXPECT_EQ(d.place.file, file);
    EXPECT_EQ(d.place.line, line_of(text, "duration: 5"));
    EXPECT_EQ(d.place.column, 11);
    expect_says(d, {"'5'", "without a unit", "ns, us, ms or s", "5ms"});
    EXPECT_EQ(format(d).rfind(fmt::format("{}:{}:11: duration: ", file, d.place.line), 0), 0U);
}

TEST(Refused, WrongUnitNamesTheRightOne) {
    const Folder folder;
    const std::string text = with(echo_text(), "size: 16MiB", "size: 16MB");
    const Diagnostic d = error_at(load(folder.write("a.yaml", text)), "vms.backend.regions.0.size");
    EXPECT_EQ(d.place.line, line_of(text, "16MB"));
    expect_says(d, {"'16MB'", "KiB, MiB, GiB", "write 16MiB"});
}

TEST(Refused, EveryErrorOfAFileIsTold) {
    const Folder folder;
    std::string text = with(echo_text(), "duration: 1s", "duration: 5");
    text = with(text, "cpu_affinity: 0x1", "cpu_affinity: one");
    text = with(text, "type: backend", "type: backened");
    const LoadResult r = load(folder.write("a.yaml", text));
    EXPECT_EQ(r.errors.size(), 3U) << all(r);
    expect_says(error_at(r, "vms.backend.cpu_affinity"), {"'one'", "a mask", "0x3"});
    expect_says(error_at(r, "vms.backend.remio_devs.con0.type"), {"did you mean 'backend'?"});
}

TEST(Refused, AtMostTwentyErrors) {
    const Folder folder;
    std::string text = echo_text();
    for (int i = 0; i < 100; ++i)
        text += fmt::format("key{}: 1\n", i);
    const LoadResult r = load(folder.write("a.yaml", text));
    ASSERT_EQ(r.errors.size(), 21U);
    expect_says(r.errors.back(), {"further errors are not shown"});
}

TEST(Refused, WrongKindOfValue) {
    const Folder folder;
    std::string text = with(echo_text(), "duration: 1s", "duration: [1s]");
    text = with(text, "    devs:\n      - device: uart1", "    devs: uart1");
    text = with(text, "expect:", "strict: yes\nexpect:");
    const LoadResult r = load(folder.write("a.yaml", text));
    expect_says(error_at(r, "duration"), {"found a list", "a time", "5ms"});
    expect_says(error_at(r, "vms.backend.devs"), {"found 'uart1'", "a list", "[ ... ]"});
    expect_says(error_at(r, "strict"), {"'yes'", "write true"});
}

TEST(Refused, OutOfRange) {
    const Folder folder;
    const std::string text = with(echo_text(), "baud: 115200", "baud: 1");
    const Diagnostic d = error_at(load(folder.write("a.yaml", text)), "platform.uarts.uart1.baud");
    EXPECT_EQ(d.place.line, line_of(text, "baud: 1"));
    expect_says(d, {"'1'", "out of range", "from 300 to 20000000", "larger"});
}

TEST(Refused, UnknownPreset) {
    const Folder folder;
    const std::string text = with(echo_text(), "preset: zcu104", "preset: zcu14");
    const LoadResult r = load(folder.write("a.yaml", text));
    EXPECT_EQ(r.errors.size(), 1U) << all(r);
    const Diagnostic d = error_at(r, "platform.preset");
    EXPECT_EQ(d.place.line, line_of(text, "zcu14"));
    expect_says(d, {"no preset 'zcu14'", "did you mean 'zcu104'?", "qemu-virt"});
}

TEST(Refused, MissingFile) {
    const Diagnostic d = only_error(load("no/such/file.yaml"));
    EXPECT_EQ(d.place.file, "no/such/file.yaml");
    EXPECT_EQ(d.place.line, 0);
    expect_says(d, {"there is no such file"});
    expect_says(only_error(load("")), {"there is no such file"});
}

TEST(Refused, Directory) {
    const Folder folder;
    const Diagnostic d = only_error(load(folder.path()));
    EXPECT_EQ(d.place.file, folder.path());
    expect_says(d, {"this is a directory"});
}

TEST(Refused, NotAnOrdinaryFile) {
    const Folder folder;
    const std::string pipe = folder.path() + "/pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    expect_says(only_error(load(pipe)), {"not an ordinary file"});
}

/// As another user for a while, when the test runs as root, who may read everything.
class NotRoot {
  public:
    NotRoot() { changed_ = geteuid() == 0 && seteuid(65534) == 0; }
    ~NotRoot() {
        if (changed_ && seteuid(0) != 0)
            std::abort();
    }
    NotRoot(const NotRoot&) = delete;
    NotRoot& operator=(const NotRoot&) = delete;

  private:
    bool changed_ = false;
};

TEST(Refused, UnreadableFile) {
    namespace fs = std::filesystem;
    const Folder folder;
    const std::string file = folder.write("a.yaml", echo_text());
    fs::permissions(file, fs::perms::none);
    fs::permissions(folder.path(),
                    fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    {
        const NotRoot user;
        expect_says(only_error(load(file)), {"cannot be opened"});
    }
    fs::permissions(folder.path(), fs::perms::owner_all);
    {
        const NotRoot user;
        if (geteuid() == 65534)
            expect_says(only_error(load(file)), {"cannot be reached"});
    }
}

TEST(Refused, EmptyFile) {
    const Folder folder;
    for (const char* text : {"", "\n\n", "# only a comment\n", "---\n"}) {
        const std::string file = folder.write("a.yaml", text);
        const Diagnostic d = only_error(load(file));
        EXPECT_EQ(d.place.file, file);
        expect_says(d, {"empty", "name, platform and vms"});
    }
}

TEST(Refused, NoMap) {
    const Folder folder;
    expect_says(only_error(load(folder.write("a.yaml", "- a\n"))), {"a scenario is a map"});
    expect_says(only_error(load(folder.write("b.yaml", "hello\n"))), {"a scenario is a map"});
}

TEST(Refused, FileTooLarge) {
    const Folder folder;
    const Diagnostic d = only_error(load(folder.write("a.yaml", std::string((1U << 20) + 1, '#'))));
    expect_says(d, {"larger than 1 MiB"});
}

TEST(Refused, NotText) {
    const Folder folder;
    const std::string file = folder.write("a.yaml", std::string_view("name: x\nb: \0\n", 13));
    const Diagnostic d = only_error(load(file));
    EXPECT_EQ(d.place.line, 2);
    EXPECT_EQ(d.place.column, 4);
    expect_says(d, {"0x00", "UTF-8"});
    // RFC 3629: overlong forms, surrogates and what lies above U+10FFFF are not well-formed.
    for (const char* bytes : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"})
        expect_says(only_error(load(folder.write("b.yaml", std::string("name: ") + bytes))),
                    {"is not text"});
}

TEST(Refused, ControlCharactersAreShownAndNotSent) {
    // ECMA-48: ESC and, as one character, CSI (U+009B) begin what moves a terminal's cursor.
    EXPECT_EQ(printable("a\x1b[31m\n\t\x7f \xc2\x9b \xc3\xa9"),
              "a\\x1b[31m\\n\\t\\x7f \\x9b \xc3\xa9");
    EXPECT_EQ(quote("\x1b"), "'\\x1b'");
    const Folder folder;
    for (const char* text :
         {"name: \"\\e[31m\"\n", "\"\\e[31m\": 1\n", "name: \"\\x9b\"\n", "vms: {\"\\a\": 1}\n"})
        for (const Diagnostic& d : load(folder.write("a.yaml", text)).errors) {
            const std::string shown = format(d);
            for (const char* control : {"\x1b", "\x07", "\xc2\x9b"})
                EXPECT_EQ(shown.find(control), std::string::npos) << shown;
        }
}

TEST(Refused, Syntax) {
    const Folder folder;
    struct Case {
        const char* text;
        int line;
        const char* words;
    };
    for (const Case& c : {
             Case{"name: x\nduration: [1s\nseed: 1\n", 3, "'[' on line 2 is not closed"},
             Case{"name: x\nduration: {a: 1\n", 3, "'{' on line 2 is not closed"},
             Case{"name: x\n duration: 1s\n", 2, "check the indentation"},
             Case{"vms:\n  a: 1\n b: 2\n", 3, "does not fit the one above"},
             Case{"name: x\n\tduration: 1s\n", 2, "a tab stands in the indentation"},
             Case{"name: \"x\nduration: 1s\n", 1, "quoted text is not closed"},
             Case{"name: 'x\nseed: ''\n", 1, "quoted text is not closed"},
             Case{"name: a: b\n", 1, "put the value into quotes"},
             Case{"name: @x\n", 1, "put the value into quotes"},
             Case{"name: \"\\q\"\n", 1, "an escape"},
             Case{"name: *x\n", 1, "this alias"},
             Case{"name: !foo x\n", 1, "tags"},
             Case{"a: &a {b: 1}\nc:\n  <<: *a\n", 3, "merge keys"},
             Case{"name: x\n---\nname: y\n", 2, "one document"},
             Case{"? [a]\n: b\n", 1, "a key belongs"},
             Case{"a: &a [*a]\n", 1, "inside the very value"},
         }) {
        const std::string file = folder.write("a.yaml", c.text);
        const Diagnostic d = only_error(load(file));
        EXPECT_EQ(d.place.file, file);
        EXPECT_EQ(d.place.line, c.line) << c.text << format(d);
        expect_says(d, {c.words});
    }
}

TEST(Refused, DuplicateKey) {
    const Folder folder;
    const std::string text = with(echo_text(), "    cpu_affinity: 0x2\n",
                                  "    cpu_affinity: 0x2\n    cpu_affinity: 0x4\n");
    const Diagnostic d = only_error(load(folder.write("a.yaml", text)));
    EXPECT_EQ(d.place.key, "vms.linux0.cpu_affinity");
    const int first = line_of(text, "cpu_affinity: 0x2");
    EXPECT_EQ(d.place.line, first + 1);
    expect_says(d, {"given twice", fmt::format("line {}", first)});
}

std::string repeat(std::string_view part, int times) {
    std::string out;
    for (int i = 0; i < times; ++i)
        out += part;
    return out;
}

/// Levels of lists, each of `width` aliases of the one before: aK: &aK [*aJ,*aJ,...]
std::string alias_levels(int levels, int width) {
    std::string text = fmt::format("a0: &a0 [{}]\n", repeat("x,", width));
    for (int i = 1; i < levels; ++i)
        text += fmt::format("a{0}: &a{0} [{1}]\n", i, repeat(fmt::format("*a{},", i - 1), width));
    return text;
}

TEST(Refused, AliasBomb) {
    const Folder folder;
    // Ten to the tenth values when written out.
    const Diagnostic d = only_error(load(folder.write("a.yaml", alias_levels(10, 10))));
    EXPECT_GT(d.place.line, 1);
    expect_says(d, {"aliases"});
    // The limit is 50 000 values written out: five levels are 111 110, four are 11 110.
    expect_says(only_error(load(folder.write("b.yaml", alias_levels(5, 10)))), {"aliases"});
    expect_says(error_at(load(folder.write("c.yaml", alias_levels(4, 10))), "a3"), {"unknown key"});
}

TEST(Refused, AliasesThatNestTooDeep) {
    const Folder folder;
    expect_says(only_error(load(folder.write("a.yaml", alias_levels(100, 1)))), {"nested deeper"});
}

TEST(Refused, DeepNesting) {
    const Folder folder;
    constexpr int deep = 10'000;
    for (const std::string& text :
         {"a: " + repeat("[", deep) + repeat("]", deep) + "\n",
          "a: " + repeat("{a: ", deep) + repeat("}", deep) + "\n", repeat("- ", deep) + "x\n"}) {
        const std::string file = folder.write("a.yaml", text);
        const Diagnostic d = only_error(load(file));
        EXPECT_EQ(d.place.file, file);
        EXPECT_EQ(d.place.line, 1);
        expect_says(d, {"nested deeper than 64 levels"});
    }
    // The map of the file is the first level.
    const auto lists = [&](int n) {
        return load(folder.write("d.yaml", "a: " + repeat("[", n) + repeat("]", n) + "\n"));
    };
    expect_says(only_error(lists(64)), {"nested deeper"});
    error_at(lists(63), "a");
    // Never closed: whatever the words, it ends at once.
    only_error(load(folder.write("b.yaml", repeat("[", 1 << 20))));
    only_error(load(folder.write("c.yaml", repeat("{", 1 << 20))));
}

TEST(Refused, IncludeCycle) {
    const Folder folder;
    folder.write("a.yaml", "include: b.yaml\n");
    folder.write("b.yaml", "name: x\ninclude: [c.yaml]\n");
    folder.write("c.yaml", "include: ./a.yaml\n");
    const Diagnostic d = only_error(load(folder.path() + "/a.yaml"));
    EXPECT_EQ(d.place.file, folder.path() + "/c.yaml");
    EXPECT_EQ(d.place.line, 1);
    EXPECT_EQ(d.place.key, "include");
    expect_says(d, {"includes itself", "a.yaml, b.yaml and c.yaml"});
}

TEST(Refused, IncludedFileMissing) {
    const Folder folder;
    const std::string file = folder.write("a.yaml", "name: x\ninclude: [nope.yaml]\n");
    const Diagnostic d = only_error(load(file));
    EXPECT_EQ(d.place.file, file);
    EXPECT_EQ(d.place.line, 2);
    EXPECT_EQ(d.place.key, "include.0");
    expect_says(d, {"nope.yaml", "no such file", "relative to the file that it stands in"});
}

TEST(Refused, TooManyIncludes) {
    const Folder folder;
    // Each file includes the next one twice: 2^10 readings without a limit.
    for (int i = 0; i < 10; ++i) {
        const std::string next = std::to_string(i + 1) + ".yaml";
        folder.write(std::to_string(i) + ".yaml", "include: [" + next + ", " + next + "]\n");
    }
    folder.write("10.yaml", "name: x\n");
    expect_says(only_error(load(folder.path() + "/0.yaml")), {"too many includes"});
}

TEST(Refused, ErrorInAnIncludedFileNamesThatFile) {
    const Folder folder;
    const std::string base =
        folder.write("base.yaml", with(echo_text(), "size: 64MiB", "size: 64"));
    const Diagnostic d = error_at(load(folder.write("a.yaml", "include: base.yaml\nname: b\n")),
                                  "vms.linux0.regions.0.size");
    EXPECT_EQ(d.place.file, base);
    EXPECT_EQ(d.place.line, line_of(echo_text(), "size: 64MiB"));
}

}  // namespace
}  // namespace sim::test
