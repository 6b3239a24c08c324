#include "server/scripting/function_dump.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "storage/dump.h"

namespace larder {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FunctionLibraryPointer Make(std::string_view source) {
  std::string error;
  return ParseLibrary(source, &error);
}

// The sources of a dump, and its error behind them when there is one.
std::vector<std::string> SourcesOf(std::string_view dump, size_t bytes_max = 1 << 20) {
  std::vector<std::string> sources;
  LibraryDumpReader reader(dump, bytes_max);
  while (reader.HasMore()) {
    std::string error;
    const std::string_view source = reader.Next(&error);
    if (!error.empty()) {
      sources.push_back(error);
      break;
    }
    sources.emplace_back(source);
  }
  return sources;
}

std::string Footed(std::string dump) {
  storage::AppendFooter(10, &dump);
  return dump;
}

TEST(FunctionDump, NoLibrariesAreAFooterAlone) {
  const std::string dump = DumpLibraries({});
  // What redis-server 7.0 answers.
  EXPECT_EQ(dump, std::string("\n\x00]\x9b\\@\x0f\x7f\xa2\xda", 10));
  EXPECT_THAT(SourcesOf(dump), IsEmpty());
}

TEST(FunctionDump, SourcesComeBack) {
  const std::string small = "#!lua name=a\n";
  const std::string large = "#!lua name=b\n" + std::string(100'000, '-');
  const std::vector<FunctionLibraryPointer> libraries{Make(small), Make(large)};
  const std::string dump = DumpLibraries(libraries);
  EXPECT_TRUE(storage::HasGoodFooter(dump));
  EXPECT_LT(dump.size(), 10'000u) << "it is compressed";
  EXPECT_EQ(dump.substr(0, 2), "\xf5\x0d");
  EXPECT_THAT(SourcesOf(dump), ElementsAre(small, large));
}

TEST(FunctionDump, WhatIsNoDumpIsRefused) {
  constexpr const char* kPayload = "ERR Failed loading library payload";
  EXPECT_THAT(SourcesOf(Footed(std::string("\x00\x01x", 3))),
              ElementsAre("ERR given type is not a function"));
  EXPECT_THAT(SourcesOf(Footed("\xf5\x01x\xf6")),
              ElementsAre("x", "ERR given type is not a function"));
  EXPECT_THAT(SourcesOf(Footed("\xf5")), ElementsAre(kPayload));
  EXPECT_THAT(SourcesOf(Footed("\xf5\x3fshort")), ElementsAre(kPayload));
  EXPECT_THAT(SourcesOf(Footed("\xf5\xc3\x05\x10"
                               "abc")),
              ElementsAre(kPayload));
  EXPECT_THAT(SourcesOf("short"), IsEmpty()) << "no more than a footer";
}

TEST(FunctionDump, TheLimitHoldsForAllTogether) {
  const std::string source = "#!lua name=a\n" + std::string(1000, 'x');
  const std::vector<FunctionLibraryPointer> libraries(3, Make(source));
  const std::string dump = DumpLibraries(libraries);
  EXPECT_EQ(SourcesOf(dump, 3 * source.size()).size(), 3u);
  EXPECT_THAT(SourcesOf(dump, 3 * source.size() - 1),
              ElementsAre(source, source, "ERR Failed loading library payload"));
  EXPECT_THAT(SourcesOf(dump, source.size() - 1),
              ElementsAre("ERR Failed loading library payload"));
}

}  // namespace
}  // namespace larder
