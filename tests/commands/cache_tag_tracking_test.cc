// CACHE.TRACKTAG.
#include <string>
#include <vector>

#include "server/errors.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

using protocol::Reply;

class CacheTagTracking : public CommandFixture {
 protected:
  CacheTagTracking() : listener_(NewClient()) { listener_.Run("HELLO 3"); }

  // What the listener has been told since, a tag a line; "*" for all.
  std::string Told() {
    Settle();
    std::string told;
    for (const Reply& push : listener_.TakePushes()) {
      EXPECT_EQ(push.items.size(), 2u);
      if (push.items.size() != 2) continue;
      EXPECT_EQ(push.items[0].text, "invalidate-tag");
      told += (push.items[1].type == Reply::Type::kNull ? "*" : push.items[1].text) + "\n";
    }
    return told;
  }

  TestClient& listener_;
};

TEST_F(CacheTagTracking, OnePushForEachPurgedTag) {
  EXPECT_THAT(listener_.Run("CACHE.TRACKTAG news sport"), IsInteger(2));
  EXPECT_THAT(listener_.Run("CACHE.TRACKTAG news weather"), IsInteger(3));
  Run("SET a 1 TAGS 2 news other");
  Run("SET b 1 TAGS 1 news");
  EXPECT_EQ(Told(), "");
  Run("CACHE.PURGETAG news");
  EXPECT_EQ(Told(), "news\n");
  Run("CACHE.PURGETAG other");
  EXPECT_EQ(Told(), "");
  Run("CACHE.PURGETAG sport other news sport");  // nothing here carries them any more
  EXPECT_EQ(Told(), "sport\nnews\n");
  Run("MULTI");
  Run("CACHE.PURGETAG weather");
  EXPECT_EQ(Told(), "");
  Run("EXEC");
  EXPECT_EQ(Told(), "weather\n");
  RunArgs({"EVAL", "return redis.call('CACHE.PURGETAG', 'news')", "0"});
  EXPECT_EQ(Told(), "news\n");
}

TEST_F(CacheTagTracking, AFlushPurgesAllTags) {
  listener_.Run("CACHE.TRACKTAG news sport");
  Run("FLUSHDB");
  EXPECT_EQ(Told(), "*\n");
  Run("FLUSHALL");
  EXPECT_EQ(Told(), "*\n");
}

TEST_F(CacheTagTracking, EndsWithoutTagsWithResetAndWithTheConnection) {
  listener_.Run("CACHE.TRACKTAG news");
  EXPECT_TRUE(engine.tag_listeners.any());
  EXPECT_THAT(listener_.Run("CACHE.TRACKTAG"), IsInteger(0));
  EXPECT_FALSE(engine.tag_listeners.any());
  Run("CACHE.PURGETAG news");
  EXPECT_EQ(Told(), "");
  listener_.Run("CACHE.TRACKTAG news");
  Run("CACHE.PURGETAG news");
  listener_.Run("RESET");  // before it was delivered
  EXPECT_FALSE(engine.tag_listeners.any());
  EXPECT_EQ(Told(), "");
  {
    Mailbox mailbox([] {});
    const auto record = std::make_shared<ClientRecord>();
    record->id = engine.clients.NextId();
    record->mailbox = &mailbox;
    TestClient gone(engine, dispatcher, mailbox, record);
    gone.Run("HELLO 3");
    gone.Run("CACHE.TRACKTAG news");
    EXPECT_TRUE(engine.tag_listeners.any());
  }
  EXPECT_FALSE(engine.tag_listeners.any());
}

TEST_F(CacheTagTracking, NeedsResp3AndShortTagsAndNotTooMany) {
  EXPECT_THAT(Run("CACHE.TRACKTAG news"), IsError(std::string(errors::kTagTrackingNeedsResp3)));
  EXPECT_THAT(listener_.RunArgs({"CACHE.TRACKTAG", std::string(1025, 't')}),
              IsError(std::string(errors::kTagTooLong)));
  std::vector<std::string> request{"CACHE.TRACKTAG"};
  for (int i = 0; i < 1025; ++i) request.push_back(std::to_string(i));
  EXPECT_THAT(listener_.RunArgs(request), IsError(std::string(errors::kTooManyListenedTags)));
  request.pop_back();
  EXPECT_THAT(listener_.RunArgs(request), IsInteger(1024));
  listener_.Run("HELLO 2");
  Run("CACHE.PURGETAG 5");
  EXPECT_EQ(Told(), "");
}

TEST_F(CacheTagTracking, ATagIsReadAsAKey) {
  Run("ACL SETUSER reader on nopass +@all %R~news:*");
  listener_.Run("AUTH reader x");
  EXPECT_EQ(listener_.Run("CACHE.TRACKTAG sport").text.substr(0, 6), "NOPERM");
  EXPECT_THAT(listener_.Run("CACHE.TRACKTAG news:1 news:2"), IsInteger(2));
  EXPECT_EQ(listener_.Run("CACHE.PURGETAG news:1").text.substr(0, 6), "NOPERM");
  Run("CACHE.PURGETAG news:1");
  EXPECT_EQ(Told(), "news:1\n");
  Run("ACL SETUSER reader resetkeys %R~news:2");
  Run("CACHE.PURGETAG news:1 news:2");
  EXPECT_EQ(Told(), "news:2\n");
}

}  // namespace
}  // namespace larder
