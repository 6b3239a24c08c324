#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

class CommandCommand : public CommandFixture {
 protected:
  // The value of a field in a map.
  static const protocol::Reply& Field(const protocol::Reply& map, std::string_view name) {
    static const protocol::Reply kNone;
    for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
      if (map.items[i].text == name) return map.items[i + 1];
    }
    return kNone;
  }
};

TEST_F(CommandCommand, InfoHasTenFields) {
  const protocol::Reply reply = Run("COMMAND INFO get nosuch");
  ASSERT_EQ(reply.items.size(), 2u);
  const auto& fields = reply.items[0].items;
  ASSERT_EQ(fields.size(), 10u);
  EXPECT_THAT(fields[0], IsBulk("get"));
  EXPECT_THAT(fields[1], IsInteger(2));
  EXPECT_THAT(fields[2], IsUnordered({IsSimple("readonly"), IsSimple("fast")}));
  EXPECT_THAT(fields[3], IsInteger(1));
  EXPECT_THAT(fields[4], IsInteger(1));
  EXPECT_THAT(fields[5], IsInteger(1));
  EXPECT_THAT(fields[6], IsUnordered({IsSimple("@read"), IsSimple("@string"), IsSimple("@fast")}));
  EXPECT_THAT(fields[7], IsEmptyArray());
  ASSERT_EQ(fields[8].items.size(), 1u);
  const protocol::Reply& keys = fields[8].items[0];
  EXPECT_THAT(Field(keys, "flags"), IsUnordered({IsSimple("RO"), IsSimple("access")}));
  EXPECT_THAT(Field(Field(keys, "begin_search"), "type"), IsBulk("index"));
  EXPECT_THAT(Field(Field(Field(keys, "find_keys"), "spec"), "keystep"), IsInteger(1));
  EXPECT_THAT(fields[9], IsEmptyArray());
  EXPECT_THAT(reply.items[1], IsNull());
}

TEST_F(CommandCommand, InfoOfAContainerHasItsSubcommands) {
  const auto fields = Run("COMMAND INFO client").items.at(0).items;
  EXPECT_THAT(fields[1], IsInteger(-2));
  EXPECT_GT(fields[9].items.size(), 5u);
  EXPECT_THAT(Run("COMMAND INFO Client|Id").items.at(0).items.at(0), IsBulk("client|id"));
}

TEST_F(CommandCommand, InfoKnowsCountedKeys) {
  const auto fields = Run("COMMAND INFO eval").items.at(0).items;
  EXPECT_THAT(fields[2].items, Contains(IsSimple("movablekeys")));
  EXPECT_THAT(fields[2].items, Contains(IsSimple("script_runner")));
  EXPECT_THAT(fields[3], IsInteger(0));
  const protocol::Reply& find = Field(fields[8].items.at(0), "find_keys");
  EXPECT_THAT(Field(find, "type"), IsBulk("keynum"));
  EXPECT_THAT(Field(Field(find, "spec"), "firstkey"), IsInteger(1));
}

TEST_F(CommandCommand, WithoutArgumentsItTellsOfAll) {
  const protocol::Reply all = Run("COMMAND");
  EXPECT_EQ(static_cast<int64_t>(all.items.size()), Run("COMMAND COUNT").integer);
  EXPECT_EQ(Run("COMMAND INFO").items.size(), all.items.size());
  for (const protocol::Reply& info : all.items) EXPECT_EQ(info.items.size(), 10u);
  EXPECT_THAT(Run("COMMAND FOO"), IsError("ERR unknown subcommand 'FOO'. Try COMMAND HELP."));
}

TEST_F(CommandCommand, DocsAreWellFormedInBothProtocols) {
  const protocol::Reply resp2 = Run("COMMAND DOCS");
  EXPECT_EQ(static_cast<int64_t>(resp2.items.size()), 2 * Run("COMMAND COUNT").integer);
  Run("HELLO 3");
  const protocol::Reply resp3 = Run("COMMAND DOCS");
  EXPECT_EQ(resp3.type, protocol::Reply::Type::kMap);
  ASSERT_EQ(resp3.items.size(), resp2.items.size());
  for (size_t i = 0; i < resp3.items.size(); i += 2) {
    const protocol::Reply& docs = resp3.items[i + 1];
    EXPECT_EQ(docs.type, protocol::Reply::Type::kMap) << resp3.items[i].text;
    EXPECT_NE(Field(docs, "summary").text, "") << resp3.items[i].text;
    EXPECT_NE(Field(docs, "since").text, "") << resp3.items[i].text;
    EXPECT_NE(Field(docs, "group").text, "") << resp3.items[i].text;
  }
}

