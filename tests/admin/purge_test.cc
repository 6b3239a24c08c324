#include "server/admin/purge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/admin/admin_errors.h"

namespace larder::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PurgePlan Plan(const char* body) {
  PurgePlan plan;
  EXPECT_EQ(ReadPurge(Json::parse(body), &plan), "") << body;
  return plan;
}

std::string_view Error(const std::string& body) {
  PurgePlan plan;
  return ReadPurge(Json::parse(body, nullptr, false), &plan);
}

TEST(Purge, BecomesTheCommandThatDoesIt) {
  EXPECT_THAT(Plan(R"({"keys":["a","b c"]})").command, ElementsAre("UNLINK", "a", "b c"));
  EXPECT_THAT(Plan(R"({"keys":["a"],"soft":30})").command,
              ElementsAre("CACHE.PURGE", "a", "SOFT", "30"));
  EXPECT_THAT(Plan(R"({"tags":["t"]})").command, ElementsAre("CACHE.PURGETAG", "t"));
  EXPECT_THAT(Plan(R"({"match":"a*","soft":1})").command,
              ElementsAre("CACHE.PURGEMATCH", "a*", "SOFT", "1"));
  EXPECT_THAT(Plan(R"({"namespace":"shop"})").command, ElementsAre("CACHE.NS", "FLUSH", "shop"));
  EXPECT_THAT(Plan(R"({"all":true})").command, ElementsAre("FLUSHALL"));
}

TEST(Purge, SelectsTheDatabase) {
  EXPECT_THAT(Plan(R"({"keys":["a"]})").before, IsEmpty());
  EXPECT_THAT(Plan(R"({"keys":["a"],"database":3})").before,
              ElementsAre(ElementsAre("SELECT", "3")));
}

TEST(Purge, RefusesWhatIsNotOneThing) {
  EXPECT_EQ(Error("[]"), errors::kBadJson);
  EXPECT_EQ(Error("{"), errors::kBadJson);
  for (const char* body : {"{}", R"({"keys":[]})", R"({"keys":"a"})", R"({"keys":[1]})",
                           R"({"keys":["a"],"all":true})", R"({"all":false})", R"({"all":"yes"})",
                           R"({"match":""})", R"({"kees":["a"]})", R"({"namespace":[]})"}) {
    EXPECT_EQ(Error(body), errors::kPurgeWhat) << body;
  }
  EXPECT_EQ(Error(R"({"keys":["a"],"soft":0})"), errors::kBadSoft);
  EXPECT_EQ(Error(R"({"keys":["a"],"soft":"1"})"), errors::kBadSoft);
  EXPECT_EQ(Error(R"({"all":true,"soft":1})"), errors::kNoSoft);
  EXPECT_EQ(Error(R"({"keys":["a"],"database":-1})"), errors::kBadDatabase);
  Json many = {{"keys", std::vector<std::string>(kPurgedTogetherMax + 1, "a")}};
  EXPECT_EQ(Error(many.dump()), errors::kTooMany);
}

}  // namespace
}  // namespace larder::admin
