#include "server/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace larder {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Logging : public ::testing::Test {
 protected:
  LogSettings Settings() const { return {.file = folder_.Path("log")}; }
  std::string Logged() const { return folder_.Read("log"); }

  TemporaryFolder folder_;
  Logger logger_;
};

TEST_F(Logging, AMessageIsALineWithTimeAndLevel) {
  ASSERT_TRUE(logger_.Open(Settings()).ok());
  logger_.Warning("disk full");
  EXPECT_THAT(Logged(), ContainsRegex("^[0-9]+-[0-9]+-[0-9]+ [0-9:]+.[0-9]+ warning disk full\n$"));
}

TEST_F(Logging, MessagesBelowTheLevelAreDropped) {
  ASSERT_TRUE(logger_.Open(Settings()).ok());
  logger_.Verbose("first");
  logger_.SetLevel(LogLevel::kDebug);
  logger_.Debug("second");
  logger_.SetLevel(LogLevel::kNothing);
  logger_.Warning("third");
  EXPECT_THAT(Logged(), Not(HasSubstr("first")));
  EXPECT_THAT(Logged(), HasSubstr("second"));
  EXPECT_THAT(Logged(), Not(HasSubstr("third")));
}

TEST_F(Logging, JsonIsOneObjectPerLine) {
  LogSettings settings = Settings();
  settings.format = LogFormat::kJson;
  ASSERT_TRUE(logger_.Open(settings).ok());
  logger_.Notice("a \"key\"\nb%v");
  EXPECT_THAT(Logged(), ContainsRegex(R"(^\{"time":"[0-9T:.-]+Z","level":"notice","message":"a )"
                                      R"(\\"key\\"\\nb%v"\}
$)"));
}

TEST_F(Logging, AClientCannotFakeALine) {
  EXPECT_EQ(EscapeLogMessage("a\nb\x1b[2J\x7f\xff\"é", LogFormat::kText),
            "a\\nb\\x1b[2J\\x7f\\xff\"é");
  EXPECT_EQ(EscapeLogMessage("\\\xff\xc2\x80é\"", LogFormat::kJson),
            "\\\\\\u00ff\\u00c2\\u0080é\\\"");
}

TEST_F(Logging, ReopenFollowsARenamedFile) {
  ASSERT_TRUE(logger_.Open(Settings()).ok());
  logger_.Notice("old");
  std::filesystem::rename(folder_.Path("log"), folder_.Path("log.1"));
  ASSERT_TRUE(logger_.Reopen().ok());
  logger_.Notice("new");
  EXPECT_THAT(folder_.Read("log.1"), HasSubstr("old"));
  EXPECT_THAT(Logged(), HasSubstr("new"));
  EXPECT_THAT(Logged(), Not(HasSubstr("old")));
}

TEST_F(Logging, ABigFileIsRotated) {
  LogSettings settings = Settings();
  settings.rotate_bytes = 1000;
  settings.rotate_files = 2;
  ASSERT_TRUE(logger_.Open(settings).ok());
  for (int i = 0; i < 100; ++i) logger_.Notice("something to fill the file");
  EXPECT_LE(std::filesystem::file_size(folder_.Path("log")), 1000u);
  EXPECT_TRUE(std::filesystem::exists(folder_.Path("log.2")));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("log.3")));
}

TEST_F(Logging, AFileThatCannotBeOpenedIsAnError) {
  const std::string blocked = folder_.Write("file", "");
  EXPECT_THAT(logger_.Open({.file = blocked + "/log"}).error(), HasSubstr(blocked + "/log"));
}

}  // namespace
}  // namespace larder
