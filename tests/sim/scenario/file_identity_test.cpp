// Names of one file, and what a run may write.
#include "sim/scenario/file_identity.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/sim/scenario/scenario_files.h"

namespace sim::test {
namespace {

namespace fs = std::filesystem;

TEST(FileIdentity, LinksOfBothKindsLeadToOneFile) {
    const Folder folder;
    const std::string file = folder.write("a", "x");
    fs::create_symlink(file, folder.path() + "/soft");
    fs::create_hard_link(file, folder.path() + "/hard");
    const std::string id = file_identity(file);
    EXPECT_FALSE(id.empty());
    EXPECT_EQ(file_identity(folder.path() + "/soft"), id);
    EXPECT_EQ(file_identity(folder.path() + "/hard"), id);
    EXPECT_EQ(
        file_identity(folder.path() + "/../" + fs::path(folder.path()).filename().string() + "/a"),
        id);
    EXPECT_NE(file_identity(folder.write("b", "x")), id);
}

TEST(FileIdentity, AFileThatIsNotThereYetIsItsFolderAndName) {
    const Folder folder;
    const std::string file = folder.path() + "/later";
    fs::create_symlink("later", folder.path() + "/link");
    fs::create_directory_symlink(folder.path(), folder.path() + "/folder");
    EXPECT_FALSE(file_identity(file).empty());
    EXPECT_EQ(file_identity(folder.path() + "/link"), file_identity(file));
    EXPECT_EQ(file_identity(folder.path() + "/folder/later"), file_identity(file));
    EXPECT_NE(file_identity(folder.path() + "/other"), file_identity(file));
    // A link to itself leads nowhere, and ends.
    fs::create_symlink("loop", folder.path() + "/loop");
    EXPECT_EQ(file_identity(folder.path() + "/loop"), "");
}

TEST(FileIdentity, WhatHoldsNothingCannotBeDestroyed) {
    EXPECT_EQ(file_identity("/dev/null"), "");
    FileUse use;
    use.reads("/dev/null", "input");
    EXPECT_EQ(use.writes("/dev/null", "one"), "");
    EXPECT_EQ(use.writes("/dev/null", "two"), "");
}

TEST(FileUse, AnOutputIsNeitherReadNorWrittenTwice) {
    const Folder folder;
    const std::string input = folder.write("in", "x");
    FileUse use;
    use.reads(input, "the input");
    use.reads("", "nothing");
    EXPECT_EQ(use.writes(input, "one"), "the input");
    EXPECT_EQ(use.writes(folder.path() + "/out", "one"), "");
    EXPECT_EQ(use.writes(folder.path() + "/./out", "two"), "one");
    EXPECT_EQ(use.writes("", "three"), "");
}

}  // namespace
}  // namespace sim::test
