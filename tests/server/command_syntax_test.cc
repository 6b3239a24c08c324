#include "server/command_syntax.h"

#include <gtest/gtest.h>

namespace larder {
namespace {

TEST(CommandSyntax, ArityCountsWhatIsRequired) {
  EXPECT_EQ(ArityOf("", 1), 1);
  EXPECT_EQ(ArityOf("key", 1), 2);
  EXPECT_EQ(ArityOf("key value", 1), 3);
  EXPECT_EQ(ArityOf("name", 2), 3);
  EXPECT_EQ(ArityOf("[message]", 1), -1);
  EXPECT_EQ(ArityOf("key [key ...]", 1), -2);
  EXPECT_EQ(ArityOf("key value [key value ...]", 1), -3);
  EXPECT_EQ(ArityOf("[channel [channel ...]]", 2), -2);
  EXPECT_EQ(ArityOf("key value [NX | XX] [GET]", 1), -3);
}

TEST(CommandSyntax, ArityOfAChoiceIsThatOfItsShortest) {
  EXPECT_EQ(ArityOf("<host port:int | NO ONE>", 1), 3);
  EXPECT_EQ(ArityOf("<ON | OFF | SKIP>", 2), 3);
  EXPECT_EQ(ArityOf("slot:int <IMPORTING node-id | STABLE>", 2), -4);
}

TEST(CommandSyntax, WordsHaveTypes) {
  const auto arguments = ParseSyntax("key seconds:int score:double at:unix pattern");
  ASSERT_EQ(arguments.size(), 5u);
  EXPECT_EQ(arguments[0].type, ArgumentType::kString);
  EXPECT_EQ(arguments[1].type, ArgumentType::kInteger);
  EXPECT_EQ(arguments[1].name, "seconds");
  EXPECT_EQ(arguments[2].type, ArgumentType::kDouble);
  EXPECT_EQ(arguments[3].type, ArgumentType::kUnixTime);
  EXPECT_EQ(arguments[4].type, ArgumentType::kPattern);
}

TEST(CommandSyntax, ATokenGoesWithItsArgument) {
  const auto arguments = ParseSyntax("[MATCH pattern] [COUNT count:int] [REPLACE]");
  ASSERT_EQ(arguments.size(), 3u);
  EXPECT_EQ(arguments[0].token, "MATCH");
  EXPECT_EQ(arguments[0].name, "pattern");
  EXPECT_TRUE(arguments[0].optional);
  EXPECT_EQ(arguments[1].type, ArgumentType::kInteger);
  EXPECT_EQ(arguments[2].type, ArgumentType::kPureToken);
  EXPECT_EQ(arguments[2].name, "replace");
}

TEST(CommandSyntax, ATokenBeforeSeveralMakesABlock) {
  const auto arguments = ParseSyntax("[AUTH username password]");
  ASSERT_EQ(arguments.size(), 1u);
  EXPECT_EQ(arguments[0].type, ArgumentType::kBlock);
  EXPECT_EQ(arguments[0].token, "AUTH");
  EXPECT_EQ(arguments[0].children.size(), 2u);
}

TEST(CommandSyntax, ChoicesAreOneOfTheirChildren) {
  const auto arguments = ParseSyntax("key [condition: NX | XX] [EX seconds:int | KEEPTTL]");
  ASSERT_EQ(arguments.size(), 3u);
  EXPECT_EQ(arguments[1].name, "condition");
  EXPECT_EQ(arguments[1].type, ArgumentType::kOneOf);
  EXPECT_TRUE(arguments[1].optional);
  ASSERT_EQ(arguments[2].children.size(), 2u);
  EXPECT_EQ(arguments[2].children[0].token, "EX");
  EXPECT_EQ(arguments[2].children[1].type, ArgumentType::kPureToken);
}

TEST(CommandSyntax, RepetitionsAreMultiple) {
  const auto keys = ParseSyntax("key [key ...]");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_TRUE(keys[0].multiple);
  EXPECT_FALSE(keys[0].optional);
  const auto pairs = ParseSyntax("key value [key value ...]");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].type, ArgumentType::kBlock);
  EXPECT_TRUE(pairs[0].multiple);
  const auto optional = ParseSyntax("[ID id:int [id:int ...]]");
  ASSERT_EQ(optional.size(), 1u);
  EXPECT_TRUE(optional[0].optional);
  EXPECT_TRUE(optional[0].multiple);
  EXPECT_EQ(optional[0].token, "ID");
}

TEST(CommandSyntax, KeysAreFoundByTheRowsSpecs) {
  CommandSpec copy;
  copy.syntax = "source destination [DB destination-db:int]";
  copy.keys[0] = Key(1, KeyFlag::kRO);
  copy.keys[1] = Key(2, KeyFlag::kOW);
  const auto arguments = ArgumentsOf(copy, 1);
  EXPECT_EQ(arguments[0].key_spec, 0);
  EXPECT_EQ(arguments[1].key_spec, 1);
  EXPECT_EQ(arguments[2].key_spec, -1);

  CommandSpec counted;
  counted.syntax = "script numkeys:int [key [key ...]] [arg [arg ...]]";
  counted.keys[0] = CountedKeys(2, KeyFlag::kRW);
  EXPECT_EQ(ArgumentsOf(counted, 1)[2].type, ArgumentType::kKey);

  CommandSpec pairs;
  pairs.syntax = "key value [key value ...]";
  pairs.keys[0] = Keys(1, -1, 2, KeyFlag::kOW);
  EXPECT_EQ(ArgumentsOf(pairs, 1)[0].children[0].type, ArgumentType::kKey);
}

}  // namespace
}  // namespace larder
