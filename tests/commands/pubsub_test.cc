#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PubSubCommands : public CommandFixture {
 protected:
  // The pushes that a client has got by now.
  std::vector<protocol::Reply> Pushes(TestClient& of) {
    Settle();
    return of.TakePushes();
  }
};

TEST_F(PubSubCommands, SubscribersGetWhatIsPublished) {
  TestClient& subscriber = NewClient();
  EXPECT_THAT(subscriber.Run("SUBSCRIBE news"),
              IsArray({IsBulk("subscribe"), IsBulk("news"), IsInteger(1)}));
  EXPECT_THAT(Run("PUBLISH news hello"), IsInteger(1));
  EXPECT_THAT(Pushes(subscriber), ElementsAre(IsBulks({"message", "news", "hello"})));
}

TEST_F(PubSubCommands, MessagesKeepTheirOrder) {
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE a b");
  subscriber.TakePushes();
  Run("PUBLISH a 1");
  Run("PUBLISH b 2");
  Run("PUBLISH a 3");
  EXPECT_THAT(Pushes(subscriber),
              ElementsAre(IsBulks({"message", "a", "1"}), IsBulks({"message", "b", "2"}),
                          IsBulks({"message", "a", "3"})));
}

TEST_F(PubSubCommands, PatternsSeeTheChannel) {
  TestClient& subscriber = NewClient();
  EXPECT_THAT(subscriber.Run("PSUBSCRIBE n?ws*"),
              IsArray({IsBulk("psubscribe"), IsBulk("n?ws*"), IsInteger(1)}));
  EXPECT_THAT(Run("PUBLISH news.art x"), IsInteger(1));
  EXPECT_THAT(Run("PUBLISH other x"), IsInteger(0));
  EXPECT_THAT(Pushes(subscriber), ElementsAre(IsBulks({"pmessage", "n?ws*", "news.art", "x"})));
}

TEST_F(PubSubCommands, AChannelAndAPatternDeliverTwice) {
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE news");
  EXPECT_THAT(subscriber.Run("PSUBSCRIBE *"),
              IsArray({IsBulk("psubscribe"), IsBulk("*"), IsInteger(2)}));
  EXPECT_THAT(Run("PUBLISH news x"), IsInteger(2));
  EXPECT_EQ(Pushes(subscriber).size(), 2u);
}

TEST_F(PubSubCommands, ShardChannelsAreApart) {
  TestClient& subscriber = NewClient();
  EXPECT_THAT(subscriber.Run("SSUBSCRIBE news"),
              IsArray({IsBulk("ssubscribe"), IsBulk("news"), IsInteger(1)}));
  EXPECT_THAT(Run("PUBLISH news x"), IsInteger(0));
  EXPECT_THAT(Run("SPUBLISH news y"), IsInteger(1));
  EXPECT_THAT(Pushes(subscriber), ElementsAre(IsBulks({"smessage", "news", "y"})));
  EXPECT_THAT(subscriber.Run("SUNSUBSCRIBE"),
              IsArray({IsBulk("sunsubscribe"), IsBulk("news"), IsInteger(0)}));
}

TEST_F(PubSubCommands, UnsubscribingStopsTheMessages) {
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE a");
  EXPECT_THAT(subscriber.Run("UNSUBSCRIBE a"),
              IsArray({IsBulk("unsubscribe"), IsBulk("a"), IsInteger(0)}));
  EXPECT_THAT(Run("PUBLISH a x"), IsInteger(0));
  EXPECT_THAT(Pushes(subscriber), IsEmpty());
}

TEST_F(PubSubCommands, UnsubscribingFromNothingAnswersNull) {
  EXPECT_THAT(Run("UNSUBSCRIBE"), IsArray({IsBulk("unsubscribe"), IsNull(), IsInteger(0)}));
  EXPECT_THAT(Run("PUNSUBSCRIBE"), IsArray({IsBulk("punsubscribe"), IsNull(), IsInteger(0)}));
  EXPECT_THAT(Run("SUNSUBSCRIBE"), IsArray({IsBulk("sunsubscribe"), IsNull(), IsInteger(0)}));
  EXPECT_THAT(Run("UNSUBSCRIBE nosuch"),
              IsArray({IsBulk("unsubscribe"), IsBulk("nosuch"), IsInteger(0)}));
}

TEST_F(PubSubCommands, UnsubscribingFromAllAnswersForEach) {
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE a b");
  subscriber.TakePushes();
  const std::string replies = subscriber.RunRaw({"UNSUBSCRIBE"});
  EXPECT_THAT(replies, ::testing::HasSubstr("$1\r\na\r\n"));
  EXPECT_THAT(replies, ::testing::HasSubstr("$1\r\nb\r\n"));
  EXPECT_FALSE(subscriber.in_subscriber_mode());
}