TEST_F(CommandCommand, DocsDescribeEachArgument) {
  const protocol::Reply docs = Run("COMMAND DOCS watch nosuch");
  ASSERT_EQ(docs.items.size(), 2u);
  EXPECT_THAT(docs.items[0], IsBulk("watch"));
  const protocol::Reply& arguments = Field(docs.items[1], "arguments");
  ASSERT_EQ(arguments.items.size(), 1u);
  const protocol::Reply& key = arguments.items[0];
  EXPECT_THAT(Field(key, "name"), IsBulk("key"));
  EXPECT_THAT(Field(key, "type"), IsBulk("key"));
  EXPECT_THAT(Field(key, "key_spec_index"), IsInteger(0));
  EXPECT_THAT(Field(key, "flags"), IsArray({IsSimple("multiple")}));
}

TEST_F(CommandCommand, DocsOfAContainerHoldItsSubcommands) {
  const protocol::Reply docs = Run("COMMAND DOCS command");
  const protocol::Reply& subcommands = Field(docs.items.at(1), "subcommands");
  EXPECT_THAT(subcommands.items.at(0), IsBulk("command|count"));
  EXPECT_THAT(Field(subcommands.items.at(1), "group"), IsBulk("server"));
}

TEST_F(CommandCommand, ListIsFiltered) {
  EXPECT_THAT(Run("COMMAND LIST").items, Contains(IsBulk("client|id")));
  EXPECT_THAT(Run("COMMAND LIST FILTERBY PATTERN PUBSUB|NUM*"),
              IsUnorderedBulks({"pubsub|numpat", "pubsub|numsub"}));
  const auto transactions = Run("COMMAND LIST FILTERBY ACLCAT transaction");
  EXPECT_THAT(transactions, IsUnorderedBulks({"multi", "exec", "discard", "watch", "unwatch"}));
  EXPECT_THAT(Run("COMMAND LIST FILTERBY ACLCAT nosuch"), IsEmptyArray());
  EXPECT_THAT(Run("COMMAND LIST FILTERBY MODULE any"), IsEmptyArray());
  EXPECT_THAT(Run("COMMAND LIST FILTERBY FOO x"), IsError("ERR syntax error"));
  EXPECT_THAT(Run("COMMAND LIST x"), IsError("ERR syntax error"));
}

TEST_F(CommandCommand, KeysOfACommandAreFound) {
  EXPECT_THAT(Run("COMMAND GETKEYS WATCH a b"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS MSET a 1 b 2"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS EVAL script 2 a b c"), IsBulks({"a", "b"}));
  EXPECT_THAT(Run("COMMAND GETKEYS EVAL script 0"), IsEmptyArray());
  EXPECT_THAT(Run("COMMAND GETKEYS MEMORY USAGE k"), IsBulks({"k"}));
  EXPECT_THAT(Run("COMMAND GETKEYSANDFLAGS GET k"),
              IsArray({IsArray({IsBulk("k"), IsArray({IsSimple("RO"), IsSimple("access")})})}));
}

TEST_F(CommandCommand, WhatSetDoesWithItsKeyDependsOnItsOptions) {
  EXPECT_THAT(Run("COMMAND GETKEYSANDFLAGS SET k v"),
              IsArray({IsArray({IsBulk("k"), IsArray({IsSimple("OW"), IsSimple("update")})})}));
  EXPECT_THAT(Run("COMMAND GETKEYSANDFLAGS SET k v NX GET"),
              IsArray({IsArray({IsBulk("k"), IsArray({IsSimple("RW"), IsSimple("access"),
                                                      IsSimple("update")})})}));
}

TEST_F(CommandCommand, KeysThatCannotBeToldAreRefused) {
  EXPECT_THAT(Run("COMMAND GETKEYS NOSUCH a"), IsError("ERR Invalid command specified"));
  EXPECT_THAT(Run("COMMAND GETKEYS PING a"), IsError("ERR The command has no key arguments"));
  EXPECT_THAT(Run("COMMAND GETKEYS SSUBSCRIBE a"), IsError("ERR The command has no key arguments"));
  EXPECT_THAT(Run("COMMAND GETKEYS GET a b"),
              IsError("ERR Invalid number of arguments specified for command"));
  EXPECT_THAT(Run("COMMAND GETKEYS SINTERCARD 2 a"),
              IsError("ERR Invalid arguments specified for command"));
}

TEST_F(CommandCommand, LardersOwnFlagsStayHidden) {
  for (const protocol::Reply& info : Run("COMMAND").items) {
    for (const protocol::Reply& flag : info.items.at(2).items) {
      EXPECT_NE(flag.text, "") << info.items.at(0).text;
    }
  }
}

TEST_F(CommandCommand, HelpIsThere) {
  EXPECT_THAT(Run("COMMAND HELP").items.at(1), IsSimple("(no subcommand)"));
  EXPECT_THAT(Run("SCRIPT HELP").items.back(), IsSimple("    Prints this help."));
}

}  // namespace
}  // namespace larder
