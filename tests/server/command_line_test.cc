#include "server/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/config_writer.h"
#include "tests/support/temporary_folder.h"

namespace larder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class CommandLines : public ::testing::Test {
 protected:
  CommandLine Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "larder");
    return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data(), options_);
  }

  OptionStore options_;
};

TEST_F(CommandLines, OptionsHaveSeveralValues) {
  const CommandLine parsed =
      Parse({"--port", "7000", "--bind", "127.0.0.1", "-::1", "--save", "60", "1", "--save", "5 5",
             "--list-max-listpack-size", "-3", "--requirepass=--x"});
  EXPECT_TRUE(parsed.run) << parsed.output;
  EXPECT_EQ(options_.live().port, 7000);
  EXPECT_THAT(options_.Words("bind"), ElementsAre("127.0.0.1", "-::1"));
  EXPECT_EQ(options_.Text("save"), "60 1 5 5");
  EXPECT_EQ(options_.live().list_max_listpack_size, -3);
  EXPECT_EQ(options_.Text("requirepass"), "--x");
}

TEST_F(CommandLines, NothingAtAllIsFine) { EXPECT_TRUE(Parse({}).run); }

TEST_F(CommandLines, TheCommandLineOverridesTheFile) {
  TemporaryFolder folder;
  const std::string path = folder.Write("a.conf", "port 1\nsave 60 1\ntimeout 4\n");
  EXPECT_TRUE(Parse({path.c_str(), "--port", "2", "--save", ""}).run);
  EXPECT_EQ(options_.live().port, 2);
  EXPECT_EQ(options_.Text("save"), "");
  EXPECT_EQ(options_.live().timeout, 4);
  EXPECT_EQ(options_.config_file(), path);
}

TEST_F(CommandLines, AWrongOptionIsNamedWithWhatIsAllowed) {
  const CommandLine parsed = Parse({"--maxmemory", "lots"});
  EXPECT_FALSE(parsed.run);
  EXPECT_EQ(parsed.exit_code, kExitCodeUsage);
  EXPECT_THAT(parsed.output, HasSubstr("command line: maxmemory 'lots': argument must be a memory "
                                       "value (allowed: bytes, or an amount such as"));
  EXPECT_THAT(Parse({"--prot", "1"}).output,
              HasSubstr("unknown option 'prot'; did you mean 'port'"));
  EXPECT_THAT(Parse({"--port", "1", "2"}).output, HasSubstr("port '1 2': wrong number of"));
  EXPECT_THAT(Parse({"--port"}).output, HasSubstr("port '': wrong number of"));
  EXPECT_THAT(Parse({"/nonexistent.conf"}).output, HasSubstr("/nonexistent.conf: cannot be read"));
  EXPECT_THAT(Parse({"-x"}).output, HasSubstr("unknown option '-x'"));
  EXPECT_EQ(Parse({"--tls-cluster", "yes"}).exit_code, kExitCodeUsage);
}

TEST_F(CommandLines, HelpListsTheOptionsByGroup) {
  const CommandLine parsed = Parse({"--help"});
  EXPECT_FALSE(parsed.run);
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_THAT(parsed.output, HasSubstr("--maxmemory "));
  EXPECT_THAT(parsed.output, HasSubstr("Memory and eviction:"));
  EXPECT_THAT(parsed.output, Not(HasSubstr("--appendfsync")));
  EXPECT_THAT(Parse({"--help-all"}).output, HasSubstr("--appendfsync"));
}

TEST_F(CommandLines, VersionAndDefaultConfigurationArePrinted) {
  EXPECT_THAT(Parse({"-v"}).output, HasSubstr("Larder server v="));
  EXPECT_EQ(Parse({"--print-default-config"}).output, DefaultConfig());
}

}  // namespace
}  // namespace larder