TEST_F(PubSubCommands, InSubscriberModeOnlyAFewCommandsRun) {
  Run("SUBSCRIBE a");
  EXPECT_THAT(Run("ECHO x"),
              IsError("ERR Can't execute 'echo': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
                      "QUIT / RESET are allowed in this context"));
  EXPECT_THAT(Run("PUBLISH a x"),
              IsError("ERR Can't execute 'publish': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING "
                      "/ QUIT / RESET are allowed in this context"));
  EXPECT_THAT(Run("PING"), IsBulks({"pong", ""}));
  EXPECT_THAT(Run("PING text"), IsBulks({"pong", "text"}));
  EXPECT_THAT(Run("RESET"), IsSimple("RESET"));
  EXPECT_THAT(Run("PING"), IsSimple("PONG"));
}

TEST_F(PubSubCommands, InResp3ASubscriberMayRunAnything) {
  Run("HELLO 3");
  EXPECT_EQ(client().RunRaw({"SUBSCRIBE", "a"}), ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
  EXPECT_THAT(Run("ECHO x"), IsBulk("x"));
  EXPECT_THAT(Run("PING"), IsSimple("PONG"));
  NewClient().Run("PUBLISH a hello");
  const auto pushes = Pushes(client());
  ASSERT_EQ(pushes.size(), 1u);
  EXPECT_EQ(pushes[0].type, protocol::Reply::Type::kPush);
}

TEST_F(PubSubCommands, APublisherHearsItselfBeforeItsReply) {
  Run("HELLO 3");
  Run("SUBSCRIBE a");
  EXPECT_EQ(client().RunRaw({"PUBLISH", "a", "x"}),
            ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n:1\r\n");
}

TEST_F(PubSubCommands, ChannelsAndCountsAreTold) {
  NewClient().Run("SUBSCRIBE news.art news.sport");
  NewClient().Run("SUBSCRIBE news.art");
  NewClient().Run("PSUBSCRIBE n* o*");
  NewClient().Run("SSUBSCRIBE shard");
  EXPECT_THAT(Run("PUBSUB CHANNELS"), IsUnorderedBulks({"news.art", "news.sport"}));
  EXPECT_THAT(Run("PUBSUB CHANNELS *art"), IsBulks({"news.art"}));
  EXPECT_THAT(Run("PUBSUB NUMSUB news.art nosuch"),
              IsArray({IsBulk("news.art"), IsInteger(2), IsBulk("nosuch"), IsInteger(0)}));
  EXPECT_THAT(Run("PUBSUB NUMSUB"), IsEmptyArray());
  EXPECT_THAT(Run("PUBSUB NUMPAT"), IsInteger(2));
  EXPECT_THAT(Run("PUBSUB SHARDCHANNELS"), IsBulks({"shard"}));
  EXPECT_THAT(Run("PUBSUB SHARDNUMSUB shard"), IsArray({IsBulk("shard"), IsInteger(1)}));
}

TEST_F(PubSubCommands, WrongFormsAreRefused) {
  EXPECT_THAT(Run("PUBSUB NOSUCH"), IsError("ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP."));
  EXPECT_THAT(Run("PUBSUB CHANNELS a b"),
              IsError("ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try "
                      "PUBSUB HELP."));
  EXPECT_THAT(Run("PUBSUB HELP").items.front(),
              IsSimple("PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

TEST_F(PubSubCommands, InsideATransactionPublishingCountsItsReceivers) {
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE a");
  Run("MULTI");
  Run("PUBLISH a 1");
  Run("PUBLISH a 2");
  EXPECT_THAT(Run("EXEC"), IsArray({IsInteger(1), IsInteger(1)}));
  EXPECT_EQ(Pushes(subscriber).size(), 2u);
}

TEST_F(PubSubCommands, KeyspaceEventsArriveAsMessages) {
  Run("CONFIG SET notify-keyspace-events KEA");
  TestClient& subscriber = NewClient();
  subscriber.Run("PSUBSCRIBE __key*@0__:*");
  Run("SET k v");
  EXPECT_THAT(Pushes(subscriber),
              ElementsAre(IsBulks({"pmessage", "__key*@0__:*", "__keyspace@0__:k", "set"}),
                          IsBulks({"pmessage", "__key*@0__:*", "__keyevent@0__:set", "k"})));
}

TEST_F(PubSubCommands, ExpiryOnReadIsAnEvent) {
  Run("CONFIG SET notify-keyspace-events Ex");
  TestClient& subscriber = NewClient();
  subscriber.Run("SUBSCRIBE __keyevent@0__:expired");
  Run("SET k v PX 5");
  clock.Advance(5ms);
  EXPECT_THAT(Run("GET k"), IsNull());
  EXPECT_THAT(Pushes(subscriber), ElementsAre(IsBulks({"message", "__keyevent@0__:expired", "k"})));
}

}  // namespace
}  // namespace larder
